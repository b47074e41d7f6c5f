//! Pulls: what came, what it completes, and what must still be read. All of it in one transaction
//! with the objects themselves, so that a pull that is killed at any moment goes on where it was.

use rusqlite::{Transaction, params};

use super::coverage::{add_members, cover, window_of};
use super::facts::News;
use super::objects::Prepared;
use super::put::{Putting, api_version_id};
use super::recent::{Recent, find};
use super::{Ledger, LedgerError, Stored};
use crate::calendar::{UnixTime, Window};
use crate::ids::ChargeId;
use crate::stripe::links::Rel;
use crate::stripe::objects::{Charge, Invoice, InvoicePayment, Refund};

const SECONDS_PER_DAY: i64 = 24 * 3600;

/// What one answer of Stripe brought.
#[derive(Default)]
pub struct Pulled {
    pub objects: Vec<Prepared>,
    /// A window of a resource that is complete with it.
    pub complete: Option<(&'static str, Window)>,
    /// A payout whose members these are, and whether they are the last.
    pub members_of: Option<(String, bool)>,
    /// An object that Stripe no longer has.
    pub gone: Option<String>,
    /// What was wanted and is there now, or is known not to be.
    pub satisfied: Option<(&'static str, String)>,
}

/// An object to which more may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub kind: String,
    pub id: String,
    pub created: UnixTime,
}

/// A pull under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PullWindow {
    pub window: Window,
    /// It was begun by an earlier run that did not end.
    pub is_resumed: bool,
    /// Objects behind this one came with this pull.
    mark: i64,
    /// How many lists go by the window.
    lists: i64,
}

impl Ledger {
    /// Begins a pull of `window` for these resources, or goes on with one that did not end: then
    /// only what that one left, and what the new window has beyond it, is still to be read.
    pub fn begin_pull(
        &mut self,
        resources: &[&str],
        window: Window,
    ) -> Result<PullWindow, LedgerError> {
        self.link_all()?;
        self.in_transaction(|tx| {
            let left: Option<(Window, i64)> = {
                let mut statement = tx.prepare("SELECT since, until, seq FROM pull")?;
                let mut rows = statement.query([])?;
                match rows.next()? {
                    Some(row) => Some((window_of(row)?, row.get(2)?)),
                    None => None,
                }
            };
            let mark = match left {
                Some((_, mark)) => mark,
                None => {
                    tx.query_row("SELECT ifnull(max(seq), 0) FROM object", [], |row| row.get(0))?
                }
            };
            for resource in resources {
                for part in beyond(window, left.map(|(known, _)| known)) {
                    add_pending(tx, resource, part)?;
                }
            }
            let whole = left.map_or(window, |(known, _)| Window {
                since: known.since.min(window.since),
                until: known.until.max(window.until),
            });
            tx.execute(
                "INSERT OR REPLACE INTO pull (only, since, until, seq) VALUES (1, ?1, ?2, ?3)",
                params![whole.since.0, whole.until.0, mark],
            )?;
            let lists = i64::try_from(resources.len()).expect("a handful");
            Ok(PullWindow { window: whole, is_resumed: left.is_some(), mark, lists })
        })
    }

