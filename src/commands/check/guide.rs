//! The permissions that both systems must give, line by line: the guide in `docs/setup.md` is made of this
//! list, and `tieout check` goes through it.
//!
//! Reading is tried by reading. Whether a record may be created is not tried, because that would create
//! one; but NetSuite opens a record that is read as if it were to be edited, so a look at an id that
//! nobody has tells whether the role may work with records of that type at all.

use super::finding::Finding;
use crate::ids::ExternalId;
use crate::netsuite::client::Client;
use crate::netsuite::error::{Class, NetSuiteError};
use crate::netsuite::record::RecordKind;
use crate::stripe::resource::Resource;

/// One permission of NetSuite's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// The tab of the role's permissions on which it stands.
    pub tab: &'static str,
    /// As NetSuite calls it.
    pub permission: &'static str,
    pub level: &'static str,
    pub why: &'static str,
    probe: Probe,
}

/// How a permission shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Probe {
    /// By signing in.
    SignIn,
    /// By looking for a record of this kind.
    Record(RecordKind),
    /// By selecting a column from a table.
    Query(&'static str, &'static str),
}

const fn line(
    tab: &'static str,
    permission: &'static str,
    level: &'static str,
    why: &'static str,
    probe: Probe,
) -> Line {
    Line { tab, permission, level, why, probe }
}

/// What the role of the integration needs, in the order of the guide.
pub const NETSUITE: [Line; 20] = [
    line("Setup", "REST Web Services", "Full", "to send and read records", Probe::SignIn),
    line(
        "Setup",
        "Log in using OAuth 2.0 Access Tokens",
        "Full",
        "to sign in (with tokens: Log in using Access Tokens)",
        Probe::SignIn,
    ),
    line(
        "Reports",
        "SuiteAnalytics Workbook",
        "Edit",
        "to ask by SuiteQL",
        Probe::Query("currency", "id"),
    ),
    line("Lists", "Accounts", "View", "to find the accounts", Probe::Query("account", "id")),
    line("Lists", "Currency", "View", "to find the currencies", Probe::Query("currency", "id")),
    line(
        "Setup",
        "Manage Accounting Periods",
        "View",
        "to place records in open periods",
        Probe::Query("accountingperiod", "id"),
    ),
    line("Lists", "Customers", "Edit", "to make customers", Probe::Record(RecordKind::Customer)),
    line("Lists", "Items", "Edit", "to make items", Probe::Record(RecordKind::ServiceSaleItem)),
    line(
        "Lists",
        "Items",
        "Edit",
        "to make discount items",
        Probe::Record(RecordKind::DiscountItem),
    ),
    line("Transactions", "Invoice", "Edit", "to bill", Probe::Record(RecordKind::Invoice)),
    line(
        "Transactions",
        "Credit Memo",
        "Edit",
        "for refunds, disputes, credit notes",
        Probe::Record(RecordKind::CreditMemo),
    ),
    line(
        "Transactions",
        "Customer Payment",
        "Edit",
        "for charges",
        Probe::Record(RecordKind::CustomerPayment),
    ),
    line(
        "Transactions",
        "Customer Refund",
        "Edit",
        "for refunds",
        Probe::Record(RecordKind::CustomerRefund),
    ),
    line("Transactions", "Deposit", "Edit", "for payouts", Probe::Record(RecordKind::Deposit)),
    line(
        "Transactions",
        "Make Journal Entry",
        "Edit",
        "for fees, sweeps, adjustments",
        Probe::Record(RecordKind::JournalEntry),
    ),
    line(
        "Transactions",
        "Find Transaction",
        "View",
        "to read back what was posted",
        Probe::Query("transaction", "id"),
    ),
    line(
        "Transactions",
        "Find Transaction",
        "View",
        "to read its debits and credits",
        Probe::Query("transactionaccountingline", "transaction"),
    ),
    line("Lists", "Customers", "Edit", "to match customers", Probe::Query("customer", "id")),
    line("Lists", "Items", "Edit", "to match items", Probe::Query("item", "id")),
    line(
        "Lists",
        "Deleted Records",
        "View",
        "to see that somebody deleted a record",
        Probe::Query("deletedrecord", "recordid"),
    ),
];

