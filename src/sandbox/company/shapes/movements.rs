//! What lies behind movements that are no payments: top-ups and reserves. In dollars.

use serde_json::{Value, json};

/// Money that the company sent to its Stripe balance.
#[derive(Debug, Clone)]
pub struct TopUp {
    pub id: String,
    pub amount: i64,
    pub created: i64,
    pub movement: String,
    pub reversed: bool,
}

pub fn topup(topup: &TopUp) -> Value {
    json!({
        "id": topup.id,
        "object": "topup",
        "amount": topup.amount,
        "balance_transaction": topup.movement,
        "created": topup.created,
        "currency": "usd",
        "description": "Top-up",
        "expected_availability_date": topup.created,
        "failure_code": null,
        "failure_message": null,
        "initiated_by": "user",
        "livemode": false,
        "metadata": {},
        "source": null,
        "statement_descriptor": "TOP-UP",
        "status": if topup.reversed { "reversed" } else { "succeeded" },
        "transfer_group": null,
    })
}

pub fn reserve(id: &str, amount: i64) -> Value {
    json!({
        "id": id, "object": "reserve_transaction", "amount": amount, "currency": "usd",
        "description": "Reserve for connected accounts",
    })
}
