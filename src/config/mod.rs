//! Configuration: one TOML file, the environment and flags become [`Settings`], every field of which
//! is a checked type.
//!
//! Belongs here: reading, checking, and saying where a value came from. Does not belong here: asking
//! NetSuite whether an account exists (`commands::check`), or what a policy does (`accounting`).
//!
//! A flag wins over the environment, the environment over the file, the file over the default.

mod accounts;
mod bank;
pub mod currencies;
mod file;
mod mapping;
mod masters;
mod night;
mod other;
mod place;
mod resolver;
mod secret;
mod settings;
pub mod template;

pub use bank::{BankAccount, BankSettings};
pub use file::{StripeLimits, Target};
pub use night::{Heartbeat, HeartbeatError, Hooks, NightSettings};
pub use other::with_policy_of;
pub use resolver::API_VERSION;
pub use secret::{READ, SecretError, SecretSource, WRITE, may_others};
pub use settings::{
    Auth, NetSuiteSettings, Overrides, PushSettings, Settings, Shown, StripeSettings, is_decimal,
};

use std::path::{Path, PathBuf};

use crate::net::redact::{REDACTED, redact_shapes};

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
    /// The cause shows the line and the column, without what looks like a secret.
    #[error("{path}: {cause}")]
    Invalid { path: PathBuf, cause: String },
    /// `place` is the file and, where it is known, the line; or the flag and its variable.
    #[error("{place}: {message}\nhint: {fix}")]
    Contradictory { place: String, message: String, fix: String },
}

/// Reads the file at `path` and lays `overrides` over it.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Settings, ConfigError> {
    parse(&text_of(path)?, path, overrides)
}

fn text_of(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => ConfigError::Missing { path: path.into() },
        _ => ConfigError::Unreadable { path: path.into(), cause },
    })
}

/// Like [`load`], for text that was read already. Relative paths in it are relative to `path`.
pub fn parse(text: &str, path: &Path, overrides: &Overrides) -> Result<Settings, ConfigError> {
    settings::resolve(read(text, path)?, text, path, overrides)
}

fn read(text: &str, path: &Path) -> Result<file::File, ConfigError> {
    toml::from_str(text).map_err(|cause| invalid(path, &cause))
}

fn invalid(path: &Path, cause: &toml::de::Error) -> ConfigError {
    ConfigError::Invalid { path: path.into(), cause: masked(&cause.to_string()) }
}

/// The settings that hold a secret in the files of those who have not read that none may stand there.
/// The last is the heartbeat's, and as good as one.
const SECRETS: [&str; 6] =
    ["api_key", "write_key", "private_key", "consumer_secret", "token_secret", "url"];

/// A parser's message, which shows the line that it stopped at, without a secret of that line.
fn masked(message: &str) -> String {
    message.lines().map(without_secret).collect::<Vec<_>>().join("\n")
}

