//! A company's own chart of accounts, from which an embedded NetSuite is set up like the company's.
//!
//! Belongs here: the file's shape, and what is assumed where it says nothing: each assumption is a
//! sentence for whoever reads the books. Does not belong here: where a chart comes from; CSV is
//! `chart_csv`.

use std::collections::BTreeSet;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::chart_csv;
use super::chart_lists::{self, ListName, ListSetup};
use super::setup::{
    AccountSetup, CurrencySetup, PeriodSetup, RecordSetup, Setup, SubsidiarySetup, TaxCodeSetup,
    months,
};
use crate::money::Currency;

/// The version of the file.
const SCHEMA_VERSION: u32 = 1;

/// Accounts, currencies, subsidiaries and periods of a NetSuite account, under their own internal ids.
/// A list that is empty is not known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    pub schema_version: u32,
    /// Whose it is; empty where the file does not say.
    #[serde(default)]
    pub netsuite_account: String,
    #[serde(default)]
    pub base_currency: Option<Currency>,
    #[serde(default)]
    pub currencies: Vec<CurrencySetup>,
    /// None unless the account is OneWorld.
    #[serde(default)]
    pub subsidiaries: Vec<SubsidiarySetup>,
    pub accounts: Vec<ChartAccount>,
    #[serde(default)]
    pub periods: Vec<PeriodSetup>,
    /// Departments, classes, locations and tax codes. A list that is here is known, also when nothing is
    /// on it.
    #[serde(default)]
    pub lists: Vec<ListSetup>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChartAccount {
    pub id: i64,
    /// Empty where the account has none.
    #[serde(default)]
    pub number: String,
    pub name: String,
    /// NetSuite's `acctType`, such as `Bank` or `AcctRec`.
    #[serde(rename = "type")]
    pub kind: String,
    /// NetSuite's `sSpecAcct`, such as `UndepFunds`, where the account has a part to play.
    #[serde(default)]
    pub special: Option<String>,
    /// The only one that it holds: of a bank account.
    #[serde(default)]
    pub currency: Option<Currency>,
}

/// Why a chart cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    #[error("it is no chart of accounts: {0}\nhint: `tieout rehearse chart` writes one")]
    Json(#[from] serde_json::Error),
    #[error("it is of version {0}, and this program reads version {SCHEMA_VERSION}")]
    Version(u32),
    #[error("line {line}: {message}")]
    Csv { line: u64, message: String },
    #[error("{0}")]
    Missing(String),
}

/// What the configuration asks of the books.
#[derive(Debug, Clone)]
pub struct Needs {
    /// The name of the embedded account.
    pub account_id: String,
    /// The internal id of the subsidiary that owns the Stripe account.
    pub subsidiary: Option<i64>,
    pub base_currency: Option<Currency>,
    /// Every currency that an account is named for.
    pub currencies: BTreeSet<Currency>,
    /// The number of the receivables account.
    pub receivable: Option<String>,
    /// The number of the account for undeposited funds.
    pub undeposited: Option<String>,
    /// The number of the account for tax collected.
    pub tax_payable: Option<String>,
    /// The internal ids of tax codes, each with its type's.
    pub tax_codes: Vec<(i64, i64)>,
    /// The lists to which the mapping refers.
    pub lists: BTreeSet<ListName>,
    /// The first day on which anything may be posted, and today.
    pub days: (NaiveDate, NaiveDate),
    /// Customers and items that the books are known to have.
    pub records: Vec<RecordSetup>,
}

/// The accounts that NetSuite itself posts to: its word, the type, and a name for one that is made here.
const OWN_PARTS: [(&str, &str, &str); 3] = [
    ("RealizedERV", "OthIncome", "Realized Gain/Loss (of the rehearsal)"),
    ("MatchingUnrERV", "OthExpense", "Unrealized Matching Gain/Loss (of the rehearsal)"),
    ("RndERV", "OthExpense", "Rounding Gain/Loss (of the rehearsal)"),
];

/// Requests at once: as many as one process on this machine has use for.
const CONCURRENCY: usize = 10;

