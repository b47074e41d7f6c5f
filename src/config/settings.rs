//! Settings: what the file, the environment and the flags mean together.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::accounting::chart::Role;
use crate::accounting::mapping::Mapping;
use crate::accounting::masters::Masters;
use crate::accounting::policy::{Options, TaxCodes};
use crate::config::ConfigError;
use crate::config::file::{Accounts, File, NetSuite, OAuth2, Stripe, StripeLimits, Token};
use crate::config::mapping::RuleFile;
use crate::config::secret::{SecretFields, SecretSource};
use crate::ids::{AccountId, InternalId};
use crate::money::Currency;

/// The API version this tool is tested against.
pub const API_VERSION: &str = "2026-10-28.endive";
const STRIPE_URL: &str = "https://api.stripe.com";
/// One below the smallest account limit of five, to leave room for other integrations.
const CONCURRENCY: u16 = 4;

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
    /// NetSuite tax codes for Stripe's tax rates.
    pub suitetax: TaxCodes,
    pub masters: Masters,
    /// What `check --show-config` prints.
    pub shown: Vec<Shown>,
}

#[derive(Debug, Clone)]
pub struct StripeSettings {
    pub account: AccountId,
    pub zone: Tz,
    /// The key is a platform's, and `account` is connected to it.
    pub connected: bool,
    /// Nothing before this day is pulled.
    pub start_date: Option<NaiveDate>,
    pub base_url: String,
    pub api_version: String,
    /// `None`: those of the key's mode, and none towards this machine itself.
    pub limits: Option<StripeLimits>,
    pub key: SecretSource,
}

#[derive(Debug, Clone)]
pub struct NetSuiteSettings {
    /// Such as `1234567` or `1234567_SB1`.
    pub account: String,
    /// `None`: the account's own address.
    pub base_url: Option<String>,
    pub base_currency: Option<Currency>,
    pub subsidiary: Option<InternalId>,
    /// Requests in flight at once.
    pub concurrency: u16,
    pub auth: Auth,
}

/// How to sign in to NetSuite.
#[derive(Debug, Clone)]
pub enum Auth {
    /// OAuth 2.0 client credentials.
    OAuth2 { client_id: String, certificate_id: String, private_key: SecretSource },
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
    pub from: &'static str,
}

/// What flags and the environment lay over the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Which of the file's Stripe accounts.
    pub account: Option<String>,
    pub ledger: Option<PathBuf>,
    pub stripe_base_url: Option<String>,
    pub netsuite_base_url: Option<String>,
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
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut resolver = Resolver { path, folder: &folder, shown: Vec::new() };
    let ledger = resolver.pick(
        "ledger",
        overrides.ledger.clone().map(|path| path.display().to_string()),
        file.ledger.map(|path| folder.join(path).display().to_string()),
        &folder.join("tieout.db").display().to_string(),
    );
    let stripe = file.stripe.ok_or_else(|| missing("stripe"))?;
    let stripe = resolver.stripe(&stripe, overrides)?;
    let netsuite = resolver.netsuite(file.netsuite, overrides)?;
    let chart = file.accounts.ok_or_else(|| missing("accounts"))?;
    let movements = chart.movements.clone();
    let accounts = by_role(chart);
    for (role, number) in &accounts {
        resolver.show(&role.setting(), number, "file");
    }
    for (movement, number) in &movements {
        resolver.show(&format!("accounts.movements.{movement}"), number, "file");
    }
    resolver.show_options(file.policy);
    resolver.show_tax_codes(&file.suitetax);
    Ok(Settings {
        path: path.into(),
        name,
        ledger: ledger.into(),
        stripe,
        netsuite,
        accounts,
        movements,
        options: file.policy,
        suitetax: file.suitetax,
        masters,
        shown: resolver.shown,
    })
}

fn mapping(
    entries: Vec<toml::Spanned<RuleFile>>,
    text: &str,
) -> Result<Mapping, super::masters::Wrong> {
    let mut rules = Vec::new();
    for entry in entries {
        rules.extend(super::mapping::check(entry, text)?);
    }
    Ok(Mapping { rules })
}

struct Resolver<'a> {
    path: &'a Path,
    folder: &'a Path,
    shown: Vec<Shown>,
}

