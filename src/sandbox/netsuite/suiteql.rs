//! SuiteQL: runs a query over the views of `schema.sql` and answers as the query service does.
//!
//! Belongs here: checking what a query may name, running it read-only, and printing its values as
//! NetSuite prints them. How the dialect becomes SQLite's is [`super::dialect`].

use std::collections::HashMap;

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params_from_iter};

use super::dialect;
use super::error::Refusal;
use super::json::Json;

/// Rows on one page, at most.
const PAGE_ROWS_MAX: usize = 1000;
/// Rows that one query may find; NetSuite's own limit.
const ROWS_MAX: usize = 100_000;
const PREFIX: &str = "Invalid search query. Detailed unprocessed description follows. ";

/// A page of a query's rows.
struct Page {
    limit: usize,
    offset: usize,
}

/// Answers `POST /suiteql`.
pub(super) fn answer(
    db: &Connection,
    body: &str,
    query: &HashMap<String, String>,
    base: &str,
) -> Result<Json, Refusal> {
    let page = page(query)?;
    let body = Json::parse(body).ok_or_else(Refusal::bad_content)?;
    let text = body.str_of("q").ok_or_else(|| Refusal::missing("q"))?;
    let params: Vec<String> = body
        .get("params")
        .map_or(&[][..], Json::items)
        .iter()
        .map(|value| match value {
            Json::Text(text) | Json::Number(text) => text.clone(),
            other => other.to_text(),
        })
        .collect();
    let (items, total) = run(db, text, &params, &page)?;
    let count = items.len();
    let number = |n: usize| Json::Number(n.to_string());
    Ok(Json::object([
        ("links", links(base, &page, total)),
        ("count", number(count)),
        ("hasMore", Json::Bool(page.offset + count < total)),
        ("items", Json::List(items)),
        ("offset", number(page.offset)),
        ("totalResults", number(total)),
    ]))
}

fn page(query: &HashMap<String, String>) -> Result<Page, Refusal> {
    let number = |name: &str, default: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| {
            Refusal::bad_parameter(name, format!("Invalid value for the query parameter {name}."))
        }),
    };
    let page = Page { limit: number("limit", PAGE_ROWS_MAX)?, offset: number("offset", 0)? };
    if page.limit == 0 || page.limit > PAGE_ROWS_MAX {
        let text = format!("Invalid page limit. Provide a limit from 1 to {PAGE_ROWS_MAX}.");
        return Err(Refusal::bad_parameter("limit", text));
    }
    if !page.offset.is_multiple_of(page.limit) {
        let text = "Invalid offset. The offset must be divisible by the limit.";
        return Err(Refusal::bad_parameter("offset", text));
    }
    Ok(page)
}

fn links(base: &str, page: &Page, total: usize) -> Json {
    let link = |rel: &str, offset: usize| {
        let href = format!("{base}?limit={}&offset={offset}", page.limit);
        Json::object([("rel", Json::text(rel)), ("href", Json::Text(href))])
    };
    let mut links = Vec::new();
    if page.offset > 0 {
        links.push(link("previous", page.offset - page.limit));
        links.push(link("first", 0));
    }
    if page.offset + page.limit < total {
        links.push(link("next", page.offset + page.limit));
        links.push(link("last", (total - 1) / page.limit * page.limit));
    }
    links.push(link("self", page.offset));
    Json::List(links)
}

/// The rows of the page, and how many there are in all.
fn run(
    db: &Connection,
    text: &str,
    params: &[String],
    page: &Page,
) -> Result<(Vec<Json>, usize), Refusal> {
    let sql = dialect::translate(text).map_err(|reason| invalid(&reason))?;
    db.execute_batch("PRAGMA query_only = ON")?;
    let rows = collect(db, &sql, params, page);
    db.execute_batch("PRAGMA query_only = OFF")?;
    rows.map_err(|error| explain(&error))
}

