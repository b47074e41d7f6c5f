//! What may be sent next: a pure scheduler over the changes of a plan.
//!
//! A change waits for the records it needs, and for the change before it that touches the same
//! customer: two writes at once to one customer's open documents make NetSuite refuse one of them
//! (`RCRD_HAS_BEEN_CHANGED`). A failure holds back what needs the failed record, and nothing else.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::ids::ExternalId;
use crate::netsuite::record::{Body, Ref};
use crate::plan::Change;

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Done,
    /// Not in NetSuite, or nobody knows: what needs it must not be sent.
    Failed,
}

/// The changes of a plan on their way out.
pub struct Queue {
    /// How many changes each one still waits for.
    waits: Vec<usize>,
    /// Who waits for it, and whether it needs the record or only its turn.
    followers: Vec<Vec<(usize, Tie)>>,
    /// The record whose failure holds it back.
    held_by: Vec<Option<usize>>,
    ready: BinaryHeap<Reverse<usize>>,
    /// Taken into a batch before its turn came: it must not become ready once more.
    taken: Vec<bool>,
    left: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tie {
    Needs,
    After,
}

/// What the queue says when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Send the change at this place of the plan.
    Send(usize),
    /// The change at `place` is not sent, because the one at `because` failed.
    Held {
        place: usize,
        because: usize,
    },
    /// Everything that could be sent is on its way; something must end first.
    Wait,
    Empty,
}

impl Queue {
    /// `changes` in the order of the plan, in which needs come first.
    pub fn new(changes: &[Change]) -> Self {
        let mut queue = Self {
            waits: vec![0; changes.len()],
            followers: vec![Vec::new(); changes.len()],
            held_by: vec![None; changes.len()],
            ready: BinaryHeap::new(),
            taken: vec![false; changes.len()],
            left: changes.len(),
        };
        let mut made_at: HashMap<ExternalId, usize> = HashMap::new();
        let mut last_touch: HashMap<Ref, usize> = HashMap::new();
        for (place, change) in changes.iter().enumerate() {
            for need in change.record.body.needs() {
                if let Some(&maker) = made_at.get(&need) {
                    queue.tie(maker, place, Tie::Needs);
                }
            }
            for customer in touches(&change.record.body) {
                match last_touch.insert(customer, place) {
                    Some(previous) if previous != place => {
                        queue.tie(previous, place, Tie::After);
                    }
                    _ => {}
                }
            }
            made_at.insert(change.external_id.clone(), place);
            if queue.waits[place] == 0 {
                queue.ready.push(Reverse(place));
            }
        }
        queue
    }

    fn tie(&mut self, first: usize, second: usize, tie: Tie) {
        self.followers[first].push((second, tie));
        self.waits[second] += 1;
    }

    /// What to do next. `Held` changes have ended: do not report them with [`Self::ended`].
    pub fn next(&mut self) -> Next {
        let Some(Reverse(place)) = self.ready.pop() else {
            return if self.left == 0 { Next::Empty } else { Next::Wait };
        };
        match self.held_by[place] {
            None => Next::Send(place),
            Some(because) => {
                self.ended(place, Ended::Failed);
                Next::Held { place, because }
            }
        }
    }

    /// More changes that may be sent in one request behind the one at `first`, at most `max`. The
    /// request works them off in order, so one that only waits for its turn at the same customer may
    /// come behind the one it waits for.
    pub fn take_along(
        &mut self,
        first: usize,
        max: usize,
        fits: &dyn Fn(usize) -> bool,
    ) -> Vec<usize> {
        let mut batch = vec![first];
        let mut others = Vec::new();
        while let Some(Reverse(place)) = self.ready.pop() {
            if batch.len() < max && self.held_by[place].is_none() && fits(place) {
                batch.push(place);
            } else {
                others.push(Reverse(place));
            }
        }
        self.ready.extend(others);
        let mut at = 0;
        while at < batch.len() && batch.len() < max {
            for (follower, tie) in self.followers[batch[at]].clone() {
                let waits_for_turn_only = tie == Tie::After && self.waits[follower] == 1;
                let is_free = !self.taken[follower] && self.held_by[follower].is_none();
                if batch.len() < max && waits_for_turn_only && is_free && fits(follower) {
                    self.taken[follower] = true;
                    batch.push(follower);
                }
            }
            at += 1;
        }
        batch
    }

    /// Takes note of how a sent change ended.
    pub fn ended(&mut self, place: usize, how: Ended) {
        self.left -= 1;
        for (follower, tie) in std::mem::take(&mut self.followers[place]) {
            if how == Ended::Failed && tie == Tie::Needs {
                self.held_by[follower].get_or_insert(place);
            }
            self.waits[follower] -= 1;
            if self.waits[follower] == 0 && !self.taken[follower] {
                self.ready.push(Reverse(follower));
            }
        }
    }
}

/// The customers whose open documents a record changes.
fn touches(body: &Body) -> Vec<Ref> {
    match body {
        Body::Customer(record) => vec![Ref::External(record.external_id.clone())],
        Body::Invoice(record) => vec![record.entity.clone()],
        Body::CreditMemo(record) => vec![record.entity.clone()],
        Body::CustomerPayment(record) => vec![record.customer.clone()],
        Body::CustomerRefund(record) => vec![record.customer.clone()],
        Body::JournalEntry(record) => {
            record.lines.iter().filter_map(|line| line.entity.clone()).collect()
        }
        Body::ServiceSaleItem(_) | Body::DiscountItem(_) | Body::Deposit(_) => Vec::new(),
    }
}
