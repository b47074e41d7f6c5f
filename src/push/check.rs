//! Reading records back, comparing them with what was sent, and remembering which are verified.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::accounting::chart::NoAccount;
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, LedgerError, RecordRow, RecordState};
use crate::netsuite::error::NetSuiteError;
use crate::netsuite::extras::Shown;
use crate::netsuite::mapped::Columns;
use crate::netsuite::record::{Body, RecordGroup, RecordKind, Ref};
use crate::push::witness::{Ids, Witness};
use crate::reconcile::aspect::Aspect;
use crate::reconcile::drift::{Deposited, Drift, drift};
use crate::reconcile::mapped::mapped;

/// Why records could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("what was posted cannot be read back: {0}")]
    NetSuite(#[from] NetSuiteError),
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("{0}")]
    Chart(#[from] NoAccount),
}

/// What reading back brought.
#[derive(Debug, Default)]
pub struct Checked {
    /// Records that were read back.
    pub count: usize,
    pub drifts: Vec<Drift>,
    /// Differences that a person has accepted, with the note.
    pub noted: Vec<(Drift, String)>,
    /// Mapped fields that NetSuite does not let this role query: they were not compared.
    pub unread: BTreeSet<String>,
}

/// Where every payment and refund is deposited, by its external id.
pub type Deposits = HashMap<ExternalId, InternalId>;

/// The deposits of posted records.
pub fn deposits(rows: &[RecordRow]) -> Deposits {
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

/// Records that are read back and compared at a time: what was posted may not fit in memory.
const RECORDS_AT_ONCE: usize = 2_000;

/// Compares records that were just posted with what NetSuite shows, apart from where payments are deposited.
pub async fn check_posted(
    ledger: &mut Ledger,
    witness: &Witness,
    posted: &[ExternalId],
) -> Result<Checked, CheckError> {
    let mut checked = Checked::default();
    for some in posted.chunks(RECORDS_AT_ONCE) {
        let rows = ledger.records_of(some)?;
        checked.add(check(ledger, witness, rows, None).await?);
    }
    Ok(checked)
}

/// Compares posted records with what NetSuite shows. Without `deposits` it is not looked at where
/// payments are deposited.
pub async fn check(
    ledger: &mut Ledger,
    witness: &Witness,
    rows: Vec<RecordRow>,
    deposits: Option<&Deposits>,
) -> Result<Checked, CheckError> {
    let mut checked = Checked::default();
    let mut groups: BTreeMap<RecordKind, Vec<RecordRow>> = BTreeMap::new();
    for row in rows {
        groups.entry(first_of_group(row.kind)).or_default().push(row);
    }
    for (kind, rows) in groups {
        let ids: Vec<InternalId> = rows.iter().filter_map(|row| row.internal_id.clone()).collect();
        let observed = witness.observe(kind.group(), &ids).await?;
        let columns = Columns::of(rows.iter().filter_map(|row| row.posted.as_ref()));
        let shown = witness.mapped(kind.group(), &ids, &columns).await?;
        if shown.is_none() {
            checked.unread.extend(columns.names().into_iter().map(str::to_owned));
        }
        for row in &rows {
            let (Some(body), Some(id)) = (&row.posted, &row.internal_id) else { continue };
            let needs: Ids = ledger.internal_ids(&body.needs())?;
            let deposited = where_deposited(row, deposits);
            let expected = witness.expected(body, Some(id), deposited, &needs)?;
            checked.count += 1;
            let found = drift(&expected, observed.get(id)).into_iter();
            let counts = |d: &Drift| !(row.keeps_id && d.aspect == Aspect::ExternalId);
            checked.drifts.extend(found.filter(counts));
            if let (Some(shown), true) = (&shown, observed.contains_key(id)) {
                let none = Shown::default();
                checked.drifts.extend(mapped(body, id, shown.get(id).unwrap_or(&none)));
            }
        }
        remember(ledger, &rows, &checked.drifts)?;
    }
    checked.set_accepted_aside(&ledger.noted_drifts()?);
    Ok(checked)
}

impl Checked {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.drifts.extend(other.drifts);
        self.noted.extend(other.noted);
        self.unread.extend(other.unread);
    }

    /// Differences that a person has accepted are known, and count no more.
    pub fn set_accepted_aside(&mut self, notes: &BTreeMap<(String, String), String>) {
        for drift in std::mem::take(&mut self.drifts) {
            match notes.get(&(drift.external_id.to_string(), drift.sentence())) {
                Some(note) => self.noted.push((drift, note.clone())),
                None => self.drifts.push(drift),
            }
        }
    }
}

/// Customers, items and posting records are each read together.
const fn first_of_group(kind: RecordKind) -> RecordKind {
    match kind.group() {
        RecordGroup::Entity => RecordKind::Customer,
        RecordGroup::Item => RecordKind::ServiceSaleItem,
        RecordGroup::Transaction => RecordKind::Invoice,
    }
}

/// Records that are as they were sent are verified; the others have drifted.
fn remember(ledger: &mut Ledger, rows: &[RecordRow], drifts: &[Drift]) -> Result<(), LedgerError> {
    let drifted: BTreeSet<&ExternalId> = drifts.iter().map(|drift| &drift.external_id).collect();
    let states: Vec<(ExternalId, RecordState)> = rows
        .iter()
        .filter_map(|row| {
            let is_drifted = drifted.contains(&row.external_id);
            let state = if is_drifted { RecordState::Drifted } else { RecordState::Verified };
            let may_change = matches!(
                row.state,
                RecordState::Posted | RecordState::Verified | RecordState::Drifted
            );
            (may_change && row.state != state).then(|| (row.external_id.clone(), state))
        })
        .collect();
    ledger.set_states(&states)
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
