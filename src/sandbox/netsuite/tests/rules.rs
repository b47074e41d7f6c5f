//! What is refused, and that nothing of a refused request stays.

use serde_json::json;

use super::*;
use crate::calendar::PeriodState;

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "`{text}` does not say `{part}`");
}

#[test]
fn an_external_id_is_taken_once_in_its_group_whatever_its_case() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_Ab", json!(1)));
    has(&c.refused(Kind::Invoice, c.invoice("IN_aB", json!(1))), "This record already exists.");
    has(
        &c.refused(Kind::CustomerPayment, c.payment("in_ab", json!(1), json!([]))),
        "already exists",
    );
    has(
        &c.refused(Kind::Customer, json!({"externalId": "CUS_1", "companyName": "B"})),
        "This entity already exists.",
    );
    c.make(Kind::Customer, json!({"externalId": "in_ab", "companyName": "Another group"}));
}

#[test]
fn a_name_is_taken_once() {
    let c = Company::new();
    has(&c.refused(Kind::Customer, json!({"companyName": "ACME"})), "This entity already exists.");
    has(
        &c.refused(
            Kind::ServiceSaleItem,
            json!({"itemId": "plan", "incomeAccount": c.account("4000")}),
        ),
        "same name",
    );
    has(&c.refused(Kind::Customer, json!({})), "Please enter value(s) for: Company Name");
}

#[test]
fn references_must_exist_and_the_error_says_where() {
    let c = Company::new();
    let error = c
        .post(
            Kind::Invoice,
            Company::with(
                c.invoice("in_1", json!(1)),
                json!({
        "item": {"items": [{"item": {"id": 9999}, "amount": 1}]}}),
            ),
        )
        .unwrap_err();
    assert_eq!((error.status, error.code), (400, "INVALID_CONTENT"));
    has(
        &error.detail,
        "You have entered an Invalid Field Value 9999 for the following field: item",
    );
    assert_eq!(error.at, Some(("o:errorPath", "item.items[0].item".into())));
    has(
        &c.refused(
            Kind::Invoice,
            Company::with(c.invoice("in_1", json!(1)), json!({"entity": {"externalId": "cus_9"}})),
        ),
        "cus_9",
    );
    // An account number is not an id.
    has(
        &c.refused(
            Kind::Invoice,
            Company::with(c.invoice("in_1", json!(1)), json!({"account": {"id": "1100"}})),
        ),
        "1100",
    );
}

#[test]
fn a_sale_needs_a_line_a_currency_of_the_customer_and_no_negative_total() {
    let c = Company::new();
    let with = |fields| Company::with(c.invoice("in_1", json!(1)), fields);
    has(&c.refused(Kind::Invoice, with(json!({"item": {"items": []}}))), "at least one line item");
    has(
        &c.refused(Kind::Invoice, with(json!({"currency": {"id": "3"}}))),
        "GBP for the following field: currency",
    );
    has(&c.refused(Kind::Invoice, c.invoice("in_1", json!(-1))), "must not be negative");
    has(&c.refused(Kind::CreditMemo, c.memo("cn_1", json!(-1))), "must not be negative");
    has(
        &c.refused(Kind::Invoice, with(json!({"entity": null}))),
        "Please enter value(s) for: Customer",
    );
    c.make(Kind::Invoice, c.invoice("in_0", json!(0)));
}

#[test]
fn amounts_must_fit_the_currency() {
    let c = Company::new();
    has(&c.refused(Kind::Invoice, c.invoice("in_1", json!(1.005))), "1.005");
    let yen = Company::with(c.invoice("in_1", json!(10.5)), json!({"currency": {"id": "4"}}));
    has(&c.refused(Kind::Invoice, yen), "10.5");
    has(
        &c.refused(
            Kind::Invoice,
            Company::with(c.invoice("in_1", json!(1)), json!({"exchangeRate": 2})),
        ),
        "exchangeRate",
    );
}

