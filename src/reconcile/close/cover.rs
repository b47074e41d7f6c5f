//! The cover: what the reports rest on and what they prove: systems, instants, windows that were
//! read, counts, control totals, and the trial balance of what this ledger posted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Report;
use super::facts::{Facts, Source};
use super::sheet::{Cell, Column, Head, Proof, Writer};
use crate::calendar::{UnixTime, Window};
use crate::ids::InternalId;
use crate::money::Amount;

/// What was pulled.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    pub windows: BTreeMap<String, Vec<Window>>,
    /// How many objects of each kind were made in the period.
    pub objects: BTreeMap<String, usize>,
    pub unlisted_payouts: usize,
    /// What the last pull did not end.
    pub broke_off: Option<String>,
    pub in_doubt: usize,
    pub to_plan: usize,
    /// Ends of Stripe's payouts and balance transactions, as far as they were pulled.
    pub known_until: Option<UnixTime>,
    /// What NetSuite was asked; nothing is known of it where an older program kept the reading.
    #[serde(default)]
    pub queries: Vec<Query>,
}

/// A query to NetSuite, with `…` for the ids of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    pub text: String,
    pub requests: u64,
    pub rows: u64,
}

const FACTS: [Column; 2] = [Column::text("what", "What"), Column::text("value", "Value")];

const PROOFS: [Column; 5] = [
    Column::text("report", "Report"),
    Column::text("proof", "Proof"),
    Column::text("state", "State"),
    Column::text("currency", "Currency"),
    Column::text("difference", "Difference"),
];

const WINDOWS: [Column; 3] = [
    Column::text("resource", "Resource"),
    Column::text("since", "From"),
    Column::text("until", "Up to, not included"),
];

const COUNTS: [Column; 2] =
    [Column::text("object", "Object"), Column::count("count", "Made in the period")];

const TOTALS: [Column; 5] = [
    Column::text("total", "Control total"),
    Column::count("count", "Count"),
    Column::amount("gross", "Gross"),
    Column::amount("fee", "Fee"),
    Column::amount("net", "Net"),
];

const TRIAL: [Column; 5] = [
    Column::text("account", "Account"),
    Column::amount("opening", "Before the period"),
    Column::amount("debit", "Debit"),
    Column::amount("credit", "Credit"),
    Column::amount("closing", "At its end"),
];

/// `proven` gives what the other reports prove.
pub(super) fn cover(facts: &Facts, proven: &dyn Fn() -> Vec<(Report, Proof)>, out: &mut Writer) {
    out.list(&Head::new("cover-parameters", "What was read, and when", &FACTS), parameters(facts));
    proofs(proven, out);
    totals(facts, out);
    trial_balance(facts, out);
    let windows = facts.cover.windows.iter().flat_map(|(resource, windows)| {
        windows.iter().map(move |window| {
            let local = |instant| Cell::text(facts.local(instant));
            vec![Cell::text(resource), local(window.since), local(window.until)]
        })
    });
    out.list(&Head::new("cover-windows", "Windows that were read to their end", &WINDOWS), windows);
    let counts = facts.cover.objects.iter();
    let counts = counts.map(|(kind, count)| vec![Cell::text(kind), Cell::count(*count)]);
    out.list(&Head::new("cover-objects", "Objects of Stripe", &COUNTS), counts);
}

fn proofs(proven: &dyn Fn() -> Vec<(Report, Proof)>, out: &mut Writer) {
    let head = Head::new("cover-proofs", "What is proven", &PROOFS);
    if !out.wants_items() {
        // Every other report would be made for rows that nobody takes.
        return out.list(&head, [vec![Cell::Empty; PROOFS.len()]]);
    }
    let mut proofs = proven();
    // What differs first.
    proofs.sort_by_key(|(_, proof)| (proof.difference.is_zero(), proof.unproven.is_none()));
    let rows = proofs.iter().map(|(report, proof)| {
        let state = match (proof.difference.is_zero(), &proof.unproven) {
            (false, _) => "differs",
            (true, Some(_)) => "not proven",
            (true, None) => "ties",
        };
        vec![
            Cell::text(report.word()),
            Cell::text(&proof.title),
            Cell::text(state),
            Cell::text(proof.currency.to_string()),
            Cell::text(proof.difference.to_string()),
        ]
    });
    out.list(&head, rows);
}

