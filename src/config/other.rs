//! Another file's policies over this one's configuration: what `rehearse --policy` compares.
//!
//! Of `[policy]` each setting that the other file has takes the place of this one's. Any other section
//! that belongs to the books takes the place of the whole section. Which systems, which ledger and which
//! keys stays as it is.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::accounting::policy::{Options, TaxCodes};
use crate::config::file::Accounts;
use crate::config::mapping::RuleFile;
use crate::config::masters::{CustomersFile, ExternalIds, ItemsFile, Wrong};
use crate::config::settings::{by_role, mapping};
use crate::config::{ConfigError, Settings, contradictory, invalid, text_of};

/// What is taken, and the sections that may stand there because the file is a whole configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherFile {
    policy: Option<Options>,
    accounts: Option<Accounts>,
    suitetax: Option<TaxCodes>,
    customers: Option<CustomersFile>,
    items: Option<ItemsFile>,
    external_ids: Option<ExternalIds>,
    mapping: Option<Vec<Spanned<RuleFile>>>,
    #[serde(rename = "ledger")]
    _ledger: Option<IgnoredAny>,
    #[serde(rename = "stripe")]
    _stripe: Option<IgnoredAny>,
    #[serde(rename = "netsuite")]
    _netsuite: Option<IgnoredAny>,
    #[serde(rename = "push")]
    _push: Option<IgnoredAny>,
    #[serde(rename = "bank")]
    _bank: Option<IgnoredAny>,
    #[serde(rename = "heartbeat")]
    _heartbeat: Option<IgnoredAny>,
    #[serde(rename = "hooks")]
    _hooks: Option<IgnoredAny>,
}

/// The settings of `[policy]` that a file has, as values.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    policy: toml::Table,
}

/// `settings` with the policies of the file at `path`.
pub fn with_policy_of(path: &Path, mut settings: Settings) -> Result<Settings, ConfigError> {
    let text = text_of(path)?;
    let wrong = |wrong: Wrong| contradictory(path, wrong);
    let file: OtherFile = toml::from_str(&text).map_err(|cause| invalid(path, &cause))?;
    if file.policy.is_some() {
        let named: Named = toml::from_str(&text).map_err(|cause| invalid(path, &cause))?;
        settings.options = laid_over(settings.options, named.policy).map_err(|cause| {
            let fix = "Compare it with the section of the configuration.".into();
            wrong((format!("[policy] cannot be laid over this one's: {cause}"), fix))
        })?;
    }
    if let Some(accounts) = file.accounts {
        settings.movements.clone_from(&accounts.movements);
        settings.accounts = by_role(accounts);
    }
    if let Some(suitetax) = file.suitetax {
        settings.suitetax = suitetax;
    }
    if let Some(customers) = file.customers {
        settings.masters.customers = customers.check().map_err(wrong)?;
    }
    if let Some(items) = file.items {
        settings.masters.items = items.check().map_err(wrong)?;
    }
    if let Some(ids) = file.external_ids {
        settings.masters.naming = ids.check(settings.name.as_deref()).map_err(wrong)?;
    }
    if let Some(rules) = file.mapping {
        settings.masters.mapping = mapping(rules, &text).map_err(wrong)?;
    }
    Ok(settings)
}

/// Every setting of the one, or the other's where that has it; sections within it likewise.
fn laid_over(options: Options, named: toml::Table) -> Result<Options, serde_json::Error> {
    let mut all = serde_json::to_value(options)?;
    lay(&mut all, serde_json::to_value(named)?);
    serde_json::from_value(all)
}

fn lay(under: &mut serde_json::Value, over: serde_json::Value) {
    match (under, over) {
        (serde_json::Value::Object(under), serde_json::Value::Object(over)) => {
            for (name, value) in over {
                lay(under.entry(name).or_insert(serde_json::Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounting::policy::{Grain, Settlement, Trials};
    use crate::config::{Overrides, parse, template};

    /// A comparison that also put every other policy back to its default would blame the one that was
    /// named for all of them.
    #[test]
    fn only_what_the_other_file_says_is_different() {
        let text = template::TEXT.replacen("trials = \"sync\"", "trials = \"skip\"", 1);
        let present = parse(&text, Path::new("tieout.toml"), &Overrides::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.toml");
        let with = |text: &str| {
            std::fs::write(&path, text).unwrap();
            with_policy_of(&path, present.clone()).map_err(|error| error.to_string())
        };
        let other =
            with("[policy]\nsettlement = \"clearing\"\ngranularity.fees = \"daily\"\n").unwrap();
        assert_eq!(other.options.settlement, Settlement::Clearing);
        assert_eq!(other.options.granularity.fees, Some(Grain::Daily));
        assert_eq!(other.options.trials, Trials::Skip);
        assert_eq!(other.accounts, present.accounts);
        // A whole configuration is as good, and says nothing of where anything goes.
        let whole =
            template::TEXT.replace("1234567_SB1", "7654321").replace("\"4000\"", "\"4001\"");
        let other = with(&whole).unwrap();
        assert_eq!(other.netsuite.account, "1234567_SB1");
        assert!(other.accounts.values().any(|number| number == "4001"));
        let wrong = with("[policy]\nsettlment = \"clearing\"\n").unwrap_err();
        assert!(wrong.contains("settlment") && wrong.contains("line 2"), "{wrong}");
    }
}
