//! The one shape of every report: sections of typed columns and rows, whose totals are added up while
//! the rows go by.
//!
//! Rows are handed on one at a time, because a month may have a million of them: a [`Sink`] keeps,
//! counts or writes what it needs. What a row looks like in a format is `report`'s business.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::money::{Amount, Currency};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// An id that `tieout explain` takes.
    Id,
    Date,
    Count,
    Amount,
}

/// One column of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// A stable word.
    pub key: &'static str,
    pub title: &'static str,
    pub kind: Kind,
    /// Whether the last row of a list has its sum.
    pub sums: bool,
}

impl Column {
    pub const fn text(key: &'static str, title: &'static str) -> Self {
        Self { key, title, kind: Kind::Text, sums: false }
    }

    pub const fn id(key: &'static str, title: &'static str) -> Self {
        Self { key, title, kind: Kind::Id, sums: false }
    }

    pub const fn date(key: &'static str, title: &'static str) -> Self {
        Self { key, title, kind: Kind::Date, sums: false }
    }

    /// A number that says something by itself: an age.
    pub const fn number(key: &'static str, title: &'static str) -> Self {
        Self { key, title, kind: Kind::Count, sums: false }
    }

    pub const fn count(key: &'static str, title: &'static str) -> Self {
        Self { key, title, kind: Kind::Count, sums: true }
    }

    pub const fn amount(key: &'static str, title: &'static str) -> Self {
        Self { key, title, kind: Kind::Amount, sums: true }
    }
}

/// The columns of a proof.
pub const STATEMENT: [Column; 3] = [
    Column::text("line", "Line"),
    Column::count("count", "Count"),
    Column::amount("amount", "Amount"),
];

/// What is in one place of a row. Texts are lent: few of a month's millions are kept by a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    Id(Cow<'a, str>),
    Date(NaiveDate),
    Count(i64),
    Amount(Amount),
}

impl<'a> Cell<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn id(id: impl Into<Cow<'a, str>>) -> Self {
        Self::Id(id.into())
    }

    fn kept(&self) -> Cell<'static> {
        match self {
            Self::Empty => Cell::Empty,
            Self::Text(text) => Cell::Text(Cow::Owned(text.clone().into_owned())),
            Self::Id(id) => Cell::Id(Cow::Owned(id.clone().into_owned())),
            Self::Date(date) => Cell::Date(*date),
            Self::Count(count) => Cell::Count(*count),
            Self::Amount(amount) => Cell::Amount(*amount),
        }
    }

    pub fn count(count: usize) -> Self {
        Self::Count(i64::try_from(count).expect("fewer things than an i64 counts"))
    }

    /// Empty where there is none.
    pub fn or_empty<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }
}

/// What a row is to its section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// One thing of a list.
    Item,
    /// Adds to the total of a proof.
    Term,
    /// The sum of what stands above it.
    Total,
    /// The figure that a total is held against.
    Observed,
    /// Observed less total.
    Difference,
}

impl Weight {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Term => "term",
            Self::Total => "total",
            Self::Observed => "observed",
            Self::Difference => "difference",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    pub weight: Weight,
    /// One for each column.
    pub cells: Vec<Cell<'a>>,
    /// The key of the section that has the items of this row.
    pub link: Option<String>,
}

impl Row<'_> {
    /// The same, for a sink that keeps it.
    pub fn kept(&self) -> Row<'static> {
        let cells = self.cells.iter().map(Cell::kept).collect();
        Row { weight: self.weight, cells, link: self.link.clone() }
    }

    /// Its last amount: the figure that it comes to.
    pub fn amount(&self) -> Option<Amount> {
        self.cells.iter().rev().find_map(|cell| match cell {
            Cell::Amount(amount) => Some(*amount),
            _ => None,
        })
    }
}

/// What a section is drawn as, beside its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    None,
    /// Each bar starts where the one before it ended.
    Waterfall,
    /// Two bars for each row: its two amounts.
    Days,
    /// A bar for each row: its last amount.
    Bars,
}

/// What a section is, before its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Unique in its report: `rollforward-USD`.
    pub key: String,
    pub title: String,
    /// Of every amount in it.
    pub currency: Option<Currency>,
    pub columns: Vec<Column>,
    pub picture: Picture,
    /// A whole sentence about what is in it, or about what it proves.
    pub note: Option<String>,
    /// Which items stand behind another section's row; such a section is shown folded.
    pub is_detail: bool,
}

impl Head {
    pub fn new(key: impl Into<String>, title: impl Into<String>, columns: &[Column]) -> Self {
        Self {
            key: key.into(),
            title: title.into(),
            currency: None,
            columns: columns.to_vec(),
            picture: Picture::None,
            note: None,
            is_detail: false,
        }
    }

