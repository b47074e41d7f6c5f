//! The worked examples with `settlement = "clearing"`: payments and refunds move the account that
//! stands for the Stripe balance, what is charged is a journal per day, a payout a journal to the
//! bank. After each day that account is what Stripe's balance is.

use serde_json::json;
use tieout::accounting::policy::{DisputesOpened, Grain, Settlement};

use super::story::{Story, line, movement, with};

fn story() -> Story {
    let mut story = Story::new();
    story.policy.options.settlement = Settlement::Clearing;
    story
}

#[test]
fn e1_an_invoice_paid_by_card() {
    let mut story = story();
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.payout("po_E1", 9_680, &["ch_E1"]);
    story.assert_books(
        "Invoice in_E1 | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_E1 | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr | applied in_E1 100.00
         JournalEntry po_E1 | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         JournalEntry fees-acct_demo-USD-2026-03-03 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr",
    );
}

#[test]
fn e2_a_refund_leaves_the_stripe_balance_account_on_its_own_day() {
    let mut story = story();
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.refund("re_E2", "ch_E1", 4_000);
    story.assert_books(
        "Invoice in_E1 | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo re_E2-memo | AR 40.00 Cr | REV 40.00 Dr
         CustomerPayment ch_E1 | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr | applied in_E1 100.00
         CustomerRefund re_E2 | AR 40.00 Dr | STRIPEBAL-USD 40.00 Cr | applied re_E2-memo 40.00
         JournalEntry fees-acct_demo-USD-2026-03-03 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr",
    );
}

#[test]
fn e7_e8_the_fee_of_a_dispute_falls_on_its_day_and_comes_back_on_its_day() {
    let mut story = story();
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.dispute("dp_E7", "ch_E1", "won", &[(-10_000, 1_500), (10_000, -1_500)]);
    story.assert_books(
        "Invoice dp_E7-reinstated | AR 100.00 Dr | REV 100.00 Cr
         Invoice in_E1 | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo dp_E7-memo | AR 100.00 Cr | REV 100.00 Dr
         CustomerPayment ch_E1 | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr | applied in_E1 100.00
         CustomerPayment dp_E7-won | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr
         | applied dp_E7-reinstated 100.00
         CustomerRefund dp_E7 | AR 100.00 Dr | STRIPEBAL-USD 100.00 Cr | applied dp_E7-memo 100.00
         JournalEntry fees-acct_demo-USD-2026-03-03 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr
         JournalEntry fees-acct_demo-USD-2026-03-05 | DISPFEE 15.00 Dr | STRIPEBAL-USD 15.00 Cr
         JournalEntry fees-acct_demo-USD-2026-03-06 | DISPFEE 15.00 Cr | STRIPEBAL-USD 15.00 Dr",
    );
}

/// E9 and E10: every kind of fee of a day in one journal, each on its account.
#[test]
fn e9_e10_the_fees_of_a_day_are_one_journal() {
    let mut story = story();
    let day = story.next_day();
    let same = |own| with(own, &json!({ "created": day, "available_on": day }));
    story.moved(same(movement("charge", "charge", "ch_K", (12_000, "usd"), 378)));
    let fees = json!({ "fee_details": [
        { "amount": 249, "currency": "usd", "type": "stripe_fee" },
        { "amount": 100, "currency": "usd", "type": "application_fee" },
    ] });
    story.moved(same(with(movement("charge", "charge", "ch_L", (7_550, "usd"), 349), &fees)));
    story.moved(same(movement("stripe_fee", "fee", "radar", (-125, "usd"), 0)));
    story.moved(same(movement("network_cost", "network_cost", "net", (-110, "usd"), 0)));
    story.assert_books_of_days(
        "JournalEntry fees-acct_demo-USD-2026-03-02 | APPFEE 1.00 Dr | FEE 6.27 Dr | NETFEE 1.10 Dr
         | STRFEE 1.25 Dr | STRIPEBAL-USD 9.62 Cr",
    );
}

#[test]
fn fees_can_be_booked_one_by_one_or_by_payout_and_never_twice() {
    let mut story = story();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.payout("po_1", 9_680, &["ch_1"]);
    story.policy.options.granularity.fees = Some(Grain::Detail);
    story.assert_books_of_days("JournalEntry txn_ch_1 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr");
    story.policy.options.granularity.fees = Some(Grain::Payout);
    story.assert_books(
        "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr | applied in_1 100.00
         JournalEntry po_1 | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         JournalEntry po_1-fees | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr",
    );
}

