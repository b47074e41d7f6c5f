//! Transfers to connected accounts and what the platform earns on their charges. In dollars.

use serde_json::{Value, json};

use super::list;

/// Something taken back: id, amount, when, and its balance transaction.
pub type Reversal = (String, i64, i64, String);

#[derive(Debug, Clone)]
pub struct Transfer {
    pub id: String,
    pub amount: i64,
    pub created: i64,
    pub balance_transaction: String,
    pub destination: String,
    /// The payment that the connected account sees.
    pub destination_payment: String,
    pub source_transaction: Option<String>,
    pub reversals: Vec<Reversal>,
}

fn reversed(reversals: &[Reversal]) -> i64 {
    reversals.iter().map(|(_, amount, ..)| amount).sum()
}

pub fn transfer(transfer: &Transfer) -> Value {
    let reversals = transfer
        .reversals
        .iter()
        .map(|(id, amount, at, movement)| {
            json!({
                "id": id, "object": "transfer_reversal", "amount": amount,
                "balance_transaction": movement, "created": at, "currency": "usd",
                "destination_payment_refund": null, "metadata": {}, "source_refund": null,
                "transfer": transfer.id,
            })
        })
        .collect();
    let url = format!("/v1/transfers/{}/reversals", transfer.id);
    let amount_reversed = reversed(&transfer.reversals);
    json!({
        "id": transfer.id,
        "object": "transfer",
        "amount": transfer.amount,
        "amount_reversed": amount_reversed,
        "balance_transaction": transfer.balance_transaction,
        "created": transfer.created,
        "currency": "usd",
        "description": null,
        "destination": transfer.destination,
        // Not an object of this account: it has no place among its charges.
        "destination_payment": transfer.destination_payment,
        "livemode": false,
        "metadata": {},
        "reversals": list(&url, reversals),
        "reversed": amount_reversed == transfer.amount,
        "source_transaction": transfer.source_transaction,
        "source_type": "card",
        "transfer_group": null,
    })
}

#[derive(Debug, Clone)]
pub struct ApplicationFee {
    pub id: String,
    pub account: String,
    pub application: String,
    pub amount: i64,
    pub balance_transaction: String,
    pub charge: String,
    pub created: i64,
    pub refunds: Vec<Reversal>,
}

pub fn application_fee(fee: &ApplicationFee) -> Value {
    let refunds = fee
        .refunds
        .iter()
        .map(|(id, amount, at, movement)| {
            json!({
                "id": id, "object": "fee_refund", "amount": amount,
                "balance_transaction": movement, "created": at, "currency": "usd",
                "fee": fee.id, "metadata": {},
            })
        })
        .collect();
    let url = format!("/v1/application_fees/{}/refunds", fee.id);
    let amount_refunded = reversed(&fee.refunds);
    json!({
        "id": fee.id,
        "object": "application_fee",
        "account": fee.account,
        "amount": fee.amount,
        "amount_refunded": amount_refunded,
        "application": fee.application,
        "balance_transaction": fee.balance_transaction,
        "charge": fee.charge,
        "created": fee.created,
        "currency": "usd",
        "fee_source": {"charge": fee.charge, "type": "charge"},
        "livemode": false,
        "originating_transaction": null,
        "refunded": amount_refunded == fee.amount,
        "refunds": list(&url, refunds),
    })
}
