//! What a `GET` shows: the stored body with NetSuite's computed fields and links.

use std::collections::HashMap;

use chrono::DateTime;
use rusqlite::params;

use super::apply;
use super::error::Refusal;
use super::json::Json;
use super::number::digits;
use super::records;
use super::schema::{Group, Kind};
use super::store::{Books, Tran};

/// How a reader wants a record.
pub(super) struct View<'a> {
    /// `https://host/services/rest/record/v1`.
    pub base: &'a str,
    pub query: &'a HashMap<String, String>,
}

impl View<'_> {
    fn expands(&self) -> bool {
        self.query.get("expandSubResources").is_some_and(|value| value == "true")
    }

    fn self_link(&self, path: &str) -> Json {
        let href = Json::Text(format!("{}/{path}", self.base));
        Json::List(vec![Json::object([("rel", Json::text("self")), ("href", href)])])
    }

    /// A reference with its link and its name.
    fn reference(&self, kind: &str, id: i64, name: Option<String>) -> Json {
        let mut value = Json::object([
            ("links", self.self_link(&format!("{kind}/{id}"))),
            ("id", Json::Text(id.to_string())),
        ]);
        if let Some(name) = name {
            value.set("refName", Json::Text(name));
        }
        value
    }
}

/// The answer to `GET /{type}/{id}`.
pub(super) fn record(
    books: &Books<'_>,
    kind: Kind,
    id: i64,
    view: &View<'_>,
) -> Result<Json, Refusal> {
    let mut shown = if kind.group() == Group::Setup {
        setup_record(books, kind, id)?
    } else {
        let stored = records::find(books, kind, id)?;
        let mut shown = Json::Object(Vec::new());
        for (name, value) in stored.fields() {
            let value = match kind.sublist(name) {
                Some(_) => {
                    sublist(books, view, &format!("{}/{id}", kind.rest_name()), name, value)?
                }
                None => field(books, view, name, value)?,
            };
            shown.set(name, value);
        }
        if let Some(tran) = books.tran(id)?.filter(|_| kind.group() == Group::Transaction) {
            computed(books, &tran, &mut shown)?;
        }
        stamps(books, kind, id, &mut shown)?;
        shown
    };
    shown.set("id", Json::Text(id.to_string()));
    if let Some(wanted) = view.query.get("fields") {
        let wanted: Vec<&str> = wanted.split(',').map(str::trim).collect();
        let keep = |name: &str| wanted.iter().any(|field| field.eq_ignore_ascii_case(name));
        let fields = shown.fields().iter().filter(|(name, _)| keep(name)).cloned().collect();
        shown = Json::Object(fields);
    }
    shown.set("links", view.self_link(&format!("{}/{id}", kind.rest_name())));
    Ok(shown)
}

fn field(books: &Books<'_>, view: &View<'_>, name: &str, value: &Json) -> Result<Json, Refusal> {
    let Some(id) = value.get("id").and_then(Json::as_id) else { return Ok(value.clone()) };
    let (kind, sql) = match name {
        "entity" | "customer" => {
            ("customer", "SELECT name FROM ns_record WHERE grp = 'entity' AND id = ?1")
        }
        "item" => ("item", "SELECT name FROM ns_record WHERE grp = 'item' AND id = ?1"),
        "account" | "arAcct" | "incomeAccount" | "receivablesAccount" => {
            ("account", "SELECT number || ' ' || name FROM ns_account WHERE id = ?1")
        }
        "currency" => ("currency", "SELECT symbol FROM ns_currency WHERE id = ?1"),
        "subsidiary" => ("subsidiary", "SELECT name FROM ns_subsidiary WHERE id = ?1"),
        "postingPeriod" => ("accountingPeriod", "SELECT name FROM ns_period WHERE id = ?1"),
        "doc" => ("transaction", "SELECT tran_id FROM ns_tran WHERE id = ?1"),
        _ => return Ok(value.clone()),
    };
    let shown = books.db.prepare_cached(sql)?.query_row([id], |row| row.get(0)).ok();
    Ok(view.reference(kind, id, shown))
}

