//! The book: every command line in the README and in `docs/` is run, in the order in which somebody reads, in
//! one folder, against the embedded systems. What cannot be run here is read by the program's own parser,
//! and stands in a list with the reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use serde_json::Value;
use tieout::cli::Cli;

use crate::support::cli::{Ran, Sandbox, Tieout, quick_folder};

/// In the order in which the lines are run; the rest of the pages follow.
const FIRST: [&str; 4] = ["README.md", "docs/start.md", "docs/configuration.md", "docs/plan.md"];

/// Early in October 2026: the embedded company's quarter is over.
const NOW: i64 = 1_791_169_200;

/// How lines begin that are not run, and why not.
const NOT_RUN: [(&str, &str); 16] = [
    ("tieout init --interactive", "`init.rs` answers its questions"),
    ("tieout init --stripe-key", "`init.rs` runs it with keys that there are"),
    ("cargo run -- demo", "`demo.rs` runs it, and looks at what it leaves"),
    ("cargo test", "it would run this very test"),
    ("cargo install", "it would build the program once more"),
    ("cargo run --release --example", "the measurements of the page on speed take minutes"),
    (".ci/run", "it would run this very test"),
    ("tieout sandbox --dir", "it serves until it is stopped, and one serves these lines"),
    ("tieout --config lim/", "the measurements of the page on speed take minutes"),
    ("tieout --config free/", "the measurements of the page on speed take minutes"),
    ("tieout --config month/", "the measurements of the page on speed take minutes"),
    ("tieout ledger stats --ledger big.db", "the measurements of the page on speed take minutes"),
    ("tieout plan --ledger big.db", "the measurements of the page on speed take minutes"),
    ("tieout rehearse", "`rehearse.rs` runs it, on books of a moment"),
    ("tieout completions bash > /usr", "it writes where only packages should"),
    ("tieout man --out /usr", "it writes where only packages should"),
];

/// A line of a block of commands.
#[derive(Debug)]
struct Line {
    page: String,
    text: String,
    words: Vec<String>,
}

/// Every page, those of [`FIRST`] in front.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages: Vec<PathBuf> = FIRST.iter().map(|page| root.join(page)).collect();
    for folder in ["docs", "docs/policies"] {
        let entries = std::fs::read_dir(root.join(folder)).expect("a folder");
        let mut more: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
        more.retain(|path| {
            path.extension().is_some_and(|ext| ext == "md") && !pages.contains(path)
        });
        more.sort();
        pages.extend(more);
    }
    pages
}

fn lines() -> Vec<Line> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut lines = Vec::new();
    for path in pages() {
        let page = path.strip_prefix(root).expect("inside").display().to_string();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            lines.extend(block.lines().map(|line| {
                let words = words(line);
                Line { page: page.clone(), text: line.trim().to_owned(), words }
            }));
        }
        // Commands that stand in a block of another name would be passed over.
        for block in text.split("```").skip(1).step_by(2) {
            let (name, body) = block.split_once('\n').unwrap_or((block, ""));
            let is_command = |line: &str| line.trim_start().starts_with("tieout ");
            assert!(name == "console" || !body.lines().any(is_command), "{page}: {block}");
        }
    }
    lines
}

/// The words of a line as a shell splits them; what is behind `#` is a remark.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The folder in which the lines are run, with the systems that they talk to.
struct World {
    folder: tempfile::TempDir,
    /// Of somebody who has exported JSON and no access: its books are others than the sandbox's.
    export: tempfile::TempDir,
    _sandbox: Sandbox,
    since: Instant,
}

