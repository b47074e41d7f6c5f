//! The file itself: older schemas, checks that find damage, packing, copies, and pulls that go on.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use rusqlite::{Connection, params};

use super::*;
use crate::calendar::Window;

/// Objects of an old ledger: enough for dictionaries.
const OLD_OBJECTS: i64 = 3_000;

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(3));
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn old_charge(number: i64) -> String {
    charge(number).replace("ch_1", &format!("ch_{number}")).replace(
        '}',
        r#","billing_details":{"address":{"city":null,"country":null}},"captured":true,"disputed":false}"#,
    )
}

/// A ledger as an earlier schema wrote it.
pub(super) fn write_old_ledger(path: &std::path::Path, schema: usize) {
    let mut old = Connection::open(path).unwrap();
    let steps = [
        include_str!("../migrations/0001_first.sql"),
        include_str!("../migrations/0002_days.sql"),
        include_str!("../migrations/0003_answer.sql"),
        include_str!("../migrations/0004_push.sql"),
    ];
    for step in &steps[..schema] {
        old.execute_batch(step).unwrap();
    }
    let tx = old.transaction().unwrap();
    for (name, value) in
        [("stripe_account", "acct_1"), ("netsuite_account", "123_SB1"), ("mode", "test")]
    {
        tx.execute("INSERT INTO meta VALUES (?1, ?2)", [name, value]).unwrap();
    }
    for seq in 1..=OLD_OBJECTS {
        let json = old_charge(seq);
        let hash = ring::digest::digest(&ring::digest::SHA256, json.as_bytes());
        tx.execute(
            "INSERT INTO object VALUES (?1, ?2, 'charge', 5, ?3, ?4, 9, '2026-10-28.endive')",
            params![seq, format!("ch_{seq}"), if seq == 7 { 2 } else { 1 }, hash.as_ref()],
        )
        .unwrap();
        tx.execute("INSERT INTO body VALUES (?1, ?2)", params![seq, zlib(&json)]).unwrap();
        tx.execute("INSERT INTO link VALUES (?1, 'customer', 'cus_1')", [seq]).unwrap();
    }
    let line = r#"{"id":"cnli_1","object":"credit_note_line_item","amount":1}"#;
    tx.execute(
        "INSERT INTO object VALUES (?1, 'cnli_1', 'credit_note_line_item', 0, 1, x'00', 9, 'v')",
        [OLD_OBJECTS + 1],
    )
    .unwrap();
    tx.execute("INSERT INTO body VALUES (?1, ?2)", params![OLD_OBJECTS + 1, zlib(line)]).unwrap();
    tx.execute("INSERT INTO link VALUES (?1, 'parent', 'cn_1')", [OLD_OBJECTS + 1]).unwrap();
    tx.execute(
        "INSERT INTO object_revision VALUES (7, 1, x'00', 8, ?1)",
        [zlib(&old_charge(7_000_007))],
    )
    .unwrap();
    tx.execute("INSERT INTO dirty VALUES (5)", []).unwrap();
    tx.execute("INSERT INTO payout_member VALUES ('txn_1', 'po_1')", []).unwrap();
    tx.execute("INSERT INTO payout_listing VALUES ('po_1')", []).unwrap();
    tx.execute("INSERT INTO coverage VALUES ('charges', 1, 5)", []).unwrap();
    tx.pragma_update(None, "user_version", u32::try_from(schema).unwrap()).unwrap();
    tx.commit().unwrap();
}

/// Were a byte lost on the way, an accountant's facts would no longer be Stripe's.
#[test]
fn a_ledger_of_the_first_schema_is_packed_anew_and_loses_nothing() {
    let folder = Folder::new();
    write_old_ledger(&folder.path(), 1);
    let mut ledger = folder.ledger();
    for number in [1, 7, 400, OLD_OBJECTS] {
        let found = ledger.object(&format!("ch_{number}")).unwrap().unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), old_charge(number));
    }
    let checked = ledger.check().unwrap();
    assert_eq!(checked.findings, Vec::<String>::new());
    assert_eq!((checked.objects, checked.revisions), (OLD_OBJECTS.unsigned_abs() + 1, 1));
    assert_eq!(dirty(&mut ledger), [CaseKey::Customer("cus_1".into())]);
    assert!(ledger.is_listed("po_1").unwrap());
    assert_eq!(ledger.payouts_by_member().unwrap()["txn_1"], "po_1");
    assert_eq!(ledger.coverage("charges").unwrap(), [window(1, 5)]);
    assert_eq!(ledger.children().unwrap(), [("cn_1".to_owned(), "cnli_1".to_owned())]);
    assert!(folder.dir.path().join("tieout.schema-1.backup").exists());
    let charges = &ledger.stats().unwrap().kinds[0];
    assert!(charges.packed_bytes / charges.count < 90, "{charges:?}");
}

