//! What needs a person, and what people do about it.

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};

use super::{ByArgs, ListOutputArgs, switch};
use crate::accounting::ExceptionClass;

/// Show what needs a person, and say who looks after it and how long it may stand.
///
/// An exception keeps its id, its first day, its owner and its notes across runs, also when it is
/// resolved and comes back. One that was accepted no longer counts for the exit code; it stays on the
/// list, and asks again when the day has passed or when it says anything else than what was accepted.
/// Nothing is accepted for longer than a year. Each act is a row of the journal.
///
/// Example:
///   tieout exceptions                               what is open, oldest first
///   tieout exceptions --class data --owner Ada --output csv
///   tieout exceptions assign ID --to Ada --due 2026-11-05
///   tieout exceptions note ID "Asked the bank on Tuesday."
///   tieout exceptions accept ID --until 2026-12-31 --reason "The bank refunds it in December."
///   tieout exceptions reopen ID                     take the acceptance back
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct ExceptionsArgs {
    #[command(subcommand)]
    pub what: Option<ExceptionsCommand>,
    #[command(flatten)]
    pub list: ExceptionListArgs,
}

#[derive(Debug, Clone, Default, Args)]
pub struct ExceptionListArgs {
    /// Those of one class only.
    #[arg(long, value_enum, env = "TIEOUT_CLASS")]
    pub class: Option<ClassName>,
    /// Those of one owner only.
    #[arg(long, value_name = "NAME", env = "TIEOUT_OWNER")]
    pub owner: Option<String>,
    /// Also those that no longer occur.
    #[arg(long, env = "TIEOUT_ALL", value_parser = switch)]
    pub all: bool,
    #[command(flatten)]
    pub output: ListOutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassName {
    Timing,
    Data,
    Policy,
    Fx,
    Configuration,
}

impl ClassName {
    pub const fn class(self) -> ExceptionClass {
        match self {
            Self::Timing => ExceptionClass::Timing,
            Self::Data => ExceptionClass::Data,
            Self::Policy => ExceptionClass::Policy,
            Self::Fx => ExceptionClass::Fx,
            Self::Configuration => ExceptionClass::Configuration,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum ExceptionsCommand {
    /// Show them; the same as `tieout exceptions`.
    List(ExceptionListArgs),
    /// Say who looks after one, and until when.
    Assign {
        id: String,
        /// Who looks after it from now on.
        #[arg(long, value_name = "NAME")]
        to: String,
        /// The day by which it should be resolved.
        #[arg(long, value_name = "DATE")]
        due: Option<NaiveDate>,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Add a remark.
    Note {
        id: String,
        text: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Let one stand until a day, at most a year from now.
    Accept {
        id: String,
        /// The last day on which it may stand.
        #[arg(long, value_name = "DATE")]
        until: NaiveDate,
        /// Why it may stand.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        by: ByArgs,
    },
    /// Take an acceptance back.
    Reopen {
        id: String,
        #[command(flatten)]
        by: ByArgs,
    },
}
