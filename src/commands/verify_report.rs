//! `tieout verify --report`: one of Stripe's own reports against the ledger. Where they agree, what
//! was pulled is what Stripe counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::cli::Format;
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::ledger::{Ledger, MovementRow};
use crate::money::Amount;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::stripe::reports::{self, Report, ReportKind, ReportRow, SummaryRow};
use crate::ui::{Ui, width};

/// Balance transactions that belong to payouts themselves.
const PAYOUT_CATEGORIES: [&str; 2] = ["payout", "payout_reversal"];

/// One place where the report and the ledger differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Difference {
    id: String,
    what: &'static str,
    report: String,
    ledger: String,
}

/// What `--output json` prints.
#[derive(Serialize)]
struct Compared<'a> {
    schema_version: u32,
    report: &'static str,
    rows: usize,
    differences: &'a [Difference],
}

pub(super) fn run(
    session: &Session,
    path: &Path,
    format: Format,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let ledger = session.existing_ledger()?;
    let file = std::fs::File::open(path)
        .with_context(|| format!("the report {} cannot be read", path.display()))?;
    let report =
        reports::read(std::io::BufReader::new(file)).with_context(|| path.display().to_string())?;
    let (kind, count, differences) = match &report {
        Report::Itemized { kind, rows } => (*kind, rows.len(), compare(&ledger, *kind, rows)?),
        Report::Summary(rows) => (ReportKind::BalanceSummary, rows.len(), add_up(rows)),
    };
    match format {
        Format::Json => {
            let compared = Compared {
                schema_version: 1,
                report: kind.title(),
                rows: count,
                differences: &differences,
            };
            ui.data(&format!("{}\n", serde_json::to_string_pretty(&compared)?))?;
        }
        Format::Table => ui.data(&text(kind, count, &differences))?,
    }
    Ok(if differences.is_empty() { Outcome::Done } else { Outcome::OutOfTolerance })
}

fn compare(
    ledger: &Ledger,
    kind: ReportKind,
    rows: &[ReportRow],
) -> anyhow::Result<Vec<Difference>> {
    let mut differences = Vec::new();
    let mut shown: BTreeSet<&str> = BTreeSet::new();
    for row in rows {
        if !shown.insert(&row.balance_transaction) {
            differences.push(difference(row, "row", "twice".into(), "once".into()));
            continue;
        }
        match ledger.movement(&row.balance_transaction)? {
            None => {
                let there = format!("{} {}", row.net, row.category);
                differences.push(difference(row, "balance transaction", there, "absent".into()));
            }
            Some(known) => compare_row(kind, row, &known, &mut differences),
        }
    }
    match kind {
        ReportKind::PayoutReconciliation => {
            members_not_shown(ledger, rows, &shown, &mut differences)?;
        }
        _ => movements_not_shown(ledger, kind, rows, &shown, &mut differences)?,
    }
    Ok(differences)
}

fn difference(row: &ReportRow, what: &'static str, report: String, ledger: String) -> Difference {
    Difference { id: row.balance_transaction.clone(), what, report, ledger }
}

fn compare_row(
    kind: ReportKind,
    row: &ReportRow,
    known: &MovementRow,
    differences: &mut Vec<Difference>,
) {
    let amounts = [
        ("gross", row.gross, known.amount),
        ("fee", row.fee, known.fee),
        ("net", row.net, known.net),
    ];
    for (what, report, ledger) in amounts {
        if report != ledger {
            differences.push(difference(row, what, shown_amount(report), shown_amount(ledger)));
        }
    }
    if row.category != known.category {
        let (report, ledger) = (row.category.clone(), known.category.clone());
        differences.push(difference(row, "category", report, ledger));
    }
    // A payout's own row is a member of itself in the API, and has no payout in some reports.
    let own = PAYOUT_CATEGORIES.contains(&row.category.as_str());
    if let Some(payout) = &row.payout
        && kind != ReportKind::Payouts
        && !own
        && known.payout.as_ref() != Some(payout)
    {
        let ledger = known.payout.clone().unwrap_or_else(|| "none".into());
        differences.push(difference(row, "payout", payout.clone(), ledger));
    }
}

fn shown_amount(amount: Amount) -> String {
    format!("{} {}", amount.to_decimal(), amount.currency())
}

