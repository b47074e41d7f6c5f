//! Drift: every kind of change that somebody can make in NetSuite is found, named and explained; and
//! where nobody changed anything, nothing is reported.

use std::collections::BTreeSet;
use std::sync::Arc;

use tieout::calendar::{Clock, FixedClock};
use tieout::ids::ExternalId;
use tieout::ledger::{RecordRow, RecordState};
use tieout::netsuite::record::{Body, RecordKind};
use tieout::plan::Change;
use tieout::reconcile::aspect::Aspect;
use tieout::reconcile::drift::Drift;
use tieout::sandbox::company::{Company, CompanySpec, generate};
use tieout::sandbox::netsuite::{Kind, NetSuite};

use crate::support::house::{BASE, House, InProcess, Key, NOW, netsuite, number, prepare};

struct Scene {
    house: House,
    netsuite: NetSuite,
    /// Records that an injection has already used.
    used: BTreeSet<String>,
    /// What was found so far.
    known: BTreeSet<(String, Aspect)>,
    _folder: tempfile::TempDir,
}

/// Posts everything but what `leave_out` names.
async fn posted(company: &Company, leave_out: fn(&[Change]) -> Option<ExternalId>) -> Scene {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
    let key = Key::new();
    let netsuite = netsuite(&key, &clock);
    let client = key.client(Arc::new(InProcess(netsuite.router())), BASE, &clock, 4);
    let folder = tempfile::tempdir().unwrap();
    prepare(company, folder.path(), &client, &clock).await;
    let mut house = House::open(folder.path(), client, clock).await;
    let built = house.plan();
    let mut changes = built.changes;
    let left = leave_out(&changes);
    changes.retain(|change| Some(&change.external_id) != left.as_ref());
    let pushed = house.send(&changes).await;
    assert!(pushed.failed.is_empty() && pushed.in_doubt.is_empty(), "{:?}", pushed.failed);
    let (used, known) = (BTreeSet::new(), BTreeSet::new());
    Scene { house, netsuite, used, known, _folder: folder }
}

/// A deposit of payments that were settled at a rate of their own.
fn a_deposit_of_foreign_payments(changes: &[Change]) -> Option<ExternalId> {
    let foreign: BTreeSet<&ExternalId> = changes
        .iter()
        .filter(|change| change.kind == RecordKind::CustomerPayment)
        .filter(|change| change.record.body.header().is_some_and(|h| h.exchange_rate.is_some()))
        .map(|change| &change.external_id)
        .collect();
    let deposits = changes.iter().filter(|change| change.kind == RecordKind::Deposit);
    let mut holding =
        deposits.filter(|change| change.record.body.needs().iter().any(|n| foreign.contains(n)));
    holding.next().map(|change| change.external_id.clone())
}

impl Scene {
    /// A posted record that fits and that nothing was done to yet.
    fn pick(&mut self, fits: impl Fn(&RecordRow, &Body) -> bool) -> RecordRow {
        let rows = self.house.ledger.records().unwrap();
        let found = rows.into_iter().find(|row| {
            let free = !self.used.contains(row.external_id.as_str());
            free && row.posted.as_ref().is_some_and(|body| fits(row, body))
        });
        let row = found.expect("the demo company has one");
        self.used.insert(row.external_id.to_string());
        row
    }

    fn edit(&self, kind: Kind, row: &RecordRow, patch: &str) {
        let id = number(row.internal_id.as_ref().unwrap());
        self.netsuite.edit(kind, id, patch).unwrap_or_else(|e| panic!("{}: {e}", row.external_id));
    }

    /// Verifies; exactly these differences must be new.
    async fn expect(&mut self, what: &str, expected: &[(&RecordRow, Aspect)]) {
        let drifts = self.house.verify().await;
        let named: BTreeSet<(String, Aspect)> =
            drifts.iter().map(|d| (d.external_id.to_string(), d.aspect)).collect();
        let new: BTreeSet<_> = named.difference(&self.known).cloned().collect();
        let wanted: BTreeSet<_> =
            expected.iter().map(|(row, aspect)| (row.external_id.to_string(), *aspect)).collect();
        assert_eq!(new, wanted, "{what}: {:#?}", with(&drifts, &new));
        assert!(self.known.is_subset(&named), "{what}: something is no longer found");
        for drift in with(&drifts, &new) {
            assert!(drift.meaning.ends_with('.') && drift.fix.ends_with('.'), "{what}: {drift:?}");
            assert_ne!(drift.posted, drift.observed, "{what}");
        }
        self.known = named;
    }
}

fn with<'a>(drifts: &'a [Drift], wanted: &BTreeSet<(String, Aspect)>) -> Vec<&'a Drift> {
    let is = |d: &&Drift| wanted.contains(&(d.external_id.to_string(), d.aspect));
    drifts.iter().filter(is).collect()
}

fn lone(row: &RecordRow, rows: &[RecordRow]) -> bool {
    let is_needed = |other: &RecordRow| {
        other.posted.as_ref().is_some_and(|body| body.needs().contains(&row.external_id))
    };
    !rows.iter().any(is_needed)
}

