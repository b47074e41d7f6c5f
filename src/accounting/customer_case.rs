//! A customer's facts, from the first invoice to the last refund: the order of the story.

use crate::accounting::case::CustomerCase;
use crate::accounting::context::Context;
use crate::accounting::desk::Desk;
use crate::accounting::links::Links;
use crate::accounting::policy::Policy;
use crate::accounting::record::Derived;
use crate::accounting::{customer, summary};

/// The records of everything one customer did.
///
/// What pays an invoice is applied in a fixed order, because each takes only what is still open:
/// credit notes, then payments, in and outside Stripe, then customer balance; what is left of an invoice that was given up
/// is written off last. Then money that went back, in the order in which it moved.
pub(super) fn derive(case: &CustomerCase, policy: &Policy, links: &Links) -> Derived {
    let context = Context { policy };
    let customer =
        customer::key(case, policy).and_then(|key| Ok((key, customer::record(case, context)?)));
    let (key, record) = match customer {
        Ok(found) => found,
        Err(exception) => {
            return Derived { exceptions: vec![exception], ..Derived::default() };
        }
    };
    let mut desk = Desk::new(case, policy, key, links);
    // Without an invoice or a payment there is no customer to make; a refund or a dispute of
    // something unknown still becomes an exception below.
    if let Some(record) = record {
        desk.add(record);
    }
    desk.post_invoices();
    desk.post_credit_notes();
    desk.post_payments();
    desk.post_outside_payments();
    desk.follow_customer_balance();
    desk.write_off();
    desk.post_reversals();
    let straddlers = desk.cut_off_the_past();
    let mut derived = desk.finish();
    derived.straddlers = straddlers;
    summary::mark(&mut derived, case, policy);
    derived
}
