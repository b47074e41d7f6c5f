//! Refusals: a plan is sent against the world it was made for, within its limits, or not at all.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::calendar::PostingPeriod;
use crate::money::{Amount, Currency};
use crate::plan::change::{Action, Request};
use crate::plan::effect::effect;
use crate::plan::file::{Basis, Plan};
use crate::plan::place::{is_receivable, state_word};

/// The field of a record that says what it is applied to.
const APPLY: &str = "apply";

/// Why a plan may not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the plan is for the Stripe account {plan}, this is {now}")]
    StripeAccount { plan: String, now: String },
    #[error("the plan was made in {plan} mode, this is {now} mode")]
    Mode { plan: &'static str, now: &'static str },
    #[error("the plan is for the NetSuite account {plan}, this is {now}")]
    NetSuiteAccount { plan: String, now: String },
    #[error("the plan was made from another ledger")]
    Ledger,
    #[error("the plan is stale: records were posted after it was made")]
    Stale,
    #[error(
        "the plan is stale: Stripe's facts were pulled again after it was made, and have changed"
    )]
    Facts,
    #[error("the plan was made under another policy or chart of accounts")]
    Policy,
    #[error(
        "{external_id} belongs to the posting period {period}, which is {state} now; it was open \
         when the plan was made, and nothing is moved without being shown first"
    )]
    Period { external_id: String, period: String, state: &'static str },
    #[error("the plan has {count} changes, more than the {max} that were allowed")]
    TooManyChanges { count: usize, max: usize },
    #[error("the plan debits {total}, more than the {max} that were allowed")]
    TooMuch { total: Amount, max: Amount },
    #[error("objects of Stripe's test mode never go into the production books of NetSuite {0}")]
    TestIntoProduction(String),
    #[error(
        "this would be the first push into the production books of NetSuite {account}\nhint: \
         confirm it by naming the account: --confirm-account {account}, or typing it at a terminal"
    )]
    Unconfirmed { account: String },
    #[error(
        "the account that was confirmed is `{typed}` (--confirm-account), the configuration names {account}"
    )]
    OtherAccountConfirmed { typed: String, account: String },
    #[error("{setting} changed, and records were posted under its other value\nhint: {fix}")]
    ModeChanged { setting: &'static str, fix: &'static str },
}

/// Compares what the plan was made against with what is.
pub fn check(plan: &Plan, now: &Basis) -> Result<(), Refusal> {
    let made = &plan.basis;
    if made.stripe_account != now.stripe_account {
        let (plan, now) = (made.stripe_account.to_string(), now.stripe_account.to_string());
        return Err(Refusal::StripeAccount { plan, now });
    }
    if made.livemode != now.livemode {
        return Err(Refusal::Mode { plan: mode(made.livemode), now: mode(now.livemode) });
    }
    if made.netsuite_account != now.netsuite_account {
        let (plan, now) = (made.netsuite_account.clone(), now.netsuite_account.clone());
        return Err(Refusal::NetSuiteAccount { plan, now });
    }
    if made.ledger_id != now.ledger_id {
        return Err(Refusal::Ledger);
    }
    if made.policy_digest != now.policy_digest {
        return Err(Refusal::Policy);
    }
    if made.posted_digest != now.posted_digest {
        return Err(Refusal::Stale);
    }
    if made.facts != now.facts {
        return Err(Refusal::Facts);
    }
    Ok(())
}

/// Refuses a plan when a period that it posts to has been closed or locked since it was made.
pub fn periods(plan: &Plan, periods: &[PostingPeriod]) -> Result<(), Refusal> {
    for change in &plan.changes {
        let body = &change.record.body;
        // An application posts nothing: a record of a period that is closed by now may be applied.
        if change.action == Action::Update && only_applies(&change.request) {
            continue;
        }
        let Some(wanted) = body.header().and_then(|header| header.posting_period.as_ref()) else {
            continue;
        };
        let period = periods.iter().find(|period| period.id == *wanted);
        let takes = period.is_some_and(|period| period.state.takes(is_receivable(body)));
        if !takes {
            let (period, state) = period.map_or_else(
                || (wanted.to_string(), "gone"),
                |period| (period.name.clone(), state_word(period.state)),
            );
            let external_id = change.external_id.to_string();
            return Err(Refusal::Period { external_id, period, state });
        }
    }
    Ok(())
}

/// Whether a request changes nothing but what a record is applied to.
fn only_applies(request: &Request) -> bool {
    let fields: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(request.body.get());
    fields.is_ok_and(|fields| fields.keys().all(|name| name == APPLY))
}

/// How much one push may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    pub max_changes: Option<usize>,
    /// The sum of debits in any one currency, as a decimal number.
    pub max_amount: Option<String>,
}

