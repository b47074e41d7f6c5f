//! The evidence pack: made of a close, proven elsewhere, and refused whatever was changed in it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::Path;

use serde_json::Value;
use tieout::digest::sha256_hex;
use tieout::evidence::seal;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::support::cli::{Ran, Sandbox, Tieout};

fn verify(folder: &Path, file: &str) -> Ran {
    Tieout::new(folder).run(&["evidence", "verify", file])
}

/// The findings of a pack in which the files are these, with a manifest and a seal that agree with them.
fn forged(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut listed = serde_json::Map::new();
    for (name, bytes) in files.iter().filter(|(name, _)| *name != "manifest.json") {
        let entry = serde_json::json!({ "bytes": bytes.len(), "sha256": sha256_hex(bytes) });
        listed.insert(name.clone(), entry);
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("a file");
        zip.write_all(bytes).expect("its bytes");
    }
    manifest["files"] = Value::Object(listed);
    zip.start_file("manifest.json", SimpleFileOptions::default()).expect("a file");
    zip.write_all(manifest.to_string().as_bytes()).expect("its bytes");
    zip.set_comment("0".repeat(64)).expect("a comment");
    let mut bytes = zip.finish().expect("an archive");
    seal(&mut bytes).expect("a seal");
    std::fs::write(folder.join("forged.zip"), bytes.into_inner()).expect("a file");
    let ran = Tieout::new(folder).run(&["evidence", "verify", "forged.zip", "--output", "json"]);
    let verified: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(verified["is_whole"], ran.code == 0, "{ran:?}");
    let findings = verified["findings"].as_array().expect("a list").iter();
    findings.map(|finding| finding.as_str().expect("a sentence").to_owned()).collect()
}

fn unpacked(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(std::fs::File::open(path).expect("the pack")).expect("a zip");
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes");
        let name = file.name().expect("a name").into_owned();
        files.insert(name, bytes);
    }
    files
}

fn replaced(
    files: &BTreeMap<String, Vec<u8>>,
    name: &str,
    from: &str,
    to: &str,
) -> BTreeMap<String, Vec<u8>> {
    let text = String::from_utf8(files[name].clone()).expect("text");
    assert!(text.contains(from), "{name} has no {from}");
    let mut files = files.clone();
    files.insert(name.into(), text.replacen(from, to, 1).into_bytes());
    files
}

/// An auditor who can be shown a changed figure under a valid proof was shown nothing.
#[test]
fn a_pack_is_proven_anywhere_and_any_change_of_it_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    let pack = ["evidence", "--period", "2026-09", "--out", "september.zip"];
    assert_eq!(tieout.run(&["run", "--since", "2026-06-01"]).code, 0);
    assert_eq!(tieout.run(&pack).code, 7, "nothing was closed yet");
    let close = ["report", "close", "--period", "2026-09", "--out", "september"];
    assert_eq!(tieout.run(&close).code, 0);
    let sign = ["period", "sign", "2026-09", "--as", "preparer", "--by", "Ada"];
    assert_eq!(tieout.run(&sign).code, 0);
    drop(sandbox);
    let ran = tieout.run(&pack);
    assert_eq!(ran.code, 0, "{ran:?}");
    let with_ledger = ["evidence", "verify", "september.zip", "--with-ledger"];
    assert_eq!(tieout.run(&with_ledger).code, 0);

    // On another machine, without a configuration.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let path = elsewhere.path().join("september.zip");
    std::fs::copy(folder.path().join("september.zip"), &path).expect("a copy");
    let ran = verify(elsewhere.path(), "september.zip");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("made again from reading 1, byte for byte"), "{ran:?}");
    assert!(ran.stdout.contains("Signed by Ada as preparer"), "{ran:?}");

    let files = unpacked(&path);
    for name in
        ["reports/close.html", "reports/bridge.csv", "settings.json", "queries.sql", "runs.json"]
    {
        assert!(files.contains_key(name), "{name} is missing");
    }
    assert!(files.keys().any(|name| name.starts_with("plans/")), "a plan posted into the month");
    assert!(String::from_utf8_lossy(&files["queries.sql"]).contains("FROM transaction t"));
    assert_eq!(forged(elsewhere.path(), &files), [""; 0], "packed by somebody else, and whole");
    is_found_in_any_file(elsewhere.path(), &files);
    is_found_in_any_byte(elsewhere.path(), &std::fs::read(&path).expect("the pack"));

    // The same close in a ledger that goes on: the pack is not of another ledger.
    let other = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(other.path());
    let another = Tieout::new(other.path());
    assert_eq!(another.run(&["run", "--since", "2026-06-01"]).code, 0);
    std::fs::copy(&path, other.path().join("september.zip")).expect("a copy");
    let ran = another.run(&with_ledger);
    assert!(ran.code == 6 && ran.stdout.contains("not the beginning of this ledger's"), "{ran:?}");
}

/// Whoever changes a file can make the manifest and the seal agree with it: the chain must not.
fn is_found_in_any_file(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let mut removed = files.clone();
    removed.remove("reports/fees.json");
    assert_eq!(forged(folder, &removed), ["reports/fees.json is missing."]);
    for name in ["../escaped.txt", "/etc/escaped.txt", "a/../../escaped.txt", "C:\\escaped.txt"] {
        let mut slipped = files.clone();
        slipped.insert(name.into(), b"x".to_vec());
        let found = forged(folder, &slipped);
        assert_eq!(found, [format!("{name:?} would be unpacked outside of its folder.")]);
    }
    let report = replaced(files, "reports/bridge.csv", "0.00", "0.01");
    assert_eq!(forged(folder, &report), ["reports/bridge.csv is not what the reading gives."]);
    let row = replaced(files, "journal.jsonl", "\"kind\":\"signed\"", "\"kind\":\"sworn\"");
    assert!(forged(folder, &row)[0].contains("of the journal was changed or removed"));
    let mut other = files.clone();
    let reading = other.get_mut("reading.json.zst").expect("the reading");
    let middle = reading.len() / 2;
    reading[middle] ^= 1;
    assert_eq!(forged(folder, &other), ["Reading 1 is not the one in the journal."]);
    let plan = files.keys().find(|name| name.starts_with("plans/")).expect("a plan");
    let plan = replaced(files, plan, "\"made_at\": ", "\"made_at\": 1");
    assert!(forged(folder, &plan)[0].contains("changed after it was made"));
    let mut short = files.clone();
    let journal = String::from_utf8(short["journal.jsonl"].clone()).expect("text");
    let end = journal.trim_end().rfind('\n').expect("rows");
    short.insert("journal.jsonl".into(), journal.as_bytes()[..=end].to_vec());
    assert_eq!(forged(folder, &short), ["The journal does not end where the manifest says."]);
}

/// One byte anywhere: in a file, in a header, in the list at the end, in the seal.
fn is_found_in_any_byte(folder: &Path, bytes: &[u8]) {
    let last = bytes.len() - 1;
    let places = (0..24).map(|place| place * last / 24).chain((last - 120..=last).step_by(6));
    for place in places {
        let mut changed = bytes.to_vec();
        changed[place] ^= 1;
        std::fs::write(folder.join("changed.zip"), &changed).expect("a file");
        let ran = verify(folder, "changed.zip");
        assert!(ran.code == 6 || ran.code == 1, "byte {place} of {last}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "byte {place}: {ran:?}");
    }
    std::fs::write(folder.join("changed.zip"), &bytes[..last / 2]).expect("a file");
    assert_eq!(verify(folder, "changed.zip").code, 1, "half of it");
}
