//! Companies of everything contain everything, and the same lives can be led in a smaller company.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::{Company, CompanySpec, EVERY, Story, USUAL};
use super::{Facts, Stories, companies, generate, int};

fn unusual() -> impl Iterator<Item = &'static (Company, Facts)> {
    companies().iter().filter(|(_, facts)| !facts.name.starts_with("seed"))
}

fn count(kind: &str, test: impl Fn(&Value) -> bool) -> usize {
    unusual().map(|(_, facts)| facts.all(kind).filter(|object| test(object)).count()).sum()
}

/// Every value of a field of balance transactions.
fn seen(field: &str) -> BTreeSet<&'static str> {
    let movements = unusual().flat_map(|(_, facts)| facts.all("balance_transaction"));
    movements.filter_map(|movement| movement[field].as_str()).collect()
}

/// Types and reporting categories that Stripe documents at 2026-10-28.
const TYPES: &str = "adjustment advance advance_funding anticipation_repayment application_fee \
    application_fee_refund charge climate_order_purchase climate_order_refund \
    connect_collection_transfer contribution fee_credit_funding inbound_transfer \
    inbound_transfer_reversal issuing_authorization_hold issuing_authorization_release \
    issuing_dispute issuing_dispute_provisional_credit \
    issuing_dispute_provisional_credit_reversal issuing_transaction obligation_outbound \
    obligation_reversal_inbound payment payment_failure_refund payment_network_reserve_hold \
    payment_network_reserve_release payment_refund payment_reversal payment_unreconciled payout \
    payout_cancel payout_failure payout_minimum_balance_hold payout_minimum_balance_release refund \
    refund_failure reserve_hold reserve_release reserve_transaction reserved_funds \
    stripe_balance_payment_debit stripe_balance_payment_debit_reversal stripe_fee stripe_fx_fee \
    tax_fee tax_fund topup topup_reversal transfer transfer_cancel transfer_failure \
    transfer_refund network_cost moon_landing_fee";
const CATEGORIES: &str = "advance advance_funding anticipation_repayment charge charge_failure \
    climate_order_purchase climate_order_refund connect_collection_transfer \
    connect_reserved_funds contribution dispute dispute_reversal fee financing_paydown \
    financing_paydown_reversal financing_payout financing_payout_reversal \
    issuing_authorization_hold issuing_authorization_release issuing_dispute issuing_transaction \
    network_cost other_adjustment partial_capture_reversal payout payout_reversal \
    platform_earning platform_earning_refund refund refund_failure risk_reserved_funds tax topup \
    topup_reversal transfer transfer_reversal unreconciled_customer_funds \
    payment_network_reserve_hold payment_network_reserve_release payout_minimum_balance_hold \
    payout_minimum_balance_release";

#[test]
fn every_type_and_category_of_movement_occurs() {
    for (field, documented) in [("type", TYPES), ("reporting_category", CATEGORIES)] {
        let seen = seen(field);
        let missing: Vec<_> =
            documented.split_whitespace().filter(|name| !seen.contains(name)).collect();
        assert!(missing.is_empty(), "no balance transaction of {field} {missing:?}");
    }
}

#[test]
fn what_is_rare_elsewhere_occurs_here() {
    for (kind, pointer, value) in [
        ("price", "/tiers_mode", json!("volume")),
        ("price", "/transform_quantity/round", json!("up")),
        ("price", "/unit_amount_decimal", json!("0.35")),
        ("price", "/currency", json!("kwd")),
        ("invoice", "/total_taxes/0/taxability_reason", json!("zero_rated")),
        ("invoice", "/lines/data/0/taxes/1/tax_behavior", json!("exclusive")),
        ("invoice", "/lines/data/0/taxes/1/tax_behavior", json!("inclusive")),
        ("invoice", "/from_invoice/action", json!("revision")),
        ("invoice_payment", "/status", json!("canceled")),
        ("invoice_payment", "/payment/type", json!("payment_record")),
        ("customer_balance_transaction", "/type", json!("invoice_too_small")),
        ("customer_balance_transaction", "/type", json!("invoice_overpaid")),
        ("customer_balance_transaction", "/type", json!("unapplied_from_invoice")),
        ("charge", "/captured", json!(false)),
        ("credit_note", "/type", json!("mixed")),
        ("credit_note", "/refunds/1/type", json!("refund")),
        ("refund", "/status", json!("canceled")),
        ("dispute", "/status", json!("prevented")),
        ("dispute", "/status", json!("under_review")),
        ("payout", "/method", json!("instant")),
        ("payout", "/automatic", json!(false)),
        ("payout", "/status", json!("canceled")),
        ("payout", "/status", json!("failed")),
        ("payout", "/amount", json!(0)),
        ("payout", "/currency", json!("gbp")),
        ("topup", "/status", json!("reversed")),
        ("transfer", "/reversed", json!(true)),
        ("application_fee", "/refunded", json!(true)),
    ] {
        let found = count(kind, |object| object.pointer(pointer) == Some(&value));
        assert!(found > 0, "there is no {kind} with {pointer} = {value}");
    }
    let lines = |invoice: &Value| invoice["lines"]["data"].as_array().map_or(0, Vec::len);
    for (what, found) in [
        ("tiers on lines of their own", count("invoice", |invoice| lines(invoice) > 4)),
        ("overpaid invoice", count("invoice", |i| int(i, "amount_overpaid") > 0)),
        ("fee that comes back", count("balance_transaction", |b| int(b, "fee") < 0)),
        (
            "late return of lost",
            count("dispute", |d| {
                d["status"] == "lost"
                    && d["balance_transactions"].as_array().is_some_and(|b| b.len() > 1)
            }),
        ),
        ("reversed payout", count("payout", |p| p["reversed_by"].is_string())),
        ("negative payout", count("payout", |p| int(p, "amount") < 0)),
        (
            "invoice recovered",
            count("invoice", |i| {
                i["status"] == "paid"
                    && i["status_transitions"]["marked_uncollectible_at"].is_number()
            }),
        ),
        (
            "void invoice that used credit",
            count("invoice", |i| {
                i["status"] == "void" && i["ending_balance"] != i["starting_balance"]
            }),
        ),
    ] {
        assert!(found > 0, "there is no {what}");
    }
}

