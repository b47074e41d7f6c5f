//! What NetSuite's lists mean for the configuration: pure, so that every finding has a test.

use chrono::NaiveDate;

use super::file::at;
use super::finding::Finding;
use crate::accounting::chart::Role;
use crate::accounting::policy::Settlement;
use crate::calendar::PeriodState;
use crate::config::Settings;
use crate::ids::InternalId;
use crate::netsuite::governance::Governance;
use crate::netsuite::lookup::{Found, Table};
use crate::netsuite::references::{Account, References};

/// NetSuite keeps no more decimals than these of any currency.
const PLACES_MAX: u8 = 2;

/// What NetSuite's lists say.
pub(super) fn audit_netsuite(
    settings: &Settings,
    references: &References,
    today: NaiveDate,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (role, number) in &settings.accounts {
        findings.extend(audit_account(settings, *role, number, references));
    }
    if findings.is_empty() {
        let count = settings.accounts.len();
        let message = format!("All {count} accounts exist, with the right type and currency.");
        findings.push(Finding::ok("netsuite.account", message));
    }
    findings.extend(audit_undeposited(settings, references));
    findings.extend(audit_subsidiary(settings, references));
    findings.extend(audit_currencies(settings, references));
    findings.extend(audit_periods(settings, references, today));
    findings
}

/// A payment on another account than NetSuite's own is not offered to a deposit.
fn audit_undeposited(settings: &Settings, references: &References) -> Option<Finding> {
    let own = references.special_account("UndepFunds")?;
    let number = settings.accounts.get(&Role::UndepositedFunds)?;
    let named = references.account(number)?;
    let deposits = settings.options.settlement == Settlement::Deposit
        || settings.options.settlement_since.is_some();
    (deposits && named.id != own.id).then(|| {
        Finding::problem(
            "netsuite.undeposited-funds",
            format!(
                "Payments on {number} {} cannot be deposited: NetSuite's own account for that is {}.",
                named.name, own.name
            ),
            format!("Name that one in {}.", at(settings, Role::UndepositedFunds)),
        )
    })
}

fn audit_subsidiary(settings: &Settings, references: &References) -> Option<Finding> {
    let Some(id) = &settings.netsuite.subsidiary else {
        let active: Vec<&str> = references
            .subsidiaries
            .iter()
            .filter(|s| !s.is_inactive && !s.is_elimination)
            .map(|subsidiary| subsidiary.name.as_str())
            .collect();
        return (active.len() > 1).then(|| {
            Finding::problem(
                "netsuite.subsidiary",
                format!("The account has several subsidiaries: {}.", active.join(", ")),
                "Set netsuite.subsidiary to the one that owns this Stripe account.",
            )
        });
    };
    let Some(found) = references.subsidiaries.iter().find(|s| s.id == *id) else {
        return Some(Finding::problem(
            "netsuite.subsidiary-unknown",
            format!("NetSuite shows no subsidiary {id}, which netsuite.subsidiary names."),
            "Correct the internal id, or let the role see that subsidiary.",
        ));
    };
    let why = match (found.is_inactive, found.is_elimination) {
        (true, _) => "inactive",
        (_, true) => "for eliminations alone",
        _ => return None,
    };
    Some(Finding::problem(
        "netsuite.subsidiary-unfit",
        format!("The subsidiary {id} {} is {why}.", found.name),
        "Name the subsidiary that owns this Stripe account.",
    ))
}

