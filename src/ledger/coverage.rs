//! What was read to its end: windows per resource, and the lists by payout.

use rusqlite::params;

use super::{Ledger, LedgerError};
use crate::calendar::{UnixTime, Window};

impl Ledger {
    /// Notes that a window of a resource was read completely.
    pub fn cover(&mut self, resource: &str, window: Window) -> Result<(), LedgerError> {
        self.connection
            .execute(
                "INSERT OR IGNORE INTO coverage (resource, since, until) VALUES (?1, ?2, ?3)",
                params![resource, window.since.0, window.until.0],
            )
            .map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// The latest end of any complete window of a resource.
    pub fn covered_until(&self, resource: &str) -> Result<Option<UnixTime>, LedgerError> {
        let until: Option<i64> = self
            .connection
            .query_row("SELECT max(until) FROM coverage WHERE resource = ?1", [resource], |row| {
                row.get(0)
            })
            .map_err(|error| self.fail(error))?;
        Ok(until.map(UnixTime))
    }

    /// Stores which balance transactions a payout is made of; the list is complete.
    pub fn set_payout_members(
        &mut self,
        payout: &str,
        members: &[String],
    ) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for member in members {
            tx.prepare_cached(
                "INSERT INTO payout_member (balance_transaction, payout) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET payout = excluded.payout",
            )
            .map_err(wrap)?
            .execute([member.as_str(), payout])
            .map_err(wrap)?;
        }
        tx.execute("INSERT OR IGNORE INTO payout_listing (payout) VALUES (?1)", [payout])
            .map_err(wrap)?;
        tx.execute(
            "INSERT OR IGNORE INTO dirty (seq) SELECT seq FROM object WHERE id = ?1",
            [payout],
        )
        .map_err(wrap)?;
        tx.commit().map_err(wrap)
    }

    /// Payouts whose list was not read to its end yet, oldest first.
    pub fn unlisted_payouts(&self) -> Result<Vec<String>, LedgerError> {
        self.texts(
            "SELECT id FROM object WHERE kind = ?1
             AND id NOT IN (SELECT payout FROM payout_listing) ORDER BY created, id",
            "payout",
        )
    }

    /// The payout that paid out each balance transaction, for all that have one.
    pub fn payouts_by_member(
        &self,
    ) -> Result<std::collections::HashMap<String, String>, LedgerError> {
        let run = || -> rusqlite::Result<_> {
            self.connection
                .prepare_cached("SELECT balance_transaction, payout FROM payout_member")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }
}
