//! A report of Stripe's as CSV, and the objects that its rows tell of.
#![no_main]

#[path = "../targets/report_csv.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
