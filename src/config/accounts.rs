//! One file for several Stripe accounts: what is shared, and what each has of its own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::config::file::{File, StripeAccount};
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
    file.netsuite.subsidiary = own.netsuite.subsidiary.or(file.netsuite.subsidiary);
    file.netsuite.base_currency = own.netsuite.base_currency.or(file.netsuite.base_currency);
    file.accounts = own.accounts.or(file.accounts);
    file.policy = own.policy.unwrap_or(file.policy);
    file.customers = own.customers.unwrap_or(file.customers);
    file.items = own.items.unwrap_or(file.items);
    file.external_ids = own.external_ids.unwrap_or(file.external_ids);
    file.bank = own.bank.unwrap_or(file.bank);
    file.mapping.extend(own.mapping);
    Ok((file, Some(own.name)))
}
