//! How old an open item is at the period's end.

use chrono::NaiveDate;

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(usize);

impl Bucket {
    pub const ALL: [Self; 6] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5)];
    /// The last day of each but the last.
    const LAST: [i64; 5] = [3, 7, 30, 60, 90];
    const LABELS: [&'static str; 6] =
        ["0–3 days", "4–7 days", "8–30 days", "31–60 days", "61–90 days", "over 90 days"];

    const PLAIN: [&'static str; 6] = ["0-3", "4-7", "8-30", "31-60", "61-90", "91+"];

    pub fn of(days: i64) -> Self {
        Self(Self::LAST.partition_point(|last| *last < days))
    }

    pub const fn label(self) -> &'static str {
        Self::LABELS[self.0]
    }

    /// The same in characters that are easily typed, for programs and their rules.
    pub const fn plain(self) -> &'static str {
        Self::PLAIN[self.0]
    }
}

/// Whole days from `date` to `day`; what is later is of this day.
pub fn days(date: NaiveDate, day: NaiveDate) -> i64 {
    day.signed_duration_since(date).num_days().max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An item in the wrong bucket is followed up too late.
    #[test]
    fn a_bucket_ends_with_its_last_day() {
        let labels = [0, 3, 4, 7, 8, 30, 31, 60, 61, 90, 91].map(|days| Bucket::of(days).label());
        let expected = [
            "0–3 days",
            "0–3 days",
            "4–7 days",
            "4–7 days",
            "8–30 days",
            "8–30 days",
            "31–60 days",
            "31–60 days",
            "61–90 days",
            "61–90 days",
            "over 90 days",
        ];
        assert_eq!(labels, expected);
    }
}
