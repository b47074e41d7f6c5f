//! Configuration: one TOML file, the environment and flags become [`Settings`], every field of which
//! is a checked type.
//!
//! Belongs here: reading, checking, and saying where a value came from. Does not belong here: asking
//! NetSuite whether an account exists (`commands::check`), or what a policy does (`accounting`).
//!
//! A flag wins over the environment, the environment over the file, the file over the default.

pub mod currencies;
mod file;
mod place;
mod resolver;
mod secret;
mod settings;
pub mod template;

pub use secret::{SecretError, SecretSource};
pub use settings::{Auth, NetSuiteSettings, Overrides, Settings, Shown, StripeSettings};

use std::path::{Path, PathBuf};

/// The file's name when none is given.
pub const FILE_NAME: &str = "tieout.toml";

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "there is no configuration at {path}\nhint: `tieout init` writes one, or name it with --config"
    )]
    Missing { path: PathBuf },
    #[error("{path} cannot be read: {cause}")]
    Unreadable { path: PathBuf, cause: std::io::Error },
    /// The cause shows the line and the column.
    #[error("{path}: {cause}")]
    Invalid { path: PathBuf, cause: Box<toml::de::Error> },
    /// `place` is the file and, where it is known, the line; or the flag and its variable.
    #[error("{place}: {message}\nhint: {fix}")]
    Contradictory { place: String, message: String, fix: String },
}

/// Reads the file at `path` and lays `overrides` over it.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => ConfigError::Missing { path: path.into() },
        _ => ConfigError::Unreadable { path: path.into(), cause },
    })?;
    parse(&text, path, overrides)
}

/// Like [`load`], for text that was read already. Relative paths in it are relative to `path`.
pub fn parse(text: &str, path: &Path, overrides: &Overrides) -> Result<Settings, ConfigError> {
    let file: file::File = toml::from_str(text)
        .map_err(|cause| ConfigError::Invalid { path: path.into(), cause: Box::new(cause) })?;
    settings::resolve(file, text, path, overrides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Settings, String> {
        parse(text, Path::new("/etc/tieout/tieout.toml"), &Overrides::default())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_template_is_a_valid_configuration() {
        let settings = parse_text(template::TEXT).unwrap();
        assert_eq!(settings.ledger, Path::new("/etc/tieout/tieout.db"));
        assert_eq!(settings.stripe.zone, chrono_tz::Tz::America__New_York);
    }

    #[test]
    fn a_typing_error_is_found_with_its_line() {
        let text = template::TEXT.replace("timezone =", "timezon =");
        let message = parse_text(&text).unwrap_err();
        assert!(message.contains("timezon") && message.contains("line"), "{message}");
        let text = template::TEXT.replace("America/New_York", "America/New_Yrok");
        assert!(parse_text(&text).unwrap_err().contains("New_Yrok"));
    }

    #[test]
    fn a_plain_http_address_is_refused_unless_it_is_loopback() {
        let with = |url: &str| {
            let overrides = Overrides { stripe_base_url: Some(url.into()), ..Default::default() };
            parse(template::TEXT, Path::new("tieout.toml"), &overrides).map_err(|e| e.to_string())
        };
        assert!(with("http://127.0.0.1:8080").is_ok());
        assert!(with("http://example.com").unwrap_err().contains("https"));
    }

    #[test]
    fn what_cannot_be_is_refused_at_its_line() {
        for (from, to, words) in [
            ("acct_1234567890", "act_1234567890", "acct_"),
            ("1234567_SB1", "not an account!", "not a NetSuite account id"),
            ("concurrency = 4", "concurrency = 0", "nothing is ever sent"),
            ("revenue = \"4000\"", "revenue = \"\"", "accounts.revenue is empty"),
            ("api_key_env = \"STRIPE_API_KEY\"", "api_key = \"rk_live_abc\"", "an environment"),
            ("[stripe]", "[stripe]\nbase_url = \"http://example.com\"", "not https"),
        ] {
            assert!(template::TEXT.contains(from), "{from}");
            let text = template::TEXT.replacen(from, to, 1);
            let line =
                1 + text[..text.find(to).unwrap()].matches('\n').count() + to.matches('\n').count();
            let message = parse_text(&text).unwrap_err();
            assert!(message.contains(words), "{words}: {message}");
            assert!(message.contains(&format!("tieout.toml:{line}: ")), "{line}: {message}");
            assert!(!message.contains("rk_live_abc"), "a secret was shown: {message}");
        }
    }

    #[test]
    fn a_bad_address_from_a_flag_is_not_blamed_on_the_file() {
        let overrides =
            Overrides { netsuite_base_url: Some("http://x.example".into()), ..Default::default() };
        let error = parse(template::TEXT, Path::new("tieout.toml"), &overrides).unwrap_err();
        assert!(error.to_string().starts_with("--netsuite-base-url: "), "{error}");
    }

    #[test]
    fn every_setting_is_shown_with_the_line_it_came_from() {
        let settings = parse_text(template::TEXT).unwrap();
        let from = |name: &str| {
            let shown = settings.shown.iter().find(|shown| shown.name == name);
            shown.map(|shown| shown.from.clone()).unwrap_or_else(|| panic!("{name} is not shown"))
        };
        for name in [
            "ledger",
            "stripe.account",
            "stripe.timezone",
            "stripe.start_date",
            "stripe.api_key",
            "netsuite.account",
            "netsuite.concurrency",
            "netsuite.oauth2.client_id",
            "netsuite.oauth2.certificate_id",
            "netsuite.oauth2.private_key",
            "accounts.bank.USD",
            "policy.trials",
        ] {
            assert!(from(name).starts_with("/etc/tieout/tieout.toml:"), "{name}: {}", from(name));
        }
        for name in
            ["stripe.connected", "stripe.base_url", "netsuite.subsidiary", "netsuite.base_currency"]
        {
            assert_eq!(from(name), "default", "{name}");
        }
    }

    #[test]
    fn two_ways_to_sign_in_are_refused() {
        let text = format!(
            "{}\n[netsuite.token]\nconsumer_key = \"k\"\nconsumer_secret_env = \"A\"\ntoken_id = \"t\"\ntoken_secret_env = \"B\"\n",
            template::TEXT
        );
        assert!(parse_text(&text).unwrap_err().contains("oauth2"));
    }
}