impl Chart {
    pub fn new(netsuite_account: String, accounts: Vec<ChartAccount>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            netsuite_account,
            base_currency: None,
            currencies: Vec::new(),
            subsidiaries: Vec::new(),
            accounts,
            periods: Vec::new(),
            lists: Vec::new(),
        }
    }

    /// Reads a chart's file: JSON, or the CSV of an accounts list.
    pub fn read(text: &str) -> Result<Self, ChartError> {
        if !text.trim_start().starts_with('{') {
            return chart_csv::read(text);
        }
        let chart: Self = serde_json::from_str(text)?;
        if chart.schema_version != SCHEMA_VERSION {
            return Err(ChartError::Version(chart.schema_version));
        }
        Ok(chart)
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a chart always serializes");
        text.push('\n');
        text
    }

    /// The books to open, and what was assumed of them. They have no credentials yet.
    pub fn setup(&self, needs: &Needs) -> Result<(Setup, Vec<String>), ChartError> {
        let mut assumed = Vec::new();
        let subsidiary = self.subsidiary(needs)?;
        let (currencies, base_currency) = self.currencies(needs, &subsidiary, &mut assumed)?;
        let mut accounts = self.accounts(&currencies)?;
        play_parts(&mut accounts, needs, &mut assumed)?;
        let periods = self.periods(needs, &mut assumed);
        let tax_codes = tax_codes(&accounts, &self.lists, needs, &mut assumed)?;
        chart_lists::assume(&self.lists, &needs.lists, &mut assumed);
        let setup = Setup {
            account_id: needs.account_id.clone(),
            base_currency,
            currencies,
            subsidiaries: vec![subsidiary],
            accounts,
            periods,
            tax_codes,
            lists: self.lists.clone(),
            records: needs.records.clone(),
            concurrency: CONCURRENCY,
            clients: Vec::new(),
            tokens: Vec::new(),
        };
        Ok((setup, assumed))
    }

    /// The one whose books these are.
    fn subsidiary(&self, needs: &Needs) -> Result<SubsidiarySetup, ChartError> {
        let named = |id: i64| self.subsidiaries.iter().find(|own| own.id == id).cloned();
        match needs.subsidiary {
            Some(id) if self.subsidiaries.is_empty() => {
                Ok(SubsidiarySetup { id, name: format!("Subsidiary {id}"), currency: None })
            }
            Some(id) => named(id).ok_or_else(|| {
                ChartError::Missing(format!(
                    "the chart has no subsidiary {id}, which netsuite.subsidiary names"
                ))
            }),
            None => Ok(self.subsidiaries.first().cloned().unwrap_or(SubsidiarySetup {
                id: 1,
                name: "Company".into(),
                currency: None,
            })),
        }
    }

    fn currencies(
        &self,
        needs: &Needs,
        subsidiary: &SubsidiarySetup,
        assumed: &mut Vec<String>,
    ) -> Result<(Vec<CurrencySetup>, i64), ChartError> {
        if !self.currencies.is_empty() {
            let of_code = |code: Currency| {
                self.currencies.iter().find(|own| own.code == code.code()).map(|own| own.id)
            };
            let base = match needs.base_currency {
                Some(code) => of_code(code),
                None => subsidiary.currency.or_else(|| self.base_currency.and_then(of_code)),
            };
            let base = base.ok_or_else(|| {
                ChartError::Missing(
                    "the chart does not say what the base currency is\nhint: set netsuite.base_currency".into(),
                )
            })?;
            return Ok((self.at_rates_of(base), base));
        }
        let base = needs.base_currency.unwrap_or_else(|| {
            let usd = needs.currencies.contains(&Currency::USD);
            let first = needs.currencies.first().copied().filter(|_| !usd);
            let base = first.unwrap_or(Currency::USD);
            assumed.push(format!(
                "The books are kept in {base}. Set netsuite.base_currency if they are not."
            ));
            base
        });
        let held = self.accounts.iter().filter_map(|own| own.currency);
        let others: BTreeSet<Currency> = needs.currencies.iter().copied().chain(held).collect();
        let others: Vec<Currency> = others.into_iter().filter(|code| *code != base).collect();
        if !others.is_empty() {
            let codes: Vec<&str> = others.iter().map(Currency::code).collect();
            assumed.push(format!(
                "One unit of {} is one {base}: amounts in {base} of records in other currencies are \
                 not those of NetSuite.",
                codes.join(", ")
            ));
        }
        let currencies = [base].into_iter().chain(others).zip(1..);
        let currencies = currencies.map(|(code, id)| CurrencySetup {
            id,
            code: code.code().into(),
            precision: u32::from(code.netsuite_places()),
            rate: "1".into(),
        });
        Ok((currencies.collect(), 1))
    }

    /// The currencies with that of the books at 1. NetSuite's rates are towards the currency of the whole
    /// account, so those of another subsidiary cannot be told from them exactly.
    fn at_rates_of(&self, base: i64) -> Vec<CurrencySetup> {
        let at_base = |own: &CurrencySetup| {
            let rate = if own.id == base { "1".into() } else { own.rate.clone() };
            CurrencySetup { rate, ..own.clone() }
        };
        self.currencies.iter().map(at_base).collect()
    }

    fn accounts(&self, currencies: &[CurrencySetup]) -> Result<Vec<AccountSetup>, ChartError> {
        let set_up = |own: &ChartAccount| {
            let id_of = |code: Currency| {
                let known = currencies.iter().find(|known| known.code == code.code());
                known.map(|known| known.id).ok_or_else(|| {
                    ChartError::Missing(format!(
                        "the account {} {} is in {code}, which is not among the chart's currencies",
                        own.number, own.name
                    ))
                })
            };
            Ok(AccountSetup {
                id: own.id,
                number: own.number.clone(),
                name: own.name.clone(),
                kind: own.kind.clone(),
                special: own.special.clone(),
                currency: own.currency.map(id_of).transpose()?,
            })
        };
        self.accounts.iter().map(set_up).collect()
    }

    fn periods(&self, needs: &Needs, assumed: &mut Vec<String>) -> Vec<PeriodSetup> {
        if !self.periods.is_empty() {
            return self.periods.clone();
        }
        let (first, today) = needs.days;
        let start = first.with_day(1).expect("every month has a first day");
        let end = today + Months::new(12);
        let count = (end.year() - start.year()) * 12 + end.month0().cast_signed()
            - start.month0().cast_signed();
        let count = u32::try_from(count + 1).unwrap_or(1);
        assumed.push(format!(
            "Each month from {} on is an open posting period.",
            start.format("%B %Y")
        ));
        months(start, count)
    }
}

