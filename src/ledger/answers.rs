//! What NetSuite was asked, and the records in it that are not ours.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{OptionalExtension, Transaction, params};

use super::cases::HOPS_MAX;
use super::put::key_of;
use super::wishes::note_wish;
use super::{Keys, Ledger, LedgerError};
use crate::accounting::Linked;
use crate::accounting::links::LOOKUP_CODES;
use crate::accounting::question::{Answers, Hit, Question};
use crate::digest::sha256_hex;
use crate::ids::ExternalId;

impl Ledger {
    /// The answers that are known.
    pub fn answers(&self, questions: &BTreeSet<Question>) -> Result<Answers, LedgerError> {
        let mut answers = BTreeMap::new();
        for question in questions {
            let key = text_of(question);
            let hits: Option<String> = self
                .connection
                .prepare_cached("SELECT hits FROM answer WHERE question = ?1")
                .and_then(|mut s| s.query_row([&key], |row| row.get(0)).optional())
                .map_err(|error| self.fail(error))?;
            if let Some(hits) = hits {
                let hits = serde_json::from_str(&hits)
                    .map_err(|cause| LedgerError::Unreadable { external_id: key, cause })?;
                answers.insert(question.clone(), hits);
            }
        }
        Ok(answers)
    }

    /// Keeps answers, all of them or none; what changed is also in the journal.
    pub fn keep_answers(&mut self, answers: &Answers) -> Result<(), LedgerError> {
        let (now, path) = (self.now(), self.path.clone());
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for (question, hits) in answers {
            keep(&tx, question, hits, now).map_err(wrap)?;
        }
        tx.commit().map_err(wrap)
    }

    /// The cases in which a link does not hold: somebody may have put NetSuite in order.
    pub fn cases_with_open_links(&self) -> Result<Keys, LedgerError> {
        let ids = self.texts(
            "SELECT DISTINCT case_key FROM exception
             WHERE resolved IS NULL AND substr(id, 1, length(?1)) = ?1",
            LOOKUP_CODES,
        )?;
        let mut keys = Keys::default();
        for id in ids {
            self.find_cases(&id, HOPS_MAX, &mut keys)?;
        }
        Ok(keys)
    }

    /// Which of these records this ledger made in NetSuite.
    pub fn posted_among(
        &self,
        ids: &BTreeSet<ExternalId>,
    ) -> Result<BTreeSet<ExternalId>, LedgerError> {
        let mut posted = BTreeSet::new();
        for id in ids {
            let found = self.texts(
                "SELECT external_id FROM record
                 WHERE external_id = ?1 AND internal_id IS NOT NULL AND state <> 'linked'",
                id.as_str(),
            )?;
            if !found.is_empty() {
                posted.insert(id.clone());
            }
        }
        Ok(posted)
    }
}

fn text_of(question: &Question) -> String {
    serde_json::to_string(question).expect("a question always serializes")
}

fn keep(tx: &Transaction, question: &Question, hits: &[Hit], now: i64) -> rusqlite::Result<()> {
    let key = text_of(question);
    let hits = serde_json::to_string(hits).expect("hits always serialize");
    let before: Option<String> = tx
        .prepare_cached("SELECT hits FROM answer WHERE question = ?1")?
        .query_row([&key], |row| row.get(0))
        .optional()?;
    tx.prepare_cached(
        "INSERT INTO answer (question, hits, asked) VALUES (?1, ?2, ?3)
         ON CONFLICT (question) DO UPDATE SET hits = excluded.hits, asked = excluded.asked",
    )?
    .execute(params![key, hits, now])?;
    if before.as_ref() != Some(&hits) {
        let content = format!(r#"{{"question":{key},"hits":{hits}}}"#);
        super::journal::append(tx, now, "answer", &content)?;
    }
    Ok(())
}

/// Keeps a record that somebody else made as a row of its own, so that the tie-out sees it.
pub(super) fn put_linked(tx: &Transaction, key: &str, linked: &Linked) -> rusqlite::Result<()> {
    let record = &linked.record;
    let id = record.external_id();
    let json = serde_json::to_string(record).expect("a record always serializes");
    tx.prepare_cached(
        "INSERT INTO record (external_id, folded_key, kind, desired, desired_hash,
                             settled_hash, internal_id, state)
         VALUES (?1, ?2, ?3, packed(?4), ?5, ?5, ?6, 'linked')
         ON CONFLICT (external_id) DO UPDATE
         SET desired = excluded.desired, desired_hash = excluded.desired_hash,
             settled_hash = excluded.settled_hash, internal_id = excluded.internal_id,
             state = 'linked', summary = NULL",
    )?
    .execute(params![
        id.as_str(),
        // It takes no external id in NetSuite, so it cannot collide with one.
        key_of(&format!("linked:{id}")),
        record.kind().rest_name(),
        json,
        sha256_hex(json.as_bytes()),
        linked.id.as_str()
    ])?;
    let seq = tx
        .prepare_cached("SELECT seq FROM record WHERE external_id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))?;
    note_wish(tx, key, seq)
}
