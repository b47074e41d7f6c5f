//! Statements of bank accounts and their lines. Imports and decisions are rows of the journal.

use chrono::NaiveDate;
use rusqlite::{Connection, Row, params};

use super::journal::append;
use super::{Ledger, LedgerError};
use crate::bank::{Entry, Format, Statement, StatementLine};
use crate::calendar::UnixTime;
use crate::digest::sha256_hex;
use crate::money::{Amount, Currency};

/// A file that statements come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankFile {
    pub name: String,
    pub sha256: String,
    pub format: Format,
}

/// What became of a statement that was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its number in the ledger.
    pub statement: i64,
    /// Whether just this statement was there before.
    pub is_known: bool,
    /// Lines that no statement had before.
    pub new_lines: usize,
}

/// A statement as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptStatement {
    pub id: i64,
    pub account: String,
    pub currency: Currency,
    pub format: Format,
    pub number: Option<String>,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    pub opening: Option<Amount>,
    pub closing: Option<Amount>,
    pub lines: usize,
    pub file: String,
    pub imported: UnixTime,
}

/// A line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    pub account: String,
    pub line: StatementLine,
}

/// A person's word that a line is of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub line: String,
    pub payout: String,
    pub by: Option<String>,
}

const STATEMENT: &str =
    "SELECT s.id, s.account, s.currency, s.format, s.number, s.first_day, s.last_day,
    s.opening, s.closing, (SELECT count(*) FROM bank_statement_line l WHERE l.statement = s.id),
    s.file, s.imported FROM bank_statement s";

impl Ledger {
    /// Keeps the statements of a file: what is there already is not added again. All of them or none.
    pub fn put_statements(
        &mut self,
        file: &BankFile,
        statements: &[Statement],
        by: Option<&str>,
    ) -> Result<Vec<Taken>, LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            let mut taken = Vec::with_capacity(statements.len());
            for statement in statements {
                taken.push(put(tx, file, statement, now)?);
            }
            if taken.iter().any(|one| !one.is_known) {
                let lines: usize = taken.iter().map(|one| one.new_lines).sum();
                let contents: Vec<String> = taken
                    .iter()
                    .map(|one| contents_digest(tx, one.statement))
                    .collect::<rusqlite::Result<_>>()?;
                let told = serde_json::json!({
                    "file": file.name, "sha256": file.sha256, "format": file.format, "by": by,
                    "statements": taken.iter().map(|one| one.statement).collect::<Vec<_>>(),
                    "digests": statements.iter().map(digest_of).collect::<Vec<_>>(),
                    "contents": contents,
                    "new_lines": lines,
                });
                append(tx, now, "bank_imported", &told.to_string())?;
            }
            Ok(taken)
        })
    }

    /// Every statement, by account and days.
    pub fn bank_statements(&self) -> Result<Vec<KeptStatement>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<KeptStatement>> {
            self.connection
                .prepare_cached(&format!(
                    "{STATEMENT} ORDER BY s.account, s.first_day, s.last_day, s.digest"
                ))?
                .query_map([], kept)?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Lines that were booked on these days, both included, by day and id.
    pub fn bank_lines(
        &self,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<Vec<KeptLine>, LedgerError> {
        self.lines_between(&first.to_string(), &last.to_string())
    }

    fn lines_between(&self, first: &str, last: &str) -> Result<Vec<KeptLine>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<(String, String, String)>> {
            self.connection
                .prepare_cached(
                    "SELECT id, account, content FROM bank_line WHERE booked BETWEEN ?1 AND ?2
                     ORDER BY booked, id",
                )?
                .query_map([first, last], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect()
        };
        let rows = run().map_err(|error| self.fail(error))?;
        let line = |(id, account, content): (String, String, String)| {
            let entry: Entry = serde_json::from_str(&content)
                .map_err(|cause| LedgerError::Unreadable { external_id: id.clone(), cause })?;
            Ok(KeptLine { account, line: StatementLine { id, entry } })
        };
        rows.into_iter().map(line).collect()
    }

    /// Takes a statement back, with the lines that no other one has; gives how many lines went, and
    /// `None` where there is no such statement.
    pub fn forget_statement(
        &mut self,
        id: i64,
        reason: &str,
        by: Option<&str>,
    ) -> Result<Option<usize>, LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            tx.execute("DELETE FROM bank_statement_line WHERE statement = ?1", [id])?;
            let removed = tx.execute("DELETE FROM bank_statement WHERE id = ?1", [id])?;
            if removed == 0 {
                return Ok(None);
            }
            let lines = tx.execute(
                "DELETE FROM bank_line WHERE NOT EXISTS
                 (SELECT 1 FROM bank_statement_line l WHERE l.line = bank_line.id)",
                [],
            )?;
            let told =
                serde_json::json!({ "statement": id, "lines": lines, "reason": reason, "by": by });
            append(tx, now, "bank_forgotten", &told.to_string())?;
            Ok(Some(lines))
        })
    }

    /// What people decided, by line.
    pub fn bank_pairs(&self) -> Result<Vec<Pair>, LedgerError> {
        let run = || -> rusqlite::Result<Vec<Pair>> {
            self.connection
                .prepare_cached("SELECT line, payout, by FROM bank_pair ORDER BY line")?
                .query_map([], |row| {
                    Ok(Pair { line: row.get(0)?, payout: row.get(1)?, by: row.get(2)? })
                })?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// Notes that a line is of a payout; gives whether the line is known.
    pub fn pair(
        &mut self,
        line: &str,
        payout: &str,
        by: Option<&str>,
    ) -> Result<bool, LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            let added = tx.execute(
                "INSERT INTO bank_pair (line, payout, by, at)
                 SELECT id, ?2, ?3, ?4 FROM bank_line WHERE id = ?1
                 ON CONFLICT (line) DO UPDATE SET
                   payout = excluded.payout, by = excluded.by, at = excluded.at",
                params![line, payout, by, now],
            )?;
            if added > 0 {
                let told = serde_json::json!({ "line": line, "payout": payout, "by": by });
                append(tx, now, "bank_paired", &told.to_string())?;
            }
            Ok(added > 0)
        })
    }

    /// Takes such a note back; gives whether there was one.
    pub fn unpair(&mut self, line: &str, by: Option<&str>) -> Result<bool, LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            let removed = tx.execute("DELETE FROM bank_pair WHERE line = ?1", [line])?;
            if removed > 0 {
                let told = serde_json::json!({ "line": line, "by": by });
                append(tx, now, "bank_unpaired", &told.to_string())?;
            }
            Ok(removed > 0)
        })
    }
}

