//! What happens to a charge after it was paid: refunds, captures of a part, debits that bounce.

use super::customer::Thread;
use super::days::{DAY, HOUR, date_text, midnight};
use super::pay::{Charge, Method};
use super::shapes::balance_transaction::{FeePart, Movement};
use super::shapes::refund as shape;

/// How a refund ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundEnd {
    Succeeds,
    /// Succeeds, and Stripe gives some of its fee back.
    ReturnsFee,
    /// Waits for balance, so no money has moved.
    Waits,
    /// Waited for balance until somebody cancelled it: no money ever moved.
    Cancelled,
    /// Cancelled after the money had left: it is back.
    CancelledLate,
    /// The customer's bank sends the money back.
    Fails,
    /// The same, as Stripe booked it in older years.
    FailsAsAdjustment,
}

impl RefundEnd {
    fn status(self) -> &'static str {
        match self {
            Self::Succeeds | Self::ReturnsFee => "succeeded",
            Self::Waits => "pending",
            Self::Cancelled | Self::CancelledLate => "canceled",
            Self::Fails | Self::FailsAsAdjustment => "failed",
        }
    }

    fn moves_money(self) -> bool {
        !matches!(self, Self::Waits | Self::Cancelled)
    }

    fn money_comes_back(self) -> bool {
        matches!(self, Self::CancelledLate | Self::Fails | Self::FailsAsAdjustment)
    }

    /// Whether the customer has the money, or will.
    fn counts(self) -> bool {
        matches!(self, Self::Succeeds | Self::ReturnsFee | Self::Waits)
    }
}

/// How a bank debit that seemed to succeed fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    /// Before its money is available; the fee is a balance transaction of its own.
    Early,
    /// Before its money is available; the fee is part of the failure.
    EarlyWithFee,
    /// Long after its money was paid out.
    Late,
}

impl Thread<'_> {
    /// A movement of `amount` in the charge's currency at the rate of the day.
    pub fn movement(&self, charge: &Charge, amount: i64, at: i64, source: &str) -> Movement {
        let settled = self.account.settle(amount, charge.currency, at);
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

    fn blank_refund(&mut self, charge: &Charge, amount: i64, at: i64) -> shape::Refund {
        let method = charge.payer.method;
        shape::Refund {
            id: self.id(method.refund_prefix()),
            amount,
            currency: charge.currency,
            created: at,
            charge: charge.id.clone(),
            payment_intent: charge.payment_intent.clone(),
            customer: charge.payer.customer.clone(),
            status: "succeeded",
            reason: Some("requested_by_customer"),
            balance_transaction: None,
            failure_balance_transaction: None,
            transfer_reversal: None,
            method,
        }
    }

    /// Refunds `amount` of `charge` and returns the refund's id.
    pub fn refund(&mut self, charge: &mut Charge, amount: i64, at: i64, end: RefundEnd) -> String {
        let refund = self.refund_but(charge, amount, at, end);
        self.account.world.insert(&shape::refund(&refund));
        refund.id
    }

    /// Like [`Self::refund`], for a caller who has something to add before it is stored.
    pub fn refund_but(
        &mut self,
        charge: &mut Charge,
        amount: i64,
        at: i64,
        end: RefundEnd,
    ) -> shape::Refund {
        let mut refund = self.blank_refund(charge, amount, at);
        refund.status = end.status();
        if end.moves_money() {
            let mut movement = self.movement(charge, -amount, at, &refund.id);
            if refund.method != Method::Card {
                movement.kind = "payment_refund";
            }
            if end == RefundEnd::ReturnsFee {
                let amount = movement.amount * 29 / 1_000;
                let description = "Stripe processing fees";
                movement.fees = vec![FeePart { amount, kind: "stripe_fee", description }];
            }
            movement.description = Some(format!("REFUND FOR {}", charge.description));
            refund.balance_transaction = Some(self.account.book(&movement).0);
            if end.money_comes_back() {
                self.return_refund(&mut refund, movement, charge, end);
            }
        }
        if end.counts() {
            charge.amount_refunded += amount;
        }
        refund
    }

    fn return_refund(
        &mut self,
        refund: &mut shape::Refund,
        mut movement: Movement,
        charge: &Charge,
        end: RefundEnd,
    ) {
        let returned = self.later(refund.created, 3 * DAY, 9 * DAY);
        movement.amount = -movement.amount;
        // Payments that are not made by card have no type for a refund that failed.
        (movement.kind, movement.category) = match (end, refund.method) {
            (RefundEnd::FailsAsAdjustment, _) => ("adjustment", "refund_failure"),
            (_, Method::Card) => ("refund_failure", "refund_failure"),
            _ => ("payment_refund", "refund"),
        };
        movement.created = returned;
        movement.available_on = midnight(returned);
        movement.description = Some(format!("REFUND FAILURE FOR {}", charge.description));
        refund.failure_balance_transaction = Some(self.account.book(&movement).0);
    }

    /// Books back what was authorised and not captured: a refund that nobody asked for.
    pub fn give_back_the_rest(&mut self, charge: &Charge) {
        let rest = charge.amount - charge.captured;
        let mut refund = self.blank_refund(charge, rest, charge.created);
        refund.reason = None;
        let mut movement = self.movement(charge, -rest, charge.created, &refund.id);
        movement.category = "partial_capture_reversal";
        movement.available_on = charge.available_on;
        movement.description = Some(format!("REFUND FOR {}", charge.description));
        refund.balance_transaction = Some(self.account.book(&movement).0);
        self.account.world.insert(&shape::refund(&refund));
    }

    /// A bank debit that seemed to succeed turns out not to have; returns when that was known.
    pub fn bounce(&mut self, charge: &mut Charge, how: Bounce) -> i64 {
        let late = how == Bounce::Late;
        let at = if late {
            self.later(charge.available_on.max(charge.created), 8 * DAY, 30 * DAY)
        } else {
            self.later(charge.created, 2 * DAY, 3 * DAY)
        };
        let mut failure = self.movement(charge, -charge.amount, at, &charge.id);
        failure.kind = if late { "payment_reversal" } else { "payment_failure_refund" };
        failure.category = "charge_failure";
        failure.available_on = charge.available_on.max(midnight(at));
        failure.description = Some(format!("Payment failure for {}", charge.description));
        if how == Bounce::EarlyWithFee {
            let description = "Bank debit failure fee";
            failure.fees = vec![FeePart { amount: 400, kind: "stripe_fee", description }];
        }
        charge.failure_balance_transaction = Some(self.account.book(&failure).0);
        charge.status = "failed";
        if how == Bounce::Early {
            let charged = self.later(at, HOUR, 2 * HOUR);
            let name = format!("ACH Debit Failure Fee ({}): {}", date_text(at), charge.id);
            self.stripe_fee(400, failure.currency, charged, name);
        }
        at
    }

    /// A fee of its own, outside any charge.
    pub fn stripe_fee(
        &mut self,
        amount: i64,
        currency: &'static str,
        at: i64,
        description: String,
    ) {
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
