//! Why a file is refused.

/// What is wrong with a file, at which of its lines, and what to do about it. The caller names the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{cause}\nhint: {fix}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct Wrong {
    pub line: Option<usize>,
    pub cause: String,
    pub fix: String,
}

/// Of a value that cannot be read, so much is shown.
const SHOWN_CHARS_MAX: usize = 60;

impl Wrong {
    pub(super) fn file(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { line: None, cause: cause.into(), fix: fix.into() }
    }

    pub(super) fn at(line: usize, cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { line: Some(line), cause: cause.into(), fix: fix.into() }
    }

    /// A field whose value is not what it must be.
    pub(super) fn value(
        line: usize,
        field: &str,
        value: &str,
        why: impl std::fmt::Display,
        fix: &str,
    ) -> Self {
        let shown: String = value.chars().take(SHOWN_CHARS_MAX).collect();
        Self::at(line, format!("{field} is `{shown}`: {why}"), fix)
    }

    /// What a file of a standard must have and has not.
    pub(super) fn missing(line: usize, what: &str) -> Self {
        Self::at(line, format!("{what} is missing"), WHOLE_FILE)
    }
}

/// The fix of a file that is not as its standard says.
pub(super) const WHOLE_FILE: &str =
    "take the file as the bank gives it, whole and unedited; if it is, name its --format";
