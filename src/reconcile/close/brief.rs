//! What an overview over several Stripe accounts keeps of one account's close: its figures, as the
//! account's own reports have them. The facts of one account are gone before those of the next are
//! gathered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::age::days;
use super::facts::{Facts, Period, Source, What};
use super::open_items::{self, Subjects};
use super::sheet::Proof;
use super::stand::Why;
use super::{bridge, deviations};
use crate::accounting::balance_transaction::Class;
use crate::accounting::exception::ExceptionClass;
use crate::calendar::{UnixTime, Zone};
use crate::ids::InternalId;
use crate::money::{Amount, Currency};

/// One account's close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    pub company: Option<String>,
    pub stripe_account: String,
    pub netsuite_account: String,
    pub zone: Zone,
    pub period: Period,
    pub read_at: UnixTime,
    pub source: Source,
    /// Of all its reports.
    pub proofs: Vec<Proof>,
    pub exceptions: BTreeMap<ExceptionClass, Cared>,
    pub currencies: BTreeMap<Currency, Sides>,
    /// The accounts that stand for the Stripe balance, as NetSuite calls them.
    pub accounts: BTreeMap<InternalId, String>,
}

/// Exceptions of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cared {
    pub asking: usize,
    pub accepted: usize,
    /// Of those that ask, when NetSuite was read.
    pub oldest_days: Option<i64>,
}

/// One currency of the Stripe balance, from both sides at the period's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    pub opening: Amount,
    pub activity: Amount,
    pub payouts: Amount,
    /// Stripe's own balance, rolled back to the period's end.
    pub reported: Option<Amount>,
    /// What NetSuite shows of this ledger's records, by account.
    pub own: BTreeMap<InternalId, Amount>,
    /// Records on those accounts that this ledger did not make.
    pub others: Vec<Other>,
    /// From before the start of the books.
    pub before: Amount,
    /// What leads from the books to Stripe's balance.
    pub timing: BTreeMap<Why, (usize, Amount)>,
    /// Records that are not as they were posted: what they explain of the bridge's difference.
    pub errors: BTreeMap<What, (usize, Amount)>,
    /// Between the books and the Stripe balance, records of others apart.
    pub open: Open,
}

/// A record of others on an account that stands for the Stripe balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    pub account: InternalId,
    pub internal_id: InternalId,
    pub date: NaiveDate,
    pub amount: Amount,
    /// Which of the overview's accounts made it.
    pub maker: Option<usize>,
}

/// Open items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub count: usize,
    pub amount: Amount,
    pub oldest_days: Option<i64>,
}

impl Open {
    pub(in crate::reconcile) const fn none(currency: Currency) -> Self {
        Self { count: 0, amount: Amount::zero(currency), oldest_days: None }
    }

    pub(in crate::reconcile) fn add(
        &mut self,
        date: NaiveDate,
        amount: Amount,
        last_day: NaiveDate,
    ) {
        self.count += 1;
        self.amount += amount;
        self.oldest_days = self.oldest_days.max(Some(days(date, last_day)));
    }
}

impl Sides {
    /// The Stripe balance at the period's end.
    pub fn closing(&self) -> Amount {
        self.opening + self.activity + self.payouts
    }

    /// Whether nothing of this ledger's is here: others alone were, or nobody.
    pub(in crate::reconcile) fn is_empty(&self) -> bool {
        let nothing = [self.opening, self.activity, self.payouts, self.before].map(Amount::is_zero);
        nothing == [true; 4]
            && self.own.values().all(|amount| amount.is_zero())
            && self.reported.is_none_or(Amount::is_zero)
            && self.open.count == 0
    }
}

