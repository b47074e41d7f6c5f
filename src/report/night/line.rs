//! How a run ended, on one line.

use super::{Standing, Summary};
use crate::money::grouped;

/// Such as: "`tieout run` ended with 3 (finished, some records failed or are blocked): 120 objects new
/// or changed, 14 changes planned, …".
pub fn line(summary: &Summary) -> String {
    let Summary { command, exit_code, meaning, .. } = summary;
    let mut parts = vec![format!("`tieout {command}` ended with {exit_code} ({meaning})")];
    let others: Vec<String> = summary
        .accounts
        .iter()
        .filter(|account| account.exit_code != 0)
        .filter_map(|account| Some(format!("{} {}", account.name.as_ref()?, account.exit_code)))
        .collect();
    if !others.is_empty() {
        parts.push(format!("accounts {}", others.join(", ")));
    }
    let mut figures = Vec::new();
    let missed = standings(summary).map(|standing| standing.catch_up.missed).max();
    if let Some(missed) = missed.filter(|missed| *missed > 0) {
        let nights = if missed == 1 { "night" } else { "nights" };
        figures.push(format!("{missed} {nights} caught up"));
    }
    // Figures of a run that never began would only hide why.
    let has_begun = summary.accounts.iter().any(|account| account.ledger_run.is_some());
    let number = |count: u64| grouped(&count.to_string());
    for (count, what, always) in [
        (
            summary.sum(|a| a.counts.pulled.new + a.counts.pulled.changed),
            "objects new or changed",
            true,
        ),
        (summary.sum(|a| a.counts.planned), "planned", true),
        (summary.sum(|a| a.counts.posted.sum()), "posted", true),
        (summary.sum(|a| a.counts.failed), "failed", true),
        (summary.sum(|a| a.counts.blocked), "blocked", true),
        (summary.sum(|a| a.counts.in_doubt), "in doubt", true),
        (
            standings(summary).map(|standing| standing.exceptions.open).sum(),
            "exceptions open",
            true,
        ),
        (summary.sum(|a| u64::try_from(differing(a)).unwrap_or_default()), "proofs differ", false),
        (summary.sum(|a| a.requests.stripe), "requests to Stripe", true),
        (summary.sum(|a| a.requests.netsuite), "to NetSuite", true),
    ] {
        if (always && has_begun) || count > 0 {
            figures.push(format!("{} {what}", number(count)));
        }
    }
    figures.push(format!("{} s", number(summary.duration_ms.div_ceil(1000))));
    format!("{}: {}.", parts.join(", "), figures.join(", "))
}

fn standings(summary: &Summary) -> impl Iterator<Item = &Standing> {
    summary.accounts.iter().filter_map(|account| account.standing.as_ref())
}

fn differing(account: &super::Account) -> usize {
    let proofs = account.differences.iter().flatten();
    proofs.filter(|proof| !proof.difference.is_zero()).count()
}
