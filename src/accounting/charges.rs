//! What a balance transaction charges: the parts of its fee, and its own amount where it has no
//! record. Each part with the account it belongs to.

use crate::accounting::balance_transaction::{Class, classify, fees};
use crate::accounting::chart::Role;
use crate::accounting::context::Context;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::seat::Sources;
use crate::ids::InternalId;
use crate::money::Amount;
use crate::stripe::objects::BalanceTransaction;

/// One part: charged when positive, given back when negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) account: InternalId,
    /// Such as `Payment processing fees`; parts with the same label are one line where sums are
    /// booked.
    pub(super) label: String,
    /// Lines stand in this order.
    pub(super) order: Order,
    pub(super) amount: Amount,
}

/// Known roles first, in their order, then what the configuration named by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Role(Role),
    Named(String),
}

/// The parts of a movement; `subject` is the record that would carry them.
///
/// # Errors
/// When the movement does not add up, has no place in the books, or an account is missing.
pub(super) fn charges(
    movement: &BalanceTransaction,
    sources: &Sources,
    context: Context,
    subject: &str,
) -> Result<Vec<Part>, Exception> {
    let mut parts = Vec::new();
    for (role, amount) in fees(movement)? {
        parts.push(by_role(role, amount, context, subject)?);
    }
    if let Some(words) = sources.straddling.get(&movement.id) {
        parts.push(Part {
            account: context.account(Role::Opening, subject)?,
            label: words.clone(),
            order: Order::Named(movement.id.to_string()),
            amount: -movement.amount(),
        });
        return Ok(parts);
    }
    let class = context.policy.class(movement);
    if class.has_record() || matches!(class, Class::Payout | Class::PayoutReturned | Class::TopUp) {
        return Ok(parts);
    }
    let named = context.policy.chart.movement(&movement.kind, &movement.reporting_category);
    // What policy makes of a dispute goes before an account for its type, `adjustment`.
    let own = named.filter(|_| class == classify(movement));
    match (own, class) {
        (Some(account), _) => parts.push(Part {
            account: account.clone(),
            label: sentence_case(&movement.kind.replace('_', " ")),
            order: Order::Named(movement.kind.clone()),
            amount: -movement.amount(),
        }),
        (None, Class::Line(role)) => {
            parts.push(by_role(role, -movement.amount(), context, subject)?);
        }
        (None, _) => return Err(unknown(movement)),
    }
    Ok(parts)
}

fn by_role(role: Role, amount: Amount, context: Context, subject: &str) -> Result<Part, Exception> {
    Ok(Part {
        account: context.account(role, subject)?,
        label: sentence_case(&role.to_string()),
        order: Order::Role(role),
        amount,
    })
}

fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// A type of tomorrow blocks its payout and nothing else.
fn unknown(movement: &BalanceTransaction) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "unknown_balance_transaction_type",
        &movement.id,
        format!(
            "{} of type `{}` (category `{}`) has no place in the books yet.",
            movement.net(),
            movement.kind,
            movement.reporting_category
        ),
        format!("Name its account: `accounts.movements.{}`, and report the type.", movement.kind),
    )
    .of(movement.net())
}
