//! Packing: a dictionary per kind of object takes what all objects of a kind have in common, their
//! field names above all, and leaves the ids, amounts and names of the one.
//!
//! A packed object begins with the number of its dictionary (0: none) and its length, each as a
//! variable-length number; a zstd frame follows. Dictionaries are part of the ledger and are never
//! removed while an object needs them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use zstd::bulk::{Compressor, Decompressor};

/// The fastest: with a dictionary, the third level saves a twenty-fifth of the whole ledger, and packing is
/// among what a pull takes most time for.
const LEVEL: i32 = 1;

/// What is packed under this name has no hash of its own in the ledger, so its frame has a checksum.
pub(super) const RECORD: &str = "record";

/// Objects that a dictionary is trained on.
pub(super) const SAMPLES_MIN: usize = 400;

/// What most objects of a kind share fits in this.
const DICTIONARY_BYTES_MAX: usize = 24 * 1024;

/// The longest object: no answer of Stripe that is read is longer.
const OBJECT_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// Why a packed object cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a stored object cannot be unpacked: {0}")]
pub(super) struct Damaged(String);

/// Packs and unpacks; shared between threads.
#[derive(Default)]
pub(super) struct Packer {
    dictionaries: RwLock<Dictionaries>,
    idle: Mutex<Vec<Codec>>,
}

#[derive(Default)]
struct Dictionaries {
    by_id: HashMap<i64, Arc<[u8]>>,
    of_kind: HashMap<String, i64>,
}

/// The contexts of one thread; making one costs as much as packing a hundred objects.
#[derive(Default)]
struct Codec {
    /// By dictionary, and whether frames get a checksum.
    compressors: HashMap<(i64, bool), Compressor<'static>>,
    decompressors: HashMap<i64, Decompressor<'static>>,
}

impl Packer {
    /// Adds a dictionary; new objects of its kind are packed with it from now on.
    pub(super) fn add(&self, id: i64, kind: &str, content: &[u8]) {
        let mut known = self.dictionaries.write().unwrap_or_else(PoisonError::into_inner);
        known.by_id.insert(id, content.into());
        known.of_kind.insert(kind.to_owned(), id);
    }

    /// Whether objects of a kind are packed with a dictionary.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.dictionary_of(kind) != 0
    }

    fn dictionary_of(&self, kind: &str) -> i64 {
        let known = self.dictionaries.read().unwrap_or_else(PoisonError::into_inner);
        known.of_kind.get(kind).copied().unwrap_or(0)
    }

    fn content(&self, id: i64) -> Option<Arc<[u8]>> {
        let known = self.dictionaries.read().unwrap_or_else(PoisonError::into_inner);
        known.by_id.get(&id).cloned()
    }

    pub(super) fn pack(&self, kind: &str, raw: &[u8]) -> Vec<u8> {
        let id = self.dictionary_of(kind);
        let dictionary = self.content(id).unwrap_or_default();
        let is_record = kind == RECORD;
        self.with_codec(|codec| {
            let compressor = codec.compressors.entry((id, is_record)).or_insert_with(|| {
                let mut new = Compressor::with_dictionary(LEVEL, &dictionary)
                    .expect("a dictionary that was stored can be loaded");
                // The ledger has its own lengths and dictionary numbers, and hashes of objects.
                let _kept = new.include_checksum(is_record);
                let _kept = new.include_contentsize(false);
                let _kept = new.include_dictid(false);
                new
            });
            let mut packed = Vec::with_capacity(raw.len() / 2 + 32);
            put_number(&mut packed, id.unsigned_abs());
            put_number(&mut packed, u64::try_from(raw.len()).expect("a length fits"));
            let frame = compressor.compress(raw).expect("memory is enough for a copy");
            packed.extend_from_slice(&frame);
            packed
        })
    }

    pub(super) fn unpack(&self, packed: &[u8]) -> Result<Vec<u8>, Damaged> {
        let mut raw = Vec::new();
        self.unpack_into(packed, &mut raw)?;
        Ok(raw)
    }

    /// The same into a buffer that was used before, whatever is in it.
    pub(super) fn unpack_into(&self, packed: &[u8], raw: &mut Vec<u8>) -> Result<(), Damaged> {
        let cut = || Damaged("it is cut short".into());
        let (id, rest) = take_number(packed).ok_or_else(cut)?;
        let (length, frame) = take_number(rest).ok_or_else(cut)?;
        if length > OBJECT_BYTES_MAX {
            return Err(Damaged(format!("it says it is {length} bytes long")));
        }
        let id = i64::try_from(id).map_err(|_| cut())?;
        let length = usize::try_from(length).map_err(|_| cut())?;
        let dictionary = match id {
            0 => Some(Arc::default()),
            id => self.content(id),
        };
        let dictionary =
            dictionary.ok_or_else(|| Damaged(format!("its dictionary {id} is missing")))?;
        raw.clear();
        raw.reserve(length);
        self.with_codec(|codec| {
            let decompressor = codec.decompressors.entry(id).or_insert_with(|| {
                Decompressor::with_dictionary(&dictionary)
                    .expect("a dictionary that was stored can be loaded")
            });
            let unpacked = decompressor.decompress_to_buffer(frame, raw);
            unpacked.map_err(|cause| Damaged(cause.to_string()))?;
            if raw.len() == length { Ok(()) } else { Err(cut()) }
        })
    }

    fn with_codec<T>(&self, work: impl FnOnce(&mut Codec) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut codec = idle().pop().unwrap_or_default();
        let result = work(&mut codec);
        idle().push(codec);
        result
    }
}

