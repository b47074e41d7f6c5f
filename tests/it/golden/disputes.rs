//! Disputes: E7, E8.

use serde_json::json;
use tieout::accounting::policy::{DisputesOpened, DisputesWon, MemoItems, PartialRefunds};

use super::story::{Story, line, movement, with};

/// Of the invoice in E1; the fee comes from the dispute's balance transactions.
fn disputed(status: &str, moved: &[(i64, i64)]) -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.dispute("dp_E7", "ch_E1", status, moved);
    story.charge("ch_H", 30_000, 900);
    story.payout("po_E7", 17_600, &["ch_H", "dp_E7"]);
    story
}

#[test]
fn e7_a_lost_dispute_costs_the_revenue_and_the_fee_and_nothing_else() {
    let story = disputed("lost", &[(-10_000, 1_500)]);
    story.assert_books(
        "Invoice in_E1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_E7-memo | AR 100.00 Cr | REV 100.00 Dr
         CustomerPayment ch_E1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         CustomerPayment ch_H  | AR 300.00 Cr | UF 300.00 Dr
         CustomerRefund dp_E7  | AR 100.00 Dr | UF 100.00 Cr | applied dp_E7-memo 100.00
         Deposit po_E7 | BANK-USD 176.00 Dr | DISPFEE 15.00 Dr | FEE 9.00 Dr
                       | UF 100.00 Dr | UF 300.00 Cr | of ch_H 300.00, dp_E7 -100.00",
    );
}

/// There is no income to reverse where no invoice was paid: the payment itself goes back.
#[test]
fn e7_a_dispute_of_a_payment_without_an_invoice_refunds_the_payment() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    story.dispute("dp_1", "ch_1", "lost", &[(-10_000, 1_500)]);
    story.charge("ch_H", 30_000, 900);
    story.payout("po_1", 27_280, &["ch_1", "ch_H", "dp_1"]);
    story.assert_books(
        "CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr
         CustomerPayment ch_H | AR 300.00 Cr | UF 300.00 Dr
         CustomerRefund dp_1  | AR 100.00 Dr | UF 100.00 Cr | applied ch_1 100.00
         Deposit po_1 | BANK-USD 272.80 Dr | DISPFEE 15.00 Dr | FEE 12.20 Dr
                      | UF 100.00 Dr | UF 400.00 Cr | of ch_1 100.00, ch_H 300.00, dp_1 -100.00",
    );
}

/// The connector's optional item, so that disputes have an account of their own.
#[test]
fn e7_a_dispute_may_be_one_line_of_its_own() {
    let mut story = Story::new();
    story.policy.options.dispute_items = MemoItems::Single;
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.dispute("dp_E7", "ch_E1", "lost", &[(-10_000, 1_500)]);
    story.assert_books(
        "Invoice in_E1         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_E7-memo | AR 100.00 Cr | DISPUTES 100.00 Dr
         CustomerPayment ch_E1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         CustomerRefund dp_E7  | AR 100.00 Dr | UF 100.00 Cr | applied dp_E7-memo 100.00",
    );
}

/// The connector's figures where the disputed amount is not the invoice's: one dispute item.
#[test]
fn e7_a_dispute_of_a_part_of_several_lines_is_spread_or_one_line() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 6_000), line("price_B", 4_000)]);
    story.charge("ch_1", 10_000, 320);
    story.pays("ch_1", "in_1", 10_000);
    story.dispute("dp_1", "ch_1", "lost", &[(-2_500, 1_500)]);
    let rest = "CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00
         CustomerRefund dp_1  | AR 25.00 Dr  | UF 25.00 Cr  | applied dp_1-memo 25.00";
    let invoice = "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00";
    let spread = "CreditMemo dp_1-memo | AR 25.00 Cr | REV 25.00 Dr | lines 15.00, 10.00";
    story.assert_books(&format!("{invoice}\n{spread}\n{rest}"));
    story.policy.options.partial_refunds = PartialRefunds::SingleItem;
    let one = "CreditMemo dp_1-memo | AR 25.00 Cr | DISPUTES 25.00 Dr";
    story.assert_books(&format!("{invoice}\n{one}\n{rest}"));
}

