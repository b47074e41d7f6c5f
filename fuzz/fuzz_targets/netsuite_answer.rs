//! Any answer of NetSuite to any request: queries, look-ups, creations, jobs, tokens.
#![no_main]

#[path = "../targets/netsuite_answer.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
