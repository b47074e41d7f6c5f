//! Disputes: what the customer's bank takes, what comes back of it, and what Stripe charges.

use super::customer::Thread;
use super::days::{DAY, date_text, midnight};
use super::pay::Charge;
use super::shapes::balance_transaction::{FeePart, Movement};
use super::shapes::dispute as shape;

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeEnd {
    /// A question only: no money moves.
    Inquiry,
    /// A question that became a dispute, and was lost.
    Escalated,
    /// Settled with the bank before any money moved.
    Prevented,
    /// Not decided yet.
    Open,
    Lost,
    /// Lost; the fee was a balance transaction of its own.
    LostFeeApart,
    /// Won; sometimes a fee for countering it was charged, and comes back.
    Won,
    /// Won, and the fee for countering it comes back.
    WonCountered,
    /// Won, and the fee for receiving it comes back, as until June 2025.
    WonOldRule,
    /// Lost, and won months later; the status may still say lost.
    WonLate,
}

impl DisputeEnd {
    fn moves_money(self) -> bool {
        !matches!(self, Self::Inquiry | Self::Prevented)
    }

    fn is_won(self) -> bool {
        matches!(self, Self::Won | Self::WonCountered | Self::WonOldRule | Self::WonLate)
    }

    fn status(self) -> &'static str {
        match self {
            Self::Inquiry => "warning_closed",
            Self::Prevented => "prevented",
            Self::Open => "under_review",
            Self::Escalated | Self::Lost | Self::LostFeeApart => "lost",
            Self::Won | Self::WonCountered | Self::WonOldRule | Self::WonLate => "won",
        }
    }
}

impl Thread<'_> {
    /// The customer's bank disputes `amount` of `charge`; returns the dispute's id.
    pub fn dispute(
        &mut self,
        charge: &mut Charge,
        amount: i64,
        at: i64,
        end: DisputeEnd,
    ) -> String {
        let id = self.id("du");
        let mut dispute = shape::Dispute {
            id: id.clone(),
            amount,
            currency: charge.currency,
            created: at,
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            status: end.status(),
            reason: "general",
            movements: Vec::new(),
            evidence: end.is_won(),
        };
        if end.moves_money() {
            dispute.reason = *self.rng.pick(&["fraudulent", "product_not_received", "duplicate"]);
            self.withdraw(&mut dispute, charge, end);
        }
        if end.is_won() {
            let reversal = self.win(charge, amount, at, &id, end);
            dispute.movements.push(self.account.book(&reversal).1);
        }
        if end == DisputeEnd::WonLate && self.rng.percent(50) {
            dispute.status = "lost";
        }
        charge.disputed = true;
        self.account.world.insert(&shape::dispute(&dispute));
        id
    }

    fn withdraw(&mut self, dispute: &mut shape::Dispute, charge: &Charge, end: DisputeEnd) {
        let at = if end == DisputeEnd::Escalated {
            self.later(dispute.created, 5 * DAY, 20 * DAY)
        } else {
            dispute.created
        };
        let mut withdrawal = self.movement(charge, -dispute.amount, at, &dispute.id);
        withdrawal.kind = "adjustment";
        withdrawal.category = "dispute";
        withdrawal.description = Some(format!("Chargeback withdrawal for {}", charge.id));
        let fee = dispute_fee(withdrawal.currency, 1);
        let currency = withdrawal.currency;
        if end == DisputeEnd::LostFeeApart {
            dispute.movements.push(self.account.book(&withdrawal).1);
            self.account.book(&Movement {
                kind: "adjustment",
                category: "fee",
                amount: -fee.amount,
                fees: Vec::new(),
                currency,
                created: at,
                available_on: midnight(at),
                source: None,
                description: Some(format!("Dispute fee ({}): {}", date_text(at), charge.id)),
                rate_micro: None,
            });
        } else {
            withdrawal.fees = vec![fee];
            dispute.movements.push(self.account.book(&withdrawal).1);
        }
    }

    /// Since June 2025 the fee for receiving a dispute is kept even when it is won; only the fee
    /// for countering it comes back.
    fn win(
        &mut self,
        charge: &Charge,
        amount: i64,
        at: i64,
        dispute: &str,
        end: DisputeEnd,
    ) -> Movement {
        let countered = end == DisputeEnd::WonCountered
            || (end != DisputeEnd::WonOldRule && self.rng.percent(50));
        let evidence = self.later(at, DAY, 3 * DAY);
        let (least, most) =
            if end == DisputeEnd::WonLate { (50 * DAY, 80 * DAY) } else { (8 * DAY, 20 * DAY) };
        let decided = self.later(evidence, least, most);
        let mut reversal = self.movement(charge, amount, decided, dispute);
        reversal.kind = "adjustment";
        reversal.category = "dispute_reversal";
        reversal.description = Some(format!("Chargeback reversal for {}", charge.id));
        if countered {
            let part = dispute_fee(reversal.currency, 1);
            let name = format!("Card Dispute Countered Fee ({})", date_text(evidence));
            self.stripe_fee(part.amount, reversal.currency, evidence, name);
        }
        if countered || end == DisputeEnd::WonOldRule {
            reversal.fees = vec![dispute_fee(reversal.currency, -1)];
        }
        reversal
    }
}

fn dispute_fee(currency: &str, sign: i64) -> FeePart {
    // 15 dollars, or about as much.
    let amount = if currency == "usd" { 1_500 } else { 2_000 };
    FeePart { amount: sign * amount, kind: "stripe_fee", description: "Dispute fee" }
}
