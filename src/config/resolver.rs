//! One setting after the other: where it comes from, whether it can be, and how it is shown.
//!
//! What a whole configuration is made of is `settings`; this is how each piece of it is found.

use std::path::{Path, PathBuf};

use crate::accounting::policy::{Options, TaxCodes};
use crate::config::ConfigError;
use crate::config::bank::BankSettings;
use crate::config::file::{NetSuite, OAuth2, Push, Stripe, StripeLimits, Token};
use crate::config::night::NightSettings;
use crate::config::place::line_of;
use crate::config::secret::{SecretFields, SecretSource};
use crate::config::settings::{
    Auth, NetSuiteSettings, Overrides, PushSettings, Shown, StripeSettings, is_decimal,
};
use crate::netsuite::account::AccountCode;
use crate::push::verdict::GRACE_S;

/// The API version this tool is tested against.
pub const API_VERSION: &str = "2026-10-28.endive";
/// Where a chart of accounts is kept, and what a rehearsal is made in, where the file does not say.
const CHART: &str = "netsuite-chart.json";
const REHEARSAL: &str = "rehearsal";
const STRIPE_URL: &str = "https://api.stripe.com";

/// A setting that a flag or a variable can lay over the file.
pub(super) struct Overridable {
    setting: &'static str,
    flag: &'static str,
    variable: &'static str,
}

pub(super) const LEDGER: Overridable =
    Overridable { setting: "ledger", flag: "--ledger", variable: "TIEOUT_LEDGER" };
const STRIPE_BASE_URL: Overridable = Overridable {
    setting: "stripe.base_url",
    flag: "--stripe-base-url",
    variable: "TIEOUT_STRIPE_BASE_URL",
};
const NETSUITE_BASE_URL: Overridable = Overridable {
    setting: "netsuite.base_url",
    flag: "--netsuite-base-url",
    variable: "TIEOUT_NETSUITE_BASE_URL",
};

impl Overridable {
    /// Whether it was typed or came from the environment.
    fn origin(&self, value: &str) -> String {
        if std::env::var(self.variable).is_ok_and(|set| set == value) {
            self.variable.into()
        } else {
            self.flag.into()
        }
    }
}

pub(super) struct Resolver<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) folder: &'a Path,
    pub(super) shown: Vec<Shown>,
}

