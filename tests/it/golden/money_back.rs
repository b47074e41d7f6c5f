//! Refunds beyond the plain ones: several, across invoices, failed, cancelled, pending.

use serde_json::json;
use tieout::accounting::policy::{MemoItems, PartialRefunds};

use super::story::{Story, line, movement, with};

fn two_items() -> Story {
    let mut story = Story::new();
    story.invoice("in_E3", 10_000, &[line("price_A", 6_000), line("price_B", 4_000)]);
    story.charge("ch_E3", 10_000, 320);
    story.pays("ch_E3", "in_E3", 10_000);
    story
}

/// The connector's figures: what a partial refund of several items was for, nobody knows.
#[test]
fn e3b_a_partial_refund_may_be_one_line_of_its_own() {
    let mut story = two_items();
    story.policy.options.partial_refunds = PartialRefunds::SingleItem;
    story.refund("re_E3b", "ch_E3", 2_500);
    story.assert_books(
        "Invoice in_E3          | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo re_E3b-memo | AR 25.00 Cr  | REFUNDS 25.00 Dr
         CustomerPayment ch_E3  | AR 100.00 Cr | UF 100.00 Dr  | applied in_E3 100.00
         CustomerRefund re_E3b  | AR 25.00 Dr  | UF 25.00 Cr   | applied re_E3b-memo 25.00",
    );
}

/// A whole refund still takes every line back, and a part of a single line is that line.
#[test]
fn e3a_with_that_option_a_full_refund_reverses_every_line() {
    let mut story = two_items();
    story.policy.options.partial_refunds = PartialRefunds::SingleItem;
    story.refund("re_E3a", "ch_E3", 10_000);
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.refund("re_E2", "ch_E1", 4_000);
    story.assert_books(
        "Invoice in_E1          | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_E3          | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo re_E2-memo  | AR 40.00 Cr  | REV 40.00 Dr
         CreditMemo re_E3a-memo | AR 100.00 Cr | REV 100.00 Dr | lines 60.00, 40.00
         CustomerPayment ch_E1  | AR 100.00 Cr | UF 100.00 Dr  | applied in_E1 100.00
         CustomerPayment ch_E3  | AR 100.00 Cr | UF 100.00 Dr  | applied in_E3 100.00
         CustomerRefund re_E2   | AR 40.00 Dr  | UF 40.00 Cr   | applied re_E2-memo 40.00
         CustomerRefund re_E3a  | AR 100.00 Dr | UF 100.00 Cr  | applied re_E3a-memo 100.00",
    );
}

/// The connector's optional item for all refunds, so that they have an account of their own.
#[test]
fn e3_every_refund_may_be_one_line_of_its_own() {
    let mut story = two_items();
    story.policy.options.refund_items = MemoItems::Single;
    story.refund("re_E3a", "ch_E3", 10_000);
    story.assert_books(
        "Invoice in_E3          | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo re_E3a-memo | AR 100.00 Cr | REFUNDS 100.00 Dr
         CustomerPayment ch_E3  | AR 100.00 Cr | UF 100.00 Dr  | applied in_E3 100.00
         CustomerRefund re_E3a  | AR 100.00 Dr | UF 100.00 Cr  | applied re_E3a-memo 100.00",
    );
}

/// 33.33, 33.33 and 33.34 of 60.00 and 40.00: each line is reversed exactly in the end.
#[test]
fn the_pieces_of_a_full_refund_reverse_each_line_to_the_cent() {
    let mut story = two_items();
    story.refund("re_1", "ch_E3", 3_333);
    story.refund("re_2", "ch_E3", 3_333);
    story.refund("re_3", "ch_E3", 3_334);
    story.assert_books(
        "Invoice in_E3         | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo re_1-memo  | AR 33.33 Cr  | REV 33.33 Dr | lines 20.00, 13.33
         CreditMemo re_2-memo  | AR 33.33 Cr  | REV 33.33 Dr | lines 20.00, 13.33
         CreditMemo re_3-memo  | AR 33.34 Cr  | REV 33.34 Dr | lines 20.00, 13.34
         CustomerPayment ch_E3 | AR 100.00 Cr | UF 100.00 Dr | applied in_E3 100.00
         CustomerRefund re_1   | AR 33.33 Dr  | UF 33.33 Cr  | applied re_1-memo 33.33
         CustomerRefund re_2   | AR 33.33 Dr  | UF 33.33 Cr  | applied re_2-memo 33.33
         CustomerRefund re_3   | AR 33.34 Dr  | UF 33.34 Cr  | applied re_3-memo 33.34",
    );
}

/// One payment closed two invoices and left 10.00 over; the refund is larger than the first.
#[test]
fn a_refund_larger_than_one_invoice_takes_the_unapplied_part_and_then_each_invoice() {
    let mut story = Story::new();
    story.invoice("in_1", 6_000, &[line("price_A", 6_000)]);
    story.invoice("in_2", 3_000, &[line("price_B", 3_000)]);
    story.charge("ch_1", 10_000, 320);
    story.pays("ch_1", "in_1", 6_000);
    story.pays("ch_1", "in_2", 3_000);
    story.refund("re_1", "ch_1", 8_000);
    story.assert_books(
        "Invoice in_1         | AR 60.00 Dr  | REV 60.00 Cr
         Invoice in_2         | AR 30.00 Dr  | REV 30.00 Cr
         CreditMemo re_1-memo | AR 70.00 Cr  | REV 70.00 Dr | lines 60.00, 10.00
         CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_1 60.00, in_2 30.00
         CustomerRefund re_1  | AR 80.00 Dr  | UF 80.00 Cr
                              | applied ch_1 10.00, re_1-memo 70.00",
    );
}

#[test]
fn a_pending_refund_waits_for_its_movement_and_a_cancelled_one_makes_nothing() {
    for status in ["pending", "canceled"] {
        let mut story = Story::new();
        story.paid_invoice("in_1", "ch_1", 10_000, 320);
        story.unmoved_refund("re_1", "ch_1", 10_000, status);
        story.assert_books(
            "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
             CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00",
        );
    }
}

/// The money is back with the company and still owed: it is refunded again from where it stands, not
/// by a second memo.
#[test]
fn a_failed_refund_is_owed_and_the_next_one_pays_it() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.refund("re_1", "ch_1", 4_000);
    story.next_day();
    let back = movement("refund_failure", "refund_failure", "re_1", (4_000, "usd"), 0);
    story.moved(with(back, &json!({ "id": "txn_back" })));
    story.change(
        "refund",
        "re_1",
        &json!({
            "status": "failed", "failure_reason": "expired_or_canceled_card",
            "failure_balance_transaction": "txn_back",
        }),
    );
    story.refund("re_2", "ch_1", 4_000);
    story.assert_books(
        "Invoice in_1                | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo re_1-memo        | AR 40.00 Cr  | REV 40.00 Dr
         CustomerPayment ch_1        | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00
         CustomerPayment re_1-failed | AR 40.00 Cr  | UF 40.00 Dr
         CustomerRefund re_1         | AR 40.00 Dr  | UF 40.00 Cr | applied re_1-memo 40.00
         CustomerRefund re_2         | AR 40.00 Dr  | UF 40.00 Cr | applied re_1-failed 40.00",
    );
}
