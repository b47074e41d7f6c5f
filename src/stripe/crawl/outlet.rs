//! Where the walks hand on what they read, and how many answers wait there at the most.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::{CrawlError, Event, Walk};
use crate::stripe::batch::Batch;

/// Answers that walks hold until they are taken, before no walk asks for more: those that are on their
/// way by then come besides. A page of a hundred objects is a quarter of a megabyte, and there are more
/// than a hundred walks.
const HELD_MAX: usize = 16;

/// The way out of a crawl, the same for all its walks.
#[derive(Clone)]
pub(super) struct Outlet {
    events: mpsc::Sender<Event>,
    held: Arc<Semaphore>,
}

impl Outlet {
    pub(super) fn new(events: &mpsc::Sender<Event>) -> Self {
        Self { events: events.clone(), held: Arc::new(Semaphore::new(HELD_MAX)) }
    }

    /// Waits until there is room for an answer: before it is asked for.
    pub(super) async fn room(&self) {
        let _there_is = self.held.acquire().await;
    }

    /// Hands on what an answer brought.
    pub(super) async fn send(&self, batch: Batch) -> Result<(), CrawlError> {
        let _held = self.held.acquire().await;
        self.hand_on(Event::Batch(batch)).await
    }

    /// Says that everything of a walk was handed on.
    pub(super) async fn end(&self, walk: Walk) -> Result<(), CrawlError> {
        self.hand_on(Event::Ended(walk)).await
    }

    async fn hand_on(&self, event: Event) -> Result<(), CrawlError> {
        self.events.send(event).await.map_err(|_| CrawlError::ReceiverGone)
    }
}
