//! Putting objects into the file, with everything that they are found by and that follows from them.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};

use super::objects::{Prepared, Stored, unpacked};
use super::pack::Packer;
use super::recent::{LinkRow, Recent, insert};
use crate::calendar::UnixTime;
use crate::stripe::links::{Link, Rel, scan};
use crate::stripe::objects::BalanceTransaction;
use crate::stripe::resource::Resource;

/// The first half of a SHA-256: enough to tell any two objects apart, and to find damage.
pub(super) fn hash_of(raw: &[u8]) -> [u8; 16] {
    let digest = ring::digest::digest(&ring::digest::SHA256, raw);
    let mut half = [0; 16];
    half.copy_from_slice(&digest.as_ref()[..16]);
    half
}

/// What a link goes by: eight bytes of the target's SHA-256. Among a billion ids the chance of a
/// mistaken one is one in forty, and what is found by it is checked against the object itself.
pub(super) fn key_of(id: &str) -> i64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, id.as_bytes());
    let mut eight = [0; 8];
    eight.copy_from_slice(&digest.as_ref()[..8]);
    i64::from_be_bytes(eight)
}

/// The number under which an object goes by its own id, beside the ways of naming another.
pub(super) const OWN: i64 = 0;

/// The number that a way of naming has in the ledger; never changes.
pub(super) const fn rel_code(rel: Rel) -> i64 {
    match rel {
        Rel::Customer => 1,
        Rel::Charge => 2,
        Rel::Invoice => 3,
        Rel::BalanceTransaction => 4,
        Rel::FailureBalanceTransaction => 5,
        Rel::Parent => 6,
        Rel::PaymentIntent => 7,
        Rel::CreditNote => 8,
        Rel::Refund => 9,
        Rel::Source => 10,
    }
}

pub(super) fn api_version_id(tx: &Transaction, name: &str) -> rusqlite::Result<i64> {
    tx.prepare_cached("INSERT OR IGNORE INTO api_version (name) VALUES (?1)")?.execute([name])?;
    tx.prepare_cached("SELECT id FROM api_version WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
}

/// An object that is in the file already.
#[derive(Clone, Copy)]
struct Known {
    seq: i64,
    hash: [u8; 16],
}

/// Objects on their way into the file, in one transaction.
pub(super) struct Putting<'a> {
    tx: &'a Transaction<'a>,
    packer: &'a Packer,
    recent: &'a mut Recent,
    api_version: i64,
    fetched: UnixTime,
    /// The first object that is new.
    first_new: Option<i64>,
    /// Objects that changed, as they are now.
    replaced: BTreeMap<i64, [u8; 16]>,
}

impl<'a> Putting<'a> {
    pub(super) fn new(
        tx: &'a Transaction<'a>,
        packer: &'a Packer,
        recent: &'a mut Recent,
        api_version: i64,
        fetched: UnixTime,
    ) -> Self {
        Self {
            tx,
            packer,
            recent,
            api_version,
            fetched,
            first_new: None,
            replaced: BTreeMap::new(),
        }
    }

    /// Stores objects; tells `stored` of each, in order.
    pub(super) fn put_all(
        &mut self,
        objects: &[&Prepared],
        mut stored: impl FnMut(&Prepared, Stored),
    ) -> rusqlite::Result<()> {
        let known = self.look_up(objects)?;
        for (object, known) in objects.iter().zip(known) {
            stored(object, self.put(object, known, None)?);
        }
        Ok(())
    }

    /// Stores one object as it was copied from an older schema.
    pub(super) fn copy(&mut self, object: &Prepared, seq: i64) -> rusqlite::Result<()> {
        self.put(object, None, Some(seq)).map(drop)
    }

    /// Notes that what is new is to be derived. Comes last.
    pub(super) fn finish(self) -> rusqlite::Result<()> {
        let Some(first) = self.first_new else { return Ok(()) };
        self.tx
            .prepare_cached(
                "INSERT OR IGNORE INTO dirty (seq) SELECT seq FROM object WHERE seq >= ?1",
            )?
            .execute([first])?;
        Ok(())
    }

