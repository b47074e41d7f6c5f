//! The report as one self-contained HTML file: it works offline, printed, in light and in dark, on a
//! desk and on a phone.

mod matrix;
pub(in crate::report) mod scale;
mod statement;
#[cfg(test)]
mod tests;
mod waterfall;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::accounting::exception::Exception;
use crate::money::Currency;
use crate::reconcile::{Statement, TieOut};
use crate::report::plan::{counted, number};
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

/// The head of every page, with what it needs beyond the style that all share.
pub(in crate::report) fn head(title: &str, more_style: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            style { (PreEscaped(STYLE)) (PreEscaped(more_style)) }
        }
    }
}

/// The whole page.
pub fn page(page: &Page) -> String {
    let tieout = page.tieout;
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("Tie-out of {}", name(tieout)), ""))
            body {
                header { (masthead(tieout)) }
                main {
                    (verdict(page))
                    (matrix::matrix(tieout))
                    (exceptions(page.exceptions))
                    @for currency in currencies(tieout) {
                        (chapter(tieout, currency))
                    }
                    (records(page.posted))
                }
                footer {
                    "Made by " (page.made_by) ". Days and times are those of " (tieout.zone)
                    "; payouts keep their arrival date as Stripe gives it."
                }
            }
        }
    }
    .into_string()
}

fn name(tieout: &TieOut) -> &str {
    tieout.company.as_deref().unwrap_or(&tieout.stripe_account)
}

/// Every currency that has a statement, in order.
fn currencies(tieout: &TieOut) -> Vec<Currency> {
    let mut found: Vec<Currency> = Vec::new();
    for statement in &tieout.statements {
        if !found.contains(&statement.currency) {
            found.push(statement.currency);
        }
    }
    found
}

fn masthead(tieout: &TieOut) -> Markup {
    html! {
        p.kicker { "Stripe to NetSuite tie-out, times in " (tieout.zone) }
        h1 { (name(tieout)) }
        dl.facts {
            div { dt { "Stripe account" } dd { (tieout.stripe_account) } }
            div { dt { "NetSuite account" } dd { (tieout.netsuite_account) } }
            @if let Some(known) = tieout.known {
                div {
                    dt { "Stripe, from and up to" }
                    dd { (tieout.local(known.since)) " – " (tieout.local(known.until)) }
                }
            }
            div { dt { "NetSuite read at" } dd { (tieout.local(tieout.as_of)) } }
        }
    }
}

fn verdict(page: &Page) -> Markup {
    let ties = page.tieout.ties_out();
    let class = if ties { "verdict good" } else { "verdict bad" };
    let open = page.exceptions.len();
    html! {
        div class=(class) {
            span.mark aria-hidden="true" { (if ties { "✓" } else { "!" }) }
            p { (tieout::summary(page.tieout)) }
            @if open > 0 {
                a.chip href="#person" {
                    (if open == 1 { "1 thing needs".to_owned() } else { format!("{} things need", number(open)) })
                    " a person"
                }
            }
        }
    }
}

/// All statements of one currency.
fn chapter(tieout: &TieOut, currency: Currency) -> Markup {
    let own: Vec<&Statement> =
        tieout.statements.iter().filter(|statement| statement.currency == currency).collect();
    let (still, alive): (Vec<&Statement>, Vec<&Statement>) =
        own.into_iter().partition(|statement| statement::is_still(statement));
    html! {
        section.chapter id=(currency) {
            h2 { (currency) }
            @for statement in alive {
                (statement::section(statement, tieout))
            }
            @if !still.is_empty() {
                p.quiet {
                    @for (place, statement) in still.iter().enumerate() {
                        @if place > 0 { ", " }
                        span id=(matrix::anchor(statement)) {
                            (statement::title(statement).to_lowercase())
                        }
                    }
                    ": nothing on either side."
                }
            }
        }
    }
}

fn exceptions(exceptions: &[Exception]) -> Markup {
    html! {
        section id="person" {
            h2 { "Needs a person" }
            @if exceptions.is_empty() {
                p { "Nothing: every object has its place in the books." }
            } @else {
                p.quiet { (counted(exceptions.len(), "exception")) ", each with what to do about it." }
                ul.cards {
                    @for exception in exceptions {
                        li {
                            div.head {
                                code { (exception.subject) }
                                @if let Some(amount) = exception.amount {
                                    span.amount { (amount) }
                                }
                            }
                            p { (exception.message) }
                            p.fix { (exception.fix) }
                        }
                    }
                }
            }
        }
    }
}

fn records(posted: &[(&'static str, usize)]) -> Markup {
    html! {
        section {
            h2 { "Records in NetSuite" }
            dl.tiles {
                @for (kind, count) in posted {
                    div { dt { (kind) } dd { (number(*count)) } }
                }
            }
        }
    }
}
