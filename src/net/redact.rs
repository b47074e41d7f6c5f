//! Keeping secrets out of text: error messages, logs, excerpts of answers.
//!
//! Two nets: secrets that were registered when they were read, and the shapes that secrets have on
//! both sides (Stripe keys, tokens behind `Bearer`, signatures of OAuth). What is a secret is held
//! in [`SecretString`], which cannot be printed.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::base_url::path_segment;

pub use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// Shorter texts would blank out ordinary words.
const REGISTERED_CHARS_MIN: usize = 6;

/// Beginnings of words that are secrets as a whole: Stripe's keys, webhook secrets, and JWTs.
const PREFIXES: [&str; 6] = ["sk_live_", "sk_test_", "sk_org_", "rk_", "whsec_", "eyJ"];

/// Names whose value is a secret, in headers, forms and JSON.
const NAMES: [&str; 11] = [
    "access_token",
    "refresh_token",
    "client_assertion",
    "client_secret",
    "oauth_consumer_key",
    "oauth_consumer_secret",
    "oauth_token",
    "oauth_token_secret",
    "oauth_signature",
    "oauth_nonce",
    "password",
];

/// Removes secrets from text. Clones share what was registered.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Vec<SecretString>>>);

impl Redactor {
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on `secret` is removed wherever it stands, whatever its shape; one of several lines
    /// (a key in PEM) is removed line by line too. Its percent-encoded form counts as the secret.
    pub fn register(&self, secret: &SecretString) {
        let text = secret.expose_secret();
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let encoded = lines.clone().map(path_segment);
        let forms = lines.map(str::to_owned).chain(encoded).chain([text.to_owned()]);
        let mut secrets = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for form in forms.filter(|form| form.len() >= REGISTERED_CHARS_MIN) {
            if !secrets.iter().any(|known| known.expose_secret() == form) {
                secrets.push(form.into());
            }
        }
        // A secret may contain another one.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
    }

    /// `text` without registered secrets and without anything that has the shape of one.
    pub fn redact(&self, text: &str) -> String {
        redact_shapes(&self.redact_known(text))
    }

    /// `text` without registered secrets; shapes are left alone.
    pub fn redact_known(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            if clean.contains(secret.expose_secret()) {
                clean = clean.replace(secret.expose_secret(), REDACTED);
            }
        }
        clean
    }

    /// Whether a registered secret is in `bytes`.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        secrets
            .iter()
            .any(|secret| memchr::memmem::find(bytes, secret.expose_secret().as_bytes()).is_some())
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

/// `text` without anything that has the shape of a secret.
pub fn redact_shapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut secret_is_next = false;
    while !rest.is_empty() {
        let (word, gap, after) = next_word(rest);
        if !word.is_empty() && (secret_is_next || looks_secret(word)) {
            clean.push_str(REDACTED);
        } else {
            clean.push_str(word);
        }
        clean.push_str(gap);
        secret_is_next = announces_secret(word, gap);
        rest = after;
    }
    clean
}

/// Splits off the first word and the characters between it and the next word.
fn next_word(text: &str) -> (&str, &str, &str) {
    let word_end = text.find(|c| !in_word(c)).unwrap_or(text.len());
    let (word, rest) = text.split_at(word_end);
    let gap_end = rest.find(in_word).unwrap_or(rest.len());
    let (gap, after) = rest.split_at(gap_end);
    (word, gap, after)
}

/// The characters of keys, of base64 and of percent-encoding.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '%' | '+' | '/' | '~')
}

fn looks_secret(word: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        let long_enough = word.len() > prefix.len() + 3;
        long_enough && (word.starts_with(prefix) || word.contains(&format!("/{prefix}")))
    })
}

/// Whether the word after `word` and `gap` is a secret: `Bearer …`, `oauth_token="…"`,
/// `"client_secret": "…"`.
fn announces_secret(word: &str, gap: &str) -> bool {
    if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic") {
        return gap.trim().is_empty();
    }
    let assigned = gap.contains(['=', ':']) && !gap.contains([',', '&', ';', '}']);
    assigned && NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shape_of_a_secret_survives() {
        let rows = [
            ("key sk_test_abc123DEF is bad", "key [redacted] is bad"),
            ("(rk_live_51Habc)", "([redacted])"),
            ("Authorization: Bearer abc.def-ghi_", "Authorization: Bearer [redacted]"),
            ("authorization: basic dXNlcjpwYXNz", "authorization: basic [redacted]"),
            (
                r#"OAuth realm="1_SB1", oauth_token="a1b2", oauth_signature="x%2By%3D""#,
                r#"OAuth realm="1_SB1", oauth_token="[redacted]", oauth_signature="[redacted]""#,
            ),
            (
                r#"{"access_token": "tok", "expires_in": 3600}"#,
                r#"{"access_token": "[redacted]", "expires_in": 3600}"#,
            ),
            ("client_assertion=abc&grant=x", "client_assertion=[redacted]&grant=x"),
            ("jwt eyJhbGciOiJQUzI1NiJ9.eyJpc3Mi.sig_-1!", "jwt [redacted]!"),
            ("https://x/sk_live_abcd1234?a=1", "https:[redacted]?a=1"),
        ];
        for (text, expected) in rows {
            assert_eq!(redact_shapes(text), expected);
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "charge ch_3Qx at /v1/charges/ch_3Qx: No such charge",
            "the bearer, of bad news",
            "password, please",
            "",
            "  ünïcode — 1 204.50 EUR  ",
            "set sk_test_… or rk_",
        ] {
            assert_eq!(redact_shapes(text), text);
        }
    }

    #[test]
    fn what_was_registered_is_removed_whatever_its_shape() {
        let redactor = Redactor::new();
        redactor.register(&SecretString::from("correct horse"));
        redactor.register(&SecretString::from("correct horse battery"));
        redactor.register(&SecretString::from("a"));
        let clean = redactor.clone().redact("a correct horse battery; correct horse.");
        assert_eq!(clean, "a [redacted]; [redacted].");
        assert_eq!(format!("{redactor:?}"), "Redactor");
    }
}
