//! Amounts, ids, dates, addresses and keys as people and systems write them.
#![no_main]

#[path = "../targets/small_texts.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
