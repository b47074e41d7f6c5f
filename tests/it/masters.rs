//! Master data in the core: links, holds, names, items, and what a mapping gives.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use tieout::accounting::links::Needs;
use tieout::accounting::mapping::{FieldRule, Path, Root, Source};
use tieout::accounting::masters::{
    Currencies, CustomerField, CustomerKind, CustomerMode, FieldMatch, Masters,
};
use tieout::accounting::policy::AllowList;
use tieout::accounting::question::{By, Details, Hit, Question, Sought};
use tieout::accounting::seat::{Schedule, Sources};
use tieout::accounting::{Case, CustomerCase, Derived, PayoutCase, Policy, derive};
use tieout::ids::{ExternalId, InternalId};
use tieout::netsuite::extras::FieldValue;
use tieout::netsuite::fields::{FieldType, Place};
use tieout::netsuite::record::{Body, RecordKind, Ref};
use tieout::netsuite::wire::{UsualPlaces, create_json};
use tieout::stripe::objects::{Charge, Customer, Invoice, read};

use crate::support;

pub(crate) const NOON: i64 = 1_772_366_400;

pub(crate) fn view<T: serde::de::DeserializeOwned>(object: &Value) -> T {
    read(object.to_string().as_bytes()).unwrap()
}

fn movement(id: &str, amount: i64) -> Value {
    json!({ "id": format!("txn_{id}"), "object": "balance_transaction", "type": "charge",
        "reporting_category": "charge", "source": id, "amount": amount, "fee": 0, "net": amount,
        "currency": "usd", "created": NOON, "available_on": NOON, "fee_details": [],
        "status": "available" })
}

fn charge(id: &str, metadata: &Value) -> Charge {
    view(&json!({ "id": id, "object": "charge", "customer": "cus_1", "currency": "usd",
        "amount": 10_000, "amount_captured": 10_000, "captured": true, "created": NOON,
        "status": "succeeded", "balance_transaction": format!("txn_{id}"), "metadata": metadata }))
}

/// A customer with an invoice of one line of 100.00 for `price_1`, which `ch_1` paid.
pub(crate) fn paid_invoice(customer: &Value, invoice: &Value, of_charge: &Value) -> CustomerCase {
    let line = json!({ "id": "il_1", "object": "line_item", "amount": 10_000, "quantity": 1,
        "currency": "usd", "description": "Seat", "metadata": { "team": "Ops" },
        "pricing": { "price_details": { "price": "price_1", "product": "prod_1" } } });
    let invoice = json!({ "id": "in_1", "object": "invoice", "customer": "cus_1",
        "currency": "usd", "created": NOON, "status": "paid", "total": 10_000,
        "amount_due": 10_000, "status_transitions": { "finalized_at": NOON },
        "lines": { "data": [line] }, "metadata": invoice });
    let paid = json!({ "id": "inpay_1", "object": "invoice_payment", "invoice": "in_1",
        "amount_paid": 10_000, "currency": "usd", "created": NOON, "status": "paid",
        "payment": { "type": "charge", "charge": "ch_1" } });
    let customer = json!({ "id": "cus_1", "object": "customer", "name": "Acme Ltd",
        "email": "AP@Acme.test", "metadata": customer });
    CustomerCase {
        customer: Some(view::<Customer>(&customer)),
        customer_id: Some("cus_1".into()),
        invoices: vec![view::<Invoice>(&invoice)],
        invoice_payments: vec![view(&paid)],
        charges: vec![charge("ch_1", of_charge)],
        balance_transactions: vec![view(&movement("ch_1", 10_000))],
        ..CustomerCase::default()
    }
}

pub(crate) fn hit(id: &str, kind: &str, account: Option<&str>) -> Hit {
    Hit {
        id: id.into(),
        external_id: None,
        label: format!("record {id}"),
        kind: kind.into(),
        account: account.map(InternalId::from),
        is_inactive: false,
    }
}

