//! The general ledger: a record's lines, written so that they balance, and the trial balance.

use chrono::NaiveDate;
use rusqlite::params;

use super::error::Refusal;
use super::json::Json;
use super::number::Decimal;
use super::schema::{Group, Kind};
use super::store::{Books, Currency};

/// One line, which is one posting. Amounts are in minor units; debits are positive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub number: i64,
    pub account: i64,
    /// In the record's currency.
    pub foreign: i64,
    /// In the base currency.
    pub base: i64,
    pub entity: Option<i64>,
    pub item: Option<i64>,
    pub memo: Option<String>,
    pub quantity: Option<String>,
    pub rate: Option<String>,
}

impl Line {
    pub fn new(number: i64, account: i64, foreign: i64, base: i64) -> Self {
        Self {
            number,
            account,
            foreign,
            base,
            entity: None,
            item: None,
            memo: None,
            quantity: None,
            rate: None,
        }
    }
}

/// The header fields that every posting record has.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub currency: Currency,
    /// Units of base currency for one unit of `currency`, as sent or as set up.
    pub rate: String,
    pub date: NaiveDate,
    pub period: i64,
    pub subsidiary: i64,
}

impl Header {
    pub fn exact_rate(&self) -> Decimal {
        Decimal::parse(&self.rate).expect("a header is only made with a readable rate")
    }

    /// `amount` of the record's currency in base currency; a half cent goes away from zero.
    pub fn to_base(&self, books: &Books<'_>, amount: i64) -> Result<i64, Refusal> {
        Decimal::from_minor(amount, self.currency.places)
            .times(self.exact_rate())
            .and_then(|product| product.rounded(books.facts.base_places))
            .ok_or_else(|| Refusal::user("The amount is too large.").at("exchangeRate"))
    }
}

/// A posting record, worked out but not yet written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub header: Header,
    pub entity: Option<i64>,
    /// Where money or debt sits: A/R for sales, the bank for payments and deposits.
    pub account: Option<i64>,
    pub ar_account: Option<i64>,
    pub total: i64,
    pub base_total: i64,
    /// Whether line 0 is the record's own (main) line.
    pub has_main: bool,
    pub posting: bool,
    pub lines: Vec<Line>,
}

/// Gives what rounding left over to the largest of `lines[1..]`, so that the record balances.
pub(super) fn absorb_rounding(lines: &mut [Line]) {
    let left: i64 = lines.iter().map(|line| line.base).sum();
    if let Some(largest) = lines.iter_mut().skip(1).max_by_key(|line| line.foreign.abs()) {
        largest.base -= left;
    }
}

/// Writes header and lines of a record; an earlier version of it goes.
///
/// # Panics
/// When the lines do not balance in the base or in the record's currency: an error in here.
pub(super) fn write(
    books: &Books<'_>,
    kind: Kind,
    id: i64,
    draft: &Draft,
    body: &Json,
) -> Result<(), Refusal> {
    let (type_code, prefix) = kind.type_code();
    let default_number = format!("{prefix}{id}");
    let unit = |places: u32| 10_i64.pow(places);
    let header = &draft.header;
    let sql = "INSERT INTO ns_tran (id, kind, type, tran_id, date, period, entity, subsidiary,
          currency, rate, unit, base_unit, account, ar_account, total, base_total, posting,
          external_id, memo, due_date, created, modified)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
          ?19, ?20, ?21, ?21)
        ON CONFLICT (id) DO UPDATE SET tran_id = ?4, date = ?5, period = ?6, entity = ?7,
          subsidiary = ?8, rate = ?10, account = ?13, ar_account = ?14, total = ?15,
          base_total = ?16, posting = ?17, external_id = ?18, memo = ?19, due_date = ?20,
          modified = ?21";
    books.db.prepare_cached(sql)?.execute(params![
        id,
        kind.rest_name(),
        type_code,
        body.str_of("tranId").unwrap_or(&default_number),
        header.date.to_string(),
        header.period,
        draft.entity,
        header.subsidiary,
        header.currency.id,
        header.rate,
        unit(header.currency.places),
        unit(books.facts.base_places),
        draft.account,
        draft.ar_account,
        draft.total,
        draft.base_total,
        if draft.posting { "T" } else { "F" },
        body.str_of("externalId"),
        body.str_of("memo"),
        body.str_of("dueDate"),
        books.now,
    ])?;
    books.db.execute("DELETE FROM ns_line WHERE tran = ?1", [id])?;
    write_lines(books, id, &draft.lines, draft.has_main)
}

