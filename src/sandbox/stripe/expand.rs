//! What an answer shows of an object: lines cut to the first ten, ids replaced by objects where
//! the request asks for it.

use serde_json::{Value, json};

use super::error::Refusal;
use super::index::Index;

/// Lines that an invoice or a credit note shows inline.
pub(super) const LINES_INLINE: usize = 10;

/// Cuts the inline lines, as Stripe does.
pub(super) fn cut_lines(object: &mut Value) {
    let Some(lines) = object.get_mut("lines") else { return };
    let Some(data) = lines.get_mut("data").and_then(Value::as_array_mut) else { return };
    if data.len() > LINES_INLINE {
        data.truncate(LINES_INLINE);
        lines["has_more"] = json!(true);
    }
}

/// Whether it is plain from the text that expanding a path changes nothing: each field of its last name
/// is there, and empty. What is not plain is expanded.
pub(super) fn has_nothing_to_expand(json: &str, path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    let field = format!("\"{name}\":");
    let mut fields = memchr::memmem::find_iter(json.as_bytes(), &field).peekable();
    let is_empty = |place: usize| json[place + field.len()..].starts_with("[]");
    fields.peek().is_some() && fields.all(is_empty)
}

/// Expands one dotted path of an object.
pub(super) fn expand(object: &mut Value, path: &str, index: &Index) -> Result<(), Refusal> {
    let names: Vec<&str> = path.split('.').collect();
    step(object, &names, path, index)
}

fn step(value: &mut Value, names: &[&str], path: &str, index: &Index) -> Result<(), Refusal> {
    if let Value::Array(items) = value {
        return items.iter_mut().try_for_each(|item| step(item, names, path, index));
    }
    let Some((name, rest)) = names.split_first() else { return Ok(()) };
    if value.is_null() {
        return Ok(());
    }
    add_list(value, name, index);
    let Some(field) = value.get_mut(*name) else {
        let message = format!("This property cannot be expanded ({path}).");
        return Err(Refusal::invalid(message, "expand"));
    };
    replace(field, index);
    step(field, rest, path, index)
}

/// Lists that an object shows only when they are expanded.
fn add_list(value: &mut Value, name: &str, index: &Index) {
    let (kind, field): (&str, &'static str) =
        match (value["object"].as_str().unwrap_or_default(), name) {
            ("invoice", "payments") => ("invoice_payment", "invoice"),
            ("charge", "refunds") => ("refund", "charge"),
            _ => return,
        };
    let id = value["id"].as_str().unwrap_or_default().to_owned();
    let objects = index.world.objects(kind);
    let data: Vec<Value> = index
        .with(kind, field, &id)
        .into_iter()
        .filter_map(|place| serde_json::from_str(&objects[place].json).ok())
        .collect();
    value[name] =
        json!({ "object": "list", "data": data, "has_more": false, "url": format!("/v1/{kind}s") });
}

/// An id becomes the object it names; anything else stays.
fn replace(field: &mut Value, index: &Index) {
    match field {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, index)),
        Value::String(id) => {
            if let Some(found) = index.object(id) {
                *field = serde_json::from_str(&found.json).unwrap_or_default();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A discount that was left an id would make an invoice that no rule can read.
    #[test]
    fn only_what_is_plainly_empty_is_not_expanded() {
        assert!(has_nothing_to_expand(r#"{"discounts":[],"lines":{"data":[]}}"#, "discounts"));
        assert!(has_nothing_to_expand(r#"{"data":[{"discounts":[]}]}"#, "lines.data.discounts"));
        for json in [
            r#"{"discounts":["di_1"]}"#,
            r#"{"discounts":[],"lines":{"data":[{"discounts":["di_1"]}]}}"#,
            r#"{"discounts": []}"#,
            r#"{"id":"in_1"}"#,
        ] {
            assert!(!has_nothing_to_expand(json, "discounts"), "{json}");
        }
    }
}
