//! Parties whose cases are still to be read, and the thread that reads them ahead while those before them
//! are derived and stored.
//!
//! A party's case is made of facts and of what is posted; nothing that a derivation stores changes either,
//! so it does not matter how far ahead it is read.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use super::joined::Joined;
use super::keys::Parties;
use super::{CaseKey, Ledger, LedgerError, PayoutIndex};
use crate::accounting::{Case, Policy};

/// Parties in memory at once: enough for one look-up in NetSuite to serve many of them.
const PARTIES_AT_ONCE: usize = 64;

/// Portions that wait to be derived.
const PORTIONS_AHEAD: usize = 2;

/// A case as it was read, or why it could not be.
pub(super) type Read = (CaseKey, Result<Case, LedgerError>);

/// The next few parties; none once all were given out.
fn some(parties: &mut Parties) -> Vec<CaseKey> {
    parties.take(PARTIES_AT_ONCE).collect()
}

/// Where the cases of parties come from.
pub(super) enum Source {
    /// They are read when they are asked for.
    Here(Parties),
    Ahead(Ahead),
    Dry,
}

impl Source {
    /// The next few cases, on this thread or as the other one read them; none once all were given out.
    pub(super) fn next(
        &mut self,
        ledger: &Ledger,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Vec<Read> {
        let read = match self {
            Self::Here(parties) => ledger.read_cases(some(parties), payouts, policy),
            Self::Ahead(ahead) => ahead.next(),
            Self::Dry => Vec::new(),
        };
        if read.is_empty() {
            // The names, or the thread and its pages, want their memory back.
            *self = Self::Dry;
        }
        read
    }
}

/// A thread that reads cases ahead. It ends when this is dropped, after the portion that it reads.
pub(super) struct Ahead {
    read: Receiver<Vec<Read>>,
    thread: Joined,
}

impl Ahead {
    /// Starts it, with a ledger of its own.
    pub(super) fn start(
        ledger: Ledger,
        mut parties: Parties,
        payouts: Arc<PayoutIndex>,
        policy: Policy,
    ) -> Self {
        let (send, read) = sync_channel(PORTIONS_AHEAD);
        let thread = Joined::spawn(move || {
            loop {
                let portion = ledger.read_cases(some(&mut parties), &payouts, &policy);
                if portion.is_empty() || send.send(portion).is_err() {
                    return;
                }
            }
        });
        Self { read, thread }
    }

    fn next(&mut self) -> Vec<Read> {
        let portion = self.read.recv().unwrap_or_default();
        // It hung up: because it is at its end, or because of a fault that must not look like one.
        if portion.is_empty()
            && let Err(panic) = self.thread.join()
        {
            resume_unwind(panic);
        }
        portion
    }
}

impl Ledger {
    /// Reads cases, each as the file is at one moment.
    pub(super) fn read_cases(
        &self,
        keys: Vec<CaseKey>,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Vec<Read> {
        let read = |key: CaseKey| {
            let case = self.load_case(&key, payouts, policy);
            (key, case)
        };
        keys.into_iter().map(read).collect()
    }
}
