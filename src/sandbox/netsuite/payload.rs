//! A request body made ready: names in their documented spelling, references resolved to ids.

use super::chart_lists::ListName;
use super::error::Refusal;
use super::json::Json;
use super::schema::{self, Group, Kind, Sublist};
use super::store::Books;

/// A body in the documented spelling, and the names in it that the record type does not have.
pub(super) struct Payload {
    pub body: Json,
    pub unknown: Vec<String>,
}

/// What a reference field points at.
#[derive(Clone, Copy)]
enum Target {
    Record(Group),
    Account,
    Currency,
    Subsidiary,
    Period,
    List(ListName),
}

/// Reads a body's text into canonical spelling; unknown names are dropped and reported.
pub(super) fn read(kind: Kind, text: &str) -> Result<Payload, Refusal> {
    let Some(Json::Object(fields)) = Json::parse(text) else { return Err(Refusal::bad_content()) };
    let mut unknown = Vec::new();
    let mut known = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        if schema::is_custom(&name) {
            known.push((name.to_ascii_lowercase(), value));
            continue;
        }
        match kind.property(&name) {
            Some(property) => {
                let value = match kind.sublist(property) {
                    Some(list) => spell_sublist(list, value, &mut unknown)?,
                    None => value,
                };
                known.push((property.to_owned(), value));
            }
            None => unknown.push(name),
        }
    }
    Ok(Payload { body: Json::Object(known), unknown })
}

/// A sublist is `{"items": […]}`; null, or null items, empties it.
fn spell_sublist(list: &Sublist, value: Json, unknown: &mut Vec<String>) -> Result<Json, Refusal> {
    let bad = || Refusal::bad_content().at(list.name);
    let items = match value {
        Json::Null => return Ok(Json::Null),
        Json::Object(fields) => {
            match fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("items")) {
                Some((_, Json::Null)) => return Ok(Json::Null),
                Some((_, Json::List(items))) => items,
                _ => return Err(bad()),
            }
        }
        _ => return Err(bad()),
    };
    let mut spelled = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let Json::Object(fields) = item else { return Err(bad()) };
        let mut known = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            match list.property(&name) {
                Some(property) => known.push((property.to_owned(), value)),
                None if schema::is_custom(&name) => known.push((name.to_ascii_lowercase(), value)),
                None => unknown.push(format!("{}.items[{index}].{name}", list.name)),
            }
        }
        spelled.push(Json::Object(known));
    }
    Ok(Json::object([("items", Json::List(spelled))]))
}

/// Replaces every reference in `body` by `{"id": "…"}`.
pub(super) fn resolve(books: &Books<'_>, kind: Kind, body: Json) -> Result<Json, Refusal> {
    let Json::Object(fields) = body else { return Err(Refusal::bad_content()) };
    let mut resolved = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let value = match (kind.sublist(&name), value) {
            (Some(list), Json::Object(inner)) => {
                let items = inner.into_iter().next().map_or(Json::Null, |(_, items)| items);
                resolve_items(books, list, items)?
            }
            (_, value) => resolve_field(books, "", &name, value, &name)?,
        };
        resolved.push((name, value));
    }
    Ok(Json::Object(resolved))
}

fn resolve_items(books: &Books<'_>, list: &Sublist, items: Json) -> Result<Json, Refusal> {
    let Json::List(items) = items else { return Ok(Json::Null) };
    let mut resolved = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let Json::Object(fields) = item else { return Err(Refusal::bad_content()) };
        let mut known = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let path = format!("{}.items[{index}].{name}", list.name);
            let value = resolve_field(books, list.name, &name, value, &path)?;
            known.push((name, value));
        }
        resolved.push(Json::Object(known));
    }
    Ok(Json::object([("items", Json::List(resolved))]))
}

fn resolve_field(
    books: &Books<'_>,
    list: &str,
    name: &str,
    value: Json,
    path: &str,
) -> Result<Json, Refusal> {
    let Some(target) = target(list, name).filter(|_| value != Json::Null) else {
        return Ok(value);
    };
    let shown = match &value {
        Json::Object(_) => {
            value.get("id").or_else(|| value.get("externalId")).or_else(|| value.get("refName"))
        }
        other => Some(other),
    };
    let shown = match shown {
        Some(Json::Text(text) | Json::Number(text)) => text.clone(),
        _ => return Err(Refusal::bad_content().at(path)),
    };
    let by_external = value.get("id").is_none() && value.get("externalId").is_some();
    let found = if by_external {
        match target {
            Target::Record(group) => books.id_of_external(group, &shown)?,
            _ => None,
        }
    } else {
        shown.parse().ok().filter(|_| value.get("id").is_some() || value.fields().is_empty())
    };
    match found {
        Some(id) if exists(books, target, id)? => Ok(Json::reference(id)),
        _ => Err(Refusal::invalid_value(&shown, name, path)),
    }
}

fn target(list: &str, name: &str) -> Option<Target> {
    Some(match name {
        "entity" | "customer" if list != "payment" => Target::Record(Group::Entity),
        "item" if list == "item" => Target::Record(Group::Item),
        "doc" => Target::Record(Group::Transaction),
        "account" | "arAcct" | "incomeAccount" | "receivablesAccount" => Target::Account,
        "currency" if matches!(list, "" | "currencyList") => Target::Currency,
        "subsidiary" => Target::Subsidiary,
        "postingPeriod" => Target::Period,
        _ => return ListName::of_field(name).map(Target::List),
    })
}

fn exists(books: &Books<'_>, target: Target, id: i64) -> Result<bool, Refusal> {
    Ok(match target {
        Target::Record(group) => books.record(group, id)?.is_some(),
        Target::Account => books.account(id)?.is_some(),
        Target::Currency => books.currency(id)?.is_some(),
        Target::Subsidiary => books.exists("SELECT 1 FROM ns_subsidiary WHERE id = ?1", id)?,
        Target::Period => books.exists("SELECT 1 FROM ns_period WHERE id = ?1", id)?,
        Target::List(list) => books.may_have(list, id)?,
    })
}
