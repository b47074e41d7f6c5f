//! What NetSuite holds, read back in bulk: headers, general-ledger lines, links, balances.
//!
//! Belongs here: the SuiteQL that reads posted records, and its rows as types. Does not belong
//! here: comparing them with what was sent (`reconcile`).
//!
//! The signs of `foreigntotal` differ from one record type to another, so a comparison rests on
//! the general-ledger lines: there a debit is always positive.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::{Class, NetSuiteError};
use super::record::{Decimal, RecordKind};
use super::references::{IDS_PER_QUERY, References};
use super::row::{Row, RowError, is_internal_id};
use super::suiteql;
use crate::ids::{ExternalId, InternalId};
use crate::money::{Amount, Currency};

/// A posting record as NetSuite has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    pub internal_id: InternalId,
    /// `None` when it has none, or one that cannot be ours.
    pub external_id: Option<ExternalId>,
    pub kind: RecordKind,
    pub tran_date: NaiveDate,
    pub period: Option<InternalId>,
    pub entity: Option<InternalId>,
    pub currency: Currency,
    pub exchange_rate: Option<Decimal>,
    /// In `currency`, with whatever sign NetSuite gives this record type.
    pub total: Option<Amount>,
    /// What is still open of an invoice.
    pub unpaid: Option<Amount>,
    /// What is still to be applied of a payment or a credit memo.
    pub unapplied: Option<Amount>,
    pub is_voided: bool,
    /// Whether it posts to the general ledger; a journal that waits for approval does not.
    pub is_posting: bool,
    pub memo: Option<String>,
    pub due_date: Option<NaiveDate>,
    /// In order of account, one line for each.
    pub gl: Vec<GlLine>,
}

/// What a record posts to one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlLine {
    pub account: InternalId,
    /// In the subsidiary's base currency.
    pub base_debit: Amount,
    pub base_credit: Amount,
    /// In the record's currency; a debit is positive.
    pub foreign: Amount,
}

/// That a later record pays, refunds or deposits an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// The document that is paid.
    pub earlier: InternalId,
    pub earlier_line: Option<InternalId>,
    /// The payment, credit or refund.
    pub later: InternalId,
    pub later_line: Option<InternalId>,
    /// NetSuite's code of the later record's type, such as `Deposit`.
    pub later_type: Option<String>,
    /// NetSuite's word, such as `Payment`.
    pub link_type: String,
    /// Digits as NetSuite sends them, in the currency of the documents; absent on some links.
    pub amount: Option<Decimal>,
}

/// The balance of one account in one currency of its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalance {
    pub account: InternalId,
    pub currency: Currency,
    pub base_debit: Amount,
    pub base_credit: Amount,
    /// In `currency`; a debit is positive.
    pub foreign: Amount,
}

/// Pieces of a list that are read at the same time, with two queries each: more than the requests at once
/// that the account allows, which is what holds them back.
const PIECES_AT_ONCE: usize = 8;

/// Reads records of a NetSuite account whose reference data are known.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub client: &'a Client,
    pub references: &'a References,
    /// The currency of the subsidiary's general ledger.
    pub base_currency: Currency,
}

