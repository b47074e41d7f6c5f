//! Invoices, in the shapes before and after 2025-03-31. Their lines are in [`super::InvoiceLine`].

use serde::Deserialize;

use super::invoice_line::{LegacyTax, MaybeDiscount, Tax, tax_amounts};
use super::{
    Discount, Inline, InvoiceLine, InvoicePayment, Metadata, TaxAmount, id_of, minor_option,
    minor_or_zero, or_default,
};
use crate::calendar::UnixTime;
use crate::ids::{ChargeId, CustomerId, InvoiceId, ObjectId, PaymentIntentId};
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
    pub shipping_cost: Option<super::ShippingCost>,
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
    /// The invoice that replaced this one when it was edited.
    #[serde(default, deserialize_with = "id_of")]
    pub latest_revision: Option<InvoiceId>,
    /// The invoice that this one replaced.
    from_invoice: Option<FromInvoice>,
    /// Since 2026-09-30.
    status_details: Option<StatusDetails>,
    /// Whether Stripe still tries to collect it.
    auto_advance: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    attempt_count: u32,
    next_payment_attempt: Option<UnixTime>,
    parent: Option<Parent>,
    /// Before 2025-03-31.
    #[serde(default, deserialize_with = "id_of")]
    subscription: Option<ObjectId>,
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

#[derive(Debug, Clone, Deserialize)]
struct FromInvoice {
    #[serde(default, deserialize_with = "id_of")]
    invoice: Option<InvoiceId>,
}

#[derive(Debug, Clone, Deserialize)]
struct StatusDetails {
    uncollectible: Option<Uncollectible>,
}

#[derive(Debug, Clone, Deserialize)]
struct Uncollectible {
    reason: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Debug, Clone, Deserialize)]
struct SubscriptionDetails {
    #[serde(default, deserialize_with = "id_of")]
    subscription: Option<ObjectId>,
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

    /// The invoice that this one replaced when it was edited.
    pub fn replaces(&self) -> Option<&InvoiceId> {
        self.from_invoice.as_ref()?.invoice.as_ref()
    }

    /// The subscription it bills.
    pub fn subscription(&self) -> Option<&ObjectId> {
        let details = self.parent.as_ref().and_then(|parent| parent.subscription_details.as_ref());
        details.and_then(|details| details.subscription.as_ref()).or(self.subscription.as_ref())
    }

    /// Whether Stripe gave it up because its subscription ended.
    pub fn ended_with_its_subscription(&self) -> bool {
        let details = self.status_details.as_ref().and_then(|d| d.uncollectible.as_ref());
        details.and_then(|d| d.reason.as_deref()) == Some("subscription_canceled")
    }

    /// Whether it is a subscription's, was tried, and is not tried any more: what an open invoice
    /// says when its subscription was cancelled over it.
    pub fn is_no_longer_collected(&self) -> bool {
        self.status == InvoiceStatus::Open
            && self.subscription().is_some()
            && self.collection_method == "charge_automatically"
            && self.attempt_count > 0
            && self.next_payment_attempt.is_none()
            && self.auto_advance == Some(false)
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
        own.chain(self.lines.data.iter().flat_map(InvoiceLine::discounts)).filter_map(|d| match d {
            MaybeDiscount::Whole(discount) => Some(discount.as_ref()),
            MaybeDiscount::Id(_) => None,
        })
    }
}