    #[must_use]
    pub fn of(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    #[must_use]
    pub fn drawn(mut self, picture: Picture) -> Self {
        self.picture = picture;
        self
    }

    #[must_use]
    pub fn noted(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }

    #[must_use]
    pub fn detail(mut self) -> Self {
        self.is_detail = true;
        self
    }
}

/// What takes a report as it is made.
pub trait Sink {
    /// Whether it wants the items of lists. Where it does not, they are not made: it sees that there is
    /// a list, and every row of the proofs.
    fn wants_items(&self) -> bool {
        true
    }
    fn begin(&mut self, head: &Head);
    fn row(&mut self, row: &Row);
    /// How many items the section has, totals not counted.
    fn end(&mut self, count: usize);
}

/// One line of a proof, above its total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub label: String,
    pub count: usize,
    pub amount: Amount,
    pub link: Option<String>,
}

impl Term {
    pub fn new(label: impl Into<String>, count: usize, amount: Amount) -> Self {
        Self { label: label.into(), count, amount, link: None }
    }

    #[must_use]
    pub fn behind(mut self, section: impl Into<String>) -> Self {
        self.link = Some(section.into());
        self
    }
}

/// A difference that a report found or found not to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub section: String,
    pub title: String,
    pub currency: Currency,
    pub difference: Amount,
    pub unproven: Option<String>,
}

/// Hands a report to a sink: adds up, and holds against each other what must be equal.
pub struct Writer<'a> {
    sink: &'a mut dyn Sink,
    pub proofs: Vec<Proof>,
}

impl<'a> Writer<'a> {
    pub fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink, proofs: Vec::new() }
    }

    /// Whether the rows of lists are taken.
    pub fn wants_items(&self) -> bool {
        self.sink.wants_items()
    }

    /// A list with the sums of its columns; nothing at all where it has no rows.
    pub fn list<'r>(&mut self, head: &Head, rows: impl IntoIterator<Item = Vec<Cell<'r>>>) {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return;
        }
        self.sink.begin(head);
        if !self.sink.wants_items() {
            return self.sink.end(0);
        }
        let mut sums: Vec<Option<Cell>> = vec![None; head.columns.len()];
        let mut count = 0;
        for cells in rows {
            assert_eq!(cells.len(), head.columns.len(), "{}: a cell for each column", head.key);
            for ((sum, cell), column) in sums.iter_mut().zip(&cells).zip(&head.columns) {
                if column.sums {
                    add(sum, cell);
                }
            }
            count += 1;
            self.sink.row(&Row { weight: Weight::Item, cells, link: None });
        }
        if head.columns.iter().any(|column| column.sums) {
            let mut cells: Vec<Cell> =
                sums.into_iter().map(|sum| sum.unwrap_or(Cell::Empty)).collect();
            if cells[0] == Cell::Empty {
                cells[0] = Cell::text("Total");
            }
            self.sink.row(&Row { weight: Weight::Total, cells, link: None });
        }
        self.sink.end(count);
    }

    /// Terms that add up to one figure, the same figure from elsewhere, and the difference.
    pub fn proof(
        &mut self,
        head: &Head,
        terms: Vec<Term>,
        total_label: &str,
        observed: Option<(&str, Amount)>,
    ) -> Amount {
        let currency = head.currency.expect("a proof is of one currency");
        let total = terms.iter().fold(Amount::zero(currency), |sum, term| sum + term.amount);
        self.sink.begin(head);
        let count = terms.len();
        for term in terms {
            let number = if term.count == 0 { Cell::Empty } else { Cell::count(term.count) };
            self.sink.row(&Row {
                weight: Weight::Term,
                cells: vec![Cell::text(term.label), number, Cell::Amount(term.amount)],
                link: term.link,
            });
        }
        self.figure(Weight::Total, total_label, total);
        let mut difference = Amount::zero(currency);
        if let Some((label, amount)) = observed {
            difference = amount - total;
            self.figure(Weight::Observed, label, amount);
            self.figure(Weight::Difference, "Difference", difference);
            self.proofs.push(Proof {
                section: head.key.clone(),
                title: head.title.clone(),
                currency,
                difference,
                unproven: head.note.clone(),
            });
        }
        self.sink.end(count);
        difference
    }

    fn figure(&mut self, weight: Weight, label: &str, amount: Amount) {
        let cells = vec![Cell::text(label), Cell::Empty, Cell::Amount(amount)];
        self.sink.row(&Row { weight, cells, link: None });
    }
}

fn add<'a>(sum: &mut Option<Cell<'a>>, cell: &Cell<'a>) {
    match (sum.as_mut(), cell) {
        (_, Cell::Empty) => {}
        (None, cell) => *sum = Some(cell.clone()),
        (Some(Cell::Amount(sum)), Cell::Amount(amount)) => *sum += *amount,
        (Some(Cell::Count(sum)), Cell::Count(count)) => *sum += count,
        (sum, cell) => panic!("{cell:?} cannot be added to {sum:?}: a column has one kind"),
    }
}
