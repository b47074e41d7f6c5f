//! The demo company shows each story, so that a person can look at it.

use serde_json::{Value, json};

use super::{Facts, array, companies, int};

fn demo() -> &'static Facts {
    &companies()[0].1
}

fn count(kind: &str, test: impl Fn(&Value) -> bool) -> usize {
    demo().all(kind).filter(|object| test(object)).count()
}

#[test]
fn the_demo_has_one_of_everything() {
    for (kind, pointer, value) in [
        ("price", "/currency", json!("jpy")),
        ("price", "/currency", json!("gbp")),
        ("price", "/recurring/interval", json!("year")),
        ("price", "/billing_scheme", json!("tiered")),
        ("invoice", "/lines/data/0/amount", json!(0)), // a trial
        ("invoice", "/total_taxes/0/tax_behavior", json!("inclusive")),
        ("invoice", "/total_taxes/0/tax_behavior", json!("exclusive")),
        ("invoice", "/status", json!("void")),
        ("invoice", "/status", json!("uncollectible")),
        ("invoice", "/status", json!("open")),
        ("invoice", "/status", json!("draft")),
        ("invoice_payment", "/is_default", json!(false)), // a second payment
        ("invoice_payment", "/status", json!("open")),
        ("customer_balance_transaction", "/type", json!("applied_to_invoice")),
        ("customer_balance_transaction", "/type", json!("adjustment")),
        ("balance_transaction", "/type", json!("payment")),
        ("balance_transaction", "/type", json!("payment_refund")),
        ("balance_transaction", "/type", json!("payment_failure_refund")),
        ("balance_transaction", "/type", json!("refund_failure")),
        ("balance_transaction", "/type", json!("tax_fee")),
        ("balance_transaction", "/type", json!("payout_failure")),
        ("balance_transaction", "/fee_details/1/type", json!("tax")),
        ("balance_transaction", "/reporting_category", json!("dispute")),
        ("balance_transaction", "/reporting_category", json!("dispute_reversal")),
        ("dispute", "/status", json!("warning_closed")),
        ("dispute", "/status", json!("lost")),
        ("dispute", "/status", json!("won")),
        ("refund", "/status", json!("pending")),
        ("refund", "/status", json!("failed")),
        ("charge", "/customer", Value::Null),
        ("charge", "/refunded", json!(true)),
        ("charge", "/status", json!("failed")),
        ("credit_note", "/type", json!("pre_payment")),
        ("credit_note", "/status", json!("void")),
        ("credit_note", "/refunds/0/type", json!("refund")),
        ("payout", "/status", json!("failed")),
        ("payout", "/status", json!("in_transit")),
        ("payout", "/currency", json!("jpy")),
        ("payout", "/currency", json!("eur")),
        ("subscription", "/status", json!("active")),
    ] {
        let found = count(kind, |object| object.pointer(pointer) == Some(&value));
        assert!(found > 0, "the demo has no {kind} with {pointer} = {value}");
    }
}

#[test]
fn the_demo_has_the_cases_that_are_hard_to_book() {
    let customers = demo().all("customer").count();
    assert!((60..=100).contains(&customers), "{customers} customers");
    let lines_of = |invoice: &Value| invoice["lines"]["data"].as_array().cloned().unwrap();
    let proration = |line: &Value| {
        line.pointer("/parent/subscription_item_details/proration") == Some(&json!(true))
    };
    let upgrades = count("invoice", |invoice| {
        lines_of(invoice).iter().any(proration) && int(invoice, "total") > 0
    });
    let usage = count("invoice", |invoice| {
        lines_of(invoice).iter().any(|line| line["pricing"]["unit_amount_decimal"].is_null())
    });
    let stacked = count("invoice", |i| array(i, "total_discount_amounts").len() == 3);
    let on_a_line = count("invoice", |invoice| {
        array(invoice, "discounts").is_empty()
            && !array(invoice, "total_discount_amounts").is_empty()
    });
    let shipped = count("invoice", |invoice| {
        invoice["shipping_cost"]["amount_tax"].as_i64().is_some_and(|tax| tax > 0)
    });
    let radar = count("balance_transaction", |movement| {
        movement["description"].as_str().is_some_and(|text| text.starts_with("Radar (2026-"))
    });
    for (what, found) in [
        ("upgrade", upgrades),
        ("usage", usage),
        ("negative invoice", count("invoice", |i| int(i, "total") < 0)),
        ("stacked discounts", stacked),
        ("discount on a line", on_a_line),
        ("shipping with tax", shipped),
        ("Radar fee of a day", radar),
        ("conversion", count("balance_transaction", |b| b["exchange_rate"].is_number())),
        (
            "refund at another rate",
            count("balance_transaction", |b| {
                b["type"] == "refund" && b["exchange_rate"].is_number()
            }),
        ),
        ("invoice paid elsewhere", count("invoice", |i| i["amount_paid_off_stripe"].is_number())),
        ("credit kept", count("credit_note", |c| c["customer_balance_transaction"].is_string())),
        ("credit elsewhere", count("credit_note", |c| c["out_of_band_amount"].is_number())),
        ("negative payout", count("payout", |p| int(p, "amount") < 0)),
    ] {
        assert!(found > 0, "the demo has no {what}");
    }
}

#[test]
fn the_demo_says_which_exceptions_it_expects() {
    let notes = &companies()[0].0.stories;
    let expected: Vec<&str> =
        notes.iter().filter(|note| note.expected_exception).map(|note| &note.id[..3]).collect();
    assert!(expected.contains(&"in_") && expected.contains(&"cn_"), "{expected:?}");
}
