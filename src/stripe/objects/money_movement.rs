//! Charges, refunds and disputes: what moves money between a customer and the Stripe balance.

use serde::Deserialize;

use super::{Metadata, id_of, minor, minor_option, minor_or_zero, or_default};
use crate::calendar::UnixTime;
use crate::ids::{
    BalanceTransactionId, ChargeId, CustomerId, DisputeId, InvoiceId, PaymentIntentId, RefundId,
};
use crate::money::{Amount, Currency};
use crate::stripe::objects::BalanceTransaction;

#[derive(Debug, Clone, Deserialize)]
pub struct Charge {
    pub id: ChargeId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "minor_option")]
    amount_captured: Option<i64>,
    #[serde(default, deserialize_with = "minor_or_zero")]
    amount_refunded: i64,
    pub currency: Currency,
    pub created: UnixTime,
    #[serde(default, deserialize_with = "id_of")]
    pub balance_transaction: Option<BalanceTransactionId>,
    /// The movement that took the money back when an asynchronous payment failed.
    #[serde(default, deserialize_with = "id_of")]
    pub failure_balance_transaction: Option<BalanceTransactionId>,
    #[serde(default, deserialize_with = "or_default")]
    pub captured: bool,
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<CustomerId>,
    pub description: Option<String>,
    pub failure_message: Option<String>,
    /// Only before 2025-03-31.
    #[serde(default, deserialize_with = "id_of")]
    pub invoice: Option<InvoiceId>,
    #[serde(default, deserialize_with = "id_of")]
    pub payment_intent: Option<PaymentIntentId>,
    /// `succeeded`, `pending`, `failed`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

impl Charge {
    /// What the customer was charged, in the presentment currency.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    /// What was captured of it; the whole amount where the field is absent.
    pub fn amount_captured(&self) -> Amount {
        Amount::new(self.amount_captured.unwrap_or(self.amount), self.currency)
    }

    pub fn amount_refunded(&self) -> Amount {
        Amount::new(self.amount_refunded, self.currency)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Refund {
    pub id: RefundId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
    pub created: UnixTime,
    #[serde(default, deserialize_with = "id_of")]
    pub balance_transaction: Option<BalanceTransactionId>,
    #[serde(default, deserialize_with = "id_of")]
    pub failure_balance_transaction: Option<BalanceTransactionId>,
    #[serde(default, deserialize_with = "id_of")]
    pub charge: Option<ChargeId>,
    #[serde(default, deserialize_with = "id_of")]
    pub payment_intent: Option<PaymentIntentId>,
    pub reason: Option<String>,
    pub failure_reason: Option<String>,
    /// `pending`, `requires_action`, `succeeded`, `failed`, `canceled`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

impl Refund {
    /// In the charge's currency.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Dispute {
    pub id: DisputeId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
    pub created: UnixTime,
    #[serde(default, deserialize_with = "id_of")]
    pub charge: Option<ChargeId>,
    /// Withdrawals and returns, always inline; none while it is an inquiry.
    #[serde(default, deserialize_with = "or_default")]
    pub balance_transactions: Vec<BalanceTransaction>,
    #[serde(default, deserialize_with = "or_default")]
    pub reason: String,
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "or_default")]
    evidence_details: EvidenceDetails,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct EvidenceDetails {
    due_by: Option<UnixTime>,
    #[serde(default, deserialize_with = "or_default")]
    submission_count: u32,
}

impl Dispute {
    /// In the charge's currency.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    /// When evidence was due, if any was given: the decision is not older than that.
    pub fn contested_until(&self) -> Option<UnixTime> {
        self.evidence_details.due_by.filter(|_| self.evidence_details.submission_count > 0)
    }

    /// An inquiry: `warning_*`, no money has moved.
    pub fn is_inquiry(&self) -> bool {
        self.status.starts_with("warning_")
    }
}
