//! What a plan made now would do with the records of a story, without making it.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::{Exception, Record};
use crate::commands::explain::gather::{Books, Gathered, object_behind};
use crate::commands::plan::standing;
use crate::ids::ExternalId;
use crate::ledger::{CaseKey, Ledger};
use crate::plan::build::Built;
use crate::plan::{self, Standing};

/// What a plan made now would do with the story's records.
pub(super) fn plan(ledger: &Ledger, books: &Books, gathered: &Gathered) -> anyhow::Result<Built> {
    let (Some(policy), Some(references)) = (&books.policy, &books.references) else {
        return Ok(Built::default());
    };
    let mut exceptions: Vec<Exception> =
        ledger.open_exceptions()?.into_iter().map(|stored| stored.exception).collect();
    let fresh = gathered.given.iter().flat_map(|given| given.derived.exceptions.clone());
    exceptions.extend(fresh);
    let standings = standings(ledger, books, gathered)?;
    let known = |id: &ExternalId| {
        let ids = ledger.internal_ids(std::slice::from_ref(id));
        ids.is_ok_and(|ids| !ids.is_empty())
    };
    let inputs = plan::Inputs {
        exceptions: &exceptions.iter().collect::<Vec<_>>(),
        held_before: &[],
        chart: &policy.chart,
        periods: &references.periods,
        closed_period: policy.options.closed_period,
        base_currency: policy.books.base_currency,
        places: &policy.books,
        known: &known,
        updates_customers: policy.masters.customers.update,
    };
    Ok(plan::build(standings, &inputs))
}

/// The story's records, and whatever they need that NetSuite does not have yet.
fn standings(ledger: &Ledger, books: &Books, gathered: &Gathered) -> anyhow::Result<Vec<Standing>> {
    let conflicts = ledger.conflicts()?;
    let mut found: BTreeMap<ExternalId, Standing> = BTreeMap::new();
    let mut open: Vec<ExternalId> = Vec::new();
    let by_itself = |record: &&Record| !gathered.summed.contains_key(record.external_id());
    for record in gathered.records().filter(by_itself) {
        let id = record.external_id();
        let row = ledger.record(id)?;
        let before = row.map(|row| standing(row, &conflicts));
        let standing = Standing {
            external_id: id.clone(),
            desired: Some(record.clone()),
            conflict: conflicts.get(id).cloned(),
            in_doubt: before.as_ref().is_some_and(|before| before.in_doubt),
            posted: before.and_then(|before| before.posted),
        };
        open.extend(record.body.needs());
        found.insert(id.clone(), standing);
    }
    let mut seen: BTreeSet<CaseKey> = gathered.keys.clone();
    while let Some(id) = open.pop() {
        if found.contains_key(&id) {
            continue;
        }
        let row = ledger.record(&id)?;
        if row.as_ref().is_some_and(|row| row.internal_id.is_some()) {
            continue;
        }
        if let Some(row) = row {
            open.extend(row.desired.iter().flat_map(|record| record.body.needs()));
            found.insert(id, standing(row, &conflicts));
            continue;
        }
        let Some(object) = object_behind(ledger, &id)? else { continue };
        for key in ledger
            .cases_of(&object, &books.payouts)?
            .into_iter()
            .filter(|key| seen.insert(key.clone()))
        {
            for record in
                books.derive(&ledger.load_case(&key, &books.payouts, &books.reading)?).records
            {
                let id = record.external_id().clone();
                open.extend(record.body.needs());
                let standing = Standing {
                    external_id: id.clone(),
                    desired: Some(record),
                    posted: None,
                    in_doubt: false,
                    conflict: None,
                };
                found.entry(id).or_insert(standing);
            }
        }
    }
    Ok(found.into_values().collect())
}
