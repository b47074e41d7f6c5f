//! What refunds and disputes share: money goes back, and what the payment had paid is reversed.
//!
//! What an earlier, failed refund left with us goes back first, then the part of the payment that is
//! not applied to an invoice: neither touches revenue.
//! Then what paid invoices, in the order of application, by a credit memo with those invoices' lines
//! in proportion. Refunds and disputes are taken in the order in which the money moved, so that the
//! same facts give the same memos whatever order they arrived in.

use std::collections::BTreeMap;

use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::invoice::Memo;
use crate::accounting::invoice_lines::single;
use crate::accounting::item::Global;
use crate::accounting::policy::{MemoItems, PartialRefunds};
use crate::accounting::record::Rule;
use crate::calendar::UnixTime;
use crate::ids::{ChargeId, ExternalId, InvoiceId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, ItemLine};
use crate::stripe::objects::{BalanceTransaction, Charge, Dispute, Refund};

/// What of each payment has not gone back yet.
#[derive(Default)]
pub(super) struct Returnable {
    unapplied: BTreeMap<ChargeId, Amount>,
    applied: BTreeMap<ChargeId, Vec<(InvoiceId, Amount)>>,
    /// Money of failed refunds, still owed to the customer.
    owed: BTreeMap<ChargeId, Vec<(ExternalId, Amount)>>,
}

impl Returnable {
    /// A refund of `charge` failed: its money stands on the unapplied payment `source`.
    pub(super) fn owe(&mut self, charge: &Charge, source: ExternalId, amount: Amount) {
        self.owed.entry(charge.id.clone()).or_default().push((source, amount));
    }

    /// A dispute of `charge` was won: its money has paid an invoice again.
    pub(super) fn reinstate(&mut self, charge: &Charge, invoice: InvoiceId, amount: Amount) {
        self.applied.entry(charge.id.clone()).or_default().push((invoice, amount));
    }
}

/// What a return of money settles.
pub(super) struct Settled {
    pub(super) apply: Vec<Apply>,
    /// The lines of the memo, when one was needed.
    pub(super) memo: Option<(ExternalId, Vec<ItemLine>, Amount)>,
}

