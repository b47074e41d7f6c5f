//! From the ledger to the value: how one Stripe account stands after its turn, and what somebody must
//! look at.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::tally::Seen;
use crate::accounting::exception::ExceptionClass;
use crate::calendar::UnixTime;
use crate::commands::exit;
use crate::commands::pull::DATED;
use crate::commands::session::Session;
use crate::ledger::{Cared, Ledger, LedgerError};
use crate::reconcile::close::Bucket;
use crate::report::night::finding::{Cause, Finding};
use crate::report::night::{
    Account, Aged, CatchUp, Counts, Exceptions, Posted, Pulled, Requests, Source, Span, Standing,
};

/// What is known without the ledger.
pub(super) struct Turn<'a> {
    pub(super) command: &'static str,
    /// The configuration's name of the account, where it has several.
    pub(super) name: Option<&'a str>,
    pub(super) began: UnixTime,
    pub(super) exit_code: u8,
    pub(super) error: Option<String>,
    pub(super) seen: Seen,
    pub(super) requests: Requests,
}

impl Turn<'_> {
    /// The account as far as the run itself knows it.
    pub(super) fn account(&self) -> Account {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let seen = &self.seen;
        Account {
            name: self.name.map(str::to_owned),
            ledger_run: seen.run.map(|run| run.0),
            exit_code: self.exit_code,
            meaning: exit::meaning(self.exit_code),
            error: self.error.clone(),
            window: seen.window.map(|window| Span { since: window.since, until: window.until }),
            counts: Counts {
                pulled: Pulled {
                    new: count(seen.stored.new),
                    changed: count(seen.stored.changed),
                    unchanged: count(seen.stored.unchanged),
                },
                planned: count(seen.planned),
                posted: Posted {
                    created: count(seen.created),
                    updated: count(seen.updated),
                    adopted: count(seen.adopted),
                },
                failed: count(seen.failed.len()),
                blocked: count(seen.blocked),
                in_doubt: count(seen.in_doubt.len()),
            },
            requests: self.requests,
            differences: seen.differences.clone(),
            ..Account::default()
        }
    }

    /// What the run says of itself: that it did not come to its end, and what does not tie.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if !exit::is_through(self.exit_code) {
            let message = self.error.as_deref().unwrap_or(exit::meaning(self.exit_code));
            findings.push(Finding::of_run(self.name, self.exit_code, message));
        }
        for proof in self.seen.differences.iter().flatten() {
            if !proof.difference.is_zero() {
                let subject = format!("{}-{}", proof.statement, proof.currency);
                let message = format!(
                    "The proof `{}` in {} differs by {}.",
                    proof.statement, proof.currency, proof.difference
                );
                let fix = "`tieout report tieout` shows both sides, item by item.";
                let finding = Finding::about(Cause::Difference, &subject, self.name, message, fix);
                findings.push(Finding { amount: Some(proof.difference), ..finding });
            }
        }
        findings
    }

    /// What the ledger knows, and what of that somebody must look at.
    pub(super) fn read(
        &self,
        session: &Session,
        ledger: &Ledger,
        findings: &mut Vec<Finding>,
    ) -> Result<Standing, LedgerError> {
        let (zone, now) = (session.settings.stripe.zone, session.clock.now());
        let (day, today) = (|instant: UnixTime| instant.date_in(zone), now.date_in(zone));
        let counts = ledger.count_by_state()?.into_iter();
        let mut sources = Vec::new();
        for resource in DATED {
            let covered_until = ledger.covered_until(resource.as_str())?;
            let lag_s = covered_until.map(|until| now.0 - until.0);
            sources.push(Source { resource: resource.as_str(), covered_until, lag_s });
        }
        let last = |codes: &[u8], before| ledger.last_ended(self.command, codes, before);
        let before = last(&exit::THROUGH, self.seen.run.map(|run| run.0))?;
        let cared = ledger.exceptions(false)?;
        let standing = Standing {
            catch_up: catch_up(before.map(|run| run.started), day, self.began),
            records: counts.map(|(state, count)| (state.as_str(), count)).collect(),
            exceptions: exceptions(&cared, today, day),
            sources,
            last_success: last(&[exit::DONE], None)?.map(|run| run.ended),
            last_through: last(&exit::THROUGH, None)?.map(|run| run.ended),
        };
        for one in cared.into_iter().filter(|one| !one.is_accepted(today)) {
            let age_days = age(day(one.first_seen), today);
            let is_new = one.first_seen >= self.began;
            findings.extend(Finding::of_exception(one.exception, self.name, age_days, is_new));
        }
        self.records(ledger, findings)?;
        if let Some(pull) = ledger.unfinished_pull()? {
            let what = pull.what(zone);
            findings.push(Finding::about(
                Cause::UnfinishedPull,
                session.settings.stripe.account.as_str(),
                self.name,
                format!("The last pull broke off: {what} may be there only in part."),
                pull.fix(),
            ));
        }
        Ok(standing)
    }

    /// Records that are not in NetSuite as they should be, each said once.
    fn records(&self, ledger: &Ledger, findings: &mut Vec<Finding>) -> Result<(), LedgerError> {
        let mut said = BTreeSet::new();
        let mut say = |cause, id: &str, message: String, fix: &str, is_new| {
            if said.insert(id.to_owned()) {
                let finding = Finding::about(cause, id, self.name, message, fix);
                findings.push(Finding { is_new, ..finding });
            }
        };
        let attempts = ledger.unfinished_attempts()?;
        for attempt in attempts.iter().filter(|attempt| !attempt.is_conflict) {
            let id = attempt.external_id.as_str();
            let message = format!("{id} was sent, and nobody knows what became of it.");
            let fix = "The next run looks it up; `tieout resolve --wait` does so now.";
            say(Cause::InDoubt, id, message, fix, attempt.started >= self.began);
        }
        for (id, what) in ledger.conflicts()? {
            let id = id.as_str();
            let message = format!("NetSuite holds something else under {id}. {what}");
            let fix = "Correct NetSuite's record, or take it over with `tieout adopt`.";
            say(Cause::Conflict, id, message, fix, false);
        }
        for unsent in ledger.unsent()?.into_iter().filter(|unsent| unsent.held_by.is_none()) {
            let id = unsent.external_id.as_str();
            let message = format!("{id} did not get into NetSuite: {}", unsent.reason);
            let fix = "Remove the cause; the next run sends it again, or `tieout push --retry`.";
            let first = ledger.first_tried(&unsent.external_id)?;
            let is_new = first.is_some_and(|first| first >= self.began);
            say(Cause::Failed, id, message, fix, is_new);
        }
        for id in ledger.drifted()? {
            let id = id.as_str();
            let message = format!("NetSuite holds {id} otherwise than it was posted.");
            let fix = "`tieout verify` shows what differs; docs/push.md has the way out of each.";
            say(Cause::Drifted, id, message, fix, false);
        }
        for blocked in &self.seen.unspoken {
            let id = blocked.external_id.as_str();
            say(Cause::Blocked, id, blocked.reason.clone(), &blocked.fix, false);
        }
        Ok(())
    }
}

