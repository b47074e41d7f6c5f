//! What a run must know of the NetSuite account: accounts, currencies, subsidiaries, posting
//! periods, the primary accounting book. Read once, kept by the caller.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::client::Client;
use super::error::{Class, NetSuiteError};
use super::record::{RecordGroup, RecordKind};
use super::row::{Row, RowError};
use super::suiteql;
use super::wire::Places;
use crate::calendar::{PeriodState, PostingPeriod};
use crate::ids::{ExternalId, InternalId};
use crate::money::Currency;

/// Ids in one `IN (…)`: Oracle's own limit is 1,000, and a query text has to stay readable.
pub const IDS_PER_QUERY: usize = 500;

/// The account's reference data, each list in order of id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References {
    pub accounts: Vec<Account>,
    pub currencies: Vec<CurrencyRecord>,
    /// Empty unless the account is OneWorld.
    pub subsidiaries: Vec<Subsidiary>,
    /// Base periods only: no quarters, years or adjustment periods.
    pub periods: Vec<PostingPeriod>,
    /// `None` when the account does not show its accounting books: it then has one.
    pub primary_book: Option<InternalId>,
}

/// A general-ledger account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: InternalId,
    pub number: Option<String>,
    pub name: String,
    /// NetSuite's own word, such as `Bank`, `AcctRec`, `OthCurrAsset`, `Income`.
    pub account_type: String,
    /// Set on system accounts, such as `UndepFunds`.
    pub special: Option<String>,
    /// Set on accounts that hold one currency, such as a bank account.
    pub currency: Option<InternalId>,
    pub is_inactive: bool,
}

/// A currency that the account has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencyRecord {
    pub id: InternalId,
    pub code: Currency,
    /// Decimals that NetSuite keeps: 0 or 2.
    pub places: u8,
    pub is_base: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subsidiary {
    pub id: InternalId,
    pub name: String,
    /// Its base currency.
    pub currency: InternalId,
    pub is_elimination: bool,
    pub is_inactive: bool,
}

const ACCOUNTS: &str = "SELECT id, acctnumber, accountsearchdisplaynamecopy, accttype, sspecacct, \
     currency, isinactive FROM account ORDER BY id";
const CURRENCIES: &str =
    "SELECT id, symbol, currencyprecision, isbasecurrency FROM currency ORDER BY id";
const SUBSIDIARIES: &str =
    "SELECT id, name, currency, iselimination, isinactive FROM subsidiary ORDER BY id";
const PERIODS: &str = "SELECT id, periodname, TO_CHAR(startdate, 'YYYY-MM-DD') AS startdate, \
     TO_CHAR(enddate, 'YYYY-MM-DD') AS enddate, closed, alllocked, arlocked FROM accountingperiod \
     WHERE isquarter = 'F' AND isyear = 'F' AND isadjust = 'F' ORDER BY id";
const PRIMARY_BOOK: &str = "SELECT id FROM accountingbook WHERE isprimary = 'T' ORDER BY id";

impl References {
    /// Reads everything, one query per list.
    pub async fn fetch(client: &Client) -> Result<Self, NetSuiteError> {
        let currencies = list(client, CURRENCIES, currency).await?.into_iter().flatten().collect();
        Ok(Self {
            accounts: list(client, ACCOUNTS, account).await?,
            currencies,
            subsidiaries: list_if_exposed(client, SUBSIDIARIES, subsidiary).await?,
            periods: list(client, PERIODS, period).await?,
            primary_book: list_if_exposed(client, PRIMARY_BOOK, |row| row.id("id"))
                .await?
                .into_iter()
                .next(),
        })
    }

    /// The account with this number; failing that, with this internal id.
    pub fn account(&self, number_or_id: &str) -> Option<&Account> {
        let numbered = |account: &&Account| account.number.as_deref() == Some(number_or_id);
        let found = self.accounts.iter().find(numbered);
        found.or_else(|| self.accounts.iter().find(|account| account.id.as_str() == number_or_id))
    }

