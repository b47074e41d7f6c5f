//! The account and its balance: the two objects without a list.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::days::ZONE;

pub fn account(id: &str, created: i64) -> Value {
    json!({
        "id": id,
        "object": "account",
        "business_profile": {
            "annual_revenue": null, "estimated_worker_count": null, "mcc": "5734",
            "minority_owned_business_designation": null, "name": "Saltmarsh Software",
            "product_description": null, "support_address": null, "support_email": null,
            "support_phone": null, "support_url": null, "url": "https://saltmarsh.example",
        },
        "business_type": "company",
        "capabilities": {
            "card_payments": "active", "sepa_debit_payments": "active", "transfers": "active",
            "us_bank_account_ach_payments": "active",
        },
        "charges_enabled": true,
        "controller": {"type": "account"},
        "country": "US",
        "created": created,
        "default_currency": "usd",
        "details_submitted": true,
        "email": "finance@saltmarsh.example",
        "external_accounts": super::list(&format!("/v1/accounts/{id}/external_accounts"), vec![]),
        "future_requirements": requirements(),
        "metadata": {},
        "payouts_enabled": true,
        "requirements": requirements(),
        "settings": settings(),
        "tos_acceptance": {"date": created, "ip": null, "user_agent": null},
        "type": "standard",
    })
}

fn requirements() -> Value {
    json!({
        "alternatives": [], "current_deadline": null, "currently_due": [],
        "disabled_reason": null, "errors": [], "eventually_due": [], "past_due": [],
        "pending_verification": [],
    })
}

fn settings() -> Value {
    json!({
        "bacs_debit_payments": {"display_name": null, "service_user_number": null},
        "branding": {"icon": null, "logo": null, "primary_color": null, "secondary_color": null},
        "card_issuing": {"tos_acceptance": {"date": null, "ip": null}},
        "card_payments": {
            "decline_on": {"avs_failure": false, "cvc_failure": true},
            "statement_descriptor_prefix": "SALTMARSH",
            "statement_descriptor_prefix_kana": null, "statement_descriptor_prefix_kanji": null,
        },
        "dashboard": {"display_name": "Saltmarsh Software", "timezone": ZONE},
        "invoices": {"default_account_tax_ids": null, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": "SALTMARSH", "statement_descriptor_kana": null,
            "statement_descriptor_kanji": null,
        },
        "payouts": {
            "debit_negative_balances": true,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": null,
        },
        "sepa_debit_payments": {},
    })
}

/// `sums` holds, for each currency, what is available and what is pending.
pub fn balance(sums: &BTreeMap<&'static str, (i64, i64)>) -> Value {
    let part = |pick: fn(&(i64, i64)) -> i64| -> Vec<Value> {
        sums.iter()
            .map(|(currency, sum)| {
                let amount = pick(sum);
                json!({"amount": amount, "currency": currency, "source_types": {"card": amount}})
            })
            .collect()
    };
    json!({
        "object": "balance",
        "available": part(|sum| sum.0),
        "connect_reserved": [],
        "livemode": false,
        "pending": part(|sum| sum.1),
    })
}
