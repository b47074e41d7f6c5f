//! Settings: what the file, the environment and the flags mean together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;

use crate::accounting::chart::Role;
use crate::accounting::mapping::Mapping;
use crate::accounting::masters::Masters;
use crate::accounting::policy::{Options, TaxCodes};
use crate::calendar::Zone;
use crate::config::ConfigError;
use crate::config::bank::BankSettings;
use crate::config::file::{Accounts, File, StripeLimits, Target};
use crate::config::mapping::RuleFile;
use crate::config::night::NightFile;
use crate::config::resolver::{LEDGER, Resolver};
use crate::config::secret::SecretSource;
use crate::ids::{AccountId, InternalId};
use crate::money::Currency;

/// Everything that was configured, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub path: PathBuf,
    /// Which of the file's Stripe accounts, where it has several.
    pub name: Option<String>,
    pub ledger: PathBuf,
    pub stripe: StripeSettings,
    pub netsuite: NetSuiteSettings,
    /// `NetSuite` account numbers by role.
    pub accounts: BTreeMap<Role, String>,
    /// `NetSuite` account numbers by type or category of balance transactions.
    pub movements: BTreeMap<String, String>,
    pub options: Options,
    pub push: PushSettings,
    /// NetSuite tax codes for Stripe's tax rates.
    pub suitetax: TaxCodes,
    pub masters: Masters,
    pub bank: BankSettings,
    /// What `check --show-config` prints.
    pub shown: Vec<Shown>,
}

impl Settings {
    /// The file and line of a setting, such as `tieout.toml:12`.
    pub fn place(&self, setting: &str) -> Option<&str> {
        let shown = self.shown.iter().find(|shown| shown.name == setting)?;
        Some(shown.from.as_str()).filter(|from| *from != "default")
    }
}

#[derive(Debug, Clone)]
pub struct StripeSettings {
    pub account: AccountId,
    pub zone: Zone,
    /// The key is a platform's, and `account` is connected to it.
    pub connected: bool,
    /// Nothing before this day is pulled.
    pub start_date: Option<NaiveDate>,
    pub base_url: String,
    pub api_version: String,
    /// `None`: those of the key's mode, and none towards this machine itself.
    pub limits: Option<StripeLimits>,
    pub key: SecretSource,
    /// The key that writes NetSuite's ids into metadata; `None`: nothing is ever written.
    pub write_key: Option<SecretSource>,
}

#[derive(Debug, Clone)]
pub struct NetSuiteSettings {
    /// Such as `1234567` or `1234567_SB1`.
    pub account: String,
    /// `None`: the account's own address.
    pub base_url: Option<String>,
    pub base_currency: Option<Currency>,
    pub subsidiary: Option<InternalId>,
    /// Requests in flight at once; `None`: as many as NetSuite says.
    pub concurrency: Option<u16>,
    /// How long NetSuite may still act on a request whose answer was lost.
    pub grace_s: i64,
    pub auth: Auth,
    pub target: Target,
    /// The chart of accounts that a rehearsal's NetSuite is set up from, where there is such a file.
    pub chart: PathBuf,
    /// The folder of a rehearsal: its ledger and its NetSuite.
    pub rehearsal: PathBuf,
}

/// How much one push may do.
#[derive(Debug, Clone, Default)]
pub struct PushSettings {
    pub max_changes: Option<usize>,
    /// A decimal number.
    pub max_amount: Option<String>,
}

/// How to sign in to NetSuite.
#[derive(Debug, Clone)]
pub enum Auth {
    /// OAuth 2.0 client credentials.
    OAuth2 {
        client_id: String,
        certificate_id: String,
        /// The certificate's last day, where somebody wrote it down.
        certificate_expires: Option<NaiveDate>,
        private_key: SecretSource,
    },
    /// Token-based authentication, which Oracle is ending.
    Token {
        consumer_key: String,
        consumer_secret: SecretSource,
        token_id: String,
        token_secret: SecretSource,
    },
}

/// One setting as `check --show-config` prints it. Secrets show their source only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub name: String,
    pub value: String,
    /// The file with its line, the flag, its variable, or `default`.
    pub from: String,
}

/// What flags and the environment lay over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Which of the file's Stripe accounts.
    pub account: Option<String>,
    pub ledger: Option<PathBuf>,
    pub stripe_base_url: Option<String>,
    pub netsuite_base_url: Option<String>,
    /// Set by a command that is about the one or the other, whatever the file says.
    pub target: Option<Target>,
}

