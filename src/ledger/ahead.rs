//! Parties whose cases are still to be read, and the thread that reads them ahead while those before them
//! are derived and stored.
//!
//! A party's case is made of facts and of what is posted; nothing that a derivation stores changes either,
//! so it does not matter how far ahead it is read.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

use super::{CaseKey, Ledger, LedgerError, PayoutIndex};
use crate::accounting::{Case, Policy};

/// Parties in memory at once: enough for one look-up in NetSuite to serve many of them.
const PARTIES_AT_ONCE: usize = 64;

/// Portions that wait to be derived.
const PORTIONS_AHEAD: usize = 2;

/// A case as it was read, or why it could not be.
pub(super) type Read = (CaseKey, Result<Case, LedgerError>);

/// Names of customers, then of guests, in order. A large company has a million: one text holds them in a
/// third of the memory that a list of keys takes.
#[derive(Default)]
pub(super) struct Parties {
    names: String,
    /// Where each name ends.
    ends: Vec<usize>,
    customer_count: usize,
    given_count: usize,
}

impl Parties {
    /// Takes the parties out of `keys`.
    pub(super) fn take_from(keys: BTreeSet<CaseKey>) -> (Self, Vec<CaseKey>) {
        let length = |key: &CaseKey| match key {
            CaseKey::Customer(id) | CaseKey::Guest(id) => id.len(),
            _ => 0,
        };
        let mut parties = Self {
            // A text that grows is copied into one of twice its length.
            names: String::with_capacity(keys.iter().map(length).sum()),
            ends: Vec::with_capacity(keys.len()),
            ..Self::default()
        };
        let mut rest = Vec::new();
        for key in keys {
            match key {
                // Customers come before guests in the order of keys.
                CaseKey::Customer(id) => {
                    parties.add(&id);
                    parties.customer_count += 1;
                }
                CaseKey::Guest(id) => parties.add(&id),
                other => rest.push(other),
            }
        }
        (parties, rest)
    }

    fn add(&mut self, id: &str) {
        self.names.push_str(id);
        self.ends.push(self.names.len());
    }

    /// The next few; none once all were given out.
    fn next(&mut self) -> Vec<CaseKey> {
        let until = self.ends.len().min(self.given_count + PARTIES_AT_ONCE);
        let keys = (self.given_count..until).map(|place| self.key(place)).collect();
        self.given_count = until;
        keys
    }

    fn key(&self, place: usize) -> CaseKey {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let id = self.names[start..self.ends[place]].to_owned();
        if place < self.customer_count { CaseKey::Customer(id) } else { CaseKey::Guest(id) }
    }
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
            Self::Here(parties) => ledger.read_cases(parties.next(), payouts, policy),
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

/// A thread that reads cases ahead. It ends when this is dropped, and what it has open is closed then.
pub(super) struct Ahead {
    read: Option<Receiver<Vec<Read>>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // Nobody takes any more: it stops after the portion that it reads.
        self.read = None;
        if let Some(thread) = self.thread.take() {
            // Its fault was told by the thread itself.
            let _ended = thread.join();
        }
    }
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
        let thread = thread::spawn(move || {
            loop {
                let portion = ledger.read_cases(parties.next(), &payouts, &policy);
                if portion.is_empty() || send.send(portion).is_err() {
                    return;
                }
            }
        });
        Self { read: Some(read), thread: Some(thread) }
    }

    fn next(&mut self) -> Vec<Read> {
        let portion = self.read.as_ref().and_then(|read| read.recv().ok()).unwrap_or_default();
        // It hung up: because it is at its end, or because of a fault that must not look like one.
        if portion.is_empty()
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Were a name cut or given to the wrong kind, a party's records would be dropped as unwanted.
    #[test]
    fn parties_come_as_they_were_given() {
        let customers =
            (0..PARTIES_AT_ONCE).map(|number| CaseKey::Customer(format!("cus_{number}")));
        let guests = ["ch_1", "", "py_é"].map(|id| CaseKey::Guest(id.into()));
        let payout = CaseKey::Payout("po_1".into());
        let keys: BTreeSet<CaseKey> = customers.chain(guests).chain([payout.clone()]).collect();
        let (mut parties, rest) = Parties::take_from(keys.clone());
        assert_eq!(rest, [payout]);
        let mut given = parties.next();
        assert_eq!(given.len(), PARTIES_AT_ONCE);
        given.extend(parties.next());
        assert!(parties.next().is_empty());
        given.extend(rest);
        assert!(given.into_iter().eq(keys));
    }
}
