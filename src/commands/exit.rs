//! How a command ended, as the one number that cron sees. The table is in `tieout --help`.

use crate::commands::interrupt::Interrupted;
use crate::commands::session::WrongKey;
use crate::config::{ConfigError, SecretError};
use crate::ledger::LedgerError;
use crate::net::base_url::BaseUrlError;
use crate::netsuite::error::{Class, NetSuiteError};
use crate::plan::file::PlanFileError;
use crate::plan::guard::Refusal;
use crate::stripe::client::KeyError;
use crate::stripe::crawl::CrawlError;
use crate::stripe::error::{ErrorKind, StripeError};

pub const DONE: u8 = 0;
pub const FAILED: u8 = 1;
pub const CHANGES: u8 = 2;
pub const PARTLY: u8 = 3;
pub const AUTHENTICATION: u8 = 4;
pub const TRANSIENT: u8 = 5;
pub const OUT_OF_TOLERANCE: u8 = 6;
pub const REFUSED: u8 = 7;
pub const IN_DOUBT: u8 = 8;
pub const LOCKED: u8 = 11;
pub const USAGE: u8 = 64;
/// The number of a signal is added to this, as a shell does it.
pub const SIGNALLED: u8 = 128;

/// Every code but those of a signal, and what stands for those.
pub const ALL: [u8; 11] = [
    DONE,
    FAILED,
    CHANGES,
    PARTLY,
    AUTHENTICATION,
    TRANSIENT,
    OUT_OF_TOLERANCE,
    REFUSED,
    IN_DOUBT,
    LOCKED,
    USAGE,
];
/// Those of the signals by which people and systems stop a program.
pub const STOPPED: [u8; 2] = [SIGNALLED + 2, SIGNALLED + 15];

/// The codes of a run that came to its end: everything was looked at, whatever is left to a person.
pub(super) const THROUGH: [u8; 5] = [DONE, CHANGES, PARTLY, OUT_OF_TOLERANCE, IN_DOUBT];

/// Whether a run came to its end.
pub(super) fn is_through(code: u8) -> bool {
    THROUGH.contains(&code)
}

/// An exit code in words, as `tieout --help` has them.
pub fn meaning(code: u8) -> &'static str {
    match code {
        DONE => "done, or nothing differs",
        CHANGES => "changes exist",
        PARTLY => "finished, some records failed or are blocked",
        AUTHENTICATION => "authentication or permission",
        TRANSIENT => "transient, try later",
        OUT_OF_TOLERANCE => "totals differ, or a record was changed in NetSuite",
        REFUSED => "refused by a guard",
        IN_DOUBT => "in-doubt records remain",
        LOCKED => "another run holds the lock",
        USAGE => "usage or configuration",
        130 | 143 => "interrupted after a clean checkpoint",
        _ => "failed",
    }
}

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// A plan has changes, and the caller asked to be told so.
    Changes,
    /// The rest was done; some records failed or are blocked.
    Partly,
    /// Totals differ.
    OutOfTolerance,
    /// Records were sent and nobody knows what became of them.
    InDoubt,
    /// Asked to stop by this signal, and stopped where nothing is half done.
    Interrupted(u8),
    /// A key or a permission is missing.
    NoAccess,
    /// A system does not answer for now.
    TryLater,
    /// The configuration does not fit the two systems.
    Misconfigured,
    /// The worst exit code of several Stripe accounts.
    Several(u8),
    /// The exit code of a command that has said why already.
    Said(u8),
}

/// A mistake in how the command was used, found after parsing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A workbook is asked of a program that was built without.
#[cfg(not(feature = "xlsx"))]
pub(super) fn no_workbooks() -> UsageError {
    let text = "this program was built without workbooks\nhint: build it with --features xlsx";
    UsageError(text.into())
}

/// Refused because going on would do harm, found before anything was done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Guarded(pub String);

