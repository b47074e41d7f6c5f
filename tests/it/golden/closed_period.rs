//! The page of `policy.closed_period`: it decides where a record is placed when a plan is made, so
//! its example has a date and a period beside the debits and credits.

use std::fmt::Write as _;

use tieout::accounting::policy::ClosedPeriod;
use tieout::calendar::{PeriodState, PostingPeriod};
use tieout::ids::InternalId;
use tieout::plan::place;

use super::policies::{derived, side};
use super::story::Story;
use crate::support::page::assert_section;

/// Otherwise the page could say that a record moves when it waits, or the reverse.
#[test]
fn a_record_of_a_closed_period_moves_or_waits() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    for (value, policy) in [("next_open", ClosedPeriod::NextOpen), ("block", ClosedPeriod::Block)] {
        assert_section("docs/policies/closed_period.md", value, &placed(&story, policy));
    }
}

fn placed(story: &Story, policy: ClosedPeriod) -> String {
    let periods = [
        period("March 2026", "2026-03-01", "2026-03-31", PeriodState::Closed),
        period("April 2026", "2026-04-01", "2026-04-30", PeriodState::Open),
    ];
    let mut table = String::from(
        "| record | date | period | debit | credit |\n| --- | --- | --- | --- | --- |\n",
    );
    let mut waiting = String::new();
    for mut record in derived(story).0 {
        let (title, id) = (record.kind().title(), record.external_id().clone());
        let receivable = place::is_receivable(&record.body);
        let header = record.body.header_mut().expect("a transaction has a header");
        if let Err(reason) = place::place(header, receivable, &periods, policy) {
            writeln!(waiting, "{title} `{id}` waits: {reason}.").unwrap();
            continue;
        }
        let (date, period) = (header.tran_date, header.posting_period.clone());
        let period = period.expect("a placed record has a period");
        let chart = &story.policy.chart;
        let (debit, credit) = (side(&record, chart, false), side(&record, chart, true));
        writeln!(table, "| {title} `{id}` | {date} | {period} | {debit} | {credit} |").unwrap();
    }
    if waiting.is_empty() { table } else { waiting.replace(".\n", ".\n\n") }
}

fn period(name: &str, first: &str, last: &str, state: PeriodState) -> PostingPeriod {
    PostingPeriod {
        id: InternalId::new(name),
        name: name.to_owned(),
        first_day: first.parse().unwrap(),
        last_day: last.parse().unwrap(),
        state,
    }
}
