//! The start of the books: E24, and what else reaches across it, under each `policy.before_start`.

use serde_json::json;
use tieout::accounting::chart::Role;
use tieout::accounting::policy::{BeforeStart, Settlement};

use super::story::{Story, line, movement, with};

/// An invoice of 100.00 and its payment, older than the books.
fn old_sale() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_old", "ch_old", 10_000, 320);
    story.payout("po_old", 9_680, &["ch_old"]);
    story.books_begin();
    story
}

/// A refund of 30.00 of something older, in a payout with a payment of these books.
fn e24() -> Story {
    let mut story = old_sale();
    story.refund("re_old", "ch_old", 3_000);
    story.paid_invoice("in_U", "ch_U", 10_000, 320);
    story.payout("po_E24", 6_680, &["re_old", "ch_U"]);
    story
}

/// The connector books the refund against the income account that is configured for it.
#[test]
fn e24_a_refund_of_something_older_is_a_line_on_the_opening_account() {
    e24().assert_books(
        "Invoice in_U | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_U | AR 100.00 Cr | UF 100.00 Dr | applied in_U 100.00
         Deposit po_E24 | BANK-USD 66.80 Dr | FEE 3.20 Dr | OPENING 30.00 Dr
                        | UF 100.00 Cr | of ch_U 100.00",
    );
}

#[test]
fn e24_with_the_income_account_as_the_opening_account_gives_the_connectors_figures() {
    let mut story = e24();
    story.account(Role::Opening, "REV");
    story.assert_books(
        "Invoice in_U | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_U | AR 100.00 Cr | UF 100.00 Dr | applied in_U 100.00
         Deposit po_E24 | BANK-USD 66.80 Dr | FEE 3.20 Dr | REV 30.00 Dr
                        | UF 100.00 Cr | of ch_U 100.00",
    );
}

#[test]
fn e24_in_a_stripe_balance_account_the_refund_is_on_its_days_journal() {
    let mut story = e24();
    story.policy.options.settlement = Settlement::Clearing;
    story.assert_books(
        "Invoice in_U | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_U | AR 100.00 Cr | STRIPEBAL-USD 100.00 Dr | applied in_U 100.00
         JournalEntry po_E24 | BANK-USD 66.80 Dr | STRIPEBAL-USD 66.80 Cr
         JournalEntry fees-acct_demo-USD-2026-03-05 | OPENING 30.00 Dr | STRIPEBAL-USD 30.00 Cr
         JournalEntry fees-acct_demo-USD-2026-03-07 | FEE 3.20 Dr | STRIPEBAL-USD 3.20 Cr",
    );
}

/// A silent deposit without the refund would not equal the bank's line; a guess would be a wrong cent.
#[test]
fn with_exception_nothing_of_it_is_posted_and_a_person_is_told() {
    let mut story = e24();
    story.policy.options.before_start = BeforeStart::Exception;
    story.assert_books(
        "Invoice in_U | AR 100.00 Dr | REV 100.00 Cr
         CustomerPayment ch_U | AR 100.00 Cr | UF 100.00 Dr | applied in_U 100.00
         Exception older_than_the_books re_old -30.00
         Deposit po_E24 | BANK-USD 66.80 Dr | FEE 3.20 Dr
                        | UF 30.00 Dr | UF 100.00 Cr | of ch_U 100.00, re_old -30.00",
    );
}

/// The refund is booked like any other; nothing of it is older but what it gives back.
#[test]
fn with_an_opening_balance_a_refund_of_something_older_reverses_revenue() {
    let mut story = e24();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.opening_balance(Some(0));
    story.assert_books(
        "Invoice in_U | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo re_old-memo | AR 30.00 Cr | REV 30.00 Dr
         CustomerPayment ch_U | AR 100.00 Cr | UF 100.00 Dr | applied in_U 100.00
         CustomerRefund re_old | AR 30.00 Dr | UF 30.00 Cr | applied re_old-memo 30.00
         Deposit po_E24 | BANK-USD 66.80 Dr | FEE 3.20 Dr | UF 30.00 Dr | UF 100.00 Cr
                        | of ch_U 100.00, re_old -30.00",
    );
}

/// An invoice that was open when the books began, and its payment.
fn paid_across() -> Story {
    let mut story = Story::new();
    story.invoice("in_old", 10_000, &[line("price_A", 10_000)]);
    story.books_begin();
    story.charge("ch_new", 10_000, 320);
    story.pays("ch_new", "in_old", 10_000);
    story.payout("po_1", 9_680, &["ch_new"]);
    story
}

#[test]
fn a_payment_of_an_older_invoice_is_on_the_opening_account_and_its_fee_is_a_fee() {
    paid_across()
        .assert_books("Deposit po_1 | BANK-USD 96.80 Dr | FEE 3.20 Dr | OPENING 100.00 Cr");
}

