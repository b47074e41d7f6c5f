//! The API client: one read at a time, paced, retried, counted, and explained when it fails.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;

use super::error::{ErrorKind, StripeError};
use super::page::{self, Page};
use crate::ids::AccountId;
use crate::net::base_url::{BaseUrl, form};
use crate::net::pace::{Pacer, Slow};
use crate::net::redact::{ExposeSecret, Redactor, SecretString};
use crate::net::retry::{self, Decision, Outcome, Safety, Scope, Throttle};
use crate::net::transport::{HttpRequest, HttpResponse, Method, Transport, TransportError};

/// The newest version that the views were tested with.
pub const API_VERSION: &str = "2026-10-28.endive";

/// Whether a key, and all it can read, is real money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Live,
    Test,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the stripe key is empty\nhint: create a restricted key with read access in Stripe's dashboard"
    )]
    Empty,
    #[error(
        "the stripe key is a publishable key (`pk_…`), which can read nothing\nhint: use a restricted key (`rk_…`)"
    )]
    Publishable,
    #[error(
        "the stripe key is neither a restricted (`rk_…`) nor a secret key (`sk_…`) of live or test mode\nhint: copy it again from Stripe's dashboard"
    )]
    Unknown,
}

impl Mode {
    /// The mode that a key's beginning names.
    pub fn of_key(key: &SecretString) -> Result<Self, KeyError> {
        let key = key.expose_secret();
        if key.is_empty() {
            return Err(KeyError::Empty);
        }
        if key.starts_with("pk_") {
            return Err(KeyError::Publishable);
        }
        let printable = key.bytes().all(|byte| byte.is_ascii_graphic());
        let mut words = key.split('_');
        match (words.next(), words.next()) {
            (Some("sk" | "rk"), Some("live")) if printable => Ok(Self::Live),
            (Some("sk" | "rk"), Some("test")) if printable => Ok(Self::Test),
            _ => Err(KeyError::Unknown),
        }
    }

    pub const fn is_live(self) -> bool {
        matches!(self, Self::Live)
    }
}

/// How hard Stripe is asked, in all and per endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub rate_per_s: u32,
    pub in_flight: u32,
    pub endpoint_rate_per_s: u32,
    pub endpoint_in_flight: u32,
}

impl Limits {
    /// Just below Stripe's rates (100/s live, 25/s in test mode, 25/s per endpoint): clocks and
    /// networks make two requests arrive closer than they left, and a refusal costs more than the
    /// difference. Stripe does not publish how many may be under way; these are the most that are
    /// tried, and complaints halve them.
    pub const fn of(mode: Mode) -> Self {
        match mode {
            Mode::Live => Self {
                rate_per_s: 98,
                in_flight: 48,
                endpoint_rate_per_s: 24,
                endpoint_in_flight: 16,
            },
            Mode::Test => Self {
                rate_per_s: 24,
                in_flight: 16,
                endpoint_rate_per_s: 24,
                endpoint_in_flight: 12,
            },
        }
    }
}

impl Limits {
    /// What requests take at the least, at these rates: those of one endpoint, or all of them.
    pub fn least_time(&self, requests: &BTreeMap<String, u64>) -> Duration {
        let at = |count: u64, rate: u32| Duration::from_secs(count) / rate.max(1);
        let longest = requests.values().copied().max().unwrap_or_default();
        let all = at(requests.values().sum(), self.rate_per_s);
        at(longest, self.endpoint_rate_per_s).max(all)
    }
}

/// What a client may be told beside where and with which key.
#[derive(Debug, Clone)]
pub struct Options {
    pub api_version: String,
    /// The connected account to read, when the key is its platform's.
    pub stripe_account: Option<AccountId>,
    /// `None`: those of the key's mode.
    pub limits: Option<Limits>,
    /// Cleans messages; the key is registered with it.
    pub redactor: Redactor,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            stripe_account: None,
            limits: None,
            redactor: Redactor::new(),
        }
    }
}

/// Reads from one Stripe account.
pub struct Client {
    transport: Arc<dyn Transport>,
    base: BaseUrl,
    key: SecretString,
    mode: Mode,
    options: Options,
    limits: Limits,
    pacer: Pacer,
    endpoints: Mutex<BTreeMap<String, Arc<Endpoint>>>,
}

