//! What a person sees while the program works: the only room that prints.
//!
//! Data goes to standard output, everything else to standard error. Messages are whole sentences
//! and make sense without colour. Progress shows on a terminal only, so that cron stays quiet.

mod progress;
mod style;

use std::io::{ErrorKind, IsTerminal, Write};

pub use progress::Progress;
pub use style::Style;

/// The terminal, or the files that stand in for it.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    quiet: bool,
}

impl Ui {
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Data that was asked for, on standard output. A reader that went away is not an error.
    ///
    /// # Errors
    /// Whatever else keeps the data from arriving, such as a full disk behind a redirection.
    pub fn data(&self, text: &str) -> std::io::Result<()> {
        let mut out = anstream::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
                let text = format!("standard output cannot be written: {cause}");
                Err(std::io::Error::new(cause.kind(), text))
            }
            _ => Ok(()),
        }
    }

    /// What was done, on standard error.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            write_line(text);
        }
    }

    /// A heading above what follows.
    pub fn heading(&self, text: &str) {
        self.say(&format!("\n{}", Style::Heading.paint(text)));
    }

    /// Something a person should look at; shown even when quiet.
    pub fn warn(&self, text: &str) {
        write_line(&format!("{} {text}", Style::Warning.paint("warning:")));
    }

    /// Why the program stops; shown even when quiet.
    pub fn error(&self, text: &str) {
        write_line(&format!("{} {text}", Style::Error.paint("error:")));
    }

    /// Asks a person, who must be at a terminal: `None` where nobody is.
    pub fn ask(&self, question: &str) -> Option<String> {
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let mut err = anstream::stderr().lock();
        let _gone = write!(err, "{question}").and_then(|()| err.flush());
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok()?;
        Some(line.trim().to_owned())
    }

    /// A counter of work done. `total` unknown: its steps make the bar ([`Progress::expect`]).
    pub fn progress(&self, what: &str, total: Option<u64>) -> Progress {
        let visible = !self.quiet && std::io::stderr().is_terminal();
        Progress::new(what, total, visible)
    }
}

fn write_line(text: &str) {
    let mut err = anstream::stderr().lock();
    let _gone = writeln!(err, "{text}");
}

/// The columns tables may take: the terminal's, or 100 where there is none.
pub fn width() -> u16 {
    let set = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    set.or_else(|| console::Term::stdout().size_checked().map(|(_, columns)| columns))
        .unwrap_or(100)
}
