//! Reading records back, comparing them with what was sent, and remembering which are verified.

use std::collections::{BTreeMap, HashMap};

use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, RecordRow, RecordState};
use crate::netsuite::record::{Body, RecordGroup, RecordKind, Ref};
use crate::push::witness::{Ids, Witness};
use crate::reconcile::drift::{Deposited, Drift, drift};

/// What reading back brought.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// Records that were read back.
    pub count: usize,
    pub drifts: Vec<Drift>,
    /// Differences that a person has accepted, with the note.
    pub noted: Vec<(Drift, String)>,
}

/// Where every payment and refund is deposited, by its external id.
pub(super) type Deposits = HashMap<ExternalId, InternalId>;

/// The deposits of posted records.
pub(super) fn deposits(rows: &[RecordRow]) -> Deposits {
    let mut deposits = Deposits::new();
    for row in rows {
        let (Some(Body::Deposit(deposit)), Some(id)) = (&row.posted, &row.internal_id) else {
            continue;
        };
        for line in &deposit.payments {
            if let Ref::External(payment) = &line.record {
                deposits.insert(payment.clone(), id.clone());
            }
        }
    }
    deposits
}

/// Compares posted records with what NetSuite shows. Without `deposits` it is not looked at where
/// payments are deposited.
pub(super) async fn check(
    ledger: &mut Ledger,
    witness: &Witness,
    rows: Vec<RecordRow>,
    deposits: Option<&Deposits>,
) -> anyhow::Result<Checked> {
    let notes = ledger.noted_drifts()?;
    let mut checked = Checked::default();
    let mut states = Vec::new();
    let mut groups: BTreeMap<bool, Vec<RecordRow>> = BTreeMap::new();
    let mut items = Vec::new();
    for row in rows {
        match row.kind.group() {
            RecordGroup::Item => items.push(row),
            group => {
                groups.entry(group == RecordGroup::Transaction).or_default().push(row);
            }
        }
    }
    let groups = groups.into_iter().map(|(is_transaction, rows)| {
        (if is_transaction { RecordGroup::Transaction } else { RecordGroup::Entity }, rows)
    });
    for (group, rows) in groups.chain([(RecordGroup::Item, items)]) {
        let ids: Vec<InternalId> = rows.iter().filter_map(|row| row.internal_id.clone()).collect();
        let observed = witness.observe(group, &ids).await?;
        for row in &rows {
            let (Some(body), Some(id)) = (&row.posted, &row.internal_id) else { continue };
            let needs: Ids = ledger.internal_ids(&body.needs())?;
            let deposited = where_deposited(row, deposits);
            let expected = witness.expected(body, Some(id), deposited, &needs)?;
            let found = drift(&expected, observed.get(id));
            checked.count += 1;
            let mut is_as_posted = true;
            for drift in found {
                let key = (drift.external_id.to_string(), drift.sentence());
                match notes.get(&key) {
                    Some(note) => checked.noted.push((drift, note.clone())),
                    None => {
                        is_as_posted = false;
                        checked.drifts.push(drift);
                    }
                }
            }
            let state = if is_as_posted { RecordState::Verified } else { RecordState::Drifted };
            let may_change = matches!(
                row.state,
                RecordState::Posted | RecordState::Verified | RecordState::Drifted
            );
            if may_change && row.state != state {
                states.push((row.external_id.clone(), state));
            }
        }
    }
    ledger.set_states(&states)?;
    Ok(checked)
}

fn where_deposited(row: &RecordRow, deposits: Option<&Deposits>) -> Deposited {
    let can_be = matches!(row.kind, RecordKind::CustomerPayment | RecordKind::CustomerRefund);
    match deposits {
        Some(deposits) if can_be => {
            deposits.get(&row.external_id).cloned().map_or(Deposited::Nowhere, Deposited::On)
        }
        _ => Deposited::Unknown,
    }
}
