//! The crawl: many lists at once, each in disjoint windows, page by page into one bounded channel.
//!
//! Belongs here: which walks are under way. `list` walks one list with a cursor, `windows` cuts a
//! dated list where it is long and walks the pieces side by side. What is to be walked comes from a
//! feed, because what one list holds decides what else must be read. When the channel is full, the
//! walks wait (`outlet`): memory stays bounded by it and by a few pages.

mod list;
mod outlet;
mod windows;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

pub use self::list::OBJECTS_PER_PAGE;
use self::outlet::Outlet;
use super::batch::Batch;
use super::client::Client;
use super::error::StripeError;
use super::objects::ObjectError;
use super::resource::Resource;
use crate::calendar::Window;

/// Batches that may wait in the channel of a crawl: enough for the receiver to commit many at once,
/// few enough (of 100 objects) to fit in memory whatever they hold.
pub const BATCHES_WAITING_MAX: usize = 12;

/// Walks of one endpoint under way at once: at Stripe's rate for an endpoint, as many answers are
/// on their way when each takes half a second.
const WALKS_PER_ENDPOINT: usize = 12;

/// Which part of a resource to walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The whole list, or the singleton.
    Whole,
    /// What was created in these windows, which do not overlap.
    Windows(Vec<Window>),
    /// What was created in these windows and has this status.
    WithStatus(&'static str, Vec<Window>),
    /// The list that belongs to `parent`, from behind the object `after` on.
    Below { parent: String, after: Option<String> },
    /// The object with this id.
    One(String),
}

/// One list to walk, or one object to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    pub resource: Resource,
    pub part: Part,
}

impl Walk {
    /// The whole list, or the singleton.
    pub fn whole(resource: Resource) -> Self {
        Self { resource, part: Part::Whole }
    }

    /// What was created in `windows`.
    pub fn windows(resource: Resource, windows: Vec<Window>) -> Self {
        Self { resource, part: Part::Windows(windows) }
    }

    /// What was created in `windows` and has a status.
    pub fn with_status(resource: Resource, status: &'static str, windows: Vec<Window>) -> Self {
        Self { resource, part: Part::WithStatus(status, windows) }
    }

    /// The list that belongs to one object: the lines of an invoice, the members of a payout.
    pub fn below(resource: Resource, parent: impl Into<String>) -> Self {
        Self { resource, part: Part::Below { parent: parent.into(), after: None } }
    }

    /// One object again, because it may have changed.
    pub fn one(resource: Resource, id: impl Into<String>) -> Self {
        Self { resource, part: Part::One(id.into()) }
    }

    /// What Stripe limits together with it.
    fn endpoint(&self) -> (Resource, bool) {
        let resource = match self.resource {
            Resource::PayoutMembers => Resource::BalanceTransactions,
            other => other,
        };
        (resource, matches!(self.part, Part::One(_)))
    }
}

/// What a crawl hands on.
#[derive(Debug)]
pub enum Event {
    Batch(Batch),
    /// Everything of this walk was handed on before.
    Ended(Walk),
}

/// Why a crawl stopped. Batches that were sent before are good; a walk is complete only when its
/// end was sent.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    #[error(transparent)]
    Stripe(#[from] StripeError),
    #[error("{path}: an item of the list is no Stripe object: {cause}")]
    NotAnObject { path: String, cause: ObjectError },
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

/// Runs the walks of the feed until it is closed and the last one is done; the first error ends the
/// others.
///
/// The lines of an invoice or a credit note that holds only the first of them are fetched whole and
/// sent, below their parent, before the batch that holds the parent. So whoever sees a part of a
/// window as complete has all that belongs to it.
pub async fn crawl(
    client: &Arc<Client>,
    mut feed: mpsc::UnboundedReceiver<Walk>,
    sink: &mpsc::Sender<Event>,
) -> Result<(), CrawlError> {
    let outlet = Outlet::new(sink);
    let mut lanes: BTreeMap<(Resource, bool), Lane> = BTreeMap::new();
    let mut under_way = JoinSet::new();
    let mut is_fed = true;
    loop {
        for lane in lanes.values_mut() {
            while lane.under_way < WALKS_PER_ENDPOINT
                && let Some(walk) = lane.waiting.pop_front()
            {
                lane.under_way += 1;
                under_way.spawn(walk_to_its_end(Arc::clone(client), walk, outlet.clone()));
            }
        }
        tokio::select! {
            fed = feed.recv(), if is_fed => match fed {
                Some(walk) => lanes.entry(walk.endpoint()).or_default().waiting.push_back(walk),
                None => is_fed = false,
            },
            Some(ended) = under_way.join_next() => {
                let endpoint = ended??;
                lanes.entry(endpoint).or_default().under_way -= 1;
            }
            else => return Ok(()),
        }
    }
}

/// The walks of one endpoint.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Walk>,
    under_way: usize,
}

async fn walk_to_its_end(
    client: Arc<Client>,
    walk: Walk,
    outlet: Outlet,
) -> Result<(Resource, bool), CrawlError> {
    let endpoint = walk.endpoint();
    match &walk.part {
        Part::One(id) => list::single(&client, walk.resource, Some(id), &outlet).await?,
        Part::Whole if walk.resource.is_singleton() => {
            list::single(&client, walk.resource, None, &outlet).await?;
        }
        Part::Whole => list::whole(&client, walk.resource, &outlet).await?,
        Part::Below { parent, after } => {
            list::below(&client, walk.resource, parent, after.clone(), &outlet).await?;
        }
        Part::Windows(windows) => {
            windows::walk(&client, walk.resource, None, windows, &outlet).await?;
        }
        Part::WithStatus(status, windows) => {
            windows::walk(&client, walk.resource, Some(status), windows, &outlet).await?;
        }
    }
    outlet.end(walk).await?;
    Ok(endpoint)
}
