//! Instants, calendar dates, zones and windows.
//!
//! Belongs here: turning Stripe's Unix seconds into the calendar date the books use, half-open
//! windows, and NetSuite's posting periods. Does not belong here: which date a record takes
//! (`accounting`), or the current time (a [`Clock`] is handed in).

mod month;
mod zone;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::InternalId;

pub use month::{BadMonth, Month};
pub use zone::{UnknownZone, Zone};

/// Seconds since 1970-01-01 00:00 UTC, as Stripe sends every instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// The calendar date of this instant in `zone`.
    pub fn date_in(self, zone: Zone) -> NaiveDate {
        zone.local(self).date()
    }

    /// What a clock in `zone` shows at this instant, to the minute: `2026-10-01 09:30`.
    pub fn minute_in(self, zone: Zone) -> String {
        let mut text = second(zone.local(self));
        text.truncate(text.len() - ":00".len());
        text
    }

    /// The date of a value that *is* a date, encoded as midnight UTC (`arrival_date`,
    /// `available_on`). It is never shifted by a zone.
    pub fn utc_date(self) -> NaiveDate {
        self.utc().date_naive()
    }

    /// The instant as a UTC date-time; values beyond the calendar are clamped to 1970.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.utc().format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }
}

/// The first instant of `date` in `zone`: the earlier one where the clock shows midnight twice, the
/// change of the clock where it skips midnight, or the whole day.
pub fn start_of_day(date: NaiveDate, zone: Zone) -> UnixTime {
    zone.start_of(date)
}

/// A half-open range of instants, `since <= t < until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub since: UnixTime,
    pub until: UnixTime,
}

/// Why a window was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("the window is empty: it ends where it starts ({0}), and its end is not part of it")]
    Empty(UnixTime),
    #[error("the window ends ({until}) before it starts ({since})")]
    Backwards { since: UnixTime, until: UnixTime },
    #[error("`{0}` is neither a date such as 2026-10-01 nor an RFC 3339 instant")]
    Unreadable(String),
}

impl Window {
    pub fn new(since: UnixTime, until: UnixTime) -> Result<Self, WindowError> {
        match since.cmp(&until) {
            Ordering::Less => Ok(Self { since, until }),
            Ordering::Equal => Err(WindowError::Empty(since)),
            Ordering::Greater => Err(WindowError::Backwards { since, until }),
        }
    }

    pub fn contains(self, instant: UnixTime) -> bool {
        self.since <= instant && instant < self.until
    }

    /// The parts of it that lie before and after another window.
    pub fn outside(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self { since: self.since, until: self.until.min(other.since) };
        let after = Self { since: self.since.max(other.until), until: self.until };
        [before, after].into_iter().filter(|part| part.since < part.until)
    }
}

/// Reads a bound of a window: a date (its first instant in `zone`) or an RFC 3339 instant.
pub fn parse_bound(text: &str, zone: Zone) -> Result<UnixTime, WindowError> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Ok(start_of_day(date, zone));
    }
    DateTime::parse_from_rfc3339(text)
        .map(|instant| UnixTime(instant.timestamp()))
        .map_err(|_| WindowError::Unreadable(text.chars().take(60).collect()))
}

/// Appends a day as ISO 8601 has it. Without the machinery of `format!`: a report of a million rows has
/// as many days.
pub fn push_date(to: &mut String, date: NaiveDate) {
    match u32::try_from(date.year()) {
        Ok(year @ 0..=9999) => {
            push_pair(to, year / 100);
            push_pair(to, year % 100);
            to.push('-');
            push_pair(to, date.month());
            to.push('-');
            push_pair(to, date.day());
        }
        _ => to.push_str(&date.to_string()),
    }
}

/// `2026-10-01 09:30:00`.
pub fn second(at: NaiveDateTime) -> String {
    let mut text = String::with_capacity(19);
    push_date(&mut text, at.date());
    for (mark, part) in [(' ', at.hour()), (':', at.minute()), (':', at.second())] {
        text.push(mark);
        push_pair(&mut text, part);
    }
    text
}

/// Two digits of a number below a hundred.
fn push_pair(to: &mut String, number: u32) {
    const PAIRS: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839\
                         40414243444546474849505152535455565758596061626364656667686970717273747576777879\
                         8081828384858687888990919293949596979899";
    let place = usize::try_from(number).expect("a number below a hundred") * 2;
    to.push_str(&PAIRS[place..place + 2]);
}