/// The exit code of a command's result.
pub fn code(result: &anyhow::Result<Outcome>) -> u8 {
    match result {
        Ok(Outcome::Done) => DONE,
        Ok(Outcome::Changes) => CHANGES,
        Ok(Outcome::Partly) => PARTLY,
        Ok(Outcome::OutOfTolerance) => OUT_OF_TOLERANCE,
        Ok(Outcome::InDoubt) => IN_DOUBT,
        Ok(Outcome::Interrupted(signal)) => SIGNALLED + signal,
        Ok(Outcome::NoAccess) => AUTHENTICATION,
        Ok(Outcome::TryLater) => TRANSIENT,
        Ok(Outcome::Misconfigured) => FAILED,
        Ok(Outcome::Several(code) | Outcome::Said(code)) => *code,
        Err(error) => error.chain().find_map(code_of).unwrap_or(FAILED),
    }
}

impl Outcome {
    /// The graver of two outcomes.
    pub(super) fn or_worse(self, other: Self) -> Self {
        let (one, two) = (code(&Ok(self)), code(&Ok(other)));
        if worse(one, two) == one { self } else { other }
    }
}

/// From the least that a person must do to the most: what is not here comes last.
const BY_GRAVITY: [u8; 11] = [
    DONE,
    CHANGES,
    PARTLY,
    TRANSIENT,
    LOCKED,
    OUT_OF_TOLERANCE,
    REFUSED,
    USAGE,
    AUTHENTICATION,
    FAILED,
    IN_DOUBT,
];

/// The graver of two exit codes.
pub fn worse(one: u8, other: u8) -> u8 {
    let gravity =
        |code: u8| BY_GRAVITY.iter().position(|known| *known == code).unwrap_or(BY_GRAVITY.len());
    if gravity(other) > gravity(one) { other } else { one }
}

fn code_of(cause: &(dyn std::error::Error + 'static)) -> Option<u8> {
    if let Some(Interrupted(signal)) = cause.downcast_ref::<Interrupted>() {
        return Some(SIGNALLED + signal);
    }
    if let Some(error) = cause.downcast_ref::<LedgerError>() {
        return Some(match error {
            LedgerError::Locked { .. } => LOCKED,
            LedgerError::OtherAccount { .. } | LedgerError::Mode { .. } => REFUSED,
            // What it wraps says more.
            LedgerError::Case { .. } => return None,
            _ => FAILED,
        });
    }
    if let Some(error) = cause.downcast_ref::<NetSuiteError>() {
        return Some(match error.class {
            Class::Authentication { .. } | Class::Permission { .. } => AUTHENTICATION,
            _ if error.is_transient() => TRANSIENT,
            _ => FAILED,
        });
    }
    let stripe = match cause.downcast_ref::<CrawlError>() {
        Some(CrawlError::Stripe(error)) => Some(error),
        _ => cause.downcast_ref::<StripeError>(),
    };
    if let Some(error) = stripe {
        return Some(match error.kind {
            ErrorKind::Authentication | ErrorKind::Permission => AUTHENTICATION,
            _ if error.is_transient() => TRANSIENT,
            _ => FAILED,
        });
    }
    let is_usage = cause.is::<ConfigError>()
        || cause.is::<KeyError>()
        || cause.is::<BaseUrlError>()
        || cause.is::<SecretError>()
        || cause.is::<UsageError>()
        || cause.is::<PlanFileError>()
        || cause.is::<crate::bank::Wrong>()
        || cause.is::<crate::calendar::WindowError>();
    if is_usage {
        return Some(USAGE);
    }
    let is_refused = cause.is::<Refusal>() || cause.is::<WrongKey>() || cause.is::<Guarded>();
    is_refused.then_some(REFUSED)
}

/// The whole chain of causes, the last hint on a line of its own.
pub fn message(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in error.chain() {
        let text = cause.to_string();
        // A cause that its parent already quotes says nothing new.
        if !parts.last().is_some_and(|last| last.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// A monitor would say something else than the manual.
    #[test]
    fn every_exit_code_means_what_the_help_says() {
        let help = crate::cli::Cli::command().render_long_help().to_string();
        for code in ALL {
            let line = format!("  {code:<9}{}", meaning(code));
            assert!(help.contains(&line), "{line} is not in the help");
        }
        assert!(help.contains(&format!("130/143  {}", meaning(143))));
    }
}
