//! What an evidence pack says of itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calendar::UnixTime;
use crate::reconcile::close::facts::Period;

/// The version of the pack's shape. A pack of another version is refused.
pub const PACK_VERSION: u32 = 1;

/// The one file that is not listed in itself.
pub const MANIFEST: &str = "manifest.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub schema_version: u32,
    /// Program and version.
    pub made_by: String,
    pub made_at: UnixTime,
    pub company: Option<String>,
    pub stripe_account: String,
    pub netsuite_account: String,
    pub zone: String,
    pub period: Period,
    pub reading: ReadingEntry,
    pub journal: JournalHead,
    /// What the ledger held of each kind when the pack was made.
    pub objects: Vec<Counted>,
    /// Recognises all of it.
    pub facts: String,
    /// Control totals of the period's balance transactions, per currency.
    pub totals: Vec<Total>,
    pub proofs: Vec<Proven>,
    pub signatures: Vec<Signature>,
    /// Every other file, by its name.
    pub files: BTreeMap<String, FileEntry>,
}

/// What the reports were made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingEntry {
    pub id: i64,
    pub read_at: UnixTime,
    /// Of the packed reading, as the journal has it.
    pub sha256: String,
    /// The fingerprint of its figures.
    pub figures: String,
}

/// The end of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHead {
    pub rows: u64,
    /// The seal of the last row.
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub kind: String,
    pub count: u64,
}

/// Sums over balance transactions, as decimals of their currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    pub currency: String,
    pub count: usize,
    pub gross: String,
    pub fee: String,
    pub net: String,
}

/// What a report proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    pub report: String,
    pub section: String,
    pub title: String,
    pub currency: String,
    pub difference: String,
}

/// A name under the figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub role: String,
    pub by: String,
    pub at: UnixTime,
    pub figures: String,
    pub is_void: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    pub bytes: u64,
    pub sha256: String,
}
