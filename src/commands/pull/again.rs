//! How objects that may have changed since they were read are read again, in the fewest requests: one by
//! one, in pieces of their list where they lie close together, or in lists of those with an open status.

use crate::calendar::{UnixTime, Window};
use crate::ledger::{Ledger, LedgerError, Watched};
use crate::stripe::crawl::{OBJECTS_PER_PAGE, Walk};
use crate::stripe::resource::Resource;

/// From so many objects on, the lists of those with an open status are read: a page of them takes as long
/// as one object. Fewer are not worth it, because the account may have many open ones that are not in the
/// ledger.
const LISTED_FROM: usize = 100;

/// What to ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Again {
    pub walks: Vec<Walk>,
    /// Objects that should be in the lists among the walks.
    pub listed: Vec<String>,
}

/// How to read objects of one list again that were made outside of `pulled`, whose lists are read whole.
pub(super) fn plan(
    ledger: &Ledger,
    resource: Resource,
    mut watched: Vec<Watched>,
    pulled: Window,
) -> Result<Again, LedgerError> {
    watched.sort_by_key(|one| one.created);
    let (Some(first), Some(last)) = (watched.first(), watched.last()) else {
        return Ok(Again::default());
    };
    let span = Window { since: first.created, until: UnixTime(last.created.0 + 1) };
    let statuses = resource.open_statuses();
    if !statuses.is_empty() && watched.len() >= LISTED_FROM {
        let windows: Vec<Window> = span.outside(pulled).collect();
        let list = |status: &&'static str| Walk::with_status(resource, status, windows.clone());
        let listed = watched.into_iter().map(|one| one.id).collect();
        return Ok(Again { walks: statuses.iter().map(list).collect(), listed });
    }
    let between = watched.windows(2).map(|two| {
        let (after, until) = (two[0].created, two[1].created);
        ledger.count_between(resource.kind(), after, until, OBJECTS_PER_PAGE)
    });
    let between = between.collect::<Result<Vec<usize>, _>>()?;
    Ok(in_pieces(resource, &watched, &between, pulled))
}

/// Pieces of the list that hold several of the objects, and the others one by one. `between` says how many
/// other objects of the list are known between each two of them, as far as a page.
fn in_pieces(resource: Resource, watched: &[Watched], between: &[usize], pulled: Window) -> Again {
    // One more page of a piece takes as long as another piece.
    let is_near = |place: usize| {
        let (one, next) = (&watched[place], &watched[place + 1]);
        let is_across = one.created < pulled.since && next.created >= pulled.until;
        resource.filters_created() && !is_across && between[place] < OBJECTS_PER_PAGE
    };
    let mut again = Again::default();
    let mut windows = Vec::new();
    let mut start = 0;
    for last in 0..watched.len() {
        if last + 1 < watched.len() && is_near(last) {
            continue;
        }
        let piece = &watched[start..=last];
        let others: usize = between[start..last].iter().sum();
        let pages = (piece.len() + others) / OBJECTS_PER_PAGE + 1;
        let ids = piece.iter().map(|one| one.id.clone());
        if piece.len() > pages {
            let until = UnixTime(watched[last].created.0 + 1);
            windows.push(Window { since: piece[0].created, until });
            again.listed.extend(ids);
        } else {
            again.walks.extend(ids.map(|id| Walk::one(resource, id)));
        }
        start = last + 1;
    }
    if !windows.is_empty() {
        again.walks.push(Walk::windows(resource, windows));
    }
    again
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::crawl::Part;

    fn watched(created: impl IntoIterator<Item = i64>) -> Vec<Watched> {
        let one = |created| Watched {
            kind: "refund".into(),
            id: format!("re_{created}"),
            created: UnixTime(created),
        };
        created.into_iter().map(one).collect()
    }

    fn window(since: i64, until: i64) -> Window {
        Window::new(UnixTime(since), UnixTime(until)).unwrap()
    }

    /// How many others there are between each two, of refunds of every ten seconds.
    fn between(watched: &[Watched]) -> Vec<usize> {
        let others = |two: &[Watched]| (two[1].created.0 - two[0].created.0) / 10 - 1;
        watched.windows(2).map(|two| usize::try_from(others(two)).unwrap()).collect()
    }

    /// Each object asked for by itself is a request, and a night has thousands of them.
    #[test]
    fn objects_close_together_are_read_as_a_piece_of_their_list() {
        let ones = watched((1_000..1_500).step_by(50).chain([9_000]));
        let again = in_pieces(Resource::Refunds, &ones, &between(&ones), window(20_000, 30_000));
        let one = Walk::one(Resource::Refunds, "re_9000");
        let piece = Walk::windows(Resource::Refunds, vec![window(1_000, 1_451)]);
        assert_eq!(again.walks, [one, piece]);
        assert_eq!(again.listed.len(), 10);
    }

    /// A long list for a few objects in it would be more requests, not fewer.
    #[test]
    fn objects_far_apart_are_read_one_by_one() {
        let ones = watched([0, 1_100, 2_200, 2_210]);
        let again = in_pieces(Resource::Refunds, &ones, &between(&ones), window(20_000, 30_000));
        let parts: Vec<&Part> = again.walks.iter().map(|walk| &walk.part).collect();
        assert_eq!(parts.len(), 3, "{parts:?}");
        assert_eq!(*parts[2], Part::Windows(vec![window(2_200, 2_211)]));
        assert_eq!(again.listed, ["re_2200", "re_2210"]);
    }

    /// What the pull reads anyway is not read twice.
    #[test]
    fn no_piece_reaches_over_the_window_of_the_pull() {
        let ones = watched([980, 990, 1_200, 1_210]);
        let again = in_pieces(Resource::Refunds, &ones, &between(&ones), window(1_000, 1_200));
        let pieces = vec![window(980, 991), window(1_200, 1_211)];
        assert_eq!(again.walks, [Walk::windows(Resource::Refunds, pieces)]);
    }
}
