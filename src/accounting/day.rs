//! A day of one currency: the journals of what was charged, the sweep of undeposited funds, and
//! top-ups, all against the account that stands for the Stripe balance.
//!
//! Only what the seats say belongs to the day is here; the rest waits for its payout's deposit.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use crate::accounting::balance_transaction::Class;
use crate::accounting::case::{DayCase, PayoutCase};
use crate::accounting::charges::{Order, Part, charges};
use crate::accounting::chart::Role;
use crate::accounting::context::{Context, external_id};
use crate::accounting::deposit::{Lines, record_of};
use crate::accounting::exception::Exception;
use crate::accounting::policy::{Grain, Policy};
use crate::accounting::record::{Derived, Record, Rule};
use crate::accounting::seat::{Charged, Leaves, Sources};
use crate::ids::{AccountId, BalanceTransactionId, ExternalId, ObjectId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::{Body, Deposit, DepositPayment, JournalEntry, JournalLine, Ref};
use crate::stripe::objects::BalanceTransaction;

/// What the records of a day are called: `<word>-<account>-<currency>-<date>`.
pub const FEES: &str = "fees";
pub const SWEEP: &str = "sweep";

/// The external id of the first record of its kind of one day.
pub fn batch_name(
    what: &str,
    account: &AccountId,
    currency: Currency,
    date: NaiveDate,
) -> ExternalId {
    let clean = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let account: String = account.as_str().chars().filter(|c| clean(*c)).collect();
    ExternalId::new(format!("{what}-{account}-{currency}-{date}"))
        .expect("letters, digits, `_` and `-` only, and never empty")
}

/// The records of one day.
pub(super) fn derive(case: &DayCase, policy: &Policy) -> Derived {
    let context = Context { policy };
    let mut derived = Derived::default();
    if policy.is_older(case.date) {
        return derived;
    }
    let holders = Holders::new(&case.taken);
    let batch = |what: &str, movement: &BalanceTransaction| {
        let first = batch_name(what, &policy.account, case.currency, case.date);
        holders.batch_of(movement.id.as_str(), &first)
    };
    let mut movements: Vec<&BalanceTransaction> = case.movements.iter().collect();
    movements.sort_by_key(|movement| (movement.created, movement.id.clone()));
    let mut charged: BTreeMap<ExternalId, Vec<&BalanceTransaction>> = BTreeMap::new();
    let mut swept: BTreeMap<ExternalId, Vec<&BalanceTransaction>> = BTreeMap::new();
    for movement in movements {
        let class = case.sources.class(movement, policy);
        let seat = policy.seat(movement, case.sources.presented(movement), &case.schedule);
        if class == Class::TopUp {
            keep(&mut derived, top_up(movement, context));
        }
        if class.has_record() && seat.leaves == Leaves::BySweep {
            swept.entry(batch(SWEEP, movement)).or_default().push(movement);
        }
        match (seat.charged, policy.fee_grain_at(movement.created)) {
            (Charged::OnDay, Grain::Detail) => {
                if let Ok(id) = external_id(&movement.id) {
                    charged.entry(id).or_default().push(movement);
                }
            }
            (Charged::OnDay, _) => {
                charged.entry(batch(FEES, movement)).or_default().push(movement);
            }
            _ => {}
        }
    }
    for (id, movements) in charged {
        keep(&mut derived, day_charges(&id, &movements, case, context).transpose());
    }
    for (id, movements) in swept {
        keep(&mut derived, Some(sweep(&id, &movements, case, context)));
    }
    derived.records.sort_by(|a, b| (a.kind(), a.external_id()).cmp(&(b.kind(), b.external_id())));
    derived.exceptions.sort();
    derived
}

fn keep(derived: &mut Derived, made: Option<Result<Record, Exception>>) {
    match made {
        Some(Ok(record)) => derived.records.push(record),
        Some(Err(exception)) => derived.exceptions.push(exception),
        None => {}
    }
}

/// What posted records that sum many things hold already.
pub(super) struct Holders<'a> {
    of: HashMap<&'a str, Vec<&'a ExternalId>>,
    posted: BTreeSet<&'a ExternalId>,
}

