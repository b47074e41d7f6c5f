//! Why Stripe did not give what was asked for, and what to do about it.

use std::fmt;

use serde::Deserialize;

use crate::net::redact::Redactor;
use crate::net::transport::{HttpResponse, Method, TransportError};

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The key is wrong, expired or of another mode.
    Authentication,
    /// The key may not read this.
    Permission,
    /// Stripe does not understand the request.
    InvalidRequest,
    /// There is no such object.
    NotFound,
    /// Too many requests, and waiting did not help.
    RateLimited,
    /// Stripe is out of order, and waiting did not help.
    Server,
    /// Stripe was not reached, or the connection broke.
    Network,
    /// The answer is not the JSON that was asked for: something else answered.
    NotJson,
    /// The JSON breaks off.
    Truncated,
}

/// What was asked for: method and path.
pub(super) type Asked<'a> = (Method, &'a str);

/// A failed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeError {
    pub kind: ErrorKind,
    /// `GET` for what was read, `POST` for what was written.
    pub method: Method,
    pub path: String,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What Stripe's support asks for.
    pub request_id: Option<String>,
    /// In Stripe's words where it gave some, without secrets.
    pub message: String,
    /// Stripe's own code, such as `resource_missing`.
    pub code: Option<String>,
    /// The parameter that Stripe complains about.
    pub param: Option<String>,
}

impl StripeError {
    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::RateLimited | ErrorKind::Server | ErrorKind::Network | ErrorKind::Truncated
        )
    }

    /// Whether a list was to continue after an object that no longer exists.
    pub fn lost_cursor(&self) -> bool {
        self.param.as_deref() == Some("starting_after")
            && self.code.as_deref() == Some("resource_missing")
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self.kind {
            ErrorKind::Authentication => {
                "check that the key is complete, not expired, and of the right mode".into()
            }
            ErrorKind::Permission => format!(
                "edit the restricted key in Stripe's dashboard and grant {}",
                self.missing_permission()
            ),
            ErrorKind::InvalidRequest => {
                "check the configured API version; this request was built for the default one"
                    .into()
            }
            ErrorKind::NotFound => {
                "the object was deleted, or belongs to another account or mode".into()
            }
            ErrorKind::RateLimited => {
                "something else uses up the account's limit; run again when it has finished".into()
            }
            ErrorKind::Server => "see https://status.stripe.com and run again later".into(),
            ErrorKind::Network => {
                "check the network and the configured base URL, then run again".into()
            }
            ErrorKind::NotJson => {
                "a proxy or another server answered; check the configured base URL and HTTPS_PROXY"
                    .into()
            }
            ErrorKind::Truncated => {
                "something cuts answers short, often a proxy; run again or bypass it".into()
            }
        }
    }

    /// Whether a write may have worked although no answer says so.
    pub fn is_in_doubt(&self) -> bool {
        let unclear = matches!(
            self.kind,
            ErrorKind::Server | ErrorKind::Network | ErrorKind::NotJson | ErrorKind::Truncated
        );
        self.method != Method::Get && unclear
    }

    /// The permission that Stripe names, or else the noun of the path.
    fn missing_permission(&self) -> String {
        let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let named = self.message.split(|c| !in_name(c)).find(|word| word.starts_with("rak_"));
        let noun = self.path.split('/').nth(2).unwrap_or_default().replace('_', " ");
        let access = if self.method == Method::Get { "read" } else { "write" };
        named.map_or_else(
            || format!("{access} access to {noun}"),
            |permission| format!("`{permission}` ({access} access to {noun})"),
        )
    }

    /// The failure that an answer other than a success stands for.
    pub(super) fn of_answer(asked: Asked, answer: &HttpResponse, redactor: &Redactor) -> Self {
        let details = serde_json::from_slice::<Envelope>(&answer.body).ok().map(|body| body.error);
        let kind = match answer.status {
            429 => ErrorKind::RateLimited,
            500.. => ErrorKind::Server,
            _ if details.is_none() => ErrorKind::NotJson,
            401 => ErrorKind::Authentication,
            403 => ErrorKind::Permission,
            404 => ErrorKind::NotFound,
            // What passes away by itself is not the request's fault.
            408 | 409 | 424 => ErrorKind::Server,
            _ => ErrorKind::InvalidRequest,
        };
        let details = details.unwrap_or_default();
        let message = details.message.unwrap_or_else(|| {
            format!("HTTP status {}, beginning with `{}`", answer.status, answer.excerpt())
        });
        Self {
            code: details.code,
            param: details.param,
            ..Self::about(kind, asked, answer, redactor.redact(&message))
        }
    }

    /// The failure that a success with a body that does not parse stands for.
    pub(super) fn of_body(
        asked: Asked,
        answer: &HttpResponse,
        cause: &serde_json::Error,
        redactor: &Redactor,
    ) -> Self {
        if cause.is_eof() && !answer.body.is_empty() {
            let message = format!("the answer breaks off after {} bytes", answer.body.len());
            return Self::about(ErrorKind::Truncated, asked, answer, message);
        }
        let excerpt = redactor.redact(&answer.excerpt());
        let message = format!("the answer is no usable JSON ({cause}), beginning with `{excerpt}`");
        Self::about(ErrorKind::NotJson, asked, answer, message)
    }

    pub(super) fn of_transport(asked: Asked, error: &TransportError, redactor: &Redactor) -> Self {
        Self {
            kind: ErrorKind::Network,
            method: asked.0,
            path: asked.1.to_owned(),
            status: None,
            request_id: None,
            message: redactor.redact(&error.to_string()),
            code: None,
            param: None,
        }
    }

    fn about(kind: ErrorKind, asked: Asked, answer: &HttpResponse, message: String) -> Self {
        Self {
            kind,
            method: asked.0,
            path: asked.1.to_owned(),
            status: Some(answer.status),
            request_id: answer.header("request-id").map(str::to_owned),
            message,
            code: None,
            param: None,
        }
    }
}

