//! Payouts: money on its way from Stripe to a bank account, or back.

use serde::Deserialize;

use super::{Metadata, id_of, minor, or_default};
use crate::calendar::UnixTime;
use crate::ids::{BalanceTransactionId, PayoutId};
use crate::money::{Amount, Currency};

#[derive(Debug, Clone, Deserialize)]
pub struct Payout {
    pub id: PayoutId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
    pub created: UnixTime,
    /// A date, encoded as midnight UTC.
    pub arrival_date: UnixTime,
    #[serde(default, deserialize_with = "or_default")]
    pub automatic: bool,
    #[serde(default, deserialize_with = "id_of")]
    pub balance_transaction: Option<BalanceTransactionId>,
    #[serde(default, deserialize_with = "id_of")]
    pub failure_balance_transaction: Option<BalanceTransactionId>,
    pub failure_message: Option<String>,
    /// `standard` or `instant`.
    #[serde(default, deserialize_with = "or_default")]
    pub method: String,
    /// `completed`, `in_progress`, `not_applicable`; older objects lack it.
    pub reconciliation_status: Option<String>,
    #[serde(default, deserialize_with = "id_of")]
    pub original_payout: Option<PayoutId>,
    #[serde(default, deserialize_with = "id_of")]
    pub reversed_by: Option<PayoutId>,
    /// `pending`, `in_transit`, `paid`, `failed`, `canceled`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    pub statement_descriptor: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    trace_id: TraceId,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct TraceId {
    value: Option<String>,
}

impl Payout {
    /// Under which banks find it, once Stripe knows.
    pub fn trace(&self) -> Option<&str> {
        self.trace_id.value.as_deref().filter(|trace| !trace.is_empty())
    }

    /// What reaches the bank; negative when the bank is debited.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    /// Whether Stripe can say which balance transactions it is made of.
    pub fn can_be_itemised(&self) -> bool {
        self.automatic && self.reconciliation_status.as_deref().is_none_or(|s| s == "completed")
    }
}