impl Ledger {
    /// Sentences about statements, lines and pairs that are not as they were kept.
    pub(super) fn check_bank(&self) -> Result<Vec<String>, LedgerError> {
        let mut findings = Vec::new();
        for kept in self.lines_between("0", "9999-99")? {
            if !kept.line.is_whole(&kept.account) {
                findings.push(format!("The bank line {} is not as it was imported.", kept.line.id));
            }
        }
        for statement in self.bank_statements()? {
            let run = || -> rusqlite::Result<bool> {
                let ids: Vec<String> = self
                    .connection
                    .prepare_cached("SELECT line FROM bank_statement_line WHERE statement = ?1")?
                    .query_map([statement.id], |row| row.get(0))?
                    .collect::<rusqlite::Result<_>>()?;
                let (days, number) =
                    ((statement.first_day, statement.last_day), statement.number.as_deref());
                let balances = (statement.opening, statement.closing);
                let lines = ids.iter().map(String::as_str).collect();
                let own = digest(&statement.account, number, days, balances, lines);
                let contents = contents_digest(&self.connection, statement.id)?;
                self.connection
                    .prepare_cached(
                        "SELECT EXISTS (SELECT 1 FROM journal WHERE kind = 'bank_imported'
                           AND instr(content, ?1) > 0 AND instr(content, ?2) > 0)",
                    )?
                    .query_row([own, contents], |row| row.get(0))
            };
            if !run().map_err(|error| self.fail(error))? {
                let (id, file) = (statement.id, statement.file);
                findings.push(format!("Bank statement {id} ({file}) is not as it was imported."));
            }
        }
        findings.extend(self.check_columns().map_err(|error| self.fail(error))?);
        findings.extend(self.check_pairs().map_err(|error| self.fail(error))?);
        Ok(findings)
    }

    /// What lines are found by must be what they say.
    fn check_columns(&self) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare_cached(
                "SELECT id FROM bank_line WHERE booked IS NOT json_extract(content, '$.booked')
                 OR minor IS NOT json_extract(content, '$.amount.minor')
                 OR currency IS NOT json_extract(content, '$.amount.currency')",
            )?
            .query_map([], |row| {
                let line: String = row.get(0)?;
                Ok(format!("The bank line {line} is kept under another day or amount."))
            })?
            .collect()
    }

    fn check_pairs(&self) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare_cached(
                "SELECT line FROM bank_pair p WHERE p.payout IS NOT (
                   SELECT json_extract(content, '$.payout') FROM journal
                   WHERE kind = 'bank_paired' AND json_extract(content, '$.line') = p.line
                   ORDER BY seq DESC LIMIT 1)",
            )?
            .query_map([], |row| {
                let line: String = row.get(0)?;
                Ok(format!("The journal does not know which payout the bank line {line} is of."))
            })?
            .collect()
    }
}

