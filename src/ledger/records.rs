//! Records: what the books need, and what NetSuite is known to hold.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, Row};

use super::{CaseKey, Ledger, LedgerError};
use crate::accounting::masters::Naming;
use crate::accounting::{Record, payout_deposit};
use crate::ids::{BalanceTransactionId, ExternalId, InternalId, PayoutId};
use crate::netsuite::record::{Body, RecordKind};

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordState {
    /// Wanted, and not sent yet.
    Desired,
    /// Sent, and the answer not recorded: only a crash leaves this.
    Sending,
    Posted,
    /// Read back from NetSuite and found as posted.
    Verified,
    Failed,
    /// Sent, and nobody knows what became of it.
    InDoubt,
    /// NetSuite holds something else under its external id.
    Conflict,
    /// Read back and found different.
    Drifted,
    /// Taken back by opposite records.
    Offset,
    /// Made by somebody else, and referred to by its own key: never sent.
    Linked,
}

impl RecordState {
    const ALL: [Self; 10] = [
        Self::Desired,
        Self::Sending,
        Self::Posted,
        Self::Verified,
        Self::Failed,
        Self::InDoubt,
        Self::Conflict,
        Self::Drifted,
        Self::Offset,
        Self::Linked,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desired => "desired",
            Self::Sending => "sending",
            Self::Posted => "posted",
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Conflict => "conflict",
            Self::Drifted => "drifted",
            Self::Offset => "offset",
            Self::Linked => "linked",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One record of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub desired: Option<Record>,
    pub posted: Option<Body>,
    pub internal_id: Option<InternalId>,
    pub state: RecordState,
    /// NetSuite's record has another external id, or none, and keeps that.
    pub keeps_id: bool,
}

/// A row as the database has it.
struct RawRow {
    external_id: String,
    kind: String,
    desired: Option<String>,
    posted: Option<String>,
    internal_id: Option<String>,
    state: String,
    keeps_id: bool,
}

/// What a plan must look at. The index `record_to_plan` has these very words as its condition.
const TO_PLAN: &str =
    "(desired_hash IS NOT settled_hash OR state IN ('sending', 'in_doubt', 'conflict'))
     AND summary IS NULL";

/// Where a walk through the records to plan stands.
#[derive(Debug, Clone, Default)]
pub struct PlanPlace {
    /// Which of all kinds.
    kind: usize,
    after: String,
}

const COLUMNS: &str =
    "external_id, kind, text_of(desired), text_of(posted), internal_id, state, keeps_id";

impl Ledger {
    /// Records that a plan must look at: not posted, or wanted differently than when they last were,
    /// or no longer wanted.
    pub fn records_to_plan(&self) -> Result<Vec<RecordRow>, LedgerError> {
        self.rows(&format!("WHERE {TO_PLAN} AND state <> 'offset' ORDER BY external_id"))
    }

    /// Like [`Ledger::records_to_plan`], some at a time: kind by kind in the order in which records
    /// can exist, each kind by external id. Moves `place` behind what it gives.
    pub fn some_records_to_plan(
        &self,
        place: &mut PlanPlace,
        count: usize,
    ) -> Result<Vec<RecordRow>, LedgerError> {
        let mut found = Vec::new();
        while found.len() < count && place.kind < RecordKind::ALL.len() {
            let wanted = i64::try_from(count - found.len()).unwrap_or(i64::MAX);
            let kind = RecordKind::ALL[place.kind].rest_name();
            let run = || -> rusqlite::Result<Vec<RawRow>> {
                self.connection
                    .prepare_cached(&format!(
                        "SELECT {COLUMNS} FROM record WHERE kind = ?1 AND external_id > ?2
                         AND {TO_PLAN} AND state <> 'offset' ORDER BY external_id LIMIT ?3"
                    ))?
                    .query_map(rusqlite::params![kind, place.after, wanted], raw_row)?
                    .collect()
            };
            let rows = run().map_err(|error| self.fail(error))?;
            match rows.last() {
                Some(last) => place.after.clone_from(&last.external_id),
                None => *place = PlanPlace { kind: place.kind + 1, after: String::new() },
            }
            for row in &rows {
                found.push(parse(row)?);
            }
        }
        Ok(found)
    }

    /// How many records a plan must look at.
    pub fn to_plan_count(&self) -> Result<usize, LedgerError> {
        let count: i64 = self
            .connection
            .query_row(
                &format!("SELECT count(*) FROM record WHERE {TO_PLAN} AND state <> 'offset'"),
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Whether anything is in NetSuite.
    pub fn has_posted(&self) -> Result<bool, LedgerError> {
        self.connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM record WHERE internal_id IS NOT NULL)",
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))
    }

