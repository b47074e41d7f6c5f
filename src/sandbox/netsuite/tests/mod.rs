//! Rules and answers of the embedded NetSuite, one test per rule.
#![expect(clippy::needless_pass_by_value, clippy::unused_self, reason = "short calls read better")]

mod http;
mod ledger;
mod rules;

use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Kind, NetSuite, Refusal, Setup};
use crate::calendar::{FixedClock, UnixTime};

/// 2026-06-15 12:00 UTC.
pub(super) const NOW: i64 = 1_781_524_800;

/// A demo account with one customer of three currencies and one item.
pub(super) struct Company {
    pub netsuite: NetSuite,
    pub setup: Setup,
    pub customer: i64,
    pub item: i64,
}

impl Company {
    pub fn new() -> Self {
        let setup = Setup::demo();
        let netsuite = NetSuite::open(None, &setup).unwrap();
        netsuite.set_clock(Arc::new(FixedClock(UnixTime(NOW))));
        let mut company = Self { netsuite, setup, customer: 0, item: 0 };
        company.customer = company.make(Kind::Customer, json!({
            "externalId": "cus_1", "companyName": "Acme", "currency": {"id": "1"},
            "currencyList": {"items": [{"currency": {"id": "1"}}, {"currency": {"id": "2"}}, {"currency": {"id": "4"}}]},
        }));
        company.item = company.make(
            Kind::ServiceSaleItem,
            json!({
                "externalId": "price_1", "itemId": "Plan", "incomeAccount": company.account("4000"),
            }),
        );
        company
    }

    pub fn account(&self, number: &str) -> Value {
        json!({"id": self.setup.account(number).unwrap().to_string()})
    }

    pub fn post(&self, kind: Kind, body: Value) -> Result<i64, Refusal> {
        self.netsuite.create(kind, &body.to_string())
    }

    pub fn make(&self, kind: Kind, body: Value) -> i64 {
        self.post(kind, body).unwrap()
    }

    pub fn patch(&self, kind: Kind, id: i64, body: Value) -> Result<(), Refusal> {
        self.netsuite.edit(kind, id, &body.to_string())
    }

    /// What a refused `POST` says.
    pub fn refused(&self, kind: Kind, body: Value) -> String {
        self.post(kind, body).unwrap_err().detail
    }

    pub fn invoice(&self, external_id: &str, amount: Value) -> Value {
        json!({
            "externalId": external_id, "tranDate": "2026-06-01", "entity": {"externalId": "cus_1"},
            "currency": {"id": "1"},
            "item": {"items": [{"item": {"externalId": "price_1"}, "amount": amount}]},
        })
    }

    pub fn payment(&self, external_id: &str, amount: Value, apply: Value) -> Value {
        json!({
            "externalId": external_id, "tranDate": "2026-06-02", "currency": {"id": "1"},
            "customer": {"externalId": "cus_1"}, "account": self.account("1200"),
            "payment": amount, "autoApply": false, "apply": {"items": apply},
        })
    }

    pub fn memo(&self, external_id: &str, amount: Value) -> Value {
        self.invoice(external_id, amount)
    }

    pub fn refund(&self, external_id: &str, doc: &str, amount: Value) -> Value {
        json!({
            "externalId": external_id, "tranDate": "2026-06-03", "currency": {"id": "1"},
            "customer": {"externalId": "cus_1"}, "account": self.account("1200"),
            "apply": {"items": [{"doc": {"externalId": doc}, "apply": true, "amount": amount}]},
        })
    }

    /// A body with some fields changed or added.
    pub fn with(mut body: Value, fields: Value) -> Value {
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    }

    /// Balance of an account in base minor units; debits are positive.
    pub fn balance(&self, number: &str) -> i64 {
        let lines = self.netsuite.trial_balance().unwrap();
        assert_eq!(
            lines.iter().map(|l| l.debit).sum::<i64>(),
            lines.iter().map(|l| l.credit).sum::<i64>(),
            "the trial balance does not balance"
        );
        lines.iter().filter(|l| l.account_number == number).map(|l| l.debit - l.credit).sum()
    }

    /// The rows of a SuiteQL query.
    pub fn query(&self, q: &str) -> Vec<Value> {
        let body = json!({"q": q}).to_string();
        let answer = self
            .netsuite
            .read(|books| {
                super::suiteql::answer(books.db, &body, &std::collections::HashMap::default(), "")
            })
            .unwrap();
        let answer: Value = serde_json::from_str(&answer.to_text()).unwrap();
        answer["items"].as_array().unwrap().clone()
    }
}

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
