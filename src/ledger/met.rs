//! What a pull remembers of the ids that it met, so that the file need not be asked about each: whether an
//! object may be there already, whether what was named came since, and whether it is to be read again.
//!
//! Each may be wrong in one direction only, in which the file is asked: an id may be taken for one that is
//! there, or an object that came for one that did not.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

/// Ids that are noted at the most: nine megabytes. Of more, the file is asked about all.
const NOTED_MAX: usize = 450_000;

/// Hashes what is a hash already.
#[derive(Default)]
pub(super) struct OfKey(u64);

impl Hasher for OfKey {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_i64(&mut self, key: i64) {
        self.0 = key.cast_unsigned();
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(super) type ByKey = BuildHasherDefault<OfKey>;

/// What is remembered.
#[derive(Default)]
pub(super) struct Met {
    /// Every object of the ledger; absent where it had some before.
    there: Option<Filter>,
    /// What was named and did not come.
    awaited: Noted,
    /// What is to be read, though it may be there.
    wanted: Noted,
}

impl Met {
    /// At the beginning of a pull: whether the ledger is empty, and whether nothing is named or wanted yet.
    pub(super) fn at_the_beginning(is_empty: bool, nothing_is_wanted: bool) -> Self {
        let noted = || Noted(nothing_is_wanted.then(HashSet::default));
        Self { there: is_empty.then(Filter::default), awaited: noted(), wanted: noted() }
    }

    /// A new object came.
    pub(super) fn came(&mut self, key: i64) {
        if let Some(there) = &mut self.there {
            there.add(key);
        }
        self.awaited.forget(key);
    }

    /// An object was named that did not come lately.
    pub(super) fn named(&mut self, key: i64) {
        self.awaited.note(key);
    }

    /// An object is to be read again.
    pub(super) fn wanted(&mut self, key: i64) {
        self.wanted.note(key);
    }

    /// More is wanted than was noted.
    pub(super) fn more_is_wanted(&mut self) {
        self.wanted = Noted::default();
    }

    /// Whether an object may be in the ledger.
    pub(super) fn may_be_there(&self, key: i64) -> bool {
        self.there.as_ref().is_none_or(|there| there.may_have(key))
    }

    /// Whether an object that this pull named may be missing.
    pub(super) fn may_be_missing(&self, key: i64) -> bool {
        self.awaited.may_have(key)
    }

    /// Whether an object may be wanted.
    pub(super) fn may_be_wanted(&self, key: i64) -> bool {
        self.wanted.may_have(key)
    }
}

/// Keys; none where not all of them were noted.
#[derive(Default)]
struct Noted(Option<HashSet<i64, ByKey>>);

impl Noted {
    fn note(&mut self, key: i64) {
        let Some(keys) = &mut self.0 else { return };
        keys.insert(key);
        if keys.len() > NOTED_MAX {
            self.0 = None;
        }
    }

    fn forget(&mut self, key: i64) {
        if let Some(keys) = &mut self.0 {
            keys.remove(&key);
        }
    }

    fn may_have(&self, key: i64) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(&key))
    }
}

/// A Bloom filter over keys: of five million objects it takes one in twenty others for one of them.
struct Filter {
    words: Box<[u64]>,
}

/// Four megabytes.
const BITS_LOG2: u32 = 25;

impl Default for Filter {
    fn default() -> Self {
        Self { words: vec![0; 1 << (BITS_LOG2 - 6)].into_boxed_slice() }
    }
}

impl Filter {
    /// A key is a hash: three pieces of it are as good as three hashes.
    fn places(key: i64) -> [(usize, u64); 3] {
        [0, 19, 39].map(|shift| {
            let bit = (key.cast_unsigned() >> shift) & ((1 << BITS_LOG2) - 1);
            (usize::try_from(bit >> 6).expect("25 bits at the most"), 1 << (bit & 63))
        })
    }

    fn add(&mut self, key: i64) {
        for (word, bit) in Self::places(key) {
            self.words[word] |= bit;
        }
    }

    fn may_have(&self, key: i64) -> bool {
        Self::places(key).iter().all(|(word, bit)| self.words[*word] & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::put::key_of;
    use super::*;

    fn keys(prefix: &str, count: usize) -> Vec<i64> {
        (0..count).map(|number| key_of(&format!("{prefix}_{number}"))).collect()
    }

    /// Were an object taken for new that is there, it would be stored a second time.
    #[test]
    fn what_came_may_be_there_and_hardly_anything_else() {
        let mut met = Met::at_the_beginning(true, true);
        let (came, others) = (keys("ch", 20_000), keys("in", 20_000));
        for key in &came {
            met.came(*key);
        }
        assert!(came.iter().all(|key| met.may_be_there(*key)));
        let mistaken = others.iter().filter(|key| met.may_be_there(**key)).count();
        assert!(mistaken < 20, "{mistaken}");
    }

    /// Were something named taken for there, nobody would ask Stripe for it.
    #[test]
    fn what_was_named_is_missing_until_it_comes() {
        let mut met = Met::at_the_beginning(true, true);
        let [one, other, never] = [1, 2, 3];
        met.named(one);
        met.named(other);
        met.came(one);
        assert_eq!([one, other, never].map(|key| met.may_be_missing(key)), [false, true, false]);
    }

    /// A pull that goes on, or into a ledger with objects, knows only a part: it must ask.
    #[test]
    fn of_what_is_not_remembered_everything_is_possible() {
        let mut met = Met::at_the_beginning(false, false);
        met.came(1);
        assert!(met.may_be_there(2) && met.may_be_missing(1));
        let mut met = Met::at_the_beginning(true, true);
        for key in 0..=NOTED_MAX {
            met.named(i64::try_from(key).unwrap());
        }
        met.came(0);
        assert!(met.may_be_missing(0), "too many to remember");
        met.wanted(1);
        assert!(met.may_be_wanted(1) && !met.may_be_wanted(2));
        met.more_is_wanted();
        assert!(met.may_be_wanted(2));
    }
}
