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
use crate::plan::place;

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
                payment.apply.is_empty()
                    && !is_duplicate(record)
                    && !made(&format!("{}-failed", record.external_id()))
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
        name: "closed_period",
        decided: |record, _| {
            record.body.header().is_some_and(|header| header.memo.contains(place::MOVED_FROM))
        },
        meanings: &[
            ("next_open", "A record of a closed period moves to the next open one."),
            ("block", "A record of a closed period waits until the period is opened."),
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
        name: "duplicate_payments",
        decided: |record, _| is_duplicate(record),
        meanings: &[
            ("unapplied", "What pays an invoice twice stays the customer's credit."),
            ("hold", "What pays an invoice twice waits until somebody allows it."),
        ],
    },
    Explained {
        name: "negative_invoices",
        decided: |record, _| record.rule == Rule::InvoiceNegative,
        meanings: &[
            ("credit_memo", "An invoice below zero is a credit memo: the customer's credit."),
            ("zero_lines", "An invoice below zero has lines of zero until its credit is used."),
        ],
    },
    Explained {
        name: "customer_balance",
        decided: |record, _| matches!(record.rule, Rule::BalanceAdjusted | Rule::BalanceUsed),
        meanings: &[
            ("open_credits", "Credit on a customer's balance is an open credit as it arises."),
            ("on_use", "Credit on a customer's balance is booked when it has paid an invoice."),
        ],
    },
    Explained {
        name: "credit_notes",
        decided: |record, _| record.rule == Rule::CreditNoteIssued,
        meanings: &[
            ("at_issue", "A credit note is booked when it is issued."),
            ("after_payment", "A credit note on an open invoice waits for its payment."),
        ],
    },
    Explained {
        name: "unpaid_on_cancel",
        decided: |record, _| record.rule == Rule::SubscriptionEnded,
        meanings: &[
            ("keep_open", "What a cancelled subscription left unpaid stays open."),
            ("credit_memo", "What a cancelled subscription left unpaid is reversed."),
            ("bad_debt", "What a cancelled subscription left unpaid is a loss."),
        ],
    },
    Explained {
        name: "partial_refunds",
        decided: |record, _| {
            matches!(record.rule, Rule::RefundReversesInvoice | Rule::DisputeReversesInvoice)
        },
        meanings: &[
            ("prorate", "A part of an invoice takes its share of every line and of the tax."),
            ("single_item", "A part of an invoice of several lines is one line of its own."),
        ],
    },
    Explained {
        name: "refund_items",
        decided: |record, _| record.rule == Rule::RefundReversesInvoice,
        meanings: &[
            ("original", "The memo of a refund has the invoice's own items."),
            ("single", "The memo of a refund has one item of its own."),
        ],
    },
    Explained {
        name: "dispute_items",
        decided: |record, _| record.rule == Rule::DisputeReversesInvoice,
        meanings: &[
            ("original", "The memo of a dispute has the invoice's own items."),
            ("single", "The memo of a dispute has one item of its own."),
        ],
    },
    Explained {
        name: "disputes_opened",
        decided: |record, _| matches!(record.rule, Rule::DisputeWithdrawn | Rule::DisputeLost),
        meanings: &[
            ("credit_memo", "A disputed amount is given back at once, by a memo and a refund."),
            ("hold", "A disputed amount is held on an account until the outcome."),
        ],
    },
    Explained {
        name: "disputes_won",
        decided: |record, _| matches!(record.rule, Rule::DisputeReinstated | Rule::DisputeWon),
        meanings: &[
            ("reinstate", "What a won dispute had reversed is billed again and paid."),
            ("reversal_line", "What a won dispute brings back is income of its own."),
        ],
    },
    Explained {
        name: "tax",
        decided: |record, _| lines(record).iter().any(|line| !line.taxes.is_empty()),
        meanings: &[
            ("lines", "Tax is a line per rate."),
            ("suitetax", "Tax is told as details of each line."),
        ],
    },
    Explained {
        name: "revenue_recognition",
        decided: |record, _| lines(record).iter().any(|line| line.is_recognized),
        meanings: &[
            ("none", "Lines carry no dates of recognition."),
            ("arm", "Lines carry the dates over which their revenue is recognized."),
        ],
    },
    // What these two hold back has no record; the exception says so.
    Explained {
        name: "deny_list",
        decided: |_, _| false,
        meanings: &[
            ("hold", "Objects with netsuite_block_integration wait."),
            ("ignore", "The key netsuite_block_integration means nothing."),
        ],
    },
    Explained {
        name: "allow_list",
        decided: |_, _| false,
        meanings: &[
            ("all", "Everything may be posted."),
            ("listed", "Only what has netsuite_allow_integration may be posted."),
        ],
    },
    Explained {
        name: "before_start",
        decided: |record, _| {
            matches!(
                record.rule,
                Rule::OpenAtStart | Rule::OpeningCreditUsed | Rule::OpeningBalance
            ) || has_line_from_before(record)
        },
        meanings: &[
            ("account", "What reaches across the start is a line on the opening account."),
            ("opening_balance", "The books open with what was open, and go on from there."),
            ("exception", "What reaches across the start waits for a person."),
        ],
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

/// A payment of an invoice that was already paid says so in its memo.
fn is_duplicate(record: &Record) -> bool {
    let header = record.body.header();
    record.rule == Rule::ChargeSucceeded
        && header.is_some_and(|header| header.memo.ends_with("which was already paid"))
}

/// A line on the opening account says so in its memo.
fn has_line_from_before(record: &Record) -> bool {
    let Body::Deposit(deposit) = &record.body else { return false };
    let lines = deposit.other.iter().chain(&deposit.cashback);
    lines.into_iter().any(|line| line.memo.contains("from before the start"))
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