fn collect(
    db: &Connection,
    sql: &str,
    params: &[String],
    page: &Page,
) -> rusqlite::Result<(Vec<Json>, usize)> {
    let mut statement = db.prepare(sql)?;
    let names: Vec<String> = statement.column_names().map(str::to_lowercase).collect();
    let mut rows = statement.query(params_from_iter(params))?;
    let mut items = Vec::new();
    let mut total = 0;
    while let Some(row) = rows.next()? {
        if (page.offset..page.offset + page.limit).contains(&total) {
            let mut item = Json::object([("links", Json::List(Vec::new()))]);
            for (index, name) in names.iter().enumerate() {
                if let Some(text) = printed(row.get_ref(index)?) {
                    item.set(name, Json::Text(text));
                }
            }
            items.push(item);
        }
        total += 1;
        if total == ROWS_MAX {
            break;
        }
    }
    Ok((items, total))
}

/// A value as NetSuite prints it; nothing for NULL.
///
/// `SQLite` computes fractions as doubles. Eight decimals are more than any amount has, and each
/// amount has at most 15 digits, so every printed amount is exact; no amount is read back from here.
fn printed(value: ValueRef<'_>) -> Option<String> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => {
            let text = format!("{number:.8}");
            let trimmed = text.trim_end_matches('0').trim_end_matches('.');
            if trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
        }
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).into_owned(),
    })
}

fn invalid(reason: &str) -> Refusal {
    Refusal::new(400, "INVALID_PARAMETER", format!("{PREFIX}{reason}"))
}

fn explain(error: &rusqlite::Error) -> Refusal {
    let text = error.to_string();
    let after = |marker: &str| {
        text.split_once(marker).map(|(_, rest)| rest.split([' ', ';']).next().unwrap_or(rest))
    };
    if let Some(name) = after("no such column: ") {
        let table = name.split_once('.').map_or("search", |(table, _)| table);
        return invalid(&format!(
            "Search error occurred: Unknown identifier '{name}'. Available identifiers are: {{{table}={table}}}"
        ));
    }
    if let Some(name) = after("no such table: ") {
        return invalid(&format!("Invalid search type: {name}."));
    }
    invalid("Search error occurred: Invalid or unsupported search")
}

/// Oracle's functions, where `SQLite` has none of that name.
pub(super) fn register(db: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let text = |context: &rusqlite::functions::Context<'_>, index: usize| {
        Ok::<_, rusqlite::Error>(printed(context.get_raw(index)))
    };
    db.create_scalar_function("to_char", 1, flags, move |context| text(context, 0))?;
    db.create_scalar_function("to_char", 2, flags, move |context| {
        let format = text(context, 1)?.unwrap_or_default();
        Ok(text(context, 0)?.map(|value| formatted(&value, &format)))
    })?;
    db.create_scalar_function("to_date", 2, flags, move |context| {
        let format = text(context, 1)?.unwrap_or_default();
        Ok(text(context, 0)?.and_then(|value| iso_date(&value, &format)))
    })?;
    db.create_scalar_function("ns_lower", 1, flags, move |context| {
        Ok(text(context, 0)?.map(|value| value.to_lowercase()))
    })?;
    db.create_scalar_function("to_number", 1, flags, move |context| {
        Ok(text(context, 0)?.and_then(|value| value.parse::<i64>().ok()))
    })
}

/// A stored date or date-time (`2026-01-31 10:00:00`) in one of Oracle's formats.
fn formatted(value: &str, format: &str) -> String {
    let part = |from: usize, to: usize| value.get(from..to).unwrap_or("00");
    format
        .replace("YYYY", value.get(..4).unwrap_or(value))
        .replace("HH24", part(11, 13))
        .replace("MM", part(5, 7))
        .replace("DD", part(8, 10))
        .replace("MI", part(14, 16))
        .replace("SS", part(17, 19))
}

fn iso_date(value: &str, format: &str) -> Option<String> {
    let part = |name: &str| {
        let at = format.find(name)?;
        value.get(at..at + name.len())
    };
    Some(format!("{}-{}-{}", part("YYYY")?, part("MM")?, part("DD")?))
}