fn sublist(
    books: &Books<'_>,
    view: &View<'_>,
    path: &str,
    name: &str,
    value: &Json,
) -> Result<Json, Refusal> {
    let links = view.self_link(&format!("{path}/{name}"));
    if !view.expands() {
        return Ok(Json::object([("links", links)]));
    }
    let mut items = Vec::with_capacity(value.items().len());
    for line in value.items() {
        let mut shown = Json::Object(Vec::new());
        for (name, value) in line.fields() {
            shown.set(name, field(books, view, name, value)?);
        }
        items.push(shown);
    }
    let count = Json::Number(items.len().to_string());
    Ok(Json::object([
        ("links", links),
        ("items", Json::List(items)),
        ("count", count.clone()),
        ("offset", Json::Number("0".into())),
        ("hasMore", Json::Bool(false)),
        ("totalResults", count),
    ]))
}

/// Totals and status, which NetSuite works out.
fn computed(books: &Books<'_>, tran: &Tran, shown: &mut Json) -> Result<(), Refusal> {
    let places = books.currency(tran.currency)?.map_or(2, |currency| currency.places);
    let mut set = |name: &str, minor: i64| shown.set(name, Json::Number(digits(minor, places)));
    match tran.kind {
        Kind::Invoice => {
            set("total", tran.total);
            set("subtotal", tran.total);
            set("amountPaid", tran.applied);
            set("amountRemaining", tran.open());
        }
        Kind::CreditMemo => {
            set("total", tran.total);
            set("applied", tran.applied);
            set("amountRemaining", tran.open());
        }
        Kind::CustomerPayment => {
            // Refunds of the payment use it up too, but only applications count as applied.
            let links = apply::links(books, tran.id)?;
            let applied = links.iter().filter(|link| link.next == tran.id).map(|l| l.amount).sum();
            set("payment", tran.total);
            set("applied", applied);
            set("unapplied", tran.open());
        }
        Kind::CustomerRefund | Kind::Deposit => set("total", tran.total),
        _ => {}
    }
    shown.set("tranId", Json::text(&tran.tran_id));
    let sql = "SELECT status FROM \"transaction\" WHERE id = ?1";
    let status: Option<String> = books.db.query_row(sql, [tran.id], |row| row.get(0))?;
    if let Some(id) = status {
        let name = match (tran.kind, id.as_str()) {
            (Kind::Invoice, "B") => "Paid In Full",
            (Kind::CreditMemo, "B") => "Fully Applied",
            (Kind::CustomerPayment, "B") => "Not Deposited",
            (Kind::CustomerPayment, _) => "Deposited",
            (Kind::JournalEntry, "B") => "Approved for Posting",
            (Kind::JournalEntry, _) => "Pending Approval",
            _ => "Open",
        };
        let status = Json::object([("id", Json::Text(id)), ("refName", Json::text(name))]);
        shown.set("status", status);
    }
    Ok(())
}

fn stamps(books: &Books<'_>, kind: Kind, id: i64, shown: &mut Json) -> Result<(), Refusal> {
    let sql = "SELECT created, modified FROM ns_record WHERE grp = ?1 AND id = ?2";
    let key = params![kind.group().name(), id];
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (created, modified) = books.db.query_row(sql, key, read)?;
    let text = |seconds| {
        let instant = DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::UNIX_EPOCH);
        Json::Text(instant.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    };
    let name = if kind.group() == Group::Entity { "dateCreated" } else { "createdDate" };
    shown.set(name, text(created));
    shown.set("lastModifiedDate", text(modified));
    Ok(())
}

