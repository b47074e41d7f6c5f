//! Charges and the payment intents they belong to.

use serde_json::{Value, json};

use super::super::pay::{Charge, Connected, Method};
use super::joined;

pub fn charge(charge: &Charge) -> Value {
    let failed = charge.status == "failed";
    let connected = &charge.connected;
    let facts = json!({
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.captured,
        "amount_refunded": charge.amount_refunded,
        "balance_transaction": charge.balance_transaction,
        "captured": failed || charge.captured > 0,
        "created": charge.created,
        "currency": charge.currency,
        "customer": charge.payer.customer,
        "description": charge.description,
        "disputed": charge.disputed,
        "failure_balance_transaction": charge.failure_balance_transaction,
        "failure_code": failed.then(|| failure(charge).0),
        "failure_message": failed.then(|| failure(charge).1),
        "outcome": outcome(charge),
        "paid": !failed,
        "payment_intent": charge.payment_intent,
        "payment_method": charge.payer.payment_method,
        "payment_method_details": method_details(charge.payer.method),
        "refunded": charge.amount_refunded == charge.amount,
        "status": charge.status,
    });
    let furniture = json!({
        "application": null,
        "application_fee": connected.application_fee.as_ref().map(|(id, _)| id),
        "application_fee_amount": connected.application_fee.as_ref().map(|(_, amount)| amount),
        "billing_details": {
            "address": null, "email": charge.payer.email, "name": charge.payer.name, "phone": null,
            "tax_id": null,
        },
        "calculated_statement_descriptor": "SALTMARSH", "fraud_details": {}, "livemode": false,
        "metadata": {}, "on_behalf_of": null, "receipt_email": null, "receipt_number": null,
        "receipt_url": format!("https://pay.stripe.example/receipts/{}", charge.id),
        "review": null, "shipping": null, "source": null, "source_transfer": null,
        "statement_descriptor": null, "statement_descriptor_suffix": null,
        "transfer_data": transfer_data(connected),
        "transfer_group": connected.transfer_group,
    });
    let mut whole = joined([facts, furniture]);
    if let Some(transfer) = &connected.transfer {
        whole["transfer"] = json!(transfer);
    }
    whole
}

fn transfer_data(connected: &Connected) -> Option<Value> {
    let destination = connected.destination.as_ref()?;
    Some(json!({"amount": null, "destination": destination}))
}

/// Why the charge failed: a code, and words.
fn failure(charge: &Charge) -> (&'static str, &'static str) {
    if charge.payer.method == Method::Card {
        ("card_declined", "Your card was declined.")
    } else {
        ("insufficient_funds", "The bank account has insufficient funds.")
    }
}

fn outcome(charge: &Charge) -> Value {
    let declined = charge.status == "failed" && charge.balance_transaction.is_none();
    json!({
        "advice_code": null, "network_advice_code": null, "network_decline_code": null,
        "network_status": if declined { "declined_by_network" } else { "approved_by_network" },
        "reason": declined.then_some("generic_decline"), "risk_level": "normal",
        "seller_message":
            if declined { "The bank declined the payment." } else { "Payment complete." },
        "type": if declined { "issuer_declined" } else { "authorized" },
    })
}

fn method_details(method: Method) -> Value {
    match method {
        Method::Card => json!({
            "card": {
                "amount_authorized": null, "authorization_code": null, "brand": "visa",
                "checks": {
                    "address_line1_check": null, "address_postal_code_check": null,
                    "cvc_check": "pass",
                },
                "country": "US", "exp_month": 8, "exp_year": 2030,
                "extended_authorization": {"status": "disabled"}, "fingerprint": null,
                "funding": "credit", "incremental_authorization": {"status": "unavailable"},
                "installments": null, "last4": "4242", "mandate": null,
                "multicapture": {"status": "unavailable"}, "network": "visa",
                "network_token": {"used": false}, "network_transaction_id": null,
                "overcapture": {"status": "unavailable"}, "regulated_status": "unregulated",
                "three_d_secure": null, "wallet": null,
            },
            "type": "card",
        }),
        Method::Ach => json!({
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": "company", "account_type": "checking",
                "bank_name": "TEST BANK", "fingerprint": null, "last4": "6789", "mandate": null,
                "payment_reference": null, "routing_number": "110000000",
            },
        }),
        Method::Sepa => json!({
            "sepa_debit": {
                "bank_code": "37040044", "branch_code": "", "country": "DE", "fingerprint": null,
                "last4": "3000", "mandate": null,
            },
            "type": "sepa_debit",
        }),
    }
}

pub fn payment_intent(charge: &Charge) -> Value {
    let failed = charge.status == "failed";
    let error = failed.then(|| {
        let (code, message) = failure(charge);
        json!({"code": code, "message": message, "type": "card_error"})
    });
    let waits = !failed && charge.captured == 0;
    let status = match (failed, waits) {
        (true, _) => "requires_payment_method",
        (_, true) => "requires_capture",
        _ => "succeeded",
    };
    let connected = &charge.connected;
    let facts = json!({
        "id": charge.payment_intent,
        "object": "payment_intent",
        "amount": charge.amount,
        "amount_received": if failed { 0 } else { charge.captured },
        "created": charge.intent_created,
        "currency": charge.currency,
        "customer": charge.payer.customer,
        "description": charge.description,
        "last_payment_error": error,
        "latest_charge": charge.id,
        "payment_method": if failed { None } else { Some(&charge.payer.payment_method) },
        "payment_method_types": [charge.payer.method.name()],
        "status": status,
    });
    let furniture = json!({
        "allowed_payment_method_types": null,
        "amount_capturable": if waits { charge.amount } else { 0 },
        "amount_details": {"tip": {}}, "application": null,
        "application_fee_amount": connected.application_fee.as_ref().map(|(_, amount)| amount),
        "automatic_payment_methods": null, "canceled_at": null, "cancellation_reason": null,
        "capture_method": if charge.captured == charge.amount { "automatic" } else { "manual" },
        "client_secret": null, "confirmation_method": "automatic",
        "customer_account": null, "excluded_payment_method_types": null, "livemode": false,
        "managed_payments": null, "metadata": {}, "next_action": null, "on_behalf_of": null,
        "payment_method_configuration_details": null, "payment_method_options": {},
        "payment_record": null, "processing": null, "receipt_email": null, "review": null,
        "setup_future_usage": null, "shipping": null, "source": null,
        "statement_descriptor": null, "statement_descriptor_suffix": null,
        "transfer_data": connected.destination.as_ref().map(|to| json!({"destination": to})),
        "transfer_group": connected.transfer_group,
    });
    joined([facts, furniture])
}
