//! Refunds: a customer refund of the memo or of the payment; a refund that failed later comes back
//! as a payment, because the customer is still owed.

use crate::accounting::case::CustomerCase;
use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::payment::{PaidBack, Received};
use crate::accounting::record::Rule;
use crate::accounting::reversal::{Return, Returnable};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::Apply;
use crate::stripe::objects::{Charge, Refund};

impl<'a> Desk<'a> {
    pub(super) fn post_refund(
        &mut self,
        refund: &Refund,
        returnable: &mut Returnable,
    ) -> Result<(), Exception> {
        // Pending, or cancelled before any money moved.
        let Some(movement_id) = &refund.balance_transaction else { return Ok(()) };
        let id = external_id(&refund.id)?;
        let block = |exception: Exception| exception.blocking(&id);
        let movement = self.movement(Some(movement_id), refund.id.as_str()).map_err(block)?;
        // What was authorised and never captured was never a payment.
        if movement.reporting_category == "partial_capture_reversal" {
            return Ok(());
        }
        let charge = self.refunded_charge(refund, &id)?;
        let back = Return {
            id: id.clone(),
            memo_suffix: "memo".into(),
            memo: format!("{}, refund of {}", refund.id, charge.id),
            memo_rule: Rule::RefundReversesInvoice,
            movement,
            sources: vec![
                ObjectId::new(refund.id.as_str()),
                ObjectId::new(charge.id.as_str()),
                ObjectId::new(movement.id.as_str()),
            ],
        };
        let apply = self.refunded(&back, refund, charge, returnable)?;
        let paid = PaidBack {
            id: id.clone(),
            memo: back.memo.clone(),
            apply,
            rule: Rule::RefundPaid,
            sources: back.sources.clone(),
        };
        let record = self.refund(paid, movement)?;
        self.add(record);
        self.fail_refund(refund, charge, &id, returnable)
    }

    /// What the refund settles: the memos of its credit notes, and for the rest what the charge had
    /// paid.
    fn refunded(
        &mut self,
        back: &Return,
        refund: &Refund,
        charge: &Charge,
        returnable: &mut Returnable,
    ) -> Result<Vec<Apply>, Exception> {
        let mut apply = Vec::new();
        let mut left = refund.amount();
        for (note, amount) in self.facts.notes_of(refund).to_vec() {
            let memo = external_id(&note)?;
            let part = left.min(amount);
            if !self.has(&memo) || !part.is_positive() {
                continue;
            }
            apply.push(Apply { doc: memo.into(), amount: part });
            left -= part;
            Self::covered_by_note(charge, part, returnable);
        }
        if left.is_positive() {
            apply.extend(self.settle_return(back, charge, left, returnable)?.apply);
        }
        if apply.is_empty() {
            return Err(back.impossible(
                refund.amount(),
                format!("The refund of {} settles nothing.", refund.amount()),
                "Compare the refund with its charge in Stripe.",
            ));
        }
        Ok(apply)
    }

    fn refunded_charge(&self, refund: &Refund, id: &ExternalId) -> Result<&'a Charge, Exception> {
        let charge = charge_of(refund, self.case);
        charge.filter(|charge| charge.currency == refund.currency).ok_or_else(|| {
            Exception::new(
                ExceptionClass::Data,
                "refund_without_charge",
                &refund.id,
                format!("The charge of this refund of {} is not in the ledger.", refund.amount()),
                "Pull from an earlier date, so that the charge is known.",
            )
            .of(refund.amount())
            .blocking(id)
        })
    }

    /// The money came back: what the customer is still owed stays as an unapplied payment.
    fn fail_refund(
        &mut self,
        refund: &Refund,
        charge: &Charge,
        id: &ExternalId,
        returnable: &mut Returnable,
    ) -> Result<(), Exception> {
        let Some(failure) = &refund.failure_balance_transaction else { return Ok(()) };
        let failed = id.with_suffix("failed");
        let movement = self
            .movement(Some(failure), refund.id.as_str())
            .map_err(|exception| exception.blocking(&failed))?;
        let why = refund.failure_reason.as_deref().unwrap_or("unknown").replace('_', " ");
        let amount: Amount = refund.amount();
        let received = Received {
            memo: format!("{}, the refund failed: {why}", refund.id),
            id: failed.clone(),
            amount,
            settles: movement.amount(),
            rule: Rule::RefundFailed,
            sources: vec![ObjectId::new(refund.id.as_str()), ObjectId::new(movement.id.as_str())],
        };
        let record = self.payment(received, movement)?;
        self.add(record);
        returnable.owe(charge, failed, amount);
        Ok(())
    }
}

/// The charge that a refund gives back, in whatever shape it names it.
pub(super) fn charge_of<'a>(refund: &Refund, case: &'a CustomerCase) -> Option<&'a Charge> {
    let by_id = case.charges.iter().find(|charge| Some(&charge.id) == refund.charge.as_ref());
    let by_intent = || {
        let intent = refund.payment_intent.as_ref()?;
        case.charges.iter().find(|charge| {
            charge.payment_intent.as_ref() == Some(intent) && charge.balance_transaction.is_some()
        })
    };
    by_id.or_else(by_intent)
}
