//! Fees by kind, each to its own account: E9, E10. Only the deposits are told.

use serde_json::json;

use super::story::{Story, movement, with};

#[test]
fn e9_every_kind_of_fee_reaches_its_own_account() {
    let mut story = Story::new();
    story.moved(movement("charge", "charge", "ch_K", (12_000, "usd"), 378));
    let parts = json!({ "fee_details": [
        { "type": "stripe_fee", "amount": 249, "currency": "usd", "description": "Stripe fees" },
        { "type": "application_fee", "amount": 100, "currency": "usd", "description": "App fee" },
    ] });
    let with_app_fee = movement("charge", "charge", "ch_L", (7_550, "usd"), 349);
    story.moved(with(with_app_fee, &parts));
    story.moved(movement("refund", "refund", "re_M", (-2_000, "usd"), 0));
    let radar = movement("stripe_fee", "fee", "radar", (-125, "usd"), 0);
    story.moved(with(radar, &json!({ "source": null, "description": "Radar (2026-03-01)" })));
    story.payout("po_E9", 16_698, &["ch_K", "ch_L", "re_M", "radar"]);
    story.assert_books(
        "Deposit po_E9 | APPFEE 1.00 Dr | BANK-USD 166.98 Dr | FEE 6.27 Dr | STRFEE 1.25 Dr
                       | UF 20.00 Dr | UF 195.50 Cr | of ch_K 120.00, ch_L 75.50, re_M -20.00",
    );
}

#[test]
fn e10_interchange_plus_keeps_network_costs_apart_from_stripe_fees() {
    let mut story = Story::new();
    story.moved(movement("charge", "charge", "ch_N", (10_000, "usd"), 0));
    story.moved(movement("network_cost", "network_cost", "network", (-110, "usd"), 0));
    story.moved(movement("stripe_fee", "fee", "stripe", (-35, "usd"), 0));
    story.payout("po_E10", 9_855, &["ch_N", "network", "stripe"]);
    story.assert_books(
        "Deposit po_E10 | BANK-USD 98.55 Dr | NETFEE 1.10 Dr | STRFEE 0.35 Dr | UF 100.00 Cr
                        | of ch_N 100.00",
    );
}