impl<'a> Holders<'a> {
    /// Of pairs of a member and the record that holds it.
    pub(super) fn new(taken: &'a [(String, ExternalId)]) -> Self {
        let mut of: HashMap<&str, Vec<&ExternalId>> = HashMap::with_capacity(taken.len());
        for (member, holder) in taken {
            of.entry(member).or_default().push(holder);
        }
        Self { of, posted: taken.iter().map(|(_, holder)| holder).collect() }
    }

    /// Which of several records with the name `first`, `first-2`, … a member belongs to: the posted
    /// one that holds it, else the first one that is not posted yet. A posted sum is never edited.
    pub(super) fn batch_of(&self, member: &str, first: &ExternalId) -> ExternalId {
        let is_own = |id: &&&ExternalId| {
            let rest = id.as_str().strip_prefix(first.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        if let Some(holder) = self.of.get(member).and_then(|all| all.iter().find(is_own)) {
            return (*holder).clone();
        }
        match self.posted.iter().filter(is_own).count() {
            0 => first.clone(),
            posted_count => first.with_suffix(&(posted_count + 1).to_string()),
        }
    }
}

/// What one payout's members were charged, as a journal dated by its arrival.
pub(super) fn payout_charges(
    case: &PayoutCase,
    payout: &ExternalId,
    context: Context,
) -> Result<Option<Record>, Exception> {
    let id = payout.with_suffix("fees");
    let mut sums = Sums::default();
    for movement in &case.members {
        let presented = case.sources.presented(movement);
        let seat = context.policy.seat(movement, presented, &case.schedule);
        let is_past = case.sources.is_past(movement, context.policy);
        if seat.charged == Charged::OnPayoutJournal && !is_past {
            sums.add(movement, &case.sources, context, &id)?;
        }
    }
    let text = format!("{}, fees", case.payout.id);
    let date = case.payout.arrival_date.utc_date();
    let what = Journal { id: &id, text: &text, date, currency: case.payout.currency };
    sums.journal(&what, Rule::PayoutCharged, context)
}

fn day_charges(
    id: &ExternalId,
    movements: &[&BalanceTransaction],
    case: &DayCase,
    context: Context,
) -> Result<Option<Record>, Exception> {
    let mut sums = Sums::default();
    for movement in movements {
        sums.add(movement, &case.sources, context, id)?;
    }
    let is_single = movements.iter().any(|movement| movement.id.as_str() == id.as_str());
    let (text, rule) = match (is_single, movements.first()) {
        (true, Some(only)) => {
            (format!("{}, {}", only.id, only.kind.replace('_', " ")), Rule::MovementCharged)
        }
        _ => (format!("fees and adjustments of {}", case.date), Rule::DayCharged),
    };
    let what = Journal { id, text: &text, date: case.date, currency: case.currency };
    sums.journal(&what, rule, context)
}

/// Parts of many movements, summed by account and kind.
#[derive(Default)]
struct Sums {
    parts: BTreeMap<Order, Part>,
    sources: Vec<BalanceTransactionId>,
}

/// What a journal is called and dated.
struct Journal<'a> {
    id: &'a ExternalId,
    text: &'a str,
    date: NaiveDate,
    currency: Currency,
}

impl Sums {
    fn add(
        &mut self,
        movement: &BalanceTransaction,
        sources: &Sources,
        context: Context,
        id: &ExternalId,
    ) -> Result<(), Exception> {
        let parts = charges(movement, sources, context, id.as_str())
            .map_err(|exception| exception.blocking(id))?;
        for part in parts {
            let amount = part.amount;
            let zero = Amount::zero(amount.currency());
            let sum = self.parts.entry(part.order.clone());
            sum.or_insert(Part { amount: zero, ..part }).amount += amount;
            if self.sources.last() != Some(&movement.id) {
                self.sources.push(movement.id.clone());
            }
        }
        Ok(())
    }

