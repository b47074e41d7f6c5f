//! Whether one statement of an account goes on where another ended.

use chrono::NaiveDate;

use crate::calendar::{day_after, day_before, is_bank_day};
use crate::money::Amount;

/// What is between two statements of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Nothing: they touch, overlap, or have only days between them on which banks do not book.
    Whole,
    /// Days of neither.
    Days(NaiveDate, NaiveDate),
    /// They touch, and the first does not close with what the second opens with.
    Balance(Amount, Amount),
}

impl Chain {
    /// What is between the end of one, a day with its closing balance, and the beginning of another.
    pub fn between(
        (last_day, closing): (NaiveDate, Option<Amount>),
        (first_day, opening): (NaiveDate, Option<Amount>),
    ) -> Self {
        if first_day <= last_day {
            return Self::Whole;
        }
        let balances = closing.zip(opening);
        // Nothing can have been booked between two equal balances that would not show in them.
        if balances.is_some_and(|(closing, opening)| closing == opening) {
            return Self::Whole;
        }
        let (first, last) = (day_after(last_day), day_before(first_day));
        let mut days = first.iter_days().take_while(|day| *day <= last);
        if days.any(is_bank_day) {
            return Self::Days(first, last);
        }
        match balances {
            Some((closing, opening)) => Self::Balance(closing, opening),
            None => Self::Whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A statement that nobody imported must be seen, and a weekend must not look like one.
    #[test]
    fn days_without_a_statement_are_found_and_weekends_are_none() {
        let usd = |minor: i64| Some(Amount::new(minor, Currency::USD));
        let between =
            |last: &str, closing: Option<Amount>, first: &str, opening: Option<Amount>| {
                Chain::between((day(last), closing), (day(first), opening))
            };
        // Friday and Monday.
        assert_eq!(between("2026-10-02", None, "2026-10-05", None), Chain::Whole);
        assert_eq!(between("2026-10-02", usd(1), "2026-10-05", usd(1)), Chain::Whole);
        let gap = Chain::Balance(Amount::new(1, Currency::USD), Amount::new(2, Currency::USD));
        assert_eq!(between("2026-10-02", usd(1), "2026-10-05", usd(2)), gap);
        let days = Chain::Days(day("2026-10-06"), day("2026-10-06"));
        assert_eq!(between("2026-10-05", usd(1), "2026-10-07", usd(2)), days);
        assert_eq!(between("2026-10-05", None, "2026-10-07", usd(2)), days);
        assert_eq!(between("2026-10-05", usd(1), "2026-10-09", usd(1)), Chain::Whole);
        assert_eq!(between("2026-10-31", usd(1), "2026-10-01", usd(2)), Chain::Whole);
    }
}
