//! A ledger with books as a nightly job leaves them, in a folder with a configuration: what commands
//! that only read it are tested on. Nobody answers at the addresses it names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use tieout::accounting::Policy;
use tieout::accounting::chart::Role;
use tieout::calendar::{FixedClock, PeriodState, PostingPeriod, UnixTime};
use tieout::commands::explain::explanation;
use tieout::config::{self, Overrides, Settings};
use tieout::explain::Explanation;
use tieout::ids::{ExternalId, InternalId};
use tieout::ledger::{Intent, Ledger, Outcome, RecordState};
use tieout::money::Currency;
use tieout::netsuite::references::{Account, CurrencyRecord, References};
use tieout::plan::{Inputs, Standing, build};
use tieout::report;

use super::{CURRENCIES, derive_all, policy};

/// When the ledger of a test is written; it is read twelve days later.
pub const WRITTEN: i64 = 1_800_000_000;
const READ: i64 = WRITTEN + 12 * 86_400;

/// What becomes of a record that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Verified,
    Posted,
    Rejected(&'static str),
    InDoubt,
    /// It is not sent.
    Unsent,
}

/// The ledger and the folder it is in.
pub struct Offline {
    folder: PathBuf,
    ledger: Ledger,
    policy: Policy,
}

impl Offline {
    /// Derives what `ledger` holds, under the policy of the tests' books.
    pub fn new(folder: &Path, ledger: Ledger) -> Self {
        Self::under("", folder, ledger)
    }

    /// Like [`Self::new`], with some options, as the configuration has them.
    pub fn under(options: &str, folder: &Path, ledger: Ledger) -> Self {
        let mut offline = Self { folder: folder.to_owned(), ledger, policy: policy() };
        let text = format!("{}\n[policy]\n{options}\n", config_text());
        std::fs::write(folder.join("tieout.toml"), text).expect("a configuration");
        offline.policy.options = offline.settings().options;
        let references = references(&offline.policy);
        let text = serde_json::to_string(&references).expect("JSON");
        offline.ledger.put_reference("netsuite", &text).expect("references are kept");
        derive_all(&mut offline.ledger, &offline.policy);
        offline
    }

