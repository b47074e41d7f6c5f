//! Walking one list, newest first, with a cursor.
//!
//! Facts about Stripe's lists that this rests on: new objects appear before the first page, so an
//! upper bound in the past makes a walk stable; the filters must be sent with every page; the order
//! within one second is not documented; a cursor whose object was deleted fails the next page.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::{CrawlError, Walk, crawl};
use crate::stripe::batch::{Batch, RawObject, Scope};
use crate::stripe::client::Client;
use crate::stripe::error::ErrorKind;
use crate::stripe::resource::Resource;

/// The most that Stripe gives at once.
const OBJECTS_PER_PAGE: usize = 100;

/// A walk of two million objects takes an hour; a list that still goes on does not end.
const PAGES_MAX: usize = 20_000;

/// Pages without anything new, in a row, before a list counts as stuck.
const PAGES_WITHOUT_NEWS_MAX: usize = 10;

/// Cursors that vanish under one walk. Only drafts can be deleted, and seldom are.
const CURSORS_LOST_MAX: usize = 10;

/// Ids that are remembered to leave out what is shown twice. What repeats from farther back is
/// handed on again, which does no harm: storing an object twice changes nothing.
const IDS_REMEMBERED_MAX: usize = 10_000;

/// Walks to the end and sends what it finds.
pub(super) async fn run(
    client: Arc<Client>,
    walk: Walk,
    sink: mpsc::Sender<Batch>,
) -> Result<(), CrawlError> {
    match &walk.scope {
        Scope::One(id) => {
            let path = walk.resource.path_of(id);
            run_single(&client, &walk, &path, &sink).await
        }
        Scope::Whole if walk.resource.is_singleton() => {
            run_single(&client, &walk, &walk.resource.path(), &sink).await
        }
        _ => run_list(&client, &walk, &sink).await,
    }
}