pub(super) fn resolve(
    file: File,
    text: &str,
    path: &Path,
    overrides: &Overrides,
) -> Result<Settings, ConfigError> {
    let wrong = |wrong| super::contradictory(path, wrong);
    super::accounts::check(&file).map_err(wrong)?;
    let (file, name) =
        super::accounts::select(file, overrides.account.as_deref()).map_err(wrong)?;
    let missing = |section: &str| {
        let message = format!("the section [{section}] is missing");
        wrong((message, "`tieout init` writes a file with every section.".into()))
    };
    let masters = Masters {
        customers: file.customers.check().map_err(wrong)?,
        items: file.items.check().map_err(wrong)?,
        naming: file.external_ids.check(name.as_deref()).map_err(wrong)?,
        mapping: mapping(file.mapping, text).map_err(wrong)?,
    };
    let bank = file.bank.check().map_err(wrong)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    // Only checked here: a run reads it by itself, before it knows whether the rest can be read.
    let night = NightFile { heartbeat: file.heartbeat, hooks: file.hooks };
    let night = night.check(&folder).map_err(wrong)?;
    let mut resolver = Resolver { path, text, folder: &folder, shown: Vec::new() };
    let ledger = resolver.pick(
        &LEDGER,
        overrides.ledger.clone().map(|path| path.display().to_string()),
        file.ledger.map(|path| folder.join(path).display().to_string()),
        &folder.join("tieout.db").display().to_string(),
    );
    let stripe = file.stripe.ok_or_else(|| missing("stripe"))?;
    let stripe = resolver.stripe(&stripe, overrides)?;
    let netsuite = resolver.netsuite(file.netsuite, overrides, name.as_deref())?;
    let chart = file.accounts.ok_or_else(|| missing("accounts"))?;
    let movements = chart.movements.clone();
    let accounts = by_role(chart);
    for (role, number) in &accounts {
        resolver.account(&role.setting(), number)?;
    }
    for (movement, number) in &movements {
        resolver.account(&format!("accounts.movements.{movement}"), number)?;
    }
    resolver.show_options(file.policy);
    let push = resolver.push(file.push)?;
    resolver.show_tax_codes(&file.suitetax);
    resolver.show_bank(&bank);
    resolver.show_night(&night);
    Ok(Settings {
        path: path.into(),
        name,
        ledger: ledger.into(),
        stripe,
        netsuite,
        accounts,
        movements,
        options: file.policy,
        push,
        suitetax: file.suitetax,
        masters,
        bank,
        shown: resolver.shown,
    })
}

pub(super) fn mapping(
    entries: Vec<toml::Spanned<RuleFile>>,
    text: &str,
) -> Result<Mapping, super::masters::Wrong> {
    let mut rules = Vec::new();
    for entry in entries {
        rules.extend(super::mapping::check(entry, text)?);
    }
    Ok(Mapping { rules })
}

/// Digits, perhaps with a point between them.
pub fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

/// Fee accounts that are not set fall back to the one for processing fees, as users of the
/// connector know it; so do accounts of income given back to the one for revenue.
pub(super) fn by_role(file: Accounts) -> BTreeMap<Role, String> {
    let fees = &file.processing_fees;
    let or_fees = |number: Option<String>| Some(number.unwrap_or_else(|| fees.clone()));
    let revenue = file.revenue.clone();
    let or_revenue = |number: Option<String>| Some(number.unwrap_or_else(|| revenue.clone()));
    let single = [
        (Role::AccountsReceivable, Some(file.receivable)),
        (Role::UndepositedFunds, Some(file.undeposited_funds)),
        (Role::Revenue, Some(file.revenue)),
        (Role::ShippingIncome, file.shipping_income),
        (Role::TaxPayable, file.tax_payable),
        (Role::CustomerBalance, file.customer_balance),
        (Role::Discounts, file.discounts),
        (Role::BadDebt, file.bad_debt),
        (Role::OutOfBand, file.out_of_band),
        (Role::Refunds, or_revenue(file.refunds)),
        (Role::Disputes, or_revenue(file.disputes)),
        (Role::DisputedFunds, file.disputed_funds),
        (Role::DisputeLosses, file.dispute_losses),
        (Role::DisputeReversals, or_revenue(file.dispute_reversals)),
        (Role::StripeFees, or_fees(file.stripe_fees)),
        (Role::ApplicationFees, or_fees(file.application_fees)),
        (Role::DisputeFees, or_fees(file.dispute_fees)),
        (Role::NetworkCosts, or_fees(file.network_costs)),
        (Role::ConversionFees, or_fees(file.conversion_fees)),
        (Role::TaxOnFees, or_fees(file.tax_on_fees.clone())),
        (Role::ProcessingFees, Some(fees.clone())),
        (Role::InstantPayoutFees, or_fees(file.instant_payout_fees)),
        (Role::WithheldTax, file.withheld_tax.or(file.tax_on_fees)),
        (Role::Reserves, file.reserves.clone()),
        (Role::ConnectReserves, file.connect_reserves.or(file.reserves)),
        (Role::ConnectCollections, file.connect_collections),
        (Role::Transfers, file.transfers),
        (Role::PlatformEarnings, file.platform_earnings),
        (Role::Advances, file.advances),
        (Role::Financing, file.financing),
        (Role::Contributions, file.contributions),
        (Role::UnallocatedFunds, file.unallocated_funds),
        (Role::BalancePayments, file.balance_payments),
        (Role::Issuing, file.issuing),
        (Role::MoneyManagement, file.money_management),
        (Role::Adjustments, file.adjustments),
        (Role::Suspense, file.suspense),
        (Role::Opening, file.opening),
    ];
    let banks = file.bank.into_iter().map(|(currency, number)| (Role::Bank(currency), number));
    let balances = file
        .stripe_balance
        .into_iter()
        .map(|(currency, number)| (Role::StripeBalance(currency), number));
    single
        .into_iter()
        .filter_map(|(role, number)| Some((role, number?)))
        .chain(banks)
        .chain(balances)
        .collect()
}
