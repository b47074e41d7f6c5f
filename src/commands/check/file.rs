//! What the configuration says by itself: pure, so that every finding has a test.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::finding::Finding;
use crate::accounting::chart::Role;
use crate::accounting::policy::{
    BeforeStart, Discounts, DisputesOpened, Tax, Uncollectible, UnpaidOnCancel, Unreconciled,
};
use crate::config::currencies::is_known;
use crate::config::{Auth, Settings, StripeLimits};
use crate::push::verdict::GRACE_S;

/// Roles that most companies need sooner or later, though a file without them is valid.
const EXPECTED: [Role; 4] =
    [Role::ShippingIncome, Role::TaxPayable, Role::CustomerBalance, Role::Reserves];

/// What the file alone says.
pub(super) fn audit_file(settings: &Settings, today: NaiveDate) -> Vec<Finding> {
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
    findings.extend(audit_names(settings));
    findings.extend(audit_policies(settings));
    findings.extend(audit_limits(settings));
    if let Some(start) = settings.stripe.start_date.filter(|start| *start > today) {
        findings.push(Finding::problem(
            "config.start-future",
            format!("The books begin on {start}, which is still to come: nothing would be pulled."),
            "Correct stripe.start_date.",
        ));
    }
    findings.extend(audit_sign_in(&settings.netsuite.auth, today));
    findings
}

/// Policies that need an account which nothing names.
fn audit_policies(settings: &Settings) -> Vec<Finding> {
    let options = &settings.options;
    let has_start = settings.stripe.start_date.is_some();
    let needs = [
        (options.discounts == Discounts::Posting, "policy.discounts", Role::Discounts),
        (options.uncollectible == Uncollectible::BadDebt, "policy.uncollectible", Role::BadDebt),
        (
            options.unpaid_on_cancel == UnpaidOnCancel::BadDebt,
            "policy.unpaid_on_cancel",
            Role::BadDebt,
        ),
        (
            options.disputes_opened == DisputesOpened::Hold,
            "policy.disputes_opened",
            Role::DisputedFunds,
        ),
        (
            options.disputes_opened == DisputesOpened::Hold,
            "policy.disputes_opened",
            Role::DisputeLosses,
        ),
        (options.unreconciled == Unreconciled::Suspense, "policy.unreconciled", Role::Suspense),
        (
            options.before_start == BeforeStart::Account && has_start,
            "policy.before_start",
            Role::Opening,
        ),
    ];
    let mut findings: Vec<Finding> = needs
        .into_iter()
        .filter(|(is_chosen, _, role)| *is_chosen && !settings.accounts.contains_key(role))
        .map(|(_, policy, role)| {
            Finding::problem(
                "config.policy-account",
                format!("`{policy}` books on the account for {role}, and none is set."),
                format!("Set `{}`, or choose another policy.", role.setting()),
            )
        })
        .collect();
    if options.tax == Tax::Suitetax && settings.suitetax.usual.is_none() {
        findings.push(Finding::problem(
            "config.suitetax-unset",
            "Tax goes into details of each line, and no tax code stands for rates of Stripe's.",
            "Set [suitetax.usual]; single rates may have codes of their own.",
        ));
    }
    findings
}

/// Settings that only make sense towards the embedded systems.
fn audit_limits(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_real = |url: &str| !url.starts_with("http://");
    let (stripe, netsuite) = (&settings.stripe, &settings.netsuite);
    if stripe.limits == Some(StripeLimits::None) && is_real(&stripe.base_url) {
        findings.push(Finding::warning(
            "config.limits-none",
            "Stripe would be asked without regard to its limits, and refuse most of it.",
            "Remove stripe.limits: the key's mode decides.",
        ));
    }
    if netsuite.grace_s < GRACE_S && netsuite.base_url.as_deref().is_none_or(is_real) {
        findings.push(Finding::warning(
            "config.grace-short",
            format!(
                "A lost answer is given up after {} s, and NetSuite may act on its request for 900 s.",
                netsuite.grace_s
            ),
            "Remove netsuite.grace_s, or set 960 or more: a record could be sent twice.",
        ));
    }
    findings
}

/// A certificate is good for two years at most, and nobody remembers when it was made.
const CERTIFICATE_DAYS_MIN: i64 = 30;

fn audit_sign_in(auth: &Auth, today: NaiveDate) -> Option<Finding> {
    let expires = match auth {
        Auth::Token { .. } => {
            return Some(Finding::warning(
                "netsuite.token-based",
                "Token-based authentication is ending: no new tokens from release 2027.1.",
                "Move to [netsuite.oauth2].",
            ));
        }
        Auth::OAuth2 { certificate_expires, .. } => (*certificate_expires)?,
    };
    let fix = "Upload a new certificate (Setup > Integration > Manage Authentication > OAuth 2.0 \
               Client Credentials), then change the key, netsuite.oauth2.certificate_id and \
               certificate_expires.";
    match (expires - today).num_days() {
        ..0 => Some(Finding::problem(
            "netsuite.certificate",
            format!("The certificate of the integration ended on {expires}."),
            fix,
        )),
        days @ 0..CERTIFICATE_DAYS_MIN => Some(Finding::warning(
            "netsuite.certificate",
            format!("The certificate of the integration ends on {expires}, in {days} days."),
            fix,
        )),
        _ => Some(Finding::ok(
            "netsuite.certificate",
            format!("The certificate of the integration is good until {expires}."),
        )),
    }
}

