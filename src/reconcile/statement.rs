//! A statement: terms that add up to one figure, the same figure from elsewhere, the difference.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::{UnixTime, Window, Zone};
use crate::money::{Amount, Currency};
use crate::reconcile::payouts::PayoutLeg;

/// One proof, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// A stable word: `rollforward`, `bridge`, `payouts`, `receivables`, `fees`.
    pub name: &'static str,
    pub title: String,
    pub currency: Currency,
    pub lines: Vec<Line>,
    /// Observed less computed; zero when it ties out.
    pub difference: Amount,
    /// Why a difference of zero proves nothing yet, as a whole sentence: both sides come from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unproven: Option<String>,
}

/// The line of what stands on our accounts and is not of this ledger.
pub(super) const BY_OTHERS: &str = "Records on these accounts that this ledger did not make";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// Adds to the total.
    Term,
    /// The sum of the terms so far.
    Total,
    /// The figure the total is held against, from the other system.
    Observed,
}

/// One line, with what it is made of where that explains something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub label: String,
    pub amount: Amount,
    pub kind: LineKind,
    /// How many things the amount sums.
    pub count: usize,
    pub items: Vec<Item>,
}

/// What a record of others is, and which Stripe account of the same configuration it was made for.
pub fn made_for(label: String, maker: Option<&str>) -> String {
    match maker {
        Some(name) => format!("{label}, made for the Stripe account {name}"),
        None => label,
    }
}

/// One thing behind a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    pub date: NaiveDate,
    pub id: String,
    pub label: String,
    pub amount: Amount,
}

impl Statement {
    /// Adds up terms and holds the total against `observed`.
    pub fn new(
        name: &'static str,
        title: impl Into<String>,
        currency: Currency,
        terms: Vec<Line>,
        total_label: &str,
        observed: Option<(&str, Amount)>,
    ) -> Self {
        let total = terms.iter().fold(Amount::zero(currency), |sum, line| sum + line.amount);
        let mut lines = terms;
        lines.push(Line::sum(total_label, total, LineKind::Total));
        let mut difference = Amount::zero(currency);
        if let Some((label, amount)) = observed {
            lines.push(Line::sum(label, amount, LineKind::Observed));
            difference = amount - total;
        }
        Self { name, title: title.into(), currency, lines, difference, unproven: None }
    }

    pub fn ties_out(&self) -> bool {
        self.difference.is_zero()
    }
}

impl Line {
    /// A term without items.
    pub fn term(label: impl Into<String>, amount: Amount, count: usize) -> Self {
        Self { label: label.into(), amount, kind: LineKind::Term, count, items: Vec::new() }
    }

    /// A term that is the sum of its items.
    pub fn itemised(label: impl Into<String>, currency: Currency, mut items: Vec<Item>) -> Self {
        items.sort();
        let amount = items.iter().fold(Amount::zero(currency), |sum, item| sum + item.amount);
        let count = items.len();
        Self { label: label.into(), amount, kind: LineKind::Term, count, items }
    }

    /// A term that takes its items off.
    pub fn without(label: impl Into<String>, currency: Currency, items: Vec<Item>) -> Self {
        let taken = items.into_iter().map(|item| Item { amount: -item.amount, ..item }).collect();
        Self::itemised(label, currency, taken)
    }

    fn sum(label: &str, amount: Amount, kind: LineKind) -> Self {
        Self { label: label.into(), amount, kind, count: 0, items: Vec::new() }
    }
}

/// Every statement of one Stripe account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TieOut {
    pub schema_version: u32,
    /// As Stripe's dashboard shows it, where it was read.
    pub company: Option<String>,
    pub stripe_account: String,
    pub netsuite_account: String,
    /// In which days are cut and times are shown.
    pub zone: Zone,
    /// The first and the last instant of Stripe that the ledger knows.
    pub known: Option<Window>,
    /// When NetSuite was read.
    pub as_of: UnixTime,
    pub statements: Vec<Statement>,
    /// Every payout with what the bank account shows for it.
    pub payouts: Vec<PayoutLeg>,
}

impl TieOut {
    pub fn ties_out(&self) -> bool {
        self.statements.iter().all(Statement::ties_out)
    }

    /// An instant in the tie-out's zone.
    pub fn local(&self, instant: UnixTime) -> String {
        instant.minute_in(self.zone)
    }
}
