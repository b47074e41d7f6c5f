//! Accounts receivable: the account at the period's end, the documents that are open on it by age, and
//! each invoice in both systems as they were when they were read.

use std::collections::{BTreeMap, BTreeSet};

use super::age::{Bucket, days};
use super::deviations::{self, RECORDS};
use super::facts::{Balance, Document, Facts};
use super::others::Others;
use super::sheet::{Cell, Column, Head, Picture, STATEMENT, Term, Writer};
use crate::money::{Amount, Currency};
use crate::netsuite::record::RecordKind;
use crate::reconcile::receivables::{InvoiceLeg, receivables};
use crate::reconcile::statement::LineKind;

const DOCUMENTS: [Column; 7] = [
    Column::date("date", "Date"),
    Column::id("item", "Document"),
    Column::text("kind", "Kind"),
    Column::id("customer", "Customer"),
    Column::date("due", "Due"),
    Column::number("age", "Age in days"),
    Column::amount("open", "Open"),
];

const AGES: [Column; 3] = [
    Column::text("bucket", "Age"),
    Column::count("count", "Documents"),
    Column::amount("open", "Open"),
];

const INVOICES: [Column; 6] = [
    Column::date("date", "Date"),
    Column::id("item", "Invoice"),
    Column::amount("stripe", "Open in Stripe"),
    Column::amount("netsuite", "Open in NetSuite"),
    Column::amount("difference", "Difference"),
    Column::text("why", "Why"),
];

pub(super) fn ar(facts: &Facts, out: &mut Writer) {
    let accounts = facts.receivable();
    let on_account = facts.balances.iter().filter(|own| accounts.contains(&&own.account));
    let others = facts.by_others.iter().filter(|other| accounts.contains(&&other.account));
    let currencies: BTreeSet<Currency> = on_account
        .map(|own| own.currency)
        .chain(others.map(|other| other.amount.currency()))
        .chain(facts.invoices.iter().map(|sides| sides.stripe.currency()))
        .collect();
    for currency in currencies {
        account(facts, currency, out);
        ages(facts, currency, out);
        invoices(facts, currency, out);
        let head = Head::new(format!("ar-records-{currency}"), deviations::TITLE, &RECORDS);
        let rows = deviations::at_end(facts, currency, accounts.clone());
        out.list(&head.of(currency), rows.map(|(own, by)| deviations::row(facts, own, by)));
        let key = |part: &str| format!("ar-{part}-{currency}");
        for kind in kinds() {
            let own = documents(facts, currency).filter(|document| document.kind == kind);
            let head = Head::new(key(kind.rest_name()), label(kind), &DOCUMENTS).of(currency);
            out.list(&head.detail(), own.map(|document| row(facts, document)));
        }
        let others = Others::new(facts, accounts.clone(), currency, facts.up_to_end());
        others.list(key("others"), out);
    }
}

const fn kinds() -> [RecordKind; 5] {
    [
        RecordKind::Invoice,
        RecordKind::CreditMemo,
        RecordKind::CustomerPayment,
        RecordKind::CustomerRefund,
        RecordKind::JournalEntry,
    ]
}

const fn label(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Invoice => "Open invoices",
        RecordKind::CreditMemo => "Credit memos not used up",
        RecordKind::CustomerPayment => "Payments not applied",
        RecordKind::CustomerRefund => "Refunds of what is not on the account",
        _ => "In journals that sum many documents",
    }
}

fn documents(facts: &Facts, currency: Currency) -> impl Iterator<Item = &Document> {
    facts.documents.iter().filter(move |document| document.open.currency() == currency)
}

