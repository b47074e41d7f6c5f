//! Invoices and their lines: written off, discounted, taxed, prorated, shipped, paid elsewhere:
//! E16–E20. All prices post to one revenue account here, so items show as lines.

use serde_json::{Value, json};
use tieout::accounting::masters::DiscountItems;
use tieout::accounting::policy::{Discounts, PartialRefunds, Trials, Uncollectible};

use super::story::{Story, line, line_with, tax};

/// The open invoice of E16, given up the day after.
fn given_up(status: &str, transition: &str) -> Story {
    let mut story = Story::new();
    let (finalized, given_up) = (story.next_day(), story.next_day());
    let changes = json!({
        "status": status, "created": finalized,
        "status_transitions": { "finalized_at": finalized, transition: given_up },
    });
    story.invoice_with("in_E16", 10_000, &[line("price_A", 10_000)], &changes);
    story
}

#[test]
fn e16a_voiding_a_posted_invoice_reverses_it_on_the_day_it_was_voided() {
    let mut story = given_up("void", "voided_at");
    story.already_posted("in_E16");
    story.assert_books(
        "Invoice in_E16         | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_E16-void | AR 100.00 Cr | REV 100.00 Dr | applied in_E16 100.00",
    );
    assert_eq!(story.date_of("in_E16"), "2026-03-02");
    assert_eq!(story.date_of("in_E16-void"), "2026-03-03");
}

/// The connector posts the invoice and its reversal; nothing needs to be reversed that was never
/// posted.
#[test]
fn e16a_an_invoice_voided_before_it_was_posted_makes_nothing() {
    given_up("void", "voided_at").assert_books("");
}

#[test]
fn e16b_an_uncollectible_invoice_reverses_its_revenue_on_the_day_it_was_given_up() {
    let story = given_up("uncollectible", "marked_uncollectible_at");
    story.assert_books(
        "Invoice in_E16                  | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_E16-uncollectible | AR 100.00 Cr | REV 100.00 Dr | applied in_E16 100.00",
    );
    assert_eq!(story.date_of("in_E16-uncollectible"), "2026-03-03");
}

#[test]
fn e16c_a_bad_debt_is_a_loss_and_leaves_the_revenue() {
    let mut story = given_up("uncollectible", "marked_uncollectible_at");
    story.policy.options.uncollectible = Uncollectible::BadDebt;
    story.assert_books(
        "Invoice in_E16                  | AR 100.00 Dr | REV 100.00 Cr
         CreditMemo in_E16-uncollectible | AR 100.00 Cr | BADDEBT 100.00 Dr | applied in_E16 100.00",
    );
}

#[test]
fn e16d_an_uncollectible_invoice_may_be_kept_open() {
    let mut story = given_up("uncollectible", "marked_uncollectible_at");
    story.policy.options.uncollectible = Uncollectible::KeepOpen;
    story.assert_books("Invoice in_E16 | AR 100.00 Dr | REV 100.00 Cr");
}

fn discounted(price: &str, amount: i64, discount: i64) -> Value {
    let discounts = json!({ "discount_amounts": [{ "amount": discount, "discount": "di_1" }] });
    line_with(price, amount, &discounts)
}

#[test]
fn e17a_a_discount_is_a_line_of_its_own_and_reduces_revenue() {
    let mut story = Story::new();
    story.invoice("in_E17a", 8_000, &[discounted("price_A", 10_000, 2_000)]);
    story.assert_books("Invoice in_E17a | AR 80.00 Dr | REV 80.00 Cr | lines 100.00, -20.00");
}

#[test]
fn e17b_a_posting_discount_has_an_account_and_leaves_revenue_gross() {
    let mut story = Story::new();
    story.policy.options.discounts = Discounts::Posting;
    story.invoice("in_E17b", 8_000, &[discounted("price_A", 10_000, 2_000)]);
    story.assert_books(
        "Invoice in_E17b | AR 80.00 Dr | DISC 20.00 Dr | REV 100.00 Cr | lines 100.00, -20.00",
    );
}

#[test]
fn e17c_each_line_carries_its_share_of_an_invoice_discount() {
    let mut story = Story::new();
    let lines = [discounted("price_A", 6_000, 900), discounted("price_B", 4_000, 600)];
    story.invoice("in_E17c", 8_500, &lines);
    story.assert_books(
        "Invoice in_E17c | AR 85.00 Dr | REV 85.00 Cr | lines 60.00, -9.00, 40.00, -6.00",
    );
}

