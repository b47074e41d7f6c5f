//! A private key out of a PEM file, or a sentence about what the file is instead.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Why a PEM file cannot sign assertions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the key file holds no PEM private key; it must have a line \
         `-----BEGIN PRIVATE KEY-----`"
    )]
    NoKey,
    #[error("the key file holds a {0}, not the private key that belongs to it")]
    NotPrivate(String),
    #[error(
        "the private key is protected by a passphrase; write a plain copy with \
         `openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.pkcs8.pem` and guard that file"
    )]
    Encrypted,
    #[error(
        "the private key is an EC key in the older SEC1 form; convert it with \
         `openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.pkcs8.pem`"
    )]
    Sec1,
    #[error(
        "the private key's type is {0}; NetSuite needs RSA of 3072 or 4096 bits, or EC on curve \
         P-256 (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`)"
    )]
    WrongType(&'static str),
    #[error("the private key is damaged: its base64 text cannot be read")]
    Base64,
    #[error(
        "the private key cannot be used ({0}); NetSuite needs RSA of 3072 or 4096 bits, or EC on \
         curve P-256"
    )]
    Rejected(String),
}

/// The two forms of private key that can be read, as DER.
#[derive(Clone, PartialEq, Eq)]
pub enum PrivateKeyDer {
    Pkcs8(Vec<u8>),
    /// RSA only.
    Pkcs1(Vec<u8>),
}

/// Reads the first private key of a PEM text; certificates and parameters around it are passed
/// over.
pub fn private_key(pem: &str) -> Result<PrivateKeyDer, KeyError> {
    let mut passed_over = None;
    let mut rest = pem;
    while let Some((label, body, tail)) = next_block(rest) {
        match label {
            "PRIVATE KEY" => return decode(body).map(PrivateKeyDer::Pkcs8),
            "RSA PRIVATE KEY" if body.contains("ENCRYPTED") => return Err(KeyError::Encrypted),
            "RSA PRIVATE KEY" => return decode(body).map(PrivateKeyDer::Pkcs1),
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            "EC PRIVATE KEY" => return Err(KeyError::Sec1),
            other => passed_over = passed_over.or(Some(other)),
        }
        rest = tail;
    }
    Err(passed_over.map_or(KeyError::NoKey, |label| KeyError::NotPrivate(label.to_lowercase())))
}

/// The label, the inside and what follows of the next `-----BEGIN label-----` block.
fn next_block(text: &str) -> Option<(&str, &str, &str)> {
    let (_, after) = text.split_once("-----BEGIN ")?;
    let (label, after) = after.split_once("-----")?;
    let (body, tail) = after.split_once("-----END ")?;
    Some((label, body, tail))
}

fn decode(body: &str) -> Result<Vec<u8>, KeyError> {
    let text: String = body.split_whitespace().collect();
    BASE64_STANDARD.decode(text).map_err(|_| KeyError::Base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    fn error(pem: &str) -> KeyError {
        private_key(pem).err().expect("this PEM must be refused")
    }

    #[test]
    fn a_key_behind_its_certificate_is_found() {
        let pem = block("CERTIFICATE", "AAAA") + &block("PRIVATE KEY", "AQ\n ID");
        assert!(private_key(&pem).unwrap() == PrivateKeyDer::Pkcs8(vec![1, 2, 3]));
        let pem = block("RSA PRIVATE KEY", "AQID");
        assert!(private_key(&pem).unwrap() == PrivateKeyDer::Pkcs1(vec![1, 2, 3]));
    }

    #[test]
    fn what_the_file_is_instead_is_said_with_the_way_out() {
        assert_eq!(error("hello"), KeyError::NoKey);
        assert_eq!(
            error(&block("CERTIFICATE", "AAAA")),
            KeyError::NotPrivate("certificate".into())
        );
        assert_eq!(error(&block("ENCRYPTED PRIVATE KEY", "AAAA")), KeyError::Encrypted);
        let old = block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128\n\nAAAA");
        assert_eq!(error(&old), KeyError::Encrypted);
        assert_eq!(error(&block("PRIVATE KEY", "!")), KeyError::Base64);
        let sec1 = block("EC PARAMETERS", "AAAA") + &block("EC PRIVATE KEY", "AAAA");
        assert!(error(&sec1).to_string().contains("openssl pkcs8 -topk8 -nocrypt"));
    }
}
