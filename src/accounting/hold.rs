//! Holding back: objects that somebody blocked, or did not release, and what is made of them.
//!
//! What was posted before stays as it is: holding back says what is not sent yet, and takes nothing
//! back. What needs a held record is blocked by the plan, which names the reason given here.

use crate::accounting::case::Case;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::metadata;
use crate::accounting::policy::{AllowList, DenyList, Options};
use crate::accounting::record::{Derived, Record};
use crate::ids::ExternalId;

/// Takes the records of held objects out; each held object is an exception that names them.
pub(super) fn hold_back(derived: &mut Derived, case: &Case, options: Options) {
    let stays = |record: &Record| is_posted(case, record.external_id());
    if options.deny_list == DenyList::Hold {
        let objects = metadata::each(case);
        for (id, _) in objects.iter().filter(|(_, metadata)| metadata::is_blocked(metadata)) {
            let is_of =
                |record: &Record| record.sources.iter().any(|source| source.as_str() == *id);
            let held = take(derived, |record| is_of(record) && !stays(record));
            if !held.is_empty() {
                derived.exceptions.push(blocked(id, &held));
            }
        }
    }
    if options.allow_list == AllowList::Listed {
        for (id, is_allowed) in beginnings(case) {
            let is_of = |record: &Record| record.sources.iter().any(|source| source.as_str() == id);
            let held = if is_allowed {
                Vec::new()
            } else {
                take(derived, |record| is_of(record) && !stays(record))
            };
            if !held.is_empty() {
                derived.exceptions.push(not_released(id, &held));
            }
        }
    }
}

/// Whether the record was posted before, as far as the case knows.
pub(super) fn is_posted(case: &Case, id: &ExternalId) -> bool {
    match case {
        Case::Customer(case) => case.posted.contains(id),
        // Its deposit, or the deposit's parts; the journal of a failure comes later.
        Case::Payout(case) => case.deposited && !id.as_str().ends_with("-failed"),
        Case::Summary(case) => case.taken.iter().any(|(_, record)| record == id),
        Case::Opening(case) => case.posted.as_ref().is_some_and(|made| made.external_id() == id),
        Case::Day(case) => case.taken.iter().any(|(_, record)| record == id),
    }
}

/// The objects that a customer's records begin with, and whether each was released: by itself or by
/// its customer.
fn beginnings(case: &Case) -> Vec<(&str, bool)> {
    let Case::Customer(case) = case else { return Vec::new() };
    let all = case.customer.as_ref().is_some_and(|c| metadata::is_allowed(&c.metadata));
    let invoices = case.invoices.iter().map(|o| (o.id.as_str(), &o.metadata));
    let charges = case.charges.iter().map(|o| (o.id.as_str(), &o.metadata));
    invoices
        .chain(charges)
        .map(|(id, metadata)| (id, all || metadata::is_allowed(metadata)))
        .collect()
}

fn take(derived: &mut Derived, is_held: impl Fn(&Record) -> bool) -> Vec<ExternalId> {
    let held =
        derived.records.iter().filter(|r| is_held(r)).map(|r| r.external_id().clone()).collect();
    derived.records.retain(|record| !is_held(record));
    held
}

fn blocked(id: &str, held: &[ExternalId]) -> Exception {
    let exception = Exception::new(
        ExceptionClass::Policy,
        "held_back",
        id,
        format!("{id} is held back: its metadata say netsuite_block_integration."),
        "Remove the key in Stripe to let it go.",
    );
    held.iter().fold(exception, Exception::blocking)
}

fn not_released(id: &str, held: &[ExternalId]) -> Exception {
    let exception = Exception::new(
        ExceptionClass::Policy,
        "not_released",
        id,
        format!("{id} waits to be released: policy.allow_list is \"listed\"."),
        "Set netsuite_allow_integration to true on it or on its customer in Stripe.",
    );
    held.iter().fold(exception, Exception::blocking)
}