/// Were what a push noted lost, a record could be sent twice; were a pull that broke off forgotten,
/// half of a window would count as all of it.
#[test]
fn a_ledger_of_the_schema_before_keeps_its_records_and_its_broken_pull() {
    let folder = Folder::new();
    write_old_ledger(&folder.path(), 4);
    let old = Connection::open(folder.path()).unwrap();
    old.execute_batch(
        r#"INSERT INTO record (external_id, folded, record_group, kind, posted, internal_id, state, keeps_id)
           VALUES ('ch_1', 'ch_1', 'payment', 'customer_payment', NULL, NULL, 'failed', 1);
           INSERT INTO run (id, command, parameters, started) VALUES (3, 'push', '{}', 5);
           INSERT INTO unsent VALUES ('ch_1', 3, NULL, 'The period is closed.');
           INSERT INTO reference VALUES ('unfinished_pull',
             '{"window":{"since":100,"until":200},"export":null}', 9);"#,
    )
    .unwrap();
    drop(old);
    let mut ledger = folder.ledger();
    let unsent = ledger.unsent().unwrap();
    assert_eq!(unsent[0].reason, "The period is closed.");
    let broken = ledger.unfinished_pull().unwrap().unwrap();
    assert_eq!((broken.window, broken.export), (Some(window(100, 200)), None));
    assert_eq!(ledger.pending("charges").unwrap(), [window(100, 200)]);
    // A plan that was saved before still counts as made from the same facts.
    let objects = OLD_OBJECTS + 1;
    let version = format!("{objects} objects, {} revisions, 1 of 1 payouts", objects + 1);
    assert_eq!(ledger.facts_version().unwrap(), version);
    assert!(ledger.check().unwrap().findings.is_empty());
    ledger.end_pull().unwrap();
    assert!(ledger.unfinished_pull().unwrap().is_none());
    assert!(folder.dir.path().join("tieout.schema-4.backup").exists());
}

#[test]
fn facts_count_what_is_new_and_nothing_else() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    store(&mut ledger, &charge(1)).unwrap();
    store(&mut ledger, &charge(2)).unwrap();
    store(&mut ledger, r#"{"object":"balance","available":[]}"#).unwrap();
    let before = ledger.facts_version().unwrap();
    assert_eq!(before, "1 objects, 2 revisions, 0 of 0 payouts");
    store(&mut ledger, &charge(2)).unwrap();
    store(&mut ledger, r#"{"object":"balance","available":[1]}"#).unwrap();
    assert_eq!(ledger.facts_version().unwrap(), before);
    let members = ["txn_1".to_owned(), "txn_2".to_owned()];
    ledger.set_payout_members("po_1", &members).unwrap();
    ledger.set_payout_members("po_1", &members).unwrap();
    assert_eq!(ledger.facts_version().unwrap(), "1 objects, 2 revisions, 2 of 1 payouts");
}

/// A pull that was refused at its first request is no broken one: nothing may be there in part.
#[test]
fn a_pull_that_brought_nothing_is_forgotten_and_one_that_completed_a_list_is_not() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let pull = ledger.begin_pull(&["charges", "refunds"], window(0, 100)).unwrap();
    ledger.forget_pull(pull).unwrap();
    assert!(ledger.unfinished_pull().unwrap().is_none());
    let pull = ledger.begin_pull(&["charges", "refunds"], window(0, 100)).unwrap();
    let empty = Pulled { complete: Some(("charges", window(0, 100))), ..Pulled::default() };
    ledger.pulled(&[empty], "v", UnixTime(1), 1).unwrap();
    ledger.forget_pull(pull).unwrap();
    assert!(ledger.unfinished_pull().unwrap().is_some());
}