impl World {
    fn new() -> Self {
        let folder = quick_folder();
        let clock = instant(NOW);
        let flags = ["--sandbox-clock", clock.as_str()];
        let sandbox = Sandbox::start_with(folder.path(), &flags);
        let invoice = r#"{"id": "in_1", "object": "invoice", "created": 1790000000,
            "livemode": false, "currency": "usd", "customer": "cus_1", "status": "paid",
            "total": 0, "lines": {"object": "list", "data": [], "has_more": false}}"#;
        std::fs::write(folder.path().join("invoice.json"), invoice).expect("a file");
        let statement =
            Tieout::new(folder.path()).run(&["sandbox", "statement", "--period", "2026-09"]);
        std::fs::write(folder.path().join("september.xml"), statement.stdout).expect("a file");
        let export = quick_folder();
        assert_eq!(Tieout::new(export.path()).run(&["init"]).code, 0);
        Self { folder, export, _sandbox: sandbox, since: Instant::now() }
    }

    /// Runs the words behind `tieout`, where they belong.
    fn run(&self, arguments: &[&str]) -> Ran {
        let elapsed = i64::try_from(self.since.elapsed().as_secs()).expect("a short test");
        let now = instant(NOW + elapsed);
        // What makes a folder or a file of its own is done by somebody who has none yet.
        let is_beginning = matches!(arguments[0], "init" | "self-test");
        let empty = tempfile::tempdir().expect("a folder");
        let is_offline = matches!(arguments, ["sandbox", "export", ..] | ["pull", "--from", ..]);
        let folder = match (is_beginning, is_offline) {
            (true, _) => empty.path(),
            (_, true) => self.export.path(),
            _ => self.folder.path(),
        };
        let clock = ["--sandbox-clock", now.as_str()];
        let clock = if is_beginning || is_offline { &[][..] } else { &clock[..] };
        Tieout::new(folder).run(&[clock, arguments].concat())
    }

    /// An id of the embedded company for one of the book's.
    fn real(&self, word: &str) -> String {
        match word {
            "ch_…" => self.id("charge"),
            "po_…" => self.id("payout"),
            "paid_out_of_band:in_1" => {
                let listed = self.run(&["exceptions", "--output", "json"]);
                let listed: Value = serde_json::from_str(&listed.stdout).expect("JSON");
                listed["exceptions"][0]["id"].as_str().expect("an exception").to_owned()
            }
            word => word.to_owned(),
        }
    }

    /// The first object of a kind that has a record.
    fn id(&self, kind: &str) -> String {
        use tieout::calendar::SystemClock;
        use tieout::ledger::Ledger;
        let path = self.folder.path().join("tieout.db");
        let clock = std::sync::Arc::new(SystemClock);
        let ledger = Ledger::open_read_only(&path, clock).expect("a ledger");
        let posted: BTreeSet<String> =
            ledger.records().unwrap().iter().map(|row| row.external_id.to_string()).collect();
        let ids = ledger.ids(kind).expect("ids");
        ids.into_iter().find(|id| posted.contains(id)).expect("one that is posted")
    }
}

fn instant(seconds: i64) -> String {
    tieout::calendar::UnixTime(seconds).to_string()
}

fn not_run(line: &Line) -> Option<&'static str> {
    NOT_RUN.iter().find(|(start, _)| line.text.starts_with(start)).map(|(_, reason)| *reason)
}

/// The words behind `tieout`, or behind `cargo run … --`.
fn arguments(words: &[String]) -> Option<&[String]> {
    match words.first().map(String::as_str) {
        Some("tieout") => Some(&words[1..]),
        Some("cargo") => words.iter().position(|word| word == "--").map(|at| &words[at + 1..]),
        _ => None,
    }
}

/// A reader types what stands there; were a flag renamed, the book would be the last to know.
#[test]
fn every_command_line_in_the_book_does_what_it_should() {
    let all = lines();
    let mut unused: BTreeSet<&str> = NOT_RUN.iter().map(|(start, _)| *start).collect();
    let (mut world, mut ran_count, mut wrong) = (None, 0, Vec::new());
    for line in &all {
        let place = format!("{}: {}", line.page, line.text);
        let arguments = arguments(&line.words);
        if let Some(arguments) =
            arguments.filter(|_| !line.text.starts_with("cargo run --release --example"))
        {
            let upto = arguments.iter().position(|word| word == ">").unwrap_or(arguments.len());
            let typed = ["tieout".to_owned()].into_iter().chain(arguments[..upto].iter().cloned());
            if let Err(error) = Cli::try_parse_from(typed) {
                wrong.push(format!("{place}\n{error}"));
                continue;
            }
        }
        if not_run(line).is_some() {
            unused.retain(|start| !line.text.starts_with(start));
            continue;
        }
        let Some(arguments) = arguments else {
            wrong.push(format!("{place}\nis no command of tieout's, and NOT_RUN does not say why"));
            continue;
        };
        let world = world.get_or_insert_with(World::new);
        let arguments: Vec<String> = arguments.iter().map(|word| world.real(word)).collect();
        let began = Instant::now();
        let ran = world.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        println!("{:>5} ms {place}", began.elapsed().as_millis());
        ran_count += 1;
        if ran.code != 0 {
            wrong.push(format!("{place}\n{ran:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(ran_count > 30, "only {ran_count} lines are run");
    assert!(unused.is_empty(), "no line begins so any more: {unused:?}");
}

/// A link that leads nowhere, and a page that nobody finds.
#[test]
fn every_link_in_the_book_leads_somewhere_and_every_page_is_in_the_contents() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contents = std::fs::read_to_string(root.join("docs/README.md")).expect("the contents");
    for path in pages() {
        let text = std::fs::read_to_string(&path).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let target = path.parent().expect("a folder").join(target);
            assert!(target.exists(), "{}: {link} leads nowhere", path.display());
        }
        let name = path.strip_prefix(root.join("docs")).ok().and_then(Path::to_str);
        if let Some(name) = name.filter(|name| !name.contains('/') && *name != "README.md") {
            assert!(contents.contains(&format!("({name})")), "{name} is not in the contents");
        }
    }
}
