//! Known secrets are planted, the whole job is done through two systems that repeat whatever they are
//! asked with, and everything that it printed or left behind is searched for them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use rusqlite::types::ValueRef;

use crate::support::cli::{Sandbox, Tieout};
use crate::support::echo::{Echo, Mood};

const STRIPE_KEY: &str = "rk_test_PlantedStripeKey7Qz9";
const WRITE_KEY: &str = "sk_test_PlantedWriteKey4Kx2";
const CONSUMER_SECRET: &str = "PlantedConsumerSecret8Wn3+/x";
const TOKEN_SECRET: &str = "PlantedTokenSecret5Jh1+/x";
/// Where the secrets are, which is where they belong.
const KEPT: [&str; 5] =
    ["stripe.key", "write.key", "netsuite.pem", "consumer.secret", "token.secret"];

/// What a secret looks like to who finds it: as it is, in base64 at each offset, percent-encoded. Of the
/// many tokens and assertions, which last for minutes, the beginning as it is.
fn forms(secret: &str) -> Vec<String> {
    if secret.len() > 40 {
        return vec![secret[..40].to_owned()];
    }
    let percent: String = secret
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).into() } else { format!("%{b:02X}") })
        .collect();
    let mut forms = vec![secret.to_owned(), percent];
    for offset in 0..3 {
        let padded = [vec![b' '; offset], secret.as_bytes().to_vec()].concat();
        let whole = &padded[..padded.len() / 3 * 3];
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            // The characters at both ends depend on what is beside the secret.
            forms.push(engine.encode(whole)[4..].trim_end_matches('=').to_owned());
        }
    }
    forms
}

/// Everything that the program printed, and every file that it left.
#[derive(Default)]
struct Found(BTreeMap<String, Vec<u8>>);

impl Found {
    fn run(&mut self, tieout: &Tieout, what: &str, arguments: &[&str], codes: &[i32]) {
        let ran = tieout.run(arguments);
        assert!(codes.contains(&ran.code), "{what}: {ran:?}");
        self.0.insert(format!("{what}: output"), format!("{}{}", ran.stdout, ran.stderr).into());
    }

    fn collect(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                self.collect(&path);
                continue;
            }
            if KEPT.contains(&name.as_str()) {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            if bytes.starts_with(b"SQLite") {
                self.tables(&path, &name);
            }
            if bytes.starts_with(b"PK") {
                self.members(&path, &name);
            }
            self.0.insert(name, bytes);
        }
    }

    /// Every value of every table: on the disk, one may be cut by the end of a page.
    fn tables(&mut self, path: &Path, name: &str) {
        let database = rusqlite::Connection::open(path).unwrap();
        let mut statement =
            database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
        let tables: Vec<String> =
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        for table in tables {
            let mut values: Vec<u8> = Vec::new();
            let mut select = database.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
            let columns = select.column_count();
            let mut rows = select.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for column in 0..columns {
                    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) =
                        row.get_ref(column).unwrap()
                    {
                        values.extend(bytes);
                        values.push(b'\n');
                    }
                }
            }
            self.0.insert(format!("{name}: {table}"), values);
        }
    }

    fn members(&mut self, path: &Path, name: &str) {
        let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
        for place in 0..archive.len() {
            let mut bytes = Vec::new();
            archive.by_index(place).unwrap().read_to_end(&mut bytes).unwrap();
            self.0.insert(format!("{name}: {place}"), bytes);
        }
    }

    fn assert_free_of(&self, secrets: &BTreeMap<&str, Vec<String>>) {
        for (what, secrets) in secrets {
            let forms: BTreeSet<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
            for form in forms {
                assert!(form.len() >= 12, "{what}: {form} proves nothing");
                for (place, bytes) in &self.0 {
                    let at = memchr::memmem::find(bytes, form.as_bytes());
                    if let Some(at) = at {
                        let around = &bytes[at.saturating_sub(120)..bytes.len().min(at + 160)];
                        panic!("{what} is in {place}: …{}…", String::from_utf8_lossy(around));
                    }
                }
            }
        }
    }
}

/// Points the sandbox's configuration at the gateways, and gives it secrets that can be told apart.
fn planted(folder: &Path, stripe: &Echo, netsuite: &Echo, sandbox: &Sandbox) -> String {
    for (name, secret) in [
        ("stripe.key", STRIPE_KEY),
        ("write.key", WRITE_KEY),
        ("consumer.secret", CONSUMER_SECRET),
        ("token.secret", TOKEN_SECRET),
    ] {
        std::fs::write(folder.join(name), secret).unwrap();
    }
    let path = folder.join("tieout.toml");
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace(&sandbox.stripe_url, &stripe.url)
        .replace(&sandbox.netsuite_url, &netsuite.url)
        .replacen("limits =", "write_back = true\nwrite_key_file = \"write.key\"\nlimits =", 1);
    std::fs::write(&path, &text).unwrap();
    text
}

