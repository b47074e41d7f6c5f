//! Tells what happened in Stripe, one object at a time and each a day after the last, and reads the
//! books that follow as text.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::{Case, Derived, Policy, derive};
use tieout::calendar::UnixTime;
use tieout::ids::InternalId;
use tieout::netsuite::record::{Body, Decimal, ItemLine};

use super::objects::{intent_of, txn};
use super::table::{compare, figure, row};
use crate::support;

pub(super) use super::objects::{line, line_with, movement, tax, tax_at, with};

const DAY_SECONDS: i64 = 86_400;
/// From midnight, which is what Stripe gives as an arrival date, to noon.
const HALF_DAY_SECONDS: i64 = DAY_SECONDS / 2;
/// Noon UTC, so that a day is the same day in New York.
const FIRST_DAY: i64 = 1_772_366_400;
pub(super) const CUSTOMER: &str = "cus_E";

/// The facts of one customer and of the payouts that their money went into.
pub(super) struct Story {
    pub(super) policy: Policy,
    /// What new invoices, charges and payouts are in; Stripe writes it in lower case.
    pub(super) currency: &'static str,
    pub(super) now: i64,
    pub(super) objects: BTreeMap<&'static str, Vec<Value>>,
    pub(super) payouts: Vec<Paid>,
    pub(super) posted: Vec<&'static str>,
    pub(super) opening: Opens,
}

/// With what the Stripe balance account opens.
#[derive(Clone, Copy)]
pub(super) enum Opens {
    /// With nothing, because it begins with the Stripe account.
    Without,
    /// Minor units.
    With(i64),
    WithUnknown,
}

/// A payout with the ids of its members.
pub(super) struct Paid {
    pub(super) payout: Value,
    pub(super) members: Vec<String>,
}

impl Story {
    pub(super) fn new() -> Self {
        let policy = support::policy();
        let (objects, payouts, posted) = (BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            policy,
            currency: "usd",
            now: FIRST_DAY,
            objects,
            payouts,
            posted,
            opening: Opens::Without,
        }
    }

    /// From here on, things are in another currency.
    pub(super) fn switch_to(&mut self, currency: &'static str) {
        self.currency = currency;
    }

    /// The record is in NetSuite already (for a deposit: in the bank account).
    pub(super) fn already_posted(&mut self, id: &'static str) {
        self.posted.push(id);
    }

    /// An account plays a role that it does not play in the usual books.
    pub(super) fn account(&mut self, role: Role, account: &str) {
        let known = self.policy.chart.iter().map(|(role, id)| (role, id.clone()));
        let own = std::iter::once((role, InternalId::new(account)));
        self.policy.chart = Chart::new(known.chain(own));
    }

    /// A day passes; gives its noon.
    pub(super) fn next_day(&mut self) -> i64 {
        self.now += DAY_SECONDS;
        self.now
    }

    fn add(&mut self, kind: &'static str, object: Value) {
        self.objects.entry(kind).or_default().push(object);
    }

    /// An open, finalized invoice.
    pub(super) fn invoice(&mut self, id: &str, total: i64, lines: &[Value]) {
        self.invoice_with(id, total, lines, &json!({}));
    }

    /// Like [`Self::invoice`], with some fields changed.
    pub(super) fn invoice_with(&mut self, id: &str, total: i64, lines: &[Value], fields: &Value) {
        let now = self.next_day();
        let currency = json!({ "currency": self.currency });
        let lines: Vec<Value> = lines.iter().map(|line| with(line.clone(), &currency)).collect();
        let invoice = json!({
            "id": id, "object": "invoice", "customer": CUSTOMER, "currency": self.currency,
            "created": now, "effective_at": null, "due_date": null, "number": null,
            "status": "open", "status_transitions": { "finalized_at": now },
            "billing_reason": "manual", "collection_method": "charge_automatically",
            "total": total, "amount_due": total.max(0), "amount_paid": 0,
            "amount_remaining": total.max(0), "starting_balance": 0, "ending_balance": 0,
            "shipping_cost": null, "total_taxes": [], "discounts": [],
            "lines": { "object": "list", "has_more": false, "data": lines },
        });
        self.add("invoice", with(invoice, fields));
    }

