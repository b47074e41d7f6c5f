//! The HTTP face: one request in, one answer out.
//!
//! Belongs here: paths, verbs, headers, the gate that counts requests in flight. What a record may
//! be is the business of `records`.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Form, FromRequest, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::auth;
use super::error::Refusal;
use super::jobs;
use super::json::Json;
use super::payload;
use super::present::{self, View};
use super::records;
use super::schema::{Group, Kind};
use super::store::Books;
use super::suiteql;
use super::tba::decode;
use super::{Fault, NetSuite};

/// The largest body; NetSuite's own limit.
const BODY_BYTES_MAX: usize = 104 * 1024 * 1024;
/// A fault that hangs does so for this long: far beyond any client's patience.
const HANG_SECONDS: u64 = 3600;
const ROOT: &str = "/services/rest/";

/// A request, read whole.
struct Call<'a> {
    method: &'a Method,
    /// The path below `/services/rest/`, decoded, in its parts.
    path: Vec<String>,
    query: HashMap<String, String>,
    parts: &'a Parts,
    body: String,
    /// `http://host/services/rest`.
    base: String,
}

/// Answers any request.
pub(super) async fn handle(State(netsuite): State<NetSuite>, request: Request) -> Response {
    let Some(_seat) = netsuite.enter() else { return Refusal::concurrency().into_response() };
    let latency_ms = netsuite.latency_ms();
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
    let fault = netsuite.take_fault();
    if fault == Some(Fault::ErrorBefore) {
        return Refusal::unexpected().into_response();
    }
    let response = answer(&netsuite, request).await;
    match fault {
        Some(Fault::ErrorAfter) => Refusal::unexpected().into_response(),
        Some(Fault::SilenceAfter) => {
            tokio::time::sleep(Duration::from_secs(HANG_SECONDS)).await;
            response
        }
        _ => response,
    }
}

async fn answer(netsuite: &NetSuite, request: Request) -> Response {
    let now = netsuite.now();
    let host = auth::host(request.uri(), request.headers());
    let Some(below) = request.uri().path().strip_prefix(ROOT).map(str::to_owned) else {
        return Refusal::invalid_url(request.uri().path()).into_response();
    };
    if below == "auth/oauth2/v1/token" {
        return match Form::<HashMap<String, String>>::from_request(request, &()).await {
            Ok(Form(form)) => netsuite.auth().grant(&form, &host, now),
            Err(rejection) => rejection.into_response(),
        };
    }
    let (parts, body) = request.into_parts();
    if let Err(refused) = netsuite.auth().admit(&parts.method, &parts.uri, &parts.headers, now) {
        return refused;
    }
    let Ok(bytes) = to_bytes(body, BODY_BYTES_MAX).await else {
        return Refusal::bad_content().into_response();
    };
    let Ok(body) = String::from_utf8(bytes.to_vec()) else {
        return Refusal::bad_content().into_response();
    };
    let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
    let call = Call {
        method: &parts.method,
        path: below.split('/').map(decode).collect(),
        query: query.map(|Query(query)| query).unwrap_or_default(),
        parts: &parts,
        body,
        base: format!("http://{host}/services/rest"),
    };
    route(netsuite, &call).unwrap_or_else(IntoResponse::into_response)
}

