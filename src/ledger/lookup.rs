//! Looking up: what an id that somebody typed stands for, and what is known about it.
//!
//! Only reads. A whole id is found by index; an id that lives inside another object (an invoice
//! line, an invoice's number) is looked for in the objects that may hold it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::OptionalExtension;

use super::cases::HOPS_MAX;
use super::put::key_of;
use super::wishes::folded_key;
use super::{CaseKey, Keys, Ledger, LedgerError, PayoutIndex, RecordRow};
use crate::accounting::Policy;
use crate::accounting::balance_transaction::{Class, classify};
use crate::accounting::summary::{Summary, Summed};
use crate::calendar::UnixTime;
use crate::ids::{ExternalId, InternalId, PayoutId};
use crate::netsuite::record::{RecordGroup, RecordKind};
use crate::stripe::objects::{BalanceTransaction, CreditNote, Invoice, read};

/// Ids that are suggested for one that is not known.
const SUGGESTIONS_MAX: usize = 5;
/// Letters that may be wrong, missing or swapped in an id that is still suggested.
const EDITS_MAX: usize = 3;

/// What an id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A Stripe object of this kind.
    Object { id: String, kind: String },
    /// Something that this object names or holds, without being in the ledger by itself.
    Inside { id: String, holder: String, kind: String },
    /// A record of ours.
    Record(ExternalId),
    /// NetSuite counts customers, items and transactions apart: several records have this key.
    Several(Vec<(RecordKind, ExternalId)>),
    /// Nothing; these ids are nearly the same.
    Nothing { near: Vec<String> },
}

/// The last request about a record, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAttempt {
    pub action: String,
    pub started: UnixTime,
    pub outcome: Option<String>,
    /// What NetSuite said.
    pub message: Option<String>,
}

