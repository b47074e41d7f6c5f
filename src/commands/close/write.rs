//! Writes reports where they are wanted: on standard output, into files, or all of them into a folder.

use std::path::Path;

use anyhow::Context;

use super::period::Tolerance;
use crate::cli::{ReportArgs, ReportFormat, ReportName};
use crate::commands::exit::Outcome;
#[cfg(not(feature = "xlsx"))]
use crate::commands::exit::UsageError;
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
    let mut of_page: Vec<Report> =
        reports.iter().copied().filter(|report| !is_close || !report.is_export()).collect();
    // What is proven comes before what it rests on.
    of_page.sort_by_key(|report| *report == Report::Cover);
    let folder = args.out.clone();
    let folder = folder.or_else(|| is_close.then(|| format!("close-{}", file_name(facts)).into()));
    if let Some(folder) = &folder {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        for report in reports {
            let file = |ending: &str| folder.join(format!("{}.{ending}", report.word()));
            write_private_by(&file("csv"), |to| {
                csv(facts, *report, to).map(drop).map_err(Into::into)
            })?;
            write_private_by(&file("json"), |to| {
                json(facts, *report, to).map(drop).map_err(Into::into)
            })?;
        }
        let name = if is_close { "close" } else { reports[0].word() };
        let page = html(facts, &of_page, Detail::Beside);
        write_private(&folder.join(format!("{name}.html")), page.as_bytes())?;
        #[cfg(feature = "xlsx")]
        workbook(facts, &of_page, &folder.join(format!("{name}.xlsx")))?;
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
    let text = "this program was built without workbooks\nhint: build it with --features xlsx";
    Err(UsageError(text.into()).into())
}

/// A period of days has blanks in its name.
fn file_name(facts: &Facts) -> String {
    facts.period.name.replace(' ', "-")
}
