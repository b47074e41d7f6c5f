//! The REST record service: create, change, find and get one record.
//!
//! Every request passes through `Client::exchange`: permit, authorization, attempt, decision.
//! Queries are in `suiteql.rs`. What an answer means for a push is the caller's business.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::auth::{AuthError, Authenticator};
use super::error::{Class, NetSuiteError};
use super::random;
use super::record::RecordKind;
use super::retry::{self, Attempt, Effect, Next};
use super::row::is_internal_id;
use crate::ids::{ExternalId, InternalId};
use crate::net::pace::{Pacer, Slow};
use crate::net::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};

/// How much of NetSuite's capacity is used, and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Requests at once. NetSuite's smallest tier takes five, shared with every other
    /// integration of the account.
    pub in_flight_max: usize,
    /// For one request; NetSuite itself gives up after 15 minutes.
    pub timeout: Duration,
    /// The first wait before a retry; it doubles.
    pub retry_delay_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { in_flight_max: 4, timeout: Duration::from_mins(2), retry_delay_ms: 1_000 }
    }
}

/// NetSuite limits how many requests are under way, not how many start in a second.
const REQUESTS_PER_SECOND_MAX: u32 = 1_000_000;

/// A NetSuite account, as the role of its credentials sees it.
pub struct Client {
    transport: Arc<dyn Transport>,
    base: String,
    auth: Authenticator,
    limits: Limits,
    pacer: Pacer,
    requests: AtomicU64,
    pub(super) asked: Mutex<BTreeMap<String, (u64, u64)>>,
}

/// NetSuite's answer to a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub internal_id: InternalId,
}

/// What a look-up by external id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// NetSuite says in so many words that there is none.
    Absent,
    Found(InternalId),
    /// The external id belongs to a record of another type: somebody else's.
    OtherKind {
        detail: String,
    },
}

impl Client {
    /// `base` is where the account's REST services are: `https://<account>.suitetalk.api.netsuite.com`.
    pub fn new(
        transport: Arc<dyn Transport>,
        mut base: String,
        auth: Authenticator,
        limits: Limits,
    ) -> Self {
        base.truncate(base.trim_end_matches('/').len());
        let in_flight = u32::try_from(limits.in_flight_max).unwrap_or(u32::MAX);
        let pacer = Pacer::new(REQUESTS_PER_SECOND_MAX, in_flight);
        let (requests, asked) = (AtomicU64::new(0), Mutex::default());
        Self { transport, base, auth, limits, pacer, requests, asked }
    }

    /// Uses another number of NetSuite's places from now on.
    pub fn set_in_flight(&self, places: usize) {
        self.pacer.set_in_flight(u32::try_from(places).unwrap_or(u32::MAX));
    }

    /// Requests sent so far, retries included, token requests not.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Creates a record from the JSON of [`super::wire::create_json`]. Unknown property names are
    /// an error instead of being dropped, which is what NetSuite would do by default.
    pub async fn create(
        &self,
        kind: RecordKind,
        body_json: &str,
    ) -> Result<Created, NetSuiteError> {
        let subject = subject_of(kind, body_json);
        let request = self.write(Method::Post, record_path(kind), body_json);
        let response = self.exchange(&subject, Effect::Write, request).await?;
        let created = response.header("location").and_then(id_at_end);
        created.map(|internal_id| Created { internal_id }).ok_or_else(|| {
            let cause = format!("it answered {} without the new record's id", response.status);
            NetSuiteError::new(&subject, Class::InDoubt { cause, is_over: false })
        })
    }

    /// Changes a record to the JSON of [`super::wire::update_json`]; the lines of the sublists in
    /// `replace` are replaced whole, where NetSuite would otherwise add to them.
    pub async fn update(
        &self,
        kind: RecordKind,
        internal_id: &InternalId,
        body_json: &str,
        replace: &[&str],
    ) -> Result<(), NetSuiteError> {
        let subject = format!("{} {internal_id}", kind.rest_name());
        let mut path = format!("{}/{internal_id}", record_path(kind));
        if !replace.is_empty() {
            path.push_str("?replace=");
            path.push_str(&replace.join(","));
        }
        let request = self.write(Method::Patch, path, body_json);
        let response = self.exchange(&subject, Effect::Write, request).await?;
        if response.status == 204 || response.header("location").is_some() {
            return Ok(());
        }
        let cause = format!("it answered {} without naming the record", response.status);
        Err(NetSuiteError::new(&subject, Class::InDoubt { cause, is_over: false }))
    }

