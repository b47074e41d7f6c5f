//! A report as JSON: `docs/schemas/report.json` says what is where. Written row by row.

use std::io;

use serde_json::{Map, Value, json};

use crate::reconcile::close::facts::Source;
use crate::reconcile::close::sheet::{Cell, Head, Kind, Picture, Proof, Row, Sink};
use crate::reconcile::close::{Facts, Report};

/// The version of the reports' JSON.
pub(super) const SCHEMA_VERSION: u32 = 1;

pub(super) struct Json<'a> {
    to: &'a mut dyn io::Write,
    section: Option<Head>,
    is_first_section: bool,
    is_first_row: bool,
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
        let mut sink =
            Self { to, section: None, is_first_section: true, is_first_row: true, failed: None };
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
        self.section = Some(head.clone());
    }

    fn row(&mut self, row: Row) {
        let Some(head) = self.section.take() else { return };
        let mut object = Map::new();
        object.insert("row".into(), row.weight.word().into());
        if let Some(link) = row.link {
            object.insert("items".into(), link.into());
        }
        for (column, cell) in head.columns.iter().zip(row.cells) {
            object.insert(column.key.into(), value(cell));
        }
        let text = Value::Object(object).to_string();
        self.write(if self.is_first_row { "\n" } else { ",\n" });
        self.is_first_row = false;
        self.write(&text);
        self.section = Some(head);
    }

    fn end(&mut self, count: usize) {
        self.write(&format!("],\"count\":{count}}}"));
        self.section = None;
    }
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) | Cell::Id(text) => text.into(),
        Cell::Date(date) => date.to_string().into(),
        Cell::Count(count) => count.into(),
        Cell::Amount(amount) => json!(amount),
    }
}
