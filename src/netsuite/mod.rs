//! NetSuite: its records, and how they travel.
//!
//! Belongs here: the typed records we make, their JSON, authentication, the REST and SuiteQL client.
//! Does not belong here: which record a Stripe fact becomes (`accounting`) and when to send it
//! (`push`).

pub mod record;
pub mod wire;
