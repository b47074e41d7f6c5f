//! The account as its administrator set it up: currencies, accounts, periods and credentials.

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::chart_lists::{EntrySetup, ListName, ListSetup};
use crate::calendar::PeriodState;

/// Everything that exists before the first request.
#[derive(Clone, Serialize, Deserialize)]
pub struct Setup {
    /// As NetSuite shows it, upper case: `TSTDRV_DEMO`.
    pub account_id: String,
    /// The id of one of `currencies`.
    pub base_currency: i64,
    pub currencies: Vec<CurrencySetup>,
    pub subsidiaries: Vec<SubsidiarySetup>,
    pub accounts: Vec<AccountSetup>,
    pub periods: Vec<PeriodSetup>,
    /// None of them: the account has no `SuiteTax`.
    #[serde(default)]
    pub tax_codes: Vec<TaxCodeSetup>,
    /// Departments, classes and locations, as far as they are known: of a list that is not here any id is
    /// taken.
    #[serde(default)]
    pub lists: Vec<ListSetup>,
    /// Customers and items that somebody had made before.
    #[serde(default)]
    pub records: Vec<RecordSetup>,
    /// How many requests may be in flight at once.
    pub concurrency: usize,
    pub clients: Vec<ClientSetup>,
    pub tokens: Vec<TokenSetup>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CurrencySetup {
    pub id: i64,
    /// ISO 4217.
    pub code: String,
    /// Decimals kept: 0 or 2.
    pub precision: u32,
    /// Units of base currency for one unit, as a decimal.
    pub rate: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubsidiarySetup {
    pub id: i64,
    pub name: String,
    /// The id of its currency; the books' base currency unless it says otherwise.
    #[serde(default)]
    pub currency: Option<i64>,
}

/// A customer or an item, under the internal id that it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSetup {
    pub id: i64,
    pub kind: RecordKind,
    pub name: String,
    pub external_id: Option<String>,
    /// The id of the account that an item posts to.
    pub account: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Customer,
    Item,
    DiscountItem,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountSetup {
    pub id: i64,
    /// Empty where the account has none.
    pub number: String,
    pub name: String,
    /// NetSuite's `acctType`, such as `Bank` or `AcctRec`.
    #[serde(rename = "type")]
    pub kind: String,
    /// NetSuite's `sSpecAcct`, such as `UndepFunds`, where the account has a part to play.
    pub special: Option<String>,
    /// The id of the only currency it holds, for bank accounts.
    pub currency: Option<i64>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PeriodSetup {
    pub id: i64,
    pub name: String,
    pub first_day: NaiveDate,
    pub last_day: NaiveDate,
    #[serde(default = "open")]
    pub state: PeriodState,
}

const fn open() -> PeriodState {
    PeriodState::Open
}

/// A tax code, and the liability account that its tax posts to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaxCodeSetup {
    pub id: i64,
    pub name: String,
    pub tax_type: i64,
    /// The id of one of `accounts`.
    pub account: i64,
}

/// An integration with the OAuth 2.0 client-credentials grant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientSetup {
    pub client_id: String,
    /// The `kid` of its assertions.
    pub certificate_id: String,
    pub algorithm: Algorithm,
    /// Base64 of the public key: the uncompressed point for `ES256`, the DER of PKCS #1's
    /// `RSAPublicKey` for `PS256`.
    pub public_key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "PS256")]
    Ps256,
}

/// A token-based (OAuth 1.0a) credential. Not `Debug`: it holds secrets.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenSetup {
    pub consumer_key: String,
    pub consumer_secret: String,
    pub token_id: String,
    pub token_secret: String,
}

/// Number, name, type, special part, currency. Internal ids count from 101 in this order, so that
/// an account number taken for an id points at nothing.
type AccountRow = (&'static str, &'static str, &'static str, Option<&'static str>, Option<i64>);

const DEMO_ACCOUNTS: [AccountRow; 38] = [
    ("1000", "Checking USD", "Bank", None, Some(1)),
    ("1010", "Checking EUR", "Bank", None, Some(2)),
    ("1020", "Checking GBP", "Bank", None, Some(3)),
    ("1030", "Checking JPY", "Bank", None, Some(4)),
    ("1040", "Checking CAD", "Bank", None, Some(5)),
    ("1050", "Stripe Balance USD", "Bank", None, Some(1)),
    ("1051", "Stripe Balance EUR", "Bank", None, Some(2)),
    ("1052", "Stripe Balance GBP", "Bank", None, Some(3)),
    ("1053", "Stripe Balance JPY", "Bank", None, Some(4)),
    ("1054", "Stripe Balance CAD", "Bank", None, Some(5)),
    ("1100", "Accounts Receivable", "AcctRec", Some("AcctRec"), None),
    ("1200", "Undeposited Funds", "OthCurrAsset", Some("UndepFunds"), None),
    ("1250", "Disputed Funds", "OthCurrAsset", None, None),
    ("1260", "Stripe Reserves", "OthCurrAsset", None, None),
    ("1990", "Suspense", "OthCurrAsset", None, None),
    ("2200", "Sales Tax Payable", "OthCurrLiab", Some("SalesTaxPay"), None),
    ("2300", "Customer Credits", "OthCurrLiab", None, None),
    ("3900", "Opening Balances", "Equity", None, None),
    ("4000", "Subscription Revenue", "Income", None, None),
    ("4100", "Shipping Income", "Income", None, None),
    ("4200", "Other Income", "Income", None, None),
    ("4900", "Discounts Given", "Income", None, None),
    ("6000", "Payment Processing Fees", "Expense", None, None),
    ("6010", "Stripe Product Fees", "Expense", None, None),
    ("6020", "Application Fees", "Expense", None, None),
    ("6030", "Dispute Fees", "Expense", None, None),
    ("6040", "Network Costs", "Expense", None, None),
    ("6050", "Currency Conversion Fees", "Expense", None, None),
    ("6060", "Tax on Stripe Fees", "Expense", None, None),
    ("6100", "Bad Debt", "Expense", None, None),
    ("7000", "Realized Gain/Loss", "OthIncome", Some("RealizedERV"), None),
    ("7010", "Matching Gain/Loss", "OthExpense", Some("MatchingUnrERV"), None),
    ("7020", "Rounding Gain/Loss", "OthExpense", Some("RndERV"), None),
    ("3950", "Retained Earnings", "Equity", Some("RetEarnings"), None),
    ("1045", "Checking CHF", "Bank", None, Some(6)),
    ("1055", "Stripe Balance CHF", "Bank", None, Some(6)),
    ("1270", "Received outside Stripe", "OthCurrAsset", None, None),
    ("6110", "Dispute Losses", "Expense", None, None),
];

