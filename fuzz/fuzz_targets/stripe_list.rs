//! A page of a Stripe list, and each object on it.
#![no_main]

#[path = "../targets/stripe_list.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
