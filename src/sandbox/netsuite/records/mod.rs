//! Creating, changing and deleting records: the order of things that all types share.
//!
//! A record is first merged into one JSON body, then drafted from that body alone by its type's
//! module, then written with its postings, and last applied to other records.

mod deposits;
mod header;
mod journals;
mod lists;
mod payments;
mod sales;
mod taxes;

use super::apply::{self, Application, Link};
use super::error::Refusal;
use super::gl::{self, Draft};
use super::json::Json;
use super::merge;
use super::number::digits;
use super::payload;
use super::periods;
use super::schema::{Group, Kind};
use super::store::{Books, Tran};

use deposits::Member;

/// A posting record and what it does to others.
struct Drafted {
    draft: Draft,
    applications: Vec<Application>,
    members: Vec<Member>,
}

/// A record being saved: a new one, or a new version of `before`.
struct Saving<'a> {
    books: &'a Books<'a>,
    kind: Kind,
    before: Option<Tran>,
}

/// Creates a record and gives its internal id.
pub(super) fn create(books: &Books<'_>, kind: Kind, body: Json) -> Result<i64, Refusal> {
    let mut body = payload::resolve(books, kind, body)?;
    merge::tidy(kind, &mut body);
    let id = books.next_id(kind.group())?;
    save(books, kind, id, body)?;
    Ok(id)
}

/// Changes a record; `replace` names the sublists to be replaced whole.
pub(super) fn update(
    books: &Books<'_>,
    kind: Kind,
    id: i64,
    patch: Json,
    replace: &[String],
) -> Result<(), Refusal> {
    let stored = find(books, kind, id)?;
    let patch = payload::resolve(books, kind, patch)?;
    save(books, kind, id, merge::merge(kind, &stored, &patch, replace))
}

/// The stored body of a record of this very type.
pub(super) fn find(books: &Books<'_>, kind: Kind, id: i64) -> Result<Json, Refusal> {
    match books.record(kind.group(), id)? {
        Some((found, body)) if found == kind => Ok(body),
        _ if kind.group() == Group::Transaction => {
            Err(Refusal::user("Transaction type specified is incorrect."))
        }
        _ => Err(Refusal::not_found()),
    }
}

/// Deletes a record that nothing depends on.
pub(super) fn delete(books: &Books<'_>, kind: Kind, id: i64) -> Result<(), Refusal> {
    find(books, kind, id)?;
    let refuse = |what: &str| {
        Err(Refusal::user(format!(
            "This {what} cannot be deleted because it has dependent records."
        )))
    };
    match kind.group() {
        Group::Entity => {
            let used = books.exists("SELECT 1 FROM ns_tran WHERE entity = ?1", id)?
                || books.exists("SELECT 1 FROM ns_line WHERE entity = ?1", id)?;
            if used {
                return refuse("entity");
            }
        }
        Group::Item => {
            if books.exists("SELECT 1 FROM ns_line WHERE item = ?1", id)? {
                return refuse("item");
            }
        }
        _ => {
            if books.exists("SELECT 1 FROM ns_link WHERE previous = ?1", id)? {
                return refuse("transaction");
            }
            if let Some(tran) = books.tran(id)? {
                periods::ensure_open_id(books, kind, tran.period)?;
            }
            apply::replace(books, id, &[])?;
            deposits::mark(books, id, &[])?;
        }
    }
    books.drop_record(kind, id)
}

/// Voids a record: its applications are taken back, and its amounts become zero.
pub(super) fn void(books: &Books<'_>, kind: Kind, id: i64) -> Result<(), Refusal> {
    find(books, kind, id)?;
    let tran = books.tran(id)?.ok_or_else(Refusal::not_found)?;
    periods::ensure_open_id(books, kind, tran.period)?;
    if kind == Kind::Deposit || tran.deposit.is_some() {
        return Err(Refusal::user("This transaction cannot be voided."));
    }
    for link in apply::links(books, id)? {
        apply::unlink(books, &link)?;
    }
    let zero = "UPDATE ns_line SET foreign_amount = 0, base_amount = 0 WHERE tran = ?1";
    books.db.execute(zero, [id])?;
    books.db.execute("UPDATE ns_tran SET total = 0, base_total = 0 WHERE id = ?1", [id])?;
    books.db.execute("INSERT OR IGNORE INTO ns_void VALUES (?1)", [id])?;
    Ok(())
}

