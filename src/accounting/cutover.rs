//! The start of the books: what is older is in other books and makes no record here, and what reaches
//! across is booked as policy says.
//!
//! Rules derive as if the books had no start and make every record; then the past is taken out. What
//! is older and nevertheless in NetSuite, because it was posted or linked, stays as it is. What is
//! left out is in `left_out`, how the books open with what was open then in
//! `opening`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::dispute;
use crate::accounting::policy::BeforeStart;
use crate::accounting::record::Record;
use crate::accounting::refund::charge_of;
use crate::calendar::UnixTime;
use crate::ids::{BalanceTransactionId, ChargeId, ExternalId, InvoiceId};
use crate::money::Amount;
use crate::netsuite::record::RecordGroup;
use crate::stripe::objects::{BalanceTransaction, Charge, Invoice};

/// Something that reaches across the start of the books.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Straddler {
    /// In the account's zone; of what was open, the first day of the books.
    pub date: NaiveDate,
    /// The Stripe object: a refund, a dispute, a charge, an invoice, a balance transaction.
    pub subject: String,
    pub crossing: Crossing,
    /// What it goes back to.
    pub original: String,
    /// What it moves in the Stripe balance, or what was open.
    pub amount: Amount,
    pub booked: Booked,
    /// The balance transaction, where money moved.
    pub movement: Option<BalanceTransactionId>,
}

/// How something reaches across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crossing {
    /// A payment of an older invoice.
    Paid,
    /// A refund of an older payment.
    Refunded,
    /// A dispute of an older payment, taken or given back.
    Disputed,
    /// An older payment or refund that failed.
    Failed,
    /// Older money in a payout.
    PaidOut,
    /// A document that settles an older one.
    Settles,
    /// Credit from before, used on an invoice.
    CreditUsed,
    /// An invoice that was open.
    OpenInvoice,
    /// Credit of a customer that was open.
    OpenCredit,
}

impl Crossing {
    /// In an accountant's words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Paid => "payment of",
            Self::Refunded => "refund of",
            Self::Disputed => "dispute of",
            Self::Failed => "failure of",
            Self::PaidOut => "paid out in",
            Self::Settles => "settles",
            Self::CreditUsed => "credit from before on",
            Self::OpenInvoice => "open invoice",
            Self::OpenCredit => "open credit",
        }
    }
}

/// Where something that reaches across is booked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Booked {
    /// A line on the opening account.
    OpeningAccount,
    /// A record of its own.
    Record(ExternalId),
    /// The opening balance of the Stripe balance account holds it.
    OpeningBalance,
    /// It waits for a person.
    Exception,
}

impl Straddler {
    /// `re_1, refund of ch_1 from before the start`.
    pub fn words(&self) -> String {
        format!(
            "{}, {} {} from before the start",
            self.subject,
            self.crossing.words(),
            self.original
        )
    }
}

