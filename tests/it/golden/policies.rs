//! The pages of `docs/policies`: what each option decides, with a worked example. The debits and
//! credits on a page are derived here from the example's facts, once for each value of the option,
//! so that no page can say what the books do not. `TIEOUT_REWRITE=1` writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use tieout::accounting::chart::Chart;
use tieout::accounting::policy::Options;
use tieout::accounting::posting::postings;
use tieout::accounting::summary::Summary;
use tieout::accounting::{Case, Derived, Record, SummaryCase, derive};
use tieout::ids::InternalId;
use tieout::money::Amount;

use super::story::{Story, line, line_with, movement};
use super::table::figure;
use crate::support::page::assert_section;

/// Holds `docs/policies/<option>.md` against the books under each value.
#[track_caller]
fn assert_page(option: &str, mut story: Story, values: &[&str]) {
    let path = format!("docs/policies/{option}.md");
    for value in values {
        let mut options = serde_json::to_value(story.policy.options).unwrap();
        assert!(options[option].is_string(), "there is no option {option}");
        options[option] = json!(value);
        story.policy.options = serde_json::from_value(options).unwrap();
        assert_section(&path, value, &books(&story));
    }
}

/// Holds one section of `docs/policies/<option>.md` against the books under some options.
#[track_caller]
fn assert_section_of(option: &str, section: &str, mut story: Story, set: &Value) {
    let mut options = serde_json::to_value(story.policy.options).unwrap();
    options.as_object_mut().unwrap().extend(set.as_object().unwrap().clone());
    story.policy.options = serde_json::from_value(options).unwrap();
    assert_section(&format!("docs/policies/{option}.md"), section, &books(&story));
}

/// Every record that posts, in order of date, as a table of debits and credits.
fn books(story: &Story) -> String {
    let mut all: Vec<Derived> =
        story.cases().iter().map(|case| derive(case, &story.policy)).collect();
    all.extend(summaries(&all, story));
    let (mut records, mut exceptions) = (Vec::new(), Vec::new());
    for derived in all {
        let summed = derived.summaries;
        let by_itself = |record: &Record| !summed.contains_key(record.external_id());
        records.extend(derived.records.into_iter().filter(by_itself));
        exceptions.extend(derived.exceptions);
    }
    records.retain(|record| record.kind().is_transaction());
    records.sort_by_key(|record| {
        let date = record.body.header().map(|header| header.tran_date);
        (date, record.kind(), record.external_id().clone())
    });
    let mut table = String::from("| record | debit | credit |\n| --- | --- | --- |\n");
    for record in &records {
        let chart = &story.policy.chart;
        let (debit, credit) = (side(record, chart, false), side(record, chart, true));
        let (title, id) = (record.kind().title(), record.external_id());
        writeln!(table, "| {title} `{id}` | {debit} | {credit} |").unwrap();
    }
    if records.is_empty() {
        table += "| none | | |\n";
    }
    for exception in exceptions {
        write!(table, "\nAn exception about `{}`: ", exception.subject).unwrap();
        writeln!(table, "{} {}", exception.message, exception.fix).unwrap();
    }
    table
}

/// The journals of what is summed up; a payout's is dated by its arrival.
fn summaries(all: &[Derived], story: &Story) -> Vec<Derived> {
    let mut cases: BTreeMap<&Summary, Vec<Record>> = BTreeMap::new();
    for derived in all {
        for record in &derived.records {
            if let Some(summary) = derived.summaries.get(record.external_id()) {
                cases.entry(summary).or_default().push(record.clone());
            }
        }
    }
    let cases = cases.into_iter().map(|(summary, records)| {
        let dates = records.iter().filter_map(|record| record.body.header());
        let last = dates.map(|header| header.tran_date).max().unwrap();
        let date = if let Summary::Day(date, _) = summary { *date } else { last };
        Case::Summary(Box::new(SummaryCase {
            summary: summary.clone(),
            date,
            records,
            taken: Vec::new(),
        }))
    });
    cases.map(|case| derive(&case, &story.policy)).collect()
}

/// `Accounts receivable 88.00`, or `–` for a record that moves nothing.
fn side(record: &Record, chart: &Chart, is_credit: bool) -> String {
    let mut sums: BTreeMap<InternalId, Amount> = BTreeMap::new();
    for posting in postings(&record.body, chart).unwrap() {
        if posting.amount.is_negative() == is_credit {
            let zero = Amount::zero(posting.amount.currency());
            *sums.entry(posting.account).or_insert(zero) += posting.amount.abs();
        }
    }
    let words: Vec<String> = sums
        .into_iter()
        .map(|(account, amount)| {
            let role = chart.iter().find(|(_, id)| **id == account).expect("an account of ours").0;
            let role = role.to_string();
            let (first, rest) = role.split_at(1);
            format!("{}{rest} {}", first.to_uppercase(), figure(amount))
        })
        .collect();
    if words.is_empty() { "–".into() } else { words.join(", ") }
}