/// A refund or a movement of a dispute, to be taken in order.
enum Event<'a> {
    Refund(&'a Refund),
    Dispute(&'a Dispute),
}

impl Desk<'_> {
    /// Makes the records of every refund and dispute.
    pub(super) fn post_reversals(&mut self) {
        let case = self.case;
        let mut events: Vec<(UnixTime, &str, Event)> = Vec::new();
        for refund in &case.refunds {
            let movement = self.facts.balance_transaction(refund.balance_transaction.as_ref());
            let at = movement.map_or(refund.created, |movement| movement.created);
            events.push((at, refund.id.as_str(), Event::Refund(refund)));
        }
        for dispute in &case.disputes {
            let first = dispute.balance_transactions.iter().map(|bt| bt.created).min();
            let at = first.unwrap_or(dispute.created);
            events.push((at, dispute.id.as_str(), Event::Dispute(dispute)));
        }
        events.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let mut returnable = self.returnable();
        for (_, _, event) in events {
            let done = match event {
                Event::Refund(refund) => self.post_refund(refund, &mut returnable),
                Event::Dispute(dispute) => self.post_dispute(dispute, &mut returnable),
            };
            if let Err(exception) = done {
                self.except(exception);
            }
        }
    }

    fn returnable(&self) -> Returnable {
        let mut returnable = Returnable::default();
        for charge in &self.case.charges {
            let Ok(payment) = super::context::external_id(&charge.id) else { continue };
            let Some(unapplied) = self.unapplied(&payment) else { continue };
            // A payment that failed later has gone back whole.
            let failed = charge.failure_balance_transaction.is_some();
            let unapplied = if failed { Amount::zero(charge.currency) } else { unapplied };
            returnable.unapplied.insert(charge.id.clone(), unapplied);
            let applied = self.applied_by(&payment);
            returnable.applied.insert(charge.id.clone(), applied);
        }
        returnable
    }

    /// Takes `amount` of what `charge` paid back: the unapplied part first, then a memo
    /// `<id>-memo` for what paid invoices.
    pub(super) fn settle_return(
        &mut self,
        back: &Return,
        charge: &Charge,
        amount: Amount,
        returnable: &mut Returnable,
    ) -> Result<Settled, Exception> {
        let payment = super::context::external_id(&charge.id)?;
        if !self.has(&payment) {
            return Err(back.impossible(
                amount,
                format!("The payment of {} is not posted.", charge.id),
                "Resolve what keeps the charge from being posted.",
            ));
        }
        let mut settled = Settled { apply: Vec::new(), memo: None };
        let zero = Amount::zero(amount.currency());
        let mut left = amount;
        for (source, owed) in returnable.owed.entry(charge.id.clone()).or_default() {
            let part = left.min(*owed);
            if part.is_positive() {
                *owed -= part;
                left -= part;
                settled.apply.push(Apply { doc: source.clone().into(), amount: part });
            }
        }
        let unapplied = returnable.unapplied.entry(charge.id.clone()).or_insert(zero);
        let direct = left.min(*unapplied);
        if direct.is_positive() {
            *unapplied -= direct;
            left -= direct;
            settled.apply.push(Apply { doc: payment.into(), amount: direct });
        }
        if left.is_positive() {
            let lines = self.reverse_invoices(back, charge, left, returnable)?;
            let id = back.id.with_suffix(&back.memo_suffix);
            let memo = Memo {
                id: id.clone(),
                text: back.memo.clone(),
                date: self.context.date(back.movement.created),
                lines: lines.clone(),
                rule: back.memo_rule,
                sources: back.sources.clone(),
            };
            let record = self.credit_memo(memo, left)?;
            self.add(record);
            settled.apply.push(Apply { doc: id.clone().into(), amount: left });
            settled.memo = Some((id, lines, left));
        }
        Ok(settled)
    }

    fn reverse_invoices(
        &mut self,
        back: &Return,
        charge: &Charge,
        amount: Amount,
        returnable: &mut Returnable,
    ) -> Result<Vec<ItemLine>, Exception> {
        let mut left = amount;
        let mut lines = Vec::new();
        for (invoice, applied) in returnable.applied.entry(charge.id.clone()).or_default() {
            let part = left.min(*applied);
            if !part.is_positive() {
                continue;
            }
            if self.invoices.contains_key(invoice) {
                lines.extend(self.reversed(back, invoice, part)?);
                *applied -= part;
                left -= part;
            }
        }
        if left.is_positive() {
            return Err(back.impossible(
                amount,
                format!("{left} more went back than {} had paid.", charge.id),
                "Compare the charge with its refunds and disputes in Stripe.",
            ));
        }
        Ok(lines)
    }

    /// The memo lines that take `part` of an invoice back: its own, or one with an item that policy
    /// names.
    fn reversed(
        &mut self,
        back: &Return,
        invoice: &InvoiceId,
        part: Amount,
    ) -> Result<Vec<ItemLine>, Exception> {
        let Some(target) = self.invoices.get_mut(invoice) else { return Ok(Vec::new()) };
        let is_whole = part == target.billed() && part == target.reversible();
        let is_part_of_several = !is_whole && target.lines.len() > 1;
        let own = target.take(part).map_err(|e| e.blocking(&back.id))?;
        let options = self.context.policy.options;
        let (items, whole, partial) = match back.memo_rule {
            Rule::DisputeReversesInvoice => {
                (options.dispute_items, Global::Dispute, Global::Dispute)
            }
            _ => (options.refund_items, Global::Refund, Global::PartialRefund),
        };
        let takes_one = options.partial_refunds == PartialRefunds::SingleItem;
        let global = match items {
            MemoItems::Single => whole,
            MemoItems::Original if is_part_of_several && takes_one => partial,
            MemoItems::Original => return Ok(own),
        };
        let item = self.global_item(global).map_err(|e| e.blocking(&back.id))?;
        Ok(vec![single(item, &back.memo, part)])
    }

    /// Takes off what a credit note already reversed, so that no later memo reverses it again.
    pub(super) fn covered_by_note(charge: &Charge, amount: Amount, returnable: &mut Returnable) {
        let mut left = amount;
        for (_, applied) in returnable.applied.entry(charge.id.clone()).or_default() {
            let part = left.min(*applied);
            *applied -= part;
            left -= part;
        }
    }
}

/// Money on its way back, and what its records are called.
pub(super) struct Return<'a> {
    /// The refund's external id.
    pub(super) id: ExternalId,
    pub(super) memo_suffix: String,
    /// Behind `Stripe: `.
    pub(super) memo: String,
    pub(super) memo_rule: Rule,
    pub(super) movement: &'a BalanceTransaction,
    pub(super) sources: Vec<ObjectId>,
}

impl Return<'_> {
    pub(super) fn impossible(&self, amount: Amount, message: String, fix: &str) -> Exception {
        Exception::new(ExceptionClass::Data, "return_without_payment", &self.id, message, fix)
            .of(amount)
            .blocking(&self.id)
    }
}
