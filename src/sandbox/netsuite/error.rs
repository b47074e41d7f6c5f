//! Every answer that is not a success, in NetSuite's envelope and with NetSuite's words.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::json::Json;

/// What live accounts put before the reason.
const PREFIX: &str = "Error while accessing a resource. ";
const RFC: &str = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html";

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {detail}")]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `o:errorCode`.
    pub code: &'static str,
    /// The sentence that NetSuite would show.
    pub detail: String,
    /// `o:errorPath`, `o:errorQueryParam`, `o:errorHeader` or `o:errorUrl`, and its value.
    pub at: Option<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), at: None }
    }

    /// A rule of the books was broken.
    pub(super) fn user(detail: impl AsRef<str>) -> Self {
        Self::new(400, "USER_ERROR", format!("{PREFIX}{}", detail.as_ref()))
    }

    pub(super) fn at(mut self, path: impl Into<String>) -> Self {
        self.at = Some(("o:errorPath", path.into()));
        self
    }

    /// A mandatory field is missing; `labels` as the form shows them.
    pub(super) fn missing(labels: &str) -> Self {
        Self::user(format!("Please enter value(s) for: {labels}"))
    }

    /// A reference that points at nothing.
    pub(super) fn invalid_value(value: &str, field: &str, path: impl Into<String>) -> Self {
        let detail = format!(
            "{PREFIX}You have entered an Invalid Field Value {value} for the following field: {field}"
        );
        Self::new(400, "INVALID_CONTENT", detail).at(path)
    }

    pub(super) fn bad_content() -> Self {
        Self::new(400, "INVALID_CONTENT", "Invalid content in the request body")
    }

    pub(super) fn not_found() -> Self {
        let detail = "The record instance does not exist. Provide a valid record instance ID.";
        Self::new(404, "NONEXISTENT_ID", detail)
    }

    pub(super) fn unknown_type(name: &str) -> Self {
        Self::new(404, "INVALID_REQUEST", format!("Record type '{name}' does not exist"))
    }

    pub(super) fn invalid_url(uri: &str) -> Self {
        let detail = "Invalid request URL. The request URL must be constructed in the following way: <service>/v1/<recordname>/<recordid>.";
        let mut refusal = Self::new(400, "INVALID_URL", detail);
        refusal.at = Some(("o:errorUrl", uri.to_owned()));
        refusal
    }

    /// A query parameter is wrong.
    pub(super) fn bad_parameter(name: &str, detail: impl Into<String>) -> Self {
        let mut refusal = Self::new(400, "INVALID_PARAMETER", detail);
        refusal.at = Some(("o:errorQueryParam", name.to_owned()));
        refusal
    }

    pub(super) fn login() -> Self {
        Self::new(
            401,
            "INVALID_LOGIN",
            "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > Users/Roles > User Management > View Login Audit Trail.",
        )
    }

    pub(super) fn concurrency() -> Self {
        let detail = "Concurrent request limit exceeded. Request blocked.";
        Self::new(429, "CONCURRENCY_LIMIT_EXCEEDED", detail)
    }

    pub(super) fn unexpected() -> Self {
        let detail = "An unexpected error occurred. Error ID: jrgbpyylphhishmmlxyt";
        Self::new(500, "UNEXPECTED_ERROR", detail)
    }

    fn title(&self) -> &'static str {
        match self.status {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            500.. => "Internal Server Error",
            _ => "Bad Request", // 429 too: so NetSuite documents it
        }
    }

    fn body(&self) -> Json {
        let mut detail = Json::object([("detail", Json::text(&self.detail))]);
        if let Some((name, value)) = &self.at {
            detail.set(name, Json::text(value));
        }
        detail.set("o:errorCode", Json::text(self.code));
        let kind = if self.status == 400 { format!("{RFC}#sec10.4.1") } else { RFC.to_owned() };
        let mut body = Json::object([
            ("type", Json::Text(kind)),
            ("title", Json::text(self.title())),
            ("status", Json::Number(self.status.to_string())),
        ]);
        if self.status == 429 {
            body.set("o:errorCode", Json::text("USER_ERROR"));
        }
        body.set("o:errorDetails", Json::List(vec![detail]));
        body
    }
}

/// The store is in memory or a local file: when it fails, that is our own fault, a 500.
impl From<rusqlite::Error> for Refusal {
    fn from(_: rusqlite::Error) -> Self {
        Self::unexpected()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body().to_text()).into_response();
        let kind = HeaderValue::from_static("application/vnd.oracle.resource+json; type=error");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}
