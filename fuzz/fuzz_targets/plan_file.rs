//! A plan file: refused, or the same plan when it is written again.
#![no_main]

#[path = "../targets/plan_file.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
