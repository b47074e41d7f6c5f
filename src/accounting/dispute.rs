//! Disputes: the withdrawal is a memo and a refund; a dispute that is won bills the lines again and
//! receives the money again, so that revenue, tax and the customer's history are where they were.
//!
//! An inquiry moves no money and makes nothing. Fees are what the balance transactions say; they
//! are booked with the deposit.

use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::invoice::Memo;
use crate::accounting::payment::{PaidBack, Received};
use crate::accounting::record::Rule;
use crate::accounting::reversal::{Return, Returnable};
use crate::ids::{BalanceTransactionId, ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, ItemLine};
use crate::stripe::objects::{BalanceTransaction, Charge, Dispute};

impl<'a> Desk<'a> {
    pub(super) fn post_dispute(
        &mut self,
        dispute: &Dispute,
        returnable: &mut Returnable,
    ) -> Result<(), Exception> {
        let (withdrawn, returned) = movements(dispute);
        if withdrawn.is_empty() {
            return Ok(());
        }
        let id = external_id(&dispute.id)?;
        let charge = self.disputed_charge(dispute, &id)?;
        let mut memo_lines = Vec::new();
        for (place, movement) in withdrawn.iter().enumerate() {
            let id = numbered(&id, place);
            let amount = presented(dispute, movement, withdrawn.len(), &id)?;
            let back = Return {
                id: id.clone(),
                memo_suffix: "memo".into(),
                memo: format!("{}, dispute of {}", dispute.id, charge.id),
                memo_rule: Rule::DisputeReversesInvoice,
                movement,
                sources: sources(dispute, charge, movement),
            };
            let settled = self.settle_return(&back, charge, amount, returnable)?;
            if let Some((_, lines, _)) = settled.memo {
                memo_lines.extend(lines);
            }
            let paid = PaidBack {
                id,
                memo: back.memo.clone(),
                apply: settled.apply,
                rule: Rule::DisputeWithdrawn,
                sources: back.sources.clone(),
            };
            let record = self.refund(paid, movement)?;
            self.add(record);
        }
        for (place, movement) in returned.iter().enumerate() {
            let amount = presented(dispute, movement, returned.len(), &id)?;
            self.win(dispute, charge, movement, (&id, place), amount, &memo_lines)?;
        }
        Ok(())
    }

    /// The money came back: what was reversed is billed again, and paid by it.
    fn win(
        &mut self,
        dispute: &Dispute,
        charge: &Charge,
        movement: &BalanceTransaction,
        (id, place): (&ExternalId, usize),
        amount: Amount,
        reversed: &[ItemLine],
    ) -> Result<(), Exception> {
        let won = numbered(&id.with_suffix("won"), place);
        let received = Received {
            id: won.clone(),
            memo: format!("{}, dispute won", dispute.id),
            amount,
            rule: Rule::DisputeWon,
            sources: sources(dispute, charge, movement),
        };
        let mut payment = self.payment(received, movement).map_err(|e| e.blocking(&won))?;
        let billed =
            reversed.iter().fold(Amount::zero(amount.currency()), |sum, line| sum + line.amount);
        let again = amount.min(billed);
        if again.is_positive() {
            let reinstated = numbered(&id.with_suffix("reinstated"), place);
            let counter = Memo {
                id: reinstated.clone(),
                text: format!("{}, dispute won: billed again", dispute.id),
                date: self.context.date(movement.created),
                lines: prorated(reversed, again),
                rule: Rule::DisputeReinstated,
                sources: sources(dispute, charge, movement),
            };
            let record = self.counter_invoice(counter, again)?;
            self.add(record);
            if let Body::CustomerPayment(body) = &mut payment.body {
                body.apply.push(Apply { doc: reinstated.into(), amount: again });
            }
        }
        self.add(payment);
        Ok(())
    }

    fn disputed_charge(&self, dispute: &Dispute, id: &ExternalId) -> Result<&'a Charge, Exception> {
        let case = self.case;
        let charge = case.charges.iter().find(|c| Some(&c.id) == dispute.charge.as_ref());
        charge.filter(|charge| charge.currency == dispute.currency).ok_or_else(|| {
            Exception::new(
                ExceptionClass::Data,
                "dispute_without_charge",
                &dispute.id,
                format!("The disputed charge of {} is not in the ledger.", dispute.amount()),
                "Pull from an earlier date, so that the charge is known.",
            )
            .of(dispute.amount())
            .blocking(id)
        })
    }
}

/// The record that a movement of a dispute made.
pub(super) fn record_of(dispute: &Dispute, movement: &BalanceTransactionId) -> Option<ExternalId> {
    let id = ExternalId::new(dispute.id.as_str()).ok()?;
    let (withdrawn, returned) = movements(dispute);
    let place = |list: &[&BalanceTransaction]| list.iter().position(|bt| bt.id == *movement);
    let withdrawal = place(&withdrawn).map(|place| numbered(&id, place));
    withdrawal.or_else(|| place(&returned).map(|place| numbered(&id.with_suffix("won"), place)))
}

/// Withdrawals and returns, each oldest first.
fn movements(dispute: &Dispute) -> (Vec<&BalanceTransaction>, Vec<&BalanceTransaction>) {
    let mut all: Vec<&BalanceTransaction> = dispute.balance_transactions.iter().collect();
    all.sort_by_key(|movement| (movement.created, movement.id.clone()));
    all.into_iter()
        .filter(|movement| !movement.amount().is_zero())
        .partition(|movement| movement.amount().is_negative())
}

/// `dp_1` for the first, `dp_1-2` for the second.
fn numbered(id: &ExternalId, place: usize) -> ExternalId {
    if place == 0 { id.clone() } else { id.with_suffix(&(place + 1).to_string()) }
}

/// What a movement is in the currency of the charge: its own amount where that is the settlement
/// currency, else the dispute's amount if this movement is the whole of it.
fn presented(
    dispute: &Dispute,
    movement: &BalanceTransaction,
    movement_count: usize,
    id: &ExternalId,
) -> Result<Amount, Exception> {
    if movement.currency == dispute.currency {
        return Ok(movement.amount().abs());
    }
    if movement_count == 1 {
        return Ok(dispute.amount());
    }
    Err(Exception::new(
        ExceptionClass::Fx,
        "dispute_in_parts_and_currencies",
        &dispute.id,
        "The dispute moved in several parts and in another currency than the charge.",
        "Post this dispute by hand.",
    )
    .of(dispute.amount())
    .blocking(id))
}

fn sources(dispute: &Dispute, charge: &Charge, movement: &BalanceTransaction) -> Vec<ObjectId> {
    [dispute.id.as_str(), charge.id.as_str(), movement.id.as_str()].map(ObjectId::new).to_vec()
}

/// The lines again, or their part of `amount` when less came back.
fn prorated(lines: &[ItemLine], amount: Amount) -> Vec<ItemLine> {
    let weights: Vec<i64> = lines.iter().map(|line| line.amount.minor()).collect();
    lines
        .iter()
        .zip(amount.split(&weights))
        .filter(|(_, part)| !part.is_zero())
        .map(|(line, part)| super::desk::part_of(line, part))
        .collect()
}