    /// The system account of this kind, such as `UndepFunds`.
    pub fn special_account(&self, special: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.special.as_deref() == Some(special))
    }

    pub fn currency(&self, code: Currency) -> Option<&CurrencyRecord> {
        self.currencies.iter().find(|currency| currency.code == code)
    }

    pub fn currency_by_id(&self, id: &InternalId) -> Option<&CurrencyRecord> {
        self.currencies.iter().find(|currency| currency.id == *id)
    }

    /// The currency that the general ledger of `subsidiary` is kept in; without one, the
    /// account's.
    pub fn base_currency(&self, subsidiary: Option<&InternalId>) -> Option<&CurrencyRecord> {
        let of = subsidiary.and_then(|id| self.subsidiaries.iter().find(|s| s.id == *id));
        match of {
            Some(subsidiary) => self.currency_by_id(&subsidiary.currency),
            None => self.currencies.iter().find(|currency| currency.is_base),
        }
    }

    /// The posting period that a date falls in, open or not.
    pub fn period_of(&self, date: NaiveDate) -> Option<&PostingPeriod> {
        self.periods.iter().find(|period| period.contains(date))
    }
}

/// The account's own precision, and NetSuite's usual one for currencies that it does not have.
impl Places for References {
    fn places(&self, currency: Currency) -> u8 {
        self.currency(currency).map_or_else(|| currency.netsuite_places(), |found| found.places)
    }
}

/// The names of all active items.
pub async fn item_names(client: &Client) -> Result<Vec<String>, NetSuiteError> {
    let query = "SELECT id, itemid FROM item WHERE isinactive = 'F' ORDER BY id";
    list(client, query, |row| Ok(row.text("itemid")?.to_owned())).await
}

/// Each currency's rate towards that of the whole account, by internal id, in NetSuite's own digits.
/// Empty where the role may not see them.
pub async fn rates(client: &Client) -> Result<BTreeMap<InternalId, String>, NetSuiteError> {
    let query = "SELECT id, exchangerate FROM currency ORDER BY id";
    let rate = |row: &Row| Ok((row.id("id")?, text_of(row, "exchangerate")));
    let rows = match list(client, query, rate).await {
        Err(NetSuiteError { class: Class::Rejected { .. }, .. }) => Vec::new(),
        other => other?,
    };
    Ok(rows.into_iter().filter_map(|(id, rate)| Some((id, rate?))).collect())
}

/// Internal ids of customers, items or posting records by external id; those that NetSuite does
/// not have are not in the map. Keys are as asked for.
pub async fn internal_ids(
    client: &Client,
    kind: RecordKind,
    external_ids: &[ExternalId],
) -> Result<BTreeMap<ExternalId, InternalId>, NetSuiteError> {
    let table = table_of(kind);
    let mut found = BTreeMap::new();
    for chunk in external_ids.chunks(IDS_PER_QUERY) {
        let names: Vec<String> = chunk.iter().map(|id| format!("'{id}'")).collect();
        let query = format!(
            "SELECT id, externalid FROM {table} WHERE externalid IN ({}) ORDER BY id",
            names.join(", ")
        );
        // NetSuite compares external ids without case, and so must the way back.
        let asked: BTreeMap<String, &ExternalId> =
            chunk.iter().map(|id| (id.folded(), id)).collect();
        for row in client.suiteql(&query, &[]).await? {
            let pair = row.id("id").and_then(|id| Ok((row.text("externalid")?.to_owned(), id)));
            let (name, id) =
                pair.map_err(|error| NetSuiteError::from_row(&suiteql::subject(&query), &error))?;
            if let Some(asked) = asked.get(&name.to_ascii_lowercase()) {
                found.insert((*asked).clone(), id);
            }
        }
    }
    Ok(found)
}

