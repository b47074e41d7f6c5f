//! Reversals: the opposite records of what was posted, so that the general ledger is as before.
//!
//! NetSuite cannot void deposits, and nothing is ever deleted. A payment is un-applied and refunded,
//! an invoice gets a memo, a memo an invoice, a refund a payment, a deposit and a journal the
//! opposite journal; all on the day of what they take back, in its currency and at its rate. What
//! was applied to one another stays settled, so that no document is left open.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::posting::postings;
use crate::accounting::record::{Record, Rule};
use crate::ids::{ExternalId, InternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{
    Apply, Body, CreditMemo, CustomerPayment, CustomerRefund, Header, Invoice, JournalEntry,
    JournalLine, Ref,
};
use crate::plan::build::{self, Built, Inputs, Verdict};
use crate::plan::change::Blocked;

/// A posting record that NetSuite has.
#[derive(Debug, Clone)]
pub struct Standing {
    pub body: Body,
    pub internal_id: InternalId,
    /// It has been taken back already.
    pub is_reversed: bool,
}

/// What comes behind the external id of a record that takes another one back.
pub const SUFFIX: &str = "reversal";

/// The record that a reversal takes back.
pub fn original(reversal: &ExternalId) -> Option<ExternalId> {
    let base = reversal.as_str().strip_suffix(SUFFIX)?.strip_suffix('-')?;
    ExternalId::new(base).ok()
}

/// Plans the opposite of `wanted`. `all` is everything that is posted.
pub fn reverse(
    wanted: &BTreeSet<ExternalId>,
    all: &BTreeMap<ExternalId, Standing>,
    inputs: &Inputs,
) -> Built {
    let wanted: BTreeSet<ExternalId> = wanted
        .iter()
        .filter(|id| all.get(*id).is_some_and(|standing| !standing.is_reversed))
        .cloned()
        .collect();
    let mut built = Built::default();
    for (id, standing) in all.iter().filter(|(id, _)| !wanted.contains(*id)) {
        if standing.is_reversed {
            continue;
        }
        for need in standing.body.needs().into_iter().filter(|need| wanted.contains(need)) {
            built.blocked.push(still_needed(&all[&need].body, id));
        }
    }
    if !built.blocked.is_empty() {
        return built;
    }
    for (step, record) in (Opposites { wanted: &wanted, all }).all() {
        let verdict: Result<Verdict, Blocked> = match step {
            Step::Update => {
                let before = &all[record.external_id()];
                build::update(record, &before.body, before.internal_id.clone(), inputs)
            }
            Step::Create => {
                build::creation(record, inputs).map(|change| Verdict::Send(Box::new(change)))
            }
        };
        match verdict {
            Ok(Verdict::Send(change)) => built.changes.push(*change),
            Ok(Verdict::Same | Verdict::Left) => {}
            Err(blocked) => built.blocked.push(blocked),
        }
    }
    journals(&wanted, all, inputs, &mut built);
    built
}

fn still_needed(body: &Body, by: &ExternalId) -> Blocked {
    build::blocked(
        body,
        &format!("{by} stands on it and is not being reversed."),
        &format!("Reverse {by} as well."),
    )
}

enum Step {
    Update,
    Create,
}

struct Opposites<'a> {
    wanted: &'a BTreeSet<ExternalId>,
    all: &'a BTreeMap<ExternalId, Standing>,
}

