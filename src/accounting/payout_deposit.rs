//! The deposit of a payout that Stripe itemises: its members on the sheet, what earlier negative
//! payouts left, and a payout of more lines than one deposit takes in several parts.

use crate::accounting::case::PayoutCase;
use crate::accounting::chart::Role;
use crate::accounting::context::Context;
use crate::accounting::deposit::{Lines, Sheet};
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::payout::{came_back, left_from};
use crate::accounting::policy::Unreconciled;
use crate::accounting::record::{Record, Rule};
use crate::ids::{BalanceTransactionId, ExternalId, InternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Body, Deposit};
use crate::stripe::objects::{BalanceTransaction, Payout};

/// Ends the memo of a line on suspense, whose beginning names the movement.
const TO_BE_RECLASSIFIED: &str = "to be reclassified";

/// The movement that a deposit line has on suspense.
pub fn suspended_by(memo: &str) -> Option<BalanceTransactionId> {
    let rest = memo.strip_suffix(TO_BE_RECLASSIFIED)?;
    rest.split_once(',').map(|(movement, _)| BalanceTransactionId::new(movement))
}

/// The deposits of a payout, and what of it went to suspense.
pub(super) fn deposits(
    case: &PayoutCase,
    id: &ExternalId,
    context: Context,
) -> Result<(Vec<Record>, Vec<Exception>), Exception> {
    let payout = &case.payout;
    let block = |exception: Exception| exception.blocking(id);
    let mut sheet = Sheet::new(case, context);
    let mut suspended = Vec::new();
    for movement in &case.members {
        enter(&mut sheet, movement, case, context, &mut suspended).map_err(block)?;
    }
    for (negative, members) in case.carried_in(context.policy) {
        for movement in members {
            enter(&mut sheet, movement, case, context, &mut suspended).map_err(block)?;
        }
        // Its bank line is a journal against the account it left; here it is taken out of that.
        sheet.inflow(
            left_from(negative, context.policy),
            -negative.amount(),
            format!("Payout {}, which debited the bank", negative.id),
        );
    }
    let lines = sheet.finish().map_err(block)?;
    let total = total(&lines, payout);
    if total != payout.amount() {
        return Err(does_not_add_up(payout, total).blocking(id));
    }
    if lines.count() == 0 {
        // A payout of nothing, of nothing: NetSuite takes no deposit without a line.
        return Ok((Vec::new(), suspended));
    }
    let parts = parts(lines, case, context).map_err(block)?;
    let count = parts.len();
    let records = parts
        .into_iter()
        .enumerate()
        .map(|(place, lines)| record(lines, (place, count), case, id, context))
        .collect::<Result<Vec<_>, _>>()?;
    Ok((records, suspended))
}

/// Enters a movement, or puts it on suspense when it cannot be placed and policy says so. What a
/// posted deposit has on suspense stays there: posted amounts are never edited.
fn enter(
    sheet: &mut Sheet,
    movement: &BalanceTransaction,
    case: &PayoutCase,
    context: Context,
    suspended: &mut Vec<Exception>,
) -> Result<(), Exception> {
    let is_absent = case.absent.contains(&movement.id);
    let was_suspended = case.suspended.contains(&movement.id);
    let entered = if was_suspended || is_absent {
        Err(without_record(movement))
    } else {
        sheet.enter(movement)
    };
    match entered {
        Ok(()) => Ok(()),
        Err(reason)
            if was_suspended || context.policy.options.unreconciled == Unreconciled::Suspense =>
        {
            let memo = format!("{}, {}, {TO_BE_RECLASSIFIED}", movement.id, movement.kind);
            sheet.inflow(Role::Suspense, movement.net(), memo);
            suspended.push(in_suspense(movement, &reason));
            Ok(())
        }
        Err(reason) => Err(reason),
    }
}

fn without_record(movement: &BalanceTransaction) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "movement_without_record",
        &movement.id,
        format!("The record of {} ({}) is not made.", movement.net(), movement.kind),
        "Resolve the exception of the object behind it.",
    )
    .of(movement.net())
}

fn in_suspense(movement: &BalanceTransaction, reason: &Exception) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "in_suspense",
        &movement.id,
        format!("{} is on the suspense account. {}", movement.net(), reason.message),
        format!("Reclassify it by a journal in NetSuite. {}", reason.fix),
    )
    .of(movement.net())
}