/// The demo's base periods: January 2024 to December 2027.
const DEMO_PERIODS: u32 = 48;

impl Setup {
    /// The demo company's account: one subsidiary, US dollars, seven currencies, every period open.
    /// It has no credentials; [`Setup::with_client`] and [`Setup::with_token`] add them.
    pub fn demo() -> Self {
        let currency = |id, code: &str, precision, rate: &str| CurrencySetup {
            id,
            code: code.into(),
            precision,
            rate: rate.into(),
        };
        let accounts: Vec<AccountSetup> = DEMO_ACCOUNTS
            .iter()
            .zip(101..)
            .map(|(row, id)| AccountSetup {
                id,
                number: row.0.into(),
                name: row.1.into(),
                kind: row.2.into(),
                special: row.3.map(str::to_owned),
                currency: row.4,
            })
            .collect();
        let payable = accounts.iter().find(|account| account.number == "2200");
        let tax_codes = payable.map(|payable| TaxCodeSetup {
            id: 11,
            name: "Tax worked out by Stripe".into(),
            tax_type: 1,
            account: payable.id,
        });
        Self {
            account_id: "TSTDRV_DEMO".into(),
            base_currency: 1,
            currencies: vec![
                currency(1, "USD", 2, "1"),
                currency(2, "EUR", 2, "1.10"),
                currency(3, "GBP", 2, "1.27"),
                currency(4, "JPY", 0, "0.0067"),
                currency(5, "CAD", 2, "0.73"),
                currency(6, "CHF", 2, "1.13"),
                currency(7, "KWD", 2, "3.25"),
            ],
            subsidiaries: vec![SubsidiarySetup {
                id: 1,
                name: "Demo Company".into(),
                currency: None,
            }],
            accounts,
            periods: months(demo_start(), DEMO_PERIODS),
            tax_codes: tax_codes.into_iter().collect(),
            lists: demo_lists(),
            records: Vec::new(),
            concurrency: 5,
            clients: Vec::new(),
            tokens: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_client(mut self, client: ClientSetup) -> Self {
        self.clients.push(client);
        self
    }

    #[must_use]
    pub fn with_token(mut self, token: TokenSetup) -> Self {
        self.tokens.push(token);
        self
    }

    /// The internal id of the account with this number.
    pub fn account(&self, number: &str) -> Option<i64> {
        self.accounts.iter().find(|account| account.number == number).map(|account| account.id)
    }

    /// The internal id of the period that holds `date`.
    pub fn period(&self, date: NaiveDate) -> Option<i64> {
        let holds = |period: &&PeriodSetup| period.first_day <= date && date <= period.last_day;
        self.periods.iter().find(holds).map(|period| period.id)
    }
}

fn demo_lists() -> Vec<ListSetup> {
    let list = |list: ListName, names: &[&str]| ListSetup {
        list,
        entries: (1..)
            .zip(names)
            .map(|(id, name)| EntrySetup { id, name: (*name).into() })
            .collect(),
    };
    vec![
        list(ListName::Department, &["Sales", "Marketing", "Support", "Operations", "Finance"]),
        list(ListName::Class, &["Subscriptions", "Services"]),
        list(ListName::Location, &["Headquarters"]),
    ]
}

fn demo_start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date of the calendar")
}

/// `count` open base periods, a month each, the first of which begins on `start`.
pub(super) fn months(start: NaiveDate, count: u32) -> Vec<PeriodSetup> {
    let month = |index: u32| {
        let first_day = start + Months::new(index);
        let after = start + Months::new(index + 1);
        PeriodSetup {
            id: 301 + i64::from(index),
            name: format!("{} {}", first_day.format("%b"), first_day.year()),
            first_day,
            last_day: after.pred_opt().expect("far from the calendar's end"),
            state: PeriodState::Open,
        }
    };
    (0..count).map(month).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_every_month_once_and_no_account_number_for_an_id() {
        let demo = Setup::demo();
        let last = demo.periods.last().unwrap();
        assert_eq!(
            (last.name.as_str(), last.last_day.to_string().as_str()),
            ("Dec 2027", "2027-12-31")
        );
        assert_eq!(demo.period("2024-02-29".parse().unwrap()), Some(302));
        assert_eq!(demo.account("1000"), Some(101));
        assert!(demo.accounts.iter().all(|a| a.id.to_string() != a.number));
    }
}
