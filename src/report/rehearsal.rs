//! The trial balance of a rehearsal, and what other policies would do to it, as sections of rows for
//! every format.

use std::collections::BTreeSet;

use crate::money::{Amount, Currency};
use crate::reconcile::close::sheet::{Cell, Column, Head, Proof, Sink, Writer};
use crate::reconcile::trial_balance::{Measure, Posted, TrialBalance, records_by_kind, sides};

const TOTALS: [Column; 3] = [
    Column::text("account", "Account"),
    Column::amount("debit", "Debit"),
    Column::amount("credit", "Credit"),
];

const MONTHS: [Column; 4] = [
    Column::text("period", "Period"),
    Column::text("account", "Account"),
    Column::amount("debit", "Debit"),
    Column::amount("credit", "Credit"),
];

const DIFFERENCE: [Column; 4] = [
    Column::text("account", "Account"),
    Column::amount("present", "Present"),
    Column::amount("other", "Other"),
    Column::amount("difference", "Difference"),
];

const DIFFERENCE_MONTHS: [Column; 5] = [
    Column::text("period", "Period"),
    Column::text("account", "Account"),
    Column::amount("present", "Present"),
    Column::amount("other", "Other"),
    Column::amount("difference", "Difference"),
];

const SIDES: [Column; 4] = [
    Column::text("side", "All accounts"),
    Column::amount("present", "Present"),
    Column::amount("other", "Other"),
    Column::amount("difference", "Difference"),
];

const RECORDS: [Column; 5] = [
    Column::text("kind", "Record"),
    Column::count("only_present", "Present alone"),
    Column::count("only_other", "Other alone"),
    Column::count("different", "Different"),
    Column::count("same", "Same"),
];

const WAITING: [Column; 3] = [
    Column::text("what", "What waits for a person"),
    Column::number("present_count", "Present"),
    Column::number("other_count", "Other"),
];

/// Hands a trial balance to a sink; what it proves is that debits are credits.
pub fn trial(trial: &TrialBalance, sink: &mut dyn Sink) -> Vec<Proof> {
    let mut out = Writer::new(sink);
    for measure in trial.measures() {
        let currency = measure.currency();
        let by_account = trial.by_account(measure);
        let rows = by_account.iter().filter(|(_, amount)| !amount.is_zero());
        let rows = rows.map(|(account, amount)| {
            let [debit, credit] = cells(*amount);
            vec![Cell::text(*account), debit, credit]
        });
        out.list(
            &Head::new(key("trial", measure), title("Trial balance", measure), &TOTALS)
                .of(currency),
            rows,
        );
        let months = trial.by_period(measure);
        let rows = months.into_iter().filter(|(_, amount)| !amount.is_zero());
        let rows = rows.map(|((period, account), amount)| {
            let [debit, credit] = cells(amount);
            vec![Cell::text(&period.name), Cell::text(account), debit, credit]
        });
        let head = Head::new(key("months", measure), title("By posting period", measure), &MONTHS);
        out.list(&head.of(currency).detail(), rows);
        let (debits, credits) = sides(by_account.into_values(), currency);
        out.proofs.push(foots(key("trial", measure), currency, debits - credits));
    }
    out.proofs
}

/// One set of books and what is known of them.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    pub trial: &'a TrialBalance,
    pub posted: &'a Posted,
    /// Records that are held back, and exceptions.
    pub waiting: [usize; 2],
}

