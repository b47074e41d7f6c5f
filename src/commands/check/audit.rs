//! What answers mean for the configuration: pure, so that every finding has a test.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::finding::Finding;
use crate::accounting::chart::Role;
use crate::calendar::PeriodState;
use crate::config::{Auth, Settings};
use crate::money::Currency;
use crate::netsuite::account::AccountCode;
use crate::netsuite::references::{Account, References};
use crate::stripe::client::Mode;
use crate::stripe::objects;

/// Roles that most companies need sooner or later, though a file without them is valid.
const EXPECTED: [Role; 4] =
    [Role::ShippingIncome, Role::TaxPayable, Role::CustomerBalance, Role::Reserves];

/// What the file alone says.
pub(super) fn audit_files(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("config.file", "The configuration is well formed.")];
    for role in EXPECTED.into_iter().filter(|role| !settings.accounts.contains_key(role)) {
        findings.push(Finding::warning(
            "config.account-unset",
            format!("No account is set for {role}: what needs it will be an exception."),
            format!("Set `{}`.", role.setting()),
        ));
    }
    let banks = settings.accounts.keys().filter_map(|role| match role {
        Role::Bank(currency) => Some(*currency),
        _ => None,
    });
    for currency in banks {
        let role = Role::StripeBalance(currency);
        if !settings.accounts.contains_key(&role) {
            findings.push(Finding::warning(
                "config.stripe-balance-unset",
                format!(
                    "Failed and negative payouts in {currency} have no account to pass through."
                ),
                format!("Set `{}`.", role.setting()),
            ));
        }
    }
    if matches!(settings.netsuite.auth, Auth::Token { .. }) {
        findings.push(Finding::warning(
            "netsuite.token-based",
            "Token-based authentication is ending: no new tokens from release 2027.1.",
            "Move to [netsuite.oauth2].",
        ));
    }
    findings
}

/// What Stripe's account says.
pub(super) fn audit_stripe(
    settings: &Settings,
    mode: Mode,
    account: &objects::Account,
    balance: Option<&objects::Balance>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let configured = &settings.stripe.account;
    findings.push(if account.id == *configured {
        let mode = if mode.is_live() { "live" } else { "test" };
        Finding::ok("stripe.account", format!("The key reads {configured} in {mode} mode."))
    } else {
        Finding::problem(
            "stripe.account",
            format!("The key is of {}, the configuration says {configured}.", account.id),
            "Use that account's key, or correct stripe.account.",
        )
    });
    let zone = settings.stripe.zone;
    findings.push(match account.zone() {
        Some(own) if own != zone => Finding::warning(
            "stripe.zone",
            format!("Stripe's dashboard reports in {own}, the configuration in {zone}."),
            "Use Stripe's zone unless the books are cut by another one on purpose.",
        ),
        Some(_) => Finding::ok("stripe.zone", format!("Both report in {zone}.")),
        None => Finding::ok("stripe.zone", "Stripe names no reporting zone."),
    });
    let currencies: BTreeSet<Currency> = balance
        .into_iter()
        .flat_map(|balance| balance.available.iter().chain(&balance.pending))
        .map(|part| part.currency)
        .collect();
    for currency in currencies {
        let role = Role::Bank(currency);
        if !settings.accounts.contains_key(&role) {
            findings.push(Finding::problem(
                "config.bank-unset",
                format!("Stripe keeps a balance in {currency}, and no bank account is set for it."),
                format!("Set `{}`.", role.setting()),
            ));
        }
    }
    let is_production =
        settings.netsuite.account.parse::<AccountCode>().is_ok_and(|account| !account.is_sandbox());
    if !mode.is_live() && is_production {
        findings.push(Finding::warning(
            "stripe.test-into-production",
            format!(
                "A test key would post into {}, a production account.",
                settings.netsuite.account
            ),
            "Use a NetSuite sandbox for test data.",
        ));
    }
    findings
}

/// NetSuite refuses signatures that are more than five minutes off.
const CLOCK_AHEAD_S_MAX: i64 = 300;
/// Less than this is only the time an answer takes.
const CLOCK_AHEAD_S_USUAL: i64 = 30;

/// What the other side's clock says.
pub(super) fn audit_clock(ahead_s: i64) -> Finding {
    let word = if ahead_s < 0 { "behind" } else { "ahead of" };
    let message = format!("This machine's clock is {} s {word} Stripe's.", ahead_s.abs());
    let fix = "Synchronise the clock (NTP): signatures and windows depend on it.";
    if ahead_s.abs() > CLOCK_AHEAD_S_MAX {
        Finding::problem("clock", message, fix)
    } else if ahead_s.abs() > CLOCK_AHEAD_S_USUAL {
        Finding::warning("clock", message, fix)
    } else {
        Finding::ok("clock", "This machine's clock agrees with Stripe's.")
    }
}

