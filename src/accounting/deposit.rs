//! The sheet of a deposit: each balance transaction of a payout entered once, on the lines where the
//! books need it.

use std::collections::BTreeMap;

use crate::accounting::balance_transaction::Class;
use crate::accounting::case::PayoutCase;
use crate::accounting::charges::{Order, Part, charges};
use crate::accounting::chart::Role;
use crate::accounting::context::{Context, external_id};
use crate::accounting::dispute;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::{BeforeStart, Grain};
use crate::accounting::seat::{Charged, Leaves, Sources};
use crate::ids::{BalanceTransactionId, ExternalId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::{DepositLine, DepositPayment, Ref};
use crate::stripe::objects::BalanceTransaction;

/// A deposit's lines on their way.
pub(super) struct Sheet<'a> {
    case: &'a PayoutCase,
    context: Context<'a>,
    /// By record: a charge and the reversal of its uncaptured part are one line.
    payments: BTreeMap<ExternalId, Amount>,
    /// What is charged, summed by account and kind, or by movement where the policy wants detail.
    charged: BTreeMap<(Order, Option<BalanceTransactionId>), Part>,
    /// What the Stripe balance account holds of this payout already.
    from_stripe_balance: Amount,
    inflows: Vec<(Role, Amount, String)>,
}

/// A deposit's lines.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    pub(super) payments: Vec<DepositPayment>,
    pub(super) other: Vec<DepositLine>,
    pub(super) cashback: Vec<DepositLine>,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(case: &'a PayoutCase, context: Context<'a>) -> Self {
        Self {
            case,
            context,
            payments: BTreeMap::new(),
            charged: BTreeMap::new(),
            from_stripe_balance: Amount::zero(case.payout.currency),
            inflows: Vec::new(),
        }
    }

    /// Enters one balance transaction: all of it, or nothing when it cannot be placed.
    pub(super) fn enter(&mut self, movement: &BalanceTransaction) -> Result<(), Exception> {
        if movement.currency != self.case.payout.currency {
            return Err(self.misplaced(movement));
        }
        if self.case.sources.is_past(movement, self.context.policy) {
            return self.enter_past(movement);
        }
        let class = self.case.sources.class(movement, self.context.policy);
        let presented = self.case.sources.presented(movement);
        let seat = self.context.policy.seat(movement, presented, &self.case.schedule);
        let parts =
            charges(movement, &self.case.sources, self.context, self.case.payout.id.as_str())?;
        let record = match (class.has_record(), seat.leaves) {
            (true, Leaves::ByPayout) => Some(record_of(class, movement, &self.case.sources)?),
            _ => None,
        };
        match (record, class.has_record()) {
            (Some(record), _) => {
                let zero = Amount::zero(movement.currency);
                *self.payments.entry(record).or_insert(zero) += movement.amount();
            }
            (None, true) => self.from_stripe_balance += movement.amount(),
            (None, false) => self.pass_on(class, movement),
        }
        for part in parts {
            match seat.charged {
                Charged::OnDeposit => self.charge(movement, part),
                Charged::OnDay | Charged::OnPayoutJournal => {
                    self.from_stripe_balance -= part.amount;
                }
            }
        }
        Ok(())
    }

    /// Money that went through the Stripe balance account: a payout that came back, one that was
    /// made in between and is itemised here, a top-up.
    fn pass_on(&mut self, class: Class, movement: &BalanceTransaction) {
        let source = movement.source.as_ref().map_or("a payout", |id| id.as_str());
        let memo = match class {
            Class::PayoutReturned => format!("{source}, which came back"),
            Class::Payout => format!("{source}, paid out before"),
            Class::TopUp => format!("{source}, topped up"),
            _ => return,
        };
        self.inflow(Role::StripeBalance(movement.currency), movement.amount(), memo);
    }

    /// Money that was in the Stripe balance when the books began.
    fn enter_past(&mut self, movement: &BalanceTransaction) -> Result<(), Exception> {
        match self.context.policy.options.before_start {
            BeforeStart::Account => {
                let source =
                    movement.source.as_ref().map_or(movement.id.as_str(), |id| id.as_str());
                let memo = format!("{source}, from before the start");
                self.inflow(Role::Opening, movement.net(), memo);
            }
            BeforeStart::OpeningBalance => self.from_stripe_balance += movement.net(),
            BeforeStart::Exception => return Err(past(movement)),
        }
        Ok(())
    }

    fn charge(&mut self, movement: &BalanceTransaction, part: Part) {
        let by_movement = self.context.policy.fee_grain_at(movement.created) == Grain::Detail;
        let key = (part.order.clone(), by_movement.then(|| movement.id.clone()));
        let zero = Amount::zero(part.amount.currency());
        let amount = part.amount;
        self.charged.entry(key).or_insert(Part { amount: zero, ..part }).amount += amount;
    }

    /// Enters money that comes from an account (or, when negative, goes to it).
    pub(super) fn inflow(&mut self, role: Role, amount: Amount, memo: String) {
        self.inflows.push((role, amount, memo));
    }

    /// Whether this is nothing but what the Stripe balance account holds.
    pub(super) fn is_in_stripe_balance(&self) -> bool {
        let is_of_balance = |role: Role| matches!(role, Role::StripeBalance(_));
        self.payments.is_empty()
            && self.charged.is_empty()
            && self.inflows.iter().all(|(role, ..)| is_of_balance(*role))
    }

    fn misplaced(&self, movement: &BalanceTransaction) -> Exception {
        Exception::new(
            ExceptionClass::Fx,
            "movement_in_another_currency",
            &self.case.payout.id,
            format!(
                "{} is {} in a payout of {}.",
                movement.id,
                movement.net(),
                self.case.payout.currency
            ),
            "Post this payout by hand.",
        )
        .of(movement.net())
    }

    /// The lines, in a stable order.
    pub(super) fn finish(mut self) -> Result<Lines, Exception> {
        let payout = self.case.payout.id.clone();
        let currency: Currency = self.case.payout.currency;
        if !self.from_stripe_balance.is_zero() {
            let memo = "Booked in the Stripe balance account before".to_owned();
            let amount = self.from_stripe_balance;
            self.inflows.insert(0, (Role::StripeBalance(currency), amount, memo));
        }
        let payments = self
            .payments
            .into_iter()
            .map(|(id, amount)| DepositPayment { record: Ref::External(id), amount });
        let mut lines = Lines { payments: payments.collect(), ..Lines::default() };
        for ((_, movement), part) in self.charged {
            let of = movement.map_or_else(|| payout.to_string(), |id| id.to_string());
            lines.push(part.account, -part.amount, format!("{}, {of}", part.label));
        }
        for (role, amount, memo) in self.inflows {
            lines.push(self.context.account(role, payout.as_str())?, amount, memo);
        }
        Ok(lines)
    }
}

