//! Records, one after the other, added up to the balances of accounts: as posted, and as NetSuite shows
//! them; where the two are not the same a [`Deviation`] is noted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::facts::{Balance, Deviation, Period, What};
use crate::accounting::posting::Posting;
use crate::calendar::PostingPeriod;
use crate::ids::{ExternalId, InternalId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::RecordKind;

/// A record in NetSuite, as far as the general ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub date: NaiveDate,
    pub period: Option<InternalId>,
    pub is_voided: bool,
    pub is_posting: bool,
    pub lines: Vec<SeenLine>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLine {
    pub account: InternalId,
    pub base_debit: Amount,
    pub base_credit: Amount,
    /// In the record's currency; a debit is positive.
    pub foreign: Amount,
}

/// A record on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    pub external_id: &'a ExternalId,
    pub internal_id: &'a InternalId,
    pub kind: RecordKind,
    /// The date, the posting period and the debits and credits that were sent; `None` where the
    /// record was made by others and is only referred to.
    pub posted: Option<(NaiveDate, Option<&'a InternalId>, &'a [Posting])>,
    pub seen: Option<&'a Seen>,
    /// What it changes in the Stripe balance.
    pub settles: Option<Amount>,
}

/// Balances on their way.
pub struct Books<'a> {
    period: &'a Period,
    periods: &'a [PostingPeriod],
    /// The accounts whose balance counts in the currency that a record settles in.
    money: BTreeSet<InternalId>,
    base: Currency,
    balances: BTreeMap<(InternalId, Currency), Balance>,
    deviations: Vec<Deviation>,
}

/// Amounts by account, in the currency in which each counts.
type Lines = BTreeMap<(InternalId, Currency), Amount>;

impl<'a> Books<'a> {
    pub fn new(
        period: &'a Period,
        periods: &'a [PostingPeriod],
        money: BTreeSet<InternalId>,
        base: Currency,
    ) -> Self {
        Self { period, periods, money, base, balances: BTreeMap::new(), deviations: Vec::new() }
    }

    /// The day on which the general ledger has a record: its own, or where it is in another period,
    /// the day of that period that is nearest.
    pub fn day(&self, date: NaiveDate, period: Option<&InternalId>) -> NaiveDate {
        let named = period.and_then(|id| self.periods.iter().find(|known| known.id == *id));
        named.map_or(date, |period| date.clamp(period.first_day, period.last_day))
    }

    /// Adds a record to both sides.
    pub fn enter(&mut self, entry: &Entry) {
        let seen_day = entry.seen.map(|seen| self.day(seen.date, seen.period.as_ref()));
        let seen = entry.seen.map(|seen| self.seen_lines(seen, entry)).unwrap_or_default();
        if let (Some(day), Some(lines)) = (seen_day, entry.seen) {
            self.add_seen(day, &seen, lines);
        }
        let Some((date, period, postings)) = entry.posted else {
            // Nothing was sent: what NetSuite shows is what must be there.
            if let Some(day) = seen_day {
                self.add_posted(day, &seen);
            }
            return;
        };
        let day = self.day(date, period);
        let posted = self.posted_lines(postings, entry);
        self.add_posted(day, &posted);
        let same_day = seen_day.is_none_or(|seen| seen == day);
        if posted == seen && same_day {
            return;
        }
        let what = what(entry.seen, (&posted, day, date), (&seen, seen_day.unwrap_or(day)));
        let keys: BTreeSet<&(InternalId, Currency)> = posted.keys().chain(seen.keys()).collect();
        for key in keys {
            let zero = Amount::zero(key.1);
            let expected = posted.get(key).copied().unwrap_or(zero);
            let observed = seen.get(key).copied().unwrap_or(zero);
            if expected == observed && same_day {
                continue;
            }
            self.deviations.push(Deviation {
                external_id: entry.external_id.clone(),
                internal_id: entry.internal_id.clone(),
                kind: entry.kind,
                account: key.0.clone(),
                what,
                expected,
                expected_day: day,
                observed,
                observed_day: seen_day.unwrap_or(day),
            });
        }
    }