    /// Looks for the record with this external id.
    pub async fn look_up(
        &self,
        kind: RecordKind,
        external_id: &ExternalId,
    ) -> Result<LookUp, NetSuiteError> {
        let subject = format!("{} {external_id}", kind.rest_name());
        let path = format!("{}/eid:{external_id}?fields=id", record_path(kind));
        let request = self.request(Method::Get, path);
        let response = match self.exchange(&subject, Effect::Read, request).await {
            Ok(response) => response,
            Err(NetSuiteError { class: Class::NotFound, .. }) => return Ok(LookUp::Absent),
            Err(NetSuiteError { class: Class::OtherKind { detail }, .. }) => {
                return Ok(LookUp::OtherKind { detail });
            }
            Err(error) => return Err(error),
        };
        let found: Found = parse(&subject, &response)?;
        found.internal_id().map(LookUp::Found).ok_or_else(|| {
            let cause = "the record that was found carries no internal id".to_owned();
            NetSuiteError::new(&subject, Class::Unreadable { cause })
        })
    }

    /// A record's JSON as NetSuite sends it; sublists are links.
    pub async fn get(
        &self,
        kind: RecordKind,
        internal_id: &InternalId,
    ) -> Result<String, NetSuiteError> {
        let subject = format!("{} {internal_id}", kind.rest_name());
        let request = self.request(Method::Get, format!("{}/{internal_id}", record_path(kind)));
        let response = self.exchange(&subject, Effect::Read, request).await?;
        parse::<Box<serde_json::value::RawValue>>(&subject, &response)
            .map(|json| json.get().to_owned())
    }

    /// A request to a path under the base, without authorization yet.
    pub(super) fn request(&self, method: Method, path: impl AsRef<str>) -> HttpRequest {
        HttpRequest::new(method, format!("{}{}", self.base, path.as_ref()))
            .header("Accept", "application/json")
            .timeout(self.limits.timeout)
    }

    fn write(&self, method: Method, path: impl AsRef<str>, body_json: &str) -> HttpRequest {
        self.request(method, path)
            .header("Content-Type", "application/json")
            .header("X-NetSuite-PropertyNameValidation", "Error")
            .body(body_json)
    }

    /// Sends a request until there is an answer to hand on. Only a success is an `Ok`.
    pub(super) async fn exchange(
        &self,
        subject: &str,
        effect: Effect,
        request: HttpRequest,
    ) -> Result<HttpResponse, NetSuiteError> {
        answer(subject, effect, self.deliver(subject, effect, request).await?)
    }

    /// Sends a request until there is an answer to hand on, whatever it says.
    ///
    /// The permit is kept through the waits, and a complaint halves how many are given out for a
    /// while: when NetSuite asks for fewer requests at once, that is what it gets.
    pub(super) async fn deliver(
        &self,
        subject: &str,
        effect: Effect,
        request: HttpRequest,
    ) -> Result<Result<HttpResponse, TransportError>, NetSuiteError> {
        let _permit = self.pacer.permit().await;
        let mut number = 0;
        let mut renewed = false;
        loop {
            number += 1;
            let (authorization, outcome) = match self.attempt(&request).await {
                Ok(sent) => sent,
                Err(error) => return Err(NetSuiteError::from_auth(subject, &error)),
            };
            if outcome.as_ref().is_ok_and(|response| response.status == 429) {
                self.pacer.slow_down(Slow::InFlight);
            }
            let next = retry::next(&Attempt {
                effect,
                outcome: &outcome,
                number,
                renewed,
                delay_ms: self.limits.retry_delay_ms,
                jitter: random::jitter(),
            });
            match next {
                Next::Renew if self.auth.refused(authorization.as_ref()).await => renewed = true,
                Next::Wait { delay_ms } => {
                    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                    // Only a token that is refused as soon as it is new will never do.
                    renewed = false;
                }
                Next::Renew | Next::Return => return Ok(outcome),
            }
        }
    }

