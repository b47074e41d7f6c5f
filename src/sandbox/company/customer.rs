//! One customer, and the thread of their life in which every story happens.

use std::rc::Rc;

use super::account::Account;
use super::catalogue::Catalogue;
use super::days::DAY;
use super::market::Market;
use super::names::{self, Business};
use super::pay::{FeePlan, Method};
use super::rng::Rng;
use super::shapes::customer as shape;
use super::subscriptions::Subscription;

#[derive(Debug, Clone)]
pub struct Customer {
    pub id: String,
    pub business: Business,
    pub market: Market,
    pub created: i64,
    pub invoice_prefix: String,
    /// How many invoices have a number.
    pub invoices: i64,
    /// Negative: credit.
    pub balance: i64,
    pub method: Method,
    pub payment_method: String,
    pub fee_plan: FeePlan,
    pub delinquent: bool,
}

/// A customer's life, told from its beginning to the end of the span. Objects that can still
/// change are held as values, and stored in the world once the story has left them for good.
#[derive(Debug)]
pub struct Thread<'a> {
    pub account: &'a mut Account,
    pub catalogue: Rc<Catalogue>,
    pub rng: Rng,
    pub customer: Customer,
    pub subscription: Option<Subscription>,
}

impl<'a> Thread<'a> {
    pub fn new(account: &'a mut Account, mut rng: Rng, market: Market, serial: u64) -> Self {
        let ids = &mut account.ids;
        let customer = Customer {
            id: ids.next("cus"),
            business: names::business(&mut rng, market.ending(), serial),
            market,
            created: account.span.first - rng.between(DAY, 20 * DAY),
            invoice_prefix: ids.invoice_prefix(),
            invoices: 0,
            balance: 0,
            method: Method::Card,
            payment_method: ids.next("pm"),
            fee_plan: FeePlan::default(),
            delinquent: false,
        };
        let catalogue = Rc::clone(&account.catalogue);
        Self { account, catalogue, rng, customer, subscription: None }
    }

    pub fn id(&mut self, prefix: &str) -> String {
        self.account.ids.next(prefix)
    }

    /// See [`super::days::Span::later`].
    pub fn later(&mut self, instant: i64, least: i64, most: i64) -> i64 {
        self.account.span.later(&mut self.rng, instant, least, most)
    }

    /// Gives credit (negative) or uses it, and returns the balance transaction's id.
    pub fn change_balance(&mut self, change: BalanceChange) -> String {
        self.customer.balance += change.amount;
        let entry = shape::BalanceEntry {
            id: self.id("cbtxn"),
            amount: change.amount,
            ending_balance: self.customer.balance,
            kind: change.kind,
            created: change.created,
            invoice: change.invoice,
            credit_note: change.credit_note,
            description: change.description,
        };
        let json = shape::customer_balance_transaction(&entry, &self.customer);
        self.account.world.insert(&json);
        entry.id
    }

    /// Ends the thread: the customer and the subscription will not change any more.
    pub fn finish(self) {
        if let Some(subscription) = &self.subscription {
            let json = super::shapes::subscription::subscription(subscription, &self.customer.id);
            self.account.world.insert(&json);
        }
        self.account.world.insert(&shape::customer(&self.customer));
    }
}

/// A change of a customer's credit balance.
#[derive(Debug, Clone, Default)]
pub struct BalanceChange {
    pub amount: i64,
    pub kind: &'static str,
    pub created: i64,
    pub invoice: Option<String>,
    pub credit_note: Option<String>,
    pub description: Option<&'static str>,
}
