//! Walking a dated list in pieces side by side.
//!
//! A cursor is sequential, windows are not. How long a list is nobody says, so it is cut while it is
//! walked: after each page the objects per second that a piece showed say how much of it is left,
//! and an idle walker takes over the older half of the longest one. A short list costs one request;
//! a long one soon has as many pieces as walkers, and all of them end together.
//!
//! Each batch says which part of the window it completes: from the second after its oldest object
//! up to where the page before it ended. A crawl that is killed goes on from there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::CrawlError;
use super::list::{OBJECTS_PER_PAGE, Pages, send_missing_lines};
use super::outlet::Outlet;
use crate::calendar::{UnixTime, Window};
use crate::stripe::batch::{Batch, Scope};
use crate::stripe::client::Client;
use crate::stripe::resource::Resource;

/// Walkers per list: enough for Stripe's rate of an endpoint when each answer takes 400 ms.
const WALKERS_MAX: usize = 10;

/// A piece with fewer objects left is not worth another request at its cut.
const OBJECTS_LEFT_MIN: i128 = 5 * OBJECTS_PER_PAGE as i128 / 2;

/// Walks what was created in `windows`, all of it or what has a status.
pub(super) async fn walk(
    client: &Arc<Client>,
    resource: Resource,
    status: Option<&'static str>,
    windows: &[Window],
    outlet: &Outlet,
) -> Result<(), CrawlError> {
    let list = Arc::new(List::new(windows));
    let mut walkers = JoinSet::new();
    loop {
        while walkers.len() < WALKERS_MAX
            && let Some(piece) = list.take()
        {
            let walker = Walker {
                client: Arc::clone(client),
                resource,
                status,
                list: Arc::clone(&list),
                outlet: outlet.clone(),
            };
            walkers.spawn(walker.walk(piece));
        }
        tokio::select! {
            Some(ended) = walkers.join_next() => ended??,
            () = list.moved.notified(), if !walkers.is_empty() => {}
            else => return Ok(()),
        }
    }
}

/// The pieces of one list.
struct List {
    pieces: Mutex<Pieces>,
    /// A walker got on, so there may be something to take over.
    moved: Notify,
}

#[derive(Default)]
struct Pieces {
    waiting: Vec<Window>,
    under_way: Vec<Piece>,
    next: u64,
}

/// A piece under way: `since..position` is left of it.
#[derive(Debug, Clone, Copy)]
struct Piece {
    number: u64,
    since: i64,
    position: i64,
    /// Objects on the last page, and the seconds that it covered.
    seen: i64,
    walked: i64,
}

impl Piece {
    /// How many objects are left if it goes on as on the last page. Bills of a month are made in a
    /// minute, so what came before says little.
    fn left(&self) -> i128 {
        let seconds_left = i128::from(self.position - self.since);
        i128::from(self.seen) * seconds_left / i128::from(self.walked.max(1))
    }
}

impl List {
    fn new(windows: &[Window]) -> Self {
        // The newest window is the last of the stack, so it is walked first.
        let mut waiting = windows.to_vec();
        waiting.sort_by_key(|window| window.since);
        let pieces = Pieces { waiting, ..Pieces::default() };
        Self { pieces: Mutex::new(pieces), moved: Notify::new() }
    }

    /// A piece for an idle walker: one that waits, or the older half of the longest under way.
    fn take(&self) -> Option<Piece> {
        let mut pieces = self.lock();
        let window = match pieces.waiting.pop() {
            Some(window) => (window.since.0, window.until.0),
            None => {
                let longest = pieces.under_way.iter_mut().max_by_key(|piece| piece.left())?;
                let room = longest.position - longest.since;
                if longest.left() < OBJECTS_LEFT_MIN || room < 2 {
                    return None;
                }
                let (since, cut) = (longest.since, longest.since + room / 2);
                longest.since = cut;
                (since, cut)
            }
        };
        let (since, until) = window;
        let number = pieces.next;
        pieces.next += 1;
        let piece = Piece { number, since, position: until, seen: 0, walked: 0 };
        pieces.under_way.push(piece);
        Some(piece)
    }