    /// A captured charge without conversion; its balance transaction is `txn_<id>`.
    pub(super) fn charge(&mut self, id: &str, amount: i64, fee: i64) {
        self.converted_charge(id, amount, (amount, self.currency), fee);
    }

    /// A captured charge that was settled in another currency; the fee is in that currency.
    pub(super) fn converted_charge(
        &mut self,
        id: &str,
        amount: i64,
        (settled, into): (i64, &str),
        fee: i64,
    ) {
        let now = self.next_day();
        let movement = movement("charge", "charge", id, (settled, into), fee);
        let charge = json!({
            "id": id, "object": "charge", "customer": CUSTOMER, "currency": self.currency,
            "amount": amount, "amount_captured": amount, "amount_refunded": 0, "captured": true,
            "created": now, "status": "succeeded", "payment_intent": intent_of(id),
            "balance_transaction": txn(id), "failure_balance_transaction": null,
        });
        self.moved(movement);
        self.add("charge", charge);
    }

    /// Changes an object told before.
    pub(super) fn change(&mut self, kind: &str, id: &str, fields: &Value) {
        let told = self.objects.get_mut(kind).expect("such objects were told");
        let object = told.iter_mut().find(|object| object["id"] == id).expect("it was told");
        *object = with(object.take(), fields);
    }

    /// The charge paid `amount` of the invoice.
    pub(super) fn pays(&mut self, charge: &str, invoice: &str, amount: i64) {
        self.pays_at(charge, invoice, amount, self.now);
    }

    pub(super) fn pays_at(&mut self, charge: &str, invoice: &str, amount: i64, at: i64) {
        let by = json!({ "type": "payment_intent", "payment_intent": intent_of(charge) });
        self.invoice_payment(charge, invoice, amount, at, &by);
    }

    /// Money that never touched Stripe, reported as a payment record, paid `amount` of the invoice.
    pub(super) fn pays_outside(&mut self, record: &str, invoice: &str, amount: i64) {
        let by = json!({ "type": "payment_record", "payment_record": record });
        self.invoice_payment(record, invoice, amount, self.now, &by);
    }

    fn invoice_payment(&mut self, by: &str, invoice: &str, amount: i64, at: i64, payment: &Value) {
        let payment = json!({
            "id": format!("inpay_{by}_{invoice}"), "object": "invoice_payment", "invoice": invoice,
            "amount_paid": amount, "currency": self.currency, "created": at,
            "status": "paid", "status_transitions": { "paid_at": at }, "payment": payment,
        });
        self.add("invoice_payment", payment);
    }

    /// An invoice of one line that a charge of the same amount paid, at 2.9% + 0.30.
    pub(super) fn paid_invoice(&mut self, invoice: &str, charge: &str, amount: i64, fee: i64) {
        self.invoice(invoice, amount, &[line("price_A", amount)]);
        self.charge(charge, amount, fee);
        self.pays(charge, invoice, amount);
    }

    /// A refund without conversion and without a fee.
    pub(super) fn refund(&mut self, id: &str, charge: &str, amount: i64) {
        self.converted_refund(id, charge, amount, (amount, self.currency));
    }

    pub(super) fn converted_refund(
        &mut self,
        id: &str,
        charge: &str,
        amount: i64,
        (settled, into): (i64, &str),
    ) {
        let now = self.next_day();
        let refund = json!({
            "id": id, "object": "refund", "charge": charge, "payment_intent": intent_of(charge),
            "amount": amount, "currency": self.currency, "created": now, "status": "succeeded",
            "balance_transaction": txn(id), "failure_balance_transaction": null,
        });
        self.moved(movement("refund", "refund", id, (-settled, into), 0));
        self.add("refund", refund);
    }

    /// A refund that has no movement, and perhaps never will.
    pub(super) fn unmoved_refund(&mut self, id: &str, charge: &str, amount: i64, status: &str) {
        let now = self.next_day();
        let refund = json!({
            "id": id, "object": "refund", "charge": charge, "payment_intent": intent_of(charge),
            "amount": amount, "currency": self.currency, "created": now, "status": status,
            "balance_transaction": null, "failure_balance_transaction": null,
        });
        self.add("refund", refund);
    }

