//! Reports as one self-contained page: it works offline, printed, without scripts, in light and in dark,
//! on a desk and on a phone. Long lists are cut, and say how many rows and what sum are elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Make, shown, svg};
use crate::money::Amount;
use crate::reconcile::close::facts::Source;
use crate::reconcile::close::sheet::{Cell, Column, Head, Kind, Proof, Row, Sink, Weight};
use crate::reconcile::close::{Facts, Report};
use crate::report::html::head;
use crate::report::plan::{counted, number};

/// Rows of one list.
const ROWS_MAX: usize = 250;
/// Rows of all lists: a page of this many stays below five megabytes and opens at once.
const PAGE_ROWS_MAX: usize = 9_000;

const OWN_STYLE: &str = include_str!("close.css");
const SCRIPT: &str = include_str!("close.js");

/// Where the rows are that the page does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// In a CSV beside the page, called like the report.
    Beside,
    /// In another format of the same command.
    Elsewhere,
}

/// Any other report as a page of its own: `word` is what its files are called, `top` what stands above
/// its sections.
pub fn page(make: &Make, word: &'static str, title: &str, top: &Markup, made_by: &str) -> String {
    let mut sink = Sections::new(word, Detail::Elsewhere, 0);
    make(&mut sink);
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, OWN_STYLE))
            body {
                header { (top) }
                main { section.chapter { @for part in &sink.parts { (part) } } }
                footer {
                    "Made by " (made_by) ". "
                    code { "tieout explain ID" } " tells the story of any id on this page."
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// Reports as a page.
pub fn html(facts: &Facts, reports: &[Report], detail: Detail) -> String {
    let mut page = Page::new(facts, detail);
    for report in reports {
        let mut sections = page.sections(*report);
        let proofs = report.write(facts, &mut sections);
        page.add(*report, sections, proofs);
    }
    page.end()
}

/// A page that is being put together, report by report.
pub(super) struct Page<'a> {
    facts: &'a Facts,
    detail: Detail,
    row_count: usize,
    chapters: Vec<(Report, Vec<Markup>, Vec<Proof>)>,
}

impl<'a> Page<'a> {
    pub(super) fn new(facts: &'a Facts, detail: Detail) -> Self {
        Self { facts, detail, row_count: 0, chapters: Vec::new() }
    }

    /// What takes the next report.
    pub(super) fn sections(&self, report: Report) -> Sections {
        Sections::new(report.word(), self.detail, self.row_count)
    }

    /// Adds a report that was taken, with what it proves.
    pub(super) fn add(&mut self, report: Report, sections: Sections, proofs: Vec<Proof>) {
        self.row_count = sections.row_count;
        self.chapters.push((report, sections.parts, proofs));
    }

    pub(super) fn end(self) -> String {
        whole(self.facts, &self.chapters)
    }
}

fn whole(facts: &Facts, chapters: &[(Report, Vec<Markup>, Vec<Proof>)]) -> String {
    let proofs: Vec<(Report, &Proof)> = chapters
        .iter()
        .flat_map(|(report, _, proofs)| proofs.iter().map(|proof| (*report, proof)))
        .collect();
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&format!("Tie-out of {}, {}", name(facts), facts.period.name), OWN_STYLE))
            body {
                header { (masthead(facts)) }
                main {
                    (verdict(facts, &proofs))
                    @if chapters.len() > 1 { (contents(chapters)) }
                    @for (report, parts, _) in chapters {
                        section.chapter id=(report.word()) {
                            h2 { (report.title()) }
                            @if parts.is_empty() { p.quiet { "Nothing in this period." } }
                            @for part in parts { (part) }
                        }
                    }
                }
                footer {
                    "Made by " (facts.made_by) ". Days and times are those of " (facts.zone)
                    "; payouts keep their arrival date as Stripe gives it. "
                    code { "tieout explain ID" } " tells the story of any id on this page."
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

fn name(facts: &Facts) -> &str {
    facts.company.as_deref().unwrap_or(&facts.stripe_account)
}

fn masthead(facts: &Facts) -> Markup {
    let netsuite = match facts.source {
        Source::NetSuite => "NetSuite read at",
        Source::Posted => "NetSuite not read; ledger of",
    };
    html! {
        p.kicker { "Stripe to NetSuite, " (facts.period.name) ", times in " (facts.zone) }
        h1 { (name(facts)) }
        dl.facts {
            div { dt { "Stripe account" } dd { (facts.stripe_account) } }
            div { dt { "NetSuite account" } dd { (facts.netsuite_account) } }
            div {
                dt { "From and up to" }
                dd { (facts.local(facts.period.window.since)) " – " (facts.local(facts.period.window.until)) }
            }
            div { dt { (netsuite) } dd { (facts.local(facts.read_at)) } }
        }
    }
}

fn verdict(facts: &Facts, proofs: &[(Report, &Proof)]) -> Markup {
    let differing: Vec<&(Report, &Proof)> =
        proofs.iter().filter(|(_, proof)| !proof.difference.is_zero()).collect();
    let is_good = differing.is_empty();
    let open = facts.asking();
    html! {
        div class=(if is_good { "verdict good" } else { "verdict bad" }) {
            span.mark aria-hidden="true" { (if is_good { "✓" } else { "!" }) }
            p {
                @if is_good {
                    "Everything ties out: " (counted(proofs.len(), "proof")) ", every difference nothing."
                } @else {
                    (counted(differing.len(), "proof")) (if differing.len() == 1 { " differs: " } else { " differ: " })
                    @for (place, (report, proof)) in differing.iter().enumerate() {
                        @if place > 0 { "; " }
                        a href=(format!("#{}-{}", report.word(), proof.section)) { (proof.title) }
                        " (" (proof.difference) ")"
                    }
                    "."
                }
            }
            @if open > 0 {
                a.chip href="#open-items-open-items-exceptions" {
                    (if open == 1 { "1 thing needs".to_owned() } else { format!("{} things need", number(open)) })
                    " a person"
                }
            }
        }
    }
}

/// Every report with its proofs, each with whether it holds.
fn contents(chapters: &[(Report, Vec<Markup>, Vec<Proof>)]) -> Markup {
    html! {
        nav aria-label="Reports" {
            ul.contents {
                @for (report, parts, proofs) in chapters {
                    @let differs = proofs.iter().any(|proof| !proof.difference.is_zero());
                    @let unproven = proofs.iter().any(|proof| proof.unproven.is_some());
                    li {
                        a href=(format!("#{}", report.word())) { (report.title()) }
                        @if differs { span.stamp.bad { "differs" } }
                        @else if unproven { span.stamp.unproven { "not proven" } }
                        @else if !proofs.is_empty() { span.stamp.good { "ties" } }
                        @else if parts.is_empty() { span.stamp.none { "nothing" } }
                    }
                }
            }
        }
    }
}

/// Rows that are not shown.
struct Hidden {
    count: usize,
    sum: Option<Amount>,
}

/// What takes a report for a page.
pub(super) struct Sections {
    /// What the report's files are called.
    word: &'static str,
    detail: Detail,
    row_count: usize,
    parts: Vec<Markup>,
    section: Option<Head>,
    rows: Vec<Row>,
    hidden: Option<Hidden>,
}

impl Sections {
    fn new(word: &'static str, detail: Detail, row_count: usize) -> Self {
        let (parts, rows) = (Vec::new(), Vec::new());
        Self { word, detail, row_count, parts, section: None, rows, hidden: None }
    }
}

impl Sink for Sections {
    fn begin(&mut self, head: &Head) {
        self.section = Some(head.clone());
        self.rows.clear();
        self.hidden = None;
    }

    fn row(&mut self, row: &Row) {
        let is_item = row.weight == Weight::Item;
        if is_item && (self.rows.len() >= ROWS_MAX || self.row_count >= PAGE_ROWS_MAX) {
            let hidden = self.hidden.get_or_insert(Hidden { count: 0, sum: None });
            hidden.count += 1;
            // Amounts of several currencies have no sum.
            let is_of_one = self.section.as_ref().is_some_and(|head| head.currency.is_some());
            hidden.sum = match (hidden.sum, row.amount().filter(|_| is_of_one)) {
                (Some(sum), Some(amount)) => Some(sum + amount),
                (sum, amount) => sum.or(amount),
            };
            return;
        }
        self.row_count += usize::from(is_item);
        self.rows.push(row.clone());
    }

    fn end(&mut self, count: usize) {
        let Some(head) = self.section.take() else { return };
        let rows = std::mem::take(&mut self.rows);
        let part = section(self, &head, &rows, count);
        self.parts.push(part);
    }
}

fn section(sink: &Sections, head: &Head, rows: &[Row], count: usize) -> Markup {
    let id = format!("{}-{}", sink.word, head.key);
    let difference = rows.iter().find(|row| row.weight == Weight::Difference);
    let table = html! {
        @if rows.len() > 8 && difference.is_none() {
            p.filter hidden { label { "Show rows with " input type="search"; } }
        }
        div.scroll { (table(sink.word, head, rows)) }
        @if let Some(hidden) = &sink.hidden { (rest(sink, head, hidden)) }
    };
    html! {
        @if head.is_detail {
            details id=(id) {
                summary { (head.title) ": " (counted(count, "row")) }
                @if let Some(note) = &head.note { p.note { (note) } }
                (table)
            }
        } @else {
            article id=(id) {
                h3 { (head.title) (stamp(head, difference)) }
                (svg::picture(head, rows))
                (table)
                @if let Some(note) = &head.note { p.note { (note) } }
            }
        }
    }
}

fn stamp(head: &Head, difference: Option<&Row>) -> Markup {
    let Some(Cell::Amount(amount)) = difference.and_then(|row| row.cells.last()) else {
        return html! {};
    };
    html! {
        @if !amount.is_zero() { span.stamp.bad { "differs" } }
        @else if head.note.is_some() { span.stamp.unproven { "not proven" } }
        @else { span.stamp.good { "ties" } }
    }
}

fn rest(sink: &Sections, head: &Head, hidden: &Hidden) -> Markup {
    let amount = head.columns.iter().rev().find(|column| column.kind == Kind::Amount);
    html! {
        p.note {
            (counted(hidden.count, "more row"))
            @if let (Some(sum), Some(column)) = (hidden.sum, amount) {
                ", " (column.title) " " (sum) ","
            }
            @match sink.detail {
                Detail::Beside => {
                    " are in " a href=(format!("{}.csv", sink.word)) { (sink.word) ".csv" } "."
                }
                Detail::Elsewhere => " are in --output csv.",
            }
        }
    }
}

fn table(word: &str, head: &Head, rows: &[Row]) -> Markup {
    html! {
        table.list.sortable {
            caption.hidden { (head.title) }
            thead { tr { @for column in &head.columns { th scope="col" class=(class(column)) { (column.title) } } } }
            tbody {
                @for row in rows {
                    tr class=(row.weight.word()) {
                        @for (place, (cell, column)) in row.cells.iter().zip(&head.columns).enumerate() {
                            (cell_of(word, row, place, cell, column))
                        }
                    }
                }
            }
        }
    }
}

fn cell_of(word: &str, row: &Row, place: usize, cell: &Cell, column: &Column) -> Markup {
    let content = html! {
        @match (cell, &row.link) {
            (Cell::Id(id), _) => code title=(format!("tieout explain {id}")) { (id) },
            (cell, Some(link)) if place == 0 => {
                a href=(format!("#{word}-{link}")) { (shown(cell)) }
            }
            (Cell::Amount(amount), _) if row.weight == Weight::Difference => {
                @if amount.is_zero() { span.good { (amount) } } @else { strong.bad { (amount) } }
            }
            (cell, _) => (shown(cell)),
        }
    };
    html! {
        @if place == 0 && row.weight != Weight::Item {
            th scope="row" { (content) }
        } @else {
            td class=(class(column)) { (content) }
        }
    }
}

const fn class(column: &Column) -> &'static str {
    match column.kind {
        Kind::Text => "text",
        Kind::Id => "id",
        Kind::Date => "date",
        Kind::Count => "count",
        Kind::Amount => "amount",
    }
}
