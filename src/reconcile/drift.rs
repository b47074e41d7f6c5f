//! Drift: a record as it was sent against the record NetSuite shows.
//!
//! One comparison serves every question of that kind: did the request whose answer was lost do what
//! it should, did NetSuite save what it was sent, has somebody changed it since, may a record that
//! another tool made be taken over. What a difference means and what to do about it is in `aspect`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use crate::accounting::posting::Posting;
use crate::ids::{ExternalId, InternalId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::{Decimal, RecordKind};
use crate::reconcile::aspect::Aspect;

/// A record as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    /// `None` until NetSuite said it.
    pub internal_id: Option<InternalId>,
    /// What posting records have; customers and items have none of it.
    pub header: Option<ExpectedHeader>,
    pub postings: Vec<Posting>,
    /// Which documents it pays, refunds or deposits, and how much of each.
    pub applied: BTreeMap<InternalId, Amount>,
    pub deposited: Deposited,
    /// Only on customers: the primary currency.
    pub currency: Option<InternalId>,
    /// Only on items: the account they post to.
    pub account: Option<InternalId>,
}

/// The header fields that were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedHeader {
    pub tran_date: NaiveDate,
    pub posting_period: Option<InternalId>,
    pub memo: String,
    pub due_date: Option<NaiveDate>,
    /// `None`: NetSuite took its own rate of the day.
    pub exchange_rate: Option<Decimal>,
    /// `None` where there is none, or NetSuite's id of it is not known.
    pub customer: Option<InternalId>,
}

/// On which deposit a payment or refund belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deposited {
    /// Not looked at.
    Unknown,
    Nowhere,
    On(InternalId),
}

/// A record as NetSuite shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub internal_id: InternalId,
    pub external_id: Option<ExternalId>,
    pub kind: Option<RecordKind>,
    pub header: Option<ObservedHeader>,
    /// In the record's currency, debits positive.
    pub postings: Vec<Posting>,
    pub applied: BTreeMap<InternalId, Amount>,
    /// The deposits that hold it.
    pub deposits: BTreeSet<InternalId>,
    pub currency: Option<InternalId>,
    pub account: Option<InternalId>,
}

/// The header fields that NetSuite shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedHeader {
    pub tran_date: NaiveDate,
    pub posting_period: Option<InternalId>,
    pub memo: Option<String>,
    pub due_date: Option<NaiveDate>,
    pub exchange_rate: Option<Decimal>,
    pub customer: Option<InternalId>,
    pub is_voided: bool,
    pub is_posting: bool,
}

/// One difference between the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub internal_id: Option<InternalId>,
    pub aspect: Aspect,
    /// The field in words.
    pub field: String,
    pub posted: String,
    pub observed: String,
    /// What it means for the tie-out, and the way out: whole sentences.
    pub meaning: String,
    pub fix: String,
}

impl Drift {
    /// A difference of a record; the sentences follow from the aspect.
    pub fn new(
        (external_id, kind): (&ExternalId, RecordKind),
        internal_id: Option<&InternalId>,
        aspect: Aspect,
        field: impl Into<String>,
        posted: impl Into<String>,
        observed: impl Into<String>,
    ) -> Self {
        Self {
            external_id: external_id.clone(),
            kind,
            internal_id: internal_id.cloned(),
            aspect,
            field: field.into(),
            posted: posted.into(),
            observed: observed.into(),
            meaning: aspect.meaning().into(),
            fix: aspect.fix(external_id),
        }
    }

    /// The difference in one line: `memo: "a" was posted, NetSuite has "b"`.
    pub fn sentence(&self) -> String {
        format!("{}: {} was posted, NetSuite has {}", self.field, self.posted, self.observed)
    }
}

