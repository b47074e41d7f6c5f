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
    /// Payments that customers made outside Stripe.
    OutOfBand,
    /// Income given back by refunds that do not reverse the invoice's own items.
    Refunds,
    /// The same for disputes.
    Disputes,
    /// Disputed money, while the outcome is open.
    DisputedFunds,
    /// What lost disputes cost.
    DisputeLosses,
    /// What disputes won brought back, where nothing is billed again.
    DisputeReversals,
    ProcessingFees,
    StripeFees,
    ApplicationFees,
    DisputeFees,
    NetworkCosts,
    ConversionFees,
    TaxOnFees,
    /// The fee of a payout that was asked for at once.
    InstantPayoutFees,
    /// Tax that Stripe withheld and owes to the authorities on the company's behalf.
    WithheldTax,
    /// Money that Stripe holds back: reserves, minimum balances.
    Reserves,
    /// Money that a platform holds back for its connected accounts.
    ConnectReserves,
    /// Negative balances of connected accounts that the platform covered.
    ConnectCollections,
    /// What goes to connected accounts.
    Transfers,
    /// Application fees that the company, as a platform, earns.
    PlatformEarnings,
    /// Payouts that Stripe lends ahead of settlement.
    Advances,
    /// Loans from Stripe Capital.
    Financing,
    /// Contributions to climate projects.
    Contributions,
    /// Money of customers that Stripe has not matched to a payment yet.
    UnallocatedFunds,
    /// What the company pays to others from its Stripe balance.
    BalancePayments,
    /// Cards that the company issues.
    Issuing,
    /// Movements between balances at Stripe.
    MoneyManagement,
    /// Adjustments that Stripe explains in words only.
    Adjustments,
    /// What a person must reclassify.
    Suspense,
    /// Where the books of this account begin.
    Opening,
}

impl Role {
    /// The roles of what Stripe charges for its services.
    pub const FEES: [Self; 8] = [
        Self::ProcessingFees,
        Self::StripeFees,
        Self::ApplicationFees,
        Self::DisputeFees,
        Self::NetworkCosts,
        Self::ConversionFees,
        Self::TaxOnFees,
        Self::InstantPayoutFees,
    ];

    pub fn is_fee(self) -> bool {
        Self::FEES.contains(&self)
    }

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
            Self::OutOfBand => "accounts.out_of_band".into(),
            Self::Refunds => "accounts.refunds".into(),
            Self::Disputes => "accounts.disputes".into(),
            Self::DisputedFunds => "accounts.disputed_funds".into(),
            Self::DisputeLosses => "accounts.dispute_losses".into(),
            Self::DisputeReversals => "accounts.dispute_reversals".into(),
            Self::ProcessingFees => "accounts.processing_fees".into(),
            Self::StripeFees => "accounts.stripe_fees".into(),
            Self::ApplicationFees => "accounts.application_fees".into(),
            Self::DisputeFees => "accounts.dispute_fees".into(),
            Self::NetworkCosts => "accounts.network_costs".into(),
            Self::ConversionFees => "accounts.conversion_fees".into(),
            Self::TaxOnFees => "accounts.tax_on_fees".into(),
            Self::InstantPayoutFees => "accounts.instant_payout_fees".into(),
            Self::WithheldTax => "accounts.withheld_tax".into(),
            Self::Reserves => "accounts.reserves".into(),
            Self::ConnectReserves => "accounts.connect_reserves".into(),
            Self::ConnectCollections => "accounts.connect_collections".into(),
            Self::Transfers => "accounts.transfers".into(),
            Self::PlatformEarnings => "accounts.platform_earnings".into(),
            Self::Advances => "accounts.advances".into(),
            Self::Financing => "accounts.financing".into(),
            Self::Contributions => "accounts.contributions".into(),
            Self::UnallocatedFunds => "accounts.unallocated_funds".into(),
            Self::BalancePayments => "accounts.balance_payments".into(),
            Self::Issuing => "accounts.issuing".into(),
            Self::MoneyManagement => "accounts.money_management".into(),
            Self::Adjustments => "accounts.adjustments".into(),
            Self::Suspense => "accounts.suspense".into(),
            Self::Opening => "accounts.opening".into(),
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
            Self::OutOfBand => f.write_str("payments outside Stripe"),
            Self::Refunds => f.write_str("income refunded"),
            Self::Disputes => f.write_str("income disputed"),
            Self::DisputedFunds => f.write_str("disputed funds"),
            Self::DisputeLosses => f.write_str("losses from disputes"),
            Self::DisputeReversals => f.write_str("disputes won"),
            Self::ProcessingFees => f.write_str("payment processing fees"),
            Self::StripeFees => f.write_str("Stripe product fees"),
            Self::ApplicationFees => f.write_str("application fees"),
            Self::DisputeFees => f.write_str("dispute fees"),
            Self::NetworkCosts => f.write_str("network costs"),
            Self::ConversionFees => f.write_str("currency conversion fees"),
            Self::TaxOnFees => f.write_str("tax on fees"),
            Self::InstantPayoutFees => f.write_str("instant payout fees"),
            Self::WithheldTax => f.write_str("tax withheld"),
            Self::Reserves => f.write_str("reserves held by Stripe"),
            Self::ConnectReserves => f.write_str("reserves for connected accounts"),
            Self::ConnectCollections => f.write_str("negative balances of connected accounts"),
            Self::Transfers => f.write_str("transfers to connected accounts"),
            Self::PlatformEarnings => f.write_str("application fees earned"),
            Self::Advances => f.write_str("advances on payouts"),
            Self::Financing => f.write_str("Stripe Capital loans"),
            Self::Contributions => f.write_str("climate contributions"),
            Self::UnallocatedFunds => f.write_str("unallocated customer funds"),
            Self::BalancePayments => f.write_str("payments from the Stripe balance"),
            Self::Issuing => f.write_str("issued cards"),
            Self::MoneyManagement => f.write_str("transfers between balances"),
            Self::Adjustments => f.write_str("other adjustments"),
            Self::Suspense => f.write_str("suspense"),
            Self::Opening => f.write_str("opening balances"),
        }
    }
}

/// The accounts by role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chart {
    roles: BTreeMap<Role, InternalId>,
    /// Accounts of single types or categories of balance transactions, which win over the table:
    /// a type of tomorrow gets its account here.
    movements: BTreeMap<String, InternalId>,
}

/// A role that no account plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no NetSuite account is configured for {0}; set `{setting}`", setting = .0.setting())]
pub struct NoAccount(pub Role);

impl Chart {
    pub fn new(accounts: impl IntoIterator<Item = (Role, InternalId)>) -> Self {
        Self { roles: accounts.into_iter().collect(), movements: BTreeMap::new() }
    }

    /// Adds accounts for single types or reporting categories of balance transactions.
    #[must_use]
    pub fn with_movements(
        mut self,
        accounts: impl IntoIterator<Item = (String, InternalId)>,
    ) -> Self {
        self.movements.extend(accounts);
        self
    }

    pub fn account(&self, role: Role) -> Result<&InternalId, NoAccount> {
        self.roles.get(&role).ok_or(NoAccount(role))
    }

    /// The account that was named for this type, or else for this reporting category.
    pub fn movement(&self, kind: &str, category: &str) -> Option<&InternalId> {
        self.movements.get(kind).or_else(|| self.movements.get(category))
    }

    /// Every role and its account, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &InternalId)> {
        self.roles.iter().map(|(role, account)| (*role, account))
    }
}
