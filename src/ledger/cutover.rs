//! The start of the books: what reaches across it, and with what the books open.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params};

use super::coverage::mark_dirty;
use super::payouts::PayoutIndex;
use super::recent::{Recent, find};
use super::{CaseKey, Keys, Ledger, LedgerError};
use crate::accounting::deposit::record_of;
use crate::accounting::policy::BeforeStart;
use crate::accounting::question::Known;
use crate::accounting::seat::Sources;
use crate::accounting::{Booked, Derived, OpeningCase, Policy, Straddler, day, opening};
use crate::ids::BalanceTransactionId;
use crate::money::{Amount, Currency};
use crate::stripe::objects::BalanceTransaction;

use super::records::RecordState;

/// The name among the references under which the balance is kept with which the books begin.
const BALANCE: &str = "balance_at_start";

impl Ledger {
    /// Everything that reaches across the start, oldest first.
    pub fn straddlers(&self) -> Result<Vec<Straddler>, LedgerError> {
        let mut all = Vec::new();
        for text in self.all_texts("SELECT content FROM straddler")? {
            all.push(read_straddler(&text)?);
        }
        all.sort();
        Ok(all)
    }

    /// The movements on the opening account, in words.
    pub fn straddling(&self) -> Result<BTreeMap<BalanceTransactionId, String>, LedgerError> {
        Ok(self.straddlers()?.into_iter().filter_map(on_opening_account).collect())
    }

    /// What the Stripe balance held at the first instant of the books, once it was worked out.
    pub fn balance_at_start(&self) -> Result<Option<BTreeMap<Currency, Amount>>, LedgerError> {
        let Some(text) = self.reference(BALANCE)? else { return Ok(None) };
        let known = serde_json::from_str(&text)
            .map_err(|cause| LedgerError::Unreadable { external_id: BALANCE.into(), cause })?;
        Ok(Some(known))
    }

    /// Keeps it for good: what is found later is activity, or a difference.
    pub fn put_balance_at_start(
        &mut self,
        amounts: &BTreeMap<Currency, Amount>,
    ) -> Result<(), LedgerError> {
        let text = serde_json::to_string(amounts).expect("amounts always serialize");
        self.put_reference(BALANCE, &text)
    }

