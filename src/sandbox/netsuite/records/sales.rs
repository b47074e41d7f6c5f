//! Invoices and credit memos: lines of items against accounts receivable.

use chrono::NaiveDate;

use super::super::error::Refusal;
use super::super::gl::{Draft, Header, Line, absorb_rounding};
use super::super::json::Json;
use super::super::number::Decimal;
use super::super::schema::{Group, Kind};
use super::super::store::Books;
use super::{Drafted, Saving, header, payments, taxes};

const UNSUPPORTED: [&str; 4] = ["discountItem", "discountRate", "discountAmount", "taxItem"];

pub(super) fn draft(saving: &Saving<'_>, body: &Json) -> Result<Drafted, Refusal> {
    let books = saving.books;
    header::refuse_unsupported(body, &UNSUPPORTED)?;
    let (entity, customer) = header::customer(books, body, "entity")?;
    let default_currency = customer.ref_id("currency").unwrap_or(books.facts.base_currency);
    let header = header::read(saving, body, default_currency)?;
    header::check_currency(&customer, &header)?;
    let receivable = header::receivable(books, body, "account")?;
    let items = body.get("item").map_or(&[][..], Json::items);
    if items.is_empty() {
        return Err(
            Refusal::user("You must enter at least one line item for this transaction.").at("item")
        );
    }
    // An invoice debits A/R and credits each line; a credit memo is its mirror.
    let sign = if saving.kind == Kind::Invoice { 1 } else { -1 };
    let mut item_lines = item_lines(books, &header, items, -sign)?;
    let taxes = taxes::lines(books, &header, body, -sign)?;
    let next = item_lines.iter().map(|line| line.number).max().unwrap_or_default() + 1;
    item_lines.extend((next..).zip(taxes).map(|(number, line)| Line { number, ..line }));
    let total: i64 = sign * -item_lines.iter().map(|line| line.foreign).sum::<i64>();
    if total < 0 {
        return Err(Refusal::user("The total of this transaction must not be negative.").at("item"));
    }
    let base_total = header.to_base(books, total)?;
    let mut main = Line::new(0, receivable, sign * total, sign * base_total);
    main.memo = body.str_of("memo").map(str::to_owned);
    let mut lines = vec![main];
    lines.extend(item_lines);
    for line in &mut lines {
        line.entity = Some(entity);
    }
    absorb_rounding(&mut lines);
    let applications = match saving.kind {
        Kind::CreditMemo => payments::applications(body, header.currency.places)?,
        _ => Vec::new(),
    };
    let draft = Draft {
        header,
        entity: Some(entity),
        account: Some(receivable),
        ar_account: Some(receivable),
        total,
        base_total,
        has_main: true,
        posting: true,
        lines,
    };
    Ok(Drafted { draft, applications, members: Vec::new() })
}

/// The posting of each item line; `sign` is -1 where a positive amount is a credit.
fn item_lines(
    books: &Books<'_>,
    header: &Header,
    items: &[Json],
    sign: i64,
) -> Result<Vec<Line>, Refusal> {
    let mut lines = Vec::with_capacity(items.len());
    // Where a non-posting discount goes: the account of the nearest item above it.
    let mut above = None;
    for (index, item) in items.iter().enumerate() {
        let path = format!("item.items[{index}]");
        let id = item.ref_id("item").ok_or_else(|| Refusal::missing("Item").at(path.clone()))?;
        let invalid = || Refusal::invalid_value(&id.to_string(), "item", format!("{path}.item"));
        let (kind, record) = books.record(Group::Item, id)?.ok_or_else(invalid)?;
        if record.bool_of("isInactive") == Some(true) {
            return Err(invalid());
        }
        let account = if kind == Kind::DiscountItem {
            record
                .ref_id("account")
                .filter(|_| record.bool_of("nonPosting") != Some(true))
                .or(above)
        } else {
            above = record.ref_id("incomeAccount");
            above
        };
        let account = account.ok_or_else(|| {
            let text = "A non-posting discount must follow the item that it discounts.";
            Refusal::user(text).at(path.clone())
        })?;
        check_recognition(item, &path)?;
        let amount = line_amount(item, header.currency.places, &path)?;
        let base = header.to_base(books, amount)?;
        let number = item.get("line").and_then(Json::as_id).unwrap_or_default();
        let mut line = Line::new(number, account, sign * amount, sign * base);
        line.item = Some(id);
        line.memo = item.str_of("description").map(str::to_owned);
        line.quantity = digits_of(item, "quantity");
        line.rate = digits_of(item, "rate");
        lines.push(line);
    }
    Ok(lines)
}

/// Revenue is recognized from a day to a day, both included.
fn check_recognition(item: &Json, path: &str) -> Result<(), Refusal> {
    let date = |name: &str| -> Result<Option<NaiveDate>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| Refusal::bad_content().at(path));
        item.str_of(name).map(read).transpose()
    };
    match (date("revRecStartDate")?, date("revRecEndDate")?) {
        (Some(first), Some(last)) if last < first => {
            let text = "The revenue recognition end date must not be before the start date.";
            Err(Refusal::user(text).at(path))
        }
        _ => Ok(()),
    }
}

/// The amount of a line: as sent, else quantity times rate.
fn line_amount(item: &Json, places: u32, path: &str) -> Result<i64, Refusal> {
    if let Some(amount) = header::amount(item, "amount", places, path)? {
        return Ok(amount);
    }
    let bad = |name: &str| Refusal::bad_content().at(format!("{path}.{name}"));
    let read = |name: &str| match item.get(name) {
        None => Ok(None),
        Some(Json::Number(digits)) => Decimal::parse(digits).map(Some).ok_or_else(|| bad(name)),
        Some(_) => Err(bad(name)),
    };
    let rate = read("rate")?.ok_or_else(|| Refusal::missing("Amount").at(path))?;
    let quantity = read("quantity")?.unwrap_or(Decimal::ONE);
    rate.times(quantity).and_then(|product| product.rounded(places)).ok_or_else(|| bad("rate"))
}

fn digits_of(item: &Json, name: &str) -> Option<String> {
    match item.get(name) {
        Some(Json::Number(digits)) => Some(digits.clone()),
        _ => None,
    }
}
