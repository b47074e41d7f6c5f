//! How a run ended, as cron, a monitor and a log reader are told.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tieout::ledger::Ledger;

use crate::support::cli::{Ran, Sandbox, Tieout};
use crate::support::schema::differences;

const FILES: [&str; 4] = ["--summary", "run.json", "--metrics", "tieout.prom"];

fn run(folder: &Path, more: &[&str]) -> Ran {
    Tieout::new(folder).run(&[&["run"], &FILES[..], more].concat())
}

/// The summary, which must be as its schema says.
fn summary(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("run.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&text).expect("JSON");
    let schema = include_str!("../../docs/schemas/summary.json");
    let schema = serde_json::from_str(schema).expect("JSON");
    assert_eq!(differences(&schema, &summary), [""; 0], "{text}");
    summary
}

/// The value of one series.
fn metric(folder: &Path, series: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("tieout.prom")).expect("metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{series} ")));
    line.map(str::to_owned)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

/// Whoever is told of a night by a program is told nothing, or what the night before was like.
#[test]
fn every_end_of_a_run_is_told_to_programs() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let sandbox = Sandbox::start(folder);
    let tieout = Tieout::new(folder);
    let heartbeat = Heartbeat::listen();
    let config = folder.join("tieout.toml");
    let mut text = std::fs::read_to_string(&config).expect("a configuration");
    text.push_str(&format!(
        "[heartbeat]\nurl = \"{}/t0psecret\"\n[hooks]\ntechnical = \"cat > technical.json\"\n\
         accounting = \"cat > accounting.json\"\nalways = \"env > env.txt; echo no >&2; exit 9\"\n",
        heartbeat.url
    ));
    std::fs::write(&config, text).expect("written");
    let nowhere = tieout.run(&["run", "--summary", "nowhere/run.json"]);
    assert!(nowhere.code == 64 && nowhere.stderr.contains("there is no folder nowhere"));

    assert_eq!(heartbeat.asked(), [""; 0]);
    let window = ["--since", "2026-06-01", "--until", "2026-07-10"];
    let ran = run(folder, &[&window[..], &["--log-format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = summary(folder);
    let account = &told["accounts"][0];
    let posted = account["counts"]["posted"]["created"].as_u64().unwrap();
    assert!(posted > 0, "{told}");
    assert_eq!(account["standing"]["records"]["verified"], posted);
    assert_eq!((&account["counts"]["failed"], &account["ledger_run"]), (&0.into(), &1.into()));
    assert!(account["requests"]["netsuite"].as_u64() > Some(posted));
    assert!(account["requests"]["stripe"].as_u64() > Some(10));
    assert_eq!(account["window"]["since"], "2026-06-01T04:00:00Z");
    assert_eq!((mode(&folder.join("run.json")), mode(&folder.join("tieout.prom"))), (0o600, 0o644));
    let own = format!("{{account=\"{}\"", account["stripe_account"].as_str().unwrap());
    let of_run = format!("{own},command=\"run\"}}");
    let success = metric(folder, &format!("tieout_last_success_timestamp_seconds{of_run}"));
    assert!(success.is_some());
    assert_eq!(metric(folder, &format!("tieout_run_exit_code{of_run}")).as_deref(), Some("0"));
    are_lines_of_json(&ran.stderr, told["run_id"].as_str().unwrap());
    assert!(ran.stderr.contains("`hooks.always` failed: exit status: 9: no"), "{}", ran.stderr);
    let environment = std::fs::read_to_string(folder.join("env.txt")).expect("written by a hook");
    assert!(environment.contains("TIEOUT_EXIT_CODE=0\n"), "{environment}");
    let asked = heartbeat.asked();
    let rid = asked[0].strip_prefix("/t0psecret/start?rid=").expect("first the beginning");
    assert_eq!(asked[1..], [format!("/t0psecret?rid={rid}")], "then the success of the same run");

    // Quiet, and nothing to do; every proof is made all the same.
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap().replace("; exit 9", ""))
        .expect("written");
    let again = run(folder, &["--quiet", "--until", "2026-07-10", "--tie-out"]);
    let told = summary(folder);
    let proofs = told["accounts"][0]["differences"].as_array().expect("proofs");
    assert!(proofs.iter().any(|proof| proof["statement"] == "bridge"), "{proofs:?}");
    let differs = proofs.iter().any(|proof| proof["difference"]["minor"] != 0);
    assert_eq!(again.code, if differs { 6 } else { 0 }, "{again:?}");
    assert_eq!(again.stderr.is_empty(), !differs, "{again:?}");

    let asked = heartbeat.asked();
    assert!(asked.len() == 2 && asked[1].starts_with("/t0psecret"), "{asked:?}");

    locked_out(folder);
    assert_eq!(heartbeat.asked(), [""; 0], "the run that holds the lock speaks");
    not_even_begun(folder, &success.unwrap());
    let ended = |path: &String| path.split('?').next().unwrap().to_owned();
    let asked: Vec<String> = heartbeat.asked().iter().map(ended).collect();
    assert_eq!(asked, ["/t0psecret/64", "/t0psecret/start", "/t0psecret/7"]);
    heartbeat.refuse();
    let untold = run(folder, &["--quiet", "--until", "2026-07-12"]);
    assert_eq!(untold.code, 0, "{untold:?}");
    assert_eq!(untold.stderr.matches("The heartbeat was not told").count(), 2, "{untold:?}");
    assert!(untold.stderr.contains("it answered 404") && !untold.stderr.contains("t0psecret"));
    let shown = tieout.run(&["check", "--show-config"]);
    assert!(shown.stdout.contains("heartbeat.url") && !shown.stdout.contains("t0psecret"));
    drop(sandbox);
}

/// Whoever stops the machine while somebody is told of the night would wait for a chat that hangs, or find
/// no trace of the night.
#[test]
fn a_signal_while_others_are_told_ends_at_once_with_everything_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // Takes connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/key", silent.local_addr().expect("bound"));
    for who in [
        format!("[heartbeat]\nurl = \"{url}\"\nstart = \"none\"\n"),
        "[hooks]\nalways = \"touch told; exec sleep 3\"\n".into(),
    ] {
        let is_heartbeat = who.starts_with("[heartbeat]");
        // The run does not begin, and tells of that.
        std::fs::write(folder.join("tieout.toml"), format!("nonsense = 1\n{who}")).expect("a file");
        let mut run = Tieout::new(folder).start(&[&["run"], &FILES[..]].concat());
        if is_heartbeat {
            silent.accept().expect("it is told");
        } else {
            while !folder.join("told").exists() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        let began = std::time::Instant::now();
        let sent = Command::new("kill").args(["-TERM", &run.id().to_string()]).status();
        assert!(sent.expect("a signal").success());
        let ended = run.wait().expect("it ends");
        assert_eq!(ended.code(), Some(143), "{who}");
        assert!(began.elapsed() < Duration::from_secs(2), "{who}");
        assert_eq!(summary(folder)["exit_code"], 64, "{who}");
        assert!(folder.join("tieout.prom").exists(), "{who}");
        std::fs::remove_file(folder.join("run.json")).expect("it was there");
        std::fs::remove_file(folder.join("tieout.prom")).expect("it was there");
    }
}

/// A service that remembers what it was asked for.
struct Heartbeat {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    refuses: Arc<AtomicBool>,
}

impl Heartbeat {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (asked, refuses) =
            (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (told, bad) = (Arc::clone(&asked), Arc::clone(&refuses));
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).expect("a request");
                let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                let path = request.split(' ').nth(1).expect("a path").to_owned();
                told.lock().unwrap().push(path);
                let status = if bad.load(Ordering::Relaxed) { "404 Not Found" } else { "200 OK" };
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"
                );
                stream.write_all(answer.as_bytes()).expect("answered");
            }
        });
        Self { url, asked, refuses }
    }

    /// What it was asked for since it was last looked at.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn refuse(&self) {
        self.refuses.store(true, Ordering::Relaxed);
    }
}

