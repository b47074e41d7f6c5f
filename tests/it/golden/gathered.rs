//! What a story tells, gathered into the cases that the core derives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde_json::json;
use tieout::accounting::question::Known;
use tieout::accounting::seat::{Schedule, Sources};
use tieout::accounting::{
    Booked, Case, Catalog, CustomerCase, DayCase, OpeningCase, PayoutCase, derive,
};
use tieout::calendar::UnixTime;
use tieout::ids::ExternalId;
use tieout::money::{Amount, Currency};
use tieout::stripe::objects::{BalanceTransaction, Dispute, Payout};

use super::objects::{parse, rates};
use super::story::{CUSTOMER, Opens, Paid, Story};

impl Story {
    /// The customer's case, then a case per payout. A negative payout waits for the next one.
    pub(super) fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        if !self.objects.is_empty() {
            cases.push(Case::Customer(Box::new(self.customer_case())));
        }
        let mut carried = Vec::new();
        let all: Vec<Payout> = self.payouts.iter().map(|paid| parse(&paid.payout)).collect();
        let schedule = Arc::new(Schedule::new(&all));
        for Paid { payout, members } in &self.payouts {
            let payout: Payout = parse(payout);
            let mut all: Vec<BalanceTransaction> = self.views("balance_transaction");
            let disputes: Vec<Dispute> = self.views("dispute");
            all.extend(disputes.iter().flat_map(|dispute| dispute.balance_transactions.clone()));
            all.retain(|movement| members.iter().any(|id| id == movement.id.as_str()));
            assert_eq!(all.len(), members.len(), "members of {} were not told", payout.id);
            let is_negative = payout.amount().is_negative();
            let waiting = if is_negative { Vec::new() } else { std::mem::take(&mut carried) };
            if is_negative {
                carried.push((payout.clone(), all.clone()));
            }
            let returned = self.returned_at(payout.id.as_str());
            cases.push(Case::Payout(Box::new(PayoutCase {
                deposited: self.posted.contains(&payout.id.as_str()),
                payout,
                members: all,
                carried: waiting,
                sources: self.sources(),
                schedule: Arc::clone(&schedule),
                absent: BTreeSet::new(),
                suspended: BTreeSet::new(),
                returned,
                known: Known::default(),
            })));
        }
        cases.extend(self.days(&schedule));
        if !matches!(self.opening, Opens::Without) {
            cases.push(Case::Opening(Box::new(self.opening(&all))));
        }
        cases
    }

    /// The days of every movement, in order.
    fn days(&self, schedule: &Arc<Schedule>) -> Vec<Case> {
        let mut days: BTreeMap<(NaiveDate, Currency), Vec<BalanceTransaction>> = BTreeMap::new();
        let mut all: Vec<BalanceTransaction> = self.views("balance_transaction");
        let disputes: Vec<Dispute> = self.views("dispute");
        all.extend(disputes.iter().flat_map(|dispute| dispute.balance_transactions.clone()));
        for movement in all {
            let day = (movement.created.date_in(self.policy.zone), movement.currency);
            days.entry(day).or_default().push(movement);
        }
        let day = |((date, currency), movements)| DayCase {
            currency,
            date,
            movements,
            sources: self.sources(),
            schedule: Arc::clone(schedule),
            taken: Vec::new(),
            known: Known::default(),
        };
        days.into_iter().map(day).map(|day| Case::Day(Box::new(day))).collect()
    }

    fn sources(&self) -> Sources {
        let case = Case::Customer(Box::new(self.customer_case()));
        let straddlers = derive(&case, &self.policy).straddlers.into_iter();
        let on_opening_account = straddlers.filter_map(|straddler| {
            let is_on = straddler.booked == Booked::OpeningAccount;
            Some((straddler.movement.clone()?, straddler.words())).filter(|_| is_on)
        });
        let (refunds, disputes) = (self.views("refund"), self.views("dispute"));
        Sources::new(self.views("charge"), refunds, disputes)
            .with_straddling(on_opening_account.collect())
    }

    /// When a payout's money came back, by the movement that says so.
    fn returned_at(&self, payout: &str) -> Option<UnixTime> {
        let all: Vec<BalanceTransaction> = self.views("balance_transaction");
        let is_return = |movement: &&BalanceTransaction| {
            movement.category() == "payout_reversal"
                && movement.source.as_ref().is_some_and(|source| source.as_str() == payout)
        };
        all.iter().find(is_return).map(|movement| movement.created)
    }

    fn opening(&self, payouts: &[Payout]) -> OpeningCase {
        let currency = self.currency.to_uppercase().parse().expect("a currency");
        let in_transit = payouts.iter().filter(|payout| {
            self.policy.is_past(payout.created)
                && !self.policy.is_older(payout.arrival_date.utc_date())
        });
        OpeningCase {
            currency,
            balance: match self.opening {
                Opens::With(minor) => Some(Amount::new(minor, currency)),
                Opens::Without | Opens::WithUnknown => None,
            },
            in_transit: in_transit.cloned().collect(),
            posted: None,
            known: Known::default(),
        }
    }

    fn customer_case(&self) -> CustomerCase {
        let posted = self.posted.iter().map(|id| ExternalId::new(*id).unwrap()).collect();
        let discounts = [("di_1", "WELCOME"), ("di_2", "LOYAL")];
        let discounts = discounts.map(|(id, coupon)| (id.into(), coupon.into())).into();
        CustomerCase {
            customer: Some(parse(&json!({ "id": CUSTOMER, "object": "customer", "name": "E" }))),
            customer_id: Some(CUSTOMER.into()),
            invoices: self.views("invoice"),
            invoice_payments: self.views("invoice_payment"),
            charges: self.views("charge"),
            refunds: self.views("refund"),
            disputes: self.views("dispute"),
            credit_notes: self.views("credit_note"),
            customer_balance: self.views("customer_balance_transaction"),
            balance_transactions: self.views("balance_transaction"),
            posted,
            catalog: Catalog { tax_rates: rates(), discounts, ..Catalog::default() },
            ..CustomerCase::default()
        }
    }

    fn views<T: DeserializeOwned>(&self, kind: &str) -> Vec<T> {
        self.objects.get(kind).map(|all| all.iter().map(parse).collect()).unwrap_or_default()
    }
}
