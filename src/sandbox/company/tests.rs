//! A generated company must obey every rule that Stripe's own data obey, and must link up.

mod contract;
mod demo;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::{Company, CompanySpec, Stories, generate};
use crate::stripe::objects::{self, read};

const SEEDS: u64 = 30;

/// Every object of a company, by kind and id.
struct Facts {
    by_kind: BTreeMap<String, BTreeMap<String, Value>>,
    /// Balance transactions by the payout that paid them out.
    members: BTreeMap<String, Vec<String>>,
    balance: Value,
    name: String,
    /// The end of the company's span.
    now: i64,
}

impl Facts {
    fn of(company: &Company, name: String) -> Self {
        let mut by_kind: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for kind in company.world.kinds() {
            for stored in company.world.objects(kind) {
                let json = serde_json::from_str(&stored.json).unwrap();
                by_kind.entry(kind.to_owned()).or_default().insert(stored.id.clone(), json);
            }
        }
        let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for stored in company.world.objects("balance_transaction") {
            if let Some(payout) = company.world.payout_of(&stored.id) {
                members.entry(payout.to_owned()).or_default().push(stored.id.clone());
            }
        }
        let balance = serde_json::from_str(company.world.balance()).unwrap();
        Self { by_kind, members, balance, name, now: company.now.0 }
    }

    fn all(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.by_kind.get(kind).into_iter().flat_map(BTreeMap::values)
    }

    fn get(&self, kind: &str, id: &str) -> &Value {
        let found = self.by_kind.get(kind).and_then(|objects| objects.get(id));
        found.unwrap_or_else(|| panic!("{}: there is no {kind} {id}", self.name))
    }
}

/// The demo company, and many small ones of which every other has every story.
fn companies() -> &'static [(Company, Facts)] {
    static COMPANIES: LazyLock<Vec<(Company, Facts)>> = LazyLock::new(|| {
        let mut specs = vec![(CompanySpec::demo(), "demo".to_owned())];
        for seed in 0..SEEDS {
            let mut spec = CompanySpec::with_charges(60, seed);
            if seed % 2 == 0 {
                spec.stories = Stories::All;
            }
            spec.months = [1, 2, 3, 3, 14][usize::try_from(seed % 5).unwrap()];
            specs.push((spec, format!("seed {seed}")));
        }
        specs
            .into_iter()
            .map(|(spec, name)| {
                let company = generate(&spec);
                let facts = Facts::of(&company, name);
                (company, facts)
            })
            .collect()
    });
    &COMPANIES
}

fn int(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_else(|| panic!("{} has no integer {field}", object["id"]))
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_else(|| panic!("{} has no text {field}", object["id"]))
}

fn array<'a>(object: &'a Value, field: &str) -> &'a [Value] {
    object[field].as_array().map_or(&[], Vec::as_slice)
}

fn sum(objects: &[Value], field: &str) -> i64 {
    objects.iter().map(|object| int(object, field)).sum()
}

fn exclusive(taxes: &[Value]) -> i64 {
    let added = taxes.iter().filter(|tax| tax["tax_behavior"] == "exclusive");
    added.map(|tax| int(tax, "amount")).sum()
}

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
            assert_eq!((int(own, "fee"), text(own, "source")), (0, id), "E4 {name}");
            let mut net = 0;
            for member in &facts.members[id] {
                let member = facts.get("balance_transaction", member);
                assert_eq!(member["currency"], payout["currency"], "E3 {name} {id}");
                assert!(int(member, "created") <= int(payout, "created"), "E3 {name} {id}");
                if member["type"] != "payout" {
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
        for charge in facts.all("charge") {
            let of = facts.all("refund").filter(|refund| refund["charge"] == charge["id"]);
            let refunded: i64 =
                of.filter(|refund| refund["status"] != "failed").map(|r| int(r, "amount")).sum();
            assert_eq!(int(charge, "amount_refunded"), refunded, "E12 {name} {}", charge["id"]);
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
        for payment in facts.all("invoice_payment").filter(|p| p["status"] == "paid") {
            let amount = int(payment, "amount_paid");
            *paid.entry(text(payment, "invoice")).or_default() += amount;
            let intent = facts.get("payment_intent", text(&payment["payment"], "payment_intent"));
            let charge = facts.get("charge", text(intent, "latest_charge"));
            assert_eq!(int(charge, "amount"), amount, "{name} {}", payment["id"]);
            assert_eq!(charge["status"], "succeeded", "{name} {}", payment["id"]);
        }
        for invoice in facts.all("invoice") {
            let elsewhere = invoice["amount_paid_off_stripe"].as_i64().unwrap_or(0);
            let here = paid.get(text(invoice, "id")).copied().unwrap_or(0);
            assert_eq!(int(invoice, "amount_paid"), here + elsewhere, "{name} {}", invoice["id"]);
        }
    }
}

/// The kind of object that the prefix of an id stands for.
fn kind_of(id: &str) -> Option<&'static str> {
    Some(match id.split_once('_')?.0 {
        "ch" | "py" => "charge",
        "pi" => "payment_intent",
        "in" => "invoice",
        "cus" => "customer",
        "re" | "pyr" => "refund",
        "du" => "dispute",
        "po" => "payout",
        "txn" => "balance_transaction",
        "cbtxn" => "customer_balance_transaction",
        "cn" => "credit_note",
        "di" => "discount",
        "sub" => "subscription",
        "prod" => "product",
        "price" => "price",
        "txr" => "tax_rate",
        "shr" => "shipping_rate",
        _ => return None,
    })
}

