//! A transport that several senders share: so many requests at once go through, first come, first served.
//!
//! Whoever waits, waits behind what the others had asked for before. So each sender gets the same share
//! while all are busy, and all of it while the others are not.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

/// The places that are shared.
#[derive(Debug)]
pub struct Gate {
    places: Mutex<usize>,
    free: Semaphore,
}

impl Gate {
    /// At least one: nobody waits for ever.
    pub fn new(places: usize) -> Self {
        let places = places.max(1);
        Self { places: Mutex::new(places), free: Semaphore::new(places) }
    }

    /// There are so many places from now on; requests under way keep theirs.
    pub fn set(&self, wanted: usize) {
        let wanted = wanted.max(1);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted > *places {
            self.free.add_permits(wanted - *places);
            *places = wanted;
        } else {
            // Those in use cannot be taken away: there are as many fewer as were free.
            *places -= self.free.forget_permits(*places - wanted);
        }
    }
}

/// Sends requests through a gate to another transport.
pub struct Gated {
    to: Arc<dyn Transport>,
    gate: Arc<Gate>,
}

impl Gated {
    pub fn new(to: Arc<dyn Transport>, gate: Arc<Gate>) -> Self {
        Self { to, gate }
    }
}

impl Transport for Gated {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let _place = self.gate.free.acquire().await.expect("the gate is never closed");
            self.to.send(request).await
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::super::transport::Method;
    use super::*;

    /// Takes a second for each request, and knows how many were there at once.
    #[derive(Default)]
    struct Slow {
        now: AtomicUsize,
        most: AtomicUsize,
        served: Mutex<Vec<String>>,
    }

    impl Transport for Slow {
        fn send(
            &self,
            request: HttpRequest,
        ) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
            Box::pin(async move {
                let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.now.fetch_sub(1, Ordering::SeqCst);
                self.served.lock().unwrap().push(request.url);
                Ok(HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() })
            })
        }
    }

    /// Two accounts that each kept to NetSuite's limit would exceed it together; and a large one must
    /// not keep a small one waiting until it is through.
    #[tokio::test(start_paused = true)]
    async fn several_senders_share_the_places_and_none_waits_for_the_other_to_end() {
        let slow = Arc::new(Slow::default());
        let gate = Arc::new(Gate::new(2));
        gate.set(4);
        let sender = |name: &'static str, count: usize| {
            let to: Arc<dyn Transport> = Arc::<Slow>::clone(&slow);
            let own = Arc::new(Gated::new(to, Arc::clone(&gate)));
            // Each keeps four under way, as a push does.
            let lanes: Vec<_> = (0..4)
                .map(|_| {
                    let own = Arc::clone(&own);
                    tokio::spawn(async move {
                        for _ in 0..count / 4 {
                            own.send(HttpRequest::new(Method::Get, name)).await.unwrap();
                        }
                    })
                })
                .collect();
            lanes
        };
        let lanes = [sender("large", 40), sender("small", 8)];
        for lane in lanes.into_iter().flatten() {
            lane.await.unwrap();
        }
        assert_eq!(slow.most.load(Ordering::SeqCst), 4);
        let served = slow.served.lock().unwrap();
        let last = served.iter().rposition(|name| name == "small").unwrap();
        assert!(last < 20, "the small one was through after {last} of {}", served.len());
    }
}
