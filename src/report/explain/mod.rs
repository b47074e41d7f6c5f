//! An explanation as text: sentences that wrap and tables that line up, in 80 columns or more.

mod page;
mod tables;

use crate::explain::{Chapter, Explanation, Movement, OpenInvoice, Trouble};
use crate::report::explain::page::Page;
use crate::report::plan::counted;

/// Members of a payout, lines of a record, and rows of a brief list shown before the rest is summed.
const ROWS_MAX: usize = 20;

/// The whole explanation as text within `columns`.
pub fn text(told: &Explanation, columns: u16) -> String {
    let mut page = Page::new(columns);
    page.sentence(0, &told.title);
    page.blank();
    page.sentence(0, &told.lead.join(" "));
    events(&mut page, told);
    if let Some(makeup) = &told.makeup {
        page.heading("What it is made of");
        page.table(2, &tables::makeup(makeup));
        page.heading("Its balance transactions");
        page.table(2, &tables::members(&makeup.members));
    }
    records(&mut page, told);
    invoices(&mut page, told);
    if !told.money.is_empty() {
        page.heading("Where the money is");
        for (place, movement) in told.money.iter().enumerate() {
            if place > 0 {
                page.blank();
            }
            money(&mut page, movement);
        }
    }
    if !told.general_ledger.is_empty() && !is_one_record(told) {
        page.heading("What all of it comes to in the general ledger");
        let table = tables::ledger(&told.general_ledger, page.is_wide());
        page.table(2, &table);
    }
    exceptions(&mut page, &told.exceptions);
    next(&mut page, told);
    for note in &told.notes {
        page.blank();
        page.sentence(0, &format!("Note: {note}"));
    }
    page.finish()
}

/// Then its own debits and credits are all there is.
fn is_one_record(told: &Explanation) -> bool {
    told.records.all.len() == 1 && told.money.iter().all(|movement| movement.shares.is_empty())
}

fn events(page: &mut Page, told: &Explanation) {
    if told.events.is_empty() {
        return;
    }
    page.heading(&format!("What happened in Stripe (dates in {})", told.zone));
    page.table(2, &tables::events(&told.events));
}

fn records(page: &mut Page, told: &Explanation) {
    let records = &told.records.all;
    if records.is_empty() {
        return;
    }
    if told.records.brief {
        page.heading(&format!("Its {}", counted(records.len(), "record")));
        let table = tables::brief(records, page.is_wide());
        page.table(2, &table);
        page.sentence(2, "Ask for one of them to see its lines, debits and credits.");
        return;
    }
    page.heading("What the books say");
    for (place, chapter) in records.iter().enumerate() {
        if place > 0 {
            page.blank();
        }
        record(page, chapter);
    }
}

fn record(page: &mut Page, chapter: &Chapter) {
    let total = chapter.total.map(|total| format!(" of {total}")).unwrap_or_default();
    let date = chapter.date.map(|date| format!(", {date}")).unwrap_or_default();
    page.sentence(2, &format!("{}{total}{date}", chapter.title));
    let period = chapter.period.as_ref().map(|period| format!("Posting period: {period}."));
    let because = chapter.because.as_ref().map(|because| format!("Because: {because}"));
    for text in because.iter().chain(&chapter.details).chain(&period) {
        page.sentence(4, text);
    }
    for setting in &chapter.settings {
        let meaning = setting.meaning.as_deref().unwrap_or_default();
        let text = format!("Policy: {} = \"{}\". {meaning}", setting.name, setting.value);
        page.sentence(4, text.trim_end());
    }
    for applied in &chapter.applied {
        page.sentence(4, &format!("Applied to {}: {}.", applied.document, applied.amount));
    }
    page.sentence(4, &chapter.state.text);
    if !chapter.lines.is_empty() {
        page.blank();
        page.table(4, &tables::lines(chapter));
    }
    if !chapter.postings.is_empty() {
        page.blank();
        let table = tables::ledger(&chapter.postings, page.is_wide());
        page.table(4, &table);
    }
}

/// Of many invoices only those with something open.
fn invoices(page: &mut Page, told: &Explanation) {
    let is_open =
        |invoice: &OpenInvoice| !invoice.open.is_zero() || !invoice.open_in_stripe.is_zero();
    let all = told.invoices.iter();
    let (shown, settled): (Vec<_>, Vec<_>) =
        all.partition(|invoice| !told.records.brief || is_open(invoice));
    for invoice in shown {
        open(page, invoice);
    }
    if !settled.is_empty() {
        page.heading(&format!("Nothing is open of {}.", counted(settled.len(), "other invoice")));
    }
}

fn open(page: &mut Page, invoice: &OpenInvoice) {
    page.heading(&format!("What is open of {}", invoice.external_id));
    page.table(2, &tables::open(invoice));
    page.sentence(2, &invoice.text);
}

fn money(page: &mut Page, movement: &Movement) {
    page.sentence(2, &movement.text.join(" "));
    for share in &movement.shares {
        page.sentence(2, &format!("Its part of {}:", share.title));
        let table = tables::ledger(&share.entries, page.is_wide());
        page.table(4, &table);
    }
}

fn exceptions(page: &mut Page, exceptions: &[Trouble]) {
    if exceptions.is_empty() {
        return;
    }
    page.heading(&format!("Needs a person: {}", counted(exceptions.len(), "exception")));
    for (place, trouble) in exceptions.iter().enumerate() {
        if place > 0 {
            page.blank();
        }
        page.sentence(2, &format!("{}: {}", trouble.subject, trouble.message));
        page.sentence(2, &format!("What to do: {}", trouble.fix));
        if !trouble.blocks.is_empty() {
            let ids: Vec<String> = trouble.blocks.iter().map(ToString::to_string).collect();
            page.sentence(2, &format!("It holds back {}.", ids.join(", ")));
        }
        let age = match (trouble.since, trouble.age_days) {
            (Some(since), Some(0)) => format!("Known since today, {since}"),
            (Some(since), Some(age)) => format!("Known since {since}, {}", counted_days(age)),
            _ => "No plan has seen it yet".to_owned(),
        };
        page.sentence(2, &format!("{age} ({}, {}).", trouble.class, trouble.code));
    }
}

fn counted_days(days: i64) -> String {
    if days == 1 { "1 day ago".into() } else { format!("{days} days ago") }
}

fn next(page: &mut Page, told: &Explanation) {
    let has_exception = !told.exceptions.is_empty();
    if told.records.all.is_empty() && told.money.is_empty() && !has_exception {
        return;
    }
    page.heading("What the next plan would do");
    if told.next.is_empty() {
        let is_held = told.exceptions.iter().any(|exception| !exception.blocks.is_empty());
        page.sentence(
            2,
            if is_held {
                "Nothing, until what holds it back is resolved."
            } else {
                "Nothing: NetSuite has it as the books need it."
            },
        );
        return;
    }
    for step in told.next.iter().take(ROWS_MAX) {
        page.item(2, &step.text);
    }
    if told.next.len() > ROWS_MAX {
        let rest = told.next.len() - ROWS_MAX;
        page.item(2, &format!("… and {rest} more; --output json has all of them."));
    }
}
