//! Invoices that are not paid in Stripe: recovered after they were given up, left by a subscription
//! that ended, edited, paid elsewhere.

use serde_json::{Value, json};
use tieout::accounting::chart::Role;
use tieout::accounting::policy::{Uncollectible, UnpaidOnCancel};

use super::story::{Story, line, with};

/// Given up on 4 March with 20.00 of 100.00 paid, and paid after all.
fn recovered(uncollectible: Uncollectible) -> Story {
    let mut story = Story::new();
    story.policy.options.uncollectible = uncollectible;
    let (finalized, partly, given_up) = (story.next_day(), story.next_day(), story.next_day());
    let fields = json!({
        "status": "paid", "created": finalized,
        "status_transitions": {
            "finalized_at": finalized, "marked_uncollectible_at": given_up,
            "paid_at": given_up + 3 * 86_400,
        },
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &fields);
    story.charge("ch_1", 2_000, 88);
    story.pays_at("ch_1", "in_1", 2_000, partly);
    story.charge("ch_2", 8_000, 262);
    story.pays("ch_2", "in_1", 8_000);
    story
}

/// The memo stays as it was posted; the recovery invoice takes it up, so that the payment can close
/// the original. The connector cannot do this.
#[test]
fn an_invoice_recovered_after_a_credit_memo_is_revenue_again() {
    let story = recovered(Uncollectible::CreditMemo);
    story.assert_books(
        "Invoice in_1                  | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_1-recovery         | AR 80.00 Dr  | REV 80.00 Cr
         CreditMemo in_1-uncollectible | AR 80.00 Cr  | REV 80.00 Dr | applied in_1-recovery 80.00
         CustomerPayment ch_1          | AR 20.00 Cr  | UF 20.00 Dr  | applied in_1 20.00
         CustomerPayment ch_2          | AR 80.00 Cr  | UF 80.00 Dr  | applied in_1 80.00",
    );
    assert_eq!(story.date_of("in_1-uncollectible"), "2026-03-04");
}

#[test]
fn a_recovered_bad_debt_is_no_loss_any_more() {
    recovered(Uncollectible::BadDebt).assert_books(
        "Invoice in_1                  | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_1-recovery         | AR 80.00 Dr  | BADDEBT 80.00 Cr
         CreditMemo in_1-uncollectible | AR 80.00 Cr  | BADDEBT 80.00 Dr | applied in_1-recovery 80.00
         CustomerPayment ch_1          | AR 20.00 Cr  | UF 20.00 Dr  | applied in_1 20.00
         CustomerPayment ch_2          | AR 80.00 Cr  | UF 80.00 Dr  | applied in_1 80.00",
    );
}

#[test]
fn an_invoice_that_was_kept_open_is_simply_paid() {
    recovered(Uncollectible::KeepOpen).assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 20.00 Cr  | UF 20.00 Dr  | applied in_1 20.00
         CustomerPayment ch_2 | AR 80.00 Cr  | UF 80.00 Dr  | applied in_1 80.00",
    );
}

/// An invoice that Stripe stopped collecting: tried, not tried again, still open.
fn abandoned(policy: UnpaidOnCancel, fields: &Value) -> Story {
    let mut story = Story::new();
    story.policy.options.unpaid_on_cancel = policy;
    let abandoned = json!({
        "collection_method": "charge_automatically", "auto_advance": false, "attempt_count": 4,
        "next_payment_attempt": null,
        "parent": { "type": "subscription_details",
                    "subscription_details": { "subscription": "sub_1" } },
    });
    let fields = with(abandoned, fields);
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &fields);
    story
}

#[test]
fn what_a_cancelled_subscription_left_unpaid_stays_open_unless_policy_closes_it() {
    let none = json!({});
    let open = "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr";
    abandoned(UnpaidOnCancel::KeepOpen, &none).assert_books(open);
    for (policy, account) in
        [(UnpaidOnCancel::CreditMemo, "REV"), (UnpaidOnCancel::BadDebt, "BADDEBT")]
    {
        let memo = format!(
            "CreditMemo in_1-uncollectible | AR 100.00 Cr | {account} 100.00 Dr | applied in_1 100.00"
        );
        abandoned(policy, &none).assert_books(&format!("{open}\n{memo}"));
        // Still being collected, or the customer's to pay by transfer: nobody gave it up.
        for alive in [
            json!({ "auto_advance": true }),
            json!({ "next_payment_attempt": 1_800_000_000 }),
            json!({ "collection_method": "send_invoice" }),
            json!({ "parent": null }),
        ] {
            abandoned(policy, &alive).assert_books(open);
        }
    }
}

/// The memo was posted; without it the invoice would be paid twice.
#[test]
fn an_abandoned_invoice_that_is_paid_after_all_is_recovered() {
    let mut story = abandoned(UnpaidOnCancel::CreditMemo, &json!({ "status": "paid" }));
    story.already_posted("in_1-uncollectible");
    story.charge("ch_1", 10_000, 320);
    story.pays("ch_1", "in_1", 10_000);
    story.assert_books(
        "Invoice in_1                  | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_1-recovery         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_1-uncollectible | AR 100.00 Cr | REV 100.00 Dr | applied in_1-recovery 100.00
         CustomerPayment ch_1          | AR 100.00 Cr | UF 100.00 Dr  | applied in_1 100.00",
    );
}

