//! SuiteQL: pages of rows, by offset or behind the last id.
//!
//! The query text is the caller's; it must be ordered, or pages overlap.

use std::sync::PoisonError;

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

const QUERY_PAGES_MAX: u64 = QUERY_ROWS_MAX / PAGE_ROWS;

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

/// A query that was asked, with `…` for the ids of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub text: String,
    pub requests: u64,
    pub rows: u64,
}

impl Client {
    /// Every query so far, in order of its text.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |(text, (requests, rows)): (&String, &(u64, u64))| Asked {
            text: text.clone(),
            requests: *requests,
            rows: *rows,
        };
        asked.iter().map(own).collect()
    }

    fn note(&self, query: &str, row_count: usize) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (requests, rows) = asked.entry(without_ids(query)).or_default();
        *requests += 1;
        *rows += u64::try_from(row_count).unwrap_or_default();
    }

    /// All rows of a query; `?` in it stand for `params`.
    ///
    /// # Errors
    /// [`Class::TooManyRows`] before any further page is asked for.
    pub async fn suiteql(&self, query: &str, params: &[&str]) -> Result<Vec<Row>, NetSuiteError> {
        let mut rows = Vec::new();
        for number in 0..QUERY_PAGES_MAX {
            let page = self.page(query, params, number * PAGE_ROWS).await?;
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
            if !page.has_more {
                return Ok(());
            }
            match page.items.last().map(|row| row.id(id_column)).transpose().map_err(unreadable)? {
                Some(last) if last != after => after = last,
                _ => break,
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
        let page: Page = parse(&subject, &response)?;
        self.note(query, page.items.len());
        Ok(page)
    }
}

/// The query with its blanks and its lists of ids shortened, so that every chunk of a list is the same.
fn without_ids(query: &str) -> String {
    let text = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut parts = text.split(" IN (");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (list, rest) = part.split_once(')').unwrap_or((part, ""));
        let is_list = !list.starts_with("SELECT");
        short.push_str(if is_list { " IN (…)" } else { " IN (" });
        short.push_str(if is_list { rest } else { part });
    }
    short
}

/// A query's beginning, enough to know which one it is.
pub(super) fn subject(query: &str) -> String {
    let text = query.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = text.find("FROM ").unwrap_or(0);
    let short: String = text[from..].chars().take(80).collect();
    format!("SuiteQL query `…{short}`")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::{Answer, Scripted, client};
    use super::*;
    use crate::net::transport::HttpRequest;

    fn page(ids: std::ops::Range<u32>, has_more: bool, total: u64) -> Answer {
        let items: Vec<String> = ids.map(|id| format!(r#"{{"links":[],"id":"{id}"}}"#)).collect();
        let items = items.join(",");
        let body = format!(r#"{{"items":[{items}],"hasMore":{has_more},"totalResults":{total}}}"#);
        Answer::json(200, &body)
    }

    fn body(request: &HttpRequest) -> serde_json::Value {
        serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn pages_are_asked_for_at_multiples_of_the_limit_until_there_are_no_more() {
        let transport = Arc::new(Scripted::new([page(1..4, true, 5), page(4..6, false, 5)]));
        let client = client(Arc::clone(&transport));
        let rows = client.suiteql("SELECT id FROM item WHERE id > ?", &["0"]).await.unwrap();
        assert_eq!(rows.len(), 5);
        let requests = transport.requests();
        assert!(requests[0].url.ends_with("/query/v1/suiteql?limit=1000&offset=0"));
        assert!(requests[1].url.ends_with("/query/v1/suiteql?limit=1000&offset=1000"));
        assert!(requests[0].headers.contains(&("Prefer".into(), "transient".into())));
        assert_eq!(body(&requests[0])["params"], serde_json::json!(["0"]));
    }

    #[tokio::test]
    async fn a_query_beyond_the_ceiling_is_an_error_and_never_a_part_of_the_rows() {
        let transport = Arc::new(Scripted::new([page(1..4, true, 100_001)]));
        let client = client(Arc::clone(&transport));
        let error = client.suiteql("SELECT id FROM item", &[]).await.unwrap_err();
        assert_eq!(error.class, Class::TooManyRows { count: 100_001 });
        assert!(body(&transport.requests()[0]).get("params").is_none());
    }

    #[tokio::test]
    async fn a_walk_goes_on_behind_the_last_id_and_stops_when_it_stands_still() {
        let query = "SELECT id FROM item WHERE id > ? ORDER BY id";
        let transport = Arc::new(Scripted::new([page(1..4, true, 5), page(4..6, false, 2)]));
        let walking = client(Arc::clone(&transport));
        let mut seen = Vec::new();
        let mut take = |row: &Row| row.id("id").map(|id| seen.push(id.as_str().to_owned()));
        walking.suiteql_by_id(query, "id", &mut take).await.unwrap();
        assert_eq!(seen, ["1", "2", "3", "4", "5"]);
        assert_eq!(body(&transport.requests()[1])["params"], serde_json::json!(["3"]));
        let stuck = client(Scripted::new([page(1..4, true, 5), page(3..4, true, 5)]));
        let error = stuck.suiteql_by_id(query, "id", &mut |_| Ok(())).await.unwrap_err();
        assert!(error.to_string().contains("after id 3"), "{error}");
    }
}
