//! The configuration file, field by field. A name that is not here is an error with its line.
//!
//! Secrets have a name here so that one that stands in the file is told apart from a typing error;
//! its value is never looked at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::accounting::policy::{Options, TaxCodes};
use crate::calendar::Zone;
use crate::config::bank::BankFile;
use crate::config::mapping::RuleFile;
use crate::config::masters::{CustomersFile, ExternalIds, ItemsFile};
use crate::config::night::{HeartbeatFile, HooksFile};
use crate::config::secret::SecretFields;
use crate::ids::{AccountId, InternalId};
use crate::money::Currency;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub ledger: Option<PathBuf>,
    pub stripe: Option<Stripe>,
    pub netsuite: NetSuite,
    pub accounts: Option<Accounts>,
    #[serde(default)]
    pub policy: Options,
    #[serde(default)]
    pub push: Push,
    #[serde(default)]
    pub suitetax: TaxCodes,
    #[serde(default)]
    pub customers: CustomersFile,
    #[serde(default)]
    pub items: ItemsFile,
    #[serde(default)]
    pub external_ids: ExternalIds,
    #[serde(default)]
    pub mapping: Vec<Spanned<RuleFile>>,
    #[serde(default)]
    pub bank: BankFile,
    #[serde(default)]
    pub heartbeat: HeartbeatFile,
    #[serde(default)]
    pub hooks: HooksFile,
    #[serde(default)]
    pub stripe_accounts: Vec<StripeAccount>,
}

/// How much one push may do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Push {
    pub max_changes: Option<usize>,
    pub max_amount: Option<String>,
}

/// One of several Stripe accounts. A section of its own takes the place of the shared one; mapping
/// rules are added to the shared ones.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StripeAccount {
    pub name: String,
    pub ledger: Option<PathBuf>,
    pub stripe: Stripe,
    #[serde(default)]
    pub netsuite: NetSuiteOfAccount,
    pub accounts: Option<Accounts>,
    pub policy: Option<Options>,
    pub customers: Option<CustomersFile>,
    pub items: Option<ItemsFile>,
    pub external_ids: Option<ExternalIds>,
    pub bank: Option<BankFile>,
    #[serde(default)]
    pub mapping: Vec<Spanned<RuleFile>>,
}

/// What of NetSuite is a Stripe account's own: its subsidiary, or another account altogether.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSuiteOfAccount {
    pub base_currency: Option<Currency>,
    pub subsidiary: Option<InternalId>,
    pub account: Option<String>,
    pub base_url: Option<String>,
    pub concurrency: Option<u16>,
    pub chart: Option<PathBuf>,
    pub oauth2: Option<OAuth2>,
    pub token: Option<Token>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stripe {
    pub account: AccountId,
    pub timezone: Zone,
    #[serde(default)]
    pub connected: bool,
    pub start_date: Option<NaiveDate>,
    pub base_url: Option<String>,
    pub api_version: Option<String>,
    pub api_key: Option<IgnoredAny>,
    pub limits: Option<StripeLimits>,
    pub api_key_env: Option<String>,
    pub api_key_file: Option<PathBuf>,
    pub api_key_command: Option<String>,
    #[serde(default)]
    pub write_back: bool,
    pub write_key: Option<IgnoredAny>,
    pub write_key_env: Option<String>,
    pub write_key_file: Option<PathBuf>,
    pub write_key_command: Option<String>,
}

/// How hard Stripe is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StripeLimits {
    Live,
    Test,
    /// Only sensible towards an embedded Stripe.
    None,
}

impl StripeLimits {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
            Self::None => "none",
        }
    }
}

impl Stripe {
    pub(super) fn write_key(&self) -> SecretFields {
        SecretFields {
            inline: self.write_key.is_some(),
            env: self.write_key_env.clone(),
            file: self.write_key_file.clone(),
            command: self.write_key_command.clone(),
        }
    }

    pub(super) fn key(&self) -> SecretFields {
        SecretFields {
            inline: self.api_key.is_some(),
            env: self.api_key_env.clone(),
            file: self.api_key_file.clone(),
            command: self.api_key_command.clone(),
        }
    }
}

/// Which NetSuite everything goes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The company's own.
    #[default]
    Account,
    /// The embedded one, set up like the company's own: nothing is ever sent to that.
    Rehearsal,
}

impl Target {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Rehearsal => "rehearsal",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NetSuite {
    pub account: String,
    pub base_url: Option<String>,
    pub base_currency: Option<Currency>,
    pub subsidiary: Option<InternalId>,
    pub concurrency: Option<u16>,
    pub grace_s: Option<u32>,
    #[serde(default)]
    pub target: Target,
    pub chart: Option<PathBuf>,
    pub rehearsal: Option<PathBuf>,
    pub oauth2: Option<OAuth2>,
    pub token: Option<Token>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth2 {
    pub client_id: String,
    pub certificate_id: String,
    pub certificate_expires: Option<NaiveDate>,
    pub private_key: Option<IgnoredAny>,
    pub private_key_env: Option<String>,
    pub private_key_file: Option<PathBuf>,
    pub private_key_command: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub consumer_key: String,
    pub consumer_secret: Option<IgnoredAny>,
    pub consumer_secret_env: Option<String>,
    pub consumer_secret_file: Option<PathBuf>,
    pub consumer_secret_command: Option<String>,
    pub token_id: String,
    pub token_secret: Option<IgnoredAny>,
    pub token_secret_env: Option<String>,
    pub token_secret_file: Option<PathBuf>,
    pub token_secret_command: Option<String>,
}

/// `NetSuite` account numbers, as the chart of accounts shows them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    pub receivable: String,
    pub undeposited_funds: String,
    pub revenue: String,
    pub shipping_income: Option<String>,
    pub tax_payable: Option<String>,
    pub customer_balance: Option<String>,
    pub discounts: Option<String>,
    pub bad_debt: Option<String>,
    pub out_of_band: Option<String>,
    pub refunds: Option<String>,
    pub disputes: Option<String>,
    pub disputed_funds: Option<String>,
    pub dispute_losses: Option<String>,
    pub dispute_reversals: Option<String>,
    pub processing_fees: String,
    pub stripe_fees: Option<String>,
    pub application_fees: Option<String>,
    pub dispute_fees: Option<String>,
    pub network_costs: Option<String>,
    pub conversion_fees: Option<String>,
    pub tax_on_fees: Option<String>,
    pub instant_payout_fees: Option<String>,
    pub withheld_tax: Option<String>,
    pub reserves: Option<String>,
    pub connect_reserves: Option<String>,
    pub connect_collections: Option<String>,
    pub transfers: Option<String>,
    pub platform_earnings: Option<String>,
    pub advances: Option<String>,
    pub financing: Option<String>,
    pub contributions: Option<String>,
    pub unallocated_funds: Option<String>,
    pub balance_payments: Option<String>,
    pub issuing: Option<String>,
    pub money_management: Option<String>,
    pub adjustments: Option<String>,
    pub suspense: Option<String>,
    pub opening: Option<String>,
    pub bank: BTreeMap<Currency, String>,
    #[serde(default)]
    pub stripe_balance: BTreeMap<Currency, String>,
    /// By type or reporting category of balance transactions.
    #[serde(default)]
    pub movements: BTreeMap<String, String>,
}
