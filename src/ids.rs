//! One type per kind of id, so that a charge id cannot be handed in where an invoice id is meant.
//!
//! Stripe says that id prefixes may change and that ids may have up to 255 characters, so nothing
//! here checks a prefix. NetSuite's external ids do have rules, and [`ExternalId`] enforces them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(/// The Stripe account, `acct_…`.
    AccountId);
id!(/// Any Stripe object, when its kind does not matter.
    ObjectId);
id!(BalanceTransactionId);
id!(ChargeId);
id!(CouponId);
id!(CreditNoteId);
id!(CustomerBalanceTransactionId);
id!(CustomerId);
id!(DiscountId);
id!(DisputeId);
id!(InvoiceId);
id!(InvoicePaymentId);
id!(LineId);
id!(PaymentIntentId);
id!(PayoutId);
id!(PriceId);
id!(ProductId);
id!(PromotionCodeId);
id!(RefundId);
id!(TaxRateId);
id!(/// A record's key inside one NetSuite account: digits, sometimes negative for built-in values.
    InternalId);

/// Why a text cannot be an external id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a NetSuite external id: only letters, digits, `_` and `-` are allowed")]
pub struct BadExternalId(pub String);

/// Our stable key of a NetSuite record, made from a Stripe id (see `docs/accounting.md`).
///
/// NetSuite documents letters, digits, `_` and `-` only, and compares without case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExternalId(String);

impl ExternalId {
    pub fn new(text: impl Into<String>) -> Result<Self, BadExternalId> {
        let text = text.into();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !text.is_empty() && text.len() <= 255 && text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(BadExternalId(text.chars().take(80).collect()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same id with `-suffix` behind it.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        debug_assert!(suffix.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        Self(format!("{}-{suffix}", self.0))
    }

    /// What NetSuite compares: two ids with the same folded form collide there.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl TryFrom<String> for ExternalId {
    type Error = BadExternalId;
    fn try_from(text: String) -> Result<Self, BadExternalId> {
        Self::new(text)
    }
}

impl From<ExternalId> for String {
    fn from(id: ExternalId) -> Self {
        id.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_keep_to_the_documented_alphabet() {
        assert_eq!(ExternalId::new("re_1").unwrap().with_suffix("memo").as_str(), "re_1-memo");
        for bad in ["", "ns_memo:re_1", "a b", "ä", "a|b"] {
            assert!(ExternalId::new(bad).is_err(), "{bad:?} must be refused");
        }
        assert_eq!(ExternalId::new("In_A").unwrap().folded(), "in_a");
    }
}
