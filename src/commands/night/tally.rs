//! What a run counts while it works, for whoever asks at its end. What the ledger knows is not kept
//! here: it is read from the ledger.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::calendar::Window;
use crate::ids::ExternalId;
use crate::ledger::{RunId, Stored};
use crate::plan::{Blocked, Plan};
use crate::push::Pushed;
use crate::reconcile::TieOut;
use crate::report::night::Difference;

/// The count of one Stripe account's turn.
#[derive(Debug, Default)]
pub(in crate::commands) struct Tally {
    seen: Mutex<Seen>,
    stripe: Arc<AtomicU64>,
    netsuite: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) run: Option<RunId>,
    pub(super) window: Option<Window>,
    pub(super) stored: Stored,
    pub(super) planned: usize,
    /// Of the last plan; each has all of them.
    pub(super) blocked: usize,
    /// Those among them that no exception speaks of.
    pub(super) unspoken: Vec<Blocked>,
    pub(super) created: usize,
    pub(super) updated: usize,
    pub(super) adopted: usize,
    pub(super) failed: BTreeSet<ExternalId>,
    pub(super) in_doubt: BTreeSet<ExternalId>,
    pub(super) differences: Option<Vec<Difference>>,
}

impl Tally {
    pub(super) fn seen(&self) -> Seen {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The counters of requests to Stripe and to NetSuite.
    pub(in crate::commands) fn counters(&self) -> (Arc<AtomicU64>, Arc<AtomicU64>) {
        (Arc::clone(&self.stripe), Arc::clone(&self.netsuite))
    }

    /// Requests to Stripe and to NetSuite so far.
    pub(super) fn requests(&self) -> (u64, u64) {
        (self.stripe.load(Ordering::Relaxed), self.netsuite.load(Ordering::Relaxed))
    }

    /// The ledger knows the run by this number.
    pub(in crate::commands) fn started(&self, run: RunId) {
        self.lock().run = Some(run);
    }

    /// A window is being pulled; several make one from the first to the last.
    pub(in crate::commands) fn pulling(&self, window: Window) {
        let mut seen = self.lock();
        seen.window = Some(seen.window.map_or(window, |before| Window {
            since: before.since.min(window.since),
            until: before.until.max(window.until),
        }));
    }

    pub(in crate::commands) fn pulled(&self, stored: Stored) {
        self.lock().stored += stored;
    }

    pub(in crate::commands) fn planned(&self, plan: &Plan) {
        let accepted = plan.accepted.iter().map(|accepted| &accepted.exception);
        let spoken: BTreeSet<&ExternalId> =
            plan.exceptions.iter().chain(accepted).flat_map(|known| &known.blocks).collect();
        let is_unspoken =
            |blocked: &&Blocked| blocked.behind.is_none() && !spoken.contains(&blocked.external_id);
        let mut seen = self.lock();
        seen.planned += plan.changes.len();
        seen.blocked = plan.blocked.len();
        seen.unspoken = plan.blocked.iter().filter(is_unspoken).cloned().collect();
    }

    pub(in crate::commands) fn pushed(&self, pushed: &Pushed) {
        let mut seen = self.lock();
        seen.created += pushed.created;
        seen.updated += pushed.updated;
        seen.adopted += pushed.adopted;
        for id in &pushed.posted {
            seen.failed.remove(id);
            seen.in_doubt.remove(id);
        }
        seen.failed.extend(pushed.failed.iter().map(|unsent| unsent.external_id.clone()));
        seen.in_doubt.extend(pushed.in_doubt.iter().map(|unsent| unsent.external_id.clone()));
    }

    pub(in crate::commands) fn tied(&self, tieout: &TieOut) {
        let differences = tieout.statements.iter().map(|statement| Difference {
            statement: statement.name,
            currency: statement.currency,
            difference: statement.difference,
            is_unproven: statement.unproven.is_some(),
        });
        self.lock().differences = Some(differences.collect());
    }
}
