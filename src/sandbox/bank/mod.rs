//! An embedded bank: what it booked on the accounts of a generated company, as statements in the formats
//! that banks export.
//!
//! Belongs here: what a bank sees, which is payouts on the days on which it books them, and a company's
//! other affairs. Nothing is shared with the code that reads statements or finds what their lines are of.

mod formats;

use chrono::{Datelike, NaiveDate};
use serde_json::Value;

pub use formats::Format;

use super::company::Company;
use super::company::rng::mix;
use crate::calendar::{UnixTime, is_bank_day};
use crate::money::{Amount, Currency};

/// What an account holds before anything happens, in minor units.
const AT_FIRST: i64 = 5_000_000;
/// Of a hundred payouts, how many the bank books a day later than Stripe says.
const LATE: u64 = 20;
/// Of a hundred, how many bring Stripe's trace id with them.
const TRACED: u64 = 60;

/// One booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub booked: NaiveDate,
    pub amount: Amount,
    pub reference: Option<String>,
    pub text: String,
    /// The payout behind it: for tests, and on no statement.
    pub payout: Option<String>,
}

/// Some days of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub account: String,
    pub currency: Currency,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub opening: Amount,
    pub lines: Vec<Line>,
}

impl Statement {
    pub fn closing(&self) -> Amount {
        self.lines.iter().fold(self.opening, |sum, line| sum + line.amount)
    }
}

/// The number of the company's account in a currency.
pub fn account(currency: Currency) -> String {
    format!("SMB0001{currency}")
}

/// The statement of some days, both included, as the bank has it when the company is looked at.
pub fn statement(
    company: &Company,
    currency: Currency,
    first_day: NaiveDate,
    last_day: NaiveDate,
) -> Statement {
    let mut all = payouts(company, currency);
    all.extend(affairs(company, currency));
    all.sort_by(|one, other| (one.booked, &one.text).cmp(&(other.booked, &other.text)));
    let today = company.now.utc_date();
    all.retain(|line| line.booked < today);
    let before = all.iter().filter(|line| line.booked < first_day);
    let opening = before.fold(Amount::new(AT_FIRST, currency), |sum, line| sum + line.amount);
    all.retain(|line| (first_day..=last_day).contains(&line.booked));
    Statement { account: account(currency), currency, first_day, last_day, opening, lines: all }
}

/// Payouts as they reach the bank, and those that it sends back.
fn payouts(company: &Company, currency: Currency) -> Vec<Line> {
    let mut lines = Vec::new();
    for stored in company.world.objects("payout") {
        let payout: Value = serde_json::from_str(&stored.json).expect("a generated object is JSON");
        let code = payout["currency"].as_str().unwrap_or_default();
        if !code.eq_ignore_ascii_case(currency.code()) {
            continue;
        }
        let amount = Amount::new(payout["amount"].as_i64().unwrap_or_default(), currency);
        let arrival = UnixTime(payout["arrival_date"].as_i64().unwrap_or_default());
        let back = returned(company, &payout);
        // What was cancelled or failed on its way was never there.
        if amount.is_zero() || back.is_some_and(|back| back < arrival) {
            continue;
        }
        let luck = stored.id.bytes().fold(0, |sum, byte| mix(sum ^ u64::from(byte)));
        let booked = arrival.utc_date();
        let booked =
            if luck % 100 < LATE && back.is_none() { next_bank_day(booked) } else { booked };
        let trace = payout["trace_id"]["value"].as_str().filter(|_| luck / 100 % 100 < TRACED);
        let line = |booked: NaiveDate, amount: Amount, text: &str| Line {
            booked,
            amount,
            reference: trace.map(str::to_owned),
            text: text.to_owned(),
            payout: Some(stored.id.clone()),
        };
        lines.push(line(booked, amount, "STRIPE TRANSFER"));
        if let Some(back) = back {
            lines.push(line(back.utc_date(), -amount, "STRIPE RETURNED CREDIT"));
        }
    }
    lines
}

/// When a payout was back in the Stripe balance.
fn returned(company: &Company, payout: &Value) -> Option<UnixTime> {
    let id = payout["failure_balance_transaction"].as_str()?;
    let all = company.world.objects("balance_transaction");
    all.iter().find(|stored| stored.id == id).map(|stored| UnixTime(stored.created))
}

/// Rent, wages, and what a customer pays past Stripe: a bank account is not Stripe's alone.
fn affairs(company: &Company, currency: Currency) -> Vec<Line> {
    let (first, last) = (company.start.utc_date(), company.now.utc_date());
    let days = first.iter_days().take_while(|day| *day < last).filter(|day| is_bank_day(*day));
    let line = |booked: NaiveDate, minor: i64, text: &str| Line {
        booked,
        amount: Amount::new(minor, currency),
        reference: None,
        text: text.to_owned(),
        payout: None,
    };
    let of_day = |day: NaiveDate| {
        let luck = i64::try_from(mix(u64::from(day.day()) * 31 + u64::from(day.month())) % 90_000);
        let luck = luck.expect("below ninety thousand");
        match day.day() {
            1 | 2 => Some(line(day, -240_000, "OFFICE RENT")),
            14 | 28 => Some(line(day, -1_000_000 - luck, "PAYROLL")),
            9 | 21 => Some(line(day, 150_000 + luck, "WIRE FROM A CUSTOMER")),
            _ => None,
        }
    };
    days.filter_map(of_day).collect()
}

fn next_bank_day(day: NaiveDate) -> NaiveDate {
    day.iter_days().skip(1).find(|day| is_bank_day(*day)).unwrap_or(day)
}
