//! Charges: what they cost, and when their money becomes available.

use super::customer::Thread;
use super::days::business_days_after;
use super::market::Settled;
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

/// What Stripe takes for a payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FeePlan {
    #[default]
    Usual,
    /// Nothing on the payment itself: costs are billed in rows of their own.
    InterchangePlus,
    /// What the payment method costs is passed through, next to Stripe's own fee.
    PassedThrough,
    /// The country of the payer keeps a tax on Stripe's fee.
    Withheld,
}

/// How an authorisation is captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    Whole,
    /// So much of it: two balance transactions, the whole and the rest back.
    PartInTwo(i64),
    /// So much of it, in one balance transaction.
    PartInOne(i64),
    Nothing,
}

/// What a charge has to do with other Stripe accounts.
#[derive(Debug, Clone, Default)]
pub struct Connected {
    /// The account that the money of a destination charge goes to.
    pub destination: Option<String>,
    pub transfer: Option<String>,
    pub transfer_group: Option<String>,
    /// The platform's fee on a destination charge, and its amount.
    pub application_fee: Option<(String, i64)>,
}

/// A charge as it stands at the end of the company's span.
#[derive(Debug, Clone)]
pub struct Charge {
    pub id: String,
    pub payment_intent: String,
    pub intent_created: i64,
    pub amount: i64,
    pub captured: i64,
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
    /// Refunds that did not fail, and what was not captured.
    pub amount_refunded: i64,
    pub disputed: bool,
    pub connected: Connected,
}

impl Charge {
    pub fn refundable(&self) -> i64 {
        self.amount - self.amount_refunded
    }
}

impl Thread<'_> {
    /// Charges the customer and books the money.
    pub fn charge(&mut self, amount: i64, at: i64, description: &str) -> Charge {
        self.authorise(amount, Capture::Whole, at, description)
    }

    /// Authorises `amount` and books the money of what is captured of it.
    pub fn authorise(
        &mut self,
        amount: i64,
        capture: Capture,
        at: i64,
        description: &str,
    ) -> Charge {
        let mut charge = self.unbooked(self.customer.method, amount, at, description);
        match capture {
            Capture::Whole => {}
            Capture::Nothing => charge.captured = 0,
            Capture::PartInTwo(part) | Capture::PartInOne(part) => {
                charge.captured = part;
                charge.amount_refunded = amount - part;
            }
        }
        if charge.captured > 0 {
            let in_two = matches!(capture, Capture::PartInTwo(_));
            let gross = if in_two { amount } else { charge.captured };
            self.book_charge(&mut charge, gross);
        }
        charge.payment_intent = self.id("pi");
        if let Capture::PartInTwo(_) = capture {
            self.give_back_the_rest(&charge);
        }
        charge
    }

    /// Books `gross` of the charge, with the fee on what was captured.
    fn book_charge(&mut self, charge: &mut Charge, gross: i64) {
        let (method, at) = (charge.payer.method, charge.created);
        let settled = self.account.settle(gross, charge.currency, at);
        let captured = self.account.settle(charge.captured, charge.currency, at);
        charge.available_on = business_days_after(at, method.delay_days(charge.currency));
        let (balance_transaction, _) = self.account.book(&Movement {
            kind: if method == Method::Card { "charge" } else { "payment" },
            category: "charge",
            amount: settled.amount,
            fees: processing_fees(method, captured, self.customer.fee_plan),
            currency: settled.currency,
            created: at,
            available_on: charge.available_on,
            source: Some(charge.id.clone()),
            description: Some(charge.description.clone()),
            rate_micro: settled.rate_micro,
        });
        charge.balance_transaction = Some(balance_transaction);
        self.account.charges += 1;
        if method == Method::Card {
            self.account.screen(at);
        }
    }

    /// A charge that has moved nothing yet, and has no payment intent.
    fn unbooked(&mut self, method: Method, amount: i64, at: i64, description: &str) -> Charge {
        Charge {
            id: self.id(method.prefixes().0),
            payment_intent: String::new(),
            intent_created: at,
            amount,
            captured: amount,
            currency: self.customer.market.currency(),
            created: at,
            payer: self.payer(),
            description: description.to_owned(),
            status: "succeeded",
            balance_transaction: None,
            failure_balance_transaction: None,
            available_on: at,
            amount_refunded: 0,
            disputed: false,
            connected: Connected::default(),
        }
    }

    /// A charge that the card's bank declines: no money moves.
    pub fn declined(&mut self, amount: i64, at: i64, description: &str) -> Charge {
        let mut charge = self.unbooked(Method::Card, amount, at, description);
        charge.payment_intent = self.id("pi");
        charge.status = "failed";
        charge
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

fn processing_fees(method: Method, settled: Settled, plan: FeePlan) -> Vec<FeePart> {
    let fee = method.fee(settled);
    let part = |amount, kind, description| FeePart { amount, kind, description };
    let mut fees = vec![part(fee, "stripe_fee", "Stripe processing fees")];
    match plan {
        FeePlan::Usual => {}
        FeePlan::InterchangePlus => return Vec::new(),
        FeePlan::PassedThrough => {
            let cost = share(settled.amount, 7, 1_000);
            fees.push(part(cost, "payment_method_passthrough_fee", "Scheme fees"));
        }
        FeePlan::Withheld => fees.push(part(share(fee, 150, 1_000), "withheld_tax", "WHT")),
    }
    if settled.currency == "eur" {
        fees.push(part(share(fee, FEE_VAT_THOUSANDTHS, 1_000), "tax", "VAT"));
    }
    fees
}
