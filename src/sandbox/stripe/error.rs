//! Refusals, in Stripe's error body.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
    pub(super) param: Option<String>,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, kind, code: None, message, param: None, headers: Vec::new() }
    }

    pub(super) fn invalid(message: impl Into<String>, param: &str) -> Self {
        let refusal = Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message);
        Self { param: Some(param.into()), ..refusal }
    }

    pub(super) fn unknown_parameter(param: &str) -> Self {
        let message = format!("Received unknown parameter: {param}");
        Self { code: Some("parameter_unknown"), ..Self::invalid(message, param) }
    }

    /// An id in the path that is not there is a 404; one in a parameter a 400.
    pub(super) fn missing(kind: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {kind}: '{id}'");
        let refusal = Self { code: Some("resource_missing"), ..Self::invalid(message, param) };
        if param == "id" { Self { status: StatusCode::NOT_FOUND, ..refusal } } else { refusal }
    }

    pub(super) fn no_such_url(path: &str) -> Self {
        let message = format!("Unrecognized request URL (GET: {path}).");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", message)
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "invalid_request_error", message)
    }

    pub(super) fn reused_key(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first \
             used with. Try using a key other than '{key}' if you meant to execute a different request."
        );
        Self::new(StatusCode::BAD_REQUEST, "idempotency_error", message)
    }

    pub(super) fn payout_not_ready(payout: &str) -> Self {
        let message = format!("The payout {payout} is still being reconciled.");
        Self { code: Some("payout_reconciliation_not_ready"), ..Self::invalid(message, "payout") }
    }

    /// Too many requests; `reason` as Stripe names it, `None` for an object lock.
    pub(super) fn limited(reason: Option<&'static str>) -> Self {
        let message = "Request rate limit exceeded.";
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, "invalid_request_error", message);
        match reason {
            Some(reason) => Self {
                code: Some("rate_limit"),
                headers: vec![("Stripe-Rate-Limited-Reason", reason)],
                ..refusal
            },
            None => Self { code: Some("lock_timeout"), ..refusal },
        }
    }

    pub(super) fn server_error() -> Self {
        let message = "An unknown error occurred.";
        let refusal = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "api_error", message);
        Self { headers: vec![("Stripe-Should-Retry", "true")], ..refusal }
    }

    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] =
                json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}
