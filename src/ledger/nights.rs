//! How things stand after a run, counted by the database: what a nightly job says must not cost more
//! the longer the history is.

use std::collections::BTreeMap;

use super::{Ledger, LedgerError, RecordState};
use crate::calendar::UnixTime;
use crate::ids::ExternalId;

/// A run that came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedRun {
    pub id: i64,
    pub started: UnixTime,
    pub ended: UnixTime,
}

impl Ledger {
    /// How many records there are in each state.
    pub fn count_by_state(&self) -> Result<BTreeMap<RecordState, u64>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, i64)>> {
            self.connection
                .prepare_cached("SELECT state, count(*) FROM record GROUP BY state")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        let count = |(state, count): (String, i64)| {
            Some((RecordState::parse(&state)?, u64::try_from(count).ok()?))
        };
        Ok(rows.into_iter().filter_map(count).collect())
    }

    /// Records that were read back and found different, and of which no person has accepted a
    /// difference, in order.
    pub fn drifted(&self) -> Result<Vec<ExternalId>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT external_id FROM record WHERE state = 'drifted' AND external_id NOT IN
                       (SELECT external_id FROM noted_drift) ORDER BY external_id",
                )?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        let ids = run().map_err(|error| self.fail(error))?;
        Ok(ids.into_iter().filter_map(|id| ExternalId::new(id).ok()).collect())
    }

    /// When a record was first sent.
    pub fn first_tried(&self, record: &ExternalId) -> Result<Option<UnixTime>, LedgerError> {
        let first: Option<i64> = self
            .connection
            .query_row(
                "SELECT min(started) FROM attempt WHERE external_id = ?1",
                [record.as_str()],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))?;
        Ok(first.map(UnixTime))
    }

    /// The last run of a command that ended with one of `codes`, before the run `before` if one is
    /// given.
    pub fn last_ended(
        &self,
        command: &str,
        codes: &[u8],
        before: Option<i64>,
    ) -> Result<Option<EndedRun>, LedgerError> {
        let run = || -> rusqlite::Result<Option<EndedRun>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT id, started, ended, exit_code FROM run
                 WHERE command = ?1 AND ended IS NOT NULL AND id < ifnull(?2, id + 1)
                 ORDER BY id DESC",
            )?;
            let mut rows = statement.query(rusqlite::params![command, before])?;
            while let Some(row) = rows.next()? {
                if row.get::<_, Option<u8>>(3)?.is_some_and(|code| codes.contains(&code)) {
                    let (started, ended) = (UnixTime(row.get(1)?), UnixTime(row.get(2)?));
                    return Ok(Some(EndedRun { id: row.get(0)?, started, ended }));
                }
            }
            Ok(None)
        };
        run().map_err(|error| self.fail(error))
    }
}