    /// Which of these are in the file's index, asked for in the order of the index.
    fn look_up(&self, objects: &[&Prepared]) -> rusqlite::Result<Vec<Option<Known>>> {
        let may_be_there = |place: &usize| self.recent.met.may_be_there(objects[*place].key);
        let mut order: Vec<usize> = (0..objects.len()).filter(may_be_there).collect();
        order.sort_unstable_by_key(|place| objects[*place].key);
        let mut found = vec![None; objects.len()];
        let mut statement = self.tx.prepare_cached(
            "SELECT o.seq, o.hash FROM link l JOIN object o USING (seq)
             WHERE l.target = ?1 AND l.rel = ?2 AND o.id = ?3",
        )?;
        for place in order {
            let object = objects[place];
            let mut rows = statement.query(params![object.key, OWN, object.id()])?;
            if let Some(row) = rows.next()? {
                found[place] = Some(Known { seq: row.get(0)?, hash: row.get(1)? });
            }
        }
        Ok(found)
    }

    /// The object as the latest transactions, or this one, left it.
    fn among_recent(&self, object: &Prepared) -> rusqlite::Result<Option<Known>> {
        if !self.recent.met.may_be_there(object.key) {
            return Ok(None);
        }
        for seq in self.recent.named(object.key) {
            let found = self
                .tx
                .prepare_cached("SELECT hash FROM object WHERE seq = ?1 AND id = ?2")?
                .query_row(params![seq, object.id()], |row| row.get(0))
                .optional()?;
            if let Some(hash) = found {
                return Ok(Some(Known { seq, hash }));
            }
        }
        Ok(None)
    }

    fn put(
        &mut self,
        object: &Prepared,
        known: Option<Known>,
        seq: Option<i64>,
    ) -> rusqlite::Result<Stored> {
        // It may have come, or changed, since it was looked up.
        let known = self.among_recent(object)?.or(known).map(|known| Known {
            hash: self.replaced.get(&known.seq).copied().unwrap_or(known.hash),
            ..known
        });
        let (seq, stored) = match known {
            Some(known) if known.hash == object.hash => {
                // Time alone may have brought it to its end.
                if object.scan().open_until.is_none_or(|until| until <= self.fetched) {
                    unwatch(self.tx, known.seq)?;
                }
                self.satisfy(object)?;
                return Ok(Stored { unchanged: 1, ..Stored::default() });
            }
            Some(Known { seq, .. }) => {
                self.replace(seq, object)?;
                (seq, Stored { changed: 1, ..Stored::default() })
            }
            None => (self.insert(seq, object)?, Stored { new: 1, ..Stored::default() }),
        };
        self.note_relations(seq, object, stored.new == 0)?;
        Ok(stored)
    }

