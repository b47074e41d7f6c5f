//! Which records a record points at, and pointing it elsewhere.
//!
//! Belongs here: the one list of every reference inside a record, read and written. Does not belong
//! here: why a reference should point elsewhere (`accounting::links`, `accounting::naming`).

use super::record::{Body, Ref};
use crate::ids::ExternalId;

impl Body {
    /// The records of ours that must be in NetSuite before this one, sorted, each once.
    pub fn needs(&self) -> Vec<ExternalId> {
        let mut needs: Vec<ExternalId> =
            self.refs().into_iter().filter_map(Ref::external).cloned().collect();
        needs.sort();
        needs.dedup();
        needs
    }

    fn refs(&self) -> Vec<&Ref> {
        let mut refs = Vec::new();
        match self {
            Self::Customer(_) | Self::ServiceSaleItem(_) | Self::DiscountItem(_) => {}
            Self::Invoice(record) => {
                refs.push(&record.entity);
                refs.extend(record.lines.iter().map(|line| &line.item));
            }
            Self::CreditMemo(record) => {
                refs.push(&record.entity);
                refs.extend(record.lines.iter().map(|line| &line.item));
                refs.extend(record.apply.iter().map(|apply| &apply.doc));
            }
            Self::CustomerPayment(record) => {
                refs.push(&record.customer);
                refs.extend(record.apply.iter().map(|apply| &apply.doc));
            }
            Self::CustomerRefund(record) => {
                refs.push(&record.customer);
                refs.extend(record.apply.iter().map(|apply| &apply.doc));
            }
            Self::Deposit(record) => {
                refs.extend(record.payments.iter().map(|line| &line.record));
            }
            Self::JournalEntry(record) => {
                refs.extend(record.lines.iter().filter_map(|line| line.entity.as_ref()));
            }
        }
        refs
    }

    /// Every reference to another record, to be pointed elsewhere.
    pub fn refs_mut(&mut self) -> Vec<&mut Ref> {
        let mut refs = Vec::new();
        match self {
            Self::Customer(_) | Self::ServiceSaleItem(_) | Self::DiscountItem(_) => {}
            Self::Invoice(record) => {
                refs.push(&mut record.entity);
                refs.extend(record.lines.iter_mut().map(|line| &mut line.item));
            }
            Self::CreditMemo(record) => {
                refs.push(&mut record.entity);
                refs.extend(record.lines.iter_mut().map(|line| &mut line.item));
                refs.extend(record.apply.iter_mut().map(|apply| &mut apply.doc));
            }
            Self::CustomerPayment(record) => {
                refs.push(&mut record.customer);
                refs.extend(record.apply.iter_mut().map(|apply| &mut apply.doc));
            }
            Self::CustomerRefund(record) => {
                refs.push(&mut record.customer);
                refs.extend(record.apply.iter_mut().map(|apply| &mut apply.doc));
            }
            Self::Deposit(record) => {
                refs.extend(record.payments.iter_mut().map(|line| &mut line.record));
            }
            Self::JournalEntry(record) => {
                refs.extend(record.lines.iter_mut().filter_map(|line| line.entity.as_mut()));
            }
        }
        refs
    }

    /// The customer whose record this is.
    pub fn customer_mut(&mut self) -> Option<&mut Ref> {
        match self {
            Self::Invoice(record) => Some(&mut record.entity),
            Self::CreditMemo(record) => Some(&mut record.entity),
            Self::CustomerPayment(record) => Some(&mut record.customer),
            Self::CustomerRefund(record) => Some(&mut record.customer),
            _ => None,
        }
    }

    pub fn external_id_mut(&mut self) -> &mut ExternalId {
        match self {
            Self::Customer(record) => &mut record.external_id,
            Self::ServiceSaleItem(record) => &mut record.external_id,
            Self::DiscountItem(record) => &mut record.external_id,
            Self::Invoice(record) => &mut record.header.external_id,
            Self::CreditMemo(record) => &mut record.header.external_id,
            Self::CustomerPayment(record) => &mut record.header.external_id,
            Self::CustomerRefund(record) => &mut record.header.external_id,
            Self::Deposit(record) => &mut record.header.external_id,
            Self::JournalEntry(record) => &mut record.header.external_id,
        }
    }
}
