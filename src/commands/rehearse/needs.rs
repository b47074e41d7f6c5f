//! What the configuration asks of a rehearsal's books, and a chart of accounts made of it alone.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::{Datelike, NaiveDate};

use crate::accounting::chart::Role;
use crate::accounting::question::{Hit, Sought};
use crate::calendar::Clock;
use crate::commands::check::types_of;
use crate::config::Settings;
use crate::ids::InternalId;
use crate::money::Currency;
use crate::netsuite::lists::List;
use crate::sandbox::netsuite::{Chart, ChartAccount, ListName, Needs, RecordKind, RecordSetup};

/// How far back the periods of a chart without any go, where the books have no first day.
const YEARS_BACK: i32 = 10;
/// Internal ids of accounts that only the configuration names count from here, so that no number is taken
/// for one; and those of accounts whose numbers are none.
const FIRST_ID: i64 = 900_000_000_000;
const FIRST_ID_BY_PLACE: i64 = 990_000_000_000;

/// What the NetSuite account of a rehearsal is called: this and the account it stands for, without what
/// parts it.
pub(super) fn account_name(settings: &Settings) -> String {
    let account = settings.netsuite.account.replace(['_', '-'], "");
    format!("REHEARSAL_{}", account.to_ascii_uppercase())
}

/// What `settings`, which are the real account's, ask for.
pub(super) fn needs(
    settings: &Settings,
    records: Vec<RecordSetup>,
    clock: &dyn Clock,
) -> anyhow::Result<Needs> {
    let number = |role: Role| settings.accounts.get(&role).cloned();
    let today = clock.now().date_in(settings.stripe.zone);
    let years_ago = NaiveDate::from_ymd_opt(today.year() - YEARS_BACK, 1, 1);
    let first = settings.stripe.start_date.or(years_ago).unwrap_or(today);
    let codes = settings.suitetax.usual.iter().chain(settings.suitetax.rates.values());
    let codes = codes.map(|code| Ok((key(&code.tax_code)?, key(&code.tax_type)?)));
    let subsidiary = settings.netsuite.subsidiary.as_ref().map(key).transpose()?;
    let mut tax_codes = codes.collect::<anyhow::Result<Vec<(i64, i64)>>>()?;
    tax_codes.sort_unstable();
    tax_codes.dedup();
    Ok(Needs {
        account_id: account_name(settings),
        subsidiary,
        base_currency: settings.netsuite.base_currency,
        currencies: settings.accounts.keys().filter_map(|role| currency(*role)).collect(),
        receivable: number(Role::AccountsReceivable),
        undeposited: number(Role::UndepositedFunds),
        tax_payable: number(Role::TaxPayable),
        tax_codes,
        lists: lists(settings).into_iter().map(name_of).collect(),
        days: (first.min(today), today),
        records,
    })
}

/// The lists to which the configuration refers.
pub(super) fn lists(settings: &Settings) -> BTreeSet<List> {
    let rules = settings.masters.mapping.rules.iter();
    let codes = settings.suitetax.usual.iter().chain(settings.suitetax.rates.values());
    rules
        .filter_map(|rule| List::of_field(&rule.field))
        .chain(codes.map(|_| List::TaxCode))
        .collect()
}

/// What the embedded NetSuite calls a list.
pub(super) const fn name_of(list: List) -> ListName {
    match list {
        List::Department => ListName::Department,
        List::Class => ListName::Class,
        List::Location => ListName::Location,
        List::TaxCode => ListName::TaxCode,
    }
}

/// An internal id as the embedded NetSuite counts them.
pub(super) fn key(id: &InternalId) -> anyhow::Result<i64> {
    id.as_str().parse().with_context(|| format!("`{id}` is not an internal id of NetSuite"))
}

fn currency(role: Role) -> Option<Currency> {
    match role {
        Role::Bank(currency) | Role::StripeBalance(currency) => Some(currency),
        _ => None,
    }
}

/// The accounts that the configuration names, each of the type that plays its role.
pub(super) fn of_configuration(settings: &Settings) -> Chart {
    let mut roles: BTreeMap<&str, Role> = BTreeMap::new();
    for (role, number) in &settings.accounts {
        roles.entry(number).or_insert(*role);
    }
    let movements = settings.movements.iter().map(|(movement, number)| {
        (number.as_str(), movement.replace('_', " "), "OthCurrAsset", None)
    });
    let movements = movements.filter(|(number, ..)| !roles.contains_key(number));
    let by_role = roles
        .iter()
        .map(|(number, role)| (*number, role.to_string(), usual_type(*role), currency(*role)));
    let accounts = by_role.chain(movements).zip(0..);
    let accounts = accounts.map(|((number, name, kind, currency), place)| ChartAccount {
        id: id_of(number, place),
        number: number.into(),
        name,
        kind: kind.into(),
        special: None,
        currency,
    });
    Chart::new(settings.netsuite.account.clone(), accounts.collect())
}

/// An account with a number has the same id whatever else is named: two rehearsals can be compared.
fn id_of(number: &str, place: i64) -> i64 {
    let number = number.parse::<u32>().map(i64::from);
    number.map_or(FIRST_ID_BY_PLACE + place, |number| FIRST_ID + number)
}

/// Of what several types may play, a bank account is the least usual.
fn usual_type(role: Role) -> &'static str {
    let known = types_of(role);
    match currency(role) {
        Some(_) => "Bank",
        None => known.iter().copied().find(|kind| *kind != "Bank").unwrap_or(known[0]),
    }
}

/// The customers and items among what NetSuite has named. Transactions of others are not taken along:
/// what they post is not known.
pub(super) fn records(hits: &[(Sought, Hit)]) -> Vec<RecordSetup> {
    let mut found: BTreeMap<(bool, i64), RecordSetup> = BTreeMap::new();
    for (sought, hit) in hits {
        let kind = match sought {
            Sought::Customer => RecordKind::Customer,
            Sought::Item | Sought::DiscountItem if hit.kind.eq_ignore_ascii_case("discount") => {
                RecordKind::DiscountItem
            }
            Sought::Item | Sought::DiscountItem => RecordKind::Item,
            _ => continue,
        };
        let Ok(id) = key(&hit.id) else { continue };
        let account = hit.account.as_ref().and_then(|account| key(account).ok());
        found.entry((kind == RecordKind::Customer, id)).or_insert(RecordSetup {
            id,
            kind,
            name: hit.label.clone(),
            external_id: hit.external_id.clone(),
            account,
        });
    }
    found.into_values().collect()
}
