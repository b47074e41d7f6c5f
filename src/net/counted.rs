//! A transport that counts what is asked of it: logins and repetitions too, because the other side
//! counts those as well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

/// Counts requests on their way to another transport.
pub struct Counted {
    to: Arc<dyn Transport>,
    count: Arc<AtomicU64>,
}

impl Counted {
    pub fn new(to: Arc<dyn Transport>, count: Arc<AtomicU64>) -> Self {
        Self { to, count }
    }
}

impl Transport for Counted {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.to.send(request)
    }
}
