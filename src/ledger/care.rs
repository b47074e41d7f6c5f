//! What people did about exceptions, by the exception's id. Each act is a row of the journal.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rusqlite::{Row, Transaction, params};

use super::journal::append;
use super::{Ledger, LedgerError};
use crate::accounting::Exception;
use crate::accounting::care::{Acceptance, Care, Note, Standing, content};
use crate::calendar::UnixTime;

/// An exception with its history, and what people did about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cared {
    pub exception: Exception,
    pub first_seen: UnixTime,
    /// When it was last derived; an open one that nothing has touched since still is.
    pub last_seen: UnixTime,
    /// When it no longer occurred; `None` while it is open.
    pub resolved: Option<UnixTime>,
    /// Recognises what all open exceptions of this id say.
    pub content: String,
    pub care: Care,
}

impl Cared {
    /// Whether it asks for a person on the day `today`.
    pub fn standing(&self, today: NaiveDate) -> Standing {
        self.care.standing(&self.content, today)
    }

    /// Whether it may stand on the day `today`, because a person said so.
    pub fn is_accepted(&self, today: NaiveDate) -> bool {
        self.standing(today) == Standing::Accepted
    }
}

/// Something that a person does about an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Assign {
        to: String,
        due: Option<NaiveDate>,
    },
    Note {
        text: String,
    },
    /// Let it stand, as [`Cared::content`] recognises it.
    Accept {
        until: NaiveDate,
        reason: String,
        content: String,
    },
    Reopen,
}

impl Act {
    /// The journal's word for it.
    const fn word(&self) -> &'static str {
        match self {
            Self::Assign { .. } => "exception_assigned",
            Self::Note { .. } => "exception_noted",
            Self::Accept { .. } => "exception_accepted",
            Self::Reopen => "exception_reopened",
        }
    }

    fn told(&self, id: &str, by: Option<&str>) -> serde_json::Value {
        let mut told = serde_json::json!({ "exception": id, "by": by });
        let mut add = |name: &str, value: String| told[name] = value.into();
        match self {
            Self::Assign { to, due } => {
                add("to", to.clone());
                if let Some(due) = due {
                    add("due", due.to_string());
                }
            }
            Self::Note { text } => add("note", text.clone()),
            Self::Accept { until, reason, content } => {
                add("until", until.to_string());
                add("reason", reason.clone());
                add("content", content.clone());
            }
            Self::Reopen => {}
        }
        told
    }
}

impl Ledger {
    /// Open exceptions with what was done about them, oldest first; with those that no longer occur,
    /// when `with_resolved`.
    pub fn exceptions(&self, with_resolved: bool) -> Result<Vec<Cared>, LedgerError> {
        let condition = if with_resolved { "" } else { "WHERE resolved IS NULL" };
        let sql = format!(
            "SELECT id, content, first_seen, last_seen, resolved FROM exception {condition}
             ORDER BY first_seen, id, case_key"
        );
        let run = || -> rusqlite::Result<(Vec<RawException>, BTreeMap<String, Care>)> {
            let mut statement = self.connection.prepare_cached(&sql)?;
            let rows = statement.query_map([], raw_exception)?.collect::<rusqlite::Result<_>>()?;
            Ok((rows, self.care()?))
        };
        let (rows, care) = run().map_err(|error| self.fail(error))?;
        // Several cases may say the same of one object; what one of them still says is open.
        let mut found: Vec<Cared> = Vec::with_capacity(rows.len());
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for row in rows {
            let exception: Exception = serde_json::from_str(&row.content)
                .map_err(|cause| LedgerError::Unreadable { external_id: row.id.clone(), cause })?;
            let own = places.entry(row.id.clone()).or_default();
            if let Some(place) = own.iter().find(|place| found[**place].exception == exception) {
                let told = &mut found[*place];
                told.last_seen = told.last_seen.max(row.last_seen);
                told.resolved = told.resolved.and(row.resolved);
                continue;
            }
            own.push(found.len());
            found.push(Cared {
                exception,
                first_seen: row.first_seen,
                last_seen: row.last_seen,
                resolved: row.resolved,
                content: String::new(),
                care: care.get(&row.id).cloned().unwrap_or_default(),
            });
        }
        for places in places.values() {
            let open = places.iter().map(|place| &found[*place]);
            let open = open.filter(|cared| cared.resolved.is_none());
            let said = content(open.map(|cared| &cared.exception));
            for place in places {
                found[*place].content.clone_from(&said);
            }
        }
        Ok(found)
    }

