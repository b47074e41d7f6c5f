//! Movements of the Stripe balance: kept one by one where the reports need them, added up where not.
//!
//! The JSON is read of those that are kept, and no others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::gather::{Inputs, at, places};
use crate::accounting::Policy;
use crate::accounting::balance_transaction::{Class, fees};
use crate::accounting::chart::Role;
use crate::accounting::seat::{Charged, Sources};
use crate::calendar::{UnixTime, day_before, start_of_day};
use crate::ledger::{FlatMovement, LedgerError, PayoutIndex};
use crate::money::{Amount, Currency};
use crate::reconcile::close::facts::{Charges, Movement, Payout, Period};
use crate::stripe::objects::{BalanceTransaction, read};

/// What is known of the movements.
pub(super) struct Moved {
    pub(super) movements: Vec<Movement>,
    pub(super) categories: Vec<String>,
    pub(super) sums: BTreeMap<Currency, Sums>,
    /// Of those that a balance reading named, what was pulled since.
    pub(super) known_later: BTreeSet<String>,
    pub(super) known_until: Option<UnixTime>,
    /// Those of the movements that have no record and are booked with the journal of their day.
    on_day: Vec<usize>,
}

/// Movements of one currency that are not kept one by one.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// All before the instant whose balance is known.
    pub(super) before_opening: Amount,
    /// All before the start of the books.
    pub(super) past: Amount,
    /// Of those, what payouts of these books have paid out, at both ends of the period.
    pub(super) paid_out_at_start: Amount,
    pub(super) paid_out_at_end: Amount,
    /// Of these books, before the period and after it.
    pub(super) before: Amount,
    pub(super) after: Amount,
    pub(super) charged_by_utc: (usize, Amount),
}

impl Sums {
    pub(super) fn new(currency: Currency) -> Self {
        let zero = Amount::zero(currency);
        Self {
            before_opening: zero,
            past: zero,
            paid_out_at_start: zero,
            paid_out_at_end: zero,
            before: zero,
            after: zero,
            charged_by_utc: (0, zero),
        }
    }
}

/// Reads the movements; completes what is known of the payouts.
pub(super) fn moved(inputs: &Inputs, payouts: &mut [Payout]) -> anyhow::Result<Moved> {
    let utc = |day| start_of_day(day, crate::calendar::Zone::UTC);
    let next = inputs.period.last_day.succ_opt().unwrap_or(inputs.period.last_day);
    let mut walk = Walk {
        policy: inputs.policy,
        period: &inputs.period,
        sources: Sources::default().with_straddling(inputs.ledger.straddling()?),
        places: places(payouts),
        payouts,
        categories: Vec::new(),
        category_of: HashMap::new(),
        utc_month: (utc(inputs.period.first_day), utc(next)),
        opening_since: inputs.balances.opening_since(),
        later: inputs.balances.later_ids(),
        moved: Moved {
            movements: Vec::new(),
            categories: Vec::new(),
            sums: BTreeMap::new(),
            known_later: BTreeSet::new(),
            known_until: None,
            on_day: Vec::new(),
        },
        index: inputs.ledger.payout_index()?,
    };
    inputs.ledger.for_each_movement_and_json(|flat, json| walk.take(flat, json))?;
    let Walk { mut moved, categories, .. } = walk;
    moved.categories = categories;
    Ok(moved)
}

/// What takes the movements; on a thread of its own, so it has no hold of the ledger.
struct Walk<'a> {
    policy: &'a Policy,
    period: &'a Period,
    sources: Sources,
    places: HashMap<String, u32>,
    payouts: &'a mut [Payout],
    categories: Vec<String>,
    category_of: HashMap<String, u16>,
    /// The same days as the period's, by UTC.
    utc_month: (UnixTime, UnixTime),
    opening_since: Option<UnixTime>,
    later: BTreeSet<String>,
    moved: Moved,
    index: PayoutIndex,
}

