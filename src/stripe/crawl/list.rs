//! Walking one list, newest first, with a cursor.
//!
//! Facts about Stripe's lists that this rests on: new objects appear before the first page, so an
//! upper bound in the past makes a walk stable; the filters must be sent with every page; the order
//! within one second is not documented; a cursor whose object was deleted fails the next page.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::CrawlError;
use super::outlet::Outlet;
use crate::stripe::batch::{Batch, RawObject, Scope};
use crate::stripe::client::Client;
use crate::stripe::error::ErrorKind;
use crate::stripe::objects::ObjectError;
use crate::stripe::resource::Resource;

/// The most that Stripe gives at once.
pub const OBJECTS_PER_PAGE: usize = 100;

/// A walk of two million objects takes an hour; a list that still goes on does not end.
const PAGES_MAX: usize = 20_000;

/// Pages without anything new, in a row, before a list counts as stuck.
const PAGES_WITHOUT_NEWS_MAX: usize = 10;

/// Cursors that vanish under one walk. Only drafts can be deleted, and seldom are.
const CURSORS_LOST_MAX: usize = 10;

/// Ids that are remembered to leave out what is shown twice: of the last pages, by each of a hundred walks
/// at once. What repeats from farther back is handed on again, which does no harm: storing an object
/// twice changes nothing.
const IDS_REMEMBERED_MAX: usize = 3 * OBJECTS_PER_PAGE;

