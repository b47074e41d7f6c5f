//! Invoices and their lines, in the shapes before and after 2025-03-31.

use serde::Deserialize;

use super::{
    Discount, Inline, InvoicePayment, Metadata, digits, id_of, minor, minor_option, minor_or_zero,
    or_default,
};
use crate::calendar::UnixTime;
use crate::ids::{
    ChargeId, CustomerId, DiscountId, InvoiceId, LineId, ObjectId, PaymentIntentId, PriceId,
    ProductId, TaxRateId,
};
use crate::money::{Amount, Currency};

#[derive(Debug, Clone, Deserialize)]
pub struct Invoice {
    pub id: InvoiceId,
    pub number: Option<String>,
    pub currency: Currency,
    pub created: UnixTime,
    pub effective_at: Option<UnixTime>,
    pub due_date: Option<UnixTime>,
    #[serde(default, deserialize_with = "or_default")]
    pub status_transitions: StatusTransitions,
    #[serde(default)]
    pub status: InvoiceStatus,
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<CustomerId>,
    #[serde(default, deserialize_with = "or_default")]
    pub billing_reason: String,
    #[serde(default, deserialize_with = "or_default")]
    pub collection_method: String,
    pub description: Option<String>,
    #[serde(default, deserialize_with = "minor_or_zero")]
    total: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    amount_due: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    amount_paid: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    amount_remaining: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    amount_overpaid: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    amount_paid_off_stripe: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    starting_balance: i64,
    #[serde(default, deserialize_with = "minor_option")]
    ending_balance: Option<i64>,
    #[serde(default, deserialize_with = "minor_or_zero")]
    pre_payment_credit_notes_amount: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    post_payment_credit_notes_amount: i64,
    pub lines: Inline<InvoiceLine>,
    pub shipping_cost: Option<ShippingCost>,
    #[serde(default, deserialize_with = "or_default")]
    total_taxes: Vec<Tax>,
    /// Present only when expanded.
    payments: Option<Inline<InvoicePayment>>,
    /// Whole objects when expanded (`data.discounts`), ids otherwise.
    #[serde(default, deserialize_with = "or_default")]
    discounts: Vec<MaybeDiscount>,
    // Before 2025-03-31.
    #[serde(default, deserialize_with = "or_default")]
    total_tax_amounts: Vec<LegacyTax>,
    #[serde(default, deserialize_with = "id_of")]
    charge: Option<ChargeId>,
    #[serde(default, deserialize_with = "id_of")]
    payment_intent: Option<PaymentIntentId>,
    #[serde(default, deserialize_with = "or_default")]
    paid_out_of_band: bool,
    #[serde(default, deserialize_with = "id_of")]
    pub latest_revision: Option<InvoiceId>,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Uncollectible,
    Void,
    /// A value newer than this tool, or none at all.
    #[default]
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct StatusTransitions {
    pub finalized_at: Option<UnixTime>,
    pub marked_uncollectible_at: Option<UnixTime>,
    pub paid_at: Option<UnixTime>,
    pub voided_at: Option<UnixTime>,
}

/// An expanded discount, or just its id.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum MaybeDiscount {
    Whole(Box<Discount>),
    #[expect(dead_code, reason = "the id alone names no coupon, but must parse")]
    Id(DiscountId),
}

impl Invoice {
    fn amount(&self, minor: i64) -> Amount {
        Amount::new(minor, self.currency)
    }

    /// After discounts and with tax; negative when the customer is owed.
    pub fn total(&self) -> Amount {
        self.amount(self.total)
    }

    /// What was left to pay after customer balance and earlier credit notes.
    pub fn amount_due(&self) -> Amount {
        self.amount(self.amount_due)
    }

    pub fn amount_paid(&self) -> Amount {
        self.amount(self.amount_paid)
    }

    pub fn amount_remaining(&self) -> Amount {
        self.amount(self.amount_remaining)
    }

    pub fn amount_overpaid(&self) -> Amount {
        self.amount(self.amount_overpaid)
    }

    /// Paid by money that never touched Stripe.
    pub fn amount_paid_off_stripe(&self) -> Amount {
        self.amount(self.amount_paid_off_stripe)
    }

    /// Customer balance before this invoice; negative is credit.
    pub fn starting_balance(&self) -> Amount {
        self.amount(self.starting_balance)
    }

    /// Customer balance after it; equal to the starting balance until it is finalized.
    pub fn ending_balance(&self) -> Amount {
        self.amount(self.ending_balance.unwrap_or(self.starting_balance))
    }

    pub fn pre_payment_credit_notes(&self) -> Amount {
        self.amount(self.pre_payment_credit_notes_amount)
    }

    pub fn post_payment_credit_notes(&self) -> Amount {
        self.amount(self.post_payment_credit_notes_amount)
    }

    /// Tax of the whole invoice, shipping included, per rate and behaviour.
    pub fn total_taxes(&self) -> Vec<TaxAmount> {
        tax_amounts(&self.total_taxes, &self.total_tax_amounts, self.currency)
    }

    pub fn is_finalized(&self) -> bool {
        !matches!(self.status, InvoiceStatus::Draft | InvoiceStatus::Unknown)
    }

    /// Marked as paid by a person, in the shape before 2025-03-31 (later: see
    /// [`Self::amount_paid_off_stripe`] and payment records).
    pub fn paid_out_of_band(&self) -> bool {
        self.paid_out_of_band
    }

    /// The charge that paid it, in the shape before 2025-03-31.
    pub fn legacy_charge(&self) -> Option<&ChargeId> {
        self.charge.as_ref()
    }

    /// The payment intent, in the shape before 2025-03-31.
    pub fn legacy_payment_intent(&self) -> Option<&PaymentIntentId> {
        self.payment_intent.as_ref()
    }

    /// The invoice payments, where they were expanded.
    pub fn inline_payments(&self) -> &[InvoicePayment] {
        self.payments.as_ref().map_or(&[], |list| list.data.as_slice())
    }

    /// Every discount seen whole on this invoice or its lines.
    pub fn discounts(&self) -> impl Iterator<Item = &Discount> {
        let own = self.discounts.iter();
        own.chain(self.lines.data.iter().flat_map(|line| &line.discounts)).filter_map(|d| match d {
            MaybeDiscount::Whole(discount) => Some(discount.as_ref()),
            MaybeDiscount::Id(_) => None,
        })
    }
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
    #[serde(default, deserialize_with = "or_default")]
    inclusive: bool,
    #[serde(default, deserialize_with = "id_of")]
    tax_rate: Option<TaxRateId>,
}

/// Tax on a line, in either shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxAmount {
    pub amount: Amount,
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
        inclusive: tax.tax_behavior == "inclusive",
        rate: tax.tax_rate_details.as_ref().and_then(|details| details.tax_rate.clone()),
    });
    let old = legacy.iter().map(|tax| TaxAmount {
        amount: Amount::new(tax.amount, currency),
        inclusive: tax.inclusive,
        rate: tax.tax_rate.clone(),
    });
    // An object has one shape or the other, never both.
    if taxes.is_empty() { old.collect() } else { new.collect() }
}

impl InvoiceLine {
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
                inclusive: tax.rate.as_ref().is_some_and(|rate| rate.inclusive),
                rate: tax.rate.as_ref().map(|rate| rate.id.clone()),
            })
            .collect()
    }
}
