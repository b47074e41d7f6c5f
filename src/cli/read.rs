//! Looking at what is there.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;

/// Read back from NetSuite what was posted, and compare.
///
/// Finds records that were edited, un-applied, deposited elsewhere, voided or deleted, records of
/// others under our external ids, and records of ours that the ledger does not know.
///
/// Example:
///   tieout verify
///   tieout verify --report itemized.csv   compare one of Stripe's report files with the ledger
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct VerifyArgs {
    /// One of Stripe's reports as CSV: payout reconciliation, balance change, payouts (itemized), or
    /// the balance summary. Compared with the ledger; NetSuite is not asked.
    #[arg(long, env = "TIEOUT_REPORT")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportName {
    /// Roll-forward, bridge, payouts, receivables and fees, each with its difference.
    Tieout,
    /// What reaches across the start of the books, and where each is booked.
    Cutover,
}

/// Print a report.
///
/// Example:
///   tieout report tieout
///   tieout report tieout --html october.html
///   tieout report cutover            from the ledger alone
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ReportArgs {
    #[arg(value_enum)]
    pub name: ReportName,
    /// Also write the report as one self-contained HTML file.
    #[arg(long, env = "TIEOUT_HTML")]
    pub html: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Tell everything that is known about one id.
///
/// Facts from Stripe, the rule and the settings that applied, the records with their lines and their
/// debits and credits, where each record stands, where the money is, and what the next plan would do.
/// Takes any Stripe id, an external id such as re_1-memo, a NetSuite internal id, or the number of an
/// invoice. Reads the ledger alone: nothing is asked of Stripe or NetSuite, and nothing is changed.
///
/// Example:
///   tieout explain ch_…              a charge: its invoice, fee, refunds, payout and deposit
///   tieout explain po_…              what a payout is made of
///   tieout explain re_…-memo         the credit memo of a refund
///   tieout explain netsuite:10202    the record that NetSuite calls 10202
///   tieout explain in_… --output json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ExplainArgs {
    /// The id.
    pub id: String,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Say what the ledger holds and how the last runs ended.
///
/// Example:
///   tieout status
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct StatusArgs {
    #[command(flatten)]
    pub output: OutputArgs,
}
