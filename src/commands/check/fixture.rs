//! Reads example objects from a file into a ledger of their own.
//!
//! Whole objects inside others (an expanded customer, price or balance transaction) count as objects
//! too. What Stripe would show only in another object, and the books cannot do without, is made up:
//! the balance transaction of a charge or a refund, and what a payout is made of.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::calendar::Clock;
use crate::ledger::{Incoming, Ledger};
use crate::stripe::objects::Head;
use crate::stripe::resource::Resource;

/// Objects by id.
type Objects = BTreeMap<String, Value>;

/// The objects of the file at `path`, in a ledger; and what was made up for them.
pub(super) fn read(path: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<(Ledger, Vec<String>)> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the file {} cannot be read", path.display()))?;
    let mut objects = Objects::new();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
        collect(&value.with_context(|| format!("{} is not JSON", path.display()))?, &mut objects);
    }
    if objects.is_empty() {
        bail!(
            "{} holds no object that the books need\nhint: save what Stripe's API answers, such as an invoice",
            path.display()
        );
    }
    let made_up = complete(&mut objects);
    let now = clock.now();
    let mut ledger = Ledger::in_memory(clock)?;
    let texts: Vec<String> = objects.values().map(ToString::to_string).collect();
    let heads: Vec<Head> =
        texts.iter().map(|t| Head::read(t.as_bytes())).collect::<Result<_, _>>()?;
    let incoming: Vec<Incoming> = heads
        .iter()
        .zip(&texts)
        .map(|(head, json)| Incoming { head, json, parent: None })
        .collect();
    ledger.store(&incoming, "fixture", now)?;
    let members: Vec<String> = of_kind(&objects, "balance_transaction").map(id_of).collect();
    for payout in of_kind(&objects, "payout") {
        ledger.set_payout_members(&id_of(payout), &members)?;
    }
    Ok((ledger, made_up))
}

fn collect(value: &Value, objects: &mut Objects) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, objects)),
        Value::Object(fields) => {
            fields.values().for_each(|field| collect(field, objects));
            let kind = value["object"].as_str().and_then(Resource::of_kind);
            let is_whole = kind.is_some_and(|kind| !kind.has_parent() && !kind.is_singleton());
            if is_whole && let Some(id) = value["id"].as_str() {
                objects.insert(id.to_owned(), value.clone());
            }
        }
        _ => {}
    }
}

fn of_kind<'a>(objects: &'a Objects, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.values().filter(move |object| object["object"] == kind)
}

fn id_of(object: &Value) -> String {
    object["id"].as_str().unwrap_or_default().to_owned()
}

/// Adds what the books cannot do without; says in words what was added.
fn complete(objects: &mut Objects) -> Vec<String> {
    let mut made_up = Vec::new();
    let mut missing = Vec::new();
    for object in objects.values() {
        let sign = match object["object"].as_str() {
            Some("charge") => 1,
            Some("refund") => -1,
            _ => continue,
        };
        let Some(id) = object["balance_transaction"].as_str() else { continue };
        if !objects.contains_key(id) {
            let kind = if sign > 0 { "charge" } else { "refund" };
            missing.push(movement(id, kind, object, sign));
            made_up
                .push(format!("{id} is not in the file: taken as settled in full, without a fee."));
        }
    }
    let has_members =
        missing.iter().chain(objects.values()).any(|o| o["object"] == "balance_transaction");
    if !has_members {
        for payout in of_kind(objects, "payout") {
            let mut member = movement("txn_example", "charge", payout, 1);
            member["source"] = json!("ch_example");
            missing.push(member);
            made_up.push(format!("{} is taken as made of one charge.", id_of(payout)));
        }
    }
    for object in missing {
        objects.insert(id_of(&object), object);
    }
    made_up
}

fn movement(id: &str, kind: &str, of: &Value, sign: i64) -> Value {
    let amount = of["amount"].as_i64().unwrap_or_default() * sign;
    json!({
        "id": id, "object": "balance_transaction", "type": kind, "reporting_category": kind,
        "source": id_of(of), "amount": amount, "net": amount, "fee": 0, "fee_details": [],
        "currency": of["currency"], "created": of["created"], "available_on": of["created"],
        "status": "available",
    })
}
