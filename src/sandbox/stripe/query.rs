//! The query of a list request, checked.

use super::endpoints::Endpoint;
use super::error::Refusal;

/// The largest page.
const LIMIT_MAX: usize = 100;
/// The page without a `limit`.
const LIMIT: usize = 10;
/// Stripe expands at most this deep.
const EXPAND_DEPTH_MAX: usize = 4;

/// A half-open range of a field, in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) field: &'static str,
    /// The first value inside.
    pub(super) from: i64,
    /// The first value behind.
    pub(super) to: i64,
}

/// What a list request asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) limit: usize,
    pub(super) starting_after: Option<String>,
    pub(super) ending_before: Option<String>,
    pub(super) ranges: Vec<Range>,
    /// Field and value.
    pub(super) filters: Vec<(&'static str, String)>,
    pub(super) payout: Option<String>,
    pub(super) expand: Vec<String>,
}

impl Query {
    /// Reads the pairs of a query string.
    pub(super) fn read(pairs: &[(String, String)], endpoint: &Endpoint) -> Result<Self, Refusal> {
        let mut query = Self { limit: LIMIT, ..Self::default() };
        for (name, value) in pairs {
            match name.as_str() {
                "limit" => query.limit = limit(value)?,
                "starting_after" => query.starting_after = Some(value.clone()),
                "ending_before" => query.ending_before = Some(value.clone()),
                "payout" if endpoint.name == "balance_transactions" => {
                    query.payout = Some(value.clone());
                }
                _ if name.starts_with("expand[") => query.expand.push(expansion(value)?),
                _ => query.filter(name, value, endpoint)?,
            }
        }
        if query.starting_after.is_some() && query.ending_before.is_some() {
            let message = "You can only specify one of: starting_after, ending_before.";
            return Err(Refusal::invalid(message, "ending_before"));
        }
        Ok(query)
    }

    fn filter(&mut self, name: &str, value: &str, endpoint: &Endpoint) -> Result<(), Refusal> {
        let (base, operator) = match name.split_once('[') {
            Some((base, rest)) => (base, rest.trim_end_matches(']')),
            None => (name, ""),
        };
        let range = ["created"].iter().chain(endpoint.ranges).find(|field| **field == base);
        if let Some(field) = range {
            return self.bound(field, operator, value, name);
        }
        if let Some((_, field)) = endpoint.filters.iter().find(|(known, _)| *known == name) {
            // `status=all` is how subscriptions ask for the cancelled ones too.
            if !(name == "status" && value == "all") {
                self.filters.push((field, value.to_owned()));
            }
            return Ok(());
        }
        Err(Refusal::unknown_parameter(name))
    }

    fn bound(
        &mut self,
        field: &'static str,
        operator: &str,
        value: &str,
        name: &str,
    ) -> Result<(), Refusal> {
        let Ok(second) = value.parse::<i64>() else {
            return Err(Refusal::invalid(format!("Invalid timestamp: {value}"), name));
        };
        let (from, to) = match operator {
            "" => (second, second.saturating_add(1)),
            "gt" => (second.saturating_add(1), i64::MAX),
            "gte" => (second, i64::MAX),
            "lt" => (i64::MIN, second),
            "lte" => (i64::MIN, second.saturating_add(1)),
            _ => return Err(Refusal::unknown_parameter(name)),
        };
        match self.ranges.iter_mut().find(|range| range.field == field) {
            Some(range) => {
                range.from = range.from.max(from);
                range.to = range.to.min(to);
            }
            None => self.ranges.push(Range { field, from, to }),
        }
        Ok(())
    }
}

/// The expansions of a request for one object, which takes nothing else.
pub(super) fn expansions(pairs: &[(String, String)]) -> Result<Vec<String>, Refusal> {
    pairs
        .iter()
        .map(|(name, value)| {
            if name.starts_with("expand[") {
                expansion(value)
            } else {
                Err(Refusal::unknown_parameter(name))
            }
        })
        .collect()
}

fn expansion(path: &str) -> Result<String, Refusal> {
    if path.split('.').count() > EXPAND_DEPTH_MAX {
        let message = format!("You cannot expand more than {EXPAND_DEPTH_MAX} levels: {path}");
        return Err(Refusal::invalid(message, "expand"));
    }
    Ok(path.to_owned())
}

fn limit(value: &str) -> Result<usize, Refusal> {
    match value.parse::<usize>() {
        Ok(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
        _ => Err(Refusal::invalid(
            format!("This value must be between 1 and {LIMIT_MAX}, not {value}."),
            "limit",
        )),
    }
}