/// What Stripe limits separately: a path with every id counted together.
struct Endpoint {
    pacer: Pacer,
    /// Asked about one object at a time.
    is_of_one: bool,
    requests: AtomicU64,
}

impl Client {
    pub fn new(
        transport: Arc<dyn Transport>,
        base: BaseUrl,
        key: SecretString,
        options: Options,
    ) -> Result<Self, KeyError> {
        let mode = Mode::of_key(&key)?;
        options.redactor.register(&key);
        let limits = options.limits.unwrap_or(Limits::of(mode));
        let pacer = Pacer::feeling(limits.rate_per_s, limits.in_flight);
        let endpoints = Mutex::default();
        Ok(Self { transport, base, key, mode, options, limits, pacer, endpoints })
    }

    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether the key is one that was given single permissions.
    pub fn is_restricted(&self) -> bool {
        self.key.expose_secret().starts_with("rk_")
    }

    pub fn api_version(&self) -> &str {
        &self.options.api_version
    }

    /// Reads one object: complete JSON, byte for byte as sent.
    pub async fn get(
        &self,
        path: &str,
        query: &[(String, String)],
    ) -> Result<Box<RawValue>, StripeError> {
        self.read(path, query, verbatim).await
    }

    /// Reads one page of a list.
    pub async fn page(&self, path: &str, query: &[(String, String)]) -> Result<Page, StripeError> {
        self.read(path, query, page::read).await
    }

    /// Adds to an object's metadata; other keys keep what they say. Gives the object as it is then.
    ///
    /// What may have worked is not sent again here: [`StripeError::is_in_doubt`] says so, and the
    /// caller reads the object. `idempotency_key` makes a request that arrives twice one request.
    pub async fn add_metadata(
        &self,
        path: &str,
        entries: &BTreeMap<String, String>,
        idempotency_key: &str,
    ) -> Result<Box<RawValue>, StripeError> {
        let named =
            |(name, value): (&String, &String)| (format!("metadata[{name}]"), value.clone());
        let body = form(&entries.iter().map(named).collect::<Vec<_>>());
        let request = HttpRequest::new(Method::Post, self.base.endpoint(path, &[]))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Idempotency-Key", idempotency_key)
            .body(body);
        self.exchange(path, request, Safety::Write, verbatim).await
    }

    /// How many requests were sent, retries included, by endpoint: Stripe grants reads by the month.
    pub fn requests(&self) -> BTreeMap<String, u64> {
        let endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |endpoint: &Endpoint| endpoint.requests.load(Ordering::Relaxed);
        endpoints.iter().map(|(name, endpoint)| (name.clone(), count(endpoint))).collect()
    }

    /// What the requests up to now take at the least, at the rates that are kept to.
    pub fn least_time(&self) -> Duration {
        self.limits.least_time(&self.requests())
    }

    async fn read<T>(
        &self,
        path: &str,
        query: &[(String, String)],
        read: ReadBody<T>,
    ) -> Result<T, StripeError> {
        let url = self.base.endpoint(path, query);
        self.exchange(path, HttpRequest::new(Method::Get, url), Safety::Read, read).await
    }

