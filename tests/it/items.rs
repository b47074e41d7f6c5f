//! Items in the core: one per price, one for all, matched, linked; and discounts, whose items take
//! from the income of what they reduce.

use serde_json::{Value, json};
use tieout::accounting::masters::{DiscountItems, FieldMatch, ItemField, ItemMode, Named};
use tieout::accounting::question::{By, Hit, Question, Sought};
use tieout::accounting::{CustomerCase, Derived, derive};
use tieout::netsuite::record::{Body, Ref};
use tieout::stripe::objects::Invoice;

use crate::masters::{
    NOON, body, by_id, codes, customer_case, derive_with, hit, ids, paid_invoice, view,
};
use crate::support;

/// The line of an item that exists posts where that item posts, or the plan's ledger effect lies.
#[test]
fn an_item_that_exists_brings_its_account() {
    let mut case = paid_invoice(&json!({}), &json!({}), &json!({}));
    let price = json!({ "id": "price_1", "object": "price", "product": "prod_1",
        "metadata": { "netsuite_service_sale_item_id": "31" } });
    case.catalog.prices.insert("price_1".into(), view(&price));
    let mut case = customer_case(case);
    let policy = support::policy();
    let item = hit("31", "Service", Some("DEFERRED"));
    let derived = derive_with(&mut case, &policy, &by_id("31", item));
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    assert_eq!(invoice.lines[0].item, Ref::Id("31".into()));
    assert_eq!(invoice.lines[0].posts_to.as_str(), "DEFERRED");
    let wrong = derive_with(&mut case, &policy, &by_id("31", hit("31", "Discount", None)));
    assert!(codes(&wrong).contains(&"link_wrong_kind"), "{:?}", wrong.exceptions);
    assert!(!ids(&wrong).contains(&"in_1".to_owned()));
}

#[test]
fn items_that_may_not_be_made_are_asked_for() {
    let mut policy = support::policy();
    policy.masters.items.create = false;
    let mut case = customer_case(paid_invoice(&json!({}), &json!({}), &json!({})));
    let derived = derive_with(&mut case, &policy, &|_| Vec::new());
    assert!(codes(&derived).contains(&"link_item_missing"), "{:?}", derived.exceptions);
    assert!(derived.exceptions.iter().any(|e| e.fix.contains("netsuite_service_sale_item_id")));
    let has_price = |q: &Question| match &q.by {
        By::Field { column, value } if column == "itemid" && value == "price_1" => {
            vec![hit("40", "Service", Some("REV"))]
        }
        _ => Vec::new(),
    };
    let derived = derive_with(&mut case, &policy, &has_price);
    assert!(derived.exceptions.is_empty(), "{:?}", derived.exceptions);
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    assert_eq!(invoice.lines[0].item, Ref::Id("40".into()));
}

#[test]
fn one_item_for_all_prices_may_be_named_by_id() {
    let mut policy = support::policy();
    policy.masters.items.mode = ItemMode::Global;
    let named = Named { name: None, id: Some("8".into()) };
    policy.masters.items.global.insert("item".into(), named);
    let mut case = customer_case(paid_invoice(&json!({}), &json!({}), &json!({})));
    let derived = derive_with(&mut case, &policy, &by_id("8", hit("8", "Service", Some("REV"))));
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    assert_eq!(invoice.lines[0].item, Ref::Id("8".into()));
}

/// An invoice of one line of 100.00, changed by `line`.
fn sold(line: &Value) -> CustomerCase {
    let mut case = paid_invoice(&json!({}), &json!({}), &json!({}));
    (case.charges, case.invoice_payments) = (Vec::new(), Vec::new());
    case.balance_transactions = Vec::new();
    let mut own = json!({ "id": "il_1", "object": "line_item", "amount": 10_000, "quantity": 1,
        "currency": "usd", "description": "Seat" });
    for (key, value) in line.as_object().expect("the fields of a line") {
        own[key] = value.clone();
    }
    case.invoices = vec![invoice(10_000, &[own])];
    case
}

