//! JSON whose numbers stay the digits that were sent.

use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value. Objects keep their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads a JSON text; `None` when it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("digits and strings always serialize")
    }

    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    /// An object of the given fields.
    pub fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        Self::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// `{"id": "5"}`, the way a reference is kept.
    pub fn reference(id: i64) -> Self {
        Self::object([("id", Self::Text(id.to_string()))])
    }

    /// The field of an object. A field that is null counts as absent.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.fields().iter().find(|(n, _)| n == name).map(|(_, v)| v).filter(|v| **v != Self::Null)
    }

    /// Puts a field in place, or at the end.
    pub fn set(&mut self, name: &str, value: Self) {
        if let Self::Object(fields) = self {
            match fields.iter_mut().find(|(n, _)| n == name) {
                Some((_, old)) => *old = value,
                None => fields.push((name.to_owned(), value)),
            }
        }
    }

    pub fn remove(&mut self, name: &str) {
        if let Self::Object(fields) = self {
            fields.retain(|(n, _)| n != name);
        }
    }

    pub fn fields(&self) -> &[(String, Self)] {
        match self {
            Self::Object(fields) => fields,
            _ => &[],
        }
    }

    /// The elements of a list, or of a sublist (`{"items": […]}`).
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Object(_) => self.get("items").map_or(&[], Self::items),
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, sent as a number or as text.
    pub fn as_id(&self) -> Option<i64> {
        match self {
            Self::Text(text) | Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The id of a reference field that has been resolved.
    pub fn ref_id(&self, name: &str) -> Option<i64> {
        self.get(name)?.get("id")?.as_id()
    }

    pub fn str_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub fn bool_of(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => RawValue::from_string(digits.clone())
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// An object's fields in order; serde's own maps would sort them or drop duplicates.
struct Fields(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let read = |error: serde_json::Error| D::Error::custom(error);
        Ok(match text.as_bytes().first() {
            Some(b'{') => Self::Object(serde_json::from_str::<Fields>(text).map_err(read)?.0),
            Some(b'[') => Self::List(serde_json::from_str(text).map_err(read)?),
            Some(b'"') => Self::Text(serde_json::from_str(text).map_err(read)?),
            Some(b't' | b'f') => Self::Bool(text == "true"),
            Some(b'n') => Self::Null,
            _ => Self::Number(text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_reading_and_writing() {
        let text = r#"{"b":12.10,"a":[1,-0.070,null,true,"x"],"rate":1.0123456789012345678}"#;
        assert_eq!(Json::parse(text).unwrap().to_text(), text);
        assert!(Json::parse("bad body").is_none());
    }
}
