//! Both embedded systems on loopback, each behind a gate that a night can close, at once or after so many
//! requests, and a listener for the heartbeat.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;
use tieout::calendar::{SetClock, UnixTime};
use tieout::net::transport::RESPONSE_BYTES_MAX;
use tieout::sandbox::netsuite::{NetSuite, Setup};
use tieout::sandbox::stripe::world::World;
use tieout::sandbox::stripe::{Key as StripeKey, Options, Stripe};
use tower::ServiceExt;

use super::business::Business;
use crate::support::house::Key;
use crate::support::relay::serve;

/// What a gate does when its count has come to nothing.
pub enum Then {
    /// Answers no request any more, as in an outage.
    Close,
    /// Does this once, after the request was done and before it is answered.
    Kill(Box<dyn FnOnce() + Send>),
}

struct Inner {
    router: Router,
    /// Requests that count until it happens; `None` for nothing.
    fuse: Option<(usize, Then)>,
    is_closed: bool,
    /// The external ids of records that it refused to let through.
    refused: Vec<String>,
    counts: fn(&Request) -> bool,
}

/// What stands between the program and one system.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Mutex<Inner>>,
    pub url: String,
}

impl Gate {
    fn new(counts: fn(&Request) -> bool) -> Self {
        let (router, refused) = (Router::new(), Vec::new());
        let inner = Inner { router, fuse: None, is_closed: false, refused, counts };
        let inner = Arc::new(Mutex::new(inner));
        let url = serve(Router::new().fallback(pass).with_state(Arc::clone(&inner)));
        Self { inner, url }
    }

    fn lead_to(&self, router: Router) {
        self.inner.lock().unwrap().router = router;
    }

    pub fn close(&self) {
        self.inner.lock().unwrap().is_closed = true;
    }

    /// After `count` of the requests that count.
    pub fn after(&self, count: usize, then: Then) {
        self.inner.lock().unwrap().fuse = Some((count, then));
    }

    /// Everything is as usual again; gives the records that were refused meanwhile.
    pub fn open(&self) -> Vec<String> {
        let mut inner = self.inner.lock().unwrap();
        (inner.is_closed, inner.fuse) = (false, None);
        std::mem::take(&mut inner.refused)
    }
}

impl Inner {
    /// Whether a request gets through, and what is done after it.
    fn admit(&mut self, counts: bool) -> Result<Option<Box<dyn FnOnce() + Send>>, ()> {
        if self.is_closed {
            return Err(());
        }
        let Some((left, _)) = self.fuse.as_mut().filter(|_| counts) else { return Ok(None) };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return Ok(None);
        }
        match self.fuse.take().expect("it burns").1 {
            Then::Close => {
                self.is_closed = true;
                Err(())
            }
            Then::Kill(killer) => Ok(Some(killer)),
        }
    }
}

async fn pass(State(gate): State<Arc<Mutex<Inner>>>, request: Request) -> Response {
    let (admitted, router, counts) = {
        let mut inner = gate.lock().unwrap();
        let counts = (inner.counts)(&request);
        (inner.admit(counts), inner.router.clone(), counts)
    };
    let Ok(kill) = admitted else {
        let body = to_bytes(request.into_body(), RESPONSE_BYTES_MAX).await.expect("a body");
        let record: Value = serde_json::from_slice(&body).unwrap_or_default();
        let id = record["externalId"].as_str().filter(|_| counts);
        gate.lock().unwrap().refused.extend(id.map(str::to_owned));
        return closed();
    };
    let answer = router.oneshot(request).await.expect("a router cannot fail");
    if let Some(kill) = kill {
        kill();
    }
    answer
}

/// What a balancer answers for a system that is away; Stripe's also says that it will be so for a while.
fn closed() -> Response {
    let page = Body::from("<html><body>Service Unavailable</body></html>");
    let response = Response::builder().status(503).header("stripe-should-retry", "false");
    response.body(page).expect("a page")
}

