//! Receivables: what each invoice still asks for, by Stripe and by NetSuite.

use chrono::NaiveDate;

use crate::ids::ExternalId;
use crate::money::{Amount, Currency};
use crate::reconcile::statement::{Item, Line, Statement};

/// One invoice in both systems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceLeg {
    pub external_id: ExternalId,
    pub date: NaiveDate,
    /// What Stripe still expects to be paid; nothing on a void or written-off invoice.
    pub stripe_remaining: Amount,
    /// What NetSuite shows as unpaid; nothing when it is not there.
    pub netsuite_remaining: Amount,
    /// Why the two may differ, where an exception says so (paid outside Stripe, not posted).
    pub explained: Option<String>,
}

/// Holds NetSuite's open invoices against Stripe's. Explained differences are terms of their own.
pub fn receivables(currency: Currency, legs: &[InvoiceLeg]) -> Statement {
    let zero = Amount::zero(currency);
    let own: Vec<&InvoiceLeg> =
        legs.iter().filter(|leg| leg.stripe_remaining.currency() == currency).collect();
    let stripe = own.iter().fold(zero, |sum, leg| sum + leg.stripe_remaining);
    let netsuite = own.iter().fold(zero, |sum, leg| sum + leg.netsuite_remaining);
    let open_count = own.iter().filter(|leg| !leg.stripe_remaining.is_zero()).count();
    let differing = own.iter().filter(|leg| leg.stripe_remaining != leg.netsuite_remaining);
    let (explained, unexplained): (Vec<Item>, Vec<Item>) = {
        let (yes, no): (Vec<_>, Vec<_>) = differing.partition(|leg| leg.explained.is_some());
        let items = |legs: Vec<&&InvoiceLeg>| legs.into_iter().map(|leg| item(leg)).collect();
        (items(yes), items(no))
    };
    let mut open = Line::term("Open invoices, by Stripe", stripe, open_count);
    open.items = unexplained;
    let terms =
        vec![open, Line::itemised("Open in NetSuite for a known reason", currency, explained)];
    Statement::new(
        "receivables",
        format!("Receivables against Stripe's open invoices, {currency}"),
        currency,
        terms,
        "Should be open in NetSuite",
        Some(("Open invoices, by NetSuite", netsuite)),
    )
}

fn item(leg: &InvoiceLeg) -> Item {
    let open = || {
        format!("open in Stripe {}, in NetSuite {}", leg.stripe_remaining, leg.netsuite_remaining)
    };
    let why = leg.explained.as_deref().map(|why| why.trim_end_matches('.').to_owned());
    Item {
        date: leg.date,
        id: leg.external_id.to_string(),
        label: why.unwrap_or_else(open),
        amount: leg.netsuite_remaining - leg.stripe_remaining,
    }
}
