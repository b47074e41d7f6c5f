//! Customers and items as NetSuite has them, read in bulk.
//!
//! Belongs here: what tells whether a customer or an item that was found is the one that was meant.
//! Records that post are in `readback`.

use super::client::Client;
use super::error::NetSuiteError;
use super::readback::id_list;
use super::record::{RecordGroup, RecordKind};
use super::references::IDS_PER_QUERY;
use super::row::{Row, RowError};
use super::suiteql;
use crate::ids::{ExternalId, InternalId};

/// A customer or an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Master {
    pub internal_id: InternalId,
    /// `None` when it has none, or one that cannot be ours.
    pub external_id: Option<ExternalId>,
    /// `None` for a kind of item that we do not make.
    pub kind: Option<RecordKind>,
    /// The customer's number, the item's name.
    pub name: String,
    /// A customer's primary currency.
    pub currency: Option<InternalId>,
    /// The account an item posts to.
    pub account: Option<InternalId>,
    pub is_inactive: bool,
}

/// The customers or items with these internal ids, in order of id.
pub async fn masters(
    client: &Client,
    group: RecordGroup,
    ids: &[InternalId],
) -> Result<Vec<Master>, NetSuiteError> {
    let columns = match group {
        RecordGroup::Entity => "t.entityid AS name, t.currency",
        RecordGroup::Item => "t.itemid AS name, t.itemtype, t.incomeaccount",
        RecordGroup::Transaction => return Ok(Vec::new()),
    };
    let table = if group == RecordGroup::Entity { "customer" } else { "item" };
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_PER_QUERY) {
        let list = id_list(chunk)?;
        let query = format!(
            "SELECT t.id, t.externalid, t.isinactive, {columns} FROM {table} t \
             WHERE t.id IN ({list}) ORDER BY t.id"
        );
        for row in client.suiteql(&query, &[]).await? {
            let read = master(group, &row);
            found.push(read.map_err(|e| NetSuiteError::from_row(&suiteql::subject(&query), &e))?);
        }
    }
    Ok(found)
}

fn master(group: RecordGroup, row: &Row) -> Result<Master, RowError> {
    let kind = match (group, row.get("itemtype")) {
        (RecordGroup::Entity, _) => Some(RecordKind::Customer),
        (_, Some("Service")) => Some(RecordKind::ServiceSaleItem),
        (_, Some("Discount")) => Some(RecordKind::DiscountItem),
        _ => None,
    };
    Ok(Master {
        internal_id: row.id("id")?,
        external_id: row.get("externalid").and_then(|text| ExternalId::new(text).ok()),
        kind,
        name: row.text("name")?.to_owned(),
        currency: row.optional("currency", Row::id)?,
        account: row.optional("incomeaccount", Row::id)?,
        is_inactive: row.optional("isinactive", Row::flag)?.unwrap_or(false),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scripted, client, rows};
    use super::*;

    #[tokio::test]
    async fn an_item_says_which_kind_it_is_and_where_it_posts() {
        let answer = rows(
            r#"{"id":"5","externalid":"price_1","name":"Seat","itemtype":"Service","incomeaccount":"40","isinactive":"F"},
            {"id":"6","name":"Box","itemtype":"InvtPart","isinactive":"T"}"#,
        );
        let client = client(Scripted::new([answer]));
        let found = masters(&client, RecordGroup::Item, &["5".into(), "6".into()]).await.unwrap();
        assert_eq!(found[0].kind, Some(RecordKind::ServiceSaleItem));
        assert_eq!(found[0].account, Some("40".into()));
        assert_eq!((found[1].kind, found[1].is_inactive), (None, true));
    }
}