#[test]
fn nothing_is_paid_twice() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    let apply =
        |amount: i64| json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": amount}]);
    has(
        &c.refused(Kind::CustomerPayment, c.payment("ch_1", json!(20), apply(11))),
        "only 10.00 is due",
    );
    has(
        &c.refused(Kind::CustomerPayment, c.payment("ch_1", json!(5), apply(6))),
        "5.00 is left, not 6.00",
    );
    has(
        &c.refused(Kind::CustomerPayment, c.payment("ch_1", json!(-5), json!([]))),
        "must not be negative",
    );
    c.make(Kind::CustomerPayment, c.payment("ch_1", json!(7), apply(7)));
    has(
        &c.refused(Kind::CustomerPayment, c.payment("ch_2", json!(7), apply(4))),
        "only 3.00 is due",
    );
    // A refused record leaves nothing behind: its external id is still free.
    c.make(Kind::CustomerPayment, c.payment("ch_2", json!(7), apply(3)));
    assert_eq!(c.balance("1100"), -400);
}

#[test]
fn a_payment_settles_only_its_own_customer_currency_and_receivable() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    c.make(Kind::Customer, json!({"externalId": "cus_2", "companyName": "Other"}));
    let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": 10}]);
    let payment = |fields| Company::with(c.payment("ch_1", json!(10), apply.clone()), fields);
    has(
        &c.refused(Kind::CustomerPayment, payment(json!({"customer": {"externalId": "cus_2"}}))),
        "field: doc",
    );
    has(&c.refused(Kind::CustomerPayment, payment(json!({"currency": {"id": "2"}}))), "field: doc");
    has(
        &c.refused(Kind::CustomerPayment, payment(json!({"arAcct": c.account("1000")}))),
        "field: arAcct",
    );
    has(
        &c.refused(Kind::CustomerPayment, payment(json!({"account": c.account("6000")}))),
        "field: account",
    );
    has(
        &c.refused(Kind::CustomerPayment, payment(json!({"account": c.account("1010")}))),
        "cannot be used",
    );
}

#[test]
fn a_refund_needs_a_credit_that_is_still_open() {
    let c = Company::new();
    c.make(Kind::CreditMemo, c.memo("cn_1", json!(10)));
    c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    c.make(Kind::CustomerPayment, c.payment("ch_1", json!(8), json!([])));
    let nothing =
        Company::with(c.refund("re_1", "cn_1", json!(1)), json!({"apply": {"items": []}}));
    has(&c.refused(Kind::CustomerRefund, nothing), "at least one credit memo");
    has(&c.refused(Kind::CustomerRefund, c.refund("re_1", "in_1", json!(1))), "field: doc");
    has(&c.refused(Kind::CustomerRefund, c.refund("re_1", "cn_1", json!(11))), "only 10.00 is due");
    c.make(Kind::CustomerRefund, c.refund("re_1", "cn_1", json!(10)));
    has(&c.refused(Kind::CustomerRefund, c.refund("re_2", "cn_1", json!(1))), "only 0.00 is due");
    c.make(Kind::CustomerRefund, c.refund("re_2", "ch_1", json!(8)));
    let used = c.query("SELECT foreignpaymentamountused AS used, foreignpaymentamountunused AS unused FROM transaction WHERE externalid = 'ch_1'");
    assert_eq!((&used[0]["used"], &used[0]["unused"]), (&json!("8"), &json!("0")));
}

fn deposit(c: &Company, ids: &[i64]) -> Value {
    let lines: Vec<Value> = ids.iter().map(|id| json!({"id": id, "deposit": true})).collect();
    json!({"account": c.account("1000"), "tranDate": "2026-06-05", "payment": {"items": lines}})
}

#[test]
fn money_is_deposited_once_and_only_from_undeposited_funds() {
    let c = Company::new();
    let payment = c.make(Kind::CustomerPayment, c.payment("ch_1", json!(8), json!([])));
    let direct = Company::with(
        c.payment("ch_2", json!(8), json!([])),
        json!({"account": c.account("1000")}),
    );
    let direct = c.make(Kind::CustomerPayment, direct);
    let invoice = c.make(Kind::Invoice, c.invoice("in_1", json!(8)));
    for wrong in [direct, invoice, 424_242] {
        has(
            &c.refused(Kind::Deposit, deposit(&c, &[wrong])),
            &format!("Invalid id reference key {wrong}"),
        );
    }
    has(&c.refused(Kind::Deposit, deposit(&c, &[payment, payment])), "Invalid id reference key");
    let first = c.make(Kind::Deposit, deposit(&c, &[payment]));
    has(&c.refused(Kind::Deposit, deposit(&c, &[payment])), "Invalid id reference key");
    has(
        &c.patch(Kind::CustomerPayment, payment, json!({"payment": 9})).unwrap_err().detail,
        "has been deposited",
    );
    has(
        &c.netsuite.delete(Kind::CustomerPayment, payment).unwrap_err().detail,
        "cannot be deleted",
    );
    c.patch(Kind::CustomerPayment, payment, json!({"memo": "allowed"})).unwrap();
    c.netsuite.delete(Kind::Deposit, first).unwrap();
    c.make(Kind::Deposit, deposit(&c, &[payment]));
}

