//! The tie-out as text: each statement with its terms, the figure it is held against, and the
//! difference.

use std::fmt::Write;

use crate::reconcile::{Line, LineKind, Statement, TieOut};
use crate::report::plan::{counted, number};
use crate::report::table::{Align, render};

/// Items shown under a line before the rest is counted.
const ITEMS_MAX: usize = 10;

/// Every statement as text within `columns`.
pub fn text(tieout: &TieOut, columns: u16) -> String {
    let mut text = head(tieout);
    for statement in &tieout.statements {
        let rows = rows(statement);
        writeln!(text, "\n{}", statement.title).expect("writing to a string cannot fail");
        let header = [("", Align::Left), ("Count", Align::Right), ("Amount", Align::Right)];
        text.push_str(&render(&header, &rows, columns));
        if let Some(why) = &statement.unproven {
            writeln!(text, "  {why}").expect("writing to a string cannot fail");
        }
    }
    writeln!(text, "\n{}", summary(tieout)).expect("writing to a string cannot fail");
    text
}

/// Whose books these are, of which time, and in which zone.
fn head(tieout: &TieOut) -> String {
    let company = tieout.company.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let known = tieout.known.map_or_else(
        || "Nothing is known of Stripe yet.".to_owned(),
        |window| {
            let (since, until) = (tieout.local(window.since), tieout.local(window.until));
            format!("Stripe from {since} up to {until}.")
        },
    );
    format!(
        "{company}Stripe {} against NetSuite {}\n{known} NetSuite at {}. All times {}.\n",
        tieout.stripe_account,
        tieout.netsuite_account,
        tieout.local(tieout.as_of),
        tieout.zone
    )
}

/// Whether everything ties out, and what of it is not proven yet.
pub fn summary(tieout: &TieOut) -> String {
    let differing: Vec<&Statement> =
        tieout.statements.iter().filter(|statement| !statement.ties_out()).collect();
    if differing.is_empty() {
        let unproven = tieout.statements.iter().filter(|s| s.unproven.is_some()).count();
        let proven = counted(tieout.statements.len() - unproven, "statement");
        let rest = if unproven > 0 {
            format!(" Not proven yet: {}.", counted(unproven, "statement"))
        } else {
            String::new()
        };
        return format!("Everything ties out: {proven}, every difference 0.00.{rest}");
    }
    let named: Vec<String> = differing
        .iter()
        .map(|statement| format!("{} ({})", statement.title, statement.difference))
        .collect();
    let verb = if differing.len() == 1 { "differs" } else { "differ" };
    format!("{} {verb}: {}.", counted(differing.len(), "statement"), named.join("; "))
}

fn rows(statement: &Statement) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for line in &statement.lines {
        rows.push(row(line));
        if line.kind == LineKind::Term && shows_items(line) {
            for item in line.items.iter().take(ITEMS_MAX) {
                let label = format!("    {} {} {}", item.date, item.id, item.label);
                rows.push(vec![label, String::new(), item.amount.to_string()]);
            }
            if line.items.len() > ITEMS_MAX {
                let rest = line.items.len() - ITEMS_MAX;
                rows.push(vec![format!("    … and {rest} more"), String::new(), String::new()]);
            }
        }
    }
    rows.push(vec!["Difference".into(), String::new(), statement.difference.to_string()]);
    rows
}

/// Long lists of ordinary timing items are counted, not listed: the JSON and the HTML have them.
fn shows_items(line: &Line) -> bool {
    !line.items.is_empty() && line.items.len() <= ITEMS_MAX
}

fn row(line: &Line) -> Vec<String> {
    let count = if line.count == 0 { String::new() } else { number(line.count) };
    vec![line.label.clone(), count, line.amount.to_string()]
}
