//! What `tieout init` must be told, one question after the other: pure. From the answers so far and from what
//! NetSuite has been found to have follows the next question, with a proposed answer.

use std::collections::BTreeMap;

use super::proposal::Proposal;
use crate::netsuite::references::Subsidiary;

/// What is asked, and in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    StripeKey,
    NetSuiteAccount,
    ClientId,
    CertificateId,
    PrivateKey,
}

/// Everything that must be known before anybody can be asked for more.
pub(super) const ACCESS: [Topic; 5] = [
    Topic::StripeKey,
    Topic::NetSuiteAccount,
    Topic::ClientId,
    Topic::CertificateId,
    Topic::PrivateKey,
];

/// One thing that is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// A sentence, and on more lines what there is to choose from.
    pub(super) text: String,
    /// What an empty answer means; `None` where it means nothing, or leaves a setting open.
    pub(super) proposed: Option<String>,
    pub(super) may_stay_open: bool,
}

impl Topic {
    pub(super) fn question(self) -> Question {
        let (text, proposed) = match self {
            Self::StripeKey => (
                "Where is Stripe's restricted key? Write `env:NAME`, `file:PATH` or `command:…`; never the key itself.",
                Some("env:STRIPE_API_KEY"),
            ),
            Self::NetSuiteAccount => (
                "Which is your NetSuite account? Setup > Company > Company Information > Account ID, such as 1234567_SB1.",
                None,
            ),
            Self::ClientId => ("The integration's consumer key (client id)?", None),
            Self::CertificateId => {
                ("The Certificate ID of the OAuth 2.0 client credentials (M2M) mapping?", None)
            }
            Self::PrivateKey => (
                "Where is that certificate's private key? `env:NAME`, `file:PATH` or `command:…`.",
                Some("file:netsuite.pem"),
            ),
        };
        Question {
            text: text.to_owned(),
            proposed: proposed.map(str::to_owned),
            may_stay_open: false,
        }
    }

    /// The flag that answers it without being asked.
    pub(super) const fn flag(self) -> &'static str {
        match self {
            Self::StripeKey => "--stripe-key",
            Self::NetSuiteAccount => "--netsuite-account",
            Self::ClientId => "--client-id",
            Self::CertificateId => "--certificate-id",
            Self::PrivateKey => "--private-key",
        }
    }

    /// The answer as it is kept, or what is wrong with it.
    pub(super) fn read(self, text: &str) -> Result<String, String> {
        match self {
            Self::StripeKey | Self::PrivateKey => Place::read(text).map(|place| place.to_string()),
            _ if text.is_empty() => Err("This must be answered.".to_owned()),
            _ => Ok(text.to_owned()),
        }
    }
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The end of the setting: `env`, `file`, `command`.
    pub(super) form: &'static str,
    pub(super) name: String,
}

impl Place {
    /// Reads `env:NAME`, `file:PATH` or `command:…`. What may be a secret is not repeated.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let wrong = || {
            "Write `env:NAME`, `file:PATH` or `command:…`: where it is, not what it is.".to_owned()
        };
        let (form, name) = text.trim().split_once(':').ok_or_else(wrong)?;
        let forms = ["env", "file", "command"];
        let form = forms.into_iter().find(|known| *known == form).ok_or_else(wrong)?;
        let name = name.trim().to_owned();
        if name.is_empty() { Err(wrong()) } else { Ok(Self { form, name }) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.form, self.name)
    }
}

/// The first of what must be known and is not.
pub(super) fn next(known: &BTreeMap<Topic, String>) -> Option<Topic> {
    ACCESS.into_iter().find(|topic| !known.contains_key(topic))
}

/// Which subsidiary, where there are several that could be it.
pub(super) fn subsidiary(active: &[&Subsidiary]) -> Option<Question> {
    let [_, _, ..] = active else { return None };
    let listed = active.iter().map(|one| format!("\n  {} {}", one.id, one.name));
    let text = format!(
        "Which subsidiary owns this Stripe account? Write its internal id:{}",
        listed.collect::<String>()
    );
    Some(Question { text, proposed: None, may_stay_open: true })
}

/// Which account, where something is needed and was not found alone.
pub(super) fn account(proposal: &Proposal) -> Option<Question> {
    if proposal.account.is_some() || !proposal.is_needed {
        return None;
    }
    let text = format!(
        "Which account is {}? Write its number, or nothing to leave it open.\n  {}",
        proposal.path(),
        proposal.comments().join("\n  ")
    );
    Some(Question { text, proposed: None, may_stay_open: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_asked_and_the_rest_in_order() {
        let mut known = BTreeMap::new();
        assert_eq!(next(&known), Some(Topic::StripeKey));
        known.insert(Topic::StripeKey, "env:KEY".to_owned());
        known.insert(Topic::ClientId, "abc".to_owned());
        assert_eq!(next(&known), Some(Topic::NetSuiteAccount));
        known.extend(ACCESS.map(|topic| (topic, "x".to_owned())));
        assert_eq!(next(&known), None);
    }

    /// A key that was typed where its place should be must not be repeated on a screen or in a file.
    #[test]
    fn a_key_in_place_of_its_place_is_refused_without_being_shown() {
        for text in ["rk_live_secret", "", "env", "env:", "key:rk_live_secret"] {
            let wrong = Topic::StripeKey.read(text).unwrap_err();
            assert!(!wrong.contains("secret"), "{wrong}");
        }
        assert_eq!(Topic::PrivateKey.read("file: a b.pem").unwrap(), "file:a b.pem");
        assert!(Topic::ClientId.read("").is_err());
    }
}
