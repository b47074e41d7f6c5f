//! The pure core: what the books must say for the facts in Stripe.
//!
//! `derive(case, policy) -> Derived` is total and deterministic: no clock, no I/O, no async, no
//! global, no float. The same facts and the same policy give the same records, byte for byte, in
//! whatever order the facts arrived. What cannot be placed becomes an [`Exception`] that names its
//! fix; nothing is guessed and nothing is plugged.
//!
//! One file per Stripe thing. Where a rule comes from is said beside it; the choices are explained
//! in `docs/accounting.md` and `docs/decisions.md`.

pub mod case;
pub mod chart;
pub mod exception;
pub mod policy;
pub mod posting;
pub mod record;

pub use case::{Case, Catalog, CustomerCase, PayoutCase};
pub use exception::{Exception, ExceptionClass};
pub use policy::Policy;
pub use record::{Derived, Record, Rule};
