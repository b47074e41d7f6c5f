//! Records in NetSuite that should not be there: others under our external ids, and records like
//! ours that the ledger does not know.

use std::collections::HashMap;

use chrono::NaiveDate;

use crate::ids::{ExternalId, InternalId};
use crate::ledger::RecordRow;
use crate::netsuite::error::NetSuiteError;
use crate::netsuite::record::RecordKind;
use crate::push::witness::Witness;
use crate::reconcile::aspect::Aspect;
use crate::reconcile::drift::Drift;

/// Beginnings of our external ids: Stripe's own of the objects that make posting records.
const OURS: [&str; 11] =
    ["in_", "ch_", "py_", "re_", "pyr_", "po_", "cn_", "dp_", "du_", "txn_", "cbtxn_"];

/// Kinds of record that post.
const POSTING: [RecordKind; 6] = [
    RecordKind::Invoice,
    RecordKind::CreditMemo,
    RecordKind::CustomerPayment,
    RecordKind::CustomerRefund,
    RecordKind::Deposit,
    RecordKind::JournalEntry,
];

/// Records in NetSuite that carry our external ids, or ids like ours, and are not the ledger's.
///
/// Records before `since` belong to the time before the cut-over, and are not looked at.
pub async fn strangers(
    witness: &Witness,
    rows: &[RecordRow],
    since: Option<NaiveDate>,
) -> Result<Vec<Drift>, NetSuiteError> {
    let known: HashMap<String, &RecordRow> =
        rows.iter().map(|row| (row.external_id.folded(), row)).collect();
    let mut found: Vec<(RecordKind, InternalId, ExternalId)> = Vec::new();
    for kind in POSTING {
        let mut take = |internal_id: InternalId, external_id: ExternalId| {
            let row = known.get(&external_id.folded());
            let is_it = row.is_some_and(|row| row.internal_id.as_ref() == Some(&internal_id));
            let like_ours = OURS.iter().any(|start| external_id.folded().starts_with(start));
            if !is_it && (row.is_some() || like_ours) {
                found.push((kind, internal_id, external_id));
            }
        };
        witness.reader().each_external_id(kind, since, &mut take).await?;
    }
    let drifts = found.into_iter().map(|(kind, internal_id, external_id)| {
        let now = format!("{} {internal_id}", kind.title().to_lowercase());
        let row = known.get(&external_id.folded());
        let (aspect, posted) = match row {
            None => (Aspect::Unknown, "nothing".to_owned()),
            Some(row) => (
                Aspect::Taken,
                row.internal_id.as_ref().map_or_else(
                    || "nothing of ours yet".to_owned(),
                    |id| format!("internal id {id}"),
                ),
            ),
        };
        let kind = row.map_or(kind, |row| row.kind);
        let subject = (&external_id, kind);
        Drift::new(subject, Some(&internal_id), aspect, "record", posted, now)
    });
    Ok(drifts.collect())
}
