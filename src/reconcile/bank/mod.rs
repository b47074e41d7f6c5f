//! Payouts against the lines of bank statements.
//!
//! Belongs here: what of a payout a bank shows (`leg`), which line is which payout's (`assign`), and where
//! a payout stands on a day (`state`). Pure, and the same in whatever order statements were imported.
//! What cannot be told apart stays so: no rule here takes the likelier of two.

mod assign;
mod leg;
mod state;
mod table;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::{day_after, day_before, is_bank_day};
use crate::money::{Amount, Currency};

pub use assign::{Assigned, How, Match, assign};
pub use leg::{Leg, Sent, legs};
pub use state::{State, states};
pub use table::{Part, Row, around, in_words, rows};

/// How far around a period lines and payouts are looked at: further away nothing can be of it.
pub const MARGIN_DAYS: u64 = 60;

/// What the bank statements say, as far as it can be of payouts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankSide {
    /// Bank days between a payout's arrival and its line.
    pub days: u32,
    /// What lines of Stripe's say, in capitals; none: any line can be one.
    pub texts: Vec<String>,
    pub accounts: Vec<Account>,
    /// By day and id.
    pub lines: Vec<Line>,
    /// Lines and the payouts that a person said they are of.
    pub pairs: Vec<(String, String)>,
}

/// An account of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub name: String,
    pub currency: Currency,
    /// The currencies of payouts that it receives.
    pub payouts: Vec<Currency>,
    /// Days that statements cover without a hole, the first and the last, in order.
    pub stretches: Vec<(NaiveDate, NaiveDate)>,
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: String,
    /// Among [`BankSide::accounts`].
    pub account: usize,
    pub booked: NaiveDate,
    pub amount: Amount,
    /// References and text.
    pub words: String,
}

impl BankSide {
    /// Keeps the lines that can be of payouts: what else a company's bank account shows is nobody's
    /// business here. Puts the rest in order.
    #[must_use]
    pub fn of_payouts(mut self, sent: &[Sent]) -> Self {
        let (legs, names) = (legs(sent), sent.iter().flat_map(Sent::names).collect::<Vec<_>>());
        let mut lines = std::mem::take(&mut self.lines);
        let can_be = |line: &Line| {
            let is_amount = || legs.iter().any(|leg| leg.amount == line.amount);
            let words = squeezed(&line.words);
            let is_named = || names.iter().any(|name| words.contains(name.as_str()));
            self.says_stripe(line) || is_amount() || is_named()
        };
        lines.retain(can_be);
        lines.sort_by(|one, other| (one.booked, &one.id).cmp(&(other.booked, &other.id)));
        self.lines = lines;
        self.pairs.sort();
        self
    }

    /// Whether a line says that it is of Stripe's.
    pub fn says_stripe(&self, line: &Line) -> bool {
        let words = line.words.to_uppercase();
        self.texts.is_empty() || self.texts.iter().any(|text| words.contains(text.as_str()))
    }

    /// The accounts that payouts in a currency reach, as far as statements of them were read.
    pub fn serving(&self, currency: Currency) -> impl Iterator<Item = &Account> {
        self.accounts.iter().filter(move |account| {
            account.payouts.contains(&currency) && !account.stretches.is_empty()
        })
    }

    /// Whether statements of every account that it could reach cover these days.
    pub fn covers(&self, currency: Currency, first: NaiveDate, last: NaiveDate) -> bool {
        let mut accounts = self.serving(currency).peekable();
        accounts.peek().is_some()
            && accounts.all(|account| {
                account.stretches.iter().any(|(from, to)| *from <= first && last <= *to)
            })
    }
}

/// Words without what banks put between them, in capitals: references are cut and broken anywhere.
fn squeezed(words: &str) -> String {
    words
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == '_')
        .flat_map(char::to_uppercase)
        .collect()
}

/// How many bank days lie between two days; a weekend counts as its Monday.
pub fn bank_days_between(one: NaiveDate, other: NaiveDate) -> u32 {
    let (first, last) = (one.min(other), one.max(other));
    let days = day_after(first).iter_days().take_while(|day| *day <= last);
    u32::try_from(days.filter(|day| is_bank_day(*day)).count()).unwrap_or(u32::MAX)
}

/// The day that is so many bank days after `day`.
pub fn bank_days_after(day: NaiveDate, count: u32) -> NaiveDate {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let mut later = day_after(day).iter_days().filter(|day| is_bank_day(*day));
    match count.checked_sub(1) {
        Some(place) => later.nth(place).unwrap_or(day),
        None => day,
    }
}

/// The stretches that days of statements come to, one after the other where nothing is between.
pub fn stretches(
    days: impl IntoIterator<Item = (NaiveDate, NaiveDate)>,
    is_whole: impl Fn(NaiveDate, NaiveDate) -> bool,
) -> Vec<(NaiveDate, NaiveDate)> {
    let mut days: Vec<(NaiveDate, NaiveDate)> = days.into_iter().collect();
    days.sort_unstable();
    let mut found: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for (first, last) in days {
        match found.last_mut() {
            Some(open)
                if first <= day_after(open.1) || is_whole(day_after(open.1), day_before(first)) =>
            {
                open.1 = open.1.max(last);
            }
            _ => found.push((first, last)),
        }
    }
    found
}

#[cfg(test)]
mod tests;