impl Resolver<'_> {
    fn show(&mut self, name: &str, value: &str, from: &'static str) {
        self.shown.push(Shown { name: name.into(), value: value.into(), from });
    }

    fn show_options(&mut self, options: Options) {
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(options) else { return };
        for (name, value) in fields {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.show(&format!("policy.{name}"), &text, "file or default");
        }
    }

    fn show_tax_codes(&mut self, codes: &TaxCodes) {
        let own = codes.rates.iter().map(|(rate, code)| (format!("rates.{rate}"), code));
        for (name, code) in codes.usual.iter().map(|code| ("usual".into(), code)).chain(own) {
            let value = format!("tax type {}, tax code {}", code.tax_type, code.tax_code);
            self.show(&format!("suitetax.{name}"), &value, "file");
        }
    }

    /// The first that is set: flag or environment, file, default.
    fn pick(
        &mut self,
        name: &str,
        over: Option<String>,
        file: Option<String>,
        default: &str,
    ) -> String {
        let (value, from) = match (over, file) {
            (Some(value), _) => (value, "flag or environment"),
            (None, Some(value)) => (value, "file"),
            (None, None) => (default.to_owned(), "default"),
        };
        self.show(name, &value, from);
        value
    }

    fn contradiction(&self, message: String, fix: &str) -> ConfigError {
        ConfigError::Contradictory { path: self.path.into(), message, fix: fix.into() }
    }

    fn secret(
        &mut self,
        fields: SecretFields,
        setting: &str,
        default_env: &str,
    ) -> Result<SecretSource, ConfigError> {
        let source = fields
            .resolve(setting, default_env, self.folder)
            .map_err(|message| self.contradiction(message, "Keep one of them."))?;
        self.show(setting, &format!("(hidden, from {source})"), "file or default");
        Ok(source)
    }

    fn url(&self, url: &str) -> Result<String, ConfigError> {
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let is_loopback = loopback.iter().any(|start| {
            url.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if url.starts_with("https://") || is_loopback {
            Ok(url.trim_end_matches('/').to_owned())
        } else {
            Err(self.contradiction(
                format!("the address {url} is not https"),
                "Plain http is only allowed to this machine itself.",
            ))
        }
    }

    fn stripe(
        &mut self,
        file: &Stripe,
        overrides: &Overrides,
    ) -> Result<StripeSettings, ConfigError> {
        self.show("stripe.account", file.account.as_str(), "file");
        self.show("stripe.timezone", file.timezone.name(), "file");
        let base_url = self.pick(
            "stripe.base_url",
            overrides.stripe_base_url.clone(),
            file.base_url.clone(),
            STRIPE_URL,
        );
        let api_version =
            self.pick("stripe.api_version", None, file.api_version.clone(), API_VERSION);
        let limits = file.limits.map_or("(by the key)", StripeLimits::as_str);
        self.show("stripe.limits", limits, "file or default");
        Ok(StripeSettings {
            account: file.account.clone(),
            zone: file.timezone,
            connected: file.connected,
            start_date: file.start_date,
            base_url: self.url(&base_url)?,
            api_version,
            limits: file.limits,
            key: self.secret(file.key(), "stripe.api_key", "STRIPE_API_KEY")?,
        })
    }

    fn netsuite(
        &mut self,
        file: NetSuite,
        overrides: &Overrides,
    ) -> Result<NetSuiteSettings, ConfigError> {
        self.show("netsuite.account", &file.account, "file");
        let base_url = overrides.netsuite_base_url.clone().or(file.base_url);
        let shown = base_url.as_deref().unwrap_or("(the account's own address)").to_owned();
        self.show("netsuite.base_url", &shown, "flag, environment, file or default");
        let auth = match (file.oauth2, file.token) {
            (Some(oauth2), None) => self.oauth2(oauth2)?,
            (None, Some(token)) => self.token(token)?,
            (None, None) => {
                return Err(self.contradiction(
                    "nothing says how to sign in to NetSuite".into(),
                    "Fill in [netsuite.oauth2].",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(self.contradiction(
                    "both [netsuite.oauth2] and [netsuite.token] are set".into(),
                    "Keep one; oauth2 is the one that will last.",
                ));
            }
        };
        Ok(NetSuiteSettings {
            account: file.account,
            base_url: base_url.map(|url| self.url(&url)).transpose()?,
            base_currency: file.base_currency,
            subsidiary: file.subsidiary,
            concurrency: file.concurrency.unwrap_or(CONCURRENCY).max(1),
            auth,
        })
    }

    fn oauth2(&mut self, file: OAuth2) -> Result<Auth, ConfigError> {
        let fields = SecretFields {
            env: file.private_key_env,
            file: file.private_key_file,
            command: file.private_key_command,
        };
        Ok(Auth::OAuth2 {
            client_id: file.client_id,
            certificate_id: file.certificate_id,
            private_key: self.secret(
                fields,
                "netsuite.oauth2.private_key",
                "NETSUITE_PRIVATE_KEY",
            )?,
        })
    }

    fn token(&mut self, file: Token) -> Result<Auth, ConfigError> {
        let consumer = SecretFields {
            env: file.consumer_secret_env,
            file: file.consumer_secret_file,
            command: file.consumer_secret_command,
        };
        let token = SecretFields {
            env: file.token_secret_env,
            file: file.token_secret_file,
            command: file.token_secret_command,
        };
        Ok(Auth::Token {
            consumer_key: file.consumer_key,
            consumer_secret: self.secret(
                consumer,
                "netsuite.token.consumer_secret",
                "NETSUITE_CONSUMER_SECRET",
            )?,
            token_id: file.token_id,
            token_secret: self.secret(
                token,
                "netsuite.token.token_secret",
                "NETSUITE_TOKEN_SECRET",
            )?,
        })
    }
}

/// Fee accounts that are not set fall back to the one for processing fees, as users of the
/// connector know it; so do accounts of income given back to the one for revenue.
fn by_role(file: Accounts) -> BTreeMap<Role, String> {
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
