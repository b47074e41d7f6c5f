//! Months that are done.

use clap::{Args, Subcommand};

use super::{ByArgs, ListOutputArgs};
use crate::calendar::Month;

/// Lock a month in these books, so that what comes later for it is adjusted in the first open period.
///
/// A locked month is like a posting period that is closed in NetSuite, which need not know of it: new
/// records go to the first day of the first open period after it, or wait, as `policy.closed_period`
/// says; their memo names the day they belong to. What was posted in it is never edited. A plan that
/// was made before the lock and posts to the month is refused.
///
/// Example:
///   tieout period lock 2026-10 --by Ada
///   tieout period list
///   tieout period show 2026-10                 what came for it afterwards, and what is different now
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
    /// Show which months are locked.
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