    /// Records that are as they should be.
    pub fn settled_count(&self) -> Result<usize, LedgerError> {
        // Those that are not have an index each, and counting all needs no look at any.
        let count: i64 = self
            .connection
            .query_row(
                &format!(
                    "SELECT (SELECT count(*) FROM record)
                          - (SELECT count(*) FROM record WHERE summary IS NOT NULL)
                          - (SELECT count(*) FROM record WHERE {TO_PLAN})"
                ),
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// These records, as far as the ledger has them.
    pub fn records_of(&self, ids: &[ExternalId]) -> Result<Vec<RecordRow>, LedgerError> {
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            rows.extend(self.rows_of("WHERE external_id = ?1", Some(id.as_str()))?);
        }
        Ok(rows)
    }

    /// Every record, in order.
    pub fn records(&self) -> Result<Vec<RecordRow>, LedgerError> {
        self.rows("ORDER BY external_id")
    }

    /// Remembers that a record needs nothing for what is wanted now.
    pub fn settle(&mut self, records: &[ExternalId]) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for id in records {
            tx.prepare_cached(
                "UPDATE record SET settled_hash = desired_hash WHERE external_id = ?1",
            )
            .map_err(wrap)?
            .execute([id.as_str()])
            .map_err(wrap)?;
        }
        tx.commit().map_err(wrap)
    }

    /// NetSuite's keys of records that are there.
    pub fn internal_ids(
        &self,
        ids: &[ExternalId],
    ) -> Result<BTreeMap<ExternalId, InternalId>, LedgerError> {
        let run = || -> rusqlite::Result<BTreeMap<ExternalId, InternalId>> {
            let mut statement = self
                .connection
                .prepare_cached("SELECT internal_id FROM record WHERE external_id = ?1")?;
            let mut known = BTreeMap::new();
            for id in ids {
                let found: Option<Option<String>> =
                    statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
                if let Some(internal) = found.flatten() {
                    known.insert(id.clone(), InternalId::new(internal));
                }
            }
            Ok(known)
        };
        run().map_err(|error| self.fail(error))
    }