fn route(netsuite: &NetSuite, call: &Call<'_>) -> Result<Response, Refusal> {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match (path.as_slice(), call.method.as_str()) {
        (["query", "v1", "suiteql"], "POST") => {
            if !prefers(call, "transient") {
                let mut refusal = Refusal::new(
                    400,
                    "INVALID_HEADER",
                    "The required request header 'Prefer' is missing or its value is invalid: 'transient' is the only one supported.",
                );
                refusal.at = Some(("o:errorHeader", "Prefer".to_owned()));
                return Err(refusal);
            }
            let url = format!("{}/query/v1/suiteql", call.base);
            let body =
                netsuite.read(|books| suiteql::answer(books.db, &call.body, &call.query, &url))?;
            Ok(json(&body, "application/json"))
        }
        (["system", "v1", "governanceLimits"], "GET") => {
            let limit = Json::Number(netsuite.concurrency().to_string());
            let body = Json::object([
                ("accountConcurrencyLimit", limit.clone()),
                ("accountUnallocatedConcurrencyLimit", limit.clone()),
                ("integrationConcurrencyLimit", limit),
                ("integrationLimitType", Json::text("accountLimit")),
            ]);
            Ok(json(&body, "application/json"))
        }
        (["async", "v1", "job", id], "GET") => {
            Ok(json(&jobs::job(netsuite, id)?, "application/json"))
        }
        (["async", "v1", "job", id, "task"], "GET") => {
            Ok(json(&jobs::tasks(netsuite, id)?, "application/json"))
        }
        (["async", "v1", "job", id, "task", number, "result"], "GET") => {
            let (kind, record) = jobs::result(netsuite, id, number)?;
            Ok(saved(call, kind, record, None))
        }
        (["record", "v1", name], "POST") if prefers(call, "respond-async") => {
            later(netsuite, call, kind(name)?)
        }
        (["record", "v1", name], _) => collection(netsuite, call, kind(name)?),
        (["record", "v1", name, id], _) => single(netsuite, call, kind(name)?, id),
        (["record", "v1", name, id, list], "GET") => {
            sublist(netsuite, call, kind(name)?, (id, list))
        }
        _ => Err(Refusal::invalid_url(call.parts.uri.path())),
    }
}

fn kind(name: &str) -> Result<Kind, Refusal> {
    Kind::from_rest_name(name).ok_or_else(|| Refusal::unknown_type(name))
}

/// `/{type}`: create, or list.
fn collection(netsuite: &NetSuite, call: &Call<'_>, kind: Kind) -> Result<Response, Refusal> {
    match *call.method {
        Method::GET => {
            let base = format!("{}/record/v1", call.base);
            let view = View { base: &base, query: &call.query };
            let body = netsuite.read(|books| present::list(books, kind, &view))?;
            Ok(json(&body, "application/vnd.oracle.resource+json; type=collection"))
        }
        Method::POST if kind.group() != Group::Setup => {
            let (body, warning) = read_body(call, kind)?;
            let id = netsuite.write(|books| records::create(books, kind, body))?;
            Ok(saved(call, kind, id, warning))
        }
        _ => Err(not_allowed()),
    }
}

/// `/{type}` with `Prefer: respond-async`: the records of a collection are created later.
fn later(netsuite: &NetSuite, call: &Call<'_>, kind: Kind) -> Result<Response, Refusal> {
    let content_type = header_text(call, "content-type").unwrap_or_default();
    let body = Json::parse(&call.body).ok_or_else(Refusal::bad_content)?;
    let items = match body.items() {
        [] => return Err(Refusal::bad_content()),
        items if content_type.contains("type=collection") => items,
        _ => return Err(Refusal::bad_content()),
    };
    if items.len() > jobs::RECORDS_MAX {
        let text = format!("A batch has at most {} records.", jobs::RECORDS_MAX);
        return Err(Refusal::user(text));
    }
    let read = |item: &Json| read_text(call, kind, &item.to_text()).map(|(body, _)| body);
    let bodies: Vec<Json> = items.iter().map(read).collect::<Result<_, _>>()?;
    let key = header_text(call, "x-netsuite-idempotency-key");
    let (mut response, id) = match jobs::accept(netsuite, kind, bodies, key) {
        jobs::Accepted::Started(id) => (StatusCode::ACCEPTED.into_response(), id),
        jobs::Accepted::Again(id) => {
            let text = "The idempotency key was used for another request.";
            (Refusal::new(400, "IDEMPOTENCY_ERROR", text).into_response(), id)
        }
    };
    let location = format!("{}/async/v1/job/{id}", call.base);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&location) {
        headers.insert(header::LOCATION, value);
    }
    headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
    Ok(response)
}

