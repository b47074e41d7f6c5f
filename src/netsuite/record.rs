//! The NetSuite records that the books need, as types.
//!
//! Names are NetSuite's own (REST record service v1). A record holds what *we* decide; what NetSuite
//! computes (totals, status, numbers) is not here. [`super::wire`] turns a record into the JSON that
//! is sent. References to records of ours are by external id, so that a record can be written down
//! before any of the records it needs exists.

mod line;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::extras::Extras;
use crate::ids::{ExternalId, InternalId};
use crate::money::Amount;

pub use line::{ItemLine, LineTax};

/// The kinds of NetSuite record this tool makes, in the order in which they may be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordKind {
    Customer,
    ServiceSaleItem,
    DiscountItem,
    Invoice,
    CreditMemo,
    CustomerPayment,
    CustomerRefund,
    Deposit,
    JournalEntry,
}

/// External ids are unique inside a group of record types, not inside one type
/// (Oracle help, section N3436356).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordGroup {
    Entity,
    Item,
    Transaction,
}

impl RecordGroup {
    pub const ALL: [Self; 3] = [Self::Entity, Self::Item, Self::Transaction];
}

impl RecordKind {
    pub const ALL: [Self; 9] = [
        Self::Customer,
        Self::ServiceSaleItem,
        Self::DiscountItem,
        Self::Invoice,
        Self::CreditMemo,
        Self::CustomerPayment,
        Self::CustomerRefund,
        Self::Deposit,
        Self::JournalEntry,
    ];

    /// The record type's name in a REST path and in SuiteQL's `recordtype` (there in lower case).
    pub const fn rest_name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::ServiceSaleItem => "serviceSaleItem",
            Self::DiscountItem => "discountItem",
            Self::Invoice => "invoice",
            Self::CreditMemo => "creditMemo",
            Self::CustomerPayment => "customerPayment",
            Self::CustomerRefund => "customerRefund",
            Self::Deposit => "deposit",
            Self::JournalEntry => "journalEntry",
        }
    }

    pub fn from_rest_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.rest_name().eq_ignore_ascii_case(name))
    }

    /// How an accountant calls it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::ServiceSaleItem => "Item",
            Self::DiscountItem => "Discount item",
            Self::Invoice => "Invoice",
            Self::CreditMemo => "Credit memo",
            Self::CustomerPayment => "Customer payment",
            Self::CustomerRefund => "Customer refund",
            Self::Deposit => "Deposit",
            Self::JournalEntry => "Journal entry",
        }
    }

    pub const fn group(self) -> RecordGroup {
        match self {
            Self::Customer => RecordGroup::Entity,
            Self::ServiceSaleItem | Self::DiscountItem => RecordGroup::Item,
            _ => RecordGroup::Transaction,
        }
    }

    /// Whether the record posts to the general ledger and so has a date, a period and a currency.
    pub const fn is_transaction(self) -> bool {
        matches!(self.group(), RecordGroup::Transaction)
    }
}

/// Points at another record: by NetSuite's own key, or by our external id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ref {
    Id(InternalId),
    External(ExternalId),
}

impl Ref {
    /// The record of ours that must exist first, if this points at one.
    pub fn external(&self) -> Option<&ExternalId> {
        match self {
            Self::External(id) => Some(id),
            Self::Id(_) => None,
        }
    }
}

impl From<ExternalId> for Ref {
    fn from(id: ExternalId) -> Self {
        Self::External(id)
    }
}

/// A positive decimal number kept as text, such as an exchange rate or a quantity: exact digits
/// in, the same digits out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Decimal(pub String);

/// What every posting record has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub external_id: ExternalId,
    /// `Stripe: <id>`, and more where a rule says so.
    pub memo: String,
    pub tran_date: NaiveDate,
    /// Filled in by the plan, from NetSuite's calendar of periods; always sent.
    pub posting_period: Option<InternalId>,
    pub currency: InternalId,
    /// Units of base currency for one unit of the record's; absent: NetSuite's own rate of the day.
    pub exchange_rate: Option<Decimal>,
    /// Only in OneWorld accounts.
    pub subsidiary: Option<InternalId>,
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub external_id: ExternalId,
    /// NetSuite's unique customer number or name; the Stripe id, as the connector has it.
    pub entity_id: String,
    pub company_name: String,
    /// An individual; `company_name` is then not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub comments: String,
    /// Billing, and shipping where that is not another one.
    pub address: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Box<Address>>,
    pub subsidiary: Option<InternalId>,
    /// Primary currency.
    pub currency: InternalId,
    /// Every currency the customer transacts in, the primary one included, sorted.
    pub currencies: Vec<InternalId>,
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

