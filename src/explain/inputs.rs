//! What an explanation is made from, as the ledger and the configuration give it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::accounting::policy::Policy;
use crate::accounting::{Case, Derived, Exception};
use crate::calendar::{UnixTime, Zone};
use crate::ids::{ExternalId, InternalId};
use crate::netsuite::record::{Body, RecordKind};
use crate::plan::build::Built;
use crate::stripe::objects::BalanceTransaction;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What was typed.
    pub asked: String,
    /// The id of the Stripe object, or of the record where no object stands for it.
    pub id: String,
    /// Stripe's word for the object, such as `charge`, or NetSuite's for the record.
    pub kind: String,
    /// What tells the story where the object has none of its own: the charge of an invoice payment.
    pub teller: String,
}

/// A case with what it becomes.
#[derive(Debug, Clone)]
pub struct Given {
    pub case: Case,
    pub derived: Derived,
}

/// What the ledger says of one record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holding {
    pub kind: Option<RecordKind>,
    /// What NetSuite holds, and its key there.
    pub posted: Option<(Body, InternalId)>,
    /// The ledger's word, such as `verified`.
    pub state: String,
    /// What came of the last request: when, and what NetSuite said.
    pub refusal: Option<(UnixTime, String)>,
}

/// What NetSuite's keys are called.
pub trait Names {
    /// `1200 Undeposited Funds`.
    fn account(&self, id: &InternalId) -> String;
    /// `Sep 2026`.
    fn period(&self, id: &InternalId) -> String;
}

/// Everything an explanation is made from.
pub struct Inputs<'a> {
    pub subject: Subject,
    pub zone: Zone,
    pub now: UnixTime,
    /// `None` until NetSuite's accounts have been looked up once: then only facts can be told.
    pub policy: Option<&'a Policy>,
    /// The cases of the subject and the payouts that its money went into.
    pub given: Vec<Given>,
    /// A balance transaction that was asked for or belongs to no case.
    pub movements: Vec<BalanceTransaction>,
    /// The payout of each balance transaction of the story that has one.
    pub payouts: BTreeMap<String, String>,
    pub holdings: BTreeMap<ExternalId, Holding>,
    /// For records that are never posted by themselves, the journal that stands for them, as far as
    /// it is known.
    pub summed: BTreeMap<ExternalId, Option<ExternalId>>,
    /// Records in NetSuite that nothing asks for any more.
    pub unwanted: Vec<ExternalId>,
    /// Exceptions, and since when each is known.
    pub exceptions: Vec<(Exception, Option<UnixTime>)>,
    pub built: &'a Built,
    pub names: &'a dyn Names,
    pub notes: Vec<String>,
}

impl Inputs<'_> {
    /// The record that a Stripe object has become, as NetSuite calls it.
    pub(super) fn record_of(&self, stripe_id: &str) -> Option<ExternalId> {
        match self.policy {
            Some(policy) => policy.masters.naming.record_of(stripe_id),
            None => ExternalId::new(stripe_id).ok(),
        }
    }

    /// The day of an instant in the account's zone.
    pub(super) fn day(&self, instant: UnixTime) -> NaiveDate {
        instant.date_in(self.zone)
    }
}
