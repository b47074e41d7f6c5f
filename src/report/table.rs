//! Tables that line up: words to the left, amounts to the right.

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table};

use crate::visible::visible;

/// How a column is aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    Left,
    /// To the left, and never broken: ids and dates.
    Whole,
    /// To the right, and never broken: amounts.
    Right,
}

/// Lays rows out under `header` within `columns`, each line indented by two and ended by a line
/// feed.
pub fn render(header: &[(&str, Align)], rows: &[Vec<String>], columns: u16) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(columns.saturating_sub(2).max(40));
    table.set_header(header.iter().map(|(name, align)| cell(name, *align)));
    for row in rows {
        let aligned = row.iter().zip(header).map(|(text, (_, align))| cell(text, *align));
        table.add_row(aligned);
    }
    for (column, (_, align)) in table.column_iter_mut().zip(header) {
        if *align != Align::Left {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.lines().fold(String::new(), |mut text, line| {
        text.push_str("  ");
        text.push_str(line.trim_end());
        text.push('\n');
        text
    })
}

fn cell(text: &str, align: Align) -> Cell {
    Cell::new(visible(text)).set_alignment(match align {
        Align::Left | Align::Whole => CellAlignment::Left,
        Align::Right => CellAlignment::Right,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_line_up_to_the_right() {
        let header = [("Record", Align::Left), ("Amount", Align::Right)];
        let rows = [
            vec!["Invoice".into(), "1,204.50 USD".into()],
            vec!["Deposit".into(), "96.80 USD".into()],
        ];
        let text = render(&header, &rows, 80);
        let ends: Vec<usize> = text.lines().map(str::len).collect();
        assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{text}");
    }
}
