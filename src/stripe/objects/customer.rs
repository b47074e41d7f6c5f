//! Customers and the credit that Stripe keeps for them.

use serde::Deserialize;

use super::{Metadata, id_of, minor, minor_or_zero, or_default};
use crate::calendar::UnixTime;
use crate::ids::{CreditNoteId, CustomerBalanceTransactionId, CustomerId, InvoiceId};
use crate::money::{Amount, Currency};

#[derive(Debug, Clone, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub address: Option<PostalAddress>,
    pub shipping: Option<Shipping>,
    pub currency: Option<Currency>,
    /// Negative: credit to the customer. In `currency`.
    #[serde(default, deserialize_with = "minor_or_zero")]
    pub balance: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub deleted: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
}

/// Where goods go.
#[derive(Debug, Clone, Deserialize)]
pub struct Shipping {
    pub name: Option<String>,
    pub address: Option<PostalAddress>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PostalAddress {
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
}

/// One change of a customer's credit balance.
#[derive(Debug, Clone, Deserialize)]
pub struct CustomerBalanceTransaction {
    pub id: CustomerBalanceTransactionId,
    #[serde(deserialize_with = "minor")]
    amount: i64,
    #[serde(default, deserialize_with = "minor_or_zero")]
    ending_balance: i64,
    pub currency: Currency,
    pub created: UnixTime,
    #[serde(default, deserialize_with = "id_of")]
    pub customer: Option<CustomerId>,
    #[serde(default, deserialize_with = "id_of")]
    pub invoice: Option<InvoiceId>,
    #[serde(default, deserialize_with = "id_of")]
    pub credit_note: Option<CreditNoteId>,
    /// `adjustment`, `applied_to_invoice`, `credit_note`, `invoice_too_large`, …
    #[serde(rename = "type")]
    pub kind: String,
    pub description: Option<String>,
}

impl CustomerBalanceTransaction {
    /// Negative gives the customer credit, positive uses it or makes a debt.
    pub fn amount(&self) -> Amount {
        Amount::new(self.amount, self.currency)
    }

    pub fn ending_balance(&self) -> Amount {
        Amount::new(self.ending_balance, self.currency)
    }
}