/// The invoice `in_1` of these lines.
fn invoice(total: i64, lines: &[Value]) -> Invoice {
    view(&json!({ "id": "in_1", "object": "invoice", "customer": "cus_1", "currency": "usd",
        "created": NOON, "status": "open", "total": total, "amount_due": total,
        "status_transitions": { "finalized_at": NOON }, "lines": { "data": lines } }))
}

/// External id of the item on each line of the invoice.
fn items_of(derived: &Derived) -> Vec<String> {
    let Body::Invoice(invoice) = body(derived, "in_1") else { panic!("an invoice") };
    let named = |item: &Ref| match item {
        Ref::External(id) => id.to_string(),
        Ref::Id(id) => format!("id {id}"),
    };
    invoice.lines.iter().map(|line| named(&line.item)).collect()
}

/// A line typed by hand has no price; a price made for one invoice has, and is an item like others.
#[test]
fn a_line_without_a_price_has_the_item_for_those() {
    let derived = derive(&customer_case(sold(&json!({}))), &support::policy());
    assert_eq!(items_of(&derived), ["stripe-item"]);
    let inline =
        json!({ "pricing": { "price_details": { "price": "price_once", "product": "p" } } });
    let derived = derive(&customer_case(sold(&inline)), &support::policy());
    assert_eq!(items_of(&derived), ["price_once"]);
    let mut policy = support::policy();
    let named = Named { name: Some("Other sales".into()), id: None };
    policy.masters.items.global.insert("item".into(), named);
    let derived = derive(&customer_case(sold(&json!({}))), &policy);
    let Body::ServiceSaleItem(item) = body(&derived, "stripe-item") else { panic!("an item") };
    assert_eq!(item.item_id, "Other sales");
}

/// 100.00 less 20.00 by `LAUNCH` and 10.00 by `LOYAL`.
fn discounted(launch: &Value) -> CustomerCase {
    let price = json!({ "price_details": { "price": "price_1", "product": "prod_1" } });
    let line = json!({ "id": "il_1", "object": "line_item", "amount": 10_000, "quantity": 1,
        "currency": "usd", "description": "Seat", "pricing": price, "discount_amounts": [
            { "amount": 2_000, "discount": "di_1" }, { "amount": 1_000, "discount": "di_2" },
        ] });
    let mut case = sold(&json!({}));
    case.invoices = vec![invoice(7_000, &[line])];
    for (discount, coupon, metadata) in
        [("di_1", "LAUNCH", launch.clone()), ("di_2", "LOYAL", json!({}))]
    {
        let known = json!({ "id": coupon, "object": "coupon", "name": coupon.to_lowercase(),
            "metadata": metadata });
        case.catalog.discounts.insert(discount.into(), coupon.into());
        case.catalog.coupons.insert(coupon.into(), view(&known));
    }
    case
}

/// Which promotion cost what could not be told apart.
#[test]
fn each_coupon_has_its_item_or_all_have_one() {
    let mut policy = support::policy();
    let each = derive(&customer_case(discounted(&json!({}))), &policy);
    let [_, launch, loyal] = &items_of(&each)[..] else { panic!("three lines") };
    assert!(launch != loyal, "{launch} for both");
    let Body::DiscountItem(item) = body(&each, launch) else { panic!("a discount item") };
    assert_eq!(item.display_name, "launch");
    policy.masters.items.discounts = DiscountItems::Global;
    let one = derive(&customer_case(discounted(&json!({}))), &policy);
    assert_eq!(items_of(&one), ["price_1", "stripe-discount", "stripe-discount"]);
    assert_eq!(ids(&one).iter().filter(|id| *id == "stripe-discount").count(), 1);
}