#[test]
fn with_an_opening_balance_the_open_invoice_opens_the_books_and_is_paid_in_them() {
    let mut story = paid_across();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.opening_balance(Some(0));
    story.assert_books(
        "Invoice in_old | AR 100.00 Dr | OPENING 100.00 Cr
         CustomerPayment ch_new | AR 100.00 Cr | UF 100.00 Dr | applied in_old 100.00
         Deposit po_1 | BANK-USD 96.80 Dr | FEE 3.20 Dr | UF 100.00 Cr | of ch_new 100.00",
    );
    assert_eq!(story.date_of("in_old"), "2026-03-03");
}

/// Money that was in the Stripe balance, and a payout that was on its way.
fn money_across() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    let on_its_way = json!({ "arrival_date": 1_772_841_600 });
    story.payout_with("po_way", 9_680, &["ch_1"], &on_its_way);
    story.paid_invoice("in_2", "ch_2", 5_000, 175);
    story.books_begin();
    story.paid_invoice("in_3", "ch_3", 2_000, 88);
    story.payout("po_next", 6_737, &["ch_2", "ch_3"]);
    story
}

#[test]
fn older_money_in_a_payout_is_on_the_opening_account_so_that_deposits_equal_the_bank() {
    money_across().assert_books(
        "Invoice in_3 | AR 20.00 Dr | REV 20.00 Cr
         CustomerPayment ch_3 | AR 20.00 Cr | UF 20.00 Dr | applied in_3 20.00
         Deposit po_way | BANK-USD 96.80 Dr | OPENING 96.80 Cr
         Deposit po_next | BANK-USD 67.37 Dr | FEE 0.88 Dr | OPENING 48.25 Cr | UF 20.00 Cr
                         | of ch_3 20.00",
    );
}

/// A payout that Stripe cannot itemise left the balance of other books: these have nothing of it to
/// take out, and their Stripe balance account would be short of it for ever.
#[test]
fn a_manual_payout_on_its_way_at_the_start_is_from_the_opening_account() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    let on_its_way = json!({
        "automatic": false,
        "reconciliation_status": "not_applicable",
        "arrival_date": 1_772_841_600,
    });
    story.payout_with("po_way", 9_680, &[], &on_its_way);
    story.books_begin();
    story.assert_books("JournalEntry po_way | BANK-USD 96.80 Dr | OPENING 96.80 Cr");
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.opening_balance(Some(0));
    story.assert_books(
        "JournalEntry po_way | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         JournalEntry opening-acct_demo-USD-2026-03-04 | OPENING 96.80 Cr | STRIPEBAL-USD 96.80 Dr",
    );
}

#[test]
fn with_an_opening_balance_older_money_comes_from_the_stripe_balance_account() {
    let mut story = money_across();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.opening_balance(Some(4_825));
    story.assert_books(
        "Invoice in_3 | AR 20.00 Dr | REV 20.00 Cr
         CustomerPayment ch_3 | AR 20.00 Cr | UF 20.00 Dr | applied in_3 20.00
         Deposit po_way | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         Deposit po_next | BANK-USD 67.37 Dr | FEE 0.88 Dr | STRIPEBAL-USD 48.25 Cr | UF 20.00 Cr
                         | of ch_3 20.00
         JournalEntry opening-acct_demo-USD-2026-03-07
                         | OPENING 145.05 Cr | STRIPEBAL-USD 145.05 Dr",
    );
}

#[test]
fn in_a_stripe_balance_account_older_money_needs_no_line_of_its_own_when_the_books_open_with_it() {
    let mut story = money_across();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.policy.options.settlement = Settlement::Clearing;
    story.opening_balance(Some(4_825));
    story.assert_books(
        "Invoice in_3 | AR 20.00 Dr | REV 20.00 Cr
         CustomerPayment ch_3 | AR 20.00 Cr | STRIPEBAL-USD 20.00 Dr | applied in_3 20.00
         JournalEntry po_way | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         JournalEntry po_next | BANK-USD 67.37 Dr | STRIPEBAL-USD 67.37 Cr
         JournalEntry fees-acct_demo-USD-2026-03-08 | FEE 0.88 Dr | STRIPEBAL-USD 0.88 Cr
         JournalEntry opening-acct_demo-USD-2026-03-07
                         | OPENING 145.05 Cr | STRIPEBAL-USD 145.05 Dr",
    );
}

/// Until the balance of that day is known nobody can say what the books open with.
#[test]
fn an_opening_balance_that_is_not_known_is_an_exception_and_never_zero() {
    let mut story = money_across();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.opening_balance(None);
    story.assert_books(
        "Invoice in_3 | AR 20.00 Dr | REV 20.00 Cr
         CustomerPayment ch_3 | AR 20.00 Cr | UF 20.00 Dr | applied in_3 20.00
         Deposit po_way | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr
         Deposit po_next | BANK-USD 67.37 Dr | FEE 0.88 Dr | STRIPEBAL-USD 48.25 Cr | UF 20.00 Cr
                         | of ch_3 20.00
         Exception opening_balance_unknown opening-acct_demo-USD-2026-03-07",
    );
}