async fn run_single(
    client: &Arc<Client>,
    walk: &Walk,
    path: &str,
    sink: &mpsc::Sender<Batch>,
) -> Result<(), CrawlError> {
    let mut query = Vec::new();
    expand(walk.resource, "", &mut query);
    let objects = match client.get(path, &query).await {
        Ok(json) => raw_objects(path, vec![json])?,
        Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    crawl(client, missing_lines(walk.resource, &objects), sink).await?;
    send(walk, objects, true, sink).await
}

async fn run_list(
    client: &Arc<Client>,
    walk: &Walk,
    sink: &mpsc::Sender<Batch>,
) -> Result<(), CrawlError> {
    let path = match &walk.scope {
        Scope::Parent(parent) => walk.resource.path_below(parent),
        _ => walk.resource.path(),
    };
    let mut place = Place::start(walk);
    let mut seen = Seen::default();
    let mut pages_without_news = 0;
    for _ in 0..PAGES_MAX {
        let page = match client.page(&path, &place.query(walk)).await {
            Err(error) if error.lost_cursor() && place.recover(walk.resource) => continue,
            answer => answer?,
        };
        let mut objects = raw_objects(&path, page.data)?;
        place.advance(&objects);
        objects.retain(|object| seen.is_new(&object.head.id));
        pages_without_news = if objects.is_empty() { pages_without_news + 1 } else { 0 };
        if page.has_more && pages_without_news > PAGES_WITHOUT_NEWS_MAX {
            return Err(CrawlError::Stuck { path });
        }
        crawl(client, missing_lines(walk.resource, &objects), sink).await?;
        send(walk, objects, !page.has_more, sink).await?;
        if !page.has_more {
            return Ok(());
        }
    }
    Err(CrawlError::Endless { path, pages: PAGES_MAX })
}

/// Where a walk stands.
struct Place {
    cursor: Option<String>,
    /// `created[lt]`; set where the walk has a window, and after a cursor was lost.
    until: Option<i64>,
    /// The `created` of the last object, newest first.
    oldest: Option<i64>,
    cursors_lost: usize,
}

impl Place {
    fn start(walk: &Walk) -> Self {
        let until = match &walk.scope {
            Scope::Window(window) => Some(window.until.0),
            _ => None,
        };
        Self { cursor: None, until, oldest: None, cursors_lost: 0 }
    }

    fn query(&self, walk: &Walk) -> Vec<(String, String)> {
        let mut query = vec![("limit".to_owned(), OBJECTS_PER_PAGE.to_string())];
        match &walk.scope {
            Scope::Window(window) => {
                query.push(("created[gte]".to_owned(), window.since.0.to_string()));
            }
            Scope::Parent(payout) if walk.resource == Resource::PayoutMembers => {
                query.push(("payout".to_owned(), payout.clone()));
            }
            _ => {}
        }
        if let Some(until) = self.until {
            query.push(("created[lt]".to_owned(), until.to_string()));
        }
        if let Some(cursor) = &self.cursor {
            query.push(("starting_after".to_owned(), cursor.clone()));
        }
        expand(walk.resource, "data.", &mut query);
        query
    }

    fn advance(&mut self, objects: &[RawObject]) {
        if let Some(object) = objects.last() {
            self.cursor = Some(object.head.id.clone());
            // Deleted objects and lines have no `created`.
            if object.head.created > 0 {
                self.oldest = Some(object.head.created);
            }
        }
    }

    /// Goes on without the cursor: from the second of the last object where the list can be
    /// filtered so, from its beginning where it cannot. What is shown twice is left out.
    fn recover(&mut self, resource: Resource) -> bool {
        self.cursors_lost += 1;
        self.cursor = None;
        if resource.filters_created() {
            self.until = self.oldest.map_or(self.until, |oldest| Some(oldest + 1));
        }
        self.cursors_lost <= CURSORS_LOST_MAX
    }
}

/// The ids that were shown lately.
#[derive(Default)]
struct Seen {
    ids: HashSet<String>,
    in_order: VecDeque<String>,
}

impl Seen {
    fn is_new(&mut self, id: &str) -> bool {
        if !self.ids.insert(id.to_owned()) {
            return false;
        }
        self.in_order.push_back(id.to_owned());
        if self.in_order.len() > IDS_REMEMBERED_MAX
            && let Some(forgotten) = self.in_order.pop_front()
        {
            self.ids.remove(&forgotten);
        }
        true
    }
}

fn expand(resource: Resource, prefix: &str, query: &mut Vec<(String, String)>) {
    let pair = |field: &&str| ("expand[]".to_owned(), format!("{prefix}{field}"));
    query.extend(resource.expansions().iter().map(pair));
}

fn raw_objects(path: &str, items: Vec<Box<RawValue>>) -> Result<Vec<RawObject>, CrawlError> {
    let read = |item| {
        RawObject::new(item).map_err(|cause| CrawlError::NotAnObject { path: path.into(), cause })
    };
    items.into_iter().map(read).collect()
}

/// The walks for objects that hold only the first of their lines.
fn missing_lines(resource: Resource, objects: &[RawObject]) -> Vec<Walk> {
    let Some(lines) = resource.lines() else { return Vec::new() };
    let cut = objects.iter().filter(|object| has_more_lines(&object.json));
    cut.map(|object| Walk::below(lines, object.head.id.clone())).collect()
}

fn has_more_lines(json: &str) -> bool {
    #[derive(Deserialize)]
    struct Peek {
        lines: Option<Inline>,
    }
    #[derive(Deserialize)]
    struct Inline {
        has_more: Option<bool>,
    }
    // Lines of another shape are the view's to complain about.
    let peek: Option<Peek> = serde_json::from_str(json).ok();
    peek.and_then(|peek| peek.lines?.has_more).unwrap_or(false)
}

async fn send(
    walk: &Walk,
    objects: Vec<RawObject>,
    last: bool,
    sink: &mpsc::Sender<Batch>,
) -> Result<(), CrawlError> {
    let batch = Batch { resource: walk.resource, scope: walk.scope.clone(), objects, last };
    sink.send(batch).await.map_err(|_| CrawlError::ReceiverGone)
}
