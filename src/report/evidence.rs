//! What was found of an evidence pack.

use std::path::Path;

use serde::Serialize;

use crate::evidence::Manifest;
use crate::report::lines::wrapped;
use crate::report::plan::counted;
use crate::report::pretty;

/// The version of the JSON's shape.
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize)]
pub struct Verified {
    schema_version: u32,
    sha256: String,
    pub is_whole: bool,
    /// Sentences.
    findings: Vec<String>,
    /// Why the reports were not made again, where they were not.
    not_made_again: Option<String>,
    manifest: Manifest,
}

impl Verified {
    pub fn new(
        sha256: String,
        findings: Vec<String>,
        not_made_again: Option<String>,
        manifest: Manifest,
    ) -> Self {
        let is_whole = findings.is_empty();
        Self {
            schema_version: SCHEMA_VERSION,
            sha256,
            is_whole,
            findings,
            not_made_again,
            manifest,
        }
    }
}

/// For programs.
pub fn json(verified: &Verified) -> String {
    pretty(verified)
}

/// For people.
pub fn text(verified: &Verified, path: &Path, columns: u16) -> String {
    let path = path.display();
    let mut text = String::new();
    let mut say = |sentence: &str, indent| text.push_str(&wrapped(sentence, indent, columns));
    if verified.is_whole {
        for sentence in whole(verified, &path.to_string()) {
            say(&sentence, 0);
        }
    } else {
        say(&format!("{path} is not as it was made:"), 0);
        for finding in &verified.findings {
            say(finding, 2);
        }
    }
    text.push_str(&format!("SHA-256 {}\n", verified.sha256));
    text
}

fn whole(verified: &Verified, path: &str) -> Vec<String> {
    let manifest = &verified.manifest;
    let rows = usize::try_from(manifest.journal.rows).unwrap_or(usize::MAX);
    let mut said = vec![
        format!(
            "{path} is as it was made: {} about {} of {}, made {} by {}.",
            counted(manifest.files.len(), "file"),
            manifest.period.name,
            manifest.stripe_account,
            manifest.made_at,
            manifest.made_by,
        ),
        match &verified.not_made_again {
            None => {
                let id = manifest.reading.id;
                format!("Every report was made again from reading {id}, byte for byte.")
            }
            Some(why) => format!("The reports were not made again: {why}."),
        },
        format!("The journal is an unbroken chain of {}.", counted(rows, "row")),
    ];
    said.extend(manifest.signatures.iter().map(|own| {
        let is_of_these = own.figures == manifest.reading.figures && !own.is_void;
        let state = if is_of_these { "" } else { ", of other figures" };
        format!("Signed by {} as {} on {}{state}.", own.by, own.role, own.at)
    }));
    said
}