impl Reader<'_> {
    /// The records with these internal ids, in order of id; one that NetSuite no longer has is
    /// not among them. All must be of a kind that we make.
    pub async fn posted(&self, ids: &[InternalId]) -> Result<Vec<Posted>, NetSuiteError> {
        // Nothing is asked before its turn: a future of these does nothing until it is waited for.
        let pieces: Vec<_> = ids.chunks(IDS_PER_QUERY).map(|ids| self.posted_piece(ids)).collect();
        let pieces = stream::iter(pieces).buffered(PIECES_AT_ONCE);
        let records: Vec<Vec<Posted>> = pieces.try_collect().await?;
        Ok(records.into_iter().flatten().collect())
    }

    /// The same, for as many ids as one query takes.
    async fn posted_piece(&self, ids: &[InternalId]) -> Result<Vec<Posted>, NetSuiteError> {
        let list = id_list(ids)?;
        let (of_headers, of_lines) = (header_query(&list), self.gl_query(&list));
        let headers = self.rows(&of_headers, |row| self.header(row));
        let lines = self.rows(&of_lines, gl_owner);
        let (mut records, lines) = tokio::try_join!(biased; headers, lines)?;
        let mut lines_of: BTreeMap<InternalId, Vec<Row>> = BTreeMap::new();
        for (owner, row) in lines {
            lines_of.entry(owner).or_default().push(row);
        }
        for record in &mut records {
            let lines = lines_of.remove(&record.internal_id).unwrap_or_default();
            let gl = lines.iter().map(|row| self.gl_line(row, record.currency));
            record.gl = gl
                .collect::<Result<_, _>>()
                .map_err(|error| NetSuiteError::from_row(&subject_of(record), &error))?;
        }
        Ok(records)
    }

    /// Every link that one of these records takes part in, sorted, each once.
    pub async fn links(&self, ids: &[InternalId]) -> Result<Vec<Link>, NetSuiteError> {
        let mut links = BTreeSet::new();
        for chunk in ids.chunks(IDS_PER_QUERY) {
            let list = id_list(chunk)?;
            for column in ["previousdoc", "nextdoc"] {
                let query = format!(
                    "SELECT l.previousdoc, l.previousline, l.nextdoc, l.nextline, l.nexttype, l.linktype, \
                     l.foreignamount FROM nexttransactionlinelink l WHERE l.{column} IN ({list}) \
                     ORDER BY l.previousdoc, l.previousline, l.nextdoc, l.nextline, l.linktype"
                );
                links.extend(self.rows(&query, link).await?);
            }
        }
        Ok(links.into_iter().collect())
    }

    /// Walks through every posting record of a kind, not before a day, that has an external id
    /// which could be ours, in order of internal id. Nothing is kept.
    pub async fn each_external_id(
        &self,
        kind: RecordKind,
        since: Option<NaiveDate>,
        take: &mut (dyn FnMut(InternalId, ExternalId) + Send),
    ) -> Result<(), NetSuiteError> {
        let since = since
            .map(|day| format!(" AND t.trandate >= TO_DATE('{day}', 'YYYY-MM-DD')"))
            .unwrap_or_default();
        let query = format!(
            "SELECT t.id, t.externalid FROM transaction t WHERE t.externalid IS NOT NULL \
             AND t.recordtype = '{}'{since} AND t.id > ? ORDER BY t.id",
            kind.rest_name().to_ascii_lowercase()
        );
        self.client
            .suiteql_by_id(&query, "id", &mut |row| {
                if let Ok(external_id) = ExternalId::new(row.text("externalid")?) {
                    take(row.id("id")?, external_id);
                }
                Ok(())
            })
            .await
    }

    /// Records of a kind on one day for one customer and amount, in order of id. The sign that
    /// NetSuite gives a total differs between types, so it does not count.
    pub async fn look_alikes(
        &self,
        kind: RecordKind,
        day: NaiveDate,
        customer: Option<&InternalId>,
        total: Amount,
    ) -> Result<Vec<InternalId>, NetSuiteError> {
        let customer = match customer {
            Some(id) => format!(" AND t.entity = {}", id_list(std::slice::from_ref(id))?),
            None => String::new(),
        };
        let query = format!(
            "SELECT t.id, t.currency, t.foreigntotal FROM transaction t \
             WHERE t.recordtype = '{}' AND t.trandate = TO_DATE('{day}', 'YYYY-MM-DD'){customer} \
             AND t.externalid IS NULL ORDER BY t.id",
            kind.rest_name().to_ascii_lowercase()
        );
        let found = self
            .rows(&query, |row| {
                let currency = self.currency(row)?;
                Ok((row.id("id")?, row.amount("foreigntotal", currency)?))
            })
            .await?;
        let is_alike = |amount: &Amount| {
            amount.currency() == total.currency()
                && amount.minor().unsigned_abs() == total.minor().unsigned_abs()
        };
        Ok(found.into_iter().filter(|(_, amount)| is_alike(amount)).map(|(id, _)| id).collect())
    }

    /// What is posted to these accounts up to a day, the day included, per account and currency of
    /// the records.
    pub async fn balances(
        &self,
        accounts: &[InternalId],
        last_day: NaiveDate,
    ) -> Result<Vec<AccountBalance>, NetSuiteError> {
        let mut balances = Vec::new();
        for chunk in accounts.chunks(IDS_PER_QUERY) {
            let query = self.balance_query(&id_list(chunk)?, last_day);
            balances.extend(self.rows(&query, |row| self.balance(row)).await?);
        }
        Ok(balances)
    }

    pub(super) async fn rows<T>(
        &self,
        query: &str,
        read: impl Fn(&Row) -> Result<T, RowError>,
    ) -> Result<Vec<T>, NetSuiteError> {
        let rows = self.client.suiteql(query, &[]).await?;
        let read: Result<Vec<T>, RowError> = rows.iter().map(read).collect();
        read.map_err(|error| NetSuiteError::from_row(&suiteql::subject(query), &error))
    }

    /// With several accounting books every line is there once per book.
    pub(super) fn book_condition(&self) -> String {
        let book = self.references.primary_book.as_ref();
        book.map(|book| format!(" AND tal.accountingbook = {book}")).unwrap_or_default()
    }

    fn gl_query(&self, ids: &str) -> String {
        format!(
            "SELECT tal.transaction, tal.account, {SUMS} FROM transactionaccountingline tal \
             JOIN transactionline tl ON tl.transaction = tal.transaction \
             AND tl.id = tal.transactionline \
             WHERE tal.posting = 'T' AND tal.transaction IN ({ids}){} \
             GROUP BY tal.transaction, tal.account ORDER BY tal.transaction, tal.account",
            self.book_condition()
        )
    }

    fn balance_query(&self, accounts: &str, last_day: NaiveDate) -> String {
        format!(
            "SELECT tal.account, t.currency, {SUMS} FROM transactionaccountingline tal \
             JOIN transactionline tl ON tl.transaction = tal.transaction \
             AND tl.id = tal.transactionline JOIN transaction t ON t.id = tal.transaction \
             WHERE tal.posting = 'T' AND tal.account IN ({accounts}) \
             AND t.trandate <= TO_DATE('{last_day}', 'YYYY-MM-DD'){} \
             GROUP BY tal.account, t.currency ORDER BY tal.account, t.currency",
            self.book_condition()
        )
    }

    fn header(&self, row: &Row) -> Result<Posted, RowError> {
        let currency = self.currency(row)?;
        let amount = |row: &Row, column: &str| row.amount(column, currency);
        let kind = row.text("recordtype")?;
        Ok(Posted {
            internal_id: row.id("id")?,
            external_id: row.get("externalid").and_then(|text| ExternalId::new(text).ok()),
            kind: RecordKind::from_rest_name(kind)
                .ok_or_else(|| row.unreadable("recordtype", kind, "a kind of record we make"))?,
            tran_date: row.date("trandate")?,
            period: row.optional("postingperiod", Row::id)?,
            entity: row.optional("entity", Row::id)?,
            currency,
            exchange_rate: row.get("exchangerate").map(|text| Decimal(text.to_owned())),
            total: row.optional("foreigntotal", amount)?,
            unpaid: row.optional("foreignamountunpaid", amount)?,
            unapplied: row.optional("foreignpaymentamountunused", amount)?,
            is_voided: row.optional("voided", Row::flag)?.unwrap_or(false),
            is_posting: row.optional("posting", Row::flag)?.unwrap_or(true),
            memo: row.get("memo").map(str::to_owned),
            due_date: row.optional("duedate", Row::date)?,
            gl: Vec::new(),
        })
    }

    fn gl_line(&self, row: &Row, currency: Currency) -> Result<GlLine, RowError> {
        Ok(GlLine {
            account: row.id("account")?,
            base_debit: row.amount("debit", self.base_currency)?,
            base_credit: row.amount("credit", self.base_currency)?,
            foreign: row.amount("foreignamount", currency)?,
        })
    }

    fn balance(&self, row: &Row) -> Result<AccountBalance, RowError> {
        let currency = self.currency(row)?;
        let line = self.gl_line(row, currency)?;
        Ok(AccountBalance {
            account: line.account,
            currency,
            base_debit: line.base_debit,
            base_credit: line.base_credit,
            foreign: line.foreign,
        })
    }

    /// A row's currency; accounts without the multi-currency feature leave it out.
    pub(super) fn currency(&self, row: &Row) -> Result<Currency, RowError> {
        let Some(id) = row.optional("currency", Row::id)? else { return Ok(self.base_currency) };
        let found = self.references.currency_by_id(&id).map(|currency| currency.code);
        found.ok_or_else(|| row.unreadable("currency", id.as_str(), "a known currency's id"))
    }
}

