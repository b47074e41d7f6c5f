//! Tax as details of each line, and the days over which revenue is recognized.

use serde_json::{Value, json};
use tieout::accounting::policy::{RevenueRecognition, Tax, TaxCode, TaxCodes};
use tieout::ids::TaxRateId;

use super::story::{Story, line_with, tax, tax_at, with};

fn suitetax() -> Story {
    let mut story = Story::new();
    story.policy.options.tax = Tax::Suitetax;
    story
}

/// 110.00 of which 10.00 is tax, as in E18.
fn taxed(sold: i64, behavior: &str) -> Story {
    let mut story = suitetax();
    let own = with(tax(1_000, behavior), &json!({ "taxable_amount": 10_000 }));
    let total_taxes = json!({ "total_taxes": [own] });
    let line = line_with("price_A", sold, &json!({ "taxes": [own] }));
    story.invoice_with("in_E18", 11_000, &[line], &total_taxes);
    story
}

/// The same postings as with a tax line; what NetSuite is told is the tax of the line.
#[test]
fn e18ab_tax_details_post_as_tax_lines_do() {
    for (sold, behavior) in [(10_000, "exclusive"), (11_000, "inclusive")] {
        let story = taxed(sold, behavior);
        story.assert_books("Invoice in_E18 | AR 110.00 Dr | REV 100.00 Cr | TAXPAY 10.00 Cr");
        let told = ["1 x 100.00 = 100.00 price_A + 10.00 tax, 10% of 100.00, code 11"];
        assert_eq!(story.lines_of("in_E18"), told);
    }
}

#[test]
fn e18e_a_partial_refund_takes_its_share_of_the_details() {
    let mut story = taxed(10_000, "exclusive");
    story.charge("ch_E18", 11_000, 349);
    story.pays("ch_E18", "in_E18", 11_000);
    story.refund("re_E18e", "ch_E18", 5_500);
    story.assert_books(
        "Invoice in_E18          | AR 110.00 Dr | REV 100.00 Cr | TAXPAY 10.00 Cr
         CreditMemo re_E18e-memo | AR 55.00 Cr  | REV 50.00 Dr  | TAXPAY 5.00 Dr
         CustomerPayment ch_E18  | AR 110.00 Cr | UF 110.00 Dr  | applied in_E18 110.00
         CustomerRefund re_E18e  | AR 55.00 Dr  | UF 55.00 Cr   | applied re_E18e-memo 55.00",
    );
    let told = ["1 x 50.00 = 50.00 price_A + 5.00 tax, 10% of 50.00, code 11"];
    assert_eq!(story.lines_of("re_E18e-memo"), told);
}

fn two_rates() -> Value {
    json!({ "taxes": [tax_at("txr_ny", 400, "exclusive"), tax_at("txr_nyc", 450, "exclusive")] })
}

/// Each rate with its own code; the zero rate is reported, with the discounted amount as its basis.
#[test]
fn each_rate_is_a_detail_with_its_own_code_and_a_zero_rate_is_told_too() {
    let mut story = suitetax();
    let city = TaxCode { tax_type: "1".into(), tax_code: "12".into() };
    story.policy.suitetax.rates.insert(TaxRateId::new("txr_nyc"), city);
    let free = json!({
        "taxes": [tax_at("txr_zero", 0, "exclusive")],
        "discount_amounts": [{ "amount": 1_000, "discount": "di_1" }],
    });
    let lines = [line_with("price_A", 10_000, &two_rates()), line_with("price_B", 5_000, &free)];
    let total_taxes = json!({ "total_taxes": [
        tax_at("txr_ny", 400, "exclusive"), tax_at("txr_nyc", 450, "exclusive"),
    ] });
    story.invoice_with("in_1", 14_850, &lines, &total_taxes);
    assert_eq!(
        story.lines_of("in_1"),
        [
            "1 x 100.00 = 100.00 price_A + 4.00 tax, 4% of 100.00, code 11 \
             + 4.50 tax, 4.5% of 100.00, code 12",
            "1 x 50.00 = 50.00 price_B + 0.00 tax, 0% of 40.00, code 11",
            "- x - = -10.00 Discount",
        ]
    );
}

/// What the invoice's taxes come to beyond those of its lines is the shipping's.
#[test]
fn tax_on_shipping_hangs_on_the_shipping_line() {
    let mut story = suitetax();
    let fields = json!({
        "shipping_cost": { "amount_subtotal": 1_000, "amount_tax": 100, "amount_total": 1_100 },
        "total_taxes": [tax(600, "exclusive")],
    });
    let line = line_with("price_A", 5_000, &json!({ "taxes": [tax(500, "exclusive")] }));
    story.invoice_with("in_1", 6_600, &[line], &fields);
    story.assert_books(
        "Invoice in_1 | AR 66.00 Dr | REV 50.00 Cr | SHIP 10.00 Cr | TAXPAY 6.00 Cr
                      | lines 50.00, 10.00",
    );
    assert_eq!(
        story.lines_of("in_1")[1],
        "1 x 10.00 = 10.00 Shipping + 1.00 tax, 10% of 10.00, code 11"
    );
}

/// A guessed code would file the tax in the wrong place.
#[test]
fn a_rate_without_a_code_keeps_its_invoice_out_and_says_what_to_set() {
    let mut story = taxed(10_000, "exclusive");
    story.policy.suitetax = TaxCodes::default();
    story.assert_books("Exception no_tax_code txr_10 10.00");
}

/// 1 September 2026 to 1 September 2027, midnight in New York.
fn yearly() -> Value {
    json!({ "period": { "start": 1_788_235_200, "end": 1_819_771_200 } })
}

/// The journals are NetSuite's; what it needs are the days, and the memo has the same ones.
#[test]
fn e23_lines_carry_the_days_over_which_revenue_is_recognized() {
    let days = "2026-09-01..2027-08-31";
    for (policy, mark) in [(RevenueRecognition::None, ""), (RevenueRecognition::Arm, " recognized")]
    {
        let mut story = Story::new();
        story.policy.options.revenue_recognition = policy;
        story.invoice("in_E23", 12_000, &[line_with("price_Y", 12_000, &yearly())]);
        story.charge("ch_E23", 12_000, 378);
        story.pays("ch_E23", "in_E23", 12_000);
        story.refund("re_E23", "ch_E23", 12_000);
        let line = format!("1 x 120.00 = 120.00 price_Y{mark} {days}");
        for record in ["in_E23", "re_E23-memo"] {
            assert_eq!(story.lines_of(record), [line.as_str()]);
        }
    }
}