/// Otherwise somebody would choose between values without knowing what they book.
#[test]
fn every_option_has_a_page_and_the_index_names_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policies");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let options = serde_json::to_value(Options::default()).unwrap();
    for (name, default) in options.as_object().unwrap() {
        let page = std::fs::read_to_string(folder.join(format!("{name}.md")));
        let page = page.unwrap_or_else(|_| panic!("write docs/policies/{name}.md"));
        assert!(page.starts_with(&format!("# `policy.{name}`")), "{name}.md has another title");
        let says = match default {
            Value::String(default) => format!("`\"{default}\"` (default)"),
            Value::Number(default) => format!("`{default}` (default)"),
            // A table, or an option that is not set.
            _ => "(default)".to_owned(),
        };
        assert!(page.contains(&says), "{name}.md does not say that {default} is the default");
        assert!(index.contains(&format!("({name}.md)")), "README.md does not name {name}.md");
    }
}

#[test]
fn trials() {
    let mut story = Story::new();
    story.invoice("in_1", 0, &[line("price_A", 0)]);
    assert_page("trials", story, &["sync", "skip"]);
}

/// 100.00 with 20 % off, paid by card.
#[test]
fn discounts() {
    let mut story = Story::new();
    let off = json!({ "discount_amounts": [{ "amount": 2_000, "discount": "di_1" }] });
    story.invoice("in_1", 8_000, &[line_with("price_A", 10_000, &off)]);
    story.charge("ch_1", 8_000, 262);
    story.pays("ch_1", "in_1", 8_000);
    assert_page("discounts", story, &["non_posting", "posting"]);
}

/// A charge of 100.00 that paid no invoice, of which 25.00 is given back.
#[test]
fn standalone_charges() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    story.refund("re_1", "ch_1", 2_500);
    assert_page("standalone_charges", story, &["unapplied", "invoice"]);
}

/// An invoice of 100.00 that nobody pays.
#[test]
fn uncollectible() {
    let mut story = Story::new();
    let given_up = json!({
        "status": "uncollectible",
        "status_transitions": { "finalized_at": 1_772_452_800, "marked_uncollectible_at": 1_775_044_800 },
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &given_up);
    assert_page("uncollectible", story, &["credit_memo", "bad_debt", "keep_open"]);
}

/// Two charges with fees and a payout of both.
fn paid_out() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.charge("ch_2", 5_000, 175);
    story.payout("po_1", 14_505, &["ch_1", "ch_2"]);
    story
}

#[test]
fn settlement() {
    assert_page("settlement", paid_out(), &["deposit", "clearing"]);
}

/// The company changes to clearing on the day of the second charge.
#[test]
fn settlement_since() {
    let set = json!({ "settlement": "clearing", "settlement_since": "2026-03-04" });
    assert_section_of("settlement_since", "change", paid_out(), &set);
}

/// 100.00 was charged, and 96.80 paid out by hand.
#[test]
fn manual_payouts() {
    let by_hand = || {
        let mut story = Story::new();
        story.charge("ch_1", 10_000, 320);
        let fields = json!({ "automatic": false, "reconciliation_status": "not_applicable" });
        story.payout_with("po_1", 9_680, &[], &fields);
        story
    };
    assert_page("manual_payouts", by_hand(), &["sweep", "block"]);
}

/// A payout of a charge and of a movement of a type that nobody knows.
#[test]
fn unreconciled() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    story.moved(movement("moon_fee", "moon_fees", "moon", (-180, "usd"), 0));
    story.payout("po_1", 9_500, &["ch_1", "moon"]);
    assert_page("unreconciled", story, &["block", "suspense"]);
}

/// A payout of six charges where a deposit takes four lines.
#[test]
fn deposit_lines() {
    let mut story = Story::new();
    let charges = ["ch_1", "ch_2", "ch_3", "ch_4", "ch_5", "ch_6"];
    for charge in charges {
        story.charge(charge, 1_000, 59);
    }
    story.payout("po_1", 5_646, &charges);
    assert_section_of("deposit_lines", "four", story, &json!({ "deposit_lines": 4 }));
}

#[test]
fn granularity() {
    for grain in ["payout", "daily", "detail"] {
        let set = json!({ "granularity": { "fees": grain } });
        assert_section_of("granularity", grain, paid_out(), &set);
    }
    // Detail is what the sections above show.
    let set = json!({ "granularity": { "sales": "daily" } });
    assert_section_of("granularity", "sales-daily", paid_out(), &set);
}
