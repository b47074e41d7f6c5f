//! Open items: everything between the books and Stripe's balance at the period's end, and everything
//! that needs a person, by class and age.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use chrono::NaiveDate;

use super::age::{Bucket, days};
use super::facts::{Deviation, Facts, Foreign, Movement, OpenException};
use super::sheet::{Cell, Column, Head, Picture, Writer};
use super::stand::Why;
use crate::accounting::exception::ExceptionClass;
use crate::money::{Amount, Currency};

const AGES: [Column; 4] = [
    Column::text("class", "Class"),
    Column::text("bucket", "Age"),
    Column::count("count", "Items"),
    Column::amount("amount", "Amount"),
];

const ITEMS: [Column; 9] = [
    Column::text("class", "Class"),
    Column::id("item", "Item"),
    Column::text("description", "What"),
    Column::date("date", "Date"),
    Column::number("age", "Age in days"),
    Column::text("bucket", "Age"),
    Column::amount("amount", "Amount"),
    Column::text("owner", "Owner"),
    Column::text("note", "Note"),
];

const EXCEPTIONS: [Column; 9] = [
    Column::text("class", "Class"),
    Column::id("item", "Object"),
    Column::text("description", "What"),
    Column::text("fix", "What to do"),
    Column::date("first_seen", "First seen"),
    Column::date("accepted", "Accepted until"),
    Column::text("amount", "Amount"),
    Column::text("owner", "Owner"),
    Column::text("note", "Note"),
];

/// One thing between the books and Stripe's balance.
pub(super) struct Open<'a> {
    pub(super) class: ExceptionClass,
    pub(super) id: &'a str,
    pub(super) what: What<'a>,
    pub(super) date: NaiveDate,
    /// What leads from the books to Stripe's balance.
    pub(super) amount: Amount,
    pub(super) exception: Option<&'a OpenException>,
}

pub(super) fn open_items(facts: &Facts, out: &mut Writer) {
    let subjects = Subjects::of(facts);
    for currency in facts.currencies() {
        let mut ages: BTreeMap<(ExceptionClass, Bucket), (usize, Amount)> = BTreeMap::new();
        for item in subjects.between(facts, currency) {
            let bucket = Bucket::of(days(item.date, facts.period.last_day));
            let own = ages.entry((item.class, bucket)).or_insert((0, Amount::zero(currency)));
            own.0 += 1;
            own.1 += item.amount;
        }
        let rows = ages.into_iter().map(|((class, bucket), (count, amount))| {
            let names = [class.to_string(), bucket.label().to_owned()].map(Cell::text);
            [names.to_vec(), vec![Cell::count(count), Cell::Amount(amount)]].concat()
        });
        let title = format!("Between the books and the Stripe balance, by age, {currency}");
        let head = Head::new(format!("open-items-ages-{currency}"), title, &AGES).of(currency);
        out.list(&head.drawn(Picture::Bars), rows);
        let title = format!("Between the books and the Stripe balance, {currency}");
        let head = Head::new(format!("open-items-{currency}"), title, &ITEMS).of(currency);
        let items = subjects.between(facts, currency);
        out.list(&head.detail(), items.map(|item| row(facts, &item)));
    }
    let rows = facts.exceptions.iter().map(|open| {
        let exception = &open.exception;
        vec![
            Cell::text(exception.class.to_string()),
            Cell::id(&exception.subject),
            Cell::text(&exception.message),
            Cell::text(&exception.fix),
            Cell::Date(facts.date(open.first_seen)),
            Cell::or_empty(open.accepted_until, Cell::Date),
            Cell::or_empty(exception.amount, |amount| Cell::text(amount.to_string())),
            Cell::or_empty(open.owner.as_deref(), Cell::text),
            Cell::or_empty(open.note.as_deref(), Cell::text),
        ]
    });
    out.list(&Head::new("open-items-exceptions", "Needs a person", &EXCEPTIONS), rows);
}