/// The currencies that Stripe pays out, and the one that the books are kept in.
fn audit_currencies(settings: &Settings, references: &References) -> Vec<Finding> {
    let mut findings = Vec::new();
    let banks = settings.accounts.keys().filter_map(|role| match role {
        Role::Bank(currency) => Some(*currency),
        _ => None,
    });
    for currency in banks {
        match references.currency(currency) {
            None => findings.push(Finding::problem(
                "netsuite.currency-missing",
                format!("NetSuite has no currency {currency}, in which Stripe pays out."),
                "Add it (Lists > Accounting > Currencies), or remove its bank account.",
            )),
            Some(found) if found.places < currency.exponent().min(PLACES_MAX) => {
                findings.push(Finding::problem(
                    "netsuite.currency-precision",
                    format!(
                        "NetSuite keeps {} decimals of {currency}, which has more.",
                        found.places
                    ),
                    "Correct the currency's precision (Lists > Accounting > Currencies).",
                ));
            }
            Some(_) => {}
        }
    }
    let base = references.base_currency(settings.netsuite.subsidiary.as_ref());
    if let (Some(wanted), Some(base)) = (settings.netsuite.base_currency, base)
        && base.code != wanted
    {
        findings.push(Finding::problem(
            "netsuite.base-currency",
            format!("The books are kept in {}, the configuration says {wanted}.", base.code),
            "Remove netsuite.base_currency, or name the subsidiary that keeps its books in it.",
        ));
    }
    findings
}

/// Records that the file names by internal id.
pub(super) fn named_records(settings: &Settings) -> Vec<(Table, String, InternalId)> {
    let masters = &settings.masters;
    let customer = masters.customers.unallocated.id.iter();
    let customer = customer.map(|id| (Table::Customer, "customers.unallocated".into(), id.clone()));
    let items = masters.items.global.iter().filter_map(|(key, named)| {
        Some((Table::Item, format!("items.global.{key}"), named.id.clone()?))
    });
    customer.chain(items).collect()
}

/// What NetSuite has of the records that the file names.
pub(super) fn audit_records(
    named: &[(Table, String, InternalId)],
    table: Table,
    found: &[Found],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, setting, id) in named.iter().filter(|(of, ..)| *of == table) {
        let what = match found.iter().find(|found| found.id == *id) {
            None => "is not there, or the role does not see it".to_owned(),
            Some(record) if record.is_inactive => format!("({}) is inactive", record.label),
            Some(_) => continue,
        };
        findings.push(Finding::problem(
            "netsuite.record-unknown",
            format!("The record {id}, which `{setting}` names, {what}."),
            "Correct the internal id, or activate the record.",
        ));
    }
    findings
}

/// What NetSuite grants, against what is configured.
pub(super) fn audit_concurrency(settings: &Settings, granted: Option<&Governance>) -> Finding {
    let Some(granted) = granted else {
        let message = "NetSuite does not tell this role how many requests it takes at once.";
        return Finding::ok("netsuite.concurrency", message);
    };
    let places = granted.places();
    match settings.netsuite.concurrency.map(u32::from) {
        Some(configured) if configured > places => Finding::warning(
            "netsuite.concurrency",
            format!(
                "{configured} requests at once are configured, and NetSuite leaves us {places}."
            ),
            "Remove netsuite.concurrency: the rest is refused, and other integrations suffer.",
        ),
        _ => Finding::ok(
            "netsuite.concurrency",
            format!("NetSuite leaves us {places} requests at once."),
        ),
    }
}

fn audit_account(
    settings: &Settings,
    role: Role,
    number: &str,
    references: &References,
) -> Option<Finding> {
    let setting = at(settings, role);
    let Some(account) = references.account(number) else {
        return Some(Finding::problem(
            "netsuite.account-unknown",
            format!("NetSuite has no account {number}, which {setting} names."),
            "Correct the number, or give the role permission to see the account.",
        ));
    };
    if account.is_inactive {
        return Some(Finding::problem(
            "netsuite.account-inactive",
            format!("The account {number} {} is inactive: {setting}.", account.name),
            "Activate it, or name another.",
        ));
    }
    let wanted = types_of(role);
    if !wanted.contains(&account.account_type.as_str()) {
        return Some(Finding::problem(
            "netsuite.account-type",
            format!(
                "The account {number} {} is of type {}; {role} takes {}.",
                account.name,
                account.account_type,
                wanted.join(" or ")
            ),
            format!("Name another account in {setting}."),
        ));
    }
    wrong_currency(settings, role, number, account, references)
}

