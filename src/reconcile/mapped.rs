//! Fields of a company's own mapping: what was sent against what NetSuite shows.
//!
//! No total rests on them, reports by class or by region do.

use std::collections::BTreeMap;

use crate::ids::InternalId;
use crate::netsuite::extras::{FieldValue, Fields, Shown};
use crate::netsuite::fields::{is_read, is_read_on_lines};
use crate::netsuite::record::Body;
use crate::reconcile::aspect::Aspect;
use crate::reconcile::drift::{Drift, same_number};

/// Every mapped field of a record that NetSuite shows otherwise.
///
/// A line is known by no number that survives an edit, so the values of one field on all lines are
/// compared; what stands on lines that no rule maps is NetSuite's own.
pub fn mapped(body: &Body, id: &InternalId, shown: &Shown) -> Vec<Drift> {
    let (kind, extras) = (body.kind(), body.extras());
    let subject = (body.external_id(), kind);
    let mut drifts = Vec::new();
    let mut differ = |field: &str, posted: String, now: String| {
        drifts.push(Drift::new(subject, Some(id), Aspect::Mapped, field, posted, now));
    };
    for (field, value) in sent(&extras.fields, |name| is_read(kind, name)) {
        let now = shown.fields.get(field);
        if !now.is_some_and(|now| is_same(value, now)) {
            differ(field, value.shown(), now.cloned().unwrap_or_else(nothing));
        }
    }
    let mut on_lines: BTreeMap<&str, Vec<&FieldValue>> = BTreeMap::new();
    for line in &extras.lines {
        for (field, value) in sent(&line.fields, |name| is_read_on_lines(&line.sublist, name)) {
            on_lines.entry(field).or_default().push(value);
        }
    }
    for (field, values) in on_lines {
        let mut left: Vec<&String> = shown.lines.get(field).into_iter().flatten().collect();
        for value in values {
            match left.iter().position(|now| is_same(value, now)) {
                Some(place) => drop(left.swap_remove(place)),
                None => {
                    let now = left.iter().map(|now| now.as_str()).collect::<Vec<_>>().join(", ");
                    let now = if now.is_empty() { nothing() } else { now };
                    differ(&format!("{field} of a line"), value.shown(), now);
                    break;
                }
            }
        }
    }
    drifts
}

fn nothing() -> String {
    "nothing".into()
}

/// What was sent and can be read; a field that was taken out was not sent.
fn sent(
    fields: &Fields,
    is_read: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&str, &FieldValue)> {
    let sent = fields.iter().filter(|(_, value)| **value != FieldValue::Removed);
    sent.filter(move |(name, _)| is_read(name)).map(|(name, value)| (name.as_str(), value))
}

fn is_same(value: &FieldValue, now: &str) -> bool {
    match value {
        FieldValue::Text(text) => text.trim() == now.trim(),
        FieldValue::Boolean(value) => now == if *value { "T" } else { "F" },
        FieldValue::Decimal(value) => same_number(&value.0, now),
        FieldValue::Integer(value) => same_number(&value.to_string(), now),
        FieldValue::Date(value) => now == value.to_string(),
        FieldValue::Reference(id) => now == id.as_str(),
        FieldValue::Removed => true,
    }
}
