//! Shares: what one balance transaction alone does to the accounts of a record that carries many.
//!
//! The same seats as in `deposit` and `day`, seen from one movement: over everything that a deposit
//! or a journal carries, the shares come to its postings. Belongs here: which part is whose. Does not
//! belong here: the records themselves.

use crate::accounting::balance_transaction::Class;
use crate::accounting::case::PayoutCase;
use crate::accounting::charges::charges;
use crate::accounting::chart::Role;
use crate::accounting::context::Context;
use crate::accounting::deposit::record_of;
use crate::accounting::payout::left_from;
use crate::accounting::policy::{BeforeStart, Policy};
use crate::accounting::posting::Posting;
use crate::accounting::seat::{Charged, Leaves, Sources};
use crate::ids::InternalId;
use crate::money::Amount;
use crate::stripe::objects::BalanceTransaction;

/// The share of a movement in the deposit of its payout, which goes into the account `into`. `None`
/// when the movement has no place, which an exception says.
pub fn in_deposit(
    movement: &BalanceTransaction,
    case: &PayoutCase,
    into: &InternalId,
    policy: &Policy,
) -> Option<Vec<Posting>> {
    let account = |role: Role| policy.chart.account(role).ok().cloned();
    let balance = account(Role::StripeBalance(movement.currency));
    let has_it = |members: &[BalanceTransaction]| members.iter().any(|m| m.id == movement.id);
    let carried = case.carried.iter().find(|(_, members)| has_it(members));
    // What a negative payout was made of comes out of the account that its journal went to.
    let into = match carried {
        Some((negative, _)) => account(left_from(negative, policy))?,
        None => into.clone(),
    };
    let mut share = vec![posting(into, movement.net())];
    if case.suspended.contains(&movement.id) || case.absent.contains(&movement.id) {
        share.push(posting(account(Role::Suspense)?, -movement.net()));
        return Some(share);
    }
    if case.sources.is_past(movement, policy) {
        let from = match policy.options.before_start {
            BeforeStart::Account => account(Role::Opening)?,
            BeforeStart::OpeningBalance => balance?,
            BeforeStart::Exception => return None,
        };
        share.push(posting(from, -movement.net()));
        return Some(share);
    }
    let class = case.sources.class(movement, policy);
    let seat = policy.seat(movement, case.sources.presented(movement), &case.schedule);
    if class.has_record() {
        let from = match seat.leaves {
            Leaves::ByPayout => {
                record_of(class, movement, &case.sources).ok()?;
                account(Role::UndepositedFunds)?
            }
            Leaves::BySweep | Leaves::WasNever => balance.clone()?,
        };
        share.push(posting(from, -movement.amount()));
    } else if matches!(class, Class::PayoutReturned | Class::Payout | Class::TopUp) {
        share.push(posting(balance.clone()?, -movement.amount()));
    }
    for part in charges(movement, &case.sources, Context { policy }, movement.id.as_str()).ok()? {
        let account = match seat.charged {
            Charged::OnDeposit => part.account,
            Charged::OnDay | Charged::OnPayoutJournal => balance.clone()?,
        };
        share.push(posting(account, part.amount));
    }
    Some(share)
}

/// The share of a movement in the journal that takes its payout from the Stripe balance account to
/// the bank.
pub fn in_transfer(movement: &BalanceTransaction, policy: &Policy) -> Option<Vec<Posting>> {
    let bank = policy.chart.account(Role::Bank(movement.currency)).ok()?.clone();
    let balance = policy.chart.account(Role::StripeBalance(movement.currency)).ok()?.clone();
    Some(vec![posting(bank, movement.net()), posting(balance, -movement.net())])
}

/// The share of a movement in a journal of what was charged, by the day or by the payout.
pub fn in_charges(
    movement: &BalanceTransaction,
    sources: &Sources,
    policy: &Policy,
) -> Option<Vec<Posting>> {
    let balance = policy.chart.account(Role::StripeBalance(movement.currency)).ok()?.clone();
    let parts = charges(movement, sources, Context { policy }, movement.id.as_str()).ok()?;
    let total = parts.iter().fold(Amount::zero(movement.currency), |sum, part| sum + part.amount);
    let mut share: Vec<Posting> =
        parts.into_iter().map(|part| posting(part.account, part.amount)).collect();
    share.push(posting(balance, -total));
    Some(share)
}

/// The share of a movement in a day's sweep of undeposited funds into the Stripe balance account.
pub fn in_sweep(movement: &BalanceTransaction, policy: &Policy) -> Option<Vec<Posting>> {
    let funds = policy.chart.account(Role::UndepositedFunds).ok()?.clone();
    let balance = policy.chart.account(Role::StripeBalance(movement.currency)).ok()?.clone();
    Some(vec![posting(balance, movement.amount()), posting(funds, -movement.amount())])
}

fn posting(account: InternalId, amount: Amount) -> Posting {
    Posting { account, amount }
}