/// Discounts by coupon would be one sum in an export that has their ids alone, and nobody would know.
#[test]
fn a_discount_whose_coupon_is_not_known_is_booked_and_said() {
    let mut story = Story::new();
    let mut line = discounted("price_A", 10_000, 2_000);
    line["discount_amounts"][0]["discount"] = json!("di_9");
    story.invoice("in_E17e", 8_000, &[line]);
    let books = "Invoice in_E17e | AR 80.00 Dr | REV 80.00 Cr | lines 100.00, -20.00";
    story.assert_books(&format!("{books}\nException discount_without_coupon in_E17e 20.00"));
    // One item for all is what is wanted.
    story.policy.masters.items.discounts = DiscountItems::Global;
    story.assert_books(books);
}

#[test]
fn e17d_an_invoice_discounted_to_zero_is_still_an_invoice() {
    let mut story = Story::new();
    story.invoice("in_E17d", 0, &[discounted("price_A", 10_000, 10_000)]);
    story.assert_books("Invoice in_E17d | lines 100.00, -100.00");
    story.policy.options.discounts = Discounts::Posting;
    story.assert_books("Invoice in_E17d | DISC 100.00 Dr | REV 100.00 Cr | lines 100.00, -100.00");
}

/// 110.00 of which 10.00 is tax; `sold` is the line's amount as Stripe gives it.
fn taxed(sold: i64, behavior: &str) -> Story {
    let mut story = Story::new();
    let taxes = json!({ "taxes": [tax(1_000, behavior)] });
    let total_taxes = json!({ "total_taxes": [tax(1_000, behavior)] });
    story.invoice_with("in_E18", 11_000, &[line_with("price_A", sold, &taxes)], &total_taxes);
    story
}

#[test]
fn e18ab_tax_inside_the_price_and_tax_on_top_post_alike() {
    let books =
        "Invoice in_E18 | AR 110.00 Dr | REV 100.00 Cr | TAXPAY 10.00 Cr | lines 100.00, 10.00";
    taxed(10_000, "exclusive").assert_books(books);
    taxed(11_000, "inclusive").assert_books(books);
}

#[test]
fn e18c_a_full_refund_gives_the_tax_back() {
    let mut story = taxed(10_000, "exclusive");
    story.charge("ch_E18", 11_000, 349);
    story.pays("ch_E18", "in_E18", 11_000);
    story.refund("re_E18c", "ch_E18", 11_000);
    story.assert_books(
        "Invoice in_E18          | AR 110.00 Dr | REV 100.00 Cr | TAXPAY 10.00 Cr | lines 100.00, 10.00
         CreditMemo re_E18c-memo | AR 110.00 Cr | REV 100.00 Dr | TAXPAY 10.00 Dr | lines 100.00, 10.00
         CustomerPayment ch_E18  | AR 110.00 Cr | UF 110.00 Dr  | applied in_E18 110.00
         CustomerRefund re_E18c  | AR 110.00 Dr | UF 110.00 Cr  | applied re_E18c-memo 110.00",
    );
}

/// The connector (d) takes the whole 55.00 from a partial-refund item and leaves the tax; this is (e).
#[test]
fn e18e_a_partial_refund_gives_its_share_of_the_tax_back() {
    for (sold, behavior) in [(10_000, "exclusive"), (11_000, "inclusive")] {
        let mut story = taxed(sold, behavior);
        story.charge("ch_E18", 11_000, 349);
        story.pays("ch_E18", "in_E18", 11_000);
        story.refund("re_E18e", "ch_E18", 5_500);
        story.assert_books(
            "Invoice in_E18 | AR 110.00 Dr | REV 100.00 Cr | TAXPAY 10.00 Cr | lines 100.00, 10.00
             CreditMemo re_E18e-memo | AR 55.00 Cr | REV 50.00 Dr | TAXPAY 5.00 Dr | lines 50.00, 5.00
             CustomerPayment ch_E18  | AR 110.00 Cr | UF 110.00 Dr | applied in_E18 110.00
             CustomerRefund re_E18e  | AR 55.00 Dr  | UF 55.00 Cr  | applied re_E18e-memo 55.00",
        );
    }
}