    fn insert(&mut self, seq: Option<i64>, object: &Prepared) -> rusqlite::Result<i64> {
        let head = &object.scan().head;
        self.tx
            .prepare_cached(
                "INSERT INTO object (seq, id, kind, created, revision, fetched, api_version, hash, raw)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                seq,
                object.id(),
                head.object,
                head.created,
                self.fetched.0,
                self.api_version,
                object.hash,
                object.packed
            ])?;
        let seq = self.tx.last_insert_rowid();
        self.first_new.get_or_insert(seq);
        self.recent.add_object(object.key, seq);
        Ok(seq)
    }

    /// Keeps what the object was, and takes over what it is.
    fn replace(&mut self, seq: i64, object: &Prepared) -> rusqlite::Result<()> {
        let tx = self.tx;
        tx.prepare_cached(
            "INSERT INTO object_revision (seq, revision, fetched, hash, raw)
             SELECT seq, revision, fetched, hash, raw FROM object WHERE seq = ?1",
        )?
        .execute([seq])?;
        let before = tx
            .prepare_cached("SELECT raw FROM object WHERE seq = ?1")?
            .query_row([seq], |row| unpacked(self.packer, row, 0))?;
        // What could be stored once can be scanned again.
        for link in scan(&before).map(|scan| scan.links).unwrap_or_default() {
            tx.prepare_cached("DELETE FROM main.link WHERE target = ?1 AND rel = ?2 AND seq = ?3")?
                .execute([key_of(&link.target), rel_code(link.rel), seq])?;
        }
        self.recent.forget(seq);
        tx.prepare_cached(
            "UPDATE object SET revision = revision + 1, hash = ?2, fetched = ?3, api_version = ?4,
                    raw = ?5 WHERE seq = ?1",
        )?
        .execute(params![
            seq,
            object.hash,
            self.fetched.0,
            self.api_version,
            object.packed
        ])?;
        tx.prepare_cached("INSERT OR IGNORE INTO dirty (seq) VALUES (?1)")?.execute([seq])?;
        self.replaced.insert(seq, object.hash);
        Ok(())
    }

    /// Links, money, and what is still to be read because of an object.
    fn note_relations(
        &mut self,
        seq: i64,
        object: &Prepared,
        was_known: bool,
    ) -> rusqlite::Result<()> {
        let tx = self.tx;
        for (link, target) in object.scan().links.iter().zip(&object.targets) {
            self.link(*target, link.rel, seq, was_known)?;
            self.want(&object.scan().head.object, link, *target)?;
        }
        if let Some(parent) = &object.parent {
            self.link(key_of(parent), Rel::Parent, seq, was_known)?;
            tx.prepare_cached("INSERT OR REPLACE INTO parent (seq, parent) VALUES (?1, ?2)")?
                .execute(params![seq, parent])?;
        }
        match object.scan().open_until {
            Some(until) if until > self.fetched => {
                tx.prepare_cached("INSERT OR REPLACE INTO watch (seq, until) VALUES (?1, ?2)")?
                    .execute([seq, until.0])?;
            }
            _ if was_known => unwatch(tx, seq)?,
            _ => {}
        }
        if let Some(id) = object.customer_with_credit() {
            add_wanted(tx, Resource::CustomerBalanceTransactions, id)?;
        }
        self.satisfy(object)?;
        if let Some(movement) = &object.movement {
            put_movement(tx, seq, movement)?;
        }
        Ok(())
    }

    /// What was wanted is there.
    fn satisfy(&self, object: &Prepared) -> rusqlite::Result<()> {
        if matches!(object.kind(), "customer" | "charge" | "invoice")
            && self.recent.met.may_be_wanted(object.key)
            && let Some(resource) = Resource::of_kind(object.kind())
        {
            self.tx
                .prepare_cached("DELETE FROM wanted WHERE resource = ?1 AND id = ?2")?
                .execute([resource.as_str(), object.id()])?;
        }
        Ok(())
    }

    /// What a new object names is kept; of one that was there before, nobody would look for it again.
    fn link(&mut self, target: i64, rel: Rel, seq: i64, was_known: bool) -> rusqlite::Result<()> {
        let link = LinkRow::new(target, rel_code(rel), seq);
        if was_known {
            return insert(self.tx, std::iter::once(link));
        }
        self.recent.add(link);
        Ok(())
    }

    /// An object that another one cannot be understood without, or that changed because of it, is
    /// read, however old it is. A refund changes its charge, a credit note its invoice.
    fn want(&mut self, kind: &str, link: &Link, target: i64) -> rusqlite::Result<()> {
        let (resource, has_changed) = match (link.rel, kind) {
            (Rel::Customer, "customer_balance_transaction") => (Resource::Customers, true),
            (Rel::Customer, _) if !self.recent.is_new_customer(target) => return Ok(()),
            (Rel::Customer, _) => (Resource::Customers, false),
            (Rel::Charge, "refund" | "dispute") => (Resource::Charges, true),
            (Rel::Invoice, "credit_note") => (Resource::Invoices, true),
            (Rel::Invoice, "invoice_payment") => (Resource::Invoices, false),
            (Rel::Source, _) => {
                self.recent.name(target);
                return Ok(());
            }
            _ => return Ok(()),
        };
        if has_changed {
            self.recent.met.wanted(target);
            return add_wanted(self.tx, resource, &link.target);
        }
        if self.recent.name(target) {
            return Ok(());
        }
        self.tx
            .prepare_cached("INSERT INTO named (resource, id) VALUES (?1, ?2)")?
            .execute([resource.as_str(), &link.target])?;
        Ok(())
    }
}

/// The flat row of a balance transaction.
fn put_movement(tx: &Transaction, seq: i64, bt: &BalanceTransaction) -> rusqlite::Result<()> {
    let source = bt.source.as_ref().map(AsRef::as_ref);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO movement
         (seq, currency, type, category, amount, fee, net, available_on, source)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        seq,
        bt.currency.code(),
        bt.kind,
        bt.reporting_category,
        bt.amount().minor(),
        bt.fee().minor(),
        bt.net().minor(),
        bt.available_on.0,
        source as Option<&str>
    ])?;
    Ok(())
}

fn unwatch(tx: &Transaction, seq: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM watch WHERE seq = ?1")?.execute([seq])?;
    Ok(())
}

fn add_wanted(tx: &Transaction, resource: Resource, id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO wanted (resource, id) VALUES (?1, ?2)")?
        .execute([resource.as_str(), id])?;
    Ok(())
}
