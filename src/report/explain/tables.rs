//! The tables of an explanation. Each that sums ends in a total.

use crate::explain::{Chapter, Entry, Event, Makeup, MakeupRow, Member, OpenInvoice, Standing};
use crate::money::{Amount, Currency};
use crate::report::explain::ROWS_MAX;
use crate::report::explain::page::Table;
use crate::report::table::Align;

/// Events shown before the rest is counted.
const EVENTS_MAX: usize = 60;

pub(super) fn events(events: &[Event]) -> Table {
    let shown = events.iter().take(EVENTS_MAX).map(|event| {
        let amount = event.amount.map(|amount| amount.to_string()).unwrap_or_default();
        vec![event.date.to_string(), event.text.clone(), amount]
    });
    let mut rows: Vec<Vec<String>> = shown.collect();
    if events.len() > EVENTS_MAX {
        let rest = format!("… and {} more; --output json has all", events.len() - EVENTS_MAX);
        rows.push(vec![String::new(), rest, String::new()]);
    }
    let header = vec![("Date", Align::Whole), ("What", Align::Left), ("Amount", Align::Right)];
    Table { header, rows }
}

pub(super) fn makeup(makeup: &Makeup) -> Table {
    let row = |row: &MakeupRow| {
        vec![
            row.label.clone(),
            row.count.to_string(),
            row.gross.to_string(),
            (-row.fee).to_string(),
            row.net.to_string(),
        ]
    };
    let header = vec![
        ("Kind", Align::Left),
        ("Count", Align::Right),
        ("Gross", Align::Right),
        ("Fees", Align::Right),
        ("Net", Align::Right),
    ];
    Table { header, rows: makeup.rows.iter().chain([&makeup.total]).map(row).collect() }
}

pub(super) fn members(members: &[Member]) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let count = if members.len() > ROWS_MAX { ROWS_MAX - 1 } else { members.len() };
    let (shown, rest) = members.split_at(count);
    for member in shown {
        let what = member.source.as_ref().map_or(member.id.as_str(), |source| source.as_str());
        rows.push(vec![
            member.date.to_string(),
            format!("{what}, {}", member.label),
            (-member.fee).to_string(),
            member.net.to_string(),
        ]);
    }
    if let Some(first) = rest.first() {
        let sum = |pick: &dyn Fn(&Member) -> Amount| {
            rest.iter().skip(1).fold(pick(first), |sum, member| sum + pick(member)).to_string()
        };
        rows.push(vec![
            String::new(),
            format!("… and {} more; --output json has all", rest.len()),
            sum(&|member| -member.fee),
            sum(&|member| member.net),
        ]);
    }
    let header = vec![
        ("Date", Align::Whole),
        ("What", Align::Left),
        ("Fee", Align::Right),
        ("Net", Align::Right),
    ];
    Table { header, rows }
}

/// One row per record.
pub(super) fn brief(records: &[Chapter], is_wide: bool) -> Table {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for record in records {
        let mut row = vec![
            record.date.map(|date| date.to_string()).unwrap_or_default(),
            record.title.clone(),
            standing(record.state.standing).to_owned(),
            record.total.map(|total| total.to_string()).unwrap_or_default(),
        ];
        if is_wide {
            row.insert(2, record.because.clone().unwrap_or_default());
        }
        rows.push(row);
    }
    let mut header = vec![
        ("Date", Align::Whole),
        ("Record", Align::Left),
        ("State", Align::Whole),
        ("Amount", Align::Right),
    ];
    if is_wide {
        header.insert(2, ("Because", Align::Left));
    }
    Table { header, rows }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Desired => "not posted",
        Standing::Posted => "posted",
        Standing::Verified => "verified",
        Standing::Drifted => "changed",
        Standing::Failed => "refused",
        Standing::InDoubt => "in doubt",
        Standing::Blocked => "blocked",
        Standing::Unwanted => "not wanted",
        Standing::SummedUp => "summed up",
    }
}

/// The lines of a record, down to its total.
pub(super) fn lines(chapter: &Chapter) -> Table {
    let all = &chapter.lines;
    let count = if all.len() > ROWS_MAX { ROWS_MAX - 1 } else { all.len() };
    let (shown, rest) = all.split_at(count);
    let mut rows: Vec<Vec<String>> = shown
        .iter()
        .map(|line| vec![line.what.clone(), line.detail.clone(), line.amount.to_string()])
        .collect();
    if let Some(first) = rest.first() {
        let sum = rest.iter().skip(1).fold(first.amount, |sum, line| sum + line.amount);
        rows.push(vec![format!("… and {} more", rest.len()), String::new(), sum.to_string()]);
    }
    if let Some(total) = chapter.total {
        rows.push(vec!["Total".into(), String::new(), total.to_string()]);
    }
    Table {
        header: vec![("Line", Align::Left), ("Detail", Align::Left), ("Amount", Align::Right)],
        rows,
    }
}

/// Debits and credits per account, with a total per currency.
pub(super) fn ledger(entries: &[Entry], is_wide: bool) -> Table {
    let mut currencies: Vec<Currency> = entries.iter().map(|e| e.amount.currency()).collect();
    currencies.sort();
    currencies.dedup();
    let mut rows = Vec::new();
    for currency in currencies {
        let own = entries.iter().filter(|entry| entry.amount.currency() == currency);
        let (mut debits, mut credits) = (Amount::zero(currency), Amount::zero(currency));
        for entry in own {
            let amount = entry.amount;
            let (debit, credit) = if amount.is_negative() {
                credits -= amount;
                (String::new(), (-amount).to_string())
            } else {
                debits += amount;
                (amount.to_string(), String::new())
            };
            let setting = entry.setting.clone().unwrap_or_default();
            rows.push(row(entry.name.clone(), setting, debit, credit, is_wide));
        }
        let total = format!("Total {currency}");
        rows.push(row(total, String::new(), debits.to_string(), credits.to_string(), is_wide));
    }
    let mut header =
        vec![("Account", Align::Left), ("Debit", Align::Right), ("Credit", Align::Right)];
    if is_wide {
        header.insert(1, ("Setting", Align::Left));
    }
    Table { header, rows }
}

fn row(name: String, setting: String, debit: String, credit: String, is_wide: bool) -> Vec<String> {
    if is_wide { vec![name, setting, debit, credit] } else { vec![name, debit, credit] }
}

/// From an invoice's total to what is open of it.
pub(super) fn open(invoice: &OpenInvoice) -> Table {
    let mut rows = vec![vec!["Billed".into(), invoice.total.to_string()]];
    for applied in &invoice.taken_off {
        rows.push(vec![applied.document.clone(), (-applied.amount).to_string()]);
    }
    rows.push(vec!["Open in the books".into(), invoice.open.to_string()]);
    rows.push(vec!["Open in Stripe".into(), invoice.open_in_stripe.to_string()]);
    Table { header: vec![("", Align::Left), ("Amount", Align::Right)], rows }
}
