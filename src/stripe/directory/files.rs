//! Which files an export consists of.

use std::path::{Path, PathBuf};

use super::DirectoryError;

/// An export with more files was not meant for this.
const FILES_MAX: usize = 100_000;

/// Links that lead back to a folder above must not be followed for ever.
const DEPTH_MAX: usize = 8;

/// The file itself, or the JSON files of the folder and its sub-folders, sorted by path.
pub(super) fn list(path: &Path) -> Result<Vec<PathBuf>, DirectoryError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![(path.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let unreadable = |cause| DirectoryError::Unreadable { path: folder.clone(), cause };
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let found = entry.map_err(unreadable)?.path();
            if found.is_dir() {
                folders.push((found, depth + 1));
            } else if is_json(&found) {
                files.push(found);
            }
        }
        if files.len() > FILES_MAX || depth > DEPTH_MAX {
            return Err(DirectoryError::TooMany { path: path.to_owned(), max: FILES_MAX });
        }
    }
    if files.is_empty() {
        return Err(DirectoryError::Empty { path: path.to_owned() });
    }
    files.sort();
    Ok(files)
}

fn is_json(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["json", "jsonl", "ndjson"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}