    /// Does something about the exception `id`, and puts it into the journal.
    pub fn care_for(&mut self, id: &str, act: &Act, by: Option<&str>) -> Result<(), LedgerError> {
        let now = self.now();
        self.in_transaction(|tx| {
            tx.prepare_cached("INSERT OR IGNORE INTO exception_care (id) VALUES (?1)")?
                .execute([id])?;
            write(tx, id, act, by, now)?;
            append(tx, now, act.word(), &act.told(id, by).to_string())
        })
    }

    fn care(&self) -> rusqlite::Result<BTreeMap<String, Care>> {
        let mut all: BTreeMap<String, Care> = self
            .connection
            .prepare_cached(
                "SELECT id, owner, due, accepted_until, accepted_reason, accepted_by,
                        accepted_content FROM exception_care",
            )?
            .query_map([], |row| Ok((row.get(0)?, care_of(row)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, at, by, text FROM exception_note ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let note = Note { at: UnixTime(row.get(1)?), by: row.get(2)?, text: row.get(3)? };
            all.entry(row.get(0)?).or_default().notes.push(note);
        }
        Ok(all)
    }
}

struct RawException {
    id: String,
    content: String,
    first_seen: UnixTime,
    last_seen: UnixTime,
    resolved: Option<UnixTime>,
}

fn raw_exception(row: &Row) -> rusqlite::Result<RawException> {
    Ok(RawException {
        id: row.get(0)?,
        content: row.get(1)?,
        first_seen: UnixTime(row.get(2)?),
        last_seen: UnixTime(row.get(3)?),
        resolved: row.get::<_, Option<i64>>(4)?.map(UnixTime),
    })
}

fn care_of(row: &Row) -> rusqlite::Result<Care> {
    // Only this program writes dates here, in one form.
    let date = |place: usize| -> rusqlite::Result<Option<NaiveDate>> {
        Ok(row.get::<_, Option<String>>(place)?.and_then(|text| text.parse().ok()))
    };
    let acceptance = match (date(3)?, row.get(6)?) {
        (Some(until), Some(content)) => Some(Acceptance {
            until,
            reason: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
            by: row.get(5)?,
            content,
        }),
        _ => None,
    };
    Ok(Care { owner: row.get(1)?, due: date(2)?, acceptance, notes: Vec::new() })
}

fn write(
    tx: &Transaction,
    id: &str,
    act: &Act,
    by: Option<&str>,
    now: i64,
) -> rusqlite::Result<usize> {
    match act {
        Act::Assign { to, due } => tx.execute(
            "UPDATE exception_care SET owner = ?2, due = ifnull(?3, due) WHERE id = ?1",
            params![id, to, due.map(|due| due.to_string())],
        ),
        Act::Note { text } => tx.execute(
            "INSERT INTO exception_note (id, at, by, text) VALUES (?1, ?2, ?3, ?4)",
            params![id, now, by, text],
        ),
        Act::Accept { until, reason, content } => tx.execute(
            "UPDATE exception_care SET accepted_until = ?2, accepted_reason = ?3,
                    accepted_by = ?4, accepted_content = ?5 WHERE id = ?1",
            params![id, until.to_string(), reason, by, content],
        ),
        Act::Reopen => tx.execute(
            "UPDATE exception_care SET accepted_until = NULL, accepted_reason = NULL,
                    accepted_by = NULL, accepted_content = NULL WHERE id = ?1",
            [id],
        ),
    }
}