    /// The windows of a resource that the pull under way has not read yet, oldest first.
    pub fn pending(&self, resource: &str) -> Result<Vec<Window>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Window>> {
            self.connection
                .prepare_cached(
                    "SELECT since, until FROM pending WHERE resource = ?1 ORDER BY since",
                )?
                .query_map([resource], window_of)?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Everything of the pull is read.
    pub fn end_pull(&mut self) -> Result<(), LedgerError> {
        self.link_all()?;
        self.in_transaction(|tx| {
            tx.execute("DELETE FROM pending", [])?;
            tx.execute("DELETE FROM pull", [])?;
            // What is left was in the window's lists, or is not to be had.
            tx.execute("DELETE FROM wanted", [])?;
            tx.execute("DELETE FROM named", [])?;
            Ok(())
        })
    }

    /// Stores answers, all of them or nothing, with what they complete. `requests` is how many were
    /// needed since the last time.
    pub fn pulled(
        &mut self,
        answers: &[Pulled],
        api_version: &str,
        fetched: UnixTime,
        requests: u64,
    ) -> Result<Stored, LedgerError> {
        for answer in answers {
            self.check_modes(&answer.objects)?;
        }
        self.shelf.take();
        let packer = std::sync::Arc::clone(&self.packer);
        if self.has_unlinked {
            self.link_all()?;
        }
        let mut recent = std::mem::take(&mut self.recent);
        let done = self.in_transaction(|tx| {
            let version = api_version_id(tx, api_version)?;
            let (mut stored, mut news) = (Stored::default(), News::default());
            let objects: Vec<&Prepared> =
                answers.iter().flat_map(|answer| &answer.objects).collect();
            let mut putting = Putting::new(tx, &packer, &mut recent, version, fetched);
            putting.put_all(&objects, |object, one| {
                news.note(object, one);
                stored += one;
            })?;
            putting.finish()?;
            for answer in answers {
                news += note_progress(tx, &recent, answer)?;
            }
            recent.put_some(tx)?;
            count_requests(tx, fetched, requests)?;
            news.count(tx)?;
            Ok(stored)
        });
        match done {
            Ok(_) => self.recent = recent,
            // What was kept of transactions before is found again in their objects.
            Err(_) => self.has_unlinked = true,
        }
        let stored = done?;
        for answer in answers {
            self.train_dictionaries(&answer.objects)?;
        }
        Ok(stored)
    }

    /// Objects to which more may happen by now, in the order in which they came. Those created in
    /// the window are left out: its lists show them anyway.
    pub fn watched(&self, outside: Window) -> Result<Vec<Watched>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Watched>> {
            self.connection
                .prepare_cached(
                    "SELECT o.kind, o.id, o.created FROM watch w JOIN object o USING (seq)
                     WHERE NOT (o.created >= ?1 AND o.created < ?2) ORDER BY o.seq",
                )?
                .query_map([outside.since.0, outside.until.0], |row| {
                    let created = UnixTime(row.get(2)?);
                    Ok(Watched { kind: row.get(0)?, id: row.get(1)?, created })
                })?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Takes back a pull that brought nothing at all and completed nothing: there is nothing to go
    /// on with.
    pub fn forget_pull(&mut self, pull: PullWindow) -> Result<(), LedgerError> {
        if pull.is_resumed {
            return Ok(());
        }
        self.in_transaction(|tx| {
            let is_untouched: bool = tx.query_row(
                "SELECT count(*) = ?3 AND ifnull(sum(since <> ?1 OR until <> ?2), 0) = 0
                 FROM pending",
                params![pull.window.since.0, pull.window.until.0, pull.lists],
                |row| row.get(0),
            )?;
            if is_untouched {
                tx.execute("DELETE FROM pending", [])?;
                tx.execute("DELETE FROM pull", [])?;
            }
            Ok(())
        })
    }

    /// What must still be read of a resource: ids, in order.
    pub fn wanted(&self, resource: &str) -> Result<Vec<String>, LedgerError> {
        self.texts("SELECT id FROM wanted WHERE resource = ?1 ORDER BY id", resource)
    }

    /// Whether something must still be read.
    pub fn is_wanted_still(&self, resource: &str, id: &str) -> Result<bool, LedgerError> {
        self.connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM wanted WHERE resource = ?1 AND id = ?2)")
            .and_then(|mut statement| statement.query_row([resource, id], |row| row.get(0)))
            .map_err(|error| self.fail(error))
    }

    /// Like [`Ledger::wanted`], without what the lists of the window hold anyway.
    pub fn wanted_outside(
        &self,
        resource: &str,
        window: Window,
    ) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    "SELECT DISTINCT w.id FROM wanted w
                     LEFT JOIN link l ON l.target = key_of(w.id) AND l.rel = 0
                     LEFT JOIN object o ON o.seq = l.seq AND o.id = w.id
                     WHERE w.resource = ?1
                     AND (o.seq IS NULL OR NOT (o.created >= ?2 AND o.created < ?3)) ORDER BY w.id",
                )?
                .query_map(params![resource, window.since.0, window.until.0], |row| row.get(0))?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// The sources of balance transactions that came with this pull, where the source itself did
    /// not: what moved money changed, however old it is. Each with its kind where it is known.
    pub fn moved_sources(
        &self,
        pull: PullWindow,
    ) -> Result<Vec<(String, Option<String>)>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, Option<String>)>> {
            self.connection
                .prepare_cached(
                    "SELECT DISTINCT m.source, o.kind FROM movement m
                     LEFT JOIN link l ON l.target = key_of(m.source) AND l.rel = 0
                     LEFT JOIN object o ON o.seq = l.seq AND o.id = m.source
                     WHERE m.seq > ?1 AND m.source IS NOT NULL
                     AND (o.seq IS NULL OR NOT (o.created >= ?2 AND o.created < ?3))
                     AND ifnull(o.seq, 0) <= ?1 ORDER BY m.source",
                )?
                .query_map(params![pull.mark, pull.window.since.0, pull.window.until.0], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// The balance transactions of older charges that came with this pull and that no list of its
    /// window holds.
    pub fn older_movements(&self, pull: PullWindow) -> Result<Vec<String>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<String>> {
            self.connection
                .prepare_cached(
                    // By `seq`, of which few are new: the index by date holds every older charge.
                    "SELECT id FROM object NOT INDEXED
                     WHERE kind = 'charge' AND seq > ?1 AND created < ?2 ORDER BY seq",
                )?
                .query_map([pull.mark, pull.window.since.0], |row| row.get(0))?
                .collect()
        };
        let charges = run().map_err(|error| self.fail(error))?;
        let mut ids = Vec::new();
        for id in charges {
            let charge: Option<Charge> = self.view(&id)?;
            let Some(id) = charge.and_then(|charge| charge.balance_transaction) else { continue };
            if self.kind_of(id.as_str())?.is_none() {
                ids.push(id.to_string());
            }
        }
        Ok(ids)
    }

    /// Invoices outside of the window that were paid by something that failed later, as movements of
    /// this pull say: they are open again, and nothing else would show them.
    pub fn reopened_invoices(&self, pull: PullWindow) -> Result<Vec<String>, LedgerError> {
        let failed = "SELECT DISTINCT source FROM movement WHERE seq > ?1 AND source IS NOT NULL
             AND (category = 'charge_failure'
                  OR type IN ('payment_failure_refund', 'payment_reversal')) ORDER BY source";
        let run = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare_cached(failed)?;
            statement.query_map([pull.mark], |row| row.get(0))?.collect()
        };
        let mut invoices = Vec::new();
        for source in run().map_err(|error| self.fail(error))? {
            // Stripe names the charge, or the refund that it makes of the failure.
            let charge = match self.kind_of(&source)?.as_deref() {
                Some("refund") => self.view::<Refund>(&source)?.and_then(|refund| refund.charge),
                _ => Some(ChargeId::new(&source)),
            };
            let Some(charge) = charge else { continue };
            let found: Option<Charge> = self.view(charge.as_str())?;
            let intent = found.and_then(|charge| charge.payment_intent);
            let mut payments: Vec<InvoicePayment> =
                self.linked("invoice_payment", &[charge.as_str()], Rel::Charge)?;
            payments.extend(self.linked::<InvoicePayment>(
                "invoice_payment",
                intent.as_slice(),
                Rel::PaymentIntent,
            )?);
            for id in payments.iter().filter_map(InvoicePayment::invoice) {
                let invoice: Option<Invoice> = self.view(id.as_str())?;
                if invoice.is_some_and(|invoice| !pull.window.contains(invoice.created)) {
                    invoices.push(id.to_string());
                }
            }
        }
        Ok(invoices)
    }

    /// Requests of the last thirty days, and the charges created in them.
    pub fn reads_of_30_days(&self) -> Result<(u64, u64), LedgerError> {
        let now = self.now();
        let run = || -> rusqlite::Result<(i64, i64)> {
            let requests = self.connection.query_row(
                "SELECT ifnull(sum(count), 0) FROM request WHERE day > ?1",
                [now / SECONDS_PER_DAY - 30],
                |row| row.get(0),
            )?;
            let charges = self.connection.query_row(
                "SELECT count(*) FROM object WHERE kind = 'charge' AND created > ?1",
                [now - 30 * SECONDS_PER_DAY],
                |row| row.get(0),
            )?;
            Ok((requests, charges))
        };
        let (requests, charges) = run().map_err(|error| self.fail(error))?;
        Ok((requests.unsigned_abs(), charges.unsigned_abs()))
    }

    /// What was named and is not there is wanted from now on. Comes once the lists are read.
    pub fn want_what_is_named(&mut self) -> Result<(), LedgerError> {
        self.link_all()?;
        self.in_transaction(want_named)
    }

    /// What an export names and holds is not read again.
    pub fn forget_wanted_that_is_known(&mut self) -> Result<(), LedgerError> {
        self.want_what_is_named()?;
        self.in_transaction(forget_known)
    }
}

