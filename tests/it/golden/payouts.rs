//! Payouts that debit the bank or come back: E22.

use serde_json::json;

use super::story::{Story, movement, with};

/// The journal goes against the Stripe balance account instead of undeposited funds, and the next
/// deposit takes the refund out of undeposited funds with a line from that account: both bank lines
/// match, and the refund is deposited.
#[test]
fn e22ab_a_negative_payout_is_a_journal_and_its_refund_joins_the_next_deposit() {
    let mut story = Story::new();
    story.moved(movement("refund", "refund", "re_R", (-10_000, "usd"), 0));
    story.payout("po_E22a", -10_000, &["re_R"]);
    story.moved(movement("charge", "charge", "ch_T", (20_000, "usd"), 610));
    story.payout("po_E22b", 19_390, &["ch_T"]);
    story.assert_books(
        "JournalEntry po_E22a | BANK-USD 100.00 Cr | STRIPEBAL-USD 100.00 Dr
         Deposit po_E22b | BANK-USD 193.90 Dr | FEE 6.10 Dr | STRIPEBAL-USD 100.00 Cr
                         | UF 100.00 Dr | UF 200.00 Cr | of ch_T 200.00, re_R -100.00",
    );
}

/// NetSuite refuses a deposit without a line; asked for one, the push would fail every night.
#[test]
fn a_payout_of_nothing_makes_no_deposit() {
    let mut story = Story::new();
    story.payout("po_0", 0, &[]);
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.payout("po_1", 9_680, &["ch_1"]);
    story.assert_books(
        "Invoice in_1 | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_1 | AR 100.00 Cr | UF 100.00 Dr | applied in_1 100.00
         Deposit po_1 | BANK-USD 96.80 Dr | FEE 3.20 Dr | UF 100.00 Cr | of ch_1 100.00",
    );
}

/// A payout of 96.80 that failed, and the movement that brought it back.
fn failed_payout() -> Story {
    let mut story = Story::new();
    story.moved(movement("charge", "charge", "ch_E22", (10_000, "usd"), 320));
    let failed = json!({ "status": "failed", "failure_balance_transaction": "txn_failure" });
    story.payout_with("po_E22c", 9_680, &["ch_E22"], &failed);
    let failure = movement("payout_failure", "payout_reversal", "po_E22c", (9_680, "usd"), 0);
    story.moved(with(failure, &json!({ "id": "txn_failure" })));
    story
}

#[test]
fn e22cd_a_payout_that_failed_after_its_deposit_is_parked_until_it_is_paid_again() {
    let mut story = failed_payout();
    story.already_posted("po_E22c");
    story.payout("po_E22d", 9_680, &["failure"]);
    story.assert_books(
        "Deposit po_E22c | BANK-USD 96.80 Dr | FEE 3.20 Dr | UF 100.00 Cr | of ch_E22 100.00
         JournalEntry po_E22c-failed | BANK-USD 96.80 Cr | STRIPEBAL-USD 96.80 Dr
         Deposit po_E22d | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr",
    );
}

/// The connector's example knows only payouts that were deposited before they failed.
#[test]
fn e22c_a_payout_that_failed_before_its_deposit_never_reaches_the_bank_account() {
    failed_payout().assert_books(
        "Deposit po_E22c | FEE 3.20 Dr | STRIPEBAL-USD 96.80 Dr | UF 100.00 Cr | of ch_E22 100.00",
    );
}
