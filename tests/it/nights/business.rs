//! A small company's days in Stripe, one after the other, with the books that a person would keep of them.
//!
//! Objects change as Stripe changes them, weeks after they were made: generated companies are looked at
//! once, at their end, and cannot show how they got there.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveTime};
use serde_json::{Value, json};
use tieout::sandbox::stripe::world::World;

pub const ACCOUNT: &str = "acct_nights";
const DAY_S: i64 = 24 * 3600;
/// Money of a payment can be paid out from so long after it on.
const READY_S: i64 = 2 * DAY_S;

/// What a person would have in the books, in cents.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Kept {
    pub revenue: i64,
    pub fees: i64,
    /// What reached the bank, less what it sent back.
    pub banked: i64,
    pub receivable: i64,
}

/// A payment that can still change its mind.
#[derive(Debug, Clone)]
pub struct Sale {
    pub number: usize,
    pub amount: i64,
}

/// Stripe's account of the company.
pub struct Business {
    /// Midnight UTC of the day that is lived.
    day: i64,
    objects: BTreeMap<String, Value>,
    changed: Vec<String>,
    /// By movement.
    payouts: BTreeMap<String, String>,
    /// Not paid out yet: id, net, ready from.
    waiting: Vec<(String, i64, i64)>,
    /// Payouts that have not arrived: id, arrival.
    coming: Vec<(String, i64)>,
    serial: usize,
    pub kept: Kept,
}

impl Business {
    pub fn new(first: NaiveDate) -> Self {
        let mut business = Self {
            day: midnight(first),
            objects: BTreeMap::new(),
            changed: Vec::new(),
            payouts: BTreeMap::new(),
            waiting: Vec::new(),
            coming: Vec::new(),
            serial: 0,
            kept: Kept::default(),
        };
        let product = json!({"id": "prod_team", "object": "product", "created": business.day,
            "livemode": false, "name": "Team plan", "active": true});
        let price = json!({"id": "price_team", "object": "price", "created": business.day,
            "livemode": false, "product": "prod_team", "currency": "usd", "active": true,
            "nickname": "Team plan", "type": "one_time", "unit_amount": 10_000});
        business.put(product);
        business.put(price);
        business
    }

    /// What a new embedded Stripe begins with.
    pub fn world() -> World {
        let account = json!({"id": ACCOUNT, "object": "account", "country": "US",
            "default_currency": "usd", "livemode": false,
            "settings": {"dashboard": {"timezone": "America/New_York"}}});
        World::new(&account, &balance(0, 0))
    }

    /// Begins the day; payouts are made, and arrive, in the morning of bank days.
    pub fn begin(&mut self, day: NaiveDate) {
        self.day = midnight(day);
        let arrived = self.coming.extract_if(.., |(_, arrival)| *arrival <= self.day);
        for (payout, _) in arrived.collect::<Vec<_>>() {
            let done = json!({"status": "paid", "reconciliation_status": "completed"});
            self.change(&payout, &done);
        }
        if day.weekday().number_from_monday() <= 5 {
            self.pay_out(day);
        }
    }

    fn pay_out(&mut self, day: NaiveDate) {
        let at = self.day + 12 * 3600;
        let members: Vec<_> = self.waiting.extract_if(.., |(_, _, ready)| *ready <= at).collect();
        let amount: i64 = members.iter().map(|(_, net, _)| net).sum();
        if amount <= 0 {
            self.waiting.extend(members);
            return;
        }
        let days = if day.weekday().number_from_monday() == 5 { 3 } else { 1 };
        let number = self.next();
        let (payout, own) = (format!("po_{number}"), format!("txn_po_{number}"));
        let arrival = self.day + days * DAY_S;
        self.movement(&own, ("payout", "payout"), -amount, 0, at, Some(&payout));
        for member in members.iter().map(|(id, ..)| id).chain([&own]) {
            self.payouts.insert(member.clone(), payout.clone());
        }
        self.waiting.retain(|(id, ..)| *id != own);
        self.put(json!({"id": payout, "object": "payout", "created": at, "livemode": false,
            "amount": amount, "currency": "usd", "arrival_date": arrival, "automatic": true,
            "balance_transaction": own, "failure_balance_transaction": null, "method": "standard",
            "reconciliation_status": "in_progress", "status": "in_transit", "type": "bank_account",
            "metadata": {}, "original_payout": null, "reversed_by": null}));
        self.coming.push((payout, arrival));
        self.kept.banked += amount;
    }

