//! Batches: up to a hundred creations in one asynchronous request, under the same protocol.
//!
//! All intents of a batch are committed before its request leaves. When the job has ended, each
//! record is looked up by its external id, so that what became of it does not rest on the job's own
//! report; that report only says why a record is missing.

use std::sync::Arc;
use std::time::Duration;

use super::witness::{Ids, Seen, Witness};
use super::{Flight, Mode, Pusher, intent};
use crate::digest::sha256_hex;
use crate::ledger::{AttemptId, LedgerError, Outcome};
use crate::netsuite::batch::BATCH_RECORDS_MAX;
use crate::netsuite::error::NetSuiteError;
use crate::netsuite::record::Body;
use crate::plan::{Action, Change};
use crate::push::queue::Ended;
use crate::reconcile::drift::Drift;

/// Waits between two questions about a job: the first, and the longest.
const POLL_FIRST: Duration = Duration::from_millis(250);
const POLL_MAX: Duration = Duration::from_secs(15);

/// The members of a batch: where each stands in the plan, and its attempt.
type Members = Vec<(usize, AttemptId)>;

/// A step of a batch that ended.
pub(super) enum Landed {
    Accepted { key: String, members: Members, job: Result<String, NetSuiteError> },
    Ended { members: Members, outcome: Result<Vec<(Seen, Option<NetSuiteError>)>, NetSuiteError> },
}

