//! What people do about an exception: who looks after it, what they noted, and how long it may stand.
//!
//! Belongs here: when an acceptance holds. An exception that was accepted still blocks what it blocked,
//! because nothing can be made without what is missing; it only stops asking. It asks again by itself
//! when its day has passed or when it says anything else than what was accepted, and no day may be
//! further away than a year.

use chrono::{Months, NaiveDate};

use crate::accounting::exception::Exception;
use crate::calendar::UnixTime;
use crate::digest::sha256_hex;

/// Nothing is accepted for longer.
const MONTHS_MAX: u32 = 12;

/// A remark of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub at: UnixTime,
    pub by: Option<String>,
    pub text: String,
}

/// A person's word that an exception may stand until a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The last day on which it holds.
    pub until: NaiveDate,
    pub reason: String,
    pub by: Option<String>,
    /// Recognises what was accepted, as [`content`] gives it.
    pub content: String,
}

/// Everything that people did about one exception. It outlives the exception, which may come back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Care {
    pub owner: Option<String>,
    pub due: Option<NaiveDate>,
    pub acceptance: Option<Acceptance>,
    /// In the order in which they were made.
    pub notes: Vec<Note>,
}

/// Whether an exception asks for a person now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// It was accepted, and that still holds.
    Accepted,
    /// It was accepted until a day that has passed.
    Expired,
    /// It was accepted when it said something else.
    Changed,
}

impl Standing {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Expired => "acceptance expired",
            Self::Changed => "changed since it was accepted",
        }
    }
}

impl Care {
    /// Whether an exception that says `content` asks for a person on the day `today`.
    pub fn standing(&self, content: &str, today: NaiveDate) -> Standing {
        match &self.acceptance {
            None => Standing::Open,
            Some(accepted) if accepted.content != content => Standing::Changed,
            Some(accepted) if accepted.until < today => Standing::Expired,
            Some(_) => Standing::Accepted,
        }
    }
}

/// Why a day cannot be the end of an acceptance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDay {
    #[error("{until} has passed; today is {today}")]
    Past { until: NaiveDate, today: NaiveDate },
    #[error(
        "nothing is accepted for longer than a year: {until} is after {latest}\nhint: accept it \
         until then, and look at it again"
    )]
    TooFar { until: NaiveDate, latest: NaiveDate },
}

/// Checks the day until which something is to be accepted.
pub fn check_day(until: NaiveDate, today: NaiveDate) -> Result<(), BadDay> {
    let latest = today.checked_add_months(Months::new(MONTHS_MAX)).unwrap_or(today);
    if until < today {
        return Err(BadDay::Past { until, today });
    }
    if until > latest {
        return Err(BadDay::TooFar { until, latest });
    }
    Ok(())
}

/// Recognises what exceptions of one id say: text, amount and what they block.
pub fn content<'a>(exceptions: impl IntoIterator<Item = &'a Exception>) -> String {
    let mut said: Vec<String> = exceptions
        .into_iter()
        .map(|exception| serde_json::to_string(exception).expect("an exception always serializes"))
        .collect();
    said.sort();
    said.dedup();
    sha256_hex(said.join("\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::exception::ExceptionClass;
    use crate::money::{Amount, Currency};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn exception(minor: i64) -> Exception {
        let words = "Invoice in_1 was paid outside Stripe.";
        Exception::new(ExceptionClass::Policy, "paid_out_of_band", "in_1", words, "Book it.")
            .of(Amount::new(minor, Currency::USD))
    }

    fn accepted(until: &str) -> Care {
        let acceptance = Acceptance {
            until: day(until),
            reason: "the bank is slow".into(),
            by: None,
            content: content([&exception(100)]),
        };
        Care { acceptance: Some(acceptance), ..Care::default() }
    }

    /// Otherwise something that was once excused would never be looked at again.
    #[test]
    fn an_acceptance_ends_after_its_day_and_with_what_was_accepted() {
        let care = accepted("2026-10-31");
        let same = content([&exception(100)]);
        assert_eq!(care.standing(&same, day("2026-10-31")), Standing::Accepted);
        assert_eq!(care.standing(&same, day("2026-11-01")), Standing::Expired);
        let more = content([&exception(101)]);
        assert_eq!(care.standing(&more, day("2026-10-31")), Standing::Changed);
        assert_eq!(Care::default().standing(&same, day("2026-10-31")), Standing::Open);
    }

    /// Otherwise `--until 2099-12-31` would be for ever.
    #[test]
    fn nothing_is_accepted_for_longer_than_a_year_or_until_yesterday() {
        let today = day("2026-02-28");
        assert!(check_day(today, today).is_ok());
        assert!(check_day(day("2027-02-28"), today).is_ok());
        assert!(matches!(check_day(day("2027-03-01"), today), Err(BadDay::TooFar { .. })));
        assert!(matches!(check_day(day("2026-02-27"), today), Err(BadDay::Past { .. })));
    }

    /// Otherwise the order in which cases are derived would end an acceptance.
    #[test]
    fn what_several_cases_say_is_recognised_in_any_order_and_number() {
        let (one, two) = (exception(1), exception(2));
        assert_eq!(content([&one, &two]), content([&two, &one, &two]));
        assert_ne!(content([&one]), content([&one, &two]));
    }
}
