//! Putting one object into the file, with everything that it is found by and that follows from it.

use rusqlite::{OptionalExtension, Transaction, params};

use super::objects::{Prepared, Stored, unpacked};
use super::pack::Packer;
use crate::calendar::UnixTime;
use crate::stripe::links::{Link, Rel, scan};
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

/// Stores one object; `seq` only when it is copied from an older schema.
pub(super) fn put(
    tx: &Transaction,
    packer: &Packer,
    object: &Prepared,
    api_version: i64,
    fetched: UnixTime,
    seq: Option<i64>,
) -> rusqlite::Result<Stored> {
    let known: Option<(i64, Vec<u8>)> = tx
        .prepare_cached("SELECT seq, hash FROM object WHERE id = ?1")?
        .query_row([object.id()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (seq, stored) = match known {
        Some((seq, hash)) if hash == object.hash => {
            // Time alone may have brought it to its end.
            if object.scan().open_until.is_none_or(|until| until <= fetched) {
                unwatch(tx, seq)?;
            }
            satisfy(tx, object)?;
            return Ok(Stored { unchanged: 1, ..Stored::default() });
        }
        Some((seq, _)) => {
            replace(tx, packer, seq, object, api_version, fetched)?;
            (seq, Stored { changed: 1, ..Stored::default() })
        }
        None => {
            let head = &object.scan().head;
            tx.prepare_cached(
                "INSERT INTO object (seq, id, kind, created, revision, fetched, api_version, hash, raw)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                seq,
                object.id(),
                head.object,
                head.created,
                fetched.0,
                api_version,
                object.hash,
                object.packed
            ])?;
            (tx.last_insert_rowid(), Stored { new: 1, ..Stored::default() })
        }
    };
    note_relations(tx, seq, object, fetched)?;
    tx.prepare_cached("INSERT OR IGNORE INTO dirty (seq) VALUES (?1)")?.execute([seq])?;
    Ok(stored)
}

/// Keeps what the object was, and takes over what it is.
fn replace(
    tx: &Transaction,
    packer: &Packer,
    seq: i64,
    object: &Prepared,
    api_version: i64,
    fetched: UnixTime,
) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO object_revision (seq, revision, fetched, hash, raw)
         SELECT seq, revision, fetched, hash, raw FROM object WHERE seq = ?1",
    )?
    .execute([seq])?;
    let before = tx
        .prepare_cached("SELECT raw FROM object WHERE seq = ?1")?
        .query_row([seq], |row| unpacked(packer, row, 0))?;
    // What could be stored once can be scanned again.
    for link in scan(&before).map(|scan| scan.links).unwrap_or_default() {
        tx.prepare_cached("DELETE FROM link WHERE target = ?1 AND rel = ?2 AND seq = ?3")?
            .execute([key_of(&link.target), rel_code(link.rel), seq])?;
    }
    tx.prepare_cached(
        "UPDATE object SET revision = revision + 1, hash = ?2, fetched = ?3, api_version = ?4,
                raw = ?5 WHERE seq = ?1",
    )?
    .execute(params![seq, object.hash, fetched.0, api_version, object.packed])?;
    Ok(())
}

/// Links, money, and what is still to be read because of an object.
fn note_relations(
    tx: &Transaction,
    seq: i64,
    object: &Prepared,
    fetched: UnixTime,
) -> rusqlite::Result<()> {
    let parent = object.parent.clone().map(|target| Link { rel: Rel::Parent, target });
    for link in object.scan().links.iter().chain(&parent) {
        tx.prepare_cached("INSERT OR IGNORE INTO link (target, rel, seq) VALUES (?1, ?2, ?3)")?
            .execute([key_of(&link.target), rel_code(link.rel), seq])?;
        want(tx, &object.scan().head.object, link)?;
    }
    if let Some(parent) = &object.parent {
        tx.prepare_cached("INSERT OR REPLACE INTO parent (seq, parent) VALUES (?1, ?2)")?
            .execute(params![seq, parent])?;
    }
    match object.scan().open_until {
        Some(until) if until > fetched => {
            tx.prepare_cached("INSERT OR REPLACE INTO watch (seq, until) VALUES (?1, ?2)")?
                .execute([seq, until.0])?;
        }
        _ => unwatch(tx, seq)?,
    }
    if let Some(id) = object.customer_with_credit() {
        add_wanted(tx, Resource::CustomerBalanceTransactions, id)?;
    }
    satisfy(tx, object)?;
    if let Some(bt) = &object.movement {
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
    }
    Ok(())
}

fn unwatch(tx: &Transaction, seq: i64) -> rusqlite::Result<()> {
    tx.prepare_cached("DELETE FROM watch WHERE seq = ?1")?.execute([seq])?;
    Ok(())
}

/// What was wanted is there.
fn satisfy(tx: &Transaction, object: &Prepared) -> rusqlite::Result<()> {
    if matches!(object.kind(), "customer" | "charge" | "invoice")
        && let Some(resource) = Resource::of_kind(object.kind())
    {
        tx.prepare_cached("DELETE FROM wanted WHERE resource = ?1 AND id = ?2")?
            .execute([resource.as_str(), object.id()])?;
    }
    Ok(())
}

/// An object that another one cannot be understood without, or that changed because of it, is read,
/// however old it is. A refund changes its charge, a credit note its invoice.
fn want(tx: &Transaction, kind: &str, link: &Link) -> rusqlite::Result<()> {
    let (resource, has_changed) = match (link.rel, kind) {
        (Rel::Customer, _) => (Resource::Customers, kind == "customer_balance_transaction"),
        (Rel::Charge, "refund" | "dispute") => (Resource::Charges, true),
        (Rel::Invoice, "credit_note") => (Resource::Invoices, true),
        (Rel::Invoice, "invoice_payment") => (Resource::Invoices, false),
        _ => return Ok(()),
    };
    let is_known = !has_changed
        && tx
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM object WHERE id = ?1)")?
            .query_row([&link.target], |row| row.get(0))?;
    if is_known { Ok(()) } else { add_wanted(tx, resource, &link.target) }
}

fn add_wanted(tx: &Transaction, resource: Resource, id: &str) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT OR IGNORE INTO wanted (resource, id) VALUES (?1, ?2)")?
        .execute([resource.as_str(), id])?;
    Ok(())
}