/// Debits and credits in base currency, and the sum in the record's own, where debits are positive.
pub(super) const SUMS: &str = "SUM(NVL(tal.debit, 0)) AS debit, SUM(NVL(tal.credit, 0)) AS credit, \
     SUM(NVL(tl.foreignamount, 0)) AS foreignamount";

fn header_query(ids: &str) -> String {
    format!(
        "SELECT t.id, t.externalid, t.recordtype, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, \
         t.postingperiod, t.entity, t.currency, t.exchangerate, t.foreigntotal, \
         t.foreignamountunpaid, t.foreignpaymentamountunused, t.voided, t.posting, t.memo, \
         TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate \
         FROM transaction t WHERE t.id IN ({ids}) ORDER BY t.id"
    )
}

/// Ids for an `IN (…)`, after making sure that they are nothing but digits.
pub(super) fn id_list(ids: &[InternalId]) -> Result<String, NetSuiteError> {
    if let Some(bad) = ids.iter().find(|id| !is_internal_id(id.as_str())) {
        let cause = format!("`{bad}` is not an internal id");
        return Err(NetSuiteError::new("reading back", Class::Unreadable { cause }));
    }
    Ok(ids.iter().map(InternalId::as_str).collect::<Vec<_>>().join(", "))
}

fn gl_owner(row: &Row) -> Result<(InternalId, Row), RowError> {
    Ok((row.id("transaction")?, row.clone()))
}