/// Each is an entry that a collector takes, of this run, and the last says how it ended.
fn are_lines_of_json(stderr: &str, run_id: &str) {
    let schema = serde_json::from_str(include_str!("../../docs/schemas/log.json")).expect("JSON");
    let mut last = Value::Null;
    for line in stderr.lines() {
        last = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(differences(&schema, &last), [""; 0], "{line}");
        assert_eq!(last["run"], run_id, "{line}");
    }
    let text = last["message"].as_str().expect("a message");
    assert!(text.starts_with("`tieout run` ended with 0 (done"), "{text}");
    assert!(text.contains(" posted, 0 failed, 0 blocked, 0 in doubt"), "{text}");
}

/// The run that holds the lock would be said to have failed.
fn locked_out(folder: &Path) {
    let before = std::fs::read(folder.join("tieout.prom")).expect("metrics");
    let held = Ledger::lock(&folder.join("tieout.db"), "`tieout run` (process 1)").expect("free");
    let refused = run(folder, &["--quiet", "--lock-timeout", "1"]);
    drop(held);
    assert_eq!(refused.code, 11, "{refused:?}");
    let told = summary(folder);
    assert_eq!((&told["exit_code"], &told["accounts"][0]["exit_code"]), (&11.into(), &11.into()));
    assert_eq!(told["findings"]["technical"]["listed"][0]["id"], "exit_11");
    assert_eq!(std::fs::read(folder.join("tieout.prom")).expect("metrics"), before);
    let hooked = std::fs::read(folder.join("technical.json")).expect("written by a hook");
    assert_eq!(hooked, std::fs::read(folder.join("run.json")).unwrap(), "the whole summary");
}