    /// A dispute of a whole charge, with its movements `(amount, fee)` in order: `txn_<id>`,
    /// `txn_<id>_2`, …
    pub(super) fn dispute(&mut self, id: &str, charge: &str, status: &str, moved: &[(i64, i64)]) {
        let amount = moved.first().map_or(0, |(amount, _)| amount.abs());
        self.converted_dispute(id, charge, status, amount, (moved, self.currency));
    }

    /// A dispute of `amount` whose movements are in another currency.
    pub(super) fn converted_dispute(
        &mut self,
        id: &str,
        charge: &str,
        status: &str,
        amount: i64,
        (moved, into): (&[(i64, i64)], &str),
    ) {
        let created = self.next_day();
        let mut movements = Vec::new();
        for (place, (amount, fee)) in moved.iter().enumerate() {
            let now = self.next_day();
            let category = if *amount < 0 { "dispute" } else { "dispute_reversal" };
            let own = movement("adjustment", category, id, (*amount, into), *fee);
            let own_id = if place == 0 { txn(id) } else { format!("{}_{}", txn(id), place + 1) };
            movements
                .push(with(own, &json!({ "id": own_id, "created": now, "available_on": now })));
        }
        let dispute = json!({
            "id": id, "object": "dispute", "charge": charge, "amount": amount,
            "currency": self.currency, "created": created, "reason": "fraudulent",
            "status": status, "balance_transactions": movements,
        });
        self.add("dispute", dispute);
    }

    /// A credit note with one line; `fields` say what became of the money.
    pub(super) fn credit_note(&mut self, id: &str, invoice: &str, amount: i64, fields: &Value) {
        let now = self.next_day();
        let line = json!({
            "id": format!("cnli_{id}"), "object": "credit_note_line_item", "amount": amount,
            "type": "invoice_line_item", "invoice_line_item": "il_price_A", "quantity": 1,
            "description": null, "discount_amounts": [], "taxes": [],
        });
        let note = json!({
            "id": id, "object": "credit_note", "invoice": invoice, "customer": CUSTOMER,
            "amount": amount, "currency": self.currency, "created": now, "effective_at": null,
            "status": "issued", "number": null, "voided_at": null, "shipping_cost": null,
            "out_of_band_amount": null, "refunds": [],
            "lines": { "object": "list", "has_more": false, "data": [line] },
        });
        self.add("credit_note", with(note, fields));
    }

    /// The customer's balance changed: negative gives credit, positive uses it.
    pub(super) fn balance_change(&mut self, id: &str, amount: i64, fields: &Value) {
        let now = self.next_day();
        let change = json!({
            "id": id, "object": "customer_balance_transaction", "customer": CUSTOMER,
            "amount": amount, "ending_balance": 0, "currency": self.currency, "created": now,
            "invoice": null, "credit_note": null, "description": null,
        });
        self.add("customer_balance_transaction", with(change, fields));
    }

    /// A change of the Stripe balance, as [`movement`] makes it, on the day it is.
    pub(super) fn moved(&mut self, movement: Value) {
        let day = json!({ "created": self.now, "available_on": self.now });
        self.add("balance_transaction", with(movement, &day));
    }

    /// A paid automatic payout of the movements `txn_<member>`.
    pub(super) fn payout(&mut self, id: &str, amount: i64, members: &[&str]) {
        self.payout_with(id, amount, members, &json!({}));
    }

    pub(super) fn payout_with(&mut self, id: &str, amount: i64, members: &[&str], fields: &Value) {
        let now = self.next_day();
        let payout = json!({
            "id": id, "object": "payout", "amount": amount, "currency": self.currency,
            "created": now, "arrival_date": now - HALF_DAY_SECONDS, "automatic": true, "status": "paid",
            "method": "standard", "reconciliation_status": "completed",
            "balance_transaction": txn(id), "failure_balance_transaction": null,
        });
        let members = members.iter().map(|member| txn(member)).collect();
        self.payouts.push(Paid { payout: with(payout, fields), members });
    }

    /// Derives everything and compares it with a table. Runs of spaces count as one; a line that
    /// begins with `|` goes on with the record above it.
    #[track_caller]
    pub(super) fn assert_books(&self, expected: &str) {
        compare(expected, &self.books(|_| true));
    }

