//! The fingerprint of every figure of a period: what a person who signs has seen.
//!
//! Ids, days, counts and amounts are in it, in their sections and their order. Words are not: a note on
//! an exception, or a title that a later version words better, changes no figure. Each report has a
//! digest of its own, so that reports may be made at the same time; the fingerprint is that of these.

use super::sheet::{Cell, Head, Row, Sink};
use super::{Facts, Report};
use crate::calendar::push_date;
use crate::digest::Sha256;

/// The same for the same figures, whoever gathers them and whenever. `figures` are in the order of
/// [`Report::ALL`].
pub fn fingerprint(facts: &Facts, figures: impl IntoIterator<Item = (Report, Figures)>) -> String {
    let mut whole = Sha256::default();
    for (report, own) in figures {
        if is_signed(facts, report) {
            whole.update(format!("{} {}\n", report.word(), own.0.hex()).as_bytes());
        }
    }
    whole.hex()
}

/// Whether a report's figures are signed. What the cover tells is how fresh the facts were, and what
/// posted them says nothing of the sums. A close without statements has the figures that it had before
/// there were any.
fn is_signed(facts: &Facts, report: Report) -> bool {
    match report {
        Report::Cover | Report::Changes => false,
        Report::Bank => facts.bank.is_some(),
        _ => true,
    }
}

/// The figures of one report, digested while they go by.
#[derive(Default)]
pub struct Figures(Sha256, String);

impl Sink for Figures {
    fn begin(&mut self, head: &Head) {
        self.0.update(format!("section {}\n", head.key).as_bytes());
    }

    fn row(&mut self, row: &Row) {
        let Self(digest, line) = self;
        line.clear();
        line.push_str(row.weight.word());
        for cell in &row.cells {
            if matches!(cell, Cell::Empty | Cell::Text(_)) {
                continue;
            }
            line.push('\t');
            let mut digits = itoa::Buffer::new();
            match cell {
                Cell::Empty | Cell::Text(_) => {}
                Cell::Id(id) => line.push_str(id),
                Cell::Date(date) => push_date(line, *date),
                Cell::Count(count) => line.push_str(digits.format(*count)),
                Cell::Amount(amount) => {
                    line.extend([digits.format(amount.minor()), " ", amount.currency().code()]);
                }
            }
        }
        line.push('\n');
        digest.update(line.as_bytes());
    }

    fn end(&mut self, count: usize) {
        self.0.update(format!("end {count}\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::{Column, Weight};
    use super::*;
    use crate::money::{Amount, Currency};

    /// Somebody would have signed a figure that was another one, or sign again because of a word.
    #[test]
    fn any_figure_changes_the_digest_and_no_word_does() {
        let digest = |key: &str, cells: &[Cell]| {
            let mut figures = Figures::default();
            figures.begin(&Head::new(key, "A title", &[Column::text("any", "Any")]));
            figures.row(&Row { weight: Weight::Item, cells: cells.to_vec(), link: None });
            figures.end(1);
            figures.0.hex()
        };
        let usd = |minor| Cell::Amount(Amount::new(minor, Currency::USD));
        let day = |text: &str| Cell::Date(text.parse().unwrap());
        let own =
            [Cell::id("txn_1"), day("2026-10-31"), Cell::Count(2), usd(100), Cell::text("note")];
        let with = |place: usize, cell: Cell| {
            let mut cells = own.clone();
            cells[place] = cell;
            digest("fees", &cells)
        };
        let kept = digest("fees", &own);
        let yen = Cell::Amount(Amount::new(100, "JPY".parse().unwrap()));
        for (place, cell) in [
            (0, Cell::id("txn_2")),
            (1, day("2026-11-01")),
            (2, Cell::Count(3)),
            (3, usd(101)),
            (3, yen),
            (3, Cell::Empty),
        ] {
            assert_ne!(with(place, cell.clone()), kept, "{cell:?}");
        }
        assert_ne!(digest("refunds", &own), kept, "in another section");
        assert_eq!(with(4, Cell::text("another note")), kept);
    }
}