fn write_lines(books: &Books<'_>, id: i64, lines: &[Line], main: bool) -> Result<(), Refusal> {
    let base: i64 = lines.iter().map(|line| line.base).sum();
    let foreign: i64 = lines.iter().map(|line| line.foreign).sum();
    assert_eq!((base, foreign), (0, 0), "record {id} does not balance: {lines:?}");
    let sql = "INSERT INTO ns_line (tran, line, main, account, entity, item, memo, quantity, rate,
          foreign_amount, base_amount) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    let mut statement = books.db.prepare_cached(sql)?;
    for (index, line) in lines.iter().enumerate() {
        statement.execute(params![
            id,
            line.number,
            if main && index == 0 { "T" } else { "F" },
            line.account,
            line.entity,
            line.item,
            line.memo,
            line.quantity,
            line.rate,
            line.foreign,
            line.base,
        ])?;
    }
    Ok(())
}

/// What a record posts: account and amounts of each line, for finding out whether an edit moves
/// the general ledger.
pub(super) fn postings(books: &Books<'_>, id: i64) -> Result<Vec<(i64, i64, i64)>, Refusal> {
    let sql = "SELECT account, foreign_amount, base_amount FROM ns_line WHERE tran = ?1
               ORDER BY account, foreign_amount, base_amount";
    let mut statement = books.db.prepare_cached(sql)?;
    let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The variance of one application, as the system records it.
pub(super) struct Revaluation {
    pub date: NaiveDate,
    pub period: i64,
    pub entity: Option<i64>,
    pub subsidiary: i64,
    pub ar_account: i64,
    /// Base minor units: what A/R is debited.
    pub receivable: i64,
    /// What Realized Gain/Loss is credited; the rest goes to Rounding Gain/Loss.
    pub gain: i64,
}

/// Makes the system's own `FxReval` record and gives its id.
pub(super) fn write_revaluation(books: &Books<'_>, it: &Revaluation) -> Result<i64, Refusal> {
    let id = books.next_id(Group::Transaction)?;
    let unit = 10_i64.pow(books.facts.base_places);
    let sql = "INSERT INTO ns_tran (id, kind, type, tran_id, date, period, entity, subsidiary,
          currency, rate, unit, base_unit, account, ar_account, total, base_total, posting, memo,
          created, modified)
        VALUES (?1, 'fxReval', 'FxReval', ?2, ?3, ?4, ?5, ?6, ?7, '1', ?8, ?8, ?9, ?9, ?10, ?10,
          'T', 'Realized gain or loss', ?11, ?11)";
    books.db.prepare_cached(sql)?.execute(params![
        id,
        format!("FXR{id}"),
        it.date.to_string(),
        it.period,
        it.entity,
        it.subsidiary,
        books.facts.base_currency,
        unit,
        it.ar_account,
        it.receivable.abs(),
        books.now,
    ])?;
    let mut receivable = Line::new(0, it.ar_account, it.receivable, it.receivable);
    receivable.entity = it.entity;
    let rounding = it.receivable - it.gain;
    let mut lines = vec![receivable];
    let others = [(books.facts.realized, -it.gain), (books.facts.rounding, -rounding)];
    for (number, (account, amount)) in (1..).zip(others) {
        if amount != 0 {
            lines.push(Line::new(number, account, amount, amount));
        }
    }
    write_lines(books, id, &lines, true)?;
    Ok(id)
}

/// Takes one of the system's records out again.
pub(super) fn drop_revaluation(books: &Books<'_>, id: i64) -> Result<(), Refusal> {
    books.db.execute("DELETE FROM ns_line WHERE tran = ?1", [id])?;
    books.db.execute("DELETE FROM ns_tran WHERE id = ?1", [id])?;
    let deleted = params![id, books.now];
    books.db.execute("INSERT INTO ns_deleted VALUES (?1, 'fxReval', NULL, ?2)", deleted)?;
    Ok(())
}

/// One account's balance, in base minor units, on the side it falls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalanceLine {
    pub account_number: String,
    pub name: String,
    pub debit: i64,
    pub credit: i64,
}

/// Every account that has postings, by number. Debits and credits of the whole are equal.
pub(super) fn trial_balance(books: &Books<'_>) -> Result<Vec<TrialBalanceLine>, Refusal> {
    let sql = "SELECT a.number, a.name, SUM(l.base_amount) FROM ns_line l
        JOIN ns_tran t ON t.id = l.tran AND t.posting = 'T' JOIN ns_account a ON a.id = l.account
        GROUP BY a.id ORDER BY a.number";
    let mut statement = books.db.prepare_cached(sql)?;
    let rows = statement.query_map([], |row| {
        let balance: i64 = row.get(2)?;
        Ok(TrialBalanceLine {
            account_number: row.get(0)?,
            name: row.get(1)?,
            debit: balance.max(0),
            credit: (-balance).max(0),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
