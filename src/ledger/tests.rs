//! What the ledger promises, each promise with a test that could fail.

mod copying;
mod derived;
mod links;
mod missing;
mod packed;
mod upkeep;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::accounting::chart::Chart;
use crate::accounting::masters::Masters;
use crate::accounting::policy::{Books, Options, TaxCodes};
use crate::accounting::{Case, Derived, Policy, Record, Rule};
use crate::calendar::{FixedClock, UnixTime};
use crate::ids::{ExternalId, InternalId};
use crate::money::Currency;
use crate::netsuite::extras::Extras;
use crate::netsuite::record::{Body, ServiceSaleItem};
use crate::stripe::links::scan;
use crate::stripe::objects::Head;

struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("tieout.db")
    }

    fn open(&self, stripe: &str, livemode: bool) -> Result<Ledger, LedgerError> {
        let identity = Identity {
            stripe_account: stripe.into(),
            livemode,
            netsuite_account: "123_SB1".into(),
        };
        Ledger::open(&self.path(), &identity, Arc::new(FixedClock(UnixTime(1_000))))
    }

    fn ledger(&self) -> Ledger {
        self.open("acct_1", false).unwrap()
    }
}

fn store(ledger: &mut Ledger, json: &str) -> Result<Stored, LedgerError> {
    let head = Head::read(json.as_bytes()).unwrap();
    ledger.store(&[Incoming { head: &head, json, parent: None }], "test", UnixTime(1_000))
}

/// As a pull stores what came in one answer.
fn pulled(ledger: &mut Ledger, jsons: &[String]) {
    let preparer = ledger.preparer();
    let prepare = |json: &String| preparer.prepare(scan(json.as_bytes()).unwrap(), json, None);
    let answer = Pulled { objects: jsons.iter().map(prepare).collect(), ..Pulled::default() };
    ledger.pulled(&[answer], "test", UnixTime(1_000), 1).unwrap();
}

fn charge(amount: i64) -> String {
    format!(
        r#"{{"id":"ch_1","object":"charge","amount":{amount},"currency":"usd","created":5,"livemode":false,"customer":"cus_1"}}"#
    )
}

fn item(id: &str, name: &str) -> Record {
    Record {
        body: Body::ServiceSaleItem(ServiceSaleItem {
            external_id: ExternalId::new(id).unwrap(),
            item_id: name.into(),
            display_name: name.into(),
            income_account: InternalId::new("4000"),
            subsidiary: None,
            extras: Extras::default(),
        }),
        rule: Rule::PriceSold,
        sources: Vec::new(),
        settles: None,
    }
}

/// An intent to create an item.
fn intent(run: RunId, record: &Record) -> Intent<'_> {
    Intent {
        run,
        external_id: record.external_id(),
        kind: record.kind(),
        action: "create",
        method: "POST",
        path: "/record/v1/serviceSaleItem",
        request_digest: "abc",
        intended: &record.body,
    }
}

fn wants(records: Vec<Record>) -> Derived {
    Derived { records, ..Derived::default() }
}

fn policy() -> Policy {
    Policy {
        account: "acct_1".into(),
        zone: crate::calendar::Zone::UTC,
        start: None,
        chart: Chart::default(),
        books: Books {
            base_currency: Currency::USD,
            currencies: BTreeMap::new(),
            subsidiary: None,
        },
        options: Options::default(),
        suitetax: TaxCodes::default(),
        masters: Masters::default(),
    }
}

/// The changed cases under a policy that keeps no books by the day.
fn dirty(ledger: &mut Ledger) -> Vec<CaseKey> {
    let payouts = ledger.payout_index().unwrap();
    ledger.dirty_cases(&payouts, &policy(), &mut || {}).unwrap().into_iter().collect()
}

