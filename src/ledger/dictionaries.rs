//! The dictionaries that objects are packed with: trained once there are enough objects of a kind.

use std::path::Path;

use rusqlite::{Connection, Transaction, params};

use super::objects::unpacked;
use super::open::read_only;
use super::pack::{Packer, RECORD, SAMPLES_MIN, train};
use super::{Ledger, LedgerError, Prepared};

/// More samples make a dictionary little better and its training slower.
pub(super) const SAMPLES_MAX: usize = 1_000;

/// A kind whose objects have too little in common is not tried again.
const HOPELESS: usize = usize::MAX;

impl Ledger {
    /// Trains a dictionary for each kind that has become large enough, and packs the objects that
    /// it was trained on with it.
    pub(super) fn train_dictionaries(&mut self, stored: &[Prepared]) -> Result<(), LedgerError> {
        let mut ready = Vec::new();
        // A page holds one kind, as a rule.
        let mut trained = "";
        for object in stored {
            let kind = object.kind();
            if kind == trained {
                continue;
            }
            if self.packer.knows(kind) {
                trained = kind;
                continue;
            }
            let count = match self.untrained.get_mut(kind) {
                Some(count) => count,
                None => {
                    let known = self.count_of(kind)?;
                    self.untrained.entry(kind.to_owned()).or_insert(known)
                }
            };
            if *count != HOPELESS {
                *count += 1;
                if *count >= SAMPLES_MIN && !ready.iter().any(|known| known == kind) {
                    ready.push(kind.to_owned());
                }
            }
        }
        for kind in ready {
            let packer = std::sync::Arc::clone(&self.packer);
            let trained = self.in_transaction(|tx| retrain(tx, &packer, &kind))?;
            self.untrained.insert(kind, if trained { 0 } else { HOPELESS });
        }
        Ok(())
    }

    fn count_of(&self, kind: &str) -> Result<usize, LedgerError> {
        let count: i64 = self
            .connection
            .query_row("SELECT count(*) FROM object WHERE kind = ?1", [kind], |row| row.get(0))
            .map_err(|error| self.fail(error))?;
        // Those just stored are counted one by one.
        Ok(usize::try_from(count).unwrap_or_default())
    }
}

impl Ledger {
    /// Whether records have a dictionary, or will never have one.
    pub(super) fn records_are_trained(&self) -> bool {
        self.packer.knows(RECORD) || self.untrained.get(RECORD) == Some(&HOPELESS)
    }

    /// Trains the dictionary of records once there are enough of them.
    pub(super) fn train_on_records(&mut self) -> Result<(), LedgerError> {
        if self.records_are_trained() {
            return Ok(());
        }
        let packer = std::sync::Arc::clone(&self.packer);
        let wanted = "SELECT text_of(desired) FROM record WHERE desired IS NOT NULL";
        // A small ledger is asked after each case: how many there are is told without reading them.
        let are_enough = self.in_transaction(|tx| {
            let count: i64 =
                tx.query_row("SELECT count(desired_hash) FROM record", [], |row| row.get(0))?;
            let are_enough = usize::try_from(count).is_ok_and(|count| count >= SAMPLES_MIN);
            if are_enough {
                learn_records(tx, &packer, wanted)?;
            }
            Ok(are_enough)
        })?;
        if are_enough && !self.packer.knows(RECORD) {
            self.untrained.insert(RECORD.to_owned(), HOPELESS);
        }
        Ok(())
    }
}

/// Trains the dictionary of records on texts that `query` gives, if they are enough. Records that were
/// packed before stay as they are.
pub(super) fn learn_records(
    tx: &Transaction,
    packer: &Packer,
    query: &str,
) -> rusqlite::Result<()> {
    let most = i64::try_from(SAMPLES_MAX).expect("a thousand");
    let samples: Vec<Vec<u8>> = tx
        .prepare(&format!("{query} LIMIT ?1"))?
        .query_map([most], |row| Ok(row.get_ref(0)?.as_str()?.as_bytes().to_vec()))?
        .collect::<rusqlite::Result<_>>()?;
    if samples.len() >= SAMPLES_MIN
        && let Some(content) = train(&samples)
    {
        add(tx, packer, RECORD, &content)?;
    }
    Ok(())
}

/// Trains on a sample of the kind and packs every object of it anew; `false` when they have too
/// little in common.
pub(super) fn retrain(tx: &Transaction, packer: &Packer, kind: &str) -> rusqlite::Result<bool> {
    let samples = samples(tx, packer, kind)?;
    let Some(content) = train(&samples) else { return Ok(false) };
    add(tx, packer, kind, &content)?;
    repack(tx, packer, kind)?;
    Ok(true)
}

/// Objects of a kind, spread over all of them.
fn samples(tx: &Transaction, packer: &Packer, kind: &str) -> rusqlite::Result<Vec<Vec<u8>>> {
    let count: i64 =
        tx.query_row("SELECT count(*) FROM object WHERE kind = ?1", [kind], |row| row.get(0))?;
    let most = i64::try_from(SAMPLES_MAX).expect("a thousand");
    tx.prepare("SELECT raw FROM object WHERE kind = ?1 AND seq % ?2 = 0 LIMIT ?3")?
        .query_map(params![kind, (count / most).max(1), most], |row| unpacked(packer, row, 0))?
        .collect()
}

/// Stores a dictionary; objects of its kind are packed with it from now on.
pub(super) fn add(
    tx: &Transaction,
    packer: &Packer,
    kind: &str,
    content: &[u8],
) -> rusqlite::Result<()> {
    tx.execute("INSERT INTO dictionary (kind, content) VALUES (?1, ?2)", params![kind, content])?;
    packer.add(tx.last_insert_rowid(), kind, content);
    Ok(())
}

fn repack(tx: &Transaction, packer: &Packer, kind: &str) -> rusqlite::Result<()> {
    let seqs: Vec<i64> = tx
        .prepare("SELECT seq FROM object WHERE kind = ?1 ORDER BY seq")?
        .query_map([kind], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut read = tx.prepare("SELECT raw FROM object WHERE seq = ?1")?;
    let mut write = tx.prepare("UPDATE object SET raw = ?2 WHERE seq = ?1")?;
    for seq in seqs {
        let raw = read.query_row([seq], |row| unpacked(packer, row, 0))?;
        write.execute(params![seq, packer.pack(kind, &raw)])?;
    }
    Ok(())
}

/// Makes the dictionaries of the file known to the packer.
pub(super) fn load(connection: &Connection, packer: &Packer) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare("SELECT id, kind, content FROM dictionary ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        packer.add(row.get(0)?, &row.get::<_, String>(1)?, row.get_ref(2)?.as_blob()?);
    }
    Ok(())
}

/// The same once more, by a connection of its own: that of the reader may be in the middle of a query. What
/// cannot be read stays missing, which is told of the object that needs it.
pub(super) fn load_again(file: &Path, packer: &Packer) {
    let _missing = read_only(file).and_then(|connection| load(&connection, packer));
}
