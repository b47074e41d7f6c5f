//! One statement as a section: its picture where it has one, its terms, and what is behind them.

use maud::{Markup, html};

use super::waterfall;
use crate::reconcile::{Line, LineKind, Statement};

/// The section of the statement at `place`.
pub(super) fn section(place: usize, statement: &Statement) -> Markup {
    html! {
        section id=(format!("s{place}")) {
            h2 { (statement.title) }
            @if statement.name == "rollforward" { (waterfall::picture(statement)) }
            div.scroll { table {
                thead { tr {
                    th scope="col" { "" }
                    th.amount scope="col" { "Count" }
                    th.amount scope="col" { "Amount" }
                } }
                tbody {
                    @for line in &statement.lines { (row(line)) }
                    tr.difference {
                        th scope="row" { "Difference" }
                        td {}
                        td.amount { (difference(statement)) }
                    }
                }
            } }
            @for line in statement.lines.iter().filter(|line| !line.items.is_empty()) {
                (items(line))
            }
        }
    }
}

/// The difference, marked for the eye and for the ear.
pub(super) fn difference(statement: &Statement) -> Markup {
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
            td.amount { @if line.count > 0 { (line.count) } }
            td.amount { (line.amount) }
        }
    }
}

fn items(line: &Line) -> Markup {
    html! {
        details {
            summary { (line.label) ": " (line.items.len()) }
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Date" }
                    th scope="col" { "Object" }
                    th scope="col" { "What" }
                    th.amount scope="col" { "Amount" }
                } }
                tbody {
                    @for item in &line.items {
                        tr {
                            td { (item.date) }
                            td { code { (item.id) } }
                            td { (item.label) }
                            td.amount { (item.amount) }
                        }
                    }
                }
            } }
        }
    }
}
