//! Tolerant views over raw Stripe objects: only the fields that the books need.
//!
//! The raw JSON stays the truth and is kept byte for byte; a view is read from it when needed, so a
//! field that Stripe adds or drops never breaks a page. Both shapes are read, before and after API
//! version 2025-03-31: accessor methods hide the difference. Unknown values of enumerations are
//! kept as text; `null` counts as absent.
//!
//! Field facts: Stripe's API reference at 2026-10-28 and the specification of 2024-06-20.

mod balance;
mod billing;
mod catalog;
mod credit_note;
mod customer;
mod details;
mod invoice;
mod invoice_line;
mod money_movement;
mod payout;
mod shipping;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub use balance::{Account, Balance, BalanceAmount, BalanceTransaction, FeeDetail};
pub use billing::{InvoicePayment, PaymentIntent, PaymentTarget};
pub use catalog::{Coupon, Discount, Price, Product, TaxRate};
pub use credit_note::{CreditNote, CreditNoteLine, CreditNoteRefund};
pub use customer::{Customer, CustomerBalanceTransaction, PostalAddress, Shipping};
pub use details::details;
pub use invoice::{Invoice, InvoiceStatus, StatusTransitions};
pub use invoice_line::{InvoiceLine, Period, TaxAmount};
pub use money_movement::{Charge, Dispute, Refund};
pub use payout::Payout;
pub use shipping::ShippingCost;

use crate::money::MINOR_MAX;

/// Free text that the merchant put on an object.
pub type Metadata = BTreeMap<String, String>;

/// Why an object could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{object}: at `{path}`: {message}")]
pub struct ObjectError {
    /// The object's id, or its kind when it has none.
    pub object: String,
    pub path: String,
    pub message: String,
}

/// Reads a view from an object's raw JSON.
///
/// # Errors
/// Names the object and the path of the field that is missing or of another type.
pub fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, ObjectError> {
    // Once for all its texts, instead of each by itself.
    if let Ok(text) = std::str::from_utf8(raw)
        && let Ok(view) = serde_json::from_str(text)
    {
        return Ok(view);
    }
    // Following the path costs as much again: only for what cannot be read.
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| ObjectError {
        object: Head::read(raw).map_or_else(|_| "an object without an id".into(), |head| head.id),
        path: error.path().to_string(),
        message: error.inner().to_string(),
    })
}

/// What every object has, whatever its kind.
#[derive(Debug, Clone, Deserialize)]
pub struct Head {
    /// Missing only on objects that the account has one of, such as `balance`.
    #[serde(default)]
    pub id: String,
    pub object: String,
    #[serde(default, deserialize_with = "or_default")]
    pub created: i64,
    pub livemode: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    pub deleted: bool,
}

impl Head {
    pub fn read(raw: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(raw)
    }
}

/// A list inside an object (`invoice.lines`); absent or empty in some old ones.
#[derive(Debug, Clone, Deserialize)]
pub struct Inline<T> {
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
    #[serde(default, deserialize_with = "or_default")]
    pub has_more: bool,
}

/// `null` reads as the default, as an absent field does.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An amount in minor units, bounded by [`MINOR_MAX`] so that later sums cannot overflow.
pub(crate) fn minor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    bounded(i64::deserialize(deserializer)?)
}

/// Like [`minor`]; `null` and absence read as zero.
pub(crate) fn minor_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    bounded(Option::deserialize(deserializer)?.unwrap_or(0))
}

/// Like [`minor`]; `null` stays absent.
pub(crate) fn minor_option<'de, D>(deserializer: D) -> Result<Option<i64>, D::Error>
where
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer)?.map(bounded).transpose()
}

fn bounded<E: de::Error>(minor: i64) -> Result<i64, E> {
    if (-MINOR_MAX..=MINOR_MAX).contains(&minor) {
        Ok(minor)
    } else {
        Err(E::custom(format!("{minor} is larger than any amount Stripe handles")))
    }
}

/// The id of a field that may be an id or the whole object.
pub(crate) fn id_of<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    deserializer.deserialize_any(IdOf(PhantomData))
}

/// Makes an id of the text itself: every object has several.
struct IdOf<T>(PhantomData<T>);

impl<'de, T: for<'a> From<&'a str>> Visitor<'de> for IdOf<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an id, or an object with one")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, id: &str) -> Result<Self::Value, E> {
        Ok(Some(T::from(id)))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let WithId { id } = WithId::deserialize(MapAccessDeserializer::new(object))?;
        Ok(Some(T::from(id.as_str())))
    }
}

/// A whole object where its id would do.
#[derive(Deserialize)]
struct WithId {
    id: String,
}

/// A number of JSON kept as its digits, or a decimal string kept as it is.
pub(crate) fn digits<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(deserializer)? else { return Ok(None) };
    let text = raw.get().trim_matches('"');
    Ok((text != "null").then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(field: &str) -> Result<Option<String>, String> {
        let json = format!(
            r#"{{"id":"ch_1","object":"charge","amount":1,"currency":"usd","created":1{field}}}"#
        );
        let charge: Result<Charge, ObjectError> = read(json.as_bytes());
        let named = |charge: Charge| charge.customer.map(|customer| customer.to_string());
        charge.map(named).map_err(|error| error.to_string())
    }

    /// An expanded field that was taken for none would make a customer's charge a guest's.
    #[test]
    fn an_id_is_read_wherever_stripe_puts_it() {
        let named = Ok(Some("cus_é".to_owned()));
        assert_eq!(customer(r#","customer":"cus_é""#), named);
        assert_eq!(customer(r#","customer":"cus_\u00e9""#), named);
        let whole = r#","customer":{"object":"customer","address":{"id":"no"},"id":"cus_é"}"#;
        assert_eq!(customer(whole), named);
        assert_eq!(customer(r#","customer":null"#), Ok(None));
        assert_eq!(customer(""), Ok(None));
    }

    #[test]
    fn what_is_no_id_is_told_with_its_place() {
        for (field, wrong) in [
            ("7", "invalid type: integer `7`, expected an id, or an object with one"),
            ("{\"object\":\"customer\"}", "missing field `id`"),
        ] {
            let error = customer(&format!(",\"customer\":{field}")).unwrap_err();
            assert!(error.starts_with(&format!("ch_1: at `customer`: {wrong}")), "{error}");
        }
    }
}
