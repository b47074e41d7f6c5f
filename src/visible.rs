//! Text of others, for people: nothing in it does anything.

use std::borrow::Cow;

/// What stands where a character would do something instead of being read.
const ACTS: &str = "\u{fffd}";

/// `text` for a terminal: nothing in it moves the cursor or sets a title, and nothing turns a line around.
/// Line feeds and tabs stay.
pub fn visible(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.contains(acts) { text.replace(acts, ACTS).into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name could clear the screen, or show 100.00 as 00.001.
    #[test]
    fn a_name_does_nothing_to_the_terminal() {
        assert_eq!(
            visible("\u{1b}[2J\u{202e}001\u{7}\0"),
            "\u{fffd}[2J\u{fffd}001\u{fffd}\u{fffd}"
        );
        assert_eq!(visible("שלום\nZoë"), "שלום\nZoë");
    }
}
