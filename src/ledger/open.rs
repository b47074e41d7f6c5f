//! Opening: the file, its schema, and whose it is.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

use ring::rand::SecureRandom;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::copying::LOG_PAGES_MAX;
use super::migrate::{known_schema, migrate};
use super::pack::Packer;
use super::recent::{has_unlinked, overlay};
use super::{Ledger, LedgerError};
use super::{dictionaries, functions};
use crate::calendar::Clock;
use crate::digest::sha256_hex;

/// Whose ledger it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub stripe_account: String,
    pub livemode: bool,
    pub netsuite_account: String,
}

/// How much of the file is kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// For who writes much in one transaction: ids are spread over the whole file.
    Many,
    /// For who writes little in each of many.
    Few,
}

impl Pages {
    const fn kib(self) -> i64 {
        match self {
            Self::Many => 36_000,
            Self::Few => 4_000,
        }
    }
}

impl Ledger {
    /// Opens the ledger at `path`, or makes one for `identity`.
    ///
    /// # Errors
    /// Among others, when the file is of another pair of accounts or of a newer program.
    pub fn open(
        path: &Path,
        identity: &Identity,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LedgerError> {
        create_private(path)?;
        let ledger = Self::connect(path, clock)?;
        ledger.bind("Stripe account", "stripe_account", &identity.stripe_account)?;
        ledger.bind("NetSuite account", "netsuite_account", &identity.netsuite_account)?;
        ledger.bind("mode", "mode", mode(identity.livemode))?;
        Ok(ledger)
    }

    /// A ledger that is gone when it is dropped: for a look at what objects would become.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Result<Self, LedgerError> {
        Self::connect(Path::new(":memory:"), clock)
    }

