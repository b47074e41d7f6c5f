//! One writer at a time: the lock beside the ledger, and who holds it.
//!
//! The operating system holds the lock and lets it go when its process ends, however it ends: what
//! stands in the file never keeps anybody out. It only says who holds the lock, or who did not come
//! to let it go.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Ledger, LedgerError};

/// How often a lock that is held is tried again: soon enough for a person who waits.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// Holds the lock until it is dropped.
#[derive(Debug)]
pub struct LockGuard {
    file: File,
    left_by: Option<String>,
}

impl LockGuard {
    /// Who held the lock before and ended without letting it go: killed, or with the machine.
    pub fn left_by(&self) -> Option<&str> {
        self.left_by.as_deref()
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        // A name that stays tells the next run a death that was none, and nothing worse.
        self.file.set_len(0).ok();
    }
}

impl Ledger {
    /// Takes the lock of the ledger at `path` for `owner` (a sentence part: "`tieout run`, process
    /// 4711, since …").
    ///
    /// # Errors
    /// [`LedgerError::Locked`] names the one that holds it.
    pub fn lock(path: &Path, owner: &str) -> Result<LockGuard, LedgerError> {
        Self::lock_within(path, owner, Duration::ZERO, |_| {})
    }

    /// The same, after waiting for it at most so long. `waits` is told once who holds it.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] names the one that still holds it.
    pub fn lock_within(
        path: &Path,
        owner: &str,
        patience: Duration,
        waits: impl FnOnce(&str),
    ) -> Result<LockGuard, LedgerError> {
        let lock_path = lock_path(path);
        let wrap = |cause| LedgerError::File { path: lock_path.clone(), cause };
        super::open::folder_exists(path)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&lock_path).map_err(wrap)?;
        let until = Instant::now() + patience;
        let mut waits = Some(waits);
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(cause)) => return Err(wrap(cause)),
            }
            let holder = name_in(&mut file).map_err(wrap)?.unwrap_or_else(|| "another run".into());
            if Instant::now() >= until {
                return Err(LedgerError::Locked { path: path.into(), owner: holder });
            }
            if let Some(waits) = waits.take() {
                waits(&holder);
            }
            std::thread::sleep(AGAIN_AFTER);
        }
        let left_by = name_in(&mut file).map_err(wrap)?;
        file.set_len(0).and_then(|()| file.rewind()).map_err(wrap)?;
        file.write_all(owner.as_bytes()).map_err(wrap)?;
        Ok(LockGuard { file, left_by })
    }
}

/// What stands in the file.
fn name_in(file: &mut File) -> std::io::Result<Option<String>> {
    let mut name = String::new();
    file.rewind()?;
    file.read_to_string(&mut name)?;
    Ok(Some(name).filter(|name| !name.is_empty()))
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A killed run must not keep every later night out, and must not go unsaid either.
    #[test]
    fn the_name_of_a_dead_owner_keeps_nobody_out_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let first = Ledger::lock(&path, "`tieout run` (process 1)").unwrap();
        assert_eq!(first.left_by(), None);
        let mut told = None;
        let patience = Duration::from_millis(1);
        let refused = Ledger::lock_within(&path, "b", patience, |who| told = Some(who.to_owned()));
        assert!(refused.unwrap_err().to_string().contains("`tieout run` (process 1)"));
        assert_eq!(told.as_deref(), Some("`tieout run` (process 1)"));
        drop(first);
        assert_eq!(Ledger::lock(&path, "c").unwrap().left_by(), None, "let go in order");
        std::fs::write(lock_path(&path), "`tieout run` (process 9)").unwrap();
        let after = Ledger::lock(&path, "d").unwrap();
        assert_eq!(after.left_by(), Some("`tieout run` (process 9)"));
    }

    /// A cron job that starts a little early would be refused for seconds.
    #[test]
    fn who_waits_gets_the_lock_when_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let first = Ledger::lock(&path, "a").unwrap();
        let waiter = std::thread::spawn({
            let path = path.clone();
            move || Ledger::lock_within(&path, "b", Duration::from_secs(20), |_| {}).is_ok()
        });
        std::thread::sleep(Duration::from_millis(50));
        drop(first);
        assert!(waiter.join().unwrap());
    }
}
