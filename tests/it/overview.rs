//! One report over the closes of several Stripe accounts, two of which keep their balance on the same
//! accounts of NetSuite, and one of which fails.

use std::path::Path;

use serde_json::{Value, json};
use tieout::sandbox::netsuite::{Kind, NetSuite, Setup};

use crate::support::cli::{Sandbox, Tieout};
use crate::support::schema::differences;

/// In September.
const AT: i64 = 1_789_000_000;

/// Somebody's journal on the account that both share.
fn post_by_hand(folder: &Path) {
    let setup = Setup::demo();
    let books = NetSuite::open(Some(&folder.join("netsuite.db")), &setup).unwrap();
    let account = |number| setup.account(number).unwrap().to_string();
    let line = |account: String, side: &str| json!({ "account": { "id": account }, side: 777 });
    let lines = [line(account("1200"), "debit"), line(account("4000"), "credit")];
    let journal = json!({ "tranDate": "2026-09-15", "currency": { "id": "1" }, "memo": "by hand",
        "approved": true, "line": { "items": lines } });
    books.create(Kind::JournalEntry, &journal.to_string()).unwrap();
}

/// A charge of 100.00 that Stripe kept 3.20 of, and that is not paid out yet.
fn charge(folder: &Path) {
    let charge = json!({ "id": "ch_eu", "object": "charge", "customer": null, "currency": "usd",
        "amount": 10_000, "amount_captured": 10_000, "captured": true, "created": AT,
        "status": "succeeded", "balance_transaction": "txn_eu", "metadata": {}, "livemode": false });
    let fee = json!({ "amount": 320, "currency": "usd", "type": "stripe_fee" });
    let movement = json!({ "id": "txn_eu", "object": "balance_transaction", "type": "charge",
        "reporting_category": "charge", "source": "ch_eu", "amount": 10_000, "fee": 320,
        "net": 9_680, "currency": "usd", "created": AT, "fee_details": [fee],
        "status": "available", "available_on": AT });
    std::fs::write(folder.join("eu.jsonl"), format!("{charge}\n{movement}")).unwrap();
}

/// Three accounts: the embedded company's own, one of a file, and one that was never pulled.
fn configure(folder: &Path) {
    let own = std::fs::read_to_string(folder.join("tieout.toml")).unwrap();
    let (head, rest) = own.split_once("[netsuite]").unwrap();
    let stripe = head.split_once("[stripe]").unwrap().1.trim();
    let section = |name: &str, prefix: &str| {
        let stripe = stripe.replace("acct_", prefix);
        format!("\n[[stripe_accounts]]\nname = \"{name}\"\n[stripe_accounts.stripe]\n{stripe}\n")
    };
    let sections = [("us", "acct_"), ("eu", "acct_eu_"), ("uk", "acct_uk_")];
    let sections: String = sections.map(|(name, prefix)| section(name, prefix)).concat();
    std::fs::write(folder.join("tieout.toml"), format!("[netsuite]{rest}{sections}")).unwrap();
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

/// The rows of a section.
fn rows<'a>(report: &'a Value, key: &str) -> &'a [Value] {
    let mut sections = report["sections"].as_array().unwrap().iter();
    let found = sections.find(|section| section["key"] == key);
    found.map_or(&[], |section| section["rows"].as_array().unwrap())
}

/// The row of this account, or what its kind is.
fn row<'a>(rows: &'a [Value], key: &str, value: &str) -> &'a Value {
    let found = rows.iter().find(|row| row[key] == value);
    found.unwrap_or_else(|| panic!("{key} {value} in {rows:#?}"))
}

fn minor(amount: &Value) -> i64 {
    amount["minor"].as_i64().unwrap_or_else(|| panic!("{amount} is no amount"))
}