/// The day before `date`: NetSuite's service periods end inclusively, Stripe's exclusively.
pub fn day_before(date: NaiveDate) -> NaiveDate {
    date.checked_sub_days(Days::new(1)).unwrap_or(date)
}

/// The day after `date`.
pub fn day_after(date: NaiveDate) -> NaiveDate {
    date.checked_add_days(Days::new(1)).unwrap_or(date)
}

/// Whether banks book on `date`: from Monday to Friday. Holidays differ by land and are not known here.
pub fn is_bank_day(date: NaiveDate) -> bool {
    date.weekday().number_from_monday() <= 5
}

/// One of NetSuite's base accounting periods (a month, as a rule).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingPeriod {
    pub id: InternalId,
    pub name: String,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub state: PeriodState,
}

/// Whether a period takes postings. *Locked* lets roles with an override post; *closed* nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodState {
    Open,
    /// Locked for accounts receivable alone: deposits and journals still post.
    ReceivablesLocked,
    Locked,
    Closed,
    /// Open in NetSuite, and locked in these books by `tieout period lock`.
    LockedHere,
}

impl PostingPeriod {
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.first_day <= date && date <= self.last_day
    }
}

impl PeriodState {
    /// Whether a record posts in such a period; `receivable` says whether it moves receivables.
    pub const fn takes(self, receivable: bool) -> bool {
        match self {
            Self::Open => true,
            Self::ReceivablesLocked => !receivable,
            Self::Locked | Self::Closed | Self::LockedHere => false,
        }
    }
}

/// Locks the periods that end in one of `months`; what NetSuite has closed or locked stays as it is.
pub fn lock(periods: &mut [PostingPeriod], months: &BTreeSet<Month>) {
    for period in periods.iter_mut().filter(|period| months.contains(&Month::of(period.last_day))) {
        if matches!(period.state, PeriodState::Open | PeriodState::ReceivablesLocked) {
            period.state = PeriodState::LockedHere;
        }
    }
}

/// Where the time comes from: the machine in production, a value in tests.
pub trait Clock: Send + Sync {
    fn now(&self) -> UnixTime;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        UnixTime(Utc::now().timestamp())
    }
}

/// The machine's clock, put forward or back: it shows another time, and goes on as fast.
#[derive(Debug, Clone, Copy)]
pub struct SetClock {
    ahead_s: i64,
}

impl SetClock {
    /// A clock that shows `now` at this moment.
    pub fn at(now: UnixTime) -> Self {
        Self { ahead_s: now.0.saturating_sub(SystemClock.now().0) }
    }
}

impl Clock for SetClock {
    fn now(&self) -> UnixTime {
        UnixTime(SystemClock.now().0.saturating_add(self.ahead_s))
    }
}

/// A clock that stands still, for tests and the demo company.
#[derive(Debug, Clone, Copy)]
pub struct FixedClock(pub UnixTime);

impl Clock for FixedClock {
    fn now(&self) -> UnixTime {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A report's days are written without chrono, and must be the same days.
    #[test]
    fn a_day_is_written_as_chrono_does() {
        for text in ["2026-10-01", "2026-12-31", "0001-01-01", "+10000-01-01", "-0001-02-03"] {
            let mut written = String::new();
            push_date(&mut written, day(text));
            assert_eq!(written, day(text).to_string());
        }
        for instant in [0, 1_780_272_000, 1_780_358_399, 951_782_400] {
            let at = UnixTime(instant).utc().naive_utc();
            assert_eq!(second(at), at.to_string());
        }
    }

    #[test]
    fn an_arrival_date_is_never_moved_by_the_zone() {
        let midnight_utc = UnixTime(1_780_272_000); // 2026-06-01 00:00 UTC
        assert_eq!(midnight_utc.utc_date(), day("2026-06-01"));
        assert_eq!(midnight_utc.date_in("America/New_York".parse().unwrap()), day("2026-05-31"));
    }

    #[test]
    fn a_window_that_ends_before_it_starts_is_refused() {
        assert!(Window::new(UnixTime(10), UnixTime(10)).is_err());
        assert!(parse_bound("last tuesday", Zone::UTC).is_err());
        assert_eq!(parse_bound("1970-01-02", Zone::UTC).unwrap(), UnixTime(86_400));
        assert_eq!(parse_bound("1970-01-01T01:00:00+01:00", Zone::UTC).unwrap(), UnixTime(0));
    }
}
