//! Credit notes and their lines, in the shapes before and after 2025-03-31.

use serde::Deserialize;

use super::invoice_line::{LegacyTax, Tax, TaxAmount, tax_amounts};
use super::{Inline, Metadata, ShippingCost, digits, id_of, minor, minor_or_zero, or_default};
use crate::calendar::UnixTime;
use crate::ids::{
    CreditNoteId, CustomerBalanceTransactionId, CustomerId, DiscountId, InvoiceId, LineId, RefundId,
};
use crate::money::{Amount, Currency};

#[derive(Debug, Clone, Deserialize)]
pub struct CreditNote {
    pub id: CreditNoteId,
    pub number: Option<String>,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
    pub created: UnixTime,
    pub effective_at: Option<UnixTime>,
    pub voided_at: Option<UnixTime>,
    #[serde(default, deserialize_with = "id_of")]
    invoice: Option<InvoiceId>,
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<CustomerId>,
    /// `issued` or `void`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// `pre_payment`, `post_payment` or `mixed`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "super::minor_option")]
    pre_payment_amount: Option<i64>,
    #[serde(default, deserialize_with = "super::minor_option")]
    post_payment_amount: Option<i64>,
    #[serde(default, deserialize_with = "minor_or_zero")]
    out_of_band_amount: i64,
    #[serde(default, deserialize_with = "id_of")]
    pub customer_balance_transaction: Option<CustomerBalanceTransactionId>,
    #[serde(default, deserialize_with = "or_default")]
    refunds: Vec<CreditNoteRefund>,
    /// Only before 2025-03-31.
    #[serde(default, deserialize_with = "id_of")]
    refund: Option<RefundId>,
    pub lines: Inline<CreditNoteLine>,
    pub shipping_cost: Option<ShippingCost>,
    pub memo: Option<String>,
    pub reason: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

/// A refund that the credit note made or was linked to.
#[derive(Debug, Clone, Deserialize)]
pub struct CreditNoteRefund {
    #[serde(deserialize_with = "minor")]
    amount_refunded: i64,
    #[serde(default, deserialize_with = "id_of")]
    pub refund: Option<RefundId>,
    /// Money given back outside Stripe.
    payment_record_refund: Option<serde::de::IgnoredAny>,
}

impl CreditNote {
    /// The whole credit, with tax.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    pub fn invoice(&self) -> Option<&InvoiceId> {
        self.invoice.as_ref()
    }

    pub fn is_void(&self) -> bool {
        self.status == "void"
    }

    /// What reduced the open invoice. Older objects have only a type: all or nothing.
    pub fn pre_payment_amount(&self) -> Amount {
        let whole = if self.kind == "post_payment" { 0 } else { self.amount };
        Amount::new(self.pre_payment_amount.unwrap_or(whole), self.currency)
    }

    /// What was given back after payment: refunds, customer balance, out of band.
    pub fn post_payment_amount(&self) -> Amount {
        let whole = if self.kind == "post_payment" { self.amount } else { 0 };
        Amount::new(self.post_payment_amount.unwrap_or(whole), self.currency)
    }

    /// What was given back by money that never touched Stripe.
    pub fn out_of_band_amount(&self) -> Amount {
        let outside = self.refunds.iter().filter(|part| part.payment_record_refund.is_some());
        let recorded: i64 = outside.map(|part| part.amount_refunded).sum();
        Amount::new(self.out_of_band_amount + recorded, self.currency)
    }

    /// Refund and the part of it this note covers. In the older shape the single refund covers the
    /// whole post-payment amount.
    pub fn refunds(&self) -> Vec<(RefundId, Amount)> {
        if self.refunds.is_empty() {
            return self
                .refund
                .iter()
                .map(|id| (id.clone(), self.post_payment_amount() - self.out_of_band_amount()))
                .collect();
        }
        self.refunds
            .iter()
            .filter_map(|part| {
                let id = part.refund.clone()?;
                Some((id, Amount::new(part.amount_refunded, self.currency)))
            })
            .collect()
    }

    /// What went to the customer's credit balance.
    pub fn balance_amount(&self) -> Amount {
        let refunded = self
            .refunds()
            .into_iter()
            .fold(Amount::zero(self.currency), |sum, (_, amount)| sum + amount);
        self.post_payment_amount() - refunded - self.out_of_band_amount()
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct CreditNoteLine {
    pub id: LineId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub description: Option<String>,
    /// `invoice_line_item` or `custom_line_item`.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "id_of")]
    pub invoice_line_item: Option<LineId>,
    #[serde(default, deserialize_with = "digits")]
    pub quantity: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    discount_amounts: Vec<LineDiscount>,
    #[serde(default, deserialize_with = "or_default")]
    taxes: Vec<Tax>,
    #[serde(default, deserialize_with = "or_default")]
    tax_amounts: Vec<LegacyTax>,
}

#[derive(Debug, Clone, Deserialize)]
struct LineDiscount {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "id_of")]
    discount: Option<DiscountId>,
}

impl CreditNoteLine {
    /// Before discount; with inclusive and without exclusive tax. Positive.
    pub fn amount(&self, currency: Currency) -> Amount {
        Amount::new(self.amount, currency)
    }

    pub fn discount_amounts(&self, currency: Currency) -> Vec<(Amount, Option<&DiscountId>)> {
        self.discount_amounts
            .iter()
            .map(|part| (Amount::new(part.amount, currency), part.discount.as_ref()))
            .collect()
    }

    pub fn taxes(&self, currency: Currency) -> Vec<TaxAmount> {
        tax_amounts(&self.taxes, &self.tax_amounts, currency)
    }
}
