//! Charges in euro, settled in dollars: E12, E13.
//!
//! Amounts are in the record's own currency; the rate that turns them into the dollars that Stripe
//! settled stands behind `at`. The rates of invoices and credit memos, and the gain or loss between
//! the two, are NetSuite's own: no record of ours carries them.

use super::story::{Story, line, movement};

fn invoice_paid_in_euro() -> Story {
    let mut story = Story::new();
    story.switch_to("eur");
    story.invoice("in_E12", 10_000, &[line("price_A", 10_000)]);
    story.converted_charge("ch_E12", 10_000, (10_800, "usd"), 343);
    story.pays("ch_E12", "in_E12", 10_000);
    story.moved(movement("stripe_fx_fee", "fee", "conversion", (-108, "usd"), 0));
    story
}

#[test]
fn e12_a_converted_payment_carries_the_rate_that_stripe_settled_at() {
    let mut story = invoice_paid_in_euro();
    story.switch_to("usd");
    story.payout("po_E12", 10_349, &["ch_E12", "conversion"]);
    story.assert_books(
        "Invoice in_E12         | AR 100.00 EUR Dr | REV 100.00 EUR Cr
         CustomerPayment ch_E12 | AR 100.00 EUR Cr | UF 100.00 EUR Dr
                                | applied in_E12 100.00 EUR | at 1.08
         Deposit po_E12 | BANK-USD 103.49 Dr | FEE 3.43 Dr | FXFEE 1.08 Dr | UF 108.00 Cr
                        | of ch_E12 108.00",
    );
}

#[test]
fn e13_a_refund_at_a_later_rate_carries_its_own_rate() {
    let mut story = invoice_paid_in_euro();
    story.converted_refund("re_E13", "ch_E12", 4_000, (4_480, "usd"));
    story.switch_to("usd");
    story.charge("ch_Q", 10_000, 320);
    story.payout("po_E13", 5_200, &["ch_Q", "re_E13"]);
    story.assert_books(
        "Invoice in_E12         | AR 100.00 EUR Dr | REV 100.00 EUR Cr
         CreditMemo re_E13-memo | AR 40.00 EUR Cr  | REV 40.00 EUR Dr
         CustomerPayment ch_E12 | AR 100.00 EUR Cr | UF 100.00 EUR Dr
                                | applied in_E12 100.00 EUR | at 1.08
         CustomerPayment ch_Q   | AR 100.00 Cr     | UF 100.00 Dr
         CustomerRefund re_E13  | AR 40.00 EUR Dr  | UF 40.00 EUR Cr
                                | applied re_E13-memo 40.00 EUR | at 1.12
         Deposit po_E13 | BANK-USD 52.00 Dr | FEE 3.20 Dr | UF 44.80 Dr | UF 100.00 Cr
                        | of ch_Q 100.00, re_E13 -44.80",
    );
}