/// Wants of what is named only what is not there. Every link is in the file.
pub(super) fn want_named(tx: &Transaction) -> rusqlite::Result<()> {
    tx.execute_batch(&format!(
        "INSERT OR IGNORE INTO wanted (resource, id)
         SELECT resource, id FROM named AS w WHERE NOT {IS_THERE};
         DELETE FROM named;"
    ))
}

/// Whether the ledger has the object that a row `w` names.
const IS_THERE: &str = "EXISTS (SELECT 1 FROM link l JOIN object o USING (seq)
    WHERE l.target = key_of(w.id) AND l.rel = 0 AND o.id = w.id)";

/// Leaves of what is wanted only what is not there; the credit lists of customers stay.
pub(super) fn forget_known(tx: &Transaction) -> rusqlite::Result<()> {
    tx.execute(
        &format!(
            "DELETE FROM wanted AS w
             WHERE resource IN ('charges', 'invoices', 'customers') AND {IS_THERE}"
        ),
        [],
    )?;
    Ok(())
}

fn note_progress(tx: &Transaction, recent: &Recent, answer: &Pulled) -> rusqlite::Result<News> {
    let mut news = News::default();
    if let Some((resource, window)) = answer.complete {
        cover(tx, resource, window)?;
        subtract_pending(tx, resource, window)?;
    }
    if let Some((payout, is_complete)) = &answer.members_of {
        let ids: Vec<String> = answer.objects.iter().map(|object| object.id().to_owned()).collect();
        let seq = find(tx, recent, payout)?;
        news = add_members(tx, (payout, seq), &ids, *is_complete)?;
    }
    if let Some(id) = &answer.gone {
        tx.prepare_cached("DELETE FROM watch WHERE seq = ?1")?.execute([find(tx, recent, id)?])?;
    }
    if let Some((resource, id)) = &answer.satisfied {
        tx.prepare_cached("DELETE FROM wanted WHERE resource = ?1 AND id = ?2")?
            .execute([*resource, id.as_str()])?;
    }
    Ok(news)
}

