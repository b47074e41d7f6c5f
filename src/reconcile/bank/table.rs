//! Payouts and lines of some days beside one another, with what each adds to what the bank should have.

use std::ops::RangeInclusive;

use chrono::{Days, NaiveDate};

use super::{
    Assigned, BankSide, How, Leg, Line, MARGIN_DAYS, Match, Sent, State, assign, legs, states,
};
use crate::calendar::day_before;
use crate::money::{Amount, Currency};

/// Why a payout adds to what the bank should have in a period, or is taken off it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Arrived,
    WentBack,
    /// Due before the period; it came in it, or its days are over now.
    Earlier,
    /// Due after the period, and in the bank already.
    Later,
    /// In the bank before the period began.
    Before,
    NotYet,
    NoStatement,
    Elsewhere,
}

impl Part {
    pub const ALL: [Self; 8] = [
        Self::Arrived,
        Self::WentBack,
        Self::Earlier,
        Self::Later,
        Self::Before,
        Self::NotYet,
        Self::NoStatement,
        Self::Elsewhere,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Arrived => "Payouts that arrived, by Stripe",
            Self::WentBack => "Payouts that failed and went back, by Stripe",
            Self::Earlier => "Payouts of an earlier period, due in the bank in this one",
            Self::Later => "Payouts of a later period, in the bank already",
            Self::Before => "In the bank before the period",
            Self::NotYet => "Not in the bank yet",
            Self::NoStatement => "On days that no statement has",
            Self::Elsewhere => "On an account in another currency",
        }
    }
}

/// One leg of a payout, or a line that is of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Among the payouts.
    pub payout: Option<usize>,
    pub is_back: bool,
    /// When it was due; of a line alone, when it was booked.
    pub day: NaiveDate,
    pub currency: Currency,
    /// By Stripe; nothing of a line alone.
    pub amount: Amount,
    pub state: State,
    /// What it adds to what the bank should have in the period.
    pub parts: Vec<(Part, Amount)>,
    /// The line, among the bank's.
    pub line: Option<usize>,
    pub how: Option<How>,
    /// Lines that it could be, where it is ambiguous.
    pub candidates: Vec<usize>,
    /// What its line brought in the period.
    pub in_bank: Amount,
    /// Whether it was missing before the period began: it is shown, and counted then.
    pub is_old: bool,
}

impl Row {
    /// What the bank should have of it in the period.
    pub fn expected(&self) -> Amount {
        self.parts.iter().fold(Amount::zero(self.currency), |sum, (_, amount)| sum + *amount)
    }

    /// What the bank has too much.
    pub fn difference(&self) -> Amount {
        self.in_bank - self.expected()
    }
}

/// The rows of a period, by day.
pub fn rows(sent: &[Sent], side: &BankSide, days: &RangeInclusive<NaiveDate>) -> Vec<Row> {
    let view = View::new(sent, side, days);
    let mut rows: Vec<Row> = (0..view.legs.len()).filter_map(|place| view.of_leg(place)).collect();
    rows.extend(view.lines_alone());
    let name = |row: &Row| row.payout.map(|payout| sent[payout].id.as_str());
    rows.sort_by(|one, other| {
        // Lines of no payout after the payouts of their day.
        let day = |row: &Row| (row.currency, row.day, row.payout.is_none());
        let within = |row: &Row| (row.is_back, row.line);
        (day(one), name(one), within(one)).cmp(&(day(other), name(other), within(other)))
    });
    rows
}

/// Where each payout's money stands at the end of the period, in a few words; `None` where no statement
/// has its day.
pub fn in_words(
    sent: &[Sent],
    side: &BankSide,
    days: &RangeInclusive<NaiveDate>,
) -> Vec<Option<String>> {
    let view = View::new(sent, side, days);
    let mut words = vec![None; sent.len()];
    for (place, leg) in view.legs.iter().enumerate().filter(|(_, leg)| !leg.is_back) {
        let state = view.at_end[place];
        words[leg.payout] = match (state, view.line(place)) {
            (State::NoStatement, _) => None,
            (State::Ties, Some(line)) => Some(format!("{} {}", line.booked, line.id)),
            _ => Some(state.word().to_owned()),
        };
    }
    words
}

struct View<'a> {
    side: &'a BankSide,
    days: &'a RangeInclusive<NaiveDate>,
    legs: Vec<Leg>,
    assigned: Assigned,
    at_start: Vec<State>,
    at_end: Vec<State>,
}

