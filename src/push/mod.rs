//! Push: sends a plan's changes, each exactly once, and records what became of each.
//!
//! Before a request leaves, its intent is committed to the ledger and synced to disk. When no clear
//! answer comes, or NetSuite says that the record exists, the record is looked up by its external
//! id before anything else is sent for it: `verdict` decides, `witness` looks.

pub mod adopt;
mod batch;
pub mod check;
mod flight;
mod queue;
mod request;
mod resolve;
pub mod strangers;
pub mod verdict;
pub mod witness;
pub mod write_back;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use crate::calendar::Clock;
use crate::ids::ExternalId;
use crate::ledger::{AttemptId, Intent, Ledger, LedgerError, Outcome, Pages, RunId, Unsent};
use crate::netsuite::error::{Class, NetSuiteError};
use crate::netsuite::record::RecordKind;
use crate::netsuite::wire::fill_internal_ids;
use crate::plan::{Action, Change};
use flight::{Flight, Landed, What};
use queue::{Ended, Next, Queue};
use request::Request;
pub use resolve::{Resolution, resolve_unfinished};
use verdict::{Sent, Verdict, on_create, on_update};
use witness::{Ids, Seen, Witness};

/// How often one change is sent again in one push after NetSuite failed at it and said so.
const RESENDS_MAX: u32 = 3;

/// What became of a push.
#[derive(Debug, Default)]
pub struct Pushed {
    /// In NetSuite now, in the order in which that became known.
    pub posted: Vec<ExternalId>,
    pub created: usize,
    pub updated: usize,
    /// Among those created: found there, after an answer was lost.
    pub adopted: usize,
    /// Refused by NetSuite, in conflict, or held back because what they need was.
    pub failed: Vec<Unsent>,
    /// Sent, with no clear answer even after looking.
    pub in_doubt: Vec<Unsent>,
    /// Why the push stopped before its end, if it did: nothing else can work either.
    pub stopped: Option<NetSuiteError>,
    /// The push was asked to stop: what was on its way was waited for, the rest not sent.
    pub is_interrupted: bool,
}

/// Sends changes to one NetSuite account.
pub struct Pusher<'a> {
    pub ledger: &'a mut Ledger,
    pub witness: Arc<Witness>,
    pub clock: Arc<dyn Clock>,
    pub run: RunId,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// How long NetSuite may still act on a request whose answer was lost.
    pub grace_s: i64,
    /// How creations travel.
    pub mode: Mode,
    /// Set from outside to ask for a clean stop.
    pub stop: Arc<AtomicBool>,
}

/// How creations travel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// One request each, answered at once.
    #[default]
    Single,
    /// Up to a hundred of one type in an asynchronous request: for backfills.
    Batch,
}