/// Hands two sets of books, held against each other, to a sink. What it proves is that debits are credits
/// on either side, and in the difference.
pub fn compared(present: Side, other: Side, sink: &mut dyn Sink) -> Vec<Proof> {
    let mut out = Writer::new(sink);
    let mut measures = present.trial.measures();
    measures.extend(other.trial.measures());
    for measure in measures {
        let currency = measure.currency();
        let rows =
            differing(present.trial.by_account(measure), other.trial.by_account(measure), currency);
        let rows = rows.into_iter().map(|(account, own)| {
            let [present, other, difference] = own.map(Cell::Amount);
            vec![Cell::text(account), present, other, difference]
        });
        let words = title("What differs in the trial balance", measure);
        out.list(&Head::new(key("difference", measure), words, &DIFFERENCE).of(currency), rows);
        let rows =
            differing(present.trial.by_period(measure), other.trial.by_period(measure), currency);
        let rows = rows.into_iter().map(|((period, account), own)| {
            let [present, other, difference] = own.map(Cell::Amount);
            vec![Cell::text(&period.name), Cell::text(account), present, other, difference]
        });
        let words = title("By posting period", measure);
        let head = Head::new(key("months", measure), words, &DIFFERENCE_MONTHS);
        out.list(&head.of(currency), rows);
        write_sides(&mut out, present.trial, other.trial, measure);
    }
    let kinds = records_by_kind(present.posted, other.posted);
    let rows = kinds.into_iter().map(|(kind, own)| {
        let counts = [own.only_present, own.only_other, own.different, own.same];
        [Cell::text(kind.title())].into_iter().chain(counts.map(Cell::count)).collect()
    });
    out.list(&Head::new("records", "Records", &RECORDS), rows);
    let rows = ["Records held back", "Exceptions"].into_iter().zip(0..).map(|(what, place)| {
        let [one, two] = [present, other].map(|side: Side| Cell::count(side.waiting[place]));
        vec![Cell::text(what), one, two]
    });
    out.list(&Head::new("waiting", "What waits", &WAITING), rows);
    out.proofs
}

/// Debits and credits of both, whose difference is nothing on either side and between them.
fn write_sides(out: &mut Writer, present: &TrialBalance, other: &TrialBalance, measure: Measure) {
    let currency = measure.currency();
    let both =
        [present, other].map(|trial| sides(trial.by_account(measure).into_values(), currency));
    let [present, other] = both;
    let row = |side: &'static str, one: Amount, two: Amount| {
        vec![Cell::text(side), Cell::Amount(one), Cell::Amount(two), Cell::Amount(two - one)]
    };
    let rows = [row("Debits", present.0, other.0), row("Credits", -present.1, -other.1)];
    let words = title("Debits and credits", measure);
    out.list(&Head::new(key("sides", measure), words, &SIDES).of(currency), rows);
    for (name, (debits, credits)) in ["present", "other"].into_iter().zip(both) {
        out.proofs.push(foots(
            format!("{name}-{}", key("sides", measure)),
            currency,
            debits - credits,
        ));
    }
}

/// Present, other and difference where there is one.
fn differing<K: Ord + Copy>(
    present: impl IntoIterator<Item = (K, Amount)>,
    other: impl IntoIterator<Item = (K, Amount)>,
    currency: Currency,
) -> Vec<(K, [Amount; 3])> {
    let present: std::collections::BTreeMap<K, Amount> = present.into_iter().collect();
    let other: std::collections::BTreeMap<K, Amount> = other.into_iter().collect();
    let keys: BTreeSet<K> = present.keys().chain(other.keys()).copied().collect();
    let zero = Amount::zero(currency);
    let of = |side: &std::collections::BTreeMap<K, Amount>, key: &K| {
        side.get(key).copied().unwrap_or(zero)
    };
    let rows = keys.into_iter().map(|key| {
        let (one, two) = (of(&present, &key), of(&other, &key));
        (key, [one, two, two - one])
    });
    rows.filter(|(_, [.., difference])| !difference.is_zero()).collect()
}

/// An amount on the side that it falls on.
fn cells(amount: Amount) -> [Cell<'static>; 2] {
    if amount.is_negative() {
        [Cell::Empty, Cell::Amount(-amount)]
    } else {
        [Cell::Amount(amount), Cell::Empty]
    }
}

fn foots(section: String, currency: Currency, difference: Amount) -> Proof {
    Proof { section, title: "Debits and credits".into(), currency, difference, unproven: None }
}

fn key(word: &str, measure: Measure) -> String {
    match measure {
        Measure::Books(currency) => format!("{word}-books-{currency}"),
        Measure::Records(currency) => format!("{word}-records-{currency}"),
    }
}

fn title(words: &str, measure: Measure) -> String {
    match measure {
        Measure::Books(currency) => format!("{words}, in {currency}, the currency of the books"),
        Measure::Records(currency) => format!("{words}, of the records in {currency}"),
    }
}
