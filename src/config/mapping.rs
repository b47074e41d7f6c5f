//! The mapping rules of the file, checked against NetSuite's fields. Each error names its line.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::accounting::mapping::{Condition, FieldRule, Measure, Path, Root, Source};
use crate::config::masters::Wrong;
use crate::ids::InternalId;
use crate::netsuite::extras::FieldValue;
use crate::netsuite::fields::{FieldType, Known, PLACES, Place};
use crate::netsuite::record::Decimal;

/// One `[[mapping]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    record: OneOrMore,
    field: String,
    /// Only for custom fields, whose type is the company's own.
    r#type: Option<FieldType>,
    value: Option<Scalar>,
    from: Option<String>,
    values: Option<BTreeMap<String, Scalar>>,
    otherwise: Option<Scalar>,
    #[serde(default)]
    remove: bool,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    when: BTreeMap<String, OneOrMore>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}

/// A value of the file. Decimals are written as text, so that no digit is lost.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

/// A rule for each record that the entry names.
pub(super) fn check(entry: Spanned<RuleFile>, text: &str) -> Result<Vec<FieldRule>, Wrong> {
    let line = line_of(text, entry.span().start);
    let rule = entry.into_inner();
    let at = |(message, fix): Wrong| (format!("line {line}: {message}"), fix);
    let records = rule.record.all();
    records.iter().map(|record| rule.check_for(record, line).map_err(at)).collect()
}

/// The line, from 1, on which an offset stands.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

impl RuleFile {
    fn check_for(&self, record: &str, line: usize) -> Result<FieldRule, Wrong> {
        let place = Place::named(record).ok_or_else(|| {
            let known: Vec<&str> = PLACES.iter().map(|place| place.name).collect();
            (
                format!("`{record}` is not a record or line that can be mapped"),
                format!("They are {}.", known.join(", ")),
            )
        })?;
        let (field, field_type) = self.field_of(place)?;
        let source = self.source(&field, field_type)?;
        let when = self.when.iter().map(|(name, any_of)| condition(name, any_of, place));
        Ok(FieldRule {
            place,
            field,
            field_type,
            source,
            when: when.collect::<Result<_, _>>()?,
            is_required: self.required,
            line,
        })
    }

