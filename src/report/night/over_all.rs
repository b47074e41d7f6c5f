//! How several Stripe accounts ended, one line for each.

use super::{Account, Counts, Summary, Totals};
use crate::money::grouped;
use crate::report::table::{Align, render};

/// A table of the accounts within `columns`, with what they come to.
pub fn over_all(summary: &Summary, columns: u16) -> String {
    let header = [
        ("Account", Align::Whole),
        ("Ended", Align::Right),
        ("Created", Align::Right),
        ("Updated", Align::Right),
        ("Failed", Align::Right),
        ("Blocked", Align::Right),
        ("Doubt", Align::Right),
        ("Exceptions", Align::Right),
        ("Differ", Align::Right),
    ];
    let mut rows: Vec<Vec<String>> = summary.accounts.iter().map(row).collect();
    let Totals { created, updated, failed, blocked, in_doubt, open_exceptions, .. } =
        summary.totals;
    let is_proven = summary.accounts.iter().any(|account| account.differences.is_some());
    let differing = is_proven.then_some(summary.totals.differing);
    let ends = ["Total".into(), summary.exit_code.to_string()];
    let figures = [created, updated, failed, blocked, in_doubt].map(number);
    let last = [number(open_exceptions), differing.map_or_else(String::new, number)];
    rows.push(ends.into_iter().chain(figures).chain(last).collect());
    render(&header, &rows, columns)
}

/// What is not known is not shown as nothing.
fn row(account: &Account) -> Vec<String> {
    let name = account.name.as_ref().or(account.stripe_account.as_ref());
    let Counts { posted, failed, blocked, in_doubt, .. } = account.counts;
    let exceptions = account.standing.as_ref().map(|standing| standing.exceptions.open);
    let figures = [posted.created, posted.updated, failed, blocked, in_doubt].map(Some);
    [name.cloned().unwrap_or_default(), account.exit_code.to_string()]
        .into_iter()
        .chain(
            figures
                .into_iter()
                .chain([exceptions, account.differing()])
                .map(|figure| figure.map_or_else(String::new, number)),
        )
        .collect()
}

fn number(count: u64) -> String {
    grouped(&count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_a_line_and_the_total_is_theirs() {
        let account = |name: &str, exit_code: u8, created: u64| {
            let mut account = Account { name: Some(name.into()), exit_code, ..Account::default() };
            account.counts.posted.created = created;
            account
        };
        let accounts = vec![account("us", 0, 1_200), account("eu", 3, 34)];
        let summary = Summary {
            schema_version: 1,
            run_id: String::new(),
            made_by: String::new(),
            command: "run",
            started: crate::calendar::UnixTime(0),
            finished: crate::calendar::UnixTime(0),
            duration_ms: 0,
            exit_code: 3,
            meaning: "",
            error: None,
            findings: super::super::finding::Findings::new(Vec::new()),
            totals: Totals::of(&accounts),
            accounts,
        };
        let text = over_all(&summary, 80);
        let line = |name: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(name));
            line.unwrap_or_else(|| panic!("{text}"))
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(line("us"), "us 0 1,200 0 0 0 0");
        assert_eq!(line("Total"), "Total 3 1,234 0 0 0 0 0");
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }
}
