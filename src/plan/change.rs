//! One change of a plan: a record, what happens to it, and the request that does it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::accounting::posting::Posting;
use crate::accounting::record::Record;
use crate::digest::sha256_hex;
use crate::ids::{ExternalId, InternalId};
use crate::netsuite::record::RecordKind;

/// What happens to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Before creations of the same kind: an un-application frees what a creation then applies to.
    Update,
    Create,
}

impl Action {
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
        }
    }
}

/// A field that differs, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: String,
    pub from: String,
    pub to: String,
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} → {})", self.field, self.from, self.to)
    }
}

/// The request, byte for byte, except that internal ids of records made on the way are filled in
/// where the body says `"{{id:…}}"`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// `POST` or `PATCH`.
    pub method: String,
    /// `/record/v1/<type>`, and `/{internal id}` for an update.
    pub path: String,
    /// Sublists an update replaces whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<String>,
    pub body: Box<RawValue>,
}

impl Request {
    /// Recognises the request: method, path, replaced sublists and body.
    pub fn digest(&self) -> String {
        let head = format!("{} {}?replace={}\n", self.method, self.path, self.replace.join(","));
        sha256_hex(&[head.as_bytes(), self.body.get().as_bytes()].concat())
    }
}

/// One record and what happens to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    pub action: Action,
    pub external_id: ExternalId,
    pub kind: RecordKind,
    /// The record as it will be, placed in its posting period.
    pub record: Record,
    /// Its key in NetSuite, when it exists.
    pub internal_id: Option<InternalId>,
    pub request: Request,
    /// What an update changes; empty for a creation.
    pub fields: Vec<FieldChange>,
    /// What the change moves in the general ledger; an update of applications moves nothing.
    pub postings: Vec<Posting>,
}

/// A record that cannot be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    /// Whole sentences.
    pub reason: String,
    pub fix: String,
    /// The record that is in the way, when it is another one.
    pub behind: Option<ExternalId>,
    pub amount: Option<crate::money::Amount>,
}
