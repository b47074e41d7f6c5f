//! Links of objects that came lately and are not in the file's index of links yet.
//!
//! Ids are spread all over that index: a page of it is written for nearly every link. So a pull keeps
//! links here, by the hundred thousand, and puts them into the file in their order, some with each
//! transaction. What a run that was killed kept here is found again in the objects themselves: the
//! table `linked` says up to which object the file's index goes.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::met::{ByKey, Met};
use super::objects::unpacked;
use super::pack::Packer;
use super::put::{OWN, key_of, rel_code};
use super::{Ledger, LedgerError};
use crate::stripe::links::{Rel, scan};

/// Links that are kept before they go into the file: 15 MB of memory with what they are found by, and as
/// much for those on their way.
const LINKS_MAX: usize = 600_000;

/// Links that go into the file with each transaction, at least, while some are on their way.
const LINKS_PER_COMMIT: usize = 4_000;

/// How much faster links go into the file than new ones come, so that the next ones find room.
const CATCH_UP: usize = 4;

/// Objects of which the links are found again in one transaction: it takes a fraction of a second,
/// for which another run can wait.
const OBJECTS_AT_ONCE: i64 = 20_000;

/// Customers that are remembered as known.
const CUSTOMERS_MAX: usize = 300_000;

/// One link: what is named, how, and by which object. Sorts as the index does, and takes sixteen bytes,
/// because a pull keeps more than a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkRow {
    target: i64,
    /// How in the highest byte, by which object in the others.
    how_and_seq: i64,
}

/// Bits of the number of an object: it would take an object a second for two thousand million years.
const SEQ_BITS: u32 = 56;

impl LinkRow {
    pub(super) const fn new(target: i64, rel: i64, seq: i64) -> Self {
        Self { target, how_and_seq: (rel << SEQ_BITS) | seq }
    }

    const fn rel(self) -> i64 {
        self.how_and_seq >> SEQ_BITS
    }

    const fn seq(self) -> i64 {
        self.how_and_seq & ((1 << SEQ_BITS) - 1)
    }
}

/// The links that are kept.
#[derive(Default)]
pub(super) struct Recent {
    young: Generation,
    /// On its way into the file: sorted, the first one last.
    old: Generation,
    /// Objects up to this one have all their links in the file once `old` is there.
    old_until: i64,
    /// Links that came with the transaction under way.
    added: usize,
    /// Customers that are in the file, or that are noted as wanted.
    customers: HashSet<i64, ByKey>,
    /// What is remembered of the pull under way.
    pub(super) met: Met,
}

/// Links, and the objects that go by their own id among them.
#[derive(Default)]
struct Generation {
    own: HashMap<i64, i64, ByKey>,
    /// Objects whose ids have the key of another id.
    twins: Vec<(i64, i64)>,
    links: Vec<LinkRow>,
}

impl Generation {
    fn named(&self, key: i64) -> impl Iterator<Item = i64> {
        let twins = self.twins.iter().filter(move |(twin, _)| *twin == key).map(|(_, seq)| *seq);
        self.own.get(&key).copied().into_iter().chain(twins)
    }

    /// Empties it, and keeps its memory for the next ones: what is given back again and again leaves holes.
    fn clear(&mut self) {
        self.own.clear();
        self.twins.clear();
        self.links.clear();
    }

    /// Forgets what an object named; its own id stays, and so does whose list it came from.
    fn forget(&mut self, seq: i64) {
        let parent = rel_code(Rel::Parent);
        self.links.retain(|link| link.seq() != seq || link.rel() == OWN || link.rel() == parent);
    }
}

impl Recent {
    /// At the beginning of a pull.
    pub(super) fn of_pull(met: Met) -> Self {
        Self { met, ..Self::default() }
    }

    /// The objects that may go by an id with this key.
    pub(super) fn named(&self, key: i64) -> impl Iterator<Item = i64> {
        self.young.named(key).chain(self.old.named(key))
    }

    /// A new object, by its own id.
    pub(super) fn add_object(&mut self, key: i64, seq: i64) {
        self.met.came(key);
        let first = *self.young.own.entry(key).or_insert(seq);
        if first != seq {
            self.young.twins.push((key, seq));
        }
        self.add(LinkRow::new(key, OWN, seq));
    }

    /// A link of a new object.
    pub(super) fn add(&mut self, link: LinkRow) {
        self.young.links.push(link);
        self.added += 1;
    }

