//! What a pull must still ask for once its lists are read: nothing that came, and everything that did not.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::calendar::Window;

const WINDOW: Window = Window { since: UnixTime(0), until: UnixTime(100) };
/// The day before the window.
const OLD: i64 = -50;

fn object(id: &str, kind: &str, created: i64, more: &str) -> String {
    format!(r#"{{"id":"{id}","object":"{kind}","created":{created},"livemode":false{more}}}"#)
}

fn movement(id: &str, kind: &str, source: &str) -> String {
    let more = format!(
        r#","amount":5,"fee":0,"net":5,"currency":"usd","available_on":9,"type":"{kind}","reporting_category":"{kind}","status":"available","fee_details":[],"source":"{source}""#
    );
    object(id, "balance_transaction", 5, &more)
}

fn of_customer(id: &str, customer: &str) -> String {
    object(id, "charge", 5, &format!(r#","amount":5,"currency":"usd","customer":"{customer}""#))
}

/// The sources that a pull would ask for, and what it would read because something names it.
fn missing(ledger: &mut Ledger, pull: PullWindow) -> (Vec<String>, Vec<String>) {
    ledger.want_what_is_named().unwrap();
    let sources = ledger.moved_sources(pull).unwrap().into_keys().collect();
    (sources, ledger.wanted_outside("customers", WINDOW).unwrap())
}

/// Were one of these not asked for, a refund or a customer would be missing in the books without a word;
/// were the others, a pull of a month would send a request for each of its charges.
#[test]
fn what_came_is_not_asked_for_and_what_did_not_is() {
    let known = [object("ch_known", "charge", OLD, ""), object("cus_known", "customer", OLD, "")];
    // Into an empty ledger; into one with objects; and in a pull that was killed and goes on.
    for (has_objects, is_killed) in [(false, false), (true, false), (false, true), (true, true)] {
        let folder = Folder::new();
        let mut ledger = folder.ledger();
        if has_objects {
            for json in &known {
                store(&mut ledger, json).unwrap();
            }
        }
        let mut pull = ledger.begin_pull(&["charges"], WINDOW).unwrap();
        let sources = ["ch_after", "ch_before", "ch_known", "ch_nowhere"];
        let movements = sources.map(|source| movement(&format!("txn_{source}"), "charge", source));
        pulled(&mut ledger, &[of_customer("ch_before", "cus_known")]);
        pulled(&mut ledger, &movements);
        pulled(&mut ledger, &[of_customer("ch_after", "cus_after"), of_customer("ch_x", "cus_no")]);
        if is_killed {
            drop(ledger);
            ledger = folder.ledger();
            pull = ledger.begin_pull(&["charges"], WINDOW).unwrap();
            assert!(pull.is_resumed);
        }
        pulled(&mut ledger, &[object("cus_after", "customer", OLD, "")]);
        let case = (has_objects, is_killed);
        let (sources, named) = missing(&mut ledger, pull);
        assert_eq!(sources, ["ch_known", "ch_nowhere"], "{case:?}");
        let expected: &[&str] = if has_objects { &["cus_no"] } else { &["cus_known", "cus_no"] };
        assert_eq!(named, expected, "{case:?}");
        let kinds: BTreeMap<_, _> = ledger.moved_sources(pull).unwrap();
        assert_eq!(kinds["ch_known"].as_deref(), has_objects.then_some("charge"));

        // Asked for once, and only what came since is looked at.
        pull = ledger.looked_at(pull).unwrap();
        pulled(&mut ledger, &[movement("txn_9", "refund", "re_nowhere")]);
        assert_eq!(missing(&mut ledger, pull).0, ["re_nowhere"], "{case:?}");
    }
}

/// Were an object that is there taken for new, it would be in the books twice.
#[test]
fn what_is_there_is_found_whatever_is_remembered() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let page: Vec<String> = (0..300).map(|n| of_customer(&format!("ch_{n}"), "cus_1")).collect();
    for _ in 0..2 {
        ledger.begin_pull(&["charges"], WINDOW).unwrap();
        for objects in page.chunks(100) {
            pulled(&mut ledger, objects);
            pulled(&mut ledger, &objects[..50]);
        }
        // What comes another way in between is not met by the pull.
        store(&mut ledger, &of_customer("ch_300", "cus_1")).unwrap();
        pulled(&mut ledger, &[of_customer("ch_300", "cus_1"), of_customer("ch_7", "cus_1")]);
        ledger.end_pull().unwrap();
    }
    assert_eq!(ledger.facts_version().unwrap(), "301 objects, 301 revisions, 0 of 0 payouts");
}

/// Which invoice a failed payment had paid may be known only after the payment was asked for.
#[test]
fn an_invoice_that_is_open_again_is_found_once_its_payment_is_known() {
    let folder = Folder::new();
    let mut ledger = folder.ledger();
    let pull = ledger.begin_pull(&["charges"], WINDOW).unwrap();
    pulled(&mut ledger, &[movement("txn_1", "payment_failure_refund", "pyr_1")]);
    let mut failed: BTreeSet<String> = ledger.failed_sources(pull).unwrap().into_iter().collect();
    assert!(ledger.reopened_invoices(&mut failed, WINDOW).unwrap().is_empty());
    let pull = ledger.looked_at(pull).unwrap();
    let charge = r#","amount":5,"currency":"usd","customer":"cus_1","payment_intent":"pi_1""#;
    let refund = r#","amount":5,"currency":"usd","charge":"py_1","status":"succeeded""#;
    let payment = r#","amount_requested":5,"amount_paid":5,"currency":"usd","status":"paid","invoice":"in_1","payment":{"type":"payment_intent","payment_intent":"pi_1"}"#;
    let invoice = r#","status":"paid","customer":"cus_1","currency":"usd","total":5,"amount_due":5,"amount_paid":5,"amount_remaining":0,"starting_balance":0,"lines":{"object":"list","data":[],"has_more":false}"#;
    pulled(
        &mut ledger,
        &[
            object("py_1", "charge", OLD, charge),
            object("pyr_1", "refund", 5, refund),
            object("inpay_1", "invoice_payment", OLD, payment),
            object("in_1", "invoice", OLD, invoice),
        ],
    );
    ledger.want_what_is_named().unwrap();
    assert!(ledger.failed_sources(pull).unwrap().is_empty(), "it is remembered by who asks");
    assert_eq!(ledger.reopened_invoices(&mut failed, WINDOW).unwrap(), ["in_1"]);
    assert!(failed.is_empty(), "it is known to the end");
}
