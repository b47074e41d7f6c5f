//! A folder of reports: each report is made once for all of its files, and several at the same time.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::html::{Detail, Page, Sections};
#[cfg(feature = "xlsx")]
use super::xlsx;
use super::{Make, columns, csv, json};
use crate::reconcile::close::sheet::{Head, Proof, Row, Sink};
use crate::reconcile::close::{Facts, Figures, Report, fingerprint, write_cover};

/// Reports that are made at the same time, at most: each needs a little memory.
const AT_ONCE_MAX: usize = 4;

/// What the page and the workbook of all reports of a period are called.
pub const CLOSE: &str = "close";

/// Where the files go. Several are open at the same time.
pub trait Folder: Sync {
    type File: Write + Send;

    fn create(&self, name: &str) -> io::Result<Self::File>;

    /// Ends a file that is whole.
    fn end(&self, name: &str, file: Self::File) -> io::Result<()>;
}

/// What a folder of reports says, in short.
pub struct Written {
    pub proofs: Vec<(Report, Proof)>,
    /// The fingerprint of the figures; of all the period's, where all its reports were written.
    pub figures: String,
}

/// What became of a report that people read.
struct Made {
    report: Report,
    proofs: Vec<Proof>,
    figures: Figures,
    /// What of it is on the page, and in the workbook.
    sections: Sections,
    #[cfg(feature = "xlsx")]
    sheets: xlsx::Made,
}

/// The figures of a report, which are signed.
type Signed = (Report, Figures);

/// One of the reports is done.
enum Done {
    Read(Made),
    Exported(Signed),
}

/// Writes reports as CSV and JSON, and the page and the workbook of `name` about those that people read;
/// beside them exports as CSV, which is what they are for.
///
/// # Errors
/// Where a file cannot be written.
pub fn folder<F: Folder>(
    facts: &Facts,
    reports: &[Report],
    name: &str,
    to: &F,
) -> io::Result<Written> {
    let of_page = of_page(reports);
    let exports: Vec<Report> =
        reports.iter().copied().filter(|report| !of_page.contains(report)).collect();
    let work = Work {
        facts,
        to,
        #[cfg(feature = "xlsx")]
        book: xlsx::Book::new().map_err(io::Error::other)?,
    };
    // The workbook is packed by one thread, for about as long as the last export takes another.
    let (last, exports) =
        exports.split_last().map_or((None, [].as_slice()), |(last, others)| (Some(*last), others));
    let (made, exported) = work.make_all(&of_page, exports, reports.len() == Report::ALL.len())?;
    let proofs = proven(&made);
    let (last, ended) = thread::scope(|scope| {
        let last = last.map(|report| scope.spawn(move || export(facts, report, to)));
        let ended = work.end(name, made);
        let last = last.map(thread::ScopedJoinHandle::join);
        (last.map(|own| own.unwrap_or_else(|panic| std::panic::resume_unwind(panic))), ended)
    });
    let mut figures = ended?;
    figures.extend(exported);
    figures.extend(last.transpose()?);
    // In the reports' own order, whatever is on the page.
    figures.sort_by_key(|(report, _)| *report);
    Ok(Written { proofs, figures: fingerprint(facts, figures) })
}

/// Makes every report, several at a time; gives what became of them, in their order.
fn each<T: Send>(reports: &[Report], make: impl Fn(Report) -> T + Sync) -> Vec<T> {
    let at_once = thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE_MAX);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut own = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(report) = reports.get(place) else { return own };
            own.push((place, make(*report)));
        }
    };
    let mut all = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(thread::ScopedJoinHandle::join);
        let all =
            ended.flat_map(|own| own.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        all.collect::<Vec<_>>()
    });
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, made)| made).collect()
}

/// What reports prove, in their order.
fn proven(made: &[Made]) -> Vec<(Report, Proof)> {
    let of_report = |made: &Made| {
        let report = made.report;
        made.proofs.clone().into_iter().map(move |own| (report, own))
    };
    made.iter().flat_map(of_report).collect()
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

/// What the reports of a folder are made of, and into.
struct Work<'a, F> {
    facts: &'a Facts,
    to: &'a F,
    #[cfg(feature = "xlsx")]
    book: xlsx::Book,
}

