//! NetSuite's ids in Stripe's metadata: what is still to be written, what is on its way, what is
//! there.

use rusqlite::params;

use super::journal::append;
use super::{Ledger, LedgerError, RecordRow, RunId};
use crate::ids::{ExternalId, InternalId};
use crate::netsuite::record::RecordKind;

/// What became of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome<'a> {
    /// Stripe has it.
    Written,
    /// The record has no object of its own that could carry it.
    NoObject,
    /// The object says something else under this key, which is left alone.
    Conflict { message: &'a str },
    /// Stripe refused it: the next run tries again.
    Rejected { message: &'a str },
    /// No clear answer: the next run reads the object first.
    InDoubt { message: &'a str },
}

impl WriteOutcome<'_> {
    const fn word(&self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::NoObject => "no_object",
            Self::Conflict { .. } => "conflict",
            Self::Rejected { .. } => "rejected",
            Self::InDoubt { .. } => "in_doubt",
        }
    }

    const fn message(&self) -> Option<&str> {
        match self {
            Self::Conflict { message } | Self::Rejected { message } | Self::InDoubt { message } => {
                Some(message)
            }
            Self::Written | Self::NoObject => None,
        }
    }
}

impl Ledger {
    /// Records in NetSuite whose ids Stripe does not have yet, of the kinds that have a key there.
    /// What is taken back, or was taken over under another id, is left as it is.
    pub fn records_to_write_back(
        &self,
        kinds: &[RecordKind],
    ) -> Result<Vec<RecordRow>, LedgerError> {
        let names: Vec<String> =
            kinds.iter().map(|kind| format!("'{}'", kind.rest_name())).collect();
        let ids: rusqlite::Result<Vec<String>> = (|| {
            self.connection
                .prepare_cached(&format!(
                    "SELECT r.external_id FROM record r
                     WHERE r.kind IN ({}) AND r.internal_id IS NOT NULL AND r.keeps_id = 0
                       AND r.state IN ('posted', 'verified', 'drifted')
                       AND NOT EXISTS (SELECT 1 FROM write_back w WHERE w.record = r.external_id
                         AND w.value = r.internal_id
                         AND w.outcome IN ('written', 'no_object', 'conflict'))
                     ORDER BY r.external_id",
                    names.join(", ")
                ))?
                .query_map([], |row| row.get(0))?
                .collect()
        })();
        let ids = ids.map_err(|error| self.fail(error))?;
        let ids: Vec<ExternalId> =
            ids.into_iter().filter_map(|id| ExternalId::new(id).ok()).collect();
        self.records_of(&ids)
    }

    /// Commits to disk that these entries are about to be sent in one request, and gives what tells
    /// this request from every other one. Only then may it be sent.
    pub fn begin_write_back(
        &mut self,
        run: RunId,
        entries: &[(ExternalId, InternalId)],
    ) -> Result<String, LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let mut key = self.id.clone();
        self.durably(true)?;
        let tx = self.connection.transaction().map_err(wrap)?;
        for (record, value) in entries {
            let sent: i64 = tx
                .prepare_cached(
                    "INSERT INTO write_back (record, value, sent, run, started)
                     VALUES (?1, ?2, 1, ?3, ?4)
                     ON CONFLICT DO UPDATE SET value = ?2, sent = sent + 1, run = ?3, started = ?4,
                       ended = NULL, outcome = NULL, message = NULL
                     RETURNING sent",
                )
                .map_err(wrap)?
                .query_row(params![record.as_str(), value.as_str(), run.0, now], |row| row.get(0))
                .map_err(wrap)?;
            key.push_str(&format!(" {record}={value}#{sent}"));
            let note =
                serde_json::json!({"record": record.as_str(), "internal_id": value.as_str()});
            append(&tx, now, "write back", &note.to_string()).map_err(wrap)?;
        }
        tx.commit().map_err(wrap)?;
        self.durably(false)?;
        Ok(key)
    }

    /// Records what became of entries, sent or not.
    pub fn finish_write_back(
        &mut self,
        run: RunId,
        entries: &[(ExternalId, InternalId)],
        outcome: WriteOutcome,
    ) -> Result<(), LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for (record, value) in entries {
            tx.prepare_cached(
                "INSERT INTO write_back (record, value, sent, run, started, ended, outcome, message)
                 VALUES (?1, ?2, 0, ?3, ?4, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET value = ?2, run = ?3, ended = ?4, outcome = ?5,
                   message = ?6",
            )
            .map_err(wrap)?
            .execute(params![
                record.as_str(),
                value.as_str(),
                run.0,
                now,
                outcome.word(),
                outcome.message()
            ])
            .map_err(wrap)?;
        }
        tx.commit().map_err(wrap)
    }
}
