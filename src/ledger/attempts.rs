//! Attempts: every request that changes NetSuite is written down, and synced to disk, before it is
//! sent; then what became of it.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::journal::append;
use super::wishes::folded_key;
use super::{Ledger, LedgerError, RecordState, RunId};
use crate::calendar::UnixTime;
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
    /// NetSuite answered that it has the record as intended.
    Posted { internal_id: &'a InternalId },
    /// It was looked up and is there, equal to what was intended.
    Adopted { internal_id: &'a InternalId },
    /// NetSuite refused it: nothing changed.
    Rejected { message: &'a str },
    /// No clear answer.
    InDoubt { message: &'a str },
    /// NetSuite holds something else under this external id, which is left alone.
    Conflict { message: &'a str },
    /// It was looked up and is not there: nothing had arrived.
    Absent,
}

impl Outcome<'_> {
    const fn word(&self) -> &'static str {
        match self {
            Self::Posted { .. } => "posted",
            Self::Adopted { .. } => "adopted",
            Self::Rejected { .. } => "rejected",
            Self::InDoubt { .. } => "in_doubt",
            Self::Conflict { .. } => "conflict",
            Self::Absent => "absent",
        }
    }

    const fn message(&self) -> Option<&str> {
        match self {
            Self::Rejected { message } | Self::InDoubt { message } | Self::Conflict { message } => {
                Some(message)
            }
            Self::Posted { .. } | Self::Adopted { .. } | Self::Absent => None,
        }
    }
}

/// An attempt without a clear outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub id: AttemptId,
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub action: String,
    /// When the intent was written down: the request left after that.
    pub started: UnixTime,
    /// When it was found to be in doubt; `None` after a crash.
    pub ended: Option<UnixTime>,
    /// The record as it is when the request worked.
    pub intended: Body,
    /// NetSuite holds something else; no request is on its way.
    pub is_conflict: bool,
    /// The asynchronous request it was part of.
    pub batch: Option<i64>,
}

impl Ledger {
    /// Commits intents to disk, all or none. Only then may their requests be sent.
    pub fn begin_attempts(&mut self, intents: &[Intent]) -> Result<Vec<AttemptId>, LedgerError> {
        self.begin(intents, None)
    }

    pub(super) fn begin(
        &mut self,
        intents: &[Intent],
        batch_key: Option<&str>,
    ) -> Result<Vec<AttemptId>, LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        self.durably(true)?;
        let tx = self.connection.transaction().map_err(wrap)?;
        let batch = match (batch_key, intents.first()) {
            (Some(key), Some(first)) => {
                let sql = "INSERT INTO batch (run, key, started) VALUES (?1, ?2, ?3)";
                tx.execute(sql, params![first.run.0, key, now]).map_err(wrap)?;
                Some(tx.last_insert_rowid())
            }
            _ => None,
        };
        let begun = intents.iter().map(|intent| write(&tx, intent, batch, now));
        let ids = begun.collect::<rusqlite::Result<_>>().map_err(wrap)?;
        tx.commit().map_err(wrap)?;
        self.durably(false)?;
        Ok(ids)
    }

    /// Whether a commit waits until the disk has it.
    pub(super) fn durably(&self, durable: bool) -> Result<(), LedgerError> {
        let level = if durable { "FULL" } else { "NORMAL" };
        self.connection.pragma_update(None, "synchronous", level).map_err(|error| self.fail(error))
    }

    /// Records what became of a request.
    pub fn finish_attempt(&mut self, id: AttemptId, outcome: Outcome) -> Result<(), LedgerError> {
        self.finish_attempts(&[(id, outcome)])
    }

    /// Records what became of several requests, all or none.
    pub fn finish_attempts(
        &mut self,
        outcomes: &[(AttemptId, Outcome)],
    ) -> Result<(), LedgerError> {
        let now = self.now();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for (id, outcome) in outcomes {
            tx.prepare_cached(
                "UPDATE attempt SET ended = ?2, outcome = ?3, message = ?4 WHERE id = ?1",
            )
            .map_err(wrap)?
            .execute(params![id.0, now, outcome.word(), outcome.message()])
            .map_err(wrap)?;
            settle(&tx, *id, *outcome).map_err(wrap)?;
            let note = format!(r#"{{"attempt":{},"outcome":"{}"}}"#, id.0, outcome.word());
            append(&tx, now, "outcome", &note).map_err(wrap)?;
        }
        tx.commit().map_err(wrap)
    }

    /// The records that a run has put into NetSuite, in the order of their requests.
    pub fn posted_by(&self, run: RunId) -> Result<Vec<ExternalId>, LedgerError> {
        let query = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT external_id FROM attempt WHERE run = ?1 AND action = 'create'
                     AND outcome IN ('posted', 'adopted') ORDER BY id",
                )?
                .query_map([run.0], |row| row.get(0))?
                .collect()
        };
        let ids = query().map_err(|error| self.fail(error))?;
        Ok(ids.into_iter().filter_map(|id| ExternalId::new(id).ok()).collect())
    }

    /// Attempts whose outcome nobody knows, and conflicts that nobody has cleared, oldest first.
    pub fn unfinished_attempts(&self) -> Result<Vec<Unfinished>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Raw>> {
            self.connection
                .prepare_cached(
                    "SELECT a.id, a.external_id, a.kind, a.action, a.started, text_of(a.intended), a.batch,
                            a.ended, 0
                     FROM attempt a WHERE a.outcome IS NULL OR a.outcome = 'in_doubt'
                     UNION ALL
                     SELECT a.id, a.external_id, a.kind, a.action, a.started, text_of(a.intended), NULL,
                            a.ended, 1
                     FROM attempt a JOIN record r ON r.external_id = a.external_id
                     WHERE r.state = 'conflict' AND a.outcome = 'conflict'
                       AND a.id = (SELECT max(id) FROM attempt WHERE external_id = r.external_id)
                     ORDER BY 1",
                )?
                .query_map([], raw)?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        rows.into_iter().map(parse).collect()
    }
}