#[test]
fn a_deposit_is_never_negative_never_empty_and_speaks_its_banks_currency() {
    let c = Company::new();
    let payment = c.make(Kind::CustomerPayment, c.payment("ch_1", json!(8), json!([])));
    let cashback = |amount: f64| json!({"cashback": {"items": [{"account": c.account("6000"), "amount": amount}]}});
    has(
        &c.refused(Kind::Deposit, Company::with(deposit(&c, &[payment]), cashback(8.01))),
        "may not be negative (-0.01)",
    );
    has(
        &c.refused(Kind::Deposit, Company::with(deposit(&c, &[payment]), cashback(-1.0))),
        "must be positive",
    );
    has(&c.refused(Kind::Deposit, deposit(&c, &[])), "at least one line item");
    let euro = json!({"currency": {"id": "2"}});
    has(
        &c.refused(Kind::Deposit, Company::with(deposit(&c, &[payment]), euro)),
        "EUR for the following field: currency",
    );
    let part =
        json!({"payment": {"items": [{"id": payment, "deposit": true, "paymentAmount": 7}]}});
    has(
        &c.refused(Kind::Deposit, Company::with(deposit(&c, &[]), part)),
        "only be deposited whole",
    );
    has(
        &c.refused(
            Kind::Deposit,
            Company::with(deposit(&c, &[payment]), json!({"account": c.account("1200")})),
        ),
        "field: account",
    );
    // Into a bank of a third currency the amount must be said.
    let bank = json!({"account": c.account("1010")});
    has(&c.refused(Kind::Deposit, Company::with(deposit(&c, &[payment]), bank)), "Payment Amount");
}

#[test]
fn a_journal_balances_and_names_who_owes() {
    let c = Company::new();
    let journal = |lines: Value| json!({"tranDate": "2026-06-01", "line": {"items": lines}});
    let (bank, fees) = (c.account("1000"), c.account("6000"));
    let one = json!([{"account": bank, "debit": 1}]);
    has(&c.refused(Kind::JournalEntry, journal(one)), "at least two lines");
    let off = json!([{"account": bank, "debit": 1.00}, {"account": fees, "credit": 0.99}]);
    has(&c.refused(Kind::JournalEntry, journal(off)), "must balance (debits less credits: 0.01)");
    let nobody =
        json!([{"account": c.account("1100"), "debit": 1}, {"account": fees, "credit": 1}]);
    has(&c.refused(Kind::JournalEntry, journal(nobody)), "Please enter value(s) for: Name");
    let euro = json!([{"account": c.account("1010"), "debit": 1}, {"account": fees, "credit": 1}]);
    has(&c.refused(Kind::JournalEntry, journal(euro)), "cannot be used");
}

