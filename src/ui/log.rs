//! Messages for programs: one JSON object per line on standard error (`docs/schemas/log.json`).

use std::sync::{Mutex, PoisonError};

use chrono::{SecondsFormat, Utc};
use serde::Serialize;

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Info,
    Warn,
    Error,
}

/// What every line has in common, and what the messages are about just now.
#[derive(Debug)]
pub(super) struct Log {
    run: String,
    about: Mutex<About>,
}

#[derive(Debug, Default)]
struct About {
    account: Option<String>,
    ledger_run: Option<i64>,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: Level,
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ledger_run: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'a str>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl Log {
    pub(super) fn new(run: &str) -> Self {
        Self { run: run.into(), about: Mutex::default() }
    }

    /// From now on messages are of this Stripe account, of no run of its ledger yet.
    pub(super) fn enter(&self, account: Option<&str>) {
        let mut about = self.about.lock().unwrap_or_else(PoisonError::into_inner);
        *about = About { account: account.map(str::to_owned), ledger_run: None };
    }

    /// From now on messages are of this run of the ledger.
    pub(super) fn set_ledger_run(&self, run: i64) {
        self.about.lock().unwrap_or_else(PoisonError::into_inner).ledger_run = Some(run);
    }

    /// One line, ended, of `beside` where turns are taken side by side; what a person would see in
    /// colour or on a line of its own stands plain.
    pub(super) fn line(
        &self,
        level: Level,
        record: Option<&str>,
        text: &str,
        beside: Option<(&str, Option<i64>)>,
    ) -> String {
        let about = self.about.lock().unwrap_or_else(PoisonError::into_inner);
        let (account, ledger_run) = match beside {
            Some((account, run)) => (Some(account), run),
            None => (about.account.as_deref(), about.ledger_run),
        };
        let plain = anstream::adapter::strip_str(text).to_string();
        let (message, hint) = match plain.rsplit_once("\nhint: ") {
            Some((message, hint)) => (message, Some(hint)),
            None => (plain.as_str(), None),
        };
        let line = Line {
            time: Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true),
            level,
            run: &self.run,
            account,
            ledger_run,
            record,
            message: message.trim(),
            hint,
        };
        let mut text = serde_json::to_string(&line).expect("texts and numbers always serialize");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message over several lines, or with a quotation mark, would be two entries or none.
    #[test]
    fn a_message_is_one_line_of_json_with_its_ids() {
        let log = Log::new("20261127T020000Z-3fa9c1");
        log.enter(Some("eu"));
        log.set_ledger_run(12);
        let text = log.line(
            Level::Warn,
            Some("in_1"),
            "\n\u{1b}[1mno \"such\"\nthing\u{1b}[0m\nhint: look",
            None,
        );
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "warn");
        assert_eq!(line["run"], "20261127T020000Z-3fa9c1");
        assert_eq!((&line["account"], &line["ledger_run"]), (&"eu".into(), &12.into()));
        assert_eq!((&line["record"], &line["hint"]), (&"in_1".into(), &"look".into()));
        assert_eq!(line["message"], "no \"such\"\nthing");
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{text}");
    }
}