fn wrong_currency(
    settings: &Settings,
    role: Role,
    number: &str,
    account: &Account,
    references: &References,
) -> Option<Finding> {
    let (Role::Bank(currency) | Role::StripeBalance(currency)) = role else { return None };
    let own = account.currency.as_ref().and_then(|id| references.currency_by_id(id))?.code;
    (own != currency).then(|| {
        Finding::problem(
            "netsuite.account-currency",
            format!("The account {number} {} is in {own}, not in {currency}.", account.name),
            format!("Name a {currency} account in {}.", at(settings, role)),
        )
    })
}

/// NetSuite's account types that can play a role.
pub(in crate::commands) fn types_of(role: Role) -> &'static [&'static str] {
    match role {
        Role::AccountsReceivable => &["AcctRec"],
        Role::UndepositedFunds => &["OthCurrAsset", "UndepFunds"],
        Role::Bank(_) | Role::StripeBalance(_) => &["Bank"],
        Role::Revenue | Role::ShippingIncome | Role::Discounts | Role::Refunds | Role::Disputes => {
            &["Income", "OthIncome", "DeferRevenue"]
        }
        Role::DisputeReversals => &["Income", "OthIncome", "AcctRec"],
        Role::OutOfBand => &["Bank", "OthCurrAsset"],
        Role::DisputedFunds => &["OthCurrAsset"],
        Role::TaxPayable => &["OthCurrLiab"],
        Role::CustomerBalance => &["OthCurrLiab", "Income", "DeferRevenue"],
        Role::Reserves | Role::ConnectReserves | Role::Advances | Role::WithheldTax => {
            &["OthCurrAsset", "OthAsset", "Bank", "Expense", "OthExpense"]
        }
        Role::PlatformEarnings => &["Income", "OthIncome", "COGS", "Expense"],
        Role::Financing | Role::UnallocatedFunds => &["OthCurrLiab", "LongTermLiab"],
        Role::Transfers
        | Role::ConnectCollections
        | Role::Contributions
        | Role::BalancePayments
        | Role::Issuing
        | Role::MoneyManagement
        | Role::Adjustments
        | Role::Suspense
        | Role::Opening => &[
            "Bank",
            "OthCurrAsset",
            "OthCurrLiab",
            "CredCard",
            "Equity",
            "Income",
            "OthIncome",
            "COGS",
            "Expense",
            "OthExpense",
        ],
        Role::BadDebt
        | Role::DisputeLosses
        | Role::ProcessingFees
        | Role::StripeFees
        | Role::ApplicationFees
        | Role::DisputeFees
        | Role::NetworkCosts
        | Role::ConversionFees
        | Role::TaxOnFees
        | Role::InstantPayoutFees => &["Expense", "OthExpense", "COGS"],
    }
}

