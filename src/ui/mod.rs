//! What a person sees while the program works: the only room that prints.
//!
//! Data goes to standard output, everything else to standard error. Messages are whole sentences
//! and make sense without colour. Progress shows on a terminal only, so that cron stays quiet. Where
//! programs read along (`--log-format json`), each message is a line of JSON.

mod log;
mod progress;
mod style;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

pub use progress::Progress;
pub use style::Style;

use crate::visible::visible;
use log::{Level, Log};

/// The terminal, or the files that stand in for it.
#[derive(Debug, Clone, Copy)]
pub struct Ui {
    quiet: bool,
    /// Messages are lines of JSON.
    log: Option<&'static Log>,
    /// Whose turn it is, where several are taken at once.
    beside: Option<&'static Beside>,
    /// What was printed and waits until somebody takes it.
    held: Option<&'static Mutex<String>>,
}

/// One of several Stripe accounts whose turns are taken side by side.
#[derive(Debug)]
struct Beside {
    account: String,
    ledger_run: Mutex<Option<i64>>,
}

impl Ui {
    /// Messages for people.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, log: None, beside: None, held: None }
    }

    /// Messages for programs, each with the name of the run. Made once: it lives as long as the
    /// process.
    pub fn json(quiet: bool, run: &str) -> Self {
        Self { quiet, log: Some(Box::leak(Box::new(Log::new(run)))), beside: None, held: None }
    }

    /// The same for an account whose turn is taken beside others: each message names it, and what is
    /// printed is held, so that it comes in order. Made once for each: it lives as long as the process.
    #[must_use]
    pub fn beside(&self, account: &str) -> Self {
        let own = Beside { account: account.to_owned(), ledger_run: Mutex::default() };
        Self { beside: Some(Box::leak(Box::new(own))), ..self.holding() }
    }

    /// The same, which holds what is printed. Made once: it lives as long as the process.
    #[must_use]
    pub fn holding(&self) -> Self {
        Self { held: Some(Box::leak(Box::default())), ..*self }
    }

    /// What was held.
    pub fn take_data(&self) -> String {
        let taken = |held: &Mutex<String>| {
            std::mem::take(&mut *held.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.held.map(taken).unwrap_or_default()
    }

    /// What follows is about this one of the configuration's Stripe accounts.
    pub fn enter(&self, account: Option<&str>) {
        if let (Some(log), None) = (self.log, self.beside) {
            log.enter(account);
        }
    }

    /// What follows is of this run of the account's ledger.
    pub fn set_ledger_run(&self, run: i64) {
        if let Some(own) = self.beside {
            *own.ledger_run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run);
        } else if let Some(log) = self.log {
            log.set_ledger_run(run);
        }
    }

    /// Data that was asked for, on standard output. A reader that went away is not an error.
    ///
    /// # Errors
    /// Whatever else keeps the data from arriving, such as a full disk behind a redirection.
    pub fn data(&self, text: &str) -> std::io::Result<()> {
        if let Some(held) = self.held {
            held.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
            return Ok(());
        }
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
            self.write(Level::Info, None, &visible(text));
        }
    }

    /// A heading above what follows.
    pub fn heading(&self, text: &str) {
        if !self.quiet {
            let text = format!("\n{}", Style::Heading.paint(&visible(text)));
            self.write(Level::Info, None, &text);
        }
    }

    /// Something a person should look at; shown even when quiet.
    pub fn warn(&self, text: &str) {
        self.write(Level::Warn, None, &visible(text));
    }

    /// The same about one record or object, whose id the sentence names.
    pub fn warn_of(&self, id: &str, text: &str) {
        self.write(Level::Warn, Some(id), &visible(text));
    }

    /// Why the program stops; shown even when quiet.
    pub fn error(&self, text: &str) {
        self.write(Level::Error, None, &visible(text));
    }

    fn write(&self, level: Level, record: Option<&str>, text: &str) {
        let named;
        let text = match (self.log, self.beside) {
            (None, Some(own)) => {
                named = format!("{}: {}", own.account, text.trim_start_matches('\n'));
                &named
            }
            _ => text,
        };
        let line = match (self.log, level) {
            (Some(log), _) => {
                let of = |own: &'static Beside| {
                    let run = *own.ledger_run.lock().unwrap_or_else(PoisonError::into_inner);
                    (own.account.as_str(), run)
                };
                log.line(level, record, text, self.beside.map(of))
            }
            (None, Level::Info) => format!("{text}\n"),
            (None, Level::Warn) => format!("{} {text}\n", Style::Warning.paint("warning:")),
            (None, Level::Error) => format!("{} {text}\n", Style::Error.paint("error:")),
        };
        // Whole, so that two threads never mix; who closed standard error is not told why.
        let _gone = anstream::stderr().lock().write_all(line.as_bytes());
    }

    /// Asks a person, who must be at a terminal: `None` where nobody is.
    pub fn ask(&self, question: &str) -> Option<String> {
        let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if !is_terminal || self.log.is_some() || self.beside.is_some() {
            return None;
        }
        let mut err = anstream::stderr().lock();
        let _gone = write!(err, "{question}").and_then(|()| err.flush());
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).ok()?;
        Some(line.trim().to_owned())
    }

    /// Asks whoever writes to standard input, a person or a script: `None` where nobody does any more.
    ///
    /// # Errors
    /// Standard input cannot be read.
    pub fn ask_line(&self, question: &str) -> std::io::Result<Option<String>> {
        let mut err = anstream::stderr().lock();
        // Who closed standard error is not told what is asked.
        let _gone = write!(err, "{}", visible(question)).and_then(|()| err.flush());
        let mut line = String::new();
        let count = std::io::stdin().read_line(&mut line)?;
        Ok((count > 0).then(|| line.trim().to_owned()))
    }

    /// A counter of work done. `total` unknown: its steps make the bar ([`Progress::expect`]).
    pub fn progress(&self, what: &str, total: Option<u64>) -> Progress {
        let speaks = !self.quiet && self.log.is_none() && self.beside.is_none();
        let visible = speaks && std::io::stderr().is_terminal();
        Progress::new(what, total, visible)
    }
}

/// The columns tables may take: the terminal's, or 100 where there is none.
pub fn width() -> u16 {
    let set = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    set.or_else(|| console::Term::stdout().size_checked().map(|(_, columns)| columns))
        .unwrap_or(100)
}
