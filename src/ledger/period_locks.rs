//! Months that were locked in these books. Each act is a row of the journal.

use std::collections::BTreeSet;

use rusqlite::params;

use super::journal::append;
use super::{Ledger, LedgerError, RecordRow};
use crate::calendar::{Month, UnixTime};
use crate::plan::place::MOVED_FROM;

/// A month that takes no more postings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodLock {
    pub month: Month,
    pub locked: UnixTime,
    pub by: Option<String>,
}

/// Something that was done to a month, from the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodAct {
    pub at: UnixTime,
    /// The journal's word, such as `period_locked`.
    pub kind: String,
    pub by: Option<String>,
    pub reason: Option<String>,
}

impl Ledger {
    /// The locked months, in order.
    pub fn period_locks(&self) -> Result<Vec<PeriodLock>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, i64, Option<String>)>> {
            self.connection
                .prepare_cached("SELECT month, locked, by FROM period_lock ORDER BY month")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        // Only this program writes months here, in one form.
        let lock = |(month, locked, by): (String, i64, Option<String>)| {
            Some(PeriodLock { month: month.parse().ok()?, locked: UnixTime(locked), by })
        };
        Ok(rows.into_iter().filter_map(lock).collect())
    }

    /// The locked months alone.
    pub fn locked_months(&self) -> Result<BTreeSet<Month>, LedgerError> {
        Ok(self.period_locks()?.into_iter().map(|lock| lock.month).collect())
    }

    /// Locks a month; gives whether it was open.
    pub fn lock_period(&mut self, month: Month, by: Option<&str>) -> Result<bool, LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            let added = tx.execute(
                "INSERT OR IGNORE INTO period_lock (month, locked, by) VALUES (?1, ?2, ?3)",
                params![month.to_string(), now, by],
            )?;
            if added > 0 {
                let told = serde_json::json!({ "month": month, "by": by });
                append(tx, now, "period_locked", &told.to_string())?;
            }
            Ok(added > 0)
        })
    }

    /// Opens a month again; gives whether it was locked.
    pub fn unlock_period(
        &mut self,
        month: Month,
        reason: &str,
        by: Option<&str>,
    ) -> Result<bool, LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            let removed =
                tx.execute("DELETE FROM period_lock WHERE month = ?1", [month.to_string()])?;
            if removed > 0 {
                let told = serde_json::json!({ "month": month, "reason": reason, "by": by });
                append(tx, now, "period_unlocked", &told.to_string())?;
            }
            Ok(removed > 0)
        })
    }

    /// Posting records that may have come for a month after it was locked: posted elsewhere though they
    /// belong to it, not posted, or posted in it and wanted differently now.
    pub fn records_about(&self, month: Month) -> Result<Vec<RecordRow>, LedgerError> {
        let condition = format!(
            "WHERE summary IS NULL AND state NOT IN ('linked', 'offset') AND (
               instr(text_of(posted), '{MOVED_FROM} ' || ?1) > 0
               OR internal_id IS NULL AND instr(text_of(desired), ?1) > 0
               OR internal_id IS NOT NULL AND desired_hash IS NOT settled_hash
                  AND instr(text_of(posted), ?1) > 0)
             ORDER BY external_id"
        );
        self.rows_of(&condition, Some(&format!("{month}-")))
    }

    /// Everything that was done to a month, in order.
    pub fn period_acts(&self, month: Month) -> Result<Vec<PeriodAct>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<PeriodAct>> {
            self.connection
                .prepare_cached(
                    "SELECT at, kind, json_extract(content, '$.by'),
                            json_extract(content, '$.reason') FROM journal
                     WHERE kind IN ('period_locked', 'period_unlocked')
                     AND json_extract(content, '$.month') = ?1 ORDER BY seq",
                )?
                .query_map([month.to_string()], |row| {
                    Ok(PeriodAct {
                        at: UnixTime(row.get(0)?),
                        kind: row.get(1)?,
                        by: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }
}
