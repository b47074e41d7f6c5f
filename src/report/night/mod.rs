//! How a run ended, as one value: for `--summary`, for the one line at its end, for metrics and for
//! hooks.
//!
//! Belongs here: the value, and its text, JSON (`docs/schemas/summary.json`) and metrics. Does not
//! belong here: where the figures come from and who is told (`commands::night`).

pub mod finding;
mod line;
mod metrics;
mod over_all;

use std::collections::BTreeMap;

use serde::Serialize;

use self::finding::Findings;
use crate::accounting::exception::ExceptionClass;
use crate::calendar::UnixTime;
use crate::money::{Amount, Currency};

pub use line::line;
pub use metrics::metrics;
pub use over_all::over_all;

/// The version of the JSON's shape.
pub const SCHEMA_VERSION: u32 = 1;

/// One invocation, over all its Stripe accounts.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub schema_version: u32,
    /// The name of the invocation, as each line of its log has it.
    pub run_id: String,
    pub made_by: String,
    pub command: &'static str,
    #[serde(serialize_with = "instant")]
    pub started: UnixTime,
    #[serde(serialize_with = "instant")]
    pub finished: UnixTime,
    pub duration_ms: u64,
    pub exit_code: u8,
    /// The exit code in words.
    pub meaning: &'static str,
    /// Why the command ended before any account had its turn.
    pub error: Option<String>,
    /// What somebody must look at, by who that is.
    pub findings: Findings,
    /// Over all accounts.
    pub totals: Totals,
    pub accounts: Vec<Account>,
}

/// What all accounts come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub planned: u64,
    pub created: u64,
    pub updated: u64,
    pub failed: u64,
    pub blocked: u64,
    pub in_doubt: u64,
    pub open_exceptions: u64,
    /// Proofs that show a difference.
    pub differing: u64,
}

impl Totals {
    pub fn of(accounts: &[Account]) -> Self {
        let mut all = Self::default();
        for account in accounts {
            let Counts { planned, posted, failed, blocked, in_doubt, .. } = account.counts;
            all.planned += planned;
            all.created += posted.created;
            all.updated += posted.updated;
            all.failed += failed;
            all.blocked += blocked;
            all.in_doubt += in_doubt;
            all.open_exceptions +=
                account.standing.as_ref().map_or(0, |standing| standing.exceptions.open);
            all.differing += account.differing().unwrap_or(0);
        }
        all
    }
}

/// What became of one Stripe account.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Account {
    /// In the configuration, where it has several.
    pub name: Option<String>,
    /// `None`, like all else that is only known of a configuration that can be read.
    pub stripe_account: Option<String>,
    pub netsuite_account: Option<String>,
    /// The number that `tieout status` and `tieout reverse --run` know the run by.
    pub ledger_run: Option<i64>,
    pub exit_code: u8,
    pub meaning: &'static str,
    pub error: Option<String>,
    /// What was pulled.
    pub window: Option<Span>,
    pub counts: Counts,
    pub requests: Requests,
    /// The proofs of `--tie-out`; `None` where the run did not make any.
    pub differences: Option<Vec<Difference>>,
    /// `None` where there is no ledger, or none that can be read: nothing is known, which is not
    /// that there is nothing.
    pub standing: Option<Standing>,
}

impl Account {
    /// Proofs that show a difference; `None` where none was made.
    fn differing(&self) -> Option<u64> {
        let differing =
            |all: &Vec<Difference>| all.iter().filter(|d| !d.difference.is_zero()).count();
        self.differences.as_ref().map(|all| differing(all).try_into().unwrap_or(u64::MAX))
    }
}

/// How the ledger stands now.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Standing {
    pub catch_up: CatchUp,
    /// Records by state.
    pub records: BTreeMap<&'static str, u64>,
    pub exceptions: Exceptions,
    pub sources: Vec<Source>,
    /// The last run of this command that ended with 0, this one included.
    #[serde(serialize_with = "maybe_instant")]
    pub last_success: Option<UnixTime>,
    /// The last that came to its end, whatever it left to a person.
    #[serde(serialize_with = "maybe_instant")]
    pub last_through: Option<UnixTime>,
}

/// Half-open: `since` belongs to it, `until` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Span {
    #[serde(serialize_with = "instant")]
    pub since: UnixTime,
    #[serde(serialize_with = "instant")]
    pub until: UnixTime,
}

/// Nights since the run before this one that came to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CatchUp {
    /// When that began; `None` for the first of all.
    #[serde(serialize_with = "maybe_instant")]
    pub last_through: Option<UnixTime>,
    /// In days of the account's zone: 1 from one night to the next.
    pub nights: i64,
    /// Those between the two in which no run came to its end.
    pub missed: i64,
}

/// What this run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub pulled: Pulled,
    pub planned: u64,
    pub posted: Posted,
    /// Refused by NetSuite, in conflict, or held back because what they need was.
    pub failed: u64,
    /// Not planned, because something is in the way.
    pub blocked: u64,
    /// Sent, and nobody knows what became of them.
    pub in_doubt: u64,
}

/// Objects of Stripe.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Pulled {
    pub new: u64,
    pub changed: u64,
    pub unchanged: u64,
}

/// Records of NetSuite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Posted {
    pub created: u64,
    pub updated: u64,
    /// Among those created: found there after their answer was lost.
    pub adopted: u64,
}

impl Posted {
    const fn sum(self) -> u64 {
        self.created + self.updated
    }
}

/// Requests, repetitions and logins included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    pub stripe: u64,
    pub netsuite: u64,
}

/// Exceptions of the ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Exceptions {
    /// Those that ask for a person.
    pub open: u64,
    /// Those that may stand for now.
    pub accepted: u64,
    /// The open ones.
    pub by_class_and_age: Vec<Aged>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aged {
    pub class: ExceptionClass,
    /// In days, such as `4-7 days`.
    pub age: &'static str,
    pub count: u64,
}

/// Up to when a list of Stripe's is known to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    pub resource: &'static str,
    #[serde(serialize_with = "maybe_instant")]
    pub covered_until: Option<UnixTime>,
    /// How long ago that was when the run ended.
    pub lag_s: Option<i64>,
}

/// What a proof comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// A stable word, as `report tieout` has it: `rollforward`, `bridge`, `payouts`, `fees`, ….
    pub statement: &'static str,
    pub currency: Currency,
    /// NetSuite less Stripe; zero when it ties out.
    pub difference: Amount,
    /// A difference of zero proves nothing yet.
    pub is_unproven: bool,
}

impl Summary {
    /// As JSON for programs, ended by a line feed.
    pub fn json(&self) -> String {
        super::pretty(self)
    }

    /// A figure over all accounts.
    fn sum(&self, of: impl Fn(&Account) -> u64) -> u64 {
        self.accounts.iter().map(of).sum()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn instant<S: serde::Serializer>(instant: &UnixTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(instant)
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
pub(super) fn maybe_instant<S: serde::Serializer>(
    instant: &Option<UnixTime>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match instant {
        Some(instant) => to.collect_str(instant),
        None => to.serialize_none(),
    }
}
