//! Night after night: facts change after they were posted, and the books follow with updates and
//! opposite records, never by editing an amount.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::cli::{Ran, Sandbox, Tieout};

/// 2026-07-01 16:00 UTC.
const DAY_1: i64 = 1_782_921_600;
const DAY_S: i64 = 24 * 3600;

fn customer() -> Value {
    json!({"id": "cus_night", "object": "customer", "created": DAY_1, "livemode": false,
        "name": "Night & Day Ltd", "email": "books@example.com", "currency": "usd", "balance": 0})
}

fn invoice(id: &str, currency: &str, status: &str, more: Value) -> Value {
    let paid = if status == "paid" { 5_000 } else { 0 };
    let remaining = if status == "open" { 5_000 } else { 0 };
    let mut invoice = json!({"id": id, "object": "invoice", "created": DAY_1, "livemode": false,
        "currency": currency, "customer": "cus_night", "status": status, "total": 5_000,
        "amount_due": 5_000, "amount_paid": paid, "amount_remaining": remaining,
        "starting_balance": 0, "ending_balance": 0,
        "status_transitions": {"finalized_at": DAY_1},
        "lines": {"object": "list", "has_more": false, "data": [{"id": format!("il_{id}"),
            "object": "line_item", "amount": 5_000, "currency": currency, "quantity": 1,
            "description": "Team plan",
            "pricing": {"type": "price_details", "price_details": {"price": "price_night"}}}]}});
    merge(&mut invoice, more);
    invoice
}

/// The bank debit that pays `in_1`; `more` says how it went on.
fn charge(status: &str, more: Value) -> Value {
    let mut charge = json!({"id": "py_1", "object": "charge", "created": DAY_1, "livemode": false,
        "amount": 5_000, "amount_captured": 5_000, "amount_refunded": 0, "currency": "usd",
        "captured": true, "customer": "cus_night", "payment_intent": "pi_1", "status": status,
        "balance_transaction": "txn_1"});
    merge(&mut charge, more);
    charge
}

fn movement(id: &str, kind: &str, category: &str, amount: i64, created: i64) -> Value {
    json!({"id": id, "object": "balance_transaction", "created": created, "available_on": created,
        "amount": amount, "fee": 0, "fee_details": [], "net": amount, "currency": "usd",
        "type": kind, "reporting_category": category, "source": "py_1", "status": "available"})
}

fn invoice_payment(status: &str) -> Value {
    let paid = if status == "paid" { json!(5_000) } else { Value::Null };
    json!({"id": "inpay_1", "object": "invoice_payment", "created": DAY_1, "livemode": false,
        "invoice": "in_1", "amount_paid": paid, "amount_requested": 5_000, "currency": "usd",
        "status": status, "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
        "status_transitions": {"paid_at": DAY_1}})
}

fn merge(object: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (object.as_object_mut(), more) {
        fields.extend(more);
    }
}

/// Pulls what is known on a night and posts it.
fn night(folder: &Path, objects: &[Value]) -> Ran {
    let lines: Vec<String> = objects.iter().map(Value::to_string).collect();
    std::fs::write(folder.join("night.jsonl"), lines.join("\n")).expect("a file");
    let tieout = Tieout::new(folder);
    let pulled = tieout.run(&["pull", "--from", "night.jsonl"]);
    assert_eq!(pulled.code, 0, "{pulled:?}");
    let pushed = tieout.run(&["push"]);
    assert_eq!(pushed.code, 0, "{pushed:?}");
    let verified = tieout.run(&["verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    pushed
}

#[test]
fn the_books_follow_what_changes_after_it_was_posted() {
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let open = invoice("in_2", "usd", "open", json!({}));
    let first = night(
        folder.path(),
        &[
            customer(),
            invoice("in_1", "usd", "paid", json!({})),
            open,
            charge("succeeded", json!({})),
            movement("txn_1", "payment", "charge", 5_000, DAY_1),
            invoice_payment("paid"),
        ],
    );
    assert!(first.stderr.contains("5 created, 0 updated"), "{}", first.stderr);

    // The debit failed and the invoice is open again; another invoice is void; a third is in euros.
    let second = night(
        folder.path(),
        &[
            invoice("in_1", "usd", "open", json!({})),
            charge(
                "failed",
                json!({"failure_balance_transaction": "txn_2",
                "failure_message": "The bank returned the debit."}),
            ),
            movement(
                "txn_2",
                "payment_failure_refund",
                "charge_failure",
                -5_000,
                DAY_1 + 3 * DAY_S,
            ),
            invoice_payment("open"),
            invoice(
                "in_2",
                "usd",
                "void",
                json!({"status_transitions":
                {"finalized_at": DAY_1, "voided_at": DAY_1 + 3 * DAY_S}}),
            ),
            invoice("in_3", "eur", "open", json!({})),
        ],
    );
    // Created: the refund of the payment, the memo of the void, the euro invoice. Updated: the
    // payment, which no longer pays the invoice, and the customer, who now transacts in euros too.
    assert!(second.stderr.contains("3 created, 2 updated"), "{}", second.stderr);

    let quiet = night(folder.path(), &[customer()]);
    assert!(quiet.stderr.contains("0 created, 0 updated"), "{}", quiet.stderr);
    let report = Tieout::new(folder.path()).run(&["report", "tieout"]);
    assert!(report.stdout.contains("Everything ties out"), "{}", report.stdout);
    assert!(report.stdout.contains("50.00 EUR"), "{}", report.stdout);
}
