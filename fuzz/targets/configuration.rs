//! A configuration file.

use std::path::Path;

use tieout::config::{Overrides, parse};

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = parse(text, Path::new("tieout.toml"), &Overrides::default()) {
        assert!(!error.to_string().is_empty());
    }
}
