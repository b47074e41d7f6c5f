//! Runs: who did what when, and how it ended.

use rusqlite::params;

use super::{Ledger, LedgerError};
use crate::calendar::UnixTime;

/// One invocation that may change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(pub i64);

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: i64,
    pub command: String,
    /// JSON without secrets.
    pub parameters: String,
    pub started: UnixTime,
    /// Absent while it runs, and for ever when it was killed.
    pub ended: Option<UnixTime>,
    pub exit_code: Option<u8>,
    pub summary: Option<String>,
}

impl Ledger {
    /// Notes the beginning of a run. `parameters` is JSON without secrets.
    pub fn start_run(&mut self, command: &str, parameters: &str) -> Result<RunId, LedgerError> {
        let now = self.now();
        self.connection
            .execute(
                "INSERT INTO run (command, parameters, started) VALUES (?1, ?2, ?3)",
                params![command, parameters, now],
            )
            .map_err(|error| self.fail(error))?;
        let run = RunId(self.connection.last_insert_rowid());
        self.journal("run", &format!(r#"{{"run":{},"command":"{command}"}}"#, run.0))?;
        Ok(run)
    }

    /// Notes how a run ended.
    pub fn finish_run(
        &mut self,
        run: RunId,
        exit_code: u8,
        summary: &str,
    ) -> Result<(), LedgerError> {
        let now = self.now();
        self.connection
            .execute(
                "UPDATE run SET ended = ?2, exit_code = ?3, summary = ?4 WHERE id = ?1",
                params![run.0, now, exit_code, summary],
            )
            .map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// The last runs, newest first.
    pub fn last_runs(&self, count: u32) -> Result<Vec<Run>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Run>> {
            self.connection
                .prepare_cached(
                    "SELECT id, command, parameters, started, ended, exit_code, summary FROM run
                     ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([count], |row| {
                    Ok(Run {
                        id: row.get(0)?,
                        command: row.get(1)?,
                        parameters: row.get(2)?,
                        started: UnixTime(row.get(3)?),
                        ended: row.get::<_, Option<i64>>(4)?.map(UnixTime),
                        exit_code: row.get(5)?,
                        summary: row.get(6)?,
                    })
                })?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Keeps what was looked up in NetSuite, as JSON.
    pub fn put_reference(&mut self, name: &str, content: &str) -> Result<(), LedgerError> {
        let now = self.now();
        self.connection
            .execute(
                "INSERT INTO reference (name, content, fetched) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET content = excluded.content, fetched = excluded.fetched",
                params![name, content, now],
            )
            .map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// What was kept under `name`.
    pub fn reference(&self, name: &str) -> Result<Option<String>, LedgerError> {
        Ok(self.texts("SELECT content FROM reference WHERE name = ?1", name)?.into_iter().next())
    }
}
