//! One change of the Stripe balance.

use serde_json::{Value, json};

use super::decimal;

/// A change of the balance, before it has an id.
#[derive(Debug, Clone)]
pub struct Movement {
    pub kind: &'static str,
    pub category: &'static str,
    /// Gross, in `currency`; negative when money leaves.
    pub amount: i64,
    pub fees: Vec<FeePart>,
    pub currency: &'static str,
    pub created: i64,
    /// Midnight UTC.
    pub available_on: i64,
    pub source: Option<String>,
    pub description: Option<String>,
    pub rate_micro: Option<i64>,
}

/// One entry of `fee_details`.
#[derive(Debug, Clone)]
pub struct FeePart {
    pub amount: i64,
    pub kind: &'static str,
    pub description: &'static str,
}

impl Movement {
    pub fn fee(&self) -> i64 {
        self.fees.iter().map(|part| part.amount).sum()
    }

    pub fn net(&self) -> i64 {
        self.amount - self.fee()
    }
}

pub fn balance_transaction(id: &str, movement: &Movement, now: i64) -> Value {
    let fee_details: Vec<Value> = movement
        .fees
        .iter()
        .map(|part| {
            json!({
                "amount": part.amount, "application": null, "currency": movement.currency,
                "description": part.description, "type": part.kind,
            })
        })
        .collect();
    json!({
        "id": id,
        "object": "balance_transaction",
        "amount": movement.amount,
        "available_on": movement.available_on,
        "balance_type": "payments",
        "created": movement.created,
        "currency": movement.currency,
        "description": movement.description,
        "exchange_rate": movement.rate_micro.map(|rate| decimal(rate, 6)),
        "fee": movement.fee(),
        "fee_details": fee_details,
        "net": movement.net(),
        "reporting_category": movement.category,
        "source": movement.source,
        "status": if movement.available_on <= now { "available" } else { "pending" },
        "type": movement.kind,
    })
}
