//! Single fields of an object by path, whatever the object is: what a company's mapping reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::Head;

/// The object's kind, and those of `paths` that hold a text, a number or a boolean, as text.
///
/// A path is names with points between them; behind `metadata.` everything is one key. What is
/// null, absent, a list or an object is left out.
pub fn details(raw: &[u8], paths: &BTreeSet<String>) -> (String, BTreeMap<String, String>) {
    let kind = Head::read(raw).map(|head| head.object).unwrap_or_default();
    let Ok(whole) = serde_json::from_slice::<&RawValue>(raw) else { return Default::default() };
    let found = paths.iter().filter_map(|path| Some((path.clone(), at(whole, path)?)));
    (kind, found.collect())
}

fn at(value: &RawValue, path: &str) -> Option<String> {
    if path.is_empty() {
        return scalar(value.get());
    }
    // Borrowed keys would fail on names with escapes, which metadata may have.
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
    if let Some(key) = path.strip_prefix("metadata.") {
        let metadata: BTreeMap<String, &RawValue> =
            serde_json::from_str(fields.get("metadata")?.get()).ok()?;
        return scalar(metadata.get(key)?.get());
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    at(fields.get(name)?, rest)
}

fn scalar(json: &str) -> Option<String> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'[' | b'{' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_path_and_keep_their_digits() {
        let raw = br#"{"id":"ch_1","object":"charge","amount":1250,"captured":true,"on":null,
            "billing_details":{"address":{"country":"DE"}},"metadata":{"a.b":"x","d":"\u00e4"}}"#;
        let paths = [
            "amount",
            "captured",
            "on",
            "billing_details.address.country",
            "metadata.a.b",
            "metadata.d",
            "metadata",
            "billing_details",
            "gone.too",
        ];
        let (kind, found) = details(raw, &paths.map(str::to_owned).into());
        let shown: Vec<String> = found.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(kind, "charge");
        assert_eq!(
            shown,
            [
                "amount=1250",
                "billing_details.address.country=DE",
                "captured=true",
                "metadata.a.b=x",
                "metadata.d=ä"
            ]
        );
    }
}
