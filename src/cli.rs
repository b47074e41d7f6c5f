//! The command language, on one page. The doc comments are the manual.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
  7        refused by a guard (stale plan, wrong account)
  8        in-doubt records remain
  11       another run holds the lock
  64       usage or configuration
  130/143  interrupted after a clean checkpoint

Start here:
  tieout demo             the whole job on an embedded Stripe and NetSuite, no set-up
  tieout init             write a commented tieout.toml
  tieout check            prove the configuration against both systems
  tieout run --dry-run    pull, and show what would be posted";

#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The configuration file.
    #[arg(short, long, global = true, env = "TIEOUT_CONFIG", default_value = "tieout.toml")]
    pub config: PathBuf,
    /// One of the configuration's Stripe accounts; without it, all of them in order.
    #[arg(short, long, global = true, env = "TIEOUT_ACCOUNT")]
    pub account: Option<String>,
    /// The ledger, instead of the one the configuration names.
    #[arg(long, global = true, env = "TIEOUT_LEDGER")]
    pub ledger: Option<PathBuf>,
    /// Stripe's address, instead of the real one; plain http only to this machine.
    #[arg(long, global = true, env = "TIEOUT_STRIPE_BASE_URL", hide_short_help = true)]
    pub stripe_base_url: Option<String>,
    /// NetSuite's address, instead of the account's own.
    #[arg(long, global = true, env = "TIEOUT_NETSUITE_BASE_URL", hide_short_help = true)]
    pub netsuite_base_url: Option<String>,
    /// Say only what went wrong.
    #[arg(short, long, global = true, env = "TIEOUT_QUIET")]
    pub quiet: bool,
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
    Verify(VerifyArgs),
    Report(ReportArgs),
    Explain(ExplainArgs),
    Status(StatusArgs),
    Ledger(LedgerArgs),
    Demo(DemoArgs),
    Sandbox(SandboxArgs),
}

/// Write a commented configuration file.
///
/// Example:
///   tieout init                      writes tieout.toml here
///   tieout init --config books.toml  writes it elsewhere
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct InitArgs {
    /// Replace a file that exists.
    #[arg(long)]
    pub force: bool,
}

/// Prove the configuration against both systems.
///
/// Checks the keys and their permissions, that every account exists and has the right type and
/// currency, that posting periods are set up, and that the clocks agree. Each finding names its fix.
///
/// Example:
///   tieout check
///   tieout check --show-config       where each value came from
///   tieout check --offline           the file alone
///   tieout check --mapping invoice.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CheckArgs {
    /// Print every setting with its value and where it came from.
    #[arg(long)]
    pub show_config: bool,
    /// Check the file alone, without asking Stripe or NetSuite.
    #[arg(long)]
    pub offline: bool,
    /// A file with a Stripe object (or several): show what the field mapping gives its records.
    #[arg(long, value_name = "FIXTURE", env = "TIEOUT_MAPPING_FIXTURE")]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

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

/// Show what would be posted to NetSuite, and keep it as a file.
///
/// Nothing is sent. The file holds exactly the requests; `tieout push FILE` sends them or refuses.
///
/// Example:
///   tieout plan
///   tieout plan --out october.plan.json
///   tieout plan --detailed-exitcode  exit 2 when there are changes
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PlanArgs {
    /// Write the plan here.
    #[arg(long, env = "TIEOUT_PLAN_OUT")]
    pub out: Option<PathBuf>,
    /// Exit with 2 when the plan has changes.
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE")]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Send a plan to NetSuite, each request exactly once.
///
/// A plan whose ledger, policy or accounts have moved is refused. Without a file the current plan is
/// made and sent.
///
/// Example:
///   tieout push october.plan.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PushArgs {
    /// The plan to send.
    pub plan: Option<PathBuf>,
}

/// Pull, plan and push: the nightly job.
///
/// Example:
///   tieout run
///   tieout run --dry-run             stop at the plan
///   tieout run --since 2026-10-01 --until 2026-11-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct RunArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// Stop at the plan: show it and send nothing.
    #[arg(long, env = "TIEOUT_DRY_RUN")]
    pub dry_run: bool,
    /// With --dry-run: exit with 2 when the plan has changes.
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE")]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub output: OutputArgs,
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
    #[arg(long, env = "TIEOUT_PUSH")]
    pub push: bool,
    /// Show the chunks and read nothing.
    #[arg(long, env = "TIEOUT_DRY_RUN")]
    pub dry_run: bool,
}

