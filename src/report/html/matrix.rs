//! Everything at a glance: a row per currency, a column per proof, in each cell whether it holds.

use maud::{Markup, html};

use super::currencies;
use crate::money::Currency;
use crate::reconcile::{Statement, TieOut};

/// Where the statement stands on the page.
pub(super) fn anchor(statement: &Statement) -> String {
    format!("{}-{}", statement.name, statement.currency)
}

/// What a proof is called above its column.
fn short(name: &str) -> &str {
    match name {
        "rollforward" => "Stripe balance",
        "bridge" => "Ledger bridge",
        "payouts" => "Payouts",
        "fees" => "Fees",
        "receivables" => "Open invoices",
        "receivables_account" => "A/R account",
        other => other,
    }
}

pub(super) fn matrix(tieout: &TieOut) -> Markup {
    let mut names: Vec<&'static str> = Vec::new();
    for statement in &tieout.statements {
        if !names.contains(&statement.name) {
            names.push(statement.name);
        }
    }
    html! {
        section {
            h2 { "At a glance" }
            table.matrix {
                thead { tr {
                    th scope="col" { span.hidden { "Currency" } }
                    @for name in &names { th scope="col" { (short(name)) } }
                } }
                tbody {
                    @for currency in currencies(tieout) {
                        tr {
                            th scope="row" { a href=(format!("#{currency}")) { (currency) } }
                            @for name in &names { td { (cell(find(tieout, name, currency))) } }
                        }
                    }
                }
            }
        }
    }
}

fn find<'a>(tieout: &'a TieOut, name: &str, currency: Currency) -> Option<&'a Statement> {
    let mut all = tieout.statements.iter();
    all.find(|statement| statement.name == name && statement.currency == currency)
}

fn cell(statement: Option<&Statement>) -> Markup {
    let Some(statement) = statement else {
        return html! { span.none title="no such statement" { "–" } };
    };
    let link = format!("#{}", anchor(statement));
    html! {
        @if !statement.ties_out() {
            a.bad href=(link) { (statement.difference) }
        } @else if let Some(why) = &statement.unproven {
            a.unproven href=(link) title=(why) { "≈" span.hidden { " not proven yet" } }
        } @else {
            a.good href=(link) title=(format!("difference {}", statement.difference)) {
                "✓" span.hidden { " ties" }
            }
        }
    }
}
