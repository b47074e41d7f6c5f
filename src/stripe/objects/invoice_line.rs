//! Lines of invoices, their prices, discounts and taxes, in the shapes before and after 2025-03-31.

use serde::Deserialize;

use super::{Discount, Metadata, digits, id_of, minor, minor_option, or_default};
use crate::calendar::UnixTime;
use crate::ids::{DiscountId, LineId, ObjectId, PriceId, ProductId, TaxRateId};
use crate::money::{Amount, Currency};

/// An expanded discount, or just its id.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum MaybeDiscount {
    Whole(Box<Discount>),
    #[expect(dead_code, reason = "the id alone names no coupon, but must parse")]
    Id(DiscountId),
}

#[derive(Debug, Clone, Deserialize)]
pub struct InvoiceLine {
    pub id: LineId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
    pub description: Option<String>,
    /// Decimal text; older objects have an integer.
    #[serde(default, deserialize_with = "digits")]
    quantity_decimal: Option<String>,
    #[serde(default, deserialize_with = "digits")]
    quantity: Option<String>,
    pub period: Option<Period>,
    #[serde(default, deserialize_with = "or_default")]
    discount_amounts: Vec<DiscountAmount>,
    #[serde(default, deserialize_with = "or_default")]
    discounts: Vec<MaybeDiscount>,
    #[serde(default, deserialize_with = "or_default")]
    pretax_credit_amounts: Vec<PretaxCredit>,
    pricing: Option<Pricing>,
    parent: Option<LineParent>,
    #[serde(default, deserialize_with = "or_default")]
    taxes: Vec<Tax>,
    // Before 2025-03-31.
    #[serde(default, deserialize_with = "or_default")]
    tax_amounts: Vec<LegacyTax>,
    price: Option<super::Price>,
    #[serde(default, deserialize_with = "or_default")]
    proration: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

/// Both ends are instants; Stripe's end is exclusive.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Period {
    pub start: UnixTime,
    pub end: UnixTime,
}

#[derive(Debug, Clone, Deserialize)]
struct DiscountAmount {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "id_of")]
    discount: Option<DiscountId>,
}

#[derive(Debug, Clone, Deserialize)]
struct PretaxCredit {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    kind: String,
    #[serde(default, deserialize_with = "id_of")]
    credit_balance_transaction: Option<ObjectId>,
}

#[derive(Debug, Clone, Deserialize)]
struct Pricing {
    price_details: Option<PriceDetails>,
    #[serde(default, deserialize_with = "digits")]
    unit_amount_decimal: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct PriceDetails {
    #[serde(default, deserialize_with = "id_of")]
    price: Option<PriceId>,
    #[serde(default, deserialize_with = "id_of")]
    product: Option<ProductId>,
}

#[derive(Debug, Clone, Deserialize)]
struct LineParent {
    invoice_item_details: Option<ParentDetails>,
    subscription_item_details: Option<ParentDetails>,
}

#[derive(Debug, Clone, Deserialize)]
struct ParentDetails {
    #[serde(default, deserialize_with = "or_default")]
    proration: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tax {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "minor_option")]
    taxable_amount: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    tax_behavior: String,
    tax_rate_details: Option<TaxRateDetails>,
}

#[derive(Debug, Clone, Deserialize)]
struct TaxRateDetails {
    #[serde(default, deserialize_with = "id_of")]
    tax_rate: Option<TaxRateId>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct LegacyTax {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "minor_option")]
    taxable_amount: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    inclusive: bool,
    #[serde(default, deserialize_with = "id_of")]
    tax_rate: Option<TaxRateId>,
}

/// Tax on a line, in either shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxAmount {
    pub amount: Amount,
    /// What it is charged on, where Stripe says.
    pub taxable: Option<Amount>,
    /// Part of the line's amount, not on top of it.
    pub inclusive: bool,
    pub rate: Option<TaxRateId>,
}

pub(super) fn tax_amounts(
    taxes: &[Tax],
    legacy: &[LegacyTax],
    currency: Currency,
) -> Vec<TaxAmount> {
    let new = taxes.iter().map(|tax| TaxAmount {
        amount: Amount::new(tax.amount, currency),
        taxable: tax.taxable_amount.map(|minor| Amount::new(minor, currency)),
        inclusive: tax.tax_behavior == "inclusive",
        rate: tax.tax_rate_details.as_ref().and_then(|details| details.tax_rate.clone()),
    });
    let old = legacy.iter().map(|tax| TaxAmount {
        amount: Amount::new(tax.amount, currency),
        taxable: tax.taxable_amount.map(|minor| Amount::new(minor, currency)),
        inclusive: tax.inclusive,
        rate: tax.tax_rate.clone(),
    });
    // An object has one shape or the other, never both.
    if taxes.is_empty() { old.collect() } else { new.collect() }
}

impl InvoiceLine {
    pub(super) fn discounts(&self) -> &[MaybeDiscount] {
        &self.discounts
    }

    /// Before discounts; with inclusive and without exclusive tax.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    pub fn quantity(&self) -> Option<&str> {
        self.quantity_decimal.as_deref().or(self.quantity.as_deref())
    }

    /// The price's unit amount in minor units, as decimal text with up to 12 places.
    pub fn unit_amount_decimal(&self) -> Option<&str> {
        self.pricing.as_ref().and_then(|pricing| pricing.unit_amount_decimal.as_deref())
    }

    /// Each discount on this line, in stacking order. Positive amounts.
    pub fn discount_amounts(&self) -> Vec<(Amount, Option<&DiscountId>)> {
        self.discount_amounts
            .iter()
            .map(|part| (Amount::new(part.amount, self.currency), part.discount.as_ref()))
            .collect()
    }

    /// Credit grants used on this line before tax (billing credits), positive. Discounts are also
    /// listed in that field and are left out here.
    pub fn credit_grants(&self) -> Vec<(Amount, Option<&ObjectId>)> {
        self.pretax_credit_amounts
            .iter()
            .filter(|part| part.kind == "credit_balance_transaction")
            .map(|part| {
                let amount = Amount::new(part.amount, self.currency);
                (amount, part.credit_balance_transaction.as_ref())
            })
            .collect()
    }

    pub fn taxes(&self) -> Vec<TaxAmount> {
        tax_amounts(&self.taxes, &self.tax_amounts, self.currency)
    }

    pub fn price(&self) -> Option<&PriceId> {
        let details = self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
        details.and_then(|d| d.price.as_ref()).or(self.price.as_ref().map(|price| &price.id))
    }

    pub fn product(&self) -> Option<&ProductId> {
        let details = self.pricing.as_ref().and_then(|pricing| pricing.price_details.as_ref());
        details
            .and_then(|d| d.product.as_ref())
            .or(self.price.as_ref().and_then(|price| price.product.as_ref()))
    }

    pub fn is_proration(&self) -> bool {
        let by_parent = self.parent.as_ref().is_some_and(|parent| {
            [&parent.invoice_item_details, &parent.subscription_item_details]
                .into_iter()
                .flatten()
                .any(|details| details.proration)
        });
        by_parent || self.proration
    }
}
