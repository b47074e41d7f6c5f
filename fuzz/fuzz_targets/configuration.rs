//! A configuration file.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tieout::config::{Overrides, parse};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = parse(text, Path::new("tieout.toml"), &Overrides::default()) {
        assert!(!error.to_string().is_empty());
    }
});
