//! Payments, refunds, and payments that fail afterwards: E1–E6, E26.

use serde_json::json;
use tieout::accounting::policy::{DuplicatePayments, StandaloneCharges};

use super::story::{Story, line, movement, with};

#[test]
fn e1_an_invoice_paid_by_card_leaves_nothing_open_and_the_bank_line_is_the_deposit() {
    let mut story = Story::new();
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.payout("po_E1", 9_680, &["ch_E1"]);
    story.assert_books(
        "Invoice in_E1         | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_E1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         Deposit po_E1 | BANK-USD 96.80 Dr | FEE 3.20 Dr | UF 100.00 Cr | of ch_E1 100.00",
    );
}

/// The memo is `re_…-memo` where the connector has `ns_memo:re_…`: NetSuite refuses a colon.
#[test]
fn e2_a_partial_refund_reverses_revenue_and_leaves_the_invoice_paid() {
    let mut story = Story::new();
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.payout("po_E1", 9_680, &["ch_E1"]);
    story.refund("re_E2", "ch_E1", 4_000);
    story.charge("ch_X", 20_000, 610);
    story.payout("po_E2", 15_390, &["ch_X", "re_E2"]);
    story.assert_books(
        "Invoice in_E1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo re_E2-memo | AR 40.00 Cr  | REV 40.00 Dr
         CustomerPayment ch_E1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         CustomerPayment ch_X  | AR 200.00 Cr | UF 200.00 Dr
         CustomerRefund re_E2  | AR 40.00 Dr  | UF 40.00 Cr  | applied re_E2-memo 40.00
         Deposit po_E1 | BANK-USD 96.80 Dr  | FEE 3.20 Dr | UF 100.00 Cr | of ch_E1 100.00
         Deposit po_E2 | BANK-USD 153.90 Dr | FEE 6.10 Dr | UF 40.00 Dr | UF 200.00 Cr
                       | of ch_X 200.00, re_E2 -40.00",
    );
}

/// All prices post to one revenue account here, so the two items show as two lines.
#[test]
fn e3a_a_full_refund_reverses_every_line() {
    let mut story = Story::new();
    story.invoice("in_E3", 10_000, &[line("price_A", 6_000), line("price_B", 4_000)]);
    story.charge("ch_E3", 10_000, 320);
    story.pays("ch_E3", "in_E3", 10_000);
    story.refund("re_E3a", "ch_E3", 10_000);
    story.assert_books(
        "Invoice in_E3          | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo re_E3a-memo | AR 100.00 Cr | REV 100.00 Dr | lines 60.00, 40.00
         CustomerPayment ch_E3  | AR 100.00 Cr | UF 100.00 Dr  | applied in_E3 100.00
         CustomerRefund re_E3a  | AR 100.00 Dr | UF 100.00 Cr  | applied re_E3a-memo 100.00",
    );
}

/// The connector puts the whole 25.00 on one partial-refund item; here it is spread over the lines.
#[test]
fn e3b_a_partial_refund_is_spread_over_the_lines() {
    let mut story = Story::new();
    story.invoice("in_E3", 10_000, &[line("price_A", 6_000), line("price_B", 4_000)]);
    story.charge("ch_E3", 10_000, 320);
    story.pays("ch_E3", "in_E3", 10_000);
    story.refund("re_E3b", "ch_E3", 2_500);
    story.assert_books(
        "Invoice in_E3          | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo re_E3b-memo | AR 25.00 Cr  | REV 25.00 Dr  | lines 15.00, 10.00
         CustomerPayment ch_E3  | AR 100.00 Cr | UF 100.00 Dr  | applied in_E3 100.00
         CustomerRefund re_E3b  | AR 25.00 Dr  | UF 25.00 Cr   | applied re_E3b-memo 25.00",
    );
}

#[test]
fn e4_a_charge_without_an_invoice_is_refunded_without_a_memo() {
    let mut story = Story::new();
    story.charge("ch_E4", 8_000, 262);
    story.payout("po_E4", 7_738, &["ch_E4"]);
    story.refund("re_E4", "ch_E4", 8_000);
    story.charge("ch_Y", 15_000, 465);
    story.payout("po_E4b", 6_535, &["re_E4", "ch_Y"]);
    story.assert_books(
        "CustomerPayment ch_E4 | AR 80.00 Cr  | UF 80.00 Dr
         CustomerPayment ch_Y  | AR 150.00 Cr | UF 150.00 Dr
         CustomerRefund re_E4  | AR 80.00 Dr  | UF 80.00 Cr  | applied ch_E4 80.00
         Deposit po_E4  | BANK-USD 77.38 Dr | FEE 2.62 Dr | UF 80.00 Cr | of ch_E4 80.00
         Deposit po_E4b | BANK-USD 65.35 Dr | FEE 4.65 Dr | UF 80.00 Dr | UF 150.00 Cr
                        | of ch_Y 150.00, re_E4 -80.00",
    );
}

