//! The account, its balance, and every change of it.

use serde::Deserialize;

use super::{digits, id_of, minor, minor_or_zero, or_default};
use crate::calendar::{UnixTime, Zone};
use crate::ids::{AccountId, BalanceTransactionId, ObjectId};
use crate::money::{Amount, Currency};

/// One change of the Stripe balance. Its money fields never change once it exists.
#[derive(Debug, Clone, Deserialize)]
pub struct BalanceTransaction {
    pub id: BalanceTransactionId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(deserialize_with = "minor_or_zero", default)]
    fee: i64,
    #[serde(deserialize_with = "minor")]
    net: i64,
    pub currency: Currency,
    pub created: UnixTime,
    /// A date, encoded as midnight UTC.
    pub available_on: UnixTime,
    #[serde(rename = "type")]
    pub kind: String,
    /// Older objects lack it.
    #[serde(default, deserialize_with = "or_default")]
    pub reporting_category: String,
    #[serde(default, deserialize_with = "id_of")]
    pub source: Option<ObjectId>,
    pub description: Option<String>,
    /// Settlement units for one presentment unit, as the digits Stripe sent.
    #[serde(default, deserialize_with = "digits")]
    pub exchange_rate: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub fee_details: Vec<FeeDetail>,
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// `payments` unless said otherwise.
    pub balance_type: Option<String>,
}

impl BalanceTransaction {
    /// What moved, before fees, in the settlement currency; negative when money left.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    /// Positive when charged, negative when given back.
    pub fn fee(&self) -> Amount {
        Amount::new(self.fee, self.currency)
    }

    /// Whether it moved the payments balance, and not one of Issuing or of reserves kept apart.
    pub fn is_of_payments(&self) -> bool {
        self.balance_type.as_deref().is_none_or(|kind| kind == "payments")
    }

    /// Stripe's reporting category, or the type of an object that is older than categories.
    pub fn category(&self) -> &str {
        if self.reporting_category.is_empty() { &self.kind } else { &self.reporting_category }
    }

    /// `amount − fee`: the change of the balance.
    pub fn net(&self) -> Amount {
        Amount::new(self.net, self.currency)
    }
}

/// One part of a balance transaction's fee.
#[derive(Debug, Clone, Deserialize)]
pub struct FeeDetail {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
    pub description: Option<String>,
    /// `stripe_fee`, `application_fee`, `tax`, `payment_method_passthrough_fee`, `withheld_tax`.
    #[serde(rename = "type")]
    pub kind: String,
}

impl FeeDetail {
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }
}

/// The Stripe account itself.
#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub country: Option<String>,
    pub default_currency: Option<Currency>,
    settings: Option<Settings>,
}

#[derive(Debug, Clone, Deserialize)]
struct Settings {
    dashboard: Option<Dashboard>,
    payouts: Option<Payouts>,
}

#[derive(Debug, Clone, Deserialize)]
struct Payouts {
    schedule: Option<Schedule>,
}

#[derive(Debug, Clone, Deserialize)]
struct Schedule {
    interval: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Dashboard {
    timezone: Option<String>,
    display_name: Option<String>,
}

impl Account {
    fn dashboard(&self) -> Option<&Dashboard> {
        self.settings.as_ref()?.dashboard.as_ref()
    }

    /// The reporting zone set in Stripe's dashboard.
    pub fn zone(&self) -> Option<Zone> {
        self.dashboard()?.timezone.as_ref()?.parse().ok()
    }

    /// How often Stripe pays out: `daily`, `weekly`, `monthly` or `manual`.
    pub fn payout_interval(&self) -> Option<&str> {
        self.settings.as_ref()?.payouts.as_ref()?.schedule.as_ref()?.interval.as_deref()
    }

    pub fn display_name(&self) -> Option<&str> {
        self.dashboard()?.display_name.as_deref()
    }
}

/// Stripe's balance at the moment it was asked for.
#[derive(Debug, Clone, Deserialize)]
pub struct Balance {
    #[serde(default, deserialize_with = "or_default")]
    pub available: Vec<BalanceAmount>,
    #[serde(default, deserialize_with = "or_default")]
    pub pending: Vec<BalanceAmount>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct BalanceAmount {
    #[serde(deserialize_with = "minor")]
    amount: i64,
    pub currency: Currency,
}

impl BalanceAmount {
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }
}

impl Balance {
    /// Available plus pending in `currency`.
    pub fn total(&self, currency: Currency) -> Amount {
        self.available
            .iter()
            .chain(&self.pending)
            .filter(|part| part.currency == currency)
            .fold(Amount::zero(currency), |sum, part| sum + part.amount())
    }
}