    /// Sends what a plan has; each record meets its fate.
    pub fn send(&mut self, fate: impl Fn(&ExternalId) -> Fate) {
        let run = self.ledger.start_run("push", "{}").expect("a run");
        let references = references(&self.policy);
        let rows = self.ledger.records().expect("records");
        let standings = rows
            .into_iter()
            .map(|row| Standing {
                external_id: row.external_id,
                desired: row.desired,
                posted: row.posted.zip(row.internal_id),
                in_doubt: false,
                conflict: None,
            })
            .collect();
        let inputs = Inputs {
            exceptions: &[],
            held_before: &[],
            chart: &self.policy.chart,
            periods: &references.periods,
            closed_period: self.policy.options.closed_period,
            base_currency: self.policy.books.base_currency,
            places: &self.policy.books,
            known: &|_| false,
            updates_customers: false,
        };
        let built = build(standings, &inputs);
        for (place, change) in built.changes.iter().enumerate() {
            let id = &change.external_id;
            let fate = fate(id);
            if fate == Fate::Unsent {
                continue;
            }
            let intent = Intent {
                run,
                external_id: id,
                kind: change.kind,
                action: "create",
                method: "POST",
                path: &change.request.path,
                request_digest: "",
                intended: &change.record.body,
            };
            let attempts = self.ledger.begin_attempts(&[intent]).expect("an intent");
            let key = InternalId::new((place + 101).to_string());
            let outcome = match fate {
                Fate::Rejected(message) => Outcome::Rejected { message },
                Fate::InDoubt => Outcome::InDoubt { message: "no answer" },
                _ => Outcome::Posted { internal_id: &key },
            };
            self.ledger.finish_attempt(attempts[0], outcome).expect("an outcome");
            if fate == Fate::Verified && change.kind.is_transaction() {
                let read_back = [(id.clone(), RecordState::Verified)];
                self.ledger.set_states(&read_back).expect("a state");
            }
        }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub fn explain(&self, id: &str) -> anyhow::Result<Explanation> {
        explanation(self.settings(), Arc::new(FixedClock(UnixTime(READ))), id)
    }

    /// What a person reads, in `columns`.
    pub fn text(&self, id: &str, columns: u16) -> String {
        match self.explain(id) {
            Ok(told) => report::explain::text(&told, columns),
            Err(error) => tieout::commands::exit::message(&error) + "\n",
        }
    }

    fn settings(&self) -> Settings {
        let path = self.folder.join("tieout.toml");
        config::load(&path, &Overrides::default()).expect("settings")
    }
}

/// The accounts of the books: number and name of each key that the tests' chart uses.
const ACCOUNTS: [(&str, &str, &str); 16] = [
    ("AR", "1100", "Accounts Receivable"),
    ("UF", "1200", "Undeposited Funds"),
    ("REV", "4000", "Subscription Revenue"),
    ("SHIP", "4100", "Shipping Income"),
    ("TAXPAY", "2200", "Sales Tax Payable"),
    ("CBAL", "2300", "Customer Balances"),
    ("DISC", "4900", "Discounts Given"),
    ("BADDEBT", "6100", "Bad Debt"),
    ("FEE", "6000", "Payment Processing Fees"),
    ("STRFEE", "6010", "Stripe Product Fees"),
    ("APPFEE", "6020", "Application Fees"),
    ("DISPFEE", "6030", "Dispute Fees"),
    ("NETFEE", "6040", "Network Costs"),
    ("FXFEE", "6050", "Conversion Fees"),
    ("FEETAX", "6060", "Tax on Fees"),
    ("RESERVE", "1260", "Stripe Reserves"),
];

/// The number of an account: listed, or counted for those of each currency.
fn number(role: Role, id: &InternalId) -> String {
    let place = |currency: Currency| {
        let known = CURRENCIES.iter().position(|code| *code == currency.code());
        known.expect("a currency of the tests")
    };
    let known = ACCOUNTS.iter().find(|(key, ..)| *key == id.as_str());
    match (known, role) {
        (Some((_, number, _)), _) => (*number).to_owned(),
        (None, Role::Bank(currency)) => (1000 + 10 * place(currency)).to_string(),
        (None, Role::StripeBalance(currency)) => (1080 + place(currency)).to_string(),
        (None, _) => id.to_string(),
    }
}

/// By number and name.
fn references(policy: &Policy) -> References {
    let accounts = policy.chart.iter().map(|(role, id)| {
        let known = ACCOUNTS.iter().find(|(key, ..)| *key == id.as_str());
        let name = match (known, role) {
            (Some((.., name)), _) => (*name).to_owned(),
            (None, Role::Bank(currency)) => format!("Checking {currency}"),
            (None, _) => role.to_string(),
        };
        let number = number(role, id);
        Account {
            id: id.clone(),
            number: Some(number),
            name,
            account_type: "Bank".into(),
            special: None,
            currency: None,
            is_inactive: false,
        }
    });
    let currencies = policy.books.currencies.iter().map(|(code, known)| CurrencyRecord {
        id: known.id.clone(),
        code: *code,
        places: known.places,
        is_base: *code == Currency::USD,
    });
    let months = (2024..2029).flat_map(|year| (1..13).map(move |month| (year, month)));
    let periods = months.map(|(year, month)| {
        let first_day = NaiveDate::from_ymd_opt(year, month, 1).expect("a month");
        let next = first_day.checked_add_months(chrono::Months::new(1)).expect("a month");
        PostingPeriod {
            id: InternalId::new(format!("{year}-{:02}", first_day.month())),
            name: first_day.format("%b %Y").to_string(),
            first_day,
            last_day: next.pred_opt().expect("a day"),
            state: PeriodState::Open,
        }
    });
    References {
        accounts: accounts.collect(),
        currencies: currencies.collect(),
        periods: periods.collect(),
        ..References::default()
    }
}

/// The same accounts by the settings that name them. Port 9 discards what it is sent.
fn config_text() -> String {
    let mut text = String::from(
        r#"ledger = "tieout.db"

[stripe]
account = "acct_demo"
timezone = "America/New_York"
base_url = "http://127.0.0.1:9"

[netsuite]
account = "TSTDRV_DEMO"
base_url = "http://127.0.0.1:9"

[netsuite.oauth2]
client_id = "nobody"
certificate_id = "nothing"
private_key_file = "missing.pem"

[accounts]
"#,
    );
    let mut tables = [("bank", String::new()), ("stripe_balance", String::new())];
    for (role, id) in policy().chart.iter() {
        let number = number(role, id);
        let setting = role.setting();
        let name = setting.strip_prefix("accounts.").expect("an account");
        match name.split_once('.') {
            None => text += &format!("{name} = \"{number}\"\n"),
            Some((table, key)) => {
                let found = tables.iter_mut().find(|(known, _)| *known == table);
                found.expect("a table").1 += &format!("{key} = \"{number}\"\n");
            }
        }
    }
    for (table, rows) in tables {
        text += &format!("\n[accounts.{table}]\n{rows}");
    }
    assert!(CURRENCIES.iter().all(|code| text.contains(&format!("{code} = "))));
    text
}
