//! The HTTP server: one handler that knows the URLs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query as RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::Value;

use super::auth::{self, Access, Key};
use super::endpoints::{self, Endpoint};
use super::error::Refusal;
use super::expand::{LINES_INLINE, cut_lines, expand, has_nothing_to_expand};
use super::index::Index;
use super::limits::{Fault, Faults, Limiter, Limits};
use super::lists::{Page, page};
use super::old_shape;
use super::query::{Query, expansions};
use super::world::{Stored, World};
use super::writes::{self, Answered};

/// The version that is spoken when a request names none.
const API_VERSION: &str = "2026-10-28.endive";

/// How the embedded Stripe behaves.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Accepted keys; none means any test key.
    pub keys: Vec<Key>,
    pub limits: Option<Limits>,
    pub latency: Duration,
    pub faults: Option<Faults>,
}

/// A handle to an embedded Stripe; clones share the same world.
#[derive(Clone)]
pub struct Stripe {
    inner: Arc<Inner>,
}

struct Inner {
    index: RwLock<Index>,
    options: Options,
    limiter: Mutex<Limiter>,
    served: AtomicU64,
    counts: Mutex<BTreeMap<String, u64>>,
    answered: Answered,
}

impl Stripe {
    pub fn new(world: World, options: Options) -> Self {
        let inner = Inner {
            index: RwLock::new(Index::new(world)),
            options,
            limiter: Mutex::default(),
            served: AtomicU64::new(0),
            counts: Mutex::default(),
            answered: Answered::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The API as a router, for a test to call without a socket.
    pub fn router(&self) -> Router {
        Router::new().fallback(handle).with_state(self.clone())
    }

    /// Serves until the task is dropped.
    pub async fn serve(self, listener: tokio::net::TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// Changes the world while it is served.
    pub fn update(&self, change: impl FnOnce(&mut World)) {
        let mut index = self.inner.index.write().unwrap_or_else(PoisonError::into_inner);
        let mut world = index.world.clone();
        change(&mut world);
        *index = Index::new(world);
    }

    /// Requests answered so far.
    pub fn requests_served(&self) -> u64 {
        self.inner.served.load(Ordering::Relaxed)
    }

    /// Requests answered so far, by list.
    pub fn requests_by_endpoint(&self) -> BTreeMap<String, u64> {
        lock(&self.inner.counts).clone()
    }

    /// The answer to a GET.
    fn answer(
        &self,
        path: &str,
        pairs: &[(String, String)],
        headers: &HeaderMap,
    ) -> Result<String, Refusal> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let ["v1", resource, rest @ ..] = parts.as_slice() else {
            return Err(Refusal::no_such_url(path));
        };
        let index = self.inner.index.read().unwrap_or_else(PoisonError::into_inner);
        self.admit(&index.world, headers, resource, Access::Read)?;
        let view = View { index: &index, version: version(headers) };
        match (*resource, rest) {
            ("account", []) => Ok(index.world.account().to_owned()),
            ("balance", []) => Ok(index.world.balance().to_owned()),
            ("invoices" | "credit_notes", [id, "lines"]) => view.lines(resource, id, path, pairs),
            ("customers", [id, "balance_transactions"]) => view.credit_changes(id, path, pairs),
            (name, rest) => {
                let endpoint = endpoints::find(name).ok_or_else(|| Refusal::no_such_url(path))?;
                match rest {
                    [] => view.list(endpoint, path, pairs),
                    [id] => view.one(endpoint, id, pairs),
                    _ => Err(Refusal::no_such_url(path)),
                }
            }
        }
    }
}

impl Stripe {
    fn admit(
        &self,
        world: &World,
        headers: &HeaderMap,
        resource: &str,
        access: Access,
    ) -> Result<(), Refusal> {
        let account: Value = serde_json::from_str(world.account()).unwrap_or_default();
        let account = account["id"].as_str().unwrap_or_default();
        auth::check(headers, &self.inner.options.keys, account, resource, access)
    }

    /// The answer to a POST.
    fn change(
        &self,
        path: &str,
        form: &[(String, String)],
        headers: &HeaderMap,
    ) -> Result<String, Refusal> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let ["v1", list, id] = parts.as_slice() else {
            return Err(Refusal::no_such_url(path));
        };
        let mut index = self.inner.index.write().unwrap_or_else(PoisonError::into_inner);
        self.admit(&index.world, headers, list, Access::Write)?;
        let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
        self.inner.answered.once(key, format!("{path} {form:?}"), || {
            let mut world = index.world.clone();
            let answer = writes::update(&mut world, list, id, form)?;
            *index = Index::new(world);
            Ok(answer)
        })
    }
}

fn version(headers: &HeaderMap) -> &str {
    headers.get("stripe-version").and_then(|value| value.to_str().ok()).unwrap_or(API_VERSION)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The world as one request sees it.
struct View<'a> {
    index: &'a Index,
    version: &'a str,
}

impl View<'_> {
    fn list(
        &self,
        endpoint: &Endpoint,
        path: &str,
        pairs: &[(String, String)],
    ) -> Result<String, Refusal> {
        let query = Query::read(pairs, endpoint)?;
        let page = page(self.index, endpoint, &query)?;
        self.render(&page, &query.expand, path)
    }

