//! A record as the JSON that the REST record service takes.
//!
//! Property names and types are those of `SuiteTalk` REST 2026.1; a contract test holds them against
//! the schema. Amounts are printed from integers: no float is ever made. The JSON is deterministic:
//! the same record gives the same bytes.
//!
//! One thing cannot be written before the run: a deposit names its payments by internal id, an
//! integer (`deposit.payment.items[].id`). It is written as `"{{id:ch_…}}"`, and
//! [`fill_internal_ids`] puts the number there when it is known.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use crate::ids::{ExternalId, InternalId};
use crate::money::{Amount, MoneyError};
use crate::netsuite::record::{
    Address, Apply, Body, CreditMemo, Customer, CustomerPayment, CustomerRefund, Decimal, Deposit,
    DepositLine, DiscountItem, Header, Invoice, ItemLine, JournalEntry, Ref, ServiceSaleItem,
};

/// A JSON value whose numbers are digits, not floats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    Bool(bool),
    /// Digits, printed as they are.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(&'static str, Json)>),
    /// An object with the company's own fields behind ours.
    Extended {
        own: Vec<(&'static str, Json)>,
        mapped: Vec<(String, Json)>,
    },
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(digits) => RawValue::from_string(digits.clone())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
            Self::Extended { own, mapped } => {
                let mut map = serializer.serialize_map(Some(own.len() + mapped.len()))?;
                for (name, value) in own {
                    map.serialize_entry(name, value)?;
                }
                for (name, value) in mapped {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl Json {
    /// The compact JSON text.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("digits and strings always serialize")
    }

    /// The fields of an object; nothing for any other value.
    pub fn fields(&self) -> &[(&'static str, Self)] {
        match self {
            Self::Object(fields) | Self::Extended { own: fields, .. } => fields,
            _ => &[],
        }
    }
}

/// How many decimals NetSuite keeps for a currency, when the account says something other than the
/// usual ([`crate::money::Currency::netsuite_places`]).
pub trait Places {
    fn places(&self, currency: crate::money::Currency) -> u8;
}

/// NetSuite's usual precision.
#[derive(Debug, Clone, Copy, Default)]
pub struct UsualPlaces;

impl Places for UsualPlaces {
    fn places(&self, currency: crate::money::Currency) -> u8 {
        currency.netsuite_places()
    }
}

/// The body of a `POST` that creates the record.
///
/// # Errors
/// An amount that does not fit the decimals NetSuite keeps for its currency.
pub fn create_json(body: &Body, places: &dyn Places) -> Result<Json, MoneyError> {
    let writer = Writer { places };
    Ok(body.extras().laid_over(match body {
        Body::Customer(record) => customer(record),
        Body::ServiceSaleItem(record) => service_sale_item(record),
        Body::DiscountItem(record) => discount_item(record),
        Body::Invoice(record) => writer.invoice(record)?,
        Body::CreditMemo(record) => writer.credit_memo(record)?,
        Body::CustomerPayment(record) => writer.customer_payment(record)?,
        Body::CustomerRefund(record) => writer.customer_refund(record)?,
        Body::Deposit(record) => writer.deposit(record)?,
        Body::JournalEntry(record) => writer.journal_entry(record)?,
    }))
}

/// The body of a `PATCH` that turns `before` into `after`, and the sublists it must replace whole.
/// `None` when nothing that is sent differs.
pub fn update_json(
    before: &Body,
    after: &Body,
    places: &dyn Places,
) -> Result<Option<(Json, Vec<&'static str>)>, MoneyError> {
    let old = create_json(before, places)?;
    let new = create_json(after, places)?;
    let changed: Vec<(&'static str, Json)> = new
        .fields()
        .iter()
        .filter(|(name, value)| !old.fields().iter().any(|(n, v)| n == name && v == value))
        .cloned()
        .collect();
    if changed.is_empty() {
        return Ok(None);
    }
    let replaced = changed
        .iter()
        .filter(|(_, value)| value.fields().iter().any(|(name, _)| *name == "items"))
        // Addresses are added: those that people entered stay.
        .filter(|(name, _)| *name != "addressBook")
        .map(|(name, _)| *name)
        .collect();
    Ok(Some((Json::Object(changed), replaced)))
}

/// Puts internal ids where a body names them as `"{{id:…}}"`.
///
/// # Errors
/// The external ids that `lookup` does not know.
pub fn fill_internal_ids(
    body: &str,
    lookup: &dyn Fn(&ExternalId) -> Option<InternalId>,
) -> Result<String, Vec<ExternalId>> {
    let mut filled = String::with_capacity(body.len());
    let mut missing = Vec::new();
    let mut rest = body;
    // The key before it keeps somebody's own text that looks like ours from being taken for it.
    while let Some((before, after)) = rest.split_once(ID_OPEN) {
        filled.push_str(before);
        let (name, tail) = after.split_once(ID_CLOSE).unwrap_or((after, ""));
        match ExternalId::new(name) {
            Ok(id) => match lookup(&id) {
                Some(internal) => filled.extend(["\"id\":", internal.as_str()]),
                None => missing.push(id),
            },
            Err(_) => filled.extend([ID_OPEN, name, ID_CLOSE]),
        }
        rest = tail;
    }
    filled.push_str(rest);
    if missing.is_empty() { Ok(filled) } else { Err(missing) }
}

const ID_OPEN: &str = "\"id\":\"{{id:";
const ID_CLOSE: &str = "}}\"";

type Fields = Vec<(&'static str, Json)>;

fn text(value: &str) -> Json {
    Json::Text(value.to_owned())
}

fn by_id(id: &InternalId) -> Json {
    Json::Object(vec![("id", text(id.as_str()))])
}

fn reference(target: &Ref) -> Json {
    match target {
        Ref::Id(id) => by_id(id),
        Ref::External(id) => Json::Object(vec![("externalId", text(id.as_str()))]),
    }
}

fn sublist(items: Vec<Json>) -> Json {
    Json::Object(vec![("items", Json::List(items))])
}

fn number(decimal: &Decimal) -> Json {
    Json::Number(decimal.0.clone())
}

fn push_some(fields: &mut Fields, name: &'static str, value: Option<Json>) {
    if let Some(value) = value {
        fields.push((name, value));
    }
}

fn customer(record: &Customer) -> Fields {
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

fn service_sale_item(record: &ServiceSaleItem) -> Fields {
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

fn discount_item(record: &DiscountItem) -> Fields {
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

/// What ties a line to its tax details.
fn tax_reference(place: usize) -> String {
    format!("line-{}", place + 1)
}

struct Writer<'a> {
    places: &'a dyn Places,
}

impl Writer<'_> {
    fn amount(&self, amount: Amount) -> Result<Json, MoneyError> {
        amount.to_netsuite_decimal(self.places.places(amount.currency())).map(Json::Number)
    }

    fn header(header: &Header) -> Fields {
        let mut fields = vec![
            ("externalId", text(header.external_id.as_str())),
            ("memo", text(&header.memo)),
            ("tranDate", text(&header.tran_date.to_string())),
        ];
        push_some(&mut fields, "postingPeriod", header.posting_period.as_ref().map(by_id));
        fields.push(("currency", by_id(&header.currency)));
        push_some(&mut fields, "exchangeRate", header.exchange_rate.as_ref().map(number));
        push_some(&mut fields, "subsidiary", header.subsidiary.as_ref().map(by_id));
        fields
    }

    fn invoice(&self, record: &Invoice) -> Result<Fields, MoneyError> {
        let mut fields = Self::header(&record.header);
        fields.push(("entity", reference(&record.entity)));
        fields.push(("account", by_id(&record.account)));
        push_some(&mut fields, "dueDate", record.due_date.map(|date| text(&date.to_string())));
        push_some(&mut fields, "otherRefNum", record.other_ref_num.as_deref().map(text));
        fields.push(("toBeEmailed", Json::Bool(false)));
        fields.push(("toBePrinted", Json::Bool(false)));
        fields.push(("item", self.item_lines(&record.lines)?));
        self.push_tax_details(&mut fields, &record.lines)?;
        Ok(fields)
    }

    fn credit_memo(&self, record: &CreditMemo) -> Result<Fields, MoneyError> {
        let mut fields = Self::header(&record.header);
        fields.push(("entity", reference(&record.entity)));
        fields.push(("account", by_id(&record.account)));
        fields.push(("toBeEmailed", Json::Bool(false)));
        fields.push(("toBePrinted", Json::Bool(false)));
        fields.push(("autoApply", Json::Bool(false)));
        fields.push(("item", self.item_lines(&record.lines)?));
        self.push_tax_details(&mut fields, &record.lines)?;
        fields.push(("apply", self.applications(&record.apply)?));
        Ok(fields)
    }

    fn customer_payment(&self, record: &CustomerPayment) -> Result<Fields, MoneyError> {
        let mut fields = Self::header(&record.header);
        fields.push(("customer", reference(&record.customer)));
        fields.push(("arAcct", by_id(&record.ar_account)));
        fields.push(("account", by_id(&record.account)));
        fields.push(("payment", self.amount(record.payment)?));
        fields.push(("toBeEmailed", Json::Bool(false)));
        fields.push(("autoApply", Json::Bool(false)));
        fields.push(("apply", self.applications(&record.apply)?));
        Ok(fields)
    }

    fn customer_refund(&self, record: &CustomerRefund) -> Result<Fields, MoneyError> {
        let mut fields = Self::header(&record.header);
        fields.push(("customer", reference(&record.customer)));
        fields.push(("arAcct", by_id(&record.ar_account)));
        fields.push(("account", by_id(&record.account)));
        fields.push(("toBePrinted", Json::Bool(false)));
        fields.push(("apply", self.applications(&record.apply)?));
        Ok(fields)
    }

    fn deposit(&self, record: &Deposit) -> Result<Fields, MoneyError> {
        let mut fields = Self::header(&record.header);
        fields.push(("account", by_id(&record.account)));
        fields.push(("toBePrinted", Json::Bool(false)));
        let mut payments = Vec::with_capacity(record.payments.len());
        for line in &record.payments {
            let id = match &line.record {
                Ref::Id(id) => Json::Number(id.as_str().to_owned()),
                Ref::External(id) => text(&format!("{{{{id:{id}}}}}")),
            };
            payments.push(Json::Object(vec![
                ("id", id),
                ("deposit", Json::Bool(true)),
                ("paymentAmount", self.amount(line.amount)?),
            ]));
        }
        fields.push(("payment", sublist(payments)));
        fields.push(("other", self.deposit_lines(&record.other)?));
        fields.push(("cashback", self.deposit_lines(&record.cashback)?));
        Ok(fields)
    }

    fn deposit_lines(&self, lines: &[DepositLine]) -> Result<Json, MoneyError> {
        let mut items = Vec::with_capacity(lines.len());
        for line in lines {
            items.push(Json::Object(vec![
                ("account", by_id(&line.account)),
                ("amount", self.amount(line.amount)?),
                ("memo", text(&line.memo)),
            ]));
        }
        Ok(sublist(items))
    }

    fn journal_entry(&self, record: &JournalEntry) -> Result<Fields, MoneyError> {
        let mut fields = Self::header(&record.header);
        fields.push(("approved", Json::Bool(true)));
        let mut items = Vec::with_capacity(record.lines.len());
        for line in &record.lines {
            let side = if line.amount.is_negative() { "credit" } else { "debit" };
            let mut item = vec![
                ("account", by_id(&line.account)),
                (side, self.amount(line.amount.abs())?),
                ("memo", text(&line.memo)),
            ];
            push_some(&mut item, "entity", line.entity.as_ref().map(reference));
            items.push(Json::Object(item));
        }
        fields.push(("line", sublist(items)));
        Ok(fields)
    }

    fn item_lines(&self, lines: &[ItemLine]) -> Result<Json, MoneyError> {
        let mut items = Vec::with_capacity(lines.len());
        for (place, line) in lines.iter().enumerate() {
            let mut item =
                vec![("item", reference(&line.item)), ("description", text(&line.description))];
            push_some(&mut item, "quantity", line.quantity.as_ref().map(number));
            push_some(&mut item, "rate", line.rate.as_ref().map(number));
            item.push(("amount", self.amount(line.amount)?));
            item.push(("isTaxable", Json::Bool(!line.taxes.is_empty())));
            if !line.taxes.is_empty() {
                item.push(("taxDetailsReference", Json::Text(tax_reference(place))));
            }
            if let Some((first, last)) = line.service_period.filter(|_| line.is_recognized) {
                item.push(("revRecStartDate", text(&first.to_string())));
                item.push(("revRecEndDate", text(&last.to_string())));
            }
            items.push(Json::Object(item));
        }
        Ok(sublist(items))
    }

    /// Tax that was worked out elsewhere; nothing where no line has any.
    fn push_tax_details(&self, fields: &mut Fields, lines: &[ItemLine]) -> Result<(), MoneyError> {
        let mut details = Vec::new();
        for (place, line) in lines.iter().enumerate() {
            for tax in &line.taxes {
                let reference = Json::Object(vec![("id", Json::Text(tax_reference(place)))]);
                details.push(Json::Object(vec![
                    ("taxDetailsReference", reference),
                    ("taxType", text(tax.tax_type.as_str())),
                    ("taxCode", by_id(&tax.tax_code)),
                    ("taxBasis", self.amount(tax.basis)?),
                    ("taxRate", number(&tax.rate)),
                    ("taxAmount", self.amount(tax.amount)?),
                ]));
            }
        }
        if !details.is_empty() {
            fields.push(("taxDetailsOverride", Json::Bool(true)));
            fields.push(("taxDetails", sublist(details)));
        }
        Ok(())
    }

    fn applications(&self, applications: &[Apply]) -> Result<Json, MoneyError> {
        let mut items = Vec::with_capacity(applications.len());
        for apply in applications {
            items.push(Json::Object(vec![
                ("doc", reference(&apply.doc)),
                ("apply", Json::Bool(true)),
                ("amount", self.amount(apply.amount)?),
            ]));
        }
        Ok(sublist(items))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_ids_are_filled_in_and_missing_ones_named() {
        let body = r#"{"payment":{"items":[{"id":"{{id:ch_1}}"},{"id":"{{id:re_2}}"}]}}"#;
        let known = |id: &ExternalId| (id.as_str() == "ch_1").then(|| InternalId::new("77"));
        assert_eq!(fill_internal_ids(body, &known).unwrap_err()[0].as_str(), "re_2");
        let all = |_: &ExternalId| Some(InternalId::new("77"));
        let filled = fill_internal_ids(body, &all).unwrap();
        assert_eq!(filled, r#"{"payment":{"items":[{"id":77},{"id":77}]}}"#);
    }

    #[test]
    fn somebodys_own_text_is_left_alone() {
        let body = r#"{"memo":"{{id:ch_1}}"}"#;
        assert_eq!(fill_internal_ids(body, &|_| None).unwrap(), body);
    }
}
