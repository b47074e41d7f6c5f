//! Token-based authentication: OAuth 1.0a with HMAC-SHA256, as NetSuite reads it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use super::setup::TokenSetup;

/// How far a timestamp may be off.
const SKEW_SECONDS: i64 = 300;
const NONCE_CHARS_MIN: usize = 6;

/// What a signature covers of the request itself.
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// Scheme, host and path, as sent; no query.
    pub url: &'a str,
    /// The query, still encoded.
    pub query: &'a str,
}

/// Checks an `Authorization: OAuth …` header. On success gives the nonce and timestamp, which the
/// caller must have seen for the first time.
pub(super) fn check(
    header: &str,
    request: &Signed<'_>,
    account_id: &str,
    tokens: &[TokenSetup],
    now: i64,
) -> Option<(String, i64)> {
    let params = header_params(header)?;
    let get = |name: &str| params.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let token = tokens.iter().find(|token| {
        get("oauth_token") == Some(&token.token_id)
            && get("oauth_consumer_key") == Some(&token.consumer_key)
    })?;
    let timestamp: i64 = get("oauth_timestamp")?.parse().ok()?;
    let nonce = get("oauth_nonce").filter(|nonce| nonce.len() >= NONCE_CHARS_MIN)?;
    let plain = get("realm") == Some(account_id)
        && get("oauth_signature_method") == Some("HMAC-SHA256")
        && get("oauth_version").is_none_or(|version| version == "1.0")
        && (now - timestamp).abs() <= SKEW_SECONDS;
    if !plain {
        return None;
    }
    let base = base_string(request, &params);
    let signature = BASE64_STANDARD.decode(get("oauth_signature")?).ok()?;
    hmac::verify(&key(token), base.as_bytes(), &signature).ok()?;
    Some((nonce.to_owned(), timestamp))
}

fn key(token: &TokenSetup) -> hmac::Key {
    let secret = format!("{}&{}", encode(&token.consumer_secret), encode(&token.token_secret));
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

/// The text that is signed: method, URL, and every parameter but `realm` and the signature, sorted.
fn base_string(request: &Signed<'_>, header: &[(String, String)]) -> String {
    let mut pairs: Vec<(String, String)> = header
        .iter()
        .filter(|(name, _)| name != "realm" && name != "oauth_signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    for pair in request.query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        pairs.push((encode(&decode_form(name)), encode(&decode_form(value))));
    }
    pairs.sort();
    let params: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{}&{}&{}", request.method, encode(request.url), encode(&params.join("&")))
}

fn header_params(header: &str) -> Option<Vec<(String, String)>> {
    let rest = header.strip_prefix("OAuth ")?;
    rest.split(',')
        .map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            Some((name.to_owned(), decode(value)))
        })
        .collect()
}

/// RFC 3986: everything but letters, digits and `-._~`.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A server reads `+` in a query as a space.
fn decode_form(text: &str) -> String {
    decode(&text.replace('+', " "))
}

/// Undoes percent-encoding.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vendor's published throw-away credential.
    fn documented() -> TokenSetup {
        let hex = |text: &str| text.to_owned();
        TokenSetup {
            consumer_key: hex("ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4"),
            consumer_secret: hex(
                "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
            ),
            token_id: hex("2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc"),
            token_secret: hex("c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295"),
        }
    }

    fn header(signature: &str) -> String {
        let token = documented();
        format!(
            "OAuth realm=\"123456\", oauth_token=\"{}\", oauth_consumer_key=\"{}\", \
             oauth_nonce=\"fjaLirsIcCGVZWzBX0pg\", oauth_timestamp=\"1508242306\", \
             oauth_signature_method=\"HMAC-SHA256\", oauth_version=\"1.0\", oauth_signature=\"{}\"",
            token.token_id,
            token.consumer_key,
            encode(signature)
        )
    }

    fn accepts(method: &str, url: &str, query: &str, signature: &str, now: i64) -> bool {
        let request = Signed { method, url, query };
        check(&header(signature), &request, "123456", &[documented()], now).is_some()
    }

    #[test]
    fn the_documented_signatures_are_accepted_and_others_are_not() {
        let rest = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40";
        let good = "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY=";
        assert!(accepts("GET", rest, "", good, 1_508_242_306));
        assert!(!accepts("PATCH", rest, "", good, 1_508_242_306));
        assert!(!accepts("GET", rest, "fields=email", good, 1_508_242_306));
        assert!(!accepts("GET", rest, "", good, 1_508_242_306 + 301));
    }

    #[test]
    fn query_parameters_are_part_of_what_is_signed() {
        let url = "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl";
        let query = "script=6&deploy=1&customParam=someValue&testParam=someOtherValue";
        let good = "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ=";
        assert!(accepts("POST", url, query, good, 1_508_242_306));
    }
}
