//! What stands on an account, whoever posted it: the general ledger as NetSuite has it.
//!
//! Belongs here: totals of accounts, and the records behind them that are not among ours. Does not
//! belong here: the records that we posted (`readback`), or what a foreign one means (`reconcile`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::error::NetSuiteError;
use super::readback::{AccountBalance, Posted, Reader, SUMS};
use super::row::{Row, RowError};
use crate::ids::InternalId;
use crate::money::{Amount, Currency};

/// A record on an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub account: InternalId,
    pub internal_id: InternalId,
    /// NetSuite's document number, where it has one.
    pub number: Option<String>,
    /// NetSuite's name of its kind, in lower case: `journalentry`.
    pub kind: String,
    pub date: NaiveDate,
    pub memo: Option<String>,
    /// In the record's currency; a debit is positive.
    pub amount: Amount,
}

/// What is posted to an account in a posting period, in one currency of the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodBalance {
    pub account: InternalId,
    pub period: InternalId,
    pub currency: Currency,
    pub base_debit: Amount,
    pub base_credit: Amount,
    /// In `currency`; a debit is positive.
    pub foreign: Amount,
}

impl Reader<'_> {
    /// Everything that is posted, whoever posted it, by account, posting period and currency.
    pub async fn trial_balance(&self) -> Result<Vec<PeriodBalance>, NetSuiteError> {
        let query = format!(
            "SELECT tal.account, t.postingperiod, t.currency, {SUMS} FROM transactionaccountingline tal \
             JOIN transactionline tl ON tl.transaction = tal.transaction \
             AND tl.id = tal.transactionline JOIN transaction t ON t.id = tal.transaction \
             WHERE tal.posting = 'T'{} GROUP BY tal.account, t.postingperiod, t.currency \
             ORDER BY tal.account, t.postingperiod, t.currency",
            self.book_condition()
        );
        self.rows(&query, |row| {
            let currency = self.currency(row)?;
            Ok(PeriodBalance {
                account: row.id("account")?,
                period: row.id("postingperiod")?,
                currency,
                base_debit: row.amount("debit", self.base_currency)?,
                base_credit: row.amount("credit", self.base_currency)?,
                foreign: row.amount("foreignamount", currency)?,
            })
        })
        .await
    }

    /// The records on `accounts` that are not among `ours`.
    ///
    /// Totals are compared first: an account on which nobody else posted costs no more than its
    /// line in one query.
    pub async fn posted_by_others(
        &self,
        accounts: &BTreeSet<InternalId>,
        ours: &[Posted],
    ) -> Result<Vec<Entry>, NetSuiteError> {
        let own: BTreeSet<&InternalId> = ours.iter().map(|posted| &posted.internal_id).collect();
        let mut sums = OwnSums::default();
        for posted in ours {
            sums.add(posted);
        }
        self.posted_beside(accounts, &sums, &|id| own.contains(id)).await
    }

    /// The same, where ours were added up as they went by.
    pub async fn posted_beside(
        &self,
        accounts: &BTreeSet<InternalId>,
        ours: &OwnSums,
        is_own: &(dyn Fn(&InternalId) -> bool + Sync),
    ) -> Result<Vec<Entry>, NetSuiteError> {
        let listed: Vec<InternalId> = accounts.iter().cloned().collect();
        let totals = self.balances(&listed, LAST_DAY).await?;
        let mut entries = Vec::new();
        for account in differing(&totals, ours) {
            self.walk_account(&account, &mut |entry| {
                if !is_own(&entry.internal_id) {
                    entries.push(entry);
                }
            })
            .await?;
        }
        Ok(entries)
    }

    /// Every record on an account, one row for each, in order of id. Nothing is kept.
    async fn walk_account(
        &self,
        account: &InternalId,
        take: &mut (dyn FnMut(Entry) + Send),
    ) -> Result<(), NetSuiteError> {
        let query = format!(
            "SELECT t.id, t.tranid, t.type, TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, t.memo, \
             t.currency, {SUMS} FROM transactionaccountingline tal \
             JOIN transactionline tl ON tl.transaction = tal.transaction \
             AND tl.id = tal.transactionline JOIN transaction t ON t.id = tal.transaction \
             WHERE tal.posting = 'T' AND tal.account = {account}{} AND t.id > ? \
             GROUP BY t.id, t.tranid, t.type, t.trandate, t.memo, t.currency ORDER BY t.id",
            self.book_condition()
        );
        self.client
            .suiteql_by_id(&query, "id", &mut |row| {
                take(self.entry(account, row)?);
                Ok(())
            })
            .await
    }

    fn entry(&self, account: &InternalId, row: &Row) -> Result<Entry, RowError> {
        Ok(Entry {
            account: account.clone(),
            internal_id: row.id("id")?,
            number: row.get("tranid").map(str::to_owned),
            kind: row.text("type")?.to_owned(),
            date: row.date("trandate")?,
            memo: row.get("memo").map(str::to_owned),
            amount: row.amount("foreignamount", self.currency(row)?)?,
        })
    }
}

