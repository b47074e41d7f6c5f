//! Payouts: one deposit per payout that reached the bank, equal to the bank line to the cent.
//!
//! A negative payout is a journal, because NetSuite refuses a negative deposit; what it was made of
//! joins the next deposit. A payout that came back goes through the Stripe balance account.

use crate::accounting::case::PayoutCase;
use crate::accounting::chart::Role;
use crate::accounting::context::{Context, external_id};
use crate::accounting::deposit::Sheet;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::Policy;
use crate::accounting::record::{Derived, Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Body, Deposit, JournalEntry, JournalLine};
use crate::stripe::objects::Payout;

/// NetSuite's ceiling for one deposit, by Stripe's own connector documentation.
const DEPOSIT_LINES_MAX: usize = 10_000;

/// The records of one payout.
pub(super) fn derive(case: &PayoutCase, policy: &Policy) -> Derived {
    let context = Context { policy };
    let mut derived = Derived::default();
    let came_back = matches!(case.payout.status.as_str(), "failed" | "canceled");
    if !came_back && case.payout.status != "paid" {
        return derived;
    }
    let result = if case.payout.amount().is_negative() {
        negative(case, context).map(|record| vec![record])
    } else {
        positive(case, context, came_back)
    };
    match result {
        Ok(records) => derived.records = records,
        Err(exception) => derived.exceptions.push(exception),
    }
    derived.records.sort_by(|a, b| (a.kind(), a.external_id()).cmp(&(b.kind(), b.external_id())));
    derived
}

/// The deposit, and the journal that takes it back when it failed after it had been deposited.
fn positive(
    case: &PayoutCase,
    context: Context,
    came_back: bool,
) -> Result<Vec<Record>, Exception> {
    let payout = &case.payout;
    let id = external_id(&payout.id)?;
    let block = |exception: Exception| exception.blocking(&id);
    itemisable(case).map_err(block)?;
    let into_bank = !came_back || case.deposited;
    let account =
        if into_bank { Role::Bank(payout.currency) } else { Role::StripeBalance(payout.currency) };
    let mut sheet = Sheet::new(case, context);
    for movement in &case.members {
        sheet.enter(movement).map_err(block)?;
    }
    for (negative, members) in &case.carried {
        for movement in members {
            sheet.enter(movement).map_err(block)?;
        }
        // Its bank line is a journal against the Stripe balance account; here it is taken out.
        sheet.inflow(
            Role::StripeBalance(payout.currency),
            -negative.amount(),
            format!("Payout {}, which debited the bank", negative.id),
        );
    }
    let lines = sheet.finish().map_err(block)?;
    let line_count = lines.payments.len() + lines.other.len() + lines.cashback.len();
    if line_count > DEPOSIT_LINES_MAX {
        return Err(too_long(payout, line_count).blocking(&id));
    }
    let memo = if came_back && !case.deposited {
        format!("{}, which did not reach the bank", payout.id)
    } else {
        payout.id.to_string()
    };
    let date = payout.arrival_date.utc_date();
    let deposit = Deposit {
        header: context.header(&id, &memo, date, payout.currency, None)?,
        account: context.account(account, id.as_str()).map_err(block)?,
        payments: lines.payments,
        other: lines.other,
        cashback: lines.cashback,
    };
    let body = Body::Deposit(deposit);
    let total = body.total().unwrap_or(Amount::zero(payout.currency));
    if total != payout.amount() {
        return Err(does_not_add_up(payout, total).blocking(&id));
    }
    let mut sources = vec![ObjectId::new(payout.id.as_str())];
    sources.extend(case.carried.iter().map(|(payout, _)| ObjectId::new(payout.id.as_str())));
    let rule = Rule::PayoutPaid;
    let mut records = vec![Record { body, rule, sources, settles: None }];
    if came_back && case.deposited {
        records.push(failed_journal(payout, &id, context)?);
    }
    Ok(records)
}

/// Stripe can only say what an automatic payout is made of, and only once it has worked it out.
fn itemisable(case: &PayoutCase) -> Result<(), Exception> {
    let payout = &case.payout;
    let (class, code, message, fix) = if !payout.automatic {
        (
            ExceptionClass::Policy,
            "manual_payout",
            format!("{} was paid out by hand: Stripe cannot say what is in it.", payout.amount()),
            "Use automatic payouts, or book this payout by hand.",
        )
    } else if !payout.can_be_itemised() {
        (
            ExceptionClass::Timing,
            "payout_not_reconciled_yet",
            format!("Stripe has not worked out yet what {} is made of.", payout.amount()),
            "Nothing to do: a later pull will have it.",
        )
    } else if case.members.is_empty() && !payout.amount().is_zero() {
        (
            ExceptionClass::Data,
            "payout_members_not_pulled",
            format!("It is not in the ledger what {} is made of.", payout.amount()),
            "Pull again; an export needs the list of balance transactions by payout.",
        )
    } else {
        return Ok(());
    };
    Err(Exception::new(class, code, &payout.id, message, fix).of(payout.amount()))
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

fn too_long(payout: &Payout, line_count: usize) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "deposit_too_long",
        &payout.id,
        format!("The deposit would have {line_count} lines; NetSuite takes {DEPOSIT_LINES_MAX}."),
        "Switch to payouts that are smaller, such as daily ones.",
    )
    .of(payout.amount())
}

/// The bank was debited: Dr Stripe balance, Cr bank.
fn negative(case: &PayoutCase, context: Context) -> Result<Record, Exception> {
    let payout = &case.payout;
    let id = external_id(&payout.id)?;
    let text = format!("{}, which debited the bank", payout.id);
    journal(payout, &id, &text, -payout.amount(), Rule::PayoutNegative, context)
}

fn failed_journal(
    payout: &Payout,
    deposit: &ExternalId,
    context: Context,
) -> Result<Record, Exception> {
    let why = payout.failure_message.as_deref().unwrap_or("the payout came back");
    let text = format!("{}, {why}", payout.id);
    let id = deposit.with_suffix("failed");
    journal(payout, &id, &text, payout.amount(), Rule::PayoutFailed, context)
}

/// Moves `amount` from the bank to the Stripe balance account.
fn journal(
    payout: &Payout,
    id: &ExternalId,
    memo: &str,
    amount: Amount,
    rule: Rule,
    context: Context,
) -> Result<Record, Exception> {
    let currency = payout.currency;
    let block = |exception: Exception| exception.blocking(id);
    let line = |role, amount| {
        let account = context.account(role, id.as_str()).map_err(block)?;
        Ok(JournalLine { account, amount, memo: memo.to_owned(), entity: None })
    };
    let date = payout.arrival_date.utc_date();
    let body = Body::JournalEntry(JournalEntry {
        header: context.header(id, memo, date, currency, None)?,
        lines: vec![
            line(Role::StripeBalance(currency), amount)?,
            line(Role::Bank(currency), -amount)?,
        ],
    });
    Ok(Record { body, rule, sources: vec![ObjectId::new(payout.id.as_str())], settles: None })
}
