//! Objects name one another, have ids of their own, and can be read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{Company, days};
use super::{Facts, companies};
use crate::stripe::objects::{self, read};

/// The kind of object that the prefix of an id stands for.
fn kind_of(id: &str) -> Option<&'static str> {
    Some(match id.split_once('_')?.0 {
        "ch" | "py" => "charge",
        "pi" => "payment_intent",
        "in" => "invoice",
        "cus" => "customer",
        "re" | "pyr" => "refund",
        "du" => "dispute",
        "po" => "payout",
        "txn" => "balance_transaction",
        "cbtxn" => "customer_balance_transaction",
        "cn" => "credit_note",
        "di" => "discount",
        "sub" => "subscription",
        "prod" => "product",
        "price" => "price",
        "txr" => "tax_rate",
        "shr" => "shipping_rate",
        "inpay" => "invoice_payment",
        "pr" => "payment_record",
        "tr" => "transfer",
        "tu" => "topup",
        _ => return None,
    })
}

fn each_id<'a>(value: &'a Value, visit: &mut impl FnMut(&'a str)) {
    match value {
        Value::String(text) if text.ends_with("SaltMarsh") && !text.contains([' ', '/']) => {
            visit(text);
        }
        Value::Array(items) => items.iter().for_each(|item| each_id(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| each_id(field, visit)),
        _ => {}
    }
}

#[test]
fn every_link_leads_to_an_object() {
    for (company, facts) in companies() {
        for object in facts.by_kind.values().flat_map(BTreeMap::values) {
            each_id(object, &mut |id| {
                if let Some(kind) = kind_of(id) {
                    facts.get(kind, id);
                }
            });
            if let Some(coupon) = object["source"]["coupon"].as_str() {
                facts.get("coupon", coupon);
            }
        }
        for note in &company.stories {
            let kind = kind_of(&note.id).unwrap();
            facts.get(kind, &note.id);
        }
    }
}

#[test]
fn ids_stay_apart_where_case_is_ignored() {
    for (_, facts) in companies() {
        let mut seen = BTreeSet::new();
        for id in facts.by_kind.values().flat_map(BTreeMap::keys) {
            assert!(seen.insert(id.to_lowercase()), "{}: {id} is not unique", facts.name);
        }
    }
}

#[test]
fn the_reader_reads_every_object() {
    fn each<T: serde::de::DeserializeOwned>(company: &Company, name: &str, kind: &str) {
        for stored in company.world.objects(kind) {
            if let Err(error) = read::<T>(stored.json.as_bytes()) {
                panic!("{name}: {error}");
            }
        }
    }
    for (company, Facts { name, .. }) in companies() {
        let (company, name) = (company, name.as_str());
        each::<objects::BalanceTransaction>(company, name, "balance_transaction");
        each::<objects::Charge>(company, name, "charge");
        each::<objects::Coupon>(company, name, "coupon");
        each::<objects::CreditNote>(company, name, "credit_note");
        each::<objects::Customer>(company, name, "customer");
        let credits = "customer_balance_transaction";
        each::<objects::CustomerBalanceTransaction>(company, name, credits);
        each::<objects::Discount>(company, name, "discount");
        each::<objects::Dispute>(company, name, "dispute");
        each::<objects::Invoice>(company, name, "invoice");
        each::<objects::InvoicePayment>(company, name, "invoice_payment");
        each::<objects::PaymentIntent>(company, name, "payment_intent");
        each::<objects::Payout>(company, name, "payout");
        each::<objects::Price>(company, name, "price");
        each::<objects::Product>(company, name, "product");
        each::<objects::Refund>(company, name, "refund");
        each::<objects::TaxRate>(company, name, "tax_rate");
        let account: objects::Account = read(company.world.account().as_bytes()).unwrap();
        assert_eq!(account.zone(), Some(days::zone()));
        read::<objects::Balance>(company.world.balance().as_bytes()).unwrap();
    }
}