#[test]
fn e5_a_charge_without_an_invoice_can_be_billed_with_one_line() {
    let mut story = Story::new();
    story.policy.options.standalone_charges = StandaloneCharges::Invoice;
    story.charge("ch_E5", 10_000, 320);
    story.payout("po_E5", 9_680, &["ch_E5"]);
    story.assert_books(
        "Invoice ch_E5-invoice | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_E5 | AR 100.00 Cr | UF 100.00 Dr | applied ch_E5-invoice 100.00
         Deposit po_E5 | BANK-USD 96.80 Dr | FEE 3.20 Dr | UF 100.00 Cr | of ch_E5 100.00",
    );
}

/// Billed like that, it is refunded by a memo like any invoice.
#[test]
fn e5_a_refund_of_a_billed_charge_reverses_its_line() {
    let mut story = Story::new();
    story.policy.options.standalone_charges = StandaloneCharges::Invoice;
    story.charge("ch_E5", 10_000, 320);
    story.refund("re_E5", "ch_E5", 2_500);
    story.assert_books(
        "Invoice ch_E5-invoice | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo re_E5-memo | AR 25.00 Cr  | REV 25.00 Dr
         CustomerPayment ch_E5 | AR 100.00 Cr | UF 100.00 Dr | applied ch_E5-invoice 100.00
         CustomerRefund re_E5  | AR 25.00 Dr  | UF 25.00 Cr  | applied re_E5-memo 25.00",
    );
}

#[test]
fn e6_a_debit_that_fails_after_booking_opens_the_invoice_again() {
    let mut story = Story::new();
    story.paid_invoice("in_E6", "py_E6", 5_000, 40);
    story.charge("ch_Z", 10_000, 320);
    story.next_day();
    let failure =
        movement("payment_failure_refund", "charge_failure", "py_E6", (-5_000, "usd"), 400);
    story.moved(with(failure, &json!({ "id": "txn_failure" })));
    let failed = json!({ "status": "failed", "failure_balance_transaction": "txn_failure" });
    story.change("charge", "py_E6", &failed);
    story.payout("po_E6", 9_240, &["py_E6", "ch_Z", "failure"]);
    story.assert_books(
        "Invoice in_E6               | AR 50.00 Dr  | REV 50.00 Cr
         CustomerPayment ch_Z        | AR 100.00 Cr | UF 100.00 Dr
         CustomerPayment py_E6       | AR 50.00 Cr  | UF 50.00 Dr
         CustomerRefund py_E6-failed | AR 50.00 Dr  | UF 50.00 Cr | applied py_E6 50.00
         Deposit po_E6 | BANK-USD 92.40 Dr | FEE 7.60 Dr | UF 50.00 Dr | UF 150.00 Cr
                       | of ch_Z 100.00, py_E6 50.00, py_E6-failed -50.00",
    );
}

#[test]
fn e26_yen_have_no_decimals() {
    let mut story = Story::new();
    story.switch_to("jpy");
    story.charge("ch_W", 12_000, 432);
    story.payout("po_E26", 11_568, &["ch_W"]);
    story.assert_books(
        "CustomerPayment ch_W | AR 12000 JPY Cr | UF 12000 JPY Dr
         Deposit po_E26 | BANK-JPY 11568 JPY Dr | FEE 432 JPY Dr | UF 12000 JPY Cr
                        | of ch_W 12000 JPY",
    );
}

