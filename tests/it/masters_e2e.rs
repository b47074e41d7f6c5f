//! Links, matches, mapping and several Stripe accounts through the binary, against the embedded
//! NetSuite, which had records of its own before.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use tieout::sandbox::netsuite::{Kind, NetSuite, Setup};

use crate::support::cli::{Sandbox, Tieout};

const NOON: i64 = 1_772_366_400;

fn movement(id: &str, source: &str, amount: i64) -> Value {
    json!({ "id": id, "object": "balance_transaction", "type": "charge",
        "reporting_category": "charge", "source": source, "amount": amount, "fee": 0,
        "net": amount, "currency": "usd", "created": NOON, "fee_details": [],
        "status": "available", "available_on": NOON })
}

fn charge(id: &str, customer: &Value, amount: i64, metadata: &Value) -> Value {
    json!({ "id": id, "object": "charge", "customer": customer, "currency": "usd",
        "amount": amount, "amount_captured": amount, "captured": true, "created": NOON,
        "status": "succeeded", "balance_transaction": format!("txn_{id}"), "metadata": metadata,
        "livemode": false })
}

/// A customer by e-mail, its paid invoice for a price that names an item, and a guest's charge that
/// names a customer.
fn objects(item: i64, customer: i64) -> Vec<Value> {
    let line = json!({ "id": "il_1", "object": "line_item", "amount": 10_000, "quantity": 1,
        "currency": "usd", "description": "Seat", "metadata": { "team": "Ops" },
        "pricing": { "price_details": { "price": "price_1", "product": "prod_1" } } });
    let region = json!({ "region": "EU" });
    let names_item = json!({ "netsuite_service_sale_item_id": item.to_string() });
    let names_customer = json!({ "netsuite_customer_id": customer.to_string() });
    vec![
        json!({ "id": "cus_1", "object": "customer", "name": "Acme", "email": "AP@Acmé.test",
            "created": NOON, "livemode": false, "metadata": region }),
        json!({ "id": "prod_1", "object": "product", "name": "Plan", "created": NOON }),
        json!({ "id": "price_1", "object": "price", "product": "prod_1", "created": NOON,
            "currency": "usd", "metadata": names_item }),
        json!({ "id": "in_1", "object": "invoice", "customer": "cus_1", "currency": "usd",
            "created": NOON, "status": "paid", "total": 10_000, "amount_due": 10_000,
            "amount_paid": 10_000, "status_transitions": { "finalized_at": NOON },
            "lines": { "object": "list", "has_more": false, "data": [line] }, "metadata": {} }),
        json!({ "id": "inpay_1", "object": "invoice_payment", "invoice": "in_1",
            "amount_paid": 10_000, "currency": "usd", "created": NOON, "status": "paid",
            "payment": { "type": "charge", "charge": "ch_1" } }),
        charge("ch_1", &json!("cus_1"), 10_000, &json!({})),
        charge("ch_2", &Value::Null, 2_500, &names_customer),
        movement("txn_ch_1", "ch_1", 10_000),
        movement("txn_ch_2", "ch_2", 2_500),
    ]
}