    /// Like [`Self::assert_books`], for what is kept by the day alone.
    #[track_caller]
    pub(super) fn assert_books_of_days(&self, expected: &str) {
        compare(expected, &self.books(|case| matches!(case, Case::Day(_))));
    }

    /// The date of a record, such as `2026-03-02`.
    pub(super) fn date_of(&self, id: &str) -> String {
        self.body_of(id).header().expect("it has a date").tran_date.to_string()
    }

    pub(super) fn memo_of(&self, id: &str) -> String {
        self.body_of(id).header().expect("it has a memo").memo.clone()
    }

    fn body_of(&self, id: &str) -> Body {
        let cases = self.cases();
        let mut records = cases.iter().flat_map(|case| derive(case, &self.policy).records);
        records.find(|record| record.external_id().as_str() == id).expect("it is made").body
    }

    /// The lines of a deposit that go back before the start: amount and memo.
    pub(super) fn deposit_memos(&self, id: &str) -> Vec<String> {
        let Body::Deposit(deposit) = self.body_of(id) else { panic!("{id} is no deposit") };
        let other = deposit.other.iter().map(|line| (line.amount, &line.memo));
        let cashback = deposit.cashback.iter().map(|line| (-line.amount, &line.memo));
        let told = other.chain(cashback).filter(|(_, memo)| memo.contains("before the start"));
        told.map(|(amount, memo)| format!("{} {memo}", amount.to_decimal())).collect()
    }

    /// The lines of an invoice or memo: quantity, rate, amount, what it says, the service period where
    /// it has one, and each tax detail.
    pub(super) fn lines_of(&self, id: &str) -> Vec<String> {
        let digits = |part: Option<Decimal>| part.map_or("-".into(), |decimal| decimal.0);
        let told = self.item_lines(id).into_iter().map(|line| {
            let recognized = if line.is_recognized { " recognized" } else { "" };
            let period =
                line.service_period.map(|(first, last)| format!("{recognized} {first}..{last}"));
            let taxes = line.taxes.iter().map(|tax| {
                let (amount, basis) = (figure(tax.amount), figure(tax.basis));
                format!(" + {amount} tax, {}% of {basis}, code {}", tax.rate.0, tax.tax_code)
            });
            let taxes: String = taxes.collect();
            let (amount, text) = (figure(line.amount), line.description);
            let (quantity, rate) = (digits(line.quantity), digits(line.rate));
            format!("{quantity} x {rate} = {amount} {text}{}{taxes}", period.unwrap_or_default())
        });
        told.collect()
    }

    /// The external id of the item on each of them.
    pub(super) fn items_of(&self, id: &str) -> Vec<String> {
        let item = |line: ItemLine| line.item.external().map_or("-".into(), ToString::to_string);
        self.item_lines(id).into_iter().map(item).collect()
    }

    fn item_lines(&self, id: &str) -> Vec<ItemLine> {
        match self.body_of(id) {
            Body::Invoice(record) => record.lines,
            Body::CreditMemo(record) => record.lines,
            other => panic!("{id} has no lines: {other:?}"),
        }
    }

    fn books(&self, wanted: impl Fn(&Case) -> bool) -> Vec<String> {
        let mut books = Vec::new();
        for case in self.cases().into_iter().filter(wanted) {
            let Derived { records, exceptions, .. } = derive(&case, &self.policy);
            let told = records.iter().filter(|record| record.kind().is_transaction());
            books.extend(told.map(|record| row(record, &self.policy.chart)));
            books.extend(exceptions.iter().map(|exception| {
                let amount = exception.amount.map(figure).unwrap_or_default();
                let told = format!("Exception {} {} {amount}", exception.code, exception.subject);
                told.trim_end().to_owned()
            }));
        }
        books
    }

    /// From here on, things are in these books; what was told before is older.
    pub(super) fn books_begin(&mut self) {
        let next = UnixTime(self.now + DAY_SECONDS);
        self.policy.start = Some(next.date_in(self.policy.zone));
    }

    /// What was in the Stripe balance when the books began; `None` while that is not known.
    pub(super) fn opening_balance(&mut self, minor: Option<i64>) {
        self.opening = minor.map_or(Opens::WithUnknown, Opens::With);
    }
}