    /// The balances, and what deviates, each in order.
    pub fn end(self) -> (Vec<Balance>, Vec<Deviation>) {
        let mut deviations = self.deviations;
        deviations.sort_by(|one, other| {
            (one.expected_day, &one.external_id, &one.account).cmp(&(
                other.expected_day,
                &other.external_id,
                &other.account,
            ))
        });
        (self.balances.into_values().collect(), deviations)
    }

    fn posted_lines(&self, postings: &[Posting], entry: &Entry) -> Lines {
        let mut lines = Lines::new();
        for posting in postings {
            let (account, foreign) = (&posting.account, posting.amount);
            let amount =
                match entry.settles.filter(|settled| self.settles(account, foreign, *settled)) {
                    Some(settled) => settled,
                    None => foreign,
                };
            add(&mut lines, account, amount);
        }
        lines.retain(|_, amount| !amount.is_zero());
        lines
    }

    fn seen_lines(&self, seen: &Seen, entry: &Entry) -> Lines {
        let mut lines = Lines::new();
        for line in &seen.lines {
            let settled = entry.settles.filter(|s| self.settles(&line.account, line.foreign, *s));
            let amount = match settled {
                Some(settled) if settled.currency() == self.base => {
                    line.base_debit - line.base_credit
                }
                // Neither currency is the ledger's own: as it was sent, it is what it settled as.
                Some(settled) if is_as_posted(line, entry) => settled,
                _ => line.foreign,
            };
            add(&mut lines, &line.account, amount);
        }
        lines.retain(|_, amount| !amount.is_zero());
        lines
    }

    /// Whether a line counts in the currency of settlement, which is another than the record's.
    fn settles(&self, account: &InternalId, foreign: Amount, settled: Amount) -> bool {
        settled.currency() != foreign.currency() && self.money.contains(account)
    }

    fn add_posted(&mut self, day: NaiveDate, lines: &Lines) {
        for ((account, currency), amount) in lines {
            if let Some(place) = self.place(day) {
                self.balance(account, *currency).expected[place] += *amount;
            }
        }
    }

    fn add_seen(&mut self, day: NaiveDate, lines: &Lines, seen: &Seen) {
        let Some(place) = self.place(day) else { return };
        for ((account, currency), amount) in lines {
            self.balance(account, *currency).observed[place] += *amount;
        }
        for line in &seen.lines {
            let own = self.balance(&line.account, line.foreign.currency());
            own.base_debit[place] += line.base_debit;
            own.base_credit[place] += line.base_credit;
        }
    }

    /// Before the period, in it, or after it.
    fn place(&self, day: NaiveDate) -> Option<usize> {
        (day <= self.period.last_day).then(|| usize::from(day >= self.period.first_day))
    }

    fn balance(&mut self, account: &InternalId, currency: Currency) -> &mut Balance {
        let base = self.base;
        self.balances.entry((account.clone(), currency)).or_insert_with(|| Balance {
            account: account.clone(),
            currency,
            observed: [Amount::zero(currency); 2],
            expected: [Amount::zero(currency); 2],
            base_debit: [Amount::zero(base); 2],
            base_credit: [Amount::zero(base); 2],
        })
    }
}

fn is_as_posted(line: &SeenLine, entry: &Entry) -> bool {
    entry.posted.is_some_and(|(_, _, postings)| {
        let own = postings.iter().filter(|posting| posting.account == line.account);
        own.map(|posting| posting.amount).reduce(|one, other| one + other) == Some(line.foreign)
    })
}

fn add(lines: &mut Lines, account: &InternalId, amount: Amount) {
    let currency = amount.currency();
    *lines.entry((account.clone(), currency)).or_insert(Amount::zero(currency)) += amount;
}