fn write_lines(path: &Path, objects: &[Value]) {
    let lines: Vec<String> = objects.iter().map(ToString::to_string).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

/// What the company had in NetSuite: a customer and an item. Their internal ids.
fn before(folder: &Path) -> (i64, i64) {
    let netsuite = NetSuite::open(Some(&folder.join("netsuite.db")), &Setup::demo()).unwrap();
    let customer = json!({ "companyName": "Acmé SA", "email": "ap@ACMÉ.test", "externalId": "crm-7",
        "currency": { "id": "1" } });
    let account = netsuite_account(folder, "4200");
    let item = json!({ "itemId": "Old plan", "incomeAccount": { "id": account.to_string() } });
    (
        netsuite.create(Kind::Customer, &customer.to_string()).unwrap(),
        netsuite.create(Kind::ServiceSaleItem, &item.to_string()).unwrap(),
    )
}

fn netsuite_account(folder: &Path, number: &str) -> i64 {
    let db = Connection::open(folder.join("netsuite.db")).unwrap();
    db.query_row("SELECT id FROM ns_account WHERE number = ?1", [number], |row| row.get(0)).unwrap()
}

fn body_of(folder: &Path, external_id: &str) -> Value {
    let db = Connection::open(folder.join("netsuite.db")).unwrap();
    let sql = "SELECT body FROM ns_record WHERE external_id = ?1";
    let text: String = db.query_row(sql, [external_id], |row| row.get(0)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn id_of(folder: &Path, external_id: &str) -> i64 {
    let db = Connection::open(folder.join("netsuite.db")).unwrap();
    let sql = "SELECT id FROM ns_record WHERE external_id = ?1";
    db.query_row(sql, [external_id], |row| row.get(0)).unwrap()
}

fn count(folder: &Path, group: &str) -> i64 {
    let db = Connection::open(folder.join("netsuite.db")).unwrap();
    let sql = "SELECT count(*) FROM ns_record WHERE grp = ?1";
    db.query_row(sql, [group], |row| row.get(0)).unwrap()
}

const MASTERS: &str = r#"
[customers]
mode = "match"
match = { stripe = "email", netsuite = "email" }

[[mapping]]
record = "invoice"
field = "custbody_region"
from = "customer.metadata.region"

[[mapping]]
record = "invoice_line"
field = "department"
from = "metadata.team"
values = { Ops = "4" }

[[mapping]]
record = ["invoice_line", "credit_memo_line"]
field = "custcol_negative"
value = true
when = { amount = "negative" }
"#;

/// The company's own customer and item are used, its fields arrive, and a second run plans nothing.
#[test]
fn what_the_company_has_is_used_and_its_fields_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // The folder is the sandbox's own from its first start.
    drop(Sandbox::start(path));
    let (customer, item) = before(path);
    let _sandbox = Sandbox::start(path);
    let tieout = Tieout::new(path);
    let config = std::fs::read_to_string(path.join("tieout.toml")).unwrap();
    std::fs::write(path.join("tieout.toml"), config + MASTERS).unwrap();
    write_lines(&path.join("objects.jsonl"), &objects(item, customer));
    let pulled = tieout.run(&["pull", "--from", "objects.jsonl"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");

    let pushed = tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert_eq!((count(path, "entity"), count(path, "item")), (1, 1), "nothing was made twice");
    let invoice = body_of(path, "in_1");
    assert_eq!(invoice["entity"]["id"], customer.to_string());
    assert_eq!(invoice["custbody_region"], "EU");
    let line = &invoice["item"]["items"][0];
    assert_eq!(line["item"]["id"], item.to_string());
    assert_eq!(line["department"]["id"], "4");
    assert!(line.get("custcol_negative").is_none());
    assert_eq!(body_of(path, "ch_2")["customer"]["id"], customer.to_string());
    assert_eq!(body_of(path, "crm-7")["externalId"], "crm-7", "it keeps its own external id");

    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let again = tieout.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(again.code, 0, "{again:?}");

    // A second customer with that e-mail makes the match ambiguous for whoever comes next.
    let late = json!({ "id": "cus_2", "object": "customer", "email": "ap@acmé.test",
        "created": NOON, "metadata": { "netsuite_customer_id": "999999" } });
    write_lines(
        &path.join("late.jsonl"),
        &[
            late,
            charge("ch_3", &json!("cus_2"), 700, &json!({})),
            movement("txn_ch_3", "ch_3", 700),
        ],
    );
    assert_eq!(tieout.run(&["pull", "--from", "late.jsonl"]).code, 0);
    let blocked = tieout.run(&["plan"]);
    assert_eq!(blocked.code, 3, "{blocked:?}");
    assert!(blocked.stdout.contains("names 999999, which is not in NetSuite"), "{blocked:?}");
}

/// A report by region or by department would be wrong, and no total would show it.
#[test]
fn a_mapped_field_that_netsuite_has_otherwise_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    drop(Sandbox::start(path));
    let (customer, item) = before(path);
    let sandbox = Sandbox::start(path);
    let tieout = Tieout::new(path);
    let config = std::fs::read_to_string(path.join("tieout.toml")).unwrap();
    std::fs::write(path.join("tieout.toml"), config + MASTERS).unwrap();
    write_lines(&path.join("objects.jsonl"), &objects(item, customer));
    assert_eq!(tieout.run(&["pull", "--from", "objects.jsonl"]).code, 0);
    let pushed = tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "every mapped field is as it was sent: {pushed:?}");
    drop(sandbox);

    let netsuite = NetSuite::open(Some(&path.join("netsuite.db")), &Setup::demo()).unwrap();
    let invoice = body_of(path, "in_1");
    let id = id_of(path, "in_1");
    let mut line = invoice["item"]["items"][0].clone();
    line["department"] = json!({ "id": "5" });
    let patch = json!({ "custbody_region": null, "item": { "items": [line] } });
    netsuite.edit(Kind::Invoice, id, &patch.to_string()).unwrap();
    drop(netsuite);

    let _sandbox = Sandbox::start(path);
    let verified = tieout.run(&["verify", "--output", "json"]);
    assert_eq!(verified.code, 6, "{verified:?}");
    let found: Value = serde_json::from_str(&verified.stdout).unwrap();
    let of = |drift: &Value| {
        let text = |name: &str| drift[name].as_str().unwrap().to_owned();
        (text("aspect"), text("field"), text("posted"), text("observed"))
    };
    let drifts: Vec<_> = found["drifts"].as_array().unwrap().iter().map(of).collect();
    let mapped = |field: &str, posted: &str, now: &str| {
        ("mapped".to_owned(), field.to_owned(), posted.to_owned(), now.to_owned())
    };
    let wanted =
        [mapped("custbody_region", "EU", "nothing"), mapped("department of a line", "id 4", "5")];
    assert_eq!(drifts, wanted);
    let accept = ["resolve", "--ignore", "in_1", "--note", "the region is gone"];
    assert_eq!(tieout.run(&accept).code, 0);
    assert_eq!(tieout.run(&["verify"]).code, 0);
}

#[test]
fn an_example_shows_what_the_mapping_gives_and_by_which_rule() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let tieout = Tieout::new(path);
    assert_eq!(tieout.run(&["init"]).code, 0);
    let config = std::fs::read_to_string(path.join("tieout.toml")).unwrap();
    let config = config.split("\n[customers]").next().unwrap().to_owned();
    std::fs::write(path.join("tieout.toml"), config.clone() + MASTERS).unwrap();
    let mut invoice = objects(31, 7)[3].clone();
    invoice["customer"] = objects(31, 7)[0].clone();
    std::fs::write(path.join("invoice.json"), invoice.to_string()).unwrap();
    let shown = tieout.run(&["check", "--mapping", "invoice.json"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for words in [
        "Invoice in_1",
        "custbody_region",
        "EU",
        "customer.metadata.region",
        "item 1",
        "department",
        "id 4",
        "metadata.team = Ops",
        "Gave nothing: invoice_line `custcol_negative`",
    ] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    let json = tieout.run(&["check", "--mapping", "invoice.json", "--output", "json"]);
    let parsed: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(parsed["schema_version"], 1);

    // A charge alone: its balance transaction is assumed, and said to be.
    std::fs::write(path.join("charge.json"), objects(31, 7)[5].to_string()).unwrap();
    let assumed = tieout.run(&["check", "--mapping", "charge.json"]);
    assert!(assumed.stdout.contains("Assumed: txn_ch_1"), "{assumed:?}");

    // A field that does not exist is found when the file is read, with its line.
    let typing_error = config + &MASTERS.replace("\"department\"", "\"departmant\"");
    std::fs::write(path.join("tieout.toml"), &typing_error).unwrap();
    let wrong = tieout.run(&["check", "--mapping", "invoice.json"]);
    let first = typing_error.split("field = \"departmant\"").next().unwrap();
    let line = first.lines().count() - 1;
    assert_eq!(wrong.code, 64, "{wrong:?}");
    assert!(wrong.stderr.contains(&format!("line {line}: invoice_line has no field")), "{wrong:?}");
    assert!(wrong.stderr.contains("Did you mean `department`?"), "{wrong:?}");
}

/// Two Stripe accounts on one NetSuite account, each with its own ledger and key: one run for both, side
/// by side, and their shared names do not collide.
#[test]
fn several_accounts_run_side_by_side_and_share_nothing_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let _sandbox = Sandbox::start(path);
    let tieout = Tieout::new(path);
    let own = std::fs::read_to_string(path.join("tieout.toml")).unwrap();
    let (head, rest) = own.split_once("[netsuite]").unwrap();
    let stripe = head.split_once("[stripe]").unwrap().1.trim();
    let section = |name: &str, stripe: &str| {
        format!("\n[[stripe_accounts]]\nname = \"{name}\"\n[stripe_accounts.stripe]\n{stripe}\n")
    };
    let other = stripe.replace("acct_", "acct_other_");
    let config = format!("[netsuite]{rest}{}{}", section("us", stripe), section("eu", &other));
    std::fs::write(path.join("tieout.toml"), config).unwrap();
    for (name, id) in [("us", "1"), ("eu", "2")] {
        // A guest's charge: its customer is the unallocated one of its account.
        let charge_id = format!("ch_{id}");
        let guest = charge(&charge_id, &Value::Null, 100, &json!({}));
        write_lines(
            &path.join("guest.jsonl"),
            &[guest, movement(&format!("txn_{charge_id}"), &charge_id, 100)],
        );
        let pulled = tieout.run(&["pull", "--from", "guest.jsonl", "--account", name]);
        assert_eq!(pulled.code, 0, "{pulled:?}");
    }
    let refused = tieout.run(&["pull", "--from", "guest.jsonl"]);
    assert_eq!(refused.code, 64, "{refused:?}");
    assert!(refused.stderr.contains("us, eu"), "{refused:?}");
    let pushed = tieout.run(&["push", "--summary", "push.json", "--metrics", "push.prom"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    let told: Value =
        serde_json::from_slice(&std::fs::read(path.join("push.json")).unwrap()).unwrap();
    let created = |of: &Value| of["counts"]["posted"]["created"].as_u64().unwrap();
    let sum: u64 = told["accounts"].as_array().unwrap().iter().map(created).sum();
    assert_eq!(told["totals"]["created"], sum, "the totals are those of both: {told}");
    for words in ["us: ", "eu: ", "Total  "] {
        assert!(pushed.stderr.contains(words), "{words}: {pushed:?}");
    }
    let accounts = told["accounts"].as_array().unwrap().iter();
    let posted =
        |account: &Value| (account["name"].clone(), account["counts"]["posted"]["created"].clone());
    let accounts: Vec<_> = accounts.map(posted).collect();
    assert_eq!(accounts[0].0, "us", "each has its turn in one summary: {told}");
    assert!(accounts.len() == 2 && accounts.iter().all(|(_, created)| *created != 0), "{told}");
    let metrics = std::fs::read_to_string(path.join("push.prom")).unwrap();
    assert!(
        metrics.contains("tieout_run_exit_code{account=\"eu\",command=\"push\"} 0"),
        "{metrics}"
    );
    assert!(path.join("tieout-us.db").exists() && path.join("tieout-eu.db").exists());
    for name in ["us", "eu"] {
        let customer = body_of(path, &format!("stripe-unallocated-charges-{name}"));
        assert_eq!(customer["entityId"], format!("Stripe Unallocated Charges ({name})"));
    }
    assert_eq!(tieout.run(&["plan", "--detailed-exitcode"]).code, 0);
    // What is printed stands in the order of the file, whoever was through first.
    let shown = tieout.run(&["run", "--dry-run", "--since", "2026-03-01", "--output", "json"]);
    assert_eq!(shown.code, 7, "the second account's key is of the first: {shown:?}");
    assert!(shown.stderr.contains("eu: ") && shown.stdout.contains("acct_"), "{shown:?}");
    // The worst ending is the command's: the second account's key is of the first.
    let checked = tieout.run(&["check"]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert_eq!(tieout.run(&["check", "--account", "us"]).code, 0);
    assert_eq!(tieout.run(&["check", "--account", "uk"]).code, 64);
}