/// Returned by the bank weeks later: another kind of movement, the same books.
#[test]
fn e6_a_payment_reversed_late_opens_the_invoice_again() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "py_1", 5_000, 40);
    story.next_day();
    let reversal = movement("payment_reversal", "charge_failure", "py_1", (-5_000, "usd"), 0);
    story.moved(with(reversal, &json!({ "id": "txn_late" })));
    story.change("charge", "py_1", &json!({ "failure_balance_transaction": "txn_late" }));
    story.charge("ch_2", 5_000, 175);
    story.pays("ch_2", "in_1", 5_000);
    story.payout("po_1", 4_785, &["py_1", "late", "ch_2"]);
    story.assert_books(
        "Invoice in_1               | AR 50.00 Dr | REV 50.00 Cr
         CustomerPayment ch_2       | AR 50.00 Cr | UF 50.00 Dr | applied in_1 50.00
         CustomerPayment py_1       | AR 50.00 Cr | UF 50.00 Dr
         CustomerRefund py_1-failed | AR 50.00 Dr | UF 50.00 Cr | applied py_1 50.00
         Deposit po_1 | BANK-USD 47.85 Dr | FEE 2.15 Dr | UF 50.00 Dr | UF 100.00 Cr
                      | of ch_2 50.00, py_1 50.00, py_1-failed -50.00",
    );
}

/// Paid twice.
fn duplicate() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_E21", "ch_1", 10_000, 320);
    story.charge("ch_2", 10_000, 320);
    story.pays("ch_2", "in_E21", 10_000);
    story.payout("po_E21", 19_360, &["ch_1", "ch_2"]);
    story
}

#[test]
fn e21_a_duplicate_payment_is_credit_of_the_customer_and_does_not_hold_up_the_deposit() {
    let story = duplicate();
    story.assert_books(
        "Invoice in_E21       | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E21 100.00
         CustomerPayment ch_2 | AR 100.00 Cr | UF 100.00 Dr
         Deposit po_E21 | BANK-USD 193.60 Dr | FEE 6.40 Dr | UF 200.00 Cr
                        | of ch_1 100.00, ch_2 100.00",
    );
    assert_eq!(story.memo_of("ch_2"), "Stripe: ch_2, for in_E21, which was already paid");
}

/// The connector's default: a person must allow it, and the deposit needs the payment.
#[test]
fn e21_a_duplicate_payment_may_be_held_until_somebody_allows_it() {
    let mut story = duplicate();
    story.policy.options.duplicate_payments = DuplicatePayments::Hold;
    story.assert_books(
        "Invoice in_E21       | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E21 100.00
         Exception duplicate_payment ch_2 100.00
         Deposit po_E21 | BANK-USD 193.60 Dr | FEE 6.40 Dr | UF 200.00 Cr
                        | of ch_1 100.00, ch_2 100.00",
    );
    story.change("charge", "ch_2", &json!({ "metadata": { "netsuite_allow_duplicate": "true" } }));
    story.assert_books(
        "Invoice in_E21       | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E21 100.00
         CustomerPayment ch_2 | AR 100.00 Cr | UF 100.00 Dr
         Deposit po_E21 | BANK-USD 193.60 Dr | FEE 6.40 Dr | UF 200.00 Cr
                        | of ch_1 100.00, ch_2 100.00",
    );
}

#[test]
fn one_invoice_paid_in_parts_is_open_for_the_rest() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    story.charge("ch_1", 2_500, 103);
    story.pays("ch_1", "in_1", 2_500);
    story.charge("ch_2", 4_000, 146);
    story.pays("ch_2", "in_1", 4_000);
    story.assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 25.00 Cr  | UF 25.00 Dr | applied in_1 25.00
         CustomerPayment ch_2 | AR 40.00 Cr  | UF 40.00 Dr | applied in_1 40.00",
    );
}

/// Stripe shows it as one movement of what was captured, or as the whole and a reversal of the rest;
/// the customer paid 70.00 either way.
#[test]
fn a_partial_capture_is_a_payment_of_what_was_captured() {
    let books = "CustomerPayment ch_1 | AR 70.00 Cr | UF 70.00 Dr
         Deposit po_1 | BANK-USD 67.67 Dr | FEE 2.33 Dr | UF 70.00 Cr | of ch_1 70.00";
    let mut story = Story::new();
    story.charge("ch_1", 7_000, 233);
    story.change("charge", "ch_1", &json!({ "amount": 10_000, "amount_captured": 7_000 }));
    story.payout("po_1", 6_767, &["ch_1"]);
    story.assert_books(books);

    let mut story = Story::new();
    story.charge("ch_1", 10_000, 233);
    story.change("charge", "ch_1", &json!({ "amount_captured": 7_000, "amount_refunded": 3_000 }));
    story.refund("re_1", "ch_1", 3_000);
    let rest = json!({ "reporting_category": "partial_capture_reversal" });
    story.change("balance_transaction", "txn_re_1", &rest);
    story.payout("po_1", 6_767, &["ch_1", "re_1"]);
    story.assert_books(books);
}
