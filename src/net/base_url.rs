//! Where an API lives: a URL that was checked once, and the URLs built on it.

use std::fmt::{self, Write};
use std::net::IpAddr;

use reqwest::Url;

/// Why a text cannot be a base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    #[error("`{text}` is not a URL ({cause}); write it like https://api.stripe.com")]
    Malformed { text: String, cause: String },
    #[error("`{0}` would send keys in clear text; plain http is only allowed to this machine")]
    ClearText(String),
    #[error("`{0}` must be http or https with a host")]
    Scheme(String),
    #[error("the base URL for {0} must not hold a user name or password; use the key settings")]
    Credentials(String),
    #[error("`{0}` must end with its path, without `?` and `#`")]
    Query(String),
}

/// A checked base URL: https, or plain http to this very machine; no credentials, no query.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|error| BaseUrlError::Malformed {
            // What does not parse may still hold a password.
            text: text.rsplit('@').next().unwrap_or_default().to_owned(),
            cause: error.to_string(),
        })?;
        let Some(host) = url.host_str() else {
            return Err(BaseUrlError::Scheme(text.to_owned()));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::Credentials(host.to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::Query(text.to_owned()));
        }
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => Err(BaseUrlError::ClearText(text.to_owned())),
            _ => Err(BaseUrlError::Scheme(text.to_owned())),
        }
    }

    /// The whole URL of `path` (which begins with `/`) below this base, percent-encoded, with its
    /// query.
    pub fn endpoint(&self, path: &str, query: &[(String, String)]) -> String {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url.into()
    }
}

/// Names and values as the body of a form.
pub fn form(entries: &[(String, String)]) -> String {
    let mut url = Url::parse("http://form").expect("a URL");
    url.query_pairs_mut().extend_pairs(entries);
    url.query().unwrap_or_default().to_owned()
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Host and, where it is not the usual one, port.
pub(super) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether an address can only reach this machine; one that cannot be read reaches nothing.
pub fn reaches_this_machine_alone(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| is_loopback(&url))
}

/// Whether the URL can only reach this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// `text` as one segment of a path: an id with a slash or a dot must not reach another endpoint.
pub fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' {
            segment.push(char::from(byte));
        } else {
            write!(segment, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_never_travel_in_clear_text() {
        for good in [
            "https://api.stripe.com",
            "http://127.0.0.1:8080",
            "http://localhost:1/x/",
            "http://[::1]:9",
            "https://[2001:db8::1]",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://api.stripe.com",
            "http://localhost.example.com",
            "http://127.0.0.1.nip.io",
            "http://10.0.0.1",
            "http://0.0.0.0:80",
        ] {
            let refused = BaseUrl::parse(bad);
            assert!(matches!(refused, Err(BaseUrlError::ClearText(_))), "{bad}: {refused:?}");
        }
        for bad in ["ftp://x", "file:///etc/passwd", "api.stripe.com", "", "https://", "data:x"] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_a_base_url_is_refused_and_not_repeated() {
        for bad in ["https://me:hunter2@api.stripe.com", "https://me:hunter2@api.stripe.com:x/"] {
            let text = BaseUrl::parse(bad).unwrap_err().to_string();
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert!(BaseUrl::parse("https://api.stripe.com/?key=1").is_err());
    }

    #[test]
    fn endpoints_keep_the_base_path_and_encode_the_query() {
        let base = BaseUrl::parse("http://127.0.0.1:8080/proxy/").unwrap();
        let query = [("created[gte]".to_owned(), "1".to_owned()), ("q".to_owned(), "ä&".into())];
        assert_eq!(
            base.endpoint("/v1/charges", &query),
            "http://127.0.0.1:8080/proxy/v1/charges?created%5Bgte%5D=1&q=%C3%A4%26"
        );
        assert_eq!(base.to_string(), "http://127.0.0.1:8080/proxy");
        let root = BaseUrl::parse("https://api.stripe.com").unwrap();
        assert_eq!(root.endpoint("/v1/account", &[]), "https://api.stripe.com/v1/account");
    }

    #[test]
    fn an_id_cannot_climb_to_another_endpoint() {
        assert_eq!(path_segment("in_1-A"), "in_1-A");
        assert_eq!(path_segment("../x?"), "%2E%2E%2Fx%3F");
        let base = BaseUrl::parse("https://api.stripe.com").unwrap();
        let path = format!("/v1/invoices/{}/lines", path_segment("a/../b"));
        assert_eq!(
            base.endpoint(&path, &[]),
            "https://api.stripe.com/v1/invoices/a%2F%2E%2E%2Fb/lines"
        );
    }
}