    /// Sends a request until there is an answer to hand on.
    async fn exchange<T>(
        &self,
        path: &str,
        request: HttpRequest,
        safety: Safety,
        read: ReadBody<T>,
    ) -> Result<T, StripeError> {
        let endpoint = self.endpoint(path);
        let mut attempt = 0;
        loop {
            let sent = self.send(&endpoint, request.clone()).await;
            let error = match self.judge((request.method, path), &sent, read) {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let outcome = match &sent {
                Err(failure) => Outcome::Failure(failure),
                Ok(_) if error.kind == ErrorKind::Truncated => Outcome::Garbled,
                Ok(answer) => Outcome::Answer(answer),
            };
            let jitter = retry::jitter_per_mille();
            match retry::decide(attempt, safety, outcome, jitter) {
                Decision::Retry { after } => tokio::time::sleep(after).await,
                Decision::GiveUp { .. } => return Err(error),
            }
            attempt += 1;
        }
    }

    async fn send(
        &self,
        endpoint: &Endpoint,
        request: HttpRequest,
    ) -> Result<HttpResponse, TransportError> {
        let _place_at_endpoint = endpoint.pacer.permit().await;
        // Lists are cut into windows, and have others beside them. What is asked of single objects is
        // one request after the other, and would end last if it had to share.
        let _place = if endpoint.is_of_one {
            self.pacer.permit_first().await
        } else {
            self.pacer.permit().await
        };
        endpoint.requests.fetch_add(1, Ordering::Relaxed);
        let mut request = request
            .header("Authorization", format!("Bearer {}", self.key.expose_secret()))
            .header("Stripe-Version", self.api_version());
        if let Some(account) = &self.options.stripe_account {
            request = request.header("Stripe-Account", account.as_str());
        }
        let answer = self.transport.send(request).await?;
        if let Some(throttle) = retry::throttle(&answer) {
            let (scope, slow) = match throttle {
                Throttle::Rate(scope) => (scope, Slow::Rate),
                Throttle::Concurrency(scope) => (scope, Slow::InFlight),
            };
            match scope {
                Scope::Account => self.pacer.slow_down(slow),
                Scope::Endpoint => endpoint.pacer.slow_down(slow),
            }
        }
        Ok(answer)
    }

    fn judge<T>(
        &self,
        asked: (Method, &str),
        sent: &Result<HttpResponse, TransportError>,
        read: ReadBody<T>,
    ) -> Result<T, StripeError> {
        let redactor = &self.options.redactor;
        let answer =
            sent.as_ref().map_err(|error| StripeError::of_transport(asked, error, redactor))?;
        if !answer.is_success() {
            return Err(StripeError::of_answer(asked, answer, redactor));
        }
        read(&answer.body).map_err(|cause| StripeError::of_body(asked, answer, &cause, redactor))
    }

    fn endpoint(&self, path: &str) -> Arc<Endpoint> {
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        let name = endpoint_name(path);
        let is_of_one = name.contains(":id");
        let endpoint = endpoints.entry(name).or_insert_with(|| {
            let Limits { endpoint_rate_per_s, endpoint_in_flight, .. } = self.limits;
            let pacer = Pacer::feeling(endpoint_rate_per_s, endpoint_in_flight);
            Arc::new(Endpoint { pacer, is_of_one, requests: AtomicU64::new(0) })
        });
        Arc::clone(endpoint)
    }
}

/// What makes something of the body of an answer.
type ReadBody<T> = fn(&[u8]) -> Result<T, serde_json::Error>;

fn verbatim(body: &[u8]) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::from_slice(body)
}

