//! What is billed, credited, paid and given back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{array, companies, exclusive, int, sum, text};

/// What lines and shipping come to: amounts less discounts plus exclusive taxes.
fn total_of_lines(object: &Value) -> i64 {
    let lines = array(&object["lines"], "data");
    let of_lines: i64 = lines
        .iter()
        .map(|line| {
            int(line, "amount") - sum(array(line, "discount_amounts"), "amount")
                + exclusive(array(line, "taxes"))
        })
        .sum();
    of_lines + object["shipping_cost"]["amount_total"].as_i64().unwrap_or(0)
}

fn taxes_of_lines(object: &Value) -> i64 {
    let lines = array(&object["lines"], "data");
    let of_lines: i64 = lines.iter().map(|line| sum(array(line, "taxes"), "amount")).sum();
    of_lines + object["shipping_cost"]["amount_tax"].as_i64().unwrap_or(0)
}

#[test]
fn invoices_add_up() {
    for (_, facts) in companies() {
        let name = &facts.name;
        for invoice in facts.all("invoice") {
            let id = &invoice["id"];
            let due = int(invoice, "amount_due");
            let remaining = int(invoice, "amount_remaining");
            assert_eq!(remaining, due - int(invoice, "amount_paid"), "E6 {name} {id}");
            assert!(remaining >= 0, "E6 {name} {id}");
            let start = int(invoice, "starting_balance");
            let used = start - invoice["ending_balance"].as_i64().unwrap_or(start);
            let pre = int(invoice, "pre_payment_credit_notes_amount");
            let total = int(invoice, "total");
            assert_eq!(due, (total + used - pre).max(0), "E7 {name} {id}");
            assert_eq!(total, total_of_lines(invoice), "E8 {name} {id}");
            let taxes = sum(array(invoice, "total_taxes"), "amount");
            assert_eq!(int(invoice, "total_excluding_tax"), total - taxes, "E8 {name} {id}");
            assert_eq!(taxes, taxes_of_lines(invoice), "E9 {name} {id}");
            if invoice["status"] == "paid" {
                assert_eq!(remaining, 0, "a paid invoice has nothing left: {name} {id}");
            }
            let notes = |field: &str| -> i64 {
                let of = facts.all("credit_note").filter(|note| note["invoice"] == *id);
                of.filter(|note| note["status"] == "issued").map(|note| int(note, field)).sum()
            };
            assert_eq!(notes("pre_payment_amount"), pre, "E11 {name} {id}");
            let post = int(invoice, "post_payment_credit_notes_amount");
            assert_eq!(notes("post_payment_amount"), post, "E11 {name} {id}");
        }
    }
}

#[test]
fn credit_notes_refunds_and_customer_credit_add_up() {
    for (_, facts) in companies() {
        let name = &facts.name;
        for note in facts.all("credit_note") {
            let id = &note["id"];
            let amount = int(note, "amount");
            assert_eq!(amount, total_of_lines(note), "E8 {name} {id}");
            assert!(amount > 0, "E10 {name} {id}");
            let post = int(note, "post_payment_amount");
            assert_eq!(amount, int(note, "pre_payment_amount") + post, "E10 {name} {id}");
            let credit = note["customer_balance_transaction"].as_str().map_or(0, |credit| {
                -int(facts.get("customer_balance_transaction", credit), "amount")
            });
            let refunded = sum(array(note, "refunds"), "amount_refunded");
            let elsewhere = note["out_of_band_amount"].as_i64().unwrap_or(0);
            assert_eq!(post, refunded + credit + elsewhere, "E10 {name} {id}");
        }
        let released: BTreeSet<&str> = facts
            .all("balance_transaction")
            .filter(|movement| movement["reporting_category"] == "partial_capture_reversal")
            .map(|movement| text(facts.get("refund", text(movement, "source")), "charge"))
            .collect();
        for charge in facts.all("charge") {
            let of = facts.all("refund").filter(|refund| refund["charge"] == charge["id"]);
            let refunded: i64 = of
                .filter(|refund| refund["status"] != "failed" && refund["status"] != "canceled")
                .map(|r| int(r, "amount"))
                .sum();
            // What was not captured counts as refunded; some accounts have a refund of it.
            let rest = int(charge, "amount") - int(charge, "amount_captured");
            let has_refund = released.contains(text(charge, "id"));
            let rest = if has_refund || charge["captured"] == false { 0 } else { rest };
            let all = int(charge, "amount_refunded");
            assert_eq!(all, refunded + rest, "E12 {name} {}", charge["id"]);
            assert!(refunded <= int(charge, "amount"), "E12 {name} {}", charge["id"]);
        }
        for customer in facts.all("customer") {
            let of = facts.all("customer_balance_transaction");
            let mut credits: Vec<_> =
                of.filter(|credit| credit["customer"] == customer["id"]).collect();
            credits.sort_by_key(|credit| int(credit, "created"));
            let mut balance = 0;
            for credit in credits {
                balance += int(credit, "amount");
                assert_eq!(int(credit, "ending_balance"), balance, "{name} {}", credit["id"]);
            }
            assert_eq!(int(customer, "balance"), balance, "{name} {}", customer["id"]);
        }
    }
}

#[test]
fn payments_cover_what_their_invoices_say_was_paid() {
    for (_, facts) in companies() {
        let name = &facts.name;
        let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
        let mut elsewhere: BTreeMap<&str, i64> = BTreeMap::new();
        let mut intents: BTreeMap<&str, i64> = BTreeMap::new();
        for payment in facts.all("invoice_payment").filter(|p| p["status"] == "paid") {
            let amount = int(payment, "amount_paid");
            let invoice = text(payment, "invoice");
            *paid.entry(invoice).or_default() += amount;
            let by = &payment["payment"];
            if let Some(record) = by["payment_record"].as_str() {
                let record = facts.get("payment_record", record);
                assert_eq!(int(&record["amount"], "value"), amount, "{name} {}", payment["id"]);
                *elsewhere.entry(invoice).or_default() += amount;
                continue;
            }
            let excess = int(facts.get("invoice", invoice), "amount_overpaid");
            *intents.entry(text(by, "payment_intent")).or_default() += amount + excess;
        }
        for (intent, amount) in intents {
            let intent = facts.get("payment_intent", intent);
            let charge = facts.get("charge", text(intent, "latest_charge"));
            assert_eq!(int(charge, "amount"), amount, "{name} {}", intent["id"]);
            assert_eq!(charge["status"], "succeeded", "{name} {}", intent["id"]);
        }
        for invoice in facts.all("invoice") {
            let id = text(invoice, "id");
            let of = |sums: &BTreeMap<&str, i64>| sums.get(id).copied().unwrap_or(0);
            // Some of what was paid outside Stripe has a record, some was only marked so.
            let off = invoice["amount_paid_off_stripe"].as_i64().unwrap_or(0);
            let known = of(&paid) + off - of(&elsewhere);
            assert_eq!(int(invoice, "amount_paid"), known, "{name} {id}");
        }
    }
}
