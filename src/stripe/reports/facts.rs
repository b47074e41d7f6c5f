//! Objects from the rows of a report: what the columns say, and nothing they do not.
//!
//! A report is no API. Its rows give balance transactions, which payout paid them out, and as much
//! of payouts, charges and refunds as the columns tell. Invoices and their lines, customers'
//! details, disputes, and what a fee is made of are not in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{ReportKind, ReportRow};
use crate::calendar::UnixTime;

/// What the rows of a report give.
#[derive(Debug, Default)]
pub struct Facts {
    /// As the API would answer them, as far as the columns go.
    pub objects: Vec<Value>,
    /// The balance transactions of each payout.
    pub members: BTreeMap<String, Vec<String>>,
    /// Rows that lack what an object needs, with the reason; counted by reason.
    pub left_out: BTreeMap<&'static str, usize>,
}

/// Reads objects from rows.
pub fn facts(kind: ReportKind, rows: &[ReportRow]) -> Facts {
    let mut facts = Facts::default();
    for row in rows {
        let Some(created) = row.created else {
            let reason = "the column `created_utc` says when it was; without it nothing is dated";
            *facts.left_out.entry(reason).or_default() += 1;
            continue;
        };
        facts.objects.push(balance_transaction(kind, row, created));
        match kind {
            ReportKind::Payouts => facts.objects.extend(payout(row, created)),
            _ => facts.objects.extend(source(row, created)),
        }
        if let Some(payout) = &row.payout {
            let members = facts.members.entry(payout.clone()).or_default();
            members.push(row.balance_transaction.clone());
        }
    }
    if kind == ReportKind::Payouts {
        // A payout's own rows say nothing about what it was made of.
        facts.members.clear();
    }
    facts
}

fn balance_transaction(kind: ReportKind, row: &ReportRow, created: UnixTime) -> Value {
    let source = row.more.get("source_id").or(match kind {
        ReportKind::Payouts => row.payout.as_ref(),
        _ => None,
    });
    let available = instant(row, "available_on_utc").unwrap_or(created.0);
    json!({
        "id": row.balance_transaction,
        "object": "balance_transaction",
        "amount": row.gross.minor(),
        "fee": row.fee.minor(),
        "net": row.net.minor(),
        "currency": row.gross.currency().code().to_ascii_lowercase(),
        "created": created.0,
        "available_on": available,
        // The report has the category alone, and the category decides.
        "type": row.category,
        "reporting_category": row.category,
        "source": source,
        "description": row.more.get("description"),
        "fee_details": [],
        "status": "available",
    })
}

/// The charge or refund that moved the money, as far as the columns tell.
fn source(row: &ReportRow, created: UnixTime) -> Option<Value> {
    let id = row.more.get("source_id")?;
    let (amount, currency) = facing(row)?;
    let mut object = Map::new();
    object.insert("id".into(), json!(id));
    object.insert("created".into(), json!(instant(row, "charge_created_utc").unwrap_or(created.0)));
    object.insert("currency".into(), json!(currency));
    object.insert("balance_transaction".into(), json!(row.balance_transaction));
    object.insert("status".into(), json!("succeeded"));
    object.insert("payment_intent".into(), json!(row.more.get("payment_intent_id")));
    match row.category.as_str() {
        "charge" => {
            object.insert("object".into(), json!("charge"));
            object.insert("amount".into(), json!(amount));
            object.insert("captured".into(), json!(true));
            object.insert("customer".into(), json!(row.more.get("customer_id")));
        }
        "refund" => {
            object.insert("object".into(), json!("refund"));
            object.insert("created".into(), json!(created.0));
            object.insert("amount".into(), json!(-amount));
            object.insert("charge".into(), json!(row.more.get("charge_id")?));
        }
        _ => return None,
    }
    Some(Value::Object(object))
}

/// What the customer saw; without the columns for it, what was settled, when no conversion can have
/// come between.
fn facing(row: &ReportRow) -> Option<(i64, String)> {
    let amount = row.more.get("customer_facing_amount");
    let currency = row.more.get("customer_facing_currency");
    let (Some(amount), Some(currency)) = (amount, currency) else { return None };
    let code = currency.parse().ok()?;
    let read = crate::money::Amount::parse_decimal(amount, code).ok()?;
    // Some versions show a refund's amount without its sign.
    let signed = if row.gross.is_negative() { -read.abs().minor() } else { read.minor() };
    Some((signed, currency.to_ascii_lowercase()))
}

/// The payout of its own row. A reversal has a row of its own and is no second payout.
fn payout(row: &ReportRow, created: UnixTime) -> Option<Value> {
    let id = row.payout.as_ref()?;
    if row.category != "payout" {
        return None;
    }
    let arrival = instant(row, "payout_expected_arrival_date")?;
    Some(json!({
        "id": id,
        "object": "payout",
        "amount": -row.gross.minor(),
        "currency": row.gross.currency().code().to_ascii_lowercase(),
        "created": created.0,
        "arrival_date": arrival - arrival.rem_euclid(24 * 3600),
        "automatic": row.more.get("payout_type").is_none_or(|kind| kind != "manual"),
        "balance_transaction": row.balance_transaction,
        "status": row.more.get("payout_status"),
        "description": row.more.get("payout_description"),
    }))
}

/// An instant, or a date as its midnight UTC.
fn instant(row: &ReportRow, column: &str) -> Option<i64> {
    let text = row.more.get(column)?;
    let format = "%Y-%m-%d %H:%M:%S";
    if let Ok(instant) = chrono::NaiveDateTime::parse_from_str(text, format) {
        return Some(instant.and_utc().timestamp());
    }
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp())
}

#[cfg(test)]
mod tests {
    use super::super::{Report, read};
    use super::*;

    #[test]
    fn rows_become_the_objects_that_their_columns_tell() {
        let text = "automatic_payout_id,balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,source_id,customer_facing_amount,customer_facing_currency,charge_id,customer_id\n\
            po_1,txn_1,2026-07-01 10:00:00,usd,20.00,0.88,19.12,charge,ch_1,20.00,usd,ch_1,cus_1\n\
            po_1,txn_2,2026-07-01 11:00:00,usd,-5.00,0,-5.00,refund,re_1,5.00,usd,ch_1,cus_1\n\
            po_1,txn_3,2026-07-01 12:00:00,usd,-1.00,0,-1.00,fee,,,,,\n";
        let Report::Itemized { kind, rows } = read(text.as_bytes()).unwrap() else { panic!() };
        let facts = facts(kind, &rows);
        let names: Vec<&str> =
            facts.objects.iter().map(|object| object["id"].as_str().unwrap()).collect();
        assert_eq!(names, ["txn_1", "ch_1", "txn_2", "re_1", "txn_3"]);
        assert_eq!(facts.objects[3]["amount"], 500);
        assert_eq!(facts.members["po_1"], ["txn_1", "txn_2", "txn_3"]);
        assert!(facts.left_out.is_empty());
    }

    /// A row without a date would land in whatever period the reader's clock says.
    #[test]
    fn a_row_without_a_date_is_left_out_and_said_so() {
        let text = "balance_transaction_id,currency,gross,fee,net,reporting_category\ntxn_1,usd,1,0,1,charge\n";
        let Report::Itemized { kind, rows } = read(text.as_bytes()).unwrap() else { panic!() };
        let facts = facts(kind, &rows);
        assert!(facts.objects.is_empty());
        assert_eq!(facts.left_out.values().sum::<usize>(), 1);
    }
}
