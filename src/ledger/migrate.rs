//! The schema's history. A step is never edited once it was released, only followed by another.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::met::Met;
use super::missing::{forget_known, want_named};
use super::objects::Preparer;
use super::pack::{Packer, SAMPLES_MIN, train};
use super::put::{Putting, api_version_id, hash_of};
use super::recent::{Recent, insert};
use super::{LedgerError, dictionaries};
use crate::calendar::UnixTime;
use crate::stripe::links::scan;

/// One step, in one transaction with those before and after it.
type Step = fn(&Transaction, &Arc<Packer>) -> Result<(), StepError>;

/// The steps in order; the schema's version is how many have run.
const STEPS: [Step; 15] = [
    first,
    days,
    answer,
    push,
    compact,
    cutover,
    write_back,
    reading,
    care,
    period_lock,
    own_links,
    sent_plan,
    bank,
    packed_records,
    record_keys,
];

/// The lists that were read by the window when a pull did not go on where it was.
const READ_BY_WINDOW: [&str; 10] = [
    "payouts",
    "balance_transactions",
    "invoices",
    "charges",
    "payment_intents",
    "invoice_payments",
    "customers",
    "refunds",
    "disputes",
    "credit_notes",
];

/// The newest schema.
pub(super) fn known_schema() -> u32 {
    u32::try_from(STEPS.len()).expect("a handful")
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the object {id} cannot be read: {cause}")]
    Object { id: String, cause: String },
}

/// Brings the file to the newest schema. What it was is kept beside it.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    packer: &Arc<Packer>,
) -> Result<(), LedgerError> {
    let wrap = |cause| LedgerError::sqlite(path, cause);
    let found: u32 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrap)?;
    let known = known_schema();
    if found > known {
        return Err(LedgerError::Newer { path: path.into(), found, known });
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        let copy = path.with_extension(format!("schema-{found}.backup"));
        connection.backup("main", &copy, None::<fn(rusqlite::backup::Progress)>).map_err(wrap)?;
    }
    // A step may put a table in the place of one that others name.
    connection.pragma_update(None, "foreign_keys", false).map_err(wrap)?;
    let done = run_steps(connection, path, packer);
    connection.pragma_update(None, "foreign_keys", true).map_err(wrap)?;
    done
}

/// Runs the steps that are missing, all of them or none.
fn run_steps(
    connection: &mut Connection,
    path: &Path,
    packer: &Arc<Packer>,
) -> Result<(), LedgerError> {
    let wrap = |cause| LedgerError::sqlite(path, cause);
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrap)?;
    // Another process may have been faster: `status` takes no lock.
    let found: u32 = tx.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrap)?;
    let start = usize::try_from(found).expect("a handful").min(STEPS.len());
    for step in &STEPS[start..] {
        step(&tx, packer).map_err(|error| match error {
            StepError::Sqlite(cause) => wrap(cause),
            StepError::Object { .. } => {
                LedgerError::Corrupt { path: path.into(), cause: error.to_string() }
            }
        })?;
    }
    tx.pragma_update(None, "user_version", known_schema()).map_err(wrap)?;
    tx.commit().map_err(wrap)
}

fn first(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0001_first.sql"))?)
}

fn days(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0002_days.sql"))?)
}

fn answer(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0003_answer.sql"))?)
}

fn push(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0004_push.sql"))?)
}

fn cutover(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0006_cutover.sql"))?)
}

fn write_back(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0007_write_back.sql"))?)
}

fn reading(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0008_reading.sql"))?)
}

fn care(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0009_care.sql"))?)
}

fn period_lock(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0010_period_lock.sql"))?)
}

fn sent_plan(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0012_sent_plan.sql"))?)
}

fn bank(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0013_bank.sql"))?)
}

fn record_keys(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    Ok(tx.execute_batch(include_str!("migrations/0015_record_keys.sql"))?)
}

/// Records and requests are packed, with a dictionary trained on the records that are there.
fn packed_records(tx: &Transaction, packer: &Arc<Packer>) -> Result<(), StepError> {
    // Some of every kind: a hash has nothing to do with what a record is.
    let some = "SELECT desired FROM record WHERE external_id IN (
                  SELECT external_id FROM record WHERE desired IS NOT NULL
                  ORDER BY desired_hash LIMIT 1000)";
    dictionaries::learn_records(tx, packer, some)?;
    Ok(tx.execute_batch(include_str!("migrations/0014_packed_records.sql"))?)
}

