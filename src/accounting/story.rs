//! A story: the facts of a case that hang together.
//!
//! Follows the links between documents and money (which charge paid which invoice, what a refund,
//! a dispute or a credit note gave back, which balance transaction moved it) and stops at the
//! customer, because everything of a customer would otherwise be one story. Belongs here: which
//! facts belong together. Does not belong here: what they become (the rules), or how they are told
//! (`explain`).

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::case::CustomerCase;
use crate::accounting::facts::Facts;
use crate::ids::{ChargeId, InvoiceId};
use crate::money::Amount;
use crate::stripe::objects::{Invoice, PaymentTarget};

/// The facts of one story.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// The ids of its objects, their balance transactions and invoice lines included.
    pub ids: BTreeSet<String>,
    /// Which invoices each charge paid, and how much of each.
    pub paid: BTreeMap<ChargeId, Vec<(InvoiceId, Amount)>>,
}

impl Story {
    /// Whether an object is part of it.
    pub fn has(&self, id: impl AsRef<str>) -> bool {
        self.ids.contains(id.as_ref())
    }
}

/// The story that `id` is part of. The customer's own id gives everything of the case; an id that
/// the case does not know gives a story of that id alone.
pub fn story(case: &CustomerCase, id: &str) -> Story {
    let facts = Facts::new(case);
    let mut paid: BTreeMap<ChargeId, Vec<(InvoiceId, Amount)>> = BTreeMap::new();
    for charge in &case.charges {
        let invoices = facts.applications_of(charge);
        if !invoices.is_empty() {
            paid.insert(charge.id.clone(), invoices.to_vec());
        }
    }
    let links = links(case, &paid);
    let is_customer = case.customer_id.as_ref().is_some_and(|customer| customer.as_str() == id);
    let ids = if is_customer {
        let ends = links.into_iter().flat_map(|(one, other)| [one, other]);
        ends.chain([id.to_owned()]).collect()
    } else {
        connected(id, &links)
    };
    paid.retain(|charge, _| ids.contains(charge.as_str()));
    Story { ids, paid }
}

/// Every pair of ids that belong together. An object without any is a pair of itself.
fn links(
    case: &CustomerCase,
    paid: &BTreeMap<ChargeId, Vec<(InvoiceId, Amount)>>,
) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let mut link = |one: &dyn AsRef<str>, other: Option<&dyn AsRef<str>>| {
        let other = other.unwrap_or(one).as_ref().to_owned();
        links.push((one.as_ref().to_owned(), other));
    };
    for (charge, invoices) in paid {
        for (invoice, _) in invoices {
            link(charge, Some(invoice));
        }
    }
    for invoice in &case.invoices {
        link(&invoice.id, None);
        for line in &invoice.lines.data {
            link(&invoice.id, Some(&line.id));
        }
        if let Some(revision) = &invoice.latest_revision {
            link(&invoice.id, Some(revision));
        }
    }
    let inline = case.invoices.iter().flat_map(Invoice::inline_payments);
    for payment in case.invoice_payments.iter().chain(inline) {
        link(&payment.id, payment.invoice().map(|id| id as &dyn AsRef<str>));
        match payment.target() {
            PaymentTarget::PaymentIntent(id) => link(&payment.id, Some(&id)),
            PaymentTarget::Charge(id) => link(&payment.id, Some(&id)),
            PaymentTarget::PaymentRecord(id) => link(&payment.id, Some(&id)),
            PaymentTarget::Unknown => {}
        }
    }
    for charge in &case.charges {
        link(&charge.id, charge.payment_intent.as_ref().map(|id| id as &dyn AsRef<str>));
        for movement in [&charge.balance_transaction, &charge.failure_balance_transaction] {
            link(&charge.id, movement.as_ref().map(|id| id as &dyn AsRef<str>));
        }
    }
    for refund in &case.refunds {
        link(&refund.id, refund.charge.as_ref().map(|id| id as &dyn AsRef<str>));
        for movement in [&refund.balance_transaction, &refund.failure_balance_transaction] {
            link(&refund.id, movement.as_ref().map(|id| id as &dyn AsRef<str>));
        }
    }
    for dispute in &case.disputes {
        link(&dispute.id, dispute.charge.as_ref().map(|id| id as &dyn AsRef<str>));
        for movement in &dispute.balance_transactions {
            link(&dispute.id, Some(&movement.id));
        }
    }
    for note in &case.credit_notes {
        link(&note.id, note.invoice().map(|id| id as &dyn AsRef<str>));
        for (refund, _) in note.refunds() {
            link(&note.id, Some(&refund));
        }
        for line in &note.lines.data {
            link(&note.id, Some(&line.id));
        }
    }
    for change in &case.customer_balance {
        link(&change.id, change.invoice.as_ref().map(|id| id as &dyn AsRef<str>));
        link(&change.id, change.credit_note.as_ref().map(|id| id as &dyn AsRef<str>));
    }
    links
}

/// Everything that can be reached from `id`.
fn connected(id: &str, links: &[(String, String)]) -> BTreeSet<String> {
    let mut beside: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (one, other) in links {
        beside.entry(one).or_default().push(other);
        beside.entry(other).or_default().push(one);
    }
    let mut reached = BTreeSet::from([id.to_owned()]);
    let mut next = vec![id];
    while let Some(id) = next.pop() {
        for neighbour in beside.get(id).into_iter().flatten() {
            if reached.insert((*neighbour).to_owned()) {
                next.push(neighbour);
            }
        }
    }
    reached
}