/// Were a product kept at hand after it was renamed, its item would keep the old name until the next
/// start of the program.
#[test]
fn what_is_sold_is_read_again_once_it_changed() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let product =
        |name: &str| format!(r#"{{"id":"prod_1","object":"product","created":5,"name":"{name}"}}"#);
    let invoice = r#"{"id":"in_1","object":"invoice","customer":"cus_1","created":5,"currency":"usd",
        "status":"open","total":100,"subtotal":100,"amount_due":100,"amount_paid":0,
        "lines":{"data":[{"id":"il_1","amount":100,"currency":"usd",
          "period":{"start":5,"end":5},
          "pricing":{"price_details":{"price":"price_1","product":"prod_1"}}}]}}"#;
    store(&mut ledger, invoice).unwrap();
    for name in ["Sail", "Keel"] {
        store(&mut ledger, &product(name)).unwrap();
        let payouts = ledger.payout_index().unwrap();
        for _ in 0..2 {
            let key = CaseKey::Customer("cus_1".into());
            let case = ledger.load_case(&key, &payouts, &policy()).unwrap();
            let Case::Customer(case) = case else { panic!("a customer") };
            let names: Vec<_> = case.catalog.products.values().map(|p| p.name.clone()).collect();
            assert_eq!(names, [name]);
        }
    }
}

#[test]
fn storing_the_same_object_again_writes_nothing_and_a_changed_one_keeps_what_it_was() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    assert_eq!(store(&mut ledger, &charge(1)).unwrap(), Stored { new: 1, ..Stored::default() });
    ledger.clear_dirty().unwrap();
    assert_eq!(
        store(&mut ledger, &charge(1)).unwrap(),
        Stored { unchanged: 1, ..Stored::default() }
    );
    assert!(dirty(&mut ledger).is_empty());
    assert_eq!(store(&mut ledger, &charge(2)).unwrap(), Stored { changed: 1, ..Stored::default() });
    assert_eq!(dirty(&mut ledger), [CaseKey::Customer("cus_1".into())]);
    assert_eq!(ledger.object("ch_1").unwrap().unwrap(), charge(2).as_bytes());
    let kept: i64 = ledger
        .connection
        .query_row("SELECT count(*) FROM object_revision", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 1);
}

#[test]
fn a_batch_with_a_bad_object_stores_nothing() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let good = charge(1);
    let live = charge(1).replace("false", "true").replace("ch_1", "ch_2");
    let heads = [Head::read(good.as_bytes()).unwrap(), Head::read(live.as_bytes()).unwrap()];
    let batch = [
        Incoming { head: &heads[0], json: &good, parent: None },
        Incoming { head: &heads[1], json: &live, parent: None },
    ];
    let refused = ledger.store(&batch, "test", UnixTime(1));
    assert!(matches!(refused, Err(LedgerError::Mode { .. })), "{refused:?}");
    assert!(ledger.object("ch_1").unwrap().is_none());
}

#[test]
fn a_ledger_of_other_accounts_or_of_a_newer_program_is_refused() {
    let folder = Folder::new();
    drop(folder.ledger());
    let other = folder.open("acct_2", false).err().unwrap();
    assert!(other.to_string().contains("acct_1"), "{other}");
    assert!(folder.open("acct_1", true).is_err());
    let ledger = folder.ledger();
    ledger.connection.pragma_update(None, "user_version", 99).unwrap();
    drop(ledger);
    assert!(matches!(folder.open("acct_1", false), Err(LedgerError::Newer { found: 99, .. })));
}

#[test]
fn a_file_that_is_no_ledger_is_refused_and_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.path(), "not a database, whatever its name says").unwrap();
    assert!(matches!(folder.open("acct_1", false), Err(LedgerError::Corrupt { .. })));
    let content = std::fs::read_to_string(folder.path()).unwrap();
    assert_eq!(content, "not a database, whatever its name says");
}