/// Every total of a list is the sum of what stands above it.
fn foots(report: &Value) {
    for section in report["sections"].as_array().unwrap() {
        let rows = section["rows"].as_array().unwrap();
        let Some(total) = rows.iter().find(|row| row["row"] == "total") else { continue };
        for column in section["columns"].as_array().unwrap() {
            let key = column["key"].as_str().unwrap();
            if total[key]["minor"].is_null() {
                continue;
            }
            let above = rows.iter().filter(|row| row["row"] == "item" || row["row"] == "term");
            let sum: i64 =
                above.filter(|row| !row[key].is_null()).map(|row| minor(&row[key])).sum();
            assert_eq!(minor(&total[key]), sum, "{} {key}", section["key"]);
        }
    }
}

/// What an account's own reports say of one currency, against its lines in the overview.
fn is_as_its_own_reports_say(folder: &Path, overview: &Value, name: &str, currency: &str) {
    let own = |report: &str| read(folder, &format!("{name}/{report}.json"));
    let rollforward = own("rollforward");
    let own_rows = rows(&rollforward, &format!("rollforward-{currency}"));
    let lines = rows(overview, &format!("overview-balances-{currency}"));
    let amount = |kind: &str| minor(&row(own_rows, "row", kind)["amount"]);
    if !lines.iter().any(|line| line["account"] == name) {
        // Records of the other accounts are all that this one has of it.
        assert_eq!(amount("total"), 0, "{name} {currency}");
        return;
    }
    let line = row(lines, "account", name);
    let opening = minor(&row(own_rows, "line", "Opening balance")["amount"]);
    assert_eq!(minor(&line["opening"]), opening, "{name} {currency}");
    assert_eq!(minor(&line["closing"]), amount("total"), "{name} {currency}");
    assert_eq!(
        minor(&line["opening"]) + minor(&line["activity"]) + minor(&line["payouts"]),
        amount("total"),
        "{name} {currency}"
    );
    if own_rows.iter().any(|row| row["row"] == "observed") {
        assert_eq!(minor(&line["reported"]), amount("observed"), "{name} {currency}");
        assert_eq!(minor(&line["difference"]), amount("difference"), "{name} {currency}");
    } else {
        assert!(line["reported"].is_null() && line["difference"].is_null(), "{line}");
    }
    let open = own("open-items");
    let items = rows(&open, &format!("open-items-{currency}"));
    let is_item = |row: &&Value| row["row"] == "item";
    // What the other account made is open in this one's own report alone.
    let is_strange = |row: &&Value| row["description"].as_str().unwrap().contains("did not make");
    let known: Vec<&Value> = items.iter().filter(is_item).filter(|row| !is_strange(row)).collect();
    let lines = rows(overview, &format!("overview-open-{currency}"));
    match lines.iter().find(|row| row["account"] == name) {
        None => assert!(known.is_empty(), "{known:?}"),
        Some(line) => {
            assert_eq!(line["count"], known.len(), "{name} {currency}");
            let sum: i64 = known.iter().map(|row| minor(&row["amount"])).sum();
            assert_eq!(minor(&line["amount"]), sum, "{name} {currency}");
            let oldest = known.iter().filter_map(|row| row["age"].as_i64()).max();
            assert_eq!(line["oldest"].as_i64(), oldest, "{name} {currency}");
        }
    }
}

