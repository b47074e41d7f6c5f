//! Where each balance transaction stands in the books: what undeposited funds and the Stripe balance
//! account hold because of it.
//!
//! Read from what is posted, not from the policy: so the proof holds across a change of policy too.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::accounting::balance_transaction::Class;
use crate::accounting::masters::Naming;
use crate::accounting::{Policy, Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::ledger::{Ledger, RecordRow};
use crate::money::{Amount, Currency};
use crate::netsuite::record::Body;
use crate::reconcile::Item;
use crate::reconcile::movement::{Held, NotYet, Past};
use crate::stripe::objects::{BalanceTransaction, Payout};

pub(super) struct Placed<'a> {
    rows: &'a BTreeMap<ExternalId, RecordRow>,
    naming: &'a Naming,
    payouts: &'a HashMap<String, Payout>,
    /// The payout of each balance transaction that was paid out.
    payout_of: HashMap<String, String>,
    /// The record that a balance transaction made, and whether it is posted.
    records: HashMap<&'a str, bool>,
    /// Balance transactions whose charges are in a posted journal of a day, a payout or their own.
    charged: HashSet<String>,
    /// Those that a posted journal of their own carries whole: top-ups.
    carried: HashSet<&'a str>,
    /// The posted deposit that took over what a negative payout was made of.
    taken_over: BTreeSet<&'a str>,
}

impl<'a> Placed<'a> {
    pub(super) fn new(
        rows: &'a BTreeMap<ExternalId, RecordRow>,
        naming: &'a Naming,
        ledger: &Ledger,
        payouts: &'a HashMap<String, Payout>,
    ) -> anyhow::Result<Self> {
        let summed: HashMap<String, ExternalId> =
            ledger.members_of_posted_sums()?.into_iter().collect();
        let mut placed = Self {
            rows,
            naming,
            payouts,
            payout_of: ledger.payouts_by_member()?,
            records: HashMap::new(),
            charged: HashSet::new(),
            carried: HashSet::new(),
            taken_over: BTreeSet::new(),
        };
        for row in rows.values() {
            let Some(record): Option<&Record> = row.desired.as_ref() else { continue };
            let by_itself = row.internal_id.is_some();
            if record.settles.is_some() {
                let is_posted = by_itself || summed.contains_key(row.external_id.as_str());
                for source in &record.sources {
                    placed.records.insert(source.as_str(), is_posted);
                }
            }
            if by_itself {
                placed.note(record);
            }
        }
        Ok(placed)
    }

    fn note(&mut self, record: &'a Record) {
        let sources = record.sources.iter().map(ObjectId::as_str);
        match record.rule {
            Rule::DayCharged | Rule::MovementCharged | Rule::PayoutCharged => {
                self.charged.extend(sources.map(str::to_owned));
            }
            Rule::ToppedUp => self.carried.extend(sources),
            _ if matches!(record.body, Body::Deposit(_)) => {
                self.taken_over.extend(sources.skip(1));
            }
            _ => {}
        }
    }

    /// What the books hold of a movement.
    pub(super) fn held(&self, bt: &BalanceTransaction, class: Class) -> Held {
        let payout = match class {
            // Its own row names the payout as its source.
            Class::Payout => bt.source.as_ref().map(ObjectId::as_str),
            _ => self.payout_of.get(bt.id.as_str()).map(String::as_str),
        };
        if payout.is_some_and(|payout| self.is_deposited(payout)) {
            return Held::Cleared;
        }
        let zero = Amount::zero(bt.currency);
        let charges = if self.is_charged(bt) { bt.amount() - bt.net() } else { zero };
        // What it charges may be in the books before it is.
        let not_yet = |why| Held::NotYet(why, bt.net() + charges);
        match class {
            Class::Payout | Class::PayoutReturned => {
                let moved = bt.source.as_ref().map(ObjectId::as_str);
                match moved {
                    Some(moved) if self.is_booked(moved) => Held::InBooks(bt.amount() - charges),
                    // Left and came back without the books: the two rows cancel out.
                    Some(moved) if self.came_back(moved) => Held::Cleared,
                    _ if class == Class::Payout => not_yet(NotYet::PayoutInTransit),
                    _ => not_yet(NotYet::NotPosted),
                }
            }
            Class::TopUp if self.carried.contains(bt.id.as_str()) => {
                Held::InBooks(bt.amount() - charges)
            }
            Class::TopUp => not_yet(NotYet::NotPosted),
            Class::Line(_) | Class::Unknown if self.is_charged(bt) => Held::InBooks(bt.net()),
            Class::Line(_) | Class::Unknown => not_yet(NotYet::WaitsForDeposit),
            _ => match self.records.get(bt.id.as_str()) {
                Some(true) => Held::InBooks(bt.amount() - charges),
                _ => not_yet(NotYet::NotPosted),
            },
        }
    }

