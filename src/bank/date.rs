//! Days as statements write them.

use chrono::{Datelike, Months, NaiveDate};

/// Years that a statement can be of: anything else is a date in another order.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2199;

/// How a bank writes dates into CSV: `DD.MM.YYYY`, `M/D/YY`, `D MMM YYYY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatePattern {
    /// As it stands in the configuration.
    shown: String,
    strftime: String,
}

impl DatePattern {
    /// Reads a pattern; `None` unless it has a day, a month and a year, each once.
    pub fn new(text: &str) -> Option<Self> {
        let mut strftime = String::new();
        let mut found = [0; 3];
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let run = rest.chars().take_while(|c| *c == first).count();
            let (place, code) = match (first, run) {
                ('D', 1 | 2) => (0, "%d"),
                ('M', 1 | 2) => (1, "%m"),
                ('M', 3) => (1, "%b"),
                ('Y', 2) => (2, "%y"),
                ('Y', 4) => (2, "%Y"),
                ('.' | '/' | '-' | ' ' | ',', 1) => {
                    strftime.push(first);
                    rest = &rest[first.len_utf8()..];
                    continue;
                }
                _ => return None,
            };
            found[place] += 1;
            strftime.push_str(code);
            rest = &rest[run..];
        }
        (found == [1; 3]).then(|| Self { shown: text.to_owned(), strftime })
    }

    /// The day in a cell; a time behind it is passed over.
    pub(super) fn read(&self, cell: &str) -> Option<NaiveDate> {
        let (date, rest) = NaiveDate::parse_and_remainder(cell.trim(), &self.strftime).ok()?;
        let is_end = rest.is_empty() || rest.starts_with([' ', 'T', ',']);
        (is_end && YEARS.contains(&date.year())).then_some(date)
    }
}

impl std::fmt::Display for DatePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

/// `2026-10-31`, with or without a time behind it.
pub(super) fn iso(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let day = text.get(..10)?;
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    YEARS.contains(&date.year()).then_some(date)
}

/// `20261031`, with or without a time behind it.
pub(super) fn compact(text: &str) -> Option<NaiveDate> {
    let digits = text.trim().get(..8).filter(|digits| is_digits(digits))?;
    let date = NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?;
    YEARS.contains(&date.year()).then_some(date)
}

/// `261031`.
pub(super) fn short(text: &str) -> Option<NaiveDate> {
    let digits = Some(text).filter(|text| text.len() == 6 && is_digits(text))?;
    NaiveDate::parse_from_str(&format!("20{digits}"), "%Y%m%d").ok()
}

/// `1031`, of the year that brings it nearest to `day`.
pub(super) fn near(text: &str, day: NaiveDate) -> Option<NaiveDate> {
    let digits = Some(text).filter(|text| text.len() == 4 && is_digits(text))?;
    let (month, of_month) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let around =
        [day.checked_sub_months(Months::new(12))?, day, day.checked_add_months(Months::new(12))?];
    let years = around.into_iter().map(|day| day.year());
    years
        .filter_map(|year| NaiveDate::from_ymd_opt(year, month, of_month))
        .min_by_key(|found| (*found - day).num_days().abs())
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The third of April is not the fourth of March, and nobody can tell from the file.
    #[test]
    fn a_pattern_decides_what_is_the_day_and_what_the_month() {
        let read = |pattern: &str, cell: &str| DatePattern::new(pattern).unwrap().read(cell);
        assert_eq!(read("DD/MM/YYYY", "03/04/2026"), Some(day("2026-04-03")));
        assert_eq!(read("M/D/YYYY", "3/4/2026"), Some(day("2026-03-04")));
        assert_eq!(read("DD.MM.YY", "31.10.26"), Some(day("2026-10-31")));
        assert_eq!(read("D MMM YYYY", "1 Oct 2026"), Some(day("2026-10-01")));
        assert_eq!(read("YYYY-MM-DD", "2026-10-01 12:30:00"), Some(day("2026-10-01")));
        assert_eq!(read("DD/MM/YYYY", "10/31/2026"), None);
        assert_eq!(read("DD/MM/YYYY", "03/04/26"), None);
        assert_eq!(read("DD/MM/YYYY", "03/04/2026x"), None);
        for bad in ["", "DD.MM", "DD.MM.YYYY.DD", "yyyy-mm-dd", "MM/MM/YYYY", "DDD"] {
            assert_eq!(DatePattern::new(bad), None, "{bad}");
        }
    }

    /// A line of the second of January on a statement of December is of the next year.
    #[test]
    fn a_day_without_its_year_is_of_the_nearest() {
        assert_eq!(near("0102", day("2026-12-31")), Some(day("2027-01-02")));
        assert_eq!(near("1231", day("2027-01-02")), Some(day("2026-12-31")));
        assert_eq!(near("0229", day("2027-03-01")), Some(day("2028-02-29")));
        assert_eq!(near("1301", day("2027-03-01")), None);
        assert_eq!(near("日日", day("2027-03-01")), None);
    }
}