/// `/{type}/{id}` or `/{type}/eid:{external id}`.
fn single(
    netsuite: &NetSuite,
    call: &Call<'_>,
    kind: Kind,
    key: &str,
) -> Result<Response, Refusal> {
    match *call.method {
        Method::GET => {
            let base = format!("{}/record/v1", call.base);
            let view = View { base: &base, query: &call.query };
            let body = netsuite
                .read(|books| present::record(books, kind, id_of(books, kind, key)?, &view))?;
            Ok(json(&body, "application/vnd.oracle.resource+json; type=singular"))
        }
        _ if kind.group() == Group::Setup => Err(not_allowed()),
        Method::PATCH => {
            let (body, warning) = read_body(call, kind)?;
            let id = netsuite.write(|books| {
                let id = id_of(books, kind, key)?;
                records::update(books, kind, id, body, &replaced(call)).map(|()| id)
            })?;
            Ok(saved(call, kind, id, warning))
        }
        Method::PUT => {
            let external_id = key
                .strip_prefix("eid:")
                .ok_or_else(|| Refusal::invalid_url(call.parts.uri.path()))?;
            let (mut body, warning) = read_body(call, kind)?;
            let id = netsuite.write(|books| {
                if let Some(id) = books.id_of_external(kind.group(), external_id)? {
                    return records::update(books, kind, id, body, &replaced(call)).map(|()| id);
                }
                body.set("externalId", Json::text(external_id));
                records::create(books, kind, body)
            })?;
            Ok(saved(call, kind, id, warning))
        }
        Method::DELETE => {
            netsuite.write(|books| records::delete(books, kind, id_of(books, kind, key)?))?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(not_allowed()),
    }
}

/// `/{type}/{id}/{sublist}`: its lines.
fn sublist(
    netsuite: &NetSuite,
    call: &Call<'_>,
    kind: Kind,
    (key, name): (&str, &str),
) -> Result<Response, Refusal> {
    let base = format!("{}/record/v1", call.base);
    let query = HashMap::from([("expandSubResources".to_owned(), "true".to_owned())]);
    let view = View { base: &base, query: &query };
    let name = kind.sublist(name).ok_or_else(|| Refusal::invalid_url(call.parts.uri.path()))?.name;
    let body =
        netsuite.read(|books| present::record(books, kind, id_of(books, kind, key)?, &view))?;
    let lines = body.get(name).ok_or_else(Refusal::not_found)?;
    Ok(json(lines, "application/vnd.oracle.resource+json; type=collection"))
}

fn id_of(books: &Books<'_>, kind: Kind, key: &str) -> Result<i64, Refusal> {
    match key.strip_prefix("eid:") {
        Some(external_id) => {
            let id = books.id_of_external(kind.group(), external_id)?;
            id.ok_or_else(Refusal::not_found)
        }
        None => key.parse().map_err(|_| Refusal::not_found()),
    }
}

/// The body, and a warning when it held unknown names; with strict names they are refused.
fn read_body(call: &Call<'_>, kind: Kind) -> Result<(Json, Option<String>), Refusal> {
    if prefers(call, "respond-async") {
        let text = "The embedded NetSuite answers asynchronously only to new records.";
        return Err(Refusal::user(text));
    }
    read_text(call, kind, &call.body)
}

fn read_text(call: &Call<'_>, kind: Kind, text: &str) -> Result<(Json, Option<String>), Refusal> {
    let payload = payload::read(kind, text)?;
    let mode = header_text(call, "x-netsuite-propertynamevalidation").unwrap_or("Warning");
    match payload.unknown.first() {
        Some(name) if mode.eq_ignore_ascii_case("error") => {
            let text = format!(
                "Error while accessing a resource. Unknown reference or field '{name}' for record type '{}'.",
                kind.rest_name()
            );
            Err(Refusal::new(400, "INVALID_CONTENT", text).at(name))
        }
        Some(_) if mode.eq_ignore_ascii_case("warning") => {
            let names = payload.unknown.join(", ");
            Ok((payload.body, Some(format!("299 - \"Ignored unknown properties: {names}\""))))
        }
        _ => Ok((payload.body, None)),
    }
}

fn replaced(call: &Call<'_>) -> Vec<String> {
    let lists = call.query.get("replace").map_or("", String::as_str);
    lists.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn prefers(call: &Call<'_>, what: &str) -> bool {
    header_text(call, "prefer")
        .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(what)))
}

fn header_text<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a str> {
    call.parts.headers.get(name)?.to_str().ok()
}

fn saved(call: &Call<'_>, kind: Kind, id: i64, warning: Option<String>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let location = format!("{}/record/v1/{}/{id}", call.base, kind.rest_name());
    let headers =
        [(header::LOCATION, Some(location)), (HeaderName::from_static("warning"), warning)];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn json(body: &Json, content_type: &'static str) -> Response {
    let mut response = Response::new(Body::from(body.to_text()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn not_allowed() -> Refusal {
    Refusal::new(405, "METHOD_NOT_ALLOWED", "The method is not allowed for this resource.")
}
