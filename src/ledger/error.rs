//! What can go wrong with the file, each with what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::stripe::objects::ObjectError;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error(
        "the ledger {path} was written by a newer tieout (schema {found}, this program knows {known})\nhint: use the newer program"
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error(
        "the ledger {path} was written by an older tieout (schema {found}, this program works with {known})\nhint: `tieout plan` brings it up to date"
    )]
    Older { path: PathBuf, found: u32, known: u32 },
    #[error(
        "the ledger {path} is of {what} {bound}, the configuration says {configured}\nhint: one ledger holds one pair of accounts; name another file with --ledger"
    )]
    OtherAccount { path: PathBuf, what: &'static str, bound: String, configured: String },
    #[error("there is no ledger at {path}\nhint: `tieout pull` or `tieout run` makes one")]
    Missing { path: PathBuf },
    #[error(
        "the ledger {path} cannot be made: there is no folder {folder}\nhint: make the folder, or correct `ledger` or --ledger"
    )]
    NoFolder { path: PathBuf, folder: PathBuf },
    #[error(
        "{owner} holds the lock on {path}\nhint: wait until it ends, or give --lock-timeout SECONDS"
    )]
    Locked { path: PathBuf, owner: String },
    #[error(
        "{object} is of {found} mode, the ledger {path} holds {bound} objects\nhint: use the key of the other mode, or another ledger"
    )]
    Mode { path: PathBuf, object: String, found: &'static str, bound: &'static str },
    #[error("the disk is full: {path} cannot grow\nhint: free some space; nothing is lost")]
    DiskFull { path: PathBuf },
    #[error(
        "{path} cannot be written or read: {cause}\nhint: check the disk, or free some space; nothing is lost"
    )]
    Disk { path: PathBuf, cause: String },
    #[error("{path} cannot be written\nhint: check its permissions and those of its folder")]
    ReadOnly { path: PathBuf },
    #[error(
        "{path} is damaged or not a ledger: {cause}\nhint: restore it from a backup; what Stripe holds can be pulled again"
    )]
    Corrupt { path: PathBuf, cause: String },
    #[error("the ledger {path}: {cause}")]
    Sqlite { path: PathBuf, cause: rusqlite::Error },
    #[error("{path}: {cause}")]
    File { path: PathBuf, cause: std::io::Error },
    #[error("the record {external_id} in the ledger cannot be read: {cause}")]
    Unreadable { external_id: String, cause: serde_json::Error },
    #[error("the case of {key}")]
    Case { key: String, source: Box<LedgerError> },
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(
        "reading {id} was changed since it was kept: its bytes are not those that the journal has the digest of\nhint: restore the ledger from a backup, or close the period again"
    )]
    ReadingChanged { id: i64 },
    #[error(
        "the plan {digest} was changed or removed since it was sent\nhint: restore the ledger from a backup"
    )]
    PlanChanged { digest: String },
    #[error("row {seq} of the journal was changed or removed")]
    JournalBroken { seq: i64 },
}

impl LedgerError {
    pub(super) fn sqlite(path: &Path, cause: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull { path },
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, cause: cause.to_string() },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path }
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, cause: cause.to_string() }
            }
            _ => Self::Sqlite { path, cause },
        }
    }
}
