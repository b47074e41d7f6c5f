//! Payouts: money on its way from the Stripe balance to the bank.
//!
//! A payout that Stripe itemises is a deposit, equal to the bank line to the cent. One that it
//! cannot itemise (manual, instant), and any payout where the Stripe balance account already holds
//! what it is made of, is a journal from that account to the bank. A negative payout is such a
//! journal too, because NetSuite refuses a negative deposit; what it was made of joins the next
//! deposit. A payout that came back goes through the Stripe balance account.

use chrono::NaiveDate;

use crate::accounting::case::PayoutCase;
use crate::accounting::chart::Role;
use crate::accounting::context::{Context, external_id};
use crate::accounting::cutover::{Booked, Crossing, Straddler};
use crate::accounting::deposit::Sheet;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::{BeforeStart, Grain, ManualPayouts, Policy, Settlement};
use crate::accounting::record::{Derived, Record, Rule};
use crate::accounting::{day, payout_deposit};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Body, JournalEntry, JournalLine};
use crate::stripe::objects::{BalanceTransaction, Payout};

/// The records of one payout.
pub(super) fn derive(case: &PayoutCase, policy: &Policy) -> Derived {
    let context = Context { policy };
    let mut derived = Derived::default();
    if !came_back(&case.payout) && case.payout.status != "paid" {
        return derived;
    }
    if let Err(exception) = book(case, context, &mut derived) {
        derived.exceptions.push(exception);
    }
    derived.straddlers = older_members(case, policy);
    derived.records.sort_by(|a, b| (a.kind(), a.external_id()).cmp(&(b.kind(), b.external_id())));
    derived.exceptions.sort();
    derived
}

/// What the payout holds that moved before the books began.
fn older_members(case: &PayoutCase, policy: &Policy) -> Vec<Straddler> {
    let arrival = case.payout.arrival_date.utc_date();
    if policy.is_older(arrival) {
        return Vec::new();
    }
    let booked = match policy.options.before_start {
        BeforeStart::Account => Booked::OpeningAccount,
        BeforeStart::OpeningBalance => Booked::OpeningBalance,
        BeforeStart::Exception => Booked::Exception,
    };
    let older = case.members.iter().filter(|movement| case.sources.is_past(movement, policy));
    let of = |movement: &BalanceTransaction| Straddler {
        date: arrival,
        subject: movement
            .source
            .as_ref()
            .map_or_else(|| movement.id.to_string(), ToString::to_string),
        crossing: Crossing::PaidOut,
        original: case.payout.id.to_string(),
        amount: movement.net(),
        booked: booked.clone(),
        movement: Some(movement.id.clone()),
    };
    older.map(of).collect()
}

/// The money is in the Stripe balance again.
pub(super) fn came_back(payout: &Payout) -> bool {
    matches!(payout.status.as_str(), "failed" | "canceled")
}

fn book(case: &PayoutCase, context: Context, derived: &mut Derived) -> Result<(), Exception> {
    let payout = &case.payout;
    let id = external_id(&payout.id)?;
    let block = |exception: Exception| exception.blocking(&id);
    if context.policy.is_older(payout.arrival_date.utc_date()) {
        derived.records.extend(returned_since(case, &id, context)?);
        return Ok(());
    }
    match form(case, context)? {
        Form::Journal => derived.records.extend(transfer(case, &id, context)?),
        Form::Deposit => {
            let (records, suspended) = payout_deposit::deposits(case, &id, context)?;
            derived.records.extend(records);
            derived.exceptions.extend(suspended);
            if came_back(payout) && case.deposited {
                derived.records.push(failed_journal(payout, &id, context)?);
            }
        }
    }
    let per_payout = context.policy.settlement_at(payout.created) == Settlement::Clearing
        && context.policy.fee_grain_at(payout.created) == Grain::Payout;
    if per_payout && payout.automatic {
        itemisable(case).map_err(block)?;
        derived.records.extend(day::payout_charges(case, &id, context)?);
    }
    Ok(())
}

enum Form {
    Deposit,
    Journal,
}

