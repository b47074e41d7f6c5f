//! How several Stripe accounts ended, one line for each.

use super::{Account, Counts, Summary, Totals};
use crate::report::accounts::{Line, table};

const TITLES: [&str; 7] =
    ["Created", "Updated", "Failed", "Blocked", "Doubt", "Exceptions", "Differ"];

/// A table of the accounts within `columns`, with what they come to.
pub fn over_all(summary: &Summary, columns: u16) -> String {
    let lines: Vec<Line> = summary.accounts.iter().map(line).collect();
    let Totals { created, updated, failed, blocked, in_doubt, open_exceptions, .. } =
        summary.totals;
    let is_proven = summary.accounts.iter().any(|account| account.differences.is_some());
    let known = [created, updated, failed, blocked, in_doubt, open_exceptions].map(Some);
    let differing = is_proven.then_some(summary.totals.differing);
    let figures = known.into_iter().chain([differing]).collect();
    let total = Line { name: "Total", exit_code: summary.exit_code, figures };
    table(&TITLES, &lines, &total, columns)
}

fn line(account: &Account) -> Line<'_> {
    let name = account.name.as_deref().or(account.stripe_account.as_deref());
    let Counts { posted, failed, blocked, in_doubt, .. } = account.counts;
    let exceptions = account.standing.as_ref().map(|standing| standing.exceptions.open);
    let known = [posted.created, posted.updated, failed, blocked, in_doubt].map(Some);
    Line {
        name: name.unwrap_or_default(),
        exit_code: account.exit_code,
        figures: known.into_iter().chain([exceptions, account.differing()]).collect(),
    }
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
