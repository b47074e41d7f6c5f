//! The journal: everything that was decided or sent, each row sealed by the one before it.
//!
//! How many rows there are and how the last is sealed is kept apart, so that rows taken off the end are
//! missed. Who can write the file can seal everything anew: only a copy elsewhere tells that.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

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
        let (mut count, mut previous, mut broken) = (0_usize, String::new(), None);
        self.for_each_journal_row(|row| {
            let is_next = i64::try_from(count).is_ok_and(|count| row.seq == count + 1);
            if !is_next || !row.follows(&previous) {
                broken = broken.or(Some(row.seq));
            }
            previous = row.hash;
            count += 1;
            Ok::<(), LedgerError>(())
        })?;
        // A ledger of an older program has no head before its next row.
        if head.as_ref().is_some_and(|head| *head != head_of(count, &previous)) {
            broken = broken.or(Some(i64::try_from(count + 1).unwrap_or(i64::MAX)));
        }
        broken.map_or(Ok(count), |seq| Err(LedgerError::JournalBroken { seq }))
    }

    /// Hands on every row in order.
    pub fn for_each_journal_row<E: From<LedgerError>>(
        &self,
        mut take: impl FnMut(JournalRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let fail = |error| E::from(self.fail(error));
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq, at, kind, content, previous, hash FROM journal ORDER BY seq",
            )
            .map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            let own = || -> rusqlite::Result<JournalRow> {
                Ok(JournalRow {
                    seq: row.get(0)?,
                    at: row.get(1)?,
                    kind: row.get(2)?,
                    content: row.get(3)?,
                    previous: row.get(4)?,
                    hash: row.get(5)?,
                })
            };
            take(own().map_err(fail)?)?;
        }
        Ok(())
    }
}

/// A row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRow {
    pub seq: i64,
    /// Seconds since 1970.
    pub at: i64,
    pub kind: String,
    /// JSON, as it was sealed.
    pub content: String,
    /// The seal of the row before; empty for the first.
    pub previous: String,
    pub hash: String,
}

impl JournalRow {
    /// Whether this row follows one that was sealed with `previous`, and is as it was sealed.
    pub fn follows(&self, previous: &str) -> bool {
        self.previous == previous
            && self.hash == seal(&self.previous, self.at, &self.kind, &self.content)
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
