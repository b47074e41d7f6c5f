//! Looking at what is there.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::OutputArgs;
use crate::calendar::Month;

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
    /// Roll-forward, bridge, payouts, receivables and fees of all time, each with its difference.
    Tieout,
    /// What reaches across the start of the books, and where each is booked.
    Cutover,
    /// Every report of a period, in every format, into a folder; what NetSuite showed is kept.
    Close,
    /// Opening balance, activity by category, payouts, closing balance, against Stripe's own.
    Rollforward,
    /// From the general ledger to the Stripe balance: timing items and errors apart.
    Bridge,
    /// Each payout: members, fees, deposit, posting period, bank line, state.
    Payouts,
    /// Payouts, NetSuite's deposits and the lines of bank statements, beside one another.
    Bank,
    /// What is open at the period's end, by class and age, with owner and note.
    OpenItems,
    /// The receivables account and the documents open on it.
    Ar,
    /// Fees by kind, against the fee accounts.
    Fees,
    /// Disputes that moved money.
    Disputes,
    /// Refunds and payments that failed.
    Refunds,
    /// What moved in the period and is booked in another, and the reverse.
    Cutoff,
    /// Customers' credit in both systems.
    CustomerBalance,
    /// Tax collected by rate.
    Tax,
    /// What was posted into the period, by run and plan.
    Changes,
    /// What was pulled and read, counts, control totals, the trial balance.
    Cover,
    /// Account balances, for account-reconciliation tools.
    Balances,
    /// Reconciling items, for the same tools.
    Items,
    /// Balance transactions with the column names of Stripe's reports.
    Transactions,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    #[default]
    Table,
    Json,
    Csv,
    Html,
}

/// Print a report.
///
/// The reports of a period are as of its last instant in the account's time zone. NetSuite is read
/// for them; `close` keeps what it showed, and --from-ledger and --as-read make the same reports from
/// that again, byte for byte. With several Stripe accounts, `close` writes each account's reports into
/// a folder of its own, and one overview over all beside them.
///
/// Example:
///   tieout report tieout --html october.html
///   tieout report cutover                        from the ledger alone
///   tieout report close --period 2026-10 --out october
///   tieout report rollforward --period 2026-10 --fail-over 5.00
///   tieout report items --period 2026-10 --from-ledger --output csv
#[derive(Debug, Clone, Args)]
#[command(verbatim_doc_comment)]
pub struct ReportArgs {
    #[arg(value_enum)]
    pub name: ReportName,
    /// The month, such as 2026-10.
    #[arg(long, env = "TIEOUT_PERIOD", conflicts_with_all = ["since", "until"])]
    pub period: Option<Month>,
    /// The first day, instead of a month.
    #[arg(long, env = "TIEOUT_SINCE", requires = "until")]
    pub since: Option<chrono::NaiveDate>,
    /// The day after the last one.
    #[arg(long, env = "TIEOUT_UNTIL", requires = "since")]
    pub until: Option<chrono::NaiveDate>,
    /// Ask nothing of NetSuite: take what the last close of the period read, or else what was posted.
    #[arg(long, env = "TIEOUT_FROM_LEDGER", value_parser = super::switch,
        num_args = 0..=1, default_missing_value = "true", default_value = "false", require_equals = true)]
    pub from_ledger: bool,
    /// Take the reading with this number, which a close has told.
    #[arg(long, env = "TIEOUT_AS_READ", conflicts_with = "from_ledger")]
    pub as_read: Option<i64>,
    /// The largest difference of a proof that is let pass, in units of its currency.
    #[arg(long, env = "TIEOUT_FAIL_OVER", default_value = "0.00")]
    pub fail_over: String,
    /// Also write the report as one self-contained HTML file.
    #[arg(long, env = "TIEOUT_HTML")]
    pub html: Option<PathBuf>,
    /// Also write the report as a workbook of sheets.
    #[arg(long, env = "TIEOUT_XLSX")]
    pub xlsx: Option<PathBuf>,
    /// Write the report in every format into this folder.
    #[arg(long, env = "TIEOUT_OUT")]
    pub out: Option<PathBuf>,
    /// How the report is printed.
    #[arg(short, long, alias = "format", value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
    pub output: ReportFormat,
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
