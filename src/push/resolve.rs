//! What an earlier run left without an answer: looked up before anything else is sent.

use std::collections::BTreeMap;

use crate::calendar::UnixTime;
use crate::ids::ExternalId;
use crate::ledger::{Ledger, LedgerError, Outcome, Unfinished};
use crate::netsuite::error::NetSuiteError;
use crate::netsuite::record::{Body, RecordGroup, RecordKind};
use crate::plan::Action;
use crate::push::verdict::{Sent, Verdict, on_create, on_update};
use crate::push::witness::{Ids, Seen, Witness};

/// What looking up brought.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Found in NetSuite as intended: the request had worked.
    pub found: usize,
    /// Not in NetSuite: it will be planned again.
    pub absent: usize,
    /// NetSuite holds something else under the external id, with what differs.
    pub conflicts: Vec<(ExternalId, String)>,
    /// Not in NetSuite yet, and until when it may still come.
    pub waiting: Vec<(ExternalId, UnixTime)>,
}

impl Resolution {
    pub fn is_empty(&self) -> bool {
        self.found + self.absent + self.conflicts.len() + self.waiting.len() == 0
    }

    /// When the last of what may still come must have come.
    pub fn settled_at(&self) -> Option<UnixTime> {
        self.waiting.iter().map(|(_, until)| *until).max()
    }
}

/// Looks up every attempt that has no outcome, and every conflict.
///
/// # Errors
/// The inner error when NetSuite cannot be asked, the outer one when the ledger fails.
pub async fn resolve_unfinished(
    ledger: &mut Ledger,
    witness: &Witness,
    grace_s: i64,
    now: UnixTime,
) -> Result<Result<Resolution, NetSuiteError>, LedgerError> {
    let mut resolution = Resolution::default();
    // A record that was sent twice without an answer has two attempts; the last one decides.
    let mut last: BTreeMap<ExternalId, Unfinished> = BTreeMap::new();
    for attempt in ledger.unfinished_attempts()? {
        if let Some(older) = last.insert(attempt.external_id.clone(), attempt) {
            ledger.finish_attempt(older.id, Outcome::Absent)?;
        }
    }
    let mut groups: BTreeMap<RecordKind, Vec<Unfinished>> = BTreeMap::new();
    for attempt in last.into_values() {
        groups.entry(group_head(attempt.kind)).or_default().push(attempt);
    }
    for attempts in groups.into_values() {
        let bodies = with_ids(ledger, &attempts)?;
        let group = attempts[0].kind.group();
        let seen = match witness.look_for_all(group, &bodies).await {
            Ok(seen) => seen,
            Err(error) => return Ok(Err(error)),
        };
        let mut jobs: BTreeMap<i64, bool> = BTreeMap::new();
        for (attempt, seen) in attempts.iter().zip(seen) {
            let job_is_over = match attempt.batch {
                Some(batch) => match is_over(ledger, witness, batch, &mut jobs).await? {
                    Ok(over) => over,
                    Err(error) => return Ok(Err(error)),
                },
                None => false,
            };
            // After a crash only the intent's time is known: the request may have left a little
            // later, when NetSuite had no place for it at first.
            let is_over = attempt.is_conflict || job_is_over;
            let sent = match attempt.ended {
                Some(at) => Sent { at, grace_s, is_over },
                None => Sent { at: attempt.started, grace_s: grace_s + grace_s / 2, is_over },
            };
            settle(ledger, attempt, seen, sent, now, &mut resolution)?;
        }
    }
    Ok(Ok(resolution))
}

/// Whether NetSuite says that the job of a batch has ended: then what is not there will not come.
async fn is_over(
    ledger: &Ledger,
    witness: &Witness,
    batch: i64,
    known: &mut BTreeMap<i64, bool>,
) -> Result<Result<bool, NetSuiteError>, LedgerError> {
    if let Some(over) = known.get(&batch) {
        return Ok(Ok(*over));
    }
    let job = ledger.batch(batch)?.and_then(|batch| batch.job);
    let over = match job {
        Some(job) => match witness.client().job(&job).await {
            Ok(state) => state.is_some_and(|state| state.completed),
            Err(error) => return Ok(Err(error)),
        },
        None => false,
    };
    known.insert(batch, over);
    Ok(Ok(over))
}

/// Customers, items and posting records are each looked up together.
fn group_head(kind: RecordKind) -> RecordKind {
    match kind.group() {
        RecordGroup::Entity => RecordKind::Customer,
        RecordGroup::Item => RecordKind::ServiceSaleItem,
        RecordGroup::Transaction => RecordKind::Invoice,
    }
}

fn with_ids(ledger: &Ledger, attempts: &[Unfinished]) -> Result<Vec<(Body, Ids)>, LedgerError> {
    attempts
        .iter()
        .map(|attempt| {
            let ids = ledger.internal_ids(&attempt.intended.needs())?;
            Ok((attempt.intended.clone(), ids))
        })
        .collect()
}

fn settle(
    ledger: &mut Ledger,
    attempt: &Unfinished,
    seen: Seen,
    sent: Sent,
    now: UnixTime,
    resolution: &mut Resolution,
) -> Result<(), LedgerError> {
    let is_create = attempt.action.as_str() == Action::Create.verb();
    let verdict = if is_create {
        on_create(seen, sent, now)
    } else if attempt.kind == RecordKind::Customer {
        // The currencies an update adds cannot be queried: it is sent again once that is safe.
        on_update(Seen::Absent, sent, now)
    } else {
        on_update(seen, sent, now)
    };
    match verdict {
        Verdict::Adopt(internal_id) => {
            ledger.finish_attempt(attempt.id, Outcome::Adopted { internal_id: &internal_id })?;
            resolution.found += 1;
        }
        Verdict::SendAgain => {
            ledger.finish_attempt(attempt.id, Outcome::Absent)?;
            resolution.absent += 1;
        }
        Verdict::Conflict(message) => {
            ledger.finish_attempt(attempt.id, Outcome::Conflict { message: &message })?;
            resolution.conflicts.push((attempt.external_id.clone(), message));
        }
        Verdict::Wait { until } => {
            if attempt.ended.is_none() {
                let message = "no answer came, and NetSuite does not have it yet";
                ledger.finish_attempt(attempt.id, Outcome::InDoubt { message })?;
            }
            resolution.waiting.push((attempt.external_id.clone(), until));
        }
    }
    Ok(())
}
