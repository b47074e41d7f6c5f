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
use tieout::accounting::question::Known;
use tieout::accounting::summary::Summary;
use tieout::accounting::{Case, Derived, Exception, Record, SummaryCase, derive};
use tieout::ids::InternalId;
use tieout::money::Amount;

use super::story::{Story, line, line_with, movement, tax, with};
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
    let (records, exceptions) = derived(story);
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

/// Every record that posts, in order of date, and the exceptions.
pub(super) fn derived(story: &Story) -> (Vec<Record>, Vec<Exception>) {
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
    (records, exceptions)
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
            known: Known::default(),
        }))
    });
    cases.map(|case| derive(&case, &story.policy)).collect()
}

/// `Accounts receivable 88.00`, or `–` for a record that moves nothing.
pub(super) fn side(record: &Record, chart: &Chart, is_credit: bool) -> String {
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
/// A refund, a payment and a payout of something older.
#[test]
fn before_start() {
    let mut story = Story::new();
    story.paid_invoice("in_old", "ch_old", 10_000, 320);
    story.payout("po_1", 9_680, &["ch_old"]);
    story.invoice("in_open", 5_000, &[line("price_A", 5_000)]);
    story.charge("ch_1", 5_000, 170);
    story.books_begin();
    story.refund("re_1", "ch_old", 3_000);
    story.charge("ch_2", 5_000, 175);
    story.pays("ch_2", "in_open", 5_000);
    story.payout("po_2", 6_655, &["re_1", "ch_2", "ch_1"]);
    story.opening_balance(Some(4_830));
    assert_page("before_start", story, &["account", "opening_balance", "exception"]);
}

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

#[test]
fn duplicate_payments() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.charge("ch_2", 10_000, 320);
    story.pays("ch_2", "in_1", 10_000);
    story.payout("po_1", 19_360, &["ch_1", "ch_2"]);
    assert_page("duplicate_payments", story, &["unapplied", "hold"]);
}

/// A plan of 70.00 is given back and one of 30.00 sold.
#[test]
fn negative_invoices() {
    let mut story = Story::new();
    let lines = [line("price_A", -7_000), line("price_B", 3_000)];
    let credited = json!({ "status": "paid", "ending_balance": -4_000 });
    story.invoice_with("in_1", -4_000, &lines, &credited);
    let kind = json!({ "type": "invoice_too_small", "invoice": "in_1" });
    story.balance_change("cbtxn_1", -4_000, &kind);
    assert_page("negative_invoices", story, &["credit_memo", "zero_lines"]);
}

/// 25.00 of goodwill, used on an invoice of 100.00.
#[test]
fn customer_balance() {
    let mut story = Story::new();
    story.balance_change("cbtxn_1", -2_500, &json!({ "type": "adjustment" }));
    let fields = json!({
        "status": "paid", "starting_balance": -2_500, "ending_balance": 0, "amount_due": 7_500,
        "amount_remaining": 0,
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &fields);
    let used = json!({ "type": "applied_to_invoice", "invoice": "in_1" });
    story.balance_change("cbtxn_2", 2_500, &used);
    story.charge("ch_1", 7_500, 248);
    story.pays("ch_1", "in_1", 7_500);
    assert_page("customer_balance", story, &["open_credits", "on_use"]);
}

/// A credit note of 30.00 on an invoice of 100.00 that nobody has paid yet.
#[test]
fn credit_notes() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[line("price_A", 10_000)]);
    let before = json!({ "type": "pre_payment", "pre_payment_amount": 3_000 });
    story.credit_note("cn_1", "in_1", 3_000, &before);
    assert_page("credit_notes", story, &["at_issue", "after_payment"]);
}