/// Refuses a plan that does more than was allowed.
///
/// # Errors
/// The refusal; a limit that has more decimals than a currency of the plan counts as the next lower
/// amount of that currency.
pub fn limits(plan: &Plan, limits: &Limits) -> Result<(), Refusal> {
    let count = plan.changes.len();
    if let Some(max) = limits.max_changes.filter(|max| count > *max) {
        return Err(Refusal::TooManyChanges { count, max });
    }
    let Some(text) = &limits.max_amount else { return Ok(()) };
    let mut debits: BTreeMap<Currency, Amount> = BTreeMap::new();
    for ((currency, _), movement) in effect(plan.changes.iter().flat_map(|c| &c.postings)) {
        *debits.entry(currency).or_insert(Amount::zero(currency)) += movement.debit;
    }
    for (currency, total) in debits {
        let max = floor(text, currency);
        if total.minor() > max.minor() {
            return Err(Refusal::TooMuch { total, max });
        }
    }
    Ok(())
}

/// The largest amount of a currency that is not above a decimal number that was checked before.
fn floor(text: &str, currency: Currency) -> Amount {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let exact = Amount::parse_decimal(text, currency);
    exact.or_else(|_| Amount::parse_decimal(whole, currency)).unwrap_or(Amount::zero(currency))
}

/// Where a push goes, and what was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Such as `1234567`.
    pub account: String,
    /// The company's real books, no sandbox.
    pub is_production: bool,
    /// Stripe's live mode.
    pub livemode: bool,
    /// A push into these books was confirmed before.
    pub was_confirmed: bool,
    /// The account id that was typed for this push.
    pub typed: Option<String>,
}

/// Refuses test data in production, and a first push that nobody confirmed.
pub fn destination(to: &Destination) -> Result<(), Refusal> {
    let account = to.account.clone();
    if let Some(typed) = to.typed.as_ref().filter(|typed| !same_account(typed, &account)) {
        return Err(Refusal::OtherAccountConfirmed { typed: typed.clone(), account });
    }
    if !to.is_production {
        return Ok(());
    }
    if !to.livemode {
        return Err(Refusal::TestIntoProduction(account));
    }
    if to.was_confirmed || to.typed.is_some() {
        Ok(())
    } else {
        Err(Refusal::Unconfirmed { account })
    }
}

/// Whether only a typed account id lets this push go on: a person at a terminal is asked for it.
pub fn must_ask(to: &Destination) -> bool {
    matches!(destination(to), Err(Refusal::Unconfirmed { .. }))
}

fn same_account(typed: &str, account: &str) -> bool {
    typed.trim().replace('-', "_").eq_ignore_ascii_case(&account.replace('-', "_"))
}

fn mode(livemode: bool) -> &'static str {
    if livemode { "live" } else { "test" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(account: &str, is_production: bool, livemode: bool) -> Destination {
        Destination {
            account: account.into(),
            is_production,
            livemode,
            was_confirmed: false,
            typed: None,
        }
    }

    #[test]
    fn test_data_never_reaches_the_real_books_whatever_was_typed() {
        let typed = Some("1234567".to_owned());
        let refused = Destination { typed, was_confirmed: true, ..to("1234567", true, false) };
        assert!(matches!(destination(&refused), Err(Refusal::TestIntoProduction(_))));
        assert!(destination(&to("1234567_SB1", false, false)).is_ok());
    }

    #[test]
    fn the_first_push_to_the_real_books_needs_their_account_id() {
        let first = to("1234567", true, true);
        assert!(matches!(destination(&first), Err(Refusal::Unconfirmed { .. })));
        let typed = |text: &str| Destination { typed: Some(text.into()), ..first.clone() };
        assert!(destination(&typed("1234567")).is_ok());
        assert!(destination(&typed("7654321")).is_err(), "another account's id confirms nothing");
        // A person at a terminal is asked for it, once; nobody is asked where it would not help.
        assert!(must_ask(&first) && !must_ask(&typed("1234567")));
        assert!(!must_ask(&to("1234567", true, false)) && !must_ask(&to("1_SB1", false, true)));
        assert!(destination(&typed("")).is_err(), "an empty line confirms nothing");
        assert!(destination(&Destination { was_confirmed: true, ..first }).is_ok());
        let sandbox =
            Destination { typed: Some("1234567-sb1".into()), ..to("1234567_SB1", false, true) };
        assert!(destination(&sandbox).is_ok());
    }

    #[test]
    fn a_limit_with_cents_is_not_rounded_up_for_a_currency_without() {
        assert_eq!(floor("1000.99", "JPY".parse().unwrap()).minor(), 1_000);
        assert_eq!(floor("1000.99", Currency::USD).minor(), 100_099);
    }
}
