//! Field mapping: the company's own values on records and their lines.
//!
//! Belongs here: which rule gives which field of a record what value. Does not belong here: reading
//! and checking rules (`config::mapping`), or writing the values (`netsuite::extras`).
//!
//! A value read from Stripe beats a fixed one; among equals the later rule wins. A rule can never
//! reach an amount, an account, a customer or a date of the books: such names are refused when the
//! configuration is read. What a record was posted with stays: rules are for new records.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::case::Case;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::hold;
use crate::accounting::mapping_source::Spot;
use crate::accounting::policy::Policy;
use crate::accounting::record::{Derived, Record};
use crate::netsuite::extras::{FieldValue, LineExtras};
use crate::netsuite::fields::{FieldType, Place};
use crate::netsuite::record::Decimal;

pub use crate::accounting::mapping_source::objects;

/// Every rule, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    pub rules: Vec<FieldRule>,
}

/// One field of one kind of record or line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRule {
    pub place: Place,
    /// In NetSuite's spelling.
    pub field: String,
    pub field_type: FieldType,
    pub source: Source,
    /// All of them must hold.
    pub when: Vec<Condition>,
    /// Where Stripe has no value, the record waits.
    pub is_required: bool,
    /// The line of the file.
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Fixed(FieldValue),
    Stripe {
        path: Path,
        /// What each of Stripe's values stands for; without it the value itself is taken.
        values: Option<BTreeMap<String, FieldValue>>,
        /// For values that `values` does not list, and for none at all.
        otherwise: Option<FieldValue>,
    },
    /// The built-in value is not sent.
    Nothing,
}

/// A field of a Stripe object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// `None`: of the object that the record or the line stands for.
    pub root: Option<Root>,
    pub field: String,
}

/// An object near a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    Customer,
    Invoice,
    Charge,
    Refund,
    Dispute,
    CreditNote,
    Payout,
    Line,
    Price,
    Product,
    Coupon,
}

impl Root {
    pub const ALL: [Self; 11] = [
        Self::Customer,
        Self::Invoice,
        Self::Charge,
        Self::Refund,
        Self::Dispute,
        Self::CreditNote,
        Self::Payout,
        Self::Line,
        Self::Price,
        Self::Product,
        Self::Coupon,
    ];

    /// Stripe's own word for the object, as paths begin with it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Invoice => "invoice",
            Self::Charge => "charge",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::CreditNote => "credit_note",
            Self::Payout => "payout",
            Self::Line => "line",
            Self::Price => "price",
            Self::Product => "product",
            Self::Coupon => "coupon",
        }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.root {
            Some(root) => write!(f, "{}.{}", root.as_str(), self.field),
            None => f.write_str(&self.field),
        }
    }
}

/// Something that must hold for a rule to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub of: Measure,
    /// One of these, compared without regard to case.
    pub any_of: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    Stripe(Path),
    /// `positive`, `negative` or `zero`: of the line, or of the record's total.
    Amount,
    Currency,
}

/// What one rule gave one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The sublist and the place in it; `None` for the record itself.
    pub line: Option<(&'static str, usize)>,
    pub field: String,
    pub value: FieldValue,
    /// The rule's line in the file.
    pub rule: usize,
    /// Where the value comes from, in words.
    pub from: String,
}

impl Mapping {
    /// Every field of a Stripe object that a rule reads.
    pub fn reads(&self) -> BTreeSet<String> {
        let sources = self.rules.iter().filter_map(|rule| match &rule.source {
            Source::Stripe { path, .. } => Some(path.field.clone()),
            _ => None,
        });
        let conditions =
            self.rules.iter().flat_map(|rule| &rule.when).filter_map(|c| match &c.of {
                Measure::Stripe(path) => Some(path.field.clone()),
                _ => None,
            });
        sources.chain(conditions).collect()
    }
}

/// Puts every rule's value on the records of a case. A record whose value does not fit is taken out,
/// unless it was posted before.
pub(super) fn apply(derived: &mut Derived, case: &Case, policy: &Policy) {
    if policy.masters.mapping.rules.is_empty() {
        return;
    }
    let mut kept = Vec::with_capacity(derived.records.len());
    for mut record in std::mem::take(&mut derived.records) {
        match given(&record, case, policy) {
            Ok(all) => {
                lay(&mut record, all);
                kept.push(record);
            }
            Err(_) if hold::is_posted(case, record.external_id()) => kept.push(record),
            Err(exception) => derived.exceptions.push(exception.blocking(record.external_id())),
        }
    }
    derived.records = kept;
}

fn lay(record: &mut Record, all: Vec<Given>) {
    let extras = record.body.extras_mut();
    for one in all {
        let Some((sublist, index)) = one.line else {
            extras.fields.insert(one.field, one.value);
            continue;
        };
        let known = extras.lines.iter().position(|l| l.sublist == sublist && l.index == index);
        let place = known.unwrap_or_else(|| {
            let fields = BTreeMap::new();
            extras.lines.push(LineExtras { sublist: sublist.to_owned(), index, fields });
            extras.lines.len() - 1
        });
        extras.lines[place].fields.insert(one.field, one.value);
    }
}

