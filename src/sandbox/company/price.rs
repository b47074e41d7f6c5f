//! What a quantity costs: one line of the bill, or several, by the price's scheme.

use super::catalogue::Item;
use super::round::share;

/// Calls that cost nothing.
const FREE_CALLS: i64 = 1_000;
/// Where the tiers of a graduated price end, and what a unit costs in each, in percent.
const GRADUATED: [(i64, i64); 3] = [(10, 100), (50, 80), (i64::MAX, 60)];
/// Where the tiers of a volume price end, and what every unit costs once the quantity is in one.
const VOLUME: [(i64, i64); 3] = [(100, 100), (1_000, 85), (i64::MAX, 70)];
/// Units in a package.
pub const PACKAGE: i64 = 50;

/// How a price turns a quantity into money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    PerUnit,
    /// Counted; the first thousand are free, each further one costs tenths of a minor unit.
    Calls,
    /// Each tier's units at the tier's price, a line for each tier, and a flat fee.
    Graduated,
    /// Counted; all units at the price of the tier that the quantity reaches.
    Volume,
    /// Whole packages, however few units of the last are used.
    Package,
    /// Counted; each unit costs hundredths of a minor unit.
    Fraction,
}

#[derive(Debug)]
pub struct Price {
    pub id: String,
    pub item: Item,
    pub scheme: Scheme,
    pub product: String,
    pub product_name: &'static str,
    pub currency: &'static str,
    /// `month`, `year`, or once.
    pub interval: Option<&'static str>,
    pub unit_amount: i64,
    pub created: i64,
}

/// What one line of the bill says about a quantity.
#[derive(Debug)]
pub struct Part {
    pub quantity: i64,
    pub amount: i64,
    pub what: String,
}

impl Price {
    /// The bill for `quantity` of it.
    pub fn parts(&self, quantity: i64) -> Vec<Part> {
        let what = format!("{quantity} × {}", self.product_name);
        let whole = |amount| vec![Part { quantity, amount, what: what.clone() }];
        match self.scheme {
            Scheme::PerUnit => whole(quantity * self.unit_amount),
            Scheme::Calls => whole(share((quantity - FREE_CALLS).max(0), self.unit_amount, 10)),
            Scheme::Fraction => whole(share(quantity, self.unit_amount, 100)),
            Scheme::Package => whole((quantity + PACKAGE - 1) / PACKAGE * self.unit_amount),
            Scheme::Volume => {
                let reached = VOLUME.into_iter().find(|(end, _)| quantity <= *end);
                let percent = reached.map_or(100, |(_, percent)| percent);
                whole(quantity * share(self.unit_amount, percent, 100))
            }
            Scheme::Graduated => self.tiers(quantity),
        }
    }

    fn tiers(&self, quantity: i64) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (tier, (end, percent)) in (1..).zip(GRADUATED) {
            let inside = quantity.min(end) - start;
            if inside > 0 {
                let what = format!("{inside} × {}, tier {tier}", self.product_name);
                let amount = inside * share(self.unit_amount, percent, 100);
                parts.push(Part { quantity: inside, amount, what });
            }
            start = end;
        }
        // Stripe writes a flat fee as a line of its own, which counts nothing.
        let what = format!("{}, flat fee", self.product_name);
        parts.push(Part { quantity: 0, amount: 2 * self.unit_amount, what });
        parts
    }

    /// What `quantity` of it costs.
    pub fn amount(&self, quantity: i64) -> i64 {
        self.parts(quantity).iter().map(|part| part.amount).sum()
    }

    pub fn is_tiered(&self) -> bool {
        self.tiers_mode().is_some()
    }

    pub fn tiers_mode(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Calls | Scheme::Graduated => Some("graduated"),
            Scheme::Volume => Some("volume"),
            Scheme::PerUnit | Scheme::Package | Scheme::Fraction => None,
        }
    }

    /// Whether it is billed by what was used, after the period.
    pub fn is_counted(&self) -> bool {
        matches!(self.scheme, Scheme::Calls | Scheme::Volume | Scheme::Fraction)
    }

    /// The unit amount as Stripe shows it: none where it depends on the quantity or is no integer.
    pub fn shown_unit_amount(&self) -> Option<i64> {
        matches!(self.scheme, Scheme::PerUnit | Scheme::Package).then_some(self.unit_amount)
    }

    /// The unit amount with its decimals; none where it depends on the quantity.
    pub fn shown_decimal(&self) -> Option<String> {
        if self.scheme == Scheme::Fraction {
            return Some(format!("{}.{:02}", self.unit_amount / 100, self.unit_amount % 100));
        }
        self.shown_unit_amount().map(|amount| amount.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(scheme: Scheme, unit_amount: i64) -> Price {
        Price {
            id: String::new(),
            item: Item::Team,
            scheme,
            product: String::new(),
            product_name: "Thing",
            currency: "usd",
            interval: Some("month"),
            unit_amount,
            created: 0,
        }
    }

    #[test]
    fn each_scheme_bills_as_stripe_documents_it() {
        // 10 at 1.00, 40 at 0.80, 10 at 0.60, and a flat fee of 2.00.
        let graduated = price(Scheme::Graduated, 100);
        let parts = graduated.parts(60);
        let amounts: Vec<_> = parts.iter().map(|part| (part.quantity, part.amount)).collect();
        assert_eq!(amounts, [(10, 1_000), (40, 3_200), (10, 600), (0, 200)]);
        assert_eq!(price(Scheme::Volume, 100).amount(101), 101 * 85);
        assert_eq!(price(Scheme::Package, 100).amount(PACKAGE + 1), 200);
        // 0.35 of a cent each: 352.45 cents.
        let metered = price(Scheme::Fraction, 35);
        assert_eq!(metered.amount(1_007), 352);
        assert_eq!(metered.shown_decimal().as_deref(), Some("0.35"));
    }
}
