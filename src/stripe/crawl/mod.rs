//! The crawl: many lists and windows at once, each walked page by page into one bounded channel.
//!
//! Belongs here: which walks there are, and running them side by side. Walking one list is
//! `walk`'s business. When the channel is full, the walks wait: memory stays bounded by it and by
//! one page per walk.

mod plan;
mod walk;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::batch::{Batch, Scope};
use super::client::Client;
use super::error::StripeError;
use super::resource::Resource;
use crate::net::transport::BoxFuture;

pub use plan::{WINDOWS_PER_LIST_MAX, plan_walks, plan_windows};

/// Batches that may wait in the channel of a crawl: enough for the receiver to commit many at once,
/// few enough (of 100 objects) to fit in memory whatever they hold.
pub const BATCHES_WAITING_MAX: usize = 64;

/// Walks under way at once: more than the client's permits, so that it never idles.
const WALKS_AT_ONCE: usize = 32;

/// One list to walk, or one object to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    pub resource: Resource,
    pub scope: Scope,
}

impl Walk {
    /// The whole list, or the singleton.
    pub fn whole(resource: Resource) -> Self {
        Self { resource, scope: Scope::Whole }
    }

    /// The list that belongs to one object: the lines of an invoice, the members of a payout.
    pub fn below(resource: Resource, parent: impl Into<String>) -> Self {
        Self { resource, scope: Scope::Parent(parent.into()) }
    }

    /// One object again, because it may have changed.
    pub fn one(resource: Resource, id: impl Into<String>) -> Self {
        Self { resource, scope: Scope::One(id.into()) }
    }
}

/// Why a crawl stopped. Batches that were sent before are good; a scope is complete only when its
/// last batch was sent.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error("{path}: an item of the list is no Stripe object: {cause}")]
    NotAnObject { path: String, cause: serde_json::Error },
    #[error("{path}: the list goes on after {pages} pages\nhint: pull a shorter window")]
    Endless { path: String, pages: usize },
    #[error("{path}: the list says that it goes on, but shows the same objects again and again")]
    Stuck { path: String },
    /// The receiver's own error says why.
    #[error("what was read could not be handed on")]
    ReceiverGone,
    #[error("reading was interrupted: {0}")]
    Interrupted(#[from] JoinError),
}

impl CrawlError {
    /// Whether the same crawl may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Stripe(error) if error.is_transient())
    }
}

/// Runs all walks and returns when the last is done; the first error ends the others.
///
/// The lines of an invoice or a credit note that holds only the first of them are fetched whole and
/// sent, below their parent, before the batch that holds the parent. So whoever sees the last batch
/// of a window has all that belongs to it.
pub fn crawl<'a>(
    client: &'a Arc<Client>,
    walks: Vec<Walk>,
    sink: &'a mpsc::Sender<Batch>,
) -> BoxFuture<'a, Result<(), CrawlError>> {
    // Boxed because a walk crawls in turn for the lines of what it finds.
    Box::pin(async move {
        let mut waiting = walks.into_iter();
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < WALKS_AT_ONCE
                && let Some(next) = waiting.next()
            {
                under_way.spawn(walk::run(Arc::clone(client), next, sink.clone()));
            }
            match under_way.join_next().await {
                Some(ended) => ended??,
                None => return Ok(()),
            }
        }
    })
}
