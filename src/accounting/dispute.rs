//! Disputes: the withdrawal is a memo and a refund; a dispute that is won bills the lines again and
//! receives the money again, so that revenue, tax and the customer's history are where they were.
//!
//! Policy may hold the money instead until the outcome is known: that is in [`super::held_dispute`].
//! An inquiry moves no money and makes nothing. Fees are what the balance transactions say; they
//! are booked with the deposit.

use std::collections::BTreeMap;

use crate::accounting::balance_transaction::{Class, classify};
use crate::accounting::chart::Role;
use crate::accounting::context::external_id;
use crate::accounting::desk::{Desk, OpenInvoice};
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::invoice::Memo;
use crate::accounting::payment::{PaidBack, Received};
use crate::accounting::policy::{DisputesOpened, DisputesWon, Policy};
use crate::accounting::record::Rule;
use crate::accounting::reversal::{Return, Returnable};
use crate::ids::{BalanceTransactionId, ExternalId, InvoiceId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, ItemLine};
use crate::stripe::objects::{BalanceTransaction, Charge, Dispute};

impl<'a> Desk<'a> {
    pub(super) fn post_dispute(
        &mut self,
        dispute: &'a Dispute,
        returnable: &mut Returnable,
    ) -> Result<(), Exception> {
        let options = self.context.policy.options;
        if options.disputes_opened == DisputesOpened::Hold {
            return self.post_held_dispute(dispute);
        }
        let (withdrawn, returned) = movements(dispute);
        if withdrawn.is_empty() {
            return Ok(());
        }
        let id = external_id(&dispute.id)?;
        let presented = presented(dispute, &id)?;
        let charge = self.disputed_charge(dispute, &id)?;
        let named = |movements: Vec<&'a BalanceTransaction>, id: ExternalId| {
            let places = movements.into_iter().enumerate();
            places.map(move |(place, movement)| (movement, numbered(&id, place), place))
        };
        let mut all: Vec<_> = named(withdrawn, id.clone()).collect();
        if options.disputes_won == DisputesWon::Reinstate {
            all.extend(named(returned, id.with_suffix("won")));
        }
        all.sort_by_key(|(movement, ..)| (movement.created, movement.id.clone()));
        // What was reversed and not billed again.
        let mut reversed = OpenInvoice::new(id.clone(), Vec::new(), Amount::zero(charge.currency));
        for (movement, record, place) in all {
            let told = Told { dispute, charge, movement, amount: presented[&movement.id] };
            if movement.amount().is_negative() {
                let lines = self.withdraw(&told, record, returnable)?;
                reversed.extend(lines);
            } else {
                let again = numbered(&id.with_suffix("reinstated"), place);
                self.win(&told, (record, again), &mut reversed, returnable)?;
            }
        }
        Ok(())
    }

    /// The money was taken: a refund, and a memo of what it had paid; gives the memo's lines.
    fn withdraw(
        &mut self,
        told: &Told,
        id: ExternalId,
        returnable: &mut Returnable,
    ) -> Result<Vec<ItemLine>, Exception> {
        let back = Return {
            id: id.clone(),
            memo_suffix: "memo".into(),
            memo: format!("{}, dispute of {}", told.dispute.id, told.charge.id),
            memo_rule: Rule::DisputeReversesInvoice,
            movement: told.movement,
            sources: told.sources(),
        };
        let settled = self.settle_return(&back, told.charge, told.amount, returnable)?;
        let paid = PaidBack {
            id,
            memo: back.memo.clone(),
            apply: settled.apply,
            rule: Rule::DisputeWithdrawn,
            sources: back.sources,
        };
        let record = self.refund(paid, told.movement)?;
        self.add(record);
        Ok(settled.memo.map(|(_, lines, _)| lines).unwrap_or_default())
    }

    /// The money came back: what was reversed is billed again, and paid by it. From then on it may be
    /// refunded or taken again like any payment.
    fn win(
        &mut self,
        told: &Told,
        (won, again): (ExternalId, ExternalId),
        reversed: &mut OpenInvoice,
        returnable: &mut Returnable,
    ) -> Result<(), Exception> {
        let received = Received {
            id: won.clone(),
            memo: format!("{}, dispute won", told.dispute.id),
            amount: told.amount,
            settles: told.movement.amount(),
            rule: Rule::DisputeWon,
            sources: told.sources(),
        };
        let mut payment = self.payment(received, told.movement).map_err(|e| e.blocking(&won))?;
        let billed = told.amount.min(reversed.reversible());
        if billed.is_positive() {
            let lines = reversed.take(billed).map_err(|e| e.blocking(&again))?;
            let counter = Memo {
                id: again.clone(),
                text: format!("{}, dispute won: billed again", told.dispute.id),
                date: self.context.date(told.movement.created),
                lines: lines.clone(),
                rule: Rule::DisputeReinstated,
                sources: told.sources(),
            };
            let record = self.counter_invoice(counter, billed)?;
            self.add(record);
            let key = InvoiceId::new(again.as_str());
            let paid = OpenInvoice::new(again.clone(), lines, Amount::zero(billed.currency()));
            self.invoices.insert(key.clone(), paid);
            returnable.reinstate(told.charge, key, billed);
            if let Body::CustomerPayment(body) = &mut payment.body {
                body.apply.push(Apply { doc: again.into(), amount: billed });
            }
        }
        if billed.minor() < told.amount.minor() {
            returnable.owe(told.charge, won, told.amount - billed);
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

impl Policy {
    /// What a movement is to these books: money that a dispute holds, or brings back as income of its
    /// own, has no record but is a line against an account.
    pub fn class(&self, movement: &BalanceTransaction) -> Class {
        match classify(movement) {
            Class::DisputeWithdrawal | Class::DisputeReturn
                if self.options.disputes_opened == DisputesOpened::Hold =>
            {
                Class::Line(Role::DisputedFunds)
            }
            Class::DisputeReturn if self.options.disputes_won == DisputesWon::ReversalLine => {
                Class::Line(Role::DisputeReversals)
            }
            class => class,
        }
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
pub(super) fn movements(dispute: &Dispute) -> (Vec<&BalanceTransaction>, Vec<&BalanceTransaction>) {
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

/// What each movement is in the currency of the charge: its own amount where that is the settlement
/// currency. Where it is not, withdrawals in a row are the disputed amount, and so are returns in
/// a row, whatever the rate of the day made of it.
fn presented(
    dispute: &Dispute,
    id: &ExternalId,
) -> Result<BTreeMap<BalanceTransactionId, Amount>, Exception> {
    let (withdrawn, returned) = movements(dispute);
    let mut all: Vec<&BalanceTransaction> = withdrawn.into_iter().chain(returned).collect();
    all.sort_by_key(|movement| (movement.created, movement.id.clone()));
    let mut presented = BTreeMap::new();
    let mut before: Option<i64> = None;
    for row in all.chunk_by(|a, b| a.amount().is_negative() == b.amount().is_negative()) {
        let is_foreign = row.iter().any(|movement| movement.currency != dispute.currency);
        let weights: Vec<i64> = row.iter().map(|m| m.amount().minor().abs()).collect();
        let settled: i64 = weights.iter().sum();
        // A rate does not move by a third while a dispute lasts: less came back than was taken.
        let is_partial =
            before.is_some_and(|taken| settled.abs_diff(taken) > taken.unsigned_abs() / 3);
        if is_foreign && is_partial {
            return Err(in_parts(dispute).blocking(id));
        }
        let parts = if is_foreign {
            dispute.amount().split(&weights)
        } else {
            row.iter().map(|movement| movement.amount().abs()).collect()
        };
        presented.extend(row.iter().map(|movement| movement.id.clone()).zip(parts));
        before = Some(settled);
    }
    Ok(presented)
}

fn in_parts(dispute: &Dispute) -> Exception {
    Exception::new(
        ExceptionClass::Fx,
        "dispute_in_parts_and_currencies",
        &dispute.id,
        "Part of the dispute moved, in another currency than the charge: what part is not known.",
        "Post this dispute by hand.",
    )
    .of(dispute.amount())
}

/// One movement of a dispute.
struct Told<'a> {
    dispute: &'a Dispute,
    charge: &'a Charge,
    movement: &'a BalanceTransaction,
    /// In the currency of the charge.
    amount: Amount,
}

impl Told<'_> {
    fn sources(&self) -> Vec<ObjectId> {
        [self.dispute.id.as_str(), self.charge.id.as_str(), self.movement.id.as_str()]
            .map(ObjectId::new)
            .to_vec()
    }
}
