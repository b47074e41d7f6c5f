//! One row of a SuiteQL answer, read exactly.
//!
//! NetSuite sends every value as a string, column names in lower case, and leaves out columns that
//! are NULL. Numbers keep their digits: no float is made of them.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ids::InternalId;
use crate::money::{Amount, Currency};

/// Why a column could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("column `{column}` is missing or empty in the row {row}")]
    Missing { column: String, row: String },
    #[error("column `{column}` of the row {row} holds `{value}`, which is not {wanted}")]
    Unreadable { column: String, row: String, value: String, wanted: &'static str },
    #[error("column `{column}` of the row {row}: {cause}")]
    Amount { column: String, row: String, cause: String },
}

/// Column names, in lower case, to values; a NULL is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    /// The value as it came; `None` for NULL and for an empty text.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.get(column).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub fn text(&self, column: &str) -> Result<&str, RowError> {
        self.get(column)
            .ok_or_else(|| RowError::Missing { column: column.to_owned(), row: self.to_string() })
    }

    pub fn id(&self, column: &str) -> Result<InternalId, RowError> {
        let text = self.text(column)?;
        if is_internal_id(text) {
            Ok(InternalId::new(text))
        } else {
            Err(self.unreadable(column, text, "an internal id"))
        }
    }

    /// A date that the query wrote with `TO_CHAR(…, 'YYYY-MM-DD')`.
    pub fn date(&self, column: &str) -> Result<NaiveDate, RowError> {
        let text = self.text(column)?;
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| self.unreadable(column, text, "a date such as 2026-01-31"))
    }

    /// An exact amount; more decimals than the currency has are an error, never rounded.
    pub fn amount(&self, column: &str, currency: Currency) -> Result<Amount, RowError> {
        let text = self.text(column)?;
        Amount::parse_decimal(&plain_decimal(text), currency).map_err(|cause| RowError::Amount {
            column: column.to_owned(),
            row: self.to_string(),
            cause: cause.to_string(),
        })
    }

    /// `T` or `F`.
    pub fn flag(&self, column: &str) -> Result<bool, RowError> {
        match self.text(column)? {
            "T" | "true" => Ok(true),
            "F" | "false" => Ok(false),
            other => Err(self.unreadable(column, other, "T or F")),
        }
    }

    /// `None` for NULL, otherwise what `read` makes of the column.
    pub fn optional<T>(
        &self,
        column: &str,
        read: impl Fn(&Self, &str) -> Result<T, RowError>,
    ) -> Result<Option<T>, RowError> {
        self.get(column).map(|_| read(self, column)).transpose()
    }

    /// The error for a value that is there but is not what it must be.
    pub fn unreadable(&self, column: &str, value: &str, wanted: &'static str) -> RowError {
        RowError::Unreadable {
            column: column.to_owned(),
            row: self.to_string(),
            value: value.chars().take(60).collect(),
            wanted,
        }
    }
}

/// Digits, perhaps behind a minus: NetSuite's built-in records have negative ids.
pub fn is_internal_id(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Oracle prints one half as `.5`: the zero before the point is put there.
fn plain_decimal(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    if digits.starts_with('.') { format!("{sign}0{digits}") } else { text.to_owned() }
}

/// The first columns, enough to find the row again.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = ["id", "transaction", "account", "externalid"];
        let named =
            first.iter().filter_map(|column| self.get(column).map(|value| (*column, value)));
        let others = self.0.iter().map(|(column, value)| (column.as_str(), value.as_str()));
        let mut shown: Vec<(&str, &str)> = named.collect();
        if shown.is_empty() {
            shown = others.take(3).collect();
        }
        let shown: Vec<String> =
            shown.iter().map(|(column, value)| format!("{column}={value}")).collect();
        write!(f, "({})", shown.join(", "))
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row of columns")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut columns = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if let Some(value) = scalar(value.get()).map_err(A::Error::custom)? {
                        columns.insert(name.to_ascii_lowercase(), value);
                    }
                }
                Ok(Row(columns))
            }
        }
        deserializer.deserialize_map(Columns)
    }
}

/// The text of a JSON scalar; nothing for null, and for the `links` that each row carries.
fn scalar(json: &str) -> Result<Option<String>, serde_json::Error> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => Some(serde_json::from_str(json)?),
        Some(b'n' | b'[' | b'{') | None => None,
        Some(b't') => Some("T".to_owned()),
        Some(b'f') => Some("F".to_owned()),
        Some(_) => Some(json.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn amounts_keep_their_digits_however_they_are_sent() {
        let row = row(r#"{"links":[],"A":"-1204.5","b":0.1,"c":".5","d":"-.05","e":null}"#);
        let cents = |column| row.amount(column, Currency::USD).unwrap().minor();
        assert_eq!([cents("a"), cents("b"), cents("c"), cents("d")], [-120_450, 10, 50, -5]);
        assert!(row.get("e").is_none() && row.get("links").is_none());
    }

    #[test]
    fn an_amount_that_would_need_rounding_is_an_error_that_names_the_column() {
        let row = row(r#"{"id":"7","foreigntotal":"1.005"}"#);
        let error = row.amount("foreigntotal", Currency::USD).unwrap_err().to_string();
        assert!(error.contains("`foreigntotal`") && error.contains("id=7"), "{error}");
    }

    #[test]
    fn types_are_checked_and_null_is_told_from_wrong() {
        let row =
            row(r#"{"id":"-5","closed":"T","day":"2026-01-31","name":"A/R","bad":"31.1.2026"}"#);
        assert_eq!(row.id("id").unwrap().as_str(), "-5");
        assert!(row.flag("closed").unwrap());
        assert_eq!(row.date("day").unwrap().to_string(), "2026-01-31");
        assert!(row.date("bad").is_err() && row.flag("name").is_err() && row.id("name").is_err());
        assert_eq!(row.optional("entity", Row::id).unwrap(), None);
        assert!(row.optional("name", Row::id).is_err());
        assert!(matches!(row.text("nothing"), Err(RowError::Missing { .. })));
    }
}
