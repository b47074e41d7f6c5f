//! Looking after the file: how large it is, whether it is whole, packing it anew, copying it.

use std::path::Path;

use ring::digest::{Context, SHA256};
use rusqlite::params;

use super::dictionaries::retrain;
use super::objects::{unpacked, unpacked_bytes};
use super::open::create_private;
use super::pack::SAMPLES_MIN;
use super::put::{OWN, hash_of, key_of, rel_code};
use super::{Ledger, LedgerError};
use crate::digest::sha256_hex;
use crate::stripe::links::scan;
use crate::stripe::objects::{BalanceTransaction, read};

/// Findings that are told one by one; the rest is counted.
const FINDINGS_NAMED_MAX: usize = 50;

/// How large a kind of object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindStats {
    pub kind: String,
    pub count: u64,
    /// As they are stored.
    pub packed_bytes: u64,
}

/// How large the ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    pub kinds: Vec<KindStats>,
    pub revisions: u64,
    pub file_bytes: u64,
    /// Of the file, what the next objects will use.
    pub unused_bytes: u64,
    /// Tells whether two ledgers hold the same facts, however they came by them.
    pub digest: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    pub objects: u64,
    pub revisions: u64,
    pub journal: usize,
    /// Sentences.
    pub findings: Vec<String>,
    /// Findings that are not among the sentences.
    pub more: u64,
}

impl Checked {
    fn find(&mut self, sentence: String) {
        if self.findings.len() < FINDINGS_NAMED_MAX {
            self.findings.push(sentence);
        } else {
            self.more += 1;
        }
    }
}

impl Ledger {
    /// How large the ledger is.
    pub fn stats(&self) -> Result<Stats, LedgerError> {
        let run = || -> rusqlite::Result<Stats> {
            let number = |sql: &str| -> rusqlite::Result<u64> {
                let found: i64 = self.connection.query_row(sql, [], |row| row.get(0))?;
                Ok(found.unsigned_abs())
            };
            let page_bytes = number("PRAGMA page_size")?;
            let kinds = self
                .connection
                .prepare(
                    "SELECT kind, count(*), sum(length(raw)) FROM object GROUP BY kind ORDER BY kind",
                )?
                .query_map([], |row| {
                    Ok(KindStats {
                        kind: row.get(0)?,
                        count: row.get::<_, i64>(1)?.unsigned_abs(),
                        packed_bytes: row.get::<_, i64>(2)?.unsigned_abs(),
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Stats {
                kinds,
                revisions: number("SELECT count(*) FROM object_revision")?,
                file_bytes: number("PRAGMA page_count")? * page_bytes,
                unused_bytes: number("PRAGMA freelist_count")? * page_bytes,
                digest: self.facts_digest()?,
            })
        };
        run().map_err(|error| self.fail(error))
    }

    /// What Stripe is known to hold, in one number: the same for the same facts, in whatever order
    /// and however often they came.
    fn facts_digest(&self) -> rusqlite::Result<String> {
        let mut context = Context::new(&SHA256);
        for sql in [
            "SELECT id, hash FROM object ORDER BY id",
            "SELECT balance_transaction, payout FROM payout_member ORDER BY balance_transaction",
        ] {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                context.update(row.get_ref(0)?.as_bytes()?);
                context.update(b"\n");
                context.update(row.get_ref(1)?.as_bytes()?);
                context.update(b"\n");
            }
        }
        Ok(sha256_hex(context.finish().as_ref()))
    }

    /// Proves that every object is as it was stored and is found by what it names, and that no row
    /// of the journal was changed.
    pub fn check(&self) -> Result<Checked, LedgerError> {
        let mut checked = Checked::default();
        let run = |checked: &mut Checked| -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare("PRAGMA integrity_check(20)")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let text: String = row.get(0)?;
                if text != "ok" {
                    checked.find(format!("The file is damaged: {text}."));
                }
            }
            self.check_objects(checked)?;
            self.check_revisions(checked)?;
            self.check_records(checked)
        };
        run(&mut checked).map_err(|error| self.fail(error))?;
        match self.check_journal() {
            Ok(count) => checked.journal = count,
            Err(LedgerError::JournalBroken { seq }) => {
                checked.find(format!("Row {seq} of the journal was changed or removed."));
            }
            Err(other) => return Err(other),
        }
        for finding in [self.check_readings()?, self.check_plans()?, self.check_bank()?].concat() {
            checked.find(finding);
        }
        Ok(checked)
    }

