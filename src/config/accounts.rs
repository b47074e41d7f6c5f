//! One file for several Stripe accounts: what is shared, and what each has of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::config::file::{File, NetSuite, NetSuiteOfAccount, StripeAccount};
use crate::config::masters::Wrong;

/// Flags and messages have to name an account.
const NAME_CHARS_MAX: usize = 24;

/// The names of the accounts, in the order of the file; none where the file is of one account.
pub(super) fn names(file: &File) -> Vec<String> {
    file.stripe_accounts.iter().map(|account| account.name.clone()).collect()
}

/// What would make two accounts one another's.
pub(super) fn check(file: &File) -> Result<(), Wrong> {
    let accounts = &file.stripe_accounts;
    if accounts.is_empty() {
        return Ok(());
    }
    if file.stripe.is_some() || file.ledger.is_some() {
        return Err((
            "both [[stripe_accounts]] and [stripe] or ledger are set".into(),
            "Put stripe and ledger into each [[stripe_accounts]].".into(),
        ));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let bad = accounts
        .iter()
        .map(|account| &account.name)
        .find(|name| name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(allowed));
    if let Some(name) = bad {
        return Err((
            format!("`{name}` cannot be the name of a Stripe account"),
            format!("Use at most {NAME_CHARS_MAX} small letters, digits and `-`."),
        ));
    }
    let stripe = |account: &StripeAccount| account.stripe.account.to_string();
    let ledger = |account: &StripeAccount| ledger(account).display().to_string();
    distinct("name", accounts.iter().map(|account| account.name.clone()))?;
    distinct("Stripe account", accounts.iter().map(stripe))?;
    distinct("ledger", accounts.iter().map(ledger))
}

fn distinct(what: &str, values: impl Iterator<Item = String>) -> Result<(), Wrong> {
    let mut seen = BTreeSet::new();
    for value in values {
        if !seen.insert(value.clone()) {
            return Err((
                format!("two [[stripe_accounts]] have the {what} {value}"),
                format!("Give each its own {what}."),
            ));
        }
    }
    Ok(())
}

fn ledger(account: &StripeAccount) -> PathBuf {
    account.ledger.clone().unwrap_or_else(|| format!("tieout-{}.db", account.name).into())
}

/// The file as it would stand for one account alone.
pub(super) fn select(
    mut file: File,
    selected: Option<&str>,
) -> Result<(File, Option<String>), Wrong> {
    let known = names(&file).join(", ");
    if known.is_empty() {
        return match selected {
            None => Ok((file, None)),
            Some(name) => Err((
                format!("there is no Stripe account `{name}`: the file is of one account"),
                "Leave --account away, or add [[stripe_accounts]].".into(),
            )),
        };
    }
    let Some(name) = selected else {
        return Err((
            "the file has several Stripe accounts".into(),
            format!("Name one with --account: {known}."),
        ));
    };
    let place = file.stripe_accounts.iter().position(|account| account.name == name);
    let Some(place) = place else {
        return Err((
            format!("there is no Stripe account `{name}`"),
            format!("The accounts are {known}."),
        ));
    };
    let own = file.stripe_accounts.swap_remove(place);
    file.ledger = Some(ledger(&own));
    file.stripe = Some(own.stripe);
    file.netsuite = netsuite(file.netsuite, own.netsuite, &own.name)?;
    file.accounts = own.accounts.or(file.accounts);
    file.policy = own.policy.unwrap_or(file.policy);
    file.customers = own.customers.unwrap_or(file.customers);
    file.items = own.items.unwrap_or(file.items);
    file.external_ids = own.external_ids.unwrap_or(file.external_ids);
    file.bank = own.bank.unwrap_or(file.bank);
    file.mapping.extend(own.mapping);
    Ok((file, Some(own.name)))
}

/// The NetSuite of one Stripe account. What is shared is of the shared account: its keys, its address,
/// its subsidiaries and its chart of accounts are not those of another.
fn netsuite(shared: NetSuite, own: NetSuiteOfAccount, name: &str) -> Result<NetSuite, Wrong> {
    let Some(account) = own.account else {
        let foreign = [
            ("base_url", own.base_url.is_some()),
            ("oauth2", own.oauth2.is_some()),
            ("token", own.token.is_some()),
        ];
        if let Some((setting, _)) = foreign.into_iter().find(|(_, is_set)| *is_set) {
            return Err((
                format!(
                    "the Stripe account `{name}` has a {setting} of its own for the shared NetSuite account"
                ),
                "Set account beside it, or put it into [netsuite].".into(),
            ));
        }
        return Ok(NetSuite {
            subsidiary: own.subsidiary.or(shared.subsidiary),
            base_currency: own.base_currency.or(shared.base_currency),
            concurrency: own.concurrency.or(shared.concurrency),
            chart: own.chart.or(shared.chart),
            ..shared
        });
    };
    if own.oauth2.is_none() && own.token.is_none() {
        return Err((
            format!(
                "the Stripe account `{name}` has a NetSuite account of its own, {account}, and no way to sign in to it"
            ),
            "Put oauth2 beside account: the keys of [netsuite] are those of another.".into(),
        ));
    }
    let chart = own.chart.unwrap_or_else(|| format!("netsuite-chart-{name}.json").into());
    Ok(NetSuite {
        account,
        base_url: own.base_url,
        subsidiary: own.subsidiary,
        base_currency: own.base_currency,
        concurrency: own.concurrency,
        chart: Some(chart),
        oauth2: own.oauth2,
        token: own.token,
        ..shared
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Overrides, parse, template};

    /// A Stripe account that was to go to one company's books and went to the other's.
    #[test]
    fn a_netsuite_account_of_its_own_takes_nothing_of_the_shared_one() {
        let [before, after] = [template::TEXT.find("[stripe]"), template::TEXT.find("[netsuite]")];
        let shared = &template::TEXT[after.unwrap()..];
        assert!(before < after);
        let own = "netsuite = { account = \"7654321\", oauth2 = { client_id = \"two\", certificate_id = \"c\", private_key_file = \"two.pem\" } }";
        let with = |eu: &str, name: &str| {
            let stripe =
                |id: &str| format!("stripe = {{ account = \"{id}\", timezone = \"UTC\" }}");
            let text = format!(
                "{}\n[[stripe_accounts]]\nname = \"us\"\n{}\n[[stripe_accounts]]\nname = \"eu\"\n{}\n{eu}\n",
                shared.replacen("# subsidiary = \"1\"", "subsidiary = \"1\"", 1),
                stripe("acct_1"),
                stripe("acct_2"),
            );
            let overrides = Overrides { account: Some(name.into()), ..Overrides::default() };
            parse(&text, Path::new("tieout.toml"), &overrides).map_err(|error| error.to_string())
        };
        let us = with(own, "us").unwrap().netsuite;
        assert_eq!((us.account.as_str(), us.subsidiary.unwrap().as_str()), ("1234567_SB1", "1"));
        let eu = with(own, "eu").unwrap().netsuite;
        assert_eq!((eu.account.as_str(), eu.subsidiary), ("7654321", None));
        assert!(format!("{:?}", eu.auth).contains("two.pem"), "{:?}", eu.auth);
        let wrong = with("netsuite = { account = \"7654321\" }", "eu").unwrap_err();
        assert!(wrong.contains("no way to sign in"), "{wrong}");
        let wrong = with("netsuite = { base_url = \"https://x.example\" }", "eu").unwrap_err();
        assert!(wrong.contains("base_url of its own"), "{wrong}");
    }
}
