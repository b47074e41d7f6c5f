//! A report of Stripe's as CSV, and the objects that its rows tell of.

use tieout::stripe::reports::{Report, facts, read};

pub fn run(bytes: &[u8]) {
    match read(bytes) {
        Ok(Report::Itemized { kind, rows }) => {
            let facts = facts(kind, &rows);
            let left_out: usize = facts.left_out.values().sum();
            assert!(facts.objects.len() + left_out >= rows.len(), "a row was dropped in silence");
        }
        Ok(Report::Summary(_)) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
