//! Files that appear whole or not at all: written beside their place, then moved there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::report::close::Folder;

/// Only its owner may read it.
const PRIVATE: u32 = 0o600;

/// Writes a file that only its owner may read.
pub(super) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    write_private_by(path, |file| Ok(file.write_all(content)?))
}

/// The same, for what is written as it is made.
pub(super) fn write_private_by(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    write_by(path, PRIVATE, write)
}

/// The same, for those whom `mode` lets.
pub(super) fn write_by(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    let mut file = create(path, mode).with_context(failed)?;
    write(&mut file).with_context(failed)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error);
    file.and_then(|file| file.sync_all()).with_context(failed)?;
    std::fs::rename(part(path), path).with_context(failed)
}

fn create(path: &Path, mode: u32) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode & PRIVATE);
    let file = options.open(part(path))?;
    // Whatever the umask takes from new files, or an older file of this name had.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
}

/// A long report is gigabytes: larger pieces ask the system less often.
const BUFFER_BYTES: usize = 128 * 1024;

/// Where a file is before it is whole.
fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

/// A folder of reports that only their owner may read. They are not synced: whoever loses them with
/// the power makes them again from the reading, which is in the ledger.
pub(super) struct ReportFolder<'a>(&'a Path);

impl Folder for ReportFolder<'_> {
    type File = BufWriter<File>;

    fn create(&self, name: &str) -> io::Result<Self::File> {
        create(&self.0.join(name), PRIVATE).map_err(|error| self.naming(name, &error))
    }

    fn end(&self, name: &str, mut file: Self::File) -> io::Result<()> {
        let path = self.0.join(name);
        let moved = file.flush().and_then(|()| std::fs::rename(part(&path), &path));
        moved.map_err(|error| self.naming(name, &error))
    }
}

impl<'a> ReportFolder<'a> {
    /// The folder, made when it is not there.
    pub(super) fn made(path: &'a Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(path)
            .with_context(|| format!("{} cannot be made", path.display()))?;
        Ok(Self(path))
    }

    fn naming(&self, name: &str, error: &io::Error) -> io::Error {
        let path = self.0.join(name);
        io::Error::new(error.kind(), format!("{} cannot be written: {error}", path.display()))
    }
}
