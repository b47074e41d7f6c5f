//! The plan as a file: versioned JSON that is sent as read or not at all.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::accounting::exception::Exception;
use crate::calendar::UnixTime;
use crate::digest::Sha256;
use crate::ids::AccountId;
use crate::plan::accepted::Accepted;
use crate::plan::change::{Blocked, Change};

/// The version of the file's shape. A file of another version is refused.
pub const SCHEMA_VERSION: u32 = 1;

/// What a plan was computed against. All of it must still hold when the plan is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub stripe_account: AccountId,
    pub livemode: bool,
    pub netsuite_account: String,
    pub ledger_id: String,
    /// Recognises what the ledger believed NetSuite to hold.
    pub posted_digest: String,
    pub policy_digest: String,
    /// Recognises the facts that the ledger held of Stripe.
    pub facts: String,
}

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    pub schema_version: u32,
    /// Program and version that made it.
    pub made_by: String,
    pub made_at: UnixTime,
    pub basis: Basis,
    /// The zone that dates were cut in.
    pub zone: String,
    /// In the order in which they are sent.
    pub changes: Vec<Change>,
    pub blocked: Vec<Blocked>,
    pub exceptions: Vec<Exception>,
    /// Exceptions that may stand for now, because a person said so: what they block is not made
    /// either, but nobody need be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
    /// Records that are already as they should be.
    pub unchanged_count: usize,
    /// Records that a plan of its own must look at after this one: a plan has an end.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_count: usize,
    /// SHA-256 of the file with this field empty.
    pub digest: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Why a file is not a plan that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    #[error("it is not a plan: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("it is of version {found}; this program reads version {SCHEMA_VERSION}")]
    Version { found: u64 },
    #[error(
        "it was changed after it was made: its digest is {expected}, its content gives {found}"
    )]
    Tampered { expected: String, found: String },
}

impl Plan {
    /// The plan as text, with its digest filled in.
    pub fn to_text(&mut self) -> String {
        let mut text = Vec::new();
        self.write(&mut text).expect("a plan always serializes");
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    /// Writes the same as it is made: a large plan as text is larger than the plan.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write(&mut self, to: &mut dyn Write) -> io::Result<()> {
        self.seal();
        serde_json::to_writer_pretty(&mut *to, self)?;
        to.write_all(b"\n")
    }

    /// Reads a plan and proves that nothing in it was changed.
    pub fn from_text(text: &str) -> Result<Self, PlanFileError> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u64,
        }
        let Version { schema_version: found } = serde_json::from_str(text)?;
        if found != u64::from(SCHEMA_VERSION) {
            return Err(PlanFileError::Version { found });
        }
        let mut plan: Self = serde_json::from_str(text)?;
        let expected = plan.digest.clone();
        plan.seal();
        if plan.digest == expected {
            Ok(plan)
        } else {
            Err(PlanFileError::Tampered { expected, found: plan.digest })
        }
    }

    /// Fills in the digest of everything else.
    fn seal(&mut self) {
        self.digest.clear();
        let mut digest = io::BufWriter::new(Sha256::default());
        serde_json::to_writer(&mut digest, self).expect("a plan always serializes");
        let digest = digest.into_inner().map_err(drop).expect("a digest takes everything");
        self.digest = digest.hex();
    }

    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}