/// A discount item that exists keeps its account; a second one beside it would split the promotion.
#[test]
fn a_coupon_may_name_the_discount_item_that_exists() {
    let named = json!({ "netsuite_discount_item_id": "61" });
    let mut case = customer_case(discounted(&named));
    let policy = support::policy();
    let own = hit("61", "Discount", Some("PROMO"));
    let derived = derive_with(&mut case, &policy, &by_id("61", own));
    assert!(derived.exceptions.is_empty(), "{:?}", derived.exceptions);
    assert_eq!(items_of(&derived)[1], "id 61");
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    assert_eq!(invoice.lines[1].posts_to.as_str(), "PROMO");
    let wrong = derive_with(&mut case, &policy, &by_id("61", hit("61", "Service", None)));
    assert!(codes(&wrong).contains(&"link_wrong_kind"), "{:?}", wrong.exceptions);
    assert!(!ids(&wrong).contains(&"in_1".to_owned()));
}

/// A credit that a company gives as a line of its own is a discount in its books, if it says so.
#[test]
fn a_negative_line_may_name_a_discount_item() {
    let price = json!({ "price_details": { "price": "price_1", "product": "prod_1" } });
    let seat = json!({ "id": "il_1", "object": "line_item", "amount": 10_000, "quantity": 1,
        "currency": "usd", "description": "Seat", "pricing": price });
    let credit = json!({ "id": "il_2", "object": "line_item", "amount": -1_500, "quantity": 1,
        "currency": "usd", "description": "Goodwill",
        "metadata": { "netsuite_discount_item_id": "62" } });
    let mut case = sold(&json!({}));
    case.invoices = vec![invoice(8_500, &[seat, credit])];
    let mut case = customer_case(case);
    let policy = support::policy();
    let derived = derive_with(&mut case, &policy, &by_id("62", hit("62", "Discount", None)));
    assert_eq!(items_of(&derived), ["price_1", "id 62"]);
    let Body::Invoice(invoice) = body(&derived, "in_1") else { panic!("an invoice") };
    let line = &invoice.lines[1];
    assert_eq!(line.posts_to, invoice.lines[0].posts_to, "it takes from the line above it");
    assert_eq!((line.quantity.is_none(), line.rate.is_none()), (true, true));
}

/// Every way to say which item of NetSuite a price is; two that answer are listed, never picked from.
#[test]
fn items_are_matched_by_a_field_of_the_price_or_of_its_product() {
    let price = json!({ "id": "price_1", "object": "price", "product": "prod_1",
        "nickname": "Monthly", "lookup_key": "team_m", "metadata": { "sku": "T-M" } });
    let product = json!({ "id": "prod_1", "object": "product", "name": "Team plan",
        "metadata": { "sku": "T" } });
    let ways = [
        (ItemField::PriceId, "price_1"),
        (ItemField::PriceNickname, "monthly"),
        (ItemField::PriceLookupKey, "team_m"),
        (ItemField::PriceMetadata("sku".into()), "t-m"),
        (ItemField::ProductId, "prod_1"),
        (ItemField::ProductName, "teamplan"),
        (ItemField::ProductMetadata("sku".into()), "t"),
    ];
    for (stripe, value) in ways {
        let mut policy = support::policy();
        let fields = FieldMatch { stripe: stripe.clone(), netsuite: "displayname".into() };
        policy.masters.items.mode = ItemMode::Match(fields);
        let mut case = paid_invoice(&json!({}), &json!({}), &json!({}));
        case.catalog.prices.insert("price_1".into(), view(&price));
        case.catalog.products.insert("prod_1".into(), view(&product));
        let mut case = customer_case(case);
        let by = By::Field { column: "displayname".into(), value: value.into() };
        let asked = Question { sought: Sought::Item, by };
        let has = |hits: Vec<Hit>| {
            let asked = asked.clone();
            move |q: &Question| if *q == asked { hits.clone() } else { Vec::new() }
        };
        let item = |id: &str| hit(id, "Service", Some("REV"));
        let one = derive_with(&mut case, &policy, &has(vec![item("40")]));
        assert_eq!(items_of(&one), ["id 40"], "by {stripe:?}");
        let two = derive_with(&mut case, &policy, &has(vec![item("40"), item("41")]));
        assert!(codes(&two).contains(&"link_ambiguous"), "by {stripe:?}: {:?}", two.exceptions);
    }
}
