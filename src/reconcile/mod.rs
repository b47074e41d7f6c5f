//! Reconciling: two sums from two systems, side by side, and the items that explain any difference.
//!
//! Pure: what was read from the ledger and from NetSuite goes in, [`Statement`]s come out. Nothing
//! is plugged: a difference is shown as one. How a statement looks is `report`'s business.

pub mod aspect;
pub mod bank;
pub mod bridge;
pub mod close;
pub mod drift;
pub mod expected;
pub mod fees;
pub mod mapped;
pub mod movement;
pub mod opening;
pub mod overview;
pub mod payouts;
pub mod receivables;
pub mod receivables_account;
pub mod rollforward;
pub mod statement;
pub mod trial_balance;

pub use movement::{Held, Movement, NotYet};
pub use statement::{Item, Line, LineKind, Statement, TieOut, made_for};
