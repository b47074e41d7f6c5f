//! An embedded Stripe: a world of objects, and a server that answers as Stripe's API does.

pub mod world;
