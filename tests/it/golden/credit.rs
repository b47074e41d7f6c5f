//! Credit notes, before and after payment: E14, E15.

use serde_json::json;
use tieout::accounting::policy::{CreditNotes, CustomerBalance};

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

/// A line that no line of the invoice explains would otherwise reverse the income of the wrong item.
#[test]
fn a_line_of_a_credit_notes_own_has_an_item_of_its_own() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    let own = json!({ "id": "cnli_1", "object": "credit_note_line_item", "amount": 1_500,
        "type": "custom_line_item", "invoice_line_item": null, "quantity": 1,
        "description": "Late delivery", "discount_amounts": [], "taxes": [] });
    let before = json!({ "type": "pre_payment", "pre_payment_amount": 1_500,
        "lines": { "object": "list", "has_more": false, "data": [own] } });
    story.credit_note("cn_1", "in_1", 1_500, &before);
    assert_eq!(story.lines_of("cn_1"), ["1 x 15.00 = 15.00 Late delivery"]);
    assert_eq!(story.items_of("cn_1"), ["stripe-custom-credit-note-line"]);
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

/// The connector's figures: nothing until the invoice is paid, because it may still be voided.
#[test]
fn e14_a_credit_note_may_wait_until_its_invoice_is_paid() {
    for (status, paid) in [("open", false), ("paid", true)] {
        let mut story = Story::new();
        story.policy.options.credit_notes = CreditNotes::AfterPayment;
        let status = json!({ "status": status });
        story.invoice_with("in_E14", 10_000, &[line("price_A", 10_000)], &status);
        let before = json!({ "type": "pre_payment", "pre_payment_amount": 3_000 });
        story.credit_note("cn_E14", "in_E14", 3_000, &before);
        if !paid {
            story.assert_books("Invoice in_E14 | AR 100.00 Dr | REV 100.00 Cr");
            continue;
        }
        story.charge("ch_E14", 7_000, 233);
        story.pays("ch_E14", "in_E14", 7_000);
        story.assert_books(
            "Invoice in_E14         | AR 100.00 Dr | REV 100.00 Cr
             CreditMemo cn_E14      | AR 30.00 Cr  | REV 30.00 Dr | applied in_E14 30.00
             CustomerPayment ch_E14 | AR 70.00 Cr  | UF 70.00 Dr  | applied in_E14 70.00",
        );
    }
}

/// The connector's figures: nothing at issue, and a memo on the invoice that the credit paid.
#[test]
fn e15c_credit_may_be_booked_when_it_is_used() {
    let mut story = Story::new();
    story.policy.options.customer_balance = CustomerBalance::OnUse;
    story.paid_invoice("in_E15c", "ch_E15c", 10_000, 320);
    let kept = json!({
        "type": "post_payment", "post_payment_amount": 2_500,
        "customer_balance_transaction": "cbtxn_1",
    });
    story.credit_note("cn_E15c", "in_E15c", 2_500, &kept);
    let from_note = json!({ "type": "credit_note", "credit_note": "cn_E15c" });
    story.balance_change("cbtxn_1", -2_500, &from_note);
    let balance = json!({
        "status": "paid", "starting_balance": -2_500, "ending_balance": 0, "amount_due": 7_500,
    });
    story.invoice_with("in_E15d", 10_000, &[line("price_A", 10_000)], &balance);
    let used = json!({ "type": "applied_to_invoice", "invoice": "in_E15d" });
    story.balance_change("cbtxn_2", 2_500, &used);
    story.charge("ch_E15d", 7_500, 248);
    story.pays("ch_E15d", "in_E15d", 7_500);
    story.assert_books(
        "Invoice in_E15c            | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_E15d            | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_E15d-balance | AR 25.00 Cr  | REV 25.00 Dr | applied in_E15d 25.00
         CustomerPayment ch_E15c    | AR 100.00 Cr | UF 100.00 Dr | applied in_E15c 100.00
         CustomerPayment ch_E15d    | AR 75.00 Cr  | UF 75.00 Dr  | applied in_E15d 75.00",
    );
}

/// 50.00 on an invoice of 100.00 of which 80.00 was paid: 20.00 off what is open, 10.00 refunded,
/// 5.00 outside Stripe and 15.00 to the balance. One memo has to serve all four.
#[test]
fn a_mixed_credit_note_is_one_memo_in_four_parts() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    story.charge("ch_1", 8_000, 262);
    story.pays("ch_1", "in_1", 8_000);
    let mixed = json!({
        "type": "mixed", "pre_payment_amount": 2_000, "post_payment_amount": 3_000,
        "out_of_band_amount": 500, "customer_balance_transaction": "cbtxn_1",
        "refunds": [{ "type": "refund", "refund": "re_1", "amount_refunded": 1_000 }],
    });
    story.credit_note("cn_1", "in_1", 5_000, &mixed);
    story.refund("re_1", "ch_1", 1_000);
    let from_note = json!({ "type": "credit_note", "credit_note": "cn_1" });
    story.balance_change("cbtxn_1", -1_500, &from_note);
    story.assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_1      | AR 50.00 Cr  | REV 50.00 Dr | applied in_1 20.00
         CustomerPayment ch_1 | AR 80.00 Cr  | UF 80.00 Dr  | applied in_1 80.00
         CustomerRefund re_1  | AR 10.00 Dr  | UF 10.00 Cr  | applied cn_1 10.00
         Exception credit_note_out_of_band cn_1 5.00",
    );
    // Booked on use, the part on the balance is left out of the memo until then.
    story.policy.options.customer_balance = CustomerBalance::OnUse;
    story.assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_1      | AR 35.00 Cr  | REV 35.00 Dr | applied in_1 20.00
         CustomerPayment ch_1 | AR 80.00 Cr  | UF 80.00 Dr  | applied in_1 80.00
         CustomerRefund re_1  | AR 10.00 Dr  | UF 10.00 Cr  | applied cn_1 10.00
         Exception credit_note_out_of_band cn_1 5.00",
    );
}

/// The document says so, and its customer still owes the whole.
#[test]
fn a_credit_note_voided_before_it_was_posted_never_happened() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    let voided = json!({ "type": "pre_payment", "pre_payment_amount": 3_000, "status": "void" });
    story.credit_note("cn_1", "in_1", 3_000, &voided);
    story.assert_books("Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr");
    story.already_posted("cn_1");
    story.assert_books(
        "Invoice cn_1-void | AR 30.00 Dr  | REV 30.00 Cr
         Invoice in_1      | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_1   | AR 30.00 Cr  | REV 30.00 Dr | applied cn_1-void 30.00",
    );
}

/// Money given back outside Stripe is no credit on the customer's balance.
#[test]
fn a_credit_note_with_a_reported_refund_is_out_of_band() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    let reported = json!({
        "type": "post_payment", "post_payment_amount": 2_500,
        "refunds": [{
            "type": "payment_record_refund", "amount_refunded": 2_500, "refund": null,
            "payment_record_refund": { "payment_record": "pr_1", "refund_group": "rg_1" },
        }],
    });
    story.credit_note("cn_1", "in_1", 2_500, &reported);
    story.assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cn_1      | AR 25.00 Cr  | REV 25.00 Dr
         CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00
         Exception credit_note_out_of_band cn_1 25.00",
    );
}
