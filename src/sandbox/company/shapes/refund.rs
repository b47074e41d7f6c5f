//! Refunds.

use serde_json::{Value, json};

use super::super::pay::Method;

/// A refund as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct Refund {
    pub id: String,
    pub amount: i64,
    pub currency: &'static str,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    pub customer: Option<String>,
    /// `succeeded`, `pending`, `canceled` or `failed`.
    pub status: &'static str,
    pub reason: Option<&'static str>,
    pub balance_transaction: Option<String>,
    pub failure_balance_transaction: Option<String>,
    /// What takes the money back from a connected account.
    pub transfer_reversal: Option<String>,
    pub method: Method,
}

pub fn refund(refund: &Refund) -> Value {
    let destination = match refund.method {
        Method::Card => json!({
            "card": {
                "reference_status": "pending", "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        }),
        Method::Ach => json!({
            "type": "us_bank_transfer",
            "us_bank_transfer": {"reference": null, "reference_status": null},
        }),
        Method::Sepa => json!({
            "eu_bank_transfer": {"reference": null, "reference_status": null},
            "type": "eu_bank_transfer",
        }),
    };
    let mut json = json!({
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": refund.balance_transaction,
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "customer": refund.customer,
        "customer_account": null,
        "destination_details": destination,
        "metadata": {},
        "payment_intent": refund.payment_intent,
        "payment_method": null,
        "reason": refund.reason,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": refund.status,
        "transfer_reversal": refund.transfer_reversal,
    });
    // Absent, not null, while there is nothing to say.
    if let Some(id) = &refund.failure_balance_transaction {
        json["failure_balance_transaction"] = json!(id);
        let cancelled = refund.status == "canceled";
        let reason = if cancelled { "merchant_request" } else { "expired_or_canceled_card" };
        json["failure_reason"] = json!(reason);
    }
    if refund.status == "pending" {
        json["pending_reason"] = json!("insufficient_funds");
    }
    json
}
