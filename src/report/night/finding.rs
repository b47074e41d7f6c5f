//! What somebody must look at, and who that is.
//!
//! Two routes, because two people are woken: *accounting* is about what the books say, *technical* about
//! whether the program can do its work. A finding is on one of them, so that nobody hears of it twice.

use serde::Serialize;

use crate::accounting::exception::{Exception, ExceptionClass};
use crate::calendar::UnixTime;
use crate::money::Amount;

/// Findings of one route that are listed; the rest is counted.
const LISTED_MAX: usize = 200;

/// Days after which something that should have resolved by itself has not.
const TIMING_DAYS_MAX: i64 = 3;

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    Accounting,
    Technical,
}

impl Route {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accounting => "accounting",
            Self::Technical => "technical",
        }
    }
}

/// What a run finds besides exceptions, whose causes are `accounting`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    UnfinishedPull,
    InDoubt,
    Failed,
    LedgerUnreadable,
    Blocked,
    Conflict,
    Drifted,
    Difference,
}

impl Cause {
    pub const ALL: [Self; 8] = [
        Self::UnfinishedPull,
        Self::InDoubt,
        Self::Failed,
        Self::LedgerUnreadable,
        Self::Blocked,
        Self::Conflict,
        Self::Drifted,
        Self::Difference,
    ];

    /// A stable word, with which the finding's id begins.
    pub const fn word(self) -> &'static str {
        match self {
            Self::UnfinishedPull => "unfinished_pull",
            Self::InDoubt => "in_doubt",
            Self::Failed => "failed",
            Self::LedgerUnreadable => "ledger_unreadable",
            Self::Blocked => "blocked",
            Self::Conflict => "conflict",
            Self::Drifted => "drifted",
            Self::Difference => "difference",
        }
    }

    pub const fn route(self) -> Route {
        match self {
            Self::UnfinishedPull | Self::InDoubt | Self::Failed | Self::LedgerUnreadable => {
                Route::Technical
            }
            Self::Blocked | Self::Conflict | Self::Drifted | Self::Difference => Route::Accounting,
        }
    }
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    #[serde(skip)]
    pub route: Route,
    /// The configuration's name of the Stripe account, where it has several.
    pub account: Option<String>,
    /// Stable from night to night: the cause and the object, as `tieout exceptions` has it.
    pub id: String,
    /// The Stripe id or the external id it is about.
    pub subject: Option<String>,
    pub message: String,
    pub fix: String,
    pub amount: Option<Amount>,
    /// The days it has been there, where that is known.
    pub age_days: Option<i64>,
    /// No run before this one saw it.
    pub is_new: bool,
}

/// All of them by route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    pub accounting: Routed,
    pub technical: Routed,
}

/// Those of one route: new ones first, then the oldest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Routed {
    pub count: usize,
    pub new: usize,
    pub listed: Vec<Finding>,
    /// Findings that are counted and not listed.
    pub more: usize,
}

impl Findings {
    pub fn new(findings: Vec<Finding>) -> Self {
        let (accounting, technical) =
            findings.into_iter().partition(|finding| finding.route == Route::Accounting);
        Self { accounting: Routed::new(accounting), technical: Routed::new(technical) }
    }

    pub const fn of(&self, route: Route) -> &Routed {
        match route {
            Route::Accounting => &self.accounting,
            Route::Technical => &self.technical,
        }
    }
}

impl Routed {
    fn new(mut all: Vec<Finding>) -> Self {
        all.sort_by_key(|one| (!one.is_new, std::cmp::Reverse(one.age_days), one.id.clone()));
        let count = all.len();
        let new = all.iter().filter(|finding| finding.is_new).count();
        all.truncate(LISTED_MAX);
        Self { count, new, more: count - all.len(), listed: all }
    }
}

impl Finding {
    /// How the id of a run begins that did not come to its end; its exit code follows.
    pub const RUN_PREFIX: &str = "exit_";
    /// Who hears of it.
    pub const OF_RUN: Route = Route::Technical;

    /// An open exception as a finding; `None` while it may still resolve by itself.
    pub fn of_exception(
        exception: Exception,
        account: Option<&str>,
        age_days: i64,
        is_new: bool,
    ) -> Option<Self> {
        let route = match exception.class {
            ExceptionClass::Timing if age_days <= TIMING_DAYS_MAX => return None,
            // Whoever looks after the file can remove it, and nobody else.
            ExceptionClass::Configuration => Route::Technical,
            _ => Route::Accounting,
        };
        Some(Self {
            route,
            account: account.map(str::to_owned),
            id: exception.id(),
            subject: Some(exception.subject),
            message: exception.message,
            fix: exception.fix,
            amount: exception.amount,
            age_days: Some(age_days),
            is_new,
        })
    }

    /// Something about a record or object.
    pub fn about(
        cause: Cause,
        subject: &str,
        account: Option<&str>,
        message: String,
        fix: &str,
    ) -> Self {
        Self {
            route: cause.route(),
            account: account.map(str::to_owned),
            id: format!("{}:{subject}", cause.word()),
            subject: Some(subject.into()),
            message,
            fix: fix.into(),
            amount: None,
            age_days: None,
            is_new: false,
        }
    }

    /// The run itself did not come to its end; `message` may have its own hint.
    pub fn of_run(account: Option<&str>, exit_code: u8, message: &str) -> Self {
        let (message, fix) = message
            .rsplit_once("\nhint: ")
            .unwrap_or((message, "docs/operations.md says what to do for each exit code."));
        Self {
            route: Self::OF_RUN,
            account: account.map(str::to_owned),
            id: format!("{}{exit_code}", Self::RUN_PREFIX),
            subject: None,
            message: message.into(),
            fix: fix.into(),
            amount: None,
            age_days: None,
            is_new: true,
        }
    }

    /// Since when it is known, as far as that decides whether it is new to a run that began then.
    pub fn is_new_to(first_seen: UnixTime, began: UnixTime) -> bool {
        first_seen >= began
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exception(class: ExceptionClass) -> Exception {
        Exception::new(class, "a_cause", "in_1", "It is so.", "Do this.")
    }

    /// A payout that is reconciled tomorrow would wake somebody tonight; a setting that is missing
    /// would be read by people who cannot set it.
    #[test]
    fn each_exception_goes_to_who_can_remove_it_and_not_before_its_time() {
        let route = |class, days| {
            Finding::of_exception(exception(class), None, days, false).map(|found| found.route)
        };
        assert_eq!(route(ExceptionClass::Timing, 3), None);
        assert_eq!(route(ExceptionClass::Timing, 4), Some(Route::Accounting));
        for class in [ExceptionClass::Data, ExceptionClass::Policy, ExceptionClass::Fx] {
            assert_eq!(route(class, 0), Some(Route::Accounting));
        }
        assert_eq!(route(ExceptionClass::Configuration, 0), Some(Route::Technical));
    }

    /// A night with thousands of exceptions must neither send a book nor hide how many there are.
    #[test]
    fn what_is_not_listed_is_counted_and_what_is_new_comes_first() {
        let many = (0..300).map(|days| {
            Finding::of_exception(exception(ExceptionClass::Data), None, days, days == 0).unwrap()
        });
        let findings = Findings::new(many.collect());
        let routed = &findings.accounting;
        assert_eq!(
            (routed.count, routed.new, routed.listed.len(), routed.more),
            (300, 1, 200, 100)
        );
        assert!(routed.listed[0].is_new && routed.listed[1].age_days == Some(299));
        assert_eq!(findings.technical.count, 0);
    }
}