fn setup_record(books: &Books<'_>, kind: Kind, id: i64) -> Result<Json, Refusal> {
    let flag = Json::Bool;
    let coded = |id: &str| Json::object([("id", Json::text(id)), ("refName", Json::text(id))]);
    let shown = match kind {
        Kind::Account => books.account(id)?.map(|account| {
            let mut shown = Json::object([
                ("acctNumber", Json::text(&account.number)),
                ("acctName", Json::text(&account.name)),
                ("acctType", coded(&account.kind)),
                ("isInactive", flag(false)),
            ]);
            if let Some(special) = &account.special {
                shown.set("sSpecAcct", coded(special));
            }
            if let Some(currency) = account.currency {
                shown.set("currency", Json::reference(currency));
            }
            shown
        }),
        Kind::Currency => books.currency(id)?.map(|currency| {
            Json::object([
                ("symbol", Json::text(&currency.symbol)),
                ("name", Json::text(&currency.symbol)),
                ("exchangeRate", Json::Number(currency.rate)),
                ("currencyPrecision", coded(&currency.places.to_string())),
                ("isBaseCurrency", flag(currency.id == books.facts.base_currency)),
            ])
        }),
        Kind::AccountingPeriod => {
            books.periods()?.into_iter().find(|period| period.id == id).map(|period| {
                Json::object([
                    ("periodName", Json::text(&period.name)),
                    ("startDate", Json::Text(period.first_day.to_string())),
                    ("endDate", Json::Text(period.last_day.to_string())),
                    ("closed", flag(period.closed)),
                    ("allLocked", flag(period.all_locked)),
                    ("arLocked", flag(period.ar_locked)),
                ])
            })
        }
        _ => {
            let sql = "SELECT name FROM ns_subsidiary WHERE id = ?1";
            let name: Option<String> = books.db.query_row(sql, [id], |row| row.get(0)).ok();
            name.map(|name| Json::object([("name", Json::Text(name))]))
        }
    };
    shown.ok_or_else(Refusal::not_found)
}

/// The answer to `GET /{type}`: ids only.
pub(super) fn list(books: &Books<'_>, kind: Kind, view: &View<'_>) -> Result<Json, Refusal> {
    let number = |name: &str, default: usize| {
        view.query.get(name).map_or(Some(default), |text| text.parse().ok())
    };
    let bad = |name| Refusal::bad_parameter(name, format!("Invalid value for {name}."));
    let limit =
        number("limit", 1000).filter(|l| (1..=1000).contains(l)).ok_or_else(|| bad("limit"))?;
    let offset = number("offset", 0).ok_or_else(|| bad("offset"))?;
    let wanted = view.query.get("q").map(|q| external_id_of(q)).transpose()?;
    let ids = ids(books, kind, wanted)?;
    let page: Vec<Json> = ids
        .iter()
        .skip(offset)
        .take(limit)
        .map(|id| {
            Json::object([
                ("links", view.self_link(&format!("{}/{id}", kind.rest_name()))),
                ("id", Json::Text(id.to_string())),
            ])
        })
        .collect();
    let count = page.len();
    Ok(Json::object([
        ("links", view.self_link(&format!("{}?limit={limit}&offset={offset}", kind.rest_name()))),
        ("items", Json::List(page)),
        ("count", Json::Number(count.to_string())),
        ("offset", Json::Number(offset.to_string())),
        ("hasMore", Json::Bool(offset + count < ids.len())),
        ("totalResults", Json::Number(ids.len().to_string())),
    ]))
}

fn ids(books: &Books<'_>, kind: Kind, external_id: Option<&str>) -> Result<Vec<i64>, Refusal> {
    let sql = match kind {
        Kind::Account => "SELECT id FROM ns_account WHERE ?3 IS NULL ORDER BY id",
        Kind::Currency => "SELECT id FROM ns_currency WHERE ?3 IS NULL ORDER BY id",
        Kind::Subsidiary => "SELECT id FROM ns_subsidiary WHERE ?3 IS NULL ORDER BY id",
        Kind::AccountingPeriod => "SELECT id FROM ns_period WHERE ?3 IS NULL ORDER BY id",
        _ => {
            "SELECT id FROM ns_record WHERE grp = ?1 AND kind = ?2
             AND (?3 IS NULL OR external_folded = ?3) ORDER BY id"
        }
    };
    let folded = external_id.map(str::to_ascii_lowercase);
    let mut statement = books.db.prepare_cached(sql)?;
    let key = params![kind.group().name(), kind.rest_name(), folded];
    let rows = statement.query_map(key, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The only filter understood: `externalId IS "x"`. Single quotes are an error, as they are live.
fn external_id_of(q: &str) -> Result<&str, Refusal> {
    let bad = || {
        let text = "Invalid search query. Provide a valid search query.";
        Refusal::bad_parameter("q", text)
    };
    let mut words = q.trim().splitn(3, ' ');
    let (field, operator) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if !field.eq_ignore_ascii_case("externalId") || operator != "IS" {
        return Err(bad());
    }
    let value = words.next().unwrap_or_default().trim();
    let bare = value.strip_prefix('"').map_or(Some(value), |rest| rest.strip_suffix('"'));
    bare.filter(|text| !text.is_empty() && !text.contains(['"', '\'', ' '])).ok_or_else(bad)
}
