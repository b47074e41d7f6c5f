//! The other source: exported JSON in a file or a folder.
//!
//! Read are `*.json`, `*.jsonl` and `*.ndjson`, in sub-folders too. A file may hold list objects as
//! the API answers them, JSON arrays, or objects, any number of them one after the other; one object
//! per line is the special case that needs the least memory, since one value is held at a time.
//! What an object is, its `object` field says. Expanded lists inside objects stay inside.
//!
//! Some lists belong to an object that their items do not name:
//! - members of a payout: a list whose `url` has `payout=po_…`, or balance transactions in a file
//!   `balance_transactions/po_….json`;
//! - lines of a credit note: a list whose `url` is `/v1/credit_notes/cn_…/lines`.
//!
//! Everything is checked before anything is handed on: a file that breaks off leaves no trace.

mod files;
mod item;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use tokio::sync::mpsc;

use super::batch::{Batch, RawObject, Scope};
use super::resource::Resource;
use item::{Item, Source};

/// As many as on a page of the API.
const OBJECTS_PER_BATCH: usize = 100;

const READ_BUFFER_BYTES: usize = 256 * 1024;

/// What Windows programs put before text: harmless before UTF-8, telling before UTF-16.
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF_16_LITTLE: &[u8] = b"\xff\xfe";
const UTF_16_BIG: &[u8] = b"\xfe\xff";

/// What an export held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Export {
    pub files: usize,
    pub objects: u64,
    /// Kinds that the books do not need, with their counts: they were left out.
    pub skipped: BTreeMap<String, u64>,
}

/// Why an export was refused.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error("{path} cannot be read: {cause}")]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error(
        "{path} holds no *.json, *.jsonl or *.ndjson file\nhint: name the folder that Stripe's objects were exported to"
    )]
    Empty { path: PathBuf },
    #[error(
        "{path} is UTF-16 text, JSON is UTF-8\nhint: PowerShell's `>` writes UTF-16; use `| Out-File -Encoding utf8`"
    )]
    Encoding { path: PathBuf },
    #[error("{path} holds more than {max} files or too deep folders\nhint: name a folder below it")]
    TooMany { path: PathBuf, max: usize },
    #[error(
        "{path} is a web page, not JSON\nhint: the export was not logged in, or a proxy answered; export it again"
    )]
    Html { path: PathBuf },
    #[error(
        "{path} breaks off: line {line} ends inside a value that begins after byte {byte}\nhint: export it again; nothing was read"
    )]
    Truncated { path: PathBuf, line: usize, byte: usize },
    #[error(
        "{path}: line {line}, column {column}: {cause}\nhint: export it again; nothing was read"
    )]
    Malformed { path: PathBuf, line: usize, column: usize, cause: serde_json::Error },
    #[error("{path}: after byte {byte}: {message}\nhint: {fix}")]
    NotAnObject { path: PathBuf, byte: usize, message: String, fix: &'static str },
    /// The receiver's own error says why.
    #[error("what was read could not be handed on")]
    ReceiverGone,
}

/// Checks, then sends, everything that `path` (a file or a folder) holds.
///
/// Blocks, and so needs a thread outside the runtime (`tokio::task::spawn_blocking`).
///
/// # Errors
/// Before the first batch, if anything is wrong with any file. Later only if a file changes
/// meanwhile or the receiver is gone.
pub fn read_export(path: &Path, sink: &mpsc::Sender<Batch>) -> Result<Export, DirectoryError> {
    let files = files::list(path)?;
    let mut export = Export { files: files.len(), ..Export::default() };
    for file in &files {
        for_each_item(file, |item| {
            match item.resource {
                Some(_) => export.objects += 1,
                None => *export.skipped.entry(item.object.scan.head.object).or_default() += 1,
            }
            Ok(())
        })?;
    }
    for file in &files {
        let mut batches = Batches { sink, open: None };
        for_each_item(file, |item| batches.push(item))?;
        batches.flush()?;
    }
    Ok(export)
}

/// Reads the file's values one after the other; each is checked before it is visited.
fn for_each_item(
    path: &Path,
    mut visit: impl FnMut(Item) -> Result<(), DirectoryError>,
) -> Result<(), DirectoryError> {
    let unreadable = |cause| DirectoryError::Unreadable { path: path.to_owned(), cause };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut beginning = [0; 512];
    let length = file.read(&mut beginning).map_err(unreadable)?;
    let beginning = &beginning[..length];
    if beginning.starts_with(UTF_16_LITTLE) || beginning.starts_with(UTF_16_BIG) {
        return Err(DirectoryError::Encoding { path: path.to_owned() });
    }
    let text = beginning.strip_prefix(UTF_8_MARK).unwrap_or(beginning);
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
        return Err(DirectoryError::Html { path: path.to_owned() });
    }
    let skipped = u64::try_from(length - text.len()).expect("three bytes at most");
    file.seek(SeekFrom::Start(skipped)).map_err(unreadable)?;
    let reader = BufReader::with_capacity(READ_BUFFER_BYTES, file);
    let source = Source::of_path(path);
    let mut values = serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>();
    loop {
        let byte = values.byte_offset();
        let Some(value) = values.next() else { break };
        let value = value.map_err(|cause| broken(path, byte, cause))?;
        let items = source.items(value).map_err(|refusal| DirectoryError::NotAnObject {
            path: path.to_owned(),
            byte,
            message: refusal.message,
            fix: refusal.fix,
        })?;
        for item in items {
            visit(item)?;
        }
    }
    if values.byte_offset() == 0 && path.extension().is_some_and(|name| name == "json") {
        // Lines may be none; a document may not.
        return Err(DirectoryError::Truncated { path: path.to_owned(), line: 1, byte: 0 });
    }
    Ok(())
}

fn broken(path: &Path, byte: usize, cause: serde_json::Error) -> DirectoryError {
    let (path, line, column) = (path.to_owned(), cause.line(), cause.column());
    if cause.is_io() {
        DirectoryError::Unreadable { path, cause: cause.into() }
    } else if cause.is_eof() {
        DirectoryError::Truncated { path, line, byte }
    } else {
        DirectoryError::Malformed { path, line, column, cause }
    }
}

/// Gathers neighbouring items of one list into batches.
struct Batches<'a> {
    sink: &'a mpsc::Sender<Batch>,
    open: Option<(Resource, Scope, Vec<RawObject>)>,
}

impl Batches<'_> {
    fn push(&mut self, item: Item) -> Result<(), DirectoryError> {
        let Some(resource) = item.resource else { return Ok(()) };
        if let Some((open_resource, open_scope, objects)) = &mut self.open
            && *open_resource == resource
            && *open_scope == item.scope
        {
            if objects.len() < OBJECTS_PER_BATCH {
                objects.push(item.object);
                return Ok(());
            }
            let full = std::mem::take(objects);
            objects.push(item.object);
            return self.send(resource, item.scope, full, false);
        }
        self.flush()?;
        self.open = Some((resource, item.scope, vec![item.object]));
        Ok(())
    }

    /// Sends what is open: nothing more of its list follows here.
    fn flush(&mut self) -> Result<(), DirectoryError> {
        match self.open.take() {
            Some((resource, scope, objects)) => self.send(resource, scope, objects, true),
            None => Ok(()),
        }
    }

    fn send(
        &self,
        resource: Resource,
        scope: Scope,
        objects: Vec<RawObject>,
        last: bool,
    ) -> Result<(), DirectoryError> {
        let batch = Batch { resource, scope, objects, last };
        self.sink.blocking_send(batch).map_err(|_| DirectoryError::ReceiverGone)
    }
}