fn parameters(facts: &Facts) -> Vec<Vec<Cell<'static>>> {
    let cover = &facts.cover;
    let source = match facts.source {
        Source::NetSuite => "read from NetSuite",
        Source::Posted => "not read: as posted, from the ledger",
    };
    let known = cover.known_until.map_or_else(|| "nothing".to_owned(), |end| facts.local(end));
    let is_whole = cover.known_until.is_some_and(|end| end >= facts.period.window.until);
    let mut rows = vec![
        ("Company", facts.company.clone().unwrap_or_default()),
        ("Stripe account", facts.stripe_account.clone()),
        ("NetSuite account", facts.netsuite_account.clone()),
        ("Period", facts.period.name.clone()),
        ("From", facts.local(facts.period.window.since)),
        ("Up to, not included", facts.local(facts.period.window.until)),
        ("Time zone", facts.zone.to_string()),
        ("NetSuite", source.to_owned()),
        ("NetSuite read at", facts.local(facts.read_at)),
        ("Stripe known up to", known),
        ("Made by", facts.made_by.clone()),
    ];
    if let Some(start) = facts.books_start {
        rows.push(("Books begin on", start.to_string()));
    }
    if !is_whole {
        rows.push(("Warning", "The period was not over, or not pulled to its end.".into()));
    }
    if let Some(what) = &cover.broke_off {
        rows.push(("Warning", format!("The last pull broke off: {what} may be missing in part.")));
    }
    for (count, what) in [
        (cover.unlisted_payouts, "Payouts whose list was not read"),
        (cover.in_doubt, "Records in doubt"),
        (cover.to_plan, "Records that a plan must look at"),
        (facts.asking(), "Exceptions that need a person"),
        (facts.exceptions.len() - facts.asking(), "Exceptions that were accepted for now"),
    ] {
        rows.push((what, count.to_string()));
    }
    rows.into_iter().map(|(what, value)| vec![Cell::text(what), Cell::text(value)]).collect()
}

fn totals(facts: &Facts, out: &mut Writer) {
    for currency in facts.currencies() {
        let zero = Amount::zero(currency);
        let moved = facts.moved(currency);
        let count = moved.len();
        if count == 0 {
            continue;
        }
        let [gross, fee, net] = moved.fold([zero; 3], |[gross, fee, net], own| {
            [gross + own.gross(), fee + own.fee(), net + own.net()]
        });
        let title = format!("Control totals, {currency}");
        let head = Head::new(format!("cover-totals-{currency}"), title, &TOTALS).of(currency);
        let amounts = [gross, fee, net].map(Cell::Amount).to_vec();
        let names = vec![Cell::text("Balance transactions of the period"), Cell::count(count)];
        out.list(&head, [[names, amounts].concat()]);
    }
}

/// Every account that our records move, in base currency, as NetSuite shows it.
fn trial_balance(facts: &Facts, out: &mut Writer) {
    let zero = Amount::zero(facts.base_currency);
    let mut accounts: BTreeMap<&InternalId, [Amount; 3]> = BTreeMap::new();
    for own in &facts.balances {
        let [opening, debit, credit] = accounts.entry(&own.account).or_insert([zero; 3]);
        *opening += own.base_debit[0] - own.base_credit[0];
        *debit += own.base_debit[1];
        *credit += own.base_credit[1];
    }
    let mut named: Vec<(&str, [Amount; 3])> =
        accounts.into_iter().map(|(account, sums)| (facts.account(account), sums)).collect();
    named.sort_by_key(|(name, _)| *name);
    let rows = named.into_iter().map(|(name, [opening, debit, credit])| {
        let amounts = [opening, debit, credit, opening + debit - credit].map(Cell::Amount);
        [vec![Cell::text(name)], amounts.to_vec()].concat()
    });
    let title = format!("Trial balance of what this ledger posted, in {}", facts.base_currency);
    let head = Head::new("cover-trial-balance", title, &TRIAL).of(facts.base_currency);
    out.list(&head, rows);
}
