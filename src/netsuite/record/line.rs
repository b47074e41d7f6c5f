//! The lines of invoices and credit memos, and the taxes on each.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Decimal, Ref};
use crate::ids::{InternalId, LineId};
use crate::money::Amount;

/// One line of an invoice or of a credit memo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemLine {
    pub item: Ref,
    pub description: String,
    /// Present together with `rate` when `rate × quantity` is the amount exactly; never on a
    /// discount line.
    pub quantity: Option<Decimal>,
    pub rate: Option<Decimal>,
    pub amount: Amount,
    /// First and last day of service, both inclusive.
    pub service_period: Option<(NaiveDate, NaiveDate)>,
    /// Whether the service period is sent, as the days over which the revenue is recognized.
    #[serde(default)]
    pub is_recognized: bool,
    /// Tax on top of the amount, as tax details. Where tax is a line of its own there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<LineTax>,
    /// The account this line posts to; not sent, the item decides in NetSuite. Kept so that the
    /// general-ledger effect can be shown before anything is sent.
    pub posts_to: InternalId,
    /// The Stripe invoice line it came from, where there is one; not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LineId>,
}

/// One tax of a line, worked out elsewhere: it overrides what `SuiteTax` would compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTax {
    pub tax_type: InternalId,
    pub tax_code: InternalId,
    /// What it is charged on.
    pub basis: Amount,
    /// In percent.
    pub rate: Decimal,
    pub amount: Amount,
    /// The liability account of the tax code; not sent, kept for the same reason as a line's.
    pub posts_to: InternalId,
}

impl ItemLine {
    /// With the taxes on top of it.
    pub fn total(&self) -> Amount {
        self.taxes.iter().fold(self.amount, |sum, tax| sum + tax.amount)
    }
}