/// Stripe first, then NetSuite, refuses or answers nonsense, and repeats what it was asked with.
fn refused(found: &mut Found, tieout: &Tieout, stripe: &Echo, netsuite: &Echo) {
    let pull = ["pull", "--since", "2026-01-01"];
    for mood in [Mood::Refuse(401), Mood::Refuse(429), Mood::Page] {
        stripe.be(mood);
        found.run(tieout, &format!("check, Stripe {mood:?}"), &["check"], &[1, 4, 5]);
    }
    stripe.be(Mood::Garble);
    found.run(tieout, "pull, Stripe Garble", &pull, &[1, 4, 5]);
    stripe.be(Mood::Pass);
    found.run(tieout, "pull", &pull, &[0]);
    for mood in [Mood::RefuseTokens(400), Mood::Garble, Mood::Page] {
        netsuite.be(mood);
        found.run(tieout, &format!("check, NetSuite {mood:?}"), &["check"], &[1, 4]);
    }
    netsuite.be(Mood::Refuse(401));
    found.run(tieout, "push, NetSuite Refuse(401)", &["push"], &[4]);
    netsuite.be(Mood::RefuseWrites(400));
    found.run(tieout, "push that is rejected", &["push"], &[3]);
    netsuite.be(Mood::RefuseWrites(500));
    found.run(tieout, "push in doubt", &["push", "--retry"], &[1, 3, 8]);
    found.run(tieout, "exceptions", &["exceptions"], &[0, 3]);
    netsuite.be(Mood::Pass);
    stripe.be(Mood::Refuse(403));
    found.run(tieout, "push without write-back", &["push"], &[0, 3, 4]);
}

/// Everything goes well, and every kind of file is written.
fn posted(found: &mut Found, tieout: &Tieout, stripe: &Echo, netsuite: &Echo) {
    stripe.be(Mood::Pass);
    netsuite.be(Mood::Pass);
    for (what, arguments) in [
        ("push", &["push"][..]),
        ("plan", &["plan", "--out", "plan.json"]),
        ("verify", &["verify"]),
        ("report", &["report", "tieout", "--html", "report.html"]),
        ("close", &["report", "close", "--period", "2026-06", "--out", "close"]),
        ("evidence", &["evidence", "--period", "2026-06", "--out", "evidence.zip"]),
        ("status", &["status"]),
        ("config", &["check", "--show-config"]),
        ("facts", &["ledger", "export", "facts"]),
    ] {
        found.run(tieout, what, arguments, &[0, 3, 6]);
    }
}

/// One line of a log with a key in it opens a bank account's worth of facts to whoever reads logs.
#[test]
fn no_secret_reaches_an_output_the_ledger_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_with(folder.path(), &["--charges", "8", "--months", "1"]);
    let (stripe, netsuite) = (Echo::of(&sandbox.stripe_url), Echo::of(&sandbox.netsuite_url));
    let config = planted(folder.path(), &stripe, &netsuite, &sandbox);
    let tieout = Tieout::new(folder.path());
    let mut found = Found::default();

    refused(&mut found, &tieout, &stripe, &netsuite);
    posted(&mut found, &tieout, &stripe, &netsuite);

    let token = "[netsuite.token]\nconsumer_key = \"key\"\nconsumer_secret_file = \
        \"consumer.secret\"\ntoken_id = \"id\"\ntoken_secret_file = \"token.secret\"\n\n[accounts]";
    let (head, tail) = config.split_once("[netsuite.oauth2]").unwrap();
    let tail = tail.split_once("[accounts]").unwrap().1;
    std::fs::write(folder.path().join("tieout.toml"), format!("{head}{token}{tail}")).unwrap();
    netsuite.be(Mood::Refuse(401));
    found.run(&tieout, "check with a token", &["check"], &[4]);

    let pem = std::fs::read_to_string(folder.path().join("netsuite.pem")).unwrap();
    let pem_lines = pem.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
    let secrets = BTreeMap::from([
        ("the Stripe key", vec![STRIPE_KEY.to_owned()]),
        ("the write key", vec![WRITE_KEY.to_owned()]),
        ("the private key", pem_lines.collect()),
        ("the token secrets", vec![CONSUMER_SECRET.to_owned(), TOKEN_SECRET.to_owned()]),
        ("an access token or an assertion", netsuite.seen().into_iter().collect()),
    ]);
    // The gateways had something to repeat, and it was taken out.
    assert!(stripe.seen().contains(STRIPE_KEY) && stripe.seen().contains(WRITE_KEY));
    assert!(netsuite.seen().len() >= 4, "{:?}", netsuite.seen());
    for place in
        ["check, Stripe Refuse(401)", "push, NetSuite Refuse(401)", "push that is rejected"]
    {
        let bytes = &found.0[&format!("{place}: output")];
        assert!(String::from_utf8_lossy(bytes).contains("[redacted]"), "{place} repeats nothing");
    }
    found.collect(folder.path());
    found.assert_free_of(&secrets);
    assert_private(folder.path());
}

/// The ledger, plans and reports hold customers' names and amounts: they are their owner's alone.
fn assert_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let written = [
        "tieout.db",
        "tieout.db.lock",
        "plan.json",
        "report.html",
        "evidence.zip",
        "facts",
        "close",
    ];
    for name in written {
        let path = folder.join(name);
        if !path.exists() {
            continue;
        }
        let files = if path.is_dir() {
            std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect()
        } else {
            vec![path]
        };
        for file in files {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
        }
    }
}
