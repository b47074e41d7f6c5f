//! The access token of OAuth 2.0: asked for when needed, kept until shortly before it expires.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

use super::m2m::M2mCredentials;
use super::{AuthError, percent};
use crate::calendar::UnixTime;
use crate::net::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};
use crate::netsuite::random;

/// Under the account's REST base.
pub const TOKEN_PATH: &str = "/services/rest/auth/oauth2/v1/token";

/// A token is renewed this long before it expires, so that a request that waits in a queue, or a
/// clock that runs a little late, does not meet an expired one.
const RENEW_BEFORE_SECONDS: i64 = 300;

/// An old token is used until this long before it ends.
const ENDS_BEFORE_SECONDS: i64 = 30;

const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);

/// Gives access tokens; however many requests ask at once, one token request is made, and nobody
/// waits for it while the kept token is still good.
pub struct TokenSource {
    credentials: M2mCredentials,
    token_url: String,
    current: Mutex<Option<Token>>,
    /// Held by the one that fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Token {
    authorization: SecretString,
    renew_at: UnixTime,
    /// A little before NetSuite refuses it.
    ends_at: UnixTime,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretText,
    #[serde(deserialize_with = "seconds")]
    expires_in: i64,
}

/// Keeps the token from being printed with the rest of an answer.
struct SecretText(SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

#[derive(Deserialize)]
struct Denied {
    error: Option<String>,
    error_description: Option<String>,
}

/// The documentation has a number; strings have been seen.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(seconds) => Ok(seconds),
        Either::Text(text) => text.trim().parse().map_err(de::Error::custom),
    }
}

