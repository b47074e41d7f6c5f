//! Rows as CSV for a spreadsheet.
//!
//! Text that a spreadsheet would take for a formula gets an apostrophe in front of it, as spreadsheets
//! themselves mark text: a customer's name must not be able to do anything on an accountant's machine.

use std::borrow::Cow;

/// A header and rows as CSV.
///
/// # Errors
/// When the rows differ in length.
pub(super) fn csv(header: &[&str], rows: &[Vec<String>]) -> Result<String, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header)?;
    for row in rows {
        out.write_record(row)?;
    }
    let bytes = out.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(String::from_utf8(bytes).expect("every cell is text"))
}

/// Words of others as a cell.
pub fn words(text: &str) -> String {
    harmless(text).into_owned()
}

/// The same, without a copy where nothing is the matter.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a description in Stripe could run a command when the list is opened.
    #[test]
    fn text_of_others_is_never_a_formula() {
        assert_eq!(words("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(words("Invoice in_1 = 5"), "Invoice in_1 = 5");
        let rows = [vec![words("@x, y"), "1".into()]];
        assert_eq!(csv(&["what", "n"], &rows).unwrap(), "what,n\n\"'@x, y\",1\n");
    }
}