/// Objects are found by their own ids among the links.
fn own_links(tx: &Transaction, _: &Arc<Packer>) -> Result<(), StepError> {
    tx.execute_batch(
        "DROP VIEW stripe_object;
         DROP VIEW stripe_balance_transaction;
         DROP INDEX object_by_kind;
         ALTER TABLE object RENAME TO old_object;
         ALTER TABLE link RENAME TO old_link;
         ALTER TABLE object_revision RENAME TO old_revision;
         ALTER TABLE parent RENAME TO old_parent;
         ALTER TABLE movement RENAME TO old_movement;
         ALTER TABLE watch RENAME TO old_watch;
         ALTER TABLE dirty RENAME TO old_dirty;",
    )?;
    tx.execute_batch(include_str!("migrations/0011_own_links.sql"))?;
    // What names another table goes before that one.
    tx.execute_batch(
        "DROP TABLE old_link;
         DROP TABLE old_revision;
         DROP TABLE old_parent;
         DROP TABLE old_movement;
         DROP TABLE old_watch;
         DROP TABLE old_dirty;
         DROP TABLE old_object;",
    )?;
    Ok(())
}

/// Packs every object anew, with dictionaries trained on those that are there.
fn compact(tx: &Transaction, packer: &Arc<Packer>) -> Result<(), StepError> {
    tx.execute_batch(
        "DROP INDEX object_by_kind;
         DROP INDEX link_by_target;
         ALTER TABLE object RENAME TO old_object;
         ALTER TABLE body RENAME TO old_body;
         ALTER TABLE object_revision RENAME TO old_revision;
         ALTER TABLE dirty RENAME TO old_dirty;
         ALTER TABLE payout_listing RENAME TO old_listing;",
    )?;
    // A parent is told by the list an object was read from, not by the object.
    tx.execute_batch(
        "CREATE TEMP TABLE old_parent AS SELECT seq, target FROM link WHERE rel = 'parent';
         CREATE INDEX old_parent_by_seq ON old_parent (seq);
         DROP TABLE link;",
    )?;
    tx.execute_batch(include_str!("migrations/0005_compact.sql"))?;
    count_facts(tx)?;
    take_over_unfinished_pull(tx)?;
    train_on_old_objects(tx, packer)?;
    // A later step makes this table for good.
    tx.execute_batch("CREATE TEMP TABLE named (seq INTEGER PRIMARY KEY, resource TEXT, id TEXT);")?;
    copy_objects(tx, packer)?;
    copy_revisions(tx, packer)?;
    want_named(tx, &Met::default())?;
    forget_known(tx)?;
    tx.execute_batch(
        "DROP TABLE temp.named;
         DELETE FROM dirty;
         INSERT INTO dirty (seq) SELECT seq FROM old_dirty;
         INSERT INTO payout_listing (payout, complete) SELECT payout, 1 FROM old_listing;
         DROP TABLE old_listing;
         DROP TABLE old_dirty;
         DROP TABLE old_revision;
         DROP TABLE old_body;
         DROP TABLE old_object;
         DROP TABLE old_parent;",
    )?;
    Ok(())
}

/// From here on facts are counted as they come.
fn count_facts(tx: &Transaction) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE fact_count SET
         objects = (SELECT count(*) FROM old_object WHERE kind <> 'balance'),
         revisions = (SELECT ifnull(sum(revision), 0) FROM old_object WHERE kind <> 'balance'),
         members = (SELECT count(*) FROM payout_member),
         lists = (SELECT count(*) FROM old_listing)",
        [],
    )?;
    Ok(())
}

