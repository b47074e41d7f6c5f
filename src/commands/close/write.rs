//! Writes reports where they are wanted: on standard output, into files, or all of them into a folder.

use std::io;
use std::path::Path;

use anyhow::Context;

use super::period::Tolerance;
use crate::cli::{ReportArgs, ReportFormat, ReportName};
use crate::commands::exit::Outcome;
use crate::commands::{write_private, write_private_by};
use crate::reconcile::close::sheet::Proof;
use crate::reconcile::close::{Facts, Nothing, Report};
use crate::report::close::{Detail, csv, html, json, text};
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
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        let name = if is_close { "close" } else { reports[0].word() };
        each_file(facts, reports, name, &mut |name, write| {
            write_private_by(&folder.join(name), |to| write(to))
        })?;
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
    let mut proofs: Vec<Proof> = Vec::new();
    for report in reports {
        // A close has written everything; what it found is on its cover.
        let is_shown = !is_close || *report == Report::Cover;
        let found = if is_shown { print(args, facts, *report, ui)? } else { Vec::new() };
        proofs.extend(if is_shown { found } else { report.write(facts, &mut Nothing) });
    }
    let is_over = proofs.iter().any(|proof| tolerance.is_passed_by(proof.difference));
    Ok(if is_over { Outcome::OutOfTolerance } else { Outcome::Done })
}

/// Writes to where it is told.
type Write<'a> = dyn FnMut(&mut dyn io::Write) -> anyhow::Result<()> + 'a;

/// Hands on the name of every file of a folder of reports, and what writes it.
pub fn each_file(
    facts: &Facts,
    reports: &[Report],
    name: &str,
    put: &mut dyn FnMut(&str, &mut Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for report in reports {
        let name = report.word();
        put(&format!("{name}.csv"), &mut |to| Ok(csv(facts, *report, to).map(drop)?))?;
        put(&format!("{name}.json"), &mut |to| Ok(json(facts, *report, to).map(drop)?))?;
    }
    let of_page = of_page(reports);
    put(&format!("{name}.html"), &mut |to| {
        Ok(to.write_all(html(facts, &of_page, Detail::Beside).as_bytes())?)
    })?;
    #[cfg(feature = "xlsx")]
    put(&format!("{name}.xlsx"), &mut |to| {
        Ok(to.write_all(&crate::report::close::xlsx(facts, &of_page)?)?)
    })?;
    Ok(())
}

/// What is on the page of a close: not what is for other programs. What is proven comes before what it
/// rests on.
fn of_page(reports: &[Report]) -> Vec<Report> {
    let is_alone = reports.len() == 1;
    let mut of_page: Vec<Report> =
        reports.iter().copied().filter(|report| is_alone || !report.is_export()).collect();
    of_page.sort_by_key(|report| *report == Report::Cover);
    of_page
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