/// A dictionary for objects like these; `None` when they have too little in common.
pub(super) fn train(samples: &[Vec<u8>]) -> Option<Vec<u8>> {
    let total: usize = samples.iter().map(Vec::len).sum();
    let size = DICTIONARY_BYTES_MAX.min(total / 8);
    zstd::dict::from_samples(samples, size).ok()
}

/// Seven bits a byte, the last without the eighth.
fn put_number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(u8::try_from(number & 0x7f).expect("seven bits") | 0x80);
        number >>= 7;
    }
    to.push(u8::try_from(number).expect("seven bits"));
}

fn take_number(from: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (place, byte) in from.iter().enumerate().take(9) {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((number, &from[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(number: usize) -> Vec<u8> {
        let noise = crate::digest::sha256_hex(&number.to_le_bytes());
        format!(
            r#"{{"id":"ch_{noise}","object":"charge","amount":{number},"billing_details":{{"address":null,"email":null}},"captured":true,"currency":"usd"}}"#
        )
        .into_bytes()
    }

    #[test]
    fn what_is_packed_comes_back_byte_for_byte_with_and_without_a_dictionary() {
        let packer = Packer::default();
        let before = packer.pack("charge", &sample(1));
        let samples: Vec<Vec<u8>> = (0..SAMPLES_MIN).map(sample).collect();
        packer.add(7, "charge", &train(&samples).unwrap());
        let after = packer.pack("charge", &sample(1));
        assert!(after.len() * 3 < before.len() * 2, "{} and {}", before.len(), after.len());
        for packed in [&before, &after, &packer.pack("other", b"")] {
            let raw = packer.unpack(packed).unwrap();
            assert!(raw == sample(1) || raw.is_empty());
        }
    }

    #[test]
    fn damage_is_told_and_asks_for_no_memory() {
        let packer = Packer::default();
        let packed = packer.pack("charge", &sample(1));
        for end in 0..packed.len() {
            assert!(packer.unpack(&packed[..end]).is_err(), "{end}");
        }
        assert!(packer.unpack(&[0, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]).is_err());
        assert!(packer.unpack(&[9, 1, 1]).is_err(), "no such dictionary");
    }

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, 1 << 20, u64::from(u32::MAX)] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(take_number(&bytes), Some((number, &[][..])));
        }
    }
}
