//! Push: sends a plan's changes, each exactly once, and records what became of each.
//!
//! Before a request leaves, its intent is committed to the ledger and synced to disk. When no clear
//! answer comes, the record is looked up by its external id before anything else is sent for it.

mod queue;
mod resolve;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use crate::ids::{ExternalId, InternalId};
use crate::ledger::{AttemptId, Intent, Ledger, LedgerError, Outcome, RunId};
use crate::netsuite::client::Client;
use crate::netsuite::error::{Class, NetSuiteError};
use crate::netsuite::wire::fill_internal_ids;
use crate::plan::{Action, Change};
use queue::{Ended, Next, Queue};
pub use resolve::{Resolution, resolve_unfinished};

/// What became of a push.
#[derive(Debug, Default)]
pub struct Pushed {
    pub created: usize,
    pub updated: usize,
    /// Refused by NetSuite, or held back because what they need was.
    pub failed: Vec<(ExternalId, String)>,
    /// Sent, with no clear answer even after looking.
    pub in_doubt: Vec<(ExternalId, String)>,
    /// Why the push stopped before its end, if it did: nothing else can work either.
    pub stopped: Option<NetSuiteError>,
    /// The push was asked to stop: what was on its way was waited for, the rest not sent.
    pub is_interrupted: bool,
}

/// Sends changes to one NetSuite account.
pub struct Pusher<'a> {
    pub ledger: &'a mut Ledger,
    pub client: Arc<Client>,
    pub run: RunId,
    /// Requests in flight at once.
    pub concurrency: usize,
    /// Set from outside to ask for a clean stop.
    pub stop: Arc<AtomicBool>,
}

/// How one request ended.
type Answer = (usize, AttemptId, Result<Option<InternalId>, NetSuiteError>);

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
        let mut pushed = Pushed::default();
        let mut queue = Queue::new(changes);
        let mut flying: JoinSet<Answer> = JoinSet::new();
        loop {
            pushed.is_interrupted |= self.stop.load(Ordering::Relaxed);
            let goes_on = pushed.stopped.is_none() && !pushed.is_interrupted;
            if goes_on && flying.len() < self.concurrency {
                match queue.next() {
                    Next::Send(place) => {
                        if !self.launch(place, &changes[place], &mut flying, &mut pushed)? {
                            queue.ended(place, Ended::Failed);
                            tick();
                        }
                        continue;
                    }
                    Next::Held { place, because } => {
                        let cause = &changes[because].external_id;
                        let why = format!("not sent, because {cause}, which it needs, failed");
                        pushed.failed.push((changes[place].external_id.clone(), why));
                        tick();
                        continue;
                    }
                    Next::Wait | Next::Empty => {}
                }
            }
            let Some(joined) = flying.join_next().await else { break };
            let (place, attempt, answer) =
                joined.expect("a request neither panics nor is it cancelled");
            let ended = self.settle(&changes[place], attempt, answer, &mut pushed).await?;
            queue.ended(place, ended);
            tick();
        }
        Ok(pushed)
    }

    /// Commits the intent and starts the request; `false` when the change cannot be sent at all.
    fn launch(
        &mut self,
        place: usize,
        change: &Change,
        flying: &mut JoinSet<Answer>,
        pushed: &mut Pushed,
    ) -> Result<bool, LedgerError> {
        let needs = change.record.body.needs();
        let ids = self.ledger.internal_ids(&needs)?;
        let template = change.request.body.get();
        let body = match fill_internal_ids(template, &|id| ids.get(id).cloned()) {
            Ok(body) => body,
            Err(missing) => {
                let named: Vec<String> = missing.iter().map(ToString::to_string).collect();
                let why = format!("NetSuite's ids of {} are not known", named.join(", "));
                pushed.failed.push((change.external_id.clone(), why));
                return Ok(false);
            }
        };
        let attempt = self.ledger.begin_attempt(&Intent {
            run: self.run,
            external_id: &change.external_id,
            kind: change.kind,
            action: change.action.verb(),
            method: &change.request.method,
            path: &change.request.path,
            request_digest: &change.request.digest(),
            intended: &change.record.body,
        })?;
        flying.spawn(send(place, attempt, Arc::clone(&self.client), Request::of(change, body)));
        Ok(true)
    }

    /// Records how a request ended, looking the record up when the answer is in doubt.
    async fn settle(
        &mut self,
        change: &Change,
        attempt: AttemptId,
        answer: Result<Option<InternalId>, NetSuiteError>,
        pushed: &mut Pushed,
    ) -> Result<Ended, LedgerError> {
        let error = match answer {
            Ok(internal_id) => {
                let Some(id) = internal_id.or_else(|| change.internal_id.clone()) else {
                    let why = "NetSuite gave no internal id".to_owned();
                    self.ledger.finish_attempt(attempt, Outcome::InDoubt { message: &why })?;
                    pushed.in_doubt.push((change.external_id.clone(), why));
                    return Ok(Ended::Failed);
                };
                self.ledger.finish_attempt(attempt, Outcome::Posted { internal_id: &id })?;
                count(change.action, pushed);
                return Ok(Ended::Done);
            }
            Err(error) => error,
        };
        if error.is_in_doubt() && change.action == Action::Create {
            let found = self.client.find_by_external_id(change.kind, &change.external_id).await;
            if let Ok(Some(id)) = found {
                self.ledger.finish_attempt(attempt, Outcome::Posted { internal_id: &id })?;
                count(change.action, pushed);
                return Ok(Ended::Done);
            }
        }
        let message = error.to_string();
        if error.is_in_doubt() {
            self.ledger.finish_attempt(attempt, Outcome::InDoubt { message: &message })?;
            pushed.in_doubt.push((change.external_id.clone(), message));
        } else {
            self.ledger.finish_attempt(attempt, Outcome::Rejected { message: &message })?;
            pushed.failed.push((change.external_id.clone(), message));
            if stops_everything(&error) {
                pushed.stopped = Some(error);
            }
        }
        Ok(Ended::Failed)
    }
}

/// Without credentials, permission or a connection no other change can succeed either.
fn stops_everything(error: &NetSuiteError) -> bool {
    matches!(error.class, Class::Authentication { .. } | Class::Unreachable { .. })
}

fn count(action: Action, pushed: &mut Pushed) {
    match action {
        Action::Create => pushed.created += 1,
        Action::Update => pushed.updated += 1,
    }
}

/// What is sent, owned, so that it can fly on its own.
enum Request {
    Create {
        kind: crate::netsuite::record::RecordKind,
        body: String,
    },
    Update {
        kind: crate::netsuite::record::RecordKind,
        id: InternalId,
        body: String,
        replace: Vec<String>,
    },
}

impl Request {
    fn of(change: &Change, body: String) -> Self {
        match &change.internal_id {
            Some(id) if change.action == Action::Update => Self::Update {
                kind: change.kind,
                id: id.clone(),
                body,
                replace: change.request.replace.clone(),
            },
            _ => Self::Create { kind: change.kind, body },
        }
    }
}

async fn send(place: usize, attempt: AttemptId, client: Arc<Client>, request: Request) -> Answer {
    let answer = match request {
        Request::Create { kind, body } => {
            client.create(kind, &body).await.map(|created| Some(created.internal_id))
        }
        Request::Update { kind, id, body, replace } => {
            let replace: Vec<&str> = replace.iter().map(String::as_str).collect();
            client.update(kind, &id, &body, &replace).await.map(|()| None)
        }
    };
    (place, attempt, answer)
}