/// A subscription was cancelled, and its invoice is not collected any more.
#[test]
fn unpaid_on_cancel() {
    let mut story = Story::new();
    let abandoned = json!({
        "collection_method": "charge_automatically", "auto_advance": false, "attempt_count": 4,
        "next_payment_attempt": null,
        "parent": { "type": "subscription_details",
                    "subscription_details": { "subscription": "sub_1" } },
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &abandoned);
    assert_page("unpaid_on_cancel", story, &["keep_open", "credit_memo", "bad_debt"]);
}

/// An invoice of 60.00, 40.00 and 10.00 of tax, paid; `back` is given back.
fn given_back(back: i64) -> Story {
    let mut story = Story::new();
    let taxes = |amount: i64| json!({ "taxes": [tax(amount, "exclusive")] });
    let lines =
        [line_with("price_A", 6_000, &taxes(600)), line_with("price_B", 4_000, &taxes(400))];
    let total_taxes = json!({ "total_taxes": [tax(1_000, "exclusive")] });
    story.invoice_with("in_1", 11_000, &lines, &total_taxes);
    story.charge("ch_1", 11_000, 349);
    story.pays("ch_1", "in_1", 11_000);
    story.refund("re_1", "ch_1", back);
    story
}

#[test]
fn partial_refunds() {
    assert_page("partial_refunds", given_back(2_200), &["prorate", "single_item"]);
}

#[test]
fn refund_items() {
    assert_page("refund_items", given_back(11_000), &["original", "single"]);
}

/// A payment of 100.00 is disputed, with a fee of 15.00.
fn disputed(status: &str, moved: &[(i64, i64)]) -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.dispute("dp_1", "ch_1", status, moved);
    story.charge("ch_2", 30_000, 900);
    story.payout("po_1", 27_280, &["ch_1", "dp_1", "ch_2"]);
    story
}

#[test]
fn dispute_items() {
    let story = disputed("lost", &[(-10_000, 1_500)]);
    assert_page("dispute_items", story, &["original", "single"]);
}

#[test]
fn disputes_opened() {
    let story = disputed("lost", &[(-10_000, 1_500)]);
    assert_page("disputes_opened", story, &["credit_memo", "hold"]);
}

#[test]
fn disputes_won() {
    let mut story = disputed("won", &[(-10_000, 1_500), (10_000, -1_500)]);
    story.payout("po_2", 11_500, &["dp_1_2"]);
    assert_page("disputes_won", story, &["reinstate", "reversal_line"]);
}

/// Holds what NetSuite is told of an invoice's lines against the page.
#[track_caller]
fn assert_lines(option: &str, value: &str, mut story: Story) {
    let mut options = serde_json::to_value(story.policy.options).unwrap();
    options[option] = json!(value);
    story.policy.options = serde_json::from_value(options).unwrap();
    let lines = story.lines_of("in_1").join("\n");
    let text = format!("```text\n{lines}\n```\n\n{}", books(&story));
    assert_section(&format!("docs/policies/{option}.md"), value, &text);
}

/// 100.00 and 10.00 of tax; the postings are the same, what NetSuite is told is not.
#[test]
fn tax_as_lines_or_as_details() {
    for value in ["lines", "suitetax"] {
        let mut story = Story::new();
        let own = with(tax(1_000, "exclusive"), &json!({ "taxable_amount": 10_000 }));
        let line = line_with("price_A", 10_000, &json!({ "taxes": [own] }));
        story.invoice_with("in_1", 11_000, &[line], &json!({ "total_taxes": [own] }));
        assert_lines("tax", value, story);
    }
}

/// A year from 2026-03-01, billed in advance.
#[test]
fn revenue_recognition() {
    for value in ["none", "arm"] {
        let mut story = Story::new();
        let year = json!({ "period": { "start": 1_772_366_400, "end": 1_803_902_400 } });
        story.invoice("in_1", 120_000, &[line_with("price_A", 120_000, &year)]);
        assert_lines("revenue_recognition", value, story);
    }
}

#[test]
fn deny_list() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    story.charge("ch_2", 5_000, 175);
    let blocked = json!({ "metadata": { "netsuite_block_integration": "true" } });
    story.change("charge", "ch_2", &blocked);
    assert_page("deny_list", story, &["hold", "ignore"]);
}

#[test]
fn allow_list() {
    let mut story = Story::new();
    story.charge("ch_1", 10_000, 320);
    let allowed = json!({ "metadata": { "netsuite_allow_integration": "true" } });
    story.change("charge", "ch_1", &allowed);
    story.charge("ch_2", 5_000, 175);
    assert_page("allow_list", story, &["all", "listed"]);
}
