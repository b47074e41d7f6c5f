//! `tieout bank`: statements of bank accounts, and what their lines are of.

mod import;
mod matched;
mod side;

use anyhow::bail;

use crate::bank::Chain;
use crate::calendar::Month;
use crate::cli::{BankArgs, BankCommand, Global, ListFormat};
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::session::Session;
use crate::config::BankSettings;
use crate::ledger::{KeptStatement, Ledger};
use crate::report::bank::{self, Shown, ShownLine};
use crate::report::plan::counted;
use crate::ui::{Ui, width};

pub use side::add_statements;

pub(super) fn run(args: &BankArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    match &args.what {
        BankCommand::Import(args) => import::run(args, &session, ui)?,
        BankCommand::List { period: None, output } => statements(&session, output.output, ui)?,
        BankCommand::List { period: Some(month), output } => {
            lines(&session, *month, output.output, ui)?;
        }
        BankCommand::Match { period, output } => {
            return matched::show(&session, *period, output.output, ui);
        }
        BankCommand::Pair { line, payout, by } => {
            matched::pair(&session, line, payout, by.by.as_deref(), ui)?;
        }
        BankCommand::Unpair { line, by } => {
            matched::unpair(&session, line, by.by.as_deref(), ui)?;
        }
        BankCommand::Forget { statement, reason, by } => {
            let _lock = session.lock("bank", ui)?;
            let mut ledger = session.existing_ledger()?;
            let reason = reason.trim();
            if reason.is_empty() {
                bail!(UsageError("--reason is empty".into()));
            }
            match ledger.forget_statement(*statement, reason, by.by.as_deref())? {
                Some(lines) => ui.say(&format!(
                    "Statement {statement} is forgotten, and {} that no other statement has.",
                    counted(lines, "line")
                )),
                None => bail!(UsageError(format!(
                    "there is no statement {statement}\nhint: `tieout bank list` shows the numbers"
                ))),
            }
        }
    }
    Ok(Outcome::Done)
}

/// How the configuration calls an account of the bank; else its number.
pub(super) fn name_of(settings: &BankSettings, number: &str) -> String {
    let known =
        settings.accounts.iter().find(|account| account.numbers.iter().any(|own| own == number));
    known.map_or_else(|| number.to_owned(), |account| account.name.clone())
}

fn statements(session: &Session, format: ListFormat, ui: Ui) -> anyhow::Result<()> {
    let shown = shown(&session.existing_ledger()?, &session.settings.bank)?;
    ui.data(&match format {
        ListFormat::Table => bank::statements_text(&shown, width()),
        ListFormat::Json => bank::statements_json(&shown),
        ListFormat::Csv => bank::statements_csv(&shown)?,
    })?;
    Ok(())
}

fn lines(session: &Session, month: Month, format: ListFormat, ui: Ui) -> anyhow::Result<()> {
    let ledger = session.existing_ledger()?;
    let lines: Vec<ShownLine> = ledger
        .bank_lines(month.first_day(), month.last_day())?
        .into_iter()
        .map(|kept| ShownLine {
            id: kept.line.id,
            account: name_of(&session.settings.bank, &kept.account),
            booked: kept.line.entry.booked,
            value: kept.line.entry.value,
            amount: kept.line.entry.amount,
            references: kept.line.entry.references,
            text: kept.line.entry.text,
        })
        .collect();
    ui.data(&match format {
        ListFormat::Table => bank::lines_text(&lines, width()),
        ListFormat::Json => bank::lines_json(&lines),
        ListFormat::Csv => bank::lines_csv(&lines)?,
    })?;
    Ok(())
}

/// Every statement that is kept, with what does not fit between one and the next.
fn shown(ledger: &Ledger, settings: &BankSettings) -> anyhow::Result<Vec<Shown>> {
    let kept = ledger.bank_statements()?;
    let mut shown = Vec::with_capacity(kept.len());
    for account in kept.chunk_by(|one, other| one.account == other.account) {
        let mut before: Option<&KeptStatement> = None;
        for one in account {
            let gap = before.and_then(|before| gap(before, one));
            shown.push(Shown {
                statement: one.id,
                file: one.file.clone(),
                format: one.format,
                account: name_of(settings, &one.account),
                currency: one.currency,
                number: one.number.clone(),
                first_day: one.first_day,
                last_day: one.last_day,
                opening: one.opening,
                closing: one.closing,
                lines: one.lines,
                new_lines: None,
                gap,
            });
            before = before.filter(|before| before.last_day > one.last_day).or(Some(one));
        }
    }
    Ok(shown)
}

fn gap(before: &KeptStatement, after: &KeptStatement) -> Option<String> {
    let chain = Chain::between((before.last_day, before.closing), (after.first_day, after.opening));
    match chain {
        Chain::Whole => None,
        Chain::Days(first, last) if first == last => Some(format!("No statement of {first}.")),
        Chain::Days(first, last) => Some(format!("No statement of {first} to {last}.")),
        Chain::Balance(closing, opening) => {
            Some(format!("The one before closes with {closing}, this one opens with {opening}."))
        }
    }
}
