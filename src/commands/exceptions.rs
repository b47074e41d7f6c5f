//! `tieout exceptions`: what needs a person, and what people do about it.

use anyhow::bail;
use chrono::NaiveDate;

use crate::accounting::care::check_day;
use crate::cli::{
    ByArgs, ExceptionListArgs, ExceptionsArgs, ExceptionsCommand, Global, ListFormat,
};
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::session::Session;
use crate::ledger::{Act, Cared, Ledger};
use crate::report::exceptions::{self, Listed};
use crate::ui::{Ui, width};

/// Ids named in an error before the rest is counted.
const NAMED_MAX: usize = 5;

pub(super) fn run(args: &ExceptionsArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    match &args.what {
        None => list(&args.list, &session, ui),
        Some(ExceptionsCommand::List(args)) => list(args, &session, ui),
        Some(ExceptionsCommand::Assign { id, to, due, by }) => {
            let act = Act::Assign { to: filled(to, "--to")?, due: *due };
            let due = due.map(|due| format!(", due {due}")).unwrap_or_default();
            care(&session, id, by, ui, |_| Ok(act))?;
            ui.say(&format!("{id}: {to} looks after it{due}."));
            Ok(Outcome::Done)
        }
        Some(ExceptionsCommand::Note { id, text, by }) => {
            let act = Act::Note { text: filled(text, "the note")? };
            care(&session, id, by, ui, |_| Ok(act))?;
            ui.say(&format!("{id}: noted."));
            Ok(Outcome::Done)
        }
        Some(ExceptionsCommand::Accept { id, until, reason, by }) => {
            let reason = filled(reason, "--reason")?;
            check_day(*until, today(&session)).map_err(|bad| UsageError(bad.to_string()))?;
            care(&session, id, by, ui, |found| {
                if found.resolved.is_some() {
                    bail!(UsageError(format!("{id} no longer occurs: there is nothing to accept")));
                }
                Ok(Act::Accept { until: *until, reason, content: found.content.clone() })
            })?;
            ui.say(&format!(
                "{id}: accepted until {until}. It asks again after that day, or when it changes."
            ));
            Ok(Outcome::Done)
        }
        Some(ExceptionsCommand::Reopen { id, by }) => {
            care(&session, id, by, ui, |found| {
                if found.care.acceptance.is_none() {
                    bail!(UsageError(format!(
                        "{id} is not accepted: there is nothing to take back"
                    )));
                }
                Ok(Act::Reopen)
            })?;
            ui.say(&format!("{id}: open again."));
            Ok(Outcome::Done)
        }
    }
}

/// Does something about the exception `id`, which says what may be done.
fn care(
    session: &Session,
    id: &str,
    by: &ByArgs,
    ui: Ui,
    act: impl FnOnce(&Cared) -> anyhow::Result<Act>,
) -> anyhow::Result<()> {
    let _lock = session.lock("exceptions", ui)?;
    let mut ledger = session.existing_ledger()?;
    let found = known(&ledger, id)?;
    ledger.care_for(id, &act(&found)?, by.by.as_deref())?;
    Ok(())
}

fn list(args: &ExceptionListArgs, session: &Session, ui: Ui) -> anyhow::Result<Outcome> {
    let ledger = session.existing_ledger()?;
    let (zone, today) = (session.settings.stripe.zone, today(session));
    let listed: Vec<Listed> = ledger
        .exceptions(args.all)?
        .into_iter()
        .filter(|cared| args.class.is_none_or(|class| class.class() == cared.exception.class))
        .filter(|cared| args.owner.is_none() || args.owner == cared.care.owner)
        .map(|cared| listed(cared, session, today))
        .collect();
    ui.data(&match args.output.output {
        ListFormat::Table => exceptions::text(&listed, zone, width()),
        ListFormat::Json => exceptions::json(&listed, today),
        ListFormat::Csv => exceptions::csv(&listed, zone)?,
    })?;
    Ok(Outcome::Done)
}

fn listed(cared: Cared, session: &Session, today: NaiveDate) -> Listed {
    let zone = session.settings.stripe.zone;
    Listed {
        standing: cared.standing(today),
        age_days: (today - cared.first_seen.date_in(zone)).num_days(),
        exception: cared.exception,
        first_seen: cared.first_seen,
        last_seen: cared.last_seen,
        resolved: cared.resolved,
        care: cared.care,
    }
}

fn today(session: &Session) -> NaiveDate {
    session.clock.now().date_in(session.settings.stripe.zone)
}

/// The exception of this id: an open one where there is one.
fn known(ledger: &Ledger, id: &str) -> anyhow::Result<Cared> {
    let all = ledger.exceptions(true)?;
    let own = || all.iter().filter(|cared| cared.exception.id() == id);
    if let Some(found) = own().find(|cared| cared.resolved.is_none()).or_else(|| own().next()) {
        return Ok(found.clone());
    }
    let mut near: Vec<String> = all
        .iter()
        .filter(|cared| cared.exception.subject == id || cared.exception.code == id)
        .map(|cared| cared.exception.id())
        .collect();
    near.dedup();
    let rest = near.len().saturating_sub(NAMED_MAX);
    near.truncate(NAMED_MAX);
    let hint = match (near.is_empty(), rest) {
        (true, _) => "`tieout exceptions` lists the ids".to_owned(),
        (false, 0) => format!("did you mean {}?", near.join(" or ")),
        (false, rest) => format!("did you mean {} or one of {rest} more?", near.join(" or ")),
    };
    bail!(UsageError(format!("there is no exception {id}\nhint: {hint}")))
}

fn filled(text: &str, what: &str) -> anyhow::Result<String> {
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), UsageError(format!("{what} is empty")));
    Ok(text.to_owned())
}
