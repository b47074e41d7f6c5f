//! The balance and what is paid out of it.

use std::collections::BTreeMap;

use super::{Facts, array, companies, int, sum, text};

#[test]
fn balance_transactions_add_up_to_their_payouts_and_to_the_balance() {
    for (company, facts) in companies() {
        let name = &facts.name;
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for movement in facts.all("balance_transaction") {
            let id = &movement["id"];
            let (amount, fee) = (int(movement, "amount"), int(movement, "fee"));
            assert_eq!(int(movement, "net"), amount - fee, "E1 {name} {id}");
            let details = array(movement, "fee_details");
            assert_eq!(sum(details, "amount"), fee, "E2 {name} {id}");
            *sums.entry(text(movement, "currency")).or_default() += amount - fee;
        }
        for payout in facts.all("payout") {
            let id = text(payout, "id");
            let own = facts.get("balance_transaction", text(payout, "balance_transaction"));
            assert_eq!(int(own, "amount"), -int(payout, "amount"), "E4 {name} {id}");
            assert_eq!(text(own, "source"), id, "E4 {name}");
            let fee = int(own, "fee");
            assert!(fee == 0 || payout["method"] == "instant", "E4 {name} {id}");
            let Some(members) = facts.members.get(id) else {
                // What the company decides to pay out, Stripe cannot break down.
                assert_eq!(payout["automatic"], false, "{name} {id}");
                assert_eq!(payout["reconciliation_status"], "not_applicable", "{name} {id}");
                continue;
            };
            assert_eq!(payout["automatic"], true, "{name} {id}");
            let mut net = 0;
            for member in members {
                let member = facts.get("balance_transaction", member);
                assert_eq!(member["currency"], payout["currency"], "E3 {name} {id}");
                assert!(int(member, "created") <= int(payout, "created"), "E3 {name} {id}");
                // A payout by hand, earlier on, is a member like any other.
                if member["source"] != id || member["type"] != "payout" {
                    net += int(member, "net");
                }
            }
            assert_eq!(net, int(payout, "amount"), "E3 {name} {id}");
        }
        for (currency, expected) in sums {
            let parts = ["available", "pending"].map(|part| {
                let of = array(&facts.balance, part).iter();
                of.filter(|p| p["currency"] == currency).map(|p| int(p, "amount")).sum::<i64>()
            });
            assert_eq!(parts[0] + parts[1], expected, "E5 {name} {currency}");
            let not_paid_out = facts.all("balance_transaction").filter(|movement| {
                let id = text(movement, "id");
                movement["currency"] == currency && company.world.payout_of(id).is_none()
            });
            let waiting: i64 = not_paid_out.map(|movement| int(movement, "net")).sum();
            assert_eq!(waiting, expected, "what waits is what the balance holds: {name}");
        }
    }
}

#[test]
fn a_failed_payout_keeps_its_members_and_its_money_joins_a_later_one() {
    for (_, facts) in companies() {
        for payout in facts.all("payout").filter(|p| p["status"] == "failed") {
            let back = text(payout, "failure_balance_transaction");
            let later = facts.members.iter().find(|(_, members)| members.iter().any(|m| m == back));
            if let Some((later, _)) = later {
                assert_ne!(later, text(payout, "id"), "{}", facts.name);
            }
            let members = facts.members.get(text(payout, "id"));
            assert!(members.is_none_or(|members| members.len() > 1), "{}", facts.name);
        }
    }
}

/// Movements of one currency in the order in which they happened.
fn in_order<'f>(facts: &'f Facts, currency: &str) -> Vec<&'f serde_json::Value> {
    let of = facts.all("balance_transaction").filter(|movement| movement["currency"] == currency);
    let mut movements: Vec<_> = of.collect();
    movements.sort_by_key(|movement| int(movement, "created"));
    movements
}

/// The balance of a day is that of the day before and what moved; on the last day it is Stripe's.
#[test]
fn the_balance_rolls_forward_from_nothing_to_what_stripe_shows() {
    for (_, facts) in companies() {
        for part in array(&facts.balance, "available") {
            let currency = text(part, "currency");
            let (mut activity, mut payouts) = (0, 0);
            for movement in in_order(facts, currency) {
                let category = text(movement, "reporting_category");
                let sum = if category.starts_with("payout") { &mut payouts } else { &mut activity };
                *sum += int(movement, "net");
            }
            let pending = array(&facts.balance, "pending").iter();
            let pending: i64 =
                pending.filter(|p| p["currency"] == currency).map(|p| int(p, "amount")).sum();
            let closing = int(part, "amount") + pending;
            assert_eq!(activity + payouts, closing, "{} {currency}", facts.name);
        }
    }
}

/// Nobody can pay out by hand what is not there.
#[test]
fn a_payout_by_hand_never_takes_more_than_is_available() {
    let mut seen = 0;
    for (_, facts) in companies() {
        let by_hand = |p: &&serde_json::Value| {
            p["automatic"] == false && p["method"] == "standard" && p["original_payout"].is_null()
        };
        for payout in facts.all("payout").filter(by_hand) {
            let at = int(payout, "created");
            let before = in_order(facts, text(payout, "currency")).into_iter().filter(|movement| {
                int(movement, "created") <= at && int(movement, "available_on") <= at
            });
            let left: i64 = before.map(|movement| int(movement, "net")).sum();
            assert!(left >= 0, "{} {}: {left} after it", facts.name, payout["id"]);
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} payouts by hand");
}
