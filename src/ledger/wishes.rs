//! Wishes: what a case wants of NetSuite takes the place of what it wanted before.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::{CaseKey, Ledger, LedgerError, summaries};
use crate::accounting::{Derived, Exception, ExceptionClass, Record};
use crate::digest::sha256_hex;
use crate::ids::ExternalId;
use crate::stripe::objects::ObjectError;

impl Ledger {
    /// Stores what a case wants: its records and exceptions take the place of those it had.
    pub fn save_derived(&mut self, case: &CaseKey, derived: &Derived) -> Result<(), LedgerError> {
        self.save_derived_all(&[(case.clone(), derived.clone())])
    }

    /// Stores what several cases want, of all of them or of none.
    pub(super) fn save_derived_all(
        &mut self,
        cases: &[(CaseKey, Derived)],
    ) -> Result<(), LedgerError> {
        let now = self.now();
        let crossed = self.in_transaction(|tx| {
            let mut crossed = BTreeSet::new();
            for (case, derived) in cases {
                crossed.extend(save(tx, case, derived, now)?);
            }
            Ok(crossed)
        })?;
        self.crossed.extend(crossed);
        Ok(())
    }

    /// A case with an object that cannot be read wants nothing new: what it wanted and is not in
    /// NetSuite yet is taken back, what is there stays as it was, and an exception says why.
    pub fn save_unreadable(
        &mut self,
        key: &CaseKey,
        error: &ObjectError,
    ) -> Result<Derived, LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let posted = self.posted_of_case(key)?;
        let tx = self.connection.transaction().map_err(wrap)?;
        let key = key.to_string();
        let mut exception = Exception::new(
            ExceptionClass::Data,
            "unreadable_object",
            &error.object,
            format!("Stripe's object cannot be read: {error}."),
            "Compare it with Stripe's dashboard and pull it again; nothing of its customer or payout \
             is posted until it can be read.",
        );
        exception.blocks.extend(ExternalId::new(error.object.as_str()).ok());
        for wanted in wanted_by(&tx, &key).map_err(wrap)? {
            let Ok(id) = ExternalId::new(wanted.as_str()) else { continue };
            if !posted.contains(&id) {
                drop_wish(&tx, &key, &wanted).map_err(wrap)?;
                exception.blocks.push(id);
            }
        }
        exception.blocks.sort();
        exception.blocks.dedup();
        let derived = Derived { exceptions: vec![exception], ..Derived::default() };
        super::exceptions::replace(&tx, &key, &derived.exceptions, now).map_err(wrap)?;
        super::cutover::replace(&tx, &key, &derived).map_err(wrap)?;
        tx.commit().map_err(wrap)?;
        Ok(derived)
    }
}

/// Stores what a case wants; gives the movements that came to reach across the start of the books, or no
/// longer do.
fn save(
    tx: &Transaction,
    case: &CaseKey,
    derived: &Derived,
    now: i64,
) -> rusqlite::Result<BTreeSet<String>> {
    let key = case.to_string();
    let mut exceptions = derived.exceptions.clone();
    let before = wanted_by(tx, &key)?;
    for record in &derived.records {
        let id = record.external_id();
        match put(tx, &key, record)? {
            Put::Clash(clash) => exceptions.push(*clash),
            Put::Stored { is_changed } => {
                summaries::assign(tx, id, derived.summaries.get(id), is_changed)?;
            }
        }
    }
    for linked in &derived.linked {
        super::answers::put_linked(tx, &key, linked)?;
    }
    let linked = derived.linked.iter().map(|linked| &linked.record);
    let wanted: BTreeSet<&str> =
        derived.records.iter().chain(linked).map(|record| record.external_id().as_str()).collect();
    for gone in before.iter().filter(|id| !wanted.contains(id.as_str())) {
        drop_wish(tx, &key, gone)?;
    }
    super::exceptions::replace(tx, &key, &exceptions, now)?;
    let crossed = super::cutover::replace(tx, &key, derived)?;
    match case {
        CaseKey::Day(date, currency) => {
            tx.prepare_cached("DELETE FROM dirty_day WHERE date = ?1 AND currency = ?2")?
                .execute(params![date.to_string(), currency.code()])?;
        }
        CaseKey::Summary(summary) => Ledger::forget_dirty_summary(tx, summary)?,
        _ => {}
    }
    Ok(crossed)
}