/// Gives the accounts that NetSuite finds by their part these parts, and makes those that are missing.
fn play_parts(
    accounts: &mut Vec<AccountSetup>,
    needs: &Needs,
    assumed: &mut Vec<String>,
) -> Result<(), ChartError> {
    let named = [
        ("AcctRec", &needs.receivable, "accounts.receivable"),
        ("UndepFunds", &needs.undeposited, "accounts.undeposited_funds"),
    ];
    for (part, number, setting) in named {
        if accounts.iter().any(|own| own.special.as_deref() == Some(part)) {
            continue;
        }
        let own = accounts.iter_mut().find(|own| Some(&own.number) == number.as_ref());
        let own = own.ok_or_else(|| {
            let shown = number.as_deref().unwrap_or("(none)");
            ChartError::Missing(format!(
                "the chart has no account {shown}, which {setting} names\nhint: correct the number, or add the account to the chart"
            ))
        })?;
        own.special = Some(part.into());
    }
    let mut made = Vec::new();
    for (part, kind, name) in OWN_PARTS {
        if accounts.iter().any(|own| own.special.as_deref() == Some(part)) {
            continue;
        }
        let id = accounts.iter().map(|own| own.id).max().unwrap_or(0) + 1;
        accounts.push(AccountSetup {
            id,
            number: String::new(),
            name: name.into(),
            kind: kind.into(),
            special: Some(part.into()),
            currency: None,
        });
        made.push(name.trim_end_matches(" (of the rehearsal)"));
    }
    if !made.is_empty() {
        assumed.push(format!(
            "NetSuite's own accounts for exchange differences are made here: {}.",
            made.join(", ")
        ));
    }
    Ok(())
}

fn tax_codes(
    accounts: &[AccountSetup],
    lists: &[ListSetup],
    needs: &Needs,
    assumed: &mut Vec<String>,
) -> Result<Vec<TaxCodeSetup>, ChartError> {
    if needs.tax_codes.is_empty() {
        return Ok(Vec::new());
    }
    let payable = needs.tax_payable.as_deref();
    let account = accounts.iter().find(|own| Some(own.number.as_str()) == payable);
    let account = account.ok_or_else(|| {
        let text = "tax codes are set, and the chart has no account for accounts.tax_payable";
        ChartError::Missing(text.into())
    })?;
    assumed
        .push(format!("The tax codes of [suitetax] post to {} {}.", account.number, account.name));
    let code = |&(id, tax_type): &(i64, i64)| {
        let name = chart_lists::tax_code_name(lists, id)?;
        Ok(TaxCodeSetup { id, name, tax_type, account: account.id })
    };
    needs.tax_codes.iter().map(code).collect()
}

#[cfg(test)]
mod tests {
    use super::super::chart_lists::EntrySetup;
    use super::super::{Kind, NetSuite};
    use super::*;

    fn needs() -> Needs {
        let day = |text: &str| text.parse().unwrap();
        Needs {
            account_id: "REHEARSAL_1".into(),
            subsidiary: None,
            base_currency: None,
            currencies: [Currency::USD, "EUR".parse().unwrap()].into(),
            receivable: Some("1100".into()),
            undeposited: Some("1200".into()),
            tax_payable: None,
            tax_codes: Vec::new(),
            lists: BTreeSet::new(),
            days: (day("2026-01-15"), day("2026-03-31")),
            records: Vec::new(),
        }
    }

