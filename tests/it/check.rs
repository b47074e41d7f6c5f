//! `tieout check` against the embedded systems: sound, and with each thing wrong that it can see. The list
//! of what it can see is held against the code, the tests and the page here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpListener;
use std::path::Path;

use tieout::commands::check::catalogue;
use tieout::commands::check::guide::{NETSUITE, stripe_permission};
use tieout::push::write_back::LISTS;
use tieout::stripe::resource::Resource;

use crate::support::cli::{Ran, Sandbox, Tieout};
use crate::support::page::assert_section;

fn check_with(folder: &Path, sound: &str, from: &str, to: &str) -> Ran {
    assert!(sound.contains(from), "{from}");
    std::fs::write(folder.join("tieout.toml"), sound.replacen(from, to, 1)).expect("a file");
    Tieout::new(folder).run(&["check"])
}

#[test]
fn each_thing_that_is_wrong_is_found_with_its_fix() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let sound = std::fs::read_to_string(folder.path().join("tieout.toml")).expect("a file");
    let check = |from: &str, to: &str| check_with(folder.path(), &sound, from, to);

    let ran = check("", "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("0 problems, 0 warnings"), "{}", ran.stdout);

    std::fs::write(folder.path().join("write.key"), "rk_test_reader").expect("a key");
    let base_url = sound.lines().find(|line| line.starts_with("base_url")).expect("an address");
    let nobody = format!("base_url = \"{}\"", answers("{}"));
    let page = format!("base_url = \"{}\"", answers("<html>Sign in</html>"));
    let write_back = |key: &str| format!("write_back = true\nwrite_key_file = \"{key}\"\nlimits =");
    for (from, to, code, words) in [
        ("revenue = \"4000\"", "revenue = \"4001\"", 1, "netsuite.account-unknown"),
        ("revenue = \"4000\"", "revenue = \"6000\"", 1, "netsuite.account-type"),
        ("USD = \"1000\"", "USD = \"1010\"", 1, "netsuite.account-currency"),
        (
            "undeposited_funds = \"1200\"",
            "undeposited_funds = \"1250\"",
            1,
            "netsuite.undeposited-funds",
        ),
        ("JPY = \"1030\"\n", "", 1, "config.bank-unset"),
        ("America/New_York", "Europe/Paris", 0, "stripe.zone"),
        ("acct_", "acct_x", 1, "stripe.account"),
        ("api_key_file = \"stripe.key\"", "api_key_file = \"no.key\"", 4, "stripe.key"),
        ("limits =", &write_back("no.key"), 4, "stripe.write-key"),
        ("limits =", &write_back("write.key"), 4, "stripe.permission"),
        (base_url, &nobody, 1, "stripe.answer"),
        (base_url, &page, 1, "stripe.reach"),
        ("client_id = \"", "client_id = \"x", 4, "netsuite.sign-in"),
        ("\"netsuite.pem\"", "\"stripe.key\"", 4, "netsuite.credentials"),
        ("[netsuite]\n", "[netsuite]\nconcurrency = 50\n", 0, "netsuite.concurrency"),
        (
            "[bank]\n",
            "[customers]\nunallocated = { id = \"9\" }\n[bank]\n",
            1,
            "netsuite.record-unknown",
        ),
    ] {
        let ran = check(from, to);
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        assert!(ran.stdout.contains(words) && ran.stdout.contains('→'), "{}", ran.stdout);
    }
    std::fs::write(folder.path().join("write.key"), "sk_test_writer").expect("a key");
    let ran = check("limits =", &write_back("write.key"));
    assert!(ran.stdout.contains("stripe.write-permission"), "{}", ran.stdout);
    std::fs::write(folder.path().join("stripe.key"), "rk_live_wrong").expect("a key");
    let ran = check("", "");
    assert_eq!(ran.code, 4, "{ran:?}");
    let offline = Tieout::new(folder.path()).run(&["check", "--offline", "--output", "json"]);
    assert_eq!(offline.code, 0, "{offline:?}");
    assert!(offline.stdout.contains("\"schema_version\": 1"), "{}", offline.stdout);
}

