//! The plan as a person reads it: what is blocked, what would be made, what it moves.

mod diff;
mod groups;
mod payouts;
mod rows;
mod words;

pub use diff::{Compared, compared};
pub use rows::{page, rows};

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::money::{Amount, Currency, grouped};
use crate::netsuite::record::RecordKind;
use crate::plan::effect::effect;
use crate::plan::{Action, Plan};
use crate::report::AccountNames;
use crate::report::table::{Align, render};

/// Rows of blocked records and of exceptions shown before the rest is counted.
const ROWS_MAX: usize = 20;

/// The whole plan as text within `columns`.
pub fn text(plan: &Plan, names: &dyn AccountNames, columns: u16) -> String {
    let mut text = String::new();
    blocked(&mut text, plan, columns);
    exceptions(&mut text, plan, columns);
    accepted(&mut text, plan, columns);
    if plan.left_count > 0 {
        let left = counted(plan.left_count, "record");
        line(
            &mut text,
            &format!("A plan has an end: {left} are for the next, once this is posted."),
        );
    }
    if plan.is_empty() {
        let count = number(plan.unchanged_count);
        line(&mut text, &format!("Nothing to post: {count} records are as they should be."));
        return text;
    }
    line(&mut text, "What would be posted");
    text.push_str(&render(
        &[
            ("Record", Align::Left),
            ("Create", Align::Right),
            ("Update", Align::Right),
            ("Amount", Align::Right),
        ],
        &kind_rows(plan),
        columns,
    ));
    line(&mut text, "What it moves in the general ledger");
    text.push_str(&render(
        &[("Account", Align::Left), ("Debit", Align::Right), ("Credit", Align::Right)],
        &effect_rows(plan, names),
        columns,
    ));
    line(&mut text, &summary(plan));
    text
}

/// One sentence: how many changes, and how many records stay.
pub fn summary(plan: &Plan) -> String {
    let count = |action| plan.changes.iter().filter(|change| change.action == action).count();
    format!(
        "{} to create, {} to update, {} unchanged, {} blocked, {}.",
        number(count(Action::Create)),
        number(count(Action::Update)),
        number(plan.unchanged_count),
        number(plan.blocked.len()),
        exception_count(plan.exceptions.len(), plan.accepted.len()),
    )
}

/// `3 exceptions`, `3 exceptions and 1 accepted for now`.
pub fn exception_count(open: usize, accepted: usize) -> String {
    let open = counted(open, "exception");
    if accepted == 0 { open } else { format!("{open} and {} accepted for now", number(accepted)) }
}

/// `1 exception`, `2 exceptions`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", number(count)) }
}

/// `16,060`.
pub fn number(count: usize) -> String {
    grouped(&count.to_string())
}

fn line(text: &mut String, heading: &str) {
    writeln!(text, "\n{heading}").expect("writing to a string cannot fail");
}

fn blocked(text: &mut String, plan: &Plan, columns: u16) {
    let title = format!("Blocked: {}", counted(plan.blocked.len(), "record"));
    let header =
        [("Record", Align::Left), ("Amount", Align::Right), ("Why, and what to do", Align::Left)];
    first_of(text, &title, &header, &plan.blocked, columns, |blocked| {
        vec![
            format!("{} {}", blocked.kind.title(), blocked.external_id),
            shown(blocked.amount),
            format!("{} {}", blocked.reason, blocked.fix),
        ]
    });
}

fn exceptions(text: &mut String, plan: &Plan, columns: u16) {
    let title = format!("Needs a person: {}", counted(plan.exceptions.len(), "exception"));
    let header =
        [("Object", Align::Left), ("Amount", Align::Right), ("Why, and what to do", Align::Left)];
    first_of(text, &title, &header, &plan.exceptions, columns, |exception| {
        vec![
            exception.subject.clone(),
            shown(exception.amount),
            format!("{} {}", exception.message, exception.fix),
        ]
    });
}

