//! Token-based authentication: OAuth 1.0a with HMAC-SHA256, NetSuite's older scheme.
//!
//! Every request is signed on its own, over the method, the URL exactly as it is sent, and the
//! URL's query; bodies are not signed. Nonce and time-stamp are handed in. A retry must be signed
//! again, because NetSuite takes each pair of nonce and time-stamp once.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

use super::percent;
use crate::calendar::UnixTime;
use crate::net::transport::Method;
use crate::netsuite::account::AccountCode;

/// The four values that NetSuite shows once, and the account they belong to.
#[derive(Clone)]
pub struct TbaCredentials {
    pub account: AccountCode,
    pub consumer_key: String,
    pub consumer_secret: SecretString,
    pub token_id: String,
    pub token_secret: SecretString,
}

impl fmt::Debug for TbaCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token-based credentials of NetSuite account {}", self.account)
    }
}

impl TbaCredentials {
    /// The value of the `Authorization` header for one request. `url` is whole and
    /// percent-encoded, with its query: the very bytes that are sent.
    pub fn authorization(
        &self,
        method: Method,
        url: &str,
        nonce: &str,
        timestamp: UnixTime,
    ) -> String {
        let timestamp = timestamp.0.to_string();
        let protocol = [
            ("oauth_consumer_key", self.consumer_key.as_str()),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_timestamp", &timestamp),
            ("oauth_token", &self.token_id),
            ("oauth_version", "1.0"),
        ];
        let signature = self.signature(&base_string(method, url, &protocol));
        let realm = ("realm", self.account.realm());
        let signature = ("oauth_signature", signature.as_str());
        let parts: Vec<String> = std::iter::once(realm)
            .chain(protocol)
            .chain([signature])
            .map(|(name, value)| format!("{name}=\"{}\"", percent::encode(value)))
            .collect();
        format!("OAuth {}", parts.join(", "))
    }

    fn signature(&self, base_string: &str) -> String {
        let key = format!(
            "{}&{}",
            percent::encode(self.consumer_secret.expose_secret()),
            percent::encode(self.token_secret.expose_secret())
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        BASE64_STANDARD.encode(hmac::sign(&key, base_string.as_bytes()))
    }
}

/// What is signed (RFC 5849 §3.4.1).
fn base_string(method: Method, url: &str, protocol: &[(&str, &str)]) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut parameters: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (percent::decode_query_part(name), percent::decode_query_part(value)))
        .chain(protocol.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
        .map(|(name, value)| (percent::encode(&name), percent::encode(&value)))
        .collect();
    parameters.sort();
    let pairs: Vec<String> =
        parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!(
        "{}&{}&{}",
        method.as_str(),
        percent::encode(&base_uri(address)),
        percent::encode(&pairs.join("&"))
    )
}

/// Scheme and host in lower case, a port only when it is not the scheme's own, the path as sent.
fn base_uri(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let (host, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}{path}", host.strip_suffix(own_port).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Throw-away credentials that Oracle's help prints (page `section_1534941088`).
    fn documented() -> TbaCredentials {
        TbaCredentials {
            account: "123456".parse().unwrap(),
            consumer_key: "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4".into(),
            consumer_secret: "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5"
                .into(),
            token_id: "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc".into(),
            token_secret: "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295".into(),
        }
    }

    fn signature(method: Method, url: &str) -> String {
        let header = documented().authorization(
            method,
            url,
            "fjaLirsIcCGVZWzBX0pg",
            UnixTime(1_508_242_306),
        );
        let (_, tail) = header.split_once("oauth_signature=\"").unwrap();
        percent::decode_query_part(tail.trim_end_matches('"'))
    }

    #[test]
    fn oracles_printed_example_is_reproduced() {
        let url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40";
        assert_eq!(signature(Method::Get, url), "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=");
    }

    #[test]
    fn the_query_is_signed_with_the_address() {
        let restlet = "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl\
                       ?script=6&deploy=1&customParam=someValue&testParam=someOtherValue";
        // Oracle prints this one without its leading `+`.
        assert_eq!(
            signature(Method::Post, restlet),
            "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ="
        );
        let suiteql = "https://123456.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql\
                       ?limit=5&offset=10";
        assert_eq!(
            signature(Method::Post, suiteql),
            "k2RKnq5epqLpuJJyOzO5DVjRwi69iuW6ayPP9THNwAI="
        );
    }

    #[test]
    fn the_base_string_encodes_the_path_once_and_the_query_twice() {
        let base =
            base_string(Method::Get, "HTTPS://Example.COM:443/v1/invoice/eid:in_1?q=a%20b", &[]);
        assert_eq!(base, "GET&https%3A%2F%2Fexample.com%2Fv1%2Finvoice%2Feid%3Ain_1&q%3Da%2520b");
        assert_eq!(base_uri("http://127.0.0.1:8080/x"), "http://127.0.0.1:8080/x");
    }

    #[test]
    fn a_sandboxs_realm_has_its_underscore() {
        let mut credentials = documented();
        credentials.account = "123456-sb1".parse().unwrap();
        let header = credentials.authorization(Method::Get, "https://x/", "n", UnixTime(1));
        assert!(header.starts_with("OAuth realm=\"123456_SB1\", "), "{header}");
        assert!(!format!("{credentials:?}").contains("d26ad"));
    }
}
