//! Cases: the smallest closed sets of facts that are derived together.
//!
//! A *customer case* holds everything of one customer, because customer credit ties that customer's
//! invoices to one another. A charge without a customer is a case of its own. A *payout case* holds
//! a payout and the balance transactions it paid out.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{CouponId, CustomerId, DiscountId, ExternalId, PriceId, ProductId, TaxRateId};
use crate::stripe::objects::{
    BalanceTransaction, Charge, Coupon, CreditNote, Customer, CustomerBalanceTransaction, Dispute,
    Invoice, InvoicePayment, PaymentIntent, Payout, Price, Product, Refund, TaxRate,
};

/// A closed set of facts.
#[derive(Debug, Clone)]
pub enum Case {
    Customer(Box<CustomerCase>),
    Payout(Box<PayoutCase>),
}

impl Case {
    /// The case's key in the ledger: the id of the customer, of the charge that has none, or of the
    /// payout.
    pub fn key(&self) -> String {
        match self {
            Self::Customer(case) => case.key(),
            Self::Payout(case) => case.payout.id.to_string(),
        }
    }
}

/// Everything of one customer, or of one charge without a customer. Lists may be in any order.
#[derive(Debug, Clone, Default)]
pub struct CustomerCase {
    /// `None` for a charge without a customer, and for a customer that was deleted before it was
    /// ever read (then `customer_id` says which).
    pub customer: Option<Customer>,
    pub customer_id: Option<CustomerId>,
    /// Every status; drafts make nothing. With all their lines.
    pub invoices: Vec<Invoice>,
    pub invoice_payments: Vec<InvoicePayment>,
    pub payment_intents: Vec<PaymentIntent>,
    pub charges: Vec<Charge>,
    pub refunds: Vec<Refund>,
    pub disputes: Vec<Dispute>,
    /// With all their lines.
    pub credit_notes: Vec<CreditNote>,
    pub customer_balance: Vec<CustomerBalanceTransaction>,
    /// Those of the charges, refunds and disputes above.
    pub balance_transactions: Vec<BalanceTransaction>,
    pub catalog: Catalog,
    /// Which of this case's records NetSuite already holds: an invoice voided before it was ever
    /// pushed makes no record at all, one that was pushed is offset.
    pub posted: BTreeSet<ExternalId>,
}

impl CustomerCase {
    fn key(&self) -> String {
        let customer = self.customer.as_ref().map(|c| &c.id).or(self.customer_id.as_ref());
        let charge = self.charges.iter().map(|charge| &charge.id).min();
        customer
            .map(ToString::to_string)
            .or_else(|| charge.map(ToString::to_string))
            .unwrap_or_default()
    }
}

/// What is sold, by id: only what the case's invoices mention.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    pub prices: BTreeMap<PriceId, Price>,
    pub products: BTreeMap<ProductId, Product>,
    pub coupons: BTreeMap<CouponId, Coupon>,
    /// Which coupon a discount came from, from every expanded discount seen.
    pub discounts: BTreeMap<DiscountId, CouponId>,
    pub tax_rates: BTreeMap<TaxRateId, TaxRate>,
}

/// One payout with what it paid out.
#[derive(Debug, Clone)]
pub struct PayoutCase {
    pub payout: Payout,
    /// Its balance transactions, its own excluded; empty until Stripe can itemise it.
    pub members: Vec<BalanceTransaction>,
    /// The negative payouts since the last non-negative one of the same currency, oldest first:
    /// their members join this payout's deposit, because NetSuite refuses a negative deposit.
    pub carried: Vec<(Payout, Vec<BalanceTransaction>)>,
    /// The objects that members belong to, where a member's own `source` does not say it: a charge
    /// by its failure movement, a refund by its failure movement, a dispute by its movements.
    pub charges: Vec<Charge>,
    pub refunds: Vec<Refund>,
    pub disputes: Vec<Dispute>,
    /// Whether this payout's deposit is already in NetSuite's bank account: a payout that failed
    /// after that needs a journal, one that failed before never reaches the bank.
    pub deposited: bool,
}
