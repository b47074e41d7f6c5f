//! An embedded Stripe: a world of objects, and a server that answers as Stripe's API does.
//!
//! Reading order: `server` takes a request, `auth` and `limits` let it pass or not, `endpoints` says
//! what each list takes, `lists` pages through the `index`, `expand` and `old_shape` change what an
//! object looks like. Metadata is all that can be written: `writes`.

mod auth;
mod endpoints;
mod error;
mod expand;
pub mod export;
mod index;
mod limits;
mod lists;
mod old_shape;
mod query;
mod server;
#[cfg(test)]
mod tests;
pub mod world;
mod writes;

pub use auth::Key;
pub use limits::{Faults, Limits};
pub use server::{Options, Stripe};