    fn render(&self, page: &Page, expansions: &[String], path: &str) -> Result<String, Refusal> {
        let paths: Vec<&str> = expansions
            .iter()
            .map(|path| {
                path.strip_prefix("data.").ok_or_else(|| {
                    let message = format!("This property cannot be expanded ({path}).");
                    Refusal::invalid(message, "expand")
                })
            })
            .collect::<Result<_, _>>()?;
        let room = page.objects.iter().map(|stored| stored.json.len() + 1).sum::<usize>() + 100;
        let mut text = String::with_capacity(room);
        text.push_str(r#"{"object":"list","data":["#);
        for (place, stored) in page.objects.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(&self.show(stored, &paths)?);
        }
        let end = format!(r#"],"has_more":{},"url":"{path}"}}"#, page.has_more);
        text.push_str(&end);
        Ok(text)
    }

    /// An object as the request wants to see it; as it is stored whenever nothing differs.
    fn show<'s>(
        &self,
        stored: &'s Stored,
        expansions: &[&str],
    ) -> Result<std::borrow::Cow<'s, str>, Refusal> {
        let has_more_lines = stored.line_count > LINES_INLINE;
        let is_expanded = expansions.iter().all(|path| has_nothing_to_expand(&stored.json, path));
        if is_expanded && !old_shape::is_old(self.version) && !has_more_lines {
            return Ok(std::borrow::Cow::Borrowed(&stored.json));
        }
        let mut object: Value = serde_json::from_str(&stored.json).unwrap_or_default();
        cut_lines(&mut object);
        for path in expansions {
            expand(&mut object, path, self.index)?;
        }
        if old_shape::is_old(self.version) {
            old_shape::reshape(&mut object, self.version, self.index);
        }
        Ok(std::borrow::Cow::Owned(object.to_string()))
    }

    fn one(
        &self,
        endpoint: &Endpoint,
        id: &str,
        pairs: &[(String, String)],
    ) -> Result<String, Refusal> {
        let expansions = expansions(pairs)?;
        let paths: Vec<&str> = expansions.iter().map(String::as_str).collect();
        let stored = self
            .index
            .world
            .get(endpoint.kind, id)
            .ok_or_else(|| Refusal::missing(endpoint.kind, id, "id"))?;
        Ok(self.show(stored, &paths)?.into_owned())
    }

    /// The lines of one invoice or credit note, in their own order.
    fn lines(
        &self,
        resource: &str,
        id: &str,
        path: &str,
        pairs: &[(String, String)],
    ) -> Result<String, Refusal> {
        const LINES: Endpoint =
            Endpoint { name: "lines", kind: "line_item", filters: &[], ranges: &[] };
        let kind = resource.trim_end_matches('s');
        let stored =
            self.index.world.get(kind, id).ok_or_else(|| Refusal::missing(kind, id, "id"))?;
        let query = Query::read(pairs, &LINES)?;
        let owner: Value = serde_json::from_str(&stored.json).unwrap_or_default();
        let all: Vec<Stored> = owner["lines"]["data"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .map(|line| Stored {
                id: line["id"].as_str().unwrap_or_default().to_owned(),
                created: 0,
                line_count: 0,
                json: line.to_string().into(),
            })
            .collect();
        let start = match &query.starting_after {
            None => 0,
            Some(cursor) => {
                let place = all.iter().position(|line| line.id == *cursor);
                place.ok_or_else(|| Refusal::missing("line_item", cursor, "starting_after"))? + 1
            }
        };
        let end = (start + query.limit).min(all.len());
        let page = Page { objects: all[start..end].iter().collect(), has_more: end < all.len() };
        self.render(&page, &query.expand, path)
    }

    /// The changes of one customer's balance.
    fn credit_changes(
        &self,
        id: &str,
        path: &str,
        pairs: &[(String, String)],
    ) -> Result<String, Refusal> {
        const CHANGES: Endpoint = Endpoint {
            name: "balance_transactions",
            kind: "customer_balance_transaction",
            filters: &[("invoice", "invoice")],
            ranges: &[],
        };
        if self.index.world.get("customer", id).is_none() {
            return Err(Refusal::missing("customer", id, "id"));
        }
        let mut query = Query::read(pairs, &CHANGES)?;
        query.filters.push(("customer", id.to_owned()));
        let page = page(self.index, &CHANGES, &query)?;
        self.render(&page, &query.expand, path)
    }
}

