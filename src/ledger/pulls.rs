//! What pulls brought: which facts there are, and whether the last pull reached its end.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError};
use crate::calendar::{UnixTime, Window};

/// The name among the references under which an unfinished pull is kept.
const KEPT_AS: &str = "unfinished_pull";

/// What is being pulled, or was when a pull broke off: a time in Stripe, an export, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedPull {
    pub window: Option<Window>,
    /// The file or folder of an export.
    pub export: Option<String>,
}

impl UnfinishedPull {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What may be there only in part, as the end of a sentence.
    pub fn what(&self, zone: Tz) -> String {
        let window = self.window.map(|window| {
            let local = |instant: UnixTime| {
                instant.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
            };
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
    pub fn fix(&self, zone: Tz) -> String {
        match (&self.window, &self.export) {
            (Some(window), _) => {
                let since = window.since.utc().with_timezone(&zone).to_rfc3339();
                format!("`tieout pull` completes it, and so does any pull from {since} on")
            }
            (None, _) => "read the export again with `tieout pull --from`".into(),
        }
    }
}

impl Ledger {
    /// The pull that broke off, if the last one did.
    pub fn unfinished_pull(&self) -> Result<Option<UnfinishedPull>, LedgerError> {
        let Some(text) = self.reference(KEPT_AS)? else { return Ok(None) };
        let pull: UnfinishedPull = serde_json::from_str(&text)
            .map_err(|cause| LedgerError::Unreadable { external_id: KEPT_AS.into(), cause })?;
        Ok(Some(pull).filter(|pull| !pull.is_empty()))
    }

    /// Notes that a pull begins: until [`Ledger::end_pull`], the ledger may hold half of what it
    /// brings. A window that was left half done before stays noted with it.
    pub fn begin_pull(&mut self, pull: &UnfinishedPull) -> Result<(), LedgerError> {
        let mut noted = self.unfinished_pull()?.unwrap_or_default();
        noted.window = match (noted.window, pull.window) {
            (Some(old), Some(new)) => {
                Some(Window { since: old.since.min(new.since), until: old.until.max(new.until) })
            }
            (old, new) => old.or(new),
        };
        noted.export = pull.export.clone().or(noted.export);
        self.note_pull(&noted)
    }

    /// Notes that a pull reached its end. It completes an earlier one that it contains.
    pub fn end_pull(&mut self, pull: &UnfinishedPull) -> Result<(), LedgerError> {
        let mut noted = self.unfinished_pull()?.unwrap_or_default();
        if let (Some(noted_window), Some(window)) = (noted.window, pull.window)
            && window.since <= noted_window.since
            && window.until >= noted_window.until
        {
            noted.window = None;
        }
        if pull.export.is_some() {
            noted.export = None;
        }
        self.note_pull(&noted)
    }

    /// Takes back what [`Ledger::begin_pull`] noted, for a pull that brought nothing at all.
    pub fn forget_pull(&mut self, before: Option<&UnfinishedPull>) -> Result<(), LedgerError> {
        self.note_pull(before.unwrap_or(&UnfinishedPull::default()))
    }

    fn note_pull(&mut self, pull: &UnfinishedPull) -> Result<(), LedgerError> {
        let text = serde_json::to_string(pull).expect("two optional fields always serialize");
        self.put_reference(KEPT_AS, &text)
    }

    /// Recognises the facts that the ledger holds. Objects are never removed and revisions only
    /// grow, so equal counts mean equal facts. The balance is left out: no record comes of it.
    pub fn facts_version(&self) -> Result<String, LedgerError> {
        let run = || -> rusqlite::Result<String> {
            let one =
                |query: &str| self.connection.query_row(query, [], |row| row.get::<_, i64>(0));
            let objects = one("SELECT count(*) FROM object WHERE kind <> 'balance'")?;
            let revisions =
                one("SELECT ifnull(sum(revision), 0) FROM object WHERE kind <> 'balance'")?;
            let members = one("SELECT count(*) FROM payout_member")?;
            let lists = one("SELECT count(*) FROM payout_listing")?;
            Ok(format!("{objects} objects, {revisions} revisions, {members} of {lists} payouts"))
        };
        run().map_err(|error| self.fail(error))
    }
}
