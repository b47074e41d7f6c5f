//! The customer's balance: open credits equal it whatever moved it.

use serde_json::{Value, json};
use tieout::accounting::policy::{CustomerBalance, NegativeInvoices};

use super::story::{Story, line};

fn by_hand() -> Value {
    json!({ "type": "adjustment" })
}

fn on(kind: &str, invoice: &str) -> Value {
    json!({ "type": kind, "invoice": invoice })
}

/// An invoice of one line that the balance changed: what was owed or credited before and after.
fn balanced(story: &mut Story, id: &str, total: i64, (before, after): (i64, i64), status: &str) {
    let due = total + before - after;
    let fields = json!({
        "status": status, "starting_balance": before, "ending_balance": after,
        "amount_due": due.max(0), "amount_remaining": if status == "open" { due.max(0) } else { 0 },
    });
    story.invoice_with(id, total, &[line("price_A", total)], &fields);
}

#[test]
fn a_debit_by_hand_takes_open_credit_back() {
    let mut story = Story::new();
    story.balance_change("cbtxn_1", -5_000, &by_hand());
    story.balance_change("cbtxn_2", 2_000, &by_hand());
    story.assert_books(
        "Invoice cbtxn_2    | AR 20.00 Dr | CBAL 20.00 Cr
         CreditMemo cbtxn_1 | AR 50.00 Cr | CBAL 50.00 Dr | applied cbtxn_2 20.00",
    );
}

/// 30.00 of the 50.00 is credit; the other 20.00 is a debt, which is no document until the next
/// invoice bills it.
#[test]
fn a_debit_by_hand_beyond_the_credit_is_billed_by_the_next_invoice() {
    let mut story = Story::new();
    story.balance_change("cbtxn_1", -3_000, &by_hand());
    story.balance_change("cbtxn_2", 5_000, &by_hand());
    balanced(&mut story, "in_1", 10_000, (2_000, 0), "open");
    story.balance_change("cbtxn_3", -2_000, &on("applied_to_invoice", "in_1"));
    story.assert_books(
        "Invoice cbtxn_2    | AR 30.00 Dr | CBAL 30.00 Cr
         Invoice in_1       | AR 120.00 Dr | CBAL 20.00 Cr | REV 100.00 Cr | lines 100.00, 20.00
         CreditMemo cbtxn_1 | AR 30.00 Cr | CBAL 30.00 Dr | applied cbtxn_2 30.00",
    );
}

/// Stripe nets the two; were the credit left whole, NetSuite would show more credit than Stripe.
#[test]
fn credit_given_to_somebody_who_owes_pays_the_debt_first() {
    let mut story = Story::new();
    story.balance_change("cbtxn_1", 2_000, &by_hand());
    story.balance_change("cbtxn_2", -5_000, &by_hand());
    story.assert_books(
        "Invoice cbtxn_2-balance | AR 20.00 Dr | CBAL 20.00 Cr
         CreditMemo cbtxn_2      | AR 50.00 Cr | CBAL 50.00 Dr | applied cbtxn_2-balance 20.00",
    );
}

#[test]
fn an_invoice_below_the_minimum_is_carried_to_the_next_one() {
    let mut story = Story::new();
    balanced(&mut story, "in_1", 30, (0, 30), "paid");
    story.balance_change("cbtxn_1", 30, &on("invoice_too_small", "in_1"));
    balanced(&mut story, "in_2", 10_000, (30, 0), "open");
    story.balance_change("cbtxn_2", -30, &on("applied_to_invoice", "in_2"));
    story.assert_books(
        "Invoice in_1 | AR 0.30 Dr | REV 0.30 Cr
         Invoice in_2 | AR 100.30 Dr | CBAL 0.30 Cr | REV 100.00 Cr | lines 100.00, 0.30
         CreditMemo in_1-balance | AR 0.30 Cr | CBAL 0.30 Dr | applied in_1 0.30",
    );
}

/// The debt is owed again, so the void takes its line back with the rest.
#[test]
fn a_void_invoice_gives_back_the_debt_that_it_billed() {
    let mut story = Story::new();
    balanced(&mut story, "in_1", 30, (0, 30), "paid");
    story.balance_change("cbtxn_1", 30, &on("invoice_too_small", "in_1"));
    balanced(&mut story, "in_2", 10_000, (30, 0), "void");
    story.already_posted("in_2");
    story.balance_change("cbtxn_2", -30, &on("applied_to_invoice", "in_2"));
    story.balance_change("cbtxn_3", 30, &on("unapplied_from_invoice", "in_2"));
    balanced(&mut story, "in_3", 1_000, (30, 0), "open");
    story.balance_change("cbtxn_4", -30, &on("applied_to_invoice", "in_3"));
    story.assert_books(
        "Invoice in_1 | AR 0.30 Dr | REV 0.30 Cr
         Invoice in_2 | AR 100.30 Dr | CBAL 0.30 Cr | REV 100.00 Cr | lines 100.00, 0.30
         Invoice in_3 | AR 10.30 Dr | CBAL 0.30 Cr | REV 10.00 Cr | lines 10.00, 0.30
         CreditMemo in_1-balance | AR 0.30 Cr | CBAL 0.30 Dr | applied in_1 0.30
         CreditMemo in_2-void | AR 100.30 Cr | CBAL 0.30 Dr | REV 100.00 Dr
                              | lines 100.00, 0.30 | applied in_2 100.30",
    );
}

