//! Exchange rates that give Stripe's own settled amount back to the cent.
//!
//! NetSuite computes base = round(amount × rate). The rate on a payment is therefore the ratio of
//! what was settled to what was charged, with as many decimals as it takes.

use crate::money::{Amount, Currency};
use crate::netsuite::record::Decimal;

/// Decimals tried first: what people expect of a rate.
const DECIMALS_MIN: u32 = 6;
/// Beyond this a NetSuite number (a double) would lose digits.
const DECIMALS_MAX: u32 = 15;

/// No decimal of bearable length gives the settled amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotExact;

/// The rate for a record of `presented` that settled as `settled`. `Ok(None)` when `NetSuite`'s own
/// rate is right: both have one currency, or it was settled in a currency that is not the books'.
/// Then the deposit into that currency's account carries the settled amount, and `NetSuite` books
/// the difference between the two rates as matching gain or loss.
pub(super) fn rate(
    presented: Amount,
    settled: Amount,
    base: Currency,
) -> Result<Option<Decimal>, NotExact> {
    if presented.currency() == settled.currency() || settled.currency() != base {
        return Ok(None);
    }
    let (from, to) = (i128::from(presented.minor().abs()), i128::from(settled.minor().abs()));
    if from == 0 {
        return Err(NotExact);
    }
    let from_unit = 10_i128.pow(u32::from(presented.currency().exponent()));
    let to_unit = 10_i128.pow(u32::from(base.exponent()));
    (DECIMALS_MIN..=DECIMALS_MAX)
        .map(|decimals| (decimals, 10_i128.pow(decimals)))
        .find_map(|(decimals, scale)| {
            let digits = divide_half_up(to * from_unit * scale, from * to_unit);
            let back = divide_half_up(from * digits * to_unit, scale * from_unit);
            (back == to).then(|| Some(decimal(digits, decimals)))
        })
        .ok_or(NotExact)
}

fn divide_half_up(dividend: i128, divisor: i128) -> i128 {
    (2 * dividend + divisor) / (2 * divisor)
}

fn decimal(digits: i128, decimals: u32) -> Decimal {
    let scale = 10_i128.pow(decimals);
    let width = usize::try_from(decimals).expect("at most 15");
    let text = format!("{}.{:0width$}", digits / scale, digits % scale);
    Decimal(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amount(minor: i64, code: &str) -> Amount {
        Amount::new(minor, code.parse().unwrap())
    }

    #[test]
    fn the_rate_is_settled_over_presented() {
        let rate = |p, s| rate(p, s, Currency::USD).unwrap().map(|decimal| decimal.0);
        assert_eq!(rate(amount(10_000, "eur"), amount(10_800, "usd")).as_deref(), Some("1.08"));
        assert_eq!(rate(amount(12_000, "jpy"), amount(8_040, "usd")).as_deref(), Some("0.0067"));
        assert_eq!(rate(amount(10_000, "usd"), amount(10_000, "usd")), None);
    }

    #[test]
    fn what_settles_in_another_currency_than_the_books_has_netsuites_own_rate() {
        assert_eq!(rate(amount(10_000, "gbp"), amount(11_000, "eur"), Currency::USD), Ok(None));
        assert_eq!(rate(amount(10_000, "usd"), amount(9_000, "eur"), Currency::USD), Ok(None));
    }

    proptest! {
        #[test]
        fn the_rate_gives_the_settled_cents_back(from in 1i64..10_000_000, to in 1i64..10_000_000) {
            let found = rate(amount(from, "gbp"), amount(to, "usd"), Currency::USD);
            if let Ok(Some(Decimal(text))) = found {
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
                let scale = 10_i128.pow(u32::try_from(fraction.len()).unwrap());
                prop_assert_eq!(divide_half_up(i128::from(from) * digits, scale), i128::from(to));
            } else {
                prop_assert!(false, "{from} -> {to} has no rate");
            }
        }
    }
}