/// Later than any posting, and still a date of four digits.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a day of the calendar");

/// What our own records come to, by account and currency of the records.
#[derive(Debug, Default)]
pub struct OwnSums(BTreeMap<(InternalId, Currency), Amount>);

impl OwnSums {
    pub fn add(&mut self, posted: &Posted) {
        for line in &posted.gl {
            let key = (line.account.clone(), posted.currency);
            *self.0.entry(key).or_insert(Amount::zero(posted.currency)) += line.foreign;
        }
    }
}

/// The accounts whose totals are not those of `ours`.
fn differing(totals: &[AccountBalance], ours: &OwnSums) -> BTreeSet<InternalId> {
    let differs = |total: &&AccountBalance| {
        let zero = Amount::zero(total.currency);
        let own = ours.0.get(&(total.account.clone(), total.currency)).copied().unwrap_or(zero);
        own != total.foreign
    };
    totals.iter().filter(differs).map(|total| total.account.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::references::{CurrencyRecord, References};
    use super::super::testing::{Scripted, client, rows};
    use super::*;

    #[tokio::test]
    async fn only_an_account_with_a_foreign_balance_is_walked_and_our_own_records_are_left_out() {
        let transport = Arc::new(Scripted::new([
            rows(r#"{"id":"5","recordtype":"invoice","trandate":"2026-03-01","currency":"1"}"#),
            rows(
                r#"{"transaction":"5","account":"20","debit":"100","credit":"0","foreignamount":"100"},
                {"transaction":"5","account":"30","debit":"0","credit":"100","foreignamount":"-100"}"#,
            ),
            rows(
                r#"{"account":"20","currency":"1","debit":"877","credit":"0","foreignamount":"877"},
                {"account":"30","currency":"1","debit":"0","credit":"100","foreignamount":"-100"}"#,
            ),
            rows(
                r#"{"id":"5","tranid":"INV5","type":"CustInvc","trandate":"2026-03-01","currency":"1",
                "debit":"100","credit":"0","foreignamount":"100"},
                {"id":"9","tranid":"JE9","type":"Journal","trandate":"2026-03-02","currency":"1",
                "memo":"by hand","debit":"777","credit":"0","foreignamount":"777"}"#,
            ),
        ]));
        let http = client(Arc::clone(&transport));
        let usd = CurrencyRecord { id: "1".into(), code: Currency::USD, places: 2, is_base: true };
        let references = References { currencies: vec![usd], ..References::default() };
        let reader =
            Reader { client: &http, references: &references, base_currency: Currency::USD };
        let ours = reader.posted(&["5".into()]).await.unwrap();
        let accounts = BTreeSet::from(["20".into(), "30".into()]);
        let entries = reader.posted_by_others(&accounts, &ours).await.unwrap();
        let [journal] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!(journal.number.as_deref(), Some("JE9"));
        assert_eq!(journal.amount.to_string(), "777.00 USD");
        assert_eq!(transport.requests().len(), 4, "the account 30 was walked for nothing");
    }
}
