//! NetSuite's error answers: whatever they say, they become a class with a sentence.
#![no_main]

#[path = "../targets/netsuite_error.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
