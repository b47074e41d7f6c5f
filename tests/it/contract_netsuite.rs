//! Our JSON, error classes and signatures against what is published about NetSuite.
//!
//! The published material is not part of this project. `TIEOUT_CONTRACT_DATA` names a folder that
//! has it under `netsuite/`; without it these tests have nothing to compare with and pass.

use std::path::PathBuf;

use serde_json::{Map, Value};
use tieout::calendar::UnixTime;
use tieout::ids::{ExternalId, InternalId};
use tieout::money::{Amount, Currency};
use tieout::net::transport::{HttpResponse, Method};
use tieout::netsuite::auth::tba::TbaCredentials;
use tieout::netsuite::error::{Class, NetSuiteError};
use tieout::netsuite::extras::Extras;
use tieout::netsuite::fields::{FieldType, PLACES};
use tieout::netsuite::record::{
    Address, Apply, Body, CreditMemo, Customer, CustomerPayment, CustomerRefund, Decimal, Deposit,
    DepositLine, DepositPayment, DiscountItem, Header, Invoice, ItemLine, JournalEntry,
    JournalLine, LineTax, RecordKind, Ref, ServiceSaleItem,
};
use tieout::netsuite::retry::Effect;
use tieout::netsuite::wire::{UsualPlaces, create_json, fill_internal_ids};

