//! SuiteQL: pages of rows, by offset or behind the last id.
//!
//! The query text is the caller's; it must be ordered, or pages overlap.

use serde::{Deserialize, Serialize};

use super::client::{Client, parse};
use super::error::{Class, NetSuiteError};
use super::retry::Effect;
use super::row::{Row, RowError};
use crate::ids::InternalId;
use crate::net::transport::Method;

/// NetSuite's largest page; an offset must be a multiple of it.
pub const PAGE_ROWS: u64 = 1_000;

/// NetSuite gives no more rows to one query.
pub const QUERY_ROWS_MAX: u64 = 100_000;

/// Pages of one keyset walk: ten million rows, more records than an account of ours can have.
/// Reaching it means that a query does not move forward.
const KEYSET_PAGES_MAX: u64 = 10_000;

#[derive(Serialize)]
struct Query<'a> {
    q: &'a str,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    params: &'a [&'a str],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Row>,
    has_more: bool,
    total_results: Option<u64>,
}

impl Client {
    /// All rows of a query; `?` in it stand for `params`.
    ///
    /// # Errors
    /// [`Class::TooManyRows`] before any further page is asked for.
    pub async fn suiteql(&self, query: &str, params: &[&str]) -> Result<Vec<Row>, NetSuiteError> {
        let mut rows = Vec::new();
        for offset in (0..QUERY_ROWS_MAX).step_by(usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX))
        {
            let page = self.page(query, params, offset).await?;
            if let Some(count) = page.total_results.filter(|count| *count > QUERY_ROWS_MAX) {
                return Err(NetSuiteError::new(subject(query), Class::TooManyRows { count }));
            }
            rows.extend(page.items);
            if !page.has_more {
                return Ok(rows);
            }
        }
        let count = QUERY_ROWS_MAX + 1;
        Err(NetSuiteError::new(subject(query), Class::TooManyRows { count }))
    }

    /// Any number of rows, in order of an id: `query` has `<column> > ?` as its only placeholder
    /// and `ORDER BY` that column, which it selects as `id_column`. Rows are handed to `take` as
    /// they come and not kept.
    pub async fn suiteql_by_id(
        &self,
        query: &str,
        id_column: &str,
        take: &mut (dyn FnMut(&Row) -> Result<(), RowError> + Send),
    ) -> Result<(), NetSuiteError> {
        let unreadable = |error: RowError| NetSuiteError::from_row(&subject(query), &error);
        let mut after = InternalId::new("0");
        for _ in 0..KEYSET_PAGES_MAX {
            let page = self.page(query, &[after.as_str()], 0).await?;
            for row in &page.items {
                take(row).map_err(unreadable)?;
            }
            let last = page.items.last().map(|row| row.id(id_column)).transpose();
            match last.map_err(unreadable)? {
                Some(last) if page.has_more && last != after => after = last,
                None if page.has_more => break,
                Some(_) if page.has_more => break,
                _ => return Ok(()),
            }
        }
        let cause = format!("there are more rows after id {after}, but none of them come");
        Err(NetSuiteError::new(subject(query), Class::Unreadable { cause }))
    }

    async fn page(&self, query: &str, params: &[&str], offset: u64) -> Result<Page, NetSuiteError> {
        let subject = subject(query);
        let body = serde_json::to_vec(&Query { q: query, params })
            .expect("a query of strings always serializes");
        let path = format!("/services/rest/query/v1/suiteql?limit={PAGE_ROWS}&offset={offset}");
        let request = self
            .request(Method::Post, path)
            .header("Content-Type", "application/json")
            .header("Prefer", "transient")
            .body(body);
        let response = self.exchange(&subject, Effect::Read, request).await?;
        parse(&subject, &response)
    }
}

/// A query's beginning, enough to know which one it is.
pub(super) fn subject(query: &str) -> String {
    let text = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = text.find("FROM ").unwrap_or(0);
    let short: String = text[from..].chars().take(80).collect();
    format!("SuiteQL query `…{short}`")
}