/// The connector's figures (d): one line for the whole, and the tax stays as it was collected.
#[test]
fn e18d_a_partial_refund_may_leave_the_tax() {
    let mut story = taxed(10_000, "exclusive");
    story.policy.options.partial_refunds = PartialRefunds::SingleItem;
    story.charge("ch_E18", 11_000, 349);
    story.pays("ch_E18", "in_E18", 11_000);
    story.refund("re_E18d", "ch_E18", 5_500);
    story.assert_books(
        "Invoice in_E18 | AR 110.00 Dr | REV 100.00 Cr | TAXPAY 10.00 Cr | lines 100.00, 10.00
         CreditMemo re_E18d-memo | AR 55.00 Cr | REFUNDS 55.00 Dr
         CustomerPayment ch_E18  | AR 110.00 Cr | UF 110.00 Dr | applied in_E18 110.00
         CustomerRefund re_E18d  | AR 55.00 Dr  | UF 55.00 Cr  | applied re_E18d-memo 55.00",
    );
}

fn prorated(price: &str, amount: i64) -> Value {
    let details = json!({ "proration": true });
    let parent =
        json!({ "type": "subscription_item_details", "subscription_item_details": details });
    line_with(price, amount, &json!({ "parent": parent }))
}

#[test]
fn e19a_an_upgrade_takes_back_the_unused_time() {
    let mut story = Story::new();
    let lines = [prorated("price_BASIC", -1_500), prorated("price_PRO", 4_500)];
    story.invoice("in_E19a", 3_000, &lines);
    story.assert_books("Invoice in_E19a | AR 30.00 Dr | REV 30.00 Cr | lines -15.00, 45.00");
}

/// The connector posts the downgrade with zero lines and a `…:balance` memo on use. Here the
/// negative invoice is an open credit of the customer, and the next invoice takes 30.00 of its 40.00.
#[test]
fn e19bc_a_negative_invoice_is_credit_that_pays_the_next_one() {
    let mut story = Story::new();
    let lines = [prorated("price_PRO", -7_000), prorated("price_BASIC", 3_000)];
    let credited = json!({ "status": "paid", "ending_balance": -4_000 });
    story.invoice_with("in_E19b", -4_000, &lines, &credited);
    let credit = json!({ "type": "invoice_too_small", "invoice": "in_E19b" });
    story.balance_change("cbtxn_1", -4_000, &credit);
    story.assert_books("CreditMemo in_E19b | AR 40.00 Cr | REV 40.00 Dr | lines 70.00, -30.00");

    let balance = json!({
        "status": "paid", "amount_due": 0, "amount_remaining": 0,
        "starting_balance": -4_000, "ending_balance": -1_000,
    });
    story.invoice_with("in_E19c", 3_000, &[line("price_BASIC", 3_000)], &balance);
    let used = json!({ "type": "applied_to_invoice", "invoice": "in_E19c" });
    story.balance_change("cbtxn_2", 3_000, &used);
    story.assert_books(
        "Invoice in_E19c    | AR 30.00 Dr | REV 30.00 Cr
         CreditMemo in_E19b | AR 40.00 Cr | REV 40.00 Dr | lines 70.00, -30.00
                            | applied in_E19c 30.00",
    );
}

#[test]
fn e20a_shipping_is_income_of_its_own() {
    let mut story = Story::new();
    let shipping = json!({ "shipping_cost": {
        "amount_subtotal": 500, "amount_tax": 0, "amount_total": 500, "taxes": [],
    } });
    story.invoice_with("in_E20a", 5_500, &[line("price_A", 5_000)], &shipping);
    story.assert_books(
        "Invoice in_E20a | AR 55.00 Dr | REV 50.00 Cr | SHIP 5.00 Cr | lines 50.00, 5.00",
    );
}

#[test]
fn e20b_a_trial_posts_nothing_whether_it_is_synced_or_skipped() {
    let mut story = Story::new();
    story.invoice("in_E20b", 0, &[line("price_A", 0)]);
    story.assert_books("Invoice in_E20b");
    story.policy.options.trials = Trials::Skip;
    story.assert_books("");
}

#[test]
fn e20c_an_invoice_paid_outside_stripe_stays_open_for_a_person() {
    let mut story = Story::new();
    let outside = json!({
        "status": "paid", "amount_remaining": 0, "amount_paid": 10_000,
        "amount_paid_off_stripe": 10_000,
    });
    story.invoice_with("in_E20c", 10_000, &[line("price_A", 10_000)], &outside);
    story.assert_books(
        "Invoice in_E20c | AR 100.00 Dr | REV 100.00 Cr
         Exception paid_out_of_band in_E20c 100.00",
    );
}