/// Stripe says why it gave an invoice up; then the setting for cancelled subscriptions decides.
#[test]
fn an_invoice_given_up_with_its_subscription_follows_that_setting() {
    let given_up = json!({
        "status": "uncollectible",
        "status_transitions": { "finalized_at": 1_772_452_800, "marked_uncollectible_at": 1_772_625_600 },
        "status_details": { "uncollectible": { "reason": "subscription_canceled" } },
    });
    let open = "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr";
    for (policy, account) in [
        (UnpaidOnCancel::KeepOpen, "REV"),
        (UnpaidOnCancel::CreditMemo, "REV"),
        (UnpaidOnCancel::BadDebt, "BADDEBT"),
    ] {
        let memo = format!(
            "CreditMemo in_1-uncollectible | AR 100.00 Cr | {account} 100.00 Dr | applied in_1 100.00"
        );
        abandoned(policy, &given_up).assert_books(&format!("{open}\n{memo}"));
    }
}

/// Stripe voids the original and links the two; each is its own invoice here.
#[test]
fn an_edited_invoice_is_voided_and_replaced() {
    let mut story = Story::new();
    let (finalized, edited) = (story.next_day(), story.next_day());
    let replaced = json!({
        "status": "void", "created": finalized, "latest_revision": "in_2",
        "status_transitions": { "finalized_at": finalized, "voided_at": edited },
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &replaced);
    let revision = json!({ "from_invoice": { "action": "revision", "invoice": "in_1" } });
    story.invoice_with("in_2", 9_000, &[line("price_A", 9_000)], &revision);
    let books = "Invoice in_2 | AR 90.00 Dr | REV 90.00 Cr";
    story.assert_books(books);
    assert_eq!(story.memo_of("in_2"), "Stripe: in_2, replaces in_1");
    story.already_posted("in_1");
    story.assert_books(&format!(
        "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr
         {books}
         CreditMemo in_1-void | AR 100.00 Cr | REV 100.00 Dr | applied in_1 100.00"
    ));
    assert_eq!(story.memo_of("in_1-void"), "Stripe: in_1, replaced by in_2");
}

/// With an account for it, money that came in outside Stripe closes the invoice on the day it came.
#[test]
fn e20c_an_invoice_paid_outside_stripe_may_be_paid_into_an_account() {
    let mut story = Story::new();
    story.account(Role::OutOfBand, "OUTSIDE");
    let finalized = story.next_day();
    let outside = json!({
        "status": "paid", "amount_remaining": 0, "amount_paid": 10_000,
        "amount_paid_off_stripe": 10_000,
        "status_transitions": { "finalized_at": finalized, "paid_at": finalized + 5 * 86_400 },
    });
    story.invoice_with("in_E20c", 10_000, &[line("price_A", 10_000)], &outside);
    story.assert_books(
        "Invoice in_E20c                 | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment in_E20c-outside | AR 100.00 Cr | OUTSIDE 100.00 Dr | applied in_E20c 100.00",
    );
    assert_eq!(story.date_of("in_E20c-outside"), "2026-03-07");
}

/// A payment record is one transfer; it may have paid several invoices.
#[test]
fn a_payment_record_is_one_payment_of_several_invoices() {
    let mut story = Story::new();
    story.account(Role::OutOfBand, "OUTSIDE");
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    story.invoice("in_2", 5_000, &[line("price_A", 5_000)]);
    story.next_day();
    story.pays_outside("pr_1", "in_1", 10_000);
    story.pays_outside("pr_1", "in_2", 2_000);
    story.assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_2         | AR 50.00 Dr  | REV 50.00 Cr
         CustomerPayment pr_1 | AR 120.00 Cr | OUTSIDE 120.00 Dr | applied in_1 100.00, in_2 20.00",
    );
}

#[test]
fn an_uncollectible_invoice_paid_outside_stripe_is_recovered_too() {
    let mut story = Story::new();
    story.account(Role::OutOfBand, "OUTSIDE");
    let (finalized, given_up, paid) = (story.next_day(), story.next_day(), story.next_day());
    let fields = json!({
        "status": "paid", "created": finalized, "amount_paid_off_stripe": 10_000,
        "status_transitions": {
            "finalized_at": finalized, "marked_uncollectible_at": given_up, "paid_at": paid,
        },
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &fields);
    story.assert_books(
        "Invoice in_1                  | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_1-recovery         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_1-uncollectible | AR 100.00 Cr | REV 100.00 Dr | applied in_1-recovery 100.00
         CustomerPayment in_1-outside  | AR 100.00 Cr | OUTSIDE 100.00 Dr | applied in_1 100.00",
    );
}
