//! Customers and items as JSON: the records that the others refer to.

use super::{Fields, Json, by_id, push_some, sublist, text};
use crate::netsuite::record::{Address, Customer, DiscountItem, ServiceSaleItem};

pub(super) fn customer(record: &Customer) -> Fields {
    let mut fields = vec![
        ("externalId", text(record.external_id.as_str())),
        ("entityId", text(&record.entity_id)),
        ("isPerson", Json::Bool(record.person.is_some())),
    ];
    match &record.person {
        None => fields.push(("companyName", text(&record.company_name))),
        Some(person) => {
            fields.push(("firstName", text(&person.first_name)));
            fields.push(("lastName", text(&person.last_name)));
        }
    }
    push_some(&mut fields, "email", record.email.as_deref().map(text));
    push_some(&mut fields, "phone", record.phone.as_deref().map(text));
    fields.push(("comments", text(&record.comments)));
    push_some(&mut fields, "subsidiary", record.subsidiary.as_ref().map(by_id));
    fields.push(("currency", by_id(&record.currency)));
    let currencies =
        record.currencies.iter().map(|id| Json::Object(vec![("currency", by_id(id))])).collect();
    fields.push(("currencyList", sublist(currencies)));
    fields.push(("taxable", Json::Bool(false)));
    if let Some(addresses) = address_book(record) {
        fields.push(("addressBook", addresses));
    }
    fields
}

/// The billing and the shipping address; one entry where they are the same.
fn address_book(record: &Customer) -> Option<Json> {
    let (billing, shipping) = (record.address.as_ref(), record.shipping.as_deref());
    let both = shipping.is_none() || billing == shipping;
    let entry = |address: &Address, bills: bool, ships: bool| {
        Json::Object(vec![
            ("defaultBilling", Json::Bool(bills)),
            ("defaultShipping", Json::Bool(ships)),
            ("addressBookAddress", Json::Object(postal(address))),
        ])
    };
    let first = billing.map(|address| entry(address, true, both));
    let second = shipping
        .filter(|_| !both || billing.is_none())
        .map(|address| entry(address, billing.is_none(), true));
    let entries: Vec<Json> = first.into_iter().chain(second).collect();
    (!entries.is_empty()).then(|| sublist(entries))
}

fn postal(address: &Address) -> Fields {
    let mut inner = Fields::new();
    push_some(&mut inner, "addressee", address.addressee.as_deref().map(text));
    push_some(&mut inner, "addr1", address.line1.as_deref().map(text));
    push_some(&mut inner, "addr2", address.line2.as_deref().map(text));
    push_some(&mut inner, "city", address.city.as_deref().map(text));
    push_some(&mut inner, "state", address.state.as_deref().map(text));
    push_some(&mut inner, "zip", address.postal_code.as_deref().map(text));
    let country = address.country.as_deref().map(|code| Json::Object(vec![("id", text(code))]));
    push_some(&mut inner, "country", country);
    inner
}

pub(super) fn service_sale_item(record: &ServiceSaleItem) -> Fields {
    let mut fields = vec![
        ("externalId", text(record.external_id.as_str())),
        ("itemId", text(&record.item_id)),
        ("displayName", text(&record.display_name)),
        ("incomeAccount", by_id(&record.income_account)),
        ("isTaxable", Json::Bool(false)),
    ];
    if let Some(subsidiary) = &record.subsidiary {
        fields.push(("subsidiary", sublist(vec![by_id(subsidiary)])));
        fields.push(("includeChildren", Json::Bool(true)));
    }
    fields
}

pub(super) fn discount_item(record: &DiscountItem) -> Fields {
    let mut fields = vec![
        ("externalId", text(record.external_id.as_str())),
        ("itemId", text(&record.item_id)),
        ("displayName", text(&record.display_name)),
        // A discount item must have a rate; the amount on each line replaces it.
        ("rate", Json::Number("0".into())),
        ("nonPosting", Json::Bool(record.account.is_none())),
    ];
    push_some(&mut fields, "account", record.account.as_ref().map(by_id));
    if let Some(subsidiary) = &record.subsidiary {
        fields.push(("subsidiary", sublist(vec![by_id(subsidiary)])));
        fields.push(("includeChildren", Json::Bool(true)));
    }
    fields
}