fn put(
    tx: &rusqlite::Transaction,
    file: &BankFile,
    statement: &Statement,
    now: i64,
) -> rusqlite::Result<Taken> {
    let json = |cause: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(cause));
    let digest = digest_of(statement);
    let minor = |amount: Option<Amount>| amount.map(Amount::minor);
    let added = tx.execute(
        "INSERT INTO bank_statement (account, currency, format, number, first_day, last_day, opening,
           closing, not_booked, file, digest, imported)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT (digest) DO NOTHING",
        params![
            statement.account,
            statement.currency.code(),
            file.format.word(),
            statement.number,
            statement.first_day.to_string(),
            statement.last_day.to_string(),
            minor(statement.opening),
            minor(statement.closing),
            i64::try_from(statement.not_booked).unwrap_or(i64::MAX),
            file.name,
            digest,
            now
        ],
    )?;
    let id: i64 =
        tx.query_row("SELECT id FROM bank_statement WHERE digest = ?1", [digest], |row| {
            row.get(0)
        })?;
    let mut taken = Taken { statement: id, is_known: added == 0, new_lines: 0 };
    if taken.is_known {
        return Ok(taken);
    }
    for StatementLine { id: line, entry } in &statement.lines {
        let content = serde_json::to_string(entry).map_err(json)?;
        taken.new_lines += tx
            .prepare_cached(
                "INSERT INTO bank_line (id, account, currency, booked, minor, content)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
            )?
            .execute(params![
                line,
                statement.account,
                statement.currency.code(),
                entry.booked.to_string(),
                entry.amount.minor(),
                content
            ])?;
        tx.prepare_cached("INSERT INTO bank_statement_line (statement, line) VALUES (?1, ?2)")?
            .execute(params![id, line])?;
    }
    Ok(taken)
}

/// What its lines say, word for word, as they are kept: a line that an earlier statement brought is as
/// that had it.
fn contents_digest(connection: &Connection, statement: i64) -> rusqlite::Result<String> {
    let mut lines = connection.prepare_cached(
        "SELECT l.id || char(10) || l.content FROM bank_statement_line s
         JOIN bank_line l ON l.id = s.line WHERE s.statement = ?1 ORDER BY l.id",
    )?;
    let lines: Vec<String> =
        lines.query_map([statement], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(sha256_hex(lines.join("\n").as_bytes()))
}

/// What recognises a statement: the account, its days and balances, and its lines in whatever order.
fn digest_of(statement: &Statement) -> String {
    let ids = statement.lines.iter().map(|line| line.id.as_str()).collect();
    let balances = (statement.opening, statement.closing);
    let days = (statement.first_day, statement.last_day);
    digest(&statement.account, statement.number.as_deref(), days, balances, ids)
}

fn digest(
    account: &str,
    number: Option<&str>,
    (first_day, last_day): (NaiveDate, NaiveDate),
    (opening, closing): (Option<Amount>, Option<Amount>),
    mut lines: Vec<&str>,
) -> String {
    lines.sort_unstable();
    let shown =
        |amount: Option<Amount>| amount.map(|amount| amount.to_string()).unwrap_or_default();
    let (opening, closing, number) = (shown(opening), shown(closing), number.unwrap_or_default());
    let lines = lines.join("\n");
    let content =
        format!("{account}\n{number}\n{first_day}\n{last_day}\n{opening}\n{closing}\n{lines}");
    sha256_hex(content.as_bytes())
}

fn kept(row: &Row) -> rusqlite::Result<KeptStatement> {
    let text = |column: usize| row.get::<_, String>(column);
    let unreadable = |column: usize, cause: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, cause)
    };
    let currency: Currency = text(2)?.parse().map_err(|cause| unreadable(2, Box::new(cause)))?;
    let day = |column: usize| -> rusqlite::Result<NaiveDate> {
        text(column)?.parse().map_err(|cause| unreadable(column, Box::new(cause)))
    };
    let amount = |column: usize| -> rusqlite::Result<Option<Amount>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(|minor| Amount::new(minor, currency)))
    };
    let format = Format::of_word(&text(3)?)
        .ok_or_else(|| unreadable(3, "it is no format of this program".into()))?;
    Ok(KeptStatement {
        id: row.get(0)?,
        account: text(1)?,
        currency,
        format,
        number: row.get(4)?,
        first_day: day(5)?,
        last_day: day(6)?,
        opening: amount(7)?,
        closing: amount(8)?,
        lines: usize::try_from(row.get::<_, i64>(9)?).unwrap_or_default(),
        file: text(10)?,
        imported: UnixTime(row.get(11)?),
    })
}
