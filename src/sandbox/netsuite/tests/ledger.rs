//! What records do to the general ledger.

use serde_json::json;

use super::*;

#[test]
fn a_payout_of_charge_refund_and_fee_leaves_undeposited_funds_at_zero() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(100)));
    let pay = c.make(
        Kind::CustomerPayment,
        c.payment(
            "ch_1",
            json!(100),
            json!([
        {"doc": {"externalId": "in_1"}, "apply": true, "amount": 100}]),
        ),
    );
    c.make(Kind::CreditMemo, c.memo("re_1-memo", json!(5)));
    let refund = c.make(Kind::CustomerRefund, c.refund("re_1", "re_1-memo", json!(5)));
    c.make(
        Kind::Deposit,
        json!({
            "externalId": "po_1", "tranDate": "2026-06-05", "account": c.account("1000"),
            "payment": {"items": [{"id": pay, "deposit": true, "paymentAmount": 100.00},
                                  {"id": refund, "deposit": true, "paymentAmount": -5.00}]},
            "cashback": {"items": [{"account": c.account("6000"), "amount": 2.90, "memo": "fees"}]},
        }),
    );
    let balances = ["1000", "6000", "1200", "1100", "4000"].map(|n| c.balance(n));
    assert_eq!(balances, [9210, 290, 0, 0, -9500]);
    let deposit = c.query("SELECT foreigntotal FROM transaction WHERE type = 'Deposit'");
    assert_eq!(deposit[0]["foreigntotal"], "92.1");
}

#[test]
fn the_documented_gain_of_250_dollars_is_made_by_two_revaluations() {
    let c = Company::new();
    let eur = |body, rate: &str| {
        Company::with(
            body,
            json!({"currency": {"id": "2"}, "exchangeRate": serde_json::from_str::<Value>(rate).unwrap()}),
        )
    };
    c.make(Kind::Invoice, eur(c.invoice("in_1", json!(1000)), "1.1"));
    c.make(Kind::Invoice, eur(c.invoice("in_2", json!(1000)), "1.2"));
    c.make(
        Kind::CustomerPayment,
        eur(
            c.payment(
                "ch_1",
                json!(1500),
                json!([
        {"doc": {"externalId": "in_1"}, "apply": true, "amount": 1000},
        {"doc": {"externalId": "in_2"}, "apply": true, "amount": 500}]),
            ),
            "1.3",
        ),
    );
    assert_eq!(c.balance("7000"), -25_000);
    assert_eq!(c.balance("1200"), 195_000);
    assert_eq!(c.balance("1100"), 60_000); // EUR 500 left at 1.2
    let made = c.query("SELECT id, externalid, entity FROM transaction WHERE type = 'FxReval'");
    assert_eq!(made.len(), 2);
    assert!(made.iter().all(|row| row.get("externalid").is_none()));
}

#[test]
fn a_refund_at_another_rate_leaves_nothing_in_receivables() {
    let c = Company::new();
    let eur = |body, rate: f64| {
        Company::with(body, json!({"currency": {"id": "2"}, "exchangeRate": rate}))
    };
    c.make(Kind::CreditMemo, eur(c.memo("m", json!(33.33)), 1.1));
    c.make(Kind::CustomerRefund, eur(c.refund("r", "m", json!(33.33)), 1.237));
    assert_eq!(c.balance("1100"), 0);
    assert_eq!(c.balance("7000") + c.balance("7020"), 4123 - 3666);
}

#[test]
fn an_applied_payment_that_is_taken_back_takes_its_gain_with_it() {
    let c = Company::new();
    let eur = |body, rate: f64| {
        Company::with(body, json!({"currency": {"id": "2"}, "exchangeRate": rate}))
    };
    c.make(Kind::Invoice, eur(c.invoice("in_1", json!(10)), 1.1));
    let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": 10}]);
    let payment = c.make(Kind::CustomerPayment, eur(c.payment("ch_1", json!(10), apply), 1.3));
    assert_eq!(c.balance("7000"), -200);
    c.patch(Kind::CustomerPayment, payment, json!({"apply": {"items": []}})).unwrap();
    assert_eq!(c.balance("7000"), 0);
    let open = c.query(
        "SELECT foreignamountunpaid, foreignamountpaid FROM transaction WHERE externalid = 'in_1'",
    );
    assert_eq!(
        (&open[0]["foreignamountunpaid"], &open[0]["foreignamountpaid"]),
        (&json!("10"), &json!("0"))
    );
    assert_eq!(c.query("SELECT recordid FROM deletedrecord WHERE type = 'fxReval'").len(), 1);
}

#[test]
fn a_foreign_payment_settled_exactly_needs_no_matching_entry() {
    let c = Company::new();
    let body =
        Company::with(c.payment("ch_1", json!(99.99), json!([])), json!({"currency": {"id": "2"}}));
    // 108.37 / 99.99 with enough digits that the product rounds to the settled cents.
    let text = body
        .to_string()
        .replace("\"payment\"", "\"exchangeRate\":1.083808380838083808,\"payment\"");
    let id = c.netsuite.create(Kind::CustomerPayment, &text).unwrap();
    assert_eq!(c.balance("1200"), 10_837);
    let deposit = |amount| {
        json!({"account": c.account("1000"), "tranDate": "2026-06-05",
        "payment": {"items": [{"id": id, "deposit": true, "paymentAmount": amount}]}})
    };
    let first = c.make(Kind::Deposit, deposit(108.37));
    assert_eq!([c.balance("1200"), c.balance("1000"), c.balance("7010")], [0, 10_837, 0]);
    c.netsuite.delete(Kind::Deposit, first).unwrap();
    c.make(Kind::Deposit, deposit(108.00));
    assert_eq!([c.balance("1200"), c.balance("1000"), c.balance("7010")], [0, 10_800, 37]);
}

