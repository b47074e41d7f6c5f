//! The commands: each file reads as the story of one. Here the rooms meet; nothing here knows SQL,
//! HTTP or a rule of accounting.

mod accounts;
mod adopt;
mod ask;
mod backfill;
mod balance;
mod bank;
mod books;
pub mod check;
pub mod close;
mod demo;
mod documents;
mod embedded;
mod evidence;
mod exceptions;
pub mod exit;
pub mod explain;
mod files;
mod init;
mod interrupt;
mod ledger;
mod log;
mod manual;
mod modes;
pub mod night;
mod others;
mod over_all;
mod period;
mod placed;
mod plan;
mod plan_file;
mod pull;
mod push;
mod receivables;
pub mod rehearse;
mod report;
mod resolve;
mod reverse;
mod run;
mod sandbox;
mod self_test;
mod session;
mod siblings;
mod sign;
mod status;
mod tieout;
mod verify;
mod verify_report;
mod write_back;

use crate::cli::{Cli, Command, Global};
use crate::config;
use crate::ui::Ui;
use exit::Outcome;
use files::{write_by, write_private};
use night::Watch;

/// Runs the command that was typed; where the configuration has several Stripe accounts and none is
/// named, for each of them in order.
pub async fn run(cli: Cli, ui: Ui) -> anyhow::Result<Outcome> {
    let mut watch = Watch::of(&cli)?;
    // On the heap: it holds whatever any command holds while it waits.
    let result = Box::pin(run_all(&cli, &mut watch, ui)).await;
    watch.end(result, ui).await
}

async fn run_all(cli: &Cli, watch: &mut Watch, ui: Ui) -> anyhow::Result<Outcome> {
    match accounts::of_command(cli)? {
        Some(names) => accounts::run_each(cli, &names, watch, ui).await,
        None => run_one(&cli.command, &cli.global, watch, ui).await,
    }
}

async fn run_one(
    command: &Command,
    global: &Global,
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    begin(command, global, watch, ui);
    let result = start(command, global, watch, ui).await;
    watch.leave(global, &result);
    result
}

/// The turn of a Stripe account begins.
fn begin(command: &Command, global: &Global, watch: &Watch, ui: Ui) {
    watch.enter(global, ui);
    if goes_by_target(command) && config::is_rehearsal(&global.config) {
        ui.heading(
            "REHEARSAL: everything goes to an embedded NetSuite, and nothing to the account",
        );
    }
}

/// Whether a command goes to the NetSuite that the configuration names.
fn goes_by_target(command: &Command) -> bool {
    !accounts::has_own_configuration(command) && !matches!(command, Command::Rehearse(_))
}

async fn start(
    command: &Command,
    global: &Global,
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    match command {
        Command::Init(args) => init::run(args, global, ui).await,
        Command::Pull(args) => pull::run(args, global, ui).await,
        Command::Plan(args) => plan::run(args, global, ui).await,
        Command::Push(args) => push::run(args, global, watch, ui).await,
        Command::Run(args) => run::run(args, global, watch, ui).await,
        Command::Resolve(args) => resolve::run(args, global, ui).await,
        Command::Adopt(args) => adopt::run(args, global, ui).await,
        Command::Reverse(args) => reverse::run(args, global, ui).await,
        Command::Backfill(args) => backfill::run(args, global, watch, ui).await,
        Command::Verify(args) => verify::run(args, global, ui).await,
        Command::Report(args) => report::run(args, global, ui).await,
        Command::Explain(args) => explain::run(args, global, ui),
        Command::Status(args) => status::run(args, global, ui),
        Command::Exceptions(args) => exceptions::run(args, global, ui),
        Command::Period(args) => period::run(args, global, ui),
        Command::Bank(args) => bank::run(args, global, ui),
        Command::Evidence(args) => evidence::run(args, global, ui),
        Command::Ledger(args) => ledger::run(args, global, ui),
        Command::Rehearse(args) => rehearse::run(args, global, ui).await,
        Command::Demo(args) => demo::run(args, ui).await,
        Command::Sandbox(args) => sandbox::run(args, global, ui).await,
        Command::Check(args) => check::run(args, global, ui).await,
        Command::SelfTest(_) => self_test::run(ui).await,
        Command::Completions(args) => manual::completions(args, ui),
        Command::Man(args) => manual::man(args, ui),
    }
}
