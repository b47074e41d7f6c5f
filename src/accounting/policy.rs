//! Policy: the choices of the company and the facts of its NetSuite account that derivation needs.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::accounting::chart::Chart;
use crate::accounting::masters::Masters;
use crate::calendar::{UnixTime, Zone, start_of_day};
use crate::ids::{AccountId, InternalId, TaxRateId};
use crate::money::Currency;
use crate::netsuite::wire::Places;

/// Everything besides the facts that decides what a case becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The Stripe account: it names what has no object of its own, such as a day's journal.
    pub account: AccountId,
    /// The Stripe account's reporting zone: it turns instants into the dates of the books.
    pub zone: Zone,
    /// The first day of the books: what is older is in other books.
    pub start: Option<NaiveDate>,
    pub chart: Chart,
    pub books: Books,
    pub options: Options,
    pub masters: Masters,
    /// For [`Tax::Suitetax`].
    pub suitetax: TaxCodes,
}

/// Which NetSuite tax codes stand for Stripe's tax rates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TaxCodes {
    /// For every rate that has none of its own.
    pub usual: Option<TaxCode>,
    pub rates: BTreeMap<TaxRateId, TaxCode>,
}

/// A NetSuite tax code and its type, by internal id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxCode {
    pub tax_type: InternalId,
    pub tax_code: InternalId,
}

/// What the company may choose. Every default is what `docs/accounting.md` describes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    pub trials: Trials,
    pub uncollectible: Uncollectible,
    pub discounts: Discounts,
    pub standalone_charges: StandaloneCharges,
    pub closed_period: ClosedPeriod,
    pub before_start: BeforeStart,
    pub settlement: Settlement,
    /// What moved before this day settled the other way; a ledger with records needs it to change.
    pub settlement_since: Option<NaiveDate>,
    pub manual_payouts: ManualPayouts,
    pub unreconciled: Unreconciled,
    pub deposit_lines: DepositLines,
    pub granularity: Granularity,
    pub duplicate_payments: DuplicatePayments,
    pub negative_invoices: NegativeInvoices,
    pub customer_balance: CustomerBalance,
    pub credit_notes: CreditNotes,
    pub unpaid_on_cancel: UnpaidOnCancel,
    pub partial_refunds: PartialRefunds,
    pub refund_items: MemoItems,
    pub dispute_items: MemoItems,
    pub disputes_opened: DisputesOpened,
    pub disputes_won: DisputesWon,
    pub tax: Tax,
    pub revenue_recognition: RevenueRecognition,
    pub deny_list: DenyList,
    pub allow_list: AllowList,
}

impl Policy {
    /// Whether a day is older than the books.
    pub fn is_older(&self, date: NaiveDate) -> bool {
        self.start.is_some_and(|start| date < start)
    }

    /// Whether what happened at `instant` is older than the books.
    pub fn is_past(&self, instant: UnixTime) -> bool {
        self.is_older(instant.date_in(self.zone))
    }

    /// How what moves the balance at `instant` reaches the bank account.
    pub fn settlement_at(&self, instant: UnixTime) -> Settlement {
        let options = &self.options;
        match options.settlement_since {
            Some(day) if instant < start_of_day(day, self.zone) => options.settlement.other(),
            _ => options.settlement,
        }
    }

    /// How finely fees and everything else without a record of its own is booked.
    pub fn fee_grain_at(&self, instant: UnixTime) -> Grain {
        self.options.granularity.fees.unwrap_or(match self.settlement_at(instant) {
            Settlement::Deposit => Grain::Payout,
            Settlement::Clearing => Grain::Daily,
        })
    }
}

/// What derivation must know of the NetSuite account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Books {
    /// The subsidiary's currency, in which the general ledger is kept.
    pub base_currency: Currency,
    pub currencies: BTreeMap<Currency, BooksCurrency>,
    /// Only in OneWorld accounts.
    pub subsidiary: Option<InternalId>,
}

/// A currency as NetSuite has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BooksCurrency {
    pub id: InternalId,
    /// 0 or 2.
    pub places: u8,
}

impl Places for Books {
    fn places(&self, currency: Currency) -> u8 {
        self.currencies.get(&currency).map_or_else(|| currency.netsuite_places(), |c| c.places)
    }
}

/// What becomes of an invoice whose lines are all zero (a trial).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trials {
    #[default]
    Sync,
    Skip,
}

/// How a discount posts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discounts {
    /// It reduces the income of the line above it.
    #[default]
    NonPosting,
    /// It goes to an account of its own, and income stays gross.
    Posting,
}

/// What becomes of a charge that paid no invoice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandaloneCharges {
    /// The payment stays unapplied: credit of the customer until somebody bills it.
    #[default]
    Unapplied,
    /// An invoice of one line is made, and the payment applied to it.
    Invoice,
}

/// What becomes of an invoice that Stripe marks uncollectible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Uncollectible {
    /// A credit memo with the invoice's own items reverses the revenue.
    #[default]
    CreditMemo,
    /// A credit memo with one bad-debt line leaves the revenue and books the loss.
    BadDebt,
    /// Nothing: the invoice stays open.
    KeepOpen,
}

/// What becomes of a new record whose posting period is closed or locked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosedPeriod {
    /// It takes the first day of the first open period after it; its memo keeps its own date.
    #[default]
    NextOpen,
    /// It waits until the period is opened.
    Block,
}

/// What becomes of something that reaches across the start of the books: a refund, dispute or payment
/// of something older, a payout of older money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeforeStart {
    /// It is a line on the opening account, so that deposits still equal the bank's lines.
    #[default]
    Account,
    /// The books open with Stripe's balance and with the invoices and credits that were open; what
    /// reaches across is then booked like anything else.
    OpeningBalance,
    /// It waits for a person.
    Exception,
}

