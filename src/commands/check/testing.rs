//! What the tests of this room share: the template as settings, and a day.

use std::path::Path;

use chrono::NaiveDate;

use super::finding::Finding;
use crate::config::{Overrides, Settings, parse, template};

/// The template with a change.
pub(super) fn settings(change: impl Fn(&str) -> String) -> Settings {
    let text = change(template::TEXT);
    parse(&text, Path::new("tieout.toml"), &Overrides::default()).unwrap()
}

pub(super) fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.id).collect()
}

pub(super) fn today() -> NaiveDate {
    "2026-10-05".parse().unwrap()
}
