//! Looking after the ledger's file.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::OutputArgs;

/// Look after the ledger itself.
///
/// Example:
///   tieout ledger stats              what it holds, how large it is, and its digest
///   tieout ledger check              prove every object, link and journal row
///   tieout ledger export facts/      objects as JSON lines, byte for byte, and flat CSV
///   tieout ledger compact            pack it anew and give unused space back
///   tieout ledger backup copy.db     copy it while it is used
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct LedgerArgs {
    #[command(subcommand)]
    pub what: LedgerCommand,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The folder to write to; made when it is not there.
    pub folder: PathBuf,
    /// Objects of one kind only (charge, invoice, …).
    #[arg(long, env = "TIEOUT_KIND")]
    pub kind: Option<String>,
    /// Also write movements.parquet and objects.parquet, for a warehouse or Spark.
    #[cfg(feature = "parquet")]
    #[arg(long, env = "TIEOUT_PARQUET", value_parser = super::switch)]
    pub parquet: bool,
}

#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Say what the ledger holds, how large it is, and the digest of its facts.
    Stats {
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Prove that every object, link and journal row is as it was written.
    Check,
    /// Write every object as JSON lines, byte for byte, and the money as flat CSV.
    Export(ExportArgs),
    /// Pack every object anew and give unused space back to the disk.
    Compact,
    /// Copy the ledger to another file while it is used.
    Backup {
        /// The file to write; must not exist.
        path: PathBuf,
    },
}
