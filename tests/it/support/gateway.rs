//! A gateway between the binary and the embedded NetSuite, where a test may do what it wants at any
//! moment: the two of every request are before it reaches NetSuite and after NetSuite has done it.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use tieout::net::transport::RESPONSE_BYTES_MAX;

use super::relay::{Target, back, method, serve};

/// Kills something, and says how many moments later it wants to do so again.
type Killer = Box<dyn FnMut() -> Option<i64> + Send>;

struct Inner {
    target: Target,
    /// Moments until something dies; below zero nothing does.
    fuse: AtomicI64,
    moments: AtomicI64,
    killer: Mutex<Option<Killer>>,
    /// Requests that NetSuite may still be working on.
    under_way: AtomicUsize,
}

/// A gateway on loopback, for as long as the test runs.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
    pub url: String,
}

impl Gateway {
    /// A gateway to the NetSuite at `target`.
    pub fn to(target: &str) -> Self {
        let inner = Arc::new(Inner {
            target: Target::new(target),
            fuse: AtomicI64::new(-1),
            moments: AtomicI64::new(0),
            killer: Mutex::new(None),
            under_way: AtomicUsize::new(0),
        });
        let url = serve(Router::new().fallback(pass).with_state(Arc::clone(&inner)));
        Self { inner, url }
    }

    /// Calls `killer` at the `at`-th moment from now, and again when it asks for it.
    pub fn arm(&self, at: i64, killer: impl FnMut() -> Option<i64> + Send + 'static) {
        *self.inner.killer.lock().unwrap() = Some(Box::new(killer));
        self.inner.fuse.store(at, Ordering::SeqCst);
    }

    /// From now on nothing dies.
    pub fn disarm(&self) {
        self.inner.fuse.store(-1, Ordering::SeqCst);
        *self.inner.killer.lock().unwrap() = None;
    }

    /// Moments so far.
    pub fn moments(&self) -> i64 {
        self.inner.moments.load(Ordering::SeqCst)
    }

    /// Waits until NetSuite has done everything that reached it.
    pub fn settle(&self) {
        while self.inner.under_way.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

impl Inner {
    /// One moment passes; `true` when something died in it.
    fn burn(&self) -> bool {
        self.moments.fetch_add(1, Ordering::SeqCst);
        if self.fuse.fetch_sub(1, Ordering::SeqCst) != 1 {
            return false;
        }
        let mut killer = self.killer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = killer.as_mut().and_then(|kill| kill()) {
            self.fuse.store(next, Ordering::SeqCst);
        }
        true
    }
}

async fn pass(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    if inner.burn() {
        return gone();
    }
    let method = method(request.method().as_str());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), RESPONSE_BYTES_MAX).await.unwrap();
    let onward = inner.target.onward(method, &path, &headers, &body);
    // What has reached NetSuite is done, whether or not its client still waits for the answer.
    inner.under_way.fetch_add(1, Ordering::SeqCst);
    let worker = Arc::clone(&inner);
    let done = tokio::spawn(async move {
        let answer = worker.target.send(onward).await;
        worker.under_way.fetch_sub(1, Ordering::SeqCst);
        answer
    });
    let answer = done.await.unwrap();
    if inner.burn() {
        return gone();
    }
    let Ok(answer) = answer else { return gone() };
    back(answer)
}

/// What a gateway says when nobody is behind it: it proves nothing about the request.
fn gone() -> Response {
    let page = Body::from("<html><body>Bad gateway</body></html>");
    Response::builder().status(StatusCode::BAD_GATEWAY).body(page).unwrap()
}
