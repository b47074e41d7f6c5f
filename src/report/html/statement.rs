//! One statement as a section: its picture where it has one, its terms, and what is behind them.

use maud::{Markup, html};

use super::matrix::anchor;
use super::waterfall;
use crate::reconcile::payouts::PayoutLeg;
use crate::reconcile::{Line, LineKind, Statement, TieOut};
use crate::report::plan::{counted, number};

/// Payouts listed one by one; earlier ones are in the JSON.
const PAYOUTS_MAX: usize = 400;

/// The title without the currency, which stands above it.
pub(super) fn title(statement: &Statement) -> &str {
    let suffix = format!(", {}", statement.currency);
    statement.title.strip_suffix(suffix.as_str()).unwrap_or(&statement.title)
}

/// Whether there is nothing on any line.
pub(super) fn is_still(statement: &Statement) -> bool {
    statement.lines.iter().all(|line| line.amount.is_zero() && line.items.is_empty())
        && statement.lines.iter().all(|line| line.count == 0)
        && statement.ties_out()
}

pub(super) fn section(statement: &Statement, tieout: &TieOut) -> Markup {
    let itemised = || statement.lines.iter().filter(|line| !line.items.is_empty());
    html! {
        article id=(anchor(statement)) {
            h3 { (title(statement)) (stamp(statement)) }
            @if statement.name == "rollforward" { (waterfall::picture(statement)) }
            table.figures {
                tbody {
                    @for line in statement.lines.iter().filter(|line| says_something(line)) {
                        (row(line))
                    }
                    tr.difference {
                        th scope="row" { "Difference" }
                        td.count {}
                        td.amount { (difference(statement)) }
                    }
                }
            }
            @if let Some(why) = &statement.unproven { p.note { (why) } }
            @for line in itemised() { (items(line)) }
            @if statement.name == "payouts" { (payouts(statement, tieout)) }
        }
    }
}

/// A term of nothing, made of nothing, is left out; totals never are.
fn says_something(line: &Line) -> bool {
    line.kind != LineKind::Term || !line.amount.is_zero() || line.count > 0
}

fn stamp(statement: &Statement) -> Markup {
    html! {
        @if !statement.ties_out() {
            span.stamp.bad { "differs" }
        } @else if statement.unproven.is_some() {
            span.stamp.unproven { "not proven yet" }
        } @else {
            span.stamp.good { "ties" }
        }
    }
}

/// The difference, marked for the eye and for the ear.
fn difference(statement: &Statement) -> Markup {
    html! {
        @if statement.ties_out() {
            span.good { (statement.difference) }
        } @else {
            strong.bad { (statement.difference) }
        }
    }
}

fn row(line: &Line) -> Markup {
    let class = match line.kind {
        LineKind::Term => "term",
        LineKind::Total => "total",
        LineKind::Observed => "observed",
    };
    html! {
        tr class=(class) {
            th scope="row" { (line.label) }
            td.count { @if line.count > 0 { (number(line.count)) } }
            td.amount { (line.amount) }
        }
    }
}

fn items(line: &Line) -> Markup {
    html! {
        details {
            summary { (line.label) ": " (counted(line.items.len(), "item")) }
            div.scroll { table.list {
                thead { tr {
                    th scope="col" { "Date" }
                    th scope="col" { "What" }
                    th.amount scope="col" { "Amount" }
                } }
                tbody {
                    @for item in &line.items {
                        tr {
                            td.date { (item.date) }
                            td { code { (item.id) } " " span.what { (item.label) } }
                            td.amount { (item.amount) }
                        }
                    }
                }
            } }
        }
    }
}

/// Every payout of the currency beside what the bank account shows for it, newest first.
fn payouts(statement: &Statement, tieout: &TieOut) -> Markup {
    let own: Vec<&PayoutLeg> = tieout
        .payouts
        .iter()
        .rev()
        .filter(|leg| leg.expected.currency() == statement.currency)
        .collect();
    let shown = own.len().min(PAYOUTS_MAX);
    html! {
        @if !own.is_empty() {
            details {
                summary { "One by one: " (counted(own.len(), "payout")) }
                div.scroll { table.list {
                    thead { tr {
                        th scope="col" { "Arrival" }
                        th scope="col" { "Payout" }
                        th.amount scope="col" { "By Stripe" }
                        th.amount scope="col" { "In the bank" }
                    } }
                    tbody {
                        @for leg in &own[..shown] { (payout(leg)) }
                    }
                } }
                @if own.len() > shown {
                    p.note { (number(own.len() - shown)) " earlier ones are in the JSON." }
                }
            }
        }
    }
}

fn payout(leg: &PayoutLeg) -> Markup {
    let differs = !leg.in_transit && leg.expected != leg.banked;
    html! {
        tr {
            td.date { (leg.arrival) }
            td {
                code { (leg.external_id) }
                @if leg.in_transit { " " span.what { "in transit" } }
            }
            td.amount { (leg.expected) }
            td.amount { span.bad[differs] { (leg.banked) } }
        }
    }
}