#[test]
fn a_full_disk_is_told_and_leaves_no_half_of_a_batch() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let pages: i64 =
        ledger.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    ledger.connection.pragma_update(None, "max_page_count", pages + 4).unwrap();
    // Text that does not compress, or the batch would fit after all.
    let noise = |number: i64| crate::digest::sha256_hex(&number.to_le_bytes()).repeat(20);
    let jsons: Vec<String> = (0..200)
        .map(|number| {
            charge(number).replace("ch_1", &format!("ch_{number}")).replace(
                "cus_1",
                &(0..20).map(|part| noise(number * 20 + part)).collect::<String>(),
            )
        })
        .collect();
    let heads: Vec<Head> = jsons.iter().map(|json| Head::read(json.as_bytes()).unwrap()).collect();
    let batch: Vec<Incoming> = heads
        .iter()
        .zip(&jsons)
        .map(|(head, json)| Incoming { head, json, parent: None })
        .collect();
    let refused = ledger.store(&batch, "test", UnixTime(1)).err().unwrap();
    assert!(matches!(refused, LedgerError::DiskFull { .. }), "{refused:?}");
    assert!(ledger.count_by_kind().unwrap().is_empty());
    assert!(refused.to_string().contains("nothing is lost"));
}

#[test]
fn the_second_run_is_refused_and_told_who_holds_the_lock() {
    let folder = Folder::new();
    let held = Ledger::lock(&folder.path(), "`tieout run` (process 1)").unwrap();
    let refused = Ledger::lock(&folder.path(), "`tieout push`").err().unwrap();
    assert!(refused.to_string().contains("process 1"), "{refused}");
    drop(held);
    assert!(Ledger::lock(&folder.path(), "`tieout push`").is_ok());
}

#[test]
fn a_changed_or_missing_row_of_the_journal_is_found() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    for place in 0..5 {
        ledger.journal("note", &format!("{place}")).unwrap();
    }
    assert_eq!(ledger.check_journal().unwrap(), 5);
    let change = |sql: &str| ledger.connection.execute(sql, []).unwrap();
    change("UPDATE journal SET content = 'x' WHERE seq = 3");
    assert!(matches!(ledger.check_journal(), Err(LedgerError::JournalBroken { seq: 3 })));
    change("UPDATE journal SET content = '2' WHERE seq = 3");
    assert!(ledger.check_journal().is_ok());
    // Were rows taken off the end not missed, what was done last could be made undone.
    change("DELETE FROM journal WHERE seq = 5");
    assert!(matches!(ledger.check_journal(), Err(LedgerError::JournalBroken { seq: 5 })));
    change("DELETE FROM journal WHERE seq = 2");
    assert!(ledger.check_journal().is_err());
}

#[test]
fn two_ids_that_netsuite_cannot_tell_apart_are_an_exception() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let case = CaseKey::Customer("cus_1".into());
    let both = wants(vec![item("price_A", "one"), item("price_a", "two")]);
    ledger.save_derived(&case, &both).unwrap();
    let open = ledger.open_exceptions().unwrap();
    assert_eq!(open[0].exception.code, "external_id_collision");
    assert_eq!(ledger.records().unwrap().len(), 1);
    // It is resolved when the case no longer has it.
    ledger.save_derived(&case, &wants(vec![item("price_A", "one")])).unwrap();
    assert!(ledger.open_exceptions().unwrap().is_empty());
}

#[test]
fn an_intent_is_there_before_the_request_and_a_crash_leaves_it_to_be_looked_up() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let record = item("price_A", "one");
    let id = record.external_id().clone();
    ledger.save_derived(&CaseKey::Customer("c".into()), &wants(vec![record.clone()])).unwrap();
    let before = ledger.posted_digest().unwrap();
    let run = ledger.start_run("push", "{}").unwrap();
    ledger.begin_attempts(&[intent(run, &record)]).unwrap();
    drop(ledger);

    let mut ledger = folder.ledger();
    let unfinished = ledger.unfinished_attempts().unwrap();
    assert_eq!(unfinished[0].external_id, id);
    assert_eq!(ledger.records().unwrap()[0].state, RecordState::Sending);
    let internal = InternalId::new("77");
    let outcome = Outcome::Posted { internal_id: &internal };
    ledger.finish_attempt(unfinished[0].id, outcome).unwrap();
    let row = &ledger.records().unwrap()[0];
    assert_eq!((row.state, row.posted.as_ref()), (RecordState::Posted, Some(&record.body)));
    assert!(ledger.records_to_plan().unwrap().is_empty());
    assert_ne!(ledger.posted_digest().unwrap(), before);
    assert!(ledger.check_journal().unwrap() >= 3);
}

