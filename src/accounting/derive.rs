//! The entrance of the core.

use crate::accounting::case::Case;
use crate::accounting::policy::Policy;
use crate::accounting::record::Derived;
use crate::accounting::{customer_case, day, payout, summary};

/// What the books must say for a case.
///
/// Total and deterministic: the same case and policy give the same records in the same order.
pub fn derive(case: &Case, policy: &Policy) -> Derived {
    match case {
        Case::Customer(case) => customer_case::derive(case, policy),
        Case::Payout(case) => payout::derive(case, policy),
        Case::Day(case) => day::derive(case, policy),
        Case::Summary(case) => summary::derive(case, policy),
    }
}