/// A pull that broke off was kept as JSON, and was to be read again as a whole.
fn take_over_unfinished_pull(tx: &Transaction) -> rusqlite::Result<()> {
    let window: Option<(Option<i64>, Option<i64>)> = tx
        .query_row(
            "SELECT json_extract(content, '$.window.since'), json_extract(content, '$.window.until')
             FROM reference WHERE name = 'unfinished_pull'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((Some(since), Some(until))) = window else { return Ok(()) };
    tx.execute(
        "INSERT INTO pull (only, since, until, seq)
         SELECT 1, ?1, ?2, ifnull(max(seq), 0) FROM old_object",
        params![since, until],
    )?;
    for resource in READ_BY_WINDOW {
        tx.execute(
            "INSERT INTO pending (resource, since, until) VALUES (?1, ?2, ?3)",
            params![resource, since, until],
        )?;
    }
    tx.execute(
        "UPDATE reference SET content = json_remove(content, '$.window')
         WHERE name = 'unfinished_pull'",
        [],
    )?;
    Ok(())
}

fn train_on_old_objects(tx: &Transaction, packer: &Arc<Packer>) -> Result<(), StepError> {
    let kinds: Vec<(String, i64)> = tx
        .prepare("SELECT kind, count(*) FROM old_object GROUP BY kind")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let least = i64::try_from(SAMPLES_MIN).expect("a few hundred");
    for (kind, count) in kinds.into_iter().filter(|(_, count)| *count >= least) {
        let mut samples = Vec::new();
        let mut statement = tx.prepare(
            "SELECT b.raw FROM old_object o JOIN old_body b USING (seq)
             WHERE o.kind = ?1 AND o.seq % ?2 = 0 LIMIT 1000",
        )?;
        let mut rows = statement.query(params![kind, (count / least).max(1)])?;
        while let Some(row) = rows.next()? {
            samples.push(inflate(&kind, row.get_ref(0)?.as_blob().unwrap_or_default())?);
        }
        if let Some(content) = train(&samples) {
            dictionaries::add(tx, packer, &kind, &content)?;
        }
    }
    Ok(())
}

fn copy_objects(tx: &Transaction, packer: &Arc<Packer>) -> Result<(), StepError> {
    let preparer = Preparer(Arc::clone(packer));
    let mut statement = tx.prepare(
        "SELECT o.seq, o.id, o.revision, o.fetched, o.api_version, b.raw, p.target
         FROM old_object o JOIN old_body b USING (seq) LEFT JOIN old_parent p USING (seq)
         ORDER BY o.seq",
    )?;
    let mut rows = statement.query([])?;
    let mut recent = Recent::default();
    while let Some(row) = rows.next()? {
        let (seq, id): (i64, String) = (row.get(0)?, row.get(1)?);
        let unreadable = |cause: &dyn std::fmt::Display| StepError::Object {
            id: id.clone(),
            cause: cause.to_string(),
        };
        let raw = inflate(&id, row.get_ref(5)?.as_blob().unwrap_or_default())?;
        let json = std::str::from_utf8(&raw).map_err(|cause| unreadable(&cause))?;
        let scan = scan(&raw).map_err(|cause| unreadable(&cause))?;
        let parent: Option<String> = row.get(6)?;
        let object = preparer.prepare(scan, json, parent.as_deref());
        let version = api_version_id(tx, &row.get::<_, String>(4)?)?;
        Putting::new(tx, packer, &mut recent, version, UnixTime(row.get(3)?)).copy(&object, seq)?;
        tx.prepare_cached("UPDATE object SET revision = ?2 WHERE seq = ?1 AND revision <> ?2")?
            .execute(params![seq, row.get::<_, i64>(2)?])?;
        if recent.is_full() {
            insert(tx, recent.take().into_iter())?;
        }
    }
    Ok(insert(tx, recent.take().into_iter())?)
}

fn copy_revisions(tx: &Transaction, packer: &Arc<Packer>) -> Result<(), StepError> {
    let mut statement = tx.prepare(
        "SELECT r.seq, r.revision, r.fetched, r.raw, o.kind, o.id
         FROM old_revision r JOIN old_object o USING (seq) ORDER BY r.seq, r.revision",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, id): (String, String) = (row.get(4)?, row.get(5)?);
        let raw = inflate(&id, row.get_ref(3)?.as_blob().unwrap_or_default())?;
        tx.prepare_cached(
            "INSERT INTO object_revision (seq, revision, fetched, hash, raw)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
            hash_of(&raw),
            packer.pack(&kind, &raw)
        ])?;
    }
    Ok(())
}

/// The first schema kept objects as zlib streams.
fn inflate(id: &str, packed: &[u8]) -> Result<Vec<u8>, StepError> {
    let mut raw = Vec::with_capacity(packed.len() * 4);
    std::io::Read::read_to_end(&mut flate2::read::ZlibDecoder::new(packed), &mut raw)
        .map_err(|cause| StepError::Object { id: id.to_owned(), cause: cause.to_string() })?;
    Ok(raw)
}
