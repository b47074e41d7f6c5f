//! Facts: Stripe objects, byte for byte, with what they are found by.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::open::mode;
use super::{Ledger, LedgerError};
use crate::calendar::UnixTime;
use crate::stripe::links::{Link, Rel, links};
use crate::stripe::objects::Head;

/// Level 3 compresses nearly as well as the default and three times as fast.
const COMPRESSION: Compression = Compression::new(3);

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

impl Ledger {
    /// Stores a batch: all of it or nothing. An object that is as it was writes nothing; one that
    /// changed keeps what it was as a revision.
    pub fn store(
        &mut self,
        objects: &[Incoming],
        api_version: &str,
        fetched: UnixTime,
    ) -> Result<Stored, LedgerError> {
        let bound = self.meta("mode")?;
        for object in objects {
            self.check_mode(object.head, bound.as_deref())?;
        }
        let mut stored = Stored::default();
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        for object in objects {
            let links = links_of(object)?;
            match put(&tx, object, &links, api_version, fetched).map_err(wrap)? {
                Change::New => stored.new += 1,
                Change::Changed => stored.changed += 1,
                Change::None => stored.unchanged += 1,
            }
        }
        tx.commit().map_err(wrap)?;
        Ok(stored)
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
        raw(&self.connection, id).map_err(|error| self.fail(error))
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
            .prepare_cached(
                "SELECT b.raw FROM object o JOIN body b USING (seq) WHERE o.kind = ?1
                 ORDER BY o.created, o.id",
            )
            .map_err(wrap)?;
        let mut rows = statement.query([kind]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let packed: Vec<u8> = row.get(0).map_err(wrap)?;
            visit(&unpack(&packed).map_err(wrap)?)?;
        }
        Ok(())
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
            "SELECT b.raw FROM object o JOIN body b USING (seq)
             WHERE o.kind = ?1 AND o.created >= ?2 AND o.created < ?3 ORDER BY o.created, o.id",
            params![kind, since.0, until.0],
            visit,
        )
    }

    /// Hands the JSON of every changed object of a kind to `visit`.
    pub(super) fn for_each_dirty(
        &self,
        kind: &str,
        visit: impl FnMut(&[u8]) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        self.visit(
            "SELECT b.raw FROM dirty d JOIN object o USING (seq) JOIN body b USING (seq)
             WHERE o.kind = ?1",
            params![kind],
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
            let packed: Vec<u8> = row.get(0).map_err(wrap)?;
            visit(&unpack(&packed).map_err(wrap)?)?;
        }
        Ok(())
    }

    /// The ids of every object of a kind, oldest first.
    pub fn ids(&self, kind: &str) -> Result<Vec<String>, LedgerError> {
        self.texts("SELECT id FROM object WHERE kind = ?1 ORDER BY created, id", kind)
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
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(query)?
                .query_map([parameter], |row| row.get(0))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }
}

fn links_of(object: &Incoming) -> Result<Vec<Link>, LedgerError> {
    let mut links = links(object.head, object.json.as_bytes())?;
    if let Some(parent) = object.parent {
        links.push(Link { rel: Rel::Parent, target: parent.to_owned() });
    }
    Ok(links)
}

enum Change {
    New,
    Changed,
    None,
}

fn put(
    tx: &Transaction,
    object: &Incoming,
    links: &[Link],
    api_version: &str,
    fetched: UnixTime,
) -> rusqlite::Result<Change> {
    let head = object.head;
    // The account has one balance: it goes by its kind.
    let id = if head.id.is_empty() { &head.object } else { &head.id };
    let hash = ring::digest::digest(&ring::digest::SHA256, object.json.as_bytes());
    let known: Option<(i64, i64, Vec<u8>)> = tx
        .prepare_cached("SELECT seq, revision, hash FROM object WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let packed = || pack(object.json.as_bytes());
    let (seq, change) = match known {
        Some((_, _, old)) if old == hash.as_ref() => return Ok(Change::None),
        Some((seq, revision, _)) => {
            tx.prepare_cached(
                "INSERT INTO object_revision (seq, revision, hash, fetched, raw)
                 SELECT seq, revision, hash, fetched, raw FROM object JOIN body USING (seq)
                 WHERE seq = ?1",
            )?
            .execute([seq])?;
            tx.prepare_cached(
                "UPDATE object SET revision = ?2, hash = ?3, fetched = ?4, api_version = ?5
                 WHERE seq = ?1",
            )?
            .execute(params![
                seq,
                revision + 1,
                hash.as_ref(),
                fetched.0,
                api_version
            ])?;
            tx.prepare_cached("UPDATE body SET raw = ?2 WHERE seq = ?1")?
                .execute(params![seq, packed()])?;
            tx.prepare_cached("DELETE FROM link WHERE seq = ?1")?.execute([seq])?;
            (seq, Change::Changed)
        }
        None => {
            tx.prepare_cached(
                "INSERT INTO object (id, kind, created, revision, hash, fetched, api_version)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6)",
            )?
            .execute(params![
                id,
                head.object,
                head.created,
                hash.as_ref(),
                fetched.0,
                api_version
            ])?;
            let seq = tx.last_insert_rowid();
            tx.prepare_cached("INSERT INTO body (seq, raw) VALUES (?1, ?2)")?
                .execute(params![seq, packed()])?;
            (seq, Change::New)
        }
    };
    for link in links {
        tx.prepare_cached("INSERT OR IGNORE INTO link (seq, rel, target) VALUES (?1, ?2, ?3)")?
            .execute(params![seq, link.rel.as_str(), link.target])?;
    }
    tx.prepare_cached("INSERT OR IGNORE INTO dirty (seq) VALUES (?1)")?.execute([seq])?;
    Ok(change)
}

/// The verbatim JSON of the object with this id.
pub(super) fn raw(connection: &Connection, id: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let packed: Option<Vec<u8>> = connection
        .prepare_cached("SELECT b.raw FROM object o JOIN body b USING (seq) WHERE o.id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    packed.map(|packed| unpack(&packed)).transpose()
}

fn pack(raw: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(raw.len() / 3), COMPRESSION);
    encoder.write_all(raw).expect("writing to memory cannot fail");
    encoder.finish().expect("writing to memory cannot fail")
}

pub(super) fn unpack(packed: &[u8]) -> rusqlite::Result<Vec<u8>> {
    let mut raw = Vec::with_capacity(packed.len() * 4);
    ZlibDecoder::new(packed)
        .read_to_end(&mut raw)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
    Ok(raw)
}