/// The name of an individual; NetSuite wants both parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub first_name: String,
    pub last_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    pub addressee: Option<String>,
    pub line1: Option<String>,
    pub line2: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
}

/// A service item for sale. Tax collected and shipping are lines with such items too: their
/// `income_account` is then the liability or the shipping income account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSaleItem {
    pub external_id: ExternalId,
    /// Unique name.
    pub item_id: String,
    pub display_name: String,
    pub income_account: InternalId,
    pub subsidiary: Option<InternalId>,
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountItem {
    pub external_id: ExternalId,
    pub item_id: String,
    pub display_name: String,
    /// The account a posting discount debits; `None` makes it non-posting: it then reduces the
    /// income of the line above it.
    pub account: Option<InternalId>,
    pub subsidiary: Option<InternalId>,
    #[serde(default, skip_serializing_if = "Extras::is_empty")]
    pub extras: Extras,
}

/// An application of a record to another: how much of it pays which document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apply {
    pub doc: Ref,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    #[serde(flatten)]
    pub header: Header,
    pub entity: Ref,
    /// Accounts receivable.
    pub account: InternalId,
    pub due_date: Option<NaiveDate>,
    /// The number the customer sees on Stripe's invoice.
    pub other_ref_num: Option<String>,
    pub lines: Vec<ItemLine>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditMemo {
    #[serde(flatten)]
    pub header: Header,
    pub entity: Ref,
    pub account: InternalId,
    pub lines: Vec<ItemLine>,
    /// The invoices it pays down. A refund of the memo is on the refund, not here.
    pub apply: Vec<Apply>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerPayment {
    #[serde(flatten)]
    pub header: Header,
    pub customer: Ref,
    pub ar_account: InternalId,
    /// Where the money lands: undeposited funds, the Stripe balance account, or a bank.
    pub account: InternalId,
    pub payment: Amount,
    pub apply: Vec<Apply>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRefund {
    #[serde(flatten)]
    pub header: Header,
    pub customer: Ref,
    pub ar_account: InternalId,
    /// Where the money leaves from.
    pub account: InternalId,
    /// Credit memos and unapplied payments that are paid back; their sum is the refund's total.
    pub apply: Vec<Apply>,
}

/// A payment or refund that a deposit takes out of undeposited funds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositPayment {
    pub record: Ref,
    /// Signed, in the deposit's currency: negative for refunds.
    pub amount: Amount,
}

/// An amount on a deposit that comes from (`other`) or goes to (`cashback`) an account directly.
/// Always positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositLine {
    pub account: InternalId,
    pub amount: Amount,
    pub memo: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    #[serde(flatten)]
    pub header: Header,
    /// The bank account; its currency is the deposit's.
    pub account: InternalId,
    pub payments: Vec<DepositPayment>,
    /// Inflows without a record of their own.
    pub other: Vec<DepositLine>,
    /// Outflows: fees.
    pub cashback: Vec<DepositLine>,
}

/// One line of a journal: positive is a debit, negative a credit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    pub account: InternalId,
    pub amount: Amount,
    pub memo: String,
    /// Needed on receivable accounts.
    pub entity: Option<Ref>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    #[serde(flatten)]
    pub header: Header,
    pub lines: Vec<JournalLine>,
}

/// Any record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Body {
    Customer(Customer),
    ServiceSaleItem(ServiceSaleItem),
    DiscountItem(DiscountItem),
    Invoice(Invoice),
    CreditMemo(CreditMemo),
    CustomerPayment(CustomerPayment),
    CustomerRefund(CustomerRefund),
    Deposit(Deposit),
    JournalEntry(JournalEntry),
}

