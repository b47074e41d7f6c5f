//! The archive: files with their digests, written in one go; read without ever touching a disk.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::manifest::{FileEntry, MANIFEST, Manifest};
use crate::digest::{Digesting, sha256_of};

/// The seal is SHA-256 as hex.
const SEAL_BYTES: usize = 64;
const SEAL_AT_END: i64 = 64;

/// A manifest is small; a larger one is none of ours.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// An archive that is being written.
pub struct Archive<W: Write + Seek> {
    zip: ZipWriter<W>,
    files: BTreeMap<String, FileEntry>,
}

/// Nothing of now gets into the archive: the same content gives the same bytes.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .large_file(true)
        .unix_permissions(0o600)
}

impl<W: Write + Seek> Archive<W> {
    pub fn new(to: W) -> Self {
        Self { zip: ZipWriter::new(to), files: BTreeMap::new() }
    }

    /// Adds a file as it is written.
    pub fn add<E: From<io::Error>>(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), E>,
    ) -> Result<(), E> {
        self.zip.start_file(name, options()).map_err(io::Error::from)?;
        let mut to = Digesting::new(io::BufWriter::new(&mut self.zip));
        write(&mut to)?;
        to.flush()?;
        let (_, sha256, bytes) = to.end();
        self.files.insert(name.to_owned(), FileEntry { bytes, sha256 });
        Ok(())
    }

    /// Writes the manifest, which lists every file, and ends the archive.
    pub fn end(mut self, manifest: Manifest) -> io::Result<W> {
        let manifest = Manifest { files: self.files, ..manifest };
        self.zip.start_file(MANIFEST, options())?;
        serde_json::to_writer_pretty(&mut self.zip, &manifest)?;
        self.zip.write_all(b"\n")?;
        self.zip.set_comment("0".repeat(SEAL_BYTES))?;
        Ok(self.zip.finish()?)
    }
}

/// Writes the digest of every byte before it over the archive's comment, which is its end: so headers
/// and times are sealed too, and not the files alone.
pub fn seal(file: &mut (impl Read + Write + Seek)) -> io::Result<()> {
    let digest = digest_of_rest(file)?;
    file.seek(io::SeekFrom::End(-SEAL_AT_END))?;
    file.write_all(digest.as_bytes())
}

/// Whether every byte is as it was sealed.
pub fn is_sealed(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let digest = digest_of_rest(file)?;
    let mut seal = String::new();
    file.seek(io::SeekFrom::End(-SEAL_AT_END))?;
    let is_text = file.read_to_string(&mut seal).is_ok();
    Ok(is_text && seal == digest)
}

fn digest_of_rest(file: &mut (impl Read + Seek)) -> io::Result<String> {
    let bytes = file.seek(io::SeekFrom::End(-SEAL_AT_END))?;
    file.rewind()?;
    sha256_of(file.take(bytes))
}

/// Whether a name is a path below the folder that somebody unpacks the archive to, on any system.
fn stays_inside(name: &str) -> bool {
    let is_plain = |part: &str| !matches!(part, "" | "." | "..");
    !name.contains(['\\', ':', '\0']) && name.split('/').all(is_plain)
}

/// An archive that is read. Nothing of it is ever written anywhere.
pub struct Opened<R: Read + Seek> {
    zip: ZipArchive<R>,
    pub manifest: Manifest,
}

impl<R: Read + Seek> Opened<R> {
    /// Opens an archive and reads its manifest.
    ///
    /// # Errors
    /// If it is no archive, or has no manifest that can be read.
    pub fn open(from: R) -> io::Result<Self> {
        let mut zip = ZipArchive::new(from)?;
        let manifest = {
            let file = zip.by_name(MANIFEST)?;
            serde_json::from_reader(file.take(MANIFEST_BYTES_MAX))?
        };
        Ok(Self { zip, manifest })
    }

    /// A sentence about each file that is not as the manifest says, that is missing or that it does not
    /// know.
    pub fn findings(&mut self) -> io::Result<Vec<String>> {
        let mut findings = Vec::new();
        let names: Vec<String> =
            self.zip.file_names().map(|name| Ok(name?.into_owned())).collect::<io::Result<_>>()?;
        for (place, name) in names.iter().enumerate() {
            if !stays_inside(name) {
                findings.push(format!("{name:?} would be unpacked outside of its folder."));
            }
            if names[..place].contains(name) {
                findings.push(format!("{name:?} is in it twice."));
            } else if name != MANIFEST && !self.manifest.files.contains_key(name) {
                findings.push(format!("{name:?} is in it and not in the manifest."));
            }
        }
        let files = self.manifest.files.clone();
        for (name, expected) in &files {
            match self.digest(name) {
                Ok(found) if found == *expected => {}
                Ok(_) => findings.push(format!("{name} was changed.")),
                Err(cause) if !names.contains(name) => {
                    drop(cause);
                    findings.push(format!("{name} is missing."));
                }
                Err(cause) => findings.push(format!("{name} cannot be read: {cause}.")),
            }
        }
        Ok(findings)
    }

    fn digest(&mut self, name: &str) -> io::Result<FileEntry> {
        // A small archive may hold what unpacks to terabytes: no more is read than is expected.
        let expected = self.manifest.files.get(name).map_or(0, |file| file.bytes);
        let mut file = self.zip.by_name(name)?.take(expected.saturating_add(1));
        let mut to = Digesting::new(io::sink());
        io::copy(&mut file, &mut to)?;
        let (_, sha256, bytes) = to.end();
        Ok(FileEntry { bytes, sha256 })
    }

    /// A file, to be read once it is known to be as the manifest says.
    pub fn file(&mut self, name: &str) -> io::Result<impl Read> {
        let expected = self.manifest.files.get(name).map_or(0, |file| file.bytes);
        Ok(self.zip.by_name(name)?.take(expected))
    }
}