    /// An object is named; says whether it came lately.
    pub(super) fn name(&mut self, key: i64) -> bool {
        let has_come = self.named(key).next().is_some();
        if !has_come {
            self.met.named(key);
        }
        has_come
    }

    /// Forgets what an object named before it changed.
    pub(super) fn forget(&mut self, seq: i64) {
        self.young.forget(seq);
        self.old.forget(seq);
    }

    /// Whether a customer was not met before.
    pub(super) fn is_new_customer(&mut self, key: i64) -> bool {
        if self.customers.len() >= CUSTOMERS_MAX {
            self.customers.clear();
        }
        self.customers.insert(key)
    }

    /// Whether it is time to put links into the file.
    pub(super) fn is_full(&self) -> bool {
        self.young.links.len() >= LINKS_MAX
    }

    /// Takes out what came last, in order, for a schema of which the index never lags behind.
    pub(super) fn take(&mut self) -> Vec<LinkRow> {
        let mut links = std::mem::take(&mut self.young).links;
        links.sort_unstable();
        links
    }

    /// Puts some links into the file, once enough are kept.
    pub(super) fn put_some(&mut self, tx: &Transaction) -> rusqlite::Result<()> {
        let count = LINKS_PER_COMMIT.max(self.added * CATCH_UP);
        self.added = 0;
        self.put_piece(tx, LINKS_MAX, count)
    }

    /// Puts `count` links into the file, once `enough` are kept.
    pub(super) fn put_piece(
        &mut self,
        tx: &Transaction,
        enough: usize,
        count: usize,
    ) -> rusqlite::Result<()> {
        if self.old.links.is_empty() && self.young.links.len() >= enough {
            self.turn(tx)?;
        }
        self.put_old(tx, count)
    }

    /// Puts every link into the file.
    pub(super) fn put_all(&mut self, tx: &Transaction) -> rusqlite::Result<()> {
        self.put_old(tx, usize::MAX)?;
        self.turn(tx)?;
        self.put_old(tx, usize::MAX)?;
        (self.young, self.old) = (Generation::default(), Generation::default());
        Ok(())
    }

    /// From now on the young ones are on their way, which those before them left.
    fn turn(&mut self, tx: &Transaction) -> rusqlite::Result<()> {
        std::mem::swap(&mut self.old, &mut self.young);
        self.old.links.sort_unstable_by(|one, other| other.cmp(one));
        self.old_until = tx
            .prepare_cached("SELECT ifnull(max(seq), 0) FROM object")?
            .query_row([], |row| row.get(0))?;
        Ok(())
    }

    fn put_old(&mut self, tx: &Transaction, count: usize) -> rusqlite::Result<()> {
        if self.old.links.is_empty() {
            return Ok(());
        }
        let rest = self.old.links.len().saturating_sub(count);
        insert(tx, self.old.links.drain(rest..).rev())?;
        if rest == 0 {
            self.old.clear();
            note_linked(tx, self.old_until)?;
        }
        Ok(())
    }
}

/// Puts links into the file; in order, that costs least.
pub(super) fn insert(
    tx: &Transaction,
    links: impl Iterator<Item = LinkRow>,
) -> rusqlite::Result<()> {
    let mut insert = tx
        .prepare_cached("INSERT OR IGNORE INTO main.link (target, rel, seq) VALUES (?1, ?2, ?3)")?;
    for link in links {
        insert.execute([link.target, link.rel(), link.seq()])?;
    }
    Ok(())
}

fn note_linked(tx: &Transaction, seq: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE linked SET seq = max(seq, ?1)")?.execute([seq])?;
    Ok(())
}

/// The object with this id.
pub(super) fn find(
    connection: &Connection,
    recent: &Recent,
    id: &str,
) -> rusqlite::Result<Option<i64>> {
    let key = key_of(id);
    for seq in recent.named(key) {
        let is_it: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM object WHERE seq = ?1 AND id = ?2)")?
            .query_row(params![seq, id], |row| row.get(0))?;
        if is_it {
            return Ok(Some(seq));
        }
    }
    connection
        .prepare_cached(
            "SELECT o.seq FROM link l JOIN object o USING (seq)
             WHERE l.target = ?1 AND l.rel = ?2 AND o.id = ?3",
        )?
        .query_row(params![key, OWN, id], |row| row.get(0))
        .optional()
}

