//! What a spreadsheet must not do with a name, and what a page must say of what it leaves out.

use crate::reconcile::close::sheet::{Cell, Column, Head, Row, Sink, Weight};
use crate::report::spreadsheet::words;

/// A customer called `=HYPERLINK(…)` would run in the accountant's spreadsheet.
#[test]
fn a_text_that_a_spreadsheet_would_run_is_neutralised() {
    for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
        assert_eq!(words(text), format!("'{text}"));
    }
    assert_eq!(words("in_1"), "in_1");
}

/// Sections of different columns are one table: a cell under the wrong name is a wrong figure.
#[test]
fn a_csv_has_each_cell_under_its_own_name() {
    let columns = [Column::id("item", "Item"), Column::text("what", "What")];
    let mut bytes = Vec::new();
    let mut sink = super::csv::Csv::new(&mut bytes, &columns, true);
    for (key, own) in [("one", &columns[..1]), ("two", &columns[1..])] {
        sink.begin(&Head::new(key, key, own));
        let cells = vec![Cell::text(format!("of {key}"))];
        sink.row(&Row { weight: Weight::Item, cells, link: None });
        sink.end(1);
    }
    sink.end_of_file().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let expected =
        "section,row,currency_of_amounts,item,what\none,item,,of one,\ntwo,item,,,of two\n";
    assert_eq!(text, expected);
}
