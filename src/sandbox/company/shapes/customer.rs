//! Customers, and the credit Stripe keeps for them.

use serde_json::{Value, json};

use super::super::customer::Customer;

pub fn address(customer: &Customer) -> Value {
    let place = customer.market.place();
    json!({
        "city": place.city, "country": place.country, "line1": customer.business.line1,
        "line2": null, "postal_code": place.postal_code, "state": place.state,
    })
}

pub fn customer(customer: &Customer) -> Value {
    json!({
        "id": customer.id,
        "object": "customer",
        "address": address(customer),
        "balance": customer.balance,
        "created": customer.created,
        "currency": customer.market.currency(),
        "default_source": null,
        "delinquent": customer.delinquent,
        "description": null,
        "discount": null,
        "email": customer.business.email,
        "invoice_prefix": customer.invoice_prefix,
        "invoice_settings": {
            "custom_fields": null, "default_payment_method": customer.payment_method,
            "footer": null, "rendering_options": null,
        },
        "livemode": false,
        "metadata": {},
        "name": customer.business.name,
        "next_invoice_sequence": customer.invoices + 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": null,
    })
}

/// One change of a customer's credit balance.
#[derive(Debug, Clone)]
pub struct BalanceEntry {
    pub id: String,
    /// Negative gives entry.
    pub amount: i64,
    pub ending_balance: i64,
    pub kind: &'static str,
    pub created: i64,
    pub invoice: Option<String>,
    pub credit_note: Option<String>,
    pub description: Option<&'static str>,
}

pub fn customer_balance_transaction(entry: &BalanceEntry, of: &Customer) -> Value {
    json!({
        "id": entry.id,
        "object": "customer_balance_transaction",
        "amount": entry.amount,
        "checkout_session": null,
        "created": entry.created,
        "credit_note": entry.credit_note,
        "currency": of.market.currency(),
        "customer": of.id,
        "customer_account": null,
        "description": entry.description,
        "ending_balance": entry.ending_balance,
        "invoice": entry.invoice,
        "livemode": false,
        "metadata": {},
        "type": entry.kind,
    })
}
