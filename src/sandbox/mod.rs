//! The two embedded systems and the demo company: a product feature, not a test double.
//!
//! Belongs here: a Stripe and a NetSuite that run as real HTTP servers on loopback, and a generator
//! of companies. May use money, calendar and ids; may not use `accounting`, `plan` or `reconcile`:
//! agreement between their sums and ours means something only while they share no code.

pub mod bank;
pub mod company;
pub mod netsuite;
pub mod stripe;
