//! The chart: which NetSuite account plays which role.
//!
//! Roles are what rules speak of; accounts are the company's own. A role without an account is an
//! exception that names the setting, never a silent default.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::InternalId;
use crate::money::Currency;

/// The part an account plays in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    AccountsReceivable,
    UndepositedFunds,
    /// The bank account that payouts in a currency reach.
    Bank(Currency),
    /// A bank-type clearing account that stands for the Stripe balance in a currency.
    StripeBalance(Currency),
    /// Income of items made for prices.
    Revenue,
    ShippingIncome,
    TaxPayable,
    /// Credits and debits on a customer's balance that no invoice or credit note explains.
    CustomerBalance,
    /// Discounts that post by themselves.
    Discounts,
    BadDebt,
    ProcessingFees,
    StripeFees,
    ApplicationFees,
    DisputeFees,
    NetworkCosts,
    ConversionFees,
    TaxOnFees,
    /// Money that Stripe holds back: reserves, minimum balances.
    Reserves,
}

impl Role {
    /// The setting that names the account, as it is written in the configuration file.
    pub fn setting(self) -> String {
        match self {
            Self::AccountsReceivable => "accounts.receivable".into(),
            Self::UndepositedFunds => "accounts.undeposited_funds".into(),
            Self::Bank(currency) => format!("accounts.bank.{currency}"),
            Self::StripeBalance(currency) => format!("accounts.stripe_balance.{currency}"),
            Self::Revenue => "accounts.revenue".into(),
            Self::ShippingIncome => "accounts.shipping_income".into(),
            Self::TaxPayable => "accounts.tax_payable".into(),
            Self::CustomerBalance => "accounts.customer_balance".into(),
            Self::Discounts => "accounts.discounts".into(),
            Self::BadDebt => "accounts.bad_debt".into(),
            Self::ProcessingFees => "accounts.processing_fees".into(),
            Self::StripeFees => "accounts.stripe_fees".into(),
            Self::ApplicationFees => "accounts.application_fees".into(),
            Self::DisputeFees => "accounts.dispute_fees".into(),
            Self::NetworkCosts => "accounts.network_costs".into(),
            Self::ConversionFees => "accounts.conversion_fees".into(),
            Self::TaxOnFees => "accounts.tax_on_fees".into(),
            Self::Reserves => "accounts.reserves".into(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountsReceivable => f.write_str("accounts receivable"),
            Self::UndepositedFunds => f.write_str("undeposited funds"),
            Self::Bank(currency) => write!(f, "bank ({currency})"),
            Self::StripeBalance(currency) => write!(f, "Stripe balance ({currency})"),
            Self::Revenue => f.write_str("revenue"),
            Self::ShippingIncome => f.write_str("shipping income"),
            Self::TaxPayable => f.write_str("tax payable"),
            Self::CustomerBalance => f.write_str("customer balance"),
            Self::Discounts => f.write_str("discounts given"),
            Self::BadDebt => f.write_str("bad debt"),
            Self::ProcessingFees => f.write_str("payment processing fees"),
            Self::StripeFees => f.write_str("Stripe product fees"),
            Self::ApplicationFees => f.write_str("application fees"),
            Self::DisputeFees => f.write_str("dispute fees"),
            Self::NetworkCosts => f.write_str("network costs"),
            Self::ConversionFees => f.write_str("currency conversion fees"),
            Self::TaxOnFees => f.write_str("tax on fees"),
            Self::Reserves => f.write_str("reserves held by Stripe"),
        }
    }
}

/// The accounts by role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart(BTreeMap<Role, InternalId>);

/// A role that no account plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no NetSuite account is configured for {0}; set `{setting}`", setting = .0.setting())]
pub struct NoAccount(pub Role);

impl Chart {
    pub fn new(accounts: impl IntoIterator<Item = (Role, InternalId)>) -> Self {
        Self(accounts.into_iter().collect())
    }

    pub fn account(&self, role: Role) -> Result<&InternalId, NoAccount> {
        self.0.get(&role).ok_or(NoAccount(role))
    }

    /// Every role and its account, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &InternalId)> {
        self.0.iter().map(|(role, account)| (*role, account))
    }
}
