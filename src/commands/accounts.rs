//! Several Stripe accounts in one configuration: the command is run for each, and the worst ending is the
//! command's own. What pulls and posts is run for several at once, anything else in the order of the file.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use crate::cli::{
    BankCommand, Cli, Command, EvidenceCommand, ExceptionsCommand, Global, LedgerCommand,
    ReportName,
};
use crate::commands::documents::{self, Printed};
use crate::commands::exit::{self, Outcome, UsageError};
use crate::commands::interrupt::Interrupted;
use crate::commands::night::Watch;
use crate::commands::over_all;
use crate::config;
use crate::ui::Ui;

/// Turns at the same time: each needs some memory, and beyond these one machine's processors are the limit.
const AT_ONCE_MAX: usize = 8;

/// The accounts that the command is run for; `None` when it is run once.
pub(super) fn of_command(cli: &Cli) -> anyhow::Result<Option<Vec<String>>> {
    if has_own_configuration(&cli.command)
        || reads_files_alone(&cli.command)
        || cli.global.account.is_some()
        || !cli.global.config.exists()
    {
        return Ok(None);
    }
    let names = config::account_names(&cli.global.config)?;
    if names.is_empty() {
        return Ok(None);
    }
    if let Some(flag) = of_one_account(cli) {
        let known = names.join(", ");
        let message = format!(
            "{flag} is of one Stripe account, and the configuration has several\nhint: name one with --account: {known}"
        );
        return Err(UsageError(message).into());
    }
    Ok(Some(names))
}

/// Whether a command has nothing to do with the configuration's accounts.
pub(super) const fn has_own_configuration(command: &Command) -> bool {
    matches!(
        command,
        Command::Init(_)
            | Command::Demo(_)
            | Command::Sandbox(_)
            | Command::SelfTest(_)
            | Command::Completions(_)
            | Command::Man(_)
    )
}

/// Whether a command is about the files that were named, whosever they are.
const fn reads_files_alone(command: &Command) -> bool {
    match command {
        Command::Plan(args) => args.what.is_some(),
        Command::Evidence(args) => {
            matches!(args.what, Some(EvidenceCommand::Verify { with_ledger: false, .. }))
        }
        _ => false,
    }
}

/// What was typed that can only be of one account.
fn of_one_account(cli: &Cli) -> Option<&'static str> {
    if cli.global.ledger.is_some() {
        return Some("--ledger");
    }
    match &cli.command {
        Command::Pull(args) if args.from.is_some() => Some("--from"),
        Command::Pull(args) if args.from_report.is_some() => Some("--from-report"),
        Command::Rehearse(args) if args.from.is_some() => Some("--from"),
        Command::Rehearse(args) if args.out.is_some() => Some("--out"),
        Command::Verify(args) if args.report.is_some() => Some("--report"),
        Command::Ledger(args) => match args.what {
            LedgerCommand::Export(_) => Some("an export"),
            LedgerCommand::Backup { .. } => Some("a copy"),
            _ => None,
        },
        Command::Exceptions(args) => match args.what {
            None | Some(ExceptionsCommand::List(_)) => None,
            Some(_) => Some("an exception"),
        },
        Command::Bank(args) => match args.what {
            // A statement is of a bank account, which several Stripe accounts may pay into.
            BankCommand::Import(_) | BankCommand::List { .. } | BankCommand::Match { .. } => None,
            BankCommand::Forget { .. } => Some("a statement's number"),
            BankCommand::Pair { .. } | BankCommand::Unpair { .. } => Some("a line's payout"),
        },
        // One archive for all of them would be the last one's.
        Command::Evidence(args) => match args.what {
            None => Some("an archive"),
            Some(EvidenceCommand::Verify { .. }) => Some("--with-ledger"),
        },
        Command::Plan(args) if args.out.is_some() => Some("--out"),
        Command::Push(args) if args.plan.is_some() => Some("a plan"),
        Command::Report(args) if args.html.is_some() => Some("--html"),
        Command::Report(args) if args.xlsx.is_some() => Some("--xlsx"),
        Command::Report(args) if args.out.is_some() && args.name != ReportName::Close => {
            Some("--out")
        }
        Command::Report(args) if args.as_read.is_some() => Some("--as-read"),
        Command::Check(args) if args.mapping.is_some() => Some("--mapping"),
        _ => None,
    }
}

/// Whether turns of a command may be taken at the same time: they do not ask a person anything, and each
/// has a ledger of its own.
const fn goes_side_by_side(command: &Command) -> bool {
    matches!(command, Command::Run(_) | Command::Pull(_) | Command::Push(_) | Command::Backfill(_))
}

/// How the turn of one account ended.
pub(super) struct Turn<T> {
    pub(super) name: String,
    pub(super) code: u8,
    /// What it hands back, or why there is nothing.
    pub(super) told: Result<T, String>,
}

/// The gravest ending.
pub(super) fn worst<T>(turns: &[Turn<T>]) -> u8 {
    turns.iter().map(|turn| turn.code).fold(exit::DONE, exit::worse)
}

