//! One file for the auditor.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OutputArgs;
use crate::calendar::Month;

/// Put everything that a close rests on into one file, or prove that such a file is as it was made.
///
/// The file is a zip archive: every report of the close in every format, what they were made of, the
/// plans that posted into the period, the settings, the queries that NetSuite was asked, the journal,
/// and a manifest with the digest of each. It is made of what a close has kept: nothing is asked of
/// Stripe or NetSuite.
///
/// Example:
///   tieout evidence --period 2026-10 --out 2026-10.zip
///   tieout evidence --period 2026-10 --as-read 3 --out 2026-10.zip
///   tieout evidence verify 2026-10.zip
///   tieout evidence verify 2026-10.zip --with-ledger    its journal is this ledger's, too
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct EvidenceArgs {
    #[command(subcommand)]
    pub what: Option<EvidenceCommand>,
    /// The month, such as 2026-10.
    #[arg(long, env = "TIEOUT_PERIOD", required = true)]
    pub period: Option<Month>,
    /// Take the reading with this number, which a close has told, instead of the last.
    #[arg(long, env = "TIEOUT_AS_READ")]
    pub as_read: Option<i64>,
    /// The archive to write.
    #[arg(long, env = "TIEOUT_OUT", required = true)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Prove that nothing in an archive was changed.
    ///
    /// Every file is held against the manifest, the journal against its own chain of seals, the
    /// reading against the journal, and every report against what the reading gives. Needs no
    /// configuration and no ledger.
    Verify {
        /// The archive.
        file: PathBuf,
        /// Also prove that the archive was made from this ledger: its journal begins with the
        /// archive's.
        #[arg(long)]
        with_ledger: bool,
        #[command(flatten)]
        output: OutputArgs,
    },
}
