//! Packing: a dictionary per kind of object takes what all objects of a kind have in common, their
//! field names above all, and leaves the ids, amounts and names of the one.
//!
//! A packed object begins with the number of its dictionary (0: none) and its length, each as a
//! variable-length number; a zstd frame follows. Dictionaries are part of the ledger and are never
//! removed while an object needs them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use zstd::zstd_safe::{CCtx, CDict, CParameter, DCtx, DDict, compress_bound, get_error_name};

use super::dictionaries;

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
    /// The ledger's file: a pull beside a reader may have added a dictionary since the reader opened it.
    file: Option<PathBuf>,
}

#[derive(Default)]
struct Dictionaries {
    by_id: HashMap<i64, Arc<Dictionary>>,
    of_kind: HashMap<String, i64>,
}

/// A dictionary as the compressor wants it: prepared once, for all threads.
struct Dictionary {
    content: Box<[u8]>,
    /// A run that only reads needs none.
    packing: OnceLock<CDict<'static>>,
    unpacking: OnceLock<DDict<'static>>,
}

impl Dictionary {
    fn packing(&self) -> &CDict<'static> {
        self.packing.get_or_init(|| CDict::create(&self.content, LEVEL))
    }

    fn unpacking(&self) -> &DDict<'static> {
        self.unpacking.get_or_init(|| DDict::create(&self.content))
    }
}

/// The contexts of one thread, for all dictionaries.
struct Codec {
    plain: CCtx<'static>,
    /// Its frames have a checksum.
    checked: CCtx<'static>,
    reading: DCtx<'static>,
    frame: Vec<u8>,
}

impl Codec {
    fn new() -> Self {
        let context = |has_checksum| {
            let mut new = CCtx::create();
            // The ledger has its own lengths and dictionary numbers, and hashes of objects.
            let parameters = [
                CParameter::CompressionLevel(LEVEL),
                CParameter::ChecksumFlag(has_checksum),
                CParameter::ContentSizeFlag(false),
                CParameter::DictIdFlag(false),
            ];
            for parameter in parameters {
                new.set_parameter(parameter).expect("a new context takes every parameter");
            }
            new
        };
        let (plain, checked) = (context(false), context(true));
        Self { plain, checked, reading: DCtx::create(), frame: Vec::new() }
    }

    /// The frame of `raw`, until the next one.
    fn pack(&mut self, raw: &[u8], dictionary: Option<&Dictionary>, is_record: bool) -> &[u8] {
        let context = if is_record { &mut self.checked } else { &mut self.plain };
        self.frame.clear();
        self.frame.reserve(compress_bound(raw.len()));
        if let Some(dictionary) = dictionary {
            context.ref_cdict(dictionary.packing()).expect("no frame is under way");
        }
        context.compress2(&mut self.frame, raw).expect("there is room for the longest frame");
        // The context may live longer than the dictionary.
        context.disable_dictionary().expect("no frame is under way");
        &self.frame
    }

    fn unpack(
        &mut self,
        frame: &[u8],
        dictionary: Option<&Dictionary>,
        raw: &mut Vec<u8>,
    ) -> Result<(), Damaged> {
        let unpacked = match dictionary {
            Some(dictionary) => {
                self.reading.decompress_using_ddict(raw, frame, dictionary.unpacking())
            }
            None => self.reading.decompress(raw, frame),
        };
        unpacked.map(drop).map_err(|code| Damaged(get_error_name(code).to_owned()))
    }
}

impl Packer {
    /// For the ledger in a file.
    pub(super) fn of(file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..Self::default() }
    }

    /// Adds a dictionary; new objects of its kind are packed with it from now on.
    pub(super) fn add(&self, id: i64, kind: &str, content: &[u8]) {
        let mut known = self.dictionaries.write().unwrap_or_else(PoisonError::into_inner);
        let new = Dictionary {
            content: content.into(),
            packing: OnceLock::new(),
            unpacking: OnceLock::new(),
        };
        known.by_id.insert(id, Arc::new(new));
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

    fn dictionary(&self, id: i64) -> Option<Arc<Dictionary>> {
        let known = self.dictionaries.read().unwrap_or_else(PoisonError::into_inner);
        known.by_id.get(&id).cloned()
    }

    pub(super) fn pack(&self, kind: &str, raw: &[u8]) -> Vec<u8> {
        let id = self.dictionary_of(kind);
        let dictionary = self.dictionary(id);
        self.with_codec(|codec| {
            let frame = codec.pack(raw, dictionary.as_deref(), kind == RECORD);
            let mut packed = Vec::with_capacity(frame.len() + 8);
            put_number(&mut packed, id.unsigned_abs());
            put_number(&mut packed, u64::try_from(raw.len()).expect("a length fits"));
            packed.extend_from_slice(frame);
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
        let mut dictionary = self.dictionary(id);
        if id != 0
            && dictionary.is_none()
            && let Some(file) = &self.file
        {
            dictionaries::load_again(file, self);
            dictionary = self.dictionary(id);
        }
        if id != 0 && dictionary.is_none() {
            return Err(Damaged(format!("its dictionary {id} is missing")));
        }
        raw.clear();
        raw.reserve(length);
        self.with_codec(|codec| codec.unpack(frame, dictionary.as_deref(), raw))?;
        if raw.len() == length { Ok(()) } else { Err(cut()) }
    }

    fn with_codec<T>(&self, work: impl FnOnce(&mut Codec) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut codec = idle().pop().unwrap_or_else(Codec::new);
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
