//! How many facts the ledger holds: what tells whether a plan was made from the same ones.

use rusqlite::{Transaction, params};

use super::objects::Prepared;
use super::{Ledger, LedgerError, Stored};

/// What one transaction adds to the facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    pub(super) objects: usize,
    pub(super) revisions: usize,
    /// Members of payouts, and lists of them that were read to their end.
    pub(super) members: usize,
    pub(super) lists: usize,
}

impl std::ops::AddAssign for News {
    fn add_assign(&mut self, other: Self) {
        self.objects += other.objects;
        self.revisions += other.revisions;
        self.members += other.members;
        self.lists += other.lists;
    }
}

impl News {
    /// Counts what storing an object did. The balance is left out: no record comes of it.
    pub(super) fn note(&mut self, object: &Prepared, stored: Stored) {
        if object.kind() != "balance" {
            self.objects += stored.new;
            self.revisions += stored.new + stored.changed;
        }
    }

    /// Writes it down, in the transaction that adds it.
    pub(super) fn count(self, tx: &Transaction) -> rusqlite::Result<()> {
        if self == Self::default() {
            return Ok(());
        }
        let [objects, revisions, members, lists] =
            [self.objects, self.revisions, self.members, self.lists]
                .map(|count| i64::try_from(count).expect("fewer than fit in memory"));
        tx.prepare_cached(
            "UPDATE fact_count SET objects = objects + ?1, revisions = revisions + ?2,
                    members = members + ?3, lists = lists + ?4",
        )?
        .execute(params![objects, revisions, members, lists])?;
        Ok(())
    }
}

impl Ledger {
    /// Recognises the facts that the ledger holds. Objects are never removed and revisions only
    /// grow, so equal counts mean equal facts.
    pub fn facts_version(&self) -> Result<String, LedgerError> {
        let run = || -> rusqlite::Result<String> {
            self.connection.query_row(
                "SELECT objects || ' objects, ' || revisions || ' revisions, '
                     || members || ' of ' || lists || ' payouts' FROM fact_count",
                [],
                |row| row.get(0),
            )
        };
        run().map_err(|error| self.fail(error))
    }
}
