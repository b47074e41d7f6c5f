//! The ledger: one SQLite file with the facts, what NetSuite is believed to hold, and the journal.
//!
//! The only room with SQL. One writer; the file belongs to one Stripe account in one mode and one
//! NetSuite account, and refuses any other. `open` is where to start reading, then `objects` for
//! the facts, `cases` and `load` for how they are put together, `records` and `attempts` for what is posted.

mod adoption;
mod ahead;
mod answers;
mod attempts;
mod bank;
mod batches;
mod care;
mod cases;
mod close;
mod copying;
mod coverage;
mod cutover;
mod days;
mod derive;
mod dictionaries;
mod error;
mod exceptions;
mod facts;
mod functions;
mod joined;
mod journal;
mod keys;
mod linked;
mod load;
mod lock;
mod lookup;
mod met;
mod migrate;
mod missing;
mod movement_pages;
mod movements;
mod nights;
mod objects;
mod open;
mod pack;
mod payouts;
mod period_locks;
mod pulls;
mod put;
mod readings;
mod recent;
mod records;
mod rehearsal;
mod runs;
mod sent_plans;
mod sign_offs;
mod summaries;
#[cfg(test)]
mod tests;
mod unfinished;
mod unsent;
mod upkeep;
mod wishes;
mod write_back;

use rusqlite::{Connection, Transaction};

pub use attempts::{AttemptId, Intent, Outcome, Unfinished};
pub use bank::{BankFile, KeptLine, KeptStatement, Pair, Taken};
pub use batches::Batch;
pub use care::{Act, Cared};
pub use cases::CaseKey;
pub use close::PostedRow;
pub use derive::{Done, Work};
pub use error::LedgerError;
pub use exceptions::StoredException;
pub use journal::JournalRow;
pub use keys::Keys;
pub use lock::LockGuard;
pub use lookup::{Found, LastAttempt};
pub use movements::{FlatMovement, MovementRow};
pub use nights::EndedRun;
pub use objects::{Incoming, Prepared, Preparer, Stored};
pub use open::{Identity, Look, Pages};
pub use payouts::PayoutIndex;
pub use period_locks::{PeriodAct, PeriodLock};
pub use pulls::{PullWindow, Pulled, Watched};
pub use readings::{Packed, unpacked_reading};
pub use records::{PlanPlace, RecordRow, RecordState};
pub use runs::{Run, RunId};
pub use sign_offs::{SignOff, Signer, Signing};
pub use unfinished::UnfinishedPull;
pub use unsent::Unsent;
pub use upkeep::{Checked, KindStats, Stats};
pub use write_back::WriteOutcome;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use self::copying::Copying;
use self::pack::Packer;
use self::recent::Recent;
use self::wishes::Wishes;
use crate::accounting::Catalog;
use crate::calendar::Clock;

/// An open ledger.
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    clock: Arc<dyn Clock>,
    id: String,
    packer: Arc<Packer>,
    /// Links that are not in the file yet.
    recent: Box<Recent>,
    /// An earlier run left objects whose links are not in the file.
    has_unlinked: bool,
    /// How many objects there are of kinds without a dictionary.
    untrained: BTreeMap<String, usize>,
    /// Movements that came to reach across the start of the books, or no longer do, since the last
    /// derivation ended: where their money is booked must be looked at again.
    crossed: BTreeSet<String>,
    /// What objects are unpacked into, one after the other.
    scratch: RefCell<Vec<u8>>,
    /// What is sold, as far as cases asked for it since objects were last stored.
    shelf: RefCell<Catalog>,
    /// When the derivation began that is under way.
    derivation: Option<i64>,
    /// Where a thread copies the log into the file. After the connection: whichever closes last clears the log.
    copying: Option<Copying>,
    /// Objects that were stored since it was last told to.
    uncopied: usize,
    /// What derived cases want, on its way into the file.
    unsaved: Vec<Wishes>,
    /// Movements of customers that were derived, where payouts depend on what became of them.
    touched: BTreeSet<String>,
}

impl Ledger {
    /// Tells this ledger from any other.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn now(&self) -> i64 {
        self.clock.now().0
    }

    /// Does all of `work` or nothing.
    fn in_transaction<T>(
        &mut self,
        work: impl FnOnce(&Transaction) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        let path = self.path.clone();
        let wrap = |error| LedgerError::sqlite(&path, error);
        let tx = self.connection.transaction().map_err(wrap)?;
        let result = work(&tx).map_err(wrap)?;
        tx.commit().map_err(wrap)?;
        Ok(result)
    }

    /// Gives an error of SQLite the file it happened in.
    fn fail(&self, error: rusqlite::Error) -> LedgerError {
        LedgerError::sqlite(&self.path, error)
    }
}
