//! Where each leg stands at the end of a day.

use chrono::NaiveDate;

use super::{Assigned, BankSide, Leg, Match, bank_days_after};

/// Where a payout, or a line, stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// The bank has it, to the cent.
    Ties,
    /// Timing: its days are not over, or the statement comes later.
    NotYet,
    /// The statement has its days, and it is not there.
    Missing,
    Differs,
    /// Of Stripe's by its words, and of no payout.
    BankOnly,
    Ambiguous,
    /// It reached an account that is kept in another currency.
    Elsewhere,
    /// No statement has its day.
    NoStatement,
    /// It failed before it reached the bank.
    NeverSent,
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::Ties,
        Self::NotYet,
        Self::Missing,
        Self::Differs,
        Self::BankOnly,
        Self::Ambiguous,
        Self::Elsewhere,
        Self::NoStatement,
        Self::NeverSent,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Ties => "ties",
            Self::NotYet => "not in the bank yet",
            Self::Missing => "not in the bank",
            Self::Differs => "amount differs",
            Self::BankOnly => "in the bank only",
            Self::Ambiguous => "ambiguous",
            Self::Elsewhere => "in another currency",
            Self::NoStatement => "no statement",
            Self::NeverSent => "never reached the bank",
        }
    }

    /// Whether it is a difference and no matter of time or of what was not read.
    pub const fn is_wrong(self) -> bool {
        matches!(self, Self::Missing | Self::Differs | Self::BankOnly | Self::Ambiguous)
    }
}

/// Where each leg stands at the end of `day`.
pub fn states(legs: &[Leg], assigned: &Assigned, side: &BankSide, day: NaiveDate) -> Vec<State> {
    let is_there = |line: usize| side.lines[line].booked <= day;
    let has_sibling = |place: usize| {
        let own = legs.iter().zip(&assigned.legs);
        own.filter(|(leg, _)| leg.payout == legs[place].payout)
            .any(|(_, found)| *found != Match::None)
    };
    let state = |(place, leg): (usize, &Leg)| match &assigned.legs[place] {
        Match::Line(line, _) if is_there(*line) => State::Ties,
        Match::Differs(line, _) if is_there(*line) => State::Differs,
        Match::Elsewhere(line, _) if is_there(*line) => State::Elsewhere,
        Match::Among(lines) if lines.iter().any(|line| is_there(*line)) => State::Ambiguous,
        Match::None if leg.is_optional && !has_sibling(place) => State::NeverSent,
        Match::None => absent(leg, side, day),
        _ => State::NotYet,
    };
    legs.iter().enumerate().map(state).collect()
}

/// A leg without a line: late, missing, or on no statement.
fn absent(leg: &Leg, side: &BankSide, day: NaiveDate) -> State {
    let currency = leg.currency();
    let last = bank_days_after(leg.due, side.days);
    if leg.due <= day && !side.covers(currency, leg.due, leg.due) {
        State::NoStatement
    } else if last > day || !side.covers(currency, leg.due, last) {
        State::NotYet
    } else {
        State::Missing
    }
}
