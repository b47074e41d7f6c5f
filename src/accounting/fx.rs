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

/// Why a record has no rate of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRate {
    /// Settled in neither the record's currency nor the currency of the books.
    ThreeCurrencies { settled: Currency },
    /// No decimal of bearable length gives the settled amount.
    NotExact,
}

/// The rate for a record of `presented` that settled as `settled`, both positive. `Ok(None)` when
/// both have one currency: NetSuite's own rate is right then.
pub(super) fn rate(
    presented: Amount,
    settled: Amount,
    base: Currency,
) -> Result<Option<Decimal>, NoRate> {
    if presented.currency() == settled.currency() {
        return Ok(None);
    }
    if settled.currency() != base {
        return Err(NoRate::ThreeCurrencies { settled: settled.currency() });
    }
    let (from, to) = (i128::from(presented.minor().abs()), i128::from(settled.minor().abs()));
    if from == 0 {
        return Err(NoRate::NotExact);
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
        .ok_or(NoRate::NotExact)
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
    fn a_third_currency_is_refused() {
        let refused = rate(amount(10_000, "gbp"), amount(11_000, "eur"), Currency::USD);
        assert!(matches!(refused, Err(NoRate::ThreeCurrencies { .. })));
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