/// An attempt as the database has it.
struct Raw {
    id: i64,
    external_id: String,
    kind: String,
    action: String,
    started: i64,
    intended: String,
    batch: Option<i64>,
    ended: Option<i64>,
    is_conflict: bool,
}

fn raw(row: &Row) -> rusqlite::Result<Raw> {
    Ok(Raw {
        id: row.get(0)?,
        external_id: row.get(1)?,
        kind: row.get(2)?,
        action: row.get(3)?,
        started: row.get(4)?,
        intended: row.get(5)?,
        batch: row.get(6)?,
        ended: row.get(7)?,
        is_conflict: row.get(8)?,
    })
}

fn parse(raw: Raw) -> Result<Unfinished, LedgerError> {
    let unreadable =
        |cause| LedgerError::Unreadable { external_id: raw.external_id.clone(), cause };
    let foreign =
        |what: &str| unreadable(serde::de::Error::custom(format!("its {what} is not one of ours")));
    Ok(Unfinished {
        id: AttemptId(raw.id),
        kind: RecordKind::from_rest_name(&raw.kind).ok_or_else(|| foreign("kind"))?,
        external_id: ExternalId::new(raw.external_id.as_str())
            .map_err(|_| foreign("external id"))?,
        intended: serde_json::from_str(&raw.intended).map_err(unreadable)?,
        action: raw.action,
        started: UnixTime(raw.started),
        ended: raw.ended.map(UnixTime),
        is_conflict: raw.is_conflict,
        batch: raw.batch,
    })
}

/// Writes one intent, and that its record is on its way.
fn write(
    tx: &Transaction,
    intent: &Intent,
    batch: Option<i64>,
    now: i64,
) -> rusqlite::Result<AttemptId> {
    let intended = serde_json::to_string(intent.intended).expect("a record always serializes");
    tx.prepare_cached(
        "INSERT INTO attempt (run, external_id, kind, action, method, path, request_digest,
           intended, started, batch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, packed(?8), ?9, ?10)",
    )?
    .execute(params![
        intent.run.0,
        intent.external_id.as_str(),
        intent.kind.rest_name(),
        intent.action,
        intent.method,
        intent.path,
        intent.request_digest,
        intended,
        now,
        batch
    ])?;
    let seq = tx.last_insert_rowid();
    // A reversal is asked for by a person, not derived: its row begins with its intent.
    tx.prepare_cached(
        "INSERT OR IGNORE INTO record (external_id, folded_key, kind, state)
         VALUES (?1, ?2, ?3, 'desired')",
    )?
    .execute(params![
        intent.external_id.as_str(),
        folded_key(intent.kind.group(), intent.external_id),
        intent.kind.rest_name()
    ])?;
    set(tx, intent.external_id.as_str(), RecordState::Sending)?;
    let note = format!(
        r#"{{"attempt":{seq},"run":{},"record":"{}","action":"{}","request":"{}"}}"#,
        intent.run.0, intent.external_id, intent.action, intent.request_digest
    );
    append(tx, now, "intent", &note)?;
    Ok(AttemptId(seq))
}

/// Moves the record to where the outcome leaves it.
fn settle(tx: &Transaction, id: AttemptId, outcome: Outcome) -> rusqlite::Result<()> {
    let external_id: String = tx
        .prepare_cached("SELECT external_id FROM attempt WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))?;
    let known: Option<Option<String>> = tx
        .prepare_cached("SELECT internal_id FROM record WHERE external_id = ?1")?
        .query_row([&external_id], |row| row.get(0))
        .optional()?;
    let exists = known.flatten().is_some();
    match outcome {
        Outcome::Posted { internal_id } | Outcome::Adopted { internal_id } => {
            tx.prepare_cached(
                "UPDATE record SET posted = (SELECT intended FROM attempt WHERE id = ?2),
                        internal_id = ?3, state = 'posted', settled_hash = desired_hash
                 WHERE external_id = ?1",
            )?
            .execute(params![external_id, id.0, internal_id.as_str()])?;
            tx.prepare_cached("DELETE FROM unsent WHERE external_id = ?1")?
                .execute([&external_id])?;
        }
        Outcome::InDoubt { .. } => set(tx, &external_id, RecordState::InDoubt)?,
        Outcome::Conflict { .. } => set(tx, &external_id, RecordState::Conflict)?,
        Outcome::Rejected { .. } | Outcome::Absent if exists => {
            set(tx, &external_id, RecordState::Posted)?;
        }
        Outcome::Rejected { .. } => set(tx, &external_id, RecordState::Failed)?,
        Outcome::Absent => set(tx, &external_id, RecordState::Desired)?,
    }
    Ok(())
}

fn set(tx: &Transaction, id: &str, state: RecordState) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE record SET state = ?2 WHERE external_id = ?1")?
        .execute([id, state.as_str()])?;
    Ok(())
}
