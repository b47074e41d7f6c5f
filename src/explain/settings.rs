//! Which options and accounts decided what a record says.
//!
//! Every option of the policy has a row in [`OPTIONS`]: when it had a say in a record, and what each
//! of its values means.

use crate::accounting::chart::{Chart, Role};
use crate::accounting::payout_deposit::suspended_by;
use crate::accounting::policy::{Options, Policy};
use crate::accounting::record::{Record, Rule};
use crate::explain::value::Setting;
use crate::netsuite::record::{Body, ItemLine};

/// Whether the story has a record of this external id.
type Made<'a> = dyn Fn(&str) -> bool + 'a;

/// One option: its name below `policy`, whether it decided about a record, its values in words.
struct Explained {
    name: &'static str,
    decided: fn(&Record, &Made) -> bool,
    meanings: &'static [(&'static str, &'static str)],
}

const OPTIONS: &[Explained] = &[
    Explained {
        name: "trials",
        decided: |record, _| {
            record.rule == Rule::InvoiceFinalized
                && lines(record).iter().all(|line| line.amount.is_zero())
        },
        meanings: &[
            ("sync", "Invoices whose lines are all zero are posted."),
            ("skip", "Invoices whose lines are all zero are left out."),
        ],
    },
    Explained {
        name: "discounts",
        // Only a discount line has no quantity.
        decided: |record, _| lines(record).iter().any(|line| line.quantity.is_none()),
        meanings: &[
            ("non_posting", "A discount reduces the income of the line above it."),
            ("posting", "A discount has an account of its own, and income stays gross."),
        ],
    },
    Explained {
        name: "standalone_charges",
        decided: |record, made| match (record.rule, &record.body) {
            (Rule::ChargeBilled, _) => true,
            // A payment that failed later pays nothing whatever the option says.
            (Rule::ChargeSucceeded, Body::CustomerPayment(payment)) => {
                payment.apply.is_empty() && !made(&format!("{}-failed", record.external_id()))
            }
            _ => false,
        },
        meanings: &[
            ("unapplied", "A payment that paid no invoice stays unapplied."),
            ("invoice", "A payment that paid no invoice is billed with one line."),
        ],
    },
    Explained {
        name: "settlement",
        decided: |record, _| {
            matches!(
                record.rule,
                Rule::ChargeSucceeded
                    | Rule::PayoutPaid
                    | Rule::PayoutTransferred
                    | Rule::DayCharged
            )
        },
        meanings: &[
            ("deposit", "Money goes through undeposited funds, with one deposit per payout."),
            ("clearing", "Money goes through an account that stands for the Stripe balance."),
        ],
    },
    Explained {
        name: "settlement_since",
        decided: |record, _| matches!(record.rule, Rule::PayoutPaid | Rule::PayoutTransferred),
        meanings: &[],
    },
    Explained {
        name: "manual_payouts",
        decided: |record, _| record.rule == Rule::DaySwept,
        meanings: &[
            ("sweep", "What Stripe cannot itemise is paid from the Stripe balance account."),
            ("block", "Payouts that Stripe cannot itemise wait for a person."),
        ],
    },
    Explained {
        name: "unreconciled",
        decided: |record, _| match &record.body {
            Body::Deposit(deposit) => {
                let lines = deposit.other.iter().chain(&deposit.cashback);
                lines.into_iter().any(|line| suspended_by(&line.memo).is_some())
            }
            _ => false,
        },
        meanings: &[
            ("block", "A payout with a member that cannot be placed waits."),
            ("suspense", "What cannot be placed is a line on the suspense account."),
        ],
    },
    Explained {
        name: "deposit_lines",
        decided: |record, _| match &record.body {
            // Only a payout that was split says so.
            Body::Deposit(deposit) => deposit.header.memo.contains(", part "),
            _ => false,
        },
        meanings: &[],
    },
    Explained {
        name: "granularity",
        decided: |record, _| {
            matches!(record.rule, Rule::MovementCharged | Rule::PayoutCharged)
                || (record.rule.sums_up() && record.rule != Rule::DaySwept)
        },
        meanings: &[],
    },
    Explained {
        name: "uncollectible",
        decided: |record, _| {
            matches!(record.rule, Rule::InvoiceUncollectible | Rule::InvoiceRecovered)
        },
        meanings: &[
            ("credit_memo", "The invoice's own lines are reversed."),
            ("bad_debt", "The loss is booked, and the revenue stays."),
            ("keep_open", "The invoice stays open."),
        ],
    },
];

/// The options that decided about a record, each by its setting.
pub(super) fn that_decided(record: &Record, policy: &Policy, made: &Made) -> Vec<Setting> {
    let decided = OPTIONS.iter().filter(|option| (option.decided)(record, made));
    decided.filter_map(|option| setting(option, policy.options)).collect()
}

/// The option with its value; `None` while it is not set.
fn setting(option: &Explained, options: Options) -> Option<Setting> {
    let all = serde_json::to_value(options).unwrap_or_default();
    let value = in_words(&all[option.name])?;
    let meaning = option.meanings.iter().find(|(known, _)| *known == value);
    Some(Setting {
        name: format!("policy.{}", option.name),
        meaning: meaning.map(|(_, text)| (*text).to_owned()),
        value,
    })
}

/// A value as the configuration has it, a table as its entries.
fn in_words(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Object(fields) => {
            let set = fields.iter().filter_map(|(name, value)| {
                in_words(value).map(|value| format!("{name} = {value}"))
            });
            Some(set.collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    }
}

/// The setting that names an account, such as `accounts.revenue`.
pub(super) fn of_account(account: &crate::ids::InternalId, chart: &Chart) -> Option<String> {
    let settings: Vec<String> = chart
        .iter()
        .filter(|(_, id)| *id == account)
        .map(|(role, _): (Role, _)| role.setting())
        .collect();
    // Of several roles that share an account nobody can say which one decided.
    match settings.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn lines(record: &Record) -> &[ItemLine] {
    match &record.body {
        Body::Invoice(record) => &record.lines,
        Body::CreditMemo(record) => &record.lines,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An option without a row here would decide about records in silence.
    #[test]
    fn every_option_can_be_explained_and_so_can_its_default() {
        let all = serde_json::to_value(Options::default()).unwrap();
        for (name, value) in all.as_object().unwrap() {
            let option = OPTIONS.iter().find(|option| option.name == name);
            let option = option.unwrap_or_else(|| panic!("add a row for policy.{name}"));
            let shown = setting(option, Options::default());
            let is_told = shown.is_some_and(|shown| shown.meaning.is_some());
            assert!(is_told || !value.is_string(), "say what {name} = {value} means");
        }
        assert_eq!(all.as_object().unwrap().len(), OPTIONS.len());
    }
}