/// E22: nothing needs a detour, because the account is the Stripe balance.
#[test]
fn e22_negative_and_failed_payouts_are_journals_like_any_other() {
    let mut story = story();
    story.moved(movement("refund", "refund", "re_R", (-10_000, "usd"), 0));
    story.payout("po_E22a", -10_000, &["re_R"]);
    story.payout_with("po_E22c", 9_680, &["re_R"], &json!({ "status": "failed" }));
    story.already_posted("po_E22c");
    story.assert_books(
        "JournalEntry po_E22a | BANK-USD 100.00 Cr | STRIPEBAL-USD 100.00 Dr
         JournalEntry po_E22c | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         JournalEntry po_E22c-failed | BANK-USD 96.80 Cr | STRIPEBAL-USD 96.80 Dr",
    );
}

/// What was in undeposited funds when the settlement changed still needs its deposit; what came
/// later is in the Stripe balance account already.
#[test]
fn a_payout_across_the_change_of_settlement_takes_each_member_from_where_it_is() {
    let mut story = story();
    story.policy.options.settlement_since = "2026-03-03".parse().ok();
    story.invoice("in_1", 30_000, &[line("price_A", 30_000)]);
    story.policy.options.settlement_since = "2026-03-04".parse().ok();
    story.charge("ch_before", 10_000, 320);
    story.charge("ch_after", 20_000, 610);
    story.payout("po_1", 29_070, &["ch_before", "ch_after"]);
    story.payout("po_2", 19_390, &["ch_after"]);
    story.assert_books(
        "Invoice in_1 | AR 300.00 Dr | REV 300.00 Cr
         CustomerPayment ch_after | AR 200.00 Cr | STRIPEBAL-USD 200.00 Dr
         CustomerPayment ch_before | AR 100.00 Cr | UF 100.00 Dr
         Deposit po_1 | BANK-USD 290.70 Dr | FEE 3.20 Dr | STRIPEBAL-USD 193.90 Cr | UF 100.00 Cr
         | of ch_before 100.00
         JournalEntry po_2 | BANK-USD 193.90 Dr | STRIPEBAL-USD 193.90 Cr
         JournalEntry fees-acct_demo-USD-2026-03-04 | FEE 6.10 Dr | STRIPEBAL-USD 6.10 Cr",
    );
}

/// NetSuite takes a payment of a third currency into undeposited funds only.
#[test]
fn a_payment_settled_in_a_third_currency_is_swept_into_that_currencys_account() {
    let mut story = story();
    story.switch_to("gbp");
    story.converted_charge("ch_1", 10_000, (11_500, "eur"), 350);
    story.assert_books(
        "CustomerPayment ch_1 | AR 100.00 GBP Cr | UF 100.00 GBP Dr
         Deposit sweep-acct_demo-EUR-2026-03-02 | STRIPEBAL-EUR 115.00 EUR Dr | UF 115.00 EUR Cr
         | of ch_1 115.00 EUR
         JournalEntry fees-acct_demo-EUR-2026-03-02 | FEE 3.50 EUR Dr | STRIPEBAL-EUR 3.50 EUR Cr",
    );
}

/// Held money leaves the Stripe balance account on the day it was taken, with the day's fees.
#[test]
fn e7_a_held_dispute_waits_on_its_account_from_the_day_it_was_taken() {
    let mut story = story();
    story.policy.options.disputes_opened = DisputesOpened::Hold;
    story.paid_invoice("in_E1", "ch_E1", 10_000, 320);
    story.dispute("dp_E7", "ch_E1", "lost", &[(-10_000, 1_500)]);
    story.assert_books(
        "Invoice in_E1 | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_E1 | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr | applied in_E1 100.00
         JournalEntry dp_E7-lost | DISPHOLD 100.00 Cr | DISPLOSS 100.00 Dr
         JournalEntry fees-acct_demo-USD-2026-03-03 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr
         JournalEntry fees-acct_demo-USD-2026-03-05 | DISPFEE 15.00 Dr | DISPHOLD 100.00 Dr
                                                    | STRIPEBAL-USD 115.00 Cr",
    );
}