    /// Dr what was charged, Cr the Stripe balance account; nothing when nothing was.
    fn journal(
        self,
        what: &Journal,
        rule: Rule,
        context: Context,
    ) -> Result<Option<Record>, Exception> {
        let block = |exception: Exception| exception.blocking(what.id);
        let total: Amount =
            self.parts.values().fold(Amount::zero(what.currency), |sum, part| sum + part.amount);
        let mut lines: Vec<JournalLine> = self
            .parts
            .into_values()
            .filter(|part| !part.amount.is_zero())
            .map(|part| JournalLine {
                account: part.account,
                amount: part.amount,
                memo: part.label,
                entity: None,
            })
            .collect();
        if lines.is_empty() {
            return Ok(None);
        }
        if !total.is_zero() {
            let role = Role::StripeBalance(what.currency);
            let account = context.account(role, what.id.as_str()).map_err(block)?;
            let memo = "Stripe balance".to_owned();
            lines.push(JournalLine { account, amount: -total, memo, entity: None });
        }
        let body = Body::JournalEntry(JournalEntry {
            header: context.header(what.id, what.text, what.date, what.currency, None)?,
            lines,
        });
        let sources = self.sources.iter().map(|id| ObjectId::new(id.as_str())).collect();
        Ok(Some(Record { body, rule, sources, settles: None }))
    }
}

/// The day's payments and refunds, out of undeposited funds. On a day with more refunds than
/// payments a line of the same account makes up the difference, because NetSuite refuses a negative
/// deposit.
fn sweep(
    id: &ExternalId,
    movements: &[&BalanceTransaction],
    case: &DayCase,
    context: Context,
) -> Result<Record, Exception> {
    let block = |exception: Exception| exception.blocking(id);
    let mut payments: BTreeMap<ExternalId, Amount> = BTreeMap::new();
    for movement in movements {
        let record =
            record_of(case.sources.class(movement, context.policy), movement, &case.sources)
                .map_err(block)?;
        let zero = Amount::zero(case.currency);
        *payments.entry(record).or_insert(zero) += movement.amount();
    }
    let account =
        context.account(Role::StripeBalance(case.currency), id.as_str()).map_err(block)?;
    let sum = payments.values().fold(Amount::zero(case.currency), |sum, amount| sum + *amount);
    let mut lines = Lines::default();
    if sum.is_negative() {
        lines.push(account.clone(), -sum, "More refunded than received".into());
    }
    let memo = format!("payments and refunds of {}", case.date);
    let body = Body::Deposit(Deposit {
        header: context.header(id, &memo, case.date, case.currency, None)?,
        account,
        payments: payments
            .into_iter()
            .map(|(id, amount)| DepositPayment { record: Ref::External(id), amount })
            .collect(),
        other: lines.other,
        cashback: lines.cashback,
    });
    let sources = movements.iter().map(|movement| ObjectId::new(movement.id.as_str())).collect();
    Ok(Record { body, rule: Rule::DaySwept, sources, settles: None })
}

/// Dr the Stripe balance account, Cr the bank: the bank's own line has no payout.
fn top_up(movement: &BalanceTransaction, context: Context) -> Option<Result<Record, Exception>> {
    let amount = movement.amount();
    if amount.is_zero() {
        return None;
    }
    let make = || {
        let id = external_id(&movement.id)?.with_suffix("topup");
        let block = |exception: Exception| exception.blocking(&id);
        let line = |role, amount| {
            let account = context.account(role, id.as_str()).map_err(block)?;
            Ok(JournalLine { account, amount, memo: "Top-up".into(), entity: None })
        };
        let source = movement.source.as_ref().map_or(movement.id.as_str(), |id| id.as_str());
        let text = format!("{source}, top-up of the Stripe balance");
        let date = context.date(movement.created);
        let body = Body::JournalEntry(JournalEntry {
            header: context.header(&id, &text, date, movement.currency, None)?,
            lines: vec![
                line(Role::StripeBalance(movement.currency), amount)?,
                line(Role::Bank(movement.currency), -amount)?,
            ],
        });
        let sources = vec![ObjectId::new(movement.id.as_str())];
        Ok(Record { body, rule: Rule::ToppedUp, sources, settles: None })
    };
    Some(make())
}
