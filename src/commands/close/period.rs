//! Which days a report is of, and how large a difference is let pass.

use chrono::NaiveDate;

use crate::calendar::{Month, Window, WindowError, Zone, day_before, start_of_day};
use crate::cli::ReportArgs;
use crate::commands::exit::UsageError;
use crate::money::{Amount, Currency};
use crate::reconcile::close::facts::Period;

/// The period that was asked for.
pub(super) fn of(args: &ReportArgs, zone: Zone) -> anyhow::Result<Period> {
    match (&args.period, args.since, args.until) {
        (Some(month), _, _) => Ok(of_month(*month, zone)?),
        (None, Some(since), Some(until)) => {
            Ok(of_days(format!("{since} up to {until}"), since, until, zone)?)
        }
        _ => Err(UsageError(
            "this report is of a period\nhint: name it with --period 2026-10, or with --since and --until"
                .into(),
        )
        .into()),
    }
}

/// A calendar month in `zone`.
pub fn of_month(month: Month, zone: Zone) -> Result<Period, WindowError> {
    of_days(month.to_string(), month.first_day(), month.next().first_day(), zone)
}

/// The days from `since` up to `until`, which is not one of them.
fn of_days(
    name: String,
    since: NaiveDate,
    until: NaiveDate,
    zone: Zone,
) -> Result<Period, WindowError> {
    let window = Window::new(start_of_day(since, zone), start_of_day(until, zone))?;
    Ok(Period { name, window, first_day: since, last_day: day_before(until) })
}

/// The largest difference that is let pass, in any currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tolerance {
    /// Thousandths of a unit: no currency has smaller parts.
    thousandths: i64,
}

pub(super) fn tolerance(text: &str) -> Result<Tolerance, UsageError> {
    let wrong = || {
        UsageError(format!(
            "--fail-over {text} is no amount\nhint: write units of the currency: 5.00"
        ))
    };
    let (units, parts) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if units.is_empty() || !digits(units) || !digits(parts) || parts.len() > 3 {
        return Err(wrong());
    }
    let thousandths = format!("{units}{parts:0<3}").parse().map_err(|_| wrong())?;
    Ok(Tolerance { thousandths })
}

impl Tolerance {
    /// Whether a difference is larger.
    pub(super) fn is_passed_by(self, difference: Amount) -> bool {
        let exponent = u32::from(Currency::exponent(difference.currency()));
        let minor = i128::from(difference.minor()).abs() * 1_000;
        minor > i128::from(self.thousandths) * 10_i128.pow(exponent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(minor: i64, currency: &str) -> Amount {
        Amount::new(minor, currency.parse().unwrap())
    }

    /// Five yen are five units and not five cents: a tolerance in the wrong unit hides a difference.
    #[test]
    fn a_tolerance_is_in_units_of_each_currency() {
        let five = tolerance("5.00").unwrap();
        for (minor, currency, is_passed) in [
            (500, "USD", false),
            (-501, "USD", true),
            (5, "JPY", false),
            (6, "JPY", true),
            (5_000, "KWD", false),
            (5_001, "KWD", true),
        ] {
            assert_eq!(five.is_passed_by(amount(minor, currency)), is_passed, "{minor} {currency}");
        }
        assert!(tolerance("0.00").unwrap().is_passed_by(amount(1, "USD")));
        assert!(tolerance("-1").is_err() && tolerance("a").is_err() && tolerance("").is_err());
    }

    #[test]
    fn a_month_is_its_days_in_the_zone() {
        let october =
            of_month("2026-10".parse().unwrap(), "America/New_York".parse().unwrap()).unwrap();
        assert_eq!(october.last_day, "2026-10-31".parse().unwrap());
        // 04:00 UTC in summer time, both at the beginning and the end.
        assert_eq!(october.window.since.to_string(), "2026-10-01T04:00:00Z");
        assert_eq!(october.window.until.to_string(), "2026-11-01T04:00:00Z");
        assert!("2026-13".parse::<Month>().is_err());
    }
}
