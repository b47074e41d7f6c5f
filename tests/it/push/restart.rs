//! NetSuite itself dies in the middle of a push, and comes back: again and again.

use std::net::TcpListener;
use std::time::Duration;

use crate::support::cli::{Sandbox, Tieout};

/// A port that nobody has just now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Were a record lost with the server that had taken it, or sent again to the one that came back
/// though the first had saved it, the books would not tie.
#[test]
fn a_netsuite_that_is_killed_and_restarted_ends_with_the_same_books() {
    let folder = tempfile::tempdir().unwrap();
    let ports = [free_port(), free_port()];
    let mut sandbox = Sandbox::start_on(folder.path(), ports);
    let tieout = Tieout::new(folder.path());
    let pulled = tieout.run(&["pull", "--since", "2026-06-01", "--until", "2026-10-01"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    let mut deaths = 0;
    let mut push = tieout.start(&["push"]);
    while push.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(400 + 130 * (deaths % 5)));
        // Dropping it sends SIGKILL.
        drop(sandbox);
        sandbox = Sandbox::start_on(folder.path(), ports);
        deaths += 1;
    }
    assert!(deaths >= 2, "it was too quick to be killed");
    let last = tieout.run(&["push"]);
    assert_eq!(last.code, 0, "{last:?}");
    let plan = tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post: 616 records"), "{plan:?}");
    assert_eq!(tieout.run(&["verify"]).code, 0);
    let report = tieout.run(&["report", "tieout"]);
    assert!(report.stdout.contains("Everything ties out"), "{report:?}");
    drop(sandbox);
}
