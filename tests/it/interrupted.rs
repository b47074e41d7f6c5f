//! A push that is stopped at any moment is finished by the next one: nothing twice, nothing lost.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::support::cli::{Sandbox, Tieout};

/// Sends `signal` to a push again and again, a little later each time, and then lets one finish.
fn interrupt_again_and_again(signal: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let pulled = tieout.run(&["pull", "--since", "2026-06-01", "--until", "2026-10-01"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    for round in 1..=6 {
        let mut push = tieout.start(&["push"]);
        sleep(Duration::from_millis(60 * round));
        let sent = Command::new("kill").args([signal, &push.id().to_string()]).status();
        assert!(sent.is_ok(), "no signal was sent");
        push.wait().expect("the push ends");
    }
    let last = tieout.run(&["push"]);
    assert_eq!(last.code, 0, "{last:?}");
    let plan = tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post: 616 records"), "{plan:?}");
    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let report = tieout.run(&["report", "tieout"]);
    assert!(report.stdout.contains("Everything ties out"), "{report:?}");
}

#[test]
fn a_killed_push_is_finished_by_the_next_one() {
    interrupt_again_and_again("-KILL");
}

#[test]
fn a_push_that_is_asked_to_stop_is_finished_by_the_next_one() {
    interrupt_again_and_again("-TERM");
}
