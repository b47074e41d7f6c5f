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

    /// A term for each Stripe account that made some of them, and one for everybody else; those that
    /// NetSuite made by itself are left out where they have a term of their own.
    pub(super) fn terms(&self, with_revaluations: bool) -> Vec<Term> {
        let mut sums: BTreeMap<Option<&str>, (usize, Amount)> = BTreeMap::new();
        for other in self.all().filter(|other| with_revaluations || !other.is_revaluation) {
            let own = sums.entry(other.maker.as_deref());
            let own = own.or_insert((0, Amount::zero(self.currency)));
            own.0 += 1;
            own.1 += other.amount;
        }
        let label = |maker: Option<&str>| match maker {
            Some(name) => format!("Records of the Stripe account {name} on these accounts"),
            None => BY_OTHERS.to_owned(),
        };
        let term = |(maker, (count, sum))| Term::new(label(maker), count, sum);
        sums.into_iter().map(term).collect()
    }

    /// One by one, in a section that may be long.
    pub(super) fn list(&self, key: String, out: &mut Writer) {
        let head = Head::new(key, BY_OTHERS, &FOREIGN).of(self.currency).detail();
        out.list(&head, self.all().map(|other| row(self.facts, other)));
    }
}

fn row(facts: &Facts, other: &Foreign) -> Vec<Cell> {
    vec![
        Cell::Date(other.date),
        Cell::text(&other.number),
        Cell::text(other.described()),
        Cell::text(facts.account(&other.account)),
        Cell::Amount(other.amount),
    ]
}
