//! A month of the books, as a person names it: `2026-10`.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::day_before;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(NaiveDate);

/// Why a text is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month such as 2026-10")]
pub struct BadMonth(String);

impl Month {
    /// The month that `date` is in.
    pub fn of(date: NaiveDate) -> Self {
        Self(date.with_day(1).expect("every month has a first day"))
    }

    pub const fn first_day(self) -> NaiveDate {
        self.0
    }

    pub fn last_day(self) -> NaiveDate {
        day_before(self.next().0)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    pub fn contains(self, date: NaiveDate) -> bool {
        Self::of(date) == self
    }
}

impl FromStr for Month {
    type Err = BadMonth;

    fn from_str(text: &str) -> Result<Self, BadMonth> {
        let bad = || BadMonth(text.chars().take(20).collect());
        let (year, month) = text.split_once('-').ok_or_else(bad)?;
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !is_digits(year) || !is_digits(month) {
            return Err(bad());
        }
        let (year, month) = (year.parse().map_err(|_| bad())?, month.parse().map_err(|_| bad())?);
        NaiveDate::from_ymd_opt(year, month, 1).map(Self).ok_or_else(bad)
    }
}

impl TryFrom<String> for Month {
    type Error = BadMonth;

    fn try_from(text: String) -> Result<Self, BadMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.format("%Y-%m").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_written_in_one_way_only() {
        let month: Month = "2026-02".parse().unwrap();
        assert_eq!(
            (month.to_string(), month.last_day().to_string()),
            ("2026-02".into(), "2026-02-28".into())
        );
        assert!(month.contains("2026-02-28".parse().unwrap()) && month < month.next());
        for bad in ["2026-13", "2026-2", "26-02", "2026-02-01", "+026-02", "", "October"] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