fn each_id<'a>(value: &'a Value, visit: &mut impl FnMut(&'a str)) {
    match value {
        Value::String(text) if text.ends_with("SaltMarsh") && !text.contains([' ', '/']) => {
            visit(text);
        }
        Value::Array(items) => items.iter().for_each(|item| each_id(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| each_id(field, visit)),
        _ => {}
    }
}

#[test]
fn every_link_leads_to_an_object() {
    for (company, facts) in companies() {
        for object in facts.by_kind.values().flat_map(BTreeMap::values) {
            each_id(object, &mut |id| {
                if let Some(kind) = kind_of(id) {
                    facts.get(kind, id);
                }
            });
            if let Some(coupon) = object["source"]["coupon"].as_str() {
                facts.get("coupon", coupon);
            }
        }
        for note in &company.stories {
            let kind = kind_of(&note.id).unwrap();
            facts.get(kind, &note.id);
        }
    }
}

#[test]
fn ids_stay_apart_where_case_is_ignored() {
    for (_, facts) in companies() {
        let mut seen = BTreeSet::new();
        for id in facts.by_kind.values().flat_map(BTreeMap::keys) {
            assert!(seen.insert(id.to_lowercase()), "{}: {id} is not unique", facts.name);
        }
    }
}

#[test]
fn the_reader_reads_every_object() {
    fn each<T: serde::de::DeserializeOwned>(company: &Company, name: &str, kind: &str) {
        for stored in company.world.objects(kind) {
            if let Err(error) = read::<T>(stored.json.as_bytes()) {
                panic!("{name}: {error}");
            }
        }
    }
    for (company, Facts { name, .. }) in companies() {
        let (company, name) = (company, name.as_str());
        each::<objects::BalanceTransaction>(company, name, "balance_transaction");
        each::<objects::Charge>(company, name, "charge");
        each::<objects::Coupon>(company, name, "coupon");
        each::<objects::CreditNote>(company, name, "credit_note");
        each::<objects::Customer>(company, name, "customer");
        let credits = "customer_balance_transaction";
        each::<objects::CustomerBalanceTransaction>(company, name, credits);
        each::<objects::Discount>(company, name, "discount");
        each::<objects::Dispute>(company, name, "dispute");
        each::<objects::Invoice>(company, name, "invoice");
        each::<objects::InvoicePayment>(company, name, "invoice_payment");
        each::<objects::PaymentIntent>(company, name, "payment_intent");
        each::<objects::Payout>(company, name, "payout");
        each::<objects::Price>(company, name, "price");
        each::<objects::Product>(company, name, "product");
        each::<objects::Refund>(company, name, "refund");
        each::<objects::TaxRate>(company, name, "tax_rate");
        let account: objects::Account = read(company.world.account().as_bytes()).unwrap();
        assert_eq!(account.zone(), Some(super::days::ZONE));
        read::<objects::Balance>(company.world.balance().as_bytes()).unwrap();
    }
}

#[test]
fn equal_specs_give_equal_bytes() {
    let spec = CompanySpec::with_charges(60, 7);
    let (once, again) = (generate(&spec), generate(&spec));
    assert_eq!(once.world.balance(), again.world.balance());
    assert_eq!(once.stories, again.stories);
    let kinds: Vec<&str> = once.world.kinds().collect();
    assert_eq!(kinds, again.world.kinds().collect::<Vec<_>>());
    for kind in kinds {
        assert_eq!(once.world.objects(kind), again.world.objects(kind));
    }
    let other = generate(&CompanySpec::with_charges(60, 8));
    assert_ne!(once.world.account(), other.world.account());
}

#[test]
fn nothing_happens_after_the_account_is_looked_at() {
    for (_, facts) in companies() {
        let now = facts.now;
        for object in facts.by_kind.values().flat_map(BTreeMap::values) {
            let created = object["created"].as_i64().unwrap_or(0);
            assert!(created < now, "{} {}", facts.name, object["id"]);
            for (step, at) in object["status_transitions"].as_object().into_iter().flatten() {
                assert!(at.as_i64().unwrap_or(0) < now, "{} {} {step}", facts.name, object["id"]);
            }
        }
    }
}

#[test]
fn a_larger_company_lives_every_story_too() {
    let told = |company: &Company| -> BTreeSet<String> {
        let notes = company.stories.iter().filter(|note| !note.id.starts_with("po_"));
        notes.map(|note| note.what.clone()).collect()
    };
    let larger = told(&generate(&CompanySpec::with_charges(1_500, 11)));
    let missing: Vec<_> = told(&companies()[0].0).difference(&larger).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_company_can_be_as_small_as_one_charge() {
    for charges in [0, 1] {
        let company = generate(&CompanySpec::with_charges(charges, 3));
        assert!(company.world.objects("charge").len() >= charges);
    }
    let plain = CompanySpec { stories: Stories::Plain, ..CompanySpec::with_charges(40, 3) };
    let world = generate(&plain).world;
    assert!(world.objects("refund").is_empty() && world.objects("charge").len() >= 40);
}

#[test]
fn a_failed_payout_keeps_its_members_and_its_money_joins_a_later_one() {
    for (_, facts) in companies() {
        for payout in facts.all("payout").filter(|payout| payout["status"] == "failed") {
            let back = text(payout, "failure_balance_transaction");
            let later = facts.members.iter().find(|(_, members)| members.iter().any(|m| m == back));
            if let Some((later, _)) = later {
                assert_ne!(later, text(payout, "id"), "{}", facts.name);
            }
            assert!(facts.members[text(payout, "id")].len() > 1, "{}", facts.name);
        }
    }
}
