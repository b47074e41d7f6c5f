//! Where customers live: their currency, their tax, and what their payments settle in.

use super::rng::{Rng, mix};
use super::{days, round};
use crate::money::Currency;

/// A group of customers who are billed alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    /// Sales tax on top.
    NewYork,
    /// Software is sold without tax.
    Oregon,
    /// Euro, VAT inside the price.
    Germany,
    /// Pound, VAT inside the price.
    Britain,
    /// Yen, consumption tax on top.
    Japan,
    // Only in companies of every story.
    /// Canadian dollar, two taxes on top.
    Quebec,
    /// Franc, VAT inside the price.
    Switzerland,
    /// Dinar, of three decimals, without tax.
    Kuwait,
}

/// A postal address without its first line.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub city: &'static str,
    pub state: Option<&'static str>,
    pub postal_code: &'static str,
    pub country: &'static str,
}

impl Market {
    const USUAL: [Self; 5] =
        [Self::NewYork, Self::Oregon, Self::Germany, Self::Britain, Self::Japan];

    pub fn draw(rng: &mut Rng) -> Self {
        Self::USUAL[rng.weighted(&[40, 20, 16, 14, 10])]
    }

    pub fn currency(self) -> &'static str {
        match self {
            Self::NewYork | Self::Oregon => "usd",
            Self::Germany => "eur",
            Self::Britain => "gbp",
            Self::Japan => "jpy",
            Self::Quebec => "cad",
            Self::Switzerland => "chf",
            Self::Kuwait => "kwd",
        }
    }

    /// The names of the tax rates in the catalogue.
    pub fn taxes(self) -> &'static [&'static str] {
        match self {
            Self::NewYork => &["NY"],
            Self::Oregon | Self::Kuwait => &[],
            Self::Germany => &["DE"],
            Self::Britain => &["GB"],
            Self::Japan => &["JP"],
            Self::Quebec => &["GST", "QST"],
            Self::Switzerland => &["CH"],
        }
    }

    pub fn place(self) -> Place {
        let (city, state, postal_code, country) = match self {
            Self::NewYork => ("New York", Some("NY"), "10013", "US"),
            Self::Oregon => ("Portland", Some("OR"), "97205", "US"),
            Self::Germany => ("Hamburg", None, "20457", "DE"),
            Self::Britain => ("Leeds", None, "LS1 4DY", "GB"),
            Self::Japan => ("Osaka", Some("Osaka"), "530-0001", "JP"),
            Self::Quebec => ("Montréal", Some("QC"), "H2Y 1C6", "CA"),
            Self::Switzerland => ("Basel", None, "4051", "CH"),
            Self::Kuwait => ("Kuwait City", None, "15462", "KW"),
        };
        Place { city, state, postal_code, country }
    }

    /// How businesses end their names there.
    pub fn ending(self) -> &'static str {
        match self {
            Self::NewYork | Self::Quebec => "Inc.",
            Self::Oregon => "LLC",
            Self::Germany => "GmbH",
            Self::Britain => "Ltd",
            Self::Japan => "KK",
            Self::Switzerland => "AG",
            Self::Kuwait => "WLL",
        }
    }
}

/// The currencies that the account has a balance in; payments in others are converted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Settlement {
    /// Dollars, euro and yen have a balance each, all else becomes dollars.
    #[default]
    Usual,
    /// Everything European becomes euro, all else dollars.
    Europe,
    /// Everything becomes dollars.
    Dollars,
    /// Every currency but the dinar keeps a balance of its own.
    Own,
}

impl Settlement {
    pub const ALL: [Self; 4] = [Self::Usual, Self::Europe, Self::Dollars, Self::Own];

    /// The currency in which payments of `currency` reach the Stripe balance.
    fn of(self, currency: &'static str) -> &'static str {
        match (self, currency) {
            (Self::Usual | Self::Own, "eur" | "jpy") | (Self::Own, "gbp" | "cad" | "chf") => {
                currency
            }
            (Self::Europe, "eur" | "gbp" | "chf") => "eur",
            _ => "usd",
        }
    }

    /// `amount` of `currency` on the Stripe balance, at the rate of the day of `instant`.
    pub fn settle(self, seed: u64, amount: i64, currency: &'static str, instant: i64) -> Settled {
        let into = self.of(currency);
        if currency == into {
            return Settled { amount, currency: into, rate_micro: None };
        }
        let rate = rate_micro(seed, currency, into, instant);
        let whole_units = 10_i64.pow(exponent(currency)) * MICRO;
        let settled = round::share(amount, rate * 10_i64.pow(exponent(into)), whole_units);
        Settled { amount: settled, currency: into, rate_micro: Some(rate) }
    }
}

/// An amount as it reaches the Stripe balance.
#[derive(Debug, Clone, Copy)]
pub struct Settled {
    pub amount: i64,
    pub currency: &'static str,
    /// Settlement units for one presentment unit, in millionths; `None` without conversion.
    pub rate_micro: Option<i64>,
}

const MICRO: i64 = 1_000_000;
/// The pound in millionths of a dollar, around which each day's rate varies.
const POUND_MICRO: i64 = 1_270_000;

/// A unit of a currency in millionths of a dollar.
fn dollars_micro(currency: &str) -> i64 {
    match currency {
        "gbp" => POUND_MICRO,
        "eur" => 1_085_000,
        "chf" => 1_130_000,
        "cad" => 730_000,
        "kwd" => 3_252_000,
        "jpy" => 6_700,
        _ => MICRO,
    }
}

fn rate_micro(seed: u64, from: &str, into: &str, instant: i64) -> i64 {
    let day = days::midnight(instant).unsigned_abs() / days::DAY.unsigned_abs();
    let wobble = i64::try_from(mix(seed ^ day) % 60_001).expect("below 60,001") - 30_000;
    let middle = round::share(dollars_micro(from), MICRO, dollars_micro(into));
    middle + round::share(middle, wobble, POUND_MICRO)
}

fn exponent(currency: &str) -> u32 {
    currency.parse().map_or(2, |currency: Currency| u32::from(currency.exponent()))
}

/// The least that Stripe charges; less is carried to the next invoice.
pub fn charge_minimum(currency: &str) -> i64 {
    match currency {
        "gbp" => 30,
        "kwd" => 150,
        _ => 50,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversion_minds_the_decimals_of_both_currencies() {
        let settled = |amount, currency| Settlement::Dollars.settle(1, amount, currency, 0);
        // About 67 dollars, 32.52 dollars and 12.70 dollars.
        for (amount, currency, about) in
            [(10_000, "jpy", 6_700), (10_000, "kwd", 3_252), (1_000, "gbp", 1_270)]
        {
            let got = settled(amount, currency).amount;
            assert!((got - about).abs() * 30 < about, "{amount} {currency} became {got}");
        }
        assert_eq!(Settlement::Europe.settle(1, 500, "chf", 0).currency, "eur");
        assert_eq!(Settlement::Own.settle(1, 500, "cad", 0).rate_micro, None);
    }
}