/// A night that cannot read its configuration is a night all the same, and yesterday's success stays.
fn not_even_begun(folder: &Path, success: &str) {
    let config = folder.join("tieout.toml");
    let sound = std::fs::read_to_string(&config).expect("a configuration");
    std::fs::write(&config, sound.replace("timezone", "timezon")).expect("written");
    let ran = run(folder, &["--quiet"]);
    assert_eq!(ran.code, 64, "{ran:?}");
    assert_eq!(ran.stderr.matches("error:").count(), 1, "said once: {ran:?}");
    let told = summary(folder);
    assert_eq!(told["exit_code"], 64);
    assert!(told["accounts"][0]["standing"].is_null(), "nothing is known: {told}");
    assert!(told["findings"]["technical"]["listed"][0]["message"].to_string().contains("timezon"));
    std::fs::write(&config, sound).expect("written");
    let refused = run(folder, &["--quiet", "--until", "2026-07-12", "--max-changes", "0"]);
    assert_eq!(refused.code, 7, "{refused:?}");
    let told = summary(folder);
    let stripe = told["accounts"][0]["stripe_account"].as_str().unwrap().to_owned();
    let of_run = format!("{{account=\"{stripe}\",command=\"run\"}}");
    assert_eq!(metric(folder, &format!("tieout_run_exit_code{of_run}")).as_deref(), Some("7"));
    let kept = metric(folder, &format!("tieout_last_success_timestamp_seconds{of_run}"));
    assert!(kept.is_some_and(|kept| kept.as_str() >= success));
}

/// A service manager stops a night for an update: whoever watches would take it for one that never was.
#[test]
fn a_run_that_is_stopped_tells_so_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let _sandbox = Sandbox::start_with(folder, &["--latency-ms", "60"]);
    let window = ["--since", "2026-06-01", "--until", "2026-06-20"];
    let mut stopped = Tieout::new(folder).start(&[&["run"], &FILES[..], &window].concat());
    let ledger = folder.join("tieout.db");
    while !ledger.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    let sent = Command::new("kill").args(["-TERM", &stopped.id().to_string()]).status();
    assert!(sent.is_ok(), "no signal was sent");
    assert_eq!(stopped.wait().expect("it ends").code(), Some(143));
    let told = summary(folder);
    assert_eq!((&told["exit_code"], &told["accounts"][0]["ledger_run"]), (&143.into(), &1.into()));
    let ids = told["findings"]["technical"]["listed"].as_array().unwrap().iter();
    let ids: Vec<&str> = ids.map(|finding| finding["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"exit_143"), "{ids:?}");
    let ran = run(folder, &window);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(summary(folder)["findings"]["technical"]["count"], 0);
}
