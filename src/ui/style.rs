//! Colours by meaning. Everything makes sense without them; `anstream` leaves them out where they
//! are not wanted (`NO_COLOR`, a pipe, a file).

use anstyle::{AnsiColor, Style as Ansi};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Heading,
    Good,
    Warning,
    Error,
    Dim,
}

impl Style {
    fn ansi(self) -> Ansi {
        match self {
            Self::Heading => Ansi::new().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Error => AnsiColor::Red.on_default().bold(),
            Self::Dim => Ansi::new().dimmed(),
        }
    }

    /// `text` in this style.
    pub fn paint(self, text: &str) -> String {
        let style = self.ansi();
        format!("{style}{text}{style:#}")
    }
}
