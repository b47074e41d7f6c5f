//! The settlement run: Stripe's own fees, and automatic daily payouts in each currency.

use std::collections::BTreeMap;

use super::account::{Account, Booked};
use super::days::{
    DAY, HOUR, MINUTE, business_days_after, date_text, is_business_day, midnight, months_after,
    start_of_month,
};
use super::rng::Rng;
use super::round::share;
use super::shapes::balance_transaction::Movement;
use super::shapes::payout::{self as shape, Payout};

/// What screening one card payment costs, in cents.
const SCREENING_CENTS: i64 = 5;
/// Sales tax on Stripe's fees, in thousandths of a percent.
const SALES_TAX_THOUSANDTHS: i64 = 8_875;
/// Payouts are made this long after midnight UTC.
const PAYOUT_TIME: i64 = 30 * MINUTE;
/// A balance below zero by this many minor units is debited from the bank at once; a smaller one
/// waits for the next payments.
const DEBIT_FROM: i64 = 2_000;
/// Every so many payouts of a currency one comes back…
const PAYOUTS_PER_FAILURE: usize = 200;
/// …and the first within so many.
const PAYOUTS_TO_FIRST_FAILURE: usize = 50;

/// Books what Stripe bills by the day and by the month.
pub fn bill_stripe_fees(account: &mut Account) {
    let mut months: BTreeMap<i64, i64> = BTreeMap::new();
    for (day, count) in std::mem::take(&mut account.screened) {
        let cents = count * SCREENING_CENTS;
        let text = format!("Radar ({}): Radar for Fraud Teams", date_text(day));
        book_fee(account, "stripe_fee", "fee", cents, day + DAY + 3 * HOUR, text);
        *months.entry(start_of_month(day)).or_default() += cents;
    }
    for (first, cents) in months {
        let next = months_after(first, 1);
        let period = format!("{} - {}", date_text(first), date_text(next - DAY));
        let text = format!("Sales tax ({period}): tax on Stripe fees");
        let tax = share(cents, SALES_TAX_THOUSANDTHS, 100_000);
        if tax > 0 {
            book_fee(account, "tax_fee", "tax", tax, next + 5 * HOUR, text);
        }
    }
}

fn book_fee(
    account: &mut Account,
    kind: &'static str,
    category: &'static str,
    cents: i64,
    at: i64,
    text: String,
) {
    if !account.span.contains(at) {
        return;
    }
    account.book(&Movement {
        kind,
        category,
        amount: -cents,
        fees: Vec::new(),
        currency: "usd",
        created: at,
        available_on: midnight(at),
        source: None,
        description: Some(text),
        rate_micro: None,
    });
}

/// Pays out everything that becomes available, day by day and currency by currency.
pub fn pay_out(account: &mut Account, rng: &mut Rng) {
    let mut booked = std::mem::take(&mut account.booked);
    booked.sort_by(|a, b| (a.ready, &a.id).cmp(&(b.ready, &b.id)));
    let mut queues: BTreeMap<&'static str, Vec<Booked>> = BTreeMap::new();
    for one in booked {
        queues.entry(one.currency).or_default().push(one);
    }
    for (currency, queue) in queues {
        let bank_account = account.ids.next("ba");
        Run { account, currency, bank_account, returned: Vec::new() }.all(&queue, rng);
    }
}

/// The payouts of one currency.
struct Run<'a> {
    account: &'a mut Account,
    currency: &'static str,
    bank_account: String,
    /// Failed payouts whose money is back and waits for a later payout.
    returned: Vec<Booked>,
}

impl Run<'_> {
    fn all(mut self, queue: &[Booked], rng: &mut Rng) {
        let Some(first) = queue.first() else { return };
        let mut members: Vec<Booked> = Vec::new();
        let mut next = 0;
        let mut until_failure = rng.below(PAYOUTS_TO_FIRST_FAILURE);
        let mut day = midnight(first.ready);
        while day + PAYOUT_TIME < self.account.span.now {
            let at = day + PAYOUT_TIME;
            while next < queue.len() && queue[next].ready < at {
                members.push(queue[next].clone());
                next += 1;
            }
            let back = self.returned.extract_if(.., |one| one.ready < at);
            members.extend(back);
            let amount: i64 = members.iter().map(|one| one.net).sum();
            if is_business_day(day) && (amount > 0 || amount <= -DEBIT_FROM) {
                let fails = amount > 0 && until_failure == 0;
                until_failure =
                    if fails { PAYOUTS_PER_FAILURE } else { until_failure.saturating_sub(1) };
                self.pay(at, amount, &std::mem::take(&mut members), fails);
            }
            day += DAY;
        }
    }

    fn pay(&mut self, at: i64, amount: i64, members: &[Booked], fails: bool) {
        let now = self.account.span.now;
        let arrival_date = business_days_after(at, 1);
        let id = self.account.ids.next("po");
        let own = self.own_movement("payout", -amount, at, &id, "STRIPE PAYOUT".to_owned());
        let (balance_transaction, _) = self.account.book_own(&own);
        let mut payout = Payout {
            id,
            amount,
            currency: self.currency,
            created: at,
            arrival_date,
            balance_transaction,
            failure_balance_transaction: None,
            status: if arrival_date <= now { "paid" } else { "in_transit" },
            bank_account: self.bank_account.clone(),
        };
        let failed_at = business_days_after(arrival_date, 1) + 14 * HOUR;
        if fails && failed_at < now {
            self.send_back(&mut payout, failed_at);
        }
        if amount < 0 {
            self.account.note(&payout.id, "payout below zero: the bank account was debited");
        }
        self.account.world.insert(&shape::payout(&payout));
        // Stripe lists a payout's own balance transaction among those it pays out.
        let all = members.iter().map(|one| &one.id).chain([&payout.balance_transaction]);
        for member in all {
            self.account.world.set_payout(member, &payout.id);
        }
    }

    /// The bank refuses the money. It returns to the balance and joins a later payout, while what
    /// had been paid out stays with this one.
    fn send_back(&mut self, payout: &mut Payout, at: i64) {
        let text = format!("REFUND FOR PAYOUT ({})", payout.id);
        let failure = self.own_movement("payout_failure", payout.amount, at, &payout.id, text);
        let (id, _) = self.account.book_own(&failure);
        self.returned.push(Booked {
            id: id.clone(),
            currency: self.currency,
            net: payout.amount,
            ready: at,
        });
        payout.failure_balance_transaction = Some(id);
        payout.status = "failed";
        self.account.note(&payout.id, "payout that failed; a later payout pays the money again");
    }

    fn own_movement(
        &self,
        kind: &'static str,
        amount: i64,
        at: i64,
        payout: &str,
        description: String,
    ) -> Movement {
        Movement {
            kind,
            category: if kind == "payout" { "payout" } else { "payout_reversal" },
            amount,
            fees: Vec::new(),
            currency: self.currency,
            created: at,
            available_on: midnight(at),
            source: Some(payout.to_owned()),
            description: Some(description),
            rate_micro: None,
        }
    }
}
