//! The report as one self-contained HTML file: it works offline, printed, in light and in dark.

mod statement;
mod waterfall;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::accounting::exception::Exception;
use crate::reconcile::{LineKind, Statement, TieOut};
use crate::report::plan::counted;
use crate::report::tieout;

/// What the page shows besides the statements.
pub struct Page<'a> {
    pub tieout: &'a TieOut,
    pub exceptions: &'a [Exception],
    /// How many records of each kind are in NetSuite, in the order of their making.
    pub posted: &'a [(&'static str, usize)],
    /// Program and version.
    pub made_by: &'a str,
}

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub fn page(page: &Page) -> String {
    let tieout = page.tieout;
    let title = format!("Tie-out of {}", tieout.stripe_account);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { (masthead(page)) }
                main {
                    (verdict(tieout))
                    (overview(tieout))
                    @for (place, statement) in tieout.statements.iter().enumerate() {
                        (statement::section(place, statement))
                    }
                    (exceptions(page.exceptions))
                    (records(page.posted))
                }
                footer { (page.made_by) ". Days are those of " (tieout.zone) "." }
            }
        }
    }
    .into_string()
}

fn masthead(page: &Page) -> Markup {
    let tieout = page.tieout;
    html! {
        h1 { "Tie-out" }
        dl.facts {
            div { dt { "Stripe account" } dd { (tieout.stripe_account) } }
            div { dt { "NetSuite account" } dd { (tieout.netsuite_account) } }
            div { dt { "NetSuite read at" } dd { (tieout.as_of) } }
        }
    }
}

fn verdict(tieout: &TieOut) -> Markup {
    let class = if tieout.ties_out() { "verdict good" } else { "verdict bad" };
    let mark = if tieout.ties_out() { "✓" } else { "!" };
    html! {
        p class=(class) { span.mark aria-hidden="true" { (mark) } (tieout::summary(tieout)) }
    }
}

/// One row per statement: what is held against what, and the difference.
fn overview(tieout: &TieOut) -> Markup {
    let total = |statement: &Statement, kind| {
        let line = statement.lines.iter().rev().find(|line| line.kind == kind);
        line.map_or_else(|| "–".to_owned(), |line| line.amount.to_string())
    };
    html! {
        section {
            h2 { "At a glance" }
            div.scroll { table {
                thead { tr {
                    th scope="col" { "Statement" }
                    th.amount.wide scope="col" { "Computed" }
                    th.amount scope="col" { "Observed" }
                    th.amount scope="col" { "Difference" }
                } }
                tbody {
                    @for (place, statement) in tieout.statements.iter().enumerate() {
                        tr {
                            th scope="row" { a href=(format!("#s{place}")) { (statement.title) } }
                            td.amount.wide { (total(statement, LineKind::Total)) }
                            td.amount { (total(statement, LineKind::Observed)) }
                            td.amount { (statement::difference(statement)) }
                        }
                    }
                }
            } }
        }
    }
}

fn exceptions(exceptions: &[Exception]) -> Markup {
    html! {
        section {
            h2 { "Needs a person" }
            @if exceptions.is_empty() {
                p { "Nothing: every object has its place in the books." }
            } @else {
                p { (counted(exceptions.len(), "exception")) ", each with what to do about it." }
                div.scroll { table {
                    thead { tr {
                        th scope="col" { "Object" }
                        th.amount scope="col" { "Amount" }
                        th scope="col" { "What is the matter" }
                        th scope="col" { "What to do" }
                    } }
                    tbody {
                        @for exception in exceptions {
                            tr {
                                th scope="row" { code { (exception.subject) } }
                                td.amount {
                                    @if let Some(amount) = exception.amount { (amount) }
                                }
                                td { (exception.message) }
                                td { (exception.fix) }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn records(posted: &[(&'static str, usize)]) -> Markup {
    html! {
        section {
            h2 { "Records in NetSuite" }
            div.scroll { table.narrow {
                thead { tr {
                    th scope="col" { "Record" }
                    th.amount scope="col" { "Count" }
                } }
                tbody {
                    @for (kind, count) in posted {
                        tr { th scope="row" { (kind) } td.amount { (count) } }
                    }
                }
            } }
        }
    }
}