/// Typing errors that are still valid TOML: currencies nobody has, and one account in two places
/// whose balances must be told apart.
fn audit_names(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut taken: BTreeMap<&str, Role> = BTreeMap::new();
    for (role, number) in &settings.accounts {
        if let Role::Bank(currency) | Role::StripeBalance(currency) = role
            && !is_known(*currency)
        {
            findings.push(Finding::problem(
                "config.currency",
                format!("{currency} is not a currency of Stripe: {}.", at(settings, *role)),
                "Write the three letters that Stripe shows, such as JPY.",
            ));
        }
        if let Some(other) = taken.insert(number, *role)
            && (is_proven(*role) || is_proven(other))
        {
            findings.push(Finding::problem(
                "config.account-twice",
                format!(
                    "The account {number} is {other} and {role} at once: {}.",
                    at(settings, *role)
                ),
                "Give each an account of its own: their balances are proven one by one.",
            ));
        }
    }
    findings
}

/// Whether the balance of a role's account is held against Stripe, so that nothing else may be on it.
fn is_proven(role: Role) -> bool {
    matches!(
        role,
        Role::AccountsReceivable | Role::UndepositedFunds | Role::Bank(_) | Role::StripeBalance(_)
    )
}

/// A role's setting, with the line it stands on: "`accounts.revenue` (tieout.toml:42)".
pub(super) fn at(settings: &Settings, role: Role) -> String {
    let setting = role.setting();
    match settings.place(&setting) {
        Some(place) => format!("`{setting}` ({place})"),
        None => format!("`{setting}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ids, settings, today};
    use super::*;

    fn found(change: impl Fn(&str) -> String) -> Vec<&'static str> {
        ids(&audit_file(&settings(change), today()))
    }

    #[test]
    fn a_sound_file_has_nothing_to_fix() {
        assert_eq!(found(str::to_owned), ["config.file"]);
    }

    #[test]
    fn a_currency_nobody_has_and_an_account_in_two_places_are_found_with_their_line() {
        let yen = settings(|text| text.replacen("JPY = \"1030\"", "YEN = \"1030\"", 1));
        let findings = audit_file(&yen, today());
        let found = findings.iter().find(|f| f.id == "config.currency").expect("the finding");
        assert!(found.message.contains("(tieout.toml:"), "{}", found.message);
        let twice = settings(|text| text.replace("EUR = \"1010\"", "EUR = \"1000\""));
        assert!(ids(&audit_file(&twice, today())).contains(&"config.account-twice"));
        // Fees may share an account: that is how many companies book them.
        let shared = settings(|text| text.replace("stripe_fees = \"6010\"", ""));
        assert_eq!(ids(&audit_file(&shared, today())), ["config.file"]);
    }

    /// Each of these would be found out at the first refund, dispute or lost answer, weeks later.
    #[test]
    fn what_the_file_lacks_or_contradicts_is_told_before_it_matters() {
        for (from, to, id) in [
            ("tax_payable = \"2200\"", "", "config.account-unset"),
            ("USD = \"1050\"", "", "config.stripe-balance-unset"),
            ("opening = \"3900\"", "", "config.policy-account"),
            ("unreconciled = \"block\"", "unreconciled = \"suspense\"", "config.policy-account"),
            ("bad_debt = \"6100\"", "", "config.policy-account"),
            ("tax = \"lines\"", "tax = \"suitetax\"", "config.suitetax-unset"),
            ("# limits = \"live\"", "limits = \"none\"", "config.limits-none"),
            ("# grace_s = 960", "grace_s = 60", "config.grace-short"),
            ("start_date = \"2026-01-01\"", "start_date = \"2027-01-01\"", "config.start-future"),
        ] {
            let uncollectible = id == "config.policy-account" && from.starts_with("bad_debt");
            let text = |text: &str| {
                assert!(text.contains(from), "{from}");
                let text = text.replacen(from, to, 1);
                let chosen = "uncollectible = \"bad_debt\"";
                if uncollectible {
                    text.replacen("uncollectible = \"credit_memo\"", chosen, 1)
                } else {
                    text
                }
            };
            assert!(found(text).contains(&id), "{from} → {to}: {:?}", found(text));
        }
    }

    #[test]
    fn a_certificate_that_ends_is_told_a_month_before() {
        let judged = |day: &str| {
            let settings = settings(|text| {
                text.replacen(
                    "# certificate_expires = \"2028-01-31\"",
                    &format!("certificate_expires = \"{day}\""),
                    1,
                )
            });
            let finding = audit_sign_in(&settings.netsuite.auth, today()).expect("a finding");
            (finding.id, finding.verdict.to_string())
        };
        let of = |verdict: &str| ("netsuite.certificate", verdict.to_owned());
        assert_eq!(judged("2026-10-04"), of("problem"));
        assert_eq!(judged("2026-11-03"), of("warning"));
        assert_eq!(judged("2026-11-04"), of("ok"));
        let token = "[netsuite.token]\nconsumer_key = \"k\"\ntoken_id = \"t\"\n[accounts]";
        let by_token = found(|text| {
            let (head, tail) = text.split_once("[netsuite.oauth2]").unwrap();
            format!("{head}{token}{}", tail.split_once("[accounts]").unwrap().1)
        });
        assert!(by_token.contains(&"netsuite.token-based"), "{by_token:?}");
    }
}