/// The path with its id, the third segment, left open.
fn endpoint_name(path: &str) -> String {
    let open = |(place, segment)| if place == 3 { ":id" } else { segment };
    path.split('/').enumerate().map(open).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::stripe::testing::{Fake, KEY};

    const REFUSED: &str =
        r#"{"error":{"message":"Invalid API Key provided: rk_test_abcdefghijkl"}}"#;

    /// A pull is held against this: a bound that is too long would praise a slow one.
    #[test]
    fn the_least_time_is_that_of_the_tightest_limit() {
        let limits = Limits { rate_per_s: 100, endpoint_rate_per_s: 25, ..Limits::of(Mode::Live) };
        let least = |counts: &[(&str, u64)]| {
            let own = counts.iter().map(|(name, count)| ((*name).to_owned(), *count));
            limits.least_time(&own.collect()).as_secs()
        };
        assert_eq!(least(&[("charges", 1_000), ("refunds", 10)]), 40);
        let even: Vec<(String, u64)> = (0..10).map(|n| (n.to_string(), 1_000)).collect();
        let even: Vec<(&str, u64)> = even.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(least(&even), 100);
        assert_eq!(least(&[]), 0);
    }

    /// A pull would otherwise end with thousands of customers who had to share with the lists.
    #[tokio::test(start_paused = true)]
    async fn what_is_asked_of_one_object_goes_before_lists() {
        let fake = Fake::with(vec![]);
        let client = fake.client();
        let mut asking = tokio::task::JoinSet::new();
        let mut ask = |path: String| {
            let client = Arc::clone(&client);
            asking.spawn(async move { client.page(&path, &[]).await.unwrap() });
        };
        for list in ["charges", "invoices", "refunds"].repeat(20) {
            ask(format!("/v1/{list}"));
        }
        for number in 0..5 {
            ask(format!("/v1/customers/cus_{number}/balance_transactions"));
        }
        asking.join_all().await;
        let asked = fake.asked();
        let last = asked.iter().rposition(|one| one.path.contains("customers")).unwrap();
        assert!(last < 20, "the last customer was asked about after {last} of {}", asked.len());
    }

    #[test]
    fn the_mode_is_read_from_the_key() {
        let mode = |key: &str| Mode::of_key(&key.into());
        assert_eq!(mode("rk_live_1a"), Ok(Mode::Live));
        assert_eq!(mode("sk_test_1a"), Ok(Mode::Test));
        assert_eq!(mode(""), Err(KeyError::Empty));
        assert_eq!(mode("pk_live_1a"), Err(KeyError::Publishable));
        for bad in ["rk_1a", "live", "whsec_live_1", "sk_live_1a\n"] {
            assert_eq!(mode(bad), Err(KeyError::Unknown), "{bad}");
        }
    }

    #[test]
    fn all_ids_of_an_endpoint_share_its_limit() {
        assert_eq!(endpoint_name("/v1/charges"), "/v1/charges");
        assert_eq!(endpoint_name("/v1/invoices/in_1"), "/v1/invoices/:id");
        assert_eq!(endpoint_name("/v1/invoices/in_1/lines"), "/v1/invoices/:id/lines");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_limit_is_waited_out_and_slows_the_client_down() {
        let fake = Fake::with(vec![]);
        for _ in 0..3 {
            fake.then(429, &[("Stripe-Rate-Limited-Reason", "endpoint-rate")], "{}");
        }
        let client = fake.client();
        assert!(client.page("/v1/charges", &[]).await.is_ok());
        assert_eq!(client.requests()["/v1/charges"], 4);
        let start = Instant::now();
        for _ in 0..20 {
            client.page("/v1/charges", &[]).await.unwrap();
        }
        assert!(start.elapsed().as_secs_f64() > 1.3, "half of 24 a second or less");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_after_six_retries() {
        let fake = Fake::with(vec![]);
        for _ in 0..10 {
            fake.then(503, &[("Request-Id", "req_7")], "<html>down</html>");
        }
        let client = fake.client();
        let error = client.page("/v1/charges", &[]).await.unwrap_err();
        assert_eq!((error.kind, error.is_transient()), (ErrorKind::Server, true));
        assert_eq!(error.request_id.as_deref(), Some("req_7"));
        assert_eq!(fake.asked().len(), 7);
    }

    #[tokio::test]
    async fn a_refusal_is_final_and_does_not_repeat_the_key() {
        for (status, kind) in [(401, ErrorKind::Authentication), (403, ErrorKind::Permission)] {
            let fake = Fake::with(vec![]);
            fake.then(status, &[], REFUSED);
            let error = fake.client().page("/v1/charges", &[]).await.unwrap_err();
            assert_eq!((error.kind, error.is_transient()), (kind, false));
            assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
            assert_eq!(fake.asked().len(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_breaks_off_is_read_again_and_then_reported() {
        let fake = Fake::with(vec![]);
        fake.then(200, &[], r#"{"object":"list","data":[{"id":"#);
        assert!(fake.client().page("/v1/charges", &[]).await.is_ok());
        for _ in 0..7 {
            fake.then(200, &[], r#"{"object":"list","data":[{"id":"#);
        }
        let error = fake.client().page("/v1/charges", &[]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Truncated, "{error}");
        assert!(error.to_string().contains("after 31 bytes"), "{error}");
    }

    #[tokio::test]
    async fn a_page_of_a_proxy_is_not_taken_for_an_empty_list() {
        for body in ["<html><title>Login</title></html>", "", "{}", "[]"] {
            let fake = Fake::with(vec![]);
            fake.then(200, &[], body);
            let error = fake.client().page("/v1/charges", &[]).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::NotJson, "{body}: {error}");
            assert!(error.to_string().contains(body), "{error}");
        }
    }

    #[tokio::test]
    async fn an_object_comes_byte_for_byte() {
        let fake = Fake::with(vec![]);
        let verbatim = "{ \"id\" : \"acct_1\",\n  \"big\": 12345678901234567890123.50 }";
        fake.then(200, &[], verbatim);
        assert_eq!(fake.client().get("/v1/account", &[]).await.unwrap().get(), verbatim);
    }
}
