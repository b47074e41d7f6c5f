//! Reading Stripe.

use std::path::PathBuf;

use clap::Args;

use super::{GuardArgs, OutcomeArgs, switch};

/// The window of a pull: half-open, since <= t < until.
#[derive(Debug, Clone, Default, Args)]
pub struct WindowArgs {
    /// First day (2026-10-01, in the account's zone) or instant (RFC 3339); default: the start date.
    #[arg(long, env = "TIEOUT_SINCE")]
    pub since: Option<String>,
    /// The day or instant before which the window ends; default: ten minutes ago.
    #[arg(long, env = "TIEOUT_UNTIL")]
    pub until: Option<String>,
}

/// Copy what happened in Stripe into the ledger.
///
/// Reads only. Objects are kept byte for byte; one that changed becomes a new revision. Pulling the
/// same window again changes nothing.
///
/// Example:
///   tieout pull --since 2026-10-01 --until 2026-11-01
///   tieout pull --from exported/     read exported JSON instead of the API
///   tieout pull --from-report itemized.csv
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PullArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// A file or folder of exported JSON: lists, or one object per line.
    #[arg(long, env = "TIEOUT_FROM")]
    pub from: Option<PathBuf>,
    /// One of Stripe's itemized reports as CSV, for a team without API access: gives what it can,
    /// and says what is missing.
    #[arg(long, env = "TIEOUT_FROM_REPORT", conflicts_with = "from")]
    pub from_report: Option<PathBuf>,
}

/// Read a long stretch of the past, month by month.
///
/// Shows the chunks, then reads them, oldest first; a chunk that is complete is not read again.
/// Killed at any moment, the same command goes on where it was.
///
/// Example:
///   tieout backfill --since 2025-01-01 --until 2026-07-01
///   tieout backfill --since 2025-01-01 --dry-run     show the chunks
///   tieout backfill --since 2025-01-01 --push        and post each chunk before the next
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct BackfillArgs {
    /// First day (2025-01-01, in the account's zone) or instant (RFC 3339).
    #[arg(long, env = "TIEOUT_SINCE")]
    pub since: String,
    /// The day or instant before which the stretch ends; default: ten minutes ago.
    #[arg(long, env = "TIEOUT_UNTIL")]
    pub until: Option<String>,
    /// Plan and push after each chunk.
    #[arg(long, env = "TIEOUT_PUSH", value_parser = switch)]
    pub push: bool,
    /// Show the chunks and read nothing.
    #[arg(long, env = "TIEOUT_DRY_RUN", value_parser = switch)]
    pub dry_run: bool,
    #[command(flatten)]
    pub guards: GuardArgs,
    #[command(flatten)]
    pub outcome: OutcomeArgs,
}
