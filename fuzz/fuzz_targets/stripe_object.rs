//! One Stripe object: read as every kind, its links found, its amounts taken.
#![no_main]

#[path = "../targets/stripe_object.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
