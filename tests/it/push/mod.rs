//! Exactly once: pushes that are killed, lied to, cut off and raced, and the books afterwards.

mod adopt;
mod disk;
mod drift;
mod kill;
mod order;
mod process;
mod protocol;
mod reverse;
mod storm;
mod write_back;