/// NetSuite's one balance is that of both: taken for either alone it looks as if somebody else had posted
/// the rest, and a controller who adds up two reports counts the journal by hand twice.
#[test]
fn an_overview_says_what_each_account_says_and_bridges_a_shared_balance_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    drop(Sandbox::start(path));
    post_by_hand(path);
    let _sandbox = Sandbox::start(path);
    configure(path);
    charge(path);
    let tieout = Tieout::new(path);
    for command in [
        &["run", "--account", "us", "--since", "2026-06-01"][..],
        &["pull", "--account", "eu", "--from", "eu.jsonl"],
        &["push", "--account", "eu"],
    ] {
        let ran = tieout.run(command);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let ran = tieout.run(&["report", "close", "--period", "2026-09", "--out", "all"]);
    assert_eq!(ran.code, 1, "uk was never pulled: {ran:?}");
    assert!(
        ran.stderr.contains("uk: ") && ran.stdout.contains("1 account without a close"),
        "{ran:?}"
    );

    let all = path.join("all");
    let overview = read(&all, "overview.json");
    let schema = serde_json::from_str(include_str!("../../docs/schemas/overview.json")).unwrap();
    assert_eq!(differences(&schema, &overview), Vec::<String>::new());
    foots(&overview);
    let accounts = overview["accounts"].as_array().unwrap();
    let told: Vec<_> = accounts.iter().map(|own| (&own["name"], &own["state"])).collect();
    let expected = [("us", "ties"), ("eu", "ties"), ("uk", "failed")];
    assert_eq!(json!(told), json!(expected), "{overview:#}");
    assert!(accounts[2]["report"].is_null() && accounts[2]["error"].is_string(), "{overview:#}");
    let why = row(rows(&overview, "overview-failed"), "account", "uk");
    assert_eq!(why["why"], accounts[2]["error"]);

    let currencies = |name: &str| {
        let own = read(&all, &format!("{name}/rollforward.json"));
        let sections = own["sections"].as_array().unwrap().iter();
        let own: Vec<String> = sections
            .filter_map(|section| section["key"].as_str()?.strip_prefix("rollforward-"))
            .filter(|rest| !rest.contains('-'))
            .map(str::to_owned)
            .collect();
        own
    };
    assert!(currencies("us").len() > 2 && currencies("eu").contains(&"GBP".into()));
    for name in ["us", "eu"] {
        for currency in currencies(name) {
            is_as_its_own_reports_say(&all, &overview, name, &currency);
        }
    }

    let both = row(rows(&overview, "overview-bridges-USD"), "account", "us + eu");
    let bridge = read(&all, "us/bridge.json");
    let by_netsuite: i64 = rows(&bridge, "bridge-USD")
        .iter()
        .filter(|row| row["line"].as_str().is_some_and(|line| line.ends_with("by NetSuite")))
        .map(|row| minor(&row["amount"]))
        .sum();
    assert_eq!(minor(&both["netsuite"]), by_netsuite, "one balance, and not twice");
    assert_eq!((minor(&both["others"]), minor(&both["difference"])), (-77_700, 0));
    let lines = rows(&overview, "overview-balances-USD");
    let closing: i64 =
        ["us", "eu"].map(|name| minor(&row(lines, "account", name)["closing"])).iter().sum();
    assert_eq!(minor(&both["closing"]), closing);
    let strange = row(rows(&overview, "overview-open-USD"), "account", "us + eu, made by others");
    assert_eq!((&strange["count"], minor(&strange["amount"])), (&json!(1), -77_700), "once");

    each_names_the_others_records(&all);

    let page = std::fs::read_to_string(all.join("overview.html")).unwrap();
    assert!(page.contains("href=\"us/close.html\"") && !page.contains("href=\"uk/"), "{page}");
    assert!(all.join("us/close.html").exists() && all.join("overview.xlsx").exists());
    let csv = std::fs::read_to_string(all.join("overview.csv")).unwrap();
    assert!(csv.contains("overview-bridges-USD,item,USD,us + eu"), "{csv}");

    for command in ["verify", "status"] {
        let ran = tieout.run(&[command]);
        let (_, table) = ran.stderr.split_once("All accounts").unwrap_or_else(|| panic!("{ran:?}"));
        let ended = |name: &str| {
            let line = table.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<i32>().unwrap()
        };
        assert_eq!((ended("us"), ended("eu"), ended("uk")), (0, 0, 1), "{command}: {ran:?}");
        assert_eq!((ended("Total"), ran.code), (1, 1), "{command}: {ran:?}");
    }
    programs_read_one_document(path);
    files_are_of_one_account(path);
}