async fn handle(
    State(stripe): State<Stripe>,
    method: Method,
    uri: Uri,
    RawQuery(pairs): RawQuery<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let number = stripe.inner.served.fetch_add(1, Ordering::Relaxed) + 1;
    let options = &stripe.inner.options;
    let endpoint = endpoint_of(uri.path());
    *lock(&stripe.inner.counts).entry(endpoint.clone()).or_default() += 1;
    let limits = options.limits;
    if let Some(limits) = limits
        && let Err(refusal) = lock(&stripe.inner.limiter).enter(limits, &endpoint)
    {
        return refused(&refusal, number, &headers);
    }
    if !options.latency.is_zero() {
        tokio::time::sleep(options.latency).await;
    }
    let answer = match method {
        Method::GET => stripe.answer(uri.path(), &pairs, &headers),
        Method::POST => stripe.change(uri.path(), &form_of(&body), &headers),
        _ => Err(Refusal::no_such_url(uri.path())),
    };
    if limits.is_some() {
        lock(&stripe.inner.limiter).leave();
    }
    let fault = options.faults.and_then(|faults| faults.draw(number));
    match (fault, answer) {
        (Some(Fault::ServerError), _) => refused(&Refusal::server_error(), number, &headers),
        (Some(Fault::LockTimeout), _) => refused(&Refusal::limited(None), number, &headers),
        (Some(Fault::Html), _) => html(),
        (Some(Fault::Truncated), Ok(body)) => {
            let half = body.len() / 2;
            let cut = body.char_indices().map(|(at, _)| at).take_while(|at| *at <= half).last();
            json(StatusCode::OK, body[..cut.unwrap_or(0)].to_owned(), number, &headers)
        }
        (_, Ok(body)) => json(StatusCode::OK, body, number, &headers),
        (_, Err(refusal)) => refused(&refusal, number, &headers),
    }
}

/// Names and values of a form.
fn form_of(body: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(body);
    let query = format!("/?{text}").parse::<Uri>();
    let pairs = query.ok().and_then(|uri| RawQuery::try_from_uri(&uri).ok());
    pairs.map(|RawQuery(pairs)| pairs).unwrap_or_default()
}

/// What is limited and counted separately: a list, its objects with all ids together, and the lists
/// below them.
fn endpoint_of(path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').skip(1).collect();
    match parts.as_slice() {
        [list] => (*list).to_owned(),
        [list, _] => format!("{list}/:id"),
        [list, _, below @ ..] => format!("{list}/:id/{}", below.join("/")),
        [] => String::new(),
    }
}

fn refused(refusal: &Refusal, number: u64, headers: &HeaderMap) -> Response {
    let mut response = json(refusal.status, refusal.body().to_string(), number, headers);
    for (name, value) in &refusal.headers {
        let name = header::HeaderName::try_from(*name).expect("our own header names are valid");
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}

fn json(status: StatusCode, body: String, number: u64, headers: &HeaderMap) -> Response {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .header("Request-Id", format!("req_{number:014}"))
        .header("Stripe-Version", version(headers))
        .body(Body::from(body))
        .expect("headers of ASCII are valid")
}

fn html() -> Response {
    Response::builder()
        .status(StatusCode::BAD_GATEWAY)
        .header(header::CONTENT_TYPE, "text/html")
        .body(Body::from("<html><body><h1>502 Bad Gateway</h1></body></html>"))
        .expect("headers of ASCII are valid")
}