/// Answers every question by what `netsuite` has, then derives.
pub(crate) fn derive_with(
    case: &mut Case,
    policy: &Policy,
    netsuite: &dyn Fn(&Question) -> Vec<Hit>,
) -> Derived {
    let questions = Needs::of([&*case], policy).questions;
    let answers = questions.into_iter().map(|q| (q.clone(), netsuite(&q))).collect();
    case.known_mut().answers = Arc::new(answers);
    derive(case, policy)
}

pub(crate) fn by_id(wanted: &str, hit: Hit) -> impl Fn(&Question) -> Vec<Hit> {
    let wanted = InternalId::new(wanted);
    move |question| match &question.by {
        By::Id(id) if *id == wanted => vec![hit.clone()],
        _ => Vec::new(),
    }
}

pub(crate) fn ids(derived: &Derived) -> Vec<String> {
    derived.records.iter().map(|record| record.external_id().to_string()).collect()
}

pub(crate) fn codes(derived: &Derived) -> Vec<&str> {
    derived.exceptions.iter().map(|exception| exception.code.as_str()).collect()
}

pub(crate) fn body<'a>(derived: &'a Derived, id: &str) -> &'a Body {
    let found = derived.records.iter().find(|record| record.external_id().as_str() == id);
    &found.unwrap_or_else(|| panic!("{id} is not among {:?}", ids(derived))).body
}

pub(crate) fn customer_case(case: CustomerCase) -> Case {
    Case::Customer(Box::new(case))
}

/// Otherwise a company that has its customers in NetSuite would get each of them twice.
#[test]
fn a_customer_that_metadata_name_is_referred_to_and_not_made() {
    let metadata = json!({ "netsuite_customer_id": " 77 " });
    let mut case = customer_case(paid_invoice(&metadata, &json!({}), &json!({})));
    let policy = support::policy();
    let derived = derive_with(&mut case, &policy, &by_id("77", hit("77", "", None)));
    assert_eq!(ids(&derived), ["price_1", "in_1", "ch_1"]);
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    assert_eq!(invoice.entity, Ref::Id("77".into()));
    assert_eq!(derived.linked[0].id.as_str(), "77");
    assert!(derived.exceptions.is_empty());

    let derived = derive_with(&mut case, &policy, &|_| Vec::new());
    assert_eq!(codes(&derived), ["link_missing"]);
    assert!(!ids(&derived).contains(&"cus_1".to_owned()), "nobody was asked to make it");
    assert!(derived.exceptions[0].blocks[0].as_str() == "cus_1");
    let mut case = customer_case(paid_invoice(
        &json!({ "netsuite_customer_id": "C-77" }),
        &json!({}),
        &json!({}),
    ));
    assert_eq!(codes(&derive_with(&mut case, &policy, &|_| Vec::new())), ["link_unreadable"]);
}