/// An id that nobody has.
const NOBODYS: &str = "tieout_check_of_permissions";

/// Goes through NetSuite's part of the guide.
pub(super) async fn check(client: &Client) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in NETSUITE {
        let answer = match line.probe {
            Probe::SignIn => continue,
            Probe::Record(kind) => {
                let nobodys = ExternalId::new(NOBODYS).expect("letters and underscores");
                client.look_up(kind, &nobodys).await.map(drop)
            }
            Probe::Query(table, column) => {
                let query = format!("SELECT {column} FROM {table} WHERE 1 = 0 ORDER BY {column}");
                client.suiteql(&query, &[]).await.map(drop)
            }
        };
        if let Err(error) = answer {
            let is_transient = error.is_transient();
            findings.push(judge(line, &error));
            if is_transient {
                return findings;
            }
        }
    }
    if findings.is_empty() {
        let message = "The role may look at every kind of record of the guide.";
        findings.push(Finding::ok("netsuite.permission", message));
    }
    findings
}

fn judge(line: Line, error: &NetSuiteError) -> Finding {
    let Line { tab, permission, level, why, .. } = line;
    let fix =
        format!("Grant {permission} ({level}) {why}: Setup > Users/Roles > Manage Roles > {tab}.");
    match &error.class {
        Class::Permission { detail } | Class::Authentication { detail } => Finding {
            is_access: true,
            ..Finding::problem("netsuite.permission", format!("{permission}: {detail}"), fix)
        },
        _ if error.is_transient() => Finding {
            is_transient: true,
            ..Finding::problem("netsuite.reach", error.to_string(), "Run it again later.")
        },
        // NetSuite hides from queries what the role may not see, and what the account does not have.
        _ => Finding::warning("netsuite.permission", format!("{permission}: {error}"), fix),
    }
}

/// What a restricted key of Stripe's may be given for a list, as its dashboard calls it.
pub const fn stripe_permission(resource: Resource) -> &'static str {
    match resource {
        Resource::Account => "none: every key may read its own account",
        Resource::Balance | Resource::BalanceTransactions | Resource::PayoutMembers => "Balance",
        Resource::Customers | Resource::CustomerBalanceTransactions => "Customers",
        Resource::Products => "Products",
        Resource::Prices => "Prices",
        Resource::Coupons => "Coupons",
        Resource::TaxRates => "Tax Rates",
        Resource::Invoices | Resource::InvoiceLines | Resource::InvoicePayments => "Invoices",
        Resource::PaymentIntents => "PaymentIntents",
        Resource::Charges | Resource::Refunds => "Charges and Refunds",
        Resource::Disputes => "Disputes",
        Resource::CreditNotes | Resource::CreditNoteLines => "Credit notes",
        Resource::Payouts => "Payouts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A role that lacks one permission must be told which, before the first night fails.
    #[test]
    fn what_is_refused_names_its_permission_and_where_it_is_granted() {
        let journal = NETSUITE[14];
        let refused = |class: Class| judge(journal, &NetSuiteError::new("x", class));
        let detail = "You do not have permission to access this record.".to_owned();
        let finding = refused(Class::Permission { detail });
        assert_eq!((finding.id, finding.is_access), ("netsuite.permission", true));
        let fix = finding.fix.unwrap();
        assert!(fix.contains("Make Journal Entry (Edit)") && fix.contains("Transactions"), "{fix}");
        let hidden = refused(Class::Rejected {
            detail: "Invalid search type: deletedrecord".into(),
            code: "INVALID_PARAMETER".into(),
            path: None,
        });
        assert_eq!((hidden.id, hidden.is_access), ("netsuite.permission", false));
        let away = refused(Class::Unreachable { cause: "no route".into() });
        assert_eq!((away.id, away.is_transient), ("netsuite.reach", true));
    }
}
