//! Customer payments and refunds: money against accounts receivable, and what it is applied to.

use super::super::apply::{self, Application};
use super::super::error::Refusal;
use super::super::gl::{Draft, Header, Line};
use super::super::json::Json;
use super::super::number::digits;
use super::super::store::Books;
use super::{Drafted, Saving, header};

/// Account types that money can be in.
const MONEY_TYPES: [&str; 6] =
    ["Bank", "OthCurrAsset", "CredCard", "OthCurrLiab", "Equity", "OthAsset"];

pub(super) fn draft_payment(saving: &Saving<'_>, body: &Json) -> Result<Drafted, Refusal> {
    let books = saving.books;
    header::refuse_unsupported(body, &["credit", "deposit"])?;
    let (entity, customer) = header::customer(books, body, "customer")?;
    let default_currency = customer.ref_id("currency").unwrap_or(books.facts.base_currency);
    let header = header::read(saving, body, default_currency)?;
    header::check_currency(&customer, &header)?;
    let places = header.currency.places;
    let total = header::amount(body, "payment", places, "")?
        .ok_or_else(|| Refusal::missing("Payment Amount"))?;
    if total < 0 {
        return Err(Refusal::user("The payment amount must not be negative.").at("payment"));
    }
    let account = match body.ref_id("account") {
        Some(account) if !wants_undeposited(body) => account,
        _ => books.facts.undeposited,
    };
    let applications = applications(body, places)?;
    let draft = draft(books, body, header, (entity, account, total))?;
    Ok(Drafted { draft, applications, members: Vec::new() })
}

pub(super) fn draft_refund(saving: &Saving<'_>, body: &Json) -> Result<Drafted, Refusal> {
    let books = saving.books;
    header::refuse_unsupported(body, &["deposit"])?;
    let (entity, customer) = header::customer(books, body, "customer")?;
    let account = body.ref_id("account").ok_or_else(|| Refusal::missing("Account"))?;
    let default_currency = customer.ref_id("currency").unwrap_or(books.facts.base_currency);
    let header = header::read(saving, body, default_currency)?;
    header::check_currency(&customer, &header)?;
    let mut applications = applications(body, header.currency.places)?;
    for application in &mut applications {
        if application.amount.is_none() {
            application.amount = Some(refundable(saving, application.target)?);
        }
    }
    let total: i64 = applications.iter().filter_map(|a| a.amount).sum();
    if total <= 0 {
        let text = "A refund must be applied to at least one credit memo or unapplied payment.";
        return Err(Refusal::user(text).at("apply"));
    }
    let mut draft = draft(books, body, header, (entity, account, total))?;
    for line in &mut draft.lines {
        (line.foreign, line.base) = (-line.foreign, -line.base);
    }
    Ok(Drafted { draft, applications, members: Vec::new() })
}

/// The two lines of a payment: money in, receivable down.
fn draft(
    books: &Books<'_>,
    body: &Json,
    header: Header,
    (entity, account, total): (i64, i64, i64),
) -> Result<Draft, Refusal> {
    let receivable = header::receivable(books, body, "arAcct")?;
    let money = header::account(books, account, header.currency.id, "account")?;
    if !MONEY_TYPES.contains(&money.kind.as_str()) {
        return Err(Refusal::invalid_value(&account.to_string(), "account", "account"));
    }
    let base_total = header.to_base(books, total)?;
    let mut main = Line::new(0, account, total, base_total);
    main.memo = body.str_of("memo").map(str::to_owned);
    let mut lines = vec![main, Line::new(1, receivable, -total, -base_total)];
    for line in &mut lines {
        line.entity = Some(entity);
    }
    Ok(Draft {
        header,
        entity: Some(entity),
        account: Some(account),
        ar_account: Some(receivable),
        total,
        base_total,
        has_main: true,
        posting: true,
        lines,
    })
}

/// `undepFunds` has been seen written as `true`, as `"T"` and as `{"id": "T"}`.
fn wants_undeposited(body: &Json) -> bool {
    let says_so = |value: &Json| value.as_bool() == Some(true) || value.as_str() == Some("T");
    body.get("undepFunds")
        .is_some_and(|value| says_so(value) || value.get("id").is_some_and(says_so))
}

/// What a refund may take from a record, its own present share included.
fn refundable(saving: &Saving<'_>, target: i64) -> Result<i64, Refusal> {
    let books = saving.books;
    let open = books.tran(target)?.map_or(0, |tran| tran.open());
    let own = match &saving.before {
        Some(before) => apply::links(books, before.id)?
            .into_iter()
            .filter(|link| link.previous == target)
            .map(|link| link.amount)
            .sum(),
        None => 0,
    };
    Ok(open + own)
}

/// The `apply` sublist of a body.
pub(super) fn applications(body: &Json, places: u32) -> Result<Vec<Application>, Refusal> {
    let items = body.get("apply").map_or(&[][..], Json::items);
    let mut applications: Vec<Application> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let path = format!("apply.items[{index}]");
        let target = item.ref_id("doc").ok_or_else(|| Refusal::missing("Doc").at(path.clone()))?;
        if applications.iter().any(|known| known.target == target) {
            return Err(Refusal::invalid_value(&target.to_string(), "doc", format!("{path}.doc")));
        }
        let amount = header::amount(item, "amount", places, &path)?;
        applications.push(Application { target, amount, path });
    }
    Ok(applications)
}

/// The `apply` sublist that says these applications.
pub(super) fn applied(applications: &[Application], places: u32) -> Json {
    let items = applications.iter().map(|application| {
        let mut item = Json::object([
            ("doc", Json::reference(application.target)),
            ("apply", Json::Bool(true)),
        ]);
        if let Some(amount) = application.amount {
            item.set("amount", Json::Number(digits(amount, places)));
        }
        item
    });
    Json::object([("items", Json::List(items.collect()))])
}
