//! Records on the accounts that this ledger did not make: what the ledgers of the other Stripe accounts of
//! the configuration made, each by its name, and what everybody else did.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::facts::{Facts, Foreign};
use super::sheet::{Cell, Column, Head, Term, Writer};
use crate::ids::InternalId;
use crate::money::{Amount, Currency};
use crate::reconcile::statement::BY_OTHERS;

const FOREIGN: [Column; 5] = [
    Column::date("date", "Date"),
    Column::text("item", "Number"),
    Column::text("description", "What"),
    Column::text("account", "Account"),
    Column::amount("amount", "Amount"),
];

/// What others have on some accounts in one currency.
pub(super) struct Others<'a> {
    facts: &'a Facts,
    accounts: Vec<&'a InternalId>,
    currency: Currency,
    days: RangeInclusive<NaiveDate>,
}

impl<'a> Others<'a> {
    pub(super) fn new(
        facts: &'a Facts,
        accounts: Vec<&'a InternalId>,
        currency: Currency,
        days: RangeInclusive<NaiveDate>,
    ) -> Self {
        Self { facts, accounts, currency, days }
    }

    fn all(&self) -> impl Iterator<Item = &'a Foreign> {
        self.facts.others(&self.accounts, self.currency, self.days.clone())
    }

    pub(super) fn sum(&self) -> Amount {
        self.all().fold(Amount::zero(self.currency), |sum, other| sum + other.amount)
    }

    /// A term for each Stripe account that made some of them, and one for everybody else.
    pub(super) fn terms(&self) -> Vec<Term> {
        self.terms_by(|other| By::of(other.maker.as_deref()))
    }

    /// The same, with what NetSuite made by itself in a term of its own.
    pub(super) fn terms_with_revaluations_apart(&self) -> Vec<Term> {
        self.terms_by(|other| {
            if other.is_revaluation { By::NetSuite } else { By::of(other.maker.as_deref()) }
        })
    }

    fn terms_by(&self, by: impl Fn(&'a Foreign) -> By<'a>) -> Vec<Term> {
        let mut sums: BTreeMap<By, (usize, Amount)> = BTreeMap::new();
        for other in self.all() {
            let own = sums.entry(by(other)).or_insert((0, Amount::zero(self.currency)));
            own.0 += 1;
            own.1 += other.amount;
        }
        sums.into_iter().map(|(by, (count, sum))| Term::new(by.label(), count, sum)).collect()
    }

    /// One by one, in a section that may be long.
    pub(super) fn list(&self, key: String, out: &mut Writer) {
        let head = Head::new(key, BY_OTHERS, &FOREIGN).of(self.currency).detail();
        out.list(&head, self.all().map(|other| row(self.facts, other)));
    }
}

/// Who made a record, in the order in which terms stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By<'a> {
    NetSuite,
    Anybody,
    Account(&'a str),
}

impl<'a> By<'a> {
    fn of(maker: Option<&'a str>) -> Self {
        maker.map_or(Self::Anybody, Self::Account)
    }

    fn label(self) -> String {
        match self {
            Self::NetSuite => "Revaluations that NetSuite made by itself".to_owned(),
            Self::Anybody => BY_OTHERS.to_owned(),
            Self::Account(name) => {
                format!("Records of the Stripe account {name} on these accounts")
            }
        }
    }
}

fn row<'a>(facts: &'a Facts, other: &'a Foreign) -> Vec<Cell<'a>> {
    vec![
        Cell::Date(other.date),
        Cell::text(&other.number),
        Cell::text(other.described()),
        Cell::text(facts.account(&other.account)),
        Cell::Amount(other.amount),
    ]
}