/// Were one of these missed, the books would differ from Stripe and nobody would know.
#[tokio::test]
async fn every_change_made_behind_our_back_is_found_and_named() {
    let mut scene = posted(&generate(&CompanySpec::demo()), a_deposit_of_foreign_payments).await;
    let rows = scene.house.ledger.records().unwrap();
    assert_eq!(scene.house.verify().await, [], "nothing was changed yet");

    edited_fields(&mut scene, &rows).await;
    edited_amounts(&mut scene, &rows).await;
    taken_apart(&mut scene, &rows).await;
    gone(&mut scene, &rows).await;
    strangers(&mut scene).await;
    accepted(&mut scene).await;
}

async fn edited_fields(scene: &mut Scene, rows: &[RecordRow]) {
    let row = scene.pick(|row, _| row.kind == RecordKind::Invoice);
    scene.edit(Kind::Invoice, &row, r#"{"memo":"paid in cash"}"#);
    scene.expect("memo", &[(&row, Aspect::Memo)]).await;

    let row = scene.pick(|row, _| row.kind == RecordKind::CustomerPayment);
    scene.edit(Kind::CustomerPayment, &row, r#"{"tranDate":"2026-07-02"}"#);
    scene.expect("date", &[(&row, Aspect::Date)]).await;

    let row = scene.pick(|row, _| row.kind == RecordKind::CreditMemo);
    scene.edit(Kind::CreditMemo, &row, r#"{"postingPeriod":{"id":"340"}}"#);
    scene.expect("period", &[(&row, Aspect::Period)]).await;

    let row = scene.pick(|row, _| row.kind == RecordKind::Invoice);
    scene.edit(Kind::Invoice, &row, r#"{"externalId":null}"#);
    scene.expect("external id", &[(&row, Aspect::ExternalId)]).await;

    let row = scene.pick(|row, body| {
        row.kind == RecordKind::Invoice && lone(row, rows) && body.header().is_some()
    });
    let Some(Body::Invoice(invoice)) = row.posted.clone() else { panic!("picked above") };
    let other = scene.pick(|other, body| match body {
        Body::Customer(customer) => {
            let is_own = invoice.entity.external() == Some(&other.external_id);
            !is_own && customer.currencies.contains(&invoice.header.currency)
        }
        _ => false,
    });
    let patch = format!(r#"{{"entity":{{"id":"{}"}}}}"#, other.internal_id.as_ref().unwrap());
    scene.edit(Kind::Invoice, &row, &patch);
    scene.expect("customer", &[(&row, Aspect::Customer)]).await;

    let row = scene.pick(|row, body| {
        let rate = body.header().and_then(|header| header.exchange_rate.as_ref());
        row.kind == RecordKind::CustomerPayment && rate.is_some() && lone(row, rows)
    });
    scene.edit(Kind::CustomerPayment, &row, r#"{"exchangeRate":1.5}"#);
    scene.expect("rate", &[(&row, Aspect::Rate)]).await;

    let row = scene.pick(|row, _| row.kind == RecordKind::JournalEntry);
    scene.edit(Kind::JournalEntry, &row, r#"{"approved":false}"#);
    scene.expect("approval", &[(&row, Aspect::NotPosting)]).await;

    let row = scene.pick(|row, _| row.kind == RecordKind::ServiceSaleItem);
    scene.edit(Kind::ServiceSaleItem, &row, r#"{"incomeAccount":{"id":"121"}}"#);
    scene.expect("an item's account", &[(&row, Aspect::Account)]).await;
}

async fn edited_amounts(scene: &mut Scene, rows: &[RecordRow]) {
    let is_open = |row: &RecordRow, _: &Body| row.kind == RecordKind::Invoice && lone(row, rows);
    let row = scene.pick(is_open);
    let Some(Body::Invoice(invoice)) = &row.posted else { panic!("picked above") };
    let item = invoice.lines[0].item.external().unwrap().to_string();
    let line = format!(r#"{{"item":{{"externalId":"{item}"}},"amount":1234}}"#);
    scene.edit(Kind::Invoice, &row, &format!(r#"{{"item":{{"items":[{line}]}}}}"#));
    scene.expect("amount", &[(&row, Aspect::Amount)]).await;

    let undeposited = |row: &RecordRow, body: &Body| {
        let usd = body.header().is_some_and(|header| header.currency.as_str() == "1");
        row.kind == RecordKind::CustomerPayment && usd && lone(row, rows)
    };
    let row = scene.pick(undeposited);
    scene.edit(Kind::CustomerPayment, &row, r#"{"account":{"id":"101"}}"#);
    scene.expect("account", &[(&row, Aspect::Account)]).await;
}

async fn taken_apart(scene: &mut Scene, rows: &[RecordRow]) {
    let row = scene.pick(|row, body| {
        let applied = matches!(body, Body::CustomerPayment(payment) if !payment.apply.is_empty());
        applied && row.kind == RecordKind::CustomerPayment
    });
    scene.edit(Kind::CustomerPayment, &row, r#"{"apply":{"items":[]}}"#);
    scene.expect("un-applied", &[(&row, Aspect::Applied)]).await;

    // A payment leaves its deposit for somebody else's.
    let deposit =
        scene.pick(|_, body| matches!(body, Body::Deposit(deposit) if deposit.payments.len() > 3));
    let Some(Body::Deposit(body)) = &deposit.posted else { panic!("picked above") };
    let members: Vec<&RecordRow> = body
        .payments
        .iter()
        .map(|line| {
            let id = line.record.external().unwrap();
            rows.iter().find(|row| row.external_id == *id).unwrap()
        })
        .collect();
    let (moved, kept) = members.split_last().unwrap();
    let line = |row: &RecordRow| format!(r#"{{"id":{}}}"#, row.internal_id.as_ref().unwrap());
    let lines: Vec<String> = kept.iter().map(|row| line(row)).collect();
    let patch = format!(r#"{{"payment":{{"items":[{}]}}}}"#, lines.join(","));
    scene.edit(Kind::Deposit, &deposit, &patch);
    let other = format!(
        r#"{{"account":{{"id":"{}"}},"payment":{{"items":[{}]}},
            "other":{{"items":[{{"account":{{"id":"121"}},"amount":5000}}]}}}}"#,
        body.account,
        line(moved)
    );
    scene.netsuite.create(Kind::Deposit, &other).unwrap();
    let expected =
        [(&deposit, Aspect::Deposited), (&deposit, Aspect::Amount), (*moved, Aspect::Deposited)];
    scene.expect("re-deposited", &expected).await;
}

async fn gone(scene: &mut Scene, rows: &[RecordRow]) {
    let row = scene.pick(|row, _| row.kind == RecordKind::CustomerPayment && lone(row, rows));
    scene
        .netsuite
        .delete(Kind::CustomerPayment, number(row.internal_id.as_ref().unwrap()))
        .unwrap();
    scene.expect("deleted", &[(&row, Aspect::Missing)]).await;
    assert_eq!(scene.house.row(row.external_id.as_str()).state, RecordState::Drifted);

    let row = scene.pick(|row, _| row.kind == RecordKind::Invoice && lone(row, rows));
    scene.netsuite.void(Kind::Invoice, number(row.internal_id.as_ref().unwrap())).unwrap();
    scene.expect("voided", &[(&row, Aspect::Voided)]).await;
}

async fn strangers(scene: &mut Scene) {
    // The one record that was left out of the push.
    let rows = scene.house.ledger.records().unwrap();
    let unsent = rows.into_iter().find(|row| row.posted.is_none()).unwrap();
    let journal = |id: &str| {
        let lines =
            r#"{"items":[{"account":{"id":"101"},"debit":5},{"account":{"id":"119"},"credit":5}]}"#;
        format!(r#"{{"externalId":"{id}","memo":"by hand","line":{lines}}}"#)
    };
    let id = unsent.external_id.as_str();
    scene.netsuite.create(Kind::JournalEntry, &journal(id)).unwrap();
    scene.expect("somebody else's record with our id", &[(&unsent, Aspect::Taken)]).await;

    scene.netsuite.create(Kind::JournalEntry, &journal("ch_nobodys")).unwrap();
    let drifts = scene.house.verify().await;
    let unknown: Vec<_> = drifts.iter().filter(|d| d.aspect == Aspect::Unknown).collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].external_id.as_str(), "ch_nobodys");
    scene.known.insert(("ch_nobodys".into(), Aspect::Unknown));
}

/// An accepted difference is not reported again, and the next one on the same record is.
async fn accepted(scene: &mut Scene) {
    let drifts = scene.house.verify().await;
    let memo = drifts.iter().find(|drift| drift.aspect == Aspect::Memo).unwrap().clone();
    let id = memo.external_id.clone();
    scene.house.ledger.note_drift(&id, &memo.sentence(), "agreed with the auditor").unwrap();
    let after = scene.house.verify().await;
    assert!(after.iter().all(|drift| drift.external_id != id));
    let row = scene.house.row(id.as_str());
    scene.edit(Kind::Invoice, &row, r#"{"memo":"something else again"}"#);
    let news = scene.house.verify().await;
    assert!(news.iter().any(|drift| drift.external_id == id));
}

/// A false alarm a night would make the real one be overlooked. `TIEOUT_DRIFT_COMPANIES` makes more.
#[tokio::test]
async fn nothing_is_reported_where_nothing_was_changed() {
    let count = std::env::var("TIEOUT_DRIFT_COMPANIES").ok().and_then(|text| text.parse().ok());
    for seed in 1..=count.unwrap_or(5) {
        let company = generate(&CompanySpec::with_charges(40, seed));
        let mut scene = posted(&company, |_| None).await;
        let drifts = scene.house.verify().await;
        assert_eq!(drifts, [], "seed {seed}");
        let rows = scene.house.ledger.records().unwrap();
        assert!(rows.iter().all(|row| row.state == RecordState::Verified), "seed {seed}");
    }
}
