//! Payouts.

use serde_json::{Value, json};

/// A payout as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct Payout {
    pub id: String,
    /// Negative when the bank account is debited.
    pub amount: i64,
    pub currency: &'static str,
    pub created: i64,
    /// Midnight UTC.
    pub arrival_date: i64,
    pub balance_transaction: String,
    pub failure_balance_transaction: Option<String>,
    /// `in_transit`, `paid`, `failed` or `canceled`.
    pub status: &'static str,
    /// Made by Stripe, which can then say what it is made of.
    pub automatic: bool,
    /// `standard` or `instant`.
    pub method: &'static str,
    /// The payout that this one takes back.
    pub original_payout: Option<String>,
    pub reversed_by: Option<String>,
    pub bank_account: String,
}

pub fn payout(payout: &Payout) -> Value {
    let failed = payout.status == "failed";
    let arrived = payout.status != "in_transit";
    let reconciliation = match (payout.automatic, arrived) {
        (false, _) => "not_applicable",
        (true, true) => "completed",
        (true, false) => "in_progress",
    };
    let trace = &payout.id[payout.id.len() - 18..];
    json!({
        "id": payout.id,
        "object": "payout",
        "amount": payout.amount,
        "application_fee": null,
        "application_fee_amount": null,
        "arrival_date": payout.arrival_date,
        "automatic": payout.automatic,
        "balance_transaction": payout.balance_transaction,
        "created": payout.created,
        "currency": payout.currency,
        "description": "STRIPE PAYOUT",
        "destination": payout.bank_account,
        "failure_balance_transaction": payout.failure_balance_transaction,
        "failure_code": failed.then_some("account_closed"),
        "failure_message": failed.then_some("The bank account has been closed."),
        "livemode": false,
        "metadata": {},
        "method": payout.method,
        "original_payout": payout.original_payout,
        "payout_method": null,
        "reconciliation_status": reconciliation,
        "reversed_by": payout.reversed_by,
        "source_type": "card",
        "statement_descriptor": null,
        "status": payout.status,
        "trace_id": {
            "status": if arrived { "supported" } else { "pending" },
            "value": arrived.then_some(trace),
        },
        "type": "bank_account",
    })
}
