//! The changes of a plan as an accountant thinks of them: payout by payout, then customer by customer.

use std::collections::BTreeMap;

use crate::accounting::Rule;
use crate::ids::ExternalId;
use crate::netsuite::record::{Body, Ref};
use crate::plan::{Change, Plan};
use crate::reconcile::expected::customer;

/// Changes that belong together.
pub(super) struct Group<'a> {
    /// `Payout po_1`, `Customer cus_1`.
    pub(super) name: String,
    /// Whether the last of its changes brings money to the bank, and the others are what it is made of.
    pub(super) is_payout: bool,
    pub(super) changes: Vec<&'a Change>,
}

/// Every change once, in the order in which it is read: a payout with what it is made of and what
/// that pays; what no payout has yet, by customer; what is of nobody; customers and items.
pub(super) fn groups(plan: &Plan) -> Vec<Group<'_>> {
    let mut left: BTreeMap<&ExternalId, &Change> =
        plan.changes.iter().map(|change| (&change.external_id, change)).collect();
    let mut groups = Vec::new();
    let mut payouts: Vec<&Change> =
        plan.changes.iter().filter(|change| is_payout(change)).collect();
    payouts.sort_by_key(|change| (date(change), &change.external_id));
    for payout in payouts {
        let mut changes = Vec::new();
        take(&payout.external_id, &mut left, &mut changes);
        if !changes.is_empty() {
            let source = payout.record.sources.first().map(ToString::to_string);
            let id = source.unwrap_or_else(|| payout.external_id.to_string());
            groups.push(Group { name: format!("Payout {id}"), is_payout: true, changes });
        }
    }
    let mut rest: BTreeMap<(u8, String), Vec<&Change>> = BTreeMap::new();
    for change in plan.changes.iter().filter(|change| left.contains_key(&change.external_id)) {
        rest.entry(place_of(change)).or_default().push(change);
    }
    groups.extend(rest.into_iter().map(|((_, name), changes)| Group {
        name,
        is_payout: false,
        changes,
    }));
    groups
}

fn is_payout(change: &Change) -> bool {
    let is_of_payout = matches!(
        change.record.rule,
        Rule::PayoutPaid | Rule::PayoutTransferred | Rule::PayoutNegative
    );
    is_of_payout || matches!(change.record.body, Body::Deposit(_))
}

fn date(change: &Change) -> Option<chrono::NaiveDate> {
    change.record.body.header().map(|header| header.tran_date)
}

/// Takes a change and, before it, what it needs: the invoice before its payment, both before the
/// deposit. Customers and items are many payouts', so they stand apart.
fn take<'a>(
    id: &ExternalId,
    left: &mut BTreeMap<&ExternalId, &'a Change>,
    taken: &mut Vec<&'a Change>,
) {
    let Some(change) = left.get(id).copied().filter(|change| change.kind.is_transaction()) else {
        return;
    };
    left.remove(id);
    for need in change.record.body.needs() {
        take(&need, left, taken);
    }
    taken.push(change);
}

fn place_of(change: &Change) -> (u8, String) {
    let body = &change.record.body;
    if !change.kind.is_transaction() {
        return (2, "Customers and items".into());
    }
    match customer(body) {
        Some(Ref::External(id)) => (0, format!("Customer {id}, in no payout of this plan")),
        Some(Ref::Id(id)) => (0, format!("Customer {id} in NetSuite, in no payout of this plan")),
        None => (1, "Journals".into()),
    }
}
