//! OAuth 2.0 client credentials: a signed assertion buys a bearer token.

use std::collections::HashMap;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use super::json::Json;
use super::setup::{Algorithm, ClientSetup};

/// The longest life of an assertion.
const ASSERTION_SECONDS_MAX: i64 = 3600;
/// How far a client's clock may run ahead.
const SKEW_SECONDS: i64 = 300;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Checks a token request; the error is OAuth's own word for it.
pub(super) fn check(
    form: &HashMap<String, String>,
    clients: &[ClientSetup],
    audiences: &[String],
    now: i64,
) -> Result<(), &'static str> {
    let field = |name: &str| form.get(name).map(String::as_str);
    match field("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err("unsupported_grant_type"),
        None => return Err("invalid_request"),
    }
    if field("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err("invalid_request");
    }
    let assertion = field("client_assertion").ok_or("invalid_request")?;
    let (signed, signature) = assertion.rsplit_once('.').ok_or("invalid_request")?;
    let (header, claims) = signed.split_once('.').ok_or("invalid_request")?;
    let header = decoded(header).ok_or("invalid_request")?;
    let claims = decoded(claims).ok_or("invalid_request")?;
    let client = clients
        .iter()
        .find(|client| {
            Some(client.certificate_id.as_str()) == header.str_of("kid")
                && Some(client.client_id.as_str()) == claims.str_of("iss")
        })
        .ok_or("invalid_client")?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| "invalid_request")?;
    verify(client, header.str_of("alg"), signed.as_bytes(), &signature).ok_or("invalid_grant")?;
    check_claims(&claims, audiences, now)
}

fn decoded(part: &str) -> Option<Json> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    Json::parse(std::str::from_utf8(&bytes).ok()?)
}

fn verify(
    client: &ClientSetup,
    named: Option<&str>,
    message: &[u8],
    signature: &[u8],
) -> Option<()> {
    let (name, algorithm): (_, &dyn VerificationAlgorithm) = match client.algorithm {
        Algorithm::Es256 => ("ES256", &ECDSA_P256_SHA256_FIXED),
        Algorithm::Ps256 => ("PS256", &RSA_PSS_2048_8192_SHA256),
    };
    if named != Some(name) {
        return None;
    }
    let key = BASE64_STANDARD.decode(&client.public_key).ok()?;
    UnparsedPublicKey::new(algorithm, key).verify(message, signature).ok()
}

fn check_claims(claims: &Json, audiences: &[String], now: i64) -> Result<(), &'static str> {
    let audience = claims.str_of("aud").ok_or("invalid_grant")?;
    let number = |name: &str| claims.get(name).and_then(Json::as_id).ok_or("invalid_grant");
    let (issued, expires) = (number("iat")?, number("exp")?);
    let fresh = issued <= now + SKEW_SECONDS && now < expires;
    let short = expires - issued <= ASSERTION_SECONDS_MAX;
    if !audiences.iter().any(|known| known == audience) || !fresh || !short {
        return Err("invalid_grant");
    }
    let scopes: Vec<&str> = match claims.get("scope") {
        Some(Json::Text(text)) => text.split([',', ' ']).collect(),
        Some(Json::List(items)) => items.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    if scopes.contains(&"rest_webservices") { Ok(()) } else { Err("invalid_scope") }
}