/// The address of something that answers any request with this.
fn answers(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = [0; 4096];
            let _read = stream.read(&mut asked);
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
            let answer = format!("{head} {length}\r\n\r\n{body}");
            let _sent = stream.write_all(answer.as_bytes());
        }
    });
    url
}

/// A script waits for a finding by its name, and a person looks it up: both need the list to be whole.
#[test]
fn every_finding_is_in_the_list_and_every_one_in_the_list_is_made_and_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/check");
    let (mut code, mut tests) = (String::new(), include_str!("check.rs").to_owned());
    for entry in std::fs::read_dir(folder).expect("the room") {
        let path = entry.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let (of_code, of_tests) = text.split_once("\nmod tests {").unwrap_or((&text, ""));
        tests.push_str(of_tests);
        if !path.ends_with("catalogue.rs") {
            code.push_str(of_code);
        }
    }
    let made = ids(&code);
    let known: BTreeSet<String> = catalogue::all().map(|known| known.id.to_owned()).collect();
    assert_eq!(known.len(), catalogue::all().count(), "an id is there twice");
    assert_eq!(made, known);
    let untested: Vec<&String> = known.iter().filter(|id| !tests.contains(id.as_str())).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

/// What is quoted and looks like the name of a finding.
fn ids(text: &str) -> BTreeSet<String> {
    let is_id = |word: &&str| {
        let rooms = ["config", "secrets", "ledger", "stripe", "netsuite"];
        let known = |(room, rest): (&str, &str)| rooms.contains(&room) && !rest.is_empty();
        let plain = |c: char| c.is_ascii_lowercase() || c == '-' || c == '.';
        *word == "clock" || (word.chars().all(plain) && word.split_once('.').is_some_and(known))
    };
    text.split('"').filter(is_id).map(str::to_owned).collect()
}

#[test]
fn the_page_lists_every_finding() {
    let mut table = String::from("| finding | what is wrong | what to do |\n| --- | --- | --- |\n");
    for known in catalogue::OFFLINE {
        writeln!(table, "| `{}` | {} | {} |", known.id, known.wrong, known.fix).expect("a string");
    }
    assert_section("docs/checks.md", "offline", &table);
    let mut table = String::from("| finding | what is wrong | what to do |\n| --- | --- | --- |\n");
    for known in catalogue::ONLINE {
        writeln!(table, "| `{}` | {} | {} |", known.id, known.wrong, known.fix).expect("a string");
    }
    assert_section("docs/checks.md", "online", &table);
}

/// What the guide asks for is what the command looks at, line by line.
#[test]
fn the_guide_asks_for_what_is_checked() {
    let mut table =
        String::from("| permission | level | lists that it opens |\n| --- | --- | --- |\n");
    let all = Resource::SINGLETONS.into_iter().chain(Resource::LISTS);
    let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
    for resource in all.filter(|resource| *resource != Resource::Account) {
        let permission = stripe_permission(resource);
        match named.iter_mut().find(|(known, _)| *known == permission) {
            Some((_, lists)) => lists.push(resource.as_str()),
            None => named.push((permission, vec![resource.as_str()])),
        }
    }
    for (permission, lists) in named {
        writeln!(table, "| {permission} | Read | {} |", lists.join(", ")).expect("a string");
    }
    assert_section("docs/setup.md", "stripe", &table);
    let write: Vec<&str> = LISTS.iter().map(|list| stripe_permission(*list)).collect();
    let write: BTreeSet<&str> = write.into_iter().collect();
    let words = write.into_iter().collect::<Vec<_>>().join(", ");
    assert_section("docs/setup.md", "stripe-write", &format!("Write on: {words}."));
    let mut table =
        String::from("| tab | permission | level | for what |\n| --- | --- | --- | --- |\n");
    for line in NETSUITE {
        writeln!(table, "| {} | {} | {} | {} |", line.tab, line.permission, line.level, line.why)
            .expect("a string");
    }
    assert_section("docs/setup.md", "netsuite", &table);
}
