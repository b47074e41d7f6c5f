//! The fields that every posting record has, and how amounts and accounts in a body are read.

use super::super::error::Refusal;
use super::super::gl::{Draft, Header};
use super::super::json::Json;
use super::super::number::Decimal;
use super::super::periods;
use super::super::schema::Group;
use super::super::store::{Account, Books};
use super::Saving;

/// Reads currency, rate, date, period and subsidiary; `currency` is the one to use when the body
/// names none.
pub(super) fn read(saving: &Saving<'_>, body: &Json, currency: i64) -> Result<Header, Refusal> {
    let books = saving.books;
    let id = body.ref_id("currency").unwrap_or(currency);
    let currency = books
        .currency(id)?
        .ok_or_else(|| Refusal::invalid_value(&id.to_string(), "currency", "currency"))?;
    let rate = match body.get("exchangeRate") {
        Some(Json::Number(digits)) => digits.clone(),
        Some(_) => return Err(Refusal::bad_content().at("exchangeRate")),
        None => currency.rate.clone(),
    };
    let exact = Decimal::parse(&rate).filter(|rate| rate.is_positive());
    let fits = exact.is_some_and(|rate| {
        currency.id != books.facts.base_currency || rate.minus(Decimal::ONE) == Decimal::parse("0")
    });
    if !fits {
        return Err(Refusal::invalid_value(&rate, "exchangeRate", "exchangeRate"));
    }
    let date = match body.str_of("tranDate") {
        Some(text) => text.parse().map_err(|_| Refusal::bad_content().at("tranDate"))?,
        None => books.today,
    };
    let named = body.ref_id("postingPeriod");
    // A period that the record already has may have been closed since: the caller checks that,
    // once it knows whether the ledger moves.
    let kept = saving.before.as_ref().map(|before| before.period).filter(|id| Some(*id) == named);
    let period = match kept {
        Some(period) => period,
        None => periods::choose(books, saving.kind, named, date)?,
    };
    let subsidiary = body.ref_id("subsidiary").unwrap_or(books.facts.subsidiary);
    Ok(Header { currency, rate, date, period, subsidiary })
}

/// Writes what was defaulted into the body, so that a later change starts from it.
pub(super) fn fill_in(body: &mut Json, draft: &Draft) {
    let header = &draft.header;
    body.set("currency", Json::reference(header.currency.id));
    body.set("exchangeRate", Json::Number(header.rate.clone()));
    body.set("tranDate", Json::Text(header.date.to_string()));
    body.set("postingPeriod", Json::reference(header.period));
    body.set("subsidiary", Json::reference(header.subsidiary));
    if let Some(account) = draft.account {
        body.set("account", Json::reference(account));
    }
    if let (Some(account), None) = (draft.ar_account, body.get("entity")) {
        body.set("arAcct", Json::reference(account));
    }
}

/// An amount in minor units; refuses digits that the currency's precision cannot hold.
pub(super) fn amount(
    holder: &Json,
    name: &str,
    places: u32,
    path: &str,
) -> Result<Option<i64>, Refusal> {
    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let digits = match holder.get(name) {
        None => return Ok(None),
        Some(Json::Number(digits)) => digits,
        Some(_) => return Err(Refusal::bad_content().at(path)),
    };
    match Decimal::parse(digits).and_then(|decimal| decimal.exact(places)) {
        Some(minor) => Ok(Some(minor)),
        None => Err(Refusal::invalid_value(digits, name, path)),
    }
}

/// The account at `field`, checked to hold amounts of `currency`.
pub(super) fn account(
    books: &Books<'_>,
    id: i64,
    currency: i64,
    path: &str,
) -> Result<Account, Refusal> {
    let account = books
        .account(id)?
        .ok_or_else(|| Refusal::invalid_value(&id.to_string(), "account", path))?;
    let only = account.currency.filter(|only| *only != books.facts.base_currency);
    if only.is_some_and(|only| only != currency) {
        let name = &account.name;
        let text = format!("The account {name} cannot be used with the transaction currency.");
        return Err(Refusal::user(text).at(path));
    }
    Ok(account)
}

/// The receivable account of a record: the one named, or the account's only one.
pub(super) fn receivable(books: &Books<'_>, body: &Json, field: &str) -> Result<i64, Refusal> {
    let id = body.ref_id(field).unwrap_or(books.facts.receivable);
    match books.account(id)? {
        Some(account) if account.kind == "AcctRec" => Ok(id),
        _ => Err(Refusal::invalid_value(&id.to_string(), field, field)),
    }
}

/// The customer of a record, who must trade in its currency.
pub(super) fn customer(
    books: &Books<'_>,
    body: &Json,
    field: &str,
) -> Result<(i64, Json), Refusal> {
    let id = body.ref_id(field).ok_or_else(|| Refusal::missing("Customer"))?;
    let (_, customer) = books
        .record(Group::Entity, id)?
        .ok_or_else(|| Refusal::invalid_value(&id.to_string(), field, field))?;
    if customer.bool_of("isInactive") == Some(true) {
        return Err(Refusal::user("The customer of this transaction is inactive.").at(field));
    }
    Ok((id, customer))
}

/// Refuses a currency that the customer does not have.
pub(super) fn check_currency(customer: &Json, header: &Header) -> Result<(), Refusal> {
    let wanted = Some(header.currency.id);
    let listed = customer.get("currencyList").map_or(&[][..], Json::items);
    let has = customer.ref_id("currency") == wanted
        || listed.iter().any(|line| line.ref_id("currency") == wanted);
    if has {
        return Ok(());
    }
    Err(Refusal::invalid_value(&header.currency.symbol, "currency", "currency"))
}

/// Refuses properties that exist in NetSuite but whose effect is not embodied here: better a loud
/// no than books that silently lack something.
pub(super) fn refuse_unsupported(body: &Json, names: &[&str]) -> Result<(), Refusal> {
    let asks = |value: &Json| match value {
        Json::Bool(on) => *on,
        Json::Object(_) if value.get("items").is_some() => !value.items().is_empty(),
        _ => true,
    };
    match names.iter().find(|name| body.get(name).is_some_and(asks)) {
        Some(name) => {
            Err(Refusal::user(format!("The embedded NetSuite does not support `{name}`."))
                .at(*name))
        }
        None => Ok(()),
    }
}
