//! Facts: Stripe objects, byte for byte, with what they are found by.

use std::sync::Arc;

use rusqlite::types::Type;
use rusqlite::{Params, Row, params};
use serde::de::DeserializeOwned;

use super::facts::News;
use super::open::mode;
use super::pack::{Damaged, Packer};
use super::put::{OWN, Putting, api_version_id, hash_of, key_of};
use super::recent::Recent;
use super::{Ledger, LedgerError};
use crate::calendar::UnixTime;
use crate::stripe::links::{Rel, Scan, scan};
use crate::stripe::objects::{BalanceTransaction, Head, read};

/// What is kept of the buffer that objects are unpacked into; hardly an object is longer.
const SCRATCH_BYTES_MAX: usize = 1024 * 1024;

/// An object on its way in.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    pub head: &'a Head,
    /// Verbatim.
    pub json: &'a str,
    /// The object whose list it was read from, where it does not say so itself.
    pub parent: Option<&'a str>,
}

/// What storing a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    pub new: usize,
    pub changed: usize,
    pub unchanged: usize,
}

impl std::ops::AddAssign for Stored {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
    }
}

/// Makes objects ready for storing, on any thread.
#[derive(Clone)]
pub struct Preparer(pub(super) Arc<Packer>);

/// An object ready for storing: scanned, hashed and packed.
pub struct Prepared {
    scan: Scan,
    pub(super) parent: Option<String>,
    pub(super) hash: [u8; 16],
    /// What its id goes by, and the ids that it names, in the order of its links.
    pub(super) key: i64,
    pub(super) targets: Vec<i64>,
    pub(super) packed: Vec<u8>,
    pub(super) movement: Option<BalanceTransaction>,
}

impl Prepared {
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    /// The customer whose credit it moved.
    pub fn customer_with_credit(&self) -> Option<&str> {
        if !self.scan.has_credit {
            return None;
        }
        let own = (self.kind() == "customer").then(|| self.id());
        let named = || self.scan.links.iter().find(|link| link.rel == Rel::Customer);
        own.or_else(|| named().map(|link| link.target.as_str()))
    }

    pub fn kind(&self) -> &str {
        &self.scan.head.object
    }

    pub fn id(&self) -> &str {
        // The account has one balance: it goes by its kind.
        let head = &self.scan.head;
        if head.id.is_empty() { &head.object } else { &head.id }
    }
}

impl Preparer {
    pub fn prepare(&self, scan: Scan, json: &str, parent: Option<&str>) -> Prepared {
        let kind = scan.head.object.as_str();
        // One that cannot be read is the derivation's to complain about.
        let movement = (kind == "balance_transaction").then(|| read(json.as_bytes()).ok());
        let id = if scan.head.id.is_empty() { kind } else { &scan.head.id };
        Prepared {
            key: key_of(id),
            targets: scan.links.iter().map(|link| key_of(&link.target)).collect(),
            hash: hash_of(json.as_bytes()),
            packed: self.0.pack(kind, json.as_bytes()),
            parent: parent.map(str::to_owned),
            movement: movement.flatten(),
            scan,
        }
    }
}

impl Ledger {
    /// Makes objects ready for [`Ledger::pulled`].
    pub fn preparer(&self) -> Preparer {
        Preparer(Arc::clone(&self.packer))
    }

    /// Stores a batch: all of it or nothing. An object that is as it was writes nothing; one that
    /// changed keeps what it was as a revision.
    pub fn store(
        &mut self,
        objects: &[Incoming],
        api_version: &str,
        fetched: UnixTime,
    ) -> Result<Stored, LedgerError> {
        let preparer = self.preparer();
        let mut prepared = Vec::with_capacity(objects.len());
        for object in objects {
            let scan = scan(object.json.as_bytes())?;
            prepared.push(preparer.prepare(scan, object.json, object.parent));
        }
        self.check_modes(&prepared)?;
        self.shelf.take();
        self.link_all()?;
        // Whatever a pull remembers, it knows nothing of these.
        *self.recent = Recent::default();
        let packer = Arc::clone(&self.packer);
        let stored = self.in_transaction(|tx| {
            let (mut stored, mut news) = (Stored::default(), News::default());
            let version = api_version_id(tx, api_version)?;
            let mut recent = Recent::default();
            let mut putting = Putting::new(tx, &packer, &mut recent, version, fetched);
            putting.put_all(&prepared.iter().collect::<Vec<_>>(), |object, one| {
                news.note(object, one);
                stored += one;
            })?;
            putting.finish()?;
            recent.put_all(tx)?;
            news.count(tx)?;
            Ok(stored)
        })?;
        self.train_dictionaries(&prepared)?;
        Ok(stored)
    }

