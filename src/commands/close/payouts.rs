//! Payouts, with the days on which the books have them.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::gather::{Inputs, money};
use crate::ids::ExternalId;
use crate::ledger::{Ledger, LedgerError, PostedRow};
use crate::money::Amount;
use crate::netsuite::record::Body;
use crate::reconcile::close::books::Books;
use crate::reconcile::close::facts::{Payout, Tally};
use crate::stripe::objects::Payout as StripePayout;

/// Every payout, with the days on which the books have it.
pub(super) fn payouts(inputs: &Inputs) -> anyhow::Result<Vec<Payout>> {
    let Inputs { ledger, policy, references, .. } = inputs;
    let mut payouts = Vec::new();
    ledger.for_each_view::<StripePayout, LedgerError>("payout", |payout| {
        payouts.push(payout);
        Ok(())
    })?;
    payouts.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    let books = Books::new(
        &inputs.period,
        &references.periods,
        BTreeSet::new(),
        policy.books.base_currency,
    );
    let balances = money(policy);
    let mut found = Vec::with_capacity(payouts.len());
    let mut taken_over: HashMap<String, NaiveDate> = HashMap::new();
    for payout in &payouts {
        let arrival = payout.arrival_date.utc_date();
        let external_id = policy.masters.naming.record_of(payout.id.as_str());
        let rows = match &external_id {
            Some(id) => of_payout(ledger, id)?,
            None => Vec::new(),
        };
        let mut booked = None;
        let mut period = None;
        let mut is_journal = false;
        let mut is_to_balance = false;
        for (row, body) in rows.iter().filter_map(|row| Some((row, row.posted.as_ref()?))) {
            let Some(header) = body.header() else { continue };
            let day = books.day(header.tran_date, header.posting_period.as_ref());
            booked = Some(booked.map_or(day, |one: NaiveDate| one.max(day)));
            is_journal |= matches!(body, Body::JournalEntry(_));
            is_to_balance |=
                matches!(body, Body::Deposit(deposit) if balances.contains(&deposit.account));
            let named = references
                .periods
                .iter()
                .find(|known| Some(&known.id) == header.posting_period.as_ref());
            period = named.map(|known| known.name.clone());
            if matches!(body, Body::Deposit(_)) {
                let others = row.sources.iter().skip(1);
                taken_over.extend(others.map(|source| (source.clone(), day)));
            }
        }
        found.push(Payout {
            id: payout.id.to_string(),
            external_id,
            created: payout.created,
            arrival,
            status: payout.status.clone(),
            is_automatic: payout.automatic,
            is_older: policy.is_older(arrival),
            amount: payout.amount(),
            returned: None,
            booked,
            is_journal,
            is_to_balance,
            taken_over: None,
            period,
            banked: Amount::zero(payout.currency),
            bank_line: None,
            trace: payout.trace().map(str::to_owned),
            descriptor: payout.statement_descriptor.clone(),
            members: Tally::default(),
        });
    }
    for payout in &mut found {
        payout.taken_over = taken_over.get(&payout.id).copied();
    }
    Ok(found)
}

/// The deposit or journal of a payout, or all parts of its deposit; none unless all are posted.
fn of_payout(ledger: &Ledger, id: &ExternalId) -> Result<Vec<PostedRow>, LedgerError> {
    if let Some(row) = ledger.posted_record(id)? {
        return Ok(vec![row]);
    }
    let ids = parts(ledger, id)?;
    let rows = ids.iter().map(|part| ledger.posted_record(part));
    let rows: Vec<Option<PostedRow>> = rows.collect::<Result<_, _>>()?;
    Ok(rows.into_iter().collect::<Option<_>>().unwrap_or_default())
}

/// The parts of a deposit that is too long for one, where it is.
pub(super) fn parts(ledger: &Ledger, id: &ExternalId) -> Result<Vec<ExternalId>, LedgerError> {
    (1..)
        .map(|part: u32| id.with_suffix(&part.to_string()))
        .map_while(|part| match ledger.records_of(std::slice::from_ref(&part)) {
            Ok(rows) if rows.is_empty() => None,
            Ok(_) => Some(Ok(part)),
            Err(error) => Some(Err(error)),
        })
        .collect()
}
