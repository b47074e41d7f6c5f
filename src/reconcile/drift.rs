//! Drift: what was posted against what NetSuite shows now.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::accounting::posting::Posting;
use crate::ids::{ExternalId, InternalId};
use crate::money::Amount;
use crate::netsuite::record::RecordKind;

/// A record as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub external_id: ExternalId,
    pub internal_id: InternalId,
    pub kind: RecordKind,
    /// Absent on customers and items.
    pub tran_date: Option<NaiveDate>,
    pub posting_period: Option<InternalId>,
    pub postings: Vec<Posting>,
}

/// A record as NetSuite shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub tran_date: Option<NaiveDate>,
    pub posting_period: Option<InternalId>,
    /// In the record's currency, debits positive.
    pub postings: Vec<Posting>,
}

/// One difference between the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    pub field: String,
    pub posted: String,
    pub observed: String,
}

/// Every way in which a posted record differs from what NetSuite shows. Postings are compared net
/// per account and currency: NetSuite may split a posting over lines.
pub fn drift(expected: &Expected, observed: Option<&Observed>) -> Vec<Drift> {
    let found = |field: &str, posted: String, observed: String| Drift {
        external_id: expected.external_id.clone(),
        kind: expected.kind,
        field: field.into(),
        posted,
        observed,
    };
    let Some(observed) = observed else {
        let posted = format!("internal id {}", expected.internal_id);
        return vec![found("record", posted, "is not in NetSuite".into())];
    };
    let mut drifts = Vec::new();
    if expected.tran_date != observed.tran_date {
        drifts.push(found("date", show(expected.tran_date), show(observed.tran_date)));
    }
    if expected.posting_period != observed.posting_period {
        let (posted, now) = (&expected.posting_period, &observed.posting_period);
        drifts.push(found("posting period", show(posted.as_ref()), show(now.as_ref())));
    }
    let (posted, now) = (net(&expected.postings), net(&observed.postings));
    let accounts: std::collections::BTreeSet<_> = posted.keys().chain(now.keys()).collect();
    for key @ (account, currency) in accounts {
        let amount =
            |side: &BTreeMap<_, Amount>| side.get(key).copied().unwrap_or(Amount::zero(*currency));
        let (posted, now) = (amount(&posted), amount(&now));
        if posted != now {
            drifts.push(found(&format!("account {account}"), posted.to_string(), now.to_string()));
        }
    }
    drifts
}

type Net = BTreeMap<(InternalId, crate::money::Currency), Amount>;

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

fn show(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "nothing".into(), |value| value.to_string())
}
