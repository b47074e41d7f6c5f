//! Records that another tool made in NetSuite and that are ours from now on.

use rusqlite::{OptionalExtension, params};

use super::{Ledger, LedgerError};
use crate::ids::{ExternalId, InternalId};
use crate::netsuite::record::Body;

const KEPT: &str = "SELECT internal_id FROM record
     WHERE external_id = ?1 AND keeps_id AND internal_id IS NOT NULL";

impl Ledger {
    /// Takes a record over: NetSuite holds it as `body`. With `keeps_id` it has another external
    /// id there, or none, and keeps that.
    pub fn adopt(
        &mut self,
        body: &Body,
        internal_id: &InternalId,
        keeps_id: bool,
    ) -> Result<(), LedgerError> {
        let id = body.external_id();
        let json = serde_json::to_string(body).expect("a record always serializes");
        self.connection
            .execute(
                // What is wanted is compared with what is there at the next plan.
                "UPDATE record SET posted = packed(?2), internal_id = ?3, state = 'posted',
                        settled_hash = NULL, keeps_id = ?4 WHERE external_id = ?1",
                params![id.as_str(), json, internal_id.as_str(), keeps_id],
            )
            .map_err(|error| self.fail(error))?;
        let sql = "DELETE FROM unsent WHERE external_id = ?1";
        self.connection.execute(sql, [id.as_str()]).map_err(|error| self.fail(error))?;
        let note = serde_json::json!({"record": id.as_str(), "internal_id": internal_id.as_str()});
        self.journal("adopted", &note.to_string())
    }

    /// Those of `ids` whose records keep another external id in NetSuite, with NetSuite's own. Each is
    /// looked up by its key: this is asked for every record that is sent.
    pub fn records_that_keep_ids(
        &self,
        ids: &[ExternalId],
    ) -> Result<Vec<(ExternalId, InternalId)>, LedgerError> {
        let find = |id: &ExternalId| -> rusqlite::Result<Option<String>> {
            self.connection
                .prepare_cached(KEPT)?
                .query_row([id.as_str()], |row| row.get(0))
                .optional()
        };
        let mut found = Vec::new();
        for id in ids {
            if let Some(internal) = find(id).map_err(|error| self.fail(error))? {
                found.push((id.clone(), InternalId::new(internal)));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::SystemClock;

    /// A push asks this for each record that it sends: were the table read for it, a push of a hundred
    /// thousand would take hours.
    #[test]
    fn a_record_that_keeps_its_id_is_found_by_its_key() {
        let ledger = Ledger::in_memory(std::sync::Arc::new(SystemClock)).unwrap();
        ledger
            .connection
            .execute_batch(
                "INSERT INTO record (external_id, folded_key, kind, internal_id, state, keeps_id)
                 VALUES ('in_1', 1, 'invoice', '7', 'posted', 1),
                        ('in_2', 2, 'invoice', '8', 'posted', 0);",
            )
            .unwrap();
        let ids = ["in_1", "in_2", "in_3"].map(|id| ExternalId::new(id).unwrap());
        let kept = ledger.records_that_keep_ids(&ids).unwrap();
        assert_eq!(kept, [(ids[0].clone(), InternalId::new("7"))]);
        let plan: String = ledger
            .connection
            .query_row(&format!("EXPLAIN QUERY PLAN {KEPT}"), ["in_1"], |row| row.get(3))
            .unwrap();
        assert!(plan.starts_with("SEARCH record"), "{plan}");
    }
}
