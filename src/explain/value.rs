//! The value: what there is to say about one id. Amounts are integers with their currency; `report`
//! lays it out, and its JSON is what `--output json` prints.

use chrono::NaiveDate;
use serde::Serialize;

use crate::ids::{ExternalId, InternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::RecordKind;

/// The version of the JSON's shape.
pub(super) const SCHEMA_VERSION: u32 = 1;

/// Everything about one id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub schema_version: u32,
    /// What was typed.
    pub asked: String,
    /// The object or record it stands for.
    pub id: String,
    /// Stripe's or NetSuite's word for what it is.
    pub kind: String,
    pub title: String,
    /// The answer in a few sentences.
    pub lead: Vec<String>,
    /// The zone that dates are in.
    pub zone: String,
    /// What happened in Stripe, oldest first.
    pub events: Vec<Event>,
    /// What a payout is made of.
    pub makeup: Option<Makeup>,
    /// The records that the books need because of it.
    pub records: Rows<Chapter>,
    /// For each invoice, what was taken off its total, and what is open.
    pub invoices: Vec<OpenInvoice>,
    /// Each change of the Stripe balance, and where its money went.
    pub money: Vec<Movement>,
    /// What all of it comes to in the general ledger, net per account; balanced per currency.
    pub general_ledger: Vec<Entry>,
    pub exceptions: Vec<Trouble>,
    /// What the next plan would do.
    pub next: Vec<Next>,
    /// What the reader should know about the answer itself.
    pub notes: Vec<String>,
}

/// A list that is told in full, or briefly when it is long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rows<T> {
    /// One row each instead of a chapter each.
    pub brief: bool,
    pub all: Vec<T>,
}

/// Something that happened in Stripe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Event {
    pub date: NaiveDate,
    pub id: String,
    /// A whole sentence.
    pub text: String,
    pub amount: Option<Amount>,
}

/// What a payout is made of, by kind; the sum is the payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Makeup {
    pub rows: Vec<MakeupRow>,
    pub total: MakeupRow,
    pub members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MakeupRow {
    pub label: String,
    pub count: usize,
    pub gross: Amount,
    pub fee: Amount,
    pub net: Amount,
}

/// One balance transaction of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    pub date: NaiveDate,
    pub id: String,
    pub source: Option<ObjectId>,
    pub label: String,
    pub gross: Amount,
    pub fee: Amount,
    pub net: Amount,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chapter {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub title: String,
    pub because: Option<String>,
    /// The options and accounts that decided.
    pub settings: Vec<Setting>,
    pub date: Option<NaiveDate>,
    pub period: Option<String>,
    /// Customer, memo and the like: whole sentences.
    pub details: Vec<String>,
    pub lines: Vec<Line>,
    pub total: Option<Amount>,
    pub applied: Vec<Applied>,
    /// Debits positive, credits negative, in the record's currency.
    pub postings: Vec<Entry>,
    pub state: State,
    /// The Stripe objects it was made from.
    pub sources: Vec<ObjectId>,
}

/// A setting that decided something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub name: String,
    pub value: String,
    /// A whole sentence.
    pub meaning: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub what: String,
    pub detail: String,
    pub amount: Amount,
}

/// How much of a record pays which document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Applied {
    pub document: String,
    pub amount: Amount,
}

/// A debit (positive) or a credit (negative).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Entry {
    pub account: InternalId,
    /// Number and name.
    pub name: String,
    /// The setting that chose it, such as `accounts.revenue`, where it is the only one.
    pub setting: Option<String>,
    pub amount: Amount,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Desired,
    Posted,
    Verified,
    Drifted,
    Failed,
    InDoubt,
    Blocked,
    Unwanted,
    /// A summary stands for it.
    SummedUp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct State {
    pub standing: Standing,
    pub netsuite_id: Option<InternalId>,
    /// A whole sentence.
    pub text: String,
}

/// What an invoice's total was reduced by, and what is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenInvoice {
    pub external_id: ExternalId,
    pub total: Amount,
    pub taken_off: Vec<Applied>,
    pub open: Amount,
    pub open_in_stripe: Amount,
    /// Why it is open, or that it is not.
    pub text: String,
}

/// One change of the Stripe balance, and where its money went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Movement {
    pub id: String,
    pub date: NaiveDate,
    pub gross: Amount,
    pub fee: Amount,
    pub net: Amount,
    pub payout: Option<String>,
    /// Whole sentences: what moved, in which payout, on which deposit.
    pub text: Vec<String>,
    /// Its part of the debits and credits of records that carry it with others.
    pub shares: Vec<Share>,
    /// The record that takes it to the bank is in NetSuite.
    pub is_banked: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    pub record: ExternalId,
    /// Such as `deposit po_1`.
    pub title: String,
    pub entries: Vec<Entry>,
}

/// An open exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    pub code: String,
    pub subject: String,
    pub class: String,
    pub message: String,
    pub fix: String,
    pub amount: Option<Amount>,
    pub blocks: Vec<ExternalId>,
    /// `None` until a plan has seen it.
    pub since: Option<NaiveDate>,
    pub age_days: Option<i64>,
}

/// What the next plan would do with one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Next {
    pub external_id: ExternalId,
    pub step: Step,
    /// A whole sentence.
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Create,
    Update,
    Blocked,
}
