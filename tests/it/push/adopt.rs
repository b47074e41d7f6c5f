//! Taking over what another tool has made: only what is equal, found by id, alias or metadata.

use std::collections::BTreeMap;
use std::sync::Arc;

use tieout::calendar::{Clock, FixedClock};
use tieout::ledger::RecordState;
use tieout::netsuite::record::RecordKind;
use tieout::push::adopt::{FoundBy, Match, find_matches};
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::netsuite::{Kind, NetSuite};

use crate::support::house::{BASE, House, InProcess, Key, NOW, netsuite, number, prepare};

struct Scene {
    house: House,
    _folder: tempfile::TempDir,
}

async fn scene(netsuite: &NetSuite, key: &Key, clock: &Arc<dyn Clock>) -> Scene {
    let client = key.client(Arc::new(InProcess(netsuite.router())), BASE, clock, 4);
    let folder = tempfile::tempdir().unwrap();
    let company = generate(&CompanySpec::with_charges(40, 9));
    prepare(&company, folder.path(), &client, clock).await;
    let house = House::open(folder.path(), client, Arc::clone(clock)).await;
    Scene { house, _folder: folder }
}

/// Were an equal record posted again, the books would hold the fact twice; were one that differs
/// taken over, they would be wrong and look right.
#[tokio::test]
async fn an_account_that_another_tool_has_fed_is_taken_over_record_by_record() {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
    let key = Key::new();
    let netsuite = netsuite(&key, &clock);
    // The other tool has posted the same company; its ledger is not ours.
    let mut theirs = scene(&netsuite, &key, &clock).await;
    let pushed = theirs.house.push().await.unwrap();
    assert!(pushed.failed.is_empty(), "{:?}", pushed.failed);
    let rows = theirs.house.ledger.records().unwrap();
    let of = |kind: RecordKind| rows.iter().filter(move |row| row.kind == kind);
    let id = |row: &tieout::ledger::RecordRow| number(row.internal_id.as_ref().unwrap());
    // As the connector: memos under its alias, its own words in the memo field.
    let memo = of(RecordKind::CreditMemo)
        .find(|row| row.external_id.as_str().ends_with("-memo"))
        .expect("a refund's memo");
    let refund = memo.external_id.as_str().trim_end_matches("-memo").to_owned();
    let alias = format!(r#"{{"externalId":"ns_memo:{refund}","memo":"Refund"}}"#);
    netsuite.edit(Kind::CreditMemo, id(memo), &alias).unwrap();
    let moved = of(RecordKind::CustomerPayment).next().unwrap();
    netsuite.edit(Kind::CustomerPayment, id(moved), r#"{"tranDate":"2024-03-03"}"#).unwrap();
    let nameless = of(RecordKind::Invoice).next().unwrap();
    netsuite.edit(Kind::Invoice, id(nameless), r#"{"externalId":null}"#).unwrap();

    let mut ours = scene(&netsuite, &key, &clock).await;
    let wanted = ours.house.ledger.records().unwrap();
    let witness = ours.house.witness();
    let matches = find_matches(&ours.house.ledger, &witness, &wanted).await.unwrap();
    let found: BTreeMap<String, Match> =
        matches.into_iter().map(|(id, _, one)| (id.to_string(), one)).collect();
    let by_alias = &found[memo.external_id.as_str()];
    assert!(matches!(by_alias, Match::Equal { by: FoundBy::Alias, .. }), "{by_alias:?}");
    let Match::Different { drifts, .. } = &found[moved.external_id.as_str()] else {
        panic!("another day is a difference");
    };
    assert!(drifts.iter().any(|drift| drift.field == "date"), "{drifts:?}");
    let Match::Suggested { ids } = &found[nameless.external_id.as_str()] else {
        panic!("a record without a name is a suggestion only");
    };
    assert!(ids.contains(nameless.internal_id.as_ref().unwrap()));

    for one in found.values() {
        if let Match::Equal { body, internal_id, by } = one {
            let keeps = *by != FoundBy::ExternalId;
            ours.house.ledger.adopt(body, internal_id, keeps).unwrap();
        }
    }
    assert_eq!(ours.house.row(memo.external_id.as_str()).state, RecordState::Posted);
    // What is left to do is what was not equal, and what hangs on it; the memo gets our words.
    let built = ours.house.plan();
    let created: Vec<&str> = built
        .changes
        .iter()
        .filter(|change| change.action == tieout::plan::Action::Create)
        .map(|change| change.external_id.as_str())
        .collect();
    assert!(created.contains(&nameless.external_id.as_str()), "{created:?}");
    assert!(!created.contains(&memo.external_id.as_str()), "{created:?}");
}

/// The NetSuite id in Stripe's metadata is a link like any other.
#[test]
fn the_metadata_keys_are_the_connectors_own() {
    let key = |kind| tieout::push::adopt::metadata_key(kind);
    assert_eq!(key(RecordKind::CustomerPayment), Some("netsuite_customer_payment_id"));
    assert_eq!(key(RecordKind::Deposit), Some("netsuite_deposit_id"));
    assert_eq!(key(RecordKind::JournalEntry), None);
}