/// One object: by its id, or what the account has one of.
pub(super) async fn single(
    client: &Arc<Client>,
    resource: Resource,
    id: Option<&str>,
    outlet: &Outlet,
) -> Result<(), CrawlError> {
    let path = id.map_or_else(|| resource.path(), |id| resource.path_of(id));
    let mut query = Vec::new();
    expand(resource, "", &mut query);
    outlet.room().await;
    let objects = match client.get(&path, &query).await {
        Ok(json) => vec![RawObject::new(json).map_err(not_an_object(&path))?],
        Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    send_missing_lines(client, resource, &objects, outlet).await?;
    let scope = id.map_or(Scope::Whole, |id| Scope::One(id.to_owned()));
    outlet.send(Batch { resource, scope, objects, last: true }).await
}

/// A list from its beginning to its end.
pub(super) async fn whole(
    client: &Arc<Client>,
    resource: Resource,
    outlet: &Outlet,
) -> Result<(), CrawlError> {
    let pages = Pages::new(client, outlet, resource, resource.path(), Vec::new());
    to_the_end(pages, &Scope::Whole).await
}

/// The list that belongs to one object.
pub(super) async fn below(
    client: &Arc<Client>,
    resource: Resource,
    parent: &str,
    after: Option<String>,
    outlet: &Outlet,
) -> Result<(), CrawlError> {
    let filter = match resource {
        Resource::PayoutMembers => vec![("payout".to_owned(), parent.to_owned())],
        _ => Vec::new(),
    };
    let mut pages = Pages::new(client, outlet, resource, resource.path_below(parent), filter);
    pages.cursor = after;
    to_the_end(pages, &Scope::Parent(parent.to_owned())).await
}

async fn to_the_end(mut pages: Pages, scope: &Scope) -> Result<(), CrawlError> {
    loop {
        let page = pages.next().await?;
        send_missing_lines(&pages.client, pages.resource, &page.objects, &pages.outlet).await?;
        if pages.send(page, scope).await? {
            return Ok(());
        }
    }
}

/// The lines of one object, which have no lines themselves.
async fn lines_to_the_end(mut pages: Pages, parent: &Scope) -> Result<(), CrawlError> {
    loop {
        let page = pages.next().await?;
        if pages.send(page, parent).await? {
            return Ok(());
        }
    }
}

/// What one request brought.
pub(super) struct Page {
    /// Without what was shown before.
    pub(super) objects: Vec<RawObject>,
    pub(super) is_last: bool,
}

/// A list and the place in it.
pub(super) struct Pages {
    client: Arc<Client>,
    outlet: Outlet,
    resource: Resource,
    path: String,
    filter: Vec<(String, String)>,
    pub(super) cursor: Option<String>,
    /// `created[gte]`; may be raised while the list is walked.
    pub(super) since: Option<i64>,
    /// `created[lt]`; set where the walk has a window, and after a cursor was lost.
    pub(super) until: Option<i64>,
    /// The `created` of the last object, newest first.
    oldest: Option<i64>,
    cursors_lost: usize,
    seen: Seen,
    pages_without_news: usize,
    count: usize,
}

impl Pages {
    pub(super) fn new(
        client: &Arc<Client>,
        outlet: &Outlet,
        resource: Resource,
        path: String,
        filter: Vec<(String, String)>,
    ) -> Self {
        Self {
            client: Arc::clone(client),
            outlet: outlet.clone(),
            resource,
            path,
            filter,
            cursor: None,
            since: None,
            until: None,
            oldest: None,
            cursors_lost: 0,
            seen: Seen::default(),
            pages_without_news: 0,
            count: 0,
        }
    }

    /// The next page.
    pub(super) async fn next(&mut self) -> Result<Page, CrawlError> {
        let page = loop {
            if self.count >= PAGES_MAX {
                return Err(CrawlError::Endless { path: self.path.clone(), pages: PAGES_MAX });
            }
            self.count += 1;
            self.outlet.room().await;
            match self.client.page(&self.path, &self.query()).await {
                Err(error) if error.lost_cursor() && self.recover() => {}
                answer => break answer?,
            }
        };
        let mut objects = page.objects.map_err(not_an_object(&self.path))?;
        self.advance(&objects);
        objects.retain(|object| self.seen.is_new(object.id()));
        self.pages_without_news = if objects.is_empty() { self.pages_without_news + 1 } else { 0 };
        if page.has_more && self.pages_without_news > PAGES_WITHOUT_NEWS_MAX {
            return Err(CrawlError::Stuck { path: self.path.clone() });
        }
        Ok(Page { objects, is_last: !page.has_more })
    }

    /// Hands a page on; says whether it is the last.
    async fn send(&self, page: Page, scope: &Scope) -> Result<bool, CrawlError> {
        let Page { objects, is_last } = page;
        let batch = Batch { resource: self.resource, scope: scope.clone(), objects, last: is_last };
        self.outlet.send(batch).await?;
        Ok(is_last)
    }

    /// The second of the last object seen.
    pub(super) fn oldest(&self) -> Option<i64> {
        self.oldest
    }

    fn query(&self) -> Vec<(String, String)> {
        let mut query = vec![("limit".to_owned(), OBJECTS_PER_PAGE.to_string())];
        query.extend(self.filter.iter().cloned());
        if let Some(since) = self.since {
            query.push(("created[gte]".to_owned(), since.to_string()));
        }
        if let Some(until) = self.until {
            query.push(("created[lt]".to_owned(), until.to_string()));
        }
        if let Some(cursor) = &self.cursor {
            query.push(("starting_after".to_owned(), cursor.clone()));
        }
        expand(self.resource, "data.", &mut query);
        query
    }

    fn advance(&mut self, objects: &[RawObject]) {
        if let Some(object) = objects.last() {
            self.cursor = Some(object.id().to_owned());
            // Deleted objects and lines have no `created`.
            if object.head().created > 0 {
                self.oldest = Some(object.head().created);
            }
        }
    }

    /// Goes on without the cursor: from the second of the last object where the list can be
    /// filtered so, from its beginning where it cannot. What is shown twice is left out.
    fn recover(&mut self) -> bool {
        self.cursors_lost += 1;
        self.cursor = None;
        if self.resource.filters_created() {
            self.until = self.oldest.map_or(self.until, |oldest| Some(oldest + 1));
        }
        self.cursors_lost <= CURSORS_LOST_MAX
    }
}

/// The ids that were shown lately.
#[derive(Default)]
struct Seen {
    ids: HashSet<Arc<str>>,
    in_order: VecDeque<Arc<str>>,
}

impl Seen {
    fn is_new(&mut self, id: &str) -> bool {
        let id: Arc<str> = id.into();
        if !self.ids.insert(Arc::clone(&id)) {
            return false;
        }
        self.in_order.push_back(id);
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

fn not_an_object(path: &str) -> impl FnOnce(ObjectError) -> CrawlError {
    move |cause| CrawlError::NotAnObject { path: path.to_owned(), cause }
}

/// Fetches and sends the lines of objects that hold only the first of them.
pub(super) async fn send_missing_lines(
    client: &Arc<Client>,
    resource: Resource,
    objects: &[RawObject],
    outlet: &Outlet,
) -> Result<(), CrawlError> {
    let Some(lines) = resource.lines() else { return Ok(()) };
    let mut reading = JoinSet::new();
    for object in objects.iter().filter(|object| object.scan.lines_are_cut) {
        let parent = object.id().to_owned();
        let pages = Pages::new(client, outlet, lines, lines.path_below(&parent), Vec::new());
        reading.spawn(async move { lines_to_the_end(pages, &Scope::Parent(parent)).await });
    }
    while let Some(ended) = reading.join_next().await {
        ended??;
    }
    Ok(())
}