    /// The field in NetSuite's spelling, and its type.
    fn field_of(&self, place: Place) -> Result<(String, FieldType), Wrong> {
        let (name, on) = (&self.field, place.name);
        match place.field(name) {
            Known::Standard(field, known) => match self.r#type {
                Some(other) if other != known => Err((
                    format!(
                        "`{field}` of {on} is of type {}, not {}",
                        known.as_str(),
                        other.as_str()
                    ),
                    "Remove `type`: the types of standard fields are known.".into(),
                )),
                _ => Ok((field.to_owned(), known)),
            },
            Known::Custom => Ok((name.to_ascii_lowercase(), self.r#type.unwrap_or(self.guess()))),
            Known::Protected => Err((
                format!("`{name}` of {on} is what the books rest on; a mapping may not change it"),
                "Change the accounts or the policy instead.".into(),
            )),
            Known::Misplaced(what) => {
                Err((format!("`{name}` is not a field of {on}"), format!("In NetSuite, {what}.")))
            }
            Known::Unknown => Err((
                format!("{on} has no field `{name}`"),
                nearest(name, place).map_or_else(
                    || "Custom fields begin with custbody, custcol, custentity or custitem.".into(),
                    |known| format!("Did you mean `{known}`?"),
                ),
            )),
        }
    }

    /// The type of a custom field that names none: that of its fixed value.
    fn guess(&self) -> FieldType {
        let first = self.values.as_ref().and_then(|values| values.values().next());
        match self.value.as_ref().or(first).or(self.otherwise.as_ref()) {
            Some(Scalar::Boolean(_)) => FieldType::Boolean,
            Some(Scalar::Integer(_)) => FieldType::Integer,
            Some(Scalar::Text(_)) | None => FieldType::Text,
        }
    }

    fn source(&self, field: &str, field_type: FieldType) -> Result<Source, Wrong> {
        let typed = |scalar: &Scalar| fixed(scalar, field, field_type);
        let only_from = || {
            (
                "`values`, `otherwise` and `required` only mean something beside `from`".to_owned(),
                "Add `from`, or remove them.".to_owned(),
            )
        };
        let has_more = self.values.is_some() || self.otherwise.is_some() || self.required;
        match (&self.value, &self.from, self.remove) {
            (Some(_) | None, None, _) if has_more => Err(only_from()),
            (Some(value), None, false) => Ok(Source::Fixed(typed(value)?)),
            (None, None, true) => Ok(Source::Nothing),
            (None, Some(from), false) => {
                let listed = |values: &BTreeMap<String, Scalar>| -> Result<_, Wrong> {
                    values.iter().map(|(key, value)| Ok((key.clone(), typed(value)?))).collect()
                };
                Ok(Source::Stripe {
                    path: path(from)?,
                    values: self.values.as_ref().map(listed).transpose()?,
                    otherwise: self.otherwise.as_ref().map(typed).transpose()?,
                })
            }
            _ => Err((
                format!("the mapping of `{field}` must have exactly one of value, from and remove"),
                "Keep one of them.".into(),
            )),
        }
    }
}

fn fixed(scalar: &Scalar, field: &str, field_type: FieldType) -> Result<FieldValue, Wrong> {
    let text = match scalar {
        Scalar::Boolean(value) => value.to_string(),
        Scalar::Integer(value) => value.to_string(),
        Scalar::Text(text) => text.clone(),
    };
    let value = match field_type {
        FieldType::Text => Some(FieldValue::Text(text.clone())),
        FieldType::Boolean => text.parse().ok().map(FieldValue::Boolean),
        FieldType::Integer => text.parse().ok().map(FieldValue::Integer),
        FieldType::Date => text.parse().ok().map(FieldValue::Date),
        FieldType::Decimal => Decimal::parse(&text).map(FieldValue::Decimal),
        FieldType::Reference => crate::netsuite::row::is_internal_id(&text)
            .then(|| FieldValue::Reference(InternalId::new(text.as_str()))),
    };
    value.ok_or_else(|| {
        let kind = match field_type {
            FieldType::Reference => "the internal id of a record",
            FieldType::Date => "a date such as 2026-01-31",
            other => other.as_str(),
        };
        (format!("`{text}` is not {kind}, which `{field}` takes"), "Correct the value.".into())
    })
}

fn path(text: &str) -> Result<Path, Wrong> {
    let wrong = |what: String| {
        Err((what, "Write a path such as metadata.region or customer.metadata.region.".into()))
    };
    let root = text.split_once('.').and_then(|(first, rest)| {
        Root::ALL.into_iter().find(|root| root.as_str() == first).map(|root| (root, rest))
    });
    let (root, field) = root.map_or((None, text), |(root, rest)| (Some(root), rest));
    let is_part = |part: &str| !part.is_empty() && !part.contains(char::is_whitespace);
    let is_path = match field.strip_prefix("metadata.") {
        Some(key) => !key.is_empty(),
        None => field.split('.').all(is_part) && field != "metadata",
    };
    if !is_path {
        return wrong(format!("`{text}` is not the path of a field"));
    }
    let of_line = field.starts_with("metadata.") || field == "description" || field == "id";
    if root == Some(Root::Line) && !of_line {
        return wrong(format!("`{text}`: of a line, metadata, description and id can be read"));
    }
    Ok(Path { root, field: field.to_owned() })
}

fn condition(name: &str, any_of: &OneOrMore, place: Place) -> Result<Condition, Wrong> {
    let any_of = any_of.all().to_vec();
    let of = match name {
        "amount" => {
            let known = ["positive", "negative", "zero"];
            if let Some(other) = any_of.iter().find(|value| !known.contains(&value.as_str())) {
                return Err((
                    format!("an amount is positive, negative or zero, not `{other}`"),
                    "Correct the condition.".into(),
                ));
            }
            Measure::Amount
        }
        "currency" => Measure::Currency,
        _ => Measure::Stripe(path(name)?),
    };
    let has_amount = place.kind.is_transaction();
    if !has_amount && !matches!(of, Measure::Stripe(_)) {
        return Err((
            format!("{} has no {name} to ask for", place.name),
            "Ask for a field of a Stripe object.".into(),
        ));
    }
    Ok(Condition { of, any_of })
}

/// The known name that is most like a mistyped one.
fn nearest(name: &str, place: Place) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let known = place.standard_fields().into_iter().map(|(known, _)| known);
    known
        .map(|known| (edits(&lower, &known.to_ascii_lowercase()), known))
        .filter(|(edits, _)| *edits <= 2)
        .min()
        .map(|(_, known)| known)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = i;
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