    /// Sets the state of records that were read back.
    pub fn set_states(&mut self, states: &[(ExternalId, RecordState)]) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for (id, state) in states {
            tx.prepare_cached("UPDATE record SET state = ?2 WHERE external_id = ?1")
                .map_err(wrap)?
                .execute([id.as_str(), state.as_str()])
                .map_err(wrap)?;
        }
        tx.commit().map_err(wrap)
    }

    /// Forgets that a record was posted: NetSuite no longer has it, and it is to be planned again.
    pub fn forget_posted(&mut self, id: &ExternalId) -> Result<(), LedgerError> {
        self.connection
            .execute(
                "UPDATE record SET posted = NULL, internal_id = NULL, settled_hash = NULL,
                        state = 'desired' WHERE external_id = ?1",
                [id.as_str()],
            )
            .map_err(|error| self.fail(error))?;
        self.journal("forgotten", &serde_json::json!({ "record": id.as_str() }).to_string())
    }

    /// Recognises what NetSuite is believed to hold: a plan is made against it. Triggers keep it, so
    /// that a large ledger is not read through for each plan.
    pub fn posted_digest(&self) -> Result<String, LedgerError> {
        self.connection
            .query_row("SELECT lower(hex(token)) FROM record_version", [], |row| row.get(0))
            .map_err(|error| self.fail(error))
    }

    /// Which of a case's records are in NetSuite.
    pub(super) fn posted_of_case(
        &self,
        key: &CaseKey,
    ) -> Result<BTreeSet<ExternalId>, LedgerError> {
        let ids = self.texts(
            "SELECT r.external_id FROM record_case c JOIN record r ON r.seq = c.record
             WHERE c.case_key = ?1 AND r.internal_id IS NOT NULL AND r.state <> 'linked'",
            &key.to_string(),
        )?;
        Ok(ids.into_iter().filter_map(|id| ExternalId::new(id).ok()).collect())
    }

    /// Which of a case's records are in NetSuite in a summary.
    pub(super) fn summed_and_posted_of_case(
        &self,
        key: &CaseKey,
    ) -> Result<BTreeSet<ExternalId>, LedgerError> {
        let ids = self.texts(
            "SELECT r.external_id FROM record_case c JOIN record r ON r.seq = c.record
             JOIN batch_member m ON m.member = r.external_id
             JOIN record s ON s.external_id = m.record
             WHERE c.case_key = ?1 AND s.internal_id IS NOT NULL",
            &key.to_string(),
        )?;
        Ok(ids.into_iter().filter_map(|id| ExternalId::new(id).ok()).collect())
    }

    /// Whether a payout is in NetSuite's bank account, by a deposit or by a journal. One that went
    /// to the Stripe balance account says so in its memo.
    pub(super) fn is_in_bank(
        &self,
        payout: &PayoutId,
        naming: &Naming,
    ) -> Result<bool, LedgerError> {
        Ok(self.posted_of_payout(payout, naming)?.iter().any(|body| match body {
            Body::Deposit(deposit) => !deposit.header.memo.contains("did not reach the bank"),
            Body::JournalEntry(_) => true,
            _ => false,
        }))
    }

    /// What the posted deposits of a payout have on suspense: their lines name it.
    pub(super) fn suspended(
        &self,
        payout: &PayoutId,
        naming: &Naming,
    ) -> Result<BTreeSet<BalanceTransactionId>, LedgerError> {
        let mut suspended = BTreeSet::new();
        for body in self.posted_of_payout(payout, naming)? {
            let Body::Deposit(deposit) = body else { continue };
            for line in deposit.other.iter().chain(&deposit.cashback) {
                suspended.extend(payout_deposit::suspended_by(&line.memo));
            }
        }
        Ok(suspended)
    }

    /// What was posted for a payout: its journal, its deposit, or the deposit's parts.
    fn posted_of_payout(
        &self,
        payout: &PayoutId,
        naming: &Naming,
    ) -> Result<Vec<Body>, LedgerError> {
        let Some(id) = naming.record_of(payout.as_str()) else { return Ok(Vec::new()) };
        let mut bodies = Vec::new();
        let mut part = 1;
        let mut rows = self.rows_of("WHERE external_id = ?1", Some(id.as_str()))?;
        loop {
            bodies.extend(rows.into_iter().filter_map(|row| row.internal_id.and(row.posted)));
            let next = id.with_suffix(&part.to_string());
            rows = self.rows_of("WHERE external_id = ?1", Some(next.as_str()))?;
            part += 1;
            if rows.is_empty() {
                return Ok(bodies);
            }
        }
    }

    /// Whether some case wants a record.
    pub(super) fn is_wanted(&self, id: &ExternalId) -> Result<bool, LedgerError> {
        let found = self.texts(
            "SELECT external_id FROM record WHERE external_id = ?1 AND desired IS NOT NULL",
            id.as_str(),
        )?;
        Ok(!found.is_empty())
    }

    fn rows(&self, condition: &str) -> Result<Vec<RecordRow>, LedgerError> {
        self.rows_of(condition, None)
    }

    pub(super) fn rows_of(
        &self,
        condition: &str,
        parameter: Option<&str>,
    ) -> Result<Vec<RecordRow>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<RawRow>> {
            self.connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM record {condition}"))?
                .query_map(rusqlite::params_from_iter(parameter), raw_row)?
                .collect()
        };
        run().map_err(|error| self.fail(error))?.iter().map(parse).collect()
    }
}

fn raw_row(row: &Row) -> rusqlite::Result<RawRow> {
    Ok(RawRow {
        external_id: row.get(0)?,
        kind: row.get(1)?,
        desired: row.get(2)?,
        posted: row.get(3)?,
        internal_id: row.get(4)?,
        state: row.get(5)?,
        keeps_id: row.get(6)?,
    })
}

fn parse(raw: &RawRow) -> Result<RecordRow, LedgerError> {
    let unreadable = |cause: serde_json::Error| LedgerError::Unreadable {
        external_id: raw.external_id.clone(),
        cause,
    };
    let foreign = |what: &str| {
        unreadable(serde::de::Error::custom(format!("{what} is not one this program writes")))
    };
    Ok(RecordRow {
        external_id: ExternalId::new(raw.external_id.as_str())
            .map_err(|_| foreign("its external id"))?,
        kind: RecordKind::from_rest_name(&raw.kind).ok_or_else(|| foreign("its kind"))?,
        desired: raw
            .desired
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(unreadable)?,
        posted: raw.posted.as_deref().map(serde_json::from_str).transpose().map_err(unreadable)?,
        internal_id: raw.internal_id.clone().map(InternalId::new),
        state: RecordState::parse(&raw.state).ok_or_else(|| foreign("its state"))?,
        keeps_id: raw.keeps_id,
    })
}
