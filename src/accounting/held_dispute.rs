//! Disputes whose money is held: the withdrawal waits on an asset account, and is a loss or is back
//! when the outcome is known. Until then revenue and receivables are untouched.
//!
//! The withdrawal and the return are lines of their payouts' deposits; here is only what clears the
//! account: the loss, and what a return left over or brought too much.

use chrono::NaiveDate;

use crate::accounting::chart::Role;
use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::dispute::movements;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::record::{Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Body, JournalEntry, JournalLine};
use crate::stripe::objects::Dispute;

impl Desk<'_> {
    pub(super) fn post_held_dispute(&mut self, dispute: &Dispute) -> Result<(), Exception> {
        let (withdrawn, returned) = movements(dispute);
        let (Some(first), Some(last)) = (withdrawn.first(), withdrawn.last()) else {
            return Ok(());
        };
        let id = external_id(&dispute.id)?;
        if withdrawn.iter().chain(&returned).any(|movement| movement.currency != first.currency) {
            return Err(in_two_currencies(dispute).blocking(&id));
        }
        let zero = Amount::zero(first.currency);
        let taken = withdrawn.iter().fold(zero, |sum, movement| sum - movement.amount());
        let back = returned.iter().fold(zero, |sum, movement| sum + movement.amount());
        let lost = id.with_suffix("lost");
        // Once posted, the loss stays; a win that comes after all takes it back.
        let is_lost = dispute.status == "lost" || self.is_posted(&lost);
        if is_lost {
            // Nothing says when the bank decided. A dispute that nobody answered was lost when the
            // money went; one that was contested, not before the evidence was due.
            let decided = dispute.contested_until().unwrap_or(last.created).max(last.created);
            let text = format!("{}, dispute lost", dispute.id);
            self.clear(dispute, (&lost, &text), taken, self.context.date(decided))?;
        }
        let left = if is_lost { -back } else { taken - back };
        let is_over = is_lost || matches!(dispute.status.as_str(), "won" | "prevented");
        let Some(last) = returned.last() else { return Ok(()) };
        if is_over && !left.is_zero() {
            let text = format!("{}, dispute won: what came back is not what was held", dispute.id);
            let won = id.with_suffix("won");
            self.clear(dispute, (&won, &text), left, self.context.date(last.created))?;
        }
        Ok(())
    }

    /// Moves `amount` from the held funds to the losses; a negative one back.
    fn clear(
        &mut self,
        dispute: &Dispute,
        (id, text): (&ExternalId, &str),
        amount: Amount,
        date: NaiveDate,
    ) -> Result<(), Exception> {
        let line = |role, amount| {
            let account = self.context.account(role, id.as_str()).map_err(|e| e.blocking(id))?;
            Ok(JournalLine { account, amount, memo: format!("Stripe: {text}"), entity: None })
        };
        let body = Body::JournalEntry(JournalEntry {
            header: self.context.header(id, text, date, amount.currency(), None)?,
            lines: vec![line(Role::DisputeLosses, amount)?, line(Role::DisputedFunds, -amount)?],
        });
        let sources = vec![ObjectId::new(dispute.id.as_str())];
        self.add(Record { body, rule: Rule::DisputeLost, sources, settles: None });
        Ok(())
    }
}

fn in_two_currencies(dispute: &Dispute) -> Exception {
    Exception::new(
        ExceptionClass::Fx,
        "dispute_in_two_currencies",
        &dispute.id,
        "The dispute was taken from one balance and returned to another, in different currencies.",
        "Post the outcome of this dispute by hand.",
    )
    .of(dispute.amount())
}
