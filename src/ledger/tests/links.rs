//! The index of links: it may lag behind the objects, and nobody may notice.

use rusqlite::Connection;

use super::*;

fn charge_of(number: usize, customer: &str) -> String {
    charge(1).replace("ch_1", &format!("ch_{number}")).replace("cus_1", customer)
}

fn found(ledger: &Ledger, customer: &str) -> usize {
    let charges: Vec<crate::stripe::objects::Charge> =
        ledger.linked("charge", &[customer], crate::stripe::links::Rel::Customer).unwrap();
    charges.len()
}

/// Were a link lost when a pull is killed, a charge would be missing from its customer's books.
#[test]
fn what_a_killed_pull_had_not_linked_yet_is_found_all_the_same() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    pulled(&mut ledger, &[charge_of(1, "cus_1"), charge_of(2, "cus_1")]);
    assert!(ledger.knows("ch_2").unwrap(), "the run itself finds it");
    // Seen twice in one transaction and again in another, it is one object.
    pulled(&mut ledger, &[charge_of(2, "cus_1"), charge_of(3, "cus_1"), charge_of(3, "cus_1")]);
    assert_eq!(ledger.facts_version().unwrap(), "3 objects, 3 revisions, 0 of 0 payouts");
    drop(ledger);

    let clock = Arc::new(FixedClock(UnixTime(1_000)));
    let reader = Ledger::open_read_only(&folder.path(), clock).unwrap();
    assert!(reader.knows("ch_1").unwrap());
    assert_eq!(found(&reader, "cus_1"), 3);
    drop(reader);

    // The next run changes one that was never linked, and one more comes.
    let mut ledger = folder.ledger();
    assert_eq!(found(&ledger, "cus_1"), 3);
    pulled(&mut ledger, &[charge_of(2, "cus_2"), charge_of(4, "cus_1")]);
    ledger.link_all().unwrap();
    assert_eq!((found(&ledger, "cus_1"), found(&ledger, "cus_2")), (3, 1));
    // What was linked already and changes is linked at once.
    pulled(&mut ledger, &[charge_of(1, "cus_2")]);
    drop(ledger);
    let ledger = folder.ledger();
    assert_eq!((found(&ledger, "cus_1"), found(&ledger, "cus_2")), (2, 2));
    assert_eq!(ledger.check().unwrap().findings, Vec::<String>::new());
}

/// Were an object changed twice before its links are in the file, what it no longer names must not
/// come back.
#[test]
fn an_object_that_changes_within_a_pull_names_only_what_it_names_now() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    pulled(&mut ledger, &[charge_of(1, "cus_1"), charge_of(1, "cus_2")]);
    pulled(&mut ledger, &[charge_of(1, "cus_3")]);
    pulled(&mut ledger, &[charge_of(1, "cus_3")]);
    ledger.link_all().unwrap();
    let by = ["cus_1", "cus_2", "cus_3"].map(|customer| found(&ledger, customer));
    assert_eq!(by, [0, 0, 1]);
    assert_eq!(ledger.facts_version().unwrap(), "1 objects, 3 revisions, 0 of 0 payouts");
    assert_eq!(ledger.check().unwrap().findings, Vec::<String>::new());
}

/// Links go into the file some at a time while a large pull runs; none may be forgotten on the way.
#[test]
fn links_go_into_the_file_in_pieces() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    for page in 0..9 {
        let jsons: Vec<String> =
            (0..100).map(|n| charge_of(page * 100 + n, &format!("cus_{}", n % 7))).collect();
        pulled(&mut ledger, &jsons);
        let mut recent = std::mem::take(&mut ledger.recent);
        ledger.in_transaction(|tx| recent.put_piece(tx, 170, 150)).unwrap();
        ledger.recent = recent;
        assert!(ledger.knows(&format!("ch_{}", page * 50)).unwrap());
        pulled(&mut ledger, &[charge_of(page * 100, &format!("cus_{}", page * 100 % 7))]);
    }
    ledger.link_all().unwrap();
    assert_eq!((0..7).map(|n| found(&ledger, &format!("cus_{n}"))).sum::<usize>(), 900);
    assert_eq!(ledger.check().unwrap().findings, Vec::<String>::new());
}

/// Were an object not found by its id after an upgrade, the next pull would store it a second time.
#[test]
fn a_ledger_of_schema_7_finds_its_objects_by_their_ids() {
    let folder = Folder::new();
    let old = Connection::open(folder.path()).unwrap();
    for step in [
        include_str!("../migrations/0001_first.sql"),
        include_str!("../migrations/0002_days.sql"),
        include_str!("../migrations/0003_answer.sql"),
        include_str!("../migrations/0004_push.sql"),
        "DROP TABLE link; DROP TABLE object_revision; DROP TABLE body; DROP TABLE dirty;
         DROP TABLE object; DROP TABLE payout_listing;",
        include_str!("../migrations/0005_compact.sql"),
        include_str!("../migrations/0006_cutover.sql"),
        include_str!("../migrations/0007_write_back.sql"),
        "PRAGMA user_version = 7;",
    ] {
        old.execute_batch(step).unwrap();
    }
    let json = charge_of(5, "cus_1");
    let packed = pack::Packer::default().pack("charge", json.as_bytes());
    old.execute("INSERT INTO api_version VALUES (1, 'test')", []).unwrap();
    old.execute(
        "INSERT INTO object VALUES (3, 'ch_5', 'charge', 5, 1, 9, 1, ?1, ?2)",
        rusqlite::params![put::hash_of(json.as_bytes()), packed],
    )
    .unwrap();
    old.execute("INSERT INTO link VALUES (?1, 1, 3)", [put::key_of("cus_1")]).unwrap();
    old.execute("INSERT INTO watch VALUES (3, 77)", []).unwrap();
    old.execute("INSERT INTO dirty VALUES (3)", []).unwrap();
    drop(old);
    let mut ledger = folder.ledger();
    assert_eq!(ledger.object("ch_5").unwrap().unwrap(), json.as_bytes());
    assert_eq!(found(&ledger, "cus_1"), 1);
    assert_eq!(dirty(&mut ledger), [CaseKey::Customer("cus_1".into())]);
    pulled(&mut ledger, &[json]);
    assert_eq!(ledger.count_by_kind().unwrap(), [("charge".to_owned(), 1)]);
    assert_eq!(ledger.check().unwrap().findings, Vec::<String>::new());
    assert!(folder.dir.path().join("tieout.schema-7.backup").exists());
}