/// What the rules give a record: its own fields, then line by line.
///
/// # Errors
/// When a value of Stripe's does not fit its field, or a required one is missing.
pub fn given(record: &Record, case: &Case, policy: &Policy) -> Result<Vec<Given>, Exception> {
    let mut all = Vec::new();
    for spot in Spot::all(record, case, policy) {
        let mut by_field: BTreeMap<&str, (bool, Given)> = BTreeMap::new();
        let of_place = |rule: &&FieldRule| {
            rule.place.kind == record.kind() && rule.place.sublist == spot.sublist()
        };
        for rule in policy.masters.mapping.rules.iter().filter(of_place) {
            if !rule.when.iter().all(|condition| spot.meets(condition)) {
                continue;
            }
            let Some((value, from)) = value_of(rule, &spot, policy)? else { continue };
            let is_read = matches!(rule.source, Source::Stripe { .. });
            let beaten =
                by_field.get(rule.field.as_str()).is_some_and(|(read, _)| *read && !is_read);
            if !beaten {
                let field = rule.field.clone();
                let given = Given { line: spot.line(), field, value, rule: rule.line, from };
                by_field.insert(&rule.field, (is_read, given));
            }
        }
        all.extend(by_field.into_values().map(|(_, given)| given));
    }
    Ok(all)
}

fn value_of(
    rule: &FieldRule,
    spot: &Spot,
    policy: &Policy,
) -> Result<Option<(FieldValue, String)>, Exception> {
    let (path, values, otherwise) = match &rule.source {
        Source::Fixed(value) => return Ok(Some((value.clone(), "fixed".into()))),
        Source::Nothing => return Ok(Some((FieldValue::Removed, "removed".into()))),
        Source::Stripe { path, values, otherwise } => (path, values, otherwise),
    };
    let else_value = || otherwise.clone().map(|value| (value, format!("{path}, otherwise")));
    let Some(text) = spot.read(path) else {
        return match else_value() {
            Some(found) => Ok(Some(found)),
            None if rule.is_required => Err(missing(rule, path, spot)),
            None => Ok(None),
        };
    };
    match values {
        None => match typed(&text, rule.field_type, policy) {
            Some(value) => Ok(Some((value, path.to_string()))),
            None => Err(unfit(rule, path, &text, spot)),
        },
        Some(values) => {
            let found = values.get(&text).cloned().map(|v| (v, format!("{path} = {text}")));
            found.or_else(else_value).map(Some).ok_or_else(|| unlisted(rule, path, &text, spot))
        }
    }
}

/// Stripe's text as a value of the field's type; `None` when it is none.
pub fn typed(text: &str, field_type: FieldType, policy: &Policy) -> Option<FieldValue> {
    let text = text.trim();
    match field_type {
        FieldType::Text => Some(FieldValue::Text(text.to_owned())),
        FieldType::Boolean => text.to_ascii_lowercase().parse().ok().map(FieldValue::Boolean),
        FieldType::Integer => text.parse().ok().map(FieldValue::Integer),
        FieldType::Decimal => Decimal::parse(text).map(FieldValue::Decimal),
        FieldType::Date => {
            let instant =
                text.parse().ok().map(|s| crate::calendar::UnixTime(s).date_in(policy.zone));
            instant.or_else(|| text.parse().ok()).map(FieldValue::Date)
        }
        FieldType::Reference => {
            crate::accounting::link_sources::internal_id(text).map(FieldValue::Reference)
        }
    }
}

fn unfit(rule: &FieldRule, path: &Path, text: &str, spot: &Spot) -> Exception {
    let (field, kind) = (&rule.field, rule.field_type.as_str());
    Exception::new(
        ExceptionClass::Data,
        "mapping_value_unfit",
        spot.subject(),
        format!("{path} is `{text}`, which is no {kind} for {} `{field}`.", rule.place.name),
        format!("Correct it in Stripe, or the mapping on line {} of the configuration.", rule.line),
    )
}

fn unlisted(rule: &FieldRule, path: &Path, text: &str, spot: &Spot) -> Exception {
    Exception::new(
        ExceptionClass::Configuration,
        "mapping_value_unlisted",
        spot.subject(),
        format!(
            "{path} is `{text}`, for which the mapping of {} `{}` has no value.",
            rule.place.name, rule.field
        ),
        format!(
            "Add it to `values`, or set `otherwise`, on line {} of the configuration.",
            rule.line
        ),
    )
}

fn missing(rule: &FieldRule, path: &Path, spot: &Spot) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "mapping_value_missing",
        spot.subject(),
        format!("{path} is not set, and {} `{}` requires it.", rule.place.name, rule.field),
        format!("Set it in Stripe, or drop `required` on line {} of the configuration.", rule.line),
    )
}