/// What the ledger has in the report's payouts and the report does not.
fn members_not_shown(
    ledger: &Ledger,
    rows: &[ReportRow],
    shown: &BTreeSet<&str>,
    differences: &mut Vec<Difference>,
) -> anyhow::Result<()> {
    let payouts: BTreeSet<&str> = rows.iter().filter_map(|row| row.payout.as_deref()).collect();
    for payout in payouts {
        for (id, known) in ledger.movements_of_payout(payout)? {
            let own = PAYOUT_CATEGORIES[0] == known.category;
            if !own && !shown.contains(id.as_str()) {
                differences.push(Difference {
                    id,
                    what: "balance transaction",
                    report: "absent".into(),
                    ledger: format!("{} in {payout}", shown_amount(known.net)),
                });
            }
        }
    }
    Ok(())
}

/// What the ledger has between the report's first and last row and the report does not.
fn movements_not_shown(
    ledger: &Ledger,
    kind: ReportKind,
    rows: &[ReportRow],
    shown: &BTreeSet<&str>,
    differences: &mut Vec<Difference>,
) -> anyhow::Result<()> {
    let dates = || rows.iter().filter_map(|row| row.created);
    let (Some(first), Some(last)) = (dates().min(), dates().max()) else { return Ok(()) };
    let currencies: BTreeSet<_> = rows.iter().map(|row| row.net.currency()).collect();
    ledger.for_each_movement::<anyhow::Error>(first, last, |id, known| {
        let is_payout = PAYOUT_CATEGORIES.contains(&known.category.as_str());
        let belongs = is_payout == (kind == ReportKind::Payouts)
            && currencies.contains(&known.net.currency());
        if belongs && !shown.contains(id) {
            differences.push(Difference {
                id: id.to_owned(),
                what: "balance transaction",
                report: "absent".into(),
                ledger: format!("{} {}", shown_amount(known.net), known.category),
            });
        }
        Ok(())
    })
}

/// The summary must add up in itself: it names no interval that the ledger could be asked for.
fn add_up(rows: &[SummaryRow]) -> Vec<Difference> {
    let mut by_currency: BTreeMap<_, BTreeMap<&str, Amount>> = BTreeMap::new();
    for row in rows {
        let of = by_currency.entry(row.net.currency()).or_default();
        of.insert(&row.category, row.net);
    }
    let mut differences = Vec::new();
    for (currency, of) in by_currency {
        let get = |name: &str| of.get(name).copied().unwrap_or(Amount::zero(currency));
        let sum = get("starting_balance") + get("activity") + get("payouts");
        if sum != get("ending_balance") {
            differences.push(Difference {
                id: currency.to_string(),
                what: "ending balance",
                report: shown_amount(get("ending_balance")),
                ledger: format!("{} by its own parts", shown_amount(sum)),
            });
        }
    }
    differences
}

fn text(kind: ReportKind, count: usize, differences: &[Difference]) -> String {
    let what = format!("{}: {}", kind.title(), counted(count, "row"));
    if kind == ReportKind::BalanceSummary && differences.is_empty() {
        return format!(
            "{what} add up. `tieout report tieout` shows the same balances from the ledger.\n"
        );
    }
    if differences.is_empty() {
        return format!("{what}, each as in the ledger, and none is missing.\n");
    }
    let rows: Vec<Vec<String>> = differences
        .iter()
        .map(|difference| {
            vec![
                difference.id.clone(),
                difference.what.to_owned(),
                difference.report.clone(),
                difference.ledger.clone(),
            ]
        })
        .collect();
    let header = [
        ("Balance transaction", Align::Left),
        ("What", Align::Left),
        ("Report", Align::Right),
        ("Ledger", Align::Right),
    ];
    let heading = counted(differences.len(), "difference");
    format!("{what}, {heading}:\n{}", render(&header, &rows, width()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn row(category: &str, minor: i64) -> SummaryRow {
        SummaryRow { category: category.into(), net: Amount::new(minor, Currency::USD) }
    }

    #[test]
    fn a_summary_that_does_not_add_up_is_told() {
        let mut rows = vec![
            row("starting_balance", 100),
            row("activity", 50),
            row("payouts", -120),
            row("ending_balance", 30),
        ];
        assert!(add_up(&rows).is_empty());
        rows[3] = row("ending_balance", 31);
        assert_eq!(add_up(&rows)[0].what, "ending balance");
    }
}