/// Internal ids by external ids that are not in our own alphabet, such as the connector's aliases.
/// Names with a quote in them are passed over.
pub async fn ids_by_text(
    client: &Client,
    kind: RecordKind,
    names: &[&str],
) -> Result<BTreeMap<String, InternalId>, NetSuiteError> {
    let table = table_of(kind);
    let mut found = BTreeMap::new();
    for chunk in names.chunks(IDS_PER_QUERY) {
        let quoted: Vec<String> = chunk
            .iter()
            .filter(|name| !name.contains('\''))
            .map(|name| format!("'{name}'"))
            .collect();
        let query = format!(
            "SELECT id, externalid FROM {table} WHERE externalid IN ({}) ORDER BY id",
            quoted.join(", ")
        );
        if quoted.is_empty() {
            continue;
        }
        for row in client.suiteql(&query, &[]).await? {
            let pair = row.id("id").and_then(|id| Ok((row.text("externalid")?.to_owned(), id)));
            let (name, id) =
                pair.map_err(|error| NetSuiteError::from_row(&suiteql::subject(&query), &error))?;
            found.insert(name, id);
        }
    }
    Ok(found)
}

/// The SuiteQL table that holds records of this kind.
const fn table_of(kind: RecordKind) -> &'static str {
    match kind.group() {
        RecordGroup::Entity => "customer",
        RecordGroup::Item => "item",
        RecordGroup::Transaction => "transaction",
    }
}

pub(super) async fn list<T>(
    client: &Client,
    query: &str,
    read: impl Fn(&Row) -> Result<T, RowError>,
) -> Result<Vec<T>, NetSuiteError> {
    let rows = client.suiteql(query, &[]).await?;
    let read: Result<Vec<T>, RowError> = rows.iter().map(read).collect();
    read.map_err(|error| NetSuiteError::from_row(&suiteql::subject(query), &error))
}

/// Like [`list`], and empty when the account's features do not include the table.
async fn list_if_exposed<T>(
    client: &Client,
    query: &str,
    read: impl Fn(&Row) -> Result<T, RowError>,
) -> Result<Vec<T>, NetSuiteError> {
    match list(client, query, read).await {
        Err(NetSuiteError { class: Class::Rejected { detail, .. }, .. })
            if detail.to_lowercase().contains("invalid search type") =>
        {
            Ok(Vec::new())
        }
        other => other,
    }
}

fn text_of(row: &Row, column: &str) -> Option<String> {
    row.get(column).map(str::to_owned)
}

fn account(row: &Row) -> Result<Account, RowError> {
    Ok(Account {
        id: row.id("id")?,
        number: text_of(row, "acctnumber"),
        name: row.text("accountsearchdisplaynamecopy")?.to_owned(),
        account_type: row.text("accttype")?.to_owned(),
        special: text_of(row, "sspecacct"),
        currency: row.optional("currency", Row::id)?,
        is_inactive: row.flag("isinactive")?,
    })
}

/// `None` for a currency whose symbol is not an ISO code: somebody's own, and never Stripe's.
fn currency(row: &Row) -> Result<Option<CurrencyRecord>, RowError> {
    let Ok(code) = row.text("symbol")?.parse() else { return Ok(None) };
    let places = row.text("currencyprecision")?;
    Ok(Some(CurrencyRecord {
        id: row.id("id")?,
        code,
        places: places
            .parse()
            .map_err(|_| row.unreadable("currencyprecision", places, "a number of decimals"))?,
        is_base: row.flag("isbasecurrency")?,
    }))
}

fn subsidiary(row: &Row) -> Result<Subsidiary, RowError> {
    Ok(Subsidiary {
        id: row.id("id")?,
        name: row.text("name")?.to_owned(),
        currency: row.id("currency")?,
        is_elimination: row.flag("iselimination")?,
        is_inactive: row.flag("isinactive")?,
    })
}

