//! One thing that was checked.

use std::fmt;

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ok,
    Warning,
    Problem,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        })
    }
}

/// What was checked, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Stable, so that a script can wait for it to go away.
    pub(super) id: &'static str,
    pub(super) verdict: Verdict,
    pub(super) message: String,
    pub(super) fix: Option<String>,
    /// A key or a permission is missing.
    #[serde(skip)]
    pub(super) is_access: bool,
    /// Nobody answered: later it may be well.
    #[serde(skip)]
    pub(super) is_transient: bool,
}

impl Finding {
    fn new(id: &'static str, verdict: Verdict, message: impl Into<String>) -> Self {
        Self {
            id,
            verdict,
            message: message.into(),
            fix: None,
            is_access: false,
            is_transient: false,
        }
    }

    pub(super) fn ok(id: &'static str, message: impl Into<String>) -> Self {
        Self::new(id, Verdict::Ok, message)
    }

    pub(super) fn warning(
        id: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { fix: Some(fix.into()), ..Self::new(id, Verdict::Warning, message) }
    }

    pub(super) fn problem(
        id: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { fix: Some(fix.into()), ..Self::new(id, Verdict::Problem, message) }
    }

    /// A secret that cannot be had or used; `text` may end with a hint.
    pub(super) fn no_access(id: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        let (message, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
        let fix =
            if hint.is_empty() { "Set the secret where the configuration says." } else { hint };
        Self { is_access: true, ..Self::problem(id, message, fix) }
    }
}
