//! Everything that `tieout check` can find: one row each, with a name that never changes.
//!
//! `docs/checks.md` is made of this list, and a test holds it against the code and the tests: a finding
//! that is not here cannot be made, one that nothing makes or nothing tests is not here.

/// A finding that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub id: &'static str,
    /// What is wrong when it is no `ok`.
    pub wrong: &'static str,
    /// What to do.
    pub fix: &'static str,
}

const fn known(id: &'static str, wrong: &'static str, fix: &'static str) -> Known {
    Known { id, wrong, fix }
}

/// What the file and this machine show; `check --offline` looks at these alone.
pub const OFFLINE: [Known; 15] = [
    known("config.file", "Always well: a file that cannot be read never gets here.", "—"),
    known(
        "config.account-unset",
        "No account is set for something that most companies meet.",
        "Set it, or live with the exceptions.",
    ),
    known(
        "config.stripe-balance-unset",
        "Failed and negative payouts in a currency have no account to pass through.",
        "Set `accounts.stripe_balance`.",
    ),
    known(
        "config.policy-account",
        "A policy needs an account that is not set.",
        "Set the account, or choose another policy.",
    ),
    known(
        "config.suitetax-unset",
        "Tax goes into details of each line, and no tax code stands for Stripe's rates.",
        "Set `[suitetax.usual]`.",
    ),
    known(
        "config.currency",
        "A bank account is set for a currency that Stripe does not have.",
        "Write the code that Stripe shows.",
    ),
    known(
        "config.account-twice",
        "One account plays two parts whose balances are proven one by one.",
        "Give each an account of its own.",
    ),
    known(
        "config.start-future",
        "The books begin on a day that is still to come.",
        "Correct `stripe.start_date`.",
    ),
    known(
        "config.grace-short",
        "A lost answer is looked up before NetSuite has surely given up on the request.",
        "Leave `netsuite.grace_s` unset.",
    ),
    known(
        "config.limits-none",
        "The real Stripe is asked without regard to its limits.",
        "Leave `stripe.limits` unset.",
    ),
    known(
        "config.writable",
        "Others may write the configuration, whose commands are run.",
        "`chmod go-w`.",
    ),
    known(
        "secrets.readable",
        "Everybody on this machine may read a file with a secret.",
        "`chmod o-r`.",
    ),
    known(
        "ledger.readable",
        "Everybody on this machine may read the ledger: names and amounts.",
        "`chmod o-r`.",
    ),
    known(
        "netsuite.token-based",
        "Token-based authentication is ending.",
        "Move to `[netsuite.oauth2]`.",
    ),
    known(
        "netsuite.certificate",
        "The certificate of the integration ends soon, or has ended.",
        "Upload a new one, then change `certificate_id` and the key.",
    ),
];

