//! How many requests NetSuite takes at once, as NetSuite itself says.

use serde::Deserialize;

use super::client::{Client, parse};
use super::error::{Class, NetSuiteError};
use super::retry::Effect;
use crate::net::transport::Method;

/// The limits of the account and of this integration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Governance {
    pub account_concurrency_limit: u32,
    /// What no integration has reserved for itself.
    pub account_unallocated_concurrency_limit: Option<u32>,
    pub integration_concurrency_limit: Option<u32>,
    /// `integrationSpecific`: places are reserved for this integration.
    pub integration_limit_type: Option<String>,
}

/// One place in this many is left to other integrations, and never less than one.
const LEFT_TO_OTHERS: u32 = 5;

impl Governance {
    /// How many requests at once are ours: all that are reserved for us, or most of the shared ones.
    pub fn places(&self) -> u32 {
        let reserved = self.integration_limit_type.as_deref() == Some("integrationSpecific");
        if let (true, Some(own)) = (reserved, self.integration_concurrency_limit) {
            return own.max(1);
        }
        let shared =
            self.account_unallocated_concurrency_limit.unwrap_or(self.account_concurrency_limit);
        shared.saturating_sub((shared / LEFT_TO_OTHERS).max(1)).max(1)
    }
}

impl Client {
    /// The limits; `None` when the role may not ask, which only administrators may.
    pub async fn governance(&self) -> Result<Option<Governance>, NetSuiteError> {
        let subject = "the concurrency limits";
        let request = self.request(Method::Get, "/services/rest/system/v1/governanceLimits");
        match self.exchange(subject, Effect::Read, request).await {
            Ok(response) => parse(subject, &response).map(Some),
            Err(error) if is_refusal(&error.class) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

const fn is_refusal(class: &Class) -> bool {
    matches!(
        class,
        Class::Permission { .. } | Class::Rejected { .. } | Class::NotFound | Class::NotJson { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Answer, Scripted, client};
    use super::*;

    fn limits(account: u32, kind: &str, own: Option<u32>) -> Governance {
        Governance {
            account_concurrency_limit: account,
            account_unallocated_concurrency_limit: Some(account),
            integration_concurrency_limit: own,
            integration_limit_type: Some(kind.into()),
        }
    }

    #[test]
    fn room_is_left_for_others_unless_the_places_are_ours_alone() {
        let places = [1, 5, 10, 20].map(|account| limits(account, "accountLimit", None).places());
        assert_eq!(places, [1, 4, 8, 16]);
        assert_eq!(limits(20, "integrationSpecific", Some(6)).places(), 6);
    }

    #[tokio::test]
    async fn a_role_that_may_not_ask_is_not_an_error() {
        let body = r#"{"status":403,"o:errorDetails":[{"detail":"You do not have permission."}]}"#;
        let client = client(Scripted::new([Answer::json(403, body)]));
        assert_eq!(client.governance().await.unwrap(), None);
    }
}
