//! The settlement run: day by day and currency by currency, what is available is paid out by
//! Stripe or by the company.

use std::collections::BTreeMap;

use super::account::{Account, Booked};
use super::days::{DAY, HOUR, MINUTE, is_business_day, midnight};
use super::paid_out::{Fate, Kind};
use super::rng::Rng;
use super::round::share;
use super::spec::{Payouts, Schedule};

/// Payouts are made this long after midnight UTC.
const PAYOUT_TIME: i64 = 30 * MINUTE;
/// The company pays itself out, and asks for instant payouts, at this time of the day.
const OFFICE_TIME: i64 = 15 * HOUR;
/// A balance below zero by this many minor units is debited from the bank at once; a smaller one
/// waits for the next payments.
const DEBIT_FROM: i64 = 2_000;
/// Every so many payouts of a currency one comes back…
const PAYOUTS_PER_FAILURE: usize = 200;
/// …and the first within so many.
const PAYOUTS_TO_FIRST_FAILURE: usize = 50;
/// What stays in the balance when a minimum is kept, in minor units.
const MINIMUM_BALANCE: i64 = 1_500;
/// The company does not bother with less.
const LEAST_BY_HAND: i64 = 1_000;

/// Pays out everything that becomes available, day by day and currency by currency.
pub fn pay_out(account: &mut Account, rules: Payouts, rng: &mut Rng) {
    let mut booked = std::mem::take(&mut account.booked);
    booked.sort_by(|a, b| (a.ready, &a.id).cmp(&(b.ready, &b.id)));
    let mut queues: BTreeMap<&'static str, Vec<Booked>> = BTreeMap::new();
    for one in booked {
        queues.entry(one.currency).or_default().push(one);
    }
    for (currency, queue) in queues {
        let bank_account = account.ids.next("ba");
        let until_failure = rng.below(PAYOUTS_TO_FIRST_FAILURE);
        let (waiting, returned) = (Vec::new(), Vec::new());
        Run { account, rules, rng, currency, bank_account, waiting, returned, until_failure }
            .all(&queue);
    }
}

/// The payouts of one currency.
pub struct Run<'a> {
    pub account: &'a mut Account,
    pub rules: Payouts,
    pub rng: &'a mut Rng,
    pub currency: &'static str,
    pub bank_account: String,
    /// Available, and in no payout that says what it is made of.
    pub waiting: Vec<Booked>,
    /// What payouts gave back: it waits for a later payout, from its own time on.
    pub returned: Vec<Booked>,
    until_failure: usize,
}

pub fn net_of(booked: &[Booked]) -> i64 {
    booked.iter().map(|one| one.net).sum()
}