/// Read back from NetSuite what was posted, and compare.
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
}

/// Print a report.
///
/// Example:
///   tieout report tieout
///   tieout report tieout --html october.html
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

/// Look after the ledger itself.
///
/// Example:
///   tieout ledger stats              what it holds, how large it is, and its digest
///   tieout ledger check              prove every object, link and journal row
///   tieout ledger export facts/      objects as JSON lines, byte for byte, and flat CSV
///   tieout ledger backup copy.db     copy it while it is used
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct LedgerArgs {
    #[command(subcommand)]
    pub what: LedgerCommand,
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
    Export {
        /// The folder to write to; made when it is not there.
        folder: PathBuf,
        /// Objects of one kind only (charge, invoice, …).
        #[arg(long, env = "TIEOUT_KIND")]
        kind: Option<String>,
    },
    /// Pack every object anew and give unused space back to the disk.
    Compact,
    /// Copy the ledger to another file while it is used.
    Backup {
        /// The file to write; must not exist.
        path: PathBuf,
    },
}

/// Watch a company go from Stripe to NetSuite on two embedded systems.
///
/// Needs no configuration and no network. Leaves a folder with the ledger, the plan and an HTML
/// report. Run it again on the same folder and it plans nothing.
///
/// Example:
///   tieout demo
///   tieout demo --dir my-demo
///   tieout demo --charges 5000 --seed 7
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DemoArgs {
    /// The folder to leave everything in.
    #[arg(long, env = "TIEOUT_DEMO_DIR", default_value = "tieout-demo")]
    pub dir: PathBuf,
    /// A generated company with about this many charges, instead of the demo company.
    #[arg(long, env = "TIEOUT_DEMO_CHARGES")]
    pub charges: Option<usize>,
    /// What the generated company grows from.
    #[arg(long, env = "TIEOUT_DEMO_SEED", default_value_t = 1)]
    pub seed: u64,
}

/// Serve the embedded Stripe and NetSuite on this machine until interrupted.
///
/// Example:
///   tieout sandbox --dir play        then point any Stripe client at the printed address
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct SandboxArgs {
    /// Keeps the embedded NetSuite's books and a configuration that points at both systems.
    #[arg(long, env = "TIEOUT_SANDBOX_DIR", default_value = "tieout-sandbox")]
    pub dir: PathBuf,
    /// The port of the embedded Stripe; 0 takes any free one.
    #[arg(long, env = "TIEOUT_SANDBOX_STRIPE_PORT", default_value_t = 0)]
    pub stripe_port: u16,
    /// The port of the embedded NetSuite; 0 takes any free one.
    #[arg(long, env = "TIEOUT_SANDBOX_NETSUITE_PORT", default_value_t = 0)]
    pub netsuite_port: u16,
    /// A generated company with about this many charges, instead of the demo company.
    #[arg(long, env = "TIEOUT_SANDBOX_CHARGES")]
    pub charges: Option<usize>,
    /// What the generated company grows from.
    #[arg(long, env = "TIEOUT_SANDBOX_SEED", default_value_t = 1)]
    pub seed: u64,
    /// How many months the generated company lives.
    #[arg(long, env = "TIEOUT_SANDBOX_MONTHS", default_value_t = 3)]
    pub months: u32,
    /// Answer each request of Stripe's this much later, in milliseconds.
    #[arg(long, env = "TIEOUT_SANDBOX_LATENCY_MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Refuse what exceeds the limits of Stripe's live mode, and ask no faster.
    #[arg(long, env = "TIEOUT_SANDBOX_LIMITS")]
    pub limits: bool,
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
        // Flags that only make sense typed at a terminal.
        let typed_only =
            ["help", "version", "force", "show_config", "offline", "name", "plan", "id"];
        let mut cli = super::Cli::command();
        cli.build();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example:"), "{} has no example", command.get_name());
            for arg in command.get_arguments() {
                let id = arg.get_id().as_str();
                let has_variable = arg.get_env().is_some() || typed_only.contains(&id);
                assert!(has_variable, "{} --{id} has no variable", command.get_name());
            }
        }
    }
}