/// What NetSuite's lists say.
pub(super) fn audit_netsuite(
    settings: &Settings,
    references: &References,
    today: NaiveDate,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (role, number) in &settings.accounts {
        findings.extend(audit_account(*role, number, references));
    }
    if findings.is_empty() {
        let count = settings.accounts.len();
        let message = format!("All {count} accounts exist, with the right type and currency.");
        findings.push(Finding::ok("netsuite.account", message));
    }
    let active = references.subsidiaries.iter().filter(|s| !s.is_inactive && !s.is_elimination);
    if active.clone().count() > 1 && settings.netsuite.subsidiary.is_none() {
        let names: Vec<&str> = active.map(|subsidiary| subsidiary.name.as_str()).collect();
        findings.push(Finding::problem(
            "netsuite.subsidiary",
            format!("The account has several subsidiaries: {}.", names.join(", ")),
            "Set netsuite.subsidiary to the one that owns this Stripe account.",
        ));
    }
    findings.extend(audit_periods(settings, references, today));
    findings
}

fn audit_account(role: Role, number: &str, references: &References) -> Option<Finding> {
    let setting = role.setting();
    let Some(account) = references.account(number) else {
        return Some(Finding::problem(
            "netsuite.account-unknown",
            format!("NetSuite has no account {number}, which `{setting}` names."),
            "Correct the number, or give the role permission to see the account.",
        ));
    };
    if account.is_inactive {
        return Some(Finding::problem(
            "netsuite.account-inactive",
            format!("The account {number} {} is inactive (`{setting}`).", account.name),
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
            format!("Name another account in `{setting}`."),
        ));
    }
    wrong_currency(role, number, account, references)
}

fn wrong_currency(
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
            format!("Name a {currency} account in `{}`.", role.setting()),
        )
    })
}

/// NetSuite's account types that can play a role.
fn types_of(role: Role) -> &'static [&'static str] {
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
    findings
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::finding::Verdict::{Ok, Problem, Warning};
    use super::*;
    use crate::config::{Overrides, parse, template};
    use crate::ids::InternalId;
    use crate::netsuite::references::CurrencyRecord;

    fn settings(change: impl Fn(&str) -> String) -> Settings {
        let text = change(template::TEXT);
        parse(&text, Path::new("tieout.toml"), &Overrides::default()).unwrap()
    }

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

    fn ids(findings: &[Finding]) -> Vec<&'static str> {
        findings.iter().map(|finding| finding.id).collect()
    }

    fn today() -> NaiveDate {
        "2026-10-05".parse().unwrap()
    }

    #[test]
    fn a_sound_configuration_has_nothing_to_fix() {
        let settings = settings(str::to_owned);
        let findings = audit_netsuite(&settings, &references(&settings), today());
        assert_eq!(ids(&findings), ["netsuite.account", "netsuite.period"]);
        assert_eq!(ids(&audit_files(&settings)), ["config.file"]);
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
    fn a_clock_that_is_off_is_told_before_netsuite_refuses_it() {
        let verdict = |ahead_s| audit_clock(ahead_s).verdict;
        assert_eq!([0, -12, 200, -301].map(verdict), [Ok, Ok, Warning, Problem]);
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

    #[test]
    fn stripe_and_the_file_must_speak_of_the_same_account_zone_and_currencies() {
        let settings = settings(|text| text.replace("EUR = \"1010\"\n", ""));
        let account: objects::Account = objects::read(
            br#"{"id":"acct_2","object":"account","settings":{"dashboard":{"timezone":"Europe/Paris"}}}"#,
        )
        .unwrap();
        let balance: objects::Balance = objects::read(
            br#"{"object":"balance","available":[{"amount":1,"currency":"eur"}],"pending":[]}"#,
        )
        .unwrap();
        let findings = audit_stripe(&settings, Mode::Test, &account, Some(&balance));
        assert_eq!(ids(&findings), ["stripe.account", "stripe.zone", "config.bank-unset"]);
        let live = settings_of_production();
        let findings = ids(&audit_stripe(&live, Mode::Test, &account, None)).join(" ");
        assert!(findings.contains("stripe.test-into-production"), "{findings}");
    }

    fn settings_of_production() -> Settings {
        settings(|text| text.replace("1234567_SB1", "1234567"))
    }
}
