//! Words of Stripe's that are the same on a hundred thousand objects.

use std::borrow::Cow;
use std::ops::Deref;

use serde::{Deserialize, Deserializer, Serialize};

/// A status or a reason. Those that Stripe has today take no memory of their own; any other does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Word(Cow<'static, str>);

/// What Stripe says of refunds (<https://docs.stripe.com/api/refunds/object>).
const KNOWN: [&str; 10] = [
    "",
    "pending",
    "requires_action",
    "succeeded",
    "failed",
    "canceled",
    "duplicate",
    "fraudulent",
    "requested_by_customer",
    "expired_uncaptured_charge",
];

impl From<String> for Word {
    fn from(text: String) -> Self {
        let known = KNOWN.into_iter().find(|known| *known == text);
        Self(known.map_or(Cow::Owned(text), Cow::Borrowed))
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reason of tomorrow would be told as another one, or not at all.
    #[test]
    fn a_word_is_kept_whether_it_is_known_or_not() {
        for text in ["succeeded", "", "a reason of tomorrow"] {
            let word = Word::from(text.to_owned());
            assert_eq!(&*word, text);
            let json = serde_json::to_string(&word).unwrap();
            assert_eq!(serde_json::from_str::<Word>(&json).unwrap(), word);
        }
    }
}