/// An archive for each account under one name would be the last one's, and a controller would find out when the
/// auditor asks; a plan that was kept is shown once, by the ledger of the account that it is of.
fn files_are_of_one_account(path: &Path) {
    let tieout = Tieout::new(path);
    let ran = tieout.run(&["evidence", "--period", "2026-09", "--out", "all.zip"]);
    assert!(ran.code == 64 && ran.stderr.contains("--account"), "{ran:?}");
    assert!(!path.join("all.zip").exists());
    let ran =
        tieout.run(&["evidence", "--period", "2026-09", "--out", "us.zip", "--account", "us"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = tieout.run(&["evidence", "verify", "us.zip", "--output", "json"]);
    let verified: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert!(ran.code == 0 && verified.is_object(), "{ran:?}");

    let ran = tieout.run(&["plan", "--out", "eu.plan.json", "--account", "eu"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = tieout.run(&["plan", "show", "eu.plan.json"]);
    assert_eq!((ran.code, ran.stdout.matches("It can still be sent").count()), (0, 1), "{ran:?}");
}

/// Each account's own report names the other's records, and asks nobody to clear them.
fn each_names_the_others_records(all: &Path) {
    for (name, other) in [("us", "eu"), ("eu", "us")] {
        let bridge = read(all, &format!("{name}/bridge.json"));
        let terms = rows(&bridge, "bridge-USD");
        let theirs = format!("Records of the Stripe account {other} on these accounts");
        assert!(terms.iter().any(|row| row["line"] == json!(theirs)), "{name}: {terms:#?}");
        let strange = "Records on these accounts that this ledger did not make";
        assert_eq!(minor(&row(terms, "line", strange)["amount"]), -77_700, "{name}");
        let listed = rows(&bridge, "bridge-USD-others");
        let made = format!(", made for the Stripe account {other}");
        let listed: Vec<_> = listed.iter().filter(|row| row["row"] != "total").collect();
        let strange = listed.iter().filter(|row| {
            let said = row["description"].as_str();
            said.is_some_and(|said| !said.ends_with(&made))
        });
        assert_eq!(strange.count(), 1, "the journal by hand, {name}: {listed:#?}");
        assert!(listed.len() > 1, "{name}");
        let items = read(all, &format!("{name}/open-items.json"));
        let items = items.to_string();
        assert!(
            items.contains("which this ledger did not make") && !items.contains(&made),
            "{name}"
        );
    }
}

/// A script that reads what a command prints would otherwise stop behind the first account's document, and
/// take the month of one for the month of all.
fn programs_read_one_document(path: &Path) {
    let schema = serde_json::from_str(include_str!("../../docs/schemas/accounts.json")).unwrap();
    let commands: [&[&str]; 5] = [
        &["verify"],
        &["status"],
        &["exceptions", "list"],
        &["report", "fees", "--period", "2026-09", "--from-ledger"],
        &["run", "--dry-run"],
    ];
    for command in commands {
        let ran = Tieout::new(path).run(&[command, &["--output", "json"]].concat());
        let read: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        assert_eq!(differences(&schema, &read), Vec::<String>::new(), "{command:?}");
        let accounts = read["accounts"].as_array().unwrap();
        let named: Vec<_> = accounts.iter().map(|own| &own["account"]).collect();
        assert_eq!(json!(named), json!(["us", "eu", "uk"]), "{command:?}");
        let worst = accounts.iter().map(|own| own["exit_code"].as_i64().unwrap()).max();
        assert_eq!(worst, Some(ran.code.into()), "{command:?}: {ran:?}");
        for own in accounts {
            let has_output = own["output"].is_object() || own["output"].is_array();
            assert!(has_output || own["error"].is_string(), "{command:?}: {own:#}");
        }
        assert!(!accounts[0]["output"].is_null(), "{command:?}: {ran:?}");
    }
}