#[test]
fn a_record_nobody_wants_any_more_is_forgotten_unless_it_was_posted() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let (one, two) = (CaseKey::Customer("1".into()), CaseKey::Customer("2".into()));
    ledger.save_derived(&one, &wants(vec![item("price_A", "a")])).unwrap();
    ledger.save_derived(&two, &wants(vec![item("price_A", "a")])).unwrap();
    ledger.save_derived(&one, &wants(Vec::new())).unwrap();
    assert_eq!(ledger.records().unwrap().len(), 1, "the other case still wants it");
    ledger.save_derived(&two, &wants(Vec::new())).unwrap();
    assert!(ledger.records().unwrap().is_empty());
}

/// Were an owner or a note lost when an exception goes and comes back, nobody would look after it;
/// were its first day lost, it would never grow old.
#[test]
fn what_people_did_about_an_exception_outlives_it() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let case = CaseKey::Customer("cus_1".into());
    let both = wants(vec![item("price_A", "one"), item("price_a", "two")]);
    ledger.save_derived(&case, &both).unwrap();
    let id = "external_id_collision:price_a";
    let due = Some("2026-11-05".parse().unwrap());
    ledger.care_for(id, &Act::Assign { to: "Ada".into(), due }, Some("Bea")).unwrap();
    ledger.care_for(id, &Act::Note { text: "Asked.".into() }, None).unwrap();
    ledger.save_derived(&case, &wants(vec![item("price_A", "one")])).unwrap();
    assert!(ledger.exceptions(false).unwrap().is_empty());
    assert!(ledger.exceptions(true).unwrap()[0].resolved.is_some());
    drop(ledger);
    let later = Identity {
        stripe_account: "acct_1".into(),
        livemode: false,
        netsuite_account: "123_SB1".into(),
    };
    let clock = Arc::new(FixedClock(UnixTime(900_000)));
    let mut ledger = Ledger::open(&folder.path(), &later, clock).unwrap();
    ledger.save_derived(&case, &both).unwrap();
    let back = ledger.exceptions(false).unwrap().remove(0);
    assert_eq!((back.first_seen, back.last_seen), (UnixTime(1_000), UnixTime(900_000)));
    assert_eq!((back.care.owner.as_deref(), back.care.due), (Some("Ada"), due));
    assert_eq!(back.care.notes[0].text, "Asked.");
    assert_eq!(ledger.check_journal().unwrap(), 2, "each act is a row");
}

/// Were an acceptance to hold for whatever has the same id, a difference could grow unseen.
#[test]
fn an_acceptance_is_of_what_all_cases_say_of_an_object() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let both = wants(vec![item("price_A", "one"), item("price_a", "two")]);
    for customer in ["cus_1", "cus_2"] {
        ledger.save_derived(&CaseKey::Customer(customer.into()), &both).unwrap();
    }
    let open = ledger.exceptions(false).unwrap();
    assert_eq!(open.len(), 1, "two cases that say the same are told once");
    let (day, id) = ("2026-11-05".parse().unwrap(), open[0].exception.id());
    let content = open[0].content.clone();
    let accept = Act::Accept { until: day, reason: "It is a test item.".into(), content };
    ledger.care_for(&id, &accept, None).unwrap();
    assert!(ledger.exceptions(false).unwrap()[0].is_accepted(day));
    assert!(!ledger.exceptions(false).unwrap()[0].is_accepted(day.succ_opt().unwrap()));
    let mut news = open[0].exception.clone();
    news.message.push_str(" There is a third one.");
    let says_more = Derived { exceptions: vec![news], ..Derived::default() };
    ledger.save_derived(&CaseKey::Customer("cus_2".into()), &says_more).unwrap();
    let now = ledger.exceptions(false).unwrap();
    assert_eq!(now.len(), 2);
    assert!(now.iter().all(|cared| !cared.is_accepted(day)));
    ledger.care_for(&id, &Act::Reopen, None).unwrap();
    assert!(ledger.exceptions(false).unwrap()[0].care.acceptance.is_none());
}
