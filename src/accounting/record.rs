//! What derivation gives: records, each with the reason it exists.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::accounting::cutover::Straddler;
use crate::accounting::exception::Exception;
use crate::accounting::summary::Summary;
use crate::ids::{ExternalId, InternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Body, RecordKind};

/// A NetSuite record as the books need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub body: Body,
    /// The rule that made it.
    pub rule: Rule,
    /// The Stripe objects it was made from, the main one first.
    pub sources: Vec<ObjectId>,
    /// What the record changes in the Stripe balance, in the settlement currency, before fees:
    /// positive for payments, negative for refunds. `None` where no balance is touched.
    pub settles: Option<Amount>,
}

impl Record {
    pub fn external_id(&self) -> &ExternalId {
        self.body.external_id()
    }

    pub fn kind(&self) -> RecordKind {
        self.body.kind()
    }
}

/// Why a record exists. The text of each is in [`Rule::because`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    CustomerTransacts,
    PriceSold,
    CouponUsed,
    TaxCollected,
    GlobalItem,
    InvoiceFinalized,
    InvoiceNegative,
    InvoiceVoided,
    InvoiceUncollectible,
    InvoiceRecovered,
    BalanceAdjusted,
    BalanceUsed,
    PaidOutsideStripe,
    SubscriptionEnded,
    ChargeSucceeded,
    ChargeBilled,
    ChargeFailedLater,
    RefundPaid,
    RefundReversesInvoice,
    RefundFailed,
    CreditNoteIssued,
    CreditNoteVoided,
    DisputeWithdrawn,
    DisputeReversesInvoice,
    DisputeReinstated,
    DisputeWon,
    DisputeLost,
    PayoutPaid,
    PayoutNegative,
    PayoutTransferred,
    PayoutFailed,
    Reversed,
    DayCharged,
    DaySwept,
    MovementCharged,
    PayoutCharged,
    ToppedUp,
    SalesSummedByDay,
    ReceiptsSummedByPayout,
    OpenAtStart,
    OpeningCreditUsed,
    OpeningBalance,
}

impl Rule {
    /// Whether the record sums many things, so that its sources are what it holds.
    pub const fn sums_up(self) -> bool {
        matches!(
            self,
            Self::DayCharged
                | Self::DaySwept
                | Self::SalesSummedByDay
                | Self::ReceiptsSummedByPayout
        )
    }

    /// The rule in an accountant's words, as `explain` and the plan show it.
    pub const fn because(self) -> &'static str {
        match self {
            Self::CustomerTransacts => "The customer has its first invoice or payment.",
            Self::PriceSold => "An invoice line sells at this price.",
            Self::CouponUsed => "An invoice line is reduced by this coupon.",
            Self::TaxCollected => "An invoice collects tax at this rate.",
            Self::GlobalItem => "A line has no price of its own.",
            Self::InvoiceFinalized => "Stripe finalized the invoice.",
            Self::InvoiceNegative => {
                "The invoice's total is negative: it is credit that the customer keeps."
            }
            Self::InvoiceVoided => "The invoice was voided after it had been posted.",
            Self::InvoiceUncollectible => "The invoice was marked uncollectible.",
            Self::InvoiceRecovered => {
                "The invoice was paid after it had been marked uncollectible."
            }
            Self::BalanceAdjusted => "The customer's balance was adjusted by hand.",
            Self::BalanceUsed => "The invoice was paid from the customer's balance.",
            Self::PaidOutsideStripe => "The invoice was paid with money that Stripe never had.",
            Self::SubscriptionEnded => {
                "The subscription ended while the invoice was unpaid: nobody collects it any more."
            }
            Self::ChargeSucceeded => "The charge succeeded and reached the Stripe balance.",
            Self::ChargeBilled => "The charge paid for something that Stripe did not invoice.",
            Self::ChargeFailedLater => "The payment failed after it had been booked.",
            Self::RefundPaid => "The refund left the Stripe balance.",
            Self::RefundReversesInvoice => {
                "The refunded payment had paid an invoice, whose lines are reversed."
            }
            Self::RefundFailed => "The refund failed: the money came back and is still owed.",
            Self::CreditNoteIssued => "A credit note was issued.",
            Self::CreditNoteVoided => "The credit note was voided after it had been posted.",
            Self::DisputeWithdrawn => "The disputed amount was withdrawn.",
            Self::DisputeReversesInvoice => {
                "The disputed payment had paid an invoice, whose lines are reversed."
            }
            Self::DisputeReinstated => "The dispute was won: the reversed lines are billed again.",
            Self::DisputeWon => "The dispute was won: the money came back.",
            Self::DisputeLost => "The dispute ended: what was held and did not come back is lost.",
            Self::PayoutPaid => "The payout reached the bank.",
            Self::PayoutNegative => "The payout debited the bank.",
            Self::PayoutTransferred => {
                "The payout took money from the Stripe balance account to the bank."
            }
            Self::PayoutFailed => "The payout failed after it had been deposited.",
            Self::Reversed => "It takes back a record that was posted.",
            Self::DayCharged => "Stripe charged fees, or moved money without a record, that day.",
            Self::DaySwept => {
                "Payouts that Stripe cannot itemise are paid from the Stripe balance account."
            }
            Self::MovementCharged => "Stripe charged a fee, or moved money without a record.",
            Self::PayoutCharged => "Stripe charged fees on what the payout is made of.",
            Self::SalesSummedByDay => "What was sold and received that day is summed up.",
            Self::ReceiptsSummedByPayout => {
                "What the payout's payments and refunds moved is summed up."
            }
            Self::OpenAtStart => "It was open when the books began.",
            Self::OpeningCreditUsed => {
                "The invoice was paid with credit that is older than the books."
            }
            Self::OpeningBalance => "The books begin with what was in the Stripe balance.",
            Self::ToppedUp => "Money went from the bank to the Stripe balance, or back.",
        }
    }
}

/// What a case becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    /// In a stable order: by kind, then by external id.
    pub records: Vec<Record>,
    pub exceptions: Vec<Exception>,
    /// The records that a summary stands for: they are kept in detail and never posted themselves.
    pub summaries: BTreeMap<ExternalId, Summary>,
    /// What NetSuite has already: referred to by its own key, and never sent.
    pub linked: Vec<Linked>,
    /// What reaches across the start of the books.
    pub straddlers: Vec<Straddler>,
}

/// A record that NetSuite has already, made by somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// What would have been made.
    pub record: Record,
    pub id: InternalId,
}
