//! `tieout verify`: reads back what was posted, and compares.

use serde::Serialize;

use crate::cli::{Format, Global, VerifyArgs};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::commands::tieout::ReadBack;
use crate::commands::verify_report;
use crate::reconcile::drift::Drift;
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

/// What `--output json` prints.
#[derive(Serialize)]
struct Verified<'a> {
    schema_version: u32,
    records: usize,
    drifts: &'a [Drift],
}

pub(super) async fn run(args: &VerifyArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    if let Some(path) = &args.report {
        return verify_report::run(&session, path, args.output.output, ui);
    }
    let _lock = session.lock("verify")?;
    let mut ledger = session.existing_ledger()?;
    let client = session.netsuite()?;
    let read_back = ReadBack::read(&session, &mut ledger, &client).await?;
    let (count, drifts) = read_back.verify(&mut ledger)?;
    match args.output.output {
        Format::Json => {
            let verified = Verified { schema_version: 1, records: count, drifts: &drifts };
            ui.data(&format!("{}\n", serde_json::to_string_pretty(&verified)?));
        }
        Format::Table => ui.data(&text(count, &drifts)),
    }
    Ok(if drifts.is_empty() { Outcome::Done } else { Outcome::OutOfTolerance })
}

/// What was found, as text.
pub(super) fn text(count: usize, drifts: &[Drift]) -> String {
    if drifts.is_empty() {
        return format!("{} read back, each as it was posted.\n", counted(count, "record"));
    }
    let rows: Vec<Vec<String>> = drifts
        .iter()
        .map(|drift| {
            vec![
                format!("{} {}", drift.kind.title(), drift.external_id),
                drift.field.clone(),
                drift.posted.clone(),
                drift.observed.clone(),
            ]
        })
        .collect();
    let header = [
        ("Record", Align::Left),
        ("What", Align::Left),
        ("Posted", Align::Right),
        ("Now", Align::Right),
    ];
    let heading = counted(drifts.len(), "difference");
    format!("{heading} in {}:\n{}", counted(count, "record"), render(&header, &rows, width()))
}
