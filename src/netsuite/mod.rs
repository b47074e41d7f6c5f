//! NetSuite: its records, and how they travel.
//!
//! Belongs here: the typed records we make, their JSON, authentication, the REST and SuiteQL client,
//! and what is read back. Does not belong here: which record a Stripe fact becomes (`accounting`)
//! and when to send it (`push`).

pub mod account;
pub mod auth;
pub mod balances;
pub mod batch;
pub mod client;
pub mod error;
pub mod extras;
pub mod fields;
pub mod governance;
pub mod lists;
pub mod lookup;
pub mod mapped;
pub mod masters;
mod pointers;

pub mod readback;
pub mod record;
pub mod references;

pub mod retry;
pub mod row;
pub mod wire;

mod random;
pub mod suiteql;
#[cfg(test)]
mod testing;
