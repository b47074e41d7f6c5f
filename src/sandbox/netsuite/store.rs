//! What is kept, and how rows are read and written. No rule of accounting is here.

use std::path::Path;

use chrono::NaiveDate;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::chart_lists::ListName;
use super::error::Refusal;
use super::json::Json;
use super::number::Decimal;
use super::schema::{Group, Kind};
use super::setup::{RecordKind, RecordSetup, Setup};
use crate::calendar::PeriodState;

/// Why an embedded NetSuite could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot open the embedded NetSuite's file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("cannot make the embedded NetSuite's file: {0}")]
    File(std::io::Error),
    #[error("the file belongs to the embedded NetSuite account `{found}`, not to `{wanted}`")]
    OtherAccount { found: String, wanted: String },
    #[error("the embedded NetSuite's set-up is wrong: {0}")]
    Setup(String),
}

/// Accounts and currencies that the rules need by their part, found once.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    /// The one that records fall to when they name none.
    pub subsidiary: i64,
    pub base_currency: i64,
    pub base_places: u32,
    pub receivable: i64,
    pub undeposited: i64,
    pub realized: i64,
    pub matching: i64,
    pub rounding: i64,
}

/// The books as one request sees them.
pub(super) struct Books<'a> {
    pub db: &'a Connection,
    pub facts: &'a Facts,
    /// Unix seconds.
    pub now: i64,
    pub today: NaiveDate,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Currency {
    pub id: i64,
    pub symbol: String,
    pub rate: String,
    pub places: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub id: i64,
    pub number: String,
    pub name: String,
    pub kind: String,
    pub special: Option<String>,
    pub currency: Option<i64>,
}

#[derive(Debug, Clone)]
pub(super) struct Period {
    pub id: i64,
    pub name: String,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub closed: bool,
    pub all_locked: bool,
    pub ar_locked: bool,
}

/// The header of a posting record.
#[derive(Debug, Clone)]
pub(super) struct Tran {
    pub id: i64,
    pub kind: Kind,
    pub tran_id: String,
    pub date: NaiveDate,
    pub period: i64,
    pub entity: Option<i64>,
    pub currency: i64,
    pub rate: String,
    pub account: Option<i64>,
    pub ar_account: Option<i64>,
    pub total: i64,
    pub base_total: i64,
    pub applied: i64,
    pub applied_base: i64,
    pub deposit: Option<i64>,
}

impl Tran {
    /// What is left to pay, or to use, in minor units of its currency.
    pub const fn open(&self) -> i64 {
        self.total - self.applied
    }

    pub const fn open_base(&self) -> i64 {
        self.base_total - self.applied_base
    }

    /// The stored rate; it was checked when it was stored.
    pub fn rate(&self) -> Decimal {
        Decimal::parse(&self.rate).expect("only readable rates are stored")
    }
}

/// Opens the file (or memory) and, when it is new, writes the set-up into it.
pub(super) fn open(path: Option<&Path>, setup: &Setup) -> Result<(Connection, Facts), OpenError> {
    let mut db = match path {
        Some(path) => {
            create_private(path).map_err(OpenError::File)?;
            Connection::open(path)?
        }
        None => Connection::open_in_memory()?,
    };
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    db.execute_batch("PRAGMA case_sensitive_like = ON;")?;
    db.set_prepared_statement_cache_capacity(100);
    let tx = db.transaction()?;
    tx.execute_batch(include_str!("schema.sql"))?;
    let found: Option<String> = tx
        .query_row("SELECT value FROM ns_meta WHERE key = 'account'", [], |row| row.get(0))
        .optional()?;
    match found {
        None => write_setup(&tx, setup)?,
        Some(found) if found != setup.account_id => {
            return Err(OpenError::OtherAccount { found, wanted: setup.account_id.clone() });
        }
        Some(_) => {}
    }
    let facts = facts(&tx, setup)?;
    tx.commit()?;
    Ok((db, facts))
}

