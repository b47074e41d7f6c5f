//! What derivation must be told of NetSuite: questions, and what NetSuite had for each.
//!
//! The core never asks anybody. It says what it needs to know ([`super::links::Needs`]); a
//! command finds the answers, keeps them in the ledger, and hands them in with the case.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ExternalId, InternalId};

/// The kind of record that is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sought {
    Customer,
    /// Any item that can be sold.
    Item,
    DiscountItem,
    Invoice,
    CreditMemo,
    CustomerPayment,
    CustomerRefund,
    Deposit,
}

impl Sought {
    /// How an accountant calls it, with its article.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Customer => "a customer",
            Self::Item => "an item for sale",
            Self::DiscountItem => "a discount item",
            Self::Invoice => "an invoice",
            Self::CreditMemo => "a credit memo",
            Self::CustomerPayment => "a customer payment",
            Self::CustomerRefund => "a customer refund",
            Self::Deposit => "a deposit",
        }
    }

    /// NetSuite's own word for the usual record of this kind.
    pub const fn usual_kind(self) -> &'static str {
        match self {
            Self::Customer => "",
            Self::Item => "Service",
            Self::DiscountItem => "Discount",
            Self::Invoice => "invoice",
            Self::CreditMemo => "creditmemo",
            Self::CustomerPayment => "customerpayment",
            Self::CustomerRefund => "customerrefund",
            Self::Deposit => "deposit",
        }
    }

    /// Whether a record of this kind, in NetSuite's own word, is what is sought.
    pub fn is(self, kind: &str) -> bool {
        match self {
            Self::Customer => true,
            Self::Item => !kind.eq_ignore_ascii_case("discount"),
            _ => kind.eq_ignore_ascii_case(self.usual_kind()),
        }
    }
}

/// How it is sought.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    Id(InternalId),
    /// A column whose folded value is this ([`fold`]).
    Field {
        column: String,
        value: String,
    },
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question {
    pub sought: Sought,
    pub by: By,
}

/// A record that NetSuite has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub id: InternalId,
    pub external_id: Option<String>,
    /// What NetSuite shows it as.
    pub label: String,
    /// NetSuite's own word: a record type, or an item type. Empty for customers.
    #[serde(default)]
    pub kind: String,
    /// The account that an item posts to.
    #[serde(default)]
    pub account: Option<InternalId>,
    #[serde(default)]
    pub is_inactive: bool,
}

/// What NetSuite had for each question that was asked.
pub type Answers = BTreeMap<Question, Vec<Hit>>;

/// What is known of NetSuite, and of Stripe's own words, besides the facts of a case. The answers may be
/// shared with other cases, and say more than this one asks.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub answers: Arc<Answers>,
    /// Which of the records that may be linked this ledger has posted itself.
    pub ours: Arc<BTreeSet<ExternalId>>,
    /// Fields of Stripe objects that the mapping reads, by object.
    pub details: BTreeMap<String, Details>,
}

/// Fields of one Stripe object as text, by path; what is null or absent is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The object's own word for itself, such as `charge`.
    pub kind: String,
    pub fields: BTreeMap<String, String>,
}

/// A value without regard to case and spaces.
pub fn fold(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}