    const CSV: &str = "Number,Name,Type,Currency\n1000,Checking,Bank,EUR\n\
        1100,Receivables,Accounts Receivable,\n1200,Undeposited,Other Current Asset,\n";

    /// An accountant would read books on assumptions that nobody told.
    #[test]
    fn what_a_csv_lacks_is_assumed_and_said() {
        let chart = Chart::read(CSV).unwrap();
        let (setup, assumed) = chart.setup(&needs()).unwrap();
        NetSuite::open(None, &setup).unwrap();
        for words in
            ["kept in USD", "One unit of EUR is one USD", "January 2026", "exchange differences"]
        {
            assert!(assumed.iter().any(|told| told.contains(words)), "{words}: {assumed:?}");
        }
        assert_eq!(setup.periods.first().unwrap().first_day.to_string(), "2026-01-01");
        assert_eq!(setup.periods.last().unwrap().last_day.to_string(), "2027-03-31");
        let special = |number: &str| {
            let own = setup.accounts.iter().find(|own| own.number == number).unwrap();
            own.special.clone()
        };
        assert_eq!(special("1200").as_deref(), Some("UndepFunds"));
        assert_eq!(special("1000"), None);
    }

    /// A rehearsal in other books than the configured ones proves nothing about these.
    #[test]
    fn an_account_that_the_chart_does_not_have_is_named_with_its_setting() {
        let chart = Chart::read(&CSV.replace("1200", "1201")).unwrap();
        let message = chart.setup(&needs()).err().unwrap().to_string();
        assert!(message.contains("no account 1200, which accounts.undeposited_funds"), "{message}");
    }

    /// A mapping that names a department of another company's would be found by NetSuite, one record after
    /// the other, after it was rehearsed.
    #[test]
    fn an_id_that_the_company_does_not_have_is_refused_and_one_that_it_has_is_taken() {
        let mut chart = Chart::read(CSV).unwrap();
        let entry = |id, name: &str| EntrySetup { id, name: name.into() };
        let list = |list, entries: &[EntrySetup]| ListSetup { list, entries: entries.to_vec() };
        chart.lists = vec![
            list(ListName::Department, &[entry(4, "Operations")]),
            list(ListName::Class, &[]),
            list(ListName::TaxCode, &[entry(11, "VAT")]),
        ];
        let chart = Chart::read(&chart.to_text()).unwrap();
        let lists = BTreeSet::from([ListName::Department, ListName::Location]);
        let needs = Needs { lists, tax_codes: vec![(11, 1)], ..needs() };
        let needs = Needs { tax_payable: Some("1100".into()), ..needs };
        let (setup, assumed) = chart.setup(&needs).unwrap();
        assert!(assumed.iter().any(|told| told.contains("no locations:")), "{assumed:?}");
        assert_eq!(setup.tax_codes[0].name, "VAT");
        let netsuite = NetSuite::open(None, &setup).unwrap();
        let sold = |field: &str, id: &str| {
            let item = format!(
                r#"{{"itemId":"{field} {id}","incomeAccount":{{"id":"{}"}},"{field}":{{"id":"{id}"}}}}"#,
                setup.accounts[0].id
            );
            netsuite.create(Kind::ServiceSaleItem, &item).map_err(|refusal| refusal.detail)
        };
        assert!(sold("department", "4").is_ok() && sold("location", "77").is_ok());
        let refused = sold("department", "5").unwrap_err();
        assert!(
            refused.contains("Invalid Field Value 5") && refused.contains("department"),
            "{refused}"
        );
        assert!(sold("class", "1").is_err(), "nothing is on the list");
        let other = Needs { tax_codes: vec![(12, 1)], ..needs };
        let message = chart.setup(&other).err().unwrap().to_string();
        assert!(message.contains("no tax code 12, which [suitetax] names"), "{message}");
    }

    #[test]
    fn a_chart_survives_its_file_and_its_customers_are_found() {
        let mut chart = Chart::read(CSV).unwrap();
        chart.netsuite_account = "1234567".into();
        let again = Chart::read(&chart.to_text()).unwrap();
        assert_eq!(again.accounts.len(), 3);
        let records = vec![RecordSetup {
            id: 9_000,
            kind: super::super::RecordKind::Customer,
            name: "Acme".into(),
            external_id: Some("crm-1".into()),
            account: None,
        }];
        let (setup, _) = again.setup(&Needs { records, ..needs() }).unwrap();
        let netsuite = NetSuite::open(None, &setup).unwrap();
        assert_eq!(netsuite.find(Kind::Customer, "CRM-1").unwrap(), Some(9_000));
        let next = netsuite.create(Kind::Customer, r#"{"companyName":"New"}"#).unwrap();
        assert_eq!(next, 9_001, "a new record never takes the id of one that was there");
    }
}