/// A rehearsal holds real customers: only the owner may read its books.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn write_setup(db: &Connection, setup: &Setup) -> Result<(), OpenError> {
    db.execute("INSERT INTO ns_meta VALUES ('account', ?1)", [&setup.account_id])?;
    // Each group counts from its own start: an id of the wrong group points at nothing.
    for (group, first) in [(Group::Entity, 501), (Group::Item, 2001), (Group::Transaction, 10_001)]
    {
        let taken = setup.records.iter().filter(|record| kind_of(record.kind).group() == group);
        let next = taken.map(|record| record.id + 1).max().unwrap_or(first).max(first);
        db.execute("INSERT INTO ns_sequence VALUES (?1, ?2)", params![group.name(), next])?;
    }
    for c in &setup.currencies {
        if !Decimal::parse(&c.rate).is_some_and(Decimal::is_positive) {
            return Err(OpenError::Setup(format!("`{}` is no rate of {}", c.rate, c.code)));
        }
        let is_base = if c.id == setup.base_currency { "T" } else { "F" };
        let row = params![c.id, c.code, c.code, c.rate, c.precision, is_base];
        db.execute("INSERT INTO ns_currency VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row)?;
    }
    for s in &setup.subsidiaries {
        let row = params![s.id, s.name, s.currency.unwrap_or(setup.base_currency)];
        db.execute("INSERT INTO ns_subsidiary VALUES (?1, ?2, ?3)", row)?;
    }
    for a in &setup.accounts {
        let row = params![a.id, a.number, a.name, a.kind, a.special, a.currency];
        db.execute("INSERT INTO ns_account VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row)?;
    }
    for t in &setup.tax_codes {
        let row = params![t.id, t.name, t.tax_type, t.account];
        db.execute("INSERT INTO ns_tax_code VALUES (?1, ?2, ?3, ?4)", row)?;
    }
    for own in &setup.lists {
        let field = own.list.field();
        db.execute("INSERT INTO ns_list VALUES (?1)", [field])?;
        for entry in &own.entries {
            let row = params![field, entry.id, entry.name];
            db.execute("INSERT INTO ns_entry VALUES (?1, ?2, ?3)", row)?;
        }
    }
    for p in &setup.periods {
        let [closed, locked, receivables] = period_flags(p.state);
        let row = params![
            p.id,
            p.name,
            p.first_day.to_string(),
            p.last_day.to_string(),
            closed,
            locked,
            receivables
        ];
        db.execute("INSERT INTO ns_period VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", row)?;
    }
    for record in &setup.records {
        write_record(db, setup, record)?;
    }
    Ok(())
}

/// A period's columns `closed`, `all_locked` and `ar_locked`.
pub(super) fn period_flags(state: PeriodState) -> [&'static str; 3] {
    let flag = |on| if on { "T" } else { "F" };
    [
        flag(state == PeriodState::Closed),
        flag(matches!(state, PeriodState::Closed | PeriodState::Locked)),
        flag(state != PeriodState::Open),
    ]
}

const fn kind_of(kind: RecordKind) -> Kind {
    match kind {
        RecordKind::Customer => Kind::Customer,
        RecordKind::Item => Kind::ServiceSaleItem,
        RecordKind::DiscountItem => Kind::DiscountItem,
    }
}

/// Somebody's own customer or item. A customer has every currency: which it has is not known.
fn write_record(db: &Connection, setup: &Setup, record: &RecordSetup) -> Result<(), OpenError> {
    let kind = kind_of(record.kind);
    let mut body = Json::object([]);
    match record.kind {
        RecordKind::Customer => {
            body.set("companyName", Json::text(&record.name));
            body.set("entityId", Json::text(&record.name));
            body.set("currency", Json::reference(setup.base_currency));
            let line = |id| Json::object([("currency", Json::reference(id))]);
            let lines = setup.currencies.iter().map(|currency| line(currency.id)).collect();
            body.set("currencyList", Json::object([("items", Json::List(lines))]));
        }
        RecordKind::Item => body.set("itemId", Json::text(&record.name)),
        RecordKind::DiscountItem => {
            body.set("itemId", Json::text(&record.name));
            body.set("rate", Json::Number("0".into()));
            body.set("nonPosting", Json::Bool(record.account.is_none()));
        }
    }
    if let Some(account) = record.account {
        let field = if kind == Kind::DiscountItem { "account" } else { "incomeAccount" };
        body.set(field, Json::reference(account));
    }
    if let Some(external_id) = &record.external_id {
        body.set("externalId", Json::text(external_id));
    }
    let folded = record.external_id.as_deref().map(str::to_ascii_lowercase);
    let row = params![
        kind.group().name(),
        record.id,
        kind.rest_name(),
        record.external_id,
        folded,
        record.name,
        body.to_text()
    ];
    let sql = "INSERT INTO ns_record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0)";
    db.execute(sql, row)?;
    Ok(())
}

fn facts(db: &Connection, setup: &Setup) -> Result<Facts, OpenError> {
    let special = |part: &str| {
        db.query_row("SELECT id FROM ns_account WHERE special = ?1", [part], |row| row.get(0))
            .optional()?
            .ok_or_else(|| OpenError::Setup(format!("no account plays the part `{part}`")))
    };
    let base_places = db
        .query_row("SELECT places FROM ns_currency WHERE is_base = 'T'", [], |row| row.get(0))
        .optional()?
        .ok_or_else(|| OpenError::Setup("the base currency is not among the currencies".into()))?;
    let subsidiary = setup
        .subsidiaries
        .first()
        .ok_or_else(|| OpenError::Setup("there is no subsidiary".into()))?;
    Ok(Facts {
        subsidiary: subsidiary.id,
        base_currency: setup.base_currency,
        base_places,
        receivable: special("AcctRec")?,
        undeposited: special("UndepFunds")?,
        realized: special("RealizedERV")?,
        matching: special("MatchingUnrERV")?,
        rounding: special("RndERV")?,
    })
}

impl Books<'_> {
    pub fn currency(&self, id: i64) -> Result<Option<Currency>, Refusal> {
        let sql = "SELECT id, symbol, rate, places FROM ns_currency WHERE id = ?1";
        let read = |row: &Row<'_>| {
            let (id, symbol) = (row.get(0)?, row.get(1)?);
            Ok(Currency { id, symbol, rate: row.get(2)?, places: row.get(3)? })
        };
        Ok(self.db.prepare_cached(sql)?.query_row([id], read).optional()?)
    }

    pub fn account(&self, id: i64) -> Result<Option<Account>, Refusal> {
        let sql = "SELECT id, number, name, type, special, currency FROM ns_account WHERE id = ?1";
        let read = |row: &Row<'_>| {
            Ok(Account {
                id: row.get(0)?,
                number: row.get(1)?,
                name: row.get(2)?,
                kind: row.get(3)?,
                special: row.get(4)?,
                currency: row.get(5)?,
            })
        };
        Ok(self.db.prepare_cached(sql)?.query_row([id], read).optional()?)
    }

    /// A tax code's type and liability account.
    pub fn tax_code(&self, id: i64) -> Result<Option<(i64, i64)>, Refusal> {
        let sql = "SELECT tax_type, account FROM ns_tax_code WHERE id = ?1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.db.prepare_cached(sql)?.query_row([id], read).optional()?)
    }

    /// Whether a list has an entry; of a list that is not known it may have any.
    pub fn may_have(&self, list: ListName, id: i64) -> Result<bool, Refusal> {
        let sql = "SELECT EXISTS (SELECT 1 FROM ns_entry WHERE list = ?1 AND id = ?2)
                   OR NOT EXISTS (SELECT 1 FROM ns_list WHERE name = ?1)";
        let mut statement = self.db.prepare_cached(sql)?;
        Ok(statement.query_row(params![list.field(), id], |row| row.get(0))?)
    }

    /// All base periods, the earliest first.
    pub fn periods(&self) -> Result<Vec<Period>, Refusal> {
        let sql = "SELECT id, name, first_day, last_day, closed, all_locked, ar_locked
                   FROM ns_period ORDER BY first_day";
        let mut statement = self.db.prepare_cached(sql)?;
        let flag = |row: &Row<'_>, i| row.get::<_, String>(i).map(|text| text == "T");
        let rows = statement.query_map([], |row| {
            Ok(Period {
                id: row.get(0)?,
                name: row.get(1)?,
                first_day: date_at(row, 2)?,
                last_day: date_at(row, 3)?,
                closed: flag(row, 4)?,
                all_locked: flag(row, 5)?,
                ar_locked: flag(row, 6)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub fn tran(&self, id: i64) -> Result<Option<Tran>, Refusal> {
        let sql = "SELECT id, kind, tran_id, date, period, entity, currency, rate, account,
                   ar_account, total, base_total, applied, applied_base, deposit
                   FROM ns_tran WHERE id = ?1 AND type <> 'FxReval'";
        Ok(self.db.prepare_cached(sql)?.query_row([id], read_tran).optional()?)
    }

    /// A record's type and JSON.
    pub fn record(&self, group: Group, id: i64) -> Result<Option<(Kind, Json)>, Refusal> {
        let sql = "SELECT kind, body FROM ns_record WHERE grp = ?1 AND id = ?2";
        let found: Option<(String, String)> = self
            .db
            .prepare_cached(sql)?
            .query_row(params![group.name(), id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.and_then(|(kind, body)| Some((Kind::from_rest_name(&kind)?, Json::parse(&body)?))))
    }

    pub fn id_of_external(&self, group: Group, external_id: &str) -> Result<Option<i64>, Refusal> {
        let sql = "SELECT id FROM ns_record WHERE grp = ?1 AND external_folded = ?2";
        let key = params![group.name(), external_id.to_ascii_lowercase()];
        Ok(self.db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?)
    }

    pub fn id_of_name(&self, group: Group, name: &str) -> Result<Option<i64>, Refusal> {
        let sql = "SELECT id FROM ns_record WHERE grp = ?1 AND lower(name) = lower(?2)";
        let key = params![group.name(), name];
        Ok(self.db.prepare_cached(sql)?.query_row(key, |row| row.get(0)).optional()?)
    }

    pub fn next_id(&self, group: Group) -> Result<i64, Refusal> {
        let sql = "UPDATE ns_sequence SET next = next + 1 WHERE grp = ?1 RETURNING next - 1";
        Ok(self.db.prepare_cached(sql)?.query_row([group.name()], |row| row.get(0))?)
    }

    pub fn put_record(&self, kind: Kind, id: i64, name: &str, body: &Json) -> Result<(), Refusal> {
        let external_id = body.str_of("externalId");
        let sql = "INSERT INTO ns_record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
                   ON CONFLICT (grp, id) DO UPDATE SET external_id = ?4, external_folded = ?5,
                     name = ?6, body = ?7, modified = ?8";
        self.db.prepare_cached(sql)?.execute(params![
            kind.group().name(),
            id,
            kind.rest_name(),
            external_id,
            external_id.map(str::to_ascii_lowercase),
            name,
            body.to_text(),
            self.now,
        ])?;
        Ok(())
    }

    /// Takes a record out and remembers that it was deleted.
    pub fn drop_record(&self, kind: Kind, id: i64) -> Result<(), Refusal> {
        let deleted = "INSERT INTO ns_deleted SELECT id, kind, external_id, ?3 FROM ns_record
                       WHERE grp = ?1 AND id = ?2";
        self.db.execute(deleted, params![kind.group().name(), id, self.now])?;
        let key = params![kind.group().name(), id];
        self.db.execute("DELETE FROM ns_record WHERE grp = ?1 AND id = ?2", key)?;
        if kind.group() == Group::Transaction {
            self.db.execute("DELETE FROM ns_line WHERE tran = ?1", [id])?;
            self.db.execute("DELETE FROM ns_tran WHERE id = ?1", [id])?;
        }
        Ok(())
    }

    /// Whether a `SELECT … WHERE column = id` finds anything.
    pub fn exists(&self, sql: &str, id: i64) -> Result<bool, Refusal> {
        Ok(self.db.prepare_cached(sql)?.exists([id])?)
    }
}

pub(super) fn read_tran(row: &Row<'_>) -> rusqlite::Result<Tran> {
    let kind: String = row.get(1)?;
    Ok(Tran {
        id: row.get(0)?,
        kind: Kind::from_rest_name(&kind).ok_or(rusqlite::Error::InvalidQuery)?,
        tran_id: row.get(2)?,
        date: date_at(row, 3)?,
        period: row.get(4)?,
        entity: row.get(5)?,
        currency: row.get(6)?,
        rate: row.get(7)?,
        account: row.get(8)?,
        ar_account: row.get(9)?,
        total: row.get(10)?,
        base_total: row.get(11)?,
        applied: row.get(12)?,
        applied_base: row.get(13)?,
        deposit: row.get(14)?,
    })
}

fn date_at(row: &Row<'_>, index: usize) -> rusqlite::Result<NaiveDate> {
    row.get::<_, String>(index)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)
}
