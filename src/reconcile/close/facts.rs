//! Everything that the reports of a period are made of, gathered once and kept.
//!
//! Belongs here: facts of Stripe from before the period's end, what the ledger recorded because of
//! them, and what NetSuite showed when it was read. Reports are functions of this value alone, so the
//! same value gives the same bytes whenever it is read again.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::cover::Cover;
pub use super::movement::{Charges, Movement, Short};
pub use super::movements::Movements;
pub use super::word::Word;
use crate::accounting::chart::Role;
use crate::accounting::exception::Exception;
use crate::calendar::{UnixTime, Window, Zone, second};
use crate::ids::{ExternalId, InternalId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::RecordKind;
use crate::reconcile::bank::BankSide;
use crate::reconcile::statement::{Item, made_for};

/// The version of [`Facts`] as it is kept.
pub const FACTS_VERSION: u32 = 4;

/// What is reported on: whole days of the account's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// `2026-10`, or the two bounds.
    pub name: String,
    pub window: Window,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
}

/// Where the figures of NetSuite come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Read from NetSuite.
    NetSuite,
    /// Not read: what was posted, as the ledger has it. Proves nothing about NetSuite.
    Posted,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub version: u32,
    /// Program and version.
    pub made_by: String,
    pub company: Option<String>,
    pub stripe_account: String,
    pub netsuite_account: String,
    pub zone: Zone,
    pub base_currency: Currency,
    pub period: Period,
    /// When NetSuite was read: the only instant of now in a report.
    pub read_at: UnixTime,
    pub source: Source,
    pub books_start: Option<NaiveDate>,
    pub accounts: BTreeMap<InternalId, String>,
    pub chart: Vec<(Role, InternalId)>,
    pub stripe: BTreeMap<Currency, StripeSide>,
    /// Reporting categories, by the number that movements have.
    pub categories: Vec<String>,
    /// What moved in the period, and what is older and was not booked when it began.
    pub movements: Movements,
    pub payouts: Vec<Payout>,
    pub balances: Vec<Balance>,
    pub deviations: Vec<Deviation>,
    /// Records on the compared accounts that this ledger did not make.
    pub by_others: Vec<Foreign>,
    pub documents: Vec<Document>,
    pub invoices: Vec<InvoiceSides>,
    pub credits: Vec<CustomerCredit>,
    /// Whether policy books customers' credits as they arise.
    pub books_credits: bool,
    pub disputes: Vec<DisputeFact>,
    pub refunds: Vec<RefundFact>,
    pub taxes: Vec<TaxLine>,
    pub exceptions: Vec<OpenException>,
    pub runs: Vec<RunFact>,
    /// `None` where no bank statement was imported, or an older program kept this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<BankSide>,
    pub cover: Cover,
}

/// One currency of the Stripe balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeSide {
    /// The balance at the first instant of the period.
    pub opening: Amount,
    /// Stripe's own balance, less what moved since the period's end.
    pub reported: Option<Amount>,
    pub unproven: Option<String>,
    /// From before the start of the books and in other books, at the period's end.
    pub outside: Amount,
    /// Payouts that had left before the start of the books and are not booked at the period's end.
    pub on_their_way: Vec<Item>,
    /// What the books got in the period of the time before they begin: with the opening journal, or
    /// with payouts that brought it to the bank.
    pub from_before: Amount,
    /// What Stripe charged in the same month of UTC, as its tax invoice counts: how many, and how much.
    pub charged_by_utc: (usize, Amount),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    pub id: String,
    pub external_id: Option<ExternalId>,
    pub created: UnixTime,
    pub arrival: NaiveDate,
    /// Stripe's own, when it was last pulled.
    pub status: String,
    pub is_automatic: bool,
    pub is_older: bool,
    pub amount: Amount,
    /// When it came back to the Stripe balance.
    pub returned: Option<UnixTime>,
    /// The day of its deposit or journal; of the last, where the deposit is in parts.
    pub booked: Option<NaiveDate>,
    pub is_journal: bool,
    /// The record leads to the Stripe balance account, because the bank never had it.
    pub is_to_balance: bool,
    /// The day of the deposit that took over what a negative payout was made of.
    pub taken_over: Option<NaiveDate>,
    pub period: Option<String>,
    /// What the bank account shows for it.
    pub banked: Amount,
    /// The line of the bank statement; `None` where no statement was read.
    pub bank_line: Option<String>,
    /// Under which banks find it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// What the bank statement was asked to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<String>,
    pub members: Tally,
}

