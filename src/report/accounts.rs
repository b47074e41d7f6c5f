//! How several Stripe accounts ended, one line for each, and what they come to.

use super::plan::number;
use super::table::{Align, render};

/// One account.
pub struct Line<'a> {
    pub name: &'a str,
    pub exit_code: u8,
    /// One for each title; nothing is known where its turn failed.
    pub figures: Option<Vec<usize>>,
}

/// A table within `columns`, with the sums of what is known and the exit code of all.
pub fn table(titles: &[&str], lines: &[Line], exit_code: u8, columns: u16) -> String {
    let fixed = [("Account", Align::Whole), ("Ended", Align::Right)];
    let header: Vec<(&str, Align)> =
        fixed.into_iter().chain(titles.iter().map(|title| (*title, Align::Right))).collect();
    let mut sums = vec![0; titles.len()];
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in lines {
        let known = line.figures.iter().flatten();
        for (sum, figure) in sums.iter_mut().zip(known) {
            *sum += figure;
        }
        let shown = (0..titles.len())
            .map(|place| line.figures.as_ref().map_or_else(String::new, |own| number(own[place])));
        rows.push(
            [line.name.to_owned(), line.exit_code.to_string()].into_iter().chain(shown).collect(),
        );
    }
    let ends = ["Total".to_owned(), exit_code.to_string()];
    rows.push(ends.into_iter().chain(sums.into_iter().map(number)).collect());
    render(&header, &rows, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account that failed would be shown as one with nothing in it, or not at all.
    #[test]
    fn what_is_not_known_is_empty_and_in_no_total() {
        let line = |name, exit_code, figures| Line { name, exit_code, figures };
        let lines = [line("us", 0, Some(vec![1_200, 0])), line("eu", 4, None)];
        let text = table(&["Records", "Differences"], &lines, 4, 80);
        let words: Vec<Vec<&str>> =
            text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[1], ["us", "0", "1,200", "0"]);
        assert_eq!(words[2], ["eu", "4"]);
        assert_eq!(words[3], ["Total", "4", "1,200", "0"]);
    }
}
