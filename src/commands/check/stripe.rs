//! What Stripe's answers mean for the configuration: pure, so that every finding has a test.

use std::collections::BTreeSet;

use super::finding::Finding;
use crate::accounting::chart::Role;
use crate::accounting::policy::ManualPayouts;
use crate::config::{API_VERSION, Settings, Target};
use crate::money::Currency;
use crate::netsuite::account::AccountCode;
use crate::stripe::client::Mode;
use crate::stripe::objects;

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
    let is_account = settings.netsuite.target == Target::Account;
    let is_production = is_account
        && settings
            .netsuite
            .account
            .parse::<AccountCode>()
            .is_ok_and(|account| !account.is_sandbox());
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
    findings.extend(audit_account_settings(settings, account));
    findings
}

fn audit_account_settings(settings: &Settings, account: &objects::Account) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_by_hand = account.payout_interval() == Some("manual");
    if is_by_hand && settings.options.manual_payouts == ManualPayouts::Block {
        findings.push(Finding::warning(
            "stripe.manual-payouts",
            "The account pays out by hand, and every such payout would wait for a person.",
            "Set policy.manual_payouts = \"sweep\", or let Stripe pay out by itself.",
        ));
    }
    let version = &settings.stripe.api_version;
    if version != API_VERSION {
        findings.push(Finding::warning(
            "stripe.api-version",
            format!(
                "Stripe is asked in version {version}; this program was tested with {API_VERSION}."
            ),
            "Remove stripe.api_version.",
        ));
    }
    findings
}

/// A key that may write, where reading is enough, is a risk that nobody needs.
pub(super) fn audit_key(is_restricted: bool) -> Option<Finding> {
    (!is_restricted).then(|| {
        Finding::warning(
            "stripe.key-unrestricted",
            "The key is a secret key, which may do everything in the Stripe account.",
            "Make a restricted key with the read permissions of docs/setup.md, and revoke nothing \
             until `tieout check` is well with it.",
        )
    })
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

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict::{Ok, Problem, Warning};
    use super::super::testing::{ids, settings};
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_before_netsuite_refuses_it() {
        let verdict = |ahead_s| audit_clock(ahead_s).verdict;
        assert_eq!([0, -12, 200, -301].map(verdict), [Ok, Ok, Warning, Problem]);
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

    #[test]
    fn a_key_that_may_too_much_and_an_account_that_pays_by_hand_are_told() {
        assert_eq!(audit_key(false).unwrap().id, "stripe.key-unrestricted");
        assert_eq!(audit_key(true), None);
        let account: objects::Account = objects::read(
            br#"{"id":"acct_1234567890","object":"account","settings":
                {"payouts":{"schedule":{"interval":"manual"}}}}"#,
        )
        .unwrap();
        let by_hand = settings(|text| {
            let text = text.replace("manual_payouts = \"sweep\"", "manual_payouts = \"block\"");
            text.replace("[stripe]\n", "[stripe]\napi_version = \"2020-08-27\"\n")
        });
        let found = ids(&audit_stripe(&by_hand, Mode::Test, &account, None)).join(" ");
        assert!(found.contains("stripe.manual-payouts stripe.api-version"), "{found}");
        let swept = ids(&audit_stripe(&settings(str::to_owned), Mode::Test, &account, None));
        assert_eq!(swept, ["stripe.account", "stripe.zone"]);
    }
}