/// The connector books the returned money on the deposit, against an account for won disputes, and
/// leaves the revenue reversed. Here the lines are billed again and the returned money pays them,
/// so it leaves undeposited funds with the other payments.
#[test]
fn e8_a_won_dispute_puts_revenue_and_fee_back_where_they_were() {
    let mut story = disputed("won", &[(-10_000, 1_500), (10_000, -1_500)]);
    story.charge("ch_J", 5_000, 175);
    story.payout("po_E8", 16_325, &["ch_J", "dp_E7_2"]);
    story.assert_books(
        "Invoice dp_E7-reinstated  | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_E1             | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_E7-memo     | AR 100.00 Cr | REV 100.00 Dr
         CustomerPayment ch_E1     | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         CustomerPayment ch_H      | AR 300.00 Cr | UF 300.00 Dr
         CustomerPayment ch_J      | AR 50.00 Cr  | UF 50.00 Dr
         CustomerPayment dp_E7-won | AR 100.00 Cr | UF 100.00 Dr | applied dp_E7-reinstated 100.00
         CustomerRefund dp_E7      | AR 100.00 Dr | UF 100.00 Cr | applied dp_E7-memo 100.00
         Deposit po_E7 | BANK-USD 176.00 Dr | DISPFEE 15.00 Dr | FEE 9.00 Dr
                       | UF 100.00 Dr | UF 300.00 Cr | of ch_H 300.00, dp_E7 -100.00
         Deposit po_E8 | BANK-USD 163.25 Dr | DISPFEE 15.00 Cr | FEE 1.75 Dr
                       | UF 150.00 Cr | of ch_J 50.00, dp_E7-won 100.00",
    );
}

/// The connector's figures: the reversal is income of its own, and the revenue stays reversed.
#[test]
fn e8_a_won_dispute_may_be_a_line_of_the_deposit() {
    let mut story = disputed("won", &[(-10_000, 1_500), (10_000, -1_500)]);
    story.policy.options.disputes_won = DisputesWon::ReversalLine;
    story.charge("ch_J", 5_000, 175);
    story.payout("po_E8", 16_325, &["ch_J", "dp_E7_2"]);
    story.assert_books(
        "Invoice in_E1             | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_E7-memo     | AR 100.00 Cr | REV 100.00 Dr
         CustomerPayment ch_E1     | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         CustomerPayment ch_H      | AR 300.00 Cr | UF 300.00 Dr
         CustomerPayment ch_J      | AR 50.00 Cr  | UF 50.00 Dr
         CustomerRefund dp_E7      | AR 100.00 Dr | UF 100.00 Cr | applied dp_E7-memo 100.00
         Deposit po_E7 | BANK-USD 176.00 Dr | DISPFEE 15.00 Dr | FEE 9.00 Dr
                       | UF 100.00 Dr | UF 300.00 Cr | of ch_H 300.00, dp_E7 -100.00
         Deposit po_E8 | BANK-USD 163.25 Dr | DISPFEE 15.00 Cr | DISPREV 100.00 Cr | FEE 1.75 Dr
                       | UF 50.00 Cr | of ch_J 50.00",
    );
}

/// The books of E1 and E7 with the money held; `after` is what the outcome adds.
#[track_caller]
fn assert_held(story: &Story, journals: &str, deposit: &str) {
    let books = format!(
        "Invoice in_E1         | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_E1 | AR 100.00 Cr | UF 100.00 Dr | applied in_E1 100.00
         CustomerPayment ch_H  | AR 300.00 Cr | UF 300.00 Dr
         {journals}
         Deposit po_E7 | BANK-USD 176.00 Dr | DISPFEE 15.00 Dr | DISPHOLD 100.00 Dr | FEE 9.00 Dr
                       | UF 300.00 Cr | of ch_H 300.00
         {deposit}"
    );
    let lines: Vec<&str> = books.lines().filter(|line| !line.trim().is_empty()).collect();
    story.assert_books(&lines.join("\n"));
}

#[test]
fn e7_a_held_dispute_touches_no_revenue_until_it_is_lost() {
    let mut story = disputed("under_review", &[(-10_000, 1_500)]);
    story.policy.options.disputes_opened = DisputesOpened::Hold;
    assert_held(&story, "", "");
    let mut story = disputed("lost", &[(-10_000, 1_500)]);
    story.policy.options.disputes_opened = DisputesOpened::Hold;
    let loss = "JournalEntry dp_E7-lost | DISPHOLD 100.00 Cr | DISPLOSS 100.00 Dr";
    assert_held(&story, loss, "");
    assert_eq!(story.date_of("dp_E7-lost"), "2026-03-05");
    // Contested: the decision is not older than the day the evidence was due.
    let contested =
        json!({ "evidence_details": { "due_by": 1_773_600_000, "submission_count": 1 } });
    story.change("dispute", "dp_E7", &contested);
    assert_eq!(story.date_of("dp_E7-lost"), "2026-03-15");
}