/// Every way in which a record differs from what NetSuite shows.
pub fn drift(expected: &Expected, observed: Option<&Observed>) -> Vec<Drift> {
    let mut found = Comparison { expected, observed, drifts: Vec::new() };
    let Some(observed) = observed else {
        let posted = expected
            .internal_id
            .as_ref()
            .map_or_else(|| "a record".to_owned(), |id| format!("internal id {id}"));
        found.add(Aspect::Missing, "record", posted, "nothing".into());
        return found.drifts;
    };
    found.identity(observed);
    if let (Some(sent), Some(shown)) = (&expected.header, &observed.header) {
        if shown.is_voided {
            found.add(Aspect::Voided, "status", "in force".into(), "voided".into());
            return found.drifts;
        }
        if !shown.is_posting {
            let shown = "waiting for approval".to_owned();
            found.add(Aspect::NotPosting, "status", "posting".into(), shown);
            return found.drifts;
        }
        found.header(sent, shown);
    }
    found.masters(observed);
    found.postings(observed);
    found.applications(observed);
    found.deposits(observed);
    found.drifts
}

struct Comparison<'a> {
    expected: &'a Expected,
    observed: Option<&'a Observed>,
    drifts: Vec<Drift>,
}

impl Comparison<'_> {
    fn add(&mut self, aspect: Aspect, field: &str, posted: String, observed: String) {
        let subject = (&self.expected.external_id, self.expected.kind);
        let id = self.observed.map(|observed| &observed.internal_id);
        let id = id.or(self.expected.internal_id.as_ref());
        self.drifts.push(Drift::new(subject, id, aspect, field, posted, observed));
    }

    fn differ<T: PartialEq + ToString>(
        &mut self,
        aspect: Aspect,
        field: &str,
        posted: Option<&T>,
        observed: Option<&T>,
    ) {
        if posted != observed {
            self.add(aspect, field, show(posted), show(observed));
        }
    }

    fn identity(&mut self, observed: &Observed) {
        let name = |kind: Option<RecordKind>| {
            kind.map_or_else(|| "a record of another type".to_owned(), |kind| kind.title().into())
        };
        let kind = Some(self.expected.kind);
        if observed.kind != kind {
            self.add(Aspect::Type, "type", name(kind), name(observed.kind));
        }
        let ours = self.expected.external_id.folded();
        let same = observed.external_id.as_ref().is_some_and(|theirs| theirs.folded() == ours);
        if !same {
            let posted = self.expected.external_id.to_string();
            self.add(
                Aspect::ExternalId,
                "external id",
                posted,
                show(observed.external_id.as_ref()),
            );
        }
    }

    fn header(&mut self, sent: &ExpectedHeader, shown: &ObservedHeader) {
        self.differ(Aspect::Date, "date", Some(&sent.tran_date), Some(&shown.tran_date));
        if sent.posting_period.is_some() {
            let (posted, now) = (sent.posting_period.as_ref(), shown.posting_period.as_ref());
            self.differ(Aspect::Period, "posting period", posted, now);
        }
        if sent.customer.is_some() {
            let (posted, now) = (sent.customer.as_ref(), shown.customer.as_ref());
            self.differ(Aspect::Customer, "customer", posted, now);
        }
        let memo = shown.memo.clone().unwrap_or_default();
        self.differ(Aspect::Memo, "memo", Some(&sent.memo), Some(&memo));
        if sent.due_date.is_some() {
            let (posted, now) = (sent.due_date.as_ref(), shown.due_date.as_ref());
            self.differ(Aspect::Memo, "due date", posted, now);
        }
        if let Some(rate) = &sent.exchange_rate {
            let same = shown.exchange_rate.as_ref().is_some_and(|now| same_number(&rate.0, &now.0));
            if !same {
                let now = shown.exchange_rate.as_ref().map(|rate| &rate.0);
                self.add(Aspect::Rate, "exchange rate", rate.0.clone(), show(now));
            }
        }
    }

    fn masters(&mut self, observed: &Observed) {
        if self.expected.currency.is_some() {
            let (posted, now) = (self.expected.currency.as_ref(), observed.currency.as_ref());
            self.differ(Aspect::Customer, "primary currency", posted, now);
        }
        if self.expected.account.is_some() {
            let (posted, now) = (self.expected.account.as_ref(), observed.account.as_ref());
            self.differ(Aspect::Account, "account", posted, now);
        }
    }

    /// Net per account and currency: NetSuite may split a posting over lines. When an account is
    /// exchanged for another, that is said instead of two amounts.
    fn postings(&mut self, observed: &Observed) {
        let (posted, now) = (net(&self.expected.postings), net(&observed.postings));
        let keys: BTreeSet<&(InternalId, Currency)> = posted.keys().chain(now.keys()).collect();
        let of = |side: &Net, key: &(InternalId, Currency)| {
            side.get(key).copied().unwrap_or(Amount::zero(key.1))
        };
        let mut differing: Vec<(&(InternalId, Currency), Amount, Amount)> = keys
            .into_iter()
            .map(|key| (key, of(&posted, key), of(&now, key)))
            .filter(|(_, posted, now)| posted != now)
            .collect();
        if let [(a, a_posted, a_now), (b, b_posted, b_now)] = differing.as_slice() {
            let left = a_now.is_zero() && b_posted.is_zero() && a_posted == b_now;
            let right = b_now.is_zero() && a_posted.is_zero() && b_posted == a_now;
            if left || right {
                let (from, to) = if left { (a, b) } else { (b, a) };
                let (from, to) = (from.0.to_string(), to.0.to_string());
                self.add(Aspect::Account, "account", from, to);
                differing.clear();
            }
        }
        for ((account, _), posted, now) in differing {
            let field = format!("account {account}");
            self.add(Aspect::Amount, &field, posted.to_string(), now.to_string());
        }
    }

    fn applications(&mut self, observed: &Observed) {
        let (sent, shown) = (&self.expected.applied, &observed.applied);
        let docs: BTreeSet<&InternalId> = sent.keys().chain(shown.keys()).collect();
        let is_deposit = self.expected.kind == RecordKind::Deposit;
        let aspect = if is_deposit { Aspect::Deposited } else { Aspect::Applied };
        let verb = if is_deposit { "deposits" } else { "applied to" };
        for doc in docs {
            let (posted, now) = (sent.get(doc), shown.get(doc));
            // What a deposit takes of a payment in another currency is in the ledger's own lines.
            let same = if is_deposit { posted.is_some() == now.is_some() } else { posted == now };
            if !same {
                self.add(aspect, &format!("{verb} {doc}"), show(posted), show(now));
            }
        }
    }

    fn deposits(&mut self, observed: &Observed) {
        let expected: BTreeSet<InternalId> = match &self.expected.deposited {
            Deposited::Unknown => return,
            Deposited::Nowhere => BTreeSet::new(),
            Deposited::On(id) => BTreeSet::from([id.clone()]),
        };
        if expected != observed.deposits {
            let words = |ids: &BTreeSet<InternalId>| {
                let ids: Vec<&str> = ids.iter().map(InternalId::as_str).collect();
                if ids.is_empty() { "no deposit".to_owned() } else { ids.join(", ") }
            };
            let (posted, now) = (words(&expected), words(&observed.deposits));
            self.add(Aspect::Deposited, "on deposit", posted, now);
        }
    }
}

type Net = BTreeMap<(InternalId, Currency), Amount>;

fn net(postings: &[Posting]) -> Net {
    let mut sums = Net::new();
    for posting in postings {
        let currency = posting.amount.currency();
        *sums.entry((posting.account.clone(), currency)).or_insert(Amount::zero(currency)) +=
            posting.amount;
    }
    sums.retain(|_, amount| !amount.is_zero());
    sums
}

/// Whether two decimals are one number: `1.10` and `1.1`, `.5` and `0.5`.
pub(super) fn same_number(one: &str, other: &str) -> bool {
    let canonical = |digits: &str| {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let whole = whole.trim_start_matches('0').to_owned();
        (whole, fraction.trim_end_matches('0').to_owned())
    };
    canonical(one) == canonical(other)
}

fn show(value: Option<&impl ToString>) -> String {
    value.map_or_else(|| "nothing".into(), ToString::to_string)
}
