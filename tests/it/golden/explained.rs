//! Worked examples as `tieout explain` tells them, each kept whole as a file beside this one, in 80
//! columns. What an accountant reads is the product here: a change of a word is a change to look at.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tieout::ids::ExternalId;
use tieout::ledger::{Identity, Incoming, Ledger};
use tieout::stripe::objects::Head;

use super::story::{CUSTOMER, Story, line, line_with, movement, tax, with};
use crate::support::offline::{Fate, Offline, WRITTEN};
use crate::support::page::assert_file;

const COLUMNS: u16 = 80;

/// The story in a ledger, derived.
fn told(story: &Story) -> (Offline, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let clock =
        std::sync::Arc::new(tieout::calendar::FixedClock(tieout::calendar::UnixTime(WRITTEN)));
    let identity = Identity {
        stripe_account: "acct_test".into(),
        livemode: false,
        netsuite_account: "TSTDRV_DEMO".into(),
    };
    let mut ledger = Ledger::open(&folder.path().join("tieout.db"), &identity, clock).unwrap();
    let (mut objects, payouts) = facts(story);
    settle(&mut objects);
    objects.push(json!({ "id": "prod_A", "object": "product", "name": "Team plan" }));
    objects.push(json!({
        "id": "price_A", "object": "price", "product": "prod_A", "nickname": "monthly",
    }));
    objects.push(json!({
        "id": "txr_10", "object": "tax_rate", "display_name": "Sales tax", "percentage": 10,
        "inclusive": false, "jurisdiction": "NY",
    }));
    let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let heads: Vec<Head> = texts.iter().map(|text| Head::read(text.as_bytes()).unwrap()).collect();
    let incoming: Vec<Incoming> = heads
        .iter()
        .zip(&texts)
        .map(|(head, json)| Incoming { head, json, parent: None })
        .collect();
    ledger.store(&incoming, "test", tieout::calendar::UnixTime(WRITTEN)).unwrap();
    for (payout, members) in payouts {
        ledger.set_payout_members(&payout, &members).unwrap();
    }
    (Offline::new(folder.path(), ledger), folder)
}

/// Every object as Stripe would list it, and which balance transactions each payout paid out.
fn facts(story: &Story) -> (Vec<Value>, Vec<(String, Vec<String>)>) {
    let mut objects = vec![json!({ "id": CUSTOMER, "object": "customer", "name": "Example Ltd" })];
    objects.extend(story.objects.values().flatten().cloned());
    // A dispute carries its movements, and Stripe lists them as well.
    let disputes = story.objects.get("dispute").into_iter().flatten();
    let inline = disputes.filter_map(|dispute| dispute["balance_transactions"].as_array());
    objects.extend(inline.flatten().cloned());
    objects.extend(story.payouts.iter().map(|paid| paid.payout.clone()));
    let members = story.payouts.iter().map(|paid| {
        let id = paid.payout["id"].as_str().unwrap().to_owned();
        (id, paid.members.clone())
    });
    (objects, members.collect())
}

/// What charges paid of an invoice is no longer open of it, unless the payment failed after all.
fn settle(objects: &mut [Value]) {
    let failed: Vec<String> = objects
        .iter()
        .filter(|object| object["object"] == "charge" && object["status"] == "failed")
        .map(|charge| format!("inpay_{}", charge["id"].as_str().unwrap()))
        .collect();
    let mut paid: BTreeMap<String, i64> = BTreeMap::new();
    for object in objects.iter().filter(|object| object["object"] == "invoice_payment") {
        if !failed.iter().any(|id| object["id"] == id.as_str()) {
            let invoice = object["invoice"].as_str().unwrap().to_owned();
            *paid.entry(invoice).or_default() += object["amount_paid"].as_i64().unwrap();
        }
    }
    for object in objects.iter_mut().filter(|object| object["object"] == "invoice") {
        let paid = paid.get(object["id"].as_str().unwrap()).copied().unwrap_or_default();
        let left = object["amount_remaining"].as_i64().unwrap() - paid;
        if paid > 0 && left == 0 {
            object["status"] = json!("paid");
        }
        object["amount_remaining"] = json!(left);
        object["amount_paid"] = json!(object["amount_paid"].as_i64().unwrap() + paid);
    }
}

/// Everything is in NetSuite, and what is told about `id` is the file `name`.
#[track_caller]
fn assert_told(story: &Story, id: &str, name: &str) {
    assert_told_of(story, id, name, |_| Fate::Verified);
}

#[track_caller]
fn assert_told_of(story: &Story, id: &str, name: &str, fate: impl Fn(&ExternalId) -> Fate) {
    let (mut offline, _folder) = told(story);
    offline.send(fate);
    let text = offline.text(id, COLUMNS);
    for line in text.lines() {
        assert!(line.chars().count() <= usize::from(COLUMNS), "too wide: {line}");
    }
    assert_file(&format!("tests/it/golden/explained/{name}.txt"), &text);
}

fn paid() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.payout("po_1", 9_680, &["ch_1"]);
    story
}

#[test]
fn a_paid_invoice_is_told_from_the_bill_to_the_bank() {
    assert_told(&paid(), "in_1", "paid_invoice");
}

/// The reader must see what each record will be before anything is sent.
#[test]
fn what_is_not_posted_yet_is_told_with_what_the_next_plan_would_do() {
    assert_told_of(&paid(), "ch_1", "not_posted", |_| Fate::Unsent);
}

