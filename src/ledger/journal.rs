//! The journal: everything that was decided or sent, each row sealed by the one before it.
//!
//! How many rows there are and how the last is sealed is kept apart, so that rows taken off the end are
//! missed. Who can write the file can seal everything anew: only a copy elsewhere tells that.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Ledger, LedgerError};
use crate::digest::sha256_hex;

/// Under this name the number of rows and the seal of the last are kept.
const HEAD: &str = "journal_head";

impl Ledger {
    /// Appends a row. `content` is JSON without secrets.
    pub fn journal(&mut self, kind: &str, content: &str) -> Result<(), LedgerError> {
        let now = self.now();
        // The row and the head together: a kill between the two would look like a row that was removed.
        self.in_transaction(|tx| append(tx, now, kind, content))
    }

    /// Proves that no row was changed or removed; gives how many there are.
    pub fn check_journal(&self) -> Result<usize, LedgerError> {
        let head = self.meta(HEAD)?;
        let run = || -> rusqlite::Result<Result<usize, i64>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT seq, at, kind, content, previous, hash FROM journal ORDER BY seq",
            )?;
            let mut rows = statement.query([])?;
            let (mut count, mut previous) = (0_usize, String::new());
            while let Some(row) = rows.next()? {
                let seq: i64 = row.get(0)?;
                let (at, kind, content): (i64, String, String) =
                    (row.get(1)?, row.get(2)?, row.get(3)?);
                let (named, hash): (String, String) = (row.get(4)?, row.get(5)?);
                let is_next = i64::try_from(count).is_ok_and(|count| seq == count + 1);
                if !is_next || named != previous || hash != seal(&previous, at, &kind, &content) {
                    return Ok(Err(seq));
                }
                previous = hash;
                count += 1;
            }
            // A ledger of an older program has no head before its next row.
            if head.as_ref().is_some_and(|head| *head != head_of(count, &previous)) {
                return Ok(Err(i64::try_from(count + 1).unwrap_or(i64::MAX)));
            }
            Ok(Ok(count))
        };
        let checked = run().map_err(|error| self.fail(error))?;
        checked.map_err(|seq| LedgerError::JournalBroken { seq })
    }
}

pub(super) fn append(
    connection: &Connection,
    at: i64,
    kind: &str,
    content: &str,
) -> rusqlite::Result<()> {
    let previous: String = connection
        .prepare_cached("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or_default();
    let hash = seal(&previous, at, kind, content);
    connection
        .prepare_cached(
            "INSERT INTO journal (at, kind, content, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![at, kind, content, previous, hash])?;
    // Rows are numbered from one without a gap: the last number is how many there are.
    let count = usize::try_from(connection.last_insert_rowid()).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO meta (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![HEAD, head_of(count, &hash)])?;
    Ok(())
}

fn head_of(count: usize, hash: &str) -> String {
    format!("{count} {hash}")
}

fn seal(previous: &str, at: i64, kind: &str, content: &str) -> String {
    sha256_hex(format!("{previous}\n{at}\n{kind}\n{content}").as_bytes())
}