impl Walk<'_> {
    fn take(
        &mut self,
        flat: &FlatMovement,
        json: &dyn Fn() -> Result<Vec<u8>, LedgerError>,
    ) -> anyhow::Result<()> {
        let (policy, window) = (self.policy, self.period.window);
        let currency: Currency = flat.currency.parse()?;
        let net = Amount::new(flat.net, currency);
        let member = flat.payout.and_then(|payout| self.places.get(payout).copied());
        let is_past = policy.is_past(flat.created);
        // What is of nothing else may be of a day that came to nothing, with something later.
        let is_settled = flat.source.is_some() && self.left_before(member, flat);
        let is_in_utc = self.utc_month.0 <= flat.created && flat.created < self.utc_month.1;
        let is_kept = !is_past && flat.created < window.until && !is_settled;
        let bt: Option<BalanceTransaction> = if is_kept || is_in_utc || flat.payout.is_none() {
            // One that cannot be read is an exception of its own case.
            let Ok(bt) = read(&json()?) else { return Ok(()) };
            Some(bt)
        } else {
            None
        };
        if bt.as_ref().is_some_and(|bt| !bt.is_of_payments()) {
            return Ok(());
        }
        if self.later.contains(flat.id) {
            self.moved.known_later.insert(flat.id.to_owned());
        }
        let known = self.moved.known_until.map_or(flat.created, |known| known.max(flat.created));
        self.moved.known_until = Some(known);
        let is_before_opening = self.opening_since.is_some_and(|since| flat.created < since);
        let paid_out = if is_past { self.paid_out(member, flat) } else { [false; 2] };
        let sums = self.moved.sums.entry(currency).or_insert_with(|| Sums::new(currency));
        if is_before_opening {
            sums.before_opening -= net;
        }
        match (is_past, flat.created) {
            (true, _) => {
                sums.past += net;
                let [at_start, at_end] = paid_out;
                sums.paid_out_at_start += if at_start { net } else { Amount::zero(currency) };
                sums.paid_out_at_end += if at_end { net } else { Amount::zero(currency) };
            }
            (false, created) if created < window.since => sums.before += net,
            (false, created) if created >= window.until => sums.after += net,
            _ => {}
        }
        self.tell_payout(flat, member);
        let Some(bt) = bt else { return Ok(()) };
        let class = self.sources.class(&bt, policy);
        let charges = charges(&bt, class);
        if is_in_utc && !is_past {
            let charged: i64 =
                charges.iter().filter(|(role, _)| role.is_fee()).map(|(_, minor)| minor).sum();
            if charged != 0 {
                let sums = self.moved.sums.entry(currency).or_insert_with(|| Sums::new(currency));
                sums.charged_by_utc.0 += 1;
                sums.charged_by_utc.1 += Amount::new(charged, currency);
            }
        }
        if is_kept {
            if matches!(class, Class::Line(_)) && self.is_on_day(&bt) {
                self.moved.on_day.push(self.moved.movements.len());
            }
            let movement = self.movement(flat, currency, class, charges, member);
            self.moved.movements.push(movement);
        }
        Ok(())
    }

    fn is_on_day(&self, bt: &BalanceTransaction) -> bool {
        let presented = self.sources.presented(bt);
        let seat = self.policy.seat(bt, presented, &self.index.schedule(bt.currency));
        matches!(seat.charged, Charged::OnDay)
    }

    /// Whether its payout was deposited before the period began: then both sides have let go of it.
    fn left_before(&self, member: Option<u32>, flat: &FlatMovement) -> bool {
        let own = if flat.kind == "payout" {
            flat.source.and_then(|source| self.places.get(source).copied())
        } else {
            member
        };
        let first_day = self.period.first_day;
        flat.created < self.period.window.since
            && own.is_some_and(|place| {
                let payout = &self.payouts[at(place)];
                // One that the bank never had is not settled before it is back.
                !(flat.kind == "payout" && payout.is_to_balance)
                    && payout.deposited().is_some_and(|day| day < first_day)
                    && payout.created < self.period.window.since
            })
    }

    /// Whether a payout of these books has paid an older movement out, at both ends of the period.
    fn paid_out(&self, member: Option<u32>, flat: &FlatMovement) -> [bool; 2] {
        let payout = member.map(|place| &self.payouts[at(place)]);
        // A payout's own row is no member of it; an older manual one may be of a later payout.
        let payout = payout.filter(|payout| flat.source != Some(payout.id.as_str()));
        let Some(payout) = payout.filter(|p| !self.policy.is_past(p.created)) else {
            return [false; 2];
        };
        let days = [day_before(self.period.first_day), self.period.last_day];
        days.map(|day| payout.deposited().is_some_and(|deposited| deposited <= day))
    }

    /// What the payout is made of, and when it came back.
    fn tell_payout(&mut self, flat: &FlatMovement, member: Option<u32>) {
        let moves = flat.source.and_then(|source| self.places.get(source).copied());
        let is_own = flat.kind == "payout";
        let is_return = matches!(flat.kind, "payout_failure" | "payout_cancel")
            || flat.category == "payout_reversal";
        if let Some(place) = moves.filter(|_| is_return) {
            let payout = &mut self.payouts[at(place)];
            payout.returned =
                Some(payout.returned.map_or(flat.created, |one| one.min(flat.created)));
        }
        if let Some(place) = member.filter(|_| !is_own) {
            let members = &mut self.payouts[at(place)].members;
            members.count += 1;
            members.gross += flat.amount;
            members.fee += flat.fee;
            members.net += flat.net;
        }
    }

    fn movement(
        &mut self,
        flat: &FlatMovement,
        currency: Currency,
        class: Class,
        charges: Charges,
        payout: Option<u32>,
    ) -> Movement {
        let category = if flat.category.is_empty() { flat.kind } else { flat.category };
        let category = self.category(category);
        let moves = flat.source.and_then(|source| self.places.get(source).copied());
        Movement {
            id: flat.id.into(),
            created: flat.created,
            available_on: flat.available_on,
            currency,
            category,
            class,
            gross: flat.amount,
            fee: flat.fee,
            net: flat.net,
            charges,
            source: flat.source.map(Into::into),
            payout,
            moves: moves.filter(|_| matches!(class, Class::Payout | Class::PayoutReturned)),
            recorded: None,
            charged: None,
        }
    }

    fn category(&mut self, name: &str) -> u16 {
        if let Some(place) = self.category_of.get(name) {
            return *place;
        }
        let place = u16::try_from(self.categories.len()).expect("a few dozen categories");
        self.categories.push(name.to_owned());
        self.category_of.insert(name.to_owned(), place);
        place
    }
}