    /// What became of a movement that is older than the books.
    pub(super) fn past(&self, bt: &BalanceTransaction, policy: &Policy) -> Past {
        // A payout's own row is no member of it; an older manual one may be of a later payout.
        let is_own = |payout: &String| {
            bt.source.as_ref().is_some_and(|source| source.as_str() == payout.as_str())
        };
        let payout = self.payout_of.get(bt.id.as_str()).filter(|payout| !is_own(payout));
        let is_of_the_books = |payout: &Payout| !policy.is_past(payout.created);
        let is_out = payout.is_some_and(|id| {
            self.payouts.get(id).is_some_and(is_of_the_books) && self.is_deposited(id)
        });
        if is_out { Past::PaidOut } else { Past::InOpening }
    }

    /// Payouts that had left the balance when the books began and have neither reached the bank
    /// nor come back.
    pub(super) fn on_their_way(&self, currency: Currency, policy: &Policy) -> Vec<Item> {
        let is_open = |payout: &&Payout| {
            payout.currency == currency
                && policy.is_past(payout.created)
                && !policy.is_older(payout.arrival_date.utc_date())
                && !self.is_booked(payout.id.as_str())
                && !self.came_back(payout.id.as_str())
        };
        let item = |payout: &Payout| Item {
            date: payout.arrival_date.utc_date(),
            id: payout.id.to_string(),
            label: "payout".into(),
            amount: -payout.amount(),
        };
        self.payouts.values().filter(is_open).map(item).collect()
    }

    /// Whether what a movement charges is in the books.
    pub(super) fn is_charged(&self, bt: &BalanceTransaction) -> bool {
        let payout = self.payout_of.get(bt.id.as_str());
        self.charged.contains(bt.id.as_str())
            || payout.is_some_and(|payout| self.is_deposited(payout))
    }

    fn is_posted(&self, id: &ExternalId) -> bool {
        self.rows.get(id).is_some_and(|row| row.internal_id.is_some())
    }

    /// Whether a payout is booked: by its deposit, by all parts of it, or by its journal.
    fn is_booked(&self, payout: &str) -> bool {
        let Some(id) = self.naming.record_of(payout) else { return false };
        let mut parts = (1..)
            .map(|part: u32| id.with_suffix(&part.to_string()))
            .take_while(|part| self.rows.contains_key(part))
            .peekable();
        self.is_posted(&id) || (parts.peek().is_some() && parts.all(|part| self.is_posted(&part)))
    }

    /// Whether what `payout` was made of has left undeposited funds and the Stripe balance account
    /// with it.
    fn is_deposited(&self, payout: &str) -> bool {
        let negative = self.payouts.get(payout).is_some_and(|p| p.amount().is_negative());
        if negative {
            return self.taken_over.contains(payout);
        }
        self.is_booked(payout) && !self.is_journal(payout)
    }

    fn is_journal(&self, payout: &str) -> bool {
        let row = self.naming.record_of(payout).and_then(|id| self.rows.get(&id));
        row.and_then(|row| row.posted.as_ref())
            .is_some_and(|body| matches!(body, Body::JournalEntry(_)))
    }

    fn came_back(&self, payout: &str) -> bool {
        let payout = self.payouts.get(payout);
        payout.is_some_and(|payout| matches!(payout.status.as_str(), "failed" | "canceled"))
    }
}