/// The first of several hits may be the wrong company: its invoices would go to a stranger.
#[test]
fn a_match_is_one_record_or_none_and_several_are_listed() {
    let mut policy = support::policy();
    let fields = FieldMatch { stripe: CustomerField::Email, netsuite: "email".into() };
    policy.masters.customers.mode = CustomerMode::Match(fields);
    let mut case = customer_case(paid_invoice(&json!({}), &json!({}), &json!({})));
    let asked = Question {
        sought: Sought::Customer,
        by: By::Field { column: "email".into(), value: "ap@acme.test".into() },
    };
    let has = |hits: Vec<Hit>| {
        let asked = asked.clone();
        move |q: &Question| if *q == asked { hits.clone() } else { Vec::new() }
    };
    let none = derive_with(&mut case, &policy, &has(Vec::new()));
    assert!(ids(&none).contains(&"cus_1".to_owned()));
    let one = derive_with(&mut case, &policy, &has(vec![hit("5", "", None)]));
    assert!(!ids(&one).contains(&"cus_1".to_owned()) && one.exceptions.is_empty());
    let two = derive_with(&mut case, &policy, &has(vec![hit("5", "", None), hit("9", "", None)]));
    assert_eq!(codes(&two), ["link_ambiguous"]);
    assert!(two.exceptions[0].message.contains("record 5 (id 5), record 9 (id 9)"));
    // A record that our external id is on is the one we made.
    let own = Hit { external_id: Some("CUS_1".into()), ..hit("5", "", None) };
    assert!(ids(&derive_with(&mut case, &policy, &has(vec![own]))).contains(&"cus_1".to_owned()));
    // Without an answer nothing is guessed.
    let unasked = derive(&customer_case(paid_invoice(&json!({}), &json!({}), &json!({}))), &policy);
    assert_eq!(codes(&unasked), ["link_not_looked_up"]);
    // What was posted before the match appeared stays.
    case.known_mut().ours = Arc::new(Needs::of([&case], &policy).linkable);
    let later = derive_with(&mut case, &policy, &has(vec![hit("5", "", None)]));
    assert!(ids(&later).contains(&"cus_1".to_owned()) && later.exceptions.is_empty());
}

#[test]
fn one_customer_for_everything_has_its_configured_name() {
    let mut policy = support::policy();
    policy.masters.customers.mode = CustomerMode::Single;
    policy.masters.customers.unallocated.name = Some("Web sales".into());
    let derived = derive(&customer_case(paid_invoice(&json!({}), &json!({}), &json!({}))), &policy);
    let Body::Customer(customer) = body(&derived, "stripe-unallocated-charges") else {
        panic!("a customer")
    };
    assert_eq!(customer.entity_id, "Web sales");
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    assert_eq!(invoice.entity.external(), Some(&customer.external_id));
}

