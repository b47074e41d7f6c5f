//! Days: which of them must be looked at again, and what their posted records hold already.
//!
//! A day is derived once it is over and everything of it is known; until then it waits.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use rusqlite::params;

use super::payouts::PayoutIndex;
use super::{CaseKey, Keys, Ledger, LedgerError};
use crate::accounting::balance_transaction::{Class, classify, is_top_up};
use crate::accounting::{Policy, day};
use crate::calendar::{UnixTime, Zone, start_of_day};
use crate::ids::ExternalId;
use crate::money::Currency;
use crate::stripe::objects::{BalanceTransaction, read};
use crate::stripe::resource::Resource;

/// From an instant, up to and without another.
type Span = (UnixTime, UnixTime);

/// The same instants in as few spans as possible, so that each is looked at once.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort();
    let mut joined: Vec<Span> = Vec::new();
    for (since, until) in spans {
        match joined.last_mut() {
            Some(last) if since <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((since, until)),
        }
    }
    joined
}

impl Ledger {
    /// Remembers the days that changed facts belong to, as far as the policy keeps books by the day.
    /// `moved` are movements whose object changed: what it was presented in decides about the seat.
    pub(super) fn note_dirty_days(
        &mut self,
        moved: &BTreeSet<String>,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<(), LedgerError> {
        let mut days: BTreeSet<(NaiveDate, Currency)> = BTreeSet::new();
        let mut note = |created: UnixTime, currency: Currency, is_top_up: bool| {
            let schedule = payouts.schedule(currency);
            if policy.keeps_days_at(created) || schedule.sweeps(created) || is_top_up {
                days.insert((created.date_in(policy.zone), currency));
            }
        };
        self.for_each_dirty_movement(&mut note)?;
        for id in moved {
            // One that cannot be read is an exception of the case that it belongs to.
            if let Ok(Some(movement)) = self.view::<BalanceTransaction>(id) {
                let is_top_up = classify(&movement) == Class::TopUp;
                note(movement.created, movement.currency, is_top_up);
            }
        }
        for (date, currency) in days {
            self.note_dirty_day(date, currency)?;
        }
        Ok(())
    }

    /// When each changed balance transaction moved what, and whether it was a top-up.
    fn for_each_dirty_movement(
        &self,
        note: &mut dyn FnMut(UnixTime, Currency, bool),
    ) -> Result<(), LedgerError> {
        let mut run = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(
                "SELECT o.created, m.currency, m.type, m.category
                 FROM dirty d JOIN movement m USING (seq) JOIN object o USING (seq)",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                // The ledger wrote the code itself.
                let Ok(currency) = row.get_ref(1)?.as_str()?.parse() else { continue };
                let (kind, category) = (row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?);
                note(UnixTime(row.get(0)?), currency, is_top_up(kind, category));
            }
            Ok(())
        };
        run().map_err(|error| self.fail(error))
    }

