//! How several Stripe accounts ended, one line for each, and what they come to.

use super::table::{Align, render};
use crate::money::grouped;

/// One account, or all of them.
pub struct Line<'a> {
    pub name: &'a str,
    pub exit_code: u8,
    /// One for each title; what is not known is not shown as nothing.
    pub figures: Vec<Option<u64>>,
}

/// A table within `columns`, with `total` at its end.
pub fn table(titles: &[&str], lines: &[Line], total: &Line, columns: u16) -> String {
    let fixed = [("Account", Align::Whole), ("Ended", Align::Right)];
    let header: Vec<(&str, Align)> =
        fixed.into_iter().chain(titles.iter().map(|title| (*title, Align::Right))).collect();
    let row = |line: &Line| -> Vec<String> {
        let shown = line.figures.iter().map(|own| own.map_or_else(String::new, number));
        [line.name.to_owned(), line.exit_code.to_string()].into_iter().chain(shown).collect()
    };
    let rows: Vec<Vec<String>> = lines.iter().chain([total]).map(row).collect();
    render(&header, &rows, columns)
}

/// The sums of what is known, and the exit code of all.
pub fn total(lines: &[Line], titles: usize, exit_code: u8) -> Line<'static> {
    let sum = |place: usize| {
        lines.iter().filter_map(|line| line.figures.get(place).copied().flatten()).sum()
    };
    let figures = (0..titles).map(|place| Some(sum(place))).collect();
    Line { name: "Total", exit_code, figures }
}

fn number(count: u64) -> String {
    grouped(&count.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account that failed would be shown as one with nothing in it, or not at all.
    #[test]
    fn what_is_not_known_is_empty_and_in_no_total() {
        let line = |name, exit_code, figures| Line { name, exit_code, figures };
        let lines = [line("us", 0, vec![Some(1_200), Some(0)]), line("eu", 4, vec![None; 2])];
        let text = table(&["Records", "Differences"], &lines, &total(&lines, 2, 4), 80);
        let words: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1], ["us", "0", "1,200", "0"]);
        assert_eq!(words[2], ["eu", "4"]);
        assert_eq!(words[3], ["Total", "4", "1,200", "0"]);
    }
}