fn count_requests(tx: &Transaction, at: UnixTime, requests: u64) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO request (day, count) VALUES (?1, ?2)
         ON CONFLICT DO UPDATE SET count = count + excluded.count",
    )?
    .execute(params![at.0 / SECONDS_PER_DAY, i64::try_from(requests).unwrap_or(i64::MAX)])?;
    Ok(())
}

/// The parts of `window` that lie outside `known`.
fn beyond(window: Window, known: Option<Window>) -> Vec<Window> {
    let Some(known) = known else { return vec![window] };
    // The window of a pull has no holes: what lies between the two is read too.
    let gap_before = Window { since: window.until, until: known.since };
    let gap_after = Window { since: known.until, until: window.since };
    let gaps = [gap_before, gap_after].into_iter().filter(|part| part.since < part.until);
    window.outside(known).chain(gaps).collect()
}

fn add_pending(tx: &Transaction, resource: &str, window: Window) -> rusqlite::Result<()> {
    tx.prepare_cached(
        "INSERT INTO pending (resource, since, until) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
    )?
    .execute(params![resource, window.since.0, window.until.0])?;
    Ok(())
}

fn subtract_pending(tx: &Transaction, resource: &str, window: Window) -> rusqlite::Result<()> {
    let touched: Vec<Window> = tx
        .prepare_cached(
            "SELECT since, until FROM pending WHERE resource = ?1 AND since < ?3 AND until > ?2",
        )?
        .query_map(params![resource, window.since.0, window.until.0], window_of)?
        .collect::<rusqlite::Result<_>>()?;
    for part in touched {
        tx.prepare_cached("DELETE FROM pending WHERE resource = ?1 AND since = ?2")?
            .execute(params![resource, part.since.0])?;
        for rest in part.outside(window) {
            add_pending(tx, resource, rest)?;
        }
    }
    Ok(())
}
