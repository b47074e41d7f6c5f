//! Where the configuration meets NetSuite: account numbers become accounts, and a policy.

use std::collections::BTreeMap;

use anyhow::Context;

use crate::accounting::Policy;
use crate::accounting::chart::Chart;
use crate::accounting::policy::{Books, BooksCurrency};
use crate::calendar;
use crate::config::Settings;
use crate::digest::sha256_hex;
use crate::ids::InternalId;
use crate::ledger::Ledger;
use crate::money::Currency;
use crate::netsuite::client::Client;
use crate::netsuite::references::References;
use crate::report::AccountNames;

/// The name under which NetSuite's reference data are kept in the ledger.
pub(super) const KEPT_AS: &str = "netsuite";

/// Looks up accounts, currencies and periods, and keeps them in the ledger.
pub(super) async fn fetch(client: &Client, ledger: &mut Ledger) -> anyhow::Result<References> {
    let references = References::fetch(client).await.context("NetSuite's accounts and periods")?;
    ledger.put_reference(KEPT_AS, &serde_json::to_string(&references)?)?;
    locked(references, ledger)
}

/// What was looked up the last time, without asking NetSuite.
pub(super) fn kept(ledger: &Ledger) -> anyhow::Result<Option<References>> {
    let Some(text) = ledger.reference(KEPT_AS)? else { return Ok(None) };
    let references = serde_json::from_str(&text).context("NetSuite's accounts in the ledger")?;
    locked(references, ledger).map(Some)
}

/// With the months that are locked in these books.
fn locked(mut references: References, ledger: &Ledger) -> anyhow::Result<References> {
    calendar::lock(&mut references.periods, &ledger.locked_months()?);
    Ok(references)
}

/// The policy that the configuration and NetSuite make together. Accounts that NetSuite does not
/// have are left out: what needs them becomes an exception that names the setting.
pub(super) fn policy(settings: &Settings, references: &References) -> anyhow::Result<Policy> {
    let base = base_currency(settings, references)?;
    let accounts = settings.accounts.iter().filter_map(|(role, number)| {
        let account = references.account(number)?;
        Some((*role, account.id.clone()))
    });
    let movements = settings.movements.iter().filter_map(|(movement, number)| {
        let account = references.account(number)?;
        Some((movement.clone(), account.id.clone()))
    });
    let currencies: BTreeMap<Currency, BooksCurrency> = references
        .currencies
        .iter()
        .map(|c| (c.code, BooksCurrency { id: c.id.clone(), places: c.places }))
        .collect();
    Ok(Policy {
        zone: settings.stripe.zone,
        start: settings.stripe.start_date,
        account: settings.stripe.account.clone(),
        chart: Chart::new(accounts).with_movements(movements),
        books: Books {
            base_currency: base,
            currencies,
            subsidiary: settings.netsuite.subsidiary.clone(),
        },
        options: settings.options,
        suitetax: settings.suitetax.clone(),
        masters: settings.masters.clone(),
    })
}

pub(super) fn base_currency(
    settings: &Settings,
    references: &References,
) -> anyhow::Result<Currency> {
    let subsidiary = settings.netsuite.subsidiary.as_ref();
    settings
        .netsuite
        .base_currency
        .or_else(|| references.base_currency(subsidiary).map(|found| found.code))
        .context(
            "NetSuite does not say what its base currency is\nhint: set netsuite.base_currency",
        )
}

/// A policy without any account, under which facts can be read and nothing can be derived.
pub(super) fn without_accounts(settings: &Settings) -> Policy {
    Policy {
        zone: settings.stripe.zone,
        start: settings.stripe.start_date,
        account: settings.stripe.account.clone(),
        chart: Chart::default(),
        books: Books {
            base_currency: settings.netsuite.base_currency.unwrap_or(Currency::USD),
            currencies: BTreeMap::new(),
            subsidiary: None,
        },
        options: settings.options,
        suitetax: settings.suitetax.clone(),
        masters: settings.masters.clone(),
    }
}

/// Recognises a policy: a plan is made under one and refused under another.
pub(super) fn policy_digest(policy: &Policy) -> String {
    sha256_hex(format!("{policy:?}").as_bytes())
}

/// Accounts called by number and name.
pub(super) struct Names<'a>(pub(super) &'a References);

impl AccountNames for Names<'_> {
    fn name(&self, account: &InternalId) -> String {
        let known = self.0.accounts.iter().find(|known| known.id == *account);
        known.map_or_else(
            || account.to_string(),
            |known| match &known.number {
                Some(number) => format!("{number} {}", known.name),
                None => known.name.clone(),
            },
        )
    }

    fn period(&self, id: &InternalId) -> Option<String> {
        let known = self.0.periods.iter().find(|known| known.id == *id);
        known.map(|known| known.name.clone())
    }
}
