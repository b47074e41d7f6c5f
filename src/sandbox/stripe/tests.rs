//! The embedded Stripe as a client meets it.
