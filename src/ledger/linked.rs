//! What names an object: the facts with a link to it, found by the index of links.
//!
//! Belongs here: one walk over the links of one target, whatever kinds of objects are wanted. Does not
//! belong here: what belongs to a case (`load`).

use memchr::memmem::find;
use rusqlite::params;
use serde::de::DeserializeOwned;

use super::put::{key_of, rel_code};
use super::{Ledger, LedgerError};
use crate::stripe::links::Rel;
use crate::stripe::objects::read;

/// An object that names another one.
pub(super) struct Naming<'a> {
    /// Its number: the smaller, the earlier it came.
    pub(super) seq: i64,
    pub(super) kind: &'a str,
    /// Its JSON.
    raw: &'a [u8],
}

impl Naming<'_> {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, LedgerError> {
        read(self.raw).map_err(LedgerError::from)
    }
}

impl Ledger {
    /// Hands every object of one of `kinds` that names `target` to `visit`, oldest first. One look
    /// into the index is enough for all kinds.
    pub(super) fn for_each_naming(
        &self,
        target: &str,
        rel: Rel,
        kinds: &[&str],
        visit: impl FnMut(Naming) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.for_each_naming_within(target, (rel, rel), kinds, visit)
    }

    /// The same of the objects that a movement was made by, or unmade.
    pub(super) fn for_each_behind(
        &self,
        movement: &str,
        kinds: &[&str],
        visit: impl FnMut(Naming) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        // Neighbours in the index: most movements have one of the two, and nobody knows which.
        let rels = (Rel::BalanceTransaction, Rel::FailureBalanceTransaction);
        self.for_each_naming_within(movement, rels, kinds, visit)
    }

    fn for_each_naming_within(
        &self,
        target: &str,
        (first, last): (Rel, Rel),
        kinds: &[&str],
        mut visit: impl FnMut(Naming) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT o.seq, o.kind, o.raw FROM link l JOIN object o USING (seq)
                 WHERE l.target = ?1 AND l.rel BETWEEN ?2 AND ?3 ORDER BY l.rel, l.seq",
            )
            .map_err(wrap)?;
        let by = params![key_of(target), rel_code(first), rel_code(last)];
        let mut rows = statement.query(by).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let kind = row.get_ref(1).and_then(|kind| Ok(kind.as_str()?)).map_err(wrap)?;
            if !kinds.contains(&kind) {
                continue;
            }
            let seq = row.get(0).map_err(wrap)?;
            let visited = self.with_unpacked(row, 2, |raw| {
                // Two ids may share a key; a parent is not named inside.
                let names = first == Rel::Parent || find(raw, target.as_bytes()).is_some();
                if names { visit(Naming { seq, kind, raw }) } else { Ok(()) }
            });
            visited.map_err(wrap)??;
        }
        Ok(())
    }

    /// The views of every object of `kind` that names one of `targets`, oldest first.
    pub(super) fn linked<T: DeserializeOwned>(
        &self,
        kind: &str,
        targets: &[impl AsRef<str>],
        rel: Rel,
    ) -> Result<Vec<T>, LedgerError> {
        let mut found = Found::default();
        for target in targets {
            self.for_each_naming(target.as_ref(), rel, &[kind], |one| found.add(&one))?;
        }
        Ok(found.in_order())
    }
}

/// Objects that were found by several targets, each once.
pub(super) struct Found<T>(Vec<(i64, T)>);

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: DeserializeOwned> Found<T> {
    pub(super) fn add(&mut self, one: &Naming) -> Result<(), LedgerError> {
        self.0.push((one.seq, one.read()?));
        Ok(())
    }

    /// Oldest first.
    pub(super) fn in_order(mut self) -> Vec<T> {
        self.0.sort_by_key(|(seq, _)| *seq);
        self.0.dedup_by_key(|(seq, _)| *seq);
        self.0.into_iter().map(|(_, object)| object).collect()
    }
}
