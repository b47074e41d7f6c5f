//! Charges: what they cost, and when their money becomes available.

use super::customer::Thread;
use super::days::business_days_after;
use super::market::{self, Settled};
use super::round::share;
use super::shapes::balance_transaction::{FeePart, Movement};
use super::shapes::charge as shape;

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Card,
    Ach,
    Sepa,
}

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Ach => "us_bank_account",
            Self::Sepa => "sepa_debit",
        }
    }

    /// The prefix of charges and refunds: bank debits are `payment`s.
    fn prefixes(self) -> (&'static str, &'static str) {
        match self {
            Self::Card => ("ch", "re"),
            Self::Ach | Self::Sepa => ("py", "pyr"),
        }
    }

    pub fn refund_prefix(self) -> &'static str {
        self.prefixes().1
    }

    /// Business days until the money of a payment is available.
    fn delay_days(self, currency: &str) -> u32 {
        match self {
            Self::Card if currency == "jpy" => 4,
            Self::Card => 2,
            Self::Ach | Self::Sepa => 5,
        }
    }

    fn fee(self, settled: Settled) -> i64 {
        let amount = settled.amount;
        match (self, settled.currency) {
            (Self::Ach, _) => share(amount, 8, 1_000).min(500),
            (Self::Sepa, _) => 35,
            (Self::Card, "jpy") => share(amount, 36, 1_000),
            (Self::Card, _) => share(amount, 29, 1_000) + 30,
        }
    }
}

/// VAT on Stripe's fees, in thousandths: charged on the European balance.
const FEE_VAT_THOUSANDTHS: i64 = 190;

/// Who pays, and with what.
#[derive(Debug, Clone)]
pub struct Payer {
    pub customer: Option<String>,
    pub name: String,
    pub email: String,
    pub method: Method,
    pub payment_method: String,
}

/// A charge as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct Charge {
    pub id: String,
    pub payment_intent: String,
    pub intent_created: i64,
    pub amount: i64,
    pub currency: &'static str,
    pub created: i64,
    pub payer: Payer,
    pub description: String,
    /// `succeeded` or `failed`.
    pub status: &'static str,
    /// None when nothing ever moved.
    pub balance_transaction: Option<String>,
    pub failure_balance_transaction: Option<String>,
    pub available_on: i64,
    /// Refunds that did not fail.
    pub amount_refunded: i64,
    pub disputed: bool,
}

impl Charge {
    pub fn refundable(&self) -> i64 {
        self.amount - self.amount_refunded
    }
}

impl Thread<'_> {
    /// Charges the customer and books the money.
    pub fn charge(&mut self, amount: i64, at: i64, description: &str) -> Charge {
        let method = self.customer.method;
        let currency = self.customer.market.currency();
        let id = self.id(method.prefixes().0);
        let settled = market::settle(self.account.seed, amount, currency, at);
        let available_on = business_days_after(at, method.delay_days(currency));
        let (balance_transaction, _) = self.account.book(&Movement {
            kind: if method == Method::Card { "charge" } else { "payment" },
            category: "charge",
            amount: settled.amount,
            fees: processing_fees(method, settled),
            currency: settled.currency,
            created: at,
            available_on,
            source: Some(id.clone()),
            description: Some(description.to_owned()),
            rate_micro: settled.rate_micro,
        });
        self.account.charges += 1;
        if method == Method::Card {
            self.account.screen(at);
        }
        Charge {
            id,
            payment_intent: self.id("pi"),
            intent_created: at,
            amount,
            currency,
            created: at,
            payer: self.payer(),
            description: description.to_owned(),
            status: "succeeded",
            balance_transaction: Some(balance_transaction),
            failure_balance_transaction: None,
            available_on,
            amount_refunded: 0,
            disputed: false,
        }
    }

    /// A charge that the card's bank declines: no money moves.
    pub fn declined(&mut self, amount: i64, at: i64, description: &str) -> Charge {
        Charge {
            id: self.id("ch"),
            payment_intent: self.id("pi"),
            intent_created: at,
            amount,
            currency: self.customer.market.currency(),
            created: at,
            payer: self.payer(),
            description: description.to_owned(),
            status: "failed",
            balance_transaction: None,
            failure_balance_transaction: None,
            available_on: at,
            amount_refunded: 0,
            disputed: false,
        }
    }

    fn payer(&self) -> Payer {
        Payer {
            customer: Some(self.customer.id.clone()),
            name: self.customer.business.name.clone(),
            email: self.customer.business.email.clone(),
            method: self.customer.method,
            payment_method: self.customer.payment_method.clone(),
        }
    }

    /// The charge will not change any more.
    pub fn store_charge(&mut self, charge: &Charge) {
        self.account.world.insert(&shape::payment_intent(charge));
        self.store_earlier_charge(charge);
    }

    /// A charge that another one of the same payment intent followed.
    pub fn store_earlier_charge(&mut self, charge: &Charge) {
        self.account.world.insert(&shape::charge(charge));
    }
}

fn processing_fees(method: Method, settled: Settled) -> Vec<FeePart> {
    let fee = method.fee(settled);
    let part = |amount, kind, description| FeePart { amount, kind, description };
    let mut fees = vec![part(fee, "stripe_fee", "Stripe processing fees")];
    if settled.currency == "eur" {
        fees.push(part(share(fee, FEE_VAT_THOUSANDTHS, 1_000), "tax", "VAT"));
    }
    fees
}
