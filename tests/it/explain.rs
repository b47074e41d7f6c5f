//! Explanations of generated companies: what is shown of the general ledger foots and is what the
//! records post, and nothing but a file that may be read is needed.

use std::collections::BTreeMap;
use std::path::Path;

use tieout::accounting::posting::postings;
use tieout::explain::{Entry, Explanation, Standing, Step};
use tieout::ids::{ExternalId, InternalId};
use tieout::money::Currency;
use tieout::netsuite::record::RecordKind;
use tieout::sandbox::company::{CompanySpec, generate};

use crate::support::cli::Tieout;
use crate::support::offline::{Fate, Offline};
use crate::support::{ledger_of, policy};

const CHARGES: usize = 40;
/// Of each kind of object, every one of this many is asked for.
const STRIDE: usize = 9;

fn company(spec: &CompanySpec, folder: &Path) -> Offline {
    Offline::new(folder, ledger_of(&generate(spec).world, folder))
}

type Sums = BTreeMap<(Currency, InternalId), i64>;

fn sums<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Sums {
    let mut sums = Sums::new();
    for entry in entries {
        let key = (entry.amount.currency(), entry.account.clone());
        *sums.entry(key).or_default() += entry.amount.minor();
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn assert_foots(sums: &Sums, what: &str) {
    let mut currencies: BTreeMap<Currency, i64> = BTreeMap::new();
    for ((currency, _), sum) in sums {
        *currencies.entry(*currency).or_default() += sum;
    }
    assert!(currencies.values().all(|sum| *sum == 0), "{what} does not foot: {sums:?}");
}

/// The records' own postings, by the core alone.
fn posted(offline: &Offline, told: &Explanation) -> Sums {
    let policy = policy();
    let mut sums = Sums::new();
    for chapter in &told.records.all {
        let row = offline.ledger().record(&chapter.external_id).unwrap().expect("a record");
        let body = row.posted.or(row.desired.map(|record| record.body)).expect("a body");
        for posting in postings(&body, &policy.chart).unwrap() {
            let key = (posting.amount.currency(), posting.account.clone());
            *sums.entry(key).or_default() += posting.amount.minor();
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Some ids of every kind that the ledger has.
fn some_ids(offline: &Offline) -> Vec<String> {
    let mut ids = Vec::new();
    for (kind, _) in offline.ledger().count_by_kind().unwrap() {
        ids.extend(offline.ledger().ids(&kind).unwrap().into_iter().step_by(STRIDE));
    }
    let records = offline.ledger().records().unwrap();
    ids.extend(records.iter().step_by(STRIDE).map(|row| row.external_id.to_string()));
    ids
}

/// Otherwise an accountant would add up an explanation and find it wrong.
#[test]
fn what_is_told_of_the_general_ledger_foots_and_is_what_the_records_post() {
    for (seed, is_sent) in [(5, true), (6, false)] {
        let folder = tempfile::tempdir().unwrap();
        let mut offline = company(&CompanySpec::with_charges(CHARGES, seed), folder.path());
        if is_sent {
            offline.send(|_| Fate::Verified);
        }
        for id in some_ids(&offline) {
            let told = offline.explain(&id).unwrap_or_else(|error| panic!("{id}: {error}"));
            let what = format!("seed {seed}: {id}");
            let of_records = told.records.all.iter().flat_map(|chapter| &chapter.postings);
            assert_eq!(sums(of_records.clone()), posted(&offline, &told), "{what}");
            for chapter in &told.records.all {
                assert_foots(&sums(&chapter.postings), &format!("{what}: {}", chapter.title));
                let lines: i64 = chapter.lines.iter().map(|line| line.amount.minor()).sum();
                let total = chapter.total.map_or(0, tieout::money::Amount::minor);
                let has_lines = !chapter.lines.is_empty();
                assert!(!has_lines || lines == total, "{what}: lines of {}", chapter.title);
            }
            let told_too = told.records.all.iter().map(|chapter| &chapter.external_id);
            let told_too: Vec<&ExternalId> = told_too.collect();
            let shares = told.money.iter().flat_map(|movement| &movement.shares);
            let shares: Vec<_> = shares.filter(|s| !told_too.contains(&&s.record)).collect();
            let all = of_records.chain(shares.iter().flat_map(|share| &share.entries));
            assert_eq!(sums(&told.general_ledger), sums(all), "{what}");
            assert_foots(&sums(&told.general_ledger), &what);
        }
    }
}

/// The shares that balance transactions are told to have in deposits and journals are those records,
/// no more and no less, however the books are kept.
#[test]
fn the_shares_of_what_a_record_carries_are_its_postings() {
    let all = [
        "",
        "settlement = \"clearing\"",
        "granularity = { fees = \"daily\" }",
        "granularity = { sales = \"daily\" }",
    ];
    for options in all {
        let folder = tempfile::tempdir().unwrap();
        let world = generate(&CompanySpec::with_charges(CHARGES, 9)).world;
        let ledger = ledger_of(&world, folder.path());
        let mut offline = Offline::under(options, folder.path(), ledger);
        offline.send(|_| Fate::Posted);
        let mut shares: BTreeMap<ExternalId, Vec<Entry>> = BTreeMap::new();
        for id in offline.ledger().ids("balance_transaction").unwrap() {
            let told = offline.explain(&id).unwrap();
            let own = told.money.into_iter().find(|movement| movement.id == id);
            for share in own.into_iter().flat_map(|movement| movement.shares) {
                shares.entry(share.record).or_default().extend(share.entries);
            }
        }
        assert!(shares.len() > 5, "{options}: only {} records", shares.len());
        for (record, entries) in shares {
            let told = offline.explain(record.as_str()).unwrap();
            let chapter = told.records.all.iter().find(|c| c.external_id == record);
            let chapter = chapter.expect("the record is told");
            assert_eq!(sums(&entries), sums(&chapter.postings), "{options}: {record}");
        }
    }
}

/// What is promised for the next plan is what the plan would be made of.
#[test]
fn every_record_that_is_not_in_netsuite_is_promised_or_blocked() {
    let folder = tempfile::tempdir().unwrap();
    let offline = company(&CompanySpec::with_charges(CHARGES, 7), folder.path());
    for row in offline.ledger().records().unwrap().iter().step_by(3) {
        let id = &row.external_id;
        let told = offline.explain(id.as_str()).unwrap();
        let chapter = told.records.all.iter().find(|c| c.external_id == *id).expect("itself");
        assert_eq!(chapter.state.standing, Standing::Desired, "{id}");
        let step = told.next.iter().find(|next| next.external_id == *id);
        assert_eq!(step.map(|next| next.step), Some(Step::Create), "{id}");
        assert!(row.kind == RecordKind::Customer || chapter.because.is_some(), "{id}");
    }
}

fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// A copy of the ledger on a medium that cannot be written, no key, nobody at the addresses: the
/// accountant's own machine.
#[test]
fn a_file_that_may_be_read_is_all_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let mut offline = company(&CompanySpec::with_charges(CHARGES, 8), folder.path());
    offline.send(|_| Fate::Posted);
    let invoice = offline.ledger().ids("invoice").unwrap().remove(0);
    drop(offline);
    let before = snapshot(folder.path());
    read_only(folder.path(), true);
    let tieout = Tieout::new(folder.path());
    let text = tieout.run(&["explain", &invoice]);
    let json = tieout.run(&["explain", &invoice, "--format", "json"]);
    let unknown = tieout.run(&["explain", "in_nothing"]);
    read_only(folder.path(), false);
    assert_eq!(text.code, 0, "{text:?}");
    assert!(text.stdout.contains("What happened in Stripe"), "{text:?}");
    assert_eq!(json.code, 0, "{json:?}");
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["schema_version"], 1);
    assert_eq!(value["id"], invoice.as_str());
    assert_eq!(unknown.code, 1, "{unknown:?}");
    assert!(unknown.stdout.is_empty() && unknown.stderr.contains("in_nothing"), "{unknown:?}");
    assert!(snapshot(folder.path()) == before, "something was written");
}

fn read_only(folder: &Path, is_read_only: bool) {
    use std::os::unix::fs::PermissionsExt;
    let (file, directory) = if is_read_only { (0o400, 0o500) } else { (0o600, 0o700) };
    let ledger = folder.join("tieout.db");
    std::fs::set_permissions(ledger, std::fs::Permissions::from_mode(file)).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(directory)).unwrap();
}

/// Whoever holds it open for reading must not be able to write by mistake.
#[test]
fn a_ledger_that_was_opened_to_be_read_refuses_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let offline = company(&CompanySpec::with_charges(CHARGES, 8), folder.path());
    drop(offline);
    let clock = std::sync::Arc::new(tieout::calendar::SystemClock);
    let path = folder.path().join("tieout.db");
    let mut ledger = tieout::ledger::Ledger::open_read_only(&path, clock).unwrap();
    let refused = ledger.put_reference("policy", "another");
    assert!(matches!(refused, Err(tieout::ledger::LedgerError::ReadOnly { .. })), "{refused:?}");
}