/// What the two systems show.
pub const ONLINE: [Known; 37] = [
    known(
        "stripe.key",
        "The Stripe key cannot be had, or Stripe does not accept it.",
        "Correct where the key comes from.",
    ),
    known(
        "stripe.key-unrestricted",
        "The key may do everything, where reading is enough.",
        "Make a restricted key with read access.",
    ),
    known(
        "stripe.reach",
        "Stripe does not answer.",
        "Check the network, the address and the proxy.",
    ),
    known(
        "stripe.answer",
        "Something else answers in Stripe's place.",
        "Check `stripe.base_url` and the proxy.",
    ),
    known(
        "stripe.permission",
        "The key may not read one of the lists.",
        "Grant what the finding names.",
    ),
    known(
        "stripe.account",
        "The key is of another account.",
        "Use that account's key, or correct `stripe.account`.",
    ),
    known(
        "stripe.zone",
        "Stripe's reports are cut by another time zone.",
        "Use Stripe's zone, unless that is on purpose.",
    ),
    known(
        "stripe.test-into-production",
        "Test data would be posted into production books.",
        "Use a NetSuite sandbox.",
    ),
    known(
        "stripe.api-version",
        "Stripe is asked in a version that this program was not tested with.",
        "Leave `stripe.api_version` unset.",
    ),
    known(
        "stripe.manual-payouts",
        "The account pays out by hand, and the policy leaves such payouts to a person.",
        "Set `policy.manual_payouts`, or automatic payouts in Stripe.",
    ),
    known(
        "stripe.write-key",
        "The key that writes metadata cannot be had.",
        "Correct where the key comes from.",
    ),
    known(
        "stripe.write-permission",
        "Whether the write key may add to the metadata of every kind; a refusal is a `stripe.permission`.",
        "Grant what the finding names.",
    ),
    known(
        "config.bank-unset",
        "Stripe keeps a balance in a currency that has no bank account.",
        "Set `accounts.bank`.",
    ),
    known(
        "clock",
        "This machine's clock is off: signatures are refused and windows are cut wrong.",
        "Synchronise it (NTP).",
    ),
    known(
        "netsuite.credentials",
        "The secrets for NetSuite cannot be had or used.",
        "Correct where they come from.",
    ),
    known(
        "netsuite.sign-in",
        "NetSuite refuses the sign-in.",
        "See Setup > Users/Roles > View Login Audit Trail.",
    ),
    known(
        "netsuite.reach",
        "NetSuite does not answer, or something else does.",
        "Check the account, the address and the proxy.",
    ),
    known(
        "netsuite.permission",
        "The role may not do one of the things in the guide.",
        "Grant what the finding names.",
    ),
    known("netsuite.account", "Whether all accounts are there and fit.", "—"),
    known(
        "netsuite.account-unknown",
        "An account that is named is not there, or the role does not see it.",
        "Correct the number.",
    ),
    known(
        "netsuite.account-inactive",
        "An account that is named is inactive.",
        "Activate it, or name another.",
    ),
    known(
        "netsuite.account-type",
        "An account cannot play its part.",
        "Name one of a type that fits.",
    ),
    known(
        "netsuite.account-currency",
        "A bank account is in another currency.",
        "Name one in the payout's currency.",
    ),
    known(
        "netsuite.undeposited-funds",
        "Payments would not be found when they are deposited.",
        "Name the account that NetSuite itself uses, or settle through clearing.",
    ),
    known(
        "netsuite.subsidiary",
        "There are several subsidiaries, and none is named.",
        "Set `netsuite.subsidiary`.",
    ),
    known(
        "netsuite.subsidiary-unknown",
        "The subsidiary is not there, or the role does not see it.",
        "Correct it, or let the role see it.",
    ),
    known(
        "netsuite.subsidiary-unfit",
        "The subsidiary is inactive or for eliminations alone.",
        "Name another.",
    ),
    known(
        "netsuite.base-currency",
        "The books are kept in another currency than the file says.",
        "Leave `netsuite.base_currency` unset.",
    ),
    known(
        "netsuite.currency-missing",
        "NetSuite lacks a currency that Stripe pays out.",
        "Add it under Lists > Accounting > Currencies.",
    ),
    known(
        "netsuite.currency-precision",
        "NetSuite keeps fewer decimals of a currency than it has.",
        "Correct the currency's precision.",
    ),
    known("netsuite.period", "Whether the current posting period is open.", "—"),
    known(
        "netsuite.period-missing",
        "There is no posting period for today.",
        "Set up the accounting periods.",
    ),
    known(
        "netsuite.period-closed",
        "The current posting period takes no postings.",
        "Open it, if that is wrong.",
    ),
    known(
        "netsuite.period-start",
        "There is no posting period for the start date.",
        "Set up the periods, or start later.",
    ),
    known(
        "netsuite.period-start-closed",
        "The period of the start date is closed: its records go to a later one.",
        "Start on the first day that is open, or open it.",
    ),
    known(
        "netsuite.record-unknown",
        "A customer or an item that the file names is not there, or is inactive.",
        "Correct the internal id.",
    ),
    known(
        "netsuite.concurrency",
        "More requests at once are configured than NetSuite grants.",
        "Leave `netsuite.concurrency` unset.",
    ),
];

/// Every finding that can be.
pub fn all() -> impl Iterator<Item = Known> {
    OFFLINE.into_iter().chain(ONLINE)
}