    /// The bank sends the newest payout that has arrived back.
    pub fn fail_payout(&mut self) {
        let is_paid = |object: &&Value| object["object"] == "payout" && object["status"] == "paid";
        let payouts = self.objects.values().filter(is_paid);
        let newest = payouts.max_by_key(|payout| payout["created"].as_i64()).expect("a payout");
        let (id, amount) = (text(newest, "id"), newest["amount"].as_i64().expect("cents"));
        let back = format!("txn_back_{}", self.next());
        let at = self.at(14);
        self.movement(&back, ("payout_failure", "payout_reversal"), amount, 0, at, Some(&id));
        self.change(
            &id,
            &json!({"status": "failed", "failure_balance_transaction": back,
            "failure_code": "account_closed"}),
        );
        self.kept.banked -= amount;
    }

    /// An invoice, paid by card at once; every third one is a new customer's.
    pub fn sell(&mut self, amount: i64) -> Sale {
        let sale = Sale { number: self.next(), amount };
        let fee = amount * 3 / 100 + 30;
        self.bill(&sale, "paid");
        self.pay(&sale, fee, "charge");
        sale
    }

    /// An invoice that nobody has paid yet.
    pub fn bill_open(&mut self, amount: i64) -> Sale {
        let sale = Sale { number: self.next(), amount };
        self.bill(&sale, "open");
        self.kept.receivable += amount;
        sale
    }

    /// An invoice that a bank debit pays.
    pub fn debit(&mut self, amount: i64) -> Sale {
        let sale = Sale { number: self.next(), amount };
        self.bill(&sale, "paid");
        self.pay(&sale, 80, "payment");
        sale
    }

    fn bill(&mut self, sale: &Sale, status: &str) {
        let number = sale.number;
        let customer = format!("cus_{}", number - number % 3);
        let at = self.at(16);
        if !self.objects.contains_key(&customer) {
            self.put(
                json!({"id": customer, "object": "customer", "created": at, "livemode": false,
                "name": format!("Customer {number} Ltd"), "email": format!("{number}@example.com"),
                "currency": "usd", "balance": 0, "metadata": {}}),
            );
        }
        let amount = sale.amount;
        let paid = if status == "paid" { amount } else { 0 };
        self.put(
            json!({"id": sale.id("in"), "object": "invoice", "created": at, "livemode": false,
            "currency": "usd", "customer": customer, "status": status, "total": amount,
            "amount_due": amount, "amount_paid": paid, "amount_remaining": amount - paid,
            "starting_balance": 0, "ending_balance": 0, "metadata": {}, "discounts": [],
            "status_transitions": {"finalized_at": at, "paid_at": (paid > 0).then_some(at)},
            "lines": {"object": "list", "has_more": false, "data": [{"id": sale.id("il"),
                "object": "line_item", "amount": amount, "currency": "usd", "quantity": 1,
                "description": "Team plan", "discounts": [], "pricing": {"type": "price_details",
                    "price_details": {"price": "price_team", "product": "prod_team"}}}]}}),
        );
        self.kept.revenue += amount;
    }

