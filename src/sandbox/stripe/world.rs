//! What exists in an embedded Stripe: every object as the JSON text that the API would answer.
//!
//! A world is data. How it is listed, filtered and paged is the server's business; how it comes to
//! be is the generator's.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// One object: its text, and what lists are sorted and looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    /// How many lines are inside.
    pub line_count: usize,
    pub json: Box<str>,
}

/// Everything in one Stripe account.
#[derive(Debug, Clone, Default)]
pub struct World {
    account: Box<str>,
    balance: Box<str>,
    /// By the object's kind (`charge`, `invoice`, …), in the order of insertion.
    objects: BTreeMap<String, Vec<Stored>>,
    /// Kind and id to the place in `objects`.
    places: HashMap<(String, String), usize>,
    /// Balance transaction to the payout that paid it out: membership is stored nowhere else.
    payouts: HashMap<String, String>,
}

impl World {
    /// An empty account; `account` and `balance` are the objects of `/v1/account` and `/v1/balance`.
    pub fn new(account: &Value, balance: &Value) -> Self {
        Self {
            account: account.to_string().into(),
            balance: balance.to_string().into(),
            ..Self::default()
        }
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    pub fn balance(&self) -> &str {
        &self.balance
    }

    pub fn set_balance(&mut self, balance: &Value) {
        self.balance = balance.to_string().into();
    }

    /// Adds an object, or replaces the one with the same kind and id.
    ///
    /// # Panics
    /// When `object` lacks `object` or `id`: a generator that forgets them is wrong.
    pub fn insert(&mut self, object: &Value) {
        let text = |field: &str| object[field].as_str().map(str::to_owned);
        let kind = text("object").expect("every generated object has a kind");
        let id = text("id").expect("every generated object has an id");
        let created = object["created"].as_i64().unwrap_or(0);
        let line_count = object["lines"]["data"].as_array().map_or(0, Vec::len);
        let json = object.to_string().into();
        let stored = Stored { id: id.clone(), created, line_count, json };
        let list = self.objects.entry(kind.clone()).or_default();
        match self.places.get(&(kind.clone(), id.clone())) {
            Some(&place) => list[place] = stored,
            None => {
                self.places.insert((kind, id), list.len());
                list.push(stored);
            }
        }
    }

    /// Removes an object, as a deleted draft vanishes.
    pub fn remove(&mut self, kind: &str, id: &str) {
        let Some(gone) = self.places.remove(&(kind.to_owned(), id.to_owned())) else { return };
        self.objects.get_mut(kind).expect("it has a place").remove(gone);
        for ((other, _), place) in &mut self.places {
            if other == kind && *place > gone {
                *place -= 1;
            }
        }
    }

    /// Says that `payout` paid out `balance_transaction`.
    pub fn set_payout(&mut self, balance_transaction: &str, payout: &str) {
        self.payouts.insert(balance_transaction.to_owned(), payout.to_owned());
    }

    /// The payout that paid out `balance_transaction`.
    pub fn payout_of(&self, balance_transaction: &str) -> Option<&str> {
        self.payouts.get(balance_transaction).map(String::as_str)
    }

    /// Every object of a kind, in the order of insertion.
    pub fn objects(&self, kind: &str) -> &[Stored] {
        self.objects.get(kind).map_or(&[], Vec::as_slice)
    }

    pub fn get(&self, kind: &str, id: &str) -> Option<&Stored> {
        self.objects.get(kind)?.get(self.place(kind, id)?)
    }

    /// Where an object stands among those of its kind.
    pub fn place(&self, kind: &str, id: &str) -> Option<usize> {
        self.places.get(&(kind.to_owned(), id.to_owned())).copied()
    }

    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.objects.keys().map(String::as_str)
    }
}
