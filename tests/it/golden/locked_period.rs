//! What comes for a month after it was closed or locked: it is adjusted in the first open period, and
//! what was posted in the month stays as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;
use tieout::accounting::Record;
use tieout::accounting::policy::ClosedPeriod;
use tieout::calendar::{Month, PeriodState, PostingPeriod, lock};
use tieout::ids::{ExternalId, InternalId};
use tieout::money::{Amount, Currency};
use tieout::netsuite::record::Body;
use tieout::plan::build::Built;
use tieout::plan::{Action, Inputs, Standing, build, place};

use super::policies::{derived, side};
use super::story::{Story, movement, with};
use crate::support::page::assert_section;

fn period(name: &str, first: &str, last: &str) -> PostingPeriod {
    PostingPeriod {
        id: InternalId::new(name),
        name: name.to_owned(),
        first_day: first.parse().unwrap(),
        last_day: last.parse().unwrap(),
        state: PeriodState::Open,
    }
}

fn periods() -> Vec<PostingPeriod> {
    vec![
        period("March 2026", "2026-03-01", "2026-03-31"),
        period("April 2026", "2026-04-01", "2026-04-30"),
    ]
}

/// March is locked in these books, or closed in NetSuite.
fn without_march(state: PeriodState) -> Vec<PostingPeriod> {
    let mut periods = periods();
    if state == PeriodState::LockedHere {
        let march = Month::of(periods[0].first_day);
        lock(&mut periods, &[march].into());
    } else {
        periods[0].state = state;
    }
    periods
}

/// What was posted while every period was open.
fn posted(story: &Story) -> BTreeMap<ExternalId, Body> {
    let place = |mut record: Record| {
        let receivable = place::is_receivable(&record.body);
        let header = record.body.header_mut().expect("a transaction has a header");
        place::place(header, receivable, &periods(), ClosedPeriod::NextOpen).unwrap();
        (record.external_id().clone(), record.body)
    };
    derived(story).0.into_iter().map(place).collect()
}

/// What a plan does when `posted` is there and the story went on.
fn planned(
    story: &Story,
    posted: &BTreeMap<ExternalId, Body>,
    state: PeriodState,
) -> (Built, BTreeMap<ExternalId, Body>) {
    let standing = |record: Record| Standing {
        external_id: record.external_id().clone(),
        posted: posted.get(record.external_id()).map(|body| (body.clone(), "9".into())),
        desired: Some(record),
        in_doubt: false,
        conflict: None,
    };
    let standings = derived(story).0.into_iter().map(standing).collect();
    let inputs = Inputs {
        exceptions: &[],
        held_before: &[],
        chart: &story.policy.chart,
        periods: &without_march(state),
        closed_period: ClosedPeriod::NextOpen,
        base_currency: story.policy.books.base_currency,
        places: &story.policy.books,
        updates_customers: false,
        known: &|_| true,
    };
    let built = build(standings, &inputs);
    let mut after = posted.clone();
    for change in &built.changes {
        after.insert(change.external_id.clone(), change.record.body.clone());
    }
    (built, after)
}

/// Debits and credits of what is posted to a period.
fn ledger_of(bodies: &BTreeMap<ExternalId, Body>, story: &Story, name: &str) -> String {
    let mut text = String::new();
    for body in bodies.values() {
        let period = body.header().and_then(|header| header.posting_period.as_ref());
        if period.is_some_and(|period| period.as_str() == name) {
            let postings = tieout::accounting::posting::postings(body, &story.policy.chart);
            writeln!(text, "{} {:?}", body.external_id(), postings.unwrap()).unwrap();
        }
    }
    text
}

/// A payment of March that bounces later, and a refund of March that is only known in April.
fn late(story: &mut Story) {
    story.refund("re_1", "ch_1", 4_000);
    story.next_day();
    let failure = movement("payment_failure_refund", "charge_failure", "py_2", (-5_000, "usd"), 0);
    story.moved(with(failure, &json!({ "id": "txn_failure" })));
    let failed = json!({ "status": "failed", "failure_balance_transaction": "txn_failure" });
    story.change("charge", "py_2", &failed);
}

fn of_march() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.paid_invoice("in_2", "py_2", 5_000, 40);
    story
}

