//! The other Stripe accounts of a configuration whose records are in the same NetSuite: what they made is
//! not a stranger's.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::session::Session;
use crate::config::{self, Overrides, Settings, Target};
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, LedgerError};

/// Which NetSuite an account's records are in. A rehearsal has one for each Stripe account.
pub(super) fn books(settings: &Settings) -> String {
    let account = settings.netsuite.account.to_ascii_uppercase();
    match (settings.netsuite.target, &settings.name) {
        (Target::Rehearsal, Some(name)) => format!("{account} of {name}"),
        _ => account,
    }
}

/// Which of `ids` a sibling has posted.
pub(super) fn posted(
    session: &Session,
    ids: &[ExternalId],
) -> Result<BTreeSet<ExternalId>, LedgerError> {
    let mut posted = BTreeSet::new();
    if !ids.is_empty() {
        for (_, ledger) in ledgers(session) {
            posted.extend(ledger.internal_ids(ids)?.into_keys());
        }
    }
    Ok(posted)
}

/// Which sibling made which of these records of NetSuite.
pub(super) fn makers(
    session: &Session,
    keys: &BTreeSet<InternalId>,
) -> Result<BTreeMap<InternalId, String>, LedgerError> {
    let mut makers = BTreeMap::new();
    if !keys.is_empty() {
        for (name, ledger) in ledgers(session) {
            makers.extend(ledger.made_of(keys)?.into_iter().map(|key| (key, name.clone())));
        }
    }
    Ok(makers)
}

/// Their ledgers with their names, as far as there are any.
fn ledgers(session: &Session) -> Vec<(String, Ledger)> {
    let own = &session.settings;
    // The file was read once already; one that cannot be read any more has no siblings.
    let names = own.name.as_ref().and_then(|_| config::account_names(&own.path).ok());
    let others =
        names.unwrap_or_default().into_iter().filter(|name| own.name.as_ref() != Some(name));
    let settings = others.filter_map(|name| {
        let target = Some(own.netsuite.target);
        config::load(
            &own.path,
            &Overrides { account: Some(name.clone()), target, ..Overrides::default() },
        )
        .ok()
        .map(|settings| (name, settings))
    });
    settings
        .filter(|(_, settings)| books(settings) == books(own))
        .filter_map(|(name, settings)| {
            Some((name, Ledger::open_read_only(&settings.ledger, session.clock.clone()).ok()?))
        })
        .collect()
}
