//! What happens to a charge after it was paid: refunds, disputes, debits that bounce.

use super::customer::Thread;
use super::days::{DAY, HOUR, date_text, midnight};
use super::market;
use super::pay::{Charge, Method};
use super::shapes::balance_transaction::{FeePart, Movement};
use super::shapes::{dispute as dispute_shape, refund as refund_shape};

/// How a refund ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundEnd {
    Succeeds,
    /// Waits for balance, so no money has moved.
    Waits,
    /// The customer's bank sends the money back.
    Fails,
}

/// How a dispute ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeEnd {
    /// A question only: no money moves.
    Inquiry,
    Lost,
    Won,
}

impl Thread<'_> {
    /// A movement of `amount` in the charge's currency at the rate of the day.
    fn movement(&self, charge: &Charge, amount: i64, at: i64, source: &str) -> Movement {
        let settled = market::settle(self.account.seed, amount, charge.currency, at);
        Movement {
            kind: "refund",
            category: "refund",
            amount: settled.amount,
            fees: Vec::new(),
            currency: settled.currency,
            created: at,
            available_on: midnight(at),
            source: Some(source.to_owned()),
            description: None,
            rate_micro: settled.rate_micro,
        }
    }

    /// Refunds `amount` of `charge` and returns the refund's id.
    pub fn refund(&mut self, charge: &mut Charge, amount: i64, at: i64, end: RefundEnd) -> String {
        let method = charge.payer.method;
        let id = self.id(method.refund_prefix());
        let mut refund = refund_shape::Refund {
            id: id.clone(),
            amount,
            currency: charge.currency,
            created: at,
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            customer: charge.payer.customer.clone(),
            status: if end == RefundEnd::Waits { "pending" } else { "succeeded" },
            balance_transaction: None,
            failure_balance_transaction: None,
            method,
        };
        if end != RefundEnd::Waits {
            let mut movement = self.movement(charge, -amount, at, &id);
            movement.kind = if method == Method::Card { "refund" } else { "payment_refund" };
            movement.description = Some(format!("REFUND FOR {}", charge.description));
            refund.balance_transaction = Some(self.account.book(&movement).0);
            if end == RefundEnd::Fails {
                let returned = self.later(at, 3 * DAY, 9 * DAY);
                movement.amount = -movement.amount;
                movement.kind = "refund_failure";
                movement.category = "refund_failure";
                movement.created = returned;
                movement.available_on = midnight(returned);
                movement.description = Some(format!("REFUND FAILURE FOR {}", charge.description));
                refund.failure_balance_transaction = Some(self.account.book(&movement).0);
                refund.status = "failed";
            }
        }
        if end != RefundEnd::Fails {
            charge.amount_refunded += amount;
        }
        self.account.world.insert(&refund_shape::refund(&refund));
        id
    }

    /// The customer's bank disputes `amount` of `charge`; returns the dispute's id.
    pub fn dispute(
        &mut self,
        charge: &mut Charge,
        amount: i64,
        at: i64,
        end: DisputeEnd,
    ) -> String {
        let id = self.id("du");
        let mut dispute = dispute_shape::Dispute {
            id: id.clone(),
            amount,
            currency: charge.currency,
            created: at,
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            status: "warning_closed",
            reason: "general",
            movements: Vec::new(),
            evidence: end == DisputeEnd::Won,
        };
        if end != DisputeEnd::Inquiry {
            dispute.reason = *self.rng.pick(&["fraudulent", "product_not_received", "duplicate"]);
            dispute.status = if end == DisputeEnd::Won { "won" } else { "lost" };
            let mut withdrawal = self.movement(charge, -amount, at, &id);
            withdrawal.kind = "adjustment";
            withdrawal.category = "dispute";
            withdrawal.description = Some(format!("Chargeback withdrawal for {}", charge.id));
            withdrawal.fees = vec![dispute_fee(withdrawal.currency, 1)];
            dispute.movements.push(self.account.book(&withdrawal).1);
        }
        if end == DisputeEnd::Won {
            let reversal = self.win(charge, amount, at, &id);
            dispute.movements.push(self.account.book(&reversal).1);
        }
        charge.disputed = true;
        self.account.world.insert(&dispute_shape::dispute(&dispute));
        id
    }

    /// Since June 2025 the fee for receiving a dispute is kept even when it is won; only the fee
    /// for countering it comes back.
    fn win(&mut self, charge: &Charge, amount: i64, at: i64, dispute: &str) -> Movement {
        let countered = self.rng.percent(50);
        let evidence = self.later(at, DAY, 3 * DAY);
        let decided = self.later(evidence, 8 * DAY, 20 * DAY);
        let mut reversal = self.movement(charge, amount, decided, dispute);
        reversal.kind = "adjustment";
        reversal.category = "dispute_reversal";
        reversal.description = Some(format!("Chargeback reversal for {}", charge.id));
        if countered {
            let part = dispute_fee(reversal.currency, 1);
            let name = format!("Card Dispute Countered Fee ({})", date_text(evidence));
            self.stripe_fee(part.amount, reversal.currency, evidence, name);
            reversal.fees = vec![dispute_fee(reversal.currency, -1)];
        }
        reversal
    }

    /// A bank debit that seemed to succeed turns out not to have; returns when that was known.
    pub fn bounce(&mut self, charge: &mut Charge) -> i64 {
        let at = self.later(charge.created, 2 * DAY, 3 * DAY);
        let mut failure = self.movement(charge, -charge.amount, at, &charge.id);
        failure.kind = "payment_failure_refund";
        failure.category = "charge_failure";
        failure.available_on = charge.available_on.max(midnight(at));
        failure.description = Some(format!("Payment failure for {}", charge.description));
        charge.failure_balance_transaction = Some(self.account.book(&failure).0);
        charge.status = "failed";
        let charged = self.later(at, HOUR, 2 * HOUR);
        let name = format!("ACH Debit Failure Fee ({}): {}", date_text(at), charge.id);
        self.stripe_fee(400, failure.currency, charged, name);
        at
    }

    /// A fee of its own, outside any charge.
    fn stripe_fee(&mut self, amount: i64, currency: &'static str, at: i64, description: String) {
        self.account.book(&Movement {
            kind: "stripe_fee",
            category: "fee",
            amount: -amount,
            fees: Vec::new(),
            currency,
            created: at,
            available_on: midnight(at),
            source: None,
            description: Some(description),
            rate_micro: None,
        });
    }
}

fn dispute_fee(currency: &str, sign: i64) -> FeePart {
    // 15 dollars, or about as much.
    let amount = if currency == "usd" { 1_500 } else { 2_000 };
    FeePart { amount: sign * amount, kind: "stripe_fee", description: "Dispute fee" }
}
