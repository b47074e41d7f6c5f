//! Records that another tool made in NetSuite and that are ours from now on.

use rusqlite::params;

use super::{Ledger, LedgerError, RecordRow};
use crate::ids::{ExternalId, InternalId};
use crate::netsuite::record::Body;

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
                "UPDATE record SET posted = ?2, internal_id = ?3, state = 'posted',
                        settled_hash = NULL, keeps_id = ?4 WHERE external_id = ?1",
                params![id.as_str(), json, internal_id.as_str(), keeps_id],
            )
            .map_err(|error| self.fail(error))?;
        let sql = "DELETE FROM unsent WHERE external_id = ?1";
        self.connection.execute(sql, [id.as_str()]).map_err(|error| self.fail(error))?;
        let note = serde_json::json!({"record": id.as_str(), "internal_id": internal_id.as_str()});
        self.journal("adopted", &note.to_string())
    }

    /// Those of `ids` whose records keep another external id in NetSuite.
    pub fn records_that_keep_ids(&self, ids: &[ExternalId]) -> Result<Vec<RecordRow>, LedgerError> {
        let any: bool = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM record WHERE keeps_id)")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|error| self.fail(error))?;
        if !any {
            return Ok(Vec::new());
        }
        Ok(self.records_of(ids)?.into_iter().filter(|row| row.keeps_id).collect())
    }
}
