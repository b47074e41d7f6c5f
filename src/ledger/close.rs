//! What the reports of a period read: records a page at a time and without what they do not need, and a
//! few counts. Movements are in `movement_pages`.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Ledger, LedgerError};
use crate::accounting::{Record, Rule};
use crate::calendar::{UnixTime, Window};
use crate::ids::{ExternalId, InternalId};
use crate::money::Amount;
use crate::netsuite::record::{Body, RecordKind};

/// Records read at once; as many as NetSuite is asked for in one query.
const PAGE: i64 = 500;

/// A record that is in NetSuite, by itself or in a sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedRow {
    pub external_id: ExternalId,
    pub kind: RecordKind,
    /// As it was sent; absent on what is summed, and on what others made.
    pub posted: Option<Body>,
    pub internal_id: Option<InternalId>,
    /// The posted record that sums it.
    pub summed_by: Option<ExternalId>,
    /// As it is to be, where it is in a sum and has no number of its own.
    pub in_sum: Option<Body>,
    pub rule: Option<Rule>,
    pub sources: Vec<String>,
    /// What it changes in the Stripe balance, in the settlement currency.
    pub settles: Option<Amount>,
    /// The run that posted it, and how.
    pub posted_by: Option<(i64, String)>,
}

/// A wanted record without its body.
#[derive(Deserialize)]
struct Light {
    rule: Rule,
    sources: Vec<String>,
    settles: Option<Amount>,
    #[serde(rename = "body")]
    _body: IgnoredAny,
}

const COLUMNS: &str = "r.external_id, r.kind, text_of(r.desired), text_of(r.posted), r.internal_id,
    CASE WHEN r.internal_id IS NULL THEN (
      SELECT m.record FROM batch_member m JOIN record s ON s.external_id = m.record
      WHERE m.member = r.external_id AND s.internal_id IS NOT NULL) END,
    (SELECT a.run || ' ' || a.outcome FROM attempt a WHERE a.external_id = r.external_id
     AND a.outcome IN ('posted', 'adopted') ORDER BY a.id DESC LIMIT 1)";

impl Ledger {
    /// The next records behind `after` that are in NetSuite, by external id; none at the end.
    pub fn posted_page(&self, after: &str) -> Result<Vec<PostedRow>, LedgerError> {
        self.posted_where(
            "r.external_id > ?1 AND (r.internal_id IS NOT NULL OR r.summary IS NOT NULL)
             ORDER BY r.external_id LIMIT ?2",
            after,
        )
    }

    /// One record, if it is in NetSuite.
    pub fn posted_record(&self, id: &ExternalId) -> Result<Option<PostedRow>, LedgerError> {
        let condition = "r.external_id = ?1 AND r.internal_id IS NOT NULL LIMIT ?2";
        Ok(self.posted_where(condition, id.as_str())?.pop())
    }