fn without_secret(line: &str) -> String {
    let secrets = SECRETS.iter().filter_map(|name| {
        let start = line.find(name)?;
        let is_whole = !line[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let value = start + name.len();
        (is_whole && line[value..].trim_start().starts_with('=')).then_some(value)
    });
    match secrets.min() {
        Some(value) => format!("{} = {REDACTED}", &line[..value]),
        None => redact_shapes(line),
    }
}

/// The names of the Stripe accounts in the file; none where it is of one account.
pub fn account_names(path: &Path) -> Result<Vec<String>, ConfigError> {
    let file = read(&text_of(path)?, path)?;
    accounts::check(&file).map_err(|wrong| contradictory(path, wrong))?;
    Ok(accounts::names(&file))
}

/// Who is told how a run ended. The rest of the file may be wrong: that is when it matters most.
pub fn night(path: &Path) -> Result<NightSettings, ConfigError> {
    let file: night::NightFile =
        toml::from_str(&text_of(path)?).map_err(|cause| invalid(path, &cause))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    file.check(folder).map_err(|wrong| contradictory(path, wrong))
}

/// Whether everything goes to a rehearsal. The rest of the file may be wrong: whoever reads it says so.
pub fn is_rehearsal(path: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Peek {
        netsuite: PeekNetSuite,
    }
    #[derive(serde::Deserialize)]
    struct PeekNetSuite {
        #[serde(default)]
        target: Target,
    }
    let text = text_of(path).unwrap_or_default();
    toml::from_str::<Peek>(&text).is_ok_and(|peek| peek.netsuite.target == Target::Rehearsal)
}

fn contradictory(path: &Path, (message, fix): masters::Wrong) -> ConfigError {
    ConfigError::Contradictory { place: path.display().to_string(), message, fix }
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
        assert_eq!(settings.stripe.zone, "America/New_York".parse().unwrap());
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
            ("# concurrency = 4", "concurrency = 0", "nothing is ever sent"),
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

    /// What the parser quotes goes to the mail that cron sends: a key on that line must not.
    #[test]
    fn a_key_on_the_line_of_a_typing_error_is_not_shown() {
        for (line, secret) in [
            ("api_key = Pl4ntedKey", "Pl4ntedKey"),
            ("write_key = \"Pl4ntedKey", "Pl4ntedKey"),
            ("api_key_env = rk_live_Pl4nted", "rk_live_Pl4nted"),
            ("limits = { api_key = Pl4ntedKey }", "Pl4ntedKey"),
            ("url = \"https://hc-ping.com/Pl4nted", "Pl4nted"),
        ] {
            let text = template::TEXT.replacen("api_key_env = \"STRIPE_API_KEY\"", line, 1);
            let message = parse_text(&text).unwrap_err();
            assert!(message.contains("line ") && !message.contains(secret), "{message}");
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
            shown.map_or_else(|| panic!("{name} is not shown"), |shown| shown.from.clone())
        };
        for name in [
            "ledger",
            "stripe.account",
            "stripe.timezone",
            "stripe.start_date",
            "stripe.api_key",
            "netsuite.account",
            "netsuite.oauth2.client_id",
            "netsuite.oauth2.certificate_id",
            "netsuite.oauth2.private_key",
            "accounts.bank.USD",
            "policy.trials",
        ] {
            assert!(from(name).starts_with("/etc/tieout/tieout.toml:"), "{name}: {}", from(name));
        }
        for name in [
            "stripe.connected",
            "stripe.base_url",
            "netsuite.subsidiary",
            "netsuite.base_currency",
            "netsuite.concurrency",
            "netsuite.grace_s",
            "push.max_changes",
            "push.max_amount",
        ] {
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

    fn with(more: &str) -> Result<Settings, String> {
        parse_text(&format!("{}\n{more}", bare()))
    }

    /// The template without its sections on master data.
    fn bare() -> &'static str {
        template::TEXT.split("\n[customers]").next().unwrap()
    }

    /// A mapping that cannot work must not be found out by NetSuite, record by record.
    #[test]
    fn a_mapping_is_checked_against_the_records_when_it_is_read() {
        let rule = |text: &str| with(&format!("[[mapping]]\n{text}\n"));
        let good = r#"record = ["invoice", "credit_memo"]
            field = "CLASS"
            value = 5
            when = { "metadata.region" = ["EU", "UK"], currency = "EUR" }"#;
        let rules = rule(good).unwrap().masters.mapping.rules;
        assert_eq!((rules.len(), rules[0].field.as_str()), (2, "class"));
        assert_eq!(rules[0].line, bare().lines().count() + 1);
        for (text, words) in [
            ("record = \"bill\"\nfield = \"memo\"\nvalue = \"x\"", "`bill` is not a record"),
            ("record = \"invoice\"\nfield = \"amount\"\nvalue = 1", "the books rest on"),
            ("record = \"invoice\"\nfield = \"mem\"\nvalue = 1", "Did you mean `memo`"),
            ("record = \"invoice\"\nfield = \"custcol_x\"\nvalue = 1", "begin with custbody"),
            ("record = \"invoice\"\nfield = \"class\"\nvalue = \"North\"", "internal id"),
            ("record = \"invoice\"\nfield = \"dueDate\"\nvalue = \"soon\"", "a date such as"),
            ("record = \"invoice\"\nfield = \"memo\"", "exactly one of"),
            (
                "record = \"invoice\"\nfield = \"memo\"\nvalue = \"x\"\nremove = true",
                "exactly one of",
            ),
            (
                "record = \"invoice\"\nfield = \"memo\"\nvalue = \"x\"\nrequired = true",
                "beside `from`",
            ),
            ("record = \"invoice\"\nfield = \"memo\"\nfrom = \"metadata.\"", "not the path"),
            (
                "record = \"customer\"\nfield = \"fax\"\nvalue = \"x\"\nwhen = { amount = \"zero\" }",
                "has no amount",
            ),
        ] {
            let message = rule(text).unwrap_err();
            assert!(message.contains(words) && message.contains("line "), "{text}: {message}");
        }
    }

    #[test]
    fn master_data_are_checked_when_they_are_read() {
        for (text, words) in [
            ("[customers]\nmode = \"match\"", "nothing says what to match"),
            ("[customers]\nmatch = { stripe = \"email\", netsuite = \"email\" }", "mode is not"),
            (
                "[customers]\nmode = \"match\"\nmatch = { stripe = \"mail\", netsuite = \"email\" }",
                "`mail`",
            ),
            (
                "[customers]\nmode = \"match\"\nmatch = { stripe = \"email\", netsuite = \"id OR 1\" }",
                "`id OR 1`",
            ),
            ("[items.global]\nshiping = { name = \"x\" }", "shipping"),
            ("[external_ids]\nprefix = \"a b\"", "letters, digits"),
            (
                "[[stripe_accounts]]\nname = \"x\"\n[stripe_accounts.stripe]\naccount = \"acct_1\"\ntimezone = \"UTC\"",
                "both [[stripe_accounts]]",
            ),
        ] {
            let message = with(text).unwrap_err();
            assert!(message.contains(words), "{text}: {message}");
        }
    }
}
