//! The transport port: one request out, one answer or one classified failure back.
//!
//! What matters most about a failure is whether the other side may have acted on the request:
//! [`TransportError::NotSent`] says surely not, [`TransportError::InDoubt`] says perhaps.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The largest answer that is read; a page of 100 full invoices stays under 5 MB.
pub const RESPONSE_BYTES_MAX: usize = 128 * 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One request. `Debug` leaves out headers and body: they may hold secrets.
#[derive(Clone)]
pub struct HttpRequest {
    pub method: Method,
    /// Whole, percent-encoded, with its query.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub timeout: Duration,
}

impl HttpRequest {
    /// A request with nothing but a method, a URL and the usual time-out of 80 s.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(80),
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Some(bytes.into());
        self
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.url)
    }
}

#[derive(Debug, Clone)]
pub struct HttpResponse {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether a page for people came instead of data: a proxy or a sign-in answered.
    pub fn is_web_page(&self) -> bool {
        self.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
    }

    /// The body's beginning as text, for error messages.
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(200).collect()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// The other side cannot have seen the request.
    #[error("could not reach {host}: {cause}")]
    NotSent { host: String, cause: String },
    /// The request may have been acted on.
    #[error("the connection to {host} broke before the whole answer arrived: {cause}")]
    InDoubt { host: String, cause: String },
}

/// Sends requests. The production one is HTTP over TLS; tests hand requests to an embedded server
/// in the same process.
pub trait Transport: Send + Sync {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}
