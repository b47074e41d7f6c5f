//! A folder of reports: each report is made once, and every format takes its rows while they go by.

use std::io::{self, Write};
use std::thread;

use super::html::{Detail, Page};
use super::{columns, csv, json};
use crate::reconcile::close::sheet::{Head, Proof, Row, Sink};
use crate::reconcile::close::{Facts, Report};

/// Where the files go. Several are open at the same time.
pub trait Folder: Sync {
    type File: Write + Send;

    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Ends a file that is whole.
    fn end(&self, name: &str, file: Self::File) -> io::Result<()>;
}

/// Writes reports as CSV and JSON, and the page and the workbook of `name` about those that people read;
/// beside them exports as CSV, which is what they are for. Gives what they prove.
///
/// # Errors
/// Where a file cannot be written.
pub fn folder<F: Folder>(
    facts: &Facts,
    reports: &[Report],
    name: &str,
    to: &F,
) -> io::Result<Vec<(Report, Proof)>> {
    let of_page = of_page(reports);
    let others: Vec<Report> =
        reports.iter().copied().filter(|report| !of_page.contains(report)).collect();
    // The exports are as long as all others together, and nothing waits for them.
    let (pages, lists) = thread::scope(|scope| {
        let lists = scope.spawn(|| exports(facts, &others, to));
        let pages = pages(facts, &of_page, name, to);
        let lists = lists.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (pages, lists)
    });
    let mut proofs = pages?;
    proofs.extend(lists?);
    Ok(proofs)
}

/// What is on the page of a close: not what is for other programs. What is proven comes before what it
/// rests on.
pub fn of_page(reports: &[Report]) -> Vec<Report> {
    let is_alone = reports.len() == 1;
    let mut of_page: Vec<Report> =
        reports.iter().copied().filter(|report| is_alone || !report.is_export()).collect();
    of_page.sort_by_key(|report| *report == Report::Cover);
    of_page
}

fn exports<F: Folder>(
    facts: &Facts,
    reports: &[Report],
    to: &F,
) -> io::Result<Vec<(Report, Proof)>> {
    let mut all = Vec::new();
    for report in reports {
        let found =
            put(to, &format!("{}.csv", report.word()), |to| super::csv(facts, *report, to))?;
        all.extend(found.into_iter().map(|proof| (*report, proof)));
    }
    Ok(all)
}

fn pages<F: Folder>(
    facts: &Facts,
    reports: &[Report],
    name: &str,
    to: &F,
) -> io::Result<Vec<(Report, Proof)>> {
    let mut page = Page::new(facts, Detail::Beside);
    #[cfg(feature = "xlsx")]
    let mut book = super::xlsx::Xlsx::new();
    let mut all = Vec::new();
    for report in reports {
        let mut sections = page.sections(*report);
        let mut others: Vec<&mut dyn Sink> = vec![&mut sections];
        #[cfg(feature = "xlsx")]
        others.push(&mut book);
        let proofs = with_files(facts, *report, to, others)?;
        page.add(*report, sections, proofs.clone());
        all.extend(proofs.into_iter().map(|proof| (*report, proof)));
    }
    put(to, &format!("{name}.html"), |file| file.write_all(page.end().as_bytes()))?;
    #[cfg(feature = "xlsx")]
    put(to, &format!("{name}.xlsx"), |file| book.end_of(facts, file).map_err(io::Error::other))?;
    Ok(all)
}

fn put<F: Folder, T>(
    to: &F,
    name: &str,
    write: impl FnOnce(&mut F::File) -> io::Result<T>,
) -> io::Result<T> {
    let mut file = to.create(name)?;
    let written = write(&mut file)?;
    to.end(name, file)?;
    Ok(written)
}

/// Makes one report, once, into its own two files and for others.
fn with_files<F: Folder>(
    facts: &Facts,
    report: Report,
    to: &F,
    others: Vec<&mut dyn Sink>,
) -> io::Result<Vec<Proof>> {
    let names = ["csv", "json"].map(|ending| format!("{}.{ending}", report.word()));
    let [mut csv_file, mut json_file] = [to.create(&names[0])?, to.create(&names[1])?];
    let columns = columns(&|sink| report.write(facts, sink));
    let mut csv = csv::Csv::new(&mut csv_file, &columns, !report.is_export());
    let mut json = json::Json::new(&mut json_file, &json::head(facts, report));
    let mut all: Vec<&mut dyn Sink> = vec![&mut csv, &mut json];
    all.extend(others.into_iter().map(|sink| sink as &mut dyn Sink));
    let proofs = report.write(facts, &mut Together(all));
    csv.end_of_file()?;
    json.end_of_file(&proofs)?;
    to.end(&names[0], csv_file)?;
    to.end(&names[1], json_file)?;
    Ok(proofs)
}

/// Hands each row to several.
struct Together<'a>(Vec<&'a mut dyn Sink>);

impl Sink for Together<'_> {
    fn begin(&mut self, head: &Head) {
        self.0.iter_mut().for_each(|sink| sink.begin(head));
    }

    fn row(&mut self, row: &Row) {
        self.0.iter_mut().for_each(|sink| sink.row(row));
    }

    fn end(&mut self, count: usize) {
        self.0.iter_mut().for_each(|sink| sink.end(count));
    }
}
