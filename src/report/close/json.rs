//! A report as JSON: `docs/schemas/report.json` says what is where. Written row by row.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use crate::reconcile::close::facts::Source;
use crate::reconcile::close::sheet::{Cell, Head, Kind, Picture, Proof, Row, Sink};
use crate::reconcile::close::{Facts, Report};

/// The version of the reports' JSON.
pub(super) const SCHEMA_VERSION: u32 = 1;

pub(super) struct Json<'a> {
    to: &'a mut dyn io::Write,
    /// The keys of the section's columns.
    keys: Vec<&'static str>,
    is_first_section: bool,
    is_first_row: bool,
    /// One row, before it is handed on.
    line: Vec<u8>,
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
            line: Vec::new(),
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
        self.keys = head.columns.iter().map(|column| column.key).collect();
    }

    fn row(&mut self, row: &Row) {
        if self.failed.is_some() {
            return;
        }
        self.line.clear();
        self.line.extend_from_slice(if self.is_first_row { b"\n" } else { b",\n" });
        self.is_first_row = false;
        let object = Object { keys: &self.keys, row };
        self.failed = serde_json::to_writer(&mut self.line, &object)
            .map_err(io::Error::from)
            .and_then(|()| self.to.write_all(&self.line))
            .err();
    }

    fn end(&mut self, count: usize) {
        self.write(&format!("],\"count\":{count}}}"));
    }
}

/// A row as an object: what it is, then its cells under the keys of their columns.
struct Object<'a> {
    keys: &'a [&'static str],
    row: &'a Row,
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("row", self.row.weight.word())?;
        if let Some(link) = &self.row.link {
            object.serialize_entry("items", link)?;
        }
        for (key, cell) in self.keys.iter().zip(&self.row.cells) {
            match cell {
                Cell::Empty => object.serialize_entry(key, &())?,
                Cell::Text(text) | Cell::Id(text) => object.serialize_entry(key, text)?,
                Cell::Date(date) => object.serialize_entry(key, date)?,
                Cell::Count(count) => object.serialize_entry(key, count)?,
                Cell::Amount(amount) => object.serialize_entry(key, amount)?,
            }
        }
        object.end()
    }
}