    /// Refuses objects of the other mode before anything is written.
    pub(super) fn check_modes(&self, objects: &[Prepared]) -> Result<(), LedgerError> {
        let bound = self.meta("mode")?;
        for object in objects {
            self.check_mode(&object.scan.head, bound.as_deref())?;
        }
        Ok(())
    }

    fn check_mode(&self, head: &Head, bound: Option<&str>) -> Result<(), LedgerError> {
        let Some(livemode) = head.livemode else { return Ok(()) };
        if bound.is_none_or(|bound| bound == mode(livemode)) {
            return Ok(());
        }
        Err(LedgerError::Mode {
            path: self.path.clone(),
            object: head.id.clone(),
            found: mode(livemode),
            bound: mode(!livemode),
        })
    }

    /// The verbatim JSON of an object.
    pub fn object(&self, id: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        self.with_object(id, <[u8]>::to_vec)
    }

    /// The view of one object.
    pub fn view<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, LedgerError> {
        let found = self.with_object(id, read)?;
        Ok(found.transpose()?)
    }

    /// What `look` makes of an object's JSON.
    fn with_object<T>(
        &self,
        id: &str,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, LedgerError> {
        let key = key_of(id);
        if self.recent.named(key).next().is_some() {
            let raw = self.of_object(id, "SELECT raw FROM object WHERE seq = ?1", |row| {
                unpacked(&self.packer, row, 0)
            })?;
            return Ok(raw.map(|raw| look(&raw)));
        }
        let run = || -> rusqlite::Result<Option<T>> {
            let mut statement = self.connection.prepare_cached(
                "SELECT o.raw FROM link l JOIN object o USING (seq)
                 WHERE l.target = ?1 AND l.rel = ?2 AND o.id = ?3",
            )?;
            let mut rows = statement.query(params![key, OWN, id])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            self.with_unpacked(row, 0, look).map(Some)
        };
        run().map_err(|error| self.fail(error))
    }

    /// What `look` makes of a packed column, unpacked into a buffer that serves many objects in turn.
    pub(super) fn with_unpacked<T>(
        &self,
        row: &Row,
        column: usize,
        look: impl FnOnce(&[u8]) -> T,
    ) -> rusqlite::Result<T> {
        let mut raw = self.scratch.take();
        let unpacked = self.packer.unpack_into(row.get_ref(column)?.as_blob()?, &mut raw);
        unpacked.map_err(|damaged| not_readable(column, damaged))?;
        let found = look(&raw);
        raw.shrink_to(SCRATCH_BYTES_MAX);
        self.scratch.replace(raw);
        Ok(found)
    }

    /// What `sql` says of the object with this id, by its number; `None` where there is none.
    pub(super) fn of_object<T>(
        &self,
        id: &str,
        sql: &str,
        read: impl FnOnce(&Row) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        let run = || -> rusqlite::Result<Option<T>> {
            let Some(seq) = self.seq_of(id)? else { return Ok(None) };
            self.connection.prepare_cached(sql)?.query_row([seq], read).map(Some)
        };
        run().map_err(|error| self.fail(error))
    }

    /// Every object of a kind, oldest first. Stops at the first error of `visit`.
    pub fn for_each_object<E: From<LedgerError>>(
        &self,
        kind: &str,
        mut visit: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached("SELECT raw FROM object WHERE kind = ?1 ORDER BY created, id")
            .map_err(wrap)?;
        let mut rows = statement.query([kind]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let raw = unpacked(&self.packer, row, 0).map_err(wrap)?;
            visit(&raw)?;
        }
        Ok(())
    }

    /// Hands the JSON of every object of a kind to which more may happen by now, as far as Stripe still
    /// has it, to `visit`, oldest first.
    pub fn for_each_watched(
        &self,
        kind: &str,
        visit: impl FnMut(&[u8]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.visit(
            "SELECT o.raw FROM watch w JOIN object o USING (seq)
             WHERE o.kind = ?1 ORDER BY o.created, o.id",
            [kind],
            visit,
        )
    }

    /// Hands the JSON of every object of a kind that was made in a half-open range of instants to
    /// `visit`, oldest first.
    pub(super) fn for_each_between(
        &self,
        kind: &str,
        since: UnixTime,
        until: UnixTime,
        visit: impl FnMut(&[u8]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.visit(
            "SELECT raw FROM object
             WHERE kind = ?1 AND created >= ?2 AND created < ?3 ORDER BY created, id",
            params![kind, since.0, until.0],
            visit,
        )
    }

    fn visit(
        &self,
        query: &str,
        parameters: impl rusqlite::Params,
        mut visit: impl FnMut(&[u8]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let wrap = |error| self.fail(error);
        let mut statement = self.connection.prepare_cached(query).map_err(wrap)?;
        let mut rows = statement.query(parameters).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            visit(&unpacked(&self.packer, row, 0).map_err(wrap)?)?;
        }
        Ok(())
    }

    /// The ids of every object of a kind, oldest first.
    pub fn ids(&self, kind: &str) -> Result<Vec<String>, LedgerError> {
        self.texts("SELECT id FROM object WHERE kind = ?1 ORDER BY created, id", kind)
    }

    /// How many objects of a kind were made between two instants, both excluded; no more than `at_most` are
    /// counted.
    pub fn count_between(
        &self,
        kind: &str,
        after: UnixTime,
        until: UnixTime,
        at_most: usize,
    ) -> Result<usize, LedgerError> {
        let run = || -> rusqlite::Result<i64> {
            self.connection
                .prepare_cached(
                    "SELECT count(*) FROM (SELECT 1 FROM object
                     WHERE kind = ?1 AND created > ?2 AND created < ?3 LIMIT ?4)",
                )?
                .query_row(
                    params![kind, after.0, until.0, i64::try_from(at_most).unwrap_or(i64::MAX)],
                    |row| row.get(0),
                )
        };
        let count = run().map_err(|error| self.fail(error))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The API version that an object came with, when it is there.
    pub fn api_version_of(&self, id: &str) -> Result<Option<String>, LedgerError> {
        self.of_object(
            id,
            "SELECT v.name FROM object o JOIN api_version v ON v.id = o.api_version
             WHERE o.seq = ?1",
            |row| row.get(0),
        )
    }

    /// How many objects there are of each kind.
    pub fn count_by_kind(&self) -> Result<Vec<(String, u64)>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, u64)>> {
            self.connection
                .prepare_cached("SELECT kind, count(*) FROM object GROUP BY kind ORDER BY kind")?
                .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Runs a query with one text parameter and one text column.
    pub(super) fn texts(&self, query: &str, parameter: &str) -> Result<Vec<String>, LedgerError> {
        self.texts_by(query, [parameter])
    }

    /// The same of a query without a parameter.
    pub(super) fn all_texts(&self, query: &str) -> Result<Vec<String>, LedgerError> {
        self.texts_by(query, [])
    }

    fn texts_by(&self, query: &str, by: impl Params) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection.prepare_cached(query)?.query_map(by, |row| row.get(0))?.collect()
        };
        run().map_err(|error| self.fail(error))
    }
}

/// A packed column as it was.
pub(super) fn unpacked(
    packer: &Packer,
    row: &rusqlite::Row,
    column: usize,
) -> rusqlite::Result<Vec<u8>> {
    unpacked_bytes(packer, row.get_ref(column)?.as_blob()?, column)
}

/// The same of bytes that were taken from a row before.
pub(super) fn unpacked_bytes(
    packer: &Packer,
    packed: &[u8],
    column: usize,
) -> rusqlite::Result<Vec<u8>> {
    packer.unpack(packed).map_err(|damaged| not_readable(column, damaged))
}

fn not_readable(column: usize, damaged: Damaged) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, Box::new(damaged))
}
