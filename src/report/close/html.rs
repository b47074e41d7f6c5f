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
    let mut sink = Sections::of(word, Detail::Elsewhere);
    make(&mut sink);
    let parts = sink.parts(&mut 0);
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, OWN_STYLE))
            body {
                header { (top) }
                main { section.chapter { @for part in &parts { (part) } } }
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
    let mut page = Page::new(facts);
    for report in reports {
        let mut sections = Sections::new(*report, detail);
        let proofs = report.write(facts, &mut sections);
        page.add(*report, sections, proofs);
    }
    page.end()
}

/// A page that is being put together, report by report.
pub(super) struct Page<'a> {
    facts: &'a Facts,
    row_count: usize,
    chapters: Vec<(Report, Vec<Markup>, Vec<Proof>)>,
}

impl<'a> Page<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self { facts, row_count: 0, chapters: Vec::new() }
    }

    /// Adds a report that was taken, with what it proves.
    pub(super) fn add(&mut self, report: Report, sections: Sections, proofs: Vec<Proof>) {
        let parts = sections.parts(&mut self.row_count);
        self.chapters.push((report, parts, proofs));
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
#[derive(Default)]
struct Hidden {
    count: usize,
    sum: Option<Amount>,
}

impl Hidden {
    fn take(&mut self, head: &Head, row: &Row) {
        self.count += 1;
        // Amounts of several currencies have no sum.
        self.sum = match (self.sum, row.amount().filter(|_| head.currency.is_some())) {
            (Some(sum), Some(amount)) => Some(sum + amount),
            (sum, amount) => sum.or(amount),
        };
    }
}

/// A section that was taken.
struct Section {
    head: Head,
    rows: Vec<Row<'static>>,
    hidden: Hidden,
    /// How many items it has, shown or not.
    count: usize,
}

/// What takes a report for a page, as much of it as any page shows.
pub(super) struct Sections {
    /// What the report's files are called.
    word: &'static str,
    detail: Detail,
    taken: Vec<Section>,
}

impl Sections {
    pub(super) fn new(report: Report, detail: Detail) -> Self {
        Self::of(report.word(), detail)
    }

    fn of(word: &'static str, detail: Detail) -> Self {
        Self { word, detail, taken: Vec::new() }
    }

    /// The sections as they stand on a page that has `row_count` items already.
    fn parts(self, row_count: &mut usize) -> Vec<Markup> {
        let (word, detail) = (self.word, self.detail);
        let part = |mut own: Section| {
            own.fit(row_count);
            section(word, detail, &own)
        };
        self.taken.into_iter().map(part).collect()
    }
}

impl Section {
    /// Hides the items for which the page has no room.
    fn fit(&mut self, row_count: &mut usize) {
        let Self { head, rows, hidden, .. } = self;
        rows.retain(|row| {
            if row.weight != Weight::Item {
                return true;
            }
            let fits = *row_count < PAGE_ROWS_MAX;
            if fits {
                *row_count += 1;
            } else {
                hidden.take(head, row);
            }
            fits
        });
    }
}

impl Sink for Sections {
    fn begin(&mut self, head: &Head) {
        let (head, rows, hidden) = (head.clone(), Vec::new(), Hidden::default());
        self.taken.push(Section { head, rows, hidden, count: 0 });
    }

    fn row(&mut self, row: &Row) {
        let Some(own) = self.taken.last_mut() else { return };
        if row.weight == Weight::Item && own.rows.len() >= ROWS_MAX {
            return own.hidden.take(&own.head, row);
        }
        own.rows.push(row.kept());
    }

    fn end(&mut self, count: usize) {
        if let Some(own) = self.taken.last_mut() {
            own.count = count;
        }
    }
}

fn section(word: &str, detail: Detail, own: &Section) -> Markup {
    let Section { head, rows, hidden, count } = own;
    let id = format!("{word}-{}", head.key);
    let difference = rows.iter().find(|row| row.weight == Weight::Difference);
    let table = html! {
        @if rows.len() > 8 && difference.is_none() {
            p.filter hidden { label { "Show rows with " input type="search"; } }
        }
        div.scroll { (table(word, head, rows)) }
        @if hidden.count > 0 { (rest(word, detail, head, hidden)) }
    };
    html! {
        @if head.is_detail {
            details id=(id) {
                summary { (head.title) ": " (counted(*count, "row")) }
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

fn rest(word: &str, detail: Detail, head: &Head, hidden: &Hidden) -> Markup {
    let amount = head.columns.iter().rev().find(|column| column.kind == Kind::Amount);
    html! {
        p.note {
            (counted(hidden.count, "more row"))
            @if let (Some(sum), Some(column)) = (hidden.sum, amount) {
                ", " (column.title) " " (sum) ","
            }
            @match detail {
                Detail::Beside => {
                    " are in " a href=(format!("{word}.csv")) { (word) ".csv" } "."
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    /// A page that is full must still say how many rows it leaves out, and what they come to.
    #[test]
    fn a_full_page_counts_what_it_does_not_show() {
        let mut sections = Sections::of("fees", Detail::Beside);
        let columns = [Column::id("item", "Item"), Column::amount("amount", "Amount")];
        sections.begin(&Head::new("fees-USD", "Fees", &columns).of(Currency::USD));
        for place in 0..300_i64 {
            let amount = Amount::new(100 + place, Currency::USD);
            let cells = vec![Cell::id(format!("txn_{place}")), Cell::Amount(amount)];
            sections.row(&Row { weight: Weight::Item, cells, link: None });
        }
        sections.end(300);
        let mut row_count = PAGE_ROWS_MAX - 2;
        let page = sections.parts(&mut row_count).remove(0).into_string();
        assert_eq!(row_count, PAGE_ROWS_MAX);
        assert!(page.contains("txn_1<") && !page.contains("txn_2<"), "{page}");
        // 100 to 399 cents are 748.50, of which 2.01 are shown.
        assert!(page.contains("298 more rows, Amount 746.49 USD, are in"), "{page}");
    }
}