    /// Authorizes and sends once. When the token endpoint is out of order, the request itself was
    /// not sent, and may be tried again like any other that was not.
    async fn attempt(&self, request: &HttpRequest) -> Result<Sent, AuthError> {
        let authorization = match self.auth.authorization(&*self.transport, request).await {
            Ok(authorization) => authorization,
            Err(AuthError::Unreachable(cause)) => {
                let host = self.base.clone();
                return Ok((None, Err(TransportError::NotSent { host, cause })));
            }
            Err(error) => return Err(error),
        };
        let request = request.clone().header("Authorization", authorization.expose_secret());
        self.requests.fetch_add(1, Ordering::Relaxed);
        Ok((Some(authorization), self.transport.send(request).await))
    }
}

/// What one attempt was authorized by, and how it went.
type Sent = (Option<SecretString>, Result<HttpResponse, TransportError>);

pub(super) fn answer(
    subject: &str,
    effect: Effect,
    outcome: Result<HttpResponse, TransportError>,
) -> Result<HttpResponse, NetSuiteError> {
    match outcome {
        Ok(response) if response.is_success() => Ok(response),
        Ok(response) => Err(NetSuiteError::from_response(subject, effect, &response)),
        Err(error) => Err(NetSuiteError::from_transport(subject, effect, &error)),
    }
}

/// Reads a successful answer; what is not JSON at all did not come from NetSuite.
pub(super) fn parse<T: for<'de> Deserialize<'de>>(
    subject: &str,
    response: &HttpResponse,
) -> Result<T, NetSuiteError> {
    serde_json::from_slice(&response.body).map_err(|error| {
        let class = if error.is_data() {
            Class::Unreadable { cause: error.to_string() }
        } else {
            Class::NotJson { status: response.status, excerpt: response.excerpt() }
        };
        NetSuiteError::new(subject, class)
    })
}

pub(super) fn record_path(kind: RecordKind) -> String {
    format!("/services/rest/record/v1/{}", kind.rest_name())
}

/// `invoice in_1`, from the body's own external id.
fn subject_of(kind: RecordKind, body_json: &str) -> String {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        external_id: String,
    }
    let name = serde_json::from_str::<Named>(body_json).ok();
    let name = name.map_or_else(|| "without an external id".into(), |named| named.external_id);
    format!("{} {name}", kind.rest_name())
}

/// The internal id at the end of a record's address.
pub(super) fn id_at_end(url: &str) -> Option<InternalId> {
    let path = url.split('?').next()?.trim_end_matches('/');
    let id = path.rsplit('/').next()?;
    is_internal_id(id).then(|| InternalId::new(id))
}

