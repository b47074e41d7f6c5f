//! What the start of the books leaves out: the past, and what goes back to it. Money of the latter is
//! a line on the opening account; what moves no money is for a person to settle where the past is
//! booked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::accounting::cutover::{Booked, Crossing, Straddler};
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::BeforeStart;
use crate::accounting::record::Record;
use crate::ids::ExternalId;
use crate::money::Amount;
use crate::netsuite::record::Body;

impl Desk<'_> {
    /// Takes out the past and what reaches across; what is left of both is for the opening account
    /// or for a person.
    pub(super) fn leave_out(
        &mut self,
        past: &BTreeSet<ExternalId>,
        crossing: &[Straddler],
    ) -> Vec<Straddler> {
        let mut gone = past.clone();
        for straddler in crossing {
            gone.extend(self.family(&straddler.subject));
        }
        let objects = self.past_objects();
        self.drop_exceptions(|exception| {
            let is_about = objects.contains(&exception.subject)
                || crossing.iter().any(|straddler| straddler.subject == exception.subject);
            let only =
                !exception.blocks.is_empty() && exception.blocks.iter().all(|id| gone.contains(id));
            is_about || only
        });
        let waits = self.context.policy.options.before_start == BeforeStart::Exception;
        if waits {
            for straddler in crossing {
                let exception = waiting(straddler);
                let family = self.family(&straddler.subject);
                self.except(family.iter().fold(exception, Exception::blocking));
            }
        }
        // Memos whose money goes back by a refund that is left out, and what older credit has paid.
        let is_refund = |record: &Record| {
            matches!(record.body, Body::CustomerRefund(_)) && gone.contains(record.external_id())
        };
        let given_back = self.applied_in_the_books(is_refund, &gone);
        let used = self.applied_in_the_books(|record| past.contains(record.external_id()), &gone);
        let settling = self.settling(&gone);
        self.take_out(|id| gone.contains(id));
        self.leave_out_memos(given_back);
        let mut more = self.leave_out_settling(settling);
        more.extend(self.pay_with_older_credit(used, waits));
        more
    }

    /// The records that are made of a Stripe object and are not in NetSuite.
    fn family(&self, object: &str) -> Vec<ExternalId> {
        let is_of = |id: &ExternalId| {
            let rest = id.as_str().strip_prefix(object);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.made()
            .map(Record::external_id)
            .filter(|id| is_of(id) && !self.is_in_netsuite(id))
            .cloned()
            .collect()
    }

    /// The ids of everything older.
    fn past_objects(&self) -> BTreeSet<String> {
        let charges = self.case.charges.iter().filter(|charge| self.is_past_charge(charge));
        let invoices = self.case.invoices.iter().filter(|invoice| self.is_past_invoice(invoice));
        let notes = self.case.credit_notes.iter().filter(|note| {
            self.is_past(note.id.as_str(), note.effective_at.unwrap_or(note.created))
        });
        let refunds = self.case.refunds.iter().filter(|refund| {
            let moved = self.facts.balance_transaction(refund.balance_transaction.as_ref());
            self.is_past(refund.id.as_str(), moved.map_or(refund.created, |bt| bt.created))
        });
        charges
            .map(|charge| charge.id.to_string())
            .chain(invoices.map(|invoice| invoice.id.to_string()))
            .chain(notes.map(|note| note.id.to_string()))
            .chain(refunds.map(|refund| refund.id.to_string()))
            .collect()
    }

    /// What some of the records left out are applied to in the books, and how much.
    fn applied_in_the_books(
        &self,
        is_of: impl Fn(&Record) -> bool,
        gone: &BTreeSet<ExternalId>,
    ) -> BTreeMap<ExternalId, Amount> {
        let mut sums: BTreeMap<ExternalId, Amount> = BTreeMap::new();
        for apply in self.made().filter(|record| is_of(record)).flat_map(|r| r.body.applied()) {
            let Some(doc) = apply.doc.external().filter(|doc| !gone.contains(*doc)) else {
                continue;
            };
            let zero = Amount::zero(apply.amount.currency());
            *sums.entry(doc.clone()).or_insert(zero) += apply.amount;
        }
        sums
    }

    /// A credit note whose whole amount went back by a refund on the opening account is not booked
    /// either; of one that did more, a person must decide.
    fn leave_out_memos(&mut self, credited: BTreeMap<ExternalId, Amount>) {
        for (id, amount) in credited {
            let total = self.made().find(|r| *r.external_id() == id).and_then(|r| r.body.total());
            if self.is_in_netsuite(&id) || total.is_none() {
                continue;
            }
            if total != Some(amount) {
                self.except(by_hand(&id, amount, "what was refunded of something older"));
            }
            self.take_out(|made| *made == id);
        }
    }

    /// Documents in the books that settle something left out.
    fn settling(&self, gone: &BTreeSet<ExternalId>) -> Vec<(ExternalId, String, Amount)> {
        let mut settling = Vec::new();
        for record in self.made().filter(|record| !gone.contains(record.external_id())) {
            for apply in record.body.applied() {
                let doc = apply.doc.external().filter(|doc| gone.contains(*doc));
                if let Some(doc) = doc
                    && !self.is_in_netsuite(record.external_id())
                {
                    settling.push((record.external_id().clone(), doc.to_string(), apply.amount));
                }
            }
        }
        settling
    }

    fn leave_out_settling(
        &mut self,
        settling: Vec<(ExternalId, String, Amount)>,
    ) -> Vec<Straddler> {
        let mut straddlers = Vec::new();
        for (id, original, amount) in settling {
            let Some(record) = self.made().find(|record| *record.external_id() == id) else {
                continue;
            };
            straddlers.push(Straddler {
                date: record.body.header().map_or_else(NaiveDate::default, |h| h.tran_date),
                subject: id.to_string(),
                crossing: Crossing::Settles,
                original: original.clone(),
                amount,
                booked: Booked::Exception,
                movement: None,
            });
            self.except(by_hand(&id, amount, &original));
            self.take_out(|made| *made == id);
        }
        straddlers
    }
}

fn waiting(straddler: &Straddler) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "older_than_the_books",
        &straddler.subject,
        format!("{}, {}.", straddler.words(), straddler.amount),
        "Book it by hand, or set `policy.before_start`.",
    )
    .of(straddler.amount)
}

fn by_hand(id: &ExternalId, amount: Amount, original: &str) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "settles_something_older",
        id,
        format!("{amount} of it settles {original}, which is older than the books."),
        "Settle it by hand where it is booked, or link it (`netsuite_invoice_id` in the invoice's \
         metadata).",
    )
    .of(amount)
    .blocking(id)
}
