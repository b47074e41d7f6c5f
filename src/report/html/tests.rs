//! What a controller must be able to see on the page.

use super::*;
use crate::accounting::ExceptionClass;
use crate::calendar::UnixTime;
use crate::ids::ExternalId;
use crate::money::Amount;
use crate::reconcile::payouts::{PayoutLeg, payouts};
use crate::reconcile::{Line, Statement};

fn usd(minor: i64) -> Amount {
    Amount::new(minor, Currency::USD)
}

fn leg(id: &str, expected: i64, banked: i64) -> PayoutLeg {
    PayoutLeg {
        external_id: ExternalId::new(id).unwrap(),
        arrival: "2026-10-02".parse().unwrap(),
        expected: usd(expected),
        banked: usd(banked),
        in_transit: false,
    }
}

fn tieout(legs: Vec<PayoutLeg>) -> TieOut {
    let still = Statement::new(
        "fees",
        "Fees, USD",
        Currency::USD,
        vec![Line::term("Fees that Stripe charged", usd(0), 0)],
        "Should be in the fee accounts",
        Some(("Fee accounts, by NetSuite", usd(0))),
    );
    TieOut {
        schema_version: 1,
        company: Some("Cable & Sons <Ltd>".into()),
        stripe_account: "acct_1".into(),
        netsuite_account: "TSTDRV_1".into(),
        zone: "America/New_York".parse().unwrap(),
        known: None,
        as_of: UnixTime(1_790_000_000),
        statements: vec![payouts(Currency::USD, &legs), still],
        payouts: legs,
    }
}

fn page_of(tieout: &TieOut, exceptions: &[Exception]) -> String {
    page(&Page { tieout, exceptions, posted: &[("Invoice", 1_204)], made_by: "tieout" })
}

#[test]
fn a_difference_is_on_the_banner_in_the_matrix_and_at_its_payout() {
    let differs = tieout(vec![leg("po_1", 9_680, 9_680), leg("po_2", 5_000, 4_999)]);
    let html = page_of(&differs, &[]);
    assert!(html.contains("1 statement differs"), "{html}");
    assert!(html.contains(r##"<a class="bad" href="#payouts-USD">-0.01 USD</a>"##), "{html}");
    assert!(html.contains("<span class=\"bad\">49.99 USD</span>"), "{html}");
    assert!(!html.contains("Everything ties out"));
    assert!(page_of(&tieout(vec![leg("po_1", 1, 1)]), &[]).contains("Everything ties out"));
}

#[test]
fn what_needs_a_person_is_announced_at_the_top() {
    let exception = Exception::new(
        ExceptionClass::Policy,
        "paid_out_of_band",
        "in_1",
        "10.00 USD was paid outside Stripe.",
        "Record the payment.",
    );
    let html = page_of(&tieout(vec![leg("po_1", 1, 1)]), &[exception]);
    let chip = html.find("1 thing needs a person").expect("the chip");
    assert!(chip < html.find("At a glance").expect("the matrix"));
}

#[test]
fn a_statement_of_nothing_takes_one_line_and_names_are_escaped() {
    let html = page_of(&tieout(vec![leg("po_1", 1, 1)]), &[]);
    assert!(html.contains("fees</span>: nothing on either side."), "{html}");
    assert!(!html.contains("Fees that Stripe charged"), "{html}");
    assert!(html.contains("Cable &amp; Sons &lt;Ltd&gt;"), "{html}");
    // A row of the matrix leads to it all the same.
    assert!(html.contains(r#"id="fees-USD""#) && html.contains("1,204"), "{html}");
}
