//! What Stripe bills the company by the day and by the month.

use std::collections::BTreeMap;

use super::account::Account;
use super::days::{DAY, HOUR, date_text, midnight, months_after, start_of_month};
use super::round::share;
use super::shapes::balance_transaction::Movement;

/// What screening one card payment costs, in cents.
const SCREENING_CENTS: i64 = 5;
/// Sales tax on Stripe's fees, in thousandths of a percent.
const SALES_TAX_THOUSANDTHS: i64 = 8_875;

/// Books what Stripe bills by the day and by the month.
pub fn book(account: &mut Account) {
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
