//! Asynchronous requests that carry many records: their key, and where NetSuite tells how it goes.

use rusqlite::{OptionalExtension, params};

use super::{AttemptId, Intent, Ledger, LedgerError};

/// A batch that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Makes a repeated request the same request.
    pub key: String,
    /// The job's address, once NetSuite gave it.
    pub job: Option<String>,
}

impl Ledger {
    /// Commits the intents of one batch to disk, with the key its request carries.
    pub fn begin_batch(
        &mut self,
        intents: &[Intent],
        key: &str,
    ) -> Result<Vec<AttemptId>, LedgerError> {
        self.begin(intents, Some(key))
    }

    /// Notes where NetSuite tells how far a batch is.
    pub fn set_batch_job(&mut self, key: &str, job: &str) -> Result<(), LedgerError> {
        let sql = "UPDATE batch SET job = ?2 WHERE key = ?1";
        self.connection.execute(sql, params![key, job]).map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// What is known of a batch.
    pub fn batch(&self, id: i64) -> Result<Option<Batch>, LedgerError> {
        self.connection
            .query_row("SELECT key, job FROM batch WHERE id = ?1", [id], |row| {
                Ok(Batch { key: row.get(0)?, job: row.get(1)? })
            })
            .optional()
            .map_err(|error| self.fail(error))
    }
}
