//! The pure core: what the books must say for the facts in Stripe.
//!
//! `derive(case, policy) -> Derived` is total and deterministic: no clock, no I/O, no async, no
//! global, no float. The same facts and the same policy give the same records, byte for byte, in
//! whatever order the facts arrived. What cannot be placed becomes an [`Exception`] that names its
//! fix; nothing is guessed and nothing is plugged.
//!
//! One file per Stripe thing. Start reading at `customer_case` for what a customer does, and at
//! `payout` for what reaches the bank. Where a rule comes from is said beside it; the choices are
//! explained in `docs/decisions.md`.

pub mod balance_transaction;
pub mod care;
pub mod case;
mod charges;
pub mod chart;
mod context;
mod credit;
mod credit_note;
mod customer;
mod customer_balance;
mod customer_case;
pub mod cutover;
pub mod day;
pub mod deposit;
mod derive;
mod desk;
mod dispute;
pub mod exception;
mod facts;
mod fx;
mod held_dispute;
mod hold;
mod invoice;
mod invoice_lines;
pub mod item;
mod left_out;
mod line_parts;
mod line_taxes;
mod link_sources;
pub mod links;
pub mod mapping;
mod mapping_source;
pub mod masters;
mod metadata;
mod naming;
pub mod opening;
mod out_of_band;
mod payment;
pub mod payout;
pub mod payout_deposit;
pub mod policy;
pub mod posting;
pub mod question;
pub mod record;
mod refund;
mod reversal;
pub mod seat;
pub mod share;
pub mod story;
pub mod summary;
mod write_off;

pub use case::{Case, Catalog, CustomerCase, DayCase, OpeningCase, PayoutCase, SummaryCase};
pub use cutover::{Booked, Crossing, Straddler};
pub use derive::derive;
pub use exception::{Exception, ExceptionClass};
pub use item::Global;
pub use policy::Policy;
pub use record::{Derived, Linked, Record, Rule};
