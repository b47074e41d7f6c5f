//! Cutting a pull into walks that can go side by side: a cursor is sequential, windows are not.

use super::Walk;
use crate::calendar::{UnixTime, Window};
use crate::stripe::batch::Scope;
use crate::stripe::resource::Resource;

/// As many windows per list keep an endpoint at its rate; more only cost requests.
pub const WINDOWS_PER_LIST_MAX: u32 = 8;

/// Shorter windows are walked in few pages by almost every account, and each window costs a request
/// even when it is empty.
const WINDOW_SECONDS_MIN: i64 = 4 * 24 * 3600;

/// Cuts `window` into equal half-open windows without gap or overlap, newest first.
pub fn plan_windows(window: Window) -> Vec<Window> {
    let since = window.since.0;
    let span = window.until.0 - since;
    let pieces = (span / WINDOW_SECONDS_MIN).clamp(1, i64::from(WINDOWS_PER_LIST_MAX));
    let bound =
        |piece: i64| UnixTime(since + span / pieces * piece + span % pieces * piece / pieces);
    let cut = |piece| Window { since: bound(piece), until: bound(piece + 1) };
    (0..pieces).rev().map(cut).collect()
}

/// The walks for `resources` in `window`. Windows of different lists alternate, so that all
/// endpoints are busy from the start.
pub fn plan_walks(resources: &[Resource], window: Window) -> Vec<Walk> {
    let whole = resources.iter().filter(|resource| !resource.filters_created());
    let mut walks: Vec<Walk> = whole.copied().map(Walk::whole).collect();
    for window in plan_windows(window) {
        let lists = resources.iter().filter(|resource| resource.filters_created());
        walks.extend(lists.map(|&resource| Walk { resource, scope: Scope::Window(window) }));
    }
    walks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_second_is_lost_or_walked_twice(since in 0_i64..4_000_000_000, span in 1_i64..2_000_000_000) {
            let window = Window { since: UnixTime(since), until: UnixTime(since + span) };
            let windows = plan_windows(window);
            prop_assert!(windows.len() <= WINDOWS_PER_LIST_MAX as usize);
            prop_assert_eq!(windows[0].until, window.until);
            prop_assert_eq!(windows[windows.len() - 1].since, window.since);
            for pair in windows.windows(2) {
                prop_assert_eq!(pair[0].since, pair[1].until);
            }
            for piece in windows {
                prop_assert!(piece.since < piece.until);
            }
        }
    }

    #[test]
    fn a_night_costs_one_window_per_list() {
        let day = Window { since: UnixTime(0), until: UnixTime(86_400) };
        assert_eq!(plan_windows(day), [day]);
        let walks = plan_walks(&[Resource::Account, Resource::Charges, Resource::Refunds], day);
        assert_eq!(walks[0], Walk::whole(Resource::Account));
        assert_eq!(walks.len(), 3);
    }
}
