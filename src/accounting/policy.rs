//! Policy: the choices of the company and the facts of its NetSuite account that derivation needs.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::accounting::chart::Chart;
use crate::ids::InternalId;
use crate::money::Currency;
use crate::netsuite::wire::Places;

/// Everything besides the facts that decides what a case becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The Stripe account's reporting zone: it turns instants into the dates of the books.
    pub zone: Tz,
    pub chart: Chart,
    pub books: Books,
    pub trials: Trials,
    pub uncollectible: Uncollectible,
}

/// What derivation must know of the NetSuite account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// The subsidiary's currency, in which the general ledger is kept.
    pub base_currency: Currency,
    pub currencies: BTreeMap<Currency, BooksCurrency>,
    /// Only in OneWorld accounts.
    pub subsidiary: Option<InternalId>,
}

/// A currency as NetSuite has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksCurrency {
    pub id: InternalId,
    /// 0 or 2.
    pub places: u8,
}

impl Places for Books {
    fn places(&self, currency: Currency) -> u8 {
        self.currencies.get(&currency).map_or_else(|| currency.netsuite_places(), |c| c.places)
    }
}

/// What becomes of an invoice whose lines are all zero (a trial).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trials {
    #[default]
    Sync,
    Skip,
}

/// What becomes of an invoice that Stripe marks uncollectible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncollectible {
    /// A credit memo with the invoice's own items reverses the revenue.
    #[default]
    CreditMemo,
    /// A credit memo with one bad-debt line leaves the revenue and books the loss.
    BadDebt,
    /// Nothing: the invoice stays open.
    KeepOpen,
}
