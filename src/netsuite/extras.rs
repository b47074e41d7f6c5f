//! What a company's own field mapping puts on a record, beside what the books need.
//!
//! Belongs here: the values as types, where they stand, and how they are laid over the JSON of
//! [`super::wire`]. Does not belong here: which value a record gets (`accounting::mapping`), or what
//! a field is called (`super::fields`).
//!
//! Nothing here can touch an amount: the names that the books rest on are refused when the
//! configuration is read.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::record::Decimal;
use super::wire::Json;
use crate::ids::InternalId;

/// One value, typed as NetSuite takes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    Text(String),
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    Date(NaiveDate),
    /// Another record, by its internal id.
    Reference(InternalId),
    /// The built-in value is not sent.
    Removed,
}

impl FieldValue {
    /// The value in words, as tables show it.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Decimal(value) => value.0.clone(),
            Self::Date(value) => value.to_string(),
            Self::Reference(id) => format!("id {id}"),
            Self::Removed => "(not sent)".into(),
        }
    }

    fn json(&self) -> Option<Json> {
        Some(match self {
            Self::Text(text) => Json::Text(text.clone()),
            Self::Boolean(value) => Json::Bool(*value),
            Self::Integer(value) => Json::Number(value.to_string()),
            Self::Decimal(value) => Json::Number(value.0.clone()),
            Self::Date(value) => Json::Text(value.to_string()),
            Self::Reference(id) => Json::Object(vec![("id", Json::Text(id.as_str().to_owned()))]),
            Self::Removed => return None,
        })
    }
}

impl Decimal {
    /// Digits as JSON takes them, perhaps with a minus and a point.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_padded = whole.len() > 1 && whole.starts_with('0');
        (is_number(whole) && is_number(part) && !is_padded).then(|| Self(text.to_owned()))
    }
}

/// Fields by name.
pub type Fields = BTreeMap<String, FieldValue>;

/// The values of a record's fields; a field that is empty is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    pub fields: BTreeMap<String, String>,
    /// Of each field the values on all lines, in no order.
    pub lines: BTreeMap<String, Vec<String>>,
}

/// The mapped fields of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineExtras {
    /// The sublist's name, such as `item`.
    pub sublist: String,
    /// From 0.
    pub index: usize,
    pub fields: Fields,
}

/// Everything mapped onto one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extras {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: Fields,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineExtras>,
}

impl Extras {
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.lines.is_empty()
    }

    /// The record's JSON with the mapped fields on it.
    pub(super) fn laid_over(&self, own: Vec<(&'static str, Json)>) -> Json {
        let own = own.into_iter().map(|(name, value)| (name, self.on_lines(name, value))).collect();
        laid_over(own, &self.fields)
    }

    fn on_lines(&self, sublist: &str, value: Json) -> Json {
        let of_list = |line: &&LineExtras| line.sublist == sublist;
        if !self.lines.iter().any(|line| of_list(&line)) {
            return value;
        }
        let Json::Object(parts) = value else { return value };
        let parts = parts.into_iter().map(|(name, items)| {
            let Json::List(items) = items else { return (name, items) };
            let items = items.into_iter().enumerate().map(|(index, item)| {
                let mapped = self.lines.iter().filter(of_list).find(|line| line.index == index);
                match (item, mapped) {
                    (Json::Object(own), Some(mapped)) => laid_over(own, &mapped.fields),
                    (item, _) => item,
                }
            });
            (name, Json::List(items.collect()))
        });
        Json::Object(parts.collect())
    }
}

/// The built-in fields without those that are mapped, and the mapped ones behind them.
fn laid_over(own: Vec<(&'static str, Json)>, fields: &Fields) -> Json {
    if fields.is_empty() {
        return Json::Object(own);
    }
    let own = own.into_iter().filter(|(name, _)| !fields.contains_key(*name)).collect();
    let mapped =
        fields.iter().filter_map(|(name, value)| Some((name.clone(), value.json()?))).collect();
    Json::Extended { own, mapped }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_fields_stand_behind_the_built_in_ones_and_replace_their_namesakes() {
        let item = Json::Object(vec![("amount", Json::Number("5.00".into()))]);
        let list = Json::Object(vec![("items", Json::List(vec![item.clone(), item]))]);
        let own = vec![("memo", Json::Text("Stripe: in_1".into())), ("item", list)];
        let mut extras = Extras::default();
        extras.fields.insert("memo".into(), FieldValue::Removed);
        extras.fields.insert("custbody_ok".into(), FieldValue::Boolean(true));
        let class = FieldValue::Reference(InternalId::new("7"));
        extras.lines.push(LineExtras {
            sublist: "item".into(),
            index: 1,
            fields: Fields::from([("class".into(), class)]),
        });
        assert_eq!(
            extras.laid_over(own).to_text(),
            r#"{"item":{"items":[{"amount":5.00},{"amount":5.00,"class":{"id":"7"}}]},"custbody_ok":true}"#
        );
    }
}
