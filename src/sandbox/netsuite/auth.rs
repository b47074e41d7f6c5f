//! Who may come in: bearer tokens bought with an assertion, or a signature on each request.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use super::error::Refusal;
use super::json::Json;
use super::jwt;
use super::setup::{ClientSetup, TokenSetup};
use super::tba;

/// How long a bearer token is good for.
const TOKEN_SECONDS: i64 = 3600;
/// How long a used nonce is remembered: longer than a timestamp is accepted.
const NONCE_SECONDS: i64 = 900;
const TOKEN_PATH: &str = "/services/rest/auth/oauth2/v1/token";

/// Credentials, and what was issued and used.
pub(super) struct Auth {
    account_id: String,
    clients: Vec<ClientSetup>,
    tokens: Vec<TokenSetup>,
    /// Bearer token to the second it ends.
    issued: Mutex<HashMap<String, i64>>,
    /// Nonce and timestamp to the second they were used.
    nonces: Mutex<HashMap<(String, i64), i64>>,
}

impl Auth {
    pub fn new(account_id: &str, clients: &[ClientSetup], tokens: &[TokenSetup]) -> Self {
        Self {
            account_id: account_id.to_owned(),
            clients: clients.to_vec(),
            tokens: tokens.to_vec(),
            issued: Mutex::default(),
            nonces: Mutex::default(),
        }
    }

    /// Answers the token endpoint.
    pub fn grant(&self, form: &HashMap<String, String>, host: &str, now: i64) -> Response {
        // The documented host, or the one this server is reached by.
        let account = self.account_id.to_ascii_lowercase().replace('_', "-");
        let audiences = [
            format!("https://{account}.suitetalk.api.netsuite.com{TOKEN_PATH}"),
            format!("http://{host}{TOKEN_PATH}"),
        ];
        let json = |status: StatusCode, body: &Json| {
            (status, [(header::CONTENT_TYPE, "application/json")], body.to_text()).into_response()
        };
        match jwt::check(form, &self.clients, &audiences, now) {
            Ok(()) => {
                let body = Json::object([
                    ("access_token", Json::Text(self.issue(now))),
                    ("expires_in", Json::Number(TOKEN_SECONDS.to_string())),
                    ("token_type", Json::text("Bearer")),
                ]);
                json(StatusCode::OK, &body)
            }
            Err(error) => {
                json(StatusCode::BAD_REQUEST, &Json::object([("error", Json::text(error))]))
            }
        }
    }

    /// A new bearer token.
    pub fn issue(&self, now: i64) -> String {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).expect("the system has randomness to give");
        let token = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let mut issued = lock(&self.issued);
        issued.retain(|_, ends| *ends > now);
        issued.insert(token.clone(), now + TOKEN_SECONDS);
        token
    }

    /// Ends every bearer token, as a revoked certificate would.
    pub fn revoke_all(&self) {
        lock(&self.issued).clear();
    }

    /// Lets a request in, or gives the answer that keeps it out.
    pub fn admit(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        now: i64,
    ) -> Result<(), Response> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let authorization = text(header::AUTHORIZATION).unwrap_or_default();
        if let Some(token) = authorization.strip_prefix("Bearer ") {
            let good = lock(&self.issued).get(token).is_some_and(|ends| *ends > now);
            return if good { Ok(()) } else { Err(self.bad_bearer()) };
        }
        let url = format!("http://{}{}", host(uri, headers), uri.path());
        let request =
            tba::Signed { method: method.as_str(), url: &url, query: uri.query().unwrap_or("") };
        let signed = tba::check(authorization, &request, &self.account_id, &self.tokens, now);
        if signed.is_some_and(|used| self.first_use(used, now)) {
            Ok(())
        } else {
            Err(Refusal::login().into_response())
        }
    }

    fn first_use(&self, used: (String, i64), now: i64) -> bool {
        let mut nonces = lock(&self.nonces);
        nonces.retain(|_, at| *at + NONCE_SECONDS > now);
        nonces.insert(used, now).is_none()
    }

    fn bad_bearer(&self) -> Response {
        let mut response = Refusal::login().into_response();
        let value = format!(
            "Bearer realm=\"{}\", error=\"invalid_token\", error_description=\"Invalid login attempt.\"",
            self.account_id
        );
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}

/// The host that a request was sent to.
pub(super) fn host(uri: &Uri, headers: &HeaderMap) -> String {
    let named = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    named.or_else(|| uri.authority().map(Authority::as_str)).unwrap_or("localhost").to_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