    pub(super) fn note_dirty_day(
        &mut self,
        date: NaiveDate,
        currency: Currency,
    ) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO dirty_day (date, currency) VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![date.to_string(), currency.code()]))
            .map_err(|error| self.fail(error))?;
        Ok(())
    }

    /// Which payout comes next decides about the seats of movements where some payouts cannot be
    /// itemised: adds the payouts, and notes the days, of those around a payout that came.
    pub(super) fn look_around_payouts(
        &mut self,
        keys: &mut Keys,
        payouts: &PayoutIndex,
        policy: &Policy,
    ) -> Result<(), LedgerError> {
        let mut decided: BTreeMap<Currency, Vec<Span>> = BTreeMap::new();
        for id in keys.payouts() {
            let Some(payout) = payouts.find(id) else { continue };
            let schedule = payouts.schedule(payout.currency);
            if schedule.has_unitemised() {
                let (since, until) = schedule.reach(payout.created);
                let since = since.unwrap_or(UnixTime(i64::MIN));
                // What moved at the very instant of the next one still has this one before it.
                let until = until.map_or(UnixTime(i64::MAX), |until| UnixTime(until.0 + 1));
                decided.entry(payout.currency).or_default().push((since, until));
            }
        }
        let mut days: BTreeSet<(NaiveDate, Currency)> = BTreeSet::new();
        for (currency, spans) in decided {
            for span in joined(spans) {
                self.for_each_movement_in(span, currency, |created, payout| {
                    // It may have been swept before, and is no longer.
                    days.insert((created.date_in(policy.zone), currency));
                    if let Some(id) = payout {
                        keys.insert(CaseKey::Payout(id.to_owned()));
                    }
                })?;
            }
        }
        for (date, currency) in days {
            self.note_dirty_day(date, currency)?;
        }
        Ok(())
    }

    /// When each movement of a currency in a span was, and the payout that it is known to be in.
    fn for_each_movement_in(
        &self,
        (since, until): Span,
        currency: Currency,
        mut visit: impl FnMut(UnixTime, Option<&str>),
    ) -> Result<(), LedgerError> {
        let mut run = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(
                "SELECT o.created, p.payout FROM object o JOIN movement m USING (seq)
                 LEFT JOIN payout_member p ON p.balance_transaction = o.id
                 WHERE o.kind = 'balance_transaction' AND o.created >= ?1 AND o.created < ?2
                 AND m.currency = ?3",
            )?;
            let mut rows = statement.query(params![since.0, until.0, currency.code()])?;
            while let Some(row) = rows.next()? {
                visit(UnixTime(row.get(0)?), row.get_ref(1)?.as_str_or_null()?);
            }
            Ok(())
        };
        run().map_err(|error| self.fail(error))
    }

    /// The days to derive now: noted, and over.
    pub(super) fn days_to_derive(&self, policy: &Policy) -> Result<Vec<CaseKey>, LedgerError> {
        let rows = self
            .all_texts("SELECT date || ' ' || currency FROM dirty_day ORDER BY date, currency")?;
        let known_until = self.movements_known_until()?;
        let keys = rows.iter().filter_map(|row| {
            let (date, currency) = row.split_once(' ')?;
            let date: NaiveDate = date.parse().ok()?;
            let end = start_of_day(date.checked_add_days(Days::new(1))?, policy.zone);
            (end <= known_until).then_some(CaseKey::Day(date, currency.parse().ok()?))
        });
        Ok(keys.collect())
    }

    /// Up to when every balance transaction is known: the end of what was pulled, or the newest one
    /// of an export.
    pub fn movements_known_until(&self) -> Result<UnixTime, LedgerError> {
        let covered = self.covered_until(Resource::BalanceTransactions.as_str())?;
        let newest: Option<i64> = self
            .connection
            .query_row(
                "SELECT max(created) FROM object WHERE kind = 'balance_transaction'",
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))?;
        let newest = newest.map(UnixTime);
        Ok(covered.max(newest).unwrap_or(UnixTime(i64::MIN)))
    }

    pub(super) fn movements_of(
        &self,
        date: NaiveDate,
        zone: Zone,
    ) -> Result<Vec<BalanceTransaction>, LedgerError> {
        let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
        self.movements_between(start_of_day(date, zone), start_of_day(next, zone))
    }

    /// Everything that moved the Stripe balance in a half-open range of instants.
    fn movements_between(
        &self,
        since: UnixTime,
        until: UnixTime,
    ) -> Result<Vec<BalanceTransaction>, LedgerError> {
        let mut movements = Vec::new();
        self.for_each_between("balance_transaction", since, until, |raw| {
            let movement: BalanceTransaction = read(raw)?;
            if movement.balance_type.as_deref().is_none_or(|kind| kind == "payments") {
                movements.push(movement);
            }
            Ok(())
        })?;
        Ok(movements)
    }

    /// What posted records of a day hold, and which.
    pub(super) fn taken(
        &self,
        policy: &Policy,
        currency: Currency,
        date: NaiveDate,
    ) -> Result<Vec<(String, ExternalId)>, LedgerError> {
        let mut taken = Vec::new();
        for what in [day::FEES, day::SWEEP] {
            let first = day::batch_name(what, &policy.account, currency, date);
            let first = policy.masters.naming.outside(&first);
            taken.extend(self.members_of_posted(&first)?);
        }
        Ok(taken)
    }

    /// What the posted records called `first`, `first-2`, … hold, and which holds it.
    pub(super) fn members_of_posted(
        &self,
        first: &ExternalId,
    ) -> Result<Vec<(String, ExternalId)>, LedgerError> {
        // Everything that begins with `<first>-` sorts before `<first>.`.
        let later = format!("{first}.");
        let run = || -> rusqlite::Result<Vec<(String, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT m.member, m.record FROM batch_member m JOIN record r
                     ON r.external_id = m.record
                     WHERE m.record >= ?1 AND m.record < ?2
                     AND (r.internal_id IS NOT NULL OR r.state IN ('sending', 'in_doubt'))",
                )?
                .query_map([first.as_str(), later.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        let with_id =
            |(member, record): (String, String)| Some((member, ExternalId::new(record).ok()?));
        Ok(rows.into_iter().filter_map(with_id).collect())
    }
}