fn total(lines: &Lines, payout: &Payout) -> Amount {
    let zero = Amount::zero(payout.currency);
    let payments = lines.payments.iter().map(|line| line.amount);
    let other = lines.other.iter().map(|line| line.amount);
    let cashback = lines.cashback.iter().map(|line| -line.amount);
    payments.chain(other).chain(cashback).fold(zero, |sum, amount| sum + amount)
}

/// The lines in parts that one deposit each can hold. NetSuite refuses a
/// negative deposit, so a part with too many refunds gets a line from the Stripe balance account,
/// and parts with enough left give it one: over the payout they come to nothing.
fn parts(lines: Lines, case: &PayoutCase, context: Context) -> Result<Vec<Lines>, Exception> {
    let payout = &case.payout;
    let line_count_max = context.policy.options.deposit_lines.get();
    if lines.count() <= line_count_max {
        return Ok(vec![lines]);
    }
    let mut parts = cut(lines, line_count_max - 1);
    let account = context.account(Role::StripeBalance(payout.currency), payout.id.as_str())?;
    let mut missing = Amount::zero(payout.currency);
    for part in &mut parts {
        let sum = total(part, payout);
        if sum.is_negative() {
            part.push(account.clone(), -sum, "From the other parts of this payout".into());
            missing += -sum;
        }
    }
    for part in &mut parts {
        let given = total(part, payout).min(missing);
        if given.is_positive() {
            part.push(account.clone(), -given, "To the other parts of this payout".into());
            missing -= given;
        }
    }
    Ok(parts)
}

/// Cuts the lines into pieces of at most `line_count_max`.
fn cut(lines: Lines, line_count_max: usize) -> Vec<Lines> {
    let mut parts = vec![Lines::default()];
    let mut room = line_count_max;
    let mut next = |parts: &mut Vec<Lines>| {
        if room == 0 {
            parts.push(Lines::default());
            room = line_count_max;
        }
        room -= 1;
        parts.len() - 1
    };
    for line in lines.payments {
        let part = next(&mut parts);
        parts[part].payments.push(line);
    }
    for line in lines.other {
        let part = next(&mut parts);
        parts[part].other.push(line);
    }
    for line in lines.cashback {
        let part = next(&mut parts);
        parts[part].cashback.push(line);
    }
    parts
}

fn record(
    lines: Lines,
    (place, count): (usize, usize),
    case: &PayoutCase,
    id: &ExternalId,
    context: Context,
) -> Result<Record, Exception> {
    let payout = &case.payout;
    let fell_short = came_back(payout) && !case.deposited;
    let mut memo = payout.id.to_string();
    if count > 1 {
        memo = format!("{memo}, part {} of {count}", place + 1);
    }
    if fell_short {
        memo = format!("{memo}, which did not reach the bank");
    }
    let own = if count > 1 { id.with_suffix(&(place + 1).to_string()) } else { id.clone() };
    let role =
        if fell_short { Role::StripeBalance(payout.currency) } else { Role::Bank(payout.currency) };
    let account: InternalId =
        context.account(role, own.as_str()).map_err(|exception| exception.blocking(&own))?;
    let body = Body::Deposit(Deposit {
        header: context.header(
            &own,
            &memo,
            payout.arrival_date.utc_date(),
            payout.currency,
            None,
        )?,
        account,
        payments: lines.payments,
        other: lines.other,
        cashback: lines.cashback,
    });
    let mut sources = vec![ObjectId::new(payout.id.as_str())];
    let carried = case.carried_in(context.policy);
    sources.extend(carried.map(|(payout, _)| ObjectId::new(payout.id.as_str())));
    Ok(Record { body, rule: Rule::PayoutPaid, sources, settles: None })
}

fn does_not_add_up(payout: &Payout, total: Amount) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "payout_does_not_add_up",
        &payout.id,
        format!(
            "What the payout is made of comes to {total}, the payout is {}: a difference of {}.",
            payout.amount(),
            payout.amount() - total
        ),
        "Pull again, so that the list by payout is complete; report it if the difference stays.",
    )
    .of(payout.amount())
}
