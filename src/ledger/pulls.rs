//! Pulls: what came, what it completes, and what must still be read. All of it in one transaction
//! with the objects themselves, so that a pull that is killed at any moment goes on where it was.

use rusqlite::{Transaction, params};

use super::coverage::{add_members, cover, window_of};
use super::facts::News;
use super::met::Met;
use super::objects::Prepared;
use super::put::{Putting, api_version_id};
use super::recent::{Recent, find};
use super::{Ledger, LedgerError, Stored};
use crate::calendar::{UnixTime, Window};

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
    pub(super) mark: i64,
    /// Objects up to this one were looked at for what is missing.
    pub(super) looked: i64,
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
        let (pull, met) = self.in_transaction(|tx| {
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
            let any = "SELECT EXISTS (SELECT 1 FROM named) OR EXISTS (SELECT 1 FROM wanted)";
            let any_is_wanted: bool = tx.query_row(any, [], |row| row.get(0))?;
            let is_new = left.is_none();
            let met = Met::at_the_beginning(is_new && mark == 0, is_new && !any_is_wanted);
            Ok((PullWindow { window: whole, is_resumed: !is_new, mark, looked: mark, lists }, met))
        })?;
        *self.recent = Recent::of_pull(met);
        Ok(pull)
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

    /// What came until now is looked at.
    pub fn looked_at(&self, pull: PullWindow) -> Result<PullWindow, LedgerError> {
        let last = self
            .connection
            .query_row("SELECT ifnull(max(seq), 0) FROM object", [], |row| row.get(0));
        Ok(PullWindow { looked: last.map_err(|error| self.fail(error))?, ..pull })
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
        })?;
        *self.recent = Recent::default();
        self.copy_here()
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
        self.copy_after(stored.new + stored.changed)?;
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
