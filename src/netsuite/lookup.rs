//! Finds records that somebody else made: by internal id, or by the value of a field.
//!
//! Belongs here: the SuiteQL and its rows. Does not belong here: what a hit means
//! (`accounting::links`).

use super::client::Client;
use super::error::NetSuiteError;
use super::row::{Row, RowError};
use super::suiteql;
use crate::ids::InternalId;

/// Values in one query: a query text has to stay readable.
const VALUES_PER_QUERY: usize = 200;

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    Customer,
    Item,
    Transaction,
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub id: InternalId,
    pub external_id: Option<String>,
    /// What a person knows it by.
    pub label: String,
    /// NetSuite's word: a record type or an item type; empty for customers.
    pub kind: String,
    /// The account that an item posts to.
    pub account: Option<InternalId>,
    pub is_inactive: bool,
    /// The value of the field it was found by.
    pub matched: Option<String>,
}

impl Table {
    const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Item => "item",
            Self::Transaction => "transaction",
        }
    }

    const fn columns(self) -> &'static str {
        match self {
            Self::Customer => "r.id, r.externalid, r.entityid, r.companyname, r.isinactive",
            Self::Item => "r.id, r.externalid, r.itemid, r.itemtype, r.incomeaccount, r.isinactive",
            Self::Transaction => "r.id, r.externalid, r.tranid, r.recordtype",
        }
    }

    fn read(self, row: &Row) -> Result<Found, RowError> {
        let text = |column: &str| row.get(column).map(str::to_owned);
        let id = row.id("id")?;
        let label = match self {
            Self::Customer => text("companyname").or_else(|| text("entityid")),
            Self::Item => text("itemid"),
            Self::Transaction => text("tranid"),
        };
        let kind = match self {
            Self::Customer => None,
            Self::Item => text("itemtype"),
            Self::Transaction => text("recordtype"),
        };
        Ok(Found {
            label: label.unwrap_or_else(|| id.to_string()),
            id,
            external_id: text("externalid"),
            kind: kind.unwrap_or_default(),
            account: row.optional("incomeaccount", Row::id)?,
            is_inactive: row.optional("isinactive", Row::flag)?.unwrap_or(false),
            matched: text("matched"),
        })
    }
}

/// The records with these internal ids; one that NetSuite does not have is not among them.
pub async fn by_id(
    client: &Client,
    table: Table,
    ids: &[InternalId],
) -> Result<Vec<Found>, NetSuiteError> {
    let ids: Vec<&str> = ids.iter().map(InternalId::as_str).collect();
    let condition = |marks: &str| format!("r.id IN ({marks})");
    ask(client, table, "", &condition, &ids).await
}

/// The active records whose field, in lower case and without spaces, is one of these values.
pub async fn by_field(
    client: &Client,
    table: Table,
    column: &str,
    values: &[&str],
) -> Result<Vec<Found>, NetSuiteError> {
    debug_assert!(is_column(column), "columns are checked when the configuration is read");
    let more = format!(", r.{column} AS matched");
    let condition = |marks: &str| {
        format!("r.isinactive = 'F' AND LOWER(REPLACE(r.{column}, ' ', '')) IN ({marks})")
    };
    ask(client, table, &more, &condition, values).await
}

/// Whether a text can only be the name of a column.
pub fn is_column(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(allowed)
}

async fn ask(
    client: &Client,
    table: Table,
    more: &str,
    condition: &(dyn Fn(&str) -> String + Sync),
    values: &[&str],
) -> Result<Vec<Found>, NetSuiteError> {
    let mut found = Vec::new();
    for chunk in values.chunks(VALUES_PER_QUERY) {
        let marks = vec!["?"; chunk.len()].join(", ");
        let query = format!(
            "SELECT {}{more} FROM {} r WHERE {} ORDER BY r.id",
            table.columns(),
            table.name(),
            condition(&marks)
        );
        for row in client.suiteql(&query, chunk).await? {
            let read = table.read(&row);
            found.push(
                read.map_err(|error| NetSuiteError::from_row(&suiteql::subject(&query), &error))?,
            );
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::{Scripted, client, rows};
    use super::*;

    #[tokio::test]
    async fn a_value_is_compared_as_a_parameter_and_never_as_text_of_the_query() {
        let transport = Arc::new(Scripted::new([rows(
            r#"{"id":"5","entityid":"C-5","companyname":"Acme","isinactive":"F","matched":"A B"}"#,
        )]));
        let client = client(Arc::clone(&transport));
        let found = by_field(&client, Table::Customer, "email", &["a'b"]).await.unwrap();
        assert_eq!((found[0].label.as_str(), found[0].matched.as_deref()), ("Acme", Some("A B")));
        let body: serde_json::Value =
            serde_json::from_slice(transport.requests()[0].body.as_ref().unwrap()).unwrap();
        assert!(!body["q"].as_str().unwrap().contains("a'b"));
        assert_eq!(body["params"][0], "a'b");
        assert!(is_column("custentity_stripe_id") && !is_column("email OR 1"));
    }
}