impl Moved {
    /// A day whose movements come to nothing, as a hold and its release, makes no journal: nothing is
    /// to be booked of them, so they are.
    pub(super) fn settle_days_of_nothing(&mut self, zone: crate::calendar::Zone) {
        let mut days: BTreeMap<(NaiveDate, Currency), Vec<usize>> = BTreeMap::new();
        for place in &self.on_day {
            let movement = &self.movements[*place];
            let day = (movement.created.date_in(zone), movement.currency);
            days.entry(day).or_default().push(*place);
        }
        for ((day, _), own) in days {
            let mut sums: BTreeMap<Class, i64> = BTreeMap::new();
            let mut is_booked = false;
            for movement in own.iter().map(|place| &self.movements[*place]) {
                *sums.entry(movement.class).or_default() += movement.net;
                is_booked |= movement.charged.is_some();
            }
            if is_booked || sums.values().any(|sum| *sum != 0) {
                continue;
            }
            for place in own {
                self.movements[place].charged = Some(day);
            }
        }
    }
}

/// What Stripe charges with a movement by kind of fee, and the whole of it when it is a fee itself.
fn charges(bt: &BalanceTransaction, class: Class) -> Charges {
    // Parts that do not add up are an exception; the whole is charged all the same.
    let parts = fees(bt).unwrap_or_else(|_| vec![(Role::ProcessingFees, bt.fee())]);
    let mut sums: BTreeMap<Role, i64> = BTreeMap::new();
    for (role, amount) in parts {
        *sums.entry(role).or_default() += amount.minor();
    }
    if let Class::Line(role) = class
        && role.is_fee()
    {
        *sums.entry(role).or_default() -= bt.amount().minor();
    }
    let parts: Vec<(Role, i64)> = sums.into_iter().filter(|(_, minor)| *minor != 0).collect();
    parts.into()
}
