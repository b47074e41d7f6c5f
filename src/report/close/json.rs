//! A report as JSON: `docs/schemas/report.json` says what is where. Written row by row.

use std::io;

use serde_json::{Value, json};

use crate::calendar::push_date;
use crate::reconcile::close::facts::Source;
use crate::reconcile::close::sheet::{Cell, Head, Kind, Picture, Proof, Row, Sink};
use crate::reconcile::close::{Facts, Report};

/// The version of the reports' JSON.
pub(super) const SCHEMA_VERSION: u32 = 1;

pub(super) struct Json<'a> {
    to: &'a mut dyn io::Write,
    /// The keys of the section's columns, as they stand in front of a cell.
    keys: Vec<String>,
    is_first_section: bool,
    is_first_row: bool,
    /// One row, before it is handed on.
    line: String,
    failed: Option<io::Error>,
}

/// What stands above the sections of a report of a period.
pub(super) fn head(facts: &Facts, report: Report) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "report": report.word(),
        "title": report.title(),
        "company": facts.company,
        "stripe_account": facts.stripe_account,
        "netsuite_account": facts.netsuite_account,
        "zone": facts.zone,
        "period": facts.period,
        "netsuite": match facts.source { Source::NetSuite => "read", Source::Posted => "as_posted" },
        "read_at": facts.read_at,
        "made_by": facts.made_by,
    })
}

impl<'a> Json<'a> {
    /// `head` is an object.
    pub(super) fn new(to: &'a mut dyn io::Write, head: &Value) -> Self {
        let mut sink = Self {
            to,
            keys: Vec::new(),
            is_first_section: true,
            is_first_row: true,
            line: String::new(),
            failed: None,
        };
        // The sections follow, so the object stays open.
        let text = head.to_string();
        sink.write(text.trim_end_matches('}'));
        sink.write(",\"sections\":[");
        sink
    }

    pub(super) fn end_of_file(mut self, proofs: &[Proof]) -> io::Result<()> {
        let proofs: Vec<Value> = proofs
            .iter()
            .map(|proof| {
                json!({
                    "section": proof.section,
                    "title": proof.title,
                    "difference": proof.difference,
                    "unproven": proof.unproven,
                })
            })
            .collect();
        self.write(&format!("],\"proofs\":{}}}\n", Value::from(proofs)));
        self.failed.map_or(Ok(()), Err)
    }

    fn write(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.to.write_all(text.as_bytes()).err();
        }
    }
}

impl Sink for Json<'_> {
    fn begin(&mut self, head: &Head) {
        let columns: Vec<Value> = head
            .columns
            .iter()
            .map(|column| {
                let kind = match column.kind {
                    Kind::Text => "text",
                    Kind::Id => "id",
                    Kind::Date => "date",
                    Kind::Count => "count",
                    Kind::Amount => "amount",
                };
                json!({ "key": column.key, "title": column.title, "kind": kind })
            })
            .collect();
        let picture = match head.picture {
            Picture::None => None,
            Picture::Waterfall => Some("waterfall"),
            Picture::Days => Some("days"),
            Picture::Bars => Some("bars"),
        };
        let text = json!({
            "key": head.key,
            "title": head.title,
            "currency": head.currency,
            "note": head.note,
            "picture": picture,
            "columns": columns,
        })
        .to_string();
        if !self.is_first_section {
            self.write(",\n");
        }
        self.is_first_section = false;
        self.is_first_row = true;
        self.write(text.trim_end_matches('}'));
        self.write(",\"rows\":[");
        self.keys = head.columns.iter().map(|column| format!(",\"{}\":", column.key)).collect();
    }

    fn row(&mut self, row: &Row) {
        if self.failed.is_some() {
            return;
        }
        self.line.clear();
        self.line.push_str(if self.is_first_row { "\n" } else { ",\n" });
        self.is_first_row = false;
        push_row(&mut self.line, &self.keys, row);
        self.failed = self.to.write_all(self.line.as_bytes()).err();
    }

    fn end(&mut self, count: usize) {
        self.write(&format!("],\"count\":{count}}}"));
    }
}

/// A row as an object: what it is, then its cells behind the keys of their columns. Written by hand,
/// because a month has millions of rows, whose keys are always the same.
fn push_row(to: &mut String, keys: &[String], row: &Row) {
    to.push_str("{\"row\":");
    push_text(to, row.weight.word());
    if let Some(link) = &row.link {
        to.push_str(",\"items\":");
        push_text(to, link);
    }
    for (key, cell) in keys.iter().zip(&row.cells) {
        to.push_str(key);
        match cell {
            Cell::Empty => to.push_str("null"),
            Cell::Text(text) | Cell::Id(text) => push_text(to, text),
            Cell::Date(date) => {
                to.push('"');
                push_date(to, *date);
                to.push('"');
            }
            Cell::Count(count) => to.push_str(itoa::Buffer::new().format(*count)),
            Cell::Amount(amount) => {
                to.push_str("{\"minor\":");
                to.push_str(itoa::Buffer::new().format(amount.minor()));
                to.push_str(",\"currency\":\"");
                to.push_str(amount.currency().code());
                to.push_str("\"}");
            }
        }
    }
    to.push('}');
}

fn push_text(to: &mut String, text: &str) {
    let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if is_plain {
        to.extend(["\"", text, "\""]);
    } else {
        to.push_str(&Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Amount, Currency};
    use crate::reconcile::close::sheet::Weight;

    /// A name of Stripe's that ended its text early would make the file one that nobody can read.
    #[test]
    fn a_row_is_what_serde_makes_of_it() {
        let text = "a \"quoted\" \\ name,\nwith é and \u{1}";
        let day: chrono::NaiveDate = "2026-10-31".parse().unwrap();
        let amount = Amount::new(-120_450, Currency::USD);
        let cells = vec![
            Cell::text(text),
            Cell::id("txn_1"),
            Cell::Date(day),
            Cell::Count(-3),
            Cell::Amount(amount),
            Cell::Empty,
        ];
        let keys: Vec<String> = (0..cells.len()).map(|place| format!(",\"{place}\":")).collect();
        let mut line = String::new();
        let link = Some("the \"items\"".to_owned());
        push_row(&mut line, &keys, &Row { weight: Weight::Item, cells, link: link.clone() });
        let expected = json!({
            "row": "item", "items": link,
            "0": text, "1": "txn_1", "2": day, "3": -3, "4": amount, "5": null,
        });
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected, "{line}");
    }
}