impl<F: Folder> Work<'_, F> {
    /// Reports that people read, and exports; gives what became of the ones, and the figures of the others.
    /// With all of them, the cover is made when the others are, of what they prove: nobody makes them again
    /// for it.
    fn make_all(
        &self,
        of_page: &[Report],
        exports: &[Report],
        are_all: bool,
    ) -> io::Result<(Vec<Made>, Vec<Signed>)> {
        let (facts, to) = (self.facts, self.to);
        let is_late = |report: &Report| are_all && *report == Report::Cover;
        let early = of_page.iter().filter(|report| !is_late(report));
        let early: Vec<Report> = early.chain(exports).copied().collect();
        let done: Vec<io::Result<Done>> = each(&early, |report| {
            Ok(if exports.contains(&report) {
                Done::Exported(export(facts, report, to)?)
            } else {
                Done::Read(self.read(report, &|sink| report.write(facts, sink))?)
            })
        });
        let (mut made, mut exported) = (Vec::new(), Vec::new());
        for done in done {
            match done? {
                Done::Read(own) => made.push(own),
                Done::Exported(own) => exported.push(own),
            }
        }
        for report in of_page.iter().copied().filter(is_late) {
            let proven = proven(&made);
            made.push(self.read(report, &|sink| write_cover(facts, &proven, sink))?);
        }
        Ok((made, exported))
    }

    /// The page and the workbook of what was made; gives each report's figures.
    fn end(self, name: &str, made: Vec<Made>) -> io::Result<Vec<Signed>> {
        let Self { facts, to, .. } = self;
        let mut page = Page::new(facts);
        let mut figures = Vec::new();
        #[cfg(feature = "xlsx")]
        let mut sheets = Vec::new();
        for made in made {
            page.add(made.report, made.sections, made.proofs);
            #[cfg(feature = "xlsx")]
            sheets.push(made.sheets);
            figures.push((made.report, made.figures));
        }
        put(to, &format!("{name}.html"), |file| file.write_all(page.end().as_bytes()))?;
        #[cfg(feature = "xlsx")]
        put(to, &format!("{name}.xlsx"), |file| {
            self.book.end_of(facts, sheets, file).map_err(io::Error::other)
        })?;
        Ok(figures)
    }

    /// A report that people read: its own two files, and what is on the page and in the workbook.
    fn read(&self, report: Report, make: &Make) -> io::Result<Made> {
        let Self { facts, to, .. } = self;
        let names = ["csv", "json"].map(|ending| format!("{}.{ending}", report.word()));
        let [mut csv_file, mut json_file] = [to.create(&names[0])?, to.create(&names[1])?];
        let columns = columns(make);
        let mut csv = csv::Csv::new(&mut csv_file, &columns, !report.is_export());
        let mut json = json::Json::new(&mut json_file, &json::head(facts, report));
        let mut sections = Sections::new(report, Detail::Beside);
        let mut figures = Figures::default();
        let all: Vec<&mut dyn Sink> = vec![&mut csv, &mut json, &mut sections, &mut figures];
        #[cfg(feature = "xlsx")]
        let mut sheets = self.book.sheets();
        #[cfg(feature = "xlsx")]
        let all = all.into_iter().chain([&mut sheets as &mut dyn Sink]).collect();
        let proofs = make(&mut Together(all));
        csv.end_of_file()?;
        json.end_of_file(&proofs)?;
        to.end(&names[0], csv_file)?;
        to.end(&names[1], json_file)?;
        Ok(Made {
            report,
            proofs,
            figures,
            sections,
            #[cfg(feature = "xlsx")]
            sheets: sheets.made().map_err(io::Error::other)?,
        })
    }
}

/// A report for other programs, which proves nothing; gives its figures.
fn export<F: Folder>(facts: &Facts, report: Report, to: &F) -> io::Result<Signed> {
    let make = |sink: &mut dyn Sink| report.write(facts, sink);
    let mut figures = Figures::default();
    put(to, &format!("{}.csv", report.word()), |file| {
        let mut csv = csv::Csv::new(file, &columns(&make), false);
        make(&mut Together(vec![&mut csv, &mut figures]));
        csv.end_of_file()
    })?;
    Ok((report, figures))
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
