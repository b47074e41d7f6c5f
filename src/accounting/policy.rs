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
    pub options: Options,
}

/// What the company may choose. Every default is what `docs/accounting.md` describes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    pub trials: Trials,
    pub uncollectible: Uncollectible,
    pub discounts: Discounts,
    pub standalone_charges: StandaloneCharges,
    pub closed_period: ClosedPeriod,
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

/// How a discount posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discounts {
    /// It reduces the income of the line above it.
    #[default]
    NonPosting,
    /// It goes to an account of its own, and income stays gross.
    Posting,
}

/// What becomes of a charge that paid no invoice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandaloneCharges {
    /// The payment stays unapplied: credit of the customer until somebody bills it.
    #[default]
    Unapplied,
    /// An invoice of one line is made, and the payment applied to it.
    Invoice,
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

/// What becomes of a new record whose posting period is closed or locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedPeriod {
    /// It takes the first day of the first open period after it; its memo keeps its own date.
    #[default]
    NextOpen,
    /// It waits until the period is opened.
    Block,
}