    fn check_objects(&self, checked: &mut Checked) -> rusqlite::Result<()> {
        let mut links = 0_i64;
        let is_there = |target: i64, rel: i64, seq: i64| -> rusqlite::Result<bool> {
            self.connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM link WHERE target = ?1 AND rel = ?2 AND seq = ?3)",
                )?
                .query_row([target, rel, seq], |row| row.get(0))
        };
        let mut statement =
            self.connection.prepare("SELECT seq, id, kind, hash, raw FROM object ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            checked.objects += 1;
            let (seq, id, kind): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let hash: Vec<u8> = row.get(3)?;
            let raw = match unpacked(&self.packer, row, 4) {
                Ok(raw) => raw,
                Err(cause) => {
                    checked.find(format!("{id} cannot be unpacked: {cause}."));
                    continue;
                }
            };
            if hash != hash_of(&raw) {
                checked.find(format!("{id} is not as it was stored."));
            }
            let Ok(scan) = scan(&raw) else {
                checked.find(format!("{id} is no JSON object."));
                continue;
            };
            let own = if scan.head.id.is_empty() { &scan.head.object } else { &scan.head.id };
            if *own != id || scan.head.object != kind {
                checked.find(format!("{id} ({kind}) is stored under another name."));
            }
            if !is_there(key_of(own), OWN, seq)? {
                checked.find(format!("{own} is not found by its own id."));
            }
            for link in &scan.links {
                links += 1;
                if !is_there(key_of(&link.target), rel_code(link.rel), seq)? {
                    checked.find(format!("{id} is not found by {}.", link.target));
                }
            }
            if kind == "balance_transaction" && !self.movement_is(seq, &raw)? {
                checked.find(format!("The amounts of {id} are not those of its JSON."));
            }
        }
        let stored: i64 = self.connection.query_row(
            "SELECT (SELECT count(*) FROM link WHERE rel <> 0) - (SELECT count(*) FROM parent)",
            [],
            |row| row.get(0),
        )?;
        if stored > links {
            checked
                .find(format!("{} links lead to objects that do not have them.", stored - links));
        }
        Ok(())
    }

    /// Whether the flat row of a balance transaction says what its JSON says.
    fn movement_is(&self, seq: i64, raw: &[u8]) -> rusqlite::Result<bool> {
        let Ok(bt) = read::<BalanceTransaction>(raw) else { return Ok(true) };
        self.connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM movement WHERE seq = ?1 AND currency = ?2
                 AND amount = ?3 AND fee = ?4 AND net = ?5)",
            )?
            .query_row(
                params![
                    seq,
                    bt.currency.code(),
                    bt.amount().minor(),
                    bt.fee().minor(),
                    bt.net().minor()
                ],
                |row| row.get(0),
            )
    }

    fn check_revisions(&self, checked: &mut Checked) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare(
            "SELECT o.id, r.revision, r.hash, r.raw FROM object_revision r JOIN object o USING (seq)
             ORDER BY r.seq, r.revision",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            checked.revisions += 1;
            let (id, revision): (String, i64) = (row.get(0)?, row.get(1)?);
            let hash: Vec<u8> = row.get(2)?;
            let is_as_stored =
                unpacked(&self.packer, row, 3).is_ok_and(|raw| hash == hash_of(&raw));
            if !is_as_stored {
                checked.find(format!("Revision {revision} of {id} is not as it was stored."));
            }
        }
        Ok(())
    }

    /// Whether records and requests can be unpacked as they were packed.
    fn check_records(&self, checked: &mut Checked) -> rusqlite::Result<()> {
        for (what, sql) in [
            ("What is wanted of", "SELECT external_id, desired, desired_hash FROM record"),
            ("What was posted of", "SELECT external_id, posted, NULL FROM record"),
            ("What was sent of", "SELECT external_id, intended, NULL FROM attempt"),
        ] {
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let Some(packed) = row.get_ref(1)?.as_blob_or_null()? else { continue };
                let hash: Option<String> = row.get(2)?;
                let is_as_stored = unpacked_bytes(&self.packer, packed, 1)
                    .is_ok_and(|raw| hash.is_none_or(|hash| hash == sha256_hex(&raw)));
                if !is_as_stored {
                    let id: String = row.get(0)?;
                    checked.find(format!("{what} {id} is not as it was stored."));
                }
            }
        }
        Ok(())
    }

    /// Packs every object with a dictionary trained on what is there now, and gives unused space
    /// back to the disk.
    pub fn compact(&mut self) -> Result<(), LedgerError> {
        let packer = std::sync::Arc::clone(&self.packer);
        self.in_transaction(|tx| {
            let kinds: Vec<(String, i64)> = tx
                .prepare("SELECT kind, count(*) FROM object GROUP BY kind")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let least = i64::try_from(SAMPLES_MIN).expect("a few hundred");
            let before: i64 =
                tx.query_row("SELECT ifnull(max(id), 0) FROM dictionary", [], |row| row.get(0))?;
            for (kind, _) in kinds.iter().filter(|(_, count)| *count >= least) {
                let old: i64 = tx.query_row(
                    "SELECT count(*) FROM dictionary WHERE kind = ?1",
                    [kind],
                    |row| row.get(0),
                )?;
                if retrain(tx, &packer, kind)? && old > 0 {
                    repack_revisions(tx, &packer, kind)?;
                    tx.execute(
                        "DELETE FROM dictionary WHERE kind = ?1 AND id <= ?2",
                        params![kind, before],
                    )?;
                }
            }
            Ok(())
        })?;
        self.connection
            .execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")
            .map_err(|error| self.fail(error))
    }

    /// Copies the ledger, as it is at one moment, to a file that does not exist yet.
    pub fn backup(&self, to: &Path) -> Result<(), LedgerError> {
        if to.exists() {
            let cause = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(LedgerError::File { path: to.into(), cause });
        }
        create_private(to)?;
        self.connection
            .backup("main", to, None::<fn(rusqlite::backup::Progress)>)
            .map_err(|error| self.fail(error))
    }
}

fn repack_revisions(
    tx: &rusqlite::Transaction,
    packer: &super::pack::Packer,
    kind: &str,
) -> rusqlite::Result<()> {
    let keys: Vec<(i64, i64)> = tx
        .prepare(
            "SELECT r.seq, r.revision FROM object_revision r JOIN object o USING (seq)
             WHERE o.kind = ?1",
        )?
        .query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (seq, revision) in keys {
        let raw = tx
            .prepare_cached("SELECT raw FROM object_revision WHERE seq = ?1 AND revision = ?2")?
            .query_row([seq, revision], |row| unpacked(packer, row, 0))?;
        tx.prepare_cached("UPDATE object_revision SET raw = ?3 WHERE seq = ?1 AND revision = ?2")?
            .execute(params![seq, revision, packer.pack(kind, &raw)])?;
    }
    Ok(())
}
