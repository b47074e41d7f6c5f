//! What NetSuite must show for a record that was sent.

use std::collections::BTreeMap;

use crate::accounting::chart::{Chart, NoAccount};
use crate::accounting::posting::postings;
use crate::ids::{ExternalId, InternalId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, Ref};
use crate::reconcile::drift::{Deposited, Expected, ExpectedHeader};

/// Gives NetSuite's id of a record of ours.
pub type Lookup<'a> = &'a dyn Fn(&ExternalId) -> Option<InternalId>;

impl Expected {
    /// What `body` must look like in NetSuite.
    ///
    /// # Errors
    /// A deposit needs the undeposited-funds account from the chart.
    pub fn of(
        body: &Body,
        internal_id: Option<&InternalId>,
        deposited: Deposited,
        chart: &Chart,
        lookup: Lookup,
    ) -> Result<Self, NoAccount> {
        Ok(Self {
            external_id: body.external_id().clone(),
            kind: body.kind(),
            internal_id: internal_id.cloned(),
            header: header(body, lookup),
            postings: postings(body, chart)?,
            applied: applied(body, lookup),
            deposited,
            currency: match body {
                Body::Customer(record) => Some(record.currency.clone()),
                _ => None,
            },
            account: match body {
                Body::ServiceSaleItem(record) => Some(record.income_account.clone()),
                Body::DiscountItem(record) => record.account.clone(),
                _ => None,
            },
        })
    }
}

fn header(body: &Body, lookup: Lookup) -> Option<ExpectedHeader> {
    let header = body.header()?;
    let due_date = match body {
        Body::Invoice(record) => record.due_date,
        _ => None,
    };
    Some(ExpectedHeader {
        tran_date: header.tran_date,
        posting_period: header.posting_period.clone(),
        memo: header.memo.clone(),
        due_date,
        exchange_rate: header.exchange_rate.clone(),
        customer: customer(body).and_then(|customer| resolve(customer, lookup)),
    })
}

/// The customer a posting record is of.
pub fn customer(body: &Body) -> Option<&Ref> {
    match body {
        Body::Invoice(record) => Some(&record.entity),
        Body::CreditMemo(record) => Some(&record.entity),
        Body::CustomerPayment(record) => Some(&record.customer),
        Body::CustomerRefund(record) => Some(&record.customer),
        _ => None,
    }
}

/// A record that NetSuite does not have yet is shown by its external id: it differs from any id.
fn applied(body: &Body, lookup: Lookup) -> BTreeMap<InternalId, Amount> {
    let lines: Vec<(&Ref, Amount)> = match body {
        Body::CreditMemo(record) => lines(&record.apply),
        Body::CustomerPayment(record) => lines(&record.apply),
        Body::CustomerRefund(record) => lines(&record.apply),
        Body::Deposit(record) => {
            record.payments.iter().map(|line| (&line.record, line.amount)).collect()
        }
        _ => Vec::new(),
    };
    let mut applied = BTreeMap::new();
    for (doc, amount) in lines {
        let unknown = || InternalId::new(doc.external().map_or("?", ExternalId::as_str));
        let id = resolve(doc, lookup).unwrap_or_else(unknown);
        applied.entry(id).and_modify(|sum| *sum += amount).or_insert(amount);
    }
    applied
}

fn lines(apply: &[Apply]) -> Vec<(&Ref, Amount)> {
    apply.iter().map(|apply| (&apply.doc, apply.amount)).collect()
}

fn resolve(target: &Ref, lookup: Lookup) -> Option<InternalId> {
    match target {
        Ref::Id(id) => Some(id.clone()),
        Ref::External(id) => lookup(id),
    }
}