fn accepted(text: &mut String, plan: &Plan, columns: u16) {
    let title = format!("Accepted for now: {}", counted(plan.accepted.len(), "exception"));
    let header = [
        ("Object", Align::Left),
        ("Until", Align::Whole),
        ("Amount", Align::Right),
        ("What, and why it may stand", Align::Left),
    ];
    first_of(text, &title, &header, &plan.accepted, columns, |one| {
        let why = format!("{} Accepted: {}", one.exception.message, one.reason);
        vec![one.exception.subject.clone(), one.until.to_string(), shown(one.exception.amount), why]
    });
}

/// The first of a list, and how many more there are; nothing of an empty one.
fn first_of<T>(
    text: &mut String,
    title: &str,
    header: &[(&str, Align)],
    all: &[T],
    columns: u16,
    row: impl Fn(&T) -> Vec<String>,
) {
    if all.is_empty() {
        return;
    }
    line(text, title);
    let rows: Vec<Vec<String>> = all.iter().take(ROWS_MAX).map(row).collect();
    text.push_str(&render(header, &rows, columns));
    more(text, all.len());
}

fn shown(amount: Option<Amount>) -> String {
    amount.map(|amount| amount.to_string()).unwrap_or_default()
}

fn more(text: &mut String, count: usize) {
    if count > ROWS_MAX {
        let rest = count - ROWS_MAX;
        writeln!(text, "  … and {rest} more, all of them in the plan file and in --output json.")
            .expect("writing to a string cannot fail");
    }
}

/// One row per kind and currency, in the order of sending.
fn kind_rows(plan: &Plan) -> Vec<Vec<String>> {
    type Tally = (usize, usize, Option<Amount>);
    let mut tallies: BTreeMap<(RecordKind, Option<Currency>), Tally> = BTreeMap::new();
    for change in &plan.changes {
        let total = change.record.body.total();
        let tally =
            tallies.entry((change.kind, total.map(Amount::currency))).or_insert((0, 0, None));
        match change.action {
            Action::Create => {
                tally.0 += 1;
                tally.2 = match (tally.2, total) {
                    (Some(sum), Some(amount)) => Some(sum + amount),
                    (sum, amount) => sum.or(amount),
                };
            }
            Action::Update => tally.1 += 1,
        }
    }
    tallies
        .into_iter()
        .map(|((kind, _), (created, updated, total))| {
            let number = |count| if count == 0 { String::new() } else { number(count) };
            vec![
                kind.title().into(),
                number(created),
                number(updated),
                total.map(|amount| amount.to_string()).unwrap_or_default(),
            ]
        })
        .collect()
}

/// Accounts with their debits and credits, and a total per currency that must foot.
fn effect_rows(plan: &Plan, names: &dyn AccountNames) -> Vec<Vec<String>> {
    let movements = effect(plan.changes.iter().flat_map(|change| &change.postings));
    let mut named: Vec<(Currency, String, Amount, Amount)> = movements
        .into_iter()
        .map(|((currency, account), movement)| {
            (currency, names.name(&account), movement.debit, movement.credit)
        })
        .collect();
    named.sort();
    let show = |amount: Amount| if amount.is_zero() { String::new() } else { amount.to_string() };
    let mut rows = Vec::new();
    let mut rest = named.as_slice();
    while let Some((currency, ..)) = rest.first() {
        let count = rest.iter().take_while(|row| row.0 == *currency).count();
        let (own, after) = rest.split_at(count);
        let zero = Amount::zero(*currency);
        let (mut debits, mut credits) = (zero, zero);
        for (_, name, debit, credit) in own {
            debits += *debit;
            credits += *credit;
            rows.push(vec![name.clone(), show(*debit), show(*credit)]);
        }
        rows.push(vec![format!("Total {currency}"), debits.to_string(), credits.to_string()]);
        rest = after;
    }
    rows
}