/// Who hears that a night began, and how it ended.
#[derive(Clone)]
pub struct Heartbeat {
    heard: Arc<Mutex<Vec<String>>>,
    pub url: String,
}

impl Heartbeat {
    fn listen() -> Self {
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let listener = Router::new().fallback(hear).with_state(Arc::clone(&heard));
        Self { heard, url: serve(listener) }
    }

    /// What it heard since it was last asked: `start`, `0`, `5`.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

async fn hear(State(heard): State<Arc<Mutex<Vec<String>>>>, request: Request) -> &'static str {
    let word = match request.uri().path().strip_prefix("/beat").unwrap_or("?") {
        "" => "success",
        end => end.trim_start_matches('/'),
    };
    heard.lock().unwrap().push(word.to_owned());
    "OK"
}

/// Everything outside of the program.
pub struct Systems {
    pub stripe: Gate,
    pub netsuite: Gate,
    pub heartbeat: Heartbeat,
    stripe_inside: Stripe,
    netsuite_inside: NetSuite,
    books: PathBuf,
    keys: usize,
}

impl Systems {
    /// Starts both, with their books and the configuration in `folder`.
    pub fn start(folder: &Path) -> Self {
        // What is asked for last, so that the rest is in the ledger by then.
        let is_last = |request: &Request| request.uri().path() == "/v1/balance";
        let is_write = |request: &Request| {
            request.method() != "GET" && request.uri().path().contains("/record/v1/")
        };
        let books = folder.join("netsuite.db");
        let (stripe_inside, secret) = stripe(Business::world(), 1);
        let key = netsuite_key(1);
        let netsuite_inside = netsuite(&books, &key);
        let systems = Self {
            stripe: Gate::new(is_last),
            netsuite: Gate::new(is_write),
            heartbeat: Heartbeat::listen(),
            stripe_inside,
            netsuite_inside,
            books,
            keys: 1,
        };
        systems.stripe.lead_to(systems.stripe_inside.router());
        systems.netsuite.lead_to(systems.netsuite_inside.router());
        std::fs::write(folder.join("stripe.key"), secret).unwrap();
        std::fs::write(folder.join("netsuite.pem"), key.pem()).unwrap();
        systems
    }

    /// It is this time now, in NetSuite as well.
    pub fn set_time(&self, now: UnixTime) {
        self.netsuite_inside.set_clock(Arc::new(SetClock::at(now)));
    }

    pub fn show(&self, business: &mut Business) {
        self.stripe_inside.update(|world| business.show(world));
    }

    pub fn netsuite_inside(&self) -> &NetSuite {
        &self.netsuite_inside
    }

    /// Stripe takes another key from now on; gives it.
    pub fn roll_stripe_key(&mut self) -> String {
        self.keys += 1;
        let mut world = None;
        self.stripe_inside.update(|known| world = Some(known.clone()));
        let (inside, secret) = stripe(world.expect("the world"), self.keys);
        self.stripe_inside = inside;
        self.stripe.lead_to(self.stripe_inside.router());
        secret
    }

    /// NetSuite takes another certificate from now on; gives its id and its key.
    pub fn roll_netsuite_key(&mut self) -> (String, String) {
        self.keys += 1;
        let key = netsuite_key(self.keys);
        self.netsuite_inside = netsuite(&self.books, &key);
        self.netsuite.lead_to(self.netsuite_inside.router());
        (key.setup.certificate_id.clone(), key.pem().to_owned())
    }
}

fn stripe(world: World, number: usize) -> (Stripe, String) {
    let secret = format!("rk_test_night{number}");
    let key = StripeKey { secret: secret.clone(), denied: Vec::new(), writes: Vec::new() };
    (Stripe::new(world, Options { keys: vec![key], ..Options::default() }), secret)
}

fn netsuite(books: &Path, key: &Key) -> NetSuite {
    NetSuite::open(Some(books), &Setup::demo().with_client(key.setup.clone())).unwrap()
}

fn netsuite_key(number: usize) -> Key {
    let mut key = Key::new();
    key.setup.certificate_id = format!("certificate-{number}");
    key
}