impl<'a> View<'a> {
    fn new(sent: &'a [Sent], side: &'a BankSide, days: &'a RangeInclusive<NaiveDate>) -> Self {
        let margin = around(days);
        let legs: Vec<Leg> =
            legs(sent).into_iter().filter(|leg| margin.contains(&leg.due)).collect();
        let assigned = assign(sent, &legs, side);
        let at = |day: NaiveDate| states(&legs, &assigned, side, day);
        let (at_start, at_end) = (at(day_before(*days.start())), at(*days.end()));
        Self { side, days, legs, assigned, at_start, at_end }
    }

    /// The line that was found for a leg.
    fn line(&self, leg: usize) -> Option<&'a Line> {
        self.place(leg).map(|(line, _)| &self.side.lines[line])
    }

    fn place(&self, leg: usize) -> Option<(usize, How)> {
        match &self.assigned.legs[leg] {
            Match::Line(line, how) | Match::Differs(line, how) | Match::Elsewhere(line, how) => {
                Some((*line, *how))
            }
            Match::Among(_) | Match::None => None,
        }
    }

    /// When the bank booked it; of several candidates, the first.
    fn booked(&self, leg: usize) -> Option<NaiveDate> {
        match &self.assigned.legs[leg] {
            Match::Among(lines) => lines.iter().map(|line| self.side.lines[*line].booked).min(),
            _ => self.line(leg).map(|line| line.booked),
        }
    }

    fn of_leg(&self, place: usize) -> Option<Row> {
        let (leg, state) = (&self.legs[place], self.at_end[place]);
        let (first, last) = (*self.days.start(), *self.days.end());
        let booked = self.booked(place);
        let is_booked_now = booked.is_some_and(|day| self.days.contains(&day));
        let was_missing = self.at_start[place] == State::Missing;
        let amount = leg.amount;
        let mut parts = Vec::new();
        let mut is_old = false;
        if state == State::NeverSent {
            if leg.is_back || !self.days.contains(&leg.due) {
                return None;
            }
        } else if leg.due > last {
            if !is_booked_now {
                return None;
            }
            parts.push((Part::Later, amount));
        } else if leg.due < first {
            match state {
                State::Missing if was_missing => is_old = true,
                State::Missing => parts.push((Part::Earlier, amount)),
                State::NotYet => {}
                State::Elsewhere if is_booked_now => {
                    parts.extend([(Part::Earlier, amount), (Part::Elsewhere, -amount)]);
                }
                _ if is_booked_now => parts.push((Part::Earlier, amount)),
                _ => return None,
            }
        } else {
            parts.push((if leg.is_back { Part::WentBack } else { Part::Arrived }, amount));
            let less = match state {
                State::NotYet => Some(Part::NotYet),
                State::NoStatement => Some(Part::NoStatement),
                State::Elsewhere => Some(Part::Elsewhere),
                _ if booked.is_some_and(|day| day < first) => Some(Part::Before),
                _ => None,
            };
            parts.extend(less.map(|part| (part, -amount)));
        }
        let (line, how) = self.place(place).unzip();
        let zero = Amount::zero(leg.currency());
        let in_bank = match self.line(place) {
            Some(line) if is_booked_now && state != State::Elsewhere => line.amount,
            _ => zero,
        };
        let candidates = match &self.assigned.legs[place] {
            Match::Among(lines) => lines.clone(),
            _ => Vec::new(),
        };
        Some(Row {
            payout: Some(leg.payout),
            is_back: leg.is_back,
            day: leg.due,
            currency: leg.currency(),
            amount: if state == State::NeverSent { zero } else { amount },
            state,
            parts,
            line,
            how,
            candidates,
            in_bank,
            is_old,
        })
    }

    /// Lines of Stripe's in the period that are of no payout, or of nobody knows which.
    fn lines_alone(&self) -> impl Iterator<Item = Row> {
        self.side.lines.iter().enumerate().filter_map(|(place, line)| {
            let is_free = !self.assigned.taken.contains(&place);
            if !is_free || !self.days.contains(&line.booked) || !self.side.says_stripe(line) {
                return None;
            }
            let is_ambiguous = self.assigned.ambiguous.contains(&place);
            Some(Row {
                payout: None,
                is_back: false,
                day: line.booked,
                currency: line.amount.currency(),
                amount: Amount::zero(line.amount.currency()),
                state: if is_ambiguous { State::Ambiguous } else { State::BankOnly },
                parts: Vec::new(),
                line: Some(place),
                how: None,
                candidates: Vec::new(),
                in_bank: line.amount,
                is_old: false,
            })
        })
    }
}

/// The days around a period on which something of it may be.
pub fn around(days: &RangeInclusive<NaiveDate>) -> RangeInclusive<NaiveDate> {
    let margin = Days::new(MARGIN_DAYS);
    let first = days.start().checked_sub_days(margin).unwrap_or(*days.start());
    let last = days.end().checked_add_days(margin).unwrap_or(*days.end());
    first..=last
}
