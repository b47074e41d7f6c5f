//! Platforms and everything else that moves the balance without a customer: E25.

use super::story::{Story, movement};

/// The connector books one line of 88.00; ours are two, one per kind, with the same accounts' sums
/// where both are one account.
#[test]
fn e25_a_destination_charge_pays_the_vendor_and_keeps_the_application_fee() {
    let mut story = Story::new();
    story.charge("ch_V", 10_000, 320);
    story.moved(movement("transfer", "transfer", "tr_V", (-10_000, "usd"), 0));
    story.moved(movement("application_fee", "platform_earning", "fee_V", (1_200, "usd"), 0));
    story.payout("po_E25", 880, &["ch_V", "tr_V", "fee_V"]);
    story.assert_books(
        "CustomerPayment ch_V | AR 100.00 Cr | UF 100.00 Dr
         Deposit po_E25 | BANK-USD 8.80 Dr | FEE 3.20 Dr | PLATFORM 12.00 Cr | VENDOR 100.00 Dr
         | UF 100.00 Cr | of ch_V 100.00",
    );
}

/// The bank is debited when it happens, not with a payout.
#[test]
fn a_top_up_is_a_journal_from_the_bank_and_its_payout_gives_it_back() {
    let mut story = Story::new();
    story.moved(movement("topup", "topup", "tu_1", (50_000, "usd"), 0));
    story.moved(movement("transfer", "transfer", "tr_1", (-30_000, "usd"), 0));
    story.payout("po_1", 20_000, &["tu_1", "tr_1"]);
    story.assert_books(
        "Deposit po_1 | BANK-USD 200.00 Dr | STRIPEBAL-USD 500.00 Cr | VENDOR 300.00 Dr
         JournalEntry txn_tu_1-topup | BANK-USD 500.00 Cr | STRIPEBAL-USD 500.00 Dr",
    );
}

/// What is held back is an asset, and comes back from it.
#[test]
fn a_minimum_balance_is_held_and_released_through_the_reserves() {
    let mut story = Story::new();
    let (hold, release) = ("payout_minimum_balance_hold", "payout_minimum_balance_release");
    story.moved(movement("charge", "charge", "ch_1", (100_000, "usd"), 0));
    story.moved(movement(hold, hold, "hold", (-10_000, "usd"), 0));
    story.payout("po_1", 90_000, &["ch_1", "hold"]);
    story.moved(movement(release, release, "release", (10_000, "usd"), 0));
    story.payout("po_2", 10_000, &["release"]);
    story.assert_books(
        "Deposit po_1 | BANK-USD 900.00 Dr | RESERVE 100.00 Dr | UF 1000.00 Cr | of ch_1 1000.00
         Deposit po_2 | BANK-USD 100.00 Dr | RESERVE 100.00 Cr",
    );
}
