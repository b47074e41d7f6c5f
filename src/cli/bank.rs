//! Bank statements.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::{ByArgs, ListOutputArgs, OutputArgs};
use crate::bank;
use crate::calendar::Month;

/// Read bank statements, and hold their lines against payouts.
///
/// A statement that is imported twice, or that overlaps another, adds nothing twice. One whose lines do
/// not lead from its opening to its closing balance is refused. Which account of the bank takes the
/// payouts of which currency, and how a bank writes CSV, is said under [bank] in the configuration.
/// `tieout report bank` shows payouts, NetSuite's deposits and the lines beside one another.
///
/// Example:
///   tieout bank import october.xml november.sta
///   tieout bank import export.csv --bank operating --since 2026-10-01 --until 2026-11-01
///   tieout bank list --period 2026-10
///   tieout bank match --period 2026-10
///   tieout bank pair bl_… po_… --by Ada
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct BankArgs {
    #[command(subcommand)]
    pub what: BankCommand,
}

#[derive(Debug, Subcommand)]
pub enum BankCommand {
    /// Read statements: CSV, OFX, CAMT.053, BAI2 or MT940.
    Import(BankImportArgs),
    /// Show which statements were read, or the lines of a month.
    List {
        /// The month, such as 2026-10, whose lines are shown.
        #[arg(long, env = "TIEOUT_PERIOD")]
        period: Option<Month>,
        #[command(flatten)]
        output: ListOutputArgs,
    },
    /// Show which line is which payout's, what is ambiguous, and what is missing on either side.
    ///
    /// Ends with 6 when something is missing, differs or is ambiguous.
    Match {
        /// The month, such as 2026-10.
        #[arg(long, env = "TIEOUT_PERIOD")]
        period: Month,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Say which payout a line is of, where several fit.
    Pair {
        /// The line, as `tieout bank match` shows it.
        line: String,
        /// The payout, po_….
        payout: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Take that back.
    Unpair {
        /// The line.
        line: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Take a statement back, with the lines that no other one has.
    Forget {
        /// The statement's number, as `tieout bank list` shows it.
        statement: i64,
        /// Why; the journal keeps it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        by: ByArgs,
    },
}

#[derive(Debug, Args)]
pub struct BankImportArgs {
    /// The files.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// How they are written; by default told from what stands in them.
    #[arg(long, value_enum, default_value_t, env = "TIEOUT_BANK_FORMAT")]
    pub format: StatementFormat,
    /// The account they are of, by its name in bank.accounts; only CSV needs it, where there are several.
    #[arg(long, value_name = "NAME", env = "TIEOUT_BANK")]
    pub bank: Option<String>,
    /// The first day that the file covers, where it does not say so itself: CSV does not.
    #[arg(long, env = "TIEOUT_SINCE")]
    pub since: Option<NaiveDate>,
    /// The day after the last one.
    #[arg(long, env = "TIEOUT_UNTIL")]
    pub until: Option<NaiveDate>,
    #[command(flatten)]
    pub by: ByArgs,
    /// Print as a table for people, or as JSON for programs.
    #[arg(short, long, value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
    pub output: super::Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum StatementFormat {
    #[default]
    Auto,
    Csv,
    Ofx,
    Camt053,
    Bai2,
    Mt940,
}

impl StatementFormat {
    /// `None`: told from the content.
    pub const fn format(self) -> Option<bank::Format> {
        match self {
            Self::Auto => None,
            Self::Csv => Some(bank::Format::Csv),
            Self::Ofx => Some(bank::Format::Ofx),
            Self::Camt053 => Some(bank::Format::Camt053),
            Self::Bai2 => Some(bank::Format::Bai2),
            Self::Mt940 => Some(bank::Format::Mt940),
        }
    }
}
