//! The ledger: one SQLite file with the facts, what NetSuite is believed to hold, and the journal.
//!
//! The only room with SQL. One writer; the file belongs to one Stripe account in one mode and one
//! NetSuite account, and refuses any other. `open` is where to start reading, then `objects` for
//! the facts, `cases` and `load` for how they are put together, `records` and `attempts` for what is posted.

mod adoption;
mod answers;
mod attempts;
mod batches;
mod cases;
mod coverage;
mod days;
mod derive;
mod error;
mod exceptions;
mod journal;
mod load;
mod lock;
mod lookup;
mod objects;
mod open;
mod payouts;
mod pulls;
mod records;
mod runs;
mod summaries;
#[cfg(test)]
mod tests;
mod unsent;
mod wishes;

use rusqlite::Connection;

pub use attempts::{AttemptId, Intent, Outcome, Unfinished};
pub use batches::Batch;
pub use cases::CaseKey;
pub use derive::{Done, Work};
pub use error::LedgerError;
pub use exceptions::StoredException;
pub use lock::LockGuard;
pub use lookup::{Found, LastAttempt};
pub use objects::{Incoming, Stored};
pub use open::{Identity, Look};
pub use payouts::PayoutIndex;
pub use pulls::UnfinishedPull;
pub use records::{RecordRow, RecordState};
pub use runs::{Run, RunId};
pub use unsent::Unsent;

use std::path::PathBuf;
use std::sync::Arc;

use crate::calendar::Clock;

/// An open ledger.
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    id: String,
}

impl Ledger {
    /// Tells this ledger from any other.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn now(&self) -> i64 {
        self.clock.now().0
    }

    /// Gives an error of SQLite the file it happened in.
    fn fail(&self, error: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite(&self.path, error)
    }
}
