//! One push under way: what flies, what is in doubt, what became of the rest.

use std::collections::{HashMap, HashSet};

use tokio::task::JoinSet;

use super::queue::Queue;
use super::witness::Seen;
use super::{Pushed, batch};
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{AttemptId, Unsent};
use crate::netsuite::error::NetSuiteError;
use crate::plan::{Action, Change};

/// How one request ended.
pub(super) enum Landed {
    One {
        place: usize,
        attempt: AttemptId,
        what: What,
    },
    /// Something about a batch.
    Batch(batch::Landed),
}

pub(super) enum What {
    Answer(Result<Option<InternalId>, NetSuiteError>),
    /// What a look-up after `cause` brought.
    Looked {
        cause: NetSuiteError,
        seen: Result<Seen, NetSuiteError>,
    },
}

/// One push under way.
pub(super) struct Flight<'a> {
    pub(super) changes: &'a [Change],
    pub(super) queue: Queue,
    pub(super) flying: JoinSet<Landed>,
    /// Places in doubt, each with its attempt and cause: looked at once more when all else is done.
    pub(super) doubts: Vec<(usize, AttemptId, NetSuiteError)>,
    pub(super) looked_twice: HashSet<usize>,
    pub(super) resends: HashMap<usize, u32>,
    pub(super) pushed: Pushed,
}

impl Flight<'_> {
    pub(super) fn id(&self, place: usize) -> ExternalId {
        self.changes[place].external_id.clone()
    }

    pub(super) fn count(&mut self, place: usize) {
        self.pushed.posted.push(self.id(place));
        match self.changes[place].action {
            Action::Create => self.pushed.created += 1,
            Action::Update => self.pushed.updated += 1,
        }
    }

    pub(super) fn fail(&mut self, place: usize, reason: String) {
        let external_id = self.id(place);
        self.pushed.failed.push(Unsent { external_id, held_by: None, reason });
    }

    pub(super) fn hold(&mut self, place: usize, because: usize) {
        let cause = self.id(because);
        let reason = format!("not sent, because {cause}, which it needs, is not in NetSuite");
        let external_id = self.id(place);
        self.pushed.failed.push(Unsent { external_id, held_by: Some(cause), reason });
    }

    pub(super) fn leave_in_doubt(&mut self, place: usize, reason: String) {
        let external_id = self.id(place);
        self.pushed.in_doubt.push(Unsent { external_id, held_by: None, reason });
    }
}
