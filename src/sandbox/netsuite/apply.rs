//! Applications: which payment, credit memo or refund settles which record, and the realized gain
//! or loss that two exchange rates leave.

use rusqlite::params;

use super::error::Refusal;
use super::gl::{self, Revaluation};
use super::number::{Decimal, digits};
use super::periods;
use super::schema::Kind;
use super::store::{Books, Tran, read_tran};

/// One wanted application of a record to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Application {
    pub target: i64,
    /// Minor units; `None` takes as much as both sides allow.
    pub amount: Option<i64>,
    pub path: String,
}

/// An application as kept: `previous` was there first, `next` settles it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    id: i64,
    pub previous: i64,
    pub next: i64,
    pub amount: i64,
    previous_base: i64,
    next_base: i64,
    revaluation: Option<i64>,
}

/// Every application that a record takes part in.
pub(super) fn links(books: &Books<'_>, id: i64) -> Result<Vec<Link>, Refusal> {
    let sql = "SELECT id, previous, next, amount, previous_base, next_base, revaluation
        FROM ns_link WHERE type = 'Payment' AND (previous = ?1 OR next = ?1) ORDER BY id";
    let mut statement = books.db.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| {
        Ok(Link {
            id: row.get(0)?,
            previous: row.get(1)?,
            next: row.get(2)?,
            amount: row.get(3)?,
            previous_base: row.get(4)?,
            next_base: row.get(5)?,
            revaluation: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes the applications of `source` exactly those wanted; what stays the same is left alone.
pub(super) fn replace(
    books: &Books<'_>,
    source: i64,
    wanted: &[Application],
) -> Result<(), Refusal> {
    let mut kept = Vec::new();
    for link in links(books, source)?.into_iter().filter(|link| link.next == source) {
        let same =
            wanted.iter().any(|a| a.target == link.previous && a.amount == Some(link.amount));
        if same {
            kept.push(link.previous);
        } else {
            unlink(books, &link)?;
        }
    }
    for application in wanted.iter().filter(|a| !kept.contains(&a.target)) {
        link(books, source, application)?;
    }
    Ok(())
}

/// Applies what is left of `source` to the customer's open invoices, the oldest first, and says
/// what was applied.
pub(super) fn auto_apply(books: &Books<'_>, source: i64) -> Result<Vec<(i64, i64)>, Refusal> {
    let Some(payer) = books.tran(source)? else { return Ok(Vec::new()) };
    let sql = "SELECT id, kind, tran_id, date, period, entity, currency, rate, account, ar_account,
        total, base_total, applied, applied_base, deposit FROM ns_tran
        WHERE entity = ?1 AND kind = 'invoice' AND currency = ?2 AND ar_account = ?3
          AND applied < total ORDER BY date, id";
    let open: Vec<Tran> = books
        .db
        .prepare_cached(sql)?
        .query_map(params![payer.entity, payer.currency, payer.ar_account], read_tran)?
        .collect::<Result<_, _>>()?;
    let mut left = payer.open();
    let mut applied = Vec::new();
    for invoice in open {
        let amount = left.min(invoice.open());
        if amount == 0 {
            break;
        }
        let path = "autoApply".to_owned();
        link(books, source, &Application { target: invoice.id, amount: Some(amount), path })?;
        applied.push((invoice.id, amount));
        left -= amount;
    }
    Ok(applied)
}

/// Takes an application back, with the gain or loss it made.
pub(super) fn unlink(books: &Books<'_>, link: &Link) -> Result<(), Refusal> {
    books.db.execute("DELETE FROM ns_link WHERE id = ?1", [link.id])?;
    settle(books, link.previous, -link.amount, -link.previous_base)?;
    settle(books, link.next, -link.amount, -link.next_base)?;
    match link.revaluation {
        Some(id) => gl::drop_revaluation(books, id),
        None => Ok(()),
    }
}

fn settle(books: &Books<'_>, id: i64, amount: i64, base: i64) -> Result<(), Refusal> {
    let sql = "UPDATE ns_tran SET applied = applied + ?2, applied_base = applied_base + ?3
               WHERE id = ?1";
    books.db.prepare_cached(sql)?.execute(params![id, amount, base])?;
    Ok(())
}

/// Applies `source` to one record, after checking that it may.
pub(super) fn link(books: &Books<'_>, source: i64, it: &Application) -> Result<(), Refusal> {
    let source = books.tran(source)?.ok_or_else(Refusal::not_found)?;
    let invalid =
        || Refusal::invalid_value(&it.target.to_string(), "doc", format!("{}.doc", it.path));
    let target = books.tran(it.target)?.ok_or_else(invalid)?;
    let payable: &[Kind] = match source.kind {
        Kind::CustomerRefund => &[Kind::CreditMemo, Kind::CustomerPayment],
        _ => &[Kind::Invoice],
    };
    let fits = payable.contains(&target.kind)
        && target.entity == source.entity
        && target.currency == source.currency
        && target.ar_account == source.ar_account;
    if !fits {
        return Err(invalid());
    }
    let places = books.currency(source.currency)?.map_or(2, |currency| currency.places);
    let amount = it.amount.unwrap_or_else(|| source.open().min(target.open()));
    let path = format!("{}.amount", it.path);
    if amount <= 0 {
        return Err(Refusal::user("The amount to apply must be greater than zero.").at(path));
    }
    if amount > target.open() {
        let (amount, due) = (digits(amount, places), digits(target.open(), places));
        let text = format!("You cannot apply {amount} to {}: only {due} is due.", target.tran_id);
        return Err(Refusal::user(text).at(path));
    }
    if amount > source.open() {
        let (amount, left) = (digits(amount, places), digits(source.open(), places));
        let text = format!("The total applied exceeds the amount: {left} is left, not {amount}.");
        return Err(Refusal::user(text).at(path));
    }
    write_link(books, &source, &target, amount, places)
}

/// Each side gives up its share of its own base amount; the last application of a side takes what
/// is left of it, so that a settled record leaves nothing in A/R.
fn write_link(
    books: &Books<'_>,
    source: &Tran,
    target: &Tran,
    amount: i64,
    places: u32,
) -> Result<(), Refusal> {
    let too_large = || Refusal::user("The amount is too large.");
    let applied = Decimal::from_minor(amount, places);
    let in_base = |rate: Decimal| {
        applied.times(rate).and_then(|p| p.rounded(books.facts.base_places)).ok_or_else(too_large)
    };
    let share = |side: &Tran| {
        if amount == side.open() { Ok(side.open_base()) } else { in_base(side.rate()) }
    };
    let (next_base, previous_base) = (share(source)?, share(target)?);
    let variance = next_base - previous_base;
    let revaluation = if variance == 0 {
        None
    } else {
        let gain = in_base(source.rate().minus(target.rate()).ok_or_else(too_large)?)?;
        // A refund debits A/R where a payment credits it: the correction turns round.
        let sign = if source.kind == Kind::CustomerRefund { -1 } else { 1 };
        Some(gl::write_revaluation(
            books,
            &Revaluation {
                date: source.date.max(target.date),
                period: periods::for_system(books, source.period, target.period)?,
                entity: source.entity,
                subsidiary: subsidiary(books, source.id)?,
                ar_account: source.ar_account.unwrap_or(books.facts.receivable),
                receivable: sign * variance,
                gain: sign * gain,
            },
        )?)
    };
    let sql = "INSERT INTO ns_link (previous, next, type, amount, previous_base, next_base,
        revaluation) VALUES (?1, ?2, 'Payment', ?3, ?4, ?5, ?6)";
    let row = params![target.id, source.id, amount, previous_base, next_base, revaluation];
    books.db.prepare_cached(sql)?.execute(row)?;
    settle(books, target.id, amount, previous_base)?;
    settle(books, source.id, amount, next_base)
}

fn subsidiary(books: &Books<'_>, tran: i64) -> Result<i64, Refusal> {
    let sql = "SELECT subsidiary FROM ns_tran WHERE id = ?1";
    Ok(books.db.query_row(sql, [tran], |row| row.get(0))?)
}