#[test]
fn a_closed_or_locked_period_takes_no_postings() {
    let c = Company::new();
    let before = c.make(Kind::Invoice, c.invoice("in_0", json!(1)));
    let june =
        json!({"postingPeriod": {"id": c.setup.period(day("2026-06-01")).unwrap().to_string()}});
    c.netsuite.set_period(day("2026-06-10"), PeriodState::Closed).unwrap();
    has(
        &c.refused(Kind::Invoice, Company::with(c.invoice("in_1", json!(1)), june.clone())),
        "is closed",
    );
    let lines = json!({"item": {"items": [{"item": {"externalId": "price_1"}, "amount": 2}]}});
    has(&c.patch(Kind::Invoice, before, lines).unwrap_err().detail, "is closed");
    has(&c.netsuite.delete(Kind::Invoice, before).unwrap_err().detail, "is closed");
    c.patch(Kind::Invoice, before, json!({"memo": "no effect on the ledger"})).unwrap();
    // Without a named period the record lands in the first open one.
    let moved = c.make(Kind::Invoice, c.invoice("in_2", json!(1)));
    let row = c.query(&format!(
        "SELECT BUILTIN.DF(postingperiod) AS period FROM transaction WHERE id = {moved}"
    ));
    assert_eq!(row[0]["period"], "Jul 2026");
    c.netsuite.set_period(day("2026-06-10"), PeriodState::Locked).unwrap();
    has(&c.refused(Kind::Invoice, Company::with(c.invoice("in_3", json!(1)), june)), "is locked");
    c.netsuite.set_period(day("2026-06-10"), PeriodState::Open).unwrap();
    c.netsuite.delete(Kind::Invoice, before).unwrap();
    assert_eq!(c.query("SELECT recordid, externalid FROM deletedrecord")[0]["externalid"], "in_0");
}

#[test]
fn what_others_depend_on_stays() {
    let c = Company::new();
    let invoice = c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": 10}]);
    let payment = c.make(Kind::CustomerPayment, c.payment("ch_1", json!(10), apply));
    for (kind, id) in
        [(Kind::Invoice, invoice), (Kind::Customer, c.customer), (Kind::ServiceSaleItem, c.item)]
    {
        has(&c.netsuite.delete(kind, id).unwrap_err().detail, "cannot be deleted");
    }
    let lines = json!({"item": {"items": [{"item": {"externalId": "price_1"}, "amount": 9}]}});
    has(
        &c.patch(Kind::Invoice, invoice, lines).unwrap_err().detail,
        "does not agree with 10.00 already applied",
    );
    has(
        &c.patch(Kind::Invoice, invoice, json!({"currency": {"id": "2"}})).unwrap_err().detail,
        "cannot be changed",
    );
    c.netsuite.delete(Kind::CustomerPayment, payment).unwrap();
    c.netsuite.delete(Kind::Invoice, invoice).unwrap();
    assert!(c.netsuite.trial_balance().unwrap().is_empty());
}

#[test]
fn auto_apply_pays_the_oldest_invoice_first() {
    let c = Company::new();
    let dated =
        |id: &str, date: &str| Company::with(c.invoice(id, json!(10)), json!({"tranDate": date}));
    c.make(Kind::Invoice, dated("in_new", "2026-06-02"));
    c.make(Kind::Invoice, dated("in_old", "2026-05-01"));
    let payment =
        Company::with(c.payment("ch_1", json!(15), json!([])), json!({"autoApply": true}));
    c.make(Kind::CustomerPayment, payment);
    let rows = c.query("SELECT externalid, foreignamountunpaid AS open FROM transaction WHERE type = 'CustInvc' ORDER BY trandate");
    assert_eq!((&rows[0]["open"], &rows[1]["open"]), (&json!("0"), &json!("5")));
}

#[test]
fn what_is_not_embodied_is_refused_rather_than_ignored() {
    let c = Company::new();
    let with = |fields| Company::with(c.invoice("in_1", json!(1)), fields);
    has(&c.refused(Kind::Invoice, with(json!({"discountRate": -5}))), "does not support");
    c.make(Kind::Invoice, with(json!({"taxDetailsOverride": false})));
}

/// An invoice of 100.00 with one tax of 8.88; `fields` replace some of its tax detail.
fn taxed(c: &Company, fields: serde_json::Value) -> serde_json::Value {
    let detail = json!({"taxDetailsReference": {"id": "line-1"}, "taxType": "1",
        "taxCode": {"id": "11"}, "taxBasis": 100, "taxRate": 8.875, "taxAmount": 8.88});
    let mut invoice = c.invoice("in_1", json!(100));
    invoice["item"]["items"][0]["taxDetailsReference"] = json!("line-1");
    let details = json!({"items": [Company::with(detail, fields)]});
    Company::with(invoice, json!({"taxDetailsOverride": true, "taxDetails": details}))
}

