//! The kill matrix on the binary itself: `tieout push` is killed, by SIGKILL, before and after a
//! request, again and again; and so is the NetSuite that it talks to. What a company's books are
//! then is compared with those of a push that nobody disturbed.
//!
//! `kill` does the same between commits too, on the parts of a push in a process of their own.
//! `TIEOUT_KILL_MATRIX=all` moves on by one moment at a time here, in CI it takes larger steps.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use tieout::calendar::{Clock, SystemClock};
use tieout::sandbox::netsuite::{NetSuite, Setup};

use crate::support::cli::{Sandbox, Tieout, free_port, quick_folder};
use crate::support::gateway::Gateway;
use crate::support::house::{BASE, InProcess, Key, first_difference, state};

/// More than 300 records.
const COMPANY: [&str; 2] = ["--charges", "100"];
const PULL: [&str; 3] = ["pull", "--since", "2026-01-01"];

/// What the books in a folder hold, read when nobody serves them.
fn books(folder: &Path) -> Vec<String> {
    let key = Key::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let setup = Setup::demo().with_client(key.setup.clone());
    let netsuite = NetSuite::open(Some(&folder.join("netsuite.db")), &setup).unwrap();
    let client = key.client(Arc::new(InProcess(netsuite.router())), BASE, &clock, 4);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(state(&client))
}

/// The books of the same company when nobody is killed, and how many moments its push has.
fn undisturbed() -> (Vec<String>, i64) {
    let folder = quick_folder();
    let sandbox = Sandbox::start_with(folder.path(), &COMPANY);
    let gateway = Gateway::to(&sandbox.netsuite_url);
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&PULL).code, 0);
    let pushed = tieout.run(&["--netsuite-base-url", &gateway.url, "push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    drop(sandbox);
    (books(folder.path()), gateway.moments())
}

fn kill(process: u32) {
    let sent = Command::new("kill").args(["-KILL", &process.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "no signal was sent");
}

fn step() -> i64 {
    match std::env::var("TIEOUT_KILL_MATRIX").as_deref() {
        Ok("all") => 1,
        Ok(every) => every.parse().unwrap(),
        Err(_) => 17,
    }
}

/// Nothing is left to do, and the books are the undisturbed ones.
fn check(tieout: &Tieout, sandbox: Sandbox, folder: &Path, expected: &[String]) {
    let records = expected.iter().filter(|line| line.contains("recordtype")).count();
    assert!(records >= 200, "only {records} posting records");
    let plan = tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post"), "{plan:?}");
    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    drop(sandbox);
    assert_eq!(first_difference(expected, &books(folder)), None);
}

/// Each push of a chain gets a little further than the one before it. Were anything sent twice, lost
/// or left behind by any of the kills, the books would differ at the end.
#[test]
fn a_push_that_is_killed_before_and_after_requests_is_finished_by_the_next() {
    let (expected, moments) = undisturbed();
    let folder = quick_folder();
    let sandbox = Sandbox::start_with(folder.path(), &COMPANY);
    let gateway = Gateway::to(&sandbox.netsuite_url);
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&PULL).code, 0);
    // What a push asks before it sends anything.
    let refused = tieout.run(&["--netsuite-base-url", &gateway.url, "push", "--max-changes", "0"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    let (start, step, mut kills) = (gateway.moments(), step(), 0);
    for round in 0.. {
        let mut push = tieout.start(&["--netsuite-base-url", &gateway.url, "push"]);
        let process = push.id();
        // The first ones die while they look around, the others after the requests that follow.
        let at = if round < 10 { 1 + round * start / 10 } else { start + round % 3 + step };
        gateway.arm(at, move || {
            kill(process);
            None
        });
        let ended = push.wait().unwrap().code();
        gateway.disarm();
        gateway.settle();
        if ended.is_some() {
            assert_eq!(ended, Some(0), "after {kills} kills");
            break;
        }
        kills += 1;
        assert!(kills <= moments * 2, "no end");
    }
    println!("{kills} kills of the binary; an undisturbed push has {moments} moments");
    assert!(kills >= 40, "only {kills} kills");
    check(&tieout, sandbox, folder.path(), &expected);
}

/// Each push of a chain goes on while the server dies under it and comes back. Were a record lost
/// with the server that had taken it, or sent again to the one that came back though the first had
/// saved it, the books would differ.
#[test]
fn a_netsuite_that_is_killed_before_and_after_requests_ends_with_the_same_books() {
    let (expected, moments) = undisturbed();
    let folder = quick_folder();
    let ports = [free_port(), free_port()].map(|port| port.to_string());
    let on = ["--stripe-port", &ports[0], "--netsuite-port", &ports[1]];
    let arguments: Vec<String> = COMPANY.iter().chain(&on).map(|text| (*text).to_owned()).collect();
    let (path, arguments) = (folder.path().to_owned(), arguments);
    let start = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Sandbox::start_with(&path, &arguments)
    };
    let sandbox = start();
    let gateway = Gateway::to(&sandbox.netsuite_url);
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&PULL).code, 0);
    let sandbox = Arc::new(Mutex::new(Some(sandbox)));
    // More room between deaths than between kills: what dies while it is looked up costs a wait.
    let (step, deaths) = (2 * step() + 3, Arc::new(AtomicI64::new(0)));
    let (served, count) = (Arc::clone(&sandbox), Arc::clone(&deaths));
    gateway.arm(5, move || {
        let mut served = served.lock().unwrap();
        // Dropping it sends SIGKILL.
        drop(served.take());
        *served = Some(start());
        Some(step + count.fetch_add(1, Ordering::SeqCst) % 3)
    });
    // A look-up that meets one dying server after the other gives up, and the push with it.
    let transient = [5, 8];
    loop {
        let pushed = tieout.run(&["--netsuite-base-url", &gateway.url, "push"]);
        if pushed.code == 0 {
            break;
        }
        assert!(transient.contains(&pushed.code), "{pushed:?}");
    }
    gateway.disarm();
    let deaths = deaths.load(Ordering::SeqCst);
    println!("{deaths} deaths of NetSuite; an undisturbed push has {moments} moments");
    assert!(deaths >= 25, "only {deaths} deaths");
    let sandbox = sandbox.lock().unwrap().take().unwrap();
    check(&tieout, sandbox, folder.path(), &expected);
}
