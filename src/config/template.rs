//! The configuration that `tieout init` writes: every setting with its meaning.

/// A valid configuration with example values.
pub const TEXT: &str = include_str!("../../examples/tieout.toml");
