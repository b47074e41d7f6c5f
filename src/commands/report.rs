//! `tieout report`: statements as text, JSON or a page.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::bail;

use crate::accounting::Rule;
use crate::cli::{Global, ReportArgs, ReportFormat, ReportName};
use crate::commands::close;
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::log::logged;
use crate::commands::plan::made_by;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::ledger::Ledger;
use crate::netsuite::record::RecordKind;
use crate::reconcile::TieOut;
use crate::report::cutover::{self, Cutover, OpeningJournal};
use crate::report::html::{Page, page};
use crate::report::tieout::text;
use crate::ui::{Ui, width};

pub(super) async fn run(args: &ReportArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    match args.name {
        ReportName::Tieout => report_tieout(args, global, ui).await,
        ReportName::Cutover => report_cutover(args, global, ui),
        _ => close::run(args, global, ui).await,
    }
}

/// Reads the ledger alone.
fn report_cutover(args: &ReportArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let ledger = session.existing_ledger()?;
    let openings = ledger.records()?.into_iter().filter_map(|row| {
        let record = row.desired.filter(|record| record.rule == Rule::OpeningBalance)?;
        let amount = record.body.total()?;
        Some(OpeningJournal {
            external_id: row.external_id,
            amount,
            is_posted: row.internal_id.is_some(),
        })
    });
    let cutover = Cutover {
        schema_version: 1,
        stripe_account: session.settings.stripe.account.to_string(),
        start: session.settings.stripe.start_date,
        before_start: session.settings.options.before_start,
        openings: openings.collect(),
        straddlers: ledger.straddlers()?,
    };
    match args.output {
        ReportFormat::Table => ui.data(&cutover::text(&cutover, width()))?,
        ReportFormat::Json => {
            ui.data(&format!("{}\n", serde_json::to_string_pretty(&cutover)?))?;
        }
        ReportFormat::Html => ui.data(&cutover::page(&cutover))?,
        ReportFormat::Csv => bail!(no_csv()),
    }
    if let Some(path) = &args.html {
        super::write_private(path, cutover::page(&cutover).as_bytes())?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    Ok(Outcome::Done)
}

async fn report_tieout(args: &ReportArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("report", ui)?;
    let mut ledger = session.existing_ledger()?;
    logged(&mut ledger, "report tieout", "{}", async |ledger, _| {
        let client = session.netsuite()?;
        let read_back = ReadBack::read(&session, ledger, &client).await?;
        let tieout = read_back.statements(&session, ledger)?;
        match args.output {
            ReportFormat::Table => ui.data(&text(&tieout, width()))?,
            ReportFormat::Json => {
                ui.data(&format!("{}\n", serde_json::to_string_pretty(&tieout)?))?;
            }
            ReportFormat::Html => ui.data(&html(&tieout, ledger)?)?,
            ReportFormat::Csv => bail!(no_csv()),
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

fn no_csv() -> UsageError {
    UsageError(
        "this report has no rows of one kind, so it is no CSV\nhint: use --output json".into(),
    )
}

pub(super) fn outcome(tieout: &TieOut) -> Outcome {
    if tieout.ties_out() { Outcome::Done } else { Outcome::OutOfTolerance }
}

/// Writes the tie-out as one self-contained page.
pub(super) fn write_html(tieout: &TieOut, ledger: &Ledger, path: &Path) -> anyhow::Result<()> {
    super::write_private(path, html(tieout, ledger)?.as_bytes())
}

fn html(tieout: &TieOut, ledger: &Ledger) -> anyhow::Result<String> {
    let stored = ledger.open_exceptions()?;
    let exceptions: Vec<_> = stored.into_iter().map(|stored| stored.exception).collect();
    let mut counts: BTreeMap<RecordKind, usize> = BTreeMap::new();
    for row in ledger.records()?.iter().filter(|row| row.internal_id.is_some()) {
        *counts.entry(row.kind).or_default() += 1;
    }
    let posted: Vec<(&'static str, usize)> =
        counts.into_iter().map(|(kind, count)| (kind.title(), count)).collect();
    let made_by = made_by();
    Ok(page(&Page { tieout, exceptions: &exceptions, posted: &posted, made_by: &made_by }))
}
