//! What broke off: a pull that did not reach its end, or an export that was not read to its end.

use serde::{Deserialize, Serialize};

use super::coverage::window_of;
use super::{Ledger, LedgerError};
use crate::calendar::{UnixTime, Window, Zone};

/// The name among the references under which an unfinished export is kept.
const KEPT_AS: &str = "unfinished_pull";

/// What is being pulled, or was when a pull broke off: a time in Stripe, an export, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedPull {
    pub window: Option<Window>,
    /// The file or folder of an export.
    pub export: Option<String>,
}

/// How an export is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    export: Option<String>,
}

impl UnfinishedPull {
    /// What may be there only in part, as the end of a sentence.
    pub fn what(&self, zone: Zone) -> String {
        let window = self.window.map(|window| {
            let local = |instant: UnixTime| instant.minute_in(zone);
            format!(
                "what happened from {} up to {} ({zone})",
                local(window.since),
                local(window.until)
            )
        });
        let export = self.export.as_ref().map(|path| format!("the export {path}"));
        window.into_iter().chain(export).collect::<Vec<_>>().join(" and ")
    }

    /// How to complete it.
    pub fn fix(&self) -> &'static str {
        match (&self.window, &self.export) {
            (Some(_), None) => "`tieout pull` goes on with it",
            (Some(_), Some(_)) => {
                "`tieout pull` goes on with it; then read the export again with `tieout pull --from`"
            }
            (None, _) => "read the export again with `tieout pull --from`",
        }
    }
}

impl Ledger {
    /// What broke off, if anything did.
    pub fn unfinished_pull(&self) -> Result<Option<UnfinishedPull>, LedgerError> {
        let run = || -> rusqlite::Result<Option<Window>> {
            let mut statement = self.connection.prepare_cached("SELECT since, until FROM pull")?;
            let mut rows = statement.query([])?;
            rows.next()?.map(window_of).transpose()
        };
        let window = run().map_err(|error| self.fail(error))?;
        let export = self.unfinished_export()?;
        let is_any = window.is_some() || export.is_some();
        Ok(is_any.then_some(UnfinishedPull { window, export }))
    }

    fn unfinished_export(&self) -> Result<Option<String>, LedgerError> {
        let Some(text) = self.reference(KEPT_AS)? else { return Ok(None) };
        let kept: Kept = serde_json::from_str(&text)
            .map_err(|cause| LedgerError::Unreadable { external_id: KEPT_AS.into(), cause })?;
        Ok(kept.export)
    }

    /// Notes that an export is being read: until [`Ledger::end_export`], the ledger may hold half
    /// of it. Gives back what was noted before.
    pub fn begin_export(&mut self, path: &str) -> Result<Option<String>, LedgerError> {
        let before = self.unfinished_export()?;
        self.note_export(Some(path.to_owned()))?;
        Ok(before)
    }

    /// Notes that the export was read to its end.
    pub fn end_export(&mut self) -> Result<(), LedgerError> {
        self.note_export(None)
    }

    /// Takes back what [`Ledger::begin_export`] noted, for an export that brought nothing at all.
    pub fn forget_export(&mut self, before: Option<String>) -> Result<(), LedgerError> {
        self.note_export(before)
    }

    fn note_export(&mut self, export: Option<String>) -> Result<(), LedgerError> {
        let text = serde_json::to_string(&Kept { export }).expect("an optional text serializes");
        self.put_reference(KEPT_AS, &text)
    }
}
