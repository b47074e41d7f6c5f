//! `tieout report`: statements as text, JSON or a page.

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::{Format, Global, ReportArgs, ReportName};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::ledger::Ledger;
use crate::netsuite::record::RecordKind;
use crate::reconcile::TieOut;
use crate::report::html::{Page, page};
use crate::report::tieout::text;
use crate::ui::{Ui, width};

pub(super) async fn run(args: &ReportArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let ReportName::Tieout = args.name;
    let session = Session::open(global)?;
    let _lock = session.lock("report")?;
    let mut ledger = session.existing_ledger()?;
    logged(&mut ledger, "report tieout", "{}", async |ledger, _| {
        let client = session.netsuite()?;
        let read_back = ReadBack::read(&session, ledger, &client).await?;
        let tieout = read_back.statements(&session, ledger)?;
        match args.output.output {
            Format::Table => ui.data(&text(&tieout, width()))?,
            Format::Json => ui.data(&format!("{}\n", serde_json::to_string_pretty(&tieout)?))?,
        }
        if let Some(path) = &args.html {
            write_html(&tieout, ledger, path)?;
            ui.say(&format!("Wrote {}.", path.display()));
        }
        if let Some(pull) = ledger.unfinished_pull()? {
            let what = pull.what(session.settings.stripe.zone);
            ui.warn(&format!("The last pull broke off: {what} may be missing in part."));
        }
        Ok(outcome(&tieout))
    })
    .await
}

pub(super) fn outcome(tieout: &TieOut) -> Outcome {
    if tieout.ties_out() { Outcome::Done } else { Outcome::OutOfTolerance }
}

/// Writes the tie-out as one self-contained page.
pub(super) fn write_html(tieout: &TieOut, ledger: &Ledger, path: &Path) -> anyhow::Result<()> {
    let stored = ledger.open_exceptions()?;
    let exceptions: Vec<_> = stored.into_iter().map(|stored| stored.exception).collect();
    let mut counts: BTreeMap<RecordKind, usize> = BTreeMap::new();
    for row in ledger.records()?.iter().filter(|row| row.internal_id.is_some()) {
        *counts.entry(row.kind).or_default() += 1;
    }
    let posted: Vec<(&'static str, usize)> =
        counts.into_iter().map(|(kind, count)| (kind.title(), count)).collect();
    let made_by = made_by();
    let html = page(&Page { tieout, exceptions: &exceptions, posted: &posted, made_by: &made_by });
    super::write_private(path, html.as_bytes())
}
