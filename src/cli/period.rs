//! Months that are done.

use clap::{Args, Subcommand, ValueEnum};

use super::{ByArgs, ListOutputArgs};
use crate::calendar::Month;

/// Lock a month in these books, and sign what it came to.
///
/// What comes later for a locked month is adjusted in the first open period.
/// A locked month is like a posting period that is closed in NetSuite, which need not know of it: new
/// records go to the first day of the first open period after it, or wait, as `policy.closed_period`
/// says; their memo names the day they belong to. What was posted in it is never edited. A plan that
/// was made before the lock and posts to the month is refused.
///
/// Example:
///   tieout period lock 2026-10 --by Ada
///   tieout period list
///   tieout period sign 2026-10 --as preparer --by Ada     the figures of the last close
///   tieout period sign 2026-10 --as reviewer --by Grace
///   tieout period show 2026-10                 who signed, what came for it afterwards, and what is different now
///   tieout period show 2026-10 --output csv
///   tieout period unlock 2026-10 --reason "The auditors' entry belongs there."
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PeriodArgs {
    #[command(subcommand)]
    pub what: PeriodCommand,
}

#[derive(Debug, Subcommand)]
pub enum PeriodCommand {
    /// Lock a month that is over.
    Lock {
        /// The month, such as 2026-10.
        month: Month,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Open a month again.
    Unlock {
        /// The month, such as 2026-10.
        month: Month,
        /// Why it is opened; the journal keeps it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Sign the figures of a month's last close, as who prepared them or as who reviewed them.
    ///
    /// The journal keeps who signed which reading, with a fingerprint of its figures. A later close
    /// that finds other figures makes the signature void. A reviewer signs what somebody else has
    /// prepared and signed.
    Sign {
        /// The month, such as 2026-10.
        month: Month,
        /// In which role.
        #[arg(long = "as", value_name = "ROLE", value_enum)]
        role: SignerRole,
        /// A sentence that the journal keeps with it.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Show which months are locked, and who signed them.
    List {
        #[command(flatten)]
        output: ListOutputArgs,
    },
    /// Show what came for a month after it was locked or closed.
    Show {
        /// The month, such as 2026-10.
        month: Month,
        #[command(flatten)]
        output: ListOutputArgs,
    },
}

/// What a person signs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SignerRole {
    Preparer,
    Reviewer,
}
