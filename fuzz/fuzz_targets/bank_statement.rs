//! A bank statement in any of the formats, told from its content and told by name.
#![no_main]

#[path = "../targets/bank_statement.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