#[test]
fn e8_a_held_dispute_that_is_won_clears_the_account() {
    let mut story = disputed("won", &[(-10_000, 1_500), (10_000, -1_500)]);
    story.policy.options.disputes_opened = DisputesOpened::Hold;
    story.payout("po_E8", 11_500, &["dp_E7_2"]);
    let deposit = "Deposit po_E8 | BANK-USD 115.00 Dr | DISPFEE 15.00 Cr | DISPHOLD 100.00 Cr";
    assert_held(&story, "", deposit);
}

/// Stripe returned the day's rate: 98.00 of 100.00. What did not come back is lost.
#[test]
fn a_held_dispute_that_came_back_at_another_rate_leaves_nothing_on_the_account() {
    let mut story = disputed("won", &[(-10_000, 1_500), (9_800, 0)]);
    story.policy.options.disputes_opened = DisputesOpened::Hold;
    story.payout("po_E8", 9_800, &["dp_E7_2"]);
    let rest = "JournalEntry dp_E7-won | DISPHOLD 2.00 Cr | DISPLOSS 2.00 Dr";
    assert_held(&story, rest, "Deposit po_E8 | BANK-USD 98.00 Dr | DISPHOLD 98.00 Cr");
}

/// Lost, posted as a loss, and won after all: the loss is taken back.
#[test]
fn a_late_win_of_a_held_dispute_takes_the_loss_back() {
    let mut story = disputed("won", &[(-10_000, 1_500), (10_000, 0)]);
    story.policy.options.disputes_opened = DisputesOpened::Hold;
    story.already_posted("dp_E7-lost");
    story.payout("po_E8", 10_000, &["dp_E7_2"]);
    let journals = "JournalEntry dp_E7-lost | DISPHOLD 100.00 Cr | DISPLOSS 100.00 Dr
         JournalEntry dp_E7-won  | DISPHOLD 100.00 Dr | DISPLOSS 100.00 Cr";
    assert_held(&story, journals, "Deposit po_E8 | BANK-USD 100.00 Dr | DISPHOLD 100.00 Cr");
}

/// Only 60.00 of 100.00 was reinstated: lines and tax in proportion.
#[test]
fn a_dispute_won_in_part_bills_that_part_again() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 6_000), line("price_B", 4_000)]);
    story.charge("ch_1", 10_000, 320);
    story.pays("ch_1", "in_1", 10_000);
    story.dispute("dp_1", "ch_1", "won", &[(-10_000, 1_500), (6_000, 0)]);
    story.assert_books(
        "Invoice dp_1-reinstated  | AR 60.00 Dr  | REV 60.00 Cr  | lines 36.00, 24.00
         Invoice in_1             | AR 100.00 Dr | REV 100.00 Cr | lines 60.00, 40.00
         CreditMemo dp_1-memo     | AR 100.00 Cr | REV 100.00 Dr | lines 60.00, 40.00
         CustomerPayment ch_1     | AR 100.00 Cr | UF 100.00 Dr  | applied in_1 100.00
         CustomerPayment dp_1-won | AR 60.00 Cr  | UF 60.00 Dr   | applied dp_1-reinstated 60.00
         CustomerRefund dp_1      | AR 100.00 Dr | UF 100.00 Cr  | applied dp_1-memo 100.00",
    );
}

/// 100.00 EUR taken as 108.00 USD in two parts and returned as 112.00: what the customer has back is
/// 100.00 EUR whatever the rate, and the rates are those of the movements.
#[test]
fn the_parts_of_a_foreign_dispute_are_the_disputed_amount_at_each_days_rate() {
    let mut story = Story::new();
    story.switch_to("eur");
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    story.converted_charge("ch_1", 10_000, (11_000, "usd"), 350);
    story.pays("ch_1", "in_1", 10_000);
    let moved = [(-5_400, 1_500), (-5_400, 0), (11_200, 0)];
    story.converted_dispute("dp_1", "ch_1", "won", 10_000, (&moved, "usd"));
    story.assert_books(
        "Invoice dp_1-reinstated  | AR 100.00 EUR Dr | REV 100.00 EUR Cr
                                  | lines 50.00 EUR, 50.00 EUR
         Invoice in_1             | AR 100.00 EUR Dr | REV 100.00 EUR Cr
         CreditMemo dp_1-2-memo   | AR 50.00 EUR Cr  | REV 50.00 EUR Dr
         CreditMemo dp_1-memo     | AR 50.00 EUR Cr  | REV 50.00 EUR Dr
         CustomerPayment ch_1     | AR 100.00 EUR Cr | UF 100.00 EUR Dr
                                  | applied in_1 100.00 EUR | at 1.1
         CustomerPayment dp_1-won | AR 100.00 EUR Cr | UF 100.00 EUR Dr
                                  | applied dp_1-reinstated 100.00 EUR | at 1.12
         CustomerRefund dp_1      | AR 50.00 EUR Dr  | UF 50.00 EUR Cr
                                  | applied dp_1-memo 50.00 EUR | at 1.08
         CustomerRefund dp_1-2    | AR 50.00 EUR Dr  | UF 50.00 EUR Cr
                                  | applied dp_1-2-memo 50.00 EUR | at 1.08",
    );
}

