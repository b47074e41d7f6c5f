//! One change of the Stripe balance as the reports of a period have it.
//!
//! A month may have a million of them, so what they are kept in counts: ids stand in place, and the one
//! kind of fee that nearly every movement has does too.

use std::fmt;
use std::ops::Deref;

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::accounting::balance_transaction::Class;
use crate::accounting::chart::Role;
use crate::calendar::UnixTime;
use crate::money::{Amount, Currency};

/// One change of the Stripe balance, and the days on which the books have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Kept", from = "Kept")]
pub struct Movement {
    pub id: Short,
    pub created: UnixTime,
    pub available_on: UnixTime,
    pub currency: Currency,
    /// Among the categories of the facts.
    pub category: u16,
    pub class: Class,
    pub gross: i64,
    pub fee: i64,
    pub net: i64,
    /// What Stripe charges with it, by kind of fee; the whole of it when it is a fee itself.
    pub charges: Charges,
    pub source: Option<Short>,
    /// The payout it is a member of, among those of the facts.
    pub payout: Option<u32>,
    /// The payout that it moves, where it is one or its return.
    pub moves: Option<u32>,
    /// The day of its own record.
    pub recorded: Option<NaiveDate>,
    /// The day of the journal that carries what it charges.
    pub charged: Option<NaiveDate>,
}

impl Movement {
    pub fn gross(&self) -> Amount {
        Amount::new(self.gross, self.currency)
    }

    pub fn fee(&self) -> Amount {
        Amount::new(self.fee, self.currency)
    }

    pub fn net(&self) -> Amount {
        Amount::new(self.net, self.currency)
    }

    /// What Stripe charges with it, as far as it is a fee.
    pub fn fees(&self) -> Amount {
        let fees = self.charges.iter().filter(|(role, _)| role.is_fee());
        Amount::new(fees.map(|(_, minor)| minor).sum(), self.currency)
    }
}

/// As a reading keeps it: without the names of its fields, which would be most of it.
#[derive(Serialize, Deserialize)]
struct Kept(
    Short,
    [UnixTime; 2],
    Currency,
    u16,
    Class,
    [i64; 3],
    Charges,
    Option<Short>,
    [Option<u32>; 2],
    [Option<NaiveDate>; 2],
);

impl From<Movement> for Kept {
    fn from(own: Movement) -> Self {
        Self(
            own.id,
            [own.created, own.available_on],
            own.currency,
            own.category,
            own.class,
            [own.gross, own.fee, own.net],
            own.charges,
            own.source,
            [own.payout, own.moves],
            [own.recorded, own.charged],
        )
    }
}

impl From<Kept> for Movement {
    fn from(kept: Kept) -> Self {
        let Kept(id, instants, currency, category, class, amounts, charges, source, payouts, days) =
            kept;
        let [created, available_on] = instants;
        let [gross, fee, net] = amounts;
        let [payout, moves] = payouts;
        let [recorded, charged] = days;
        Self {
            id,
            created,
            available_on,
            currency,
            category,
            class,
            gross,
            fee,
            net,
            charges,
            source,
            payout,
            moves,
            recorded,
            charged,
        }
    }
}

/// Amounts in minor units by kind of fee.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Role, i64)>")]
pub struct Charges(Parts);

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Parts {
    One([(Role, i64); 1]),
    Many(Box<[(Role, i64)]>),
}

impl From<Vec<(Role, i64)>> for Charges {
    fn from(parts: Vec<(Role, i64)>) -> Self {
        Self(match <[(Role, i64); 1]>::try_from(parts) {
            Ok(one) => Parts::One(one),
            Err(parts) => Parts::Many(parts.into_boxed_slice()),
        })
    }
}

impl Deref for Charges {
    type Target = [(Role, i64)];

    fn deref(&self) -> &Self::Target {
        match &self.0 {
            Parts::One(one) => one,
            Parts::Many(many) => many,
        }
    }
}

impl fmt::Debug for Charges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.deref().fmt(f)
    }
}

/// As many bytes as an id of Stripe's has, and two more.
const SHORT_MAX: usize = 30;

/// An id that stands in place where it is as short as Stripe's are, however many there are.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Short(Place);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Here { length: u8, bytes: [u8; SHORT_MAX] },
    Elsewhere(Box<str>),
}

impl From<&str> for Short {
    fn from(text: &str) -> Self {
        let mut bytes = [0; SHORT_MAX];
        Self(match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(own), Ok(length)) => {
                own.copy_from_slice(text.as_bytes());
                Place::Here { length, bytes }
            }
            _ => Place::Elsewhere(text.into()),
        })
    }
}

impl Deref for Short {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Place::Here { length, bytes } => std::str::from_utf8(&bytes[..usize::from(*length)])
                .expect("the bytes of a text, all of them"),
            Place::Elsewhere(text) => text,
        }
    }
}

impl fmt::Debug for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Serialize for Short {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Short {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self::from(&*text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id that is longer than Stripe's are today would be cut, and be another's.
    #[test]
    fn an_id_of_any_length_is_itself() {
        for length in [0, 1, 28, 30, 31, 255, 256, 300] {
            let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
            assert_eq!(&*Short::from(text.as_str()), text);
        }
    }

    /// A reading must give the movement that was kept, whatever it has and has not.
    #[test]
    fn a_movement_is_kept_whole() {
        let fees = [(Role::ProcessingFees, 59), (Role::TaxOnFees, 7)];
        for (charges, day) in [(&fees[..], NaiveDate::from_ymd_opt(2026, 10, 3)), (&[], None)] {
            let movement = Movement {
                id: "txn_1".into(),
                created: UnixTime(1),
                available_on: UnixTime(2),
                currency: Currency::USD,
                category: 3,
                class: Class::Charge,
                gross: 2_000,
                fee: 66,
                net: 1_934,
                charges: charges.to_vec().into(),
                source: day.map(|_| "ch_1".into()),
                payout: day.map(|_| 4),
                moves: None,
                recorded: None,
                charged: day,
            };
            let text = serde_json::to_string(&movement).unwrap();
            assert_eq!(serde_json::from_str::<Movement>(&text).unwrap(), movement, "{text}");
        }
    }

    /// A million of them must fit where reports are made.
    #[test]
    fn a_movement_is_small() {
        assert!(size_of::<Movement>() <= 176, "{} bytes", size_of::<Movement>());
    }
}