impl Resolver<'_> {
    /// The file and the line on which a setting stands; the file alone when it stands nowhere.
    fn place(&self, setting: &str) -> String {
        let path = self.path.display();
        line_of(self.text, setting)
            .map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
    }

    /// Shows a setting as the file has it, or as it is without the file.
    fn show(&mut self, name: &str, value: &str) {
        let is_set = line_of(self.text, name).is_some();
        let from = if is_set { self.place(name) } else { "default".into() };
        self.shown.push(Shown { name: name.into(), value: value.into(), from });
    }

    pub(super) fn show_options(&mut self, options: Options) {
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(options) else { return };
        for (name, value) in fields {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.show(&format!("policy.{name}"), &text);
        }
    }

    pub(super) fn show_tax_codes(&mut self, codes: &TaxCodes) {
        let own = codes.rates.iter().map(|(rate, code)| (format!("rates.{rate}"), code));
        for (name, code) in codes.usual.iter().map(|code| ("usual".into(), code)).chain(own) {
            let value = format!("tax type {}, tax code {}", code.tax_type, code.tax_code);
            self.show(&format!("suitetax.{name}.tax_code"), &value);
        }
    }

    pub(super) fn show_bank(&mut self, bank: &BankSettings) {
        self.show("bank.days", &bank.days.to_string());
        self.show("bank.text", &bank.text.join(", "));
        for account in &bank.accounts {
            // One of a list of tables: its lines have no names of their own.
            self.shown.push(Shown {
                name: format!("bank.accounts.{}", account.name),
                value: format!("{} in {}", account.numbers.join(", "), account.currency),
                from: self.path.display().to_string(),
            });
        }
    }

    /// Neither the address nor a command: both may hold what is as good as a key.
    pub(super) fn show_night(&mut self, night: &NightSettings) {
        let set = |is_set| if is_set { "(hidden)" } else { "(none)" };
        let setting = ["url", "url_env", "url_file", "url_command"]
            .map(|name| format!("heartbeat.{name}"))
            .into_iter()
            .find(|name| line_of(self.text, name).is_some());
        let setting = setting.unwrap_or_else(|| "heartbeat.url".into());
        self.show(&setting, set(night.heartbeat.is_some()));
        if let Some(heartbeat) = &night.heartbeat {
            let codes: Vec<String> =
                heartbeat.success_codes.iter().map(ToString::to_string).collect();
            self.show("heartbeat.success_codes", &codes.join(", "));
        }
        let hooks = &night.hooks;
        for (name, command) in [
            ("hooks.accounting", &hooks.accounting),
            ("hooks.technical", &hooks.technical),
            ("hooks.always", &hooks.always),
        ] {
            self.show(name, set(command.is_some()));
        }
        self.show("hooks.timeout_s", &hooks.timeout_s.to_string());
        self.show("hooks.pass_env", &hooks.pass_env.join(", "));
    }

    pub(super) fn account(&mut self, setting: &str, number: &str) -> Result<(), ConfigError> {
        if number.trim().is_empty() {
            let message = format!("{setting} is empty");
            return Err(self.wrong(setting, message, "Name an account, or remove the setting."));
        }
        self.show(setting, number);
        Ok(())
    }

    /// The first that is set: flag or environment, file, default.
    pub(super) fn pick(
        &mut self,
        what: &Overridable,
        over: Option<String>,
        file: Option<String>,
        default: &str,
    ) -> String {
        let name = what.setting;
        if let Some(value) = over {
            let from = what.origin(&value);
            self.shown.push(Shown { name: name.into(), value: value.clone(), from });
            return value;
        }
        let value = file.unwrap_or_else(|| default.to_owned());
        self.show(name, &value);
        value
    }

    /// A value that cannot be, at the line that sets it.
    fn wrong(&self, setting: &str, message: String, fix: &str) -> ConfigError {
        ConfigError::Contradictory { place: self.place(setting), message, fix: fix.into() }
    }

    /// A file or folder beside the configuration, unless its path says otherwise.
    fn path_of(&mut self, setting: &str, file: Option<PathBuf>, default: String) -> PathBuf {
        let path = self.folder.join(file.unwrap_or_else(|| default.into()));
        self.show(setting, &path.display().to_string());
        path
    }

    fn secret(
        &mut self,
        fields: SecretFields,
        setting: &str,
        default_env: &str,
    ) -> Result<SecretSource, ConfigError> {
        let source = fields.resolve(setting, default_env, self.folder).map_err(|message| {
            let set = ["", "_env", "_file", "_command"].map(|end| format!("{setting}{end}"));
            let first = set.iter().find(|name| line_of(self.text, name).is_some());
            let fix = "Name where it is instead, with one of: an environment variable (…_env), \
                           a file (…_file), a command that prints it (…_command).";
            self.wrong(first.map_or(setting, String::as_str), message, fix)
        })?;
        let from = ["_env", "_file", "_command"].map(|end| format!("{setting}{end}"));
        let set = from.iter().find(|name| line_of(self.text, name).is_some());
        let value = format!("(hidden, from {source})");
        let from = set.map_or_else(|| "default".into(), |name| self.place(name));
        self.shown.push(Shown { name: setting.into(), value, from });
        Ok(source)
    }

    /// An address, checked; `over` when it does not come from the file.
    fn url(&self, what: &Overridable, url: &str, over: bool) -> Result<String, ConfigError> {
        let loopback = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
        let is_loopback = loopback.iter().any(|start| {
            url.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        if url.starts_with("https://") || is_loopback {
            return Ok(url.trim_end_matches('/').to_owned());
        }
        let place = if over { what.origin(url) } else { self.place(what.setting) };
        Err(ConfigError::Contradictory {
            place,
            message: format!("the address {url} is not https"),
            fix: "Plain http is only allowed to this machine itself.".into(),
        })
    }

    pub(super) fn stripe(
        &mut self,
        file: &Stripe,
        overrides: &Overrides,
    ) -> Result<StripeSettings, ConfigError> {
        let account = file.account.as_str();
        let name = account.strip_prefix("acct_").unwrap_or_default();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            let message = format!("`{account}` is not the id of a Stripe account");
            let fix = "It begins with acct_: copy it from Dashboard > Settings > Account details.";
            return Err(self.wrong("stripe.account", message, fix));
        }
        self.show("stripe.account", account);
        self.show("stripe.timezone", file.timezone.name());
        self.show("stripe.connected", &file.connected.to_string());
        let start = file.start_date.map_or_else(|| "(none)".into(), |day| day.to_string());
        self.show("stripe.start_date", &start);
        let over = overrides.stripe_base_url.clone();
        let is_over = over.is_some();
        let base_url = self.pick(&STRIPE_BASE_URL, over, file.base_url.clone(), STRIPE_URL);
        let api_version = file.api_version.clone().unwrap_or_else(|| API_VERSION.into());
        self.show("stripe.api_version", &api_version);
        self.show("stripe.write_back", &file.write_back.to_string());
        let write_key = self.write_key(file)?;
        let limits = file.limits.map_or("(by the key)", StripeLimits::as_str);
        self.show("stripe.limits", limits);
        Ok(StripeSettings {
            account: file.account.clone(),
            zone: file.timezone,
            connected: file.connected,
            start_date: file.start_date,
            base_url: self.url(&STRIPE_BASE_URL, &base_url, is_over)?,
            api_version,
            limits: file.limits,
            key: self.secret(file.key(), "stripe.api_key", "STRIPE_API_KEY")?,
            write_key,
        })
    }

    /// A key of its own, so that the one that is used every night cannot write.
    fn write_key(&mut self, file: &Stripe) -> Result<Option<SecretSource>, ConfigError> {
        let key = file.write_key();
        let is_named = [key.inline, key.env.is_some(), key.file.is_some(), key.command.is_some()];
        if !file.write_back && is_named.contains(&true) {
            let message = "a write key is named, and stripe.write_back is not set".into();
            let fix = "Set stripe.write_back = true, or remove the key.";
            return Err(self.wrong("stripe", message, fix));
        }
        let source =
            file.write_back.then(|| self.secret(key, "stripe.write_key", "STRIPE_WRITE_KEY"));
        source.transpose()
    }

    pub(super) fn netsuite(
        &mut self,
        file: NetSuite,
        overrides: &Overrides,
        name: Option<&str>,
    ) -> Result<NetSuiteSettings, ConfigError> {
        if let Err(error) = file.account.parse::<AccountCode>() {
            let fix = "Setup > Company > Company Information shows it.";
            return Err(self.wrong("netsuite.account", error.to_string(), fix));
        }
        if file.concurrency == Some(0) {
            let message = "netsuite.concurrency is 0, with which nothing is ever sent".into();
            return Err(self.wrong("netsuite.concurrency", message, "Set it to 1 or more."));
        }
        self.show("netsuite.account", &file.account);
        let own_address = "(the account's own address)";
        let over = overrides.netsuite_base_url.clone();
        let is_over = over.is_some();
        let base_url = over.clone().or_else(|| file.base_url.clone());
        self.pick(&NETSUITE_BASE_URL, over, file.base_url, own_address);
        let none = || "(NetSuite's answer)".to_owned();
        let text = file.base_currency.map_or_else(none, |currency| currency.to_string());
        self.show("netsuite.base_currency", &text);
        let text = file.subsidiary.as_ref().map_or_else(none, ToString::to_string);
        self.show("netsuite.subsidiary", &text);
        let text = file.concurrency.map_or_else(none, |places| places.to_string());
        self.show("netsuite.concurrency", &text);
        let grace_s = file.grace_s.map_or(GRACE_S, i64::from);
        self.show("netsuite.grace_s", &grace_s.to_string());
        self.show("netsuite.target", file.target.as_str());
        let chart = self.path_of("netsuite.chart", file.chart, CHART.into());
        // Stripe accounts of one file are rehearsed beside one another, each in its own books.
        let own = name.map_or_else(|| REHEARSAL.into(), |name| format!("{REHEARSAL}-{name}"));
        let rehearsal = match (file.rehearsal, name) {
            (Some(folder), Some(name)) => Some(folder.join(name)),
            (folder, _) => folder,
        };
        let rehearsal = self.path_of("netsuite.rehearsal", rehearsal, own);
        let auth = match (file.oauth2, file.token) {
            (Some(oauth2), None) => self.oauth2(oauth2)?,
            (None, Some(token)) => self.token(token)?,
            (None, None) => {
                return Err(self.wrong(
                    "netsuite",
                    "nothing says how to sign in to NetSuite".into(),
                    "Fill in [netsuite.oauth2].",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(self.wrong(
                    "netsuite.token",
                    "both [netsuite.oauth2] and [netsuite.token] are set".into(),
                    "Keep one; oauth2 is the one that will last.",
                ));
            }
        };
        let url = |url: String| self.url(&NETSUITE_BASE_URL, &url, is_over);
        Ok(NetSuiteSettings {
            account: file.account,
            base_url: base_url.map(url).transpose()?,
            base_currency: file.base_currency,
            subsidiary: file.subsidiary,
            concurrency: file.concurrency,
            grace_s,
            auth,
            target: overrides.target.unwrap_or(file.target),
            chart,
            rehearsal,
        })
    }

    pub(super) fn push(&mut self, file: Push) -> Result<PushSettings, ConfigError> {
        if let Some(amount) = file.max_amount.as_ref().filter(|amount| !is_decimal(amount)) {
            let message = format!("push.max_amount is `{amount}`, which is no amount");
            let fix = "Write a number such as \"250000.00\".";
            return Err(self.wrong("push.max_amount", message, fix));
        }
        let none = || "(no limit)".to_owned();
        let count = file.max_changes.map_or_else(none, |count| count.to_string());
        self.show("push.max_changes", &count);
        self.show("push.max_amount", &file.max_amount.clone().unwrap_or_else(none));
        Ok(PushSettings { max_changes: file.max_changes, max_amount: file.max_amount })
    }

    fn oauth2(&mut self, file: OAuth2) -> Result<Auth, ConfigError> {
        self.show("netsuite.oauth2.client_id", &file.client_id);
        self.show("netsuite.oauth2.certificate_id", &file.certificate_id);
        let expires =
            file.certificate_expires.map_or_else(|| "(not said)".into(), |d| d.to_string());
        self.show("netsuite.oauth2.certificate_expires", &expires);
        let fields = SecretFields {
            inline: file.private_key.is_some(),
            env: file.private_key_env,
            file: file.private_key_file,
            command: file.private_key_command,
        };
        Ok(Auth::OAuth2 {
            client_id: file.client_id,
            certificate_id: file.certificate_id,
            certificate_expires: file.certificate_expires,
            private_key: self.secret(
                fields,
                "netsuite.oauth2.private_key",
                "NETSUITE_PRIVATE_KEY",
            )?,
        })
    }

    fn token(&mut self, file: Token) -> Result<Auth, ConfigError> {
        self.show("netsuite.token.consumer_key", &file.consumer_key);
        self.show("netsuite.token.token_id", &file.token_id);
        let consumer = SecretFields {
            inline: file.consumer_secret.is_some(),
            env: file.consumer_secret_env,
            file: file.consumer_secret_file,
            command: file.consumer_secret_command,
        };
        let token = SecretFields {
            inline: file.token_secret.is_some(),
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
