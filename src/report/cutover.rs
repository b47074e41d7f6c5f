//! The start of the books as text and JSON: everything that reaches across it, and where it is booked.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::NaiveDate;
use maud::{DOCTYPE, Markup, html};
use serde::Serialize;

use crate::accounting::policy::BeforeStart;
use crate::accounting::{Booked, Crossing, Straddler};
use crate::ids::ExternalId;
use crate::money::{Amount, Currency};
use crate::report::html::head;
use crate::report::plan::counted;
use crate::report::table::{Align, render};

/// What a report says of the start of one account's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cutover {
    pub schema_version: u32,
    pub stripe_account: String,
    /// The first day of the books; `None` where they begin with the account.
    pub start: Option<NaiveDate>,
    pub before_start: BeforeStart,
    /// The journals with which the Stripe balance accounts open.
    pub openings: Vec<OpeningJournal>,
    pub straddlers: Vec<Straddler>,
}

/// A journal that opens a Stripe balance account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpeningJournal {
    pub external_id: ExternalId,
    pub amount: Amount,
    pub is_posted: bool,
}

/// The report within `columns`.
pub fn text(cutover: &Cutover, columns: u16) -> String {
    let Some(start) = cutover.start else {
        return "The books begin with the Stripe account: `stripe.start_date` is not set, so nothing \
                reaches across a start.\n"
            .into();
    };
    let policy = match cutover.before_start {
        BeforeStart::Account => "account",
        BeforeStart::OpeningBalance => "opening_balance",
        BeforeStart::Exception => "exception",
    };
    let mut text = format!(
        "The books of {} begin on {start}; policy.before_start is \"{policy}\".\n",
        cutover.stripe_account
    );
    if !cutover.openings.is_empty() {
        text.push_str("\nOpening journals of the Stripe balance\n");
        let rows: Vec<Vec<String>> = cutover.openings.iter().map(opening_row).collect();
        let header = [("Journal", Align::Whole), ("State", Align::Left), ("Amount", Align::Right)];
        text.push_str(&render(&header, &rows, columns));
    }
    if cutover.straddlers.is_empty() {
        text.push_str("\nNothing reaches across.\n");
        return text;
    }
    text.push_str("\nWhat reaches across\n");
    let header = [
        ("Date", Align::Whole),
        ("What", Align::Left),
        ("Booked", Align::Left),
        ("Amount", Align::Right),
    ];
    let rows: Vec<Vec<String>> = cutover.straddlers.iter().map(row).collect();
    text.push_str(&render(&header, &rows, columns));
    text.push('\n');
    for ((booked, _), (count, sum)) in totals(&cutover.straddlers) {
        writeln!(text, "{} {booked}: {sum}.", counted(count, "item"))
            .expect("writing to a string cannot fail");
    }
    text
}

/// The same as a page, for a browser and for print.
pub fn page(cutover: &Cutover) -> String {
    let title = format!("The start of the books of {}", cutover.stripe_account);
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(&title, ""))
            body {
                header { h1 { (title) } @if let Some(start) = cutover.start { p.quiet { (start) } } }
                main {
                    @if cutover.start.is_none() { p { (text(cutover, 80)) } }
                    @if !cutover.openings.is_empty() {
                        h2 { "Opening journals of the Stripe balance" }
                        (table(&["Journal", "State", "Amount"], cutover.openings.iter().map(opening_row)))
                    }
                    @if cutover.start.is_some() {
                        h2 { "What reaches across" }
                        @if cutover.straddlers.is_empty() { p { "Nothing." } } @else {
                            (table(&["Date", "What", "Booked", "Amount"], cutover.straddlers.iter().map(row)))
                            ul { @for ((booked, _), (count, sum)) in totals(&cutover.straddlers) {
                                li { (counted(count, "item")) " " (booked) ": " (sum) }
                            } }
                        }
                    }
                }
            }
        }
    }
    .into_string()
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    let last = header.len() - 1;
    html! {
        div.scroll { table.list {
            thead { tr { @for (place, name) in header.iter().enumerate() {
                th.amount[place == last] scope="col" { (name) }
            } } }
            tbody { @for row in rows { tr { @for (place, cell) in row.iter().enumerate() {
                td.amount[place == last] { (cell) }
            } } } }
        } }
    }
}

fn opening_row(journal: &OpeningJournal) -> Vec<String> {
    let state = if journal.is_posted { "in NetSuite" } else { "not in NetSuite yet" };
    vec![journal.external_id.to_string(), state.into(), journal.amount.to_string()]
}

fn row(straddler: &Straddler) -> Vec<String> {
    let what = match straddler.crossing {
        Crossing::OpenInvoice | Crossing::OpenCredit => format!(
            "{} {} of {}",
            straddler.crossing.words(),
            straddler.subject,
            straddler.original
        ),
        crossing => {
            format!("{}: {} {}", straddler.subject, crossing.words(), straddler.original)
        }
    };
    let booked = match &straddler.booked {
        Booked::OpeningAccount => "opening account".to_owned(),
        Booked::OpeningBalance => "in the opening balance".to_owned(),
        Booked::Record(id) => format!("record {id}"),
        Booked::Exception => "by hand".to_owned(),
    };
    vec![straddler.date.to_string(), what, booked, straddler.amount.to_string()]
}

/// How many there are and what they come to, by where they are booked and by currency.
fn totals(straddlers: &[Straddler]) -> BTreeMap<(&'static str, Currency), (usize, Amount)> {
    let mut totals: BTreeMap<(&'static str, Currency), (usize, Amount)> = BTreeMap::new();
    for straddler in straddlers {
        let booked = match straddler.booked {
            Booked::OpeningAccount => "on the opening account",
            Booked::OpeningBalance => "in the opening balance",
            Booked::Record(_) => "with records of their own",
            Booked::Exception => "to be booked by hand",
        };
        let currency = straddler.amount.currency();
        let own = totals.entry((booked, currency)).or_insert((0, Amount::zero(currency)));
        own.0 += 1;
        own.1 += straddler.amount;
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn straddler(booked: Booked, minor: i64) -> Straddler {
        Straddler {
            date: "2026-03-05".parse().unwrap(),
            subject: "re_1".into(),
            crossing: Crossing::Refunded,
            original: "ch_1".into(),
            amount: Amount::new(minor, Currency::USD),
            booked,
            movement: None,
        }
    }

    /// A total that left one out would let the accountant clear the opening account wrongly.
    #[test]
    fn every_item_is_listed_and_counted_once_where_it_is_booked() {
        let cutover = Cutover {
            schema_version: 1,
            stripe_account: "acct_1".into(),
            start: "2026-03-01".parse().ok(),
            before_start: BeforeStart::Account,
            openings: Vec::new(),
            straddlers: vec![
                straddler(Booked::OpeningAccount, -3_000),
                straddler(Booked::OpeningAccount, 500),
                straddler(Booked::Exception, 100),
            ],
        };
        let text = text(&cutover, 100);
        assert!(text.contains("2 items on the opening account: -25.00 USD"), "{text}");
        assert!(text.contains("1 item to be booked by hand: 1.00 USD"), "{text}");
        assert_eq!(text.matches("re_1: refund of ch_1").count(), 3, "{text}");
    }
}