fn published(file: &str) -> Option<Value> {
    let folder = PathBuf::from(std::env::var_os("TIEOUT_CONTRACT_DATA")?);
    let path = folder.join("netsuite").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

fn external(id: &str) -> ExternalId {
    ExternalId::new(id).unwrap()
}

fn usd(minor: i64) -> Amount {
    Amount::new(minor, Currency::USD)
}

fn header(id: &str) -> Header {
    Header {
        external_id: external(id),
        memo: format!("Stripe: {id}"),
        tran_date: "2026-03-01".parse().unwrap(),
        posting_period: Some("13".into()),
        currency: "1".into(),
        exchange_rate: Some(Decimal("1.125".into())),
        subsidiary: Some("1".into()),
        extras: Extras::default(),
    }
}

fn line(amount: Amount) -> ItemLine {
    ItemLine {
        item: Ref::External(external("price_1")),
        description: "Seats".into(),
        quantity: Some(Decimal("2".into())),
        rate: Some(Decimal("5.00".into())),
        amount,
        service_period: Some(("2026-03-01".parse().unwrap(), "2026-03-31".parse().unwrap())),
        is_recognized: true,
        taxes: vec![LineTax {
            tax_type: "1".into(),
            tax_code: "11".into(),
            basis: amount,
            rate: Decimal("8.875".into()),
            amount: usd(89),
            posts_to: "220".into(),
        }],
        posts_to: "400".into(),
        origin: None,
    }
}

fn apply(id: &str) -> Vec<Apply> {
    vec![Apply { doc: Ref::External(external(id)), amount: usd(1_000) }]
}

#[expect(clippy::unnecessary_wraps, reason = "every optional field of a sample is present")]
fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

/// A record of each kind with every optional field present.
fn samples() -> Vec<Body> {
    let mut samples = entities_and_items();
    samples.extend(posting_records());
    samples
}

fn entities_and_items() -> Vec<Body> {
    vec![
        Body::Customer(Customer {
            external_id: external("cus_1"),
            entity_id: "cus_1".into(),
            company_name: "Ada Ltd".into(),
            person: None,
            email: text("ada@example.com"),
            phone: text("+1 555 0100"),
            comments: "Stripe: cus_1".into(),
            address: Some(Address {
                addressee: text("Ada"),
                line1: text("1 Street"),
                line2: text("Floor 2"),
                city: text("Springfield"),
                state: text("IL"),
                postal_code: text("62701"),
                country: text("US"),
            }),
            shipping: Some(Box::new(Address { line1: text("2 Street"), ..Address::default() })),
            subsidiary: Some("1".into()),
            currency: "1".into(),
            currencies: vec!["1".into(), "2".into()],
            extras: Extras::default(),
        }),
        Body::ServiceSaleItem(ServiceSaleItem {
            external_id: external("price_1"),
            item_id: "price_1".into(),
            display_name: "Seat".into(),
            income_account: "400".into(),
            subsidiary: Some("1".into()),
            extras: Extras::default(),
        }),
        Body::DiscountItem(DiscountItem {
            external_id: external("coupon-SAVE"),
            item_id: "coupon-SAVE".into(),
            display_name: "Save".into(),
            account: Some("410".into()),
            subsidiary: Some("1".into()),
            extras: Extras::default(),
        }),
    ]
}

fn posting_records() -> Vec<Body> {
    let customer = || Ref::External(external("cus_1"));
    let deposit_line =
        || DepositLine { account: "600".into(), amount: usd(29), memo: "Fees".into() };
    let journal_line = |minor| JournalLine {
        account: "600".into(),
        amount: usd(minor),
        memo: "Fees".into(),
        entity: Some(customer()),
    };
    vec![
        Body::Invoice(Invoice {
            header: header("in_1"),
            entity: customer(),
            account: "120".into(),
            due_date: Some("2026-03-31".parse().unwrap()),
            other_ref_num: text("ABC-0001"),
            lines: vec![line(usd(1_000))],
        }),
        Body::CreditMemo(CreditMemo {
            header: header("cn_1"),
            entity: customer(),
            account: "120".into(),
            lines: vec![line(usd(1_000))],
            apply: apply("in_1"),
        }),
        Body::CustomerPayment(CustomerPayment {
            header: header("ch_1"),
            customer: customer(),
            ar_account: "120".into(),
            account: "130".into(),
            payment: usd(1_000),
            apply: apply("in_1"),
        }),
        Body::CustomerRefund(CustomerRefund {
            header: header("re_1"),
            customer: customer(),
            ar_account: "120".into(),
            account: "130".into(),
            apply: apply("cn_1"),
        }),
        Body::Deposit(Deposit {
            header: header("po_1"),
            account: "100".into(),
            payments: vec![
                DepositPayment { record: Ref::External(external("ch_1")), amount: usd(1_000) },
                DepositPayment { record: Ref::Id("78".into()), amount: usd(-100) },
            ],
            other: vec![deposit_line()],
            cashback: vec![deposit_line()],
        }),
        Body::JournalEntry(JournalEntry {
            header: header("txn_1"),
            lines: vec![journal_line(500), journal_line(-500)],
        }),
    ]
}

#[test]
fn every_property_we_send_exists_in_netsuite_with_the_type_we_send() {
    let Some(published) = published("rest-record-v1-2026.1-subset.json") else { return };
    let schemas = published["schemas"].as_object().unwrap();
    let mut seen: Vec<RecordKind> = Vec::new();
    let mut wrong = Vec::new();
    for body in samples() {
        seen.push(body.kind());
        let json = create_json(&body, &UsualPlaces).unwrap().to_text();
        let filled = fill_internal_ids(&json, &|_| Some(InternalId::new("77"))).unwrap();
        let value: Value = serde_json::from_str(&filled).unwrap();
        check_object(schemas, body.kind().rest_name(), &value, &mut wrong);
    }
    seen.sort();
    assert_eq!(seen, RecordKind::ALL, "a kind of record has no sample");
    assert!(wrong.is_empty(), "not as NetSuite has it:\n{}", wrong.join("\n"));
}

/// Holds each property of an object against the schema of that name.
fn check_object(
    schemas: &Map<String, Value>,
    schema: &str,
    value: &Value,
    wrong: &mut Vec<String>,
) {
    // The published subset has credit memo lines only as "like invoice lines", and says nothing
    // about the lines of some lists of a customer.
    let name = if schema == "creditMemo-itemElement" { "invoice-itemElement" } else { schema };
    let Some(properties) = schemas.get(name) else { return };
    for (property, value) in value.as_object().unwrap() {
        let path = format!("{schema}.{property}");
        match properties.get(property) {
            None => wrong.push(format!("{path} does not exist")),
            Some(declared) => check_value(schemas, &path, declared, value, wrong),
        }
    }
}

fn check_value(
    schemas: &Map<String, Value>,
    path: &str,
    declared: &Value,
    value: &Value,
    wrong: &mut Vec<String>,
) {
    let fits = match declared["type"].as_str() {
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("object") => value["id"].is_string(),
        Some("collection") => match value["items"].as_array() {
            Some(items) => {
                let element = declared["items"].as_str().unwrap();
                for item in items {
                    check_object(schemas, element, item, wrong);
                }
                value.as_object().unwrap().len() == 1
            }
            None => false,
        },
        None => is_reference(value),
        Some(other) => panic!("{path}: the schema has a type {other} that this test does not know"),
    };
    if !fits {
        wrong.push(format!("{path} is {value}, but {declared} is wanted"));
    }
}

/// `{"id":"5"}` or `{"externalId":"in_1"}`.
fn is_reference(value: &Value) -> bool {
    let Some(fields) = value.as_object() else { return false };
    fields.len() == 1
        && fields
            .iter()
            .all(|(name, id)| ["id", "externalId"].contains(&name.as_str()) && id.is_string())
}

/// A field that NetSuite does not have, or of another type, would be refused record by record.
#[test]
fn every_field_that_can_be_mapped_exists_with_its_type() {
    let Some(published) = published("rest-record-v1-2026.1-subset.json") else { return };
    let schemas = published["schemas"].as_object().unwrap();
    let mut wrong = Vec::new();
    for place in PLACES {
        let record = place.kind.rest_name();
        let schema = match (place.name, place.sublist) {
            ("credit_memo_line", _) => "invoice-itemElement".to_owned(),
            (_, Some(sublist)) => format!("{record}-{sublist}Element"),
            (_, None) => record.to_owned(),
        };
        for (field, field_type) in place.standard_fields() {
            let declared = &schemas[&schema][field];
            let format = declared["format"].as_str();
            let fits = match declared["type"].as_str() {
                Some("string") if format == Some("date") => field_type == FieldType::Date,
                Some("string") => field_type == FieldType::Text,
                Some("boolean") => field_type == FieldType::Boolean,
                Some("integer") => field_type == FieldType::Integer,
                Some("number") => field_type == FieldType::Decimal,
                Some("object") | None => field_type == FieldType::Reference && !declared.is_null(),
                Some(_) => false,
            };
            if !fits {
                wrong.push(format!("{schema}.{field} is {field_type:?}, published: {declared}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_comparison_itself_notices_what_does_not_fit() {
    let schemas = serde_json::json!({
        "deposit": {"memo": {"type": "string"}, "account": {"$ref": "account"},
            "payment": {"type": "collection", "items": "deposit-paymentElement"}},
        "deposit-paymentElement": {"id": {"type": "integer"}},
    });
    let body = serde_json::json!({"memo": 1, "account": "5", "extra": true,
        "payment": {"items": [{"id": "7"}, {"id": 7}]}});
    let mut wrong = Vec::new();
    check_object(schemas.as_object().unwrap(), "deposit", &body, &mut wrong);
    wrong.sort();
    let names: Vec<&str> = wrong.iter().map(|text| text.split(' ').next().unwrap()).collect();
    assert_eq!(
        names,
        ["deposit-paymentElement.id", "deposit.account", "deposit.extra", "deposit.memo"]
    );
}

#[test]
fn every_documented_error_finds_its_class() {
    let Some(published) = published("errors-documented.json") else { return };
    for error in published.as_array().unwrap() {
        let class = class_of(error);
        let code = error["body"]["o:errorDetails"][0]["o:errorCode"].as_str().unwrap_or_default();
        let expected = match (error["http_status"].as_u64().unwrap(), code) {
            (401, _) => matches!(class, Class::Authentication { .. }),
            (429, _) => matches!(class, Class::Concurrency),
            (500, _) => matches!(class, Class::InDoubt { .. }),
            (404, "NONEXISTENT_ID") => matches!(class, Class::NotFound),
            (400, "INVALID_CONTENT") => {
                matches!(&class, Class::InvalidReference { field, .. } if field == "item")
            }
            _ => matches!(class, Class::Rejected { .. }),
        };
        assert!(expected, "{error} became {class:?}");
    }
}

#[test]
fn every_observed_error_finds_its_class() {
    let Some(published) = published("errors-observed.json") else { return };
    for error in published["observations"].as_array().unwrap() {
        let Some(detail) = detail_of(error) else { continue };
        let class = class_of(error);
        let expected = if detail.contains("already exists") {
            matches!(class, Class::AlreadyExists { .. })
        } else if detail.contains("Please enter value(s)") {
            matches!(class, Class::MissingField { .. })
        } else if detail.contains("permission") {
            matches!(class, Class::Permission { .. })
        } else if detail.contains("Invalid Field Value") {
            matches!(&class, Class::InvalidReference { field, .. } if field == "customer")
        } else if detail.contains("record instance does not exist") {
            matches!(class, Class::NotFound)
        } else if detail.contains("Transaction type specified is incorrect") {
            matches!(class, Class::OtherKind { .. })
        } else {
            matches!(class, Class::Rejected { .. })
        };
        assert!(expected, "{detail} became {class:?}");
    }
}

fn detail_of(error: &Value) -> Option<&str> {
    let inside = error["body"]["o:errorDetails"][0]["detail"].as_str();
    inside.or(error["detail"].as_str()).or(error["detail_starts_with"].as_str())
}

/// The class of a published answer; where only the sentence is published, of that sentence.
fn class_of(error: &Value) -> Class {
    let detail = detail_of(error).unwrap_or_default();
    let missing = detail.contains("record instance does not exist");
    let status = error["http_status"].as_u64().unwrap_or(if missing { 404 } else { 400 });
    let body = if error["body"].is_object() {
        error["body"].clone()
    } else if detail.is_empty() {
        Value::Null
    } else {
        serde_json::json!({"status": status, "o:errorDetails": [{"detail": detail}]})
    };
    let headers = error["headers"].as_object().into_iter().flatten();
    let response = HttpResponse {
        status: u16::try_from(status).unwrap(),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap().to_owned()))
            .collect(),
        body: body.to_string().into_bytes(),
    };
    NetSuiteError::from_response("sample", Effect::Write, &response).class
}

#[test]
fn the_published_signatures_are_reproduced() {
    let Some(published) = published("tba-vectors.json") else { return };
    let value = |name: &str| published[name].as_str().unwrap().to_owned();
    let credentials = TbaCredentials {
        account: value("realm").parse().unwrap(),
        consumer_key: value("consumer_key"),
        consumer_secret: value("consumer_secret").into(),
        token_id: value("token_id"),
        token_secret: value("token_secret").into(),
    };
    for vector in published["vectors"].as_array().unwrap() {
        let method = if vector["method"] == "GET" { Method::Get } else { Method::Post };
        let timestamp = UnixTime(value("timestamp").parse().unwrap());
        let url = vector["url"].as_str().unwrap();
        let header = credentials.authorization(method, url, &value("nonce"), timestamp);
        let signature = vector["signature_b64"].as_str().unwrap();
        let encoded = signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        assert!(header.contains(&format!("oauth_signature=\"{encoded}\"")), "{}", vector["name"]);
    }
}