/// Credit of 25.00 that the customer had, used on an invoice of these books.
fn credit_across() -> Story {
    let mut story = Story::new();
    story.balance_change("cbtxn_old", -2_500, &json!({ "type": "adjustment" }));
    story.books_begin();
    let used = json!({
        "starting_balance": -2_500, "ending_balance": 0, "amount_due": 7_500,
        "amount_remaining": 7_500,
    });
    story.invoice_with("in_new", 10_000, &[line("price_A", 10_000)], &used);
    story.balance_change(
        "cbtxn_use",
        2_500,
        &json!({ "type": "applied_to_invoice", "invoice": "in_new" }),
    );
    story
}

/// Otherwise NetSuite would show 25.00 as open that Stripe will never collect.
#[test]
fn older_credit_used_on_an_invoice_pays_it_from_the_opening_account() {
    credit_across().assert_books(
        "Invoice in_new | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_new-opening | AR 25.00 Cr | OPENING 25.00 Dr | applied in_new 25.00",
    );
}

#[test]
fn with_an_opening_balance_the_books_open_with_the_customers_credit() {
    let mut story = credit_across();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.assert_books(
        "Invoice in_new | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo cbtxn_old | AR 25.00 Cr | OPENING 25.00 Dr | applied in_new 25.00",
    );
}

/// An older open invoice that is voided in these books.
fn voided_across() -> Story {
    let mut story = Story::new();
    story.invoice("in_old", 10_000, &[line("price_A", 10_000)]);
    story.books_begin();
    let now = story.next_day();
    let voided = json!({
        "status": "void", "status_transitions": { "finalized_at": now - 2 * 86_400, "voided_at": now },
    });
    story.change("invoice", "in_old", &voided);
    story
}

/// The invoice is in other books: only there it can be closed, and nobody may overlook it.
#[test]
fn an_older_invoice_voided_now_is_for_a_person_to_close_where_it_is_booked() {
    voided_across().assert_books("Exception settles_something_older in_old-void 100.00");
}

#[test]
fn with_an_opening_balance_an_older_invoice_voided_now_is_opened_and_offset() {
    let mut story = voided_across();
    story.policy.options.before_start = BeforeStart::OpeningBalance;
    story.assert_books(
        "Invoice in_old | AR 100.00 Dr | OPENING 100.00 Cr
         CreditMemo in_old-void | AR 100.00 Cr | REV 100.00 Dr | applied in_old 100.00",
    );
}

/// A dispute of an older payment, won.
#[test]
fn a_dispute_of_something_older_is_on_the_opening_account_both_ways() {
    let mut story = old_sale();
    story.dispute("dp_1", "ch_old", "won", &[(-10_000, 1_500), (10_000, 0)]);
    story.paid_invoice("in_U", "ch_U", 20_000, 610);
    story.payout("po_1", 17_890, &["dp_1", "dp_1_2", "ch_U"]);
    story.assert_books(
        "Invoice in_U | AR 200.00 Dr | REV 200.00 Cr
         CustomerPayment ch_U | AR 200.00 Cr | UF 200.00 Dr | applied in_U 200.00
         Deposit po_1 | BANK-USD 178.90 Dr | DISPFEE 15.00 Dr | FEE 6.10 Dr
                      | UF 200.00 Cr | of ch_U 200.00",
    );
    assert_eq!(
        story.deposit_memos("po_1"),
        [
            "100.00 dp_1, dispute of ch_old from before the start, po_1",
            "-100.00 dp_1, dispute of ch_old from before the start, po_1",
        ],
    );
}

/// A payout that was in the bank before the books began and comes back in them: the bank's line is of
/// these books.
#[test]
fn an_older_payout_that_comes_back_is_a_journal_of_the_day_it_came_back() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    let failed = json!({ "status": "failed", "failure_balance_transaction": "txn_failure" });
    story.payout_with("po_old", 9_680, &["ch_1"], &failed);
    story.books_begin();
    story.next_day();
    let failure = movement("payout_failure", "payout_reversal", "po_old", (9_680, "usd"), 0);
    story.moved(with(failure, &json!({ "id": "txn_failure" })));
    story.payout("po_again", 9_680, &["failure"]);
    story.assert_books(
        "JournalEntry po_old-failed | BANK-USD 96.80 Cr | STRIPEBAL-USD 96.80 Dr
         Deposit po_again | BANK-USD 96.80 Dr | STRIPEBAL-USD 96.80 Cr",
    );
    assert_eq!(story.date_of("po_old-failed"), "2026-03-05");
}
