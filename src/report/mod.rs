//! Deliverables: plans and statements as text tables, JSON and HTML.
//!
//! Belongs here: turning values into text. Nothing here prints, computes a difference, or asks
//! anything of anyone.

pub mod accounts;
pub mod bank;
pub mod close;
pub mod cutover;
pub mod evidence;
pub mod exceptions;
pub mod explain;
pub mod html;
mod lines;
pub mod matched;
pub mod night;
pub mod overview;
pub mod period;
pub mod plan;
pub mod rehearsal;
pub mod spreadsheet;
pub mod table;
pub mod tieout;

use crate::ids::InternalId;

/// How accounts are called, by their key in NetSuite: `1200 Undeposited Funds`.
pub trait AccountNames {
    fn name(&self, account: &InternalId) -> String;

    /// What a posting period is called, where that is known.
    fn period(&self, id: &InternalId) -> Option<String>;
}

/// A value as JSON for programs, ended by a line feed.
fn pretty(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a report always serializes");
    text.push('\n');
    text
}