/// The answer to `fields=id`: the id, or at least the link that ends with it.
#[derive(Deserialize)]
struct Found {
    id: Option<IdValue>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum IdValue {
    Text(String),
    Number(i64),
}

#[derive(Deserialize)]
struct Link {
    rel: String,
    href: String,
}

impl Found {
    fn internal_id(&self) -> Option<InternalId> {
        match &self.id {
            Some(IdValue::Text(text)) => is_internal_id(text).then(|| InternalId::new(text)),
            Some(IdValue::Number(number)) => Some(InternalId::new(number.to_string())),
            None => {
                let own = self.links.iter().find(|link| link.rel == "self")?;
                id_at_end(&own.href)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::Router;
    use axum::extract::{Path, Request};
    use axum::http::{HeaderMap, StatusCode};
    use axum::response::{IntoResponse, Response};
    use axum::routing::{get, post};

    use super::super::testing::{Answer, RouterTransport, Scripted, bearer_client, client};
    use super::*;

    const INVOICE: &str = r#"{"externalId":"in_1","memo":"Stripe: in_1"}"#;

    fn external(id: &str) -> ExternalId {
        ExternalId::new(id).unwrap()
    }

    fn created(id: u32) -> Response {
        let location = format!("https://x.example/services/rest/record/v1/invoice/{id}");
        (StatusCode::NO_CONTENT, [("location", location)]).into_response()
    }

    #[tokio::test]
    async fn a_create_is_strict_about_names_and_takes_the_id_from_the_location() {
        async fn create(headers: HeaderMap, body: String) -> Response {
            assert_eq!(headers["x-netsuite-propertynamevalidation"], "Error");
            assert_eq!(headers["content-type"], "application/json");
            assert!(headers["authorization"].to_str().unwrap().starts_with("OAuth realm="));
            assert_eq!(body, INVOICE);
            created(4711)
        }
        let router = Router::new().route("/services/rest/record/v1/invoice", post(create));
        let client = client(RouterTransport(router));
        let created = client.create(RecordKind::Invoice, INVOICE).await.unwrap();
        assert_eq!(created.internal_id.as_str(), "4711");
        assert_eq!(client.requests(), 1);
    }

    /// Given up sooner, a record that NetSuite saves slowly would be in doubt each time.
    #[tokio::test]
    async fn no_request_is_given_up_in_less_than_two_minutes() {
        let two_minutes = Duration::from_mins(2);
        assert!(Limits::default().timeout >= two_minutes);
        let transport = Arc::new(Scripted::new([Answer::broken(), Answer::json(200, "{}")]));
        let client = client(Arc::clone(&transport));
        let created = client.create(RecordKind::Invoice, INVOICE).await;
        assert!(created.is_err_and(|error| error.is_in_doubt()));
        let _nothing = client.get(RecordKind::Invoice, &InternalId::new("1")).await;
        assert!(transport.requests().iter().all(|request| request.timeout >= two_minutes));
    }

    #[tokio::test]
    async fn an_update_names_the_sublists_to_replace() {
        async fn update(request: Request) -> StatusCode {
            assert_eq!(request.method(), "PATCH");
            assert_eq!(request.uri().query(), Some("replace=item,apply"));
            StatusCode::NO_CONTENT
        }
        let router = Router::new()
            .route("/services/rest/record/v1/creditMemo/9", axum::routing::patch(update));
        let client = client(RouterTransport(router));
        let id = InternalId::new("9");
        client.update(RecordKind::CreditMemo, &id, "{}", &["item", "apply"]).await.unwrap();
    }

    #[tokio::test]
    async fn a_lookup_tells_there_from_not_there_from_unknown() {
        async fn lookup(Path(name): Path<String>) -> Response {
            let error = |status: StatusCode, detail: &str| {
                let body = format!(
                    r#"{{"title":"x","o:errorDetails":[{{"detail":"{detail}","o:errorCode":"X"}}]}}"#
                );
                (status, body).into_response()
            };
            match name.as_str() {
                "eid:in_1" => r#"{"links":[],"id":"77"}"#.into_response(),
                "eid:in_2" => {
                    let href = "https://x/services/rest/record/v1/invoice/78?fields=id";
                    format!(r#"{{"links":[{{"rel":"self","href":"{href}"}}]}}"#).into_response()
                }
                "eid:in_3" => error(StatusCode::NOT_FOUND, "The record instance does not exist."),
                _ => error(StatusCode::BAD_REQUEST, "Transaction type specified is incorrect."),
            }
        }
        let router = Router::new().route("/services/rest/record/v1/invoice/{name}", get(lookup));
        let client = client(RouterTransport(router));
        let find = async |id| client.look_up(RecordKind::Invoice, &external(id)).await.unwrap();
        assert_eq!(find("in_1").await, LookUp::Found("77".into()));
        assert_eq!(find("in_2").await, LookUp::Found("78".into()));
        assert_eq!(find("in_3").await, LookUp::Absent);
        assert!(matches!(find("ch_1").await, LookUp::OtherKind { .. }));
    }

    #[tokio::test]
    async fn a_write_that_got_no_certain_answer_is_sent_once_and_is_in_doubt() {
        for answer in [Answer::text(503, "busy"), Answer::broken(), Answer::text(200, "<html>")] {
            let transport = Arc::new(Scripted::new([answer]));
            let client = client(Arc::clone(&transport));
            let error = client.create(RecordKind::Invoice, INVOICE).await.unwrap_err();
            assert!(error.is_in_doubt(), "{error}");
            assert!(error.to_string().starts_with("invoice in_1: "), "{error}");
            assert_eq!(transport.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_refused_place_is_asked_for_again_with_a_new_signature() {
        let transport = Arc::new(Scripted::new([
            Answer::text(429, "{}"),
            Answer::unsent(),
            Answer::located("https://x/record/v1/invoice/5"),
        ]));
        let client = client(Arc::clone(&transport));
        client.create(RecordKind::Invoice, INVOICE).await.unwrap();
        let mut signatures: Vec<String> = transport
            .requests()
            .iter()
            .map(|request| {
                request.headers.iter().find(|h| h.0 == "Authorization").unwrap().1.clone()
            })
            .collect();
        assert_eq!(signatures.len(), 3);
        signatures.sort();
        signatures.dedup();
        assert_eq!(signatures.len(), 3, "NetSuite takes a nonce once");
    }

    #[tokio::test]
    async fn an_expired_token_is_renewed_and_the_request_sent_again() {
        let grant = |token| {
            Answer::json(200, &format!(r#"{{"access_token":"{token}","expires_in":3600}}"#))
        };
        let transport = Arc::new(Scripted::new([
            grant("old"),
            Answer::text(401, ""),
            grant("new"),
            Answer::located("https://x/record/v1/invoice/5"),
        ]));
        let client = bearer_client(Arc::clone(&transport));
        client.create(RecordKind::Invoice, INVOICE).await.unwrap();
        let last = transport.requests().pop().unwrap();
        assert!(last.headers.contains(&("Authorization".into(), "Bearer new".into())));
        assert_eq!(client.requests(), 2);
    }

    #[tokio::test]
    async fn a_token_endpoint_that_is_out_of_order_is_asked_again() {
        let grant = r#"{"access_token":"one","expires_in":3600}"#;
        let transport = Arc::new(Scripted::new([
            Answer::text(503, "busy"),
            Answer::json(200, grant),
            Answer::located("https://x/record/v1/invoice/5"),
        ]));
        let client = bearer_client(Arc::clone(&transport));
        client.create(RecordKind::Invoice, INVOICE).await.unwrap();
        assert_eq!(client.requests(), 1);
    }

    #[tokio::test]
    async fn a_proxys_page_is_not_taken_for_a_saved_change() {
        let client = client(Scripted::new([Answer::text(200, "<html>please log in</html>")]));
        let id = InternalId::new("9");
        let error = client.update(RecordKind::Invoice, &id, "{}", &[]).await.unwrap_err();
        assert!(error.is_in_doubt(), "{error}");
    }

    #[tokio::test]
    async fn a_signature_that_is_refused_is_not_tried_again() {
        let transport = Arc::new(Scripted::new([Answer::text(401, "")]));
        let client = client(Arc::clone(&transport));
        let error = client.create(RecordKind::Invoice, INVOICE).await.unwrap_err();
        assert!(matches!(error.class, Class::Authentication { .. }), "{error}");
    }

    #[tokio::test]
    async fn no_more_requests_are_in_flight_than_allowed() {
        static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        async fn create() -> Response {
            let now = IN_FLIGHT.fetch_add(1, Ordering::SeqCst) + 1;
            MOST.fetch_max(now, Ordering::SeqCst);
            for _ in 0..5 {
                tokio::task::yield_now().await;
            }
            IN_FLIGHT.fetch_sub(1, Ordering::SeqCst);
            created(1)
        }
        let router = Router::new().route("/services/rest/record/v1/invoice", post(create));
        let client = Arc::new(client(RouterTransport(router)));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let client = Arc::clone(&client);
            tasks.spawn(async move { client.create(RecordKind::Invoice, INVOICE).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap().unwrap();
        }
        assert_eq!(MOST.load(Ordering::SeqCst), 3);
    }
}
