//! Authentication: what goes into a request's `Authorization` header.
//!
//! OAuth 2.0 client credentials ([`m2m`], with its tokens in [`token`]) is what Oracle recommends;
//! token-based authentication ([`tba`]) is the older scheme. Secrets enter here and leave only
//! inside that one header.

pub mod m2m;
pub mod pem;
mod percent;
pub mod tba;
pub mod token;

#[cfg(test)]
pub(super) mod test_key;

use std::sync::Arc;

use m2m::{M2mCredentials, SigningFailed};
use secrecy::SecretString;
use tba::TbaCredentials;
use token::TokenSource;

use crate::calendar::Clock;
use crate::net::transport::{HttpRequest, Transport};
use crate::netsuite::random::{self, NoRandomness};

/// Why a request could not be authorized.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AuthError {
    #[error(transparent)]
    Random(#[from] NoRandomness),
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The token endpoint was not reached, or was out of order: later it may work.
    #[error("no access token: {0}")]
    Unreachable(String),
    /// The token endpoint knows the request and says no.
    #[error("no access token: NetSuite answered {status}, {detail}")]
    Refused { status: u16, detail: String },
    /// Something between us and NetSuite answered.
    #[error("no access token: {status}, `{excerpt}`")]
    Foreign { status: u16, excerpt: String },
    #[error("no access token: the answer of the token endpoint cannot be read: {0}")]
    Unreadable(String),
}

/// Authorizes requests, by one of the two schemes.
pub struct Authenticator {
    scheme: Scheme,
    clock: Arc<dyn Clock>,
}

enum Scheme {
    Tba(TbaCredentials),
    M2m(TokenSource),
}

impl Authenticator {
    pub fn tba(credentials: TbaCredentials, clock: Arc<dyn Clock>) -> Self {
        Self { scheme: Scheme::Tba(credentials), clock }
    }

    /// `base` is where the account's REST services are, without a trailing slash.
    pub fn m2m(credentials: M2mCredentials, base: &str, clock: Arc<dyn Clock>) -> Self {
        Self { scheme: Scheme::M2m(TokenSource::new(credentials, base)), clock }
    }

    /// The value of the `Authorization` header for `request`, whose URL must be final. May ask for
    /// an access token first.
    pub async fn authorization(
        &self,
        transport: &dyn Transport,
        request: &HttpRequest,
    ) -> Result<SecretString, AuthError> {
        let now = self.clock.now();
        match &self.scheme {
            Scheme::Tba(credentials) => {
                let nonce = random::nonce()?;
                Ok(credentials.authorization(request.method, &request.url, &nonce, now).into())
            }
            Scheme::M2m(tokens) => tokens.authorization(transport, now).await,
        }
    }

    /// Takes note that NetSuite answered 401 to `authorization`. Whether another attempt makes
    /// sense: an access token can be renewed, a signature by the same secrets will not get better.
    pub async fn refused(&self, authorization: Option<&SecretString>) -> bool {
        match (&self.scheme, authorization) {
            (Scheme::M2m(tokens), Some(authorization)) => {
                tokens.forget(authorization).await;
                true
            }
            _ => false,
        }
    }
}
