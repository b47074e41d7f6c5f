//! Disputes: E7, E8.

use super::story::Story;

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