impl TokenSource {
    pub fn new(credentials: M2mCredentials, base: &str) -> Self {
        Self {
            credentials,
            token_url: format!("{}{TOKEN_PATH}", base.trim_end_matches('/')),
            current: Mutex::new(None),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// `Bearer …`, from the kept token or a new one.
    pub async fn authorization(
        &self,
        transport: &dyn Transport,
        now: UnixTime,
    ) -> Result<SecretString, AuthError> {
        let kept = self.kept();
        if let Some(token) = kept.as_ref().filter(|token| now < token.renew_at) {
            return Ok(token.authorization.clone());
        }
        // One request goes for a new token; the others go on with the old one as long as they can.
        let old = kept.filter(|token| now < token.ends_at).map(|token| token.authorization);
        let _turn = match (self.fetching.try_lock(), &old) {
            (Ok(turn), _) => turn,
            (Err(_), Some(old)) => return Ok(old.clone()),
            (Err(_), None) => self.fetching.lock().await,
        };
        if let Some(token) = self.kept().filter(|token| now < token.renew_at) {
            return Ok(token.authorization);
        }
        let token = match (self.fetch(transport, now).await, old) {
            (Ok(token), _) => token,
            // The next request asks again; until the old one ends, nothing is lost.
            (Err(AuthError::Unreachable(_)), Some(old)) => return Ok(old),
            (Err(error), _) => return Err(error),
        };
        let authorization = token.authorization.clone();
        *self.lock() = Some(token);
        Ok(authorization)
    }

    /// Drops the token that NetSuite refused; one that was fetched meanwhile stays.
    pub async fn forget(&self, refused: &SecretString) {
        // Whoever fetches just now brings a better one.
        let _turn = self.fetching.lock().await;
        let mut current = self.lock();
        let same = |token: &Token| token.authorization.expose_secret() == refused.expose_secret();
        if current.as_ref().is_some_and(same) {
            *current = None;
        }
    }

    fn kept(&self) -> Option<Token> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Token>> {
        // The token is replaced in one statement, so a panic elsewhere cannot have torn it.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, transport: &dyn Transport, now: UnixTime) -> Result<Token, AuthError> {
        let assertion = self.credentials.assertion(&self.token_url, now, &random::nonce()?)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let form = form.map(|(name, value)| format!("{name}={}", percent::encode(value))).join("&");
        let request = HttpRequest::new(Method::Post, &self.token_url)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Accept", "application/json")
            .timeout(TOKEN_TIMEOUT)
            .body(form);
        // Asking twice for a token does no harm, so doubt and refusal to connect are one thing.
        let response = transport.send(request).await.map_err(|error| match error {
            TransportError::NotSent { .. } | TransportError::InDoubt { .. } => {
                AuthError::Unreachable(error.to_string())
            }
        })?;
        read_grant(&response, now)
    }
}

fn read_grant(response: &HttpResponse, now: UnixTime) -> Result<Token, AuthError> {
    let status = response.status;
    if status == 429 || status >= 500 {
        let cause = format!("the token endpoint answered {status}: {}", response.excerpt());
        return Err(AuthError::Unreachable(cause));
    }
    if response.is_web_page() {
        return Err(AuthError::Foreign { status, excerpt: response.excerpt() });
    }
    if !response.is_success() {
        return Err(AuthError::Refused { status, detail: denial(response) });
    }
    // Neither the body nor serde's message is quoted: the answer is a secret.
    let granted: Granted = serde_json::from_slice(&response.body).map_err(|cause| {
        if cause.is_eof() {
            AuthError::Unreachable("the answer of the token endpoint breaks off".into())
        } else {
            AuthError::Unreadable("access_token or expires_in is missing".into())
        }
    })?;
    let margin = RENEW_BEFORE_SECONDS.min(granted.expires_in / 2);
    let bearer = format!("Bearer {}", granted.access_token.0.expose_secret());
    Ok(Token {
        authorization: bearer.into(),
        renew_at: UnixTime(now.0 + granted.expires_in - margin),
        ends_at: UnixTime(now.0 + granted.expires_in - margin.min(ENDS_BEFORE_SECONDS)),
    })
}

/// What the endpoint says, with the usual reason for it.
fn denial(response: &HttpResponse) -> String {
    let Ok(denied) = serde_json::from_slice::<Denied>(&response.body) else {
        return response.excerpt();
    };
    let error = denied.error.unwrap_or_else(|| "no reason given".into());
    let description = denied.error_description.map(|text| format!(" ({text})")).unwrap_or_default();
    let hint = match error.as_str() {
        "invalid_grant" | "invalid_client" => {
            "; check the client id, the certificate id, and that the certificate has not expired \
             or been revoked"
        }
        "invalid_request" => "; check the account id and this machine's clock",
        _ => "",
    };
    format!("{error}{description}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netsuite::auth::m2m::SigningKey;
    use crate::netsuite::auth::test_key;
    use crate::netsuite::testing::{Answer, Scripted};

    fn source() -> TokenSource {
        let key = SigningKey::from_pem(&test_key::p256()).unwrap();
        let credentials =
            M2mCredentials { client_id: "client".into(), certificate_id: "cert".into(), key };
        TokenSource::new(credentials, "https://account.example")
    }

    fn grant(token: &str, expires_in: &str) -> Answer {
        let body = format!(
            r#"{{"access_token":"{token}","expires_in":{expires_in},"token_type":"bearer"}}"#
        );
        Answer::json(200, &body)
    }

    #[tokio::test]
    async fn one_token_serves_until_shortly_before_it_expires() {
        let transport = Scripted::new([grant("one", "3600"), grant("two", r#""3600""#)]);
        let source = source();
        let at = async |now| {
            source
                .authorization(&transport, UnixTime(now))
                .await
                .unwrap()
                .expose_secret()
                .to_owned()
        };
        assert_eq!(at(1_000).await, "Bearer one");
        assert_eq!(at(1_000 + 3_299).await, "Bearer one");
        assert_eq!(at(1_000 + 3_300).await, "Bearer two");
        let requests = transport.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[0].url, format!("https://account.example{TOKEN_PATH}"));
        let form = String::from_utf8(requests[0].body.clone().unwrap()).unwrap();
        assert!(form.starts_with(
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A\
             client-assertion-type%3Ajwt-bearer&client_assertion=ey"
        ));
    }

    #[tokio::test]
    async fn many_requests_at_once_make_one_token_request() {
        let transport = Scripted::new([grant("one", "3600")]);
        let source = source();
        let ask = || source.authorization(&transport, UnixTime(0));
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert!([a, b, c].into_iter().all(|token| token.is_ok()));
        assert_eq!(transport.requests().len(), 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_renewal_while_the_old_token_is_good() {
        let busy = Answer::text(503, "busy");
        let transport = Scripted::new([grant("one", "3600"), busy, grant("two", "3600")]);
        let source = source();
        let at = async |now| {
            let token = source.authorization(&transport, UnixTime(now)).await.unwrap();
            token.expose_secret().to_owned()
        };
        assert_eq!(at(0).await, "Bearer one");
        assert_eq!(at(3_400).await, "Bearer one", "the endpoint is busy, the old one still good");
        // The first asks for a new token; the second, meanwhile, does not wait.
        let (first, second) = tokio::join!(at(3_400), at(3_400));
        assert_eq!((first.as_str(), second.as_str()), ("Bearer two", "Bearer one"));
        assert_eq!(transport.requests().len(), 3);
    }

    #[tokio::test]
    async fn a_late_refusal_does_not_drop_the_token_that_replaced_it() {
        let transport = Scripted::new([grant("one", "3600"), grant("two", "3600")]);
        let source = source();
        let first = source.authorization(&transport, UnixTime(0)).await.unwrap();
        source.forget(&first).await;
        let second = source.authorization(&transport, UnixTime(0)).await.unwrap();
        source.forget(&first).await;
        let third = source.authorization(&transport, UnixTime(0)).await.unwrap();
        assert_eq!(second.expose_secret(), third.expose_secret());
    }

    #[tokio::test]
    async fn a_denial_names_what_to_check_and_an_outage_is_not_a_denial() {
        let denied = Answer::json(400, r#"{"error":"invalid_grant"}"#);
        let transport = Scripted::new([denied, Answer::text(503, "<html>busy</html>")]);
        let source = source();
        let error = source.authorization(&transport, UnixTime(0)).await.unwrap_err();
        assert!(error.to_string().contains("certificate id"), "{error}");
        let error = source.authorization(&transport, UnixTime(0)).await.unwrap_err();
        assert!(matches!(error, AuthError::Unreachable(_)), "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_is_not_netsuites_is_no_refusal_of_the_login() {
        // Sent to renew a certificate, nobody would find the proxy that is in the way.
        let transport = Scripted::new([
            Answer::text(200, "<!DOCTYPE html><html>Sign in to the network</html>"),
            Answer::json(200, r#"{"access_token":"abc","expi"#),
            Answer::json(200, r#"{"token":"abc"}"#),
        ]);
        let source = source();
        let ask = async || source.authorization(&transport, UnixTime(0)).await.unwrap_err();
        let error = ask().await;
        assert!(matches!(error, AuthError::Foreign { status: 200, .. }), "{error}");
        assert!(matches!(ask().await, AuthError::Unreachable(_)));
        assert!(matches!(ask().await, AuthError::Unreadable(_)));
    }
}
