//! Deposits: payments and refunds leave Undeposited Funds for a bank account.

use std::collections::HashSet;

use rusqlite::params;

use super::super::error::Refusal;
use super::super::gl::{Draft, Header, Line};
use super::super::json::Json;
use super::super::number::digits;
use super::super::schema::Kind;
use super::super::store::{Books, Tran};
use super::{Drafted, Saving, header};

/// A payment or refund on a deposit; refunds are negative.
pub(super) struct Member {
    tran: i64,
    /// In the deposit's currency.
    amount: i64,
    /// What it holds in Undeposited Funds, in base currency.
    held_base: i64,
}

pub(super) fn draft(saving: &Saving<'_>, body: &Json) -> Result<Drafted, Refusal> {
    let books = saving.books;
    let bank = body.ref_id("account").ok_or_else(|| Refusal::missing("Account"))?;
    let bank = books
        .account(bank)?
        .filter(|account| account.kind == "Bank")
        .ok_or_else(|| Refusal::invalid_value(&bank.to_string(), "account", "account"))?;
    let currency = bank.currency.unwrap_or(books.facts.base_currency);
    let header = header::read(saving, body, currency)?;
    if header.currency.id != currency {
        let symbol = &header.currency.symbol;
        return Err(Refusal::invalid_value(symbol, "currency", "currency"));
    }
    let members = members(saving, body, &header)?;
    let mut lines: Vec<Line> = Vec::new();
    for (number, member) in (1..).zip(&members) {
        let mut line =
            Line::new(number, books.facts.undeposited, -member.amount, -member.held_base);
        line.entity = books.tran(member.tran)?.and_then(|tran| tran.entity);
        lines.push(line);
    }
    direct_lines(books, body, &header, "other", &mut lines)?;
    direct_lines(books, body, &header, "cashback", &mut lines)?;
    if lines.is_empty() {
        return Err(Refusal::user("You must enter at least one line item for this transaction."));
    }
    let total: i64 = -lines.iter().map(|line| line.foreign).sum::<i64>();
    if total < 0 {
        let total = digits(total, header.currency.places);
        return Err(Refusal::user(format!("The deposit total may not be negative ({total}).")));
    }
    let base_total = header.to_base(books, total)?;
    let mut main = Line::new(0, bank.id, total, base_total);
    main.memo = body.str_of("memo").map(str::to_owned);
    lines.insert(0, main);
    // What the payments were worth when they came in, against what the bank got.
    let difference: i64 = lines.iter().map(|line| line.base).sum();
    if difference != 0 {
        let number = i64::try_from(lines.len()).unwrap_or(i64::MAX);
        lines.push(Line::new(number, books.facts.matching, 0, -difference));
    }
    let draft = Draft {
        header,
        entity: None,
        account: Some(bank.id),
        ar_account: None,
        total,
        base_total,
        has_main: true,
        posting: true,
        lines,
    };
    Ok(Drafted { draft, applications: Vec::new(), members })
}

fn members(saving: &Saving<'_>, body: &Json, header: &Header) -> Result<Vec<Member>, Refusal> {
    let books = saving.books;
    let items = body.get("payment").map_or(&[][..], Json::items);
    let mut members = Vec::with_capacity(items.len());
    let mut seen = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("payment.items[{index}]");
        let Some(Json::Number(_)) = item.get("id") else {
            return Err(Refusal::bad_content().at(format!("{path}.id")));
        };
        let id = item.get("id").and_then(Json::as_id).unwrap_or_default();
        let own = saving.before.as_ref().map(|before| before.id);
        let tran = books.tran(id)?.filter(|tran| {
            matches!(tran.kind, Kind::CustomerPayment | Kind::CustomerRefund)
                && tran.account == Some(books.facts.undeposited)
                && (tran.deposit.is_none() || tran.deposit == own)
                && seen.insert(tran.id)
        });
        let tran = tran.ok_or_else(|| {
            Refusal::user(format!("Invalid id reference key {id}.")).at(format!("{path}.id"))
        })?;
        members.push(member(books, &tran, item, header, &path)?);
    }
    Ok(members)
}

fn member(
    books: &Books<'_>,
    tran: &Tran,
    item: &Json,
    header: &Header,
    path: &str,
) -> Result<Member, Refusal> {
    let sign = if tran.kind == Kind::CustomerRefund { -1 } else { 1 };
    let (held, held_base) = (sign * tran.total, sign * tran.base_total);
    let sent = header::amount(item, "paymentAmount", header.currency.places, path)?;
    let amount = if tran.currency == header.currency.id {
        if sent.is_some_and(|sent| sent != held) {
            let text = format!("{} can only be deposited whole.", tran.tran_id);
            return Err(Refusal::user(text).at(format!("{path}.paymentAmount")));
        }
        held
    } else if header.currency.id == books.facts.base_currency {
        sent.unwrap_or(held_base)
    } else {
        sent.ok_or_else(|| Refusal::missing("Payment Amount").at(path))?
    };
    Ok(Member { tran: tran.id, amount, held_base })
}

/// The lines of `other` (money in, from an account) or `cashback` (money out, to one).
fn direct_lines(
    books: &Books<'_>,
    body: &Json,
    header: &Header,
    list: &str,
    lines: &mut Vec<Line>,
) -> Result<(), Refusal> {
    let sign = if list == "other" { -1 } else { 1 };
    let items = body.get(list).map_or(&[][..], Json::items);
    for (index, item) in items.iter().enumerate() {
        let path = format!("{list}.items[{index}]");
        let account =
            item.ref_id("account").ok_or_else(|| Refusal::missing("Account").at(path.clone()))?;
        let places = header.currency.places;
        let account = header::account(books, account, header.currency.id, &path)?;
        let amount = header::amount(item, "amount", places, &path)?
            .ok_or_else(|| Refusal::missing("Amount").at(path.clone()))?;
        if amount < 0 {
            let text = "The amount of a deposit line must be positive.";
            return Err(Refusal::user(text).at(format!("{path}.amount")));
        }
        let number = i64::try_from(lines.len() + 1).unwrap_or(i64::MAX);
        let base = header.to_base(books, amount)?;
        let mut line = Line::new(number, account.id, sign * amount, sign * base);
        line.memo = item.str_of("memo").map(str::to_owned);
        line.entity = item.ref_id("entity");
        lines.push(line);
    }
    Ok(())
}

/// Notes on each payment which deposit it is on; those that left the deposit are free again.
pub(super) fn mark(books: &Books<'_>, deposit: i64, members: &[Member]) -> Result<(), Refusal> {
    books.db.execute("UPDATE ns_tran SET deposit = NULL WHERE deposit = ?1", [deposit])?;
    books.db.execute("DELETE FROM ns_link WHERE type = 'Deposit' AND next = ?1", [deposit])?;
    let on = "UPDATE ns_tran SET deposit = ?2 WHERE id = ?1";
    let link = "INSERT INTO ns_link (previous, next, type, amount, previous_base, next_base)
                VALUES (?1, ?2, 'Deposit', ?3, ?4, ?4)";
    for member in members {
        books.db.prepare_cached(on)?.execute(params![member.tran, deposit])?;
        let row = params![member.tran, deposit, member.amount, member.held_base];
        books.db.prepare_cached(link)?.execute(row)?;
    }
    Ok(())
}