impl Run<'_> {
    fn all(mut self, queue: &[Booked]) {
        let Some(first) = queue.first() else { return };
        let mut next = 0;
        let mut day = midnight(first.ready);
        while day + PAYOUT_TIME < self.account.span.now {
            let at = day + PAYOUT_TIME;
            while next < queue.len() && queue[next].ready < at {
                self.waiting.push(queue[next].clone());
                next += 1;
            }
            let back: Vec<Booked> = self.returned.extract_if(.., |one| one.ready < at).collect();
            let by_stripe = self.is_automatic(at);
            if by_stripe && self.rules.mishaps && is_business_day(day) && self.pays_alone(&back) {
                // What came back is sent again on its own; all else waits another day.
                self.pay(Kind::Automatic(back), at);
            } else {
                self.waiting.extend(back);
                if by_stripe && is_business_day(day) {
                    self.pay_automatically(at);
                }
            }
            self.pay_by_hand(day + OFFICE_TIME, &queue[next..], by_stripe);
            day += DAY;
        }
    }

    fn is_automatic(&self, at: i64) -> bool {
        let span = self.account.span;
        match self.rules.schedule {
            Schedule::Daily => true,
            Schedule::Manual => false,
            Schedule::ManualThenDaily => at >= span.first + (span.now - span.first) / 2,
        }
    }

    fn pays_alone(&mut self, back: &[Booked]) -> bool {
        net_of(back) > 0 && self.rng.percent(50)
    }

    fn pay_automatically(&mut self, at: i64) {
        let amount = net_of(&self.waiting);
        if self.rules.mishaps && amount > 0 && self.rng.percent(4) {
            self.reserve_everything(amount, at);
        } else if amount > 0 || amount <= -DEBIT_FROM {
            if self.rules.minimum_balance && amount > 2 * MINIMUM_BALANCE {
                self.keep_the_minimum(at);
            }
            let members = std::mem::take(&mut self.waiting);
            self.pay(Kind::Automatic(members), at);
        }
    }

    /// What becomes of a payout that Stripe or the company makes.
    pub fn draw_fate(&mut self, amount: i64) -> Fate {
        if self.rules.mishaps && amount > 0 {
            let fates = [
                Fate::Arrives,
                Fate::FailsBefore,
                Fate::FailsAfter,
                Fate::Cancelled,
                Fate::Reversed,
            ];
            return fates[self.rng.weighted(&[72, 8, 8, 6, 6])];
        }
        let fails = amount > 0 && self.until_failure == 0;
        self.until_failure =
            if fails { PAYOUTS_PER_FAILURE } else { self.until_failure.saturating_sub(1) };
        if fails { Fate::FailsAfter } else { Fate::Arrives }
    }

    /// Stripe holds all that is available: the payout of that day is of nothing.
    fn reserve_everything(&mut self, amount: i64, at: i64) {
        let text = "Reserved for possible refunds and disputes";
        let hold = self.hold("reserve_hold", "risk_reserved_funds", -amount, at - MINUTE, text);
        self.waiting.push(hold);
        let members = std::mem::take(&mut self.waiting);
        self.pay(Kind::Automatic(members), at);
        let back = at + self.rng.between(1, 4) * DAY + HOUR;
        if back < self.account.span.now {
            let text = "Release of reserved funds";
            let release = self.hold("reserve_release", "risk_reserved_funds", amount, back, text);
            self.returned.push(release);
        }
    }

    /// Holds the minimum balance back from the payout at `at`, and releases it right after it.
    fn keep_the_minimum(&mut self, at: i64) {
        let kind = "payout_minimum_balance_hold";
        let hold = self.hold(kind, kind, -MINIMUM_BALANCE, at, "Minimum balance hold");
        self.waiting.push(hold);
        let kind = "payout_minimum_balance_release";
        let release =
            self.hold(kind, kind, MINIMUM_BALANCE, at + MINUTE, "Minimum balance release");
        if release.ready < self.account.span.now {
            self.returned.push(release);
        }
    }

    fn hold(
        &mut self,
        kind: &'static str,
        category: &'static str,
        amount: i64,
        at: i64,
        text: &str,
    ) -> Booked {
        let mut movement = self.own_movement(kind, amount, at, None, text.to_owned());
        movement.category = category;
        self.book(&movement)
    }

    /// What the company decides itself: payouts where Stripe makes none, and instant ones, which
    /// also pay out what will be available tomorrow.
    fn pay_by_hand(&mut self, at: i64, coming: &[Booked], by_stripe: bool) {
        if at >= self.account.span.now {
            return;
        }
        let ready = |until: i64| -> i64 {
            let of = coming.iter().filter(|one| one.created < at && one.ready < until);
            of.map(|one| one.net).sum()
        };
        if !by_stripe && self.rng.percent(20) {
            let available = net_of(&self.waiting) + ready(at);
            let amount = share(available, *self.rng.pick(&[40, 70, 100, 100]), 100);
            if amount >= LEAST_BY_HAND {
                self.pay(Kind::Manual(amount), at);
            }
        }
        if self.rules.instant && self.rng.percent(12) {
            let tomorrow = midnight(at) + DAY + PAYOUT_TIME;
            let available = net_of(&self.waiting) + ready(tomorrow);
            let amount = share(available, self.rng.between(30, 80), 100);
            if amount >= LEAST_BY_HAND {
                self.pay(Kind::Instant(amount), at + HOUR);
            }
        }
    }
}
