//! Customers and items.

use super::super::error::Refusal;
use super::super::json::Json;
use super::super::schema::{Group, Kind};
use super::super::store::Books;

pub(super) fn save_customer(books: &Books<'_>, id: i64, mut body: Json) -> Result<(), Refusal> {
    let person = body.bool_of("isPerson") == Some(true);
    let name = match (body.str_of("companyName"), body.str_of("firstName"), body.str_of("lastName"))
    {
        (_, Some(first), Some(last)) if person => format!("{first} {last}"),
        (Some(company), _, _) if !person => company.to_owned(),
        _ if person => return Err(Refusal::missing("First Name, Last Name")),
        _ => return Err(Refusal::missing("Company Name")),
    };
    let name = body.str_of("entityId").map_or(name, str::to_owned);
    if books.id_of_name(Group::Entity, &name)?.is_some_and(|owner| owner != id) {
        return Err(Refusal::user("This entity already exists."));
    }
    if body.ref_id("currency").is_none() {
        body.set("currency", Json::reference(books.facts.base_currency));
    }
    let primary_moved = match books.record(Group::Entity, id)? {
        Some((_, before)) => before.ref_id("currency") != body.ref_id("currency"),
        None => false,
    };
    if primary_moved && books.exists("SELECT 1 FROM ns_tran WHERE entity = ?1", id)? {
        let text = "The currency of a customer with transactions cannot be changed.";
        return Err(Refusal::user(text).at("currency"));
    }
    body.set("entityId", Json::text(&name));
    books.put_record(Kind::Customer, id, &name, &body)
}

pub(super) fn save_item(
    books: &Books<'_>,
    kind: Kind,
    id: i64,
    body: &Json,
) -> Result<(), Refusal> {
    let name =
        body.str_of("itemId").ok_or_else(|| Refusal::missing("Item Name/Number"))?.to_owned();
    if books.id_of_name(Group::Item, &name)?.is_some_and(|owner| owner != id) {
        let text = "Uniqueness error - An item with the same name already exists.";
        return Err(Refusal::user(text).at("itemId"));
    }
    match kind {
        Kind::ServiceSaleItem if body.ref_id("incomeAccount").is_none() => {
            return Err(Refusal::missing("Income Account"));
        }
        Kind::DiscountItem if body.get("rate").is_none() => return Err(Refusal::missing("Rate")),
        Kind::DiscountItem
            if body.bool_of("nonPosting") != Some(true) && body.ref_id("account").is_none() =>
        {
            return Err(Refusal::missing("Account"));
        }
        _ => {}
    }
    books.put_record(kind, id, &name, body)
}
