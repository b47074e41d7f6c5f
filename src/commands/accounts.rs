//! Several Stripe accounts in one configuration: the command is run for each, in the order of the
//! file, and the worst ending is the command's own.

use crate::cli::{BankCommand, Cli, Command, ExceptionsCommand, Global, LedgerCommand, ReportName};
use crate::commands::exit::{self, Outcome, UsageError};
use crate::commands::night::Watch;
use crate::config;
use crate::ui::Ui;

/// The accounts that the command is run for; `None` when it is run once.
pub(super) fn of_command(cli: &Cli) -> anyhow::Result<Option<Vec<String>>> {
    if has_own_configuration(&cli.command)
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
        Command::Plan(args) if args.out.is_some() => Some("--out"),
        Command::Push(args) if args.plan.is_some() => Some("a plan"),
        Command::Report(args) if args.html.is_some() => Some("--html"),
        Command::Report(args) if args.xlsx.is_some() => Some("--xlsx"),
        Command::Report(args) if args.out.is_some() => Some("--out"),
        Command::Report(args) if args.as_read.is_some() => Some("--as-read"),
        Command::Report(args) if args.name == ReportName::Close => Some("a close"),
        Command::Check(args) if args.mapping.is_some() => Some("--mapping"),
        _ => None,
    }
}

/// A failure of one account does not keep the others from their turn.
pub(super) async fn run_each(
    cli: &Cli,
    names: &[String],
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let mut worst = exit::DONE;
    for name in names {
        ui.heading(&format!("Stripe account {name}"));
        let global = Global { account: Some(name.clone()), ..cli.global.clone() };
        let result = super::run_one(&cli.command, &global, watch, ui).await;
        if let Err(error) = &result {
            ui.error(&format!("{name}: {}", exit::message(error)));
        }
        let code = exit::code(&result);
        // Whoever stops one account's turn means all of them.
        if code > exit::SIGNALLED {
            return Ok(Outcome::Interrupted(code - exit::SIGNALLED));
        }
        worst = exit::worse(worst, code);
    }
    ui.enter(None);
    Ok(Outcome::Several(worst))
}
