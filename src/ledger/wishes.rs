//! Wishes: what a case wants of NetSuite takes the place of what it wanted before.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, params};

use super::pack::{Packer, RECORD};
use super::put::key_of;
use super::{CaseKey, Ledger, LedgerError, summaries};
use crate::accounting::summary::Summary;
use crate::accounting::{Derived, Exception, ExceptionClass, Record};
use crate::digest::sha256_hex;
use crate::ids::{ExternalId, ObjectId};
use crate::netsuite::record::{RecordGroup, RecordKind};
use crate::stripe::objects::ObjectError;

/// What a case wants, ready for storing: its records are packed, so that those of thousands of cases can
/// wait for one another.
pub(super) struct Wishes {
    case: CaseKey,
    records: Vec<Wish>,
    /// Everything else: it has no records any more.
    derived: Derived,
    /// About what all of it holds in memory.
    pub(super) bytes: usize,
}

/// A record that is wanted.
struct Wish {
    id: ExternalId,
    kind: RecordKind,
    packed: Vec<u8>,
    hash: String,
    /// What it holds, when it sums up.
    members: Option<Vec<ObjectId>>,
}

/// What a waiting record takes besides its text: its name, its hash, and what memory is kept in.
const WISH_BYTES: usize = 300;

impl Wish {
    fn new(record: Record, packer: &Packer) -> Self {
        let json = serde_json::to_string(&record).expect("a record always serializes");
        let (id, kind) = (record.external_id().clone(), record.kind());
        let members = record.rule.sums_up().then_some(record.sources);
        Self {
            id,
            kind,
            packed: packer.pack(RECORD, json.as_bytes()),
            hash: sha256_hex(json.as_bytes()),
            members,
        }
    }
}

impl Wishes {
    pub(super) fn new(case: CaseKey, mut derived: Derived, packer: &Packer) -> Self {
        let records = std::mem::take(&mut derived.records);
        let records: Vec<Wish> =
            records.into_iter().map(|record| Wish::new(record, packer)).collect();
        let texts: usize = records.iter().map(|wish| wish.packed.len()).sum();
        let bytes = texts + (records.len() + 1) * WISH_BYTES;
        Self { case, records, derived, bytes }
    }
}

impl Ledger {
    /// Stores what a case wants: its records and exceptions take the place of those it had.
    pub fn save_derived(&mut self, case: &CaseKey, derived: &Derived) -> Result<(), LedgerError> {
        let wishes = Wishes::new(case.clone(), derived.clone(), &self.packer);
        self.save_wishes(&[wishes])
    }

