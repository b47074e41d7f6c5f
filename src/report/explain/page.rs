//! A page on its way: lines that are indented and wrapped.

use crate::report::table::{Align, render};

/// Tables take one more column from here on.
const WIDE: u16 = 110;
/// Below this nothing can be laid out.
const COLUMNS_MIN: u16 = 60;

/// What a table is indented by when it is laid out: two, and the padding of its first cell.
const MARGIN: u16 = 3;

/// Rows under a header.
pub(super) struct Table {
    pub(super) header: Vec<(&'static str, Align)>,
    pub(super) rows: Vec<Vec<String>>,
}

pub(super) struct Page {
    text: String,
    columns: u16,
}

impl Page {
    pub(super) fn new(columns: u16) -> Self {
        Self { text: String::new(), columns: columns.max(COLUMNS_MIN) }
    }

    pub(super) fn is_wide(&self) -> bool {
        self.columns >= WIDE
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        self.sentence(0, text);
    }

    /// Text that wraps between words, each line indented.
    pub(super) fn sentence(&mut self, indent: usize, text: &str) {
        self.wrap(indent, indent, text);
    }

    /// A sentence with a dash before it.
    pub(super) fn item(&mut self, indent: usize, text: &str) {
        self.wrap(indent, indent + 2, &format!("- {text}"));
    }

    fn wrap(&mut self, first: usize, rest: usize, text: &str) {
        let columns = usize::from(self.columns);
        let mut line = " ".repeat(first);
        let mut is_empty = true;
        for word in text.split_whitespace() {
            let needed = line.chars().count() + usize::from(!is_empty) + word.chars().count();
            if !is_empty && needed > columns {
                self.line(&line);
                line = " ".repeat(rest);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(word);
            is_empty = false;
        }
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A table whose first column begins at `indent`.
    pub(super) fn table(&mut self, indent: u16, table: &Table) {
        let laid_out = render(&table.header, &table.rows, self.columns + MARGIN - indent);
        for line in laid_out.lines() {
            let line: String = line.chars().skip(usize::from(MARGIN)).collect();
            self.line(&format!("{}{line}", " ".repeat(usize::from(indent))));
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_wraps_between_words_and_an_item_hangs() {
        let mut page = Page::new(60);
        page.item(2, &"word ".repeat(20));
        let text = page.finish();
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.starts_with("  - word") && text.lines().nth(1).unwrap().starts_with("    w"));
    }
}
