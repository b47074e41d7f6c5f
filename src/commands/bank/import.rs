//! `tieout bank import`: files in, lines kept once.

use std::path::Path;

use anyhow::{Context, bail};

use super::name_of;
use crate::bank::{self, FILE_BYTES_MAX, Format, Given, Statement};
use crate::calendar::day_before;
use crate::cli::{self, BankImportArgs};
use crate::commands::exit::{Guarded, UsageError};
use crate::commands::session::Session;
use crate::config::{BankAccount, BankSettings};
use crate::digest::sha256_hex;
use crate::ledger::{BankFile, KeptStatement, Ledger};
use crate::report::bank::{Shown, imported_json, imported_text};
use crate::report::plan::counted;
use crate::ui::{Ui, width};

pub(super) fn run(args: &BankImportArgs, session: &Session, ui: Ui) -> anyhow::Result<()> {
    let settings = &session.settings.bank;
    // Every file is read before anything is kept.
    let mut read = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let name = path.display().to_string();
        read.push(file(path, args, settings).with_context(|| name)?);
    }
    let _lock = session.lock("bank import", ui)?;
    let mut ledger = session.existing_ledger()?;
    let mut imported = Vec::new();
    for (file, statements) in &read {
        for statement in statements {
            if statement.not_booked > 0 {
                let count = counted(statement.not_booked, "entry");
                ui.warn(&format!(
                    "{}: {count} not booked by the bank yet: a later statement has them.",
                    file.name
                ));
            }
        }
        imported.extend(keep(&mut ledger, file, statements, args, settings)?);
    }
    ui.data(&match args.output {
        cli::Format::Table => imported_text(&imported, width()),
        cli::Format::Json => imported_json(&imported),
    })?;
    Ok(())
}

fn file(
    path: &Path,
    args: &BankImportArgs,
    settings: &BankSettings,
) -> anyhow::Result<(BankFile, Vec<Statement>)> {
    let size = std::fs::metadata(path).map(|about| about.len());
    if size.is_ok_and(|size| size > FILE_BYTES_MAX) {
        let limit = FILE_BYTES_MAX >> 20;
        bail!(UsageError(format!("the file is larger than {limit} MB\nhint: export it by month")));
    }
    let bytes = std::fs::read(path)?;
    let account = args.bank.as_deref().map(|name| named(settings, name)).transpose()?;
    let csv = match account {
        Some(account) => account.csv.as_ref(),
        None => only_csv(settings),
    };
    let given =
        Given { format: args.format.format(), csv, days: (args.since, args.until.map(day_before)) };
    let (format, statements) = bank::read(&bytes, given)?;
    for statement in &statements {
        of_a_known_account(statement, account, settings)?;
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy().into_owned();
    Ok((BankFile { name, sha256: sha256_hex(&bytes), format }, statements))
}

fn named<'a>(settings: &'a BankSettings, name: &str) -> anyhow::Result<&'a BankAccount> {
    let found = settings.accounts.iter().find(|account| account.name == name);
    found.ok_or_else(|| {
        let known: Vec<&str> =
            settings.accounts.iter().map(|account| account.name.as_str()).collect();
        let hint = if known.is_empty() {
            "bank.accounts of the configuration has none".to_owned()
        } else {
            format!("bank.accounts has {}", known.join(", "))
        };
        UsageError(format!("there is no bank account {name}\nhint: {hint}")).into()
    })
}

/// The mapping, where only one account has one.
fn only_csv(settings: &BankSettings) -> Option<&bank::CsvMapping> {
    let mut mapped = settings.accounts.iter().filter_map(|account| account.csv.as_ref());
    mapped.next().filter(|_| mapped.next().is_none())
}

/// A statement of somebody else's account must not become ours by a slip of the hand.
fn of_a_known_account(
    statement: &Statement,
    wanted: Option<&BankAccount>,
    settings: &BankSettings,
) -> anyhow::Result<()> {
    let is_of = |account: &BankAccount| account.numbers.contains(&statement.account);
    let Some(known) = settings.accounts.iter().find(|account| is_of(account)) else {
        if settings.accounts.is_empty() {
            return Ok(());
        }
        bail!(UsageError(format!(
            "the statement is of {}, which is no number of bank.accounts\nhint: add it there, as another number of an account or as an account of its own",
            statement.account
        )));
    };
    if let Some(wanted) = wanted.filter(|wanted| wanted.name != known.name) {
        bail!(UsageError(format!(
            "the statement is of {}, and --bank says {}",
            known.name, wanted.name
        )));
    }
    if known.currency != statement.currency {
        bail!(UsageError(format!(
            "the statement is in {}, and bank.accounts says that {} is kept in {}",
            statement.currency, known.name, known.currency
        )));
    }
    Ok(())
}

fn keep(
    ledger: &mut Ledger,
    file: &BankFile,
    statements: &[Statement],
    args: &BankImportArgs,
    settings: &BankSettings,
) -> anyhow::Result<Vec<Shown>> {
    let before = ledger.bank_statements()?;
    for statement in statements {
        in_one_format(statement, file.format, &before, settings)
            .with_context(|| file.name.clone())?;
    }
    let taken = ledger.put_statements(file, statements, args.by.by.as_deref())?;
    let shown = statements.iter().zip(taken).map(|(statement, taken)| Shown {
        statement: taken.statement,
        file: file.name.clone(),
        format: file.format,
        account: name_of(settings, &statement.account),
        currency: statement.currency,
        number: statement.number.clone(),
        first_day: statement.first_day,
        last_day: statement.last_day,
        opening: statement.opening,
        closing: statement.closing,
        lines: statement.lines.len(),
        new_lines: Some(taken.new_lines),
        gap: None,
    });
    Ok(shown.collect())
}

/// Two formats word one line differently, so its id would be another and it would count twice.
fn in_one_format(
    statement: &Statement,
    format: Format,
    before: &[KeptStatement],
    settings: &BankSettings,
) -> anyhow::Result<()> {
    let account = name_of(settings, &statement.account);
    let overlaps = |kept: &&KeptStatement| {
        kept.first_day <= statement.last_day && statement.first_day <= kept.last_day
    };
    let other = before
        .iter()
        .filter(|kept| kept.format != format || kept.account != statement.account)
        .filter(|kept| name_of(settings, &kept.account) == account)
        .find(overlaps);
    let Some(other) = other else { return Ok(()) };
    bail!(Guarded(format!(
        "{} to {} of {account} came with {} ({}) already, and this would count its lines twice\nhint: keep to one format, or take that back with `tieout bank forget {}`",
        other.first_day,
        other.last_day,
        other.file,
        other.format.title(),
        other.id
    )))
}