impl Pusher<'_> {
    pub(super) fn may_batch(&self, change: &Change) -> bool {
        self.mode == Mode::Batch && change.action == Action::Create
    }

    /// Takes what fits behind `first`, commits the intents and hands the batch in.
    pub(super) fn launch_batch(
        &mut self,
        first: usize,
        flight: &mut Flight,
        tick: &dyn Fn(),
    ) -> Result<(), LedgerError> {
        let changes = flight.changes;
        let kind = changes[first].kind;
        let fits =
            |place: usize| changes[place].kind == kind && changes[place].action == Action::Create;
        let mut places = Vec::new();
        let mut bodies = Vec::new();
        for place in flight.queue.take_along(first, BATCH_RECORDS_MAX, &fits) {
            match self.fill(&changes[place])? {
                Ok(body) => {
                    places.push(place);
                    bodies.push(body);
                }
                Err(why) => {
                    flight.fail(place, why);
                    flight.queue.ended(place, Ended::Failed);
                    tick();
                }
            }
        }
        if places.is_empty() {
            return Ok(());
        }
        let digests: Vec<String> =
            places.iter().map(|place| changes[*place].request.digest()).collect();
        let intents: Vec<_> = places
            .iter()
            .zip(&digests)
            .map(|(place, digest)| intent(self.run, &changes[*place], digest))
            .collect();
        // Unique to this run and these records: a later run's batch is another request.
        let key =
            idempotency_key(&format!("{} {:?} {}", self.ledger.id(), self.run, digests.join(" ")));
        let attempts = self.ledger.begin_batch(&intents, &key)?;
        let members: Members = places.into_iter().zip(attempts).collect();
        let client = Arc::clone(self.witness.client());
        flight.flying.spawn(async move {
            let job = client.start_batch(kind, &bodies, &key).await;
            super::Landed::Batch(Landed::Accepted { key, members, job })
        });
        Ok(())
    }

    /// Goes on with a batch after one of its steps.
    pub(super) fn settle_batch(
        &mut self,
        landed: Landed,
        flight: &mut Flight,
        tick: &dyn Fn(),
    ) -> Result<(), LedgerError> {
        match landed {
            Landed::Accepted { key, members, job: Ok(job) } => {
                self.ledger.set_batch_job(&key, &job)?;
                self.follow(members, job, flight)
            }
            Landed::Accepted { members, job: Err(error), .. } => {
                self.not_accepted(&members, &error, flight, tick)?;
                if super::stops_everything(&error) {
                    flight.pushed.stopped = Some(error);
                }
                Ok(())
            }
            Landed::Ended { members, outcome } => self.ended(&members, outcome, flight, tick),
        }
    }

    /// Waits for the job, then looks its records up.
    fn follow(
        &mut self,
        members: Members,
        job: String,
        flight: &mut Flight,
    ) -> Result<(), LedgerError> {
        let mut wanted: Vec<(Body, Ids)> = Vec::with_capacity(members.len());
        for (place, _) in &members {
            let body = flight.changes[*place].record.body.clone();
            let ids = self.ledger.internal_ids(&body.needs())?;
            wanted.push((body, ids));
        }
        let witness = Arc::clone(&self.witness);
        flight.flying.spawn(async move {
            let outcome = wait_and_look(&witness, &job, &wanted).await;
            super::Landed::Batch(Landed::Ended { members, outcome })
        });
        Ok(())
    }

    /// The request was refused, or nobody knows whether it arrived.
    fn not_accepted(
        &mut self,
        members: &Members,
        error: &NetSuiteError,
        flight: &mut Flight,
        tick: &dyn Fn(),
    ) -> Result<(), LedgerError> {
        let message = error.to_string();
        for (place, attempt) in members {
            if error.is_in_doubt() {
                self.ledger.finish_attempt(*attempt, Outcome::InDoubt { message: &message })?;
                flight.leave_in_doubt(*place, message.clone());
            } else {
                self.ledger.finish_attempt(*attempt, Outcome::Rejected { message: &message })?;
                flight.fail(*place, message.clone());
            }
            flight.queue.ended(*place, Ended::Failed);
            tick();
        }
        Ok(())
    }

    fn ended(
        &mut self,
        members: &Members,
        outcome: Result<Vec<(Seen, Option<NetSuiteError>)>, NetSuiteError>,
        flight: &mut Flight,
        tick: &dyn Fn(),
    ) -> Result<(), LedgerError> {
        let seen = match outcome {
            Ok(seen) => seen,
            Err(error) => {
                // The job is known: the next run asks it again.
                for (place, attempt) in members {
                    let message = error.to_string();
                    self.ledger.finish_attempt(*attempt, Outcome::InDoubt { message: &message })?;
                    flight.leave_in_doubt(*place, message);
                    flight.queue.ended(*place, Ended::Failed);
                    tick();
                }
                if super::nobody_answers(&error) {
                    flight.pushed.stopped = Some(error);
                }
                return Ok(());
            }
        };
        for ((place, attempt), (seen, refusal)) in members.iter().zip(seen) {
            let ended = match (seen, refusal) {
                (Seen::Equal(id), _) => {
                    let outcome = Outcome::Posted { internal_id: &id };
                    self.ledger.finish_attempt(*attempt, outcome)?;
                    flight.count(*place);
                    Ended::Done
                }
                (Seen::Absent, Some(refusal)) => {
                    self.reject(*place, *attempt, &refusal, flight)?;
                    Ended::Failed
                }
                (Seen::Absent, None) => {
                    let message = "its job says it was saved, and NetSuite does not have it";
                    self.ledger.finish_attempt(*attempt, Outcome::InDoubt { message })?;
                    flight.leave_in_doubt(*place, message.into());
                    Ended::Failed
                }
                (Seen::Different { drifts, .. }, _) => {
                    let words: Vec<String> = drifts.iter().map(Drift::sentence).collect();
                    let message = words.join("; ");
                    let outcome = Outcome::Conflict { message: &message };
                    self.ledger.finish_attempt(*attempt, outcome)?;
                    flight.fail(*place, message);
                    Ended::Failed
                }
                (Seen::OtherKind { detail }, _) => {
                    let outcome = Outcome::Conflict { message: &detail };
                    self.ledger.finish_attempt(*attempt, outcome)?;
                    flight.fail(*place, detail);
                    Ended::Failed
                }
            };
            flight.queue.ended(*place, ended);
            tick();
        }
        Ok(())
    }
}

/// Asks about the job until it has ended, then looks for every record, and for the reason of each
/// that is not there.
async fn wait_and_look(
    witness: &Witness,
    job: &str,
    wanted: &[(Body, Ids)],
) -> Result<Vec<(Seen, Option<NetSuiteError>)>, NetSuiteError> {
    let mut wait = POLL_FIRST;
    while let Some(state) = witness.client().job(job).await? {
        if state.completed {
            break;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(POLL_MAX);
    }
    let group = wanted.first().map(|(body, _)| body.kind().group());
    let Some(group) = group else { return Ok(Vec::new()) };
    let found = witness.look_for_all(group, wanted).await?;
    let mut outcomes = Vec::with_capacity(found.len());
    for (place, (seen, (body, _))) in found.into_iter().zip(wanted).enumerate() {
        let refusal = if seen == Seen::Absent {
            let subject = format!("{} {}", body.kind().rest_name(), body.external_id());
            witness.client().batch_refusal(job, place, &subject).await?
        } else {
            None
        };
        outcomes.push((seen, refusal));
    }
    Ok(outcomes)
}

/// In the shape of a UUID, as NetSuite documents the header.
fn idempotency_key(of: &str) -> String {
    let hash = sha256_hex(of.as_bytes());
    let part = |from: usize, to: usize| &hash[from..to];
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}
