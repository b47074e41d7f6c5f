//! Attempts: every request that changes NetSuite is written down, and synced to disk, before it is
//! sent; then what became of it.

use rusqlite::{OptionalExtension, params};

use super::journal::append;
use super::{Ledger, LedgerError, RecordState, RunId};
use crate::ids::{ExternalId, InternalId};
use crate::netsuite::record::{Body, RecordKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptId(i64);

/// What is about to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    pub run: RunId,
    pub external_id: &'a ExternalId,
    pub kind: RecordKind,
    /// `create` or `update`.
    pub action: &'a str,
    pub method: &'a str,
    pub path: &'a str,
    pub request_digest: &'a str,
    /// The record as it will be when the request succeeds.
    pub intended: &'a Body,
}

/// What became of a request.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// NetSuite has the record as intended.
    Posted { internal_id: &'a InternalId },
    /// NetSuite refused it: nothing changed.
    Rejected { message: &'a str },
    /// No clear answer.
    InDoubt { message: &'a str },
    /// It was looked up and is not there: nothing had arrived.
    Absent,
}

/// An attempt without a clear outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub id: AttemptId,
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub action: String,
}

impl Ledger {
    /// Commits an intent to disk. Only then may the request be sent.
    pub fn begin_attempt(&mut self, intent: &Intent) -> Result<AttemptId, LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let intended = serde_json::to_string(intent.intended).expect("a record always serializes");
        self.durably(true)?;
        let tx = self.connection.transaction().map_err(wrap)?;
        let seq = {
            tx.prepare_cached(
                "INSERT INTO attempt
                 (run, external_id, kind, action, method, path, request_digest, intended, started)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )
            .map_err(wrap)?
            .execute(params![
                intent.run.0,
                intent.external_id.as_str(),
                intent.kind.rest_name(),
                intent.action,
                intent.method,
                intent.path,
                intent.request_digest,
                intended,
                now
            ])
            .map_err(wrap)?;
            tx.last_insert_rowid()
        };
        tx.prepare_cached("UPDATE record SET state = ?2 WHERE external_id = ?1")
            .map_err(wrap)?
            .execute([intent.external_id.as_str(), RecordState::Sending.as_str()])
            .map_err(wrap)?;
        let note = format!(
            r#"{{"attempt":{seq},"run":{},"record":"{}","action":"{}","request":"{}"}}"#,
            intent.run.0, intent.external_id, intent.action, intent.request_digest
        );
        append(&tx, now, "intent", &note).map_err(wrap)?;
        tx.commit().map_err(wrap)?;
        self.durably(false)?;
        Ok(AttemptId(seq))
    }

    /// Whether a commit waits until the disk has it.
    fn durably(&self, durable: bool) -> Result<(), LedgerError> {
        let level = if durable { "FULL" } else { "NORMAL" };
        self.connection.pragma_update(None, "synchronous", level).map_err(|error| self.fail(error))
    }

    /// Records what became of a request.
    pub fn finish_attempt(&mut self, id: AttemptId, outcome: Outcome) -> Result<(), LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        let (word, message) = match outcome {
            Outcome::Posted { .. } => ("posted", None),
            Outcome::Rejected { message } => ("rejected", Some(message)),
            Outcome::InDoubt { message } => ("in_doubt", Some(message)),
            Outcome::Absent => ("absent", None),
        };
        tx.prepare_cached(
            "UPDATE attempt SET ended = ?2, outcome = ?3, message = ?4 WHERE id = ?1",
        )
        .map_err(wrap)?
        .execute(params![id.0, now, word, message])
        .map_err(wrap)?;
        settle(&tx, id, outcome).map_err(wrap)?;
        let note = format!(r#"{{"attempt":{},"outcome":"{word}"}}"#, id.0);
        append(&tx, now, "outcome", &note).map_err(wrap)?;
        tx.commit().map_err(wrap)
    }

    /// Attempts whose outcome nobody knows, oldest first.
    pub fn unfinished_attempts(&self) -> Result<Vec<Unfinished>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(i64, String, String, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT id, external_id, kind, action FROM attempt
                     WHERE outcome IS NULL OR outcome = 'in_doubt' ORDER BY id",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        rows.into_iter()
            .map(|(id, external_id, kind, action)| {
                let unreadable = |what: &str| LedgerError::Unreadable {
                    external_id: external_id.clone(),
                    cause: serde::de::Error::custom(format!("its {what} is not one of ours")),
                };
                Ok(Unfinished {
                    id: AttemptId(id),
                    kind: RecordKind::from_rest_name(&kind).ok_or_else(|| unreadable("kind"))?,
                    external_id: ExternalId::new(external_id.as_str())
                        .map_err(|_| unreadable("external id"))?,
                    action,
                })
            })
            .collect()
    }
}

/// Moves the record to where the outcome leaves it.
fn settle(tx: &rusqlite::Transaction, id: AttemptId, outcome: Outcome) -> rusqlite::Result<()> {
    let (external_id, intended): (String, String) = tx
        .prepare_cached("SELECT external_id, intended FROM attempt WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let known: Option<Option<String>> = tx
        .prepare_cached("SELECT internal_id FROM record WHERE external_id = ?1")?
        .query_row([&external_id], |row| row.get(0))
        .optional()?;
    let exists = known.flatten().is_some();
    match outcome {
        Outcome::Posted { internal_id } => {
            tx.prepare_cached(
                "UPDATE record SET posted = ?2, internal_id = ?3, state = 'posted',
                        settled_hash = desired_hash
                 WHERE external_id = ?1",
            )?
            .execute([
                external_id.as_str(),
                intended.as_str(),
                internal_id.as_str(),
            ])?;
        }
        Outcome::InDoubt { .. } => set(tx, &external_id, RecordState::InDoubt)?,
        Outcome::Rejected { .. } | Outcome::Absent if exists => {
            set(tx, &external_id, RecordState::Posted)?;
        }
        Outcome::Rejected { .. } => set(tx, &external_id, RecordState::Failed)?,
        Outcome::Absent => set(tx, &external_id, RecordState::Desired)?,
    }
    Ok(())
}

fn set(tx: &rusqlite::Transaction, id: &str, state: RecordState) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE record SET state = ?2 WHERE external_id = ?1")?
        .execute([id, state.as_str()])?;
    Ok(())
}
