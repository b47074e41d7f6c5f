//! What NetSuite shows of the fields that a company's own mapping sets.
//!
//! Belongs here: the queries, and the values as texts. Does not belong here: which fields SuiteQL has
//! as columns (`fields`), and comparing them with what was sent (`reconcile::mapped`).

use std::collections::{BTreeMap, BTreeSet};

use super::client::Client;
use super::error::{Class, NetSuiteError};
use super::extras::{FieldValue, Fields, Shown};
use super::fields::{is_on_main_line, is_read, is_read_on_lines};
use super::readback::id_list;
use super::record::{Body, RecordGroup};
use super::references::IDS_PER_QUERY;
use super::row::Row;
use crate::ids::InternalId;

/// The columns to read, by the name that the mapping has for the field.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Columns {
    record: BTreeSet<Column>,
    main_line: BTreeSet<Column>,
    lines: BTreeSet<Column>,
}

/// A field, and whether it holds a day, which is asked for in one way of writing days.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    name: String,
    is_date: bool,
}

impl Columns {
    /// Everything that these records were sent with and that can be read.
    pub fn of<'a>(bodies: impl Iterator<Item = &'a Body>) -> Self {
        let mut columns = Self::default();
        for body in bodies {
            let (kind, extras) = (body.kind(), body.extras());
            for column in named(&extras.fields, |name| is_read(kind, name)) {
                let is_main = is_on_main_line(kind, &column.name.to_ascii_lowercase());
                let into = if is_main { &mut columns.main_line } else { &mut columns.record };
                into.insert(column);
            }
            for line in &extras.lines {
                let is_read = |name: &str| is_read_on_lines(&line.sublist, name);
                columns.lines.extend(named(&line.fields, is_read));
            }
        }
        columns
    }

    pub fn is_empty(&self) -> bool {
        self.record.is_empty() && self.main_line.is_empty() && self.lines.is_empty()
    }

    /// The fields, as the configuration names them.
    pub fn names(&self) -> BTreeSet<&str> {
        let all = self.record.iter().chain(&self.main_line).chain(&self.lines);
        all.map(|column| column.name.as_str()).collect()
    }
}

fn named(fields: &Fields, is_read: impl Fn(&str) -> bool) -> impl Iterator<Item = Column> {
    let readable = fields.iter().filter(move |(name, _)| is_read(name));
    readable.map(|(name, value)| Column {
        name: name.clone(),
        is_date: matches!(value, FieldValue::Date(_)),
    })
}

/// The values of `columns` of each record. `None` when NetSuite refuses the query: a role may set a
/// field that it cannot query.
pub async fn shown(
    client: &Client,
    group: RecordGroup,
    ids: &[InternalId],
    columns: &Columns,
) -> Result<Option<BTreeMap<InternalId, Shown>>, NetSuiteError> {
    let mut all: BTreeMap<InternalId, Shown> = BTreeMap::new();
    let table = match group {
        RecordGroup::Entity => "customer",
        RecordGroup::Item => "item",
        RecordGroup::Transaction => "transaction",
    };
    let lines = "transactionline";
    let parts = [
        (&columns.record, table, "id", "", false),
        (&columns.main_line, lines, "transaction", " AND t.mainline = 'T'", false),
        (&columns.lines, lines, "transaction", " AND t.mainline = 'F'", true),
    ];
    for (wanted, table, id, condition, is_of_lines) in parts {
        if wanted.is_empty() {
            continue;
        }
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let query = query(wanted, table, id, &id_list(chunk)?, condition);
            let rows = match client.suiteql(&query, &[]).await {
                Ok(rows) => rows,
                Err(error) if is_refused(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            for row in &rows {
                let owner = row.id("owner").map_err(|error| {
                    NetSuiteError::from_row(&super::suiteql::subject(&query), &error)
                })?;
                note(all.entry(owner).or_default(), row, wanted, is_of_lines);
            }
        }
    }
    Ok(Some(all))
}

fn query(wanted: &BTreeSet<Column>, table: &str, id: &str, ids: &str, condition: &str) -> String {
    let columns: Vec<String> = wanted
        .iter()
        .map(|column| {
            let name = column.name.to_ascii_lowercase();
            if column.is_date {
                format!("TO_CHAR(t.{name}, 'YYYY-MM-DD') AS {name}")
            } else {
                format!("t.{name} AS {name}")
            }
        })
        .collect();
    let columns = columns.join(", ");
    let order = if table == "transactionline" { ", t.id" } else { "" };
    format!(
        "SELECT t.{id} AS owner, {columns} FROM {table} t \
         WHERE t.{id} IN ({ids}){condition} ORDER BY t.{id}{order}"
    )
}

fn note(shown: &mut Shown, row: &Row, wanted: &BTreeSet<Column>, is_of_lines: bool) {
    for column in wanted {
        let Some(value) = row.get(&column.name.to_ascii_lowercase()) else { continue };
        if is_of_lines {
            shown.lines.entry(column.name.clone()).or_default().push(value.to_owned());
        } else {
            shown.fields.insert(column.name.clone(), value.to_owned());
        }
    }
}

fn is_refused(error: &NetSuiteError) -> bool {
    matches!(
        error.class,
        Class::Rejected { .. } | Class::InvalidReference { .. } | Class::Permission { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_asked_for_in_one_way_of_writing_and_lines_in_their_order() {
        let wanted = BTreeSet::from([
            Column { name: "custcol_from".into(), is_date: true },
            Column { name: "class".into(), is_date: false },
        ]);
        assert_eq!(
            query(&wanted, "transactionline", "transaction", "7, 8", " AND t.mainline = 'F'"),
            "SELECT t.transaction AS owner, t.class AS class, TO_CHAR(t.custcol_from, 'YYYY-MM-DD') AS \
             custcol_from FROM transactionline t WHERE t.transaction IN (7, 8) \
             AND t.mainline = 'F' ORDER BY t.transaction, t.id"
        );
    }
}