    /// Tells the sources of a payout or a day which of their movements are on the opening account,
    /// and which are in NetSuite although they are older.
    pub(super) fn tell_past<'a>(
        &self,
        sources: &mut Sources,
        movements: impl Iterator<Item = &'a BalanceTransaction>,
        policy: &Policy,
    ) -> Result<(), LedgerError> {
        if policy.start.is_none() {
            return Ok(());
        }
        for movement in movements {
            if policy.is_past(movement.created) {
                let class = policy.class(movement);
                if class.has_record()
                    && let Ok(record) = record_of(class, movement, sources)
                    && self.is_in_netsuite(&policy.masters.naming.outside(&record))?
                {
                    sources.kept.insert(movement.id.clone());
                }
                continue;
            }
            let known = self
                .texts("SELECT content FROM straddler WHERE movement = ?1", movement.id.as_str())?;
            for text in known {
                sources.straddling.extend(on_opening_account(read_straddler(&text)?));
            }
        }
        Ok(())
    }

    fn is_in_netsuite(&self, id: &crate::ids::ExternalId) -> Result<bool, LedgerError> {
        let rows = self.records_of(std::slice::from_ref(id))?;
        Ok(rows.iter().any(|row| row.internal_id.is_some() || row.state == RecordState::Linked))
    }

    /// The opening journals that are wanted and not in NetSuite yet.
    pub(super) fn openings(
        &self,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<Vec<CaseKey>, LedgerError> {
        let opens = policy.options.before_start == BeforeStart::OpeningBalance;
        let Some(first_day) = policy.start.filter(|_| opens) else { return Ok(Vec::new()) };
        let mut currencies: BTreeSet<Currency> = payouts.currencies().collect();
        currencies.extend(self.balance_at_start()?.unwrap_or_default().into_keys());
        let mut keys = Vec::new();
        for currency in currencies {
            let id = day::batch_name(opening::OPENING, &policy.account, currency, first_day);
            if !self.is_in_netsuite(&policy.masters.naming.outside(&id))? {
                keys.push(CaseKey::Opening(currency));
            }
        }
        Ok(keys)
    }

    pub(super) fn load_opening(
        &self,
        currency: Currency,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<OpeningCase, LedgerError> {
        let known = self.balance_at_start()?;
        let zero = Amount::zero(currency);
        let first_day = policy.start.unwrap_or_default();
        let id = day::batch_name(opening::OPENING, &policy.account, currency, first_day);
        let rows = self.records_of(&[policy.masters.naming.outside(&id)])?;
        let posted = rows.into_iter().find(|row| row.internal_id.is_some());
        let mut in_transit = Vec::new();
        for payout in payouts.in_transit_at_start(currency, policy) {
            let back = payout.failure_balance_transaction.as_ref();
            let back = back.map(|id| self.view::<BalanceTransaction>(id.as_str())).transpose()?;
            // One that was back by then is in the balance.
            if !back.flatten().is_some_and(|back| policy.is_past(back.created)) {
                in_transit.push(payout.clone());
            }
        }
        Ok(OpeningCase {
            currency,
            balance: known.map(|known| known.get(&currency).copied().unwrap_or(zero)),
            in_transit,
            posted: posted.and_then(|row| row.desired),
            known: Known::default(),
        })
    }

    /// The payouts and days of movements whose place changed since the last derivation ended.
    pub(super) fn cases_of_crossed(
        &mut self,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<Vec<CaseKey>, LedgerError> {
        let mut keys = Keys::default();
        for id in std::mem::take(&mut self.crossed) {
            keys.extend(self.payout_cases_of(&id, payouts)?);
            let Some(bt) = self.view::<BalanceTransaction>(&id)? else { continue };
            let sweeps = payouts.schedule(bt.currency).sweeps(bt.created);
            if policy.keeps_days_at(bt.created) || sweeps {
                self.note_dirty_day(bt.created.date_in(policy.zone), bt.currency)?;
            }
        }
        payouts.add_those_after_negative_ones(&mut keys);
        keys.extend(self.days_to_derive(policy)?);
        Ok(keys.into_iter().collect())
    }

    /// The cases of the payouts that a movement is a member of, as far as their payout was read.
    pub(super) fn payout_cases_of(
        &self,
        movement: &str,
        payouts: &PayoutIndex,
    ) -> Result<Vec<CaseKey>, LedgerError> {
        let own = self.payouts_of_movement(movement)?.into_iter();
        Ok(own.filter(|id| payouts.find(id).is_some()).map(CaseKey::Payout).collect())
    }
}

fn on_opening_account(straddler: Straddler) -> Option<(BalanceTransactionId, String)> {
    let words = straddler.words();
    let movement = straddler.movement?;
    (straddler.booked == Booked::OpeningAccount).then_some((movement, words))
}

fn read_straddler(text: &str) -> Result<Straddler, LedgerError> {
    serde_json::from_str(text)
        .map_err(|cause| LedgerError::Unreadable { external_id: "a straddler".into(), cause })
}

/// What of a case reaches across takes the place of what did before. Gives the movements that are no
/// longer where they were, and marks them as changed.
pub(super) fn replace(
    tx: &Transaction,
    key: &str,
    derived: &Derived,
) -> rusqlite::Result<BTreeSet<String>> {
    let before: BTreeSet<String> = tx
        .prepare_cached(
            "SELECT movement FROM straddler WHERE case_key = ?1 AND movement IS NOT NULL",
        )?
        .query_map([key], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    tx.prepare_cached("DELETE FROM straddler WHERE case_key = ?1")?.execute([key])?;
    let mut after = BTreeSet::new();
    for (place, straddler) in (0_i64..).zip(&derived.straddlers) {
        let content = serde_json::to_string(straddler).expect("a straddler always serializes");
        let movement = straddler.movement.as_ref().map(AsRef::<str>::as_ref);
        after.extend(movement.map(str::to_owned));
        tx.prepare_cached(
            "INSERT INTO straddler (case_key, place, movement, content) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![key, place, movement, content])?;
    }
    let moved: BTreeSet<String> = before.symmetric_difference(&after).cloned().collect();
    for movement in &moved {
        mark_dirty(tx, find(tx, &Recent::default(), movement)?)?;
    }
    Ok(moved)
}