/// What a payout is made of, its own movement apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub count: usize,
    pub gross: i64,
    pub fee: i64,
    pub net: i64,
}

/// One account in one currency: what NetSuite shows of our records, and what was posted. Debits are
/// positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub account: InternalId,
    pub currency: Currency,
    /// Before the period, and in it, in `currency`.
    pub observed: [Amount; 2],
    pub expected: [Amount; 2],
    /// As NetSuite shows it in base currency.
    pub base_debit: [Amount; 2],
    pub base_credit: [Amount; 2],
}

/// A record of ours that shows another amount or day on an account than was posted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deviation {
    pub external_id: ExternalId,
    pub internal_id: InternalId,
    pub kind: RecordKind,
    pub account: InternalId,
    pub what: What,
    pub expected: Amount,
    pub expected_day: NaiveDate,
    pub observed: Amount,
    pub observed_day: NaiveDate,
}

/// How a record deviates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Missing,
    Voided,
    NotPosting,
    /// In another posting period.
    Period,
    Date,
    Amount,
    /// The same amount on another account.
    Account,
}

impl What {
    pub const fn words(self) -> &'static str {
        match self {
            Self::Missing => "missing in NetSuite",
            Self::Voided => "voided in NetSuite",
            Self::NotPosting => "waits for approval in NetSuite",
            Self::Period => "in another posting period",
            Self::Date => "on another day",
            Self::Amount => "another amount",
            Self::Account => "on another account",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    pub account: InternalId,
    pub internal_id: InternalId,
    pub label: String,
    pub number: String,
    pub date: NaiveDate,
    pub amount: Amount,
    /// NetSuite's own gain or loss on a rate.
    pub is_revaluation: bool,
    /// The Stripe account of the same configuration whose ledger made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
}

impl Foreign {
    /// What it is, and who made it where that is known.
    pub fn described(&self) -> String {
        made_for(self.label.clone(), self.maker.as_deref())
    }
}

/// A document on receivables that is open at the period's end. Debits are positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub customer: Option<String>,
    pub date: NaiveDate,
    pub due: Option<NaiveDate>,
    pub open: Amount,
    /// Whether it is the customer's credit: a memo, or what a payment of invoices was too much.
    pub is_credit: bool,
}

/// An invoice in both systems, when they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceSides {
    pub external_id: ExternalId,
    pub date: NaiveDate,
    pub stripe: Amount,
    pub netsuite: Amount,
    pub explained: Option<String>,
}

/// A customer's credit in both systems: what Stripe owes the customer is positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCredit {
    pub customer: String,
    pub stripe: Amount,
    pub netsuite: Amount,
    /// Of NetSuite's, what was given back outside Stripe and waits for a person.
    pub outside: Amount,
    /// Of NetSuite's, what Stripe had used on invoices that were voided after the period.
    pub taken_back: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeFact {
    pub id: String,
    pub charge: Option<String>,
    /// The day of the disputed charge.
    pub charged: Option<NaiveDate>,
    pub opened: NaiveDate,
    pub reason: String,
    pub status: String,
    pub amount: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFact {
    pub id: Short,
    pub charge: Option<Short>,
    pub charged: Option<NaiveDate>,
    pub reason: Word,
    pub status: Word,
}

/// Tax on documents of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    pub rate: String,
    pub account: InternalId,
    pub invoice_count: usize,
    pub invoiced: Amount,
    pub memo_count: usize,
    pub credited: Amount,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenException {
    pub exception: Exception,
    pub first_seen: UnixTime,
    pub owner: Option<String>,
    pub note: Option<String>,
    /// The last day until which it may stand, because a person said so, as of the day of reading.
    #[serde(default)]
    pub accepted_until: Option<NaiveDate>,
}

/// What one run posted into the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFact {
    pub run: i64,
    pub command: String,
    /// As the run noted them: the plan file, the window.
    pub parameters: String,
    pub started: UnixTime,
    pub kind: RecordKind,
    pub outcome: String,
    pub count: usize,
    pub total: Amount,
}

