//! Shipping on invoices and credit notes.

use serde::Deserialize;

use super::{TaxAmount, minor, minor_option, minor_or_zero, or_default};
use crate::money::{Amount, Currency};

/// The invoice's shipping.
#[derive(Debug, Clone, Deserialize)]
pub struct ShippingCost {
    #[serde(deserialize_with = "minor")]
    amount_subtotal: i64,
    #[serde(deserialize_with = "minor_or_zero", default)]
    amount_tax: i64,
    #[serde(deserialize_with = "minor")]
    amount_total: i64,
    #[serde(default, deserialize_with = "or_default")]
    taxes: Vec<ShippingTax>,
}

#[derive(Debug, Clone, Deserialize)]
struct ShippingTax {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "minor_option")]
    taxable_amount: Option<i64>,
    rate: Option<super::TaxRate>,
}

impl ShippingCost {
    pub fn subtotal(&self, currency: Currency) -> Amount {
        Amount::new(self.amount_subtotal, currency)
    }

    pub fn tax(&self, currency: Currency) -> Amount {
        Amount::new(self.amount_tax, currency)
    }

    pub fn total(&self, currency: Currency) -> Amount {
        Amount::new(self.amount_total, currency)
    }

    /// Tax per rate, where Stripe itemises it (only when expanded).
    pub fn taxes(&self, currency: Currency) -> Vec<TaxAmount> {
        self.taxes
            .iter()
            .map(|tax| TaxAmount {
                amount: Amount::new(tax.amount, currency),
                taxable: tax.taxable_amount.map(|minor| Amount::new(minor, currency)),
                inclusive: tax.rate.as_ref().is_some_and(|rate| rate.inclusive),
                rate: tax.rate.as_ref().map(|rate| rate.id.clone()),
            })
            .collect()
    }
}
