//! The official Stripe client and `tieout pull` see the same: every list of the embedded Stripe,
//! object by object and to the last cent. Skipped without `TIEOUT_PEERS_PYTHON` (see `peers`).

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tieout::calendar::SystemClock;
use tieout::digest::sha256_hex;
use tieout::ledger::{Ledger, LedgerError};
use tieout::stripe::resource::Resource;

use crate::support::cli::{Sandbox, Tieout};

#[test]
fn the_official_client_sees_what_a_pull_sees() {
    let Some(python) = std::env::var_os("TIEOUT_PEERS_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path());
    let pulled = Tieout::new(folder.path()).run(&["pull", "--since", "2024-01-01"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");

    let script = format!("{}/tests/peers/stripe_sdk.py", env!("CARGO_MANIFEST_DIR"));
    let output =
        Command::new(python).args([&script, &sandbox.stripe_url]).output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();

    let path = folder.path().join("tieout.db");
    let ledger = Ledger::open_existing(&path, Arc::new(SystemClock)).unwrap();
    let below = [Resource::CustomerBalanceTransactions];
    for resource in Resource::LISTS.into_iter().chain(below) {
        let own = summary(&ledger, resource);
        assert_eq!(seen[resource.as_str()], own, "{}", resource.as_str());
        assert!(own["count"].as_u64() > Some(0), "{} is empty", resource.as_str());
    }
    // What each payout is made of is told nowhere else.
    let members = serde_json::to_value(ledger.payouts_by_member().unwrap()).unwrap();
    assert_eq!(seen["payout_members"], members);
}

fn summary(ledger: &Ledger, resource: Resource) -> Value {
    let mut ids = ledger.ids(resource.kind()).unwrap();
    ids.sort();
    let mut amounts: BTreeMap<String, i64> = BTreeMap::new();
    ledger
        .for_each_object::<LedgerError>(resource.kind(), |raw| {
            let object: Value = serde_json::from_slice(raw).unwrap();
            if let (Some(amount), Some(currency)) =
                (object["amount"].as_i64(), object["currency"].as_str())
            {
                *amounts.entry(currency.to_owned()).or_default() += amount;
            }
            Ok(())
        })
        .unwrap();
    let digest = sha256_hex(ids.join("\n").as_bytes());
    json!({ "count": ids.len(), "ids_sha256": digest, "amounts": amounts })
}
