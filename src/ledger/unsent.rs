//! What the last push did not get into NetSuite, with the reason; and differences that a person has
//! accepted.

use std::collections::BTreeMap;

use rusqlite::params;

use super::{Ledger, LedgerError, RunId};
use crate::ids::ExternalId;

/// A record that was not sent, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    pub external_id: ExternalId,
    /// The record whose failure held it back.
    pub held_by: Option<ExternalId>,
    pub reason: String,
}

impl Ledger {
    /// Remembers why records of a run are not in NetSuite; what is known of them is replaced.
    pub fn put_unsent(&mut self, run: RunId, unsent: &[Unsent]) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for one in unsent {
            let held_by = one.held_by.as_ref().map(ExternalId::as_str);
            tx.prepare_cached(
                "INSERT INTO unsent (external_id, run, held_by, reason)
                 SELECT external_id, ?2, ?3, ?4 FROM record WHERE external_id = ?1
                 ON CONFLICT DO UPDATE SET run = ?2, held_by = ?3, reason = ?4",
            )
            .map_err(wrap)?
            .execute(params![one.external_id.as_str(), run.0, held_by, one.reason])
            .map_err(wrap)?;
        }
        tx.commit().map_err(wrap)
    }

    /// Everything that pushes so far did not get into NetSuite, in order.
    pub fn unsent(&self) -> Result<Vec<Unsent>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, Option<String>, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT external_id, held_by, reason FROM unsent ORDER BY external_id",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        let id = |text: String| {
            ExternalId::new(text.as_str()).map_err(|cause| LedgerError::Unreadable {
                external_id: text,
                cause: serde::de::Error::custom(cause),
            })
        };
        rows.into_iter()
            .map(|(external_id, held_by, reason)| {
                let held_by = held_by.map(id).transpose()?;
                Ok(Unsent { external_id: id(external_id)?, held_by, reason })
            })
            .collect()
    }

    /// Records of which NetSuite holds something else, with what differs.
    pub fn conflicts(&self) -> Result<BTreeMap<ExternalId, String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT r.external_id, ifnull((SELECT message FROM attempt a
                       WHERE a.external_id = r.external_id ORDER BY a.id DESC LIMIT 1), '')
                     FROM record r WHERE r.state = 'conflict'",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        Ok(rows
            .into_iter()
            .filter_map(|(id, what)| Some((ExternalId::new(id).ok()?, what)))
            .collect())
    }

    /// Accepts a difference, with the reason.
    pub fn note_drift(
        &mut self,
        external_id: &ExternalId,
        difference: &str,
        note: &str,
    ) -> Result<(), LedgerError> {
        let now = self.now();
        self.connection
            .execute(
                "INSERT INTO noted_drift (external_id, difference, note, noted)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET note = excluded.note, noted = excluded.noted",
                params![external_id.as_str(), difference, note, now],
            )
            .map_err(|error| self.fail(error))?;
        let content = serde_json::json!({"record": external_id.as_str(), "difference": difference,
            "note": note});
        self.journal("noted", &content.to_string())
    }

    /// The accepted differences: the note by record and difference.
    pub fn noted_drifts(&self) -> Result<BTreeMap<(String, String), String>, LedgerError> {
        let run = || -> rusqlite::Result<BTreeMap<(String, String), String>> {
            self.connection
                .prepare_cached("SELECT external_id, difference, note FROM noted_drift")?
                .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }
}
