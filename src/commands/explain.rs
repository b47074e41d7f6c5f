//! `tieout explain`: everything that the ledger knows about one id. Asks nobody, changes nothing.

mod future;
mod gather;

use std::sync::Arc;

use anyhow::bail;

use crate::calendar::Clock;
use crate::cli::{ExplainArgs, Format, Global};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::config::Settings;
use crate::explain::{Explanation, Subject, build};
use crate::ledger::{Found, Ledger, Look};
use crate::money::grouped;
use crate::report;
use crate::ui::{Ui, width};

pub(super) fn run(args: &ExplainArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let explanation = told(&Session::open(global)?, &args.id)?;
    match args.output.output {
        Format::Table => ui.data(&report::explain::text(&explanation, width())),
        Format::Json => ui.data(&format!("{}\n", serde_json::to_string_pretty(&explanation)?)),
    }
    Ok(Outcome::Done)
}

/// What is known about `id` in the ledger that `settings` name, at the moment that `clock` tells.
///
/// # Errors
/// When nothing is known about it: the message says where it was looked for.
pub fn explanation(
    settings: Settings,
    clock: Arc<dyn Clock>,
    id: &str,
) -> anyhow::Result<Explanation> {
    told(&Session::new(settings, clock), id)
}

fn told(session: &Session, id: &str) -> anyhow::Result<Explanation> {
    let path = &session.settings.ledger;
    let before = Look::at(path);
    let read = || {
        let ledger = session.ledger_to_read()?;
        let subject = subject(session, &ledger, id.trim())?;
        explain(session, &ledger, subject)
    };
    let told = read();
    // A run began meanwhile, so half of what was read may be older than the rest.
    if Look::at(path) == before { told } else { read() }
}

/// What the id stands for, or a sentence that says where it was looked for.
fn subject(session: &Session, ledger: &Ledger, asked: &str) -> anyhow::Result<Subject> {
    let subject = |id: &str, kind: &str, teller: &str| Subject {
        asked: asked.into(),
        id: id.into(),
        kind: kind.into(),
        teller: teller.into(),
    };
    match ledger.look_up(asked)? {
        // A coupon is told as the item it has become.
        Found::Object { id, kind } if kind == "coupon" => match gather::coupon_item(ledger, &id)? {
            Some(item) => gather::record_subject(ledger, asked, &item),
            None => Ok(subject(&id, &kind, &id)),
        },
        Found::Object { id, kind } => Ok(subject(&id, &kind, &id)),
        Found::Inside { id, holder, kind } if id.contains('_') => {
            Ok(subject(&id, gather::kind_by_prefix(&id).unwrap_or(&kind), &holder))
        }
        // The number of an invoice or a credit note is just another name of it.
        Found::Inside { holder, kind, .. } => Ok(subject(&holder, &kind, &holder)),
        Found::Record(id) => gather::record_subject(ledger, asked, &id),
        Found::Several(records) => {
            let names: Vec<String> =
                records.iter().map(|(kind, id)| format!("{} {id}", kind.title())).collect();
            bail!(
                "NetSuite counts kinds of record apart, and {asked} is the id of several: {}\nhint: ask for one of them by its external id",
                names.join(", ")
            )
        }
        Found::Nothing { near } => bail!(unknown(session, ledger, asked, &near)?),
    }
}

fn unknown(
    session: &Session,
    ledger: &Ledger,
    asked: &str,
    near: &[String],
) -> anyhow::Result<String> {
    let objects: u64 = ledger.count_by_kind()?.into_iter().map(|(_, count)| count).sum();
    let records = ledger.record_count()?;
    let hint = if near.is_empty() {
        "an object of an earlier day is there after `tieout pull --since …`".to_owned()
    } else {
        format!("did you mean {}?", near.join(", or "))
    };
    Ok(format!(
        "nothing is known about {asked}: it is none of the {} Stripe objects in {}, nor named by one \
         of them, nor an invoice's line or number, nor the external id or NetSuite id of one of its \
         {} records\nhint: {hint}",
        grouped(&objects.to_string()),
        session.settings.ledger.display(),
        grouped(&records.to_string()),
    ))
}

fn explain(session: &Session, ledger: &Ledger, subject: Subject) -> anyhow::Result<Explanation> {
    let books = gather::Books::read(session, ledger)?;
    let gathered = gather::gather(ledger, &books, &subject)?;
    let built = future::plan(ledger, &books, &gathered)?;
    let inputs = gather::inputs(session, ledger, &books, subject, gathered, &built)?;
    Ok(build(&inputs))
}