fn period(row: &Row) -> Result<PostingPeriod, RowError> {
    let state = if row.flag("closed")? {
        PeriodState::Closed
    } else if row.flag("alllocked")? {
        PeriodState::Locked
    } else if row.flag("arlocked")? {
        PeriodState::ReceivablesLocked
    } else {
        PeriodState::Open
    };
    Ok(PostingPeriod {
        id: row.id("id")?,
        name: row.text("periodname")?.to_owned(),
        first_day: row.date("startdate")?,
        last_day: row.date("enddate")?,
        state,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Answer, Scripted, client, rows};
    use super::*;

    fn no_table(name: &str) -> Answer {
        let detail = format!(
            "Invalid search query. Detailed unprocessed description follows. Invalid search \
             type: {name}."
        );
        let body = format!(
            r#"{{"title":"Bad Request","o:errorDetails":[{{"detail":"{detail}","o:errorCode":"INVALID_PARAMETER"}}]}}"#
        );
        Answer::json(400, &body)
    }

    async fn fetched() -> References {
        let transport = Scripted::new([
            rows(
                r#"{"id":"1","symbol":"USD","currencyprecision":"2","isbasecurrency":"T"},
                {"id":"2","symbol":"ISK","currencyprecision":"2","isbasecurrency":"F"},
                {"id":"3","symbol":"POINTS","currencyprecision":"0","isbasecurrency":"F"}"#,
            ),
            rows(
                r#"{"id":"1000","accountsearchdisplaynamecopy":"Other","accttype":"Bank","currency":"1","isinactive":"F"},
                {"id":"7","acctnumber":"1000","accountsearchdisplaynamecopy":"Undeposited Funds","accttype":"OthCurrAsset","sspecacct":"UndepFunds","isinactive":"F"}"#,
            ),
            no_table("subsidiary"),
            rows(
                r#"{"id":"11","periodname":"Jan 2026","startdate":"2026-01-01","enddate":"2026-01-31","closed":"T","alllocked":"T","arlocked":"T"},
                {"id":"12","periodname":"Feb 2026","startdate":"2026-02-01","enddate":"2026-02-28","closed":"F","alllocked":"F","arlocked":"T"},
                {"id":"13","periodname":"Mar 2026","startdate":"2026-03-01","enddate":"2026-03-31","closed":"F","alllocked":"F","arlocked":"F"}"#,
            ),
            no_table("accountingbook"),
        ]);
        References::fetch(&client(transport)).await.unwrap()
    }

    #[tokio::test]
    async fn a_date_finds_its_period_and_whether_it_takes_postings() {
        let references = fetched().await;
        let state = |date: &str| references.period_of(date.parse().unwrap()).map(|p| p.state);
        assert_eq!(state("2026-01-31"), Some(PeriodState::Closed));
        assert_eq!(state("2026-02-01"), Some(PeriodState::ReceivablesLocked));
        assert_eq!(state("2026-03-31"), Some(PeriodState::Open));
        assert_eq!(state("2026-04-01"), None);
    }

    #[tokio::test]
    async fn an_account_is_found_by_number_before_id() {
        let references = fetched().await;
        assert_eq!(references.account("1000").unwrap().id.as_str(), "7");
        assert_eq!(references.account("7").unwrap().id.as_str(), "7");
        assert_eq!(references.special_account("UndepFunds").unwrap().id.as_str(), "7");
        assert!(references.account("x").is_none());
    }

    #[tokio::test]
    async fn the_accounts_own_precision_wins_and_foreign_symbols_do_not_stop_a_run() {
        let references = fetched().await;
        let currency = |code: &str| code.parse::<Currency>().unwrap();
        assert_eq!(references.places(currency("ISK")), 2);
        assert_eq!(references.places(currency("JPY")), 0);
        assert_eq!(references.currencies.len(), 2);
        assert_eq!(references.base_currency(None).unwrap().code, Currency::USD);
    }

    #[tokio::test]
    async fn reference_data_survives_being_kept_as_json() {
        let references = fetched().await;
        let json = serde_json::to_string(&references).unwrap();
        assert_eq!(serde_json::from_str::<References>(&json).unwrap(), references);
    }

    #[tokio::test]
    async fn an_external_id_is_found_whatever_its_case_in_netsuite() {
        let transport = Scripted::new([rows(r#"{"id":"5","externalid":"CUS_a"}"#)]);
        let ids = ["cus_A", "cus_B"].map(|id| ExternalId::new(id).unwrap());
        let found = internal_ids(&client(transport), RecordKind::Customer, &ids).await.unwrap();
        assert_eq!(found.get(&ids[0]).unwrap().as_str(), "5");
        assert_eq!(found.len(), 1);
    }
}
