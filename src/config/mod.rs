//! Configuration: one TOML file, the environment and flags become [`Settings`], every field of which
//! is a checked type.
//!
//! Belongs here: reading, checking, and saying where a value came from. Does not belong here: asking
//! NetSuite whether an account exists (`commands::check`), or what a policy does (`accounting`).
//!
//! A flag wins over the environment, the environment over the file, the file over the default.

mod file;
mod secret;
mod settings;
pub mod template;

pub use secret::{SecretError, SecretSource};
pub use settings::{
    Auth, NetSuiteSettings, Overrides, PushSettings, Settings, Shown, StripeSettings, is_decimal,
};

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
    #[error("{path}: {message}\nhint: {fix}")]
    Contradictory { path: PathBuf, message: String, fix: String },
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
    settings::resolve(file, path, overrides)
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
    fn two_ways_to_sign_in_are_refused() {
        let text = format!(
            "{}\n[netsuite.token]\nconsumer_key = \"k\"\nconsumer_secret_env = \"A\"\ntoken_id = \"t\"\ntoken_secret_env = \"B\"\n",
            template::TEXT
        );
        assert!(parse_text(&text).unwrap_err().contains("oauth2"));
    }
}
