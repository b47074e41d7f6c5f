//! An evidence pack: one file with everything that a close rests on, and the proof that nothing in it
//! was changed.
//!
//! Belongs here: the archive and its manifest, written and read. Does not belong here: what is put in
//! (`commands::evidence`).

mod archive;
mod manifest;

pub use archive::{Archive, Opened, is_sealed, seal};
pub use manifest::{
    Counted, FileEntry, JournalHead, MANIFEST, Manifest, PACK_VERSION, Proven, ReadingEntry,
    Signature, Total,
};
