//! Exceptions: what cannot be placed and needs a person.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::ExternalId;
use crate::money::Amount;

/// What kind of attention an exception needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionClass {
    /// Will resolve by itself when a later fact arrives.
    Timing,
    /// A fact is missing or contradicts another.
    Data,
    /// The company must decide.
    Policy,
    /// A currency or a rate.
    Fx,
    /// A setting is missing.
    Configuration,
}

impl ExceptionClass {
    /// As reports write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Timing => "timing",
            Self::Data => "data",
            Self::Policy => "policy",
            Self::Fx => "FX",
            Self::Configuration => "configuration",
        }
    }
}

impl fmt::Display for ExceptionClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Something that cannot be placed. It blocks the smallest thing it must.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exception {
    /// A stable word for the cause, such as `unknown_balance_transaction_type`.
    pub code: String,
    /// The Stripe id it is about.
    pub subject: String,
    pub class: ExceptionClass,
    /// What is the matter: a whole sentence with the amounts.
    pub message: String,
    /// What to do about it: a whole sentence.
    pub fix: String,
    pub amount: Option<Amount>,
    /// The records that are not made because of it.
    pub blocks: Vec<ExternalId>,
}

impl Exception {
    /// An exception about `subject` that blocks nothing yet.
    pub fn new(
        class: ExceptionClass,
        code: &str,
        subject: &(impl ToString + ?Sized),
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            subject: subject.to_string(),
            class,
            message: message.into(),
            fix: fix.into(),
            amount: None,
            blocks: Vec::new(),
        }
    }

    #[must_use]
    pub fn of(self, amount: Amount) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// Adds a record that is not made because of it.
    #[must_use]
    pub fn blocking(mut self, record: &ExternalId) -> Self {
        self.blocks.push(record.clone());
        self
    }

    /// Stable across runs: cause and subject.
    pub fn id(&self) -> String {
        format!("{}:{}", self.code, self.subject)
    }
}