/// No money moved, so there is nothing to book; escalated, it is a dispute like any other.
#[test]
fn an_inquiry_makes_nothing_until_it_is_escalated() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.dispute("dp_1", "ch_1", "warning_needs_response", &[]);
    let paid = "CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00";
    let invoice = "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr";
    story.assert_books(&format!("{invoice}\n{paid}"));
    let own = movement("adjustment", "dispute", "dp_1", (-10_000, "usd"), 1_500);
    let day = json!({ "created": 1_773_000_000, "available_on": 1_773_000_000 });
    let escalated = json!({
        "status": "needs_response", "amount": 10_000, "balance_transactions": [with(own, &day)],
    });
    story.change("dispute", "dp_1", &escalated);
    story.assert_books(&format!(
        "{invoice}
         CreditMemo dp_1-memo | AR 100.00 Cr | REV 100.00 Dr
         {paid}
         CustomerRefund dp_1 | AR 100.00 Dr | UF 100.00 Cr | applied dp_1-memo 100.00"
    ));
}

/// Won, taken again on appeal, and won again: each time what was billed again is reversed again.
#[test]
fn a_dispute_that_goes_back_and_forth_ends_where_it_began() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.dispute(
        "dp_1",
        "ch_1",
        "won",
        &[(-10_000, 1_500), (10_000, 0), (-10_000, 0), (10_000, 0)],
    );
    story.refund("re_1", "ch_1", 4_000);
    story.assert_books(
        "Invoice dp_1-reinstated    | AR 100.00 Dr | REV 100.00 Cr
         Invoice dp_1-reinstated-2  | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_1               | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_1-2-memo     | AR 100.00 Cr | REV 100.00 Dr
         CreditMemo dp_1-memo       | AR 100.00 Cr | REV 100.00 Dr
         CreditMemo re_1-memo       | AR 40.00 Cr  | REV 40.00 Dr
         CustomerPayment ch_1       | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00
         CustomerPayment dp_1-won   | AR 100.00 Cr | UF 100.00 Dr | applied dp_1-reinstated 100.00
         CustomerPayment dp_1-won-2 | AR 100.00 Cr | UF 100.00 Dr | applied dp_1-reinstated-2 100.00
         CustomerRefund dp_1        | AR 100.00 Dr | UF 100.00 Cr | applied dp_1-memo 100.00
         CustomerRefund dp_1-2      | AR 100.00 Dr | UF 100.00 Cr | applied dp_1-2-memo 100.00
         CustomerRefund re_1        | AR 40.00 Dr  | UF 40.00 Cr  | applied re_1-memo 40.00",
    );
}

/// 40.00 was refunded before the bank took all of the 100.00: 60.00 is left to reverse, and the rest
/// is a loss that no invoice holds.
#[test]
fn a_dispute_of_more_than_a_refund_had_left_is_a_loss_for_the_rest() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.refund("re_1", "ch_1", 4_000);
    story.dispute("dp_1", "ch_1", "won", &[(-10_000, 1_500), (10_000, 0)]);
    story.assert_books(
        "Invoice dp_1-reinstated  | AR 100.00 Dr | DISPUTES 40.00 Cr | REV 60.00 Cr
                                  | lines 60.00, 40.00
         Invoice in_1             | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_1-memo     | AR 100.00 Cr | DISPUTES 40.00 Dr | REV 60.00 Dr
                                  | lines 60.00, 40.00
         CreditMemo re_1-memo     | AR 40.00 Cr  | REV 40.00 Dr
         CustomerPayment ch_1     | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00
         CustomerPayment dp_1-won | AR 100.00 Cr | UF 100.00 Dr | applied dp_1-reinstated 100.00
         CustomerRefund dp_1      | AR 100.00 Dr | UF 100.00 Cr | applied dp_1-memo 100.00
         CustomerRefund re_1      | AR 40.00 Dr  | UF 40.00 Cr  | applied re_1-memo 40.00",
    );
}