/// An individual without both names would be refused by NetSuite.
#[test]
fn metadata_make_a_customer_an_individual() {
    let names = json!({ "netsuite_first_name": "Ada", "netsuite_last_name": "King Noel" });
    let derived =
        derive(&customer_case(paid_invoice(&names, &json!({}), &json!({}))), &support::policy());
    let json = create_json(body(&derived, "cus_1"), &UsualPlaces).unwrap().to_text();
    assert!(json.contains(r#""isPerson":true,"firstName":"Ada","lastName":"King Noel""#), "{json}");
    assert!(!json.contains("companyName"), "{json}");
}

/// A person's surname would be lost in a company's name, or a mononym be refused for want of one.
#[test]
fn individuals_are_split_at_the_first_space_and_one_word_stays_a_company() {
    let mut policy = support::policy();
    policy.masters.customers.kind = CustomerKind::Individual;
    let person = |name: &str| {
        let mut case = paid_invoice(&json!({}), &json!({}), &json!({}));
        let customer = json!({ "id": "cus_1", "object": "customer", "name": name });
        case.customer = Some(view(&customer));
        let derived = derive(&customer_case(case), &policy);
        let Body::Customer(customer) = body(&derived, "cus_1") else { panic!("a customer") };
        customer.person.clone().map(|person| (person.first_name, person.last_name))
    };
    assert_eq!(person("Ada King Noel"), Some(("Ada".into(), "King Noel".into())));
    assert_eq!(person("  Ada  King "), Some(("Ada".into(), "King".into())));
    assert_eq!(person("Acme"), None);
}

/// An invoice to an address that is not the customer's goes to a stranger, and a country that
/// NetSuite does not know would have it refused.
#[test]
fn a_customer_has_the_two_addresses_that_stripe_has() {
    let mut case = paid_invoice(&json!({}), &json!({}), &json!({}));
    let billing = json!({ "line1": "1 Mill Rd", "line2": null, "city": "Leeds", "state": null,
        "postal_code": "LS1 1AA", "country": "gb" });
    let shipping = json!({ "name": "Acme Stores", "phone": null, "address": { "line1": "2 Quay",
        "line2": "Unit 4", "city": "Hull", "state": null, "postal_code": "HU1 2AA",
        "country": "United Kingdom" } });
    let customer = json!({ "id": "cus_1", "object": "customer", "name": "Acme Ltd",
        "address": billing, "shipping": shipping });
    case.customer = Some(view(&customer));
    let derived = derive(&customer_case(case), &support::policy());
    let Body::Customer(customer) = body(&derived, "cus_1") else { panic!("a customer") };
    let billing = customer.address.as_ref().expect("a billing address");
    assert_eq!(billing.addressee.as_deref(), Some("Acme Ltd"));
    assert_eq!(billing.line1.as_deref(), Some("1 Mill Rd"));
    assert_eq!(billing.country.as_deref(), Some("GB"));
    let shipping = customer.shipping.as_ref().expect("a shipping address");
    assert_eq!(shipping.addressee.as_deref(), Some("Acme Stores"));
    assert_eq!(shipping.line2.as_deref(), Some("Unit 4"));
    assert_eq!(shipping.country, None, "a name is no code");
}

/// A customer without the currency of a later invoice has that invoice refused by NetSuite.
#[test]
fn a_customer_has_the_currencies_used_or_all_of_them() {
    let mut policy = support::policy();
    let currencies = |policy: &Policy| {
        let case = customer_case(paid_invoice(&json!({}), &json!({}), &json!({})));
        let derived = derive(&case, policy);
        let Body::Customer(customer) = body(&derived, "cus_1") else { panic!("a customer") };
        customer.currencies.clone()
    };
    let every: BTreeSet<InternalId> =
        policy.books.currencies.values().map(|own| own.id.clone()).collect();
    assert!(every.len() > 1, "the chart of the tests has several");
    assert_eq!(currencies(&policy).len(), 1);
    policy.masters.customers.currencies = Currencies::All;
    assert_eq!(currencies(&policy).into_iter().collect::<BTreeSet<_>>(), every);
}

/// A payment that a person entered must not come in twice, and the deposit must still hold it.
#[test]
fn a_payment_that_exists_is_deposited_by_its_own_key() {
    let linked = json!({ "netsuite_customer_payment_id": "501" });
    let mut case = customer_case(paid_invoice(&json!({}), &json!({}), &linked));
    let policy = support::policy();
    let netsuite = by_id("501", hit("501", "customerpayment", None));
    let derived = derive_with(&mut case, &policy, &netsuite);
    assert!(!ids(&derived).contains(&"ch_1".to_owned()));
    assert_eq!(derived.linked[0].record.external_id().as_str(), "ch_1");
    let payout = json!({ "id": "po_1", "object": "payout", "amount": 10_000, "currency": "usd",
        "created": NOON, "arrival_date": NOON, "automatic": true, "status": "paid" });
    let mut payout = Case::Payout(Box::new(PayoutCase {
        payout: view(&payout),
        members: vec![view(&movement("ch_1", 10_000))],
        carried: Vec::new(),
        sources: Sources::new(vec![charge("ch_1", &linked)], Vec::new(), Vec::new()),
        schedule: Arc::new(Schedule::new(&[])),
        absent: BTreeSet::new(),
        suspended: BTreeSet::new(),
        deposited: false,
        returned: None,
        known: tieout::accounting::question::Known::default(),
    }));
    let derived = derive_with(&mut payout, &policy, &netsuite);
    let Body::Deposit(deposit) = body(&derived, "po_1") else { panic!("a deposit") };
    assert_eq!(deposit.payments[0].record, Ref::Id("501".into()));
}

/// A credit memo that a person wrote must not be written again, and the refund must close it.
#[test]
fn a_refund_is_applied_to_the_memo_its_metadata_name() {
    let mut case = paid_invoice(&json!({}), &json!({}), &json!({}));
    let refund = json!({ "id": "re_1", "object": "refund", "charge": "ch_1", "amount": 4_000,
        "currency": "usd", "created": NOON, "status": "succeeded",
        "balance_transaction": "txn_re_1", "metadata": { "netsuite_credit_memo_id": "701" } });
    let mut moved = movement("re_1", -4_000);
    moved["type"] = json!("refund");
    moved["reporting_category"] = json!("refund");
    case.refunds = vec![view(&refund)];
    case.balance_transactions.push(view(&moved));
    let mut case = customer_case(case);
    let netsuite = by_id("701", hit("701", "creditmemo", None));
    let derived = derive_with(&mut case, &support::policy(), &netsuite);
    assert!(derived.exceptions.is_empty(), "{:?}", derived.exceptions);
    assert!(!ids(&derived).contains(&"re_1-memo".to_owned()), "it is there already");
    let Body::CustomerRefund(refund) = body(&derived, "re_1") else { panic!("a refund") };
    assert_eq!(refund.apply[0].doc, Ref::Id("701".into()));
}

#[test]
fn a_charge_is_applied_to_the_invoice_its_metadata_name() {
    let mut case = paid_invoice(&json!({}), &json!({}), &json!({ "netsuite_invoice_id": "900" }));
    (case.invoices, case.invoice_payments) = (Vec::new(), Vec::new());
    let mut case = customer_case(case);
    let netsuite = by_id("900", hit("900", "invoice", None));
    let derived = derive_with(&mut case, &support::policy(), &netsuite);
    let Body::CustomerPayment(payment) = body(&derived, "ch_1") else { panic!("a payment") };
    assert_eq!(payment.apply[0].doc, Ref::Id("900".into()));
    assert!(!ids(&derived).contains(&"ch_1-invoice".to_owned()), "the invoice is there already");
}

#[test]
fn a_charge_may_belong_to_another_customer() {
    let mut case = paid_invoice(&json!({}), &json!({}), &json!({ "netsuite_customer_id": "12" }));
    (case.invoices, case.invoice_payments) = (Vec::new(), Vec::new());
    let mut case = customer_case(case);
    let derived = derive_with(&mut case, &support::policy(), &by_id("12", hit("12", "", None)));
    assert_eq!(ids(&derived), ["ch_1"], "a customer without any record is not made");
    let Body::CustomerPayment(payment) = body(&derived, "ch_1") else { panic!("a payment") };
    assert_eq!(payment.customer, Ref::Id("12".into()));
}

/// What somebody holds back on purpose must not be posted, and must not stop anything else.
#[test]
fn a_blocked_object_waits_and_what_was_posted_stays() {
    let blocked = json!({ "netsuite_block_integration": "true" });
    let mut case = paid_invoice(&json!({}), &blocked, &json!({}));
    let derived = derive(&customer_case(case.clone()), &support::policy());
    assert_eq!(codes(&derived), ["held_back"]);
    assert_eq!(
        ids(&derived),
        ["cus_1", "price_1", "ch_1"],
        "ch_1 is blocked by the plan: it needs in_1"
    );
    case.posted.insert(ExternalId::new("in_1").unwrap());
    assert!(derive(&customer_case(case), &support::policy()).exceptions.is_empty());
}

#[test]
fn with_an_allow_list_only_what_is_released_goes() {
    let mut policy = support::policy();
    policy.options.allow_list = AllowList::Listed;
    let released = json!({ "netsuite_allow_integration": "true" });
    let case = paid_invoice(&json!({}), &released, &json!({}));
    let derived = derive(&customer_case(case), &policy);
    assert_eq!(codes(&derived), ["not_released"]);
    assert!(
        ids(&derived).contains(&"in_1".to_owned()) && !ids(&derived).contains(&"ch_1".to_owned())
    );
    let whole = derive(&customer_case(paid_invoice(&released, &json!({}), &json!({}))), &policy);
    assert!(whole.exceptions.is_empty());
}

/// Two installations on one NetSuite account would fight over the same external ids.
#[test]
fn a_prefix_stands_before_every_id_and_every_reference() {
    let mut policy = support::policy();
    policy.masters.naming.prefix = "eu_".into();
    let derived = derive(&customer_case(paid_invoice(&json!({}), &json!({}), &json!({}))), &policy);
    assert_eq!(ids(&derived), ["eu_cus_1", "eu_price_1", "eu_in_1", "eu_ch_1"]);
    for record in &derived.records {
        assert!(record.body.needs().iter().all(|need| need.as_str().starts_with("eu_")));
    }
}

fn rule(place: &str, field: &str, field_type: FieldType, source: Source) -> FieldRule {
    FieldRule {
        place: Place::named(place).unwrap(),
        field: field.into(),
        field_type,
        source,
        when: Vec::new(),
        is_required: false,
        line: 1,
    }
}

fn from(root: Option<Root>, field: &str) -> Source {
    let path = Path { root, field: field.into() };
    Source::Stripe { path, values: None, otherwise: None }
}

fn mapped(rules: Vec<FieldRule>) -> Policy {
    let masters =
        Masters { mapping: tieout::accounting::mapping::Mapping { rules }, ..Masters::default() };
    Policy { masters, ..support::policy() }
}

/// The company's own fields reach the request, typed, on the record and on the right line.
#[test]
fn mapped_fields_are_in_the_request() {
    let policy = mapped(vec![
        rule("invoice", "memo", FieldType::Text, Source::Nothing),
        rule(
            "invoice",
            "custbody_region",
            FieldType::Text,
            from(Some(Root::Customer), "metadata.region"),
        ),
        rule("invoice_line", "custcol_team", FieldType::Text, from(None, "metadata.team")),
        rule("invoice_line", "class", FieldType::Reference, from(None, "metadata.team")),
        rule(
            "invoice_line",
            "department",
            FieldType::Reference,
            Source::Fixed(FieldValue::Reference("4".into())),
        ),
    ]);
    let mut case = customer_case(paid_invoice(&json!({}), &json!({}), &json!({})));
    let fields = [("metadata.region".to_owned(), "EU".to_owned())].into();
    case.known_mut().details.insert("cus_1".into(), Details { kind: "customer".into(), fields });
    // The team is no internal id: the invoice waits for a person instead of going without its class.
    let refused = derive(&case, &policy);
    assert_eq!(codes(&refused), ["mapping_value_unfit"]);
    let mut rules = policy.masters.mapping.rules.clone();
    rules.remove(3);
    let derived = derive(&case, &mapped(rules));
    let json = create_json(body(&derived, "in_1"), &UsualPlaces).unwrap().to_text();
    assert!(json.ends_with(r#","custbody_region":"EU"}"#), "{json}");
    assert!(json.contains(r#""custcol_team":"Ops","department":{"id":"4"}}"#), "{json}");
    assert!(!json.contains("memo"), "{json}");
}

#[test]
fn a_value_of_stripes_beats_a_fixed_one_whatever_their_order() {
    let fixed = Source::Fixed(FieldValue::Text("none".into()));
    let policy = mapped(vec![
        rule("invoice_line", "custcol_team", FieldType::Text, from(None, "metadata.team")),
        rule("invoice_line", "custcol_team", FieldType::Text, fixed.clone()),
        rule("invoice", "custbody_x", FieldType::Text, from(None, "metadata.x")),
        rule("invoice", "custbody_x", FieldType::Text, fixed),
    ]);
    let case = customer_case(paid_invoice(&json!({}), &json!({}), &json!({})));
    let derived = derive(&case, &policy);
    let extras = body(&derived, "in_1").extras().clone();
    assert_eq!(extras.fields["custbody_x"], FieldValue::Text("none".into()));
    assert_eq!(extras.lines[0].fields["custcol_team"], FieldValue::Text("Ops".into()));
    assert_eq!(derived.records[0].kind(), RecordKind::Customer);
}
