//! Trying books out before any is written.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ListFormat, switch};
use crate::calendar::Month;

/// Post everything into an embedded NetSuite first, and read the books that it gives.
///
/// Takes the facts that were pulled, posts them into an embedded NetSuite that is set up from your own
/// chart of accounts, reads it back, and leaves the trial balance, the tie-out and the reports of a
/// month in a folder. Nothing is asked of Stripe or NetSuite, no key is needed, and the ledger is only
/// read. With --policy it does so twice, and shows what the other policies would do to the books.
///
/// Example:
///   tieout rehearse chart                  read the chart of accounts from NetSuite, once
///   tieout rehearse
///   tieout rehearse --from exported/       with exported JSON instead of what was pulled
///   tieout rehearse --policy other.toml
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct RehearseArgs {
    #[command(subcommand)]
    pub what: Option<RehearseCommand>,
    /// A file or folder of exported JSON, instead of the ledger's facts.
    #[arg(long, env = "TIEOUT_FROM")]
    pub from: Option<PathBuf>,
    /// Another configuration: its policies and whatever else belongs to the books, compared with this
    /// one's.
    #[arg(long, value_name = "FILE", env = "TIEOUT_POLICY")]
    pub policy: Option<PathBuf>,
    /// The chart of accounts: a file of `tieout rehearse chart`, or a CSV of accounts.
    #[arg(long, value_name = "FILE", env = "TIEOUT_CHART")]
    pub chart: Option<PathBuf>,
    /// The month of the reports, such as 2026-10; by default the last with postings.
    #[arg(long, env = "TIEOUT_PERIOD")]
    pub period: Option<Month>,
    /// The folder of the reports; default: `netsuite.rehearsal`.
    #[arg(long, env = "TIEOUT_OUT")]
    pub out: Option<PathBuf>,
    /// Keep the rehearsal's ledger and its NetSuite: `netsuite.target = "rehearsal"` goes on with them.
    #[arg(long, env = "TIEOUT_KEEP", value_parser = switch)]
    pub keep: bool,
    /// Print as a table for people, as JSON for programs, or as CSV for a spreadsheet.
    #[arg(short, long, alias = "format", value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
    pub output: ListFormat,
}

#[derive(Debug, Subcommand)]
pub enum RehearseCommand {
    /// Read the chart of accounts, and keep it as a file.
    ///
    /// Accounts, currencies with their rates, subsidiaries and posting periods, by queries that only
    /// read. Or from a list of accounts as CSV, with the columns number, name, type and currency; what
    /// that lacks is assumed, and the rehearsal says so.
    Chart(RehearseChartArgs),
}

#[derive(Debug, Args)]
pub struct RehearseChartArgs {
    /// A CSV of accounts, instead of asking NetSuite.
    #[arg(long, value_name = "FILE", env = "TIEOUT_CHART_FROM")]
    pub from: Option<PathBuf>,
    /// Where it is kept; default: `netsuite.chart`.
    #[arg(long, value_name = "FILE", env = "TIEOUT_CHART")]
    pub out: Option<PathBuf>,
}
