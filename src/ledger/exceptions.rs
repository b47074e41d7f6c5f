//! Exceptions over time: the same cause on the same object keeps its first day.

use rusqlite::{Transaction, params};

use super::{Ledger, LedgerError};
use crate::accounting::Exception;
use crate::calendar::UnixTime;

/// An open exception and since when it has been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredException {
    pub exception: Exception,
    pub first_seen: UnixTime,
}

impl Ledger {
    /// Everything that needs a person, oldest first.
    pub fn open_exceptions(&self) -> Result<Vec<StoredException>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, String, i64)>> {
            self.connection
                .prepare_cached(
                    "SELECT id, content, first_seen FROM exception WHERE resolved IS NULL
                     ORDER BY first_seen, id, case_key",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        rows.into_iter()
            .map(|(id, content, first_seen)| {
                let exception = serde_json::from_str(&content)
                    .map_err(|cause| LedgerError::Unreadable { external_id: id, cause })?;
                Ok(StoredException { exception, first_seen: UnixTime(first_seen) })
            })
            .collect()
    }
}

/// The exceptions of a case take the place of those it had; what no longer occurs is resolved.
pub(super) fn replace(
    tx: &Transaction,
    key: &str,
    exceptions: &[Exception],
    now: i64,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "UPDATE exception SET resolved = ?2 WHERE case_key = ?1 AND resolved IS NULL",
    )?
    .execute(params![key, now])?;
    for exception in exceptions {
        let content = serde_json::to_string(exception).expect("an exception always serializes");
        tx.prepare_cached(
            "INSERT INTO exception (id, case_key, content, first_seen, last_seen)
             VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (id, case_key) DO UPDATE
             SET content = excluded.content, last_seen = excluded.last_seen, resolved = NULL",
        )?
        .execute(params![exception.id(), key, content, now])?;
    }
    Ok(())
}
