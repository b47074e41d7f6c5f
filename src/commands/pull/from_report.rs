//! One of Stripe's itemized reports instead of the API.

use std::path::Path;

use anyhow::{Context, bail};

use super::say_what_was_stored;
use crate::calendar::UnixTime;
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::ledger::{Incoming, Ledger, Stored};
use crate::report::plan::counted;
use crate::stripe::objects::Head;
use crate::stripe::reports::{self, Facts, Report, facts};
use crate::ui::Ui;

/// Objects stored in one transaction.
const OBJECTS_PER_BATCH: usize = 500;

/// What no report holds, in the order in which it is missed.
const MISSING: &str = "A report holds no invoices and no lines, so revenue and tax cannot be posted from it; \
     no customers' names, disputes or credit notes, and of a fee only the total. \
     `tieout pull` with a restricted key, or `tieout pull --from` with exported JSON, adds them.";

/// Stands where the API version of an object stands.
const FROM_REPORT: &str = "report";

/// Reads a report into the ledger.
pub(super) async fn read(session: &Session, path: &Path, ui: Ui) -> anyhow::Result<Outcome> {
    let file = std::fs::File::open(path)
        .with_context(|| format!("the report {} cannot be read", path.display()))?;
    let report =
        reports::read(std::io::BufReader::new(file)).with_context(|| path.display().to_string())?;
    let Report::Itemized { kind, rows } = report else {
        bail!(
            "{} is a summary: it holds no transactions\nhint: make an itemized report",
            path.display()
        );
    };
    // A report does not say of which mode it is; a new ledger is one of real money.
    let mut ledger = if session.settings.ledger.exists() {
        session.existing_ledger()?
    } else {
        session.ledger(true)?
    };
    let parameters = serde_json::json!({ "report": path.display().to_string() }).to_string();
    logged(&mut ledger, "pull --from-report", &parameters, async |ledger, _| {
        let facts = facts(kind, &rows);
        let stored = store(ledger, &facts, session.clock.now())?;
        ui.say(&format!("{}: {}.", kind.title(), counted(rows.len(), "row")));
        for (reason, count) in &facts.left_out {
            ui.warn(&format!("{} left out: {reason}.", counted(*count, "row")));
        }
        ui.warn(MISSING);
        say_what_was_stored(stored, ui);
        Ok(Outcome::Done)
    })
    .await
}

fn store(ledger: &mut Ledger, facts: &Facts, now: UnixTime) -> anyhow::Result<Stored> {
    let mut stored = Stored::default();
    for objects in facts.objects.chunks(OBJECTS_PER_BATCH) {
        let texts: Vec<(Head, String)> = objects
            .iter()
            .filter(|object| {
                // What the API said about an object is more than a report can say.
                let id = object["id"].as_str().unwrap_or_default();
                !ledger.api_version_of(id).is_ok_and(|from| from.is_some_and(|f| f != FROM_REPORT))
            })
            .map(|object| {
                let text = object.to_string();
                Ok((Head::read(text.as_bytes())?, text))
            })
            .collect::<Result<_, serde_json::Error>>()?;
        let incoming: Vec<Incoming> =
            texts.iter().map(|(head, json)| Incoming { head, json, parent: None }).collect();
        stored += ledger.store(&incoming, FROM_REPORT, now)?;
    }
    for (payout, members) in &facts.members {
        if !ledger.is_listed(payout)? {
            ledger.add_payout_members(payout, members)?;
        }
    }
    Ok(stored)
}
