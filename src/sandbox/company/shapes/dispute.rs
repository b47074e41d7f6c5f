//! Disputes.

use serde_json::{Map, Value, json};

/// A dispute as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct Dispute {
    pub id: String,
    pub amount: i64,
    pub currency: &'static str,
    pub created: i64,
    pub charge: String,
    pub payment_intent: String,
    /// `warning_closed`, `prevented`, `under_review`, `won`, `lost`.
    pub status: &'static str,
    pub reason: &'static str,
    /// Whole balance transactions.
    pub movements: Vec<Value>,
    pub evidence: bool,
}

const EVIDENCE: [&str; 26] = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
];

pub fn dispute(dispute: &Dispute) -> Value {
    let inquiry = dispute.movements.is_empty();
    let mut evidence: Map<String, Value> =
        EVIDENCE.iter().map(|field| ((*field).to_owned(), Value::Null)).collect();
    evidence.insert("enhanced_evidence".to_owned(), json!({}));
    let text = dispute.evidence.then_some("The customer used the service throughout the month.");
    evidence.insert("uncategorized_text".to_owned(), json!(text));
    json!({
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": dispute.movements,
        "charge": dispute.charge,
        "created": dispute.created,
        "currency": dispute.currency,
        "enhanced_eligibility_types": [],
        "evidence": evidence,
        "evidence_details": {
            "due_by": dispute.created + 9 * 86_400, "enhanced_eligibility": {},
            "has_evidence": dispute.evidence, "past_due": false,
            "submission_count": i64::from(dispute.evidence),
            "submission_method": if dispute.evidence { "manual" } else { "not_submitted" },
        },
        "intended_submission_method": null,
        "is_charge_refundable": inquiry,
        "livemode": false,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": dispute.payment_intent,
        "payment_method_details": {
            "card": {
                "brand": "visa", "case_type": if inquiry { "inquiry" } else { "chargeback" },
                "network": "visa", "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": dispute.reason,
        "status": dispute.status,
    })
}
