//! Summaries: which of them must be looked at again, and the records that each stands for.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use rusqlite::params;

use super::payouts::PayoutIndex;
use super::{CaseKey, Ledger, LedgerError};
use crate::accounting::question::Known;
use crate::accounting::summary::Summary;
use crate::accounting::{Policy, Record, SummaryCase, day};
use crate::calendar::start_of_day;
use crate::ids::ExternalId;

impl Ledger {
    /// The summaries with a record that changed since they were last derived. A day's is derived
    /// once the day is over; what awaits its payout has no summary yet.
    pub fn dirty_summaries(&self, policy: &Policy) -> Result<Vec<CaseKey>, LedgerError> {
        let known_until = self.movements_known_until()?;
        let is_over = |date: &NaiveDate| {
            let next = date.checked_add_days(Days::new(1));
            next.is_some_and(|next| start_of_day(next, policy.zone) <= known_until)
        };
        let noted = self.all_texts("SELECT summary FROM dirty_summary ORDER BY summary")?;
        let mut keys = Vec::new();
        for text in noted {
            match read_summary(&text)? {
                Summary::Day(date, _) if !is_over(&date) => {}
                Summary::AwaitsPayout => {}
                // Its members may be known before it is: its day is not.
                Summary::Payout(payout) if self.kind_of(payout.as_str())?.is_none() => {}
                summary => keys.push(CaseKey::Summary(summary)),
            }
        }
        Ok(keys)
    }

    /// What posted records that sum many things hold: balance transactions and records in detail,
    /// each with the record that holds it.
    pub fn members_of_posted_sums(&self) -> Result<Vec<(String, ExternalId)>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT m.member, m.record FROM batch_member m
                     JOIN record r ON r.external_id = m.record WHERE r.internal_id IS NOT NULL",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let with_id =
            |(member, record): (String, String)| Some((member, ExternalId::new(record).ok()?));
        let rows = run().map_err(|error| self.fail(error))?;
        Ok(rows.into_iter().filter_map(with_id).collect())
    }

    /// The records that a summary stands for.
    pub fn summed_records(&self) -> Result<BTreeSet<ExternalId>, LedgerError> {
        let ids = self.texts(
            "SELECT external_id FROM record WHERE summary IS NOT NULL AND ?1 <> ''",
            "all",
        )?;
        Ok(ids.into_iter().filter_map(|id| ExternalId::new(id).ok()).collect())
    }

    pub(super) fn load_summary(
        &self,
        summary: &Summary,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<SummaryCase, LedgerError> {
        let rows = self.texts(
            "SELECT text_of(desired) FROM record WHERE summary = ?1 AND desired IS NOT NULL
             ORDER BY external_id",
            &write_summary(summary),
        )?;
        let mut records: Vec<Record> = Vec::with_capacity(rows.len());
        for row in rows {
            let unreadable =
                |cause| LedgerError::Unreadable { external_id: "a summed record".into(), cause };
            records.push(serde_json::from_str(&row).map_err(unreadable)?);
        }
        let arrival = |id: &str| payouts.find(id).map(|payout| payout.arrival_date.utc_date());
        let (date, first) = match summary {
            Summary::Day(date, what) => {
                let base = policy.books.base_currency;
                (*date, Some(day::batch_name(what.word(), &policy.account, base, *date)))
            }
            Summary::Payout(payout) => {
                let first = ExternalId::new(payout.as_str()).ok();
                let date = arrival(payout.as_str()).unwrap_or_default();
                (date, first.map(|id| id.with_suffix("receipts")))
            }
            Summary::AwaitsPayout => (NaiveDate::default(), None),
        };
        let taken = match first {
            Some(first) => self.members_of_posted(&policy.masters.naming.outside(&first))?,
            None => Vec::new(),
        };
        let summary = summary.clone();
        Ok(SummaryCase { summary, date, records, taken, known: Known::default() })
    }

    /// A summary was derived.
    pub(super) fn forget_dirty_summary(
        tx: &rusqlite::Transaction,
        summary: &Summary,
    ) -> rusqlite::Result<()> {
        tx.prepare_cached("DELETE FROM dirty_summary WHERE summary = ?1")?
            .execute([write_summary(summary)])?;
        Ok(())
    }
}

/// Sets which summary stands for a record that is not posted by itself, and notes the summaries
/// that this changes. What a posted summary holds stays in it.
pub(super) fn assign(
    tx: &rusqlite::Transaction,
    id: &ExternalId,
    summary: Option<&Summary>,
    is_changed: bool,
) -> rusqlite::Result<()> {
    let (before, is_posted, is_held): (Option<String>, bool, bool) = tx
        .prepare_cached(
            "SELECT r.summary, r.internal_id IS NOT NULL, EXISTS (
               SELECT 1 FROM batch_member m JOIN record s ON s.external_id = m.record
               WHERE m.member = r.external_id
               AND (s.internal_id IS NOT NULL OR s.state IN ('sending', 'in_doubt')))
             FROM record r WHERE r.external_id = ?1",
        )?
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let after = match (is_posted, is_held) {
        (true, _) => None,
        (false, true) => before.clone(),
        (false, false) => summary.map(write_summary),
    };
    if before == after && !is_changed {
        return Ok(());
    }
    tx.prepare_cached("UPDATE record SET summary = ?2 WHERE external_id = ?1")?
        .execute(params![id.as_str(), after])?;
    for summary in [before, after].into_iter().flatten() {
        note(tx, &summary)?;
    }
    Ok(())
}

/// Notes that the summary of a record that is wanted no longer must be looked at again.
pub(super) fn note_of(tx: &rusqlite::Transaction, id: &str) -> rusqlite::Result<()> {
    let summary: Option<String> = tx
        .prepare_cached("SELECT summary FROM record WHERE external_id = ?1")?
        .query_row([id], |row| row.get(0))?;
    summary.map_or(Ok(()), |summary| note(tx, &summary))
}

fn note(tx: &rusqlite::Transaction, summary: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO dirty_summary (summary) VALUES (?1)")?
        .execute([summary])?;
    Ok(())
}

fn write_summary(summary: &Summary) -> String {
    serde_json::to_string(summary).expect("a summary always serializes")
}

fn read_summary(text: &str) -> Result<Summary, LedgerError> {
    serde_json::from_str(text)
        .map_err(|cause| LedgerError::Unreadable { external_id: text.into(), cause })
}