fn link(row: &Row) -> Result<Link, RowError> {
    Ok(Link {
        earlier: row.id("previousdoc")?,
        earlier_line: row.optional("previousline", Row::id)?,
        later: row.id("nextdoc")?,
        later_line: row.optional("nextline", Row::id)?,
        later_type: row.get("nexttype").map(str::to_owned),
        link_type: row.get("linktype").unwrap_or_default().to_owned(),
        amount: row.get("foreignamount").map(|text| Decimal(text.to_owned())),
    })
}

fn subject_of(record: &Posted) -> String {
    format!("{} {}", record.kind.rest_name(), record.internal_id)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::references::CurrencyRecord;
    use super::super::testing::{Answer, Scripted, client, rows};
    use super::*;

    fn references(primary_book: Option<&str>) -> References {
        let currency = |id: &str, code: &str| CurrencyRecord {
            id: id.into(),
            code: code.parse().unwrap(),
            places: 2,
            is_base: code == "USD",
        };
        References {
            currencies: vec![currency("1", "USD"), currency("2", "EUR")],
            primary_book: primary_book.map(InternalId::from),
            ..References::default()
        }
    }

    fn queries(transport: &Scripted) -> Vec<String> {
        let query = |request: &crate::net::transport::HttpRequest| {
            let body: serde_json::Value =
                serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
            body["q"].as_str().unwrap().to_owned()
        };
        transport.requests().iter().map(query).collect()
    }

    const HEADER: &str = r#"{"id":"5","externalid":"in_1","recordtype":"invoice",
        "trandate":"2026-03-01","postingperiod":"13","entity":"9","currency":"2",
        "exchangerate":"1.1","foreigntotal":"100","foreignamountunpaid":"0","voided":"F"}"#;

    #[tokio::test]
    async fn a_record_comes_back_with_both_currencies_of_its_general_ledger_lines() {
        let transport = Arc::new(Scripted::new([
            rows(HEADER),
            rows(
                r#"{"transaction":"5","account":"20","debit":"110","credit":"0","foreignamount":"100"},
                {"transaction":"5","account":"30","debit":"0","credit":"110","foreignamount":"-100"}"#,
            ),
        ]));
        let (client, references) = (client(Arc::clone(&transport)), references(Some("1")));
        let reader =
            Reader { client: &client, references: &references, base_currency: Currency::USD };
        let posted = reader.posted(&["5".into(), "6".into()]).await.unwrap();
        let [invoice] = posted.as_slice() else { panic!("6 is not in NetSuite: {posted:?}") };
        assert_eq!(invoice.kind, RecordKind::Invoice);
        assert_eq!(invoice.total.unwrap().to_string(), "100.00 EUR");
        assert_eq!(invoice.gl[0].base_debit.to_string(), "110.00 USD");
        assert_eq!(invoice.gl[1].foreign.to_string(), "-100.00 EUR");
        let queries = queries(&transport);
        assert!(queries[0].ends_with("WHERE t.id IN (5, 6) ORDER BY t.id"), "{}", queries[0]);
        assert!(queries[1].contains("tal.transaction IN (5, 6) AND tal.accountingbook = 1 "));
    }

    #[tokio::test]
    async fn more_ids_than_one_query_takes_are_asked_for_in_chunks() {
        let answers: Vec<Answer> = (0..4).map(|_| rows("")).collect();
        let transport = Arc::new(Scripted::new(answers));
        let (client, references) = (client(Arc::clone(&transport)), references(None));
        let reader =
            Reader { client: &client, references: &references, base_currency: Currency::USD };
        let ids: Vec<InternalId> = (1..=501).map(|id| InternalId::new(id.to_string())).collect();
        assert!(reader.posted(&ids).await.unwrap().is_empty());
        assert!(queries(&transport)[2].contains("IN (501)"));
    }

    #[tokio::test]
    async fn nothing_but_digits_ever_enters_a_query_as_an_id() {
        let (client, references) = (client(Scripted::new([])), references(None));
        let reader =
            Reader { client: &client, references: &references, base_currency: Currency::USD };
        assert!(reader.posted(&["1) OR (1=1".into()]).await.is_err());
    }

    #[tokio::test]
    async fn a_link_is_found_from_either_side_and_told_once() {
        let same =
            r#"{"previousdoc":"5","nextdoc":"7","linktype":"Payment","foreignamount":"100"}"#;
        let (client, references) =
            (client(Scripted::new([rows(same), rows(same)])), references(None));
        let reader =
            Reader { client: &client, references: &references, base_currency: Currency::USD };
        let links = reader.links(&["5".into(), "7".into()]).await.unwrap();
        assert_eq!(links.len(), 1);
        assert_eq!(links[0].later.as_str(), "7");
    }

    #[tokio::test]
    async fn external_ids_that_cannot_be_ours_are_passed_over() {
        let transport = Arc::new(Scripted::new([rows(
            r#"{"id":"5","externalid":"ch_1"},{"id":"6","externalid":"other system: 6"}"#,
        )]));
        let (client, references) = (client(Arc::clone(&transport)), references(None));
        let reader =
            Reader { client: &client, references: &references, base_currency: Currency::USD };
        let mut found = Vec::new();
        let mut take =
            |id: InternalId, external: ExternalId| found.push(format!("{id} {external}"));
        let kind = RecordKind::CustomerPayment;
        reader.each_external_id(kind, None, &mut take).await.unwrap();
        assert_eq!(found, ["5 ch_1"]);
        assert!(queries(&transport)[0].contains("t.recordtype = 'customerpayment' AND t.id > ?"));
    }

    #[tokio::test]
    async fn balances_are_told_apart_by_currency() {
        let answer = rows(
            r#"{"account":"20","currency":"1","debit":"5","credit":"2","foreignamount":"3"},
            {"account":"20","currency":"2","debit":"11","credit":"0","foreignamount":"10"}"#,
        );
        let transport = Arc::new(Scripted::new([answer]));
        let (client, references) = (client(Arc::clone(&transport)), references(None));
        let reader =
            Reader { client: &client, references: &references, base_currency: Currency::USD };
        let day = "2026-03-31".parse().unwrap();
        let balances = reader.balances(&["20".into()], day).await.unwrap();
        assert_eq!(balances[1].foreign.to_string(), "10.00 EUR");
        assert_eq!(balances[1].base_debit.to_string(), "11.00 USD");
        assert!(queries(&transport)[0].contains("<= TO_DATE('2026-03-31', 'YYYY-MM-DD') GROUP"));
    }
}
