//! What ties an invoice to the payment that paid it.

use serde::Deserialize;

use super::{Metadata, id_of, minor_option, or_default};
use crate::calendar::UnixTime;
use crate::ids::{ChargeId, CustomerId, InvoiceId, InvoicePaymentId, ObjectId, PaymentIntentId};
use crate::money::{Amount, Currency};

/// Which payment paid how much of which invoice. Since 2025-03-31 this is the only link.
#[derive(Debug, Clone, Deserialize)]
pub struct InvoicePayment {
    pub id: InvoicePaymentId,
    #[serde(default, deserialize_with = "id_of")]
    invoice: Option<InvoiceId>,
    #[serde(default, deserialize_with = "minor_option")]
    amount_paid: Option<i64>,
    pub currency: Currency,
    pub created: UnixTime,
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    payment: Payment,
    #[serde(default, deserialize_with = "or_default")]
    status_transitions: Transitions,
}

#[derive(Debug, Clone, Deserialize)]
struct Payment {
    #[serde(default, deserialize_with = "id_of")]
    charge: Option<ChargeId>,
    #[serde(default, deserialize_with = "id_of")]
    payment_intent: Option<PaymentIntentId>,
    #[serde(default, deserialize_with = "id_of")]
    payment_record: Option<ObjectId>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Transitions {
    paid_at: Option<UnixTime>,
}

/// What an invoice payment points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentTarget {
    Charge(ChargeId),
    PaymentIntent(PaymentIntentId),
    /// Money reported from outside Stripe.
    PaymentRecord(ObjectId),
    Unknown,
}

impl InvoicePayment {
    pub fn invoice(&self) -> Option<&InvoiceId> {
        self.invoice.as_ref()
    }

    /// What was paid; `None` until it is paid.
    pub fn amount_paid(&self) -> Option<Amount> {
        self.amount_paid.map(|minor| Amount::new(minor, self.currency))
    }

    pub fn is_paid(&self) -> bool {
        self.status == "paid"
    }

    pub fn paid_at(&self) -> Option<UnixTime> {
        self.status_transitions.paid_at
    }

    pub fn target(&self) -> PaymentTarget {
        let payment = &self.payment;
        if let Some(id) = &payment.payment_intent {
            PaymentTarget::PaymentIntent(id.clone())
        } else if let Some(id) = &payment.charge {
            PaymentTarget::Charge(id.clone())
        } else if let Some(id) = &payment.payment_record {
            PaymentTarget::PaymentRecord(id.clone())
        } else {
            PaymentTarget::Unknown
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct PaymentIntent {
    pub id: PaymentIntentId,
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<CustomerId>,
    #[serde(default, deserialize_with = "id_of")]
    pub latest_charge: Option<ChargeId>,
    /// Only before 2025-03-31.
    #[serde(default, deserialize_with = "id_of")]
    pub invoice: Option<InvoiceId>,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}