/// How money gets from a payment to the bank account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Through undeposited funds, with one deposit per payout.
    #[default]
    Deposit,
    /// Through a bank-type account that stands for the Stripe balance.
    Clearing,
}

impl Settlement {
    const fn other(self) -> Self {
        match self {
            Self::Deposit => Self::Clearing,
            Self::Clearing => Self::Deposit,
        }
    }
}

/// What becomes of payouts that Stripe cannot itemise: manual and instant ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManualPayouts {
    /// What they may hold is swept from undeposited funds into the Stripe balance account every
    /// day, and the payout is a journal from there to the bank.
    #[default]
    Sweep,
    /// They wait for a person.
    Block,
}

/// What becomes of a payout with a member that cannot be placed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreconciled {
    /// The payout's deposit waits.
    #[default]
    Block,
    /// The member is a line on the suspense account, until a person reclassifies it.
    Suspense,
}

/// The most lines one deposit may have; a payout with more is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "usize", into = "usize")]
pub struct DepositLines(usize);

impl DepositLines {
    /// Below this, a part could not hold a line and what balances it.
    const MIN: usize = 4;

    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for DepositLines {
    /// NetSuite's ceiling for one deposit, by the documentation of Stripe's own connector.
    fn default() -> Self {
        Self(10_000)
    }
}

impl TryFrom<usize> for DepositLines {
    type Error = String;
    fn try_from(lines: usize) -> Result<Self, String> {
        if lines >= Self::MIN {
            Ok(Self(lines))
        } else {
            Err(format!("a deposit needs at least {} lines", Self::MIN))
        }
    }
}

impl From<DepositLines> for usize {
    fn from(lines: DepositLines) -> Self {
        lines.0
    }
}

/// How finely something is booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// Each by itself.
    #[default]
    Detail,
    /// One sum per day.
    Daily,
    /// One sum per payout.
    Payout,
}

/// How finely each category is booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Granularity {
    /// Invoices, credit memos, payments and refunds.
    pub sales: Grain,
    /// Sales before this day stay in detail; a ledger with records needs it to change.
    pub since: Option<NaiveDate>,
    /// Fees and whatever else has no record of its own. Not set: as the settlement does, per payout
    /// with deposits and daily with clearing.
    pub fees: Option<Grain>,
}

/// What becomes of a charge that pays an invoice which was already paid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicatePayments {
    /// The payment stays unapplied: credit of the customer, and its payout is deposited.
    #[default]
    Unapplied,
    /// Nothing, until somebody decides: its payout waits. The charge's metadata
    /// `netsuite_allow_duplicate: true` releases it.
    Hold,
}

/// What becomes of an invoice whose total is negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NegativeInvoices {
    /// A credit memo that stays open: it is the customer's credit.
    #[default]
    CreditMemo,
    /// An invoice whose lines are all zero; the credit is booked when it is used.
    ZeroLines,
}

/// When credit on a customer's balance reaches the books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerBalance {
    /// As it arises: an open credit of the customer, which use applies.
    #[default]
    OpenCredits,
    /// When it has paid an invoice: a memo on that invoice.
    OnUse,
}

/// When a credit note on an open invoice reaches the books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditNotes {
    /// At issue: NetSuite shows as open what Stripe shows.
    #[default]
    AtIssue,
    /// When the invoice is paid, so that an invoice voided instead needs one memo only.
    AfterPayment,
}

/// What becomes of a subscription's invoice that Stripe has stopped collecting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnpaidOnCancel {
    /// Nothing: it stays open.
    #[default]
    KeepOpen,
    /// A credit memo with the invoice's own items reverses the revenue.
    CreditMemo,
    /// A credit memo with one bad-debt line leaves the revenue and books the loss.
    BadDebt,
}

/// The lines of a memo for a part of an invoice of several lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartialRefunds {
    /// Each line's share, tax included.
    #[default]
    Prorate,
    /// One line with an item of its own; tax stays as it was collected.
    SingleItem,
}

/// The items of a memo that takes an invoice back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoItems {
    /// The invoice's own.
    #[default]
    Original,
    /// One line with an item of its own.
    Single,
}

/// What a disputed amount is until the outcome is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputesOpened {
    /// Given back: a memo and a refund.
    #[default]
    CreditMemo,
    /// An asset: the withdrawal is held on an account, and becomes a loss or comes back.
    Hold,
}

/// How a dispute that was won after a memo comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputesWon {
    /// The memo's lines are billed again, and paid by the returned money.
    #[default]
    Reinstate,
    /// The returned money is income of its own, on the deposit.
    ReversalLine,
}

/// How tax stands on invoices and memos.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tax {
    /// A line per rate with an item that posts to the liability account.
    #[default]
    Lines,
    /// Tax details of each line, which override what `SuiteTax` would compute.
    Suitetax,
}

/// Whether lines carry the dates over which their revenue is recognized.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevenueRecognition {
    /// They do not.
    #[default]
    None,
    /// Start and end of service, for Advanced Revenue Management.
    Arm,
}

/// What becomes of an object whose metadata say `netsuite_block_integration: true`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyList {
    /// It and what depends on it wait until the key is gone.
    #[default]
    Hold,
    /// The key means nothing.
    Ignore,
}

/// Which invoices and charges may be posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowList {
    #[default]
    All,
    /// Only those whose metadata, or whose customer's, say `netsuite_allow_integration: true`.
    Listed,
}