#[test]
fn a_check_finds_what_was_damaged() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    store(&mut ledger, &charge(1)).unwrap();
    store(&mut ledger, &charge(2)).unwrap();
    let movement = r#"{"id":"txn_1","object":"balance_transaction","amount":5,"fee":1,"net":4,"currency":"usd","created":5,"available_on":5,"type":"charge","reporting_category":"charge","source":"ch_1"}"#;
    store(&mut ledger, movement).unwrap();
    assert!(ledger.check().unwrap().findings.is_empty());
    let findings = |sql: &str, undo: &str| {
        ledger.connection.execute(sql, []).unwrap();
        let found = ledger.check().unwrap().findings;
        ledger.connection.execute(undo, []).unwrap();
        assert!(ledger.check().unwrap().findings.is_empty(), "{undo}");
        found
    };
    let changed = findings(
        "UPDATE movement SET net = 5 WHERE net = 4",
        "UPDATE movement SET net = 4 WHERE net = 5",
    );
    assert!(changed[0].contains("txn_1"), "{changed:?}");
    let unlinked = findings(
        "UPDATE link SET rel = 99 WHERE rel = 1",
        "UPDATE link SET rel = 1 WHERE rel = 99",
    );
    assert!(unlinked[0].contains("not found by cus_1"), "{unlinked:?}");
    let swapped = findings(
        "UPDATE object SET id = 'ch_9' WHERE id = 'ch_1'",
        "UPDATE object SET id = 'ch_1' WHERE id = 'ch_9'",
    );
    assert!(swapped[0].contains("another name"), "{swapped:?}");
    // One byte of what is on the disk, flipped.
    let flipped = |ledger: &Ledger, place: usize| {
        let mut raw: Vec<u8> = ledger
            .connection
            .query_row("SELECT raw FROM object WHERE id = 'txn_1'", [], |row| row.get(0))
            .unwrap();
        let place = place % raw.len();
        raw[place] ^= 1;
        let write = "UPDATE object SET raw = ?1 WHERE id = 'txn_1'";
        ledger.connection.execute(write, [&raw]).unwrap();
        let found = ledger.check().unwrap().findings;
        // A bit that the packing leaves unused changes nothing.
        let is_whole =
            ledger.object("txn_1").is_ok_and(|json| json.unwrap() == movement.as_bytes());
        raw[place] ^= 1;
        ledger.connection.execute(write, [&raw]).unwrap();
        is_whole || found.iter().any(|finding| finding.contains("txn_1"))
    };
    for place in 0..60 {
        assert!(flipped(&ledger, place * 3), "the flip at {place} went unseen");
    }
    assert!(ledger.check().unwrap().findings.is_empty());
    ledger.connection.execute("UPDATE object_revision SET hash = zeroblob(16)", []).unwrap();
    let rehashed = ledger.check().unwrap().findings;
    assert!(rehashed[0].contains("Revision 1 of ch_1"), "{rehashed:?}");
}

#[test]
fn packing_anew_and_copying_keep_every_fact() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    for page in 0..12 {
        let jsons: Vec<String> = (0..100).map(|n| old_charge(page * 100 + n)).collect();
        let heads: Vec<Head> =
            jsons.iter().map(|json| Head::read(json.as_bytes()).unwrap()).collect();
        let batch: Vec<Incoming> = heads
            .iter()
            .zip(&jsons)
            .map(|(head, json)| Incoming { head, json, parent: None })
            .collect();
        ledger.store(&batch, "test", UnixTime(1)).unwrap();
    }
    store(&mut ledger, &charge(9)).unwrap();
    store(&mut ledger, &old_charge(1)).unwrap();
    let before = ledger.stats().unwrap();
    let copy = folder.dir.path().join("copy.db");
    ledger.backup(&copy).unwrap();
    assert!(ledger.backup(&copy).is_err(), "a copy is never overwritten");
    ledger.compact().unwrap();
    ledger.compact().unwrap();
    assert_eq!(ledger.stats().unwrap().digest, before.digest);
    assert!(ledger.check().unwrap().findings.is_empty());
    drop(ledger);
    let reopened = folder.ledger();
    assert!(reopened.check().unwrap().findings.is_empty(), "with the dictionaries of the file");
    let copied = Ledger::open_existing(&copy, Arc::new(FixedClock(UnixTime(1)))).unwrap();
    assert_eq!(copied.stats().unwrap().digest, before.digest);
}

fn window(since: i64, until: i64) -> Window {
    Window { since: UnixTime(since), until: UnixTime(until) }
}

#[test]
fn windows_that_touch_become_one_and_gaps_stay_gaps() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    for (since, until) in [(10, 20), (30, 40), (20, 25), (50, 50), (28, 30)] {
        ledger.cover("charges", window(since, until)).unwrap();
    }
    assert_eq!(ledger.coverage("charges").unwrap(), [window(10, 25), window(28, 40)]);
    ledger.cover("charges", window(0, 100)).unwrap();
    assert_eq!(ledger.coverage("charges").unwrap(), [window(0, 100)]);
}

/// Were a killed pull begun anew, its work would be lost; were it forgotten, it would never be
/// complete.
#[test]
fn a_pull_that_was_killed_goes_on_with_what_it_left() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    assert!(!ledger.begin_pull(&["charges"], window(0, 100)).unwrap().is_resumed);
    let done = Pulled { complete: Some(("charges", window(40, 70))), ..Pulled::default() };
    ledger.pulled(&[done], "v", UnixTime(1), 3).unwrap();
    drop(ledger);
    let mut ledger = folder.ledger();
    // The night after asks for another window; nothing of either is lost.
    let resumed = ledger.begin_pull(&["charges"], window(80, 130)).unwrap();
    assert!(resumed.is_resumed);
    assert_eq!(resumed.window, window(0, 130));
    let left = ledger.pending("charges").unwrap();
    assert_eq!(left, [window(0, 40), window(70, 100), window(100, 130)]);
    // A day before the hole must not count as known.
    assert_eq!(ledger.covered_until("charges").unwrap(), Some(UnixTime(0)));
    ledger.end_pull().unwrap();
    assert!(ledger.unfinished_pull().unwrap().is_none());
    assert_eq!(ledger.reads_of_30_days().unwrap(), (3, 0));
}
