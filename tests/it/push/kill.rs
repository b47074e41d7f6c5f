//! The kill matrix: the process is killed before and after every request and every commit of a push,
//! and the next one finishes it. What is killed is a real process, by SIGKILL.
//!
//! A commit of the ledger begins by asking the clock, so that a kill at that moment is a kill before
//! the commit; the moment after it is the next request or the next commit's beginning.
//! `TIEOUT_KILL_MATRIX=all` kills at every single moment in a run of its own (1,891 of them, an hour or two),
//! `=N` at every N-th; without it one long chain of runs is killed again and again until it is
//! through. `process` does it to the binary itself.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tieout::calendar::{Clock, FixedClock, UnixTime};
use tieout::net::http::HttpTransport;
use tieout::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::netsuite::NetSuite;

use crate::support::cli::quick_folder;
use crate::support::house::{
    BASE, House, InProcess, Key, NOW, copy, first_difference, netsuite, prepare, state,
};

/// Charges of the company whose push is killed: more than 300 records.
const CHARGES: usize = 110;
/// Kills of the usual chain, at least.
const KILLS: i64 = 250;
/// Moments before the first request that changes something, about: the references, what is in doubt.
const START: i64 = 40;

/// Burns down by one at every moment, and ends the process at zero.
#[derive(Clone)]
struct Fuse(Arc<AtomicI64>);

impl Fuse {
    fn burn(&self) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            let own = std::process::id().to_string();
            let _sent = Command::new("kill").args(["-KILL", &own]).status();
            // The signal is on its way; nothing may happen meanwhile.
            loop {
                std::thread::park();
            }
        }
    }
}

struct FusedClock(Fuse);

impl Clock for FusedClock {
    fn now(&self) -> UnixTime {
        self.0.burn();
        NOW
    }
}

struct FusedTransport(Fuse, HttpTransport);

impl Transport for FusedTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            self.0.burn();
            let answer = self.1.send(request).await;
            self.0.burn();
            answer
        })
    }
}

/// What runs in the process that is killed; says how many moments it had when it is not.
#[test]
#[ignore = "started by the kill matrix, in a process of its own"]
fn child() {
    let folder = std::env::var("TIEOUT_KILL_FOLDER").unwrap();
    let url = std::env::var("TIEOUT_KILL_URL").unwrap();
    let moments: i64 = std::env::var("TIEOUT_KILL_AT").unwrap().parse().unwrap();
    let folder = Path::new(&folder);
    let key = Key::of(std::fs::read_to_string(folder.join("key.pem")).unwrap());
    let from_send = std::env::var("TIEOUT_KILL_FROM").is_ok_and(|from| from == "send");
    let fuse = Fuse(Arc::new(AtomicI64::new(if from_send { i64::MAX } else { moments })));
    let clock: Arc<dyn Clock> = Arc::new(FusedClock(fuse.clone()));
    let transport = Arc::new(FusedTransport(fuse.clone(), HttpTransport::new()));
    let client = key.client(transport, &url, &clock, 4);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut house = House::open(folder, client, clock).await;
        house.resolve().await.unwrap();
        let built = house.plan();
        if from_send {
            fuse.0.store(moments, Ordering::SeqCst);
        }
        let pushed = house.send(&built.changes).await;
        assert!(pushed.failed.is_empty(), "{:?}", pushed.failed);
        assert!(pushed.in_doubt.is_empty(), "{:?}", pushed.in_doubt);
    });
    let used = moments - fuse.0.load(Ordering::SeqCst);
    std::fs::write(folder.join("moments"), used.to_string()).unwrap();
}

/// From where the moments until a kill are counted.
#[derive(Clone, Copy, PartialEq)]
enum From {
    /// The beginning: looking up what an earlier run left behind is under way.
    Start,
    /// The first request that changes something.
    Send,
}

/// Runs a push in a process of its own; `true` when it was killed.
fn run(folder: &Path, address: SocketAddr, from: From, moments: i64) -> bool {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "push::kill::child", "--ignored", "--nocapture"])
        .env("TIEOUT_KILL_FOLDER", folder)
        .env("TIEOUT_KILL_URL", format!("http://{address}"))
        .env("TIEOUT_KILL_AT", moments.to_string())
        .env("TIEOUT_KILL_FROM", if from == From::Send { "send" } else { "start" })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    if output.status.success() {
        return false;
    }
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(signal, Some(9), "killed at {moments}: {said}");
    true
}

