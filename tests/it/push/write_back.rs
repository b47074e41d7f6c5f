//! Write-back: NetSuite's ids in Stripe's metadata, where it is switched on; and nothing at all where
//! it is not.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tieout::calendar::SystemClock;
use tieout::ledger::{Ledger, RecordState};
use tieout::net::http::HttpTransport;
use tieout::net::transport::{HttpRequest, HttpResponse, Method, Transport};

use crate::support::cli::{Sandbox, Tieout, quick_folder};
use crate::support::gateway::Gateway;

const COMPANY: [&str; 2] = ["--charges", "40"];
const PULL: [&str; 3] = ["pull", "--since", "2026-01-01"];
const LISTS: [&str; 8] = [
    "customers",
    "invoices",
    "charges",
    "refunds",
    "credit_notes",
    "disputes",
    "payouts",
    "prices",
];

struct Scene {
    folder: tempfile::TempDir,
    tieout: Tieout,
    sandbox: Sandbox,
}

/// A company in a ledger, whose configuration has these lines under `[stripe]` too.
fn scene(stripe: &str) -> Scene {
    let folder = quick_folder();
    let sandbox = Sandbox::start_with(folder.path(), &COMPANY);
    let config = folder.path().join("tieout.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let head = "api_key_file = \"stripe.key\"\n";
    std::fs::write(&config, text.replace(head, &format!("{head}{stripe}"))).unwrap();
    let tieout = Tieout::new(folder.path());
    let pulled = tieout.run(&PULL);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    Scene { folder, tieout, sandbox }
}

/// A key that may write, or not.
fn on(folder: &Path, key: &str) {
    std::fs::write(folder.join("write.key"), key).unwrap();
}

const SWITCHED_ON: &str = "write_back = true\nwrite_key_file = \"write.key\"\n";

fn send(request: HttpRequest) -> HttpResponse {
    let request = request.header("Authorization", "Bearer sk_test_somebody");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(HttpTransport::new().send(request)).unwrap()
}

/// Every id of NetSuite's in Stripe: object, key, value.
fn written(stripe_url: &str) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for list in LISTS {
        let mut after = String::new();
        loop {
            let url = format!("{stripe_url}/v1/{list}?limit=100{after}");
            let page: Value =
                serde_json::from_slice(&send(HttpRequest::new(Method::Get, url)).body).unwrap();
            let data = page["data"].as_array().unwrap();
            for object in data {
                let id = object["id"].as_str().unwrap().to_owned();
                for (key, value) in object["metadata"].as_object().into_iter().flatten() {
                    if key.starts_with("netsuite_") && key.ends_with("_id") {
                        let value = value.as_str().unwrap().to_owned();
                        found.insert((id.clone(), key.clone()), value);
                    }
                }
                after = format!("&starting_after={id}");
            }
            if page["has_more"] != true {
                break;
            }
        }
    }
    found
}

/// The same with the names of the records, which are the same in every run.
fn named(folder: &Path, stripe_url: &str) -> BTreeMap<(String, String), String> {
    let clock = std::sync::Arc::new(SystemClock);
    let rows = Ledger::open_existing(&folder.join("tieout.db"), clock).unwrap().records().unwrap();
    let names: BTreeMap<(bool, String), String> = rows
        .iter()
        .filter_map(|row| {
            let id = row.internal_id.as_ref()?.to_string();
            Some(((row.kind.is_transaction(), id), row.external_id.to_string()))
        })
        .collect();
    let name = |key: &str, id: String| {
        let is_master = key.contains("item") || key == "netsuite_customer_id";
        names.get(&(!is_master, id.clone())).cloned().unwrap_or(id)
    };
    let found = written(stripe_url).into_iter();
    found.map(|((object, key), id)| ((object, key.clone()), name(&key, id))).collect()
}

