//! Stripe: reads only.
//!
//! Belongs here: tolerant views over raw objects, the API client and its crawl, the directory
//! source. Does not belong here: what an object means to the books (`accounting`).

pub mod batch;
pub mod client;
pub mod crawl;
pub mod directory;
pub mod error;
pub mod links;
pub mod objects;
pub mod page;
pub mod reports;
pub mod resource;
#[cfg(test)]
mod testing;
