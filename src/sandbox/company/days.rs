//! Instants of the company's life, in Unix seconds, and the business days that payouts keep to.

use chrono::{DateTime, Datelike, Months, NaiveDate};

use super::rng::Rng;
use super::spec::CompanySpec;
use crate::calendar::{UnixTime, Zone, start_of_day};

pub const MINUTE: i64 = 60;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Where the company keeps its books.
pub const ZONE: &str = "America/New_York";

pub fn zone() -> Zone {
    ZONE.parse().expect("in the database")
}

/// From the company's first instant to the moment at which its account is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    pub first: i64,
    /// When the books begin; the same instant, unless the company has a history.
    pub start: i64,
    /// Nothing has happened at or after this instant.
    pub now: i64,
}

impl Span {
    pub fn new(spec: &CompanySpec) -> Self {
        let day = spec.first_day;
        let opened = day.checked_sub_months(Months::new(spec.history_months)).unwrap_or(day);
        let last = day.checked_add_months(Months::new(spec.months.max(1))).unwrap_or(day);
        let zone = zone();
        let instant = |day: NaiveDate| start_of_day(day, zone).0;
        Self { first: instant(opened), start: instant(day), now: instant(last) }
    }

    /// An instant between `least` and `most` seconds after `instant`; when that is beyond the end
    /// of the span, one that still lies in it.
    pub fn later(self, rng: &mut Rng, instant: i64, least: i64, most: i64) -> i64 {
        let wanted = instant + rng.between(least, most);
        if wanted < self.now { wanted } else { instant + (self.now - instant) / 2 }
    }

    pub fn contains(self, instant: i64) -> bool {
        self.first <= instant && instant < self.now
    }
}

/// The midnight UTC at or before `instant`.
pub fn midnight(instant: i64) -> i64 {
    instant - instant.rem_euclid(DAY)
}

/// Midnight UTC of the first day of the month of `instant`.
pub fn start_of_month(instant: i64) -> i64 {
    let day = i64::from(UnixTime(instant).utc().day0());
    midnight(instant) - day * DAY
}

/// Banks work from Monday to Friday, by UTC days; holidays are left out.
pub fn is_business_day(instant: i64) -> bool {
    UnixTime(instant).utc().weekday().num_days_from_monday() < 5
}

/// Midnight UTC of the `count`th business day after the day of `instant`.
pub fn business_days_after(instant: i64, count: u32) -> i64 {
    let mut day = midnight(instant);
    let mut left = count;
    while left > 0 {
        day += DAY;
        if is_business_day(day) {
            left -= 1;
        }
    }
    day
}

/// The same time of day `count` months later; the last day of a shorter month.
pub fn months_after(instant: i64, count: u32) -> i64 {
    let start = UnixTime(instant).utc();
    start.checked_add_months(Months::new(count)).map_or(instant, |later| later.timestamp())
}

/// `2026-07-31`, by UTC.
pub fn date_text(instant: i64) -> String {
    UnixTime(instant).utc_date().to_string()
}

/// `Jul 31, 2026`, by UTC, as Stripe writes dates into descriptions.
pub fn words(instant: i64) -> String {
    DateTime::from_timestamp(instant, 0)
        .map_or_else(String::new, |date| date.format("%b %-d, %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_never_falls_on_a_weekend() {
        let friday = 1_782_432_000; // 2026-06-26 00:00 UTC
        assert_eq!(date_text(friday), "2026-06-26");
        assert_eq!(date_text(business_days_after(friday + 5 * HOUR, 1)), "2026-06-29");
        assert_eq!(date_text(business_days_after(friday, 6)), "2026-07-06");
        assert!(!is_business_day(friday + DAY));
    }

    #[test]
    fn a_subscription_of_the_31st_is_billed_on_the_last_day_of_a_short_month() {
        let january = 1_769_817_600; // 2026-01-31 00:00 UTC
        assert_eq!(date_text(months_after(january, 1)), "2026-02-28");
        assert_eq!(date_text(months_after(january, 2)), "2026-03-31");
    }
}
