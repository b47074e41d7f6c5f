//! A field of JSON whatever its type, read without copying: an id, a number, or an object of which
//! only a few fields can say anything.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A field as it came.
#[derive(Debug, Default)]
pub(super) enum Field<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Number(i64),
    Flag(bool),
    Object(Box<Inner<'a>>),
    List(Vec<Field<'a>>),
}

/// What an object inside an object can say.
#[derive(Debug, Default)]
pub(super) struct Inner<'a> {
    pub(super) id: Field<'a>,
    pub(super) charge: Field<'a>,
    pub(super) payment_intent: Field<'a>,
    pub(super) refund: Field<'a>,
    pub(super) has_more: bool,
}

impl<'a> Field<'a> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An id, or the id of a whole object.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(inner) => inner.id.text(),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn inner(&self) -> Option<&Inner<'a>> {
        match self {
            Self::Object(inner) => Some(inner),
            _ => None,
        }
    }

    pub(super) fn items(&self) -> &[Field<'a>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Field::Number(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Field::Nothing, Field::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Field::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Field::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut inner = Inner::default();
        while let Some(key) = map.next_key::<Key>()? {
            match key {
                Key::Id => inner.id = map.next_value()?,
                Key::Charge => inner.charge = map.next_value()?,
                Key::PaymentIntent => inner.payment_intent = map.next_value()?,
                Key::Refund => inner.refund = map.next_value()?,
                Key::HasMore => {
                    inner.has_more = map.next_value::<Field>()?.flag().unwrap_or_default();
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Field::Object(Box::new(inner)))
    }
}

/// The keys that matter inside an object.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Id,
    Charge,
    PaymentIntent,
    Refund,
    HasMore,
    #[serde(other)]
    Other,
}