impl fmt::Display for StripeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ErrorKind::Authentication => "stripe does not accept the key",
            ErrorKind::Permission if self.method == Method::Get => {
                "stripe does not let the key read this"
            }
            ErrorKind::Permission => "stripe does not let the key write this",
            ErrorKind::InvalidRequest => "stripe refuses the request",
            ErrorKind::NotFound => "stripe does not find the object",
            ErrorKind::RateLimited => "stripe's limits are exhausted",
            ErrorKind::Server => "stripe is out of order",
            ErrorKind::Network if self.method == Method::Get => "stripe could not be read",
            ErrorKind::Network => "stripe gave no answer",
            ErrorKind::NotJson => "what answered is not stripe's API",
            ErrorKind::Truncated => "stripe's answer is incomplete",
        };
        write!(f, "{what}: {} {}", self.method.as_str(), self.path)?;
        if let Some(request_id) = &self.request_id {
            write!(f, " (request {request_id})")?;
        }
        write!(f, ": {}\nhint: {}", self.message, self.hint())
    }
}

impl std::error::Error for StripeError {}

/// The body of a refusal.
#[derive(Deserialize)]
struct Envelope {
    error: Details,
}

#[derive(Default, Deserialize)]
struct Details {
    message: Option<String>,
    code: Option<String>,
    param: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, body: &str) -> StripeError {
        let headers = vec![("request-id".to_owned(), "req_9".to_owned())];
        let answer = HttpResponse { status, headers, body: body.into() };
        StripeError::of_answer((Method::Get, "/v1/charges"), &answer, &Redactor::new())
    }

    #[test]
    fn each_status_has_its_class() {
        let body = r#"{"error":{"message":"m"}}"#;
        let rows = [
            (400, ErrorKind::InvalidRequest, false),
            (401, ErrorKind::Authentication, false),
            (403, ErrorKind::Permission, false),
            (404, ErrorKind::NotFound, false),
            (409, ErrorKind::Server, true),
            (429, ErrorKind::RateLimited, true),
            (503, ErrorKind::Server, true),
        ];
        for (status, kind, transient) in rows {
            let error = error(status, body);
            assert_eq!((error.kind, error.is_transient()), (kind, transient), "{status}");
        }
        let html = error(403, "<html>Blocked by policy</html>");
        assert_eq!(html.kind, ErrorKind::NotJson);
        assert!(html.to_string().contains("<html>Blocked by policy</html>"), "{html}");
        assert_eq!(error(502, "<html>Bad gateway</html>").kind, ErrorKind::Server);
    }

    #[test]
    fn a_missing_permission_is_named() {
        let body = r#"{"error":{"message":"The provided key 'rk_test_abcdefgh' does not have the required permissions. Having the 'rak_charge_read' permission would allow this request."}}"#;
        let text = error(403, body).to_string();
        assert!(text.contains("grant `rak_charge_read` (read access to charges)"), "{text}");
        assert!(text.contains("(request req_9)"), "{text}");
        assert!(!text.contains("rk_test_abcdefgh"), "{text}");
        let silent = error(403, r#"{"error":{}}"#).to_string();
        assert!(silent.contains("grant read access to charges"), "{silent}");
    }

    #[test]
    fn only_a_lost_cursor_counts_as_one() {
        let lost = r#"{"error":{"code":"resource_missing","param":"starting_after"}}"#;
        let other = r#"{"error":{"code":"resource_missing","param":"payout"}}"#;
        assert!(error(400, lost).lost_cursor() && error(404, lost).lost_cursor());
        assert!(!error(404, other).lost_cursor());
    }
}