/// The account by its open documents, against the account as NetSuite has it.
fn account(facts: &Facts, currency: Currency, out: &mut Writer) {
    let zero = Amount::zero(currency);
    let mut terms = Vec::new();
    for kind in kinds() {
        let own = documents(facts, currency).filter(|document| document.kind == kind);
        let (count, sum) =
            own.fold((0, zero), |(count, sum), document| (count + 1, sum + document.open));
        if count > 0 {
            let key = format!("ar-{}-{currency}", kind.rest_name());
            terms.push(Term::new(label(kind), count, sum).behind(key));
        }
    }
    let accounts = facts.receivable();
    let section = format!("ar-others-{currency}");
    let others = Others::new(facts, accounts.clone(), currency, facts.up_to_end());
    let by_others = others.terms_with_revaluations_apart().into_iter();
    terms.extend(by_others.map(|term| term.behind(section.clone())));
    let observed = facts.on(&accounts, currency, Balance::observed_at_end) + others.sum();
    let head =
        Head::new(format!("ar-{currency}"), format!("Receivables account, {currency}"), &STATEMENT);
    out.proof(
        &head.of(currency).noted(facts.unread()),
        terms,
        "Should be on the account",
        Some(("Receivables account, by NetSuite", observed)),
    );
}

/// Open invoices and credits by how old they are.
fn ages(facts: &Facts, currency: Currency, out: &mut Writer) {
    let mut buckets: BTreeMap<Bucket, (usize, Amount)> = BTreeMap::new();
    for document in documents(facts, currency) {
        let bucket = Bucket::of(days(document.date, facts.period.last_day));
        let own = buckets.entry(bucket).or_insert((0, Amount::zero(currency)));
        own.0 += 1;
        own.1 += document.open;
    }
    let rows = buckets.into_iter().map(|(bucket, (count, open))| {
        vec![Cell::text(bucket.label()), Cell::count(count), Cell::Amount(open)]
    });
    let title = format!("Open documents by age, {currency}");
    let head = Head::new(format!("ar-ages-{currency}"), title, &AGES).of(currency);
    out.list(&head.drawn(Picture::Bars), rows);
}

/// Each invoice in both systems, when they were read: neither keeps what was open on a day.
fn invoices(facts: &Facts, currency: Currency, out: &mut Writer) {
    let own = facts.invoices.iter().filter(|sides| sides.stripe.currency() == currency);
    let legs: Vec<InvoiceLeg> = own
        .clone()
        .map(|sides| InvoiceLeg {
            external_id: sides.external_id.clone(),
            date: sides.date,
            stripe_remaining: sides.stripe,
            netsuite_remaining: sides.netsuite,
            explained: sides.explained.clone(),
        })
        .collect();
    if legs.is_empty() {
        return;
    }
    let statement = receivables(currency, &legs);
    let section = format!("ar-invoices-items-{currency}");
    let line = |kind: LineKind| statement.lines.iter().filter(move |line| line.kind == kind);
    let terms = line(LineKind::Term)
        .map(|line| Term::new(&line.label, line.count, line.amount).behind(section.clone()));
    let observed = line(LineKind::Observed).next().map(|line| (line.label.as_str(), line.amount));
    let head = Head::new(
        format!("ar-invoices-{currency}"),
        format!("Invoices in both systems when they were read, {currency}"),
        &STATEMENT,
    );
    let head = head.of(currency).noted(facts.unread());
    out.proof(&head, terms.collect(), "Should be open in NetSuite", observed);
    let rows = own.filter(|sides| sides.stripe != sides.netsuite).map(|sides| {
        let why = sides.explained.as_deref().unwrap_or("unexplained");
        vec![
            Cell::Date(sides.date),
            Cell::id(sides.external_id.as_str()),
            Cell::Amount(sides.stripe),
            Cell::Amount(sides.netsuite),
            Cell::Amount(sides.netsuite - sides.stripe),
            Cell::text(why),
        ]
    });
    out.list(&Head::new(section, "Invoices that differ", &INVOICES).of(currency), rows);
}

fn row<'a>(facts: &Facts, document: &'a Document) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(document.date),
        Cell::id(document.external_id.as_str()),
        Cell::text(document.kind.title()),
        Cell::or_empty(document.customer.as_deref(), Cell::id),
        Cell::or_empty(document.due, Cell::Date),
        Cell::Count(days(document.date, facts.period.last_day)),
        Cell::Amount(document.open),
    ]
}