/// Keeps an embedded NetSuite on loopback until it is dropped.
struct Served {
    address: SocketAddr,
    netsuite: NetSuite,
    stop: Arc<tokio::sync::Notify>,
    thread: Option<std::thread::JoinHandle<()>>,
}

fn serve(key: &Key) -> Served {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
    let netsuite = netsuite(key, &clock);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let (served, stop) = (netsuite.clone(), Arc::new(tokio::sync::Notify::new()));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            tokio::select! {
                () = stopped.notified() => {}
                ended = served.serve(listener) => ended.unwrap(),
            }
        });
    });
    Served { address, netsuite, stop, thread: Some(thread) }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.notify_one();
        let _ended = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

/// What the books hold, read without the network.
fn books(netsuite: &NetSuite, key: &Key) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
    let client = key.client(Arc::new(InProcess(netsuite.router())), BASE, &clock, 4);
    runtime.block_on(state(&client))
}

/// A folder with a derived ledger and the key.
fn prepared(key: &Key) -> tempfile::TempDir {
    let folder = quick_folder();
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
    let netsuite = netsuite(key, &clock);
    let client = key.client(Arc::new(InProcess(netsuite.router())), BASE, &clock, 4);
    let company = generate(&CompanySpec::with_charges(CHARGES, 5));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(prepare(&company, folder.path(), &client, &clock));
    std::fs::write(folder.path().join("key.pem"), key.pem()).unwrap();
    folder
}

/// Pushes without a kill: the books that every other way must give, and how many moments it has.
fn undisturbed(key: &Key, prepared: &Path) -> (Vec<String>, i64) {
    let folder = quick_folder();
    copy(prepared, folder.path());
    let served = serve(key);
    assert!(!run(folder.path(), served.address, From::Start, i64::MAX), "nothing kills this one");
    let moments = std::fs::read_to_string(folder.path().join("moments")).unwrap();
    (books(&served.netsuite, key), moments.parse().unwrap())
}

fn check(expected: &[String], found: &[String], when: &str) {
    let records = expected.iter().filter(|line| line.contains("recordtype")).count();
    assert!(records >= 300, "only {records} records");
    assert_eq!(first_difference(expected, found), None, "{when}");
}

/// Every moment has a run of its own, from the beginning to the kill and then to the end.
fn matrix(every: usize) -> String {
    let key = Key::new();
    let prepared = prepared(&key);
    let (expected, moments) = undisturbed(&key, prepared.path());
    let mut killed = 0;
    for at in (1..=moments).step_by(every) {
        let folder = quick_folder();
        copy(prepared.path(), folder.path());
        let served = serve(&key);
        // Which moment is which shifts a little with the scheduling of parallel requests.
        killed += usize::from(run(folder.path(), served.address, From::Start, at));
        assert!(!run(folder.path(), served.address, From::Start, i64::MAX), "the second run ends");
        check(&expected, &books(&served.netsuite, &key), &format!("killed at moment {at}"));
    }
    format!("killed at {killed} of {moments} moments, each time with the same books")
}

/// One company, killed hundreds of times on its way into NetSuite: were anything posted twice, lost
/// or left behind by any of the kills, its books would differ.
#[test]
fn a_push_that_is_killed_at_any_moment_is_finished_by_the_next() {
    if let Ok(every) = std::env::var("TIEOUT_KILL_MATRIX") {
        let every = if every == "all" { 1 } else { every.parse().unwrap() };
        println!("{}", matrix(every));
        return;
    }
    let key = Key::new();
    let folder = prepared(&key);
    let (expected, _) = undisturbed(&key, folder.path());
    let served = serve(&key);
    let mut kills = 0;
    // Most runs are killed within a few moments of where the one before came to, some before that.
    for round in 0.. {
        let (from, moments) = match round % 8 {
            0 => (From::Start, 1 + round / 8 % START),
            _ => (From::Send, 1 + round % 23),
        };
        if !run(folder.path(), served.address, from, moments) {
            break;
        }
        kills += 1;
        assert!(kills < KILLS * 10, "no end");
    }
    println!("{kills} kills");
    assert!(kills >= KILLS, "only {kills} kills");
    check(&expected, &books(&served.netsuite, &key), "after the chain of kills");
}