impl Ledger {
    /// The object with this id.
    pub(super) fn seq_of(&self, id: &str) -> rusqlite::Result<Option<i64>> {
        find(&self.connection, &self.recent, id)
    }

    /// Puts every link that is kept into the file, and those that an earlier run left.
    pub fn link_all(&mut self) -> Result<(), LedgerError> {
        let mut recent = std::mem::take(&mut self.recent);
        if let Err(cause) = self.in_transaction(|tx| recent.put_all(tx)) {
            self.has_unlinked = true;
            return Err(cause);
        }
        self.recent = recent;
        while self.has_unlinked {
            let packer = std::sync::Arc::clone(&self.packer);
            self.has_unlinked = self.in_transaction(|tx| link_some(tx, &packer))?;
            if !self.has_unlinked {
                let forget = "DROP VIEW IF EXISTS temp.link; DROP TABLE IF EXISTS temp.unlinked;";
                self.connection.execute_batch(forget).map_err(|error| self.fail(error))?;
            }
        }
        Ok(())
    }
}

/// Puts links that a run which ended early kept into the file; `false` when there are no more.
fn link_some(tx: &Transaction, packer: &Packer) -> rusqlite::Result<bool> {
    let from: i64 = tx.query_row("SELECT seq FROM linked", [], |row| row.get(0))?;
    let (mut links, last) = links_behind(tx, packer, from)?;
    let Some(last) = last else { return Ok(false) };
    links.sort_unstable();
    insert(tx, links.into_iter())?;
    note_linked(tx, last)?;
    Ok(true)
}

/// What some objects behind one name, and the last of these objects.
fn links_behind(
    connection: &Connection,
    packer: &Packer,
    from: i64,
) -> rusqlite::Result<(Vec<LinkRow>, Option<i64>)> {
    let (mut links, mut last) = (Vec::new(), None);
    let mut statement = connection.prepare(
        "SELECT o.seq, o.id, o.raw, p.parent FROM object o LEFT JOIN parent p USING (seq)
         WHERE o.seq > ?1 ORDER BY o.seq LIMIT ?2",
    )?;
    let mut rows = statement.query([from, OBJECTS_AT_ONCE])?;
    while let Some(row) = rows.next()? {
        let seq = row.get(0)?;
        last = Some(seq);
        links.push(LinkRow::new(key_of(row.get_ref(1)?.as_str()?), OWN, seq));
        let parent = row.get_ref(3)?.as_str_or_null()?;
        links.extend(parent.map(|parent| LinkRow::new(key_of(parent), rel_code(Rel::Parent), seq)));
        // What could be stored once can be scanned again.
        let named = scan(&unpacked(packer, row, 2)?).map(|scan| scan.links).unwrap_or_default();
        let named = named.iter();
        links.extend(named.map(|link| LinkRow::new(key_of(&link.target), rel_code(link.rel), seq)));
    }
    Ok((links, last))
}

/// Whether a run left objects whose links are not in the file.
pub(super) fn has_unlinked(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT (SELECT ifnull(max(seq), 0) FROM object) > (SELECT seq FROM linked)",
        [],
        |row| row.get(0),
    )
}

/// Lays a view over the index that has the links which are not in it: for who only reads.
pub(super) fn overlay(connection: &Connection, packer: &Packer) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TEMP TABLE unlinked (target INTEGER NOT NULL, rel INTEGER NOT NULL,
           seq INTEGER NOT NULL, PRIMARY KEY (target, rel, seq)) STRICT, WITHOUT ROWID;
         CREATE TEMP VIEW link AS
           SELECT target, rel, seq FROM main.link UNION ALL SELECT target, rel, seq FROM unlinked;",
    )?;
    let mut from: i64 = connection.query_row("SELECT seq FROM linked", [], |row| row.get(0))?;
    let mut add = connection.prepare(
        "INSERT OR IGNORE INTO unlinked (target, rel, seq)
         SELECT ?1, ?2, ?3 WHERE NOT EXISTS (
           SELECT 1 FROM main.link WHERE target = ?1 AND rel = ?2 AND seq = ?3)",
    )?;
    loop {
        let (links, last) = links_behind(connection, packer, from)?;
        let Some(last) = last else { return Ok(()) };
        for link in links {
            add.execute([link.target, link.rel(), link.seq()])?;
        }
        from = last;
    }
}
