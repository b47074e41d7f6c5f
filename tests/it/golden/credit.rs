//! Credit notes, before and after payment: E14, E15.

use serde_json::json;

use super::story::{Story, line};

/// The connector waits for the payment; here the memo is booked at issue, so that the invoice shows
/// what Stripe shows. It carries the note's own id.
#[test]
fn e14_a_credit_note_before_payment_pays_down_the_open_invoice() {
    let mut story = Story::new();
    story.invoice("in_E14", 10_000, &[line("price_A", 10_000)]);
    let before = json!({ "type": "pre_payment", "pre_payment_amount": 3_000 });
    story.credit_note("cn_E14", "in_E14", 3_000, &before);
    story.charge("ch_E14", 7_000, 233);
    story.pays("ch_E14", "in_E14", 7_000);
    story.payout("po_E14", 6_767, &["ch_E14"]);
    story.assert_books(
        "Invoice in_E14         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_E14      | AR 30.00 Cr  | REV 30.00 Dr | applied in_E14 30.00
         CustomerPayment ch_E14 | AR 70.00 Cr  | UF 70.00 Dr  | applied in_E14 70.00
         Deposit po_E14 | BANK-USD 67.67 Dr | FEE 2.33 Dr | UF 70.00 Cr | of ch_E14 70.00",
    );
}

#[test]
fn e15a_a_credit_note_with_a_refund_makes_one_memo_and_not_two() {
    let mut story = Story::new();
    story.paid_invoice("in_E15a", "ch_E15a", 10_000, 320);
    let refunded = json!({
        "type": "post_payment", "post_payment_amount": 2_500,
        "refunds": [{ "type": "refund", "refund": "re_E15a", "amount_refunded": 2_500 }],
    });
    story.credit_note("cn_E15a", "in_E15a", 2_500, &refunded);
    story.refund("re_E15a", "ch_E15a", 2_500);
    story.assert_books(
        "Invoice in_E15a         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_E15a      | AR 25.00 Cr  | REV 25.00 Dr
         CustomerPayment ch_E15a | AR 100.00 Cr | UF 100.00 Dr | applied in_E15a 100.00
         CustomerRefund re_E15a  | AR 25.00 Dr  | UF 25.00 Cr  | applied cn_E15a 25.00",
    );
}

#[test]
fn e15b_a_credit_note_paid_outside_stripe_stays_open_for_a_person() {
    let mut story = Story::new();
    story.paid_invoice("in_E15b", "ch_E15b", 10_000, 320);
    let outside = json!({
        "type": "post_payment", "post_payment_amount": 2_500, "out_of_band_amount": 2_500,
    });
    story.credit_note("cn_E15b", "in_E15b", 2_500, &outside);
    story.assert_books(
        "Invoice in_E15b         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_E15b      | AR 25.00 Cr  | REV 25.00 Dr
         CustomerPayment ch_E15b | AR 100.00 Cr | UF 100.00 Dr | applied in_E15b 100.00
         Exception credit_note_out_of_band cn_E15b 25.00",
    );
}

/// The connector books nothing at issue and a `…:balance` memo on use. Here the memo is booked at
/// issue as an open credit of the customer, and use applies it.
#[test]
fn e15c_a_credit_note_to_the_balance_pays_the_next_invoice() {
    let mut story = Story::new();
    story.paid_invoice("in_E15c", "ch_E15c", 10_000, 320);
    let kept = json!({
        "type": "post_payment", "post_payment_amount": 2_500,
        "customer_balance_transaction": "cbtxn_1",
    });
    story.credit_note("cn_E15c", "in_E15c", 2_500, &kept);
    let from_note = json!({ "type": "credit_note", "credit_note": "cn_E15c" });
    story.balance_change("cbtxn_1", -2_500, &from_note);
    let balance = json!({ "starting_balance": -2_500, "ending_balance": 0, "amount_due": 7_500 });
    story.invoice_with("in_E15d", 10_000, &[line("price_A", 10_000)], &balance);
    let used = json!({ "type": "applied_to_invoice", "invoice": "in_E15d" });
    story.balance_change("cbtxn_2", 2_500, &used);
    story.charge("ch_E15d", 7_500, 248);
    story.pays("ch_E15d", "in_E15d", 7_500);
    story.assert_books(
        "Invoice in_E15c         | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_E15d         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_E15c      | AR 25.00 Cr  | REV 25.00 Dr | applied in_E15d 25.00
         CustomerPayment ch_E15c | AR 100.00 Cr | UF 100.00 Dr | applied in_E15c 100.00
         CustomerPayment ch_E15d | AR 75.00 Cr  | UF 75.00 Dr  | applied in_E15d 75.00",
    );
}
