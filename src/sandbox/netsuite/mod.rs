//! An embedded NetSuite: a real HTTP server that keeps NetSuite's rules and its own books.
//!
//! It works out its general ledger from the payloads alone and shares no code with the rest of the
//! crate but money-free basics: it is the independent oracle that rehearsals and tests are held
//! against. State is a `SQLite` database, in memory or in a file.
//!
//! Reading order: [`Setup`] is the account as set up, `rest` answers requests, `records` holds the
//! rules of each record type, `apply` and `gl` what saving a record does to the books.

mod apply;
mod auth;
mod chart;
mod chart_csv;
mod chart_lists;
mod dialect;
mod error;
mod gl;
mod jobs;
mod json;
mod jwt;
mod merge;
mod number;
mod payload;
mod periods;
mod present;
mod records;
mod rest;
mod schema;
mod setup;
mod store;
mod suiteql;
mod tba;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use chrono::NaiveDate;
use rusqlite::{Connection, params};
use tokio::net::TcpListener;

use crate::calendar::{Clock, PeriodState, SystemClock};

pub use chart::{Chart, ChartAccount, ChartError, Needs};
pub use chart_lists::{EntrySetup, ListName, ListSetup};
pub use error::Refusal;
pub use gl::TrialBalanceLine;
pub use schema::{Group, Kind};
pub use setup::{
    AccountSetup, Algorithm, ClientSetup, CurrencySetup, PeriodSetup, RecordKind, RecordSetup,
    Setup, SubsidiarySetup, TaxCodeSetup, TokenSetup,
};
pub use store::OpenError;

use auth::Auth;
use store::{Books, Facts};

/// Something that goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A 500, and nothing was done.
    ErrorBefore,
    /// A 500, although everything was done.
    ErrorAfter,
    /// Everything was done, and no answer ever comes.
    SilenceAfter,
}

/// A handle to an embedded NetSuite; clones share the same books.
#[derive(Clone)]
pub struct NetSuite {
    inner: Arc<Inner>,
}

struct Inner {
    db: Mutex<Connection>,
    facts: Facts,
    auth: Auth,
    clock: Mutex<Arc<dyn Clock>>,
    served: AtomicU64,
    in_flight: AtomicUsize,
    concurrency: AtomicUsize,
    latency_ms: AtomicU64,
    faults: Mutex<VecDeque<Fault>>,
    jobs: jobs::Jobs,
}

/// A request in flight; leaves when dropped.
struct Seat<'a>(&'a AtomicUsize);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl NetSuite {
    /// Opens the books in the file at `path`, or in memory. A file that has books keeps them; only
    /// credentials and the concurrency limit are then taken from `setup`.
    pub fn open(path: Option<&Path>, setup: &Setup) -> Result<Self, OpenError> {
        let (db, facts) = store::open(path, setup)?;
        suiteql::register(&db)?;
        Ok(Self {
            inner: Arc::new(Inner {
                db: Mutex::new(db),
                facts,
                auth: Auth::new(&setup.account_id, &setup.clients, &setup.tokens),
                clock: Mutex::new(Arc::new(SystemClock)),
                served: AtomicU64::new(0),
                in_flight: AtomicUsize::new(0),
                concurrency: AtomicUsize::new(setup.concurrency),
                latency_ms: AtomicU64::new(0),
                faults: Mutex::default(),
                jobs: jobs::Jobs::default(),
            }),
        })
    }

    /// The service, for a server of one's own or for calls inside the process.
    pub fn router(&self) -> Router {
        Router::new().fallback(rest::handle).with_state(self.clone())
    }

