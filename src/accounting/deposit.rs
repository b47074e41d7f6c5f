//! The sheet of a deposit: each balance transaction of a payout entered once, on the line where the
//! books need it.

use std::collections::BTreeMap;

use crate::accounting::balance_transaction::{Class, classify, fees};
use crate::accounting::case::PayoutCase;
use crate::accounting::chart::Role;
use crate::accounting::context::{Context, external_id};
use crate::accounting::dispute;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::ids::{ExternalId, InternalId};
use crate::money::Amount;
use crate::netsuite::record::{DepositLine, DepositPayment, Ref};
use crate::stripe::objects::BalanceTransaction;

/// A deposit's lines on their way.
pub(super) struct Sheet<'a> {
    case: &'a PayoutCase,
    context: Context<'a>,
    /// By record: a charge and the reversal of its uncaptured part are one line.
    payments: BTreeMap<ExternalId, Amount>,
    /// Charged (positive) or given back (negative), by role.
    charged: BTreeMap<Role, Amount>,
    inflows: Vec<(Role, Amount, String)>,
}

/// A deposit's lines.
#[derive(Debug)]
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
            inflows: Vec::new(),
        }
    }

    /// Enters one balance transaction.
    pub(super) fn enter(&mut self, movement: &BalanceTransaction) -> Result<(), Exception> {
        if movement.currency != self.case.payout.currency {
            return Err(self.misplaced(movement));
        }
        for (role, amount) in fees(movement)? {
            self.charge(role, amount);
        }
        match classify(movement) {
            Class::Payout => {}
            Class::Line(role) => self.charge(role, -movement.amount()),
            Class::PayoutReturned => {
                let source = movement.source.as_ref().map_or("a payout", |id| id.as_str());
                let memo = format!("{source}, which came back");
                let role = Role::StripeBalance(movement.currency);
                self.inflow(role, movement.amount(), memo);
            }
            Class::NeedsPolicy | Class::Unknown => return Err(unplaced(movement)),
            class => {
                let record = record_of(class, movement, self.case)?;
                let zero = Amount::zero(movement.currency);
                *self.payments.entry(record).or_insert(zero) += movement.amount();
            }
        }
        Ok(())
    }

    fn charge(&mut self, role: Role, amount: Amount) {
        *self.charged.entry(role).or_insert(Amount::zero(amount.currency())) += amount;
    }

    /// Enters money that comes from an account (or, when negative, goes to it).
    pub(super) fn inflow(&mut self, role: Role, amount: Amount, memo: String) {
        self.inflows.push((role, amount, memo));
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
    pub(super) fn finish(self) -> Result<Lines, Exception> {
        let payout = self.case.payout.id.clone();
        let mut lines = Lines { payments: Vec::new(), other: Vec::new(), cashback: Vec::new() };
        lines.payments = self
            .payments
            .into_iter()
            .map(|(id, amount)| DepositPayment { record: Ref::External(id), amount })
            .collect();
        let fees = self.charged.into_iter().map(|(role, amount)| {
            let name = role.to_string();
            let (first, rest) = name.split_at(1);
            (role, -amount, format!("{}{rest}, {payout}", first.to_ascii_uppercase()))
        });
        for (role, amount, memo) in fees.chain(self.inflows) {
            if amount.is_zero() {
                continue;
            }
            let account: InternalId = self.context.account(role, payout.as_str())?;
            let line = DepositLine { account, amount: amount.abs(), memo };
            if amount.is_positive() { lines.other.push(line) } else { lines.cashback.push(line) }
        }
        Ok(lines)
    }
}

/// The record of ours that a movement belongs to.
///
/// # Errors
/// When the object that would name it is not known.
pub fn record_of(
    class: Class,
    movement: &BalanceTransaction,
    case: &PayoutCase,
) -> Result<ExternalId, Exception> {
    let source = || movement.source.as_ref().map(|id| id.as_str().to_owned());
    let own = Some(&movement.id);
    let name = match class {
        Class::Charge | Class::Refund => source(),
        // The movement's source is the refund object of the part that was not captured.
        Class::CaptureReversal => case
            .refunds
            .iter()
            .find(|refund| refund.balance_transaction.as_ref() == own)
            .and_then(|refund| refund.charge.as_ref())
            .map(ToString::to_string)
            .or_else(source),
        Class::ChargeFailure => case
            .charges
            .iter()
            .find(|charge| charge.failure_balance_transaction.as_ref() == own)
            .map(|charge| format!("{}-failed", charge.id)),
        Class::RefundFailure => case
            .refunds
            .iter()
            .find(|refund| refund.failure_balance_transaction.as_ref() == own)
            .map(|refund| refund.id.to_string())
            .or_else(source)
            .map(|id| format!("{id}-failed")),
        Class::DisputeWithdrawal | Class::DisputeReturn => case
            .disputes
            .iter()
            .find_map(|dispute| dispute::record_of(dispute, &movement.id))
            .map(String::from),
        _ => None,
    };
    name.map_or_else(|| Err(unplaced(movement)), external_id)
}

/// A movement without a place blocks its payout and nothing else.
fn unplaced(movement: &BalanceTransaction) -> Exception {
    let known = classify(movement) != Class::Unknown;
    let (class, code, fix) = if known {
        (
            ExceptionClass::Policy,
            "unplaced_balance_transaction",
            "Post this payout by hand until this kind of movement is covered.",
        )
    } else {
        (
            ExceptionClass::Data,
            "unknown_balance_transaction_type",
            "Post this payout by hand, and report the type.",
        )
    };
    Exception::new(
        class,
        code,
        &movement.id,
        format!(
            "{} of type `{}` (category `{}`) has no place in the books yet.",
            movement.net(),
            movement.kind,
            movement.reporting_category
        ),
        fix,
    )
    .of(movement.net())
}