    /// Opens the ledger at `path`, whoever's it is; [`Ledger::check_accounts`] tells.
    pub fn open_existing(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, LedgerError> {
        if !path.exists() {
            return Err(LedgerError::Missing { path: path.into() });
        }
        Self::connect(path, clock)
    }

    /// Opens the ledger at `path` for reading alone: nothing on the disk is changed, so the file may
    /// be a copy on a medium that cannot be written.
    pub fn open_read_only(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, LedgerError> {
        if !path.exists() {
            let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(LedgerError::File { path: path.into(), cause });
        }
        let wrap = |cause| LedgerError::sqlite(path, cause);
        let connection = read_only(path).map_err(wrap)?;
        connection.set_prepared_statement_cache_capacity(128);
        let found: u32 =
            connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(wrap)?;
        let known = known_schema();
        if found > known {
            return Err(LedgerError::Newer { path: path.into(), found, known });
        }
        if found < known {
            return Err(LedgerError::Older { path: path.into(), found, known });
        }
        let id = connection
            .query_row("SELECT value FROM meta WHERE name = 'ledger'", [], |row| row.get(0))
            .map_err(wrap)?;
        let packer = Arc::new(Packer::of(path));
        functions::teach(&connection, &packer).map_err(wrap)?;
        Self::over(connection, path, clock, id, packer)
    }

    /// The same file for another thread, which only reads it.
    pub fn beside(&self) -> Result<Self, LedgerError> {
        let beside = Self::open_read_only(&self.path, Arc::clone(&self.clock))?;
        beside.keep_pages(Pages::Few)?;
        Ok(beside)
    }

    /// How much of the file is kept in memory. A push commits twice for each record, and after many commits
    /// SQLite looks through every page that it keeps: a tree that was balanced looks like a file that
    /// shrank.
    pub fn keep_pages(&self, pages: Pages) -> Result<(), LedgerError> {
        let set = self.connection.pragma_update(None, "cache_size", -pages.kib());
        set.map_err(|error| self.fail(error))
    }

    /// Refuses a ledger that is of other accounts than the configured ones.
    pub fn check_accounts(&self, stripe: &str, netsuite: &str) -> Result<(), LedgerError> {
        for (what, name, configured) in [
            ("Stripe account", "stripe_account", stripe),
            ("NetSuite account", "netsuite_account", netsuite),
        ] {
            if let Some(bound) = self.meta(name)?.filter(|bound| bound != configured) {
                return Err(self.other_account(what, bound, configured));
            }
        }
        Ok(())
    }

    fn connect(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, LedgerError> {
        let wrap = |cause| LedgerError::sqlite(path, cause);
        let mut connection = Connection::open(path).map_err(wrap)?;
        connection
            .execute_batch(
                // Packed objects are small, and indices by id are touched all over: small pages write
                // least. A long checkpoint interval keeps bulk inserts fast; NORMAL is enough for
                // facts that can be pulled again.
                "PRAGMA page_size = 4096;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA busy_timeout = 5000;",
            )
            .map_err(wrap)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX).map_err(wrap)?;
        connection.pragma_update(None, "cache_size", -Pages::Many.kib()).map_err(wrap)?;
        connection.set_prepared_statement_cache_capacity(128);
        let packer = Arc::new(Packer::of(path));
        functions::teach(&connection, &packer).map_err(wrap)?;
        migrate(&mut connection, path, &packer)?;
        let id = ledger_id(&connection).map_err(wrap)?;
        Self::over(connection, path, clock, id, packer)
    }

    /// The ledger over an open file whose schema is the newest.
    fn over(
        connection: Connection,
        path: &Path,
        clock: Arc<dyn Clock>,
        id: String,
        packer: Arc<Packer>,
    ) -> Result<Self, LedgerError> {
        let wrap = |cause| LedgerError::sqlite(path, cause);
        // Without it a statement with a bound LIMIT is prepared anew each time another value is bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(wrap)?;
        dictionaries::load(&connection, &packer).map_err(wrap)?;
        let has_unlinked = has_unlinked(&connection).map_err(wrap)?;
        if has_unlinked {
            overlay(&connection, &packer).map_err(wrap)?;
        }
        // Nothing more is written through a connection that only reads.
        if connection.is_readonly("main").map_err(wrap)? {
            connection.execute_batch("PRAGMA query_only = ON;").map_err(wrap)?;
        }
        Ok(Self {
            recent: Box::default(),
            has_unlinked,
            connection,
            path: path.into(),
            clock,
            id,
            packer,
            untrained: BTreeMap::new(),
            crossed: BTreeSet::new(),
            derivation: None,
            copying: None,
            uncopied: 0,
            unsaved: Vec::new(),
            scratch: RefCell::default(),
            shelf: RefCell::default(),
            touched: BTreeSet::new(),
        })
    }

    /// Binds the ledger to a value at first use; afterwards the value must be the same.
    fn bind(&self, what: &'static str, name: &str, configured: &str) -> Result<(), LedgerError> {
        let bound = self.meta(name)?;
        match bound {
            None => self.set_meta(name, configured),
            Some(bound) if bound == configured => Ok(()),
            Some(bound) => Err(self.other_account(what, bound, configured)),
        }
    }

    fn other_account(&self, what: &'static str, bound: String, configured: &str) -> LedgerError {
        LedgerError::OtherAccount {
            path: self.path.clone(),
            what,
            bound,
            configured: configured.into(),
        }
    }

    pub(super) fn meta(&self, name: &str) -> Result<Option<String>, LedgerError> {
        self.connection
            .prepare_cached("SELECT value FROM meta WHERE name = ?1")
            .and_then(|mut statement| statement.query_row([name], |row| row.get(0)).optional())
            .map_err(|error| self.fail(error))
    }

    /// Whether the objects are of live mode.
    pub fn livemode(&self) -> Result<bool, LedgerError> {
        Ok(self.meta("mode")?.as_deref() == Some(mode(true)))
    }

    /// Whether a person confirmed that this ledger may push into production books.
    pub fn production_confirmed(&self) -> Result<bool, LedgerError> {
        Ok(self.meta("production_confirmed")?.is_some())
    }

    /// Remembers that confirmation.
    pub fn confirm_production(&mut self, account: &str) -> Result<(), LedgerError> {
        if self.production_confirmed()? {
            return Ok(());
        }
        self.set_meta("production_confirmed", account)?;
        self.journal("confirmed", &serde_json::json!({ "account": account }).to_string())
    }

    fn set_meta(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.connection
            .execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", [name, value])
            .map_err(|error| self.fail(error))?;
        Ok(())
    }
}

/// What a ledger's files look like: a reader that finds them changed afterwards reads again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    ledger: Option<(u64, std::time::SystemTime)>,
    /// The log that a writer keeps beside the ledger while it has it open.
    log: Option<u64>,
}

impl Look {
    pub fn at(path: &Path) -> Self {
        let ledger = std::fs::metadata(path).ok();
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        Self {
            ledger: ledger.and_then(|found| Some((found.len(), found.modified().ok()?))),
            log: std::fs::metadata(Path::new(&log)).ok().map(|found| found.len()),
        }
    }
}

/// A connection that cannot write. To share a ledger with a writer, SQLite makes a file beside it,
/// which the reader may not be allowed to, or which the writer may then not be allowed to open. So
/// a ledger that nobody has open is read as it stands, and only one with a log is shared.
pub(super) fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if Look::at(path).log.is_some() {
        Connection::open_with_flags(path, flags)?
    } else {
        let uri = format!("file:{}?immutable=1", uri_path(path));
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    };
    connection.execute_batch("PRAGMA busy_timeout = 5000;")?;
    Ok(connection)
}

/// What has a meaning in a URI is escaped.
fn uri_path(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}

pub(super) fn mode(livemode: bool) -> &'static str {
    if livemode { "live" } else { "test" }
}

/// The file holds customers' names and amounts: only its owner may read it.
pub(super) fn create_private(path: &Path) -> Result<(), LedgerError> {
    folder_exists(path)?;
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|cause| LedgerError::File { path: path.into(), cause })
}

/// A ledger is made where it was asked for, but no folder is.
pub(super) fn folder_exists(path: &Path) -> Result<(), LedgerError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(LedgerError::NoFolder { path: path.into(), folder: folder.into() })
        }
        _ => Ok(()),
    }
}

fn ledger_id(connection: &Connection) -> rusqlite::Result<String> {
    let known = connection
        .query_row("SELECT value FROM meta WHERE name = 'ledger'", [], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let mut random = [0_u8; 16];
    // Without randomness the id is merely less unique: it only tells ledgers apart.
    let _unlikely = ring::rand::SystemRandom::new().fill(&mut random);
    let id = sha256_hex(&random)[..16].to_owned();
    connection.execute("INSERT INTO meta (name, value) VALUES ('ledger', ?1)", [&id])?;
    Ok(id)
}
