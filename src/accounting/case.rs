//! Cases: the smallest closed sets of facts that are derived together.
//!
//! A *customer case* holds everything of one customer, because customer credit ties that customer's
//! invoices to one another. A charge without a customer is a case of its own. A *payout case* holds
//! a payout and the balance transactions it paid out. A *day case* holds what moved the balance of
//! one currency on one day, for the books that are kept by the day.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::accounting::policy::Policy;
use crate::accounting::question::Known;
use crate::accounting::record::Record;
use crate::accounting::seat::{Schedule, Sources};
use crate::accounting::summary::Summary;
use crate::calendar::UnixTime;
use crate::ids::{
    BalanceTransactionId, CouponId, CustomerId, DiscountId, ExternalId, PayoutId, PriceId,
    ProductId, TaxRateId,
};
use crate::money::{Amount, Currency};
use crate::stripe::objects::{
    BalanceTransaction, Charge, Coupon, CreditNote, Customer, CustomerBalanceTransaction, Dispute,
    Invoice, InvoicePayment, PaymentIntent, Payout, Price, Product, Refund, TaxRate,
};

/// A closed set of facts.
#[derive(Debug, Clone)]
pub enum Case {
    Customer(Box<CustomerCase>),
    Payout(Box<PayoutCase>),
    Day(Box<DayCase>),
    Summary(Box<SummaryCase>),
    Opening(Box<OpeningCase>),
}

impl Case {
    /// The case's key in the ledger: the id of the customer, of the charge that has none, or of the
    /// payout; the date and currency of a day.
    pub fn key(&self) -> String {
        match self {
            Self::Customer(case) => case.key(),
            Self::Payout(case) => case.payout.id.to_string(),
            Self::Day(case) => DayCase::key(case.currency, case.date),
            Self::Summary(case) => SummaryCase::key(&case.summary),
            Self::Opening(case) => OpeningCase::key(case.currency),
        }
    }

    /// What is known of NetSuite and of Stripe's own words.
    pub fn known(&self) -> &Known {
        match self {
            Self::Customer(case) => &case.known,
            Self::Payout(case) => &case.known,
            Self::Day(case) => &case.known,
            Self::Summary(case) => &case.known,
            Self::Opening(case) => &case.known,
        }
    }

    pub fn known_mut(&mut self) -> &mut Known {
        match self {
            Self::Customer(case) => &mut case.known,
            Self::Payout(case) => &mut case.known,
            Self::Day(case) => &mut case.known,
            Self::Summary(case) => &mut case.known,
            Self::Opening(case) => &mut case.known,
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
    /// Which of this case's records NetSuite already holds, by themselves or in a summary: an
    /// invoice voided before it was ever pushed makes no record at all, one that was pushed is
    /// offset.
    pub posted: BTreeSet<ExternalId>,
    /// Those of them that stand by themselves: they are never summed up any more.
    pub in_detail: BTreeSet<ExternalId>,
    /// The payout of each balance transaction above that has one. Only told where policy sums up by
    /// payout.
    pub payout_of: BTreeMap<String, PayoutId>,
    pub known: Known,
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
    /// The objects that members belong to.
    pub sources: Sources,
    /// The payouts of this currency.
    pub schedule: Arc<Schedule>,
    /// Whether this payout is already in NetSuite's bank account: one that failed after that needs a
    /// journal, one that failed before never reaches the bank.
    pub deposited: bool,
    /// Members whose record is not made, because an exception keeps it. Only told where policy puts
    /// them on suspense.
    pub absent: BTreeSet<BalanceTransactionId>,
    /// When the money of a payout that came back was in the Stripe balance again.
    pub returned: Option<UnixTime>,
    /// Members that a posted deposit of this payout has on suspense.
    pub suspended: BTreeSet<BalanceTransactionId>,
    pub known: Known,
}

impl PayoutCase {
    /// The negative payouts that this one takes over, without those that are older than the books.
    pub fn carried_in<'a>(
        &'a self,
        policy: &'a Policy,
    ) -> impl Iterator<Item = &'a (Payout, Vec<BalanceTransaction>)> {
        let is_past = |payout: &Payout| policy.is_older(payout.arrival_date.utc_date());
        self.carried.iter().filter(move |(negative, _)| !is_past(negative))
    }
}

/// What moved the Stripe balance in one currency on one day of the account's zone.
#[derive(Debug, Clone)]
pub struct DayCase {
    pub currency: Currency,
    pub date: NaiveDate,
    pub movements: Vec<BalanceTransaction>,
    /// The objects that movements belong to.
    pub sources: Sources,
    /// The payouts of this currency.
    pub schedule: Arc<Schedule>,
    /// What is in a posted journal or deposit of this day already, and in which: what appears later
    /// makes another one.
    pub taken: Vec<(String, ExternalId)>,
    pub known: Known,
}

/// The records that one summary stands for.
#[derive(Debug, Clone)]
pub struct SummaryCase {
    pub summary: Summary,
    /// The day, or the payout's arrival.
    pub date: NaiveDate,
    pub records: Vec<Record>,
    /// What is in a posted journal of this summary already, and in which.
    pub taken: Vec<(String, ExternalId)>,
    pub known: Known,
}

/// What the Stripe balance of one currency held when the books began.
#[derive(Debug, Clone)]
pub struct OpeningCase {
    pub currency: Currency,
    /// At the first instant of the first day; `None` while it is not known.
    pub balance: Option<Amount>,
    /// Payouts that had left the balance by then and reached the bank later.
    pub in_transit: Vec<Payout>,
    /// The journal that is in NetSuite already.
    pub posted: Option<Record>,
    pub known: Known,
}

impl OpeningCase {
    /// The case's key in the ledger.
    pub fn key(currency: Currency) -> String {
        format!("opening {currency}")
    }
}

impl SummaryCase {
    /// The case's key in the ledger.
    pub fn key(summary: &Summary) -> String {
        match summary {
            Summary::Day(date, what) => format!("{} {date}", what.word()),
            Summary::Payout(payout) => format!("receipts {payout}"),
            Summary::AwaitsPayout => "receipts without a payout".into(),
        }
    }
}

impl DayCase {
    /// The case's key in the ledger.
    pub fn key(currency: Currency, date: NaiveDate) -> String {
        format!("{date} {currency}")
    }
}