/// A read-only key is all that is ever needed: were anything sent to Stripe by a push, it would not be.
#[test]
fn without_it_a_push_sends_nothing_to_stripe() {
    let scene = scene("");
    let gateway = Gateway::to(&scene.sandbox.stripe_url);
    let pushed = scene.tieout.run(&["--stripe-base-url", &gateway.url, "push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert_eq!(gateway.moments(), 0);
    assert_eq!(written(&scene.sandbox.stripe_url), BTreeMap::new());
}

/// Were the ids taken for somebody else's links at the next pull, every record would be an exception.
#[test]
fn every_object_gets_the_id_of_its_record_and_the_next_night_plans_nothing() {
    let scene = scene(SWITCHED_ON);
    on(scene.folder.path(), "sk_test_writer");
    let checked = scene.tieout.run(&["check"]);
    assert!(checked.stdout.contains("The write key may add to the metadata"), "{checked:?}");
    let pushed = scene.tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert!(pushed.stderr.contains("0 failed, 0 in doubt.\nStripe's metadata:"), "{pushed:?}");
    let found = named(scene.folder.path(), &scene.sandbox.stripe_url);
    let of = |key: &str| found.keys().filter(|(_, own)| own == key).count();
    assert!(of("netsuite_customer_id") > 5 && of("netsuite_invoice_id") > 20, "{found:?}");
    assert!(of("netsuite_customer_payment_id") > 20 && of("netsuite_deposit_id") > 5);
    for ((object, key), record) in &found {
        assert!(record.starts_with(object.as_str()), "{object} {key}: {record}");
    }
    // Nothing more is to be done, by a push or by the next pull.
    let again = scene.tieout.run(&["push"]);
    assert!(again.code == 0 && !again.stderr.contains("metadata"), "{again:?}");
    let pulled = scene.tieout.run(&PULL);
    assert!(!pulled.stderr.contains(" 0 changed"), "{pulled:?}");
    let plan = scene.tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post"), "{plan:?}");
    assert!(!plan.stdout.contains("exception"), "{plan:?}");
}

/// Were an answer that never came taken for a success, ids would be missing; were the object not read
/// first, what somebody else wrote would be gone.
#[test]
fn lost_answers_and_kills_end_with_the_same_metadata() {
    let quiet = scene(SWITCHED_ON);
    on(quiet.folder.path(), "sk_test_writer");
    assert_eq!(quiet.tieout.run(&["push"]).code, 0);
    let expected = named(quiet.folder.path(), &quiet.sandbox.stripe_url);

    let scene = scene(SWITCHED_ON);
    on(scene.folder.path(), "sk_test_writer");
    let gateway = Gateway::to(&scene.sandbox.stripe_url);
    let push = ["--stripe-base-url", &gateway.url, "push"];
    let mut kills = 0;
    loop {
        let mut process = scene.tieout.start(&push);
        let id = process.id();
        gateway.arm(3 + kills % 31, move || {
            Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap();
            None
        });
        let ended = process.wait().unwrap();
        gateway.disarm();
        gateway.settle();
        kills += 1;
        if ended.code().is_some() || kills > 12 {
            break;
        }
    }
    assert!(kills > 8, "only {kills} kills");
    // From here on every seventh moment brings a page of a gateway, before or after Stripe did it.
    let mut rounds = 0;
    loop {
        rounds += 1;
        gateway.arm(5, || Some(7));
        let pushed = scene.tieout.run(&push);
        gateway.disarm();
        if pushed.code == 0 {
            break;
        }
        assert!([3, 5, 8].contains(&pushed.code) && rounds < 60, "{pushed:?}");
    }
    assert_eq!(named(scene.folder.path(), &scene.sandbox.stripe_url), expected);
}

/// A key that may only read is refused with what it lacks; the books are complete all the same.
#[test]
fn a_key_that_may_not_write_is_refused_and_named() {
    let scene = scene(SWITCHED_ON);
    on(scene.folder.path(), "rk_test_reader");
    let checked = scene.tieout.run(&["check"]);
    assert_eq!(checked.code, 4, "{checked:?}");
    assert!(checked.stdout.contains("(write access to customers)"), "{checked:?}");
    let pushed = scene.tieout.run(&["push"]);
    assert_eq!(pushed.code, 4, "{pushed:?}");
    assert!(pushed.stderr.contains("everything is in NetSuite"), "{pushed:?}");
    assert!(pushed.stderr.contains("stripe does not let the key write this: POST"), "{pushed:?}");
    assert_eq!(written(&scene.sandbox.stripe_url), BTreeMap::new());
    let plan = scene.tieout.run(&["plan"]);
    assert!(plan.stdout.contains("Nothing to post"), "{plan:?}");
    // With another key the rest is done.
    on(scene.folder.path(), "sk_test_writer");
    let pushed = scene.tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert!(written(&scene.sandbox.stripe_url).len() > 50);
}

/// What somebody else wrote is theirs.
#[test]
fn another_id_under_the_key_is_left_alone_and_told() {
    let scene = scene(SWITCHED_ON);
    on(scene.folder.path(), "sk_test_writer");
    let clock = std::sync::Arc::new(SystemClock);
    // The ledger does not know of the key: it was written after the pull.
    let planned = scene.tieout.run(&["plan"]);
    assert_eq!(planned.code, 0, "{planned:?}");
    let ledger = scene.folder.path().join("tieout.db");
    let rows = Ledger::open_existing(&ledger, clock).unwrap().records().unwrap();
    let invoice = rows.iter().find(|row| row.kind.rest_name() == "invoice").unwrap();
    assert_eq!(invoice.state, RecordState::Desired);
    let id = invoice.external_id.to_string();
    let url = format!("{}/v1/invoices/{id}", scene.sandbox.stripe_url);
    let body = "metadata%5Bnetsuite_invoice_id%5D=4711";
    assert_eq!(send(HttpRequest::new(Method::Post, url).body(body)).status, 200);
    let pushed = scene.tieout.run(&["push"]);
    assert_eq!(pushed.code, 3, "{pushed:?}");
    assert!(pushed.stderr.contains("netsuite_invoice_id says 4711 in Stripe"), "{pushed:?}");
    let found = written(&scene.sandbox.stripe_url);
    assert_eq!(found[&(id, "netsuite_invoice_id".to_owned())], "4711");
}

/// A key that is named and never used would be one more secret for nothing.
#[test]
fn a_write_key_without_the_switch_is_a_mistake() {
    let folder = quick_folder();
    let _sandbox = Sandbox::start_with(folder.path(), &COMPANY);
    let config = folder.path().join("tieout.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let head = "api_key_file = \"stripe.key\"\n";
    let more = "write_key_file = \"write.key\"\n";
    std::fs::write(&config, text.replace(head, &format!("{head}{more}"))).unwrap();
    let refused = Tieout::new(folder.path()).run(&["plan"]);
    assert_eq!(refused.code, 64, "{refused:?}");
    assert!(refused.stderr.contains("stripe.write_back = true"), "{refused:?}");
}