#[test]
fn overridden_tax_details_post_to_the_codes_account_and_raise_the_total() {
    let c = Company::new();
    c.make(Kind::Invoice, taxed(&c, json!({})));
    assert_eq!([c.balance("1100"), c.balance("4000"), c.balance("2200")], [10_888, -10_000, -888]);
    let memo = Company::with(taxed(&c, json!({})), json!({"externalId": "cn_1"}));
    c.make(Kind::CreditMemo, memo);
    assert_eq!([c.balance("1100"), c.balance("4000"), c.balance("2200")], [0, 0, 0]);
}

#[test]
fn tax_details_that_contradict_themselves_are_refused() {
    let c = Company::new();
    let refused = |fields| c.refused(Kind::Invoice, taxed(&c, fields));
    has(&refused(json!({"taxAmount": 9.88})), "does not agree");
    has(&refused(json!({"taxBasis": 1_000})), "does not agree");
    has(&refused(json!({"taxDetailsReference": {"id": "line-2"}})), "No line has");
    has(&refused(json!({"taxCode": {"id": "12"}})), "taxCode");
    has(&refused(json!({"taxType": "2"})), "taxType");
    has(&refused(json!({"taxRate": null})), "Tax Rate");
    let without = Company::with(taxed(&c, json!({})), json!({"taxDetailsOverride": false}));
    has(&c.refused(Kind::Invoice, without), "overridden");
    let mut twice = taxed(&c, json!({}));
    let line = twice["item"]["items"][0].clone();
    twice["item"]["items"] = json!([line.clone(), line]);
    has(&c.refused(Kind::Invoice, twice), "on two lines");
}

#[test]
fn revenue_cannot_end_before_it_begins() {
    let c = Company::new();
    let mut invoice = c.invoice("in_1", json!(100));
    invoice["item"]["items"][0]["revRecStartDate"] = json!("2026-06-01");
    invoice["item"]["items"][0]["revRecEndDate"] = json!("2026-05-31");
    has(&c.refused(Kind::Invoice, invoice.clone()), "before the start date");
    invoice["item"]["items"][0]["revRecEndDate"] = json!("2026-06-30");
    c.make(Kind::Invoice, invoice);
}

#[test]
fn a_memo_that_is_applied_anew_frees_the_invoice_it_paid() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    c.make(Kind::Invoice, c.invoice("in_2", json!(10)));
    let apply = |doc: &str| json!({"apply": {"items": [{"doc": {"externalId": doc}, "apply": true, "amount": 6}]}});
    let memo = c.make(Kind::CreditMemo, Company::with(c.memo("cn_1", json!(6)), apply("in_1")));
    let open = || {
        c.query("SELECT foreignamountunpaid AS open FROM transaction WHERE type = 'CustInvc' ORDER BY id")
    };
    assert_eq!((&open()[0]["open"], &open()[1]["open"]), (&json!("4"), &json!("10")));
    c.patch(Kind::CreditMemo, memo, apply("in_2")).unwrap();
    assert_eq!((&open()[0]["open"], &open()[1]["open"]), (&json!("10"), &json!("4")));
    has(
        &c.patch(
            Kind::CreditMemo,
            memo,
            json!({"apply": {"items": [{"doc": {"externalId": "in_2"}, "amount": 7}]}}),
        )
        .unwrap_err()
        .detail,
        "6.00 is left, not 7.00",
    );
    assert_eq!(open()[1]["open"], json!("4"), "a refused change was half done");
}

#[test]
fn a_refund_cannot_take_back_what_a_payment_has_paid() {
    let c = Company::new();
    c.make(Kind::Invoice, c.invoice("in_1", json!(10)));
    let apply = json!([{"doc": {"externalId": "in_1"}, "apply": true, "amount": 10}]);
    let payment = c.make(Kind::CustomerPayment, c.payment("ch_1", json!(10), apply.clone()));
    has(&c.refused(Kind::CustomerRefund, c.refund("re_1", "ch_1", json!(10))), "only 0.00 is due");
    c.patch(Kind::CustomerPayment, payment, json!({"apply": {"items": []}})).unwrap();
    c.make(Kind::CustomerRefund, c.refund("re_1", "ch_1", json!(10)));
    has(
        &c.patch(Kind::CustomerPayment, payment, json!({"apply": {"items": apply}}))
            .unwrap_err()
            .detail,
        "0.00 is left",
    );
    assert_eq!([c.balance("1100"), c.balance("1200")], [1000, 0]);
}
