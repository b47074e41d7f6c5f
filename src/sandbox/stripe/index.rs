//! A world, sorted and indexed for lists. Places are positions in the world's order of insertion.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::world::{Stored, World};

type FieldIndex = HashMap<String, Vec<usize>>;

/// A world and what makes its lists fast.
pub(super) struct Index {
    pub(super) world: World,
    /// By kind: places, newest first.
    order: HashMap<String, Arc<Vec<usize>>>,
    /// By payout: places of its balance transactions, newest first.
    members: HashMap<String, Arc<Vec<usize>>>,
    kinds: HashMap<String, String>,
    /// By kind and field, made when first asked for.
    fields: Mutex<HashMap<(String, &'static str), Arc<FieldIndex>>>,
}

impl Index {
    pub(super) fn new(world: World) -> Self {
        let mut index = Self {
            world,
            order: HashMap::new(),
            members: HashMap::new(),
            kinds: HashMap::new(),
            fields: Mutex::default(),
        };
        let kinds: Vec<String> = index.world.kinds().map(str::to_owned).collect();
        for kind in kinds {
            let objects = index.world.objects(&kind);
            let mut places: Vec<usize> = (0..objects.len()).collect();
            // Stripe does not document the order within one second; the later one is first here.
            places.sort_by_key(|&place| std::cmp::Reverse((objects[place].created, place)));
            for stored in objects {
                index.kinds.insert(stored.id.clone(), kind.clone());
            }
            index.order.insert(kind, Arc::new(places));
        }
        index.list_members();
        index
    }

    fn list_members(&mut self) {
        let mut members: HashMap<String, Vec<usize>> = HashMap::new();
        let objects = self.world.objects("balance_transaction");
        for &place in
            self.order.get("balance_transaction").map(|o| o.as_slice()).unwrap_or_default()
        {
            if let Some(payout) = self.world.payout_of(&objects[place].id) {
                members.entry(payout.to_owned()).or_default().push(place);
            }
        }
        self.members = members.into_iter().map(|(payout, m)| (payout, Arc::new(m))).collect();
    }

    /// Every place of a kind, newest first.
    pub(super) fn all(&self, kind: &str) -> Arc<Vec<usize>> {
        self.order.get(kind).cloned().unwrap_or_default()
    }

    /// The balance transactions of a payout, its own included, newest first.
    pub(super) fn members(&self, payout: &str) -> Arc<Vec<usize>> {
        self.members.get(payout).cloned().unwrap_or_default()
    }

    /// The places of a kind whose `field` has `value`, newest first.
    pub(super) fn with(&self, kind: &str, field: &'static str, value: &str) -> Vec<usize> {
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        let index = fields
            .entry((kind.to_owned(), field))
            .or_insert_with(|| Arc::new(self.index_of(kind, field)));
        index.get(value).cloned().unwrap_or_default()
    }

    fn index_of(&self, kind: &str, field: &str) -> FieldIndex {
        let mut found = FieldIndex::new();
        let objects = self.world.objects(kind);
        for &place in self.all(kind).iter() {
            let object: Value = serde_json::from_str(&objects[place].json).unwrap_or_default();
            let value = field.split('.').fold(&object, |value, name| &value[name]);
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(flag) => flag.to_string(),
                _ => continue,
            };
            found.entry(text).or_default().push(place);
        }
        found
    }

    /// The object with this id, whatever its kind.
    pub(super) fn object(&self, id: &str) -> Option<&Stored> {
        self.world.get(self.kinds.get(id)?, id)
    }
}