/// A failure of one account does not keep the others from their turn.
pub(super) async fn run_each(
    cli: &Cli,
    names: &[String],
    watch: &mut Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    if names.len() > 1 && goes_side_by_side(&cli.command) {
        watch.side_by_side();
        return tokio::task::block_in_place(|| run_beside(cli, names, watch, ui));
    }
    match Box::pin(in_order(cli, names, watch, ui)).await {
        // The turn that was stopped has said so.
        Err(error) => match error.downcast_ref() {
            Some(Interrupted(signal)) => Ok(Outcome::Interrupted(*signal)),
            None => Err(error),
        },
        ended => ended,
    }
}

async fn in_order(cli: &Cli, names: &[String], watch: &Watch, ui: Ui) -> anyhow::Result<Outcome> {
    match &cli.command {
        Command::Report(args) if args.name == ReportName::Close => {
            over_all::close(args, cli, names, watch, ui).await
        }
        Command::Verify(args) => over_all::verify(args, cli, names, watch, ui).await,
        Command::Status(args) => over_all::status(args, cli, names, watch, ui).await,
        command => {
            let turn = async |global: &Global, ui: Ui| {
                Ok((super::start(command, global, watch, ui).await?, ()))
            };
            let turns = each(cli, names, watch, ui, turn).await?;
            Ok(Outcome::Several(worst(&turns)))
        }
    }
}

/// Every account in the order of the file.
///
/// # Errors
/// Whoever stops one account's turn means all of them.
pub(super) async fn each<T>(
    cli: &Cli,
    names: &[String],
    watch: &Watch,
    ui: Ui,
    turn: impl AsyncFn(&Global, Ui) -> anyhow::Result<(Outcome, T)>,
) -> anyhow::Result<Vec<Turn<T>>> {
    let is_one_document = documents::are_asked_of(&cli.command);
    let own = if is_one_document { ui.holding() } else { ui };
    let (mut turns, mut printed) = (Vec::new(), Vec::new());
    for name in names {
        ui.heading(&format!("Stripe account {name}"));
        let global = of(cli, name);
        super::begin(&cli.command, &global, watch, ui);
        let (result, told) = match Box::pin(turn(&global, own)).await {
            Ok((outcome, told)) => (Ok(outcome), Ok(told)),
            Err(error) => {
                let message = exit::message(&error);
                (Err(error), Err(message))
            }
        };
        watch.leave(&global, &result);
        if let Err(message) = &told {
            ui.error(&format!("{name}: {message}"));
        }
        let code = exit::code(&result);
        if code > exit::SIGNALLED {
            return Err(Interrupted(code - exit::SIGNALLED).into());
        }
        let (text, error) = (own.take_data(), told.as_ref().err().cloned());
        printed.push(Printed { account: name, exit_code: code, text, error });
        turns.push(Turn { name: name.clone(), code, told });
    }
    ui.enter(None);
    if is_one_document {
        documents::print(&printed, ui)?;
    }
    Ok(turns)
}

/// The flags of one account's turn.
pub(super) fn of(cli: &Cli, name: &str) -> Global {
    Global { account: Some(name.to_owned()), ..cli.global.clone() }
}

/// The same, each account on a thread of its own: while one waits for its system, another works.
fn run_beside(cli: &Cli, names: &[String], watch: &Watch, ui: Ui) -> anyhow::Result<Outcome> {
    let turns: Vec<(&String, Ui)> = names.iter().map(|name| (name, ui.beside(name))).collect();
    let next = AtomicUsize::new(0);
    let ended: Mutex<BTreeMap<usize, Printed>> = Mutex::default();
    let has_stopped = AtomicBool::new(false);
    let take_turns = || {
        while !has_stopped.load(Ordering::Relaxed)
            && let place = next.fetch_add(1, Ordering::Relaxed)
            && let Some((name, ui)) = turns.get(place)
        {
            let global = of(cli, name);
            let result = take_turn(&cli.command, &global, watch, *ui);
            let error = result.as_ref().err().map(exit::message);
            if let Some(error) = &error {
                ui.error(error);
            }
            let exit_code = exit::code(&result);
            // Whoever stops one account's turn means all of them.
            has_stopped.fetch_or(exit_code > exit::SIGNALLED, Ordering::Relaxed);
            let printed = Printed { account: name, exit_code, text: ui.take_data(), error };
            ended.lock().unwrap_or_else(PoisonError::into_inner).insert(place, printed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..names.len().min(AT_ONCE_MAX) {
            scope.spawn(take_turns);
        }
    });
    watch.in_order(names);
    let ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    let printed: Vec<Printed> = ended.into_values().collect();
    if documents::are_asked_of(&cli.command) {
        documents::print(&printed, ui)?;
    } else {
        for printed in printed.iter().filter(|printed| !printed.text.is_empty()) {
            ui.heading(&format!("Stripe account {}", printed.account));
            ui.data(&printed.text)?;
        }
    }
    let codes = printed.iter().map(|printed| printed.exit_code);
    if let Some(code) = codes.clone().find(|code| *code > exit::SIGNALLED) {
        return Ok(Outcome::Interrupted(code - exit::SIGNALLED));
    }
    Ok(Outcome::Several(codes.fold(exit::DONE, exit::worse)))
}

/// One account's turn, with a thread beside its own for requests and answers.
fn take_turn(command: &Command, global: &Global, watch: &Watch, ui: Ui) -> anyhow::Result<Outcome> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).enable_all().build();
    let runtime = runtime.context("the machine refuses to start another thread")?;
    runtime.block_on(super::run_one(command, global, watch, ui))
}
