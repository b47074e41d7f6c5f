//! Writes reports where they are wanted: on standard output, into files, or all of them into a folder.

use std::path::Path;

use super::period::Tolerance;
use crate::cli::{ReportArgs, ReportFormat, ReportName};
use crate::commands::exit::Outcome;
use crate::commands::files::{ReportFolder, write_private};
use crate::reconcile::close::sheet::Proof;
use crate::reconcile::close::{Facts, Nothing, Report};
use crate::report::close::{self, Detail, csv, html, json, of_page, text};
use crate::ui::{Ui, width};

pub(super) fn write(
    args: &ReportArgs,
    facts: &Facts,
    reports: &[Report],
    tolerance: Tolerance,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let is_close = args.name == ReportName::Close;
    let of_page = of_page(reports);
    let folder = args.out.clone();
    let folder = folder.or_else(|| is_close.then(|| format!("close-{}", file_name(facts)).into()));
    let mut proofs: Vec<Proof> = Vec::new();
    if let Some(folder) = &folder {
        let name = if is_close { "close" } else { reports[0].word() };
        let found = close::folder(facts, reports, name, &ReportFolder::made(folder)?)?;
        proofs.extend(found.into_iter().map(|(_, proof)| proof));
        ui.say(&format!("Wrote {}.", folder.display()));
    }
    if let Some(path) = &args.html {
        write_private(path, html(facts, &of_page, Detail::Elsewhere).as_bytes())?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    if let Some(path) = &args.xlsx {
        workbook(facts, &of_page, path)?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    // A close has written everything; what it found is on its cover.
    for report in reports.iter().filter(|report| !is_close || **report == Report::Cover) {
        proofs.extend(print(args, facts, *report, ui)?);
    }
    let is_over = proofs.iter().any(|proof| tolerance.is_passed_by(proof.difference));
    Ok(if is_over { Outcome::OutOfTolerance } else { Outcome::Done })
}

fn print(args: &ReportArgs, facts: &Facts, report: Report, ui: Ui) -> anyhow::Result<Vec<Proof>> {
    let mut bytes = Vec::new();
    let proofs = match args.output {
        ReportFormat::Table => {
            let (text, proofs) = text(facts, report, width());
            bytes = text.into_bytes();
            proofs
        }
        ReportFormat::Csv => csv(facts, report, &mut bytes)?,
        ReportFormat::Json => json(facts, report, &mut bytes)?,
        ReportFormat::Html => {
            bytes = html(facts, &[report], Detail::Elsewhere).into_bytes();
            report.write(facts, &mut Nothing)
        }
    };
    ui.data(&String::from_utf8(bytes)?)?;
    Ok(proofs)
}

#[cfg(feature = "xlsx")]
fn workbook(facts: &Facts, reports: &[Report], path: &Path) -> anyhow::Result<()> {
    write_private(path, &crate::report::close::xlsx(facts, reports)?)
}

#[cfg(not(feature = "xlsx"))]
fn workbook(_: &Facts, _: &[Report], _: &Path) -> anyhow::Result<()> {
    Err(crate::commands::exit::no_workbooks().into())
}

/// A period of days has blanks in its name.
fn file_name(facts: &Facts) -> String {
    facts.period.name.replace(' ', "-")
}