impl Facts {
    pub fn category(&self, movement: &Movement) -> &str {
        &self.categories[usize::from(movement.category)]
    }

    pub fn account<'a>(&'a self, account: &'a InternalId) -> &'a str {
        self.accounts.get(account).map_or(account.as_str(), String::as_str)
    }

    /// The accounts of roles.
    pub fn accounts_of(&self, is_one: impl Fn(Role) -> bool) -> Vec<&InternalId> {
        let of_roles = self.chart.iter().filter(|(role, _)| is_one(*role));
        let mut accounts: Vec<&InternalId> = of_roles.map(|(_, account)| account).collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// What moved in the period, in one currency.
    pub fn moved(&self, currency: Currency) -> std::slice::Iter<'_, Movement> {
        self.movements.of_in(currency, self.period.window).iter()
    }

    /// Every movement of these books up to the period's end that is not long settled.
    pub fn known(&self, currency: Currency) -> std::slice::Iter<'_, Movement> {
        self.movements.of(currency).iter()
    }

    /// Those of them that are older than the period.
    pub fn older(&self, currency: Currency) -> std::slice::Iter<'_, Movement> {
        let before = Window { since: UnixTime(i64::MIN), until: self.period.window.since };
        self.movements.of_in(currency, before).iter()
    }

    /// The balances of accounts in one currency, summed up.
    pub fn on(
        &self,
        accounts: &[&InternalId],
        currency: Currency,
        side: impl Fn(&Balance) -> Amount,
    ) -> Amount {
        self.balances
            .iter()
            .filter(|own| own.currency == currency && accounts.contains(&&own.account))
            .fold(Amount::zero(currency), |sum, own| sum + side(own))
    }

    /// Records of others on accounts in one currency, up to a day, both included.
    pub fn others(
        &self,
        accounts: &[&InternalId],
        currency: Currency,
        days: std::ops::RangeInclusive<NaiveDate>,
    ) -> impl Iterator<Item = &Foreign> {
        self.by_others.iter().filter(move |other| {
            other.amount.currency() == currency
                && accounts.contains(&&other.account)
                && days.contains(&other.date)
        })
    }

    /// An instant in the account's zone, to the minute.
    pub fn local(&self, instant: UnixTime) -> String {
        instant.minute_in(self.zone)
    }

    pub fn local_second(&self, instant: UnixTime) -> String {
        second(self.zone.local(instant))
    }

    pub fn date(&self, instant: UnixTime) -> NaiveDate {
        instant.date_in(self.zone)
    }
}

impl Balance {
    /// What NetSuite shows at the period's end.
    pub fn observed_at_end(&self) -> Amount {
        self.observed[0] + self.observed[1]
    }

    pub fn expected_at_end(&self) -> Amount {
        self.expected[0] + self.expected[1]
    }
}

impl Deviation {
    /// What NetSuite shows too much, at the end of `day`.
    pub fn by(&self, day: NaiveDate) -> Amount {
        let zero = Amount::zero(self.expected.currency());
        let expected = if self.expected_day <= day { self.expected } else { zero };
        let observed = if self.observed_day <= day { self.observed } else { zero };
        observed - expected
    }
}
