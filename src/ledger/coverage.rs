//! What was read to its end: windows per resource, and the lists by payout.

use rusqlite::{OptionalExtension, Transaction, params};

use super::facts::News;
use super::{Ledger, LedgerError};
use crate::calendar::{UnixTime, Window};

impl Ledger {
    /// Notes that a window of a resource was read completely.
    pub fn cover(&mut self, resource: &str, window: Window) -> Result<(), LedgerError> {
        self.in_transaction(|tx| cover(tx, resource, window))
    }

    /// The latest end of any complete window of a resource, or where a pull that did not end left a
    /// hole before it.
    pub fn covered_until(&self, resource: &str) -> Result<Option<UnixTime>, LedgerError> {
        let until: Option<i64> = self
            .connection
            .query_row(
                "SELECT min(until, ifnull((SELECT min(since) FROM pending WHERE resource = ?1), until))
                 FROM (SELECT max(until) AS until FROM coverage WHERE resource = ?1)",
                [resource],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))?;
        Ok(until.map(UnixTime))
    }

    /// The windows of a resource that were read completely, oldest first; they do not touch.
    pub fn coverage(&self, resource: &str) -> Result<Vec<Window>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Window>> {
            self.connection
                .prepare_cached(
                    "SELECT since, until FROM coverage WHERE resource = ?1 ORDER BY since",
                )?
                .query_map([resource], window_of)?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Stores which balance transactions a payout is made of; the list is complete.
    pub fn set_payout_members(
        &mut self,
        payout: &str,
        members: &[String],
    ) -> Result<(), LedgerError> {
        let seq = self.seq_of(payout).map_err(|error| self.fail(error))?;
        self.in_transaction(|tx| add_members(tx, (payout, seq), members, true)?.count(tx))
    }

    /// Adds to what is known of a payout's list, without saying that it is complete.
    pub fn add_payout_members(
        &mut self,
        payout: &str,
        members: &[String],
    ) -> Result<(), LedgerError> {
        let seq = self.seq_of(payout).map_err(|error| self.fail(error))?;
        self.in_transaction(|tx| {
            add_members(tx, (payout, seq), members, false)?.count(tx)?;
            // The list itself is still to be read, from its beginning.
            tx.execute("UPDATE payout_listing SET after = NULL WHERE payout = ?1", [payout])?;
            mark_dirty(tx, seq)
        })
    }

    /// Whether a payout's list was read to its end.
    pub fn is_listed(&self, payout: &str) -> Result<bool, LedgerError> {
        let found = self.texts(
            "SELECT payout FROM payout_listing WHERE payout = ?1 AND complete = 1",
            payout,
        )?;
        Ok(!found.is_empty())
    }

    /// Payouts whose list was not read to its end yet, oldest first, each with the member behind
    /// which it goes on.
    pub fn unlisted_payouts(&self) -> Result<Vec<(String, Option<String>)>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, Option<String>)>> {
            self.connection
                .prepare_cached(
                    "SELECT o.id, l.after FROM object o LEFT JOIN payout_listing l ON l.payout = o.id
                     WHERE o.kind = 'payout' AND ifnull(l.complete, 0) = 0 ORDER BY o.created, o.id",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Every payout whose list is complete, in order, with its members.
    pub fn for_each_listing<E: From<LedgerError>>(
        &self,
        mut visit: impl FnMut(&str, &[String]) -> Result<(), E>,
    ) -> Result<(), E> {
        let payouts = self
            .texts("SELECT payout FROM payout_listing WHERE complete = ?1 ORDER BY payout", "1")?;
        for payout in payouts {
            let members = self.texts(
                "SELECT balance_transaction FROM payout_member WHERE payout = ?1
                 ORDER BY balance_transaction",
                &payout,
            )?;
            visit(&payout, &members)?;
        }
        Ok(())
    }

    /// Objects that were read from the list of another one and do not name it: parent and id, by
    /// parent, in the order in which they came.
    pub fn children(&self) -> Result<Vec<(String, String)>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT p.parent, o.id FROM parent p JOIN object o USING (seq)
                     ORDER BY p.parent, o.seq",
                )?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
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

pub(super) fn window_of(row: &rusqlite::Row) -> rusqlite::Result<Window> {
    Ok(Window { since: UnixTime(row.get(0)?), until: UnixTime(row.get(1)?) })
}

/// Adds a window to those that are complete; windows that touch become one.
pub(super) fn cover(tx: &Transaction, resource: &str, window: Window) -> rusqlite::Result<()> {
    if window.since >= window.until {
        return Ok(());
    }
    let (since, until): (i64, i64) = tx
        .prepare_cached(
            "SELECT ifnull(min(since), ?2), ifnull(max(until), ?3) FROM coverage
             WHERE resource = ?1 AND since <= ?3 AND until >= ?2",
        )?
        .query_row(params![resource, window.since.0, window.until.0], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    tx.prepare_cached("DELETE FROM coverage WHERE resource = ?1 AND since <= ?3 AND until >= ?2")?
        .execute(params![resource, window.since.0, window.until.0])?;
    tx.prepare_cached("INSERT INTO coverage (resource, since, until) VALUES (?1, ?2, ?3)")?
        .execute(params![resource, since.min(window.since.0), until.max(window.until.0)])?;
    Ok(())
}

/// An object, if it is there, is to be derived again.
pub(super) fn mark_dirty(tx: &Transaction, seq: Option<i64>) -> rusqlite::Result<()> {
    let Some(seq) = seq else { return Ok(()) };
    tx.prepare_cached("INSERT OR IGNORE INTO dirty (seq) VALUES (?1)")?.execute([seq])?;
    Ok(())
}

/// Adds members to the list of a payout, which may be there itself, in the order in which Stripe
/// lists them.
pub(super) fn add_members(
    tx: &Transaction,
    (payout, seq): (&str, Option<i64>),
    members: &[String],
    is_complete: bool,
) -> rusqlite::Result<News> {
    let mut news = News::default();
    for member in members {
        news.members += tx
            .prepare_cached(
                "INSERT INTO payout_member (balance_transaction, payout) VALUES (?1, ?2)
                 ON CONFLICT DO UPDATE SET payout = excluded.payout
                 WHERE payout <> excluded.payout",
            )?
            .execute([member.as_str(), payout])?;
    }
    let known: Option<bool> = tx
        .prepare_cached("SELECT complete FROM payout_listing WHERE payout = ?1")?
        .query_row([payout], |row| row.get(0))
        .optional()?;
    tx.prepare_cached(
        "INSERT INTO payout_listing (payout, after, complete) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET after = ifnull(excluded.after, after),
                complete = max(complete, excluded.complete)",
    )?
    .execute(params![payout, members.last(), is_complete])?;
    if is_complete && known != Some(true) {
        news.lists = 1;
        mark_dirty(tx, seq)?;
    }
    Ok(news)
}