impl Lines {
    /// Adds a line for money that comes from an account, or goes to it when negative.
    pub(super) fn push(&mut self, account: crate::ids::InternalId, amount: Amount, memo: String) {
        if amount.is_zero() {
            return;
        }
        let line = DepositLine { account, amount: amount.abs(), memo };
        if amount.is_positive() { self.other.push(line) } else { self.cashback.push(line) }
    }

    pub(super) fn count(&self) -> usize {
        self.payments.len() + self.other.len() + self.cashback.len()
    }
}

/// The record of ours that a movement belongs to.
///
/// # Errors
/// When the object that would name it is not known.
pub fn record_of(
    class: Class,
    movement: &BalanceTransaction,
    sources: &Sources,
) -> Result<ExternalId, Exception> {
    let source = || movement.source.as_ref().map(|id| id.as_str().to_owned());
    let own = Some(&movement.id);
    let name = match class {
        Class::Charge | Class::Refund => source(),
        // The movement's source is the refund object of the part that was not captured.
        Class::CaptureReversal => sources
            .refund(movement)
            .filter(|refund| refund.balance_transaction.as_ref() == own)
            .and_then(|refund| refund.charge.as_ref())
            .map(ToString::to_string)
            .or_else(source),
        Class::ChargeFailure => sources
            .charge(movement)
            .filter(|charge| charge.failure_balance_transaction.as_ref() == own)
            .map(|charge| format!("{}-failed", charge.id)),
        Class::RefundFailure => sources
            .refund(movement)
            .filter(|refund| refund.failure_balance_transaction.as_ref() == own)
            .map(|refund| refund.id.to_string())
            .or_else(source)
            .map(|id| format!("{id}-failed")),
        Class::DisputeWithdrawal | Class::DisputeReturn => sources
            .dispute(movement)
            .and_then(|dispute| dispute::record_of(dispute, &movement.id))
            .map(String::from),
        _ => None,
    };
    name.map_or_else(|| Err(unplaced(movement)), external_id)
}

/// The company wants to place older money itself.
fn past(movement: &BalanceTransaction) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "older_than_the_books",
        &movement.id,
        format!("{} moved before the books began.", movement.net()),
        "Book its payout by hand, or set `policy.before_start`.",
    )
    .of(movement.net())
}

/// The object behind the movement is not in the ledger.
fn unplaced(movement: &BalanceTransaction) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "unplaced_balance_transaction",
        &movement.id,
        format!(
            "What {} of type `{}` (category `{}`) belongs to is not in the ledger.",
            movement.net(),
            movement.kind,
            movement.reporting_category
        ),
        "Pull again from an earlier date, so that the object behind it is known.",
    )
    .of(movement.net())
}
