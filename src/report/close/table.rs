//! A report as text. Eighty columns have the figures; wider ones have every column.

use std::fmt::Write;

use super::shown;
use crate::reconcile::close::facts::Source;
use crate::reconcile::close::sheet::{Column, Head, Kind, Proof, Row, Sink, Weight};
use crate::reconcile::close::{Facts, Report};
use crate::report::plan::{counted, number};
use crate::report::table::{Align, render};

/// Items shown before the rest is counted.
const ITEMS_MAX: usize = 40;
/// The same for what stands behind a row of another section.
const DETAILS_MAX: usize = 5;
/// A list of more columns than this is shown in part where the terminal is narrow.
const NARROW_COLUMNS_MAX: usize = 5;
/// From here on every column is shown.
const WIDE: u16 = 130;

pub(super) struct Text {
    text: String,
    columns: u16,
    section: Option<Head>,
    rows: Vec<Row<'static>>,
    item_count: usize,
    items_max: usize,
}

/// What stands above the sections of a report of a period.
pub(super) fn head(facts: &Facts, report: Report) -> String {
    let company = facts.company.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let netsuite = match facts.source {
        Source::NetSuite => "read at",
        Source::Posted => "not read, as posted, at",
    };
    format!(
        "{company}{}\nStripe {} against NetSuite {}, {} in {}. NetSuite {netsuite} {}.\n",
        report.title(),
        facts.stripe_account,
        facts.netsuite_account,
        facts.period.name,
        facts.zone,
        facts.local(facts.read_at),
    )
}

impl Text {
    pub(super) fn new(head: &str, columns: u16) -> Self {
        let (text, rows) = (head.to_owned(), Vec::new());
        Self { text, columns, section: None, rows, item_count: 0, items_max: ITEMS_MAX }
    }

    pub(super) fn end_of_text(mut self, proofs: &[Proof]) -> String {
        let differing = proofs.iter().filter(|proof| !proof.difference.is_zero());
        let named: Vec<String> =
            differing.map(|proof| format!("{} ({})", proof.title, proof.difference)).collect();
        let last = match (named.is_empty(), proofs.is_empty()) {
            (true, true) => return self.text,
            (true, false) => format!("{}, every difference 0.", counted(proofs.len(), "proof")),
            (false, _) => format!("Differs: {}.", named.join("; ")),
        };
        line(&mut self.text, &format!("\n{last}"));
        self.text
    }
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("writing to a string cannot fail");
}

/// The columns that a narrow terminal has room for: what it is, when, and what it comes to.
fn chosen(columns: &[Column], width: u16) -> Vec<usize> {
    let all: Vec<usize> = (0..columns.len()).collect();
    if width >= WIDE || columns.len() <= NARROW_COLUMNS_MAX {
        return all;
    }
    let is_figure = |place: &usize| matches!(columns[*place].kind, Kind::Amount);
    let mut figures: Vec<usize> = all.iter().copied().filter(is_figure).collect();
    let first = figures.len().saturating_sub(2);
    let figures = figures.split_off(first);
    let texts = all.into_iter().filter(|place| !is_figure(place)).take(3);
    let mut chosen: Vec<usize> = texts.chain(figures).collect();
    chosen.sort_unstable();
    chosen
}

impl Sink for Text {
    fn begin(&mut self, head: &Head) {
        self.section = Some(head.clone());
        self.rows.clear();
        self.item_count = 0;
        self.items_max = if head.is_detail { DETAILS_MAX } else { ITEMS_MAX };
    }

    fn row(&mut self, row: &Row) {
        if row.weight == Weight::Item {
            self.item_count += 1;
            if self.item_count > self.items_max {
                return;
            }
        }
        self.rows.push(row.kept());
    }

    fn end(&mut self, _: usize) {
        let Some(head) = self.section.take() else { return };
        let places = chosen(&head.columns, self.columns);
        line(&mut self.text, &format!("\n{}", head.title));
        let header: Vec<(&str, Align)> = places
            .iter()
            .map(|place| {
                let column = head.columns[*place];
                let align = match column.kind {
                    Kind::Text => Align::Left,
                    Kind::Id | Kind::Date => Align::Whole,
                    Kind::Count | Kind::Amount => Align::Right,
                };
                (column.title, align)
            })
            .collect();
        let of = |row: &Row| places.iter().map(|place| shown(&row.cells[*place])).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(of).collect();
        self.text.push_str(&render(&header, &rows, self.columns));
        if self.item_count > self.items_max {
            let rest = number(self.item_count - self.items_max);
            line(&mut self.text, &format!("  … and {rest} more, in --output csv, json or html."));
        }
        if places.len() < head.columns.len() {
            line(&mut self.text, "  More columns on a wider terminal, and in every other format.");
        }
        if let Some(note) = &head.note {
            line(&mut self.text, &format!("  {note}"));
        }
    }
}