fn audit_periods(settings: &Settings, references: &References, today: NaiveDate) -> Vec<Finding> {
    let mut findings = Vec::new();
    let current = references.period_of(today);
    findings.push(match current.map(|period| (period.state, &period.name)) {
        None => Finding::problem(
            "netsuite.period-missing",
            format!("NetSuite has no posting period for today, {today}."),
            "Set up the accounting periods (Setup > Accounting > Manage Accounting Periods).",
        ),
        Some((PeriodState::Open, name)) => {
            Finding::ok("netsuite.period", format!("The posting period {name} is open."))
        }
        Some((_, name)) => Finding::warning(
            "netsuite.period-closed",
            format!("The current posting period, {name}, takes no postings."),
            "New records will go to the next open period; open it if that is wrong.",
        ),
    });
    let start = settings.stripe.start_date;
    if let Some(start) = start.filter(|start| references.period_of(*start).is_none()) {
        findings.push(Finding::problem(
            "netsuite.period-start",
            format!("NetSuite has no posting period for the start date, {start}."),
            "Set up the periods since then, or start later.",
        ));
    }
    let of_start = start.and_then(|start| references.period_of(start));
    if let Some(period) = of_start.filter(|period| period.state == PeriodState::Closed) {
        findings.push(Finding::warning(
            "netsuite.period-start-closed",
            format!(
                "The books begin in {}, which is closed: its records go to a later period.",
                period.name
            ),
            "Begin on the first day that is open, or open the period for the backfill.",
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, settings, today};
    use super::*;
    use crate::netsuite::references::{CurrencyRecord, Subsidiary};

    /// The chart that the template names, each account of a type that fits.
    fn references(settings: &Settings) -> References {
        let id = |code: &str| InternalId::new(code);
        References {
            accounts: settings
                .accounts
                .iter()
                .map(|(role, number)| Account {
                    id: id(number),
                    number: Some(number.clone()),
                    name: role.to_string(),
                    account_type: types_of(*role)[0].into(),
                    special: None,
                    currency: match role {
                        Role::Bank(currency) | Role::StripeBalance(currency) => {
                            Some(id(currency.code()))
                        }
                        _ => None,
                    },
                    is_inactive: false,
                })
                .collect(),
            currencies: ["USD", "EUR", "GBP", "JPY"]
                .map(|code| CurrencyRecord {
                    id: id(code),
                    code: code.parse().unwrap(),
                    places: 2,
                    is_base: code == "USD",
                })
                .to_vec(),
            subsidiaries: Vec::new(),
            periods: vec![crate::calendar::PostingPeriod {
                id: id("1"),
                name: "2026".into(),
                first_day: "2026-01-01".parse().unwrap(),
                last_day: "2026-12-31".parse().unwrap(),
                state: PeriodState::Open,
            }],
            primary_book: None,
        }
    }

    #[test]
    fn a_sound_configuration_has_nothing_to_fix() {
        let settings = settings(str::to_owned);
        let findings = audit_netsuite(&settings, &references(&settings), today());
        assert_eq!(ids(&findings), ["netsuite.account", "netsuite.period"]);
    }

    #[test]
    fn an_account_that_is_missing_inactive_or_wrong_is_named() {
        let settings = settings(str::to_owned);
        let found = |change: &dyn Fn(&mut Vec<Account>)| {
            let mut references = references(&settings);
            change(&mut references.accounts);
            ids(&audit_netsuite(&settings, &references, today()))[0]
        };
        assert_eq!(
            found(&|accounts| accounts.retain(|a| a.id.as_str() != "4000")),
            "netsuite.account-unknown"
        );
        assert_eq!(found(&|accounts| accounts[0].is_inactive = true), "netsuite.account-inactive");
        assert_eq!(
            found(&|accounts| accounts[0].account_type = "Stat".into()),
            "netsuite.account-type"
        );
        let euro_bank = |accounts: &mut Vec<Account>| {
            let bank = accounts.iter_mut().find(|a| a.id.as_str() == "1000").unwrap();
            bank.currency = Some(InternalId::new("EUR"));
        };
        assert_eq!(found(&euro_bank), "netsuite.account-currency");
    }

    #[test]
    fn a_month_without_an_open_period_is_told() {
        let settings = settings(str::to_owned);
        let mut references = references(&settings);
        references.periods[0].state = PeriodState::Closed;
        let findings = audit_netsuite(&settings, &references, today());
        assert!(ids(&findings).contains(&"netsuite.period-closed"));
        references.periods.clear();
        let findings = ids(&audit_netsuite(&settings, &references, today())).join(" ");
        assert!(findings.contains("netsuite.period-missing netsuite.period-start"), "{findings}");
    }

    fn found(
        change: impl Fn(&str) -> String,
        of_netsuite: impl Fn(&mut References),
    ) -> Vec<&'static str> {
        let settings = settings(change);
        let mut references = references(&settings);
        of_netsuite(&mut references);
        ids(&audit_netsuite(&settings, &references, today()))
    }

    /// NetSuite would take the payments, and never show them to a deposit.
    #[test]
    fn another_account_than_netsuites_own_undeposited_funds_is_found() {
        let special = |references: &mut References| {
            references.accounts[0].special = Some("UndepFunds".into());
        };
        let deposits = found(str::to_owned, special);
        assert!(deposits.contains(&"netsuite.undeposited-funds"), "{deposits:?}");
        let clearing = found(|text| text.replace("= \"deposit\"", "= \"clearing\""), special);
        assert!(!clearing.contains(&"netsuite.undeposited-funds"), "{clearing:?}");
    }

    #[test]
    fn a_subsidiary_that_cannot_own_the_account_is_found() {
        let one = |id: &str, is_inactive: bool, is_elimination: bool| Subsidiary {
            id: InternalId::new(id),
            name: format!("Company {id}"),
            currency: InternalId::new("USD"),
            is_elimination,
            is_inactive,
        };
        let set = |subsidiaries: Vec<Subsidiary>| {
            move |references: &mut References| references.subsidiaries = subsidiaries.clone()
        };
        let named = |text: &str| text.replace("# subsidiary = \"1\"", "subsidiary = \"1\"");
        for (subsidiaries, is_named, id) in [
            (vec![one("1", false, false), one("2", false, false)], false, "netsuite.subsidiary"),
            (vec![one("2", false, false)], true, "netsuite.subsidiary-unknown"),
            (vec![one("1", true, false)], true, "netsuite.subsidiary-unfit"),
            (vec![one("1", false, true)], true, "netsuite.subsidiary-unfit"),
        ] {
            let text = |text: &str| if is_named { named(text) } else { text.to_owned() };
            let found = found(text, set(subsidiaries));
            assert!(found.contains(&id), "{id}: {found:?}");
        }
        let well = found(named, set(vec![one("1", false, false)]));
        assert_eq!(well, ["netsuite.account", "netsuite.period"]);
    }

    #[test]
    fn currencies_that_netsuite_lacks_or_rounds_are_found() {
        let missing = found(str::to_owned, |r| r.currencies.retain(|c| c.code.code() != "EUR"));
        assert!(missing.contains(&"netsuite.currency-missing"), "{missing:?}");
        let rounded = found(str::to_owned, |r| r.currencies[0].places = 0);
        assert!(rounded.contains(&"netsuite.currency-precision"), "{rounded:?}");
        let set =
            |text: &str| text.replacen("[netsuite]\n", "[netsuite]\nbase_currency = \"EUR\"\n", 1);
        assert!(found(set, |_| {}).contains(&"netsuite.base-currency"));
    }

    /// The first backfill would pour a year into the first open month.
    #[test]
    fn books_that_begin_in_a_closed_period_are_told() {
        let closed = found(str::to_owned, |r| r.periods[0].state = PeriodState::Closed);
        assert!(closed.contains(&"netsuite.period-start-closed"), "{closed:?}");
    }

    #[test]
    fn records_that_the_file_names_must_be_there() {
        let settings = settings(|text| {
            text.replace("# unallocated = { id = \"123\" }", "unallocated = { id = \"123\" }")
                .replace("# shipping = { id = \"456\" }", "shipping = { id = \"456\" }")
        });
        let named = named_records(&settings);
        assert_eq!(named.len(), 2);
        let item = Found {
            id: InternalId::new("456"),
            external_id: None,
            label: "Shipping".into(),
            kind: "Service".into(),
            account: None,
            is_inactive: true,
            matched: None,
        };
        let active = Found { is_inactive: false, ..item.clone() };
        let of = |table, found: &[Found]| ids(&audit_records(&named, table, found));
        assert_eq!(of(Table::Customer, &[]), ["netsuite.record-unknown"]);
        assert_eq!(of(Table::Item, &[item]), ["netsuite.record-unknown"]);
        assert!(of(Table::Item, &[active]).is_empty());
    }

    #[test]
    fn more_requests_at_once_than_netsuite_grants_are_told() {
        let granted = Governance {
            account_concurrency_limit: 5,
            account_unallocated_concurrency_limit: Some(5),
            integration_concurrency_limit: None,
            integration_limit_type: None,
        };
        let verdict = |concurrency: &str| {
            let settings = settings(|text| text.replacen("# concurrency = 4", concurrency, 1));
            let finding = audit_concurrency(&settings, Some(&granted));
            (finding.id, finding.verdict.to_string())
        };
        assert_eq!(verdict("concurrency = 9"), ("netsuite.concurrency", "warning".into()));
        assert_eq!(verdict("concurrency = 4"), ("netsuite.concurrency", "ok".into()));
    }
}
