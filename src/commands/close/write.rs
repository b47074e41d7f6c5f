//! Writes reports where they are wanted: on standard output, into files, or all of them into a folder.

use std::path::Path;

use super::period::Tolerance;
use crate::cli::{ReportArgs, ReportFormat, ReportName};
use crate::commands::exit::Outcome;
use crate::commands::files::{ReportFolder, write_private};
use crate::reconcile::close::sheet::{Proof, Sink};
use crate::reconcile::close::{Facts, Nothing, Report, write_cover};
use crate::report::close::{self, CLOSE, Detail, Written, csv, html, json, of_page, text};
use crate::ui::{Ui, width};

/// Writes the reports into their folder, where they have one.
pub(super) fn in_folder(
    args: &ReportArgs,
    facts: &Facts,
    reports: &[Report],
    ui: Ui,
) -> anyhow::Result<Option<Written>> {
    let is_close = args.name == ReportName::Close;
    let folder = args.out.clone();
    let folder = folder.or_else(|| is_close.then(|| format!("close-{}", file_name(facts)).into()));
    let Some(folder) = folder else { return Ok(None) };
    let name = if is_close { CLOSE } else { reports[0].word() };
    let written = close::folder(facts, reports, name, &ReportFolder::made(&folder)?)?;
    ui.say(&format!("Wrote {}.", folder.display()));
    Ok(Some(written))
}

/// Writes what is asked for beside a folder, and holds what was found against what is let pass. Gives that
/// too; `is_shown` is whether the reports are printed.
pub(super) fn rest(
    args: &ReportArgs,
    facts: &Facts,
    reports: &[Report],
    written: Option<&Written>,
    tolerance: Tolerance,
    is_shown: bool,
    ui: Ui,
) -> anyhow::Result<(Outcome, Vec<Proof>)> {
    let of_page = of_page(reports);
    if let Some(path) = &args.html {
        write_private(path, html(facts, &of_page, Detail::Elsewhere).as_bytes())?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    if let Some(path) = &args.xlsx {
        workbook(facts, &of_page, path)?;
        ui.say(&format!("Wrote {}.", path.display()));
    }
    let mut proofs: Vec<Proof> = Vec::new();
    proofs.extend(written.into_iter().flat_map(|own| &own.proofs).map(|(_, own)| own.clone()));
    let is_close = args.name == ReportName::Close;
    // A close has written everything; what it found is on its cover.
    let shown = reports.iter().filter(|report| !is_close || **report == Report::Cover);
    for report in shown.filter(|_| is_shown) {
        proofs.extend(print(args, facts, *report, written.filter(|_| is_close), ui)?);
    }
    let is_over = proofs.iter().any(|proof| tolerance.is_passed_by(proof.difference));
    Ok((if is_over { Outcome::OutOfTolerance } else { Outcome::Done }, proofs))
}

/// Prints a report; `close` is what all of them became, where they were made.
fn print(
    args: &ReportArgs,
    facts: &Facts,
    report: Report,
    close: Option<&Written>,
    ui: Ui,
) -> anyhow::Result<Vec<Proof>> {
    let make = |sink: &mut dyn Sink| match close {
        Some(written) if report == Report::Cover => write_cover(facts, &written.proofs, sink),
        _ => report.write(facts, sink),
    };
    let mut bytes = Vec::new();
    let proofs = match args.output {
        ReportFormat::Table => {
            let (text, proofs) = text(facts, report, &make, width());
            bytes = text.into_bytes();
            proofs
        }
        ReportFormat::Csv => csv(report, &make, &mut bytes)?,
        ReportFormat::Json => json(facts, report, &make, &mut bytes)?,
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
