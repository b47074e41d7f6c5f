//! The plan: exactly what would be sent to NetSuite, as a value that can be read, kept and refused.
//!
//! Pure. [`mod@build`] compares the records the books need with what NetSuite is known to hold, places
//! each in a posting period, puts the requests in order, and says what is blocked and why. [`mod@file`]
//! is the plan on disk; [`guard`] refuses a plan whose ledger, policy or accounts have moved.
//! Sending is `push`'s business.

pub mod accepted;
pub mod build;
pub mod change;
pub mod diff;
pub mod effect;
pub mod file;
mod frozen;
pub mod guard;
pub mod place;
pub mod reverse;

pub use accepted::Accepted;
pub use build::{Inputs, Standing, build};
pub use change::{Action, Blocked, Change, FieldChange, Request};
pub use file::Plan;