impl Desk<'_> {
    /// Takes the past out; gives what reaches across.
    pub(super) fn cut_off_the_past(&mut self) -> Vec<Straddler> {
        if self.context.policy.start.is_none() {
            return Vec::new();
        }
        let past: BTreeSet<ExternalId> = self
            .made()
            .filter(|record| self.is_past_record(record))
            .map(|record| record.external_id().clone())
            .collect();
        let mut straddlers = self.crossings();
        if past.is_empty() && straddlers.is_empty() {
            return straddlers;
        }
        match self.context.policy.options.before_start {
            BeforeStart::OpeningBalance => straddlers.extend(self.open_what_was_open(&past)),
            BeforeStart::Account | BeforeStart::Exception => {
                straddlers.extend(self.leave_out(&past, &straddlers));
            }
        }
        self.forget_unneeded();
        straddlers
    }

    fn is_past_record(&self, record: &Record) -> bool {
        let date = record.body.header().map(|header| header.tran_date);
        date.is_some_and(|date| self.context.policy.is_older(date))
            && !self.is_in_netsuite(record.external_id())
    }

    /// Posted by us, or linked to what somebody else made.
    pub(super) fn is_in_netsuite(&self, id: &ExternalId) -> bool {
        self.is_posted(id) || self.links.has(id)
    }

    pub(super) fn is_past(&self, id: &str, at: UnixTime) -> bool {
        let is_known = ExternalId::new(id).is_ok_and(|id| self.is_in_netsuite(&id));
        self.context.policy.is_past(at) && !is_known
    }

    pub(super) fn is_past_charge(&self, charge: &Charge) -> bool {
        let movement = self.facts.balance_transaction(charge.balance_transaction.as_ref());
        self.is_past(charge.id.as_str(), movement.map_or(charge.created, |bt| bt.created))
    }

    pub(super) fn is_past_invoice(&self, invoice: &Invoice) -> bool {
        let is_known = external_id(&invoice.id).is_ok_and(|id| self.is_in_netsuite(&id));
        self.context.policy.is_older(self.invoice_date(invoice)) && !is_known
    }

    /// The movements in the books that go back to something older.
    fn crossings(&self) -> Vec<Straddler> {
        let mut found = Vec::new();
        // What is not in the books: older charges, and payments of older invoices.
        let mut outside: BTreeMap<&ChargeId, String> = BTreeMap::new();
        for charge in &self.case.charges {
            let own = self.facts.balance_transaction(charge.balance_transaction.as_ref());
            let failure =
                self.facts.balance_transaction(charge.failure_balance_transaction.as_ref());
            if self.is_past_charge(charge) {
                outside.insert(&charge.id, charge.id.to_string());
            } else if let Some(invoices) = self.older_invoices_of(charge) {
                found.extend(
                    own.map(|bt| self.straddler(&charge.id, Crossing::Paid, invoices.as_str(), bt)),
                );
                outside.insert(&charge.id, charge.id.to_string());
            } else {
                continue;
            }
            found.extend(
                failure.map(|bt| self.straddler(&charge.id, Crossing::Failed, &charge.id, bt)),
            );
        }
        for refund in &self.case.refunds {
            let charge = charge_of(refund, self.case);
            let moved = self.facts.balance_transaction(refund.balance_transaction.as_ref());
            let failed =
                self.facts.balance_transaction(refund.failure_balance_transaction.as_ref());
            if let Some(original) = charge.and_then(|charge| outside.get(&charge.id)) {
                found.extend(moved.map(|bt| {
                    self.straddler(&refund.id, Crossing::Refunded, original.as_str(), bt)
                }));
            } else if !moved.is_some_and(|bt| self.is_past(refund.id.as_str(), bt.created)) {
                continue;
            }
            found.extend(
                failed.map(|bt| self.straddler(&refund.id, Crossing::Failed, &refund.id, bt)),
            );
        }
        for dispute in &self.case.disputes {
            let charge = self.case.charges.iter().find(|c| Some(&c.id) == dispute.charge.as_ref());
            let Some(original) = charge.and_then(|charge| outside.get(&charge.id)) else {
                continue;
            };
            let (taken, given) = dispute::movements(dispute);
            let moved = taken.into_iter().chain(given);
            found.extend(
                moved.map(|bt| {
                    self.straddler(&dispute.id, Crossing::Disputed, original.as_str(), bt)
                }),
            );
        }
        found.retain(|straddler| !self.context.policy.is_older(straddler.date));
        found.retain(|straddler| match &straddler.booked {
            Booked::Record(_) => true,
            _ => external_id(&straddler.subject).is_ok_and(|id| !self.is_in_netsuite(&id)),
        });
        found
    }

    /// The invoices that a charge of these books paid, when all of them are older.
    fn older_invoices_of(&self, charge: &Charge) -> Option<String> {
        let paid = self.facts.applications_of(charge);
        let is_older = |id: &InvoiceId| {
            let invoice = self.case.invoices.iter().find(|invoice| invoice.id == *id);
            invoice.is_some_and(|invoice| self.is_past_invoice(invoice))
        };
        let all = !paid.is_empty() && paid.iter().all(|(id, _)| is_older(id));
        let ids: Vec<&str> = paid.iter().map(|(id, _)| id.as_str()).collect();
        all.then(|| ids.join(" and "))
    }

    fn straddler(
        &self,
        subject: &(impl ToString + ?Sized),
        crossing: Crossing,
        original: &(impl ToString + ?Sized),
        movement: &BalanceTransaction,
    ) -> Straddler {
        let subject = subject.to_string();
        let booked = match self.context.policy.options.before_start {
            BeforeStart::Account => Booked::OpeningAccount,
            BeforeStart::Exception => Booked::Exception,
            BeforeStart::OpeningBalance => {
                self.record_of_movement(movement).map_or(Booked::Exception, Booked::Record)
            }
        };
        Straddler {
            date: self.context.date(movement.created),
            subject,
            crossing,
            original: original.to_string(),
            amount: movement.amount(),
            booked,
            movement: Some(movement.id.clone()),
        }
    }

    /// The payment or refund that a movement made.
    fn record_of_movement(&self, movement: &BalanceTransaction) -> Option<ExternalId> {
        let is_of = |record: &&Record| {
            record.settles.is_some()
                && record.sources.iter().any(|source| source.as_str() == movement.id.as_str())
        };
        self.made().find(is_of).map(|record| record.external_id().clone())
    }

    /// Takes out records, and what is applied to them.
    pub(super) fn take_out(&mut self, is_gone: impl Fn(&ExternalId) -> bool) {
        self.edit(|records| {
            records.retain(|id, _| !is_gone(id));
            for record in records.values_mut() {
                if let Some(applied) = record.body.applied_mut() {
                    applied.retain(|apply| !apply.doc.external().is_some_and(&is_gone));
                }
            }
        });
    }

    /// Takes out customers and items that nothing needs any more.
    fn forget_unneeded(&mut self) {
        let is_transaction = |record: &Record| record.kind().group() == RecordGroup::Transaction;
        let needed: BTreeSet<ExternalId> = self
            .made()
            .filter(|record| is_transaction(record))
            .flat_map(|record| record.body.needs())
            .collect();
        let posted = self.case.posted.clone();
        self.edit(|records| {
            records.retain(|id, record| {
                is_transaction(record) || needed.contains(id) || posted.contains(id)
            });
        });
    }
}