/// Nights since the run before this one that came to its end.
fn catch_up(
    before: Option<UnixTime>,
    day: impl Fn(UnixTime) -> NaiveDate,
    began: UnixTime,
) -> CatchUp {
    let nights = before.map_or(0, |before| age(day(before), day(began)));
    CatchUp { last_through: before, nights, missed: (nights - 1).max(0) }
}

fn age(from: NaiveDate, to: NaiveDate) -> i64 {
    to.signed_duration_since(from).num_days()
}

fn exceptions(
    cared: &[Cared],
    today: NaiveDate,
    day: impl Fn(UnixTime) -> NaiveDate,
) -> Exceptions {
    let mut counts: BTreeMap<(ExceptionClass, Bucket), u64> = BTreeMap::new();
    let mut accepted = 0;
    for one in cared {
        if one.is_accepted(today) {
            accepted += 1;
        } else {
            let bucket = Bucket::of(age(day(one.first_seen), today));
            *counts.entry((one.exception.class, bucket)).or_default() += 1;
        }
    }
    Exceptions {
        open: counts.values().sum(),
        accepted,
        by_class_and_age: counts
            .into_iter()
            .map(|((class, bucket), count)| Aged { class, age: bucket.plain(), count })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_S: i64 = 24 * 3600;

    /// A night that nobody missed would be called missed, or a missed one go unsaid.
    #[test]
    fn nights_are_counted_in_days_from_the_last_run_that_came_to_its_end() {
        let began = UnixTime(1_700_000_000);
        let caught = |days: i64| {
            let before = Some(UnixTime(began.0 - days * DAY_S));
            let caught = catch_up(before, UnixTime::utc_date, began);
            (caught.nights, caught.missed)
        };
        assert_eq!(caught(0), (0, 0), "twice on one day");
        assert_eq!(caught(1), (1, 0), "night after night");
        assert_eq!(caught(4), (4, 3));
        assert_eq!(catch_up(None, UnixTime::utc_date, began), CatchUp::default(), "the first run");
    }
}