/// A payout whose only member, besides its own movement, is another's failure.
#[test]
fn a_payout_can_hold_nothing_but_what_came_back() {
    let alone = unusual().flat_map(|(_, facts)| {
        facts.all("payout").filter(|payout| {
            let members = facts.members.get(payout["id"].as_str().unwrap());
            members.is_some_and(|members| {
                members.len() == 2
                    && members.iter().any(|member| {
                        facts.get("balance_transaction", member)["type"] == "payout_failure"
                    })
            })
        })
    });
    assert!(alone.count() > 0);
}

/// A payout by hand is a member of the automatic payout after it, so that sums hold.
#[test]
fn the_next_automatic_payout_contains_the_ones_by_hand() {
    let mut found = 0;
    for (company, facts) in unusual() {
        for payout in facts.all("payout").filter(|payout| payout["automatic"] == false) {
            let own = payout["balance_transaction"].as_str().unwrap();
            if let Some(later) = company.world.payout_of(own) {
                assert_eq!(facts.get("payout", later)["automatic"], true, "{}", facts.name);
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}

/// Stripe rounds amounts of three decimals to ten of their units.
#[test]
fn amounts_of_three_decimals_end_in_nought() {
    let mut found = 0;
    for (_, facts) in unusual() {
        for kind in ["charge", "refund", "invoice"] {
            for object in facts.all(kind).filter(|object| object["currency"] == "kwd") {
                let field = if kind == "invoice" { "total" } else { "amount" };
                assert_eq!(int(object, field) % 10, 0, "{} {}", facts.name, object["id"]);
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}

/// Something that the books begin in the middle of.
#[test]
fn a_company_with_a_history_has_movements_on_both_sides_of_the_cut_over() {
    for (company, facts) in unusual().filter(|(_, facts)| facts.name.starts_with("whole")) {
        let start = company.start.0;
        let straddling = facts.all("refund").chain(facts.all("dispute")).filter(|object| {
            let charge = facts.get("charge", object["charge"].as_str().unwrap());
            int(charge, "created") < start && start <= int(object, "created")
        });
        assert!(straddling.count() > 1, "{}", facts.name);
        let paid_late = facts.all("payout").filter(|payout| {
            facts.members.get(payout["id"].as_str().unwrap()).is_some_and(|members| {
                int(payout, "created") >= start
                    && members.iter().any(|member| {
                        int(facts.get("balance_transaction", member), "created") < start
                    })
            })
        });
        assert!(paid_late.count() > 0 || facts.name.ends_with('1'), "{}", facts.name);
    }
}

#[test]
fn every_story_can_be_told_alone_and_says_what_it_is() {
    for story in EVERY {
        let spec =
            CompanySpec { stories: Stories::only(&[story]), ..CompanySpec::everything(1, 5) };
        let company = generate(&spec);
        assert_eq!(company.lives.len(), 1);
        let own = company.stories.iter().filter(|note| {
            !note.id.starts_with("po_") && !note.what.starts_with("movement of the balance")
        });
        let silent = [Story::Monthly, Story::Yearly, Story::SwissInvoices, Story::CanadianInvoices];
        assert!(own.count() > 0 || silent.contains(&story), "{story:?} tells nothing");
    }
    assert!(USUAL.iter().all(|story| EVERY.contains(story)));
}

/// The lives of a drawn company, led again by name, are the same but for ids.
#[test]
fn a_drawn_company_can_be_reduced_to_some_of_its_lives() {
    let spec = CompanySpec::everything(40, 9);
    let drawn = generate(&spec);
    let amounts = |company: &Company| -> Vec<i64> {
        let charges = company.world.objects("charge").iter();
        charges.map(|stored| int(&serde_json::from_str(&stored.json).unwrap(), "amount")).collect()
    };
    let again = CompanySpec { stories: Stories::Only(drawn.lives.clone()), ..spec.clone() };
    assert_eq!(amounts(&generate(&again)), amounts(&drawn));
    let half = drawn.lives[..drawn.lives.len() / 2].to_vec();
    let smaller = generate(&CompanySpec { stories: Stories::Only(half), ..spec });
    let smaller = amounts(&smaller);
    assert!(!smaller.is_empty());
    assert_eq!(smaller, amounts(&drawn)[..smaller.len()]);
}
