//! Payouts that Stripe cannot itemise, payouts too long for one deposit, and members that have no
//! place: what becomes of each, by policy.

use serde_json::{Value, json};
use tieout::accounting::policy::{ManualPayouts, Unreconciled};

use super::story::{Story, movement, with};

fn by_hand() -> Value {
    json!({ "automatic": false, "reconciliation_status": "not_applicable" })
}

/// Nothing can say what is in the payout, so all of it goes through the account that stands for the
/// Stripe balance: what is left there is what Stripe still has, 193.90.
#[test]
fn a_manual_payout_is_paid_from_what_the_days_swept() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    story.charge("ch_2", 20_000, 610);
    story.refund("re_1", "ch_1", 4_000);
    story.payout_with("po_1", 5_000, &[], &by_hand());
    story.assert_books(
        "CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr
         CustomerPayment ch_2 | AR 200.00 Cr | UF 200.00 Dr
         CustomerRefund re_1 | AR 40.00 Dr | UF 40.00 Cr | applied ch_1 40.00
         JournalEntry po_1 | BANK-USD 50.00 Dr | STRIPEBAL-USD 50.00 Cr
         Deposit sweep-acct_demo-USD-2026-03-02 | STRIPEBAL-USD 100.00 Dr | UF 100.00 Cr
         | of ch_1 100.00
         JournalEntry fees-acct_demo-USD-2026-03-02 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr
         Deposit sweep-acct_demo-USD-2026-03-03 | STRIPEBAL-USD 200.00 Dr | UF 200.00 Cr
         | of ch_2 200.00
         JournalEntry fees-acct_demo-USD-2026-03-03 | FEE 6.10 Dr | STRIPEBAL-USD 6.10 Cr
         Deposit sweep-acct_demo-USD-2026-03-04 | STRIPEBAL-USD 40.00 Cr | UF 40.00 Dr
         | of re_1 -40.00",
    );
    story.policy.options.manual_payouts = ManualPayouts::Block;
    story.assert_books(
        "CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr
         CustomerPayment ch_2 | AR 200.00 Cr | UF 200.00 Dr
         CustomerRefund re_1 | AR 40.00 Dr | UF 40.00 Cr | applied ch_1 40.00
         Exception manual_payout po_1 50.00",
    );
}

/// An instant payout of 90.00 for a fee of 0.90 takes from what an automatic payout would have held;
/// Stripe lists both in the automatic one. Bank and Stripe balance account end where Stripe's do.
#[test]
fn an_instant_payout_between_automatic_ones_is_taken_off_the_next_deposit() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    let instant = json!({ "method": "instant" });
    story.payout_with("po_now", 9_000, &[], &with(by_hand(), &instant));
    story.moved(movement("payout", "payout", "po_now", (-9_000, "usd"), 90));
    story.charge("ch_2", 20_000, 610);
    story.payout("po_1", 19_980, &["ch_1", "po_now", "ch_2"]);
    story.assert_books(
        "CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr
         CustomerPayment ch_2 | AR 200.00 Cr | UF 200.00 Dr
         JournalEntry po_now | BANK-USD 90.00 Dr | STRIPEBAL-USD 90.00 Cr
         Deposit po_1 | BANK-USD 199.80 Dr | FEE 6.10 Dr | STRIPEBAL-USD 5.90 Cr | UF 200.00 Cr
         | of ch_2 200.00
         Deposit sweep-acct_demo-USD-2026-03-02 | STRIPEBAL-USD 100.00 Dr | UF 100.00 Cr
         | of ch_1 100.00
         JournalEntry fees-acct_demo-USD-2026-03-02 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr
         JournalEntry fees-acct_demo-USD-2026-03-03 | INSTFEE 0.90 Dr | STRIPEBAL-USD 0.90 Cr",
    );
}

/// NetSuite refuses a negative deposit, so the part with more refunds than payments borrows from
/// the other one, and the two come to the payout.
#[test]
fn a_payout_too_long_for_one_deposit_is_split_and_no_part_is_negative() {
    let mut story = Story::new();
    let charges = [("ch_a", 10_000), ("ch_b", 10_000), ("ch_c", 10_000)];
    for (id, amount) in charges {
        story.moved(movement("charge", "charge", id, (amount, "usd"), 0));
    }
    for id in ["re_a", "re_b"] {
        story.moved(movement("refund", "refund", id, (-9_000, "usd"), 0));
    }
    story.policy.options.deposit_lines = 4.try_into().unwrap();
    story.payout("po_1", 12_000, &["ch_a", "ch_b", "ch_c", "re_a", "re_b"]);
    story.assert_books(
        "Deposit po_1-1 | BANK-USD 120.00 Dr | STRIPEBAL-USD 180.00 Dr | UF 300.00 Cr
         | of ch_a 100.00, ch_b 100.00, ch_c 100.00
         Deposit po_1-2 | STRIPEBAL-USD 180.00 Cr | UF 180.00 Dr | of re_a -90.00, re_b -90.00",
    );
}

#[test]
fn a_member_without_a_place_blocks_its_payout_or_waits_on_suspense() {
    let mut story = Story::new();
    story.moved(movement("charge", "charge", "ch_1", (10_000, "usd"), 320));
    story.moved(movement("moon_fee", "moon_fees", "moon", (-500, "usd"), 0));
    story.payout("po_1", 9_180, &["ch_1", "moon"]);
    story.assert_books("Exception unknown_balance_transaction_type txn_moon -5.00");
    story.policy.options.unreconciled = Unreconciled::Suspense;
    story.assert_books(
        "Deposit po_1 | BANK-USD 91.80 Dr | FEE 3.20 Dr | SUSPENSE 5.00 Dr | UF 100.00 Cr
         | of ch_1 100.00
         Exception in_suspense txn_moon -5.00",
    );
}

/// The fix that the exception names.
#[test]
fn a_type_of_tomorrow_gets_its_account_from_the_configuration() {
    let mut story = Story::new();
    let account = ("moon_fee".to_owned(), "MOON".into());
    story.policy.chart = story.policy.chart.clone().with_movements([account]);
    story.moved(movement("charge", "charge", "ch_1", (10_000, "usd"), 320));
    story.moved(movement("moon_fee", "moon_fees", "moon", (-500, "usd"), 0));
    story.payout("po_1", 9_180, &["ch_1", "moon"]);
    story.assert_books(
        "Deposit po_1 | BANK-USD 91.80 Dr | FEE 3.20 Dr | MOON 5.00 Dr | UF 100.00 Cr
         | of ch_1 100.00",
    );
}
