//! A NetSuite account's code, in the two spellings that NetSuite itself uses.

use std::fmt;
use std::str::FromStr;

/// An account code such as `123456` or `123456_SB1`, kept as NetSuite shows it: upper case, with
/// an underscore.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountCode(String);

/// Why a text cannot be an account code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a NetSuite account id; copy it from Setup > Company > Company Information, \
     such as 123456 or 123456_SB1"
)]
pub struct BadAccountCode(pub String);

impl AccountCode {
    /// The OAuth 1.0a realm: `123456_SB1`.
    pub fn realm(&self) -> &str {
        &self.0
    }

    /// The account's part of a host name: `123456-sb1`.
    pub fn host_label(&self) -> String {
        self.0.to_ascii_lowercase().replace('_', "-")
    }

    /// Where the account's REST services are, without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("https://{}.suitetalk.api.netsuite.com", self.host_label())
    }

    /// Whether these are not the company's real books: a sandbox (`_SB1`), a release preview
    /// (`_RP`), or a test drive (`TSTDRV…`).
    pub fn is_sandbox(&self) -> bool {
        let suffix = self.0.split_once('_').map_or("", |(_, suffix)| suffix);
        suffix.starts_with("SB") || suffix.starts_with("RP") || self.0.starts_with("TSTDRV")
    }
}

/// Reads either spelling: `123456_SB1` or `123456-sb1`.
impl FromStr for AccountCode {
    type Err = BadAccountCode;
    fn from_str(text: &str) -> Result<Self, BadAccountCode> {
        let code = text.trim().to_ascii_uppercase().replace('-', "_");
        let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
        let well_formed = code.split('_').count() <= 2 && code.split('_').all(part);
        if well_formed && code.len() <= 40 {
            Ok(Self(code))
        } else {
            Err(BadAccountCode(text.chars().take(60).collect()))
        }
    }
}

impl fmt::Display for AccountCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_spelling_gives_the_same_account() {
        for text in ["123456_SB1", "123456-sb1", " 123456_sb1 "] {
            let code: AccountCode = text.parse().unwrap();
            assert_eq!(code.realm(), "123456_SB1");
            assert_eq!(code.base_url(), "https://123456-sb1.suitetalk.api.netsuite.com");
        }
    }

    #[test]
    fn the_real_books_are_never_taken_for_a_sandbox() {
        let sandbox = |text: &str| text.parse::<AccountCode>().unwrap().is_sandbox();
        assert!(!sandbox("123456"));
        assert!(!sandbox("SB123456"));
        assert!(sandbox("123456_SB2") && sandbox("123456_RP") && sandbox("TSTDRV1234567"));
    }

    #[test]
    fn a_host_name_is_not_an_account_code() {
        for bad in ["", "_", "123456.suitetalk", "https://1", "1_2_3"] {
            assert!(bad.parse::<AccountCode>().is_err(), "{bad:?} must be refused");
        }
    }
}