fn what(
    seen: Option<&Seen>,
    (posted, day, date): (&Lines, NaiveDate, NaiveDate),
    (lines, seen_day): (&Lines, NaiveDate),
) -> What {
    let Some(seen) = seen else { return What::Missing };
    if seen.is_voided {
        return What::Voided;
    }
    if !seen.is_posting {
        return What::NotPosting;
    }
    if posted == lines && seen_day != day {
        return if seen.date == date { What::Period } else { What::Date };
    }
    let only_in = |one: &Lines, other: &Lines| one.keys().any(|key| !other.contains_key(key));
    if only_in(posted, lines) && only_in(lines, posted) { What::Account } else { What::Amount }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{PeriodState, UnixTime, Window};

    fn usd(minor: i64) -> Amount {
        Amount::new(minor, Currency::USD)
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn october() -> Period {
        Period {
            name: "2026-10".into(),
            window: Window { since: UnixTime(0), until: UnixTime(1) },
            first_day: date("2026-10-01"),
            last_day: date("2026-10-31"),
        }
    }

    fn months() -> Vec<PostingPeriod> {
        [("10", "2026-10-01", "2026-10-31"), ("11", "2026-11-01", "2026-11-30")]
            .map(|(id, first, last)| PostingPeriod {
                id: InternalId::new(id),
                name: id.into(),
                first_day: date(first),
                last_day: date(last),
                state: PeriodState::Open,
            })
            .to_vec()
    }

    fn seen(day: &str, period: &str, lines: &[(&str, i64)]) -> Seen {
        let line = |(account, minor): &(&str, i64)| SeenLine {
            account: InternalId::new(*account),
            base_debit: usd((*minor).max(0)),
            base_credit: usd((-*minor).max(0)),
            foreign: usd(*minor),
        };
        Seen {
            date: date(day),
            period: Some(InternalId::new(period)),
            is_voided: false,
            is_posting: true,
            lines: lines.iter().map(line).collect(),
        }
    }

    /// What is found of a deposit of 96.80 on 31 October that NetSuite shows in some other way.
    fn found(seen: Option<&Seen>) -> Vec<(String, What, i64)> {
        let (period, periods) = (october(), months());
        let mut books = Books::new(&period, &periods, BTreeSet::new(), Currency::USD);
        let id = ExternalId::new("po_1").unwrap();
        let internal = InternalId::new("7");
        let postings = [("BANK", 9_680), ("FEE", 320), ("UF", -10_000)].map(|(account, minor)| {
            Posting { account: InternalId::new(account), amount: usd(minor) }
        });
        let own = InternalId::new("10");
        books.enter(&Entry {
            external_id: &id,
            internal_id: &internal,
            kind: RecordKind::Deposit,
            posted: Some((date("2026-10-31"), Some(&own), &postings)),
            seen,
            settles: None,
        });
        let (_, deviations) = books.end();
        let by = |deviation: Deviation| {
            let by = deviation.by(period.last_day).minor();
            (deviation.account.to_string(), deviation.what, by)
        };
        deviations.into_iter().map(by).collect()
    }

    /// Each way in which somebody can change a record must be named, or the accountant looks for it
    /// in the wrong place.
    #[test]
    fn each_way_to_change_a_record_is_named_with_the_amounts_it_moves() {
        let whole = [("BANK", 9_680), ("FEE", 320), ("UF", -10_000)];
        assert_eq!(found(Some(&seen("2026-10-31", "10", &whole))), []);
        let all = |what| {
            let moved = [("BANK", -9_680), ("FEE", -320), ("UF", 10_000)];
            moved.map(|(account, by)| (account.to_owned(), what, by)).to_vec()
        };
        assert_eq!(found(None), all(What::Missing));
        assert_eq!(found(Some(&seen("2026-11-02", "11", &whole))), all(What::Date));
        assert_eq!(found(Some(&seen("2026-10-31", "11", &whole))), all(What::Period));
        let edited = [("BANK", 9_690), ("FEE", 310), ("UF", -10_000)];
        let by = |account: &str, what, by| (account.to_owned(), what, by);
        assert_eq!(
            found(Some(&seen("2026-10-31", "10", &edited))),
            [by("BANK", What::Amount, 10), by("FEE", What::Amount, -10)]
        );
        let elsewhere = [("BANK", 9_680), ("RENT", 320), ("UF", -10_000)];
        assert_eq!(
            found(Some(&seen("2026-10-31", "10", &elsewhere))),
            [by("FEE", What::Account, -320), by("RENT", What::Account, 320)]
        );
    }
}
