//! What ties money to an invoice: invoice payments, and records of payments outside Stripe.

use serde_json::{Value, json};

use super::super::customer::Customer;

/// Where the money comes from.
#[derive(Debug, Clone)]
pub enum Payer {
    /// A payment intent.
    Intent(String),
    /// A payment record.
    Record(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentState {
    /// It has not succeeded.
    Open,
    Paid(i64),
    Canceled(i64),
}

#[derive(Debug, Clone)]
pub struct InvoicePayment {
    pub id: String,
    pub invoice: String,
    pub by: Payer,
    pub amount: i64,
    pub currency: &'static str,
    pub created: i64,
    pub state: PaymentState,
    pub is_default: bool,
}

pub fn invoice_payment(payment: &InvoicePayment) -> Value {
    let (status, paid_at, canceled_at) = match payment.state {
        PaymentState::Open => ("open", None, None),
        PaymentState::Paid(at) => ("paid", Some(at), None),
        PaymentState::Canceled(at) => ("canceled", None, Some(at)),
    };
    let by = match &payment.by {
        Payer::Intent(id) => json!({"payment_intent": id, "type": "payment_intent"}),
        Payer::Record(id) => json!({"payment_record": id, "type": "payment_record"}),
    };
    json!({
        "id": payment.id,
        "object": "invoice_payment",
        "amount_paid": paid_at.map(|_| payment.amount),
        "amount_requested": payment.amount,
        "created": payment.created,
        "currency": payment.currency,
        "invoice": payment.invoice,
        "is_default": payment.is_default,
        "livemode": false,
        "payment": by,
        "status": status,
        "status_transitions": {"canceled_at": canceled_at, "paid_at": paid_at},
    })
}

/// A payment that somebody reported to Stripe; no money of it ever was there.
pub fn payment_record(id: &str, amount: i64, currency: &str, at: i64, of: &Customer) -> Value {
    let money = |value: i64| json!({"currency": currency, "value": value});
    json!({
        "id": id,
        "object": "payment_record",
        "amount": money(amount),
        "amount_authorized": money(amount),
        "amount_canceled": money(0),
        "amount_failed": money(0),
        "amount_guaranteed": money(amount),
        "amount_refunded": money(0),
        "amount_requested": money(amount),
        "application": null,
        "created": at,
        "customer_details": {
            "customer": of.id, "email": of.business.email, "name": of.business.name, "phone": null,
        },
        "customer_presence": null,
        "description": null,
        "latest_payment_attempt_record": null,
        "livemode": false,
        "metadata": {},
        "payment_method_details": {
            "billing_details": null,
            "custom": {"display_name": "Bank transfer", "type": null},
            "payment_method": null,
            "type": "custom",
        },
        "processor_details": {"custom": {"payment_reference": null}, "type": "custom"},
        "reported_by": "self",
        "shipping_details": null,
    })
}