#[test]
fn a_discount_goes_to_the_income_above_it_or_to_its_own_account() {
    let c = Company::new();
    c.make(
        Kind::DiscountItem,
        json!({"externalId": "coupon-a", "itemId": "A", "rate": 0, "nonPosting": true}),
    );
    c.make(
        Kind::DiscountItem,
        json!({"externalId": "coupon-b", "itemId": "B", "rate": 0,
        "nonPosting": false, "account": c.account("4900")}),
    );
    let line = |item: &str, amount: i64| json!({"item": {"externalId": item}, "amount": amount});
    let lines = |lines: Value| {
        Company::with(c.invoice("in_1", json!(0)), json!({"item": {"items": lines}}))
    };
    let refused =
        c.refused(Kind::Invoice, lines(json!([line("coupon-a", -1), line("price_1", 9)])));
    assert!(refused.contains("must follow the item"), "{refused}");
    c.make(
        Kind::Invoice,
        lines(json!([line("price_1", 100), line("coupon-a", -10), line("coupon-b", -20)])),
    );
    assert_eq!([c.balance("4000"), c.balance("4900"), c.balance("1100")], [-9000, 2000, 7000]);
}

#[test]
fn rounding_lines_of_a_foreign_invoice_never_unbalances_it() {
    let c = Company::new();
    let line = json!({"item": {"externalId": "price_1"}, "amount": 0.05});
    let body = Company::with(
        c.invoice("in_1", json!(0)),
        json!({
        "currency": {"id": "2"}, "exchangeRate": 1.1, "item": {"items": [line, line, line]}}),
    );
    c.make(Kind::Invoice, body);
    assert_eq!([c.balance("1100"), c.balance("4000")], [17, -17]); // 3 × 0.06 would be 0.18
}

#[test]
fn amounts_can_be_read_in_both_currencies() {
    let c = Company::new();
    let jpy = json!({"currency": {"id": "4"}, "item": {"items": [{"item": {"externalId": "price_1"}, "amount": 12000}]}});
    c.make(Kind::Invoice, Company::with(c.invoice("in_1", json!(0)), jpy));
    let rows = c.query(
        "SELECT l.foreignamount, l.debitforeignamount, l.creditforeignamount, a.debit, a.credit, BUILTIN.DF(a.account) AS name
         FROM transactionaccountingline a
         JOIN transactionline l ON l.transaction = a.transaction AND l.id = a.transactionline ORDER BY l.id",
    );
    assert_eq!(
        rows[0],
        json!({"links": [], "foreignamount": "12000", "debitforeignamount": "12000",
        "debit": "80.4", "name": "1100 Accounts Receivable"})
    );
    assert_eq!(
        rows[1],
        json!({"links": [], "foreignamount": "-12000", "creditforeignamount": "12000",
        "credit": "80.4", "name": "4000 Subscription Revenue"})
    );
}

#[test]
fn a_journal_that_is_not_approved_moves_nothing() {
    let c = Company::new();
    let lines = json!([{"account": c.account("6100"), "debit": 5}, {"account": c.account("1990"), "credit": 5}]);
    c.make(Kind::JournalEntry, json!({"approved": false, "line": {"items": lines}}));
    assert_eq!(c.balance("6100"), 0);
    c.make(Kind::JournalEntry, json!({"approved": true, "line": {"items": lines}}));
    assert_eq!(c.balance("6100"), 500);
}

#[test]
fn a_changed_rate_of_a_paid_invoice_moves_the_gain_with_it() {
    let c = Company::new();
    let eur = |body, rate: f64| {
        Company::with(body, json!({"currency": {"id": "2"}, "exchangeRate": rate}))
    };
    let invoice = c.make(Kind::Invoice, eur(c.invoice("in_1", json!(10)), 1.1));
    let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": 10}]);
    c.make(Kind::CustomerPayment, eur(c.payment("ch_1", json!(10), apply), 1.3));
    c.patch(Kind::Invoice, invoice, json!({"exchangeRate": 1.25})).unwrap();
    assert_eq!([c.balance("7000"), c.balance("1100"), c.balance("4000")], [-50, 0, -1250]);
}

#[test]
fn payments_in_parts_leave_no_cent_in_receivables() {
    let c = Company::new();
    let eur = |body, rate: f64| {
        Company::with(body, json!({"currency": {"id": "2"}, "exchangeRate": rate}))
    };
    c.make(Kind::Invoice, eur(c.invoice("in_1", json!(1.00)), 1.115));
    for (n, part) in [(1, 0.33), (2, 0.33), (3, 0.34)] {
        let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": part}]);
        c.make(
            Kind::CustomerPayment,
            eur(c.payment(&format!("ch_{n}"), json!(part), apply), 1.115),
        );
    }
    assert_eq!(c.balance("1100"), 0);
    assert_eq!(c.balance("7000"), 0, "equal rates cannot make a realized gain");
}
