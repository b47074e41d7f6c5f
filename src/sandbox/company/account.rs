//! The account being filled: the world, and what the settlement run will need of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::StoryNote;
use super::catalogue::Catalogue;
use super::days::{DAY, Span, midnight};
use super::rng::Ids;
use super::shapes::account as shape;
use super::shapes::balance_transaction::{Movement, balance_transaction};
use crate::sandbox::stripe::world::World;

/// A balance transaction that a payout will pay out.
#[derive(Debug, Clone)]
pub struct Booked {
    pub id: String,
    pub currency: &'static str,
    pub net: i64,
    /// From when on a payout can contain it.
    pub ready: i64,
}

#[derive(Debug)]
pub struct Account {
    pub world: World,
    pub ids: Ids,
    pub seed: u64,
    pub span: Span,
    pub catalogue: Rc<Catalogue>,
    pub notes: Vec<StoryNote>,
    /// Not yet paid out.
    pub booked: Vec<Booked>,
    /// How many charges there are.
    pub charges: usize,
    /// Charges screened on each UTC day, by the day's midnight.
    pub screened: BTreeMap<i64, i64>,
    /// Available and pending, for each currency.
    pub sums: BTreeMap<&'static str, (i64, i64)>,
}

impl Account {
    pub fn new(seed: u64, span: Span) -> Self {
        let mut ids = Ids::new(seed);
        let opened = span.first - 30 * DAY;
        let json = shape::account(&ids.next("acct"), opened);
        let mut world = World::new(&json, &shape::balance(&BTreeMap::new()));
        let catalogue = Catalogue::new(&mut ids, opened);
        catalogue.store(&mut world);
        Self {
            world,
            ids,
            seed,
            span,
            catalogue: Rc::new(catalogue),
            notes: Vec::new(),
            booked: Vec::new(),
            charges: 0,
            screened: BTreeMap::new(),
            sums: BTreeMap::new(),
        }
    }

    /// Books a change of the balance that some payout will pay out; returns its id and JSON.
    pub fn book(&mut self, movement: &Movement) -> (String, Value) {
        let (id, json) = self.book_own(movement);
        self.booked.push(Booked {
            id: id.clone(),
            currency: movement.currency,
            net: movement.net(),
            ready: movement.available_on.max(movement.created),
        });
        (id, json)
    }

    /// Books a change of the balance that belongs to a payout already: its own.
    pub fn book_own(&mut self, movement: &Movement) -> (String, Value) {
        let id = self.ids.next("txn");
        let json = balance_transaction(&id, movement, self.span.now);
        self.world.insert(&json);
        let sum = self.sums.entry(movement.currency).or_default();
        if movement.available_on <= self.span.now {
            sum.0 += movement.net();
        } else {
            sum.1 += movement.net();
        }
        (id, json)
    }

    /// Counts a card payment, for which the fraud screening is billed by the day.
    pub fn screen(&mut self, instant: i64) {
        *self.screened.entry(midnight(instant)).or_default() += 1;
    }

    /// Remembers that something worth telling happened to the object `id`.
    pub fn note(&mut self, id: &str, what: impl Into<String>) {
        self.notes.push(StoryNote {
            id: id.to_owned(),
            what: what.into(),
            expected_exception: false,
        });
    }

    /// Like [`Self::note`], for what no machine can place in the books alone.
    pub fn note_exception(&mut self, id: &str, what: impl Into<String>) {
        self.note(id, what);
        if let Some(note) = self.notes.last_mut() {
            note.expected_exception = true;
        }
    }

    /// Writes the balance as it stands.
    pub fn close(&mut self) {
        self.world.set_balance(&shape::balance(&self.sums));
    }
}
