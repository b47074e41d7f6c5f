//! One writer at a time: the lock beside the ledger, and who holds it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::{Ledger, LedgerError};

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub struct LockGuard {
    _file: File,
}

impl Ledger {
    /// Takes the lock of the ledger at `path` for `owner` (a sentence part: "`tieout run`, process
    /// 4711, since …").
    ///
    /// # Errors
    /// [`LedgerError::Locked`] names the one that holds it.
    pub fn lock(path: &Path, owner: &str) -> Result<LockGuard, LedgerError> {
        let lock_path = lock_path(path);
        let wrap = |cause| LedgerError::File { path: lock_path.clone(), cause };
        super::open::folder_exists(path)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&lock_path).map_err(wrap)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                file.read_to_string(&mut owner).map_err(wrap)?;
                let owner = if owner.is_empty() { "another run".into() } else { owner };
                return Err(LedgerError::Locked { path: path.into(), owner });
            }
            Err(TryLockError::Error(cause)) => return Err(wrap(cause)),
        }
        file.set_len(0).map_err(wrap)?;
        file.write_all(owner.as_bytes()).map_err(wrap)?;
        Ok(LockGuard { _file: file })
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
