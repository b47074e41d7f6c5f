//! Where customers live: their currency, their tax, and what their payments settle in.

use super::rng::{Rng, mix};
use super::{days, round};

/// A group of customers who are billed alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    /// Sales tax on top.
    NewYork,
    /// Software is sold without tax.
    Oregon,
    /// Euro, VAT inside the price, settled in euro.
    Germany,
    /// Pound, VAT inside the price, settled in dollars.
    Britain,
    /// Yen, consumption tax on top, settled in yen.
    Japan,
}

/// A postal address without its first line.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub city: &'static str,
    pub state: Option<&'static str>,
    pub postal_code: &'static str,
    pub country: &'static str,
}

/// The pound in millionths of a dollar, around which each day's rate varies.
const POUND_MICRO: i64 = 1_270_000;

impl Market {
    const ALL: [Self; 5] = [Self::NewYork, Self::Oregon, Self::Germany, Self::Britain, Self::Japan];

    pub fn draw(rng: &mut Rng) -> Self {
        Self::ALL[rng.weighted(&[40, 20, 16, 14, 10])]
    }

    pub fn currency(self) -> &'static str {
        match self {
            Self::NewYork | Self::Oregon => "usd",
            Self::Germany => "eur",
            Self::Britain => "gbp",
            Self::Japan => "jpy",
        }
    }

    /// The name of the tax rate in the catalogue.
    pub fn tax(self) -> Option<&'static str> {
        match self {
            Self::NewYork => Some("NY"),
            Self::Oregon => None,
            Self::Germany => Some("DE"),
            Self::Britain => Some("GB"),
            Self::Japan => Some("JP"),
        }
    }

    pub fn place(self) -> Place {
        let (city, state, postal_code, country) = match self {
            Self::NewYork => ("New York", Some("NY"), "10013", "US"),
            Self::Oregon => ("Portland", Some("OR"), "97205", "US"),
            Self::Germany => ("Hamburg", None, "20457", "DE"),
            Self::Britain => ("Leeds", None, "LS1 4DY", "GB"),
            Self::Japan => ("Osaka", Some("Osaka"), "530-0001", "JP"),
        };
        Place { city, state, postal_code, country }
    }

    /// How businesses end their names there.
    pub fn ending(self) -> &'static str {
        match self {
            Self::NewYork => "Inc.",
            Self::Oregon => "LLC",
            Self::Germany => "GmbH",
            Self::Britain => "Ltd",
            Self::Japan => "KK",
        }
    }
}

/// The currency in which payments of `currency` reach the Stripe balance.
pub fn settlement(currency: &str) -> &'static str {
    match currency {
        "eur" => "eur",
        "jpy" => "jpy",
        _ => "usd",
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

/// `amount` of `currency` on the Stripe balance, at the rate of the day of `instant`.
pub fn settle(seed: u64, amount: i64, currency: &str, instant: i64) -> Settled {
    let into = settlement(currency);
    if currency == into {
        return Settled { amount, currency: into, rate_micro: None };
    }
    let day = days::midnight(instant).unsigned_abs() / days::DAY.unsigned_abs();
    let wobble = i64::try_from(mix(seed ^ day) % 60_001).expect("below 60,001") - 30_000;
    let rate = POUND_MICRO + wobble;
    let settled = round::share(amount, rate, 1_000_000);
    Settled { amount: settled, currency: into, rate_micro: Some(rate) }
}