impl Ledger {
    /// What `text` stands for: a Stripe id, an external id, `netsuite:<internal id>` or a bare
    /// number, an invoice line, or the number of an invoice or credit note.
    pub fn look_up(&self, text: &str) -> Result<Found, LedgerError> {
        let number = text.strip_prefix("netsuite:").unwrap_or(text);
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            let records = self.records_with_key(number)?;
            match records.as_slice() {
                [] => {}
                [(_, id)] => return Ok(Found::Record(id.clone())),
                _ => return Ok(Found::Several(records)),
            }
        }
        if let Some(kind) = self.kind_of(text)? {
            return Ok(Found::Object { id: text.to_owned(), kind });
        }
        if let Some(found) = self.by_folded_id(text)? {
            return Ok(Found::Record(found));
        }
        if let Some((holder, kind)) = self.names_it(text)? {
            return Ok(Found::Inside { id: text.to_owned(), holder, kind });
        }
        if let Some((holder, kind)) = self.holds_it(text)? {
            return Ok(Found::Inside { id: text.to_owned(), holder, kind });
        }
        Ok(Found::Nothing { near: self.near(text)? })
    }

    fn records_with_key(&self, key: &str) -> Result<Vec<(RecordKind, ExternalId)>, LedgerError> {
        let rows = self.rows_of("WHERE internal_id = ?1 ORDER BY external_id", Some(key))?;
        Ok(rows.into_iter().map(|row| (row.kind, row.external_id)).collect())
    }

    /// Which of these keys of NetSuite's transactions are of records that this ledger made.
    pub fn made_of(
        &self,
        keys: &BTreeSet<InternalId>,
    ) -> Result<BTreeSet<InternalId>, LedgerError> {
        if keys.is_empty() {
            return Ok(BTreeSet::new());
        }
        let run = || -> rusqlite::Result<BTreeSet<InternalId>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT internal_id, kind FROM record WHERE internal_id IS NOT NULL",
            )?;
            let mut rows = statement.query([])?;
            let mut made = BTreeSet::new();
            while let Some(row) = rows.next()? {
                let (key, kind): (String, String) = (row.get(0)?, row.get(1)?);
                let key = InternalId::new(key);
                // Customers and items have keys of their own, which may be the same number.
                let kind = RecordKind::from_rest_name(&kind);
                if kind.is_some_and(RecordKind::is_transaction) && keys.contains(&key) {
                    made.insert(key);
                }
            }
            Ok(made)
        };
        run().map_err(|error| self.fail(error))
    }

    /// NetSuite compares external ids without case, and so does this.
    fn by_folded_id(&self, text: &str) -> Result<Option<ExternalId>, LedgerError> {
        let Ok(id) = ExternalId::new(text) else { return Ok(None) };
        let mut found = Vec::new();
        for group in RecordGroup::ALL {
            let run = || -> rusqlite::Result<Option<String>> {
                self.connection
                    .prepare_cached("SELECT external_id FROM record WHERE folded_key = ?1")?
                    .query_row([folded_key(group, &id)], |row| row.get(0))
                    .optional()
            };
            found.extend(run().map_err(|error| self.fail(error))?);
        }
        Ok(found.into_iter().min().and_then(|id| ExternalId::new(id).ok()))
    }

    /// An object that names the id though nobody read what it is of.
    fn names_it(&self, id: &str) -> Result<Option<(String, String)>, LedgerError> {
        self.connection
            .prepare_cached(
                "SELECT o.id, o.kind FROM link l JOIN object o USING (seq) WHERE l.target = ?1
                 AND l.rel <> 0 ORDER BY o.created, o.id LIMIT 1",
            )
            .and_then(|mut statement| {
                let key = key_of(id);
                statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .map_err(|error| self.fail(error))
    }

    /// The invoice or credit note that has a line, a payment or a number of this text.
    fn holds_it(&self, text: &str) -> Result<Option<(String, String)>, LedgerError> {
        let quoted = format!("\"{text}\"");
        let mut found = None;
        self.for_each_object("invoice", |raw| {
            if found.is_none() && contains(raw, quoted.as_bytes()) {
                let invoice: Invoice = read(raw)?;
                let is_line = invoice.lines.data.iter().any(|line| line.id.as_str() == text);
                let is_payment = invoice.inline_payments().iter().any(|p| p.id.as_str() == text);
                if is_line || is_payment || invoice.number.as_deref() == Some(text) {
                    found = Some((invoice.id.to_string(), "invoice".to_owned()));
                }
            }
            Ok::<(), LedgerError>(())
        })?;
        self.for_each_object("credit_note", |raw| {
            if found.is_none() && contains(raw, quoted.as_bytes()) {
                let note: CreditNote = read(raw)?;
                let is_line = note.lines.data.iter().any(|line| line.id.as_str() == text);
                if is_line || note.number.as_deref() == Some(text) {
                    found = Some((note.id.to_string(), "credit_note".to_owned()));
                }
            }
            Ok::<(), LedgerError>(())
        })?;
        Ok(found)
    }

    /// Ids of objects and records that begin with `text` or differ from it by a few letters, the
    /// nearest first.
    fn near(&self, text: &str) -> Result<Vec<String>, LedgerError> {
        let all = self.texts(
            "SELECT id FROM object WHERE length(?1) > 0
             UNION SELECT external_id FROM record",
            text,
        )?;
        let folded = text.to_ascii_lowercase();
        let mut near: Vec<(usize, String)> = all
            .into_iter()
            .filter_map(|id| {
                let other = id.to_ascii_lowercase();
                let begins = folded.len() >= 6 && other.starts_with(&folded);
                let edits = if begins { 0 } else { edits(&folded, &other)? };
                // Of a short word nearly every letter could be wrong.
                (edits * 4 <= folded.len()).then_some((edits, id))
            })
            .collect();
        near.sort();
        Ok(near.into_iter().take(SUGGESTIONS_MAX).map(|(_, id)| id).collect())
    }

    /// Whether an object of this id is in the ledger.
    pub fn knows(&self, id: &str) -> Result<bool, LedgerError> {
        Ok(self.kind_of(id)?.is_some())
    }

    /// Whether an object of this id is in the ledger and of this kind.
    pub fn is_of_kind(&self, id: &str, kind: &str) -> Result<bool, LedgerError> {
        Ok(self.kind_of(id)?.as_deref() == Some(kind))
    }

    /// How many records there are, whatever became of them.
    pub fn record_count(&self) -> Result<usize, LedgerError> {
        let count: i64 = self
            .connection
            .query_row("SELECT count(*) FROM record", [], |row| row.get(0))
            .map_err(|error| self.fail(error))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The cases that an object is part of, and those that what it moved goes on to.
    pub fn cases_of(
        &self,
        id: &str,
        payouts: &PayoutIndex,
    ) -> Result<BTreeSet<CaseKey>, LedgerError> {
        let mut keys = Keys::default();
        self.find_cases(id, HOPS_MAX, &mut keys)?;
        payouts.add_those_after_negative_ones(&mut keys);
        Ok(keys.into_iter().collect())
    }

    /// The day that a movement is booked with, where the policy keeps books by the day.
    pub fn day_of(
        &self,
        movement: &BalanceTransaction,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Option<CaseKey> {
        let is_kept = policy.keeps_days_at(movement.created)
            || payouts.schedule(movement.currency).sweeps(movement.created)
            || classify(movement) == Class::TopUp;
        let date = movement.created.date_in(policy.zone);
        is_kept.then_some(CaseKey::Day(date, movement.currency))
    }

    /// The cases that want a record.
    pub fn cases_of_record(&self, id: &ExternalId) -> Result<BTreeSet<CaseKey>, LedgerError> {
        let named = self.texts(
            "SELECT c.case_key FROM record_case c JOIN record r ON r.seq = c.record
                 WHERE r.external_id = ?1",
            id.as_str(),
        )?;
        let mut keys = Keys::default();
        for name in named {
            match named_key(&name) {
                Some(key) => keys.insert(key),
                None => self.find_cases(&name, 0, &mut keys)?,
            }
        }
        Ok(keys.into_iter().collect())
    }

    /// One record.
    pub fn record(&self, id: &ExternalId) -> Result<Option<RecordRow>, LedgerError> {
        Ok(self.rows_of("WHERE external_id = ?1", Some(id.as_str()))?.into_iter().next())
    }

    /// Records that point at one, such as the invoices that sell an item.
    pub fn records_naming(&self, id: &ExternalId) -> Result<Vec<RecordRow>, LedgerError> {
        let pointer = format!("\"external\":\"{id}\"");
        self.rows_of(
            "WHERE instr(text_of(ifnull(desired, posted)), ?1) > 0 ORDER BY external_id",
            Some(&pointer),
        )
    }

    /// Records in NetSuite that no case wants any more, of this external id or one that it begins.
    pub fn unwanted_records(&self, id: &str) -> Result<Vec<RecordRow>, LedgerError> {
        self.rows_of(
            "WHERE desired IS NULL AND posted IS NOT NULL
             AND (external_id = ?1 OR substr(external_id, 1, length(?1) + 1) = ?1 || '-')
             ORDER BY external_id",
            Some(id),
        )
    }

    /// The journal that stands for a record which is not posted by itself.
    pub fn summary_of(&self, id: &ExternalId) -> Result<Option<ExternalId>, LedgerError> {
        let found = self.texts("SELECT record FROM batch_member WHERE member = ?1", id.as_str())?;
        Ok(found.into_iter().find_map(|id| ExternalId::new(id).ok()))
    }

    /// The payout that paid out each of these balance transactions, for those that have one.
    pub fn payouts_of(
        &self,
        movements: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, LedgerError> {
        let mut found = BTreeMap::new();
        for id in movements {
            let payouts =
                self.texts("SELECT payout FROM payout_member WHERE balance_transaction = ?1", id)?;
            found.extend(payouts.into_iter().map(|payout| (id.clone(), payout)));
        }
        Ok(found)
    }

    /// The last request about a record.
    pub fn last_attempt(&self, id: &ExternalId) -> Result<Option<LastAttempt>, LedgerError> {
        self.connection
            .prepare_cached(
                "SELECT action, started, outcome, message FROM attempt WHERE external_id = ?1
                 ORDER BY id DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row([id.as_str()], |row| {
                        Ok(LastAttempt {
                            action: row.get(0)?,
                            started: UnixTime(row.get(1)?),
                            outcome: row.get(2)?,
                            message: row.get(3)?,
                        })
                    })
                    .optional()
            })
            .map_err(|error| self.fail(error))
    }
}

/// The key of a case that no object names: `2026-03-04 USD`, `sales 2026-03-04`, `receipts po_1`.
fn named_key(name: &str) -> Option<CaseKey> {
    let (first, rest) = name.split_once(' ')?;
    let what = [Summed::Sales, Summed::Receipts].into_iter().find(|what| what.word() == first);
    let Some(what) = what else {
        return Some(CaseKey::Day(first.parse().ok()?, rest.parse().ok()?));
    };
    let summary = match rest.parse() {
        Ok(date) => Summary::Day(date, what),
        Err(_) => Summary::Payout(PayoutId::new(rest)),
    };
    Some(CaseKey::Summary(summary))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// How many letters must be changed, added, dropped or swapped to make one text the other; `None`
/// beyond [`EDITS_MAX`].
fn edits(one: &str, other: &str) -> Option<usize> {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len().abs_diff(other.len()) > EDITS_MAX {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut next = vec![i];
        for j in 1..=other.len() {
            let changed = row[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut best = changed.min(row[j] + 1).min(next[j - 1] + 1);
            let is_swap =
                i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if is_swap {
                best = best.min(before[j - 2] + 1);
            }
            next.push(best);
        }
        if next.iter().all(|edits| *edits > EDITS_MAX) {
            return None;
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|edits| *edits <= EDITS_MAX)
}

#[cfg(test)]
mod tests {
    use super::edits;

    #[test]
    fn a_slip_of_the_finger_is_near_and_another_id_is_not() {
        assert_eq!(edits("ch_1abc", "ch_1abc"), Some(0));
        assert_eq!(edits("ch_1acb", "ch_1abc"), Some(1));
        assert_eq!(edits("ch_1ab", "ch_1abc"), Some(1));
        assert_eq!(edits("in_1abc", "ch_1abc"), Some(2));
        assert_eq!(edits("ch_9xyzw", "ch_1abcd"), None);
        assert_eq!(edits("", "ch_1"), None);
    }
}
