//! From the plan to NetSuite, and back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ListFormat, OutcomeArgs, ReportFormat, WindowArgs, switch};

/// Show what would be posted to NetSuite, and keep it as a file.
///
/// Nothing is sent. The file holds exactly the requests; `tieout push FILE` sends them or refuses.
/// Printed is a summary; `--output csv`, `--html` and `--xlsx` have each change, payout by payout, with
/// its fields and its debits and credits.
///
/// Example:
///   tieout plan
///   tieout plan --out october.plan.json --html october.html --xlsx october.xlsx
///   tieout plan --detailed-exitcode  exit 2 when there are changes
///   tieout plan show october.plan.json             what a file holds, and whether it can be sent
///   tieout plan diff monday.plan.json tuesday.plan.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct PlanArgs {
    #[command(subcommand)]
    pub what: Option<PlanCommand>,
    /// Write the plan here.
    #[arg(long, env = "TIEOUT_PLAN_OUT")]
    pub out: Option<PathBuf>,
    /// Exit with 2 when the plan has changes.
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE", value_parser = switch)]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub output: PlanOutputArgs,
}

/// How a plan is printed, and what else is written of it.
#[derive(Debug, Clone, Default, Args)]
pub struct PlanOutputArgs {
    /// Print as text for people, as JSON or CSV for programs, or as a page.
    #[arg(short, long, alias = "format", value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
    pub output: ReportFormat,
    /// Also write the plan as one self-contained HTML file.
    #[arg(long, env = "TIEOUT_HTML")]
    pub html: Option<PathBuf>,
    /// Also write the plan as a workbook of sheets.
    #[arg(long, env = "TIEOUT_XLSX")]
    pub xlsx: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Show a plan that was kept as a file; nothing is asked of anybody.
    ///
    /// Says who made it and when, whether it can still be sent, and each change, payout by payout.
    Show {
        /// The plan's file.
        file: PathBuf,
        #[command(flatten)]
        output: PlanOutputArgs,
    },
    /// Show what a second plan would do that a first would not.
    Diff {
        /// The first plan's file.
        before: PathBuf,
        /// The second plan's file.
        after: PathBuf,
        /// Exit with 2 when they differ.
        #[arg(long, env = "TIEOUT_DETAILED_EXITCODE", value_parser = switch)]
        detailed_exitcode: bool,
        /// Print as a table for people, as CSV for a spreadsheet, or as JSON for programs.
        #[arg(short, long, alias = "format", value_enum, default_value_t, env = "TIEOUT_OUTPUT")]
        output: ListFormat,
    },
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
    #[command(flatten)]
    pub outcome: OutcomeArgs,
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
///   tieout run --quiet --summary run.json --metrics tieout.prom    as cron starts it
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct RunArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    /// Stop at the plan: show it and send nothing.
    #[arg(long, env = "TIEOUT_DRY_RUN", value_parser = switch)]
    pub dry_run: bool,
    /// Then read NetSuite back and prove that every total ties; exit with 6 where one does not.
    #[arg(long, env = "TIEOUT_TIE_OUT", value_parser = switch, conflicts_with = "dry_run")]
    pub tie_out: bool,
    /// With --dry-run: exit with 2 when the plan has changes.
    #[arg(long, env = "TIEOUT_DETAILED_EXITCODE", value_parser = switch)]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub guards: GuardArgs,
    #[command(flatten)]
    pub outcome: OutcomeArgs,
    #[command(flatten)]
    pub output: PlanOutputArgs,
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
    pub output: PlanOutputArgs,
}
