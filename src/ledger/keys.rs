//! The cases to derive, each once. A large company has a million customers and guests: the names of a kind
//! are one text, which takes a quarter of the memory that a set of keys does.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::CaseKey;

/// Keys of cases, each once.
#[derive(Debug, Default)]
pub struct Keys {
    customers: Names,
    guests: Names,
    /// Neither customers nor guests; few.
    others: BTreeSet<CaseKey>,
}

impl Keys {
    pub fn insert(&mut self, key: CaseKey) {
        match key {
            CaseKey::Customer(id) => self.insert_customer(&id),
            CaseKey::Guest(id) => self.insert_guest(&id),
            other => drop(self.others.insert(other)),
        }
    }

    pub(super) fn insert_customer(&mut self, id: &str) {
        self.customers.insert(id);
    }

    pub(super) fn insert_guest(&mut self, id: &str) {
        self.guests.insert(id);
    }

    pub fn contains(&self, key: &CaseKey) -> bool {
        match key {
            CaseKey::Customer(id) => self.customers.contains(id),
            CaseKey::Guest(id) => self.guests.contains(id),
            other => self.others.contains(other),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.customers.ends.len() + self.guests.ends.len() + self.others.len()
    }

    /// The ids of payouts among them.
    pub(super) fn payouts(&self) -> impl Iterator<Item = &str> {
        self.others.iter().filter_map(|key| match key {
            CaseKey::Payout(id) => Some(id.as_str()),
            _ => None,
        })
    }

    pub(super) fn remove_payout(&mut self, id: String) {
        self.others.remove(&CaseKey::Payout(id));
    }

    /// Parties, and everything else in order.
    pub(super) fn into_parts(self) -> (Parties, Vec<CaseKey>) {
        let parties = Parties {
            customers: self.customers.in_order(),
            guests: self.guests.in_order(),
            given_count: 0,
        };
        (parties, self.others.into_iter().collect())
    }
}

impl Extend<CaseKey> for Keys {
    fn extend<T: IntoIterator<Item = CaseKey>>(&mut self, keys: T) {
        keys.into_iter().for_each(|key| self.insert(key));
    }
}

impl IntoIterator for Keys {
    type Item = CaseKey;
    type IntoIter = std::iter::Chain<Parties, std::vec::IntoIter<CaseKey>>;

    /// In the order in which cases depend on one another.
    fn into_iter(self) -> Self::IntoIter {
        let (parties, others) = self.into_parts();
        parties.chain(others)
    }
}

/// Customers in order, then guests.
#[derive(Debug, Default)]
pub struct Parties {
    customers: InOrder,
    guests: InOrder,
    given_count: usize,
}

impl Iterator for Parties {
    type Item = CaseKey;

    fn next(&mut self) -> Option<CaseKey> {
        let place = self.given_count;
        let customer = || self.customers.get(place).map(CaseKey::Customer);
        let guest = || self.guests.get(place - self.customers.order.len()).map(CaseKey::Guest);
        let key = customer().or_else(guest)?;
        self.given_count += 1;
        Some(key)
    }
}

/// Names, one after the other.
#[derive(Debug, Default)]
struct Names {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
    /// Finds a name's place among them.
    places: HashTable<u32>,
    hasher: RandomState,
}

impl Names {
    fn insert(&mut self, name: &str) {
        let (text, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        let at = |place: &u32| name_at(text, ends, *place);
        let hash = hasher.hash_one(name);
        let entry = self.places.entry(hash, |place| at(place) == name, |p| hasher.hash_one(at(p)));
        if let Entry::Vacant(vacant) = entry {
            // Four thousand million names of twenty bytes would not fit anyway.
            vacant.insert(u32::try_from(ends.len()).expect("so many names fit in no memory"));
            self.text.push_str(name);
            self.ends.push(self.text.len());
        }
    }

    fn contains(&self, name: &str) -> bool {
        let is_it = |place: &u32| name_at(&self.text, &self.ends, *place) == name;
        self.places.find(self.hasher.hash_one(name), is_it).is_some()
    }

    fn in_order(self) -> InOrder {
        let Self { text, ends, places, .. } = self;
        let mut order: Vec<u32> = places.into_iter().collect();
        order.sort_unstable_by_key(|place| name_at(&text, &ends, *place));
        InOrder { text, ends, order }
    }
}

fn name_at<'a>(text: &'a str, ends: &[usize], place: u32) -> &'a str {
    let place = place as usize;
    let start = place.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..ends[place]]
}

/// The same once no more are added.
#[derive(Debug, Default)]
struct InOrder {
    text: String,
    ends: Vec<usize>,
    order: Vec<u32>,
}

impl InOrder {
    fn get(&self, place: usize) -> Option<String> {
        self.order.get(place).map(|place| name_at(&self.text, &self.ends, *place).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Were a name cut, lost or given to the wrong kind, a party's records would be dropped as unwanted;
    /// were it twice, its case would be derived twice.
    #[test]
    fn keys_come_once_and_in_order_whatever_they_came_as() {
        let customers = (0..300).rev().map(|number| CaseKey::Customer(format!("cus_{number}")));
        let guests = ["ch_1", "", "py_é", "cus_7"].map(|id| CaseKey::Guest(id.into()));
        let payout = CaseKey::Payout("po_1".into());
        let all: Vec<CaseKey> = [payout].into_iter().chain(guests).chain(customers).collect();
        let mut keys = Keys::default();
        keys.extend(all.iter().cloned());
        keys.extend(all.iter().rev().cloned());
        assert_eq!(keys.len(), all.len());
        assert!(all.iter().all(|key| keys.contains(key)));
        assert!(!keys.contains(&CaseKey::Customer("ch_1".into())));
        assert_eq!(keys.payouts().collect::<Vec<_>>(), ["po_1"]);
        let in_order: BTreeSet<CaseKey> = all.into_iter().collect();
        assert!(keys.into_iter().eq(in_order));
    }
}