/// Otherwise the page could say that a locked month stays as it was when it does not.
#[test]
fn what_comes_for_a_locked_month_is_adjusted_in_the_next() {
    let mut story = of_march();
    let before = posted(&story);
    late(&mut story);
    let (built, _) = planned(&story, &before, PeriodState::LockedHere);
    let mut table = String::from(
        "| record | what happens | date | debit | credit |\n| --- | --- | --- | --- | --- |\n",
    );
    for change in &built.changes {
        let chart = &story.policy.chart;
        let header = change.record.body.header().unwrap();
        let (debit, credit) = match change.action {
            Action::Create => {
                (side(&change.record, chart, false), side(&change.record, chart, true))
            }
            Action::Update => ("–".into(), "–".into()),
        };
        let what = match change.action {
            Action::Create => header.memo.clone(),
            Action::Update => {
                assert_eq!(change.request.body.get(), r#"{"apply":{"items":[]}}"#);
                format!("no longer applied to {}", change.fields[0].from)
            }
        };
        let (kind, id) = (change.kind.title(), &change.external_id);
        writeln!(table, "| {kind} `{id}` | {what} | {} | {debit} | {credit} |", header.tran_date)
            .unwrap();
    }
    assert!(built.blocked.is_empty(), "{:?}", built.blocked);
    assert_section("docs/policies/closed_period.md", "locked", &table);
}

/// Were a posting of the month changed, added or taken away, the month that was signed would no
/// longer be the month in the books.
#[test]
fn a_closed_or_locked_month_says_the_same_afterwards_to_the_cent() {
    for state in [PeriodState::Closed, PeriodState::Locked, PeriodState::LockedHere] {
        let mut story = of_march();
        let before = posted(&story);
        late(&mut story);
        let (_, after) = planned(&story, &before, state);
        let march = |bodies| ledger_of(bodies, &story, "March 2026");
        assert_eq!(march(&before), march(&after), "{state:?}");
        assert!(!ledger_of(&after, &story, "April 2026").is_empty(), "{state:?}");
    }
}

/// Were a memo or a due date of a posted record still sent, NetSuite would refuse it in a closed
/// month, night after night; were it forgotten, opening the month again would not bring it.
#[test]
fn what_is_only_described_otherwise_stays_as_it_was_posted() {
    let mut story = Story::new();
    story.invoice("in_1", 10_000, &[super::story::line("price_A", 10_000)]);
    let before = posted(&story);
    story.change("invoice", "in_1", &json!({ "due_date": 1_775_000_000 }));
    let (built, _) = planned(&story, &before, PeriodState::LockedHere);
    assert!(built.changes.is_empty() && built.blocked.is_empty(), "{built:?}");
    assert_eq!((built.left.len(), built.unchanged.len()), (1, 0));
    let (built, _) = planned(&story, &before, PeriodState::Open);
    assert_eq!(built.changes[0].fields[0].field, "dueDate");
}

/// Were an amount of a locked month edited because it is wanted otherwise now, the month would change.
#[test]
fn an_amount_that_is_wanted_otherwise_is_not_edited_and_the_way_out_is_named() {
    let story = of_march();
    let mut before = posted(&story);
    let id = ExternalId::new("ch_1").unwrap();
    let Some(Body::CustomerPayment(payment)) = before.get_mut(&id) else { panic!("a payment") };
    payment.payment += Amount::new(100, Currency::USD);
    let (built, after) = planned(&story, &before, PeriodState::LockedHere);
    assert_eq!(before, after);
    let blocked = &built.blocked[0];
    assert!(blocked.reason.contains("March 2026 is locked in these books"), "{blocked:?}");
    assert!(blocked.fix.contains("tieout reverse ch_1"), "{blocked:?}");
}

/// Were a foreign payment un-applied, NetSuite would take back the gain or loss of the month.
#[test]
fn a_gain_that_netsuite_booked_in_the_month_is_not_taken_back() {
    let mut story = Story::new();
    story.switch_to("eur");
    story.paid_invoice("in_2", "py_2", 5_000, 40);
    let before = posted(&story);
    story.next_day();
    let failure = movement("payment_failure_refund", "charge_failure", "py_2", (-5_000, "eur"), 0);
    story.moved(with(failure, &json!({ "id": "txn_failure" })));
    let failed = json!({ "status": "failed", "failure_balance_transaction": "txn_failure" });
    story.change("charge", "py_2", &failed);
    let (built, _) = planned(&story, &before, PeriodState::LockedHere);
    let reasons: Vec<&str> = built.blocked.iter().map(|blocked| &*blocked.reason).collect();
    assert!(reasons.iter().any(|reason| reason.contains("gain or loss")), "{reasons:?}");
    let (built, _) = planned(&story, &before, PeriodState::Open);
    assert!(built.blocked.is_empty(), "{:?}", built.blocked);
}