    /// The external id of every record that is in NetSuite, in order.
    pub fn for_each_posted_id<E: From<LedgerError>>(
        &self,
        mut visit: impl FnMut(&ExternalId) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT external_id FROM record WHERE internal_id IS NOT NULL ORDER BY external_id",
            )
            .map_err(wrap)?;
        let mut rows = statement.query([]).map_err(wrap)?;
        while let Some(row) = rows.next().map_err(wrap)? {
            let id: String = row.get(0).map_err(wrap)?;
            if let Ok(id) = ExternalId::new(id) {
                visit(&id)?;
            }
        }
        Ok(())
    }

    fn posted_where(&self, condition: &str, text: &str) -> Result<Vec<PostedRow>, LedgerError> {
        let wrap = |error| self.fail(error);
        let mut statement = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM record r WHERE {condition}"))
            .map_err(wrap)?;
        let mut rows = statement.query(params![text, PAGE]).map_err(wrap)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(wrap)? {
            found.push(posted_row(row).map_err(wrap)??);
        }
        Ok(found)
    }

    /// Gives back the memory in which pages of the file are kept, before something else needs it.
    pub fn forget_pages(&self) -> Result<(), LedgerError> {
        let done = self.connection.execute_batch("PRAGMA shrink_memory");
        done.map_err(|error| self.fail(error))
    }

    /// When an object was made.
    pub fn created(&self, id: &str) -> Result<Option<UnixTime>, LedgerError> {
        self.of_object(id, "SELECT created FROM object WHERE seq = ?1", |row| {
            Ok(UnixTime(row.get(0)?))
        })
    }

    /// How many objects of each kind were made in a window.
    pub fn counts_in(&self, window: Window) -> Result<BTreeMap<String, usize>, LedgerError> {
        let run = || -> rusqlite::Result<BTreeMap<String, usize>> {
            self.connection
                // Kind by kind, each straight to the window: the index would be read from end to end.
                .prepare_cached(
                    "WITH RECURSIVE known (kind) AS (
                         SELECT min(kind) FROM object UNION ALL
                         SELECT (SELECT min(kind) FROM object o WHERE o.kind > known.kind)
                         FROM known WHERE kind IS NOT NULL
                     ), counted AS (
                         SELECT kind, (SELECT count(*) FROM object o WHERE o.kind = known.kind
                                       AND created >= ?1 AND created < ?2) AS count
                         FROM known WHERE kind IS NOT NULL
                     )
                     SELECT kind, count FROM counted WHERE count > 0",
                )?
                .query_map(params![window.since.0, window.until.0], |row| {
                    let count: i64 = row.get(1)?;
                    Ok((row.get(0)?, usize::try_from(count).unwrap_or_default()))
                })?
                .collect()
        };
        run().map_err(|error| self.fail(error))
    }

    /// The command, the parameters and the start of a run.
    pub fn run(&self, id: i64) -> Result<Option<(String, String, UnixTime)>, LedgerError> {
        self.connection
            .prepare_cached("SELECT command, parameters, started FROM run WHERE id = ?1")
            .and_then(|mut statement| {
                let read = |row: &Row| Ok((row.get(0)?, row.get(1)?, UnixTime(row.get(2)?)));
                statement.query_row([id], read).optional()
            })
            .map_err(|error| self.fail(error))
    }

    /// How many records are in doubt.
    pub fn in_doubt_count(&self) -> Result<usize, LedgerError> {
        let count: i64 = self
            .connection
            .query_row(
                "SELECT count(*) FROM record WHERE state IN ('sending', 'in_doubt')",
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.fail(error))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }
}

fn posted_row(row: &Row) -> rusqlite::Result<Result<PostedRow, LedgerError>> {
    let text = |column| row.get_ref(column).and_then(|text| Ok(text.as_str_or_null()?));
    let id: String = row.get(0)?;
    let kind: String = row.get(1)?;
    let unreadable = |cause| LedgerError::Unreadable { external_id: id.clone(), cause };
    let foreign = |what: &str| {
        unreadable(serde::de::Error::custom(format!("{what} is not one this program writes")))
    };
    let desired: Option<Light> = match text(2)?.map(serde_json::from_str).transpose() {
        Ok(desired) => desired,
        Err(cause) => return Ok(Err(unreadable(cause))),
    };
    let posted: Option<Body> = match text(3)?.map(serde_json::from_str).transpose() {
        Ok(posted) => posted,
        Err(cause) => return Ok(Err(unreadable(cause))),
    };
    let internal_id: Option<String> = row.get(4)?;
    let summed_by: Option<String> = row.get(5)?;
    let in_sum = if internal_id.is_none() { text(2)? } else { None };
    let in_sum: Option<Record> = match in_sum.map(serde_json::from_str).transpose() {
        Ok(in_sum) => in_sum,
        Err(cause) => return Ok(Err(unreadable(cause))),
    };
    let posted_by: Option<String> = row.get(6)?;
    let Ok(external_id) = ExternalId::new(id.as_str()) else {
        return Ok(Err(foreign("its external id")));
    };
    let Some(kind) = RecordKind::from_rest_name(&kind) else {
        return Ok(Err(foreign("its kind")));
    };
    let (rule, sources, settles) = desired
        .map_or((None, Vec::new(), None), |light| (Some(light.rule), light.sources, light.settles));
    Ok(Ok(PostedRow {
        external_id,
        kind,
        posted,
        internal_id: internal_id.map(InternalId::new),
        summed_by: summed_by.and_then(|id| ExternalId::new(id).ok()),
        in_sum: in_sum.map(|record| record.body),
        rule,
        sources,
        settles,
        posted_by: posted_by.and_then(|text| {
            let (run, outcome) = text.split_once(' ')?;
            Some((run.parse().ok()?, outcome.to_owned()))
        }),
    }))
}
