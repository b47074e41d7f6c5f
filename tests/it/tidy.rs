//! The shape of the house: which room may know which, and what no room may contain.

use std::path::{Path, PathBuf};

/// Rooms and the crate rooms they may name, besides the foundation.
const MAY_USE: [(&str, &[&str]); 12] = [
    ("src/bank", &["bank"]),
    (
        "src/accounting",
        &[
            "accounting",
            "stripe::objects",
            "netsuite::record",
            "netsuite::wire",
            "netsuite::extras",
            "netsuite::fields",
        ],
    ),
    ("src/plan", &["plan", "accounting", "netsuite::record", "netsuite::wire"]),
    ("src/explain", &["explain", "accounting", "plan", "stripe::objects", "netsuite::record"]),
    (
        "src/reconcile",
        &["reconcile", "accounting", "netsuite::record", "netsuite::extras", "netsuite::fields"],
    ),
    ("src/evidence", &["evidence", "reconcile"]),
    ("src/net", &["net", "sandbox"]),
    ("src/stripe", &["stripe", "net", "sandbox"]),
    ("src/netsuite", &["netsuite", "net"]),
    (
        "src/report",
        &[
            "report",
            "bank",
            "evidence",
            "explain",
            "plan",
            "reconcile",
            "accounting",
            "netsuite::record",
        ],
    ),
    ("src/sandbox", &["sandbox", "stripe::objects"]),
    ("src/ui", &["ui"]),
];
/// Anybody may use these.
const FOUNDATION: [&str; 5] = ["calendar", "digest", "ids", "money", "visible"];
/// What the pure rooms may not name.
const IMPURE: [&str; 8] =
    ["reqwest", "rusqlite", "tokio", "clap", "std::time", "std::fs", "f64", "f32"];
const PURE: [&str; 5] = ["src/accounting", "src/bank", "src/explain", "src/plan", "src/reconcile"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    sources(&root.join(folder), &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("text");
            let name = path.strip_prefix(root).expect("inside").display().to_string();
            (name, text)
        })
        .collect()
}

/// The code without what only tests see.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// `crate::a::b::…` as `a::b`, for each line that names it; comments do not count.
fn crate_paths(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
            rest[..end.unwrap_or(rest.len())].trim_end_matches(':')
        })
}

#[test]
fn no_room_knows_a_room_above_it() {
    for (room, allowed) in MAY_USE {
        for (name, text) in files(room) {
            if name.contains("/tests") || name.ends_with("testing.rs") {
                continue;
            }
            for path in crate_paths(code(&text)) {
                let inside = |known: &str| {
                    path == known || path.strip_prefix(known).is_some_and(|p| p.starts_with("::"))
                };
                let is_known = FOUNDATION.iter().chain(allowed).any(|known| inside(known));
                assert!(is_known, "{name} uses crate::{path}, which {room} may not know");
            }
        }
    }
}

#[test]
fn the_pure_rooms_name_nothing_that_acts() {
    for room in PURE {
        for (name, text) in files(room) {
            for line in code(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
                for word in IMPURE {
                    assert!(!line.contains(word), "{name} names {word}: {line}");
                }
            }
        }
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    for folder in ["src", "tests"] {
        for (name, text) in files(folder) {
            let lines = code(&text).lines().count();
            assert!(lines <= 460, "{name} has {lines} lines: it is two files");
        }
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (name, text) in files("src") {
        assert!(text.starts_with("//!"), "{name} has no module documentation");
    }
}

#[test]
fn no_test_file_is_forgotten() {
    let main = include_str!("main.rs");
    for (name, _) in files("tests/it") {
        let parts: Vec<&str> = name.split('/').collect();
        let module = parts[2].trim_end_matches(".rs");
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{name}");
    }
}