    /// Notes that a walker has everything of its piece from `position` on, and gives back where the
    /// piece begins by now.
    fn moved_to(&self, number: u64, position: i64, seen: usize) -> i64 {
        let mut pieces = self.lock();
        let own = pieces.under_way.iter_mut().find(|piece| piece.number == number);
        let own = own.expect("a piece is under way until its walker ends");
        let position = position.max(own.since);
        own.walked = own.position - position;
        own.position = position;
        own.seen = i64::try_from(seen).unwrap_or(i64::MAX);
        let since = own.since;
        drop(pieces);
        self.moved.notify_one();
        since
    }

    /// Where the piece begins by now: an idle walker may have taken its older half.
    fn since(&self, number: u64) -> i64 {
        let pieces = self.lock();
        let own = pieces.under_way.iter().find(|piece| piece.number == number);
        own.map_or(i64::MAX, |piece| piece.since)
    }

    fn end(&self, number: u64) {
        self.lock().under_way.retain(|piece| piece.number != number);
        self.moved.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Pieces> {
        // Every change is one statement, so a panic elsewhere cannot have torn them.
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Walks one piece.
struct Walker {
    client: Arc<Client>,
    resource: Resource,
    status: Option<&'static str>,
    list: Arc<List>,
    outlet: Outlet,
}

impl Walker {
    async fn walk(self, piece: Piece) -> Result<(), CrawlError> {
        let filter = self.status.map(|status| ("status".to_owned(), status.to_owned()));
        let filter = filter.into_iter().collect();
        let mut pages =
            Pages::new(&self.client, &self.outlet, self.resource, self.resource.path(), filter);
        pages.until = Some(piece.position);
        let mut upper = piece.position;
        loop {
            pages.since = Some(self.list.since(piece.number));
            let mut page = pages.next().await?;
            let reached = match pages.oldest() {
                _ if page.is_last => i64::MIN,
                Some(oldest) => oldest + 1,
                None => upper,
            };
            let since = self.list.moved_to(piece.number, reached, page.objects.len());
            // What lies before the piece's beginning is another walker's by now.
            page.objects.retain(|object| !(1..since).contains(&object.head().created));
            let lower = reached.max(since);
            let is_last = page.is_last || lower == since;
            send_missing_lines(&self.client, self.resource, &page.objects, &self.outlet).await?;
            let window = Window { since: UnixTime(lower), until: UnixTime(upper.max(lower)) };
            let batch = Batch {
                resource: self.resource,
                scope: self.status.map_or(Scope::Window(window), Scope::WithStatus),
                objects: page.objects,
                last: is_last,
            };
            self.outlet.send(batch).await?;
            if is_last {
                self.list.end(piece.number);
                return Ok(());
            }
            upper = lower;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(since: i64, until: i64) -> Window {
        Window { since: UnixTime(since), until: UnixTime(until) }
    }

    #[test]
    fn the_longest_piece_is_cut_and_no_second_is_lost_or_walked_twice() {
        let list = List::new(&[window(0, 10_000)]);
        let first = list.take().unwrap();
        assert!(list.take().is_none(), "nothing is known about its length yet");
        // 100 objects in 100 seconds: 9,900 are left.
        assert_eq!(list.moved_to(first.number, 9_900, 100), 0);
        let second = list.take().unwrap();
        assert_eq!((second.since, second.position), (0, 4_950));
        assert_eq!(list.since(first.number), 4_950);
        // The second knows nothing of its own length, so the first is cut again.
        let third = list.take().unwrap();
        assert_eq!((third.since, third.position), (4_950, 7_425));
        list.end(first.number);
        assert!(list.take().is_none());
    }

    #[test]
    fn a_short_piece_is_left_whole() {
        let list = List::new(&[window(0, 10_000)]);
        let piece = list.take().unwrap();
        list.moved_to(piece.number, 3_000, 100);
        assert!(list.take().is_none(), "about 43 objects are left");
    }

    /// A walk that answers with objects older than its cut must not call them its own.
    #[test]
    fn a_cut_below_the_position_ends_the_piece_at_the_cut() {
        let list = List::new(&[window(0, 1_000)]);
        let piece = list.take().unwrap();
        list.moved_to(piece.number, 900, 1_000);
        let taken = list.take().unwrap();
        assert_eq!(taken.position, 450);
        assert_eq!(list.moved_to(piece.number, 300, 100), 450);
    }
}
