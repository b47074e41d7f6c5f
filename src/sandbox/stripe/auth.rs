//! Keys: who may read what.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::Refusal;

/// A key that the embedded Stripe accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub secret: String,
    /// Lists (`charges`, `payouts`, …) that a restricted key may not read.
    pub denied: Vec<String>,
    /// Lists whose objects a restricted key may write. Secret keys (`sk_…`) may write all of them.
    pub writes: Vec<String>,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Checks the key and the account of a request for the list named `resource`.
pub(super) fn check(
    headers: &HeaderMap,
    keys: &[Key],
    account: &str,
    resource: &str,
    access: Access,
) -> Result<(), Refusal> {
    let Some(secret) = secret(headers) else {
        return Err(Refusal::unauthorized(
            "You did not provide an API key. You need to provide your API key in the \
             Authorization header, using Bearer auth.",
        ));
    };
    let known = keys.iter().find(|key| key.secret == secret);
    // Without a list of keys any test key will do: the sandbox is open to whoever plays in it.
    let is_test_key = secret.starts_with("sk_test_") || secret.starts_with("rk_test_");
    if known.is_none() && !(keys.is_empty() && is_test_key) {
        let end: String =
            secret.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        return Err(Refusal::unauthorized(&format!("Invalid API Key provided: ****{end}")));
    }
    if known.is_some_and(|key| key.denied.iter().any(|denied| denied == resource)) {
        return Err(Refusal::forbidden(format!(
            "The provided key does not have the required permissions for this endpoint on account \
             '{account}'. Having the 'rak_{}_read' permission would allow this request to continue.",
            resource.trim_end_matches('s')
        )));
    }
    let writes = || known.is_some_and(|key| key.writes.iter().any(|list| list == resource));
    if access == Access::Write && !secret.starts_with("sk_") && !writes() {
        return Err(Refusal::forbidden(format!(
            "The provided key does not have the required permissions for this endpoint on account \
             '{account}'. Having the 'rak_{}_write' permission would allow this request to continue.",
            resource.trim_end_matches('s')
        )));
    }
    let asked = headers.get("stripe-account").and_then(|value| value.to_str().ok());
    match asked {
        Some(asked) if asked != account => Err(Refusal::forbidden(format!(
            "The provided key does not have access to account '{asked}' (or that account does not \
             exist). Application access may have been revoked."
        ))),
        _ => Ok(()),
    }
}

/// The key of a bearer header, or the user name of a basic one.
fn secret(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    if let Some(token) = value.strip_prefix("Bearer ") {
        return Some(token.trim().to_owned());
    }
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    pair.split_once(':').map(|(user, _)| user.to_owned())
}