/// A deposit, unless there is nothing to deposit or Stripe cannot say what.
fn form(case: &PayoutCase, context: Context) -> Result<Form, Exception> {
    let payout = &case.payout;
    let options = &context.policy.options;
    let block = |exception: Exception| match external_id(&payout.id) {
        Ok(id) => exception.blocking(&id),
        Err(other) => other,
    };
    if !payout.automatic {
        return match options.manual_payouts {
            ManualPayouts::Sweep => Ok(Form::Journal),
            ManualPayouts::Block => Err(block(by_hand(payout))),
        };
    }
    if payout.amount().is_negative() {
        return Ok(Form::Journal);
    }
    let clears = context.policy.settlement_at(payout.created) == Settlement::Clearing;
    let has_a_past = context.policy.start.is_some() || options.settlement_since.is_some();
    if clears && !has_a_past {
        return Ok(Form::Journal);
    }
    // Near a change of settlement, and near the start of the books, only its members say what a
    // payout carries.
    itemisable(case).map_err(block)?;
    let in_stripe_balance = || {
        let mut sheet = Sheet::new(case, context);
        let entered = case.members.iter().try_for_each(|movement| sheet.enter(movement));
        entered.is_ok() && sheet.is_in_stripe_balance()
    };
    if clears && in_stripe_balance() { Ok(Form::Journal) } else { Ok(Form::Deposit) }
}

/// Stripe can only say what an automatic payout is made of, and only once it has worked it out.
fn itemisable(case: &PayoutCase) -> Result<(), Exception> {
    let payout = &case.payout;
    let (class, code, message, fix) = if !payout.can_be_itemised() {
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

fn by_hand(payout: &Payout) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "manual_payout",
        &payout.id,
        format!("{} was paid out by hand: Stripe cannot say what is in it.", payout.amount()),
        "Set `policy.manual_payouts = \"sweep\"`, or book this payout by hand.",
    )
    .of(payout.amount())
}

/// The journal from the Stripe balance account to the bank, and the one that takes it back. A payout
/// that came back before it was booked needs neither.
fn transfer(
    case: &PayoutCase,
    id: &ExternalId,
    context: Context,
) -> Result<Vec<Record>, Exception> {
    let payout = &case.payout;
    if came_back(payout) && !case.deposited {
        return Ok(Vec::new());
    }
    let (text, rule) = if payout.amount().is_negative() {
        (format!("{}, which debited the bank", payout.id), Rule::PayoutNegative)
    } else {
        (format!("{}, to the bank", payout.id), Rule::PayoutTransferred)
    };
    let date = payout.arrival_date.utc_date();
    let from = left_from(payout, context.policy);
    let amount = -payout.amount();
    let mut records = vec![dated_journal(payout, (from, date), id, &text, amount, rule, context)?];
    if came_back(payout) {
        records.push(failed_journal(payout, id, context)?);
    }
    Ok(records)
}

fn failed_journal(
    payout: &Payout,
    booked: &ExternalId,
    context: Context,
) -> Result<Record, Exception> {
    let (id, text) = failure(payout, booked);
    let date = payout.arrival_date.utc_date();
    let balance = Role::StripeBalance(payout.currency);
    let amount = payout.amount();
    dated_journal(payout, (balance, date), &id, &text, amount, Rule::PayoutFailed, context)
}

/// The account that a payout's money left: the Stripe balance of other books, when these begin later
/// and meet the others on the opening account.
pub(super) fn left_from(payout: &Payout, policy: &Policy) -> Role {
    let is_others =
        policy.is_past(payout.created) && policy.options.before_start == BeforeStart::Account;
    if is_others { Role::Opening } else { Role::StripeBalance(payout.currency) }
}

fn failure(payout: &Payout, booked: &ExternalId) -> (ExternalId, String) {
    let why = payout.failure_message.as_deref().unwrap_or("the payout came back");
    (booked.with_suffix("failed"), format!("{}, {why}", payout.id))
}

/// A payout older than the books that came back in them: the bank's line is of these books.
fn returned_since(
    case: &PayoutCase,
    booked: &ExternalId,
    context: Context,
) -> Result<Option<Record>, Exception> {
    let date = case.returned.map(|instant| context.date(instant));
    let Some(date) = date.filter(|date| !context.policy.is_older(*date)) else { return Ok(None) };
    let (id, text) = failure(&case.payout, booked);
    let amount = case.payout.amount();
    let balance = Role::StripeBalance(case.payout.currency);
    dated_journal(&case.payout, (balance, date), &id, &text, amount, Rule::PayoutFailed, context)
        .map(Some)
}

/// Moves `amount` from the bank to another account.
fn dated_journal(
    payout: &Payout,
    (other, date): (Role, NaiveDate),
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
    let body = Body::JournalEntry(JournalEntry {
        header: context.header(id, memo, date, currency, None)?,
        lines: vec![line(other, amount)?, line(Role::Bank(currency), -amount)?],
    });
    Ok(Record { body, rule, sources: vec![ObjectId::new(payout.id.as_str())], settles: None })
}
