//! What a derivation reads and stores: ahead, together, and as of one moment.

use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::calendar::Clock;

/// A clock on which a second goes by with every look.
#[derive(Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Were each dated by when its case was stored, a slow machine would list the same exceptions in another order.
#[test]
fn what_one_derivation_finds_was_first_seen_at_one_moment() {
    let mut ledger = Ledger::in_memory(Arc::new(Ticking::default())).unwrap();
    for number in 1..=3 {
        let unreadable = charge(number)
            .replace("ch_1", &format!("ch_{number}"))
            .replace("cus_1", &format!("cus_{number}"))
            .replace("\"amount\"", "\"sum\"");
        store(&mut ledger, &unreadable).unwrap();
    }
    ledger.derive_changed(&policy(), |_| {}).unwrap();
    let found = ledger.open_exceptions().unwrap();
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|one| one.first_seen == found[0].first_seen), "{found:?}");
}

/// Were what another thread could not read dropped, its customer would silently have no records; were it
/// taken for a fault of the whole file, one object would hold back everybody's.
#[test]
fn what_cannot_be_read_ahead_is_told_like_what_cannot_be_read() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let of = |number: i64, json: &str| {
        json.replace("ch_1", &format!("ch_{number}")).replace("cus_1", &format!("cus_{number}"))
    };
    for number in 1..=3 {
        let unreadable = of(number, &charge(number)).replace("\"amount\"", "\"sum\"");
        store(&mut ledger, &unreadable).unwrap();
    }
    store(&mut ledger, &of(4, &charge(4))).unwrap();
    let read_all = |ledger: &mut Ledger| {
        let mut work = ledger.changed(&policy(), &mut || {})?;
        ledger.read_ahead(&mut work, &policy())?;
        let mut keys = Vec::new();
        while let Some(cases) = ledger.next_cases(&mut work, &policy())? {
            keys.extend(cases.into_iter().map(|(key, _)| key));
        }
        ledger.sum_up(&work, &policy(), &mut |_| {})?;
        Ok(keys)
    };
    let keys: Result<_, LedgerError> = read_all(&mut ledger);
    assert_eq!(keys.unwrap(), [CaseKey::Customer("cus_4".into())]);
    assert_eq!(ledger.open_exceptions().unwrap().len(), 3);
    ledger.connection.execute("UPDATE object SET raw = x'0001' WHERE id = 'ch_4'", []).unwrap();
    store(&mut ledger, r#"{"id":"cus_4","object":"customer","created":6}"#).unwrap();
    let LedgerError::Case { key, .. } = read_all(&mut ledger).unwrap_err() else { panic!() };
    assert_eq!(key, "cus_4");
    // Whatever went wrong, its threads are gone with it, and what they had open.
    drop(ledger);
    assert!(!folder.dir.path().join("tieout.db-wal").exists());
}

/// Cases wait for one another and are stored in the order of their records. Were a case's wish lost in that, its
/// record would go with another case that stops wanting it.
#[test]
fn cases_stored_together_come_to_the_same_as_one_after_the_other() {
    let said = |customer: &str, items: &[(&str, &str)]| {
        let items = items.iter().map(|(id, name)| item(id, name)).collect();
        (CaseKey::Customer(customer.into()), wants(items))
    };
    let rounds = [
        vec![
            said("cus_1", &[("price_B", "bow"), ("price_A", "anchor")]),
            said("cus_2", &[("price_A", "anchor"), ("price_a", "mistaken for it")]),
            said("cus_3", &[("price_A", "the last word"), ("price_C", "cleat")]),
        ],
        vec![said("cus_1", &[]), said("cus_2", &[("price_C", "cleat")]), said("cus_3", &[])],
    ];
    let (one_by_one, together) = (Folder::new(), Folder::new());
    let (mut first, mut second) = (one_by_one.ledger(), together.ledger());
    for round in rounds {
        for (case, derived) in &round {
            first.save_derived(case, derived).unwrap();
        }
        let packer = Arc::clone(&second.packer);
        let wishes = round.into_iter().map(|(case, derived)| Wishes::new(case, derived, &packer));
        second.save_wishes(&wishes.collect::<Vec<_>>()).unwrap();
        let told = |ledger: &Ledger| {
            let wishes = "SELECT case_key || ' ' || external_id FROM record_case
                          JOIN record ON seq = record ORDER BY 1";
            let found = (ledger.records(), ledger.open_exceptions(), ledger.all_texts(wishes));
            (found.0.unwrap(), found.1.unwrap(), found.2.unwrap())
        };
        assert_eq!(told(&first), told(&second));
    }
    assert_eq!(first.records().unwrap().len(), 1, "only the cleat is still wanted");
}
