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
    #[arg(short, long, global = true, env = "TIEOUT_ACCOUNT")]
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
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Init(InitArgs),
    Check(CheckArgs),
    Pull(PullArgs),
    Plan(PlanArgs),
    Push(PushArgs),
    Run(RunArgs),
    Resolve(ResolveArgs),
    Adopt(AdoptArgs),
    Reverse(ReverseArgs),
    Verify(VerifyArgs),
    Report(ReportArgs),
    Explain(ExplainArgs),
    Status(StatusArgs),
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
    #[arg(long, env = "TIEOUT_FORCE", value_parser = switch)]
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
    #[arg(long, env = "TIEOUT_SHOW_CONFIG", value_parser = switch)]
    pub show_config: bool,
    /// Check the file alone, without asking Stripe or NetSuite.
    #[arg(long, env = "TIEOUT_OFFLINE", value_parser = switch)]
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
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PullArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// A file or folder of exported JSON: lists, or one object per line.
    #[arg(long, env = "TIEOUT_FROM")]
    pub from: Option<PathBuf>,
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
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE", value_parser = switch)]
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
///   tieout push --retry              only what the last push did not get in
///   tieout push --max-changes 500 --max-amount 100000
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PushArgs {
    /// The plan to send.
    pub plan: Option<PathBuf>,
    /// Send only what failed or was held back before, and what it needs.
    #[arg(long, env = "TIEOUT_RETRY", value_parser = switch, conflicts_with = "plan")]
    pub retry: bool,
    #[command(flatten)]
    pub guards: GuardArgs,
}

/// How a push is sent, how much it may do, and where to.
#[derive(Debug, Clone, Default, Args)]
pub struct GuardArgs {
    /// Refuse a plan with more changes than this.
    #[arg(long, env = "TIEOUT_MAX_CHANGES")]
    pub max_changes: Option<usize>,
    /// Refuse a plan whose debits in any one currency are above this.
    #[arg(long, env = "TIEOUT_MAX_AMOUNT")]
    pub max_amount: Option<String>,
    /// The id of the NetSuite account: needed for the first push into production books.
    #[arg(long, env = "TIEOUT_CONFIRM_ACCOUNT")]
    pub confirm_account: Option<String>,
    /// Send creations in asynchronous batches of up to 100: for backfills.
    #[arg(long, env = "TIEOUT_BATCH", value_parser = switch)]
    pub batch: bool,
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
    #[arg(long, env = "TIEOUT_DRY_RUN", value_parser = switch)]
    pub dry_run: bool,
    /// With --dry-run: exit with 2 when the plan has changes.
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE", value_parser = switch)]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub guards: GuardArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Work through what is in doubt, in conflict or changed in NetSuite.
///
/// Looks every request without an answer up by its external id: found and equal, it is adopted;
/// found and different, it is a conflict that is shown and left alone; not found once NetSuite can
/// no longer act on it, it is planned again.
///
/// Example:
///   tieout resolve
///   tieout resolve --wait                        until everything is certain
///   tieout resolve --again ID                    plan a record again that was deleted or voided
///   tieout resolve --ignore ID --note "merged by hand"
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ResolveArgs {
    /// Wait until NetSuite can no longer act on a request that is in doubt.
    #[arg(long, env = "TIEOUT_WAIT", value_parser = switch)]
    pub wait: bool,
    /// Plan this record again, which NetSuite no longer has or which was voided there.
    #[arg(long, value_name = "EXTERNAL_ID")]
    pub again: Vec<String>,
    /// Accept the differences of this record as they are now.
    #[arg(long, value_name = "EXTERNAL_ID", requires = "note")]
    pub ignore: Vec<String>,
    /// Why they are accepted.
    #[arg(long, value_name = "WHY")]
    pub note: Option<String>,
}

/// Take over records that another tool has made in NetSuite.
///
/// Finds them by external id, by the Stripe connector's aliases, and by the NetSuite ids in Stripe's
/// metadata. A record is taken over when nothing that matters differs; otherwise the differences are
/// shown. Records that merely look alike are suggested, never taken.
///
/// Example:
///   tieout adopt --plan              show what would be taken over
///   tieout adopt                     take over everything that is equal
///   tieout adopt ID1 ID2             these alone
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct AdoptArgs {
    /// External ids of the records to take over; without any, all that are found.
    #[arg(value_name = "EXTERNAL_ID")]
    pub records: Vec<String>,
    /// Show it and change nothing.
    #[arg(long, env = "TIEOUT_ADOPT_PLAN", value_parser = switch)]
    pub plan: bool,
}

/// Plan the opposite of what was posted, so that the general ledger is as before.
///
/// Nothing is sent: the plan is shown and written, and `tieout push FILE` sends it like any other.
///
/// Example:
///   tieout reverse ID1 ID2 --out undo.plan.json
///   tieout reverse --run 12 --out undo.plan.json
///   tieout reverse --of october.plan.json --out undo.plan.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ReverseArgs {
    /// External ids of the records to take back.
    #[arg(value_name = "EXTERNAL_ID", required_unless_present_any = ["run", "of"])]
    pub records: Vec<String>,
    /// Everything that this run has posted; `tieout status` shows the runs.
    #[arg(long, value_name = "NUMBER")]
    pub run: Option<i64>,
    /// Everything that this plan has created.
    #[arg(long, value_name = "PLAN")]
    pub of: Option<PathBuf>,
    /// Write the plan here.
    #[arg(long, env = "TIEOUT_PLAN_OUT")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Read back from NetSuite what was posted, and compare.
///
/// Finds records that were edited, un-applied, deposited elsewhere, voided or deleted, records of
/// others under our external ids, and records of ours that the ledger does not know.
///
/// Example:
///   tieout verify
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct VerifyArgs {
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
    #[arg(long, env = "TIEOUT_DEMO_CHARGES", value_parser = clap::value_parser!(u32).range(1..))]
    pub charges: Option<u32>,
    /// What the generated company grows from.
    #[arg(long, env = "TIEOUT_DEMO_SEED", default_value_t = 1)]
    pub seed: u64,
}

/// Serve the embedded Stripe and NetSuite on this machine until interrupted.
///
/// Example:
///   tieout sandbox --dir play        then point any Stripe client at the printed address
///   tieout sandbox --latency-ms 80 --limits --faults 20
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
    #[arg(long, env = "TIEOUT_SANDBOX_CHARGES", value_parser = clap::value_parser!(u32).range(1..))]
    pub charges: Option<u32>,
    /// What the generated company and the faults grow from.
    #[arg(long, env = "TIEOUT_SANDBOX_SEED", default_value_t = 1)]
    pub seed: u64,
    /// How long each answer takes at least, in milliseconds.
    #[arg(long, env = "TIEOUT_SANDBOX_LATENCY_MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// Keep the rate limits of a live Stripe account.
    #[arg(long, env = "TIEOUT_SANDBOX_LIMITS", value_parser = switch)]
    pub limits: bool,
    /// Of a thousand requests to Stripe, how many go wrong: errors, broken answers, web pages.
    #[arg(long, env = "TIEOUT_SANDBOX_FAULTS", default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=1000))]
    pub faults: u32,
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
            "of",
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
