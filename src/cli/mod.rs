//! The command language. The doc comments are the manual.

mod bank;
mod evidence;
mod exceptions;
mod ledger;
mod period;
mod pull;
mod push;
mod read;
mod rehearse;
mod setup;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::calendar::{Clock, SetClock, SystemClock, UnixTime};

pub use bank::*;
pub use evidence::*;
pub use exceptions::*;
pub use ledger::*;
pub use period::*;
pub use pull::*;
pub use push::*;
pub use read::*;
pub use rehearse::*;
pub use setup::*;

/// Ties Stripe out to NetSuite, to the cent.
///
/// tieout pulls what happened in Stripe, works out the NetSuite records the books need, shows them
/// as a plan, sends the plan exactly once, and proves that every total ties.
#[derive(Debug, Parser)]
#[command(name = "tieout", version, propagate_version = true, max_term_width = 100)]
#[command(after_long_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0        done, or nothing differs
  1        failed
  2        changes exist (only with --detailed-exitcode)
  3        finished, some records failed or are blocked
  4        authentication or permission
  5        transient, try later
  6        totals differ, or a record was changed in NetSuite
  7        refused by a guard (stale plan, wrong account, closed period, limits)
  8        in-doubt records remain
  11       another run holds the lock
  64       usage or configuration
  130/143  interrupted after a clean checkpoint

Start here:
  tieout demo             the whole job on an embedded Stripe and NetSuite, no set-up
  tieout init             write a commented tieout.toml
  tieout check            prove the configuration against both systems
  tieout run --dry-run    pull, and show what would be posted";

/// The heading of what every command takes.
const GLOBAL: &str = "Global options";

/// Reads a switch from its environment variable: an empty one is as good as none.
fn switch(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("write 1 or 0, true or false, yes or no, on or off".into()),
    }
}

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The configuration file.
    #[arg(short, long, global = true, env = "TIEOUT_CONFIG", default_value = "tieout.toml",
        help_heading = GLOBAL)]
    pub config: PathBuf,
    /// One of the configuration's Stripe accounts; without it, all of them in order.
    #[arg(short, long, global = true, env = "TIEOUT_ACCOUNT",
        help_heading = GLOBAL)]
    pub account: Option<String>,
    /// The ledger, instead of the one the configuration names.
    #[arg(long, global = true, env = "TIEOUT_LEDGER",
        help_heading = GLOBAL)]
    pub ledger: Option<PathBuf>,
    /// Stripe's address, instead of the real one; plain http only to this machine.
    #[arg(long, global = true, env = "TIEOUT_STRIPE_BASE_URL", hide_short_help = true,
        help_heading = GLOBAL)]
    pub stripe_base_url: Option<String>,
    /// NetSuite's address, instead of the account's own.
    #[arg(long, global = true, env = "TIEOUT_NETSUITE_BASE_URL", hide_short_help = true,
        help_heading = GLOBAL)]
    pub netsuite_base_url: Option<String>,
    /// Say only what went wrong.
    #[arg(short, long, global = true, env = "TIEOUT_QUIET", value_parser = switch,
        help_heading = GLOBAL)]
    pub quiet: bool,
    /// Messages on standard error as text for people, or as one JSON object per line.
    #[arg(long, global = true, env = "TIEOUT_LOG_FORMAT", value_enum, default_value_t,
        hide_short_help = true, help_heading = GLOBAL)]
    pub log_format: LogFormat,
    /// Wait so many seconds for another run to end, instead of exiting with 11 at once.
    #[arg(long, global = true, env = "TIEOUT_LOCK_TIMEOUT", value_name = "SECONDS",
        default_value_t = 0, hide_short_help = true, help_heading = GLOBAL)]
    pub lock_timeout: u32,
    /// What time it is, for nights that are played on the embedded systems; refused elsewhere.
    #[arg(long, global = true, env = "TIEOUT_SANDBOX_CLOCK", value_name = "INSTANT",
        value_parser = instant, hide = true, help_heading = GLOBAL)]
    pub sandbox_clock: Option<UnixTime>,
}

impl Global {
    /// Where this run's time comes from.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match self.sandbox_clock {
            Some(now) => Arc::new(SetClock::at(now)),
            None => Arc::new(SystemClock),
        }
    }
}

/// Reads an instant as RFC 3339 has it.
fn instant(text: &str) -> Result<UnixTime, String> {
    let instant = chrono::DateTime::parse_from_rfc3339(text).map_err(|cause| cause.to_string())?;
    Ok(UnixTime(instant.timestamp()))
}

/// How messages are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// What a run leaves behind for programs; docs/operations.md explains both.
#[derive(Debug, Clone, Default, Args)]
pub struct OutcomeArgs {
    /// Write how the run ended here, as JSON, whatever the end.
    #[arg(long, value_name = "FILE", env = "TIEOUT_SUMMARY")]
    pub summary: Option<PathBuf>,
    /// Write metrics here, as Prometheus reads text files (name it ….prom).
    #[arg(long, value_name = "FILE", env = "TIEOUT_METRICS")]
    pub metrics: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(InitArgs),
    Check(CheckArgs),
    Pull(PullArgs),
    Plan(PlanArgs),
    Push(PushArgs),
    Run(RunArgs),
    Backfill(BackfillArgs),
    Resolve(ResolveArgs),
    Adopt(AdoptArgs),
    Reverse(ReverseArgs),
    Verify(VerifyArgs),
    Report(ReportArgs),
    Explain(ExplainArgs),
    Status(StatusArgs),
    Exceptions(ExceptionsArgs),
    Period(PeriodArgs),
    Bank(BankArgs),
    Evidence(EvidenceArgs),
    Ledger(LedgerArgs),
    Rehearse(RehearseArgs),
    Demo(DemoArgs),
    Sandbox(SandboxArgs),
    SelfTest(SelfTestArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Table,
    Json,
}

/// How a result is printed.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Print as a table for people, or as JSON for programs.
    #[arg(short, long, alias = "format", value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
    pub output: Format,
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    #[default]
    Table,
    Json,
    Csv,
}

/// How a list that a spreadsheet may read is printed.
#[derive(Debug, Clone, Default, Args)]
pub struct ListOutputArgs {
    /// Print as a table for people, as JSON for programs, or as CSV for a spreadsheet.
    #[arg(short, long, alias = "format", value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
    pub output: ListFormat,
}

/// Who does it, for the journal.
#[derive(Debug, Clone, Default, Args)]
pub struct ByArgs {
    /// Who does it; the journal keeps the name.
    #[arg(long, value_name = "NAME", env = "TIEOUT_BY")]
    pub by: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_language_is_well_formed() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_an_environment_variable_and_every_command_an_example() {
        // What is not a setting: the name of a thing to act on, and what is said about it.
        let named = [
            "help", "version", "name", "plan", "id", "records", "again", "ignore", "note", "run",
            "of", "shell",
        ];
        let mut cli = super::Cli::command();
        cli.build();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example:"), "{} has no example", command.get_name());
            for arg in command.get_arguments() {
                let id = arg.get_id().as_str();
                let has_variable = arg.get_env().is_some() || named.contains(&id);
                assert!(has_variable, "{} --{id} has no variable", command.get_name());
            }
        }
    }
}
