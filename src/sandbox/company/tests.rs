//! A generated company must obey every rule that Stripe's own data obey, and must link up.

mod contract;
mod demo;
mod everything;
mod invoices;
mod links;
mod payouts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

use super::{
    Company, CompanySpec, EVERY, Movements, Payouts, Schedule, Settlement, Stories, generate,
};

/// Usual companies, and as many in which everything can happen.
const SEEDS: u64 = 20;

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

fn company(spec: &CompanySpec, name: String) -> (Company, Facts) {
    let company = generate(spec);
    let facts = Facts::of(&company, name);
    (company, facts)
}

/// A company of every story, usual and rare, and of every movement.
fn whole(seed: u64, payouts: Payouts, settlement: Settlement) -> CompanySpec {
    CompanySpec {
        months: 4,
        history_months: 1,
        stories: Stories::only(&EVERY),
        payouts,
        settlement,
        movements: Movements::Tomorrow,
        ..CompanySpec::with_charges(0, seed)
    }
}

/// The demo company, and many small ones of which every other has every usual story.
fn usual() -> Vec<(CompanySpec, String)> {
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
}

/// Companies of everything: some whole, some drawn.
fn unusual() -> Vec<(CompanySpec, String)> {
    let schedules = [Schedule::Daily, Schedule::Manual, Schedule::ManualThenDaily];
    let mut specs = Vec::new();
    for (seed, settlement) in (0..).zip(Settlement::ALL) {
        let schedule = schedules[usize::try_from(seed % 3).unwrap()];
        let payouts = Payouts { schedule, instant: true, mishaps: true, minimum_balance: true };
        specs.push((whole(seed, payouts, settlement), format!("whole company {seed}")));
    }
    for seed in 0..SEEDS {
        specs.push((CompanySpec::everything(60, seed), format!("everything, seed {seed}")));
    }
    specs
}

/// All of them; the demo company is the first.
fn companies() -> &'static [(Company, Facts)] {
    static COMPANIES: LazyLock<Vec<(Company, Facts)>> = LazyLock::new(|| {
        let specs = usual().into_iter().chain(unusual());
        specs.map(|(spec, name)| company(&spec, name)).collect()
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