/// 110.00 with 10.00 tax, 44.00 of it given back: 40.00 of the plan and 4.00 of the tax.
#[test]
fn a_partial_refund_is_told_with_its_share_of_the_tax() {
    let mut story = Story::new();
    let taxes = json!({ "taxes": [tax(1_000, "exclusive")] });
    let total_taxes = json!({ "total_taxes": [tax(1_000, "exclusive")] });
    story.invoice_with("in_1", 11_000, &[line_with("price_A", 10_000, &taxes)], &total_taxes);
    story.charge("ch_1", 11_000, 349);
    story.pays("ch_1", "in_1", 11_000);
    story.payout("po_1", 10_651, &["ch_1"]);
    story.refund("re_1", "ch_1", 4_400);
    story.charge("ch_2", 20_000, 610);
    story.payout("po_2", 14_990, &["ch_2", "re_1"]);
    assert_told(&story, "re_1-memo", "partial_refund_with_tax");
}

#[test]
fn a_dispute_that_was_won_is_told_until_the_money_is_back() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.dispute("dp_1", "ch_1", "won", &[(-10_000, 1_500), (10_000, -1_500)]);
    story.charge("ch_2", 30_000, 900);
    story.payout("po_1", 27_280, &["ch_1", "dp_1", "ch_2"]);
    story.charge("ch_3", 5_000, 175);
    story.payout("po_2", 16_325, &["ch_3", "dp_1_2"]);
    assert_told(&story, "dp_1", "dispute_won");
}

#[test]
fn a_debit_that_failed_after_all_is_told_with_the_invoice_it_opens_again() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "py_1", 5_000, 40);
    story.charge("ch_2", 10_000, 320);
    story.next_day();
    let failure =
        movement("payment_failure_refund", "charge_failure", "py_1", (-5_000, "usd"), 400);
    story.moved(with(failure, &json!({ "id": "txn_failure" })));
    let failed = json!({
        "status": "failed", "failure_balance_transaction": "txn_failure",
        "failure_message": "The bank account has insufficient funds.",
    });
    story.change_charge("py_1", &failed);
    story.payout("po_1", 9_240, &["py_1", "ch_2", "failure"]);
    assert_told(&story, "py_1", "failed_debit");
}

/// A payout with a movement of a type that nobody knows.
fn blocked() -> Story {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.moved(movement("moon_fee", "moon_fees", "moon", (-180, "usd"), 0));
    story.payout("po_1", 9_500, &["ch_1", "moon"]);
    story
}

#[test]
fn a_blocked_payout_is_told_with_what_holds_it_back_and_how_long() {
    assert_told(&blocked(), "po_1", "blocked_payout");
}

/// Somebody who asks for the payment must learn why its deposit is missing.
#[test]
fn a_payment_in_a_blocked_payout_is_told_with_the_same_reason() {
    assert_told(&blocked(), "txn_ch_1", "payment_in_a_blocked_payout");
}

#[test]
fn an_exception_is_told_with_its_fix_and_its_age() {
    let mut story = Story::new();
    let outside = json!({
        "status": "paid", "amount_paid_off_stripe": 10_000, "amount_remaining": 0,
        "amount_paid": 10_000,
    });
    story.invoice_with("in_1", 10_000, &[line("price_A", 10_000)], &outside);
    assert_told(&story, "in_1", "exception");
}

/// Two records that went wrong in the two ways in which sending goes wrong.
#[test]
fn a_refusal_and_a_doubt_are_told_with_what_netsuite_said() {
    assert_told_of(&paid(), "in_1", "refused_and_in_doubt", |id| match id.as_str() {
        "in_1" => Fate::Rejected("The customer is on credit hold."),
        "ch_1" => Fate::InDoubt,
        "po_1" => Fate::Unsent,
        _ => Fate::Posted,
    });
}

#[test]
fn a_negative_payout_is_told_with_the_deposit_that_takes_it_over() {
    let mut story = Story::new();
    story.paid_invoice("in_1", "ch_1", 10_000, 320);
    story.payout("po_1", 9_680, &["ch_1"]);
    story.refund("re_1", "ch_1", 10_000);
    story.payout("po_2", -10_000, &["re_1"]);
    story.charge("ch_2", 20_000, 610);
    story.payout("po_3", 19_390, &["ch_2"]);
    assert_told(&story, "re_1", "refund_in_a_negative_payout");
}

#[test]
fn an_unknown_id_says_where_it_was_looked_for_and_what_is_near() {
    let (offline, folder) = told(&paid());
    let text = offline.text("in_2", COLUMNS).replace(&folder.path().display().to_string(), ".");
    assert_file("tests/it/golden/explained/unknown.txt", &text);
}

/// Whatever somebody has in hand leads to the same story.
#[test]
fn every_id_of_a_story_leads_to_it() {
    let (mut offline, _folder) = told(&paid());
    offline.send(|_| Fate::Verified);
    let ids = |asked: &str| {
        let told = offline.explain(asked).unwrap_or_else(|error| panic!("{asked}: {error}"));
        let records = told.records.all.iter();
        records.map(|record| record.external_id.to_string()).collect::<Vec<_>>()
    };
    let netsuite = {
        let told = offline.explain("in_1").unwrap();
        told.records.all[0].state.netsuite_id.clone().unwrap().to_string()
    };
    for asked in ["in_1", "IN_1", "ch_1", "pi_ch_1", "inpay_ch_1", "txn_ch_1", "il_price_A"] {
        assert_eq!(ids(asked), ["in_1", "ch_1"], "{asked}");
    }
    for asked in [netsuite.clone(), format!("netsuite:{netsuite}")] {
        assert_eq!(ids(&asked), ["in_1", "ch_1"], "{asked}");
    }
    assert_eq!(ids("cus_E"), ["cus_E", "in_1", "ch_1"]);
    assert_eq!(ids("po_1"), ["po_1"]);
    assert_eq!(ids("price_A"), ["price_A"]);
}
