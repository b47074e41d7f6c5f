//! Records and requests in the file: packed, moved over from older schemas, and checked.

use rusqlite::{Connection, params};

use super::upkeep::write_old_ledger;
use super::*;

/// Records of an old ledger: enough for a dictionary, and for SQLite to need a file for what undoes one statement.
const OLD_RECORDS: usize = 6_000;

/// Were a record lost or changed on its way into the new table, it would be posted twice, or taken back.
#[test]
fn records_of_an_older_schema_are_packed_and_lose_nothing() {
    let folder = Folder::new();
    write_old_ledger(&folder.path(), 4);
    let items: Vec<Record> =
        (0..OLD_RECORDS).map(|n| item(&format!("price_{n}"), &format!("Seat {n}"))).collect();
    let old = Connection::open(folder.path()).unwrap();
    old.execute_batch("BEGIN").unwrap();
    for record in &items {
        let id = record.external_id().as_str();
        let desired = serde_json::to_string(record).unwrap();
        let posted = serde_json::to_string(&record.body).unwrap();
        old.execute(
            "INSERT INTO record (external_id, folded, record_group, kind, desired, desired_hash,
                                 settled_hash, posted, internal_id, state)
             VALUES (?1, ?1, 'Item', 'serviceSaleItem', ?2, ?3, ?3, ?4, '7', 'verified')",
            params![id, desired, crate::digest::sha256_hex(desired.as_bytes()), posted],
        )
        .unwrap();
        old.execute("INSERT INTO record_case VALUES ('customer cus_1', ?1)", [id]).unwrap();
    }
    old.execute_batch("COMMIT").unwrap();
    let intended = serde_json::to_string(&items[0].body).unwrap();
    old.execute_batch(
        "INSERT INTO run (id, command, parameters, started) VALUES (3, 'push', '{}', 5);
         INSERT INTO unsent VALUES ('price_1', 3, NULL, 'The period is closed.');
         INSERT INTO batch_member VALUES ('price_2', 'price_3');",
    )
    .unwrap();
    old.execute(
        "INSERT INTO attempt (id, run, external_id, kind, action, method, path, request_digest,
                              intended, started)
         VALUES (9, 3, 'price_0', 'serviceSaleItem', 'create', 'POST', '/', 'abc', ?1, 5)",
        [intended],
    )
    .unwrap();
    drop(old);
    let mut ledger = folder.ledger();
    let rows = ledger.records().unwrap();
    assert_eq!(rows.len(), OLD_RECORDS);
    for record in &items {
        let row = ledger.record(record.external_id()).unwrap().unwrap();
        assert_eq!((row.desired.as_ref(), row.posted.as_ref()), (Some(record), Some(&record.body)));
        assert_eq!(row.state, RecordState::Verified);
        assert_eq!(row.internal_id, Some(InternalId::new("7")));
    }
    let unfinished = &ledger.unfinished_attempts().unwrap()[0];
    assert_eq!(unfinished.intended, items[0].body);
    assert_eq!(ledger.unsent().unwrap()[0].reason, "The period is closed.");
    let summary = ledger.summary_of(&ExternalId::new("price_3").unwrap()).unwrap();
    assert_eq!(summary, ExternalId::new("price_2").ok());
    assert!(ledger.check().unwrap().findings.is_empty());
    // NetSuite cannot tell it from one that is there, whatever schema that came in.
    let found = ledger.look_up("PRICE_5").unwrap();
    assert_eq!(found, Found::Record(ExternalId::new("price_5").unwrap()));
    let case = CaseKey::Customer("cus_2".into());
    ledger.save_derived(&case, &wants(vec![item("Price_5", "another")])).unwrap();
    assert_eq!(ledger.open_exceptions().unwrap()[0].exception.code, "external_id_collision");
    let packed: i64 = ledger
        .connection
        .query_row("SELECT max(length(desired)) FROM record", [], |row| row.get(0))
        .unwrap();
    assert!(packed < 90, "{packed} bytes: the dictionary does nothing");
    // What names a record still does: one that is gone takes its notes with it.
    let of_one = "DELETE FROM record_case WHERE record IN (
                    SELECT seq FROM record WHERE external_id = 'price_1')";
    assert_eq!(ledger.connection.execute(of_one, []).unwrap(), 1, "its case still wants it");
    ledger.connection.execute("DELETE FROM record WHERE external_id = 'price_1'", []).unwrap();
    assert!(ledger.unsent().unwrap().is_empty());
}

/// A record that was damaged on the disk must not count as what the books want or hold.
#[test]
fn a_damaged_record_is_found_wherever_it_is_damaged() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let record = item("price_A", "one");
    ledger.save_derived(&CaseKey::Customer("c".into()), &wants(vec![record.clone()])).unwrap();
    let run = ledger.start_run("push", "{}").unwrap();
    let attempt = ledger.begin_attempts(&[intent(run, &record)]).unwrap()[0];
    let id = InternalId::new("77");
    ledger.finish_attempt(attempt, Outcome::Posted { internal_id: &id }).unwrap();
    for (table, column) in [("record", "desired"), ("record", "posted"), ("attempt", "intended")] {
        let read = format!("SELECT {column} FROM {table}");
        let packed: Vec<u8> = ledger.connection.query_row(&read, [], |row| row.get(0)).unwrap();
        for place in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[place] ^= 1;
            let write = format!("UPDATE {table} SET {column} = ?1");
            ledger.connection.execute(&write, [&damaged]).unwrap();
            let found = ledger.check().unwrap().findings;
            ledger.connection.execute(&write, [&packed]).unwrap();
            // A bit that the packing leaves unused changes nothing.
            let is_found = found.iter().any(|finding| finding.contains("price_A"));
            let is_whole =
                ledger.packer.unpack(&damaged).ok() == ledger.packer.unpack(&packed).ok();
            assert!(is_found || is_whole, "byte {place} of {column}");
        }
    }
    assert!(ledger.check().unwrap().findings.is_empty());
}

/// Were it not looked for, `tieout status` beside a first pull would say that the ledger is damaged.
#[test]
fn a_reader_understands_what_a_pull_beside_it_packed_with_a_new_dictionary() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let of = |number: usize| charge(5).replace("ch_1", &format!("ch_{number}"));
    pulled(&mut ledger, &[of(0)]);
    let reader =
        Ledger::open_read_only(&folder.path(), Arc::new(FixedClock(UnixTime(1_000)))).unwrap();
    assert_eq!(reader.ids("charge").unwrap().len(), 1);
    pulled(&mut ledger, &(1..2 * pack::SAMPLES_MIN).map(of).collect::<Vec<_>>());
    assert!(ledger.packer.knows("charge") && !reader.packer.knows("charge"));
    let read = |number: usize| reader.object(&format!("ch_{number}")).unwrap();
    assert_eq!(read(0), Some(of(0).into_bytes()));
    assert_eq!(reader.ids("charge").unwrap().len(), 2 * pack::SAMPLES_MIN);
}
