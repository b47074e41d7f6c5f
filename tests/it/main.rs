//! One integration binary: linking each file on its own is what makes a test suite slow.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arrival;
mod bad_input;
mod books;
mod breaks;
mod browser;
mod check;
mod close;
mod contract_netsuite;
mod contract_stripe;
mod cutover;
mod demo;
mod docs;
mod evidence;
mod exceptions;
mod explain;
mod export;
mod golden;
mod guards;
mod ingest;
mod interrupted;
mod items;
mod kept_close;
mod masters;
mod masters_e2e;
mod nightly;
mod peers;
mod period;
mod policies;
mod proofs;
mod push;
mod rehearsal;
mod sign;
mod stripe_sdk;
mod support;
mod tidy;