impl Opposites<'_> {
    /// In the order in which NetSuite takes them: first payments let go of what they paid, then
    /// each kind of opposite, and memos move to the invoice that takes them back before the
    /// invoices they had paid are taken back themselves.
    fn all(&self) -> Vec<(Step, Record)> {
        let mut steps = Vec::new();
        for body in self.bodies() {
            if let Body::CustomerPayment(payment) = body {
                let free = CustomerPayment { apply: Vec::new(), ..payment.clone() };
                steps.push((Step::Update, record(body, Body::CustomerPayment(free))));
            }
        }
        for body in self.bodies() {
            if let Body::CreditMemo(memo) = body {
                steps.push((Step::Create, record(body, Body::Invoice(invoice_against(memo)))));
                steps.push((Step::Update, record(body, Body::CreditMemo(self.moved(memo)))));
            }
        }
        for body in self.bodies() {
            if let Body::Invoice(invoice) = body {
                let memo = Body::CreditMemo(memo_against(invoice));
                steps.push((Step::Create, record(body, memo)));
            }
        }
        for body in self.bodies() {
            if let Body::CustomerRefund(refund) = body {
                let payment = Body::CustomerPayment(self.payment_against(refund));
                steps.push((Step::Create, record(body, payment)));
            }
        }
        for body in self.bodies() {
            if let Body::CustomerPayment(payment) = body {
                let refund = Body::CustomerRefund(self.refund_against(payment));
                steps.push((Step::Create, record(body, refund)));
            }
        }
        steps
    }

    fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.wanted.iter().map(|id| &self.all[id].body)
    }

    /// What refunds that are reversed with it have taken of a document.
    fn refunded(&self, id: &ExternalId) -> Vec<(&ExternalId, Amount)> {
        let refunds = self.wanted.iter().filter_map(|refund| match &self.all[refund].body {
            Body::CustomerRefund(body) => Some((refund, body)),
            _ => None,
        });
        refunds
            .flat_map(|(refund, body)| body.apply.iter().map(move |apply| (refund, apply)))
            .filter(|(_, apply)| apply.doc.external() == Some(id))
            .map(|(refund, apply)| (refund, apply.amount))
            .collect()
    }

    /// The memo pays the invoice that takes it back, with what no refund has taken of it.
    fn moved(&self, memo: &CreditMemo) -> CreditMemo {
        let id = &memo.header.external_id;
        let total = Body::CreditMemo(memo.clone()).total();
        let left = self
            .refunded(id)
            .into_iter()
            .fold(total, |left, (_, amount)| left.map(|left| left - amount));
        let apply = left
            .filter(|left| left.is_positive())
            .map(|amount| Apply { doc: Ref::External(id.with_suffix(SUFFIX)), amount });
        CreditMemo { apply: apply.into_iter().collect(), ..memo.clone() }
    }

    /// The money comes back; it pays the invoices that take back the memos it had refunded.
    fn payment_against(&self, refund: &CustomerRefund) -> CustomerPayment {
        let total = Body::CustomerRefund(refund.clone()).total();
        let is_memo = |apply: &&Apply| {
            let memo = apply.doc.external().and_then(|id| self.all.get(id));
            memo.is_some_and(|memo| matches!(memo.body, Body::CreditMemo(_)))
        };
        let apply = refund.apply.iter().filter(is_memo).map(|apply| Apply {
            doc: apply
                .doc
                .external()
                .map_or_else(|| apply.doc.clone(), |id| Ref::External(id.with_suffix(SUFFIX))),
            amount: apply.amount,
        });
        CustomerPayment {
            header: header_against(&refund.header),
            customer: refund.customer.clone(),
            ar_account: refund.ar_account.clone(),
            account: refund.account.clone(),
            payment: total.expect("a refund has at least one line"),
            apply: apply.collect(),
        }
    }

    /// Gives the money back: what is left of the payment itself, and what came back of the refunds
    /// that had taken the rest.
    fn refund_against(&self, payment: &CustomerPayment) -> CustomerRefund {
        let id = &payment.header.external_id;
        let refunded = self.refunded(id);
        let left = refunded.iter().fold(payment.payment, |left, (_, amount)| left - *amount);
        let mut apply: Vec<Apply> = refunded
            .into_iter()
            .map(|(refund, amount)| Apply {
                doc: Ref::External(refund.with_suffix(SUFFIX)),
                amount,
            })
            .collect();
        if left.is_positive() {
            apply.insert(0, Apply { doc: Ref::External(id.clone()), amount: left });
        }
        CustomerRefund {
            header: header_against(&payment.header),
            customer: payment.customer.clone(),
            ar_account: payment.ar_account.clone(),
            account: payment.account.clone(),
            apply,
        }
    }
}

/// Opposite journals of deposits and journals, which only the chart can write.
fn journals(
    wanted: &BTreeSet<ExternalId>,
    all: &BTreeMap<ExternalId, Standing>,
    inputs: &Inputs,
    built: &mut Built,
) {
    for standing in wanted.iter().filter_map(|id| all.get(id)) {
        let lines = match &standing.body {
            Body::JournalEntry(journal) => journal
                .lines
                .iter()
                .map(|line| JournalLine { amount: -line.amount, ..line.clone() })
                .collect(),
            Body::Deposit(_) => match postings(&standing.body, inputs.chart) {
                Ok(postings) => postings
                    .into_iter()
                    .map(|posting| JournalLine {
                        account: posting.account,
                        amount: -posting.amount,
                        memo: String::new(),
                        entity: None,
                    })
                    .collect(),
                Err(error) => {
                    let fix = "Set the account that the message names.";
                    built.blocked.push(build::blocked(&standing.body, &error.to_string(), fix));
                    continue;
                }
            },
            _ => continue,
        };
        let header = standing.body.header().expect("deposits and journals have one");
        let journal = Body::JournalEntry(JournalEntry { header: header_against(header), lines });
        match build::creation(record(&standing.body, journal), inputs) {
            Ok(change) => built.changes.push(change),
            Err(blocked) => built.blocked.push(blocked),
        }
    }
}

fn record(original: &Body, body: Body) -> Record {
    let source = ObjectId::new(original.external_id().as_str());
    Record { body, rule: Rule::Reversed, sources: vec![source], settles: None }
}

fn header_against(header: &Header) -> Header {
    Header {
        external_id: header.external_id.with_suffix(SUFFIX),
        memo: format!("Reversal. {}", header.memo),
        posting_period: None,
        ..header.clone()
    }
}

fn memo_against(invoice: &Invoice) -> CreditMemo {
    let total = Body::Invoice(invoice.clone()).total();
    let doc = Ref::External(invoice.header.external_id.clone());
    let apply = total.filter(|total| total.is_positive()).map(|amount| Apply { doc, amount });
    CreditMemo {
        header: header_against(&invoice.header),
        entity: invoice.entity.clone(),
        account: invoice.account.clone(),
        lines: invoice.lines.clone(),
        apply: apply.into_iter().collect(),
    }
}

fn invoice_against(memo: &CreditMemo) -> Invoice {
    Invoice {
        header: header_against(&memo.header),
        entity: memo.entity.clone(),
        account: memo.account.clone(),
        due_date: None,
        other_ref_num: None,
        lines: memo.lines.clone(),
    }
}