    fn pay(&mut self, sale: &Sale, fee: i64, kind: &str) {
        let at = self.at(16);
        let (charge, intent) = (sale.id("ch"), sale.id("pi"));
        let customer = self.objects[&sale.id("in")]["customer"].clone();
        let amount = sale.amount;
        self.movement(&sale.id("txn"), (kind, "charge"), amount, fee, at, Some(&charge));
        self.put(json!({"id": intent, "object": "payment_intent", "created": at, "amount": amount,
            "amount_received": amount, "currency": "usd", "customer": customer, "livemode": false,
            "latest_charge": charge, "status": "succeeded", "metadata": {}}));
        self.put(json!({"id": charge, "object": "charge", "created": at, "livemode": false,
            "amount": amount, "amount_captured": amount, "amount_refunded": 0, "captured": true,
            "currency": "usd", "customer": customer, "payment_intent": intent, "paid": true,
            "status": "succeeded", "disputed": false, "balance_transaction": sale.id("txn"),
            "metadata": {}}));
        self.put(json!({"id": sale.id("inpay"), "object": "invoice_payment", "created": at,
            "livemode": false, "invoice": sale.id("in"), "amount_paid": amount,
            "amount_requested": amount, "currency": "usd", "status": "paid",
            "payment": {"type": "payment_intent", "payment_intent": intent},
            "status_transitions": {"paid_at": at}}));
        self.kept.fees += fee;
    }

    /// Part of an older payment is given back.
    pub fn refund(&mut self, sale: &Sale, amount: i64) {
        let (refund, own) = (sale.id("re"), sale.id("txn_re"));
        let at = self.at(15);
        self.movement(&own, ("refund", "refund"), -amount, 0, at, Some(&refund));
        self.put(json!({"id": refund, "object": "refund", "created": at, "amount": amount,
            "currency": "usd", "charge": sale.id("ch"), "payment_intent": sale.id("pi"),
            "status": "succeeded", "balance_transaction": own, "metadata": {}}));
        let all = amount == sale.amount;
        self.change(&sale.id("ch"), &json!({"amount_refunded": amount, "refunded": all}));
        self.kept.revenue -= amount;
    }

    /// A bank debit comes back days after it had succeeded: the invoice is open again.
    pub fn fail_debit(&mut self, sale: &Sale) {
        let (own, at) = (sale.id("txn_failed"), self.at(15));
        let charge = sale.id("ch");
        let kind = ("payment_failure_refund", "charge_failure");
        self.movement(&own, kind, -sale.amount, 0, at, Some(&charge));
        self.change(
            &charge,
            &json!({"status": "failed", "paid": false,
            "failure_balance_transaction": own, "failure_message": "Insufficient funds."}),
        );
        self.change(
            &sale.id("in"),
            &json!({"status": "open", "amount_paid": 0,
            "amount_remaining": sale.amount}),
        );
        self.change(&sale.id("inpay"), &json!({"status": "open", "amount_paid": null}));
        self.kept.receivable += sale.amount;
    }

    /// A cardholder disputes a payment.
    pub fn dispute(&mut self, sale: &Sale) {
        let at = self.at(17);
        let (dispute, own) = (sale.id("dp"), sale.id("txn_dp"));
        let taken =
            self.movement(&own, ("adjustment", "dispute"), -sale.amount, 1_500, at, Some(&dispute));
        self.put(json!({"id": dispute, "object": "dispute", "created": at, "livemode": false,
            "amount": sale.amount, "currency": "usd", "charge": sale.id("ch"),
            "payment_intent": sale.id("pi"), "status": "needs_response", "reason": "fraudulent",
            "balance_transactions": [taken], "metadata": {}, "is_charge_refundable": false,
            "evidence_details": {"due_by": at + 9 * DAY_S, "has_evidence": false}}));
        self.change(&sale.id("ch"), &json!({"disputed": true}));
        self.kept.revenue -= sale.amount;
        self.kept.fees += 1_500;
    }

    /// The bank decides for the company: the money comes back.
    pub fn win(&mut self, sale: &Sale) {
        let (dispute, own) = (sale.id("dp"), sale.id("txn_won"));
        let at = self.at(15);
        let back = self.movement(
            &own,
            ("adjustment", "dispute_reversal"),
            sale.amount,
            0,
            at,
            Some(&dispute),
        );
        let mut both = self.objects[&dispute]["balance_transactions"].clone();
        both.as_array_mut().expect("a list").push(back);
        self.change(&dispute, &json!({"status": "won", "balance_transactions": both}));
        self.kept.revenue += sale.amount;
    }

    /// An open invoice is void.
    pub fn void(&mut self, sale: &Sale) {
        let at = self.at(15);
        let mut transitions = self.objects[&sale.id("in")]["status_transitions"].clone();
        transitions["voided_at"] = json!(at);
        self.change(&sale.id("in"), &json!({"status": "void", "status_transitions": transitions}));
        self.kept.revenue -= sale.amount;
        self.kept.receivable -= sale.amount;
    }