/// What needs a person, by what it is about.
pub(super) struct Subjects<'a>(HashMap<&'a str, &'a OpenException>);

impl<'a> Subjects<'a> {
    pub(super) fn of(facts: &'a Facts) -> Self {
        let all = facts.exceptions.iter();
        Self(all.map(|open| (open.exception.subject.as_str(), open)).collect())
    }

    /// Everything that is between, of one currency: its sum is what the bridge's terms between the
    /// ledger and the balance come to, and its difference; records of other Stripe accounts of the
    /// configuration apart.
    pub(super) fn between(
        &self,
        facts: &'a Facts,
        currency: Currency,
    ) -> impl Iterator<Item = Open<'a>> {
        let open = super::bridge::open(facts, currency);
        let deviations = super::bridge::deviations(facts, currency);
        let money = facts.money();
        let others = facts.others(&money, currency, facts.up_to_end());
        // What another Stripe account's ledger made is that account's to clear.
        let others: Vec<&Foreign> = others.filter(|other| other.maker.is_none()).collect();
        open.map(|(movement, why, amount)| self.movement(facts, movement, why, amount))
            .chain(deviations.map(|(deviation, by)| self.deviation(deviation, by)))
            .chain(others.into_iter().map(of_others))
    }

    fn movement(
        &self,
        facts: &'a Facts,
        movement: &'a Movement,
        why: Why,
        amount: Amount,
    ) -> Open<'a> {
        let subjects = [Some(&*movement.id), movement.source.as_deref()];
        let payout = facts.payout(movement.payout).map(|payout| payout.id.as_str());
        let mut subjects = subjects.into_iter().chain([payout]).flatten();
        let exception = subjects.find_map(|subject| self.0.get(subject).copied());
        let exception = exception.filter(|_| why != Why::FeeBeforeDeposit);
        Open {
            class: exception.map_or(ExceptionClass::Timing, |open| open.exception.class),
            id: &movement.id,
            what: What::Movement(facts.category(movement), why),
            date: facts.date(movement.created),
            amount,
            exception,
        }
    }

    fn deviation(&self, deviation: &'a Deviation, by: Amount) -> Open<'a> {
        Open {
            class: ExceptionClass::Data,
            id: deviation.external_id.as_str(),
            what: What::Deviation(deviation),
            date: deviation.expected_day,
            amount: -by,
            exception: self.0.get(deviation.external_id.as_str()).copied(),
        }
    }
}

fn of_others(other: &Foreign) -> Open<'_> {
    Open {
        class: ExceptionClass::Data,
        id: &other.number,
        what: What::Foreign(other),
        date: other.date,
        amount: -other.amount,
        exception: None,
    }
}

/// What it is, before it is put into words: a month may have a million of them, and few are read.
pub(super) enum What<'a> {
    Movement(&'a str, Why),
    Deviation(&'a Deviation),
    Foreign(&'a Foreign),
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Movement(category, why) => write!(f, "{category}: {}", why.label()),
            Self::Deviation(own) => {
                write!(f, "{}: {}", own.kind.title(), super::deviations::what(own))
            }
            Self::Foreign(other) => write!(f, "{}, which this ledger did not make", other.label),
        }
    }
}

fn row<'a>(facts: &Facts, item: &Open<'a>) -> Vec<Cell<'a>> {
    let age = days(item.date, facts.period.last_day);
    let said = |text: fn(&OpenException) -> Option<&str>| {
        Cell::or_empty(item.exception.and_then(text), Cell::text)
    };
    vec![
        Cell::text(item.class.word()),
        Cell::id(item.id),
        Cell::text(item.what.to_string()),
        Cell::Date(item.date),
        Cell::Count(age),
        Cell::text(Bucket::of(age).label()),
        Cell::Amount(item.amount),
        said(|open| open.owner.as_deref()),
        said(|open| open.note.as_deref()),
    ]
}
