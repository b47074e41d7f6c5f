//! What invoice lines say: quantities and rates, several discounts and taxes, service periods.

use serde_json::{Value, json};
use tieout::accounting::policy::Discounts;

use super::story::{Story, line_with, tax, tax_at};

/// The lines of an invoice with one Stripe line.
fn told(price: &str, amount: i64, fields: &Value) -> Vec<String> {
    let mut story = Story::new();
    story.invoice("in_1", amount, &[line_with(price, amount, fields)]);
    story.lines_of("in_1")
}

/// Ten at 4.00 and two at 3.00 have no unit price; a rate that does not multiply back to the amount
/// would make NetSuite compute another total.
#[test]
fn tiers_packages_and_metered_prices_keep_amount_and_quantity() {
    let seats = told("seats", 5_000, &json!({ "quantity": 5 }));
    assert_eq!(seats, ["5 x 10.00 = 50.00 seats"]);
    let tiered = told("tiered", 4_600, &json!({ "quantity": 12, "description": "12 × seat" }));
    assert_eq!(tiered, ["1 x 46.00 = 46.00 12 × seat (quantity 12)"]);
    let package = told("package", 3_000, &json!({ "quantity": 2_500 }));
    assert_eq!(package, ["1 x 30.00 = 30.00 package (quantity 2500)"]);
    let metered = told("metered", 1_234, &json!({ "quantity": null, "quantity_decimal": "98.72" }));
    assert_eq!(metered, ["1 x 12.34 = 12.34 metered (quantity 98.72)"]);
    let free = told("included", 0, &json!({ "quantity": 40 }));
    assert_eq!(free, ["40 x 0.00 = 0.00 included"]);
}

/// Stripe's end is exclusive, NetSuite's last day is not.
#[test]
fn a_service_period_ends_the_day_before_stripe_says() {
    // 1 March to 1 April 2026, midnight in New York.
    let march = json!({ "period": { "start": 1_772_341_200, "end": 1_775_016_000 } });
    assert_eq!(told("team", 5_000, &march), ["1 x 50.00 = 50.00 team 2026-03-01..2026-03-31"]);
    let instant = json!({ "period": { "start": 1_772_341_200, "end": 1_772_341_200 } });
    assert_eq!(told("ticket", 5_000, &instant), ["1 x 50.00 = 50.00 ticket"]);
}

/// 100.00, first 20% off, then 10.00: two lines, so that each promotion can be seen.
#[test]
fn stacked_discounts_are_a_line_each_posting_or_not() {
    let mut story = Story::new();
    let stacked = json!({ "discount_amounts": [
        { "amount": 2_000, "discount": "di_1" }, { "amount": 1_000, "discount": "di_2" },
    ] });
    story.invoice("in_1", 7_000, &[line_with("price_A", 10_000, &stacked)]);
    story.assert_books("Invoice in_1 | AR 70.00 Dr | REV 70.00 Cr | lines 100.00, -20.00, -10.00");
    story.policy.options.discounts = Discounts::Posting;
    story.assert_books(
        "Invoice in_1 | AR 70.00 Dr | DISC 30.00 Dr | REV 100.00 Cr | lines 100.00, -20.00, -10.00",
    );
}

/// State and city on one line, one of them on another, a zero rate on a third: a line per rate that
/// collected something, whatever lines it was collected on.
#[test]
fn several_rates_are_a_line_each_and_a_zero_rate_none() {
    let (state, city) = (tax_at("txr_ny", 400, "exclusive"), tax_at("txr_nyc", 450, "exclusive"));
    let zero = tax_at("txr_zero", 0, "exclusive");
    let both = json!({ "taxes": [state, city] });
    let lines = [
        line_with("price_A", 10_000, &both),
        line_with("price_B", 5_000, &json!({ "taxes": [tax_at("txr_ny", 200, "exclusive")] })),
        line_with("price_C", 1_000, &json!({ "taxes": [zero] })),
    ];
    let total_taxes = json!({ "total_taxes": [
        tax_at("txr_ny", 600, "exclusive"), tax_at("txr_nyc", 450, "exclusive"),
        tax_at("txr_zero", 0, "exclusive"),
    ] });
    let mut story = Story::new();
    story.invoice_with("in_1", 17_050, &lines, &total_taxes);
    story.assert_books(
        "Invoice in_1 | AR 170.50 Dr | REV 160.00 Cr | TAXPAY 10.50 Cr
                      | lines 100.00, 50.00, 10.00, 6.00, 4.50",
    );
}

/// Tax on shipping is in the invoice's total of the rate, and not in the shipping line.
#[test]
fn shipping_with_tax_is_income_and_tax() {
    let mut story = Story::new();
    let taxes = json!({ "taxes": [tax(500, "exclusive")] });
    let fields = json!({
        "shipping_cost": { "amount_subtotal": 1_000, "amount_tax": 100, "amount_total": 1_100 },
        "total_taxes": [tax(600, "exclusive")],
    });
    story.invoice_with("in_1", 6_600, &[line_with("price_A", 5_000, &taxes)], &fields);
    story.assert_books(
        "Invoice in_1 | AR 66.00 Dr | REV 50.00 Cr | SHIP 10.00 Cr | TAXPAY 6.00 Cr
                      | lines 50.00, 10.00, 6.00",
    );
}
