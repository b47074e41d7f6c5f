//! The account being filled: the world, and what the settlement run will need of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::StoryNote;
use super::catalogue::Catalogue;
use super::days::{DAY, Span, midnight};
use super::market::{Settled, Settlement};
use super::rng::Ids;
use super::shapes::account as shape;
use super::shapes::balance_transaction::{Movement, balance_transaction};
use super::spec::CompanySpec;
use crate::sandbox::stripe::world::World;

/// A balance transaction that a payout will pay out.
#[derive(Debug, Clone)]
pub struct Booked {
    pub id: String,
    pub currency: &'static str,
    pub net: i64,
    pub created: i64,
    /// From when on a payout can contain it.
    pub ready: i64,
}

#[derive(Debug)]
pub struct Account {
    pub world: World,
    pub ids: Ids,
    pub seed: u64,
    pub span: Span,
    pub settlement: Settlement,
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
    pub fn new(spec: &CompanySpec) -> Self {
        let (seed, span) = (spec.seed, Span::new(spec));
        let mut ids = Ids::new(seed);
        let opened = span.first - 30 * DAY;
        let json = shape::account(&ids.next("acct"), opened);
        let mut world = World::new(&json, &shape::balance(&BTreeMap::new()));
        let catalogue = Catalogue::new(&mut ids, opened, spec.stories.need_everything());
        catalogue.store(&mut world);
        Self {
            world,
            ids,
            seed,
            span,
            settlement: spec.settlement,
            catalogue: Rc::new(catalogue),
            notes: Vec::new(),
            booked: Vec::new(),
            charges: 0,
            screened: BTreeMap::new(),
            sums: BTreeMap::new(),
        }
    }

    /// `amount` as it reaches the Stripe balance at `instant`.
    pub fn settle(&self, amount: i64, currency: &'static str, instant: i64) -> Settled {
        self.settlement.settle(self.seed, amount, currency, instant)
    }

    /// Books a change of the balance that some payout will pay out; returns its id and JSON.
    pub fn book(&mut self, movement: &Movement) -> (String, Value) {
        let (id, json) = self.book_own(movement);
        self.booked.push(Booked {
            id: id.clone(),
            currency: movement.currency,
            net: movement.net(),
            created: movement.created,
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