#[test]
fn a_void_invoice_gives_back_the_credit_that_had_paid_it() {
    let mut story = Story::new();
    story.balance_change("cbtxn_1", -2_500, &by_hand());
    balanced(&mut story, "in_1", 10_000, (-2_500, 0), "void");
    story.already_posted("in_1");
    story.balance_change("cbtxn_2", 2_500, &on("applied_to_invoice", "in_1"));
    story.balance_change("cbtxn_3", -2_500, &on("unapplied_from_invoice", "in_1"));
    story.assert_books(
        "Invoice in_1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cbtxn_1   | AR 25.00 Cr  | CBAL 25.00 Dr
         CreditMemo in_1-void | AR 100.00 Cr | REV 100.00 Dr | applied in_1 100.00",
    );
}

/// What a customer paid too much is money that came in: the rest of the payment is the credit.
#[test]
fn an_overpaid_invoice_leaves_credit_on_the_payment() {
    let mut story = Story::new();
    story.invoice_with(
        "in_1",
        10_000,
        &[line("price_A", 10_000)],
        &json!({ "status": "paid", "amount_overpaid": 1_500, "amount_remaining": 0 }),
    );
    story.charge("ch_1", 11_500, 364);
    story.pays("ch_1", "in_1", 11_500);
    story.balance_change("cbtxn_1", -1_500, &on("invoice_overpaid", "in_1"));
    balanced(&mut story, "in_2", 4_000, (-1_500, 0), "open");
    story.balance_change("cbtxn_2", 1_500, &on("applied_to_invoice", "in_2"));
    let books = "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_2         | AR 40.00 Dr  | REV 40.00 Cr
         CustomerPayment ch_1 | AR 115.00 Cr | UF 115.00 Dr | applied in_1 100.00, in_2 15.00";
    story.assert_books(books);
    // It is in the books either way: booked on use, it would be counted twice.
    story.policy.options.customer_balance = CustomerBalance::OnUse;
    story.assert_books(books);
}

#[test]
fn credit_by_hand_may_be_booked_when_it_is_used_and_stays_out_until_the_invoice_is_paid() {
    for status in ["open", "paid"] {
        let mut story = Story::new();
        story.policy.options.customer_balance = CustomerBalance::OnUse;
        story.balance_change("cbtxn_1", -2_500, &by_hand());
        let lines = [line("price_A", 6_000), line("price_B", 4_000)];
        let fields = json!({
            "status": status, "starting_balance": -2_500, "ending_balance": 0, "amount_due": 7_500,
        });
        story.invoice_with("in_1", 10_000, &lines, &fields);
        story.balance_change("cbtxn_2", 2_500, &on("applied_to_invoice", "in_1"));
        let invoice = "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00";
        // Of two lines nobody knows which one it paid.
        let memo = "CreditMemo in_1-balance | AR 25.00 Cr | CBAL 25.00 Dr | applied in_1 25.00";
        match status {
            "open" => story.assert_books(invoice),
            _ => story.assert_books(&format!("{invoice}\n{memo}")),
        }
    }
}

/// The connector's figures: an invoice without amounts, and a memo on use.
#[test]
fn e19bc_a_negative_invoice_may_have_zero_lines_until_its_credit_is_used() {
    let mut story = Story::new();
    story.policy.options.negative_invoices = NegativeInvoices::ZeroLines;
    story.policy.options.customer_balance = CustomerBalance::OnUse;
    let lines = [line("price_PRO", -7_000), line("price_BASIC", 3_000)];
    let credited = json!({ "status": "paid", "ending_balance": -4_000 });
    story.invoice_with("in_E19b", -4_000, &lines, &credited);
    story.balance_change("cbtxn_1", -4_000, &on("invoice_too_small", "in_E19b"));
    story.assert_books("Invoice in_E19b | lines 0.00, 0.00");
    balanced(&mut story, "in_E19c", 3_000, (-4_000, -1_000), "paid");
    story.balance_change("cbtxn_2", 3_000, &on("applied_to_invoice", "in_E19c"));
    story.assert_books(
        "Invoice in_E19b            | lines 0.00, 0.00
         Invoice in_E19c            | AR 30.00 Dr | REV 30.00 Cr
         CreditMemo in_E19c-balance | AR 30.00 Cr | REV 30.00 Dr | applied in_E19c 30.00",
    );
}
