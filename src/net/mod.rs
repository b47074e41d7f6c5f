//! HTTP as both sides share it: the transport port and what sits on it.
//!
//! Belongs here: sending one request, the decision to retry, pacing, keeping secrets out of text.
//! Does not belong here: what Stripe or NetSuite mean by an answer.

pub mod base_url;
pub mod counted;
pub mod gate;
pub mod http;
#[cfg(test)]
pub mod in_process;
pub mod pace;
pub mod redact;
pub mod retry;
pub mod scrub;
pub mod transport;
