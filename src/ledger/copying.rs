//! What was committed on its way from SQLite's log into the file, copied by a thread of its own: whoever
//! writes for minutes need not wait for the disk each time the log is long.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::joined::Joined;
use super::{Ledger, LedgerError};

/// Pages after which a commit copies the log itself.
pub(super) const LOG_PAGES_MAX: i64 = 20_000;

/// The same where a thread copies it: only if that one lags.
const LOG_PAGES_MAX_COPIED: i64 = 120_000;

/// Objects that a pull stores before they are copied: some forty megabytes of log. Pages that are written again and
/// again are copied once for all that.
pub(super) const OBJECTS_PER_COPY: usize = 30_000;

/// How often the thread tries to copy the rest, where somebody still reads what it would overwrite.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// The thread. It ends when this is dropped, with what it is copying.
pub(super) struct Copying {
    wake: SyncSender<()>,
    _thread: Joined,
}

impl Copying {
    fn start(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        let (wake, woken) = sync_channel(1);
        let thread = Joined::spawn(move || copy_when(&woken, &connection));
        Ok(Self { wake, _thread: thread })
    }

    /// There is something to copy.
    fn wake(&self) {
        // It was woken already and has not begun.
        let _busy = self.wake.try_send(());
    }
}

fn copy_when(woken: &Receiver<()>, connection: &Connection) {
    for () in woken {
        for _ in 0..TRIES {
            // What could not be copied stays in the log, where everybody finds it.
            let is_copied = connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
                    Ok(row.get::<_, i64>(1)? == row.get::<_, i64>(2)?)
                })
                .unwrap_or(true);
            if is_copied {
                break;
            }
            thread::sleep(BETWEEN_TRIES);
        }
    }
}

impl Ledger {
    /// Has a thread copy what is committed from now on. Worth it where there is much.
    pub(super) fn copy_beside(&mut self) -> Result<(), LedgerError> {
        self.copying = Some(Copying::start(&self.path).map_err(|error| self.fail(error))?);
        self.let_log_grow(LOG_PAGES_MAX_COPIED)
    }

    /// So many objects were stored: once there are many, a thread copies them.
    pub(super) fn copy_after(&mut self, objects: usize) -> Result<(), LedgerError> {
        self.uncopied += objects;
        if self.uncopied < OBJECTS_PER_COPY {
            return Ok(());
        }
        self.uncopied = 0;
        if self.copying.is_none() {
            self.copy_beside()?;
        }
        self.copy_now();
        Ok(())
    }

    /// What is committed is copied, where a thread does that.
    pub(super) fn copy_now(&self) {
        if let Some(copying) = &self.copying {
            copying.wake();
        }
    }

    /// Commits copy themselves again.
    pub(super) fn copy_here(&mut self) -> Result<(), LedgerError> {
        if self.copying.take().is_some() {
            self.let_log_grow(LOG_PAGES_MAX)?;
        }
        Ok(())
    }

    fn let_log_grow(&self, pages: i64) -> Result<(), LedgerError> {
        let set = self.connection.pragma_update(None, "wal_autocheckpoint", pages);
        set.map_err(|error| self.fail(error))
    }
}