    /// Serves until the future is dropped or the listener fails.
    pub async fn serve(self, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// Each account's balance in base currency, by account number.
    pub fn trial_balance(&self) -> Result<Vec<TrialBalanceLine>, Refusal> {
        self.read(gl::trial_balance)
    }

    /// Requests that came in so far, refused ones included.
    pub fn requests_served(&self) -> u64 {
        self.inner.served.load(Ordering::SeqCst)
    }

    /// A bearer token without the assertion, for callers inside the process.
    pub fn issue_token(&self) -> String {
        self.inner.auth.issue(self.now())
    }

    /// Ends every bearer token that was issued.
    pub fn revoke_tokens(&self) {
        self.inner.auth.revoke_all();
    }

    /// Uses another clock than the machine's.
    pub fn set_clock(&self, clock: Arc<dyn Clock>) {
        *lock(&self.inner.clock) = clock;
    }

    /// How many requests may be in flight; those beyond are answered 429.
    pub fn set_concurrency(&self, limit: usize) {
        self.inner.concurrency.store(limit, Ordering::SeqCst);
    }

    /// How long each request takes at least.
    pub fn set_latency_ms(&self, latency_ms: u64) {
        self.inner.latency_ms.store(latency_ms, Ordering::SeqCst);
    }

    /// Makes the next request, after those already spoilt, go wrong.
    pub fn spoil_next(&self, fault: Fault) {
        lock(&self.inner.faults).push_back(fault);
    }

    /// Opens, locks or closes the posting period that holds `date`.
    pub fn set_period(&self, date: NaiveDate, state: PeriodState) -> Result<(), Refusal> {
        self.write(|books| {
            let sql = "UPDATE ns_period SET closed = ?2, all_locked = ?3, ar_locked = ?4
                       WHERE ?1 BETWEEN first_day AND last_day";
            let [closed, locked, receivables] = store::period_flags(state);
            books.db.execute(sql, params![date.to_string(), closed, locked, receivables])?;
            Ok(())
        })
    }

    /// The internal id of the record with this external id, in the type's group.
    pub fn find(&self, kind: Kind, external_id: &str) -> Result<Option<i64>, Refusal> {
        self.read(|books| books.id_of_external(kind.group(), external_id))
    }

    /// Creates a record as a person at the keyboard would; `body` is its JSON.
    pub fn create(&self, kind: Kind, body: &str) -> Result<i64, Refusal> {
        let body = payload::read(kind, body)?.body;
        self.write(|books| records::create(books, kind, body))
    }

    /// Changes a record behind the client's back; the sublists in `patch` replace those there.
    pub fn edit(&self, kind: Kind, id: i64, patch: &str) -> Result<(), Refusal> {
        let patch = payload::read(kind, patch)?.body;
        let lists: Vec<String> = patch.fields().iter().map(|(name, _)| name.clone()).collect();
        self.write(|books| records::update(books, kind, id, patch, &lists))
    }

    /// Deletes a record behind the client's back.
    pub fn delete(&self, kind: Kind, id: i64) -> Result<(), Refusal> {
        self.write(|books| records::delete(books, kind, id))
    }

    /// Voids a record behind the client's back: it stays, and posts nothing any more.
    pub fn void(&self, kind: Kind, id: i64) -> Result<(), Refusal> {
        self.write(|books| records::void(books, kind, id))
    }

    /// Runs `work` on the books; what it changes is kept only when it succeeds.
    fn write<T>(&self, work: impl FnOnce(&Books<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let db = lock(&self.inner.db);
        let tx = db.unchecked_transaction()?;
        let done = work(&self.books(&tx))?;
        tx.commit()?;
        Ok(done)
    }

    fn read<T>(&self, work: impl FnOnce(&Books<'_>) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let db = lock(&self.inner.db);
        work(&self.books(&db))
    }

    fn books<'a>(&'a self, db: &'a Connection) -> Books<'a> {
        let now = lock(&self.inner.clock).now();
        Books { db, facts: &self.inner.facts, now: now.0, today: now.utc_date() }
    }

    fn now(&self) -> i64 {
        lock(&self.inner.clock).now().0
    }

    fn auth(&self) -> &Auth {
        &self.inner.auth
    }

    fn concurrency(&self) -> usize {
        self.inner.concurrency.load(Ordering::SeqCst)
    }

    fn jobs(&self) -> &jobs::Jobs {
        &self.inner.jobs
    }

    fn latency_ms(&self) -> u64 {
        self.inner.latency_ms.load(Ordering::SeqCst)
    }

    fn take_fault(&self) -> Option<Fault> {
        lock(&self.inner.faults).pop_front()
    }

    /// Counts a request in; `None` when the house is full.
    fn enter(&self) -> Option<Seat<'_>> {
        self.inner.served.fetch_add(1, Ordering::SeqCst);
        let before = self.inner.in_flight.fetch_add(1, Ordering::SeqCst);
        let seat = Seat(&self.inner.in_flight);
        (before < self.concurrency()).then_some(seat)
    }
}

/// A panic in one request must not close the books: SQLite rolled its work back.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