    /// A fee that Stripe's list shows two days after its time.
    pub fn fee_shown_late(&mut self) {
        let own = format!("txn_late_{}", self.next());
        let at = self.at(9) - 2 * DAY_S;
        self.movement(&own, ("stripe_fee", "fee"), -700, 0, at, None);
        self.kept.fees += 700;
    }

    /// A movement of a type that nobody knows yet; gives its id.
    pub fn move_by_the_moon(&mut self, kind: &str) -> String {
        let own = format!("txn_moon_{}", self.next());
        self.movement(&own, (kind, kind), -900, 0, self.at(10), None);
        self.kept.fees += 900;
        own
    }

    /// Whether the payout that a movement is in has arrived.
    pub fn has_arrived(&self, movement: &str) -> bool {
        let payout = self.payouts.get(movement);
        payout.is_some_and(|payout| self.objects[payout]["status"] == "paid")
    }

    fn movement(
        &mut self,
        id: &str,
        (kind, category): (&str, &str),
        amount: i64,
        fee: i64,
        at: i64,
        source: Option<&str>,
    ) -> Value {
        let is_payment = matches!(kind, "charge" | "payment");
        let ready = if is_payment { at + READY_S } else { at };
        let ready = ready - ready.rem_euclid(DAY_S);
        let parts = json!([{"amount": fee, "currency": "usd", "type": "stripe_fee",
            "description": "Stripe processing fees", "application": null}]);
        let movement = json!({"id": id, "object": "balance_transaction", "created": at,
            "available_on": ready, "amount": amount, "fee": fee, "net": amount - fee,
            "fee_details": if fee > 0 { parts } else { json!([]) }, "currency": "usd",
            "type": kind, "reporting_category": category, "source": source, "status": "available",
            "balance_type": "payments", "description": null, "exchange_rate": null});
        self.put(movement.clone());
        self.waiting.push((id.to_owned(), amount - fee, ready));
        movement
    }

    /// Shows the world what happened since it was last shown.
    pub fn show(&mut self, world: &mut World) {
        for id in std::mem::take(&mut self.changed) {
            world.insert(&self.objects[&id]);
        }
        for (member, payout) in &self.payouts {
            world.set_payout(member, payout);
        }
        world.set_balance(&balance(self.held(), 0));
    }

    /// What Stripe holds.
    pub fn held(&self) -> i64 {
        self.waiting.iter().map(|(_, net, _)| net).sum()
    }

    /// What left Stripe and has not reached the bank.
    pub fn on_the_way(&self) -> i64 {
        let amount = |(id, _): &(String, i64)| self.objects[id]["amount"].as_i64().expect("cents");
        self.coming.iter().map(amount).sum()
    }

    fn put(&mut self, object: Value) {
        let id = text(&object, "id");
        self.objects.insert(id.clone(), object);
        self.changed.push(id);
    }

    fn change(&mut self, id: &str, more: &Value) {
        let object = self.objects.get_mut(id).expect("an object that was put");
        for (name, value) in more.as_object().expect("fields") {
            object[name] = value.clone();
        }
        self.changed.push(id.to_owned());
    }

    fn at(&self, hour: i64) -> i64 {
        self.day + hour * 3600
    }

    fn next(&mut self) -> usize {
        self.serial += 1;
        self.serial
    }
}

impl Sale {
    /// The id of one of the objects of this sale.
    pub fn id(&self, prefix: &str) -> String {
        format!("{prefix}_{:03}", self.number)
    }
}

fn balance(available: i64, pending: i64) -> Value {
    let part = |amount: i64| {
        json!([{"amount": amount, "currency": "usd",
        "source_types": {"card": amount}}])
    };
    json!({"object": "balance", "livemode": false, "available": part(available),
        "pending": part(pending), "connect_reserved": []})
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
}

fn text(object: &Value, field: &str) -> String {
    object[field].as_str().expect("text").to_owned()
}
