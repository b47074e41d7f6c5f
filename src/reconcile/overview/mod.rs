//! One report over the closes of several Stripe accounts: the figures of each as its own reports have
//! them, totals for each currency, and the bridge over accounts that keep their balance on one account
//! of NetSuite.
//!
//! Belongs here: what only several accounts together can say. Does not belong here: what one account's
//! figures are (`reconcile::close::brief`). An account without a close is in it as one that failed.

mod position;
mod sections;

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::close::brief::Brief;
use super::close::sheet::{Proof, Sink, Writer};
use crate::money::Currency;

pub use position::Position;

/// Several accounts, in the order of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The period, as it was asked for.
    pub period: String,
    pub accounts: Vec<Account>,
}

/// One of the configuration's Stripe accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    /// As far as the configuration can be read.
    pub stripe_account: Option<String>,
    pub netsuite_account: Option<String>,
    /// Which NetSuite its records are in: two accounts share an account of it only where this is the
    /// same.
    pub books: String,
    pub exit_code: u8,
    /// The exit code in words.
    pub meaning: &'static str,
    pub standing: Option<Standing>,
    pub end: End,
}

/// How the close of an account ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Closed {
        brief: Box<Brief>,
        /// Its own page, from the overview's folder.
        report: String,
    },
    Failed {
        why: String,
        fix: Option<String>,
    },
}

/// Who stands for the month, and whether it is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    pub is_locked: bool,
    /// The one that stands last in each role.
    pub signed: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub role: &'static str,
    pub by: String,
    pub day: NaiveDate,
    pub is_void: bool,
}

/// Whether an account ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ties,
    /// Nothing differs, and a figure has nothing to be held against.
    NotProven,
    Differs,
    Failed,
}

impl State {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ties => "ties",
            Self::NotProven => "not proven",
            Self::Differs => "differs",
            Self::Failed => "failed",
        }
    }
}

impl Account {
    pub fn brief(&self) -> Option<&Brief> {
        match &self.end {
            End::Closed { brief, .. } => Some(brief),
            End::Failed { .. } => None,
        }
    }

    /// By its own proofs.
    fn own_state(&self) -> State {
        let Some(brief) = self.brief() else { return State::Failed };
        if brief.proofs.iter().any(|proof| !proof.difference.is_zero()) {
            State::Differs
        } else if brief.proofs.iter().any(|proof| proof.unproven.is_some()) {
            State::NotProven
        } else {
            State::Ties
        }
    }
}

impl Overview {
    /// Makes the report; gives what the accounts prove, and what they prove together.
    pub fn write(&self, sink: &mut dyn Sink) -> Vec<Proof> {
        let mut out = Writer::new(sink);
        sections::write(self, &mut out);
        out.proofs
    }

    /// Whether an account ties, by its own proofs and by those that it shares with others.
    pub fn state(&self, place: usize) -> State {
        let shared = self.positions().filter(|position| position.members.contains(&place));
        let differs = shared.into_iter().any(|position| !position.difference().is_zero());
        let own = self.accounts[place].own_state();
        if differs { own.max(State::Differs) } else { own }
    }

    /// Every settlement currency of any account, in order.
    fn currencies(&self) -> BTreeSet<Currency> {
        let briefs = self.accounts.iter().filter_map(Account::brief);
        briefs.flat_map(|brief| brief.currencies.keys().copied()).collect()
    }

    /// Everything that is on accounts of NetSuite, each account of NetSuite in one of them.
    fn positions(&self) -> impl Iterator<Item = Position<'_>> {
        self.currencies().into_iter().flat_map(|currency| position::of(&self.accounts, currency))
    }
}
