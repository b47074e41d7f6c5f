//! Journal entries: lines as entered, which must balance.

use super::super::error::Refusal;
use super::super::gl::{Draft, Header, Line};
use super::super::json::Json;
use super::super::number::digits;
use super::{Drafted, Saving, header};

pub(super) fn draft(saving: &Saving<'_>, body: &Json) -> Result<Drafted, Refusal> {
    let books = saving.books;
    header::refuse_unsupported(body, &["reversalDate", "reversalDefer", "void"])?;
    let header = header::read(saving, body, books.facts.base_currency)?;
    let items = body.get("line").map_or(&[][..], Json::items);
    if items.len() < 2 {
        return Err(Refusal::user("A journal entry must have at least two lines.").at("line"));
    }
    let mut lines = Vec::with_capacity(items.len() + 1);
    for (index, item) in items.iter().enumerate() {
        lines.push(line(saving, &header, item, &format!("line.items[{index}]"))?);
    }
    let off: i64 = lines.iter().map(|line| line.foreign).sum();
    if off != 0 {
        let off = digits(off, header.currency.places);
        let text =
            format!("The amounts in a journal entry must balance (debits less credits: {off}).");
        return Err(Refusal::user(text).at("line"));
    }
    // Each line is rounded on its own; what that leaves is a rounding gain or loss.
    let left: i64 = lines.iter().map(|line| line.base).sum();
    if left != 0 {
        let number = lines.iter().map(|line| line.number).max().unwrap_or(0) + 1;
        lines.push(Line::new(number, books.facts.rounding, 0, -left));
    }
    let draft = Draft {
        header,
        entity: None,
        account: None,
        ar_account: None,
        total: lines.iter().map(|line| line.foreign.max(0)).sum(),
        base_total: lines.iter().map(|line| line.base.max(0)).sum(),
        has_main: false,
        posting: body.bool_of("approved") != Some(false),
        lines,
    };
    Ok(Drafted { draft, applications: Vec::new(), members: Vec::new() })
}

fn line(saving: &Saving<'_>, header: &Header, item: &Json, path: &str) -> Result<Line, Refusal> {
    let books = saving.books;
    let account = item.ref_id("account").ok_or_else(|| Refusal::missing("Account").at(path))?;
    let account = header::account(books, account, header.currency.id, path)?;
    let places = header.currency.places;
    let debit = header::amount(item, "debit", places, path)?.filter(|amount| *amount != 0);
    let credit = header::amount(item, "credit", places, path)?.filter(|amount| *amount != 0);
    let amount = match (debit, credit) {
        (Some(_), Some(_)) => {
            let text = "A journal line has either a debit or a credit, not both.";
            return Err(Refusal::user(text).at(path));
        }
        (debit, credit) => debit.unwrap_or(0) - credit.unwrap_or(0),
    };
    if debit.or(credit).is_some_and(|amount| amount < 0) {
        return Err(Refusal::user("The amount of a journal line must be positive.").at(path));
    }
    let entity = item.ref_id("entity");
    if account.kind == "AcctRec" && entity.is_none() {
        return Err(Refusal::missing("Name").at(format!("{path}.entity")));
    }
    let number = item.get("line").and_then(Json::as_id).unwrap_or_default();
    let mut line = Line::new(number, account.id, amount, header.to_base(books, amount)?);
    line.memo = item.str_of("memo").map(str::to_owned);
    line.entity = entity;
    Ok(line)
}
