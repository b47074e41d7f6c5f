//! Reading Stripe.

use std::path::PathBuf;

use clap::Args;

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
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PullArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// A file or folder of exported JSON: lists, or one object per line.
    #[arg(long, env = "TIEOUT_FROM")]
    pub from: Option<PathBuf>,
}
