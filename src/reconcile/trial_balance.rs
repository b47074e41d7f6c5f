//! Trial balances, and what another policy would make of one.
//!
//! Belongs here: balances by account and posting period, in the currency of the books and in that of the
//! records, and two of them held against each other. Does not belong here: where they are read, or how
//! they look (`report::rehearsal`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::ids::ExternalId;
use crate::money::{Amount, Currency};
use crate::netsuite::record::{Body, RecordKind};

/// A posting period, in order of its days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    pub first_day: NaiveDate,
    pub name: String,
}

/// What is posted to an account in a period, in one currency of the records. A debit is positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number and name.
    pub account: String,
    pub period: Period,
    /// In the currency of the books.
    pub in_books: Amount,
    /// In the currency of the records.
    pub in_records: Amount,
}

/// What is counted: every record debits what it credits in either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// All records, in the currency of the books.
    Books(Currency),
    /// The records of one currency, in that.
    Records(Currency),
}

impl Measure {
    pub const fn currency(self) -> Currency {
        match self {
            Self::Books(currency) | Self::Records(currency) => currency,
        }
    }
}

/// Everything that is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalance {
    pub base: Currency,
    pub lines: Vec<Line>,
}

/// By period and account.
type Balances<'a> = BTreeMap<(&'a Period, &'a str), Amount>;

impl TrialBalance {
    /// The books, and each currency by itself where there are several.
    pub fn measures(&self) -> BTreeSet<Measure> {
        let currencies: BTreeSet<Currency> =
            self.lines.iter().map(|line| line.in_records.currency()).collect();
        let is_alone = currencies.iter().all(|currency| *currency == self.base);
        let each = currencies.into_iter().filter(|_| !is_alone).map(Measure::Records);
        [Measure::Books(self.base)].into_iter().chain(each).collect()
    }

    /// What each account has in each period; an account that comes to nothing is among them.
    pub fn by_period(&self, measure: Measure) -> Balances<'_> {
        let mut balances = Balances::new();
        for line in &self.lines {
            let amount = match measure {
                Measure::Books(_) => line.in_books,
                Measure::Records(currency) if line.in_records.currency() == currency => {
                    line.in_records
                }
                Measure::Records(_) => continue,
            };
            let zero = Amount::zero(measure.currency());
            *balances.entry((&line.period, line.account.as_str())).or_insert(zero) += amount;
        }
        balances
    }

    /// What each account has in all periods together.
    pub fn by_account(&self, measure: Measure) -> BTreeMap<&str, Amount> {
        let mut balances = BTreeMap::new();
        for ((_, account), amount) in self.by_period(measure) {
            *balances.entry(account).or_insert(Amount::zero(measure.currency())) += amount;
        }
        balances
    }

    /// The last period with anything in it.
    pub fn last_period(&self) -> Option<&Period> {
        self.lines.iter().map(|line| &line.period).max()
    }
}

/// The sums of debits and of credits, both positive.
pub fn sides(amounts: impl IntoIterator<Item = Amount>, currency: Currency) -> (Amount, Amount) {
    let zero = Amount::zero(currency);
    amounts.into_iter().fold((zero, zero), |(debits, credits), amount| {
        if amount.is_negative() { (debits, credits - amount) } else { (debits + amount, credits) }
    })
}

/// How the records of one kind differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KindDifference {
    pub only_present: usize,
    pub only_other: usize,
    pub different: usize,
    pub same: usize,
}

/// What was posted, by external id.
pub type Posted = BTreeMap<ExternalId, Body>;

/// The records of two sets of books, held against each other by their external ids.
pub fn records_by_kind(present: &Posted, other: &Posted) -> BTreeMap<RecordKind, KindDifference> {
    let mut kinds: BTreeMap<RecordKind, KindDifference> = BTreeMap::new();
    for (id, body) in present {
        match other.get(id) {
            Some(same) if same == body => kinds.entry(body.kind()).or_default().same += 1,
            Some(_) => kinds.entry(body.kind()).or_default().different += 1,
            None => kinds.entry(body.kind()).or_default().only_present += 1,
        }
    }
    for body in other.iter().filter(|(id, _)| !present.contains_key(*id)).map(|(_, body)| body) {
        kinds.entry(body.kind()).or_default().only_other += 1;
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(account: &str, month: u32, in_books: i64, in_records: i64, currency: &str) -> Line {
        let first_day = NaiveDate::from_ymd_opt(2026, month, 1).unwrap();
        Line {
            account: account.into(),
            period: Period { first_day, name: first_day.format("%b %Y").to_string() },
            in_books: Amount::new(in_books, Currency::USD),
            in_records: Amount::new(in_records, currency.parse().unwrap()),
        }
    }

    /// April before August: periods go by their days and not by their names.
    #[test]
    fn a_foreign_record_counts_in_the_books_and_in_its_own_currency() {
        let trial = TrialBalance {
            base: Currency::USD,
            lines: vec![
                line("1000 Bank", 8, 110, 100, "EUR"),
                line("4000 Sales", 8, -110, -100, "EUR"),
                line("1000 Bank", 4, 5, 5, "USD"),
                line("4000 Sales", 4, -5, -5, "USD"),
            ],
        };
        let eur = Measure::Records("EUR".parse().unwrap());
        let measures: Vec<Measure> = trial.measures().into_iter().collect();
        let usd = Measure::Records(Currency::USD);
        assert_eq!(measures.len(), 3);
        assert!(measures.contains(&usd) && measures[0] == Measure::Books(Currency::USD));
        assert_eq!(trial.by_account(measures[0])["1000 Bank"].minor(), 115);
        assert_eq!(trial.by_account(eur)["4000 Sales"].minor(), -100);
        let first = trial.by_period(measures[0]).into_iter().next().unwrap();
        assert_eq!((first.0.0.name.as_str(), first.1.minor()), ("Apr 2026", 5));
        assert_eq!(trial.last_period().unwrap().name, "Aug 2026");
        let (debits, credits) = sides(trial.by_account(eur).into_values(), eur.currency());
        assert_eq!((debits.minor(), credits.minor()), (100, 100));
    }
}
