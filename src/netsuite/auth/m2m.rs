//! OAuth 2.0 client credentials: the signed assertion that is traded for an access token.
//!
//! The assertion is a JWT with PS256 (RSA-PSS) or ES256 (P-256); NetSuite refuses RS256. Time and
//! `jti` are handed in.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PSS_SHA256};
use serde::Serialize;

use super::pem::{self, KeyError, PrivateKeyDer};
use crate::calendar::UnixTime;

/// How long an assertion is good for, in seconds. It is used at once; NetSuite's bound is under
/// an hour, and five minutes also bridge two clocks that disagree a little.
const ASSERTION_SECONDS: i64 = 300;

/// What identifies the integration: from the integration record, and from the page where its
/// certificate was uploaded.
#[derive(Debug, Clone)]
pub struct M2mCredentials {
    /// The integration's client id (its consumer key).
    pub client_id: String,
    /// The uploaded certificate's id; the JWT's `kid`.
    pub certificate_id: String,
    pub key: SigningKey,
}

/// A private key with the one algorithm it is used for.
#[derive(Clone)]
pub enum SigningKey {
    Ps256(Arc<rsa::KeyPair>),
    Es256(Arc<EcdsaKeyPair>),
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} private key", self.algorithm())
    }
}

/// The DER bytes of the object identifiers that name a PKCS#8 key's type.
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const OID_RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const OID_P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const OID_P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A PKCS#8 key names its type in its first bytes.
const TYPE_BYTES: usize = 40;

impl SigningKey {
    /// Reads a PEM: RSA as PKCS#8 or PKCS#1, or EC P-256 as PKCS#8.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let rejected = |cause: ring::error::KeyRejected| KeyError::Rejected(cause.to_string());
        let der = match pem::private_key(text)? {
            PrivateKeyDer::Pkcs1(der) => {
                let key = rsa::KeyPair::from_der(&der).map_err(rejected)?;
                return Ok(Self::Ps256(Arc::new(key)));
            }
            PrivateKeyDer::Pkcs8(der) => der,
        };
        let is = |oid: &[u8]| der[..der.len().min(TYPE_BYTES)].windows(oid.len()).any(|w| w == oid);
        if is(OID_RSA) {
            let key = rsa::KeyPair::from_pkcs8(&der).map_err(rejected)?;
            Ok(Self::Ps256(Arc::new(key)))
        } else if is(OID_P256) {
            let random = SystemRandom::new();
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random)
                .map(|key| Self::Es256(Arc::new(key)))
                .map_err(rejected)
        } else if is(OID_RSA_PSS) {
            Err(KeyError::WrongType("RSA restricted to PSS; make a plain RSA key"))
        } else if is(OID_P384) {
            Err(KeyError::WrongType("EC on curve P-384"))
        } else if is(OID_P521) {
            Err(KeyError::WrongType("EC on curve P-521"))
        } else if is(OID_ED25519) {
            Err(KeyError::WrongType("Ed25519"))
        } else {
            Err(KeyError::WrongType("neither RSA nor EC"))
        }
    }

    /// The JWT's `alg`.
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Ps256(_) => "PS256",
            Self::Es256(_) => "ES256",
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let random = SystemRandom::new();
        match self {
            Self::Ps256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PSS_SHA256, &random, message, &mut signature)
                    .map_err(|_| SigningFailed)?;
                Ok(signature)
            }
            Self::Es256(key) => {
                let signature = key.sign(&random, message).map_err(|_| SigningFailed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

/// The key was readable but gave no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the private key gave no signature; make sure that it is a complete, consistent key")]
pub struct SigningFailed;

#[derive(Serialize)]
struct Header<'a> {
    typ: &'static str,
    alg: &'static str,
    kid: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: [&'static str; 1],
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
}

impl M2mCredentials {
    /// The assertion for the token endpoint at `token_url`, issued at `now`.
    pub fn assertion(
        &self,
        token_url: &str,
        now: UnixTime,
        jti: &str,
    ) -> Result<String, SigningFailed> {
        let header = Header { typ: "JWT", alg: self.key.algorithm(), kid: &self.certificate_id };
        let claims = Claims {
            iss: &self.client_id,
            scope: ["rest_webservices"],
            aud: token_url,
            iat: now.0,
            exp: now.0 + ASSERTION_SECONDS,
            jti,
        };
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn part(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).expect("strings and integers always serialize");
    BASE64_URL_SAFE_NO_PAD.encode(json)
}

#[cfg(test)]
mod tests {
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED, KeyPair, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    };
    use serde_json::{Value, json};

    use super::super::test_key::{self, pem};
    use super::*;

    const TOKEN_URL: &str =
        "https://123456.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token";

    fn assertion(key: &SigningKey) -> (Value, Value, String, Vec<u8>) {
        let credentials = M2mCredentials {
            client_id: "client".into(),
            certificate_id: "cert".into(),
            key: key.clone(),
        };
        let jwt = credentials.assertion(TOKEN_URL, UnixTime(1_700_000_000), "once").unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let bytes = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
        let json = |part: &str| serde_json::from_slice(&bytes(part)).unwrap();
        (json(header), json(claims), signed.to_owned(), bytes(signature))
    }

    #[test]
    fn a_p256_key_signs_es256_with_the_documented_claims() {
        let key = SigningKey::from_pem(&test_key::p256()).unwrap();
        let (header, claims, signed, signature) = assertion(&key);
        assert_eq!(header, json!({"typ": "JWT", "alg": "ES256", "kid": "cert"}));
        assert_eq!(
            claims,
            json!({"iss": "client", "scope": ["rest_webservices"], "aud": TOKEN_URL,
                   "iat": 1_700_000_000, "exp": 1_700_000_300, "jti": "once"})
        );
        assert_eq!(signature.len(), 64, "r and s side by side, not DER");
        let SigningKey::Es256(pair) = &key else { panic!("{key:?}") };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
            .verify(signed.as_bytes(), &signature)
            .unwrap();
    }

    #[test]
    fn an_rsa_key_signs_ps256_from_either_form() {
        for text in [test_key::RSA_PKCS8.to_owned(), test_key::rsa_pkcs1()] {
            let key = SigningKey::from_pem(&text).unwrap();
            let (header, _, signed, signature) = assertion(&key);
            assert_eq!(header["alg"], "PS256");
            let SigningKey::Ps256(pair) = &key else { panic!("{key:?}") };
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, pair.public_key().as_ref())
                .verify(signed.as_bytes(), &signature)
                .unwrap();
        }
    }

    #[test]
    fn other_kinds_of_key_are_named() {
        let of_type = |oid: &[u8]| {
            let text = pem("PRIVATE KEY", oid);
            SigningKey::from_pem(&text).unwrap_err().to_string()
        };
        assert!(of_type(OID_P384).contains("P-384"));
        assert!(of_type(OID_ED25519).contains("Ed25519"));
        assert!(of_type(OID_RSA_PSS).contains("plain RSA key"));
        assert!(of_type(&[1, 2, 3]).contains("neither RSA nor EC"));
        assert!(of_type(OID_P256).contains("cannot be used"));
    }
}