impl Body {
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::Customer(_) => RecordKind::Customer,
            Self::ServiceSaleItem(_) => RecordKind::ServiceSaleItem,
            Self::DiscountItem(_) => RecordKind::DiscountItem,
            Self::Invoice(_) => RecordKind::Invoice,
            Self::CreditMemo(_) => RecordKind::CreditMemo,
            Self::CustomerPayment(_) => RecordKind::CustomerPayment,
            Self::CustomerRefund(_) => RecordKind::CustomerRefund,
            Self::Deposit(_) => RecordKind::Deposit,
            Self::JournalEntry(_) => RecordKind::JournalEntry,
        }
    }

    pub fn external_id(&self) -> &ExternalId {
        match self {
            Self::Customer(record) => &record.external_id,
            Self::ServiceSaleItem(record) => &record.external_id,
            Self::DiscountItem(record) => &record.external_id,
            _ => &self.header().expect("only customers and items have no header").external_id,
        }
    }

    /// The header of a posting record; customers and items have none.
    pub fn header(&self) -> Option<&Header> {
        match self {
            Self::Customer(_) | Self::ServiceSaleItem(_) | Self::DiscountItem(_) => None,
            Self::Invoice(record) => Some(&record.header),
            Self::CreditMemo(record) => Some(&record.header),
            Self::CustomerPayment(record) => Some(&record.header),
            Self::CustomerRefund(record) => Some(&record.header),
            Self::Deposit(record) => Some(&record.header),
            Self::JournalEntry(record) => Some(&record.header),
        }
    }

    pub fn header_mut(&mut self) -> Option<&mut Header> {
        match self {
            Self::Customer(_) | Self::ServiceSaleItem(_) | Self::DiscountItem(_) => None,
            Self::Invoice(record) => Some(&mut record.header),
            Self::CreditMemo(record) => Some(&mut record.header),
            Self::CustomerPayment(record) => Some(&mut record.header),
            Self::CustomerRefund(record) => Some(&mut record.header),
            Self::Deposit(record) => Some(&mut record.header),
            Self::JournalEntry(record) => Some(&mut record.header),
        }
    }

    /// What the company's mapping puts on the record.
    pub fn extras(&self) -> &Extras {
        match self {
            Self::Customer(record) => &record.extras,
            Self::ServiceSaleItem(record) => &record.extras,
            Self::DiscountItem(record) => &record.extras,
            _ => &self.header().expect("only customers and items have no header").extras,
        }
    }

    pub fn extras_mut(&mut self) -> &mut Extras {
        match self {
            Self::Customer(record) => &mut record.extras,
            Self::ServiceSaleItem(record) => &mut record.extras,
            Self::DiscountItem(record) => &mut record.extras,
            _ => &mut self.header_mut().expect("only customers and items have no header").extras,
        }
    }

    /// What the record is applied to.
    pub fn applied(&self) -> &[Apply] {
        match self {
            Self::CreditMemo(memo) => &memo.apply,
            Self::CustomerPayment(payment) => &payment.apply,
            Self::CustomerRefund(refund) => &refund.apply,
            _ => &[],
        }
    }

    pub fn applied_mut(&mut self) -> Option<&mut Vec<Apply>> {
        match self {
            Self::CreditMemo(memo) => Some(&mut memo.apply),
            Self::CustomerPayment(payment) => Some(&mut payment.apply),
            Self::CustomerRefund(refund) => Some(&mut refund.apply),
            _ => None,
        }
    }

    /// The record's total as NetSuite would show it: what an invoice bills, a payment brings, a
    /// deposit banks. `None` for customers, items, and records without a line.
    pub fn total(&self) -> Option<Amount> {
        let sum = |amounts: &mut dyn Iterator<Item = Amount>| amounts.reduce(|a, b| a + b);
        match self {
            Self::Customer(_) | Self::ServiceSaleItem(_) | Self::DiscountItem(_) => None,
            Self::Invoice(record) => sum(&mut record.lines.iter().map(ItemLine::total)),
            Self::CreditMemo(record) => sum(&mut record.lines.iter().map(ItemLine::total)),
            Self::CustomerPayment(record) => Some(record.payment),
            Self::CustomerRefund(record) => sum(&mut record.apply.iter().map(|line| line.amount)),
            Self::Deposit(record) => sum(&mut record
                .payments
                .iter()
                .map(|line| line.amount)
                .chain(record.other.iter().map(|line| line.amount))
                .chain(record.cashback.iter().map(|line| -line.amount))),
            Self::JournalEntry(record) => sum(&mut record
                .lines
                .iter()
                .map(|line| line.amount)
                .filter(|amount| amount.is_positive())),
        }
    }
}
