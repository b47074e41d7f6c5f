//! The journal: everything that was decided or sent, each row sealed by the one before it.

use rusqlite::{Connection, OptionalExtension, params};

use super::{Ledger, LedgerError};
use crate::digest::sha256_hex;

impl Ledger {
    /// Appends a row. `content` is JSON without secrets.
    pub fn journal(&mut self, kind: &str, content: &str) -> Result<(), LedgerError> {
        let now = self.now();
        append(&self.connection, now, kind, content).map_err(|error| self.fail(error))
    }

    /// Proves that no row was changed or removed; gives how many there are.
    pub fn check_journal(&self) -> Result<usize, LedgerError> {
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
    Ok(())
}

fn seal(previous: &str, at: i64, kind: &str, content: &str) -> String {
    sha256_hex(format!("{previous}\n{at}\n{kind}\n{content}").as_bytes())
}