impl Pusher<'_> {
    /// Sends everything that can be sent. `tick` is called once for each change that ended.
    ///
    /// # Errors
    /// When the ledger fails: then nothing more is sent, because nothing more could be recorded.
    pub async fn push(
        &mut self,
        changes: &[Change],
        tick: &dyn Fn(),
    ) -> Result<Pushed, LedgerError> {
        self.ledger.keep_pages(Pages::Few)?;
        let mut flight = Flight {
            changes,
            queue: Queue::new(changes),
            flying: JoinSet::new(),
            doubts: Vec::new(),
            looked_twice: HashSet::new(),
            resends: HashMap::new(),
            pushed: Pushed::default(),
        };
        loop {
            flight.pushed.is_interrupted |= self.stop.load(Ordering::Relaxed);
            let goes_on = flight.pushed.stopped.is_none() && !flight.pushed.is_interrupted;
            if goes_on && flight.flying.len() < self.concurrency {
                match flight.queue.next() {
                    Next::Send(place) if self.may_batch(&changes[place]) => {
                        self.launch_batch(place, &mut flight, tick)?;
                        continue;
                    }
                    Next::Send(place) => {
                        if !self.launch(place, &mut flight)? {
                            flight.queue.ended(place, Ended::Failed);
                            tick();
                        }
                        continue;
                    }
                    Next::Held { place, because } => {
                        flight.hold(place, because);
                        tick();
                        continue;
                    }
                    Next::Wait | Next::Empty => {}
                }
            }
            match flight.flying.join_next().await {
                Some(joined) => {
                    match joined.expect("a request neither panics nor is it cancelled") {
                        Landed::One { place, attempt, what } => {
                            if let Some(ended) = self.settle(place, attempt, what, &mut flight)? {
                                flight.queue.ended(place, ended);
                                tick();
                            }
                        }
                        Landed::Batch(landed) => self.settle_batch(landed, &mut flight, tick)?,
                    }
                }
                None if goes_on && !flight.doubts.is_empty() => {
                    self.look_again(&mut flight, tick)?;
                }
                None => break,
            }
        }
        for (place, _, cause) in std::mem::take(&mut flight.doubts) {
            flight.leave_in_doubt(place, cause.to_string());
        }
        let pushed = flight.pushed;
        self.ledger.put_unsent(self.run, &pushed.failed)?;
        self.ledger.put_unsent(self.run, &pushed.in_doubt)?;
        self.ledger.keep_pages(Pages::Many)?;
        Ok(pushed)
    }

    /// Commits the intent and starts the request; `false` when the change cannot be sent at all.
    fn launch(&mut self, place: usize, flight: &mut Flight) -> Result<bool, LedgerError> {
        let change = &flight.changes[place];
        let body = match self.fill(change)? {
            Ok(body) => body,
            Err(why) => {
                flight.fail(place, why);
                return Ok(false);
            }
        };
        let digest = change.request.digest();
        let attempts = self.ledger.begin_attempts(&[intent(self.run, change, &digest)])?;
        let request = Request::of(change, body);
        let client = Arc::clone(self.witness.client());
        let attempt = attempts[0];
        flight.flying.spawn(async move {
            Landed::One { place, attempt, what: What::Answer(request.send(&client).await) }
        });
        Ok(true)
    }

    /// The body with NetSuite's ids in it where external ids will not do; the inner error says why
    /// it cannot be sent.
    fn fill(&self, change: &Change) -> Result<Result<String, String>, LedgerError> {
        let needs = change.record.body.needs();
        let ids = self.ledger.internal_ids(&needs)?;
        let filled = fill_internal_ids(change.request.body.get(), &|id| ids.get(id).cloned());
        let mut body = match filled {
            Ok(body) => body,
            Err(missing) => {
                let named: Vec<String> = missing.iter().map(ToString::to_string).collect();
                return Ok(Err(format!("NetSuite's ids of {} are not known", named.join(", "))));
            }
        };
        // Records that were taken over under another external id are named by NetSuite's own.
        for (kept, id) in self.ledger.records_that_keep_ids(&needs)? {
            let ours = format!(r#"{{"externalId":"{kept}"}}"#);
            body = body.replace(&ours, &format!(r#"{{"id":"{id}"}}"#));
        }
        Ok(Ok(body))
    }

    /// Starts looking for the record of a request that got no clear answer.
    fn look(
        &self,
        place: usize,
        attempt: AttemptId,
        cause: NetSuiteError,
        flight: &mut Flight,
    ) -> Result<(), LedgerError> {
        let change = &flight.changes[place];
        let body = change.record.body.clone();
        let ids: Ids = self.ledger.internal_ids(&body.needs())?;
        let id = change.internal_id.clone().filter(|_| change.action == Action::Update);
        let witness = Arc::clone(&self.witness);
        flight.flying.spawn(async move {
            let seen = match &id {
                // The currencies an update adds to a customer cannot be queried.
                Some(_) if body.kind() == RecordKind::Customer => Ok(Seen::Absent),
                Some(id) => witness.compare_one(&body, id, &ids).await,
                None => witness.look_for(&body, &ids).await,
            };
            Landed::One { place, attempt, what: What::Looked { cause, seen } }
        });
        Ok(())
    }

    /// Everything else is done: what is in doubt is looked at once more, each once.
    fn look_again(&self, flight: &mut Flight, tick: &dyn Fn()) -> Result<(), LedgerError> {
        for (place, attempt, cause) in std::mem::take(&mut flight.doubts) {
            if flight.looked_twice.insert(place) {
                self.look(place, attempt, cause, flight)?;
            } else {
                flight.leave_in_doubt(place, cause.to_string());
                flight.queue.ended(place, Ended::Failed);
                tick();
            }
        }
        Ok(())
    }

    /// Records how a request or a look-up ended; `None` while the change goes on.
    fn settle(
        &mut self,
        place: usize,
        attempt: AttemptId,
        what: What,
        flight: &mut Flight,
    ) -> Result<Option<Ended>, LedgerError> {
        let change = &flight.changes[place];
        match what {
            What::Answer(Ok(internal_id)) => {
                let id = internal_id.or_else(|| change.internal_id.clone());
                let Some(internal_id) = id else {
                    let why = "NetSuite gave no internal id".to_owned();
                    self.ledger.finish_attempt(attempt, Outcome::InDoubt { message: &why })?;
                    flight.leave_in_doubt(place, why);
                    return Ok(Some(Ended::Failed));
                };
                let outcome = Outcome::Posted { internal_id: &internal_id };
                self.ledger.finish_attempt(attempt, outcome)?;
                flight.count(place);
                Ok(Some(Ended::Done))
            }
            What::Answer(Err(cause)) if needs_look(&cause, change.action) => {
                if cause.is_in_doubt() {
                    let message = cause.to_string();
                    self.ledger.finish_attempt(attempt, Outcome::InDoubt { message: &message })?;
                }
                self.look(place, attempt, cause, flight)?;
                Ok(None)
            }
            What::Answer(Err(cause)) => {
                self.reject(place, attempt, &cause, flight)?;
                if stops_everything(&cause) {
                    flight.pushed.stopped = Some(cause);
                }
                Ok(Some(Ended::Failed))
            }
            What::Looked { cause, seen: Ok(seen) } => {
                self.judge(place, attempt, cause, seen, flight)
            }
            What::Looked { cause, seen: Err(error) } => {
                flight.doubts.push((place, attempt, cause));
                if nobody_answers(&error) {
                    flight.pushed.stopped = Some(error);
                }
                Ok(None)
            }
        }
    }

    /// Acts on what a look-up brought.
    fn judge(
        &mut self,
        place: usize,
        attempt: AttemptId,
        cause: NetSuiteError,
        seen: Seen,
        flight: &mut Flight,
    ) -> Result<Option<Ended>, LedgerError> {
        let action = flight.changes[place].action;
        let is_refusal = !cause.is_in_doubt();
        if is_refusal && seen == Seen::Absent {
            // "Already exists", and not under our external id: a name or number is taken.
            self.reject(place, attempt, &cause, flight)?;
            return Ok(Some(Ended::Failed));
        }
        let now = self.clock.now();
        let is_over = is_refusal || matches!(cause.class, Class::InDoubt { is_over: true, .. });
        let sent = Sent { at: now, grace_s: self.grace_s, is_over };
        let verdict = match action {
            Action::Create => on_create(seen, sent, now),
            Action::Update => on_update(seen, sent, now),
        };
        match verdict {
            Verdict::Adopt(internal_id) => {
                let outcome = Outcome::Adopted { internal_id: &internal_id };
                self.ledger.finish_attempt(attempt, outcome)?;
                flight.count(place);
                flight.pushed.adopted += 1;
                Ok(Some(Ended::Done))
            }
            Verdict::Conflict(message) => {
                self.ledger.finish_attempt(attempt, Outcome::Conflict { message: &message })?;
                flight.fail(place, message);
                Ok(Some(Ended::Failed))
            }
            Verdict::SendAgain => {
                self.ledger.finish_attempt(attempt, Outcome::Absent)?;
                let resends = flight.resends.entry(place).or_default();
                *resends += 1;
                if *resends > RESENDS_MAX {
                    flight.fail(place, cause.to_string());
                    return Ok(Some(Ended::Failed));
                }
                Ok(if self.launch(place, flight)? { None } else { Some(Ended::Failed) })
            }
            Verdict::Wait { .. } => {
                flight.doubts.push((place, attempt, cause));
                Ok(None)
            }
        }
    }

    fn reject(
        &mut self,
        place: usize,
        attempt: AttemptId,
        cause: &NetSuiteError,
        flight: &mut Flight,
    ) -> Result<(), LedgerError> {
        let message = cause.to_string();
        self.ledger.finish_attempt(attempt, Outcome::Rejected { message: &message })?;
        flight.fail(place, message);
        Ok(())
    }
}

fn intent<'a>(run: RunId, change: &'a Change, digest: &'a str) -> Intent<'a> {
    Intent {
        run,
        external_id: &change.external_id,
        kind: change.kind,
        action: change.action.verb(),
        method: &change.request.method,
        path: &change.request.path,
        request_digest: digest,
        intended: &change.record.body,
    }
}

/// Whether NetSuite itself must be asked what it has: no clear answer, or a record that exists.
fn needs_look(error: &NetSuiteError, action: Action) -> bool {
    let exists = matches!(error.class, Class::AlreadyExists { .. }) && action == Action::Create;
    error.is_in_doubt() || exists
}

/// Whether not even a read, patiently repeated, gets an answer of NetSuite's: whatever else was sent
/// now would be in doubt too.
fn nobody_answers(error: &NetSuiteError) -> bool {
    error.is_transient() || stops_everything(error) || matches!(error.class, Class::NotJson { .. })
}

/// Without credentials, permission or a connection no other change can succeed either.
fn stops_everything(error: &NetSuiteError) -> bool {
    matches!(error.class, Class::Authentication { .. } | Class::Unreachable { .. })
}