fn wanted_by(tx: &Transaction, key: &str) -> rusqlite::Result<Vec<String>> {
    tx.prepare_cached("SELECT external_id FROM record_case WHERE case_key = ?1")?
        .query_map([key], |row| row.get(0))?
        .collect()
}

/// What became of a wish.
enum Put {
    Stored { is_changed: bool },
    Clash(Box<Exception>),
}

/// Stores a wish; gives an exception when NetSuite could not tell it from another record.
fn put(tx: &Transaction, key: &str, record: &Record) -> rusqlite::Result<Put> {
    let id = record.external_id();
    let group = format!("{:?}", record.kind().group());
    let clash: Option<String> = tx
        .prepare_cached(
            "SELECT external_id FROM record
             WHERE record_group = ?1 AND folded = ?2 AND external_id <> ?3",
        )?
        .query_row([&group, &id.folded(), id.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(other) = clash {
        let exception = Exception::new(
            ExceptionClass::Data,
            "external_id_collision",
            id,
            format!("NetSuite cannot tell {id} from {other}: it compares without case."),
            "Post one of the two by hand.",
        );
        return Ok(Put::Clash(Box::new(exception.blocking(id))));
    }
    let json = serde_json::to_string(record).expect("a record always serializes");
    let hash = sha256_hex(json.as_bytes());
    let changed = tx.prepare_cached(
        "INSERT INTO record (external_id, folded, record_group, kind, desired, desired_hash, state)
         VALUES (?1, ?2, ?3, ?4, packed(?5), ?6, 'desired')
         ON CONFLICT (external_id) DO UPDATE
         SET desired = excluded.desired, desired_hash = excluded.desired_hash,
             folded = excluded.folded,
             internal_id = iif(state = 'linked', NULL, internal_id),
             settled_hash = iif(state = 'linked', NULL, settled_hash),
             state = iif(state = 'linked', 'desired', state)
         WHERE desired_hash IS NOT excluded.desired_hash OR state = 'linked'",
    )?
    .execute(params![
        id.as_str(),
        id.folded(),
        group,
        record.kind().rest_name(),
        json,
        hash
    ])?;
    tx.prepare_cached("INSERT OR IGNORE INTO record_case (case_key, external_id) VALUES (?1, ?2)")?
        .execute([key, id.as_str()])?;
    if record.rule.sums_up() {
        put_members(tx, record)?;
    }
    Ok(Put::Stored { is_changed: changed > 0 })
}

/// Remembers what a summary holds, so that nothing is ever in two of them.
fn put_members(tx: &Transaction, record: &Record) -> rusqlite::Result<()> {
    let id = record.external_id();
    tx.prepare_cached("DELETE FROM batch_member WHERE record = ?1")?.execute([id.as_str()])?;
    let mut insert =
        tx.prepare_cached("INSERT OR IGNORE INTO batch_member (record, member) VALUES (?1, ?2)")?;
    for member in &record.sources {
        insert.execute([id.as_str(), member.as_str()])?;
    }
    Ok(())
}

/// A case no longer wants a record: forgotten when it was never posted, kept as unwanted when it
/// was and no other case wants it.
fn drop_wish(tx: &Transaction, key: &str, id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM record_case WHERE case_key = ?1 AND external_id = ?2")?
        .execute([key, id])?;
    summaries::note_of(tx, id)?;
    let still_wanted: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM record_case WHERE external_id = ?1)")?
        .query_row([id], |row| row.get(0))?;
    if !still_wanted {
        tx.prepare_cached("DELETE FROM record WHERE external_id = ?1 AND (internal_id IS NULL AND state IN ('desired', 'failed', 'conflict') OR state = 'linked')")?
            .execute([id])?;
        tx.prepare_cached(
            "UPDATE record SET desired = NULL, desired_hash = NULL WHERE external_id = ?1",
        )?
        .execute([id])?;
    }
    Ok(())
}