impl Brief {
    /// The figures of `facts`, with what their reports prove.
    pub fn of(facts: &Facts, proofs: Vec<Proof>) -> Self {
        let subjects = Subjects::of(facts);
        let currencies = facts.currencies().into_iter();
        let money = facts.money().into_iter();
        Self {
            company: facts.company.clone(),
            stripe_account: facts.stripe_account.clone(),
            netsuite_account: facts.netsuite_account.clone(),
            zone: facts.zone,
            period: facts.period.clone(),
            read_at: facts.read_at,
            source: facts.source,
            proofs,
            exceptions: exceptions(facts),
            currencies: currencies
                .map(|currency| (currency, sides(facts, &subjects, currency)))
                .collect(),
            accounts: money.map(|id| (id.clone(), facts.account(id).to_owned())).collect(),
        }
    }

    /// The NetSuite ids of records that this ledger did not make.
    pub fn made_by_others(&self) -> BTreeSet<InternalId> {
        let all = self.currencies.values().flat_map(|sides| &sides.others);
        all.map(|other| other.internal_id.clone()).collect()
    }

    /// Another of the overview's accounts made some of them.
    pub fn name_maker(&mut self, maker: usize, made: &BTreeSet<InternalId>) {
        for other in self.currencies.values_mut().flat_map(|sides| &mut sides.others) {
            if made.contains(&other.internal_id) {
                other.maker = Some(maker);
            }
        }
    }

    /// How many exceptions ask for a person.
    pub fn asking(&self) -> usize {
        self.exceptions.values().map(|cared| cared.asking).sum()
    }
}

fn exceptions(facts: &Facts) -> BTreeMap<ExceptionClass, Cared> {
    let today = facts.date(facts.read_at);
    let mut all: BTreeMap<ExceptionClass, Cared> = BTreeMap::new();
    for open in &facts.exceptions {
        let cared = all.entry(open.exception.class).or_default();
        if open.accepted_until.is_some() {
            cared.accepted += 1;
        } else {
            cared.asking += 1;
            let age = days(facts.date(open.first_seen), today);
            cared.oldest_days = cared.oldest_days.max(Some(age));
        }
    }
    all
}

fn sides(facts: &Facts, subjects: &Subjects, currency: Currency) -> Sides {
    let zero = Amount::zero(currency);
    let money = facts.money();
    let stripe = facts.stripe.get(&currency);
    let (mut activity, mut payouts) = (zero, zero);
    for movement in facts.moved(currency) {
        let is_payout = matches!(movement.class, Class::Payout | Class::PayoutReturned);
        *(if is_payout { &mut payouts } else { &mut activity }) += movement.net();
    }
    let mut own: BTreeMap<InternalId, Amount> = BTreeMap::new();
    for balance in &facts.balances {
        if balance.currency == currency && money.contains(&&balance.account) {
            *own.entry(balance.account.clone()).or_insert(zero) += balance.observed_at_end();
        }
    }
    let mut timing: BTreeMap<Why, (usize, Amount)> = BTreeMap::new();
    for (_, why, amount) in bridge::open(facts, currency) {
        add(timing.entry(why).or_insert((0, zero)), amount);
    }
    let mut errors: BTreeMap<What, (usize, Amount)> = BTreeMap::new();
    for (deviation, by) in deviations::at_end(facts, currency, money.clone()) {
        add(errors.entry(deviation.what).or_insert((0, zero)), -by);
    }
    let mut open = Open::none(currency);
    for item in subjects.between(facts, currency) {
        if !matches!(item.what, open_items::What::Foreign(_)) {
            open.add(item.date, item.amount, facts.period.last_day);
        }
    }
    let others = facts.others(&money, currency, facts.up_to_end()).map(|other| Other {
        account: other.account.clone(),
        internal_id: other.internal_id.clone(),
        date: other.date,
        amount: other.amount,
        maker: None,
    });
    Sides {
        opening: stripe.map_or(zero, |side| side.opening),
        activity,
        payouts,
        reported: stripe.and_then(|side| side.reported),
        own,
        others: others.collect(),
        before: stripe.map_or(zero, |side| {
            side.on_their_way.iter().fold(side.outside, |sum, item| sum + item.amount)
        }),
        timing,
        errors,
        open,
    }
}

fn add(sum: &mut (usize, Amount), amount: Amount) {
    sum.0 += 1;
    sum.1 += amount;
}
