//! A close that is made again from what was kept: the same bytes, or a refusal.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::cli::{Sandbox, Tieout};

/// The commands of the page on the month-end, as a reader types them.
fn commands() -> Vec<String> {
    let page = include_str!("../../docs/close.md");
    let block = page.split("```console\n").nth(1).expect("a block").split("```").next();
    block.expect("its end").lines().map(str::to_owned).collect()
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder");
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, std::fs::read(entry.path()).expect("a file"))
    };
    entries.map(|entry| read(entry.expect("an entry"))).collect()
}

/// An auditor who asks a year later must get what was signed; a reading that somebody changed must not
/// pass for one.
#[test]
fn the_month_end_runs_as_told_and_is_made_again_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let commands = commands();
    assert_eq!(commands.len(), 10);
    for command in &commands {
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let ran = tieout.run(&words);
        assert_eq!(ran.code, 0, "{command}\n{}\n{}", ran.stdout, ran.stderr);
    }
    // Nobody answers any more.
    drop(sandbox);
    let again = ["report", "close", "--period", "2026-09", "--as-read", "1", "--out", "again"];
    let ran = tieout.run(&again);
    assert_eq!(ran.code, 0, "{ran:?}");
    let (first, second) =
        (files(&folder.path().join("september")), files(&folder.path().join("again")));
    assert!(first.contains_key("close.html") && first.contains_key("rollforward.csv"));
    // Other programs import a list, and no report.
    assert!(first.contains_key("items.csv") && !first.contains_key("items.json"));
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(*bytes == second[name], "{name} is not what it was");
    }
    is_as_the_schema_says(&first["bridge.json"]);
    // Made with all others or by itself, a report says the same: the cover, which tells what the others
    // prove, as much as a list.
    for word in ["cover", "rollforward", "items"] {
        let alone = ["report", word, "--period", "2026-09", "--as-read", "1", "--output", "csv"];
        let ran = tieout.run(&alone);
        assert_eq!(ran.stdout.as_bytes(), first[&format!("{word}.csv")], "{word}: {ran:?}");
    }

    let path = folder.path().join("tieout.db");
    let ledger = Connection::open(&path).expect("the ledger");
    let mut content: Vec<u8> =
        ledger.query_row("SELECT content FROM reading", [], |row| row.get(0)).expect("a reading");
    let middle = content.len() / 2;
    content[middle] ^= 1;
    ledger.execute("UPDATE reading SET content = ?1", [content]).expect("one byte is changed");
    drop(ledger);
    let ran = tieout.run(&again);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("reading 1 was changed"), "{}", ran.stderr);
    let ran = tieout.run(&["ledger", "check"]);
    assert!(ran.code == 6 && ran.stderr.contains("Reading 1 was changed"), "{ran:?}");
}

fn is_as_the_schema_says(bytes: &[u8]) {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schemas/report.json")).expect("JSON");
    let report: Value = serde_json::from_slice(bytes).expect("JSON");
    let has_all = |schema: &Value, value: &Value| {
        for key in schema["required"].as_array().expect("names") {
            let key = key.as_str().expect("a name");
            assert!(value.get(key).is_some(), "{key} is missing in {value}");
        }
    };
    has_all(&schema, &report);
    for (list, item) in [("sections", 0), ("proofs", 0)] {
        has_all(&schema["properties"][list]["items"], &report[list][item]);
    }
    let known = schema["properties"].as_object().expect("properties");
    for key in report.as_object().expect("an object").keys() {
        assert!(known.contains_key(key), "{key} is not in the schema");
    }
}