fn save(books: &Books<'_>, kind: Kind, id: i64, body: Json) -> Result<(), Refusal> {
    if let Some(external_id) = body.str_of("externalId")
        && books.id_of_external(kind.group(), external_id)?.is_some_and(|owner| owner != id)
    {
        let what = if kind.group() == Group::Entity { "entity" } else { "record" };
        return Err(Refusal::user(format!("This {what} already exists.")));
    }
    match kind {
        Kind::Customer => lists::save_customer(books, id, body),
        Kind::ServiceSaleItem | Kind::DiscountItem => lists::save_item(books, kind, id, &body),
        _ => save_tran(books, kind, id, body),
    }
}

fn save_tran(books: &Books<'_>, kind: Kind, id: i64, mut body: Json) -> Result<(), Refusal> {
    let saving = Saving { books, kind, before: books.tran(id)? };
    let Drafted { draft, mut applications, members } = match kind {
        Kind::Invoice | Kind::CreditMemo => sales::draft(&saving, &body)?,
        Kind::CustomerPayment => payments::draft_payment(&saving, &body)?,
        Kind::CustomerRefund => payments::draft_refund(&saving, &body)?,
        Kind::Deposit => deposits::draft(&saving, &body)?,
        _ => journals::draft(&saving, &body)?,
    };
    let moved = match &saving.before {
        Some(before) => guard_change(books, before, &draft)?,
        None => false,
    };
    let relinked = if moved { apply::links(books, id)? } else { Vec::new() };
    for link in &relinked {
        apply::unlink(books, link)?;
    }
    header::fill_in(&mut body, &draft);
    gl::write(books, kind, id, &draft, &body)?;
    relink(books, id, &draft, &relinked)?;
    apply::replace(books, id, &applications)?;
    deposits::mark(books, id, &members)?;
    if body.bool_of("autoApply") == Some(true) {
        let places = draft.header.currency.places;
        applications.extend(apply::auto_apply(books, id)?.into_iter().map(|(target, amount)| {
            Application { target, amount: Some(amount), path: String::new() }
        }));
        body.set("apply", payments::applied(&applications, places));
        body.set("autoApply", Json::Bool(false)); // it acts once, on the save that asks for it
    }
    let name = body.str_of("tranId").unwrap_or_default().to_owned();
    books.put_record(kind, id, &name, &body)
}

/// Puts back the applications of others to a record whose amounts were changed.
fn relink(books: &Books<'_>, id: i64, draft: &Draft, links: &[Link]) -> Result<(), Refusal> {
    for link in links.iter().filter(|link| link.previous == id) {
        let again = Application { target: id, amount: Some(link.amount), path: "apply".into() };
        apply::link(books, link.next, &again).map_err(|_| {
            let applied = digits(link.amount, draft.header.currency.places);
            Refusal::user(format!("This change does not agree with {applied} already applied."))
        })?;
    }
    Ok(())
}

/// Refuses a change that the books no longer allow, and says whether the ledger moves.
fn guard_change(books: &Books<'_>, before: &Tran, after: &Draft) -> Result<bool, Refusal> {
    if before.currency != after.header.currency.id {
        let text = "The currency of a saved transaction cannot be changed.";
        return Err(Refusal::user(text).at("currency"));
    }
    let mut new: Vec<_> = after.lines.iter().map(|l| (l.account, l.foreign, l.base)).collect();
    new.sort_unstable();
    let moved = new != gl::postings(books, before.id)?
        || before.date != after.header.date
        || before.period != after.header.period
        || before.rate != after.header.rate
        || before.entity != after.entity
        || before.ar_account != after.ar_account;
    if !moved {
        return Ok(false);
    }
    periods::ensure_open_id(books, before.kind, before.period)?;
    periods::ensure_open_id(books, before.kind, after.header.period)?;
    let money_moved = (before.total, before.base_total, before.account)
        != (after.total, after.base_total, after.account);
    if before.deposit.is_some() && money_moved {
        let text = "This payment has been deposited: its amount and account cannot be changed.";
        return Err(Refusal::user(text));
    }
    Ok(true)
}
