//! Facts as Parquet, for a warehouse or Spark: what moved, and every object with its JSON.
//!
//! Behind the cargo feature `parquet`: `DuckDB` and every SQLite reader need no copy at all.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::ledger::{FlatMovement, Ledger};

/// Rows of one group: what is in memory at once.
const ROWS_PER_GROUP: usize = 20_000;

const MOVEMENTS: &str = "message stripe_balance_transaction {
  required binary id (STRING);
  required int64 created_unix;
  required int64 available_on_unix;
  required binary currency (STRING);
  required binary type (STRING);
  required binary category (STRING);
  required int64 amount_minor;
  required int64 fee_minor;
  required int64 net_minor;
  optional binary source (STRING);
  optional binary payout (STRING);
}";

const OBJECTS: &str = "message stripe_object {
  required binary id (STRING);
  required binary kind (STRING);
  required int64 created_unix;
  required binary json (JSON);
}";

/// Writes both files.
pub(super) fn write(ledger: &Ledger, folder: &Path) -> anyhow::Result<()> {
    let mut movements = Table::create(&folder.join("movements.parquet"), MOVEMENTS)?;
    ledger.for_each_flat_movement::<anyhow::Error>(|movement| {
        let FlatMovement { id, created, available_on, currency, kind, category, .. } = movement;
        let FlatMovement { amount, fee, net, source, payout, .. } = movement;
        movements.add(vec![
            Cell::text(id),
            Cell::Number(created.0),
            Cell::Number(available_on.0),
            Cell::text(currency),
            Cell::text(kind),
            Cell::text(category),
            Cell::Number(*amount),
            Cell::Number(*fee),
            Cell::Number(*net),
            Cell::optional(*source),
            Cell::optional(*payout),
        ])?;
        Ok(())
    })?;
    movements.close()?;
    let mut objects = Table::create(&folder.join("objects.parquet"), OBJECTS)?;
    ledger.for_each_flat_object::<anyhow::Error>(|id, kind, created, json| {
        let json = Cell::Text(Some(ByteArray::from(json.to_vec())));
        objects.add(vec![Cell::text(id), Cell::text(kind), Cell::Number(created.0), json])?;
        Ok(())
    })?;
    objects.close()?;
    Ok(())
}

enum Cell {
    Number(i64),
    Text(Option<ByteArray>),
}

impl Cell {
    fn text(text: &str) -> Self {
        Self::Text(Some(ByteArray::from(text)))
    }

    fn optional(text: Option<&str>) -> Self {
        Self::Text(text.map(ByteArray::from))
    }
}

/// A file of rows, written a group at a time.
struct Table {
    writer: SerializedFileWriter<File>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    fn create(path: &Path, schema: &str) -> anyhow::Result<Self> {
        let schema = Arc::new(parse_message_type(schema)?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let file = super::export::create(path)?;
        let writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
        Ok(Self { writer, rows: Vec::new() })
    }

    fn add(&mut self, row: Vec<Cell>) -> Result<(), ParquetError> {
        self.rows.push(row);
        if self.rows.len() >= ROWS_PER_GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        let mut place = 0;
        while let Some(mut column) = group.next_column()? {
            let (mut numbers, mut texts, mut levels) = (Vec::new(), Vec::new(), Vec::new());
            for row in &rows {
                match &row[place] {
                    Cell::Number(number) => numbers.push(*number),
                    Cell::Text(text) => {
                        levels.push(i16::from(text.is_some()));
                        texts.extend(text.clone());
                    }
                }
            }
            if texts.is_empty() && !numbers.is_empty() {
                column.typed::<Int64Type>().write_batch(&numbers, None, None)?;
            } else {
                column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None)?;
            }
            column.close()?;
            place += 1;
        }
        group.close()?;
        Ok(())
    }

    fn close(mut self) -> Result<(), ParquetError> {
        if !self.rows.is_empty() {
            self.write_group()?;
        }
        self.writer.close()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    /// Were a row or a cell lost, a warehouse would disagree with the ledger.
    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("objects.parquet");
        let mut table = Table::create(&path, OBJECTS).unwrap();
        for number in 0..45_000 {
            let id = format!("ch_{number}");
            let json = format!(r#"{{"id":"{id}"}}"#);
            let row = vec![
                Cell::text(&id),
                Cell::text("charge"),
                Cell::Number(number),
                Cell::optional(Some(&json)),
            ];
            table.add(row).unwrap();
        }
        table.close().unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.num_row_groups(), 3);
        let mut count = 0;
        for (number, row) in reader.get_row_iter(None).unwrap().enumerate() {
            let text = row.unwrap().to_string();
            assert!(text.contains(&format!(r#"id: "ch_{number}""#)), "{text}");
            assert!(text.contains(&format!("created_unix: {number}")), "{text}");
            count += 1;
        }
        assert_eq!(count, 45_000);
    }
}
