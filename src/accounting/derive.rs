//! The entrance of the core.

use crate::accounting::case::Case;
use crate::accounting::links::Links;
use crate::accounting::policy::Policy;
use crate::accounting::record::Derived;
use crate::accounting::{customer_case, day, hold, mapping, naming, opening, payout, summary};

/// What the books must say for a case.
///
/// Total and deterministic: the same case and policy give the same records in the same order. Rules
/// speak of plain ids and make every record; then what somebody holds back is taken out, the
/// company's own fields are put on, and what NetSuite has already is referred to.
pub fn derive(case: &Case, policy: &Policy) -> Derived {
    let masters = &policy.masters;
    let case = naming::plain(case, &masters.naming);
    let links = Links::of(&case, policy);
    let mut derived = match &*case {
        Case::Customer(own) => customer_case::derive(own, policy, &links),
        Case::Payout(own) => payout::derive(own, policy),
        Case::Day(own) => day::derive(own, policy),
        Case::Summary(own) => summary::derive(own, policy),
        Case::Opening(own) => opening::derive(own, policy),
    };
    hold::hold_back(&mut derived, &case, policy.options);
    mapping::apply(&mut derived, &case, policy);
    links.apply(&mut derived, case.known());
    naming::prefix(&mut derived, &masters.naming);
    derived
}