    /// Stores what several cases want, of all of them or of none. No case is among them twice.
    pub(super) fn save_wishes(&mut self, cases: &[Wishes]) -> Result<(), LedgerError> {
        let now = self.derived_at();
        let crossed = self.in_transaction(|tx| save(tx, cases, now))?;
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
        let now = self.derived_at();
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

/// Stores what cases want; gives the movements that came to reach across the start of the books, or no
/// longer do.
fn save(tx: &Transaction, cases: &[Wishes], now: i64) -> rusqlite::Result<BTreeSet<String>> {
    let before = cases
        .iter()
        .map(|one| wanted_by(tx, &one.case.to_string()))
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut crossed = BTreeSet::new();
    let put = put_in_order(tx, cases)?;
    for ((one, before), put) in cases.iter().zip(before).zip(put) {
        crossed.extend(replace(tx, one, &before, put, now)?);
    }
    Ok(crossed)
}

/// What became of the records of a case.
#[derive(Default)]
struct PutOfCase {
    /// The numbers of those that are in the file.
    records: Vec<i64>,
    clashes: Vec<Exception>,
}

/// Stores the records of all cases in the order of their ids, because the file finds them in that order: what
/// lies close together is written together.
fn put_in_order(tx: &Transaction, cases: &[Wishes]) -> rusqlite::Result<Vec<PutOfCase>> {
    let wishes = cases.iter().enumerate();
    let wishes = wishes.flat_map(|(place, one)| one.records.iter().map(move |wish| (place, wish)));
    let mut wishes: Vec<_> = wishes.collect();
    // Of one that several cases want, the last word stays the last.
    wishes.sort_by_key(|(_, wish)| &wish.id);
    let mut of_cases: Vec<PutOfCase> = Vec::new();
    of_cases.resize_with(cases.len(), PutOfCase::default);
    // What is sold is wanted by every case that sold it, in the same words.
    let mut last: Option<(&Wish, Option<&Summary>, i64)> = None;
    for (place, wish) in wishes {
        let (of_case, summary) =
            (&mut of_cases[place], cases[place].derived.summaries.get(&wish.id));
        if let Some((same, of_same, seq)) = last
            && (&same.id, &same.hash, of_same) == (&wish.id, &wish.hash, summary)
        {
            of_case.records.push(seq);
            continue;
        }
        last = None;
        match put(tx, wish)? {
            Put::Clash(clash) => of_case.clashes.push(*clash),
            Put::Stored { seq, is_changed } => {
                summaries::assign(tx, &wish.id, summary, is_changed)?;
                of_case.records.push(seq);
                last = Some((wish, summary, seq));
            }
        }
    }
    Ok(of_cases)
}

/// What a case wanted before and wants no longer goes, its exceptions take the place of those it had, and it
/// is no longer to be derived.
fn replace(
    tx: &Transaction,
    one: &Wishes,
    before: &[String],
    put: PutOfCase,
    now: i64,
) -> rusqlite::Result<BTreeSet<String>> {
    let Wishes { case, records, derived, .. } = one;
    let key = case.to_string();
    for seq in put.records {
        note_wish(tx, &key, seq)?;
    }
    for linked in &derived.linked {
        super::answers::put_linked(tx, &key, linked)?;
    }
    let linked = derived.linked.iter().map(|linked| linked.record.external_id().as_str());
    let wanted: BTreeSet<&str> =
        records.iter().map(|wish| wish.id.as_str()).chain(linked).collect();
    for gone in before.iter().filter(|id| !wanted.contains(id.as_str())) {
        drop_wish(tx, &key, gone)?;
    }
    let mut exceptions = derived.exceptions.clone();
    exceptions.extend(put.clashes);
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
    tx.prepare_cached(
        "SELECT r.external_id FROM record_case c JOIN record r ON r.seq = c.record
         WHERE c.case_key = ?1",
    )?
    .query_map([key], |row| row.get(0))?
    .collect()
}

/// Remembers that a case wants a record.
pub(super) fn note_wish(tx: &Transaction, key: &str, record: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO record_case (case_key, record) VALUES (?1, ?2)")?
        .execute(params![key, record])?;
    Ok(())
}

/// What tells a record in NetSuite: its group and its external id without case.
pub(super) fn folded_key(group: RecordGroup, id: &ExternalId) -> i64 {
    key_of(&format!("{group:?} {}", id.folded()))
}

/// What became of a wish.
enum Put {
    Stored { seq: i64, is_changed: bool },
    Clash(Box<Exception>),
}

/// Stores a wish; gives an exception when NetSuite could not tell it from another record.
fn put(tx: &Transaction, wish: &Wish) -> rusqlite::Result<Put> {
    let known: Option<(i64, bool, bool)> = tx
        .prepare_cached(
            "SELECT seq, desired_hash IS ?2, state = 'linked' FROM record WHERE external_id = ?1",
        )?
        .query_row([wish.id.as_str(), &wish.hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let (seq, is_changed) = match known {
        Some((seq, is_same, false)) => {
            if !is_same {
                tx.prepare_cached(
                    "UPDATE record SET desired = ?2, desired_hash = ?3 WHERE seq = ?1",
                )?
                .execute(params![seq, wish.packed, wish.hash])?;
            }
            (seq, !is_same)
        }
        // A linked one takes no external id in NetSuite, so only now it may be mistaken for another.
        None | Some((_, _, true)) => {
            let folded_key = folded_key(wish.kind.group(), &wish.id);
            if let Some(other) = mistaken_for(tx, &wish.id, folded_key)? {
                return Ok(Put::Clash(Box::new(other)));
            }
            (claim(tx, wish, folded_key, known.map(|(seq, ..)| seq))?, true)
        }
    };
    if let Some(members) = &wish.members {
        put_members(tx, &wish.id, members)?;
    }
    Ok(Put::Stored { seq, is_changed })
}

/// The exception for a wish whose external id differs from that of another record in nothing but case.
fn mistaken_for(
    tx: &Transaction,
    id: &ExternalId,
    folded_key: i64,
) -> rusqlite::Result<Option<Exception>> {
    let other: Option<String> = tx
        .prepare_cached(
            "SELECT external_id FROM record WHERE folded_key = ?1 AND external_id <> ?2",
        )?
        .query_row(params![folded_key, id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(other.map(|other| {
        let exception = Exception::new(
            ExceptionClass::Data,
            "external_id_collision",
            id,
            format!("NetSuite cannot tell {id} from {other}: it compares without case."),
            "Post one of the two by hand.",
        );
        exception.blocking(id)
    }))
}

/// Makes a wish's record, or makes the one that was linked to another's ours; gives its number.
fn claim(
    tx: &Transaction,
    wish: &Wish,
    folded_key: i64,
    linked: Option<i64>,
) -> rusqlite::Result<i64> {
    if let Some(seq) = linked {
        tx.prepare_cached(
            "UPDATE record SET desired = ?2, desired_hash = ?3, folded_key = ?4, internal_id = NULL,
                    settled_hash = NULL, state = 'desired' WHERE seq = ?1",
        )?
        .execute(params![seq, wish.packed, wish.hash, folded_key])?;
        return Ok(seq);
    }
    tx.prepare_cached(
        "INSERT INTO record (external_id, folded_key, kind, desired, desired_hash, state)
         VALUES (?1, ?2, ?3, ?4, ?5, 'desired')",
    )?
    .execute(params![
        wish.id.as_str(),
        folded_key,
        wish.kind.rest_name(),
        wish.packed,
        wish.hash
    ])?;
    Ok(tx.last_insert_rowid())
}

/// Remembers what a summary holds, so that nothing is ever in two of them.
fn put_members(tx: &Transaction, id: &ExternalId, members: &[ObjectId]) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM batch_member WHERE record = ?1")?.execute([id.as_str()])?;
    let mut insert =
        tx.prepare_cached("INSERT OR IGNORE INTO batch_member (record, member) VALUES (?1, ?2)")?;
    for member in members {
        insert.execute([id.as_str(), member.as_str()])?;
    }
    Ok(())
}

/// A case no longer wants a record: forgotten when it was never posted, kept as unwanted when it
/// was and no other case wants it.
fn drop_wish(tx: &Transaction, key: &str, id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "DELETE FROM record_case WHERE case_key = ?1
         AND record = (SELECT seq FROM record WHERE external_id = ?2)",
    )?
    .execute([key, id])?;
    summaries::note_of(tx, id)?;
    let still_wanted: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM record_case c JOIN record r ON r.seq = c.record
             WHERE r.external_id = ?1)",
        )?
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
