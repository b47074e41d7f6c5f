//! The one table of what each balance transaction is to the books.
//!
//! Classified by reporting category first, by type where an object has no category or the category
//! is too coarse, as Stripe advises. The names are Stripe's at API version 2026-10-28; a name that
//! is not here is unknown and becomes an exception, never a guess.

use serde::{Deserialize, Serialize};

use crate::accounting::chart::Role;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::money::Amount;
use crate::stripe::objects::BalanceTransaction;

/// What a balance transaction becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The customer payment of its charge.
    Charge,
    /// Part of an authorisation that was never captured: taken off the charge's payment.
    CaptureReversal,
    /// The customer refund of its refund.
    Refund,
    /// The refund of a payment that failed after it was booked.
    ChargeFailure,
    /// The payment that a failed refund becomes.
    RefundFailure,
    /// The refund of a dispute.
    DisputeWithdrawal,
    /// The payment of a dispute that was won.
    DisputeReturn,
    /// A line against an account: fees, reserves, transfers.
    Line(Role),
    /// Money from the company's own bank account, or back to it: a journal of its own.
    TopUp,
    /// The payout itself.
    Payout,
    /// A payout that came back.
    PayoutReturned,
    Unknown,
}

impl Class {
    /// Whether a record of its own holds the gross amount.
    pub const fn has_record(self) -> bool {
        matches!(
            self,
            Self::Charge
                | Self::CaptureReversal
                | Self::Refund
                | Self::ChargeFailure
                | Self::RefundFailure
                | Self::DisputeWithdrawal
                | Self::DisputeReturn
        )
    }

    /// What it becomes, in an accountant's words, as the documentation shows it.
    pub fn becomes(self) -> String {
        match self {
            Self::Charge => "customer payment, applied to its invoices".into(),
            Self::CaptureReversal => "taken off the customer payment of its charge".into(),
            Self::Refund => {
                "customer refund, with a credit memo where the charge had paid an invoice".into()
            }
            Self::ChargeFailure => {
                "customer refund of the payment; the invoice is open again".into()
            }
            Self::RefundFailure => "customer payment: the money is back and still owed".into(),
            Self::DisputeWithdrawal => "customer refund and credit memo".into(),
            Self::DisputeReturn => "customer payment of an invoice with the memo's lines".into(),
            Self::Line(role) => format!("line on {role} (`{}`)", role.setting()),
            Self::TopUp => "journal between the bank and the Stripe balance account".into(),
            Self::Payout => "deposit into the bank account, or a journal to it".into(),
            Self::PayoutReturned => "line from the Stripe balance account".into(),
            Self::Unknown => "exception that blocks its own payout".into(),
        }
    }
}

/// Categories that say it all.
pub const BY_CATEGORY: [(&str, Class); 42] = [
    ("charge", Class::Charge),
    ("partial_capture_reversal", Class::CaptureReversal),
    ("refund", Class::Refund),
    ("charge_failure", Class::ChargeFailure),
    ("refund_failure", Class::RefundFailure),
    ("dispute", Class::DisputeWithdrawal),
    ("dispute_reversal", Class::DisputeReturn),
    ("network_cost", Class::Line(Role::NetworkCosts)),
    ("tax", Class::Line(Role::TaxOnFees)),
    ("payout", Class::Payout),
    ("payout_reversal", Class::PayoutReturned),
    ("topup", Class::TopUp),
    ("topup_reversal", Class::TopUp),
    ("payout_minimum_balance_hold", Class::Line(Role::Reserves)),
    ("payout_minimum_balance_release", Class::Line(Role::Reserves)),
    ("risk_reserved_funds", Class::Line(Role::Reserves)),
    ("payment_network_reserve_hold", Class::Line(Role::Reserves)),
    ("payment_network_reserve_release", Class::Line(Role::Reserves)),
    ("connect_reserved_funds", Class::Line(Role::ConnectReserves)),
    ("connect_collection_transfer", Class::Line(Role::ConnectCollections)),
    ("transfer", Class::Line(Role::Transfers)),
    ("transfer_reversal", Class::Line(Role::Transfers)),
    ("platform_earning", Class::Line(Role::PlatformEarnings)),
    ("platform_earning_refund", Class::Line(Role::PlatformEarnings)),
    ("advance", Class::Line(Role::Advances)),
    ("advance_funding", Class::Line(Role::Advances)),
    ("anticipation_repayment", Class::Line(Role::Financing)),
    ("financing_payout", Class::Line(Role::Financing)),
    ("financing_payout_reversal", Class::Line(Role::Financing)),
    ("financing_paydown", Class::Line(Role::Financing)),
    ("financing_paydown_reversal", Class::Line(Role::Financing)),
    ("contribution", Class::Line(Role::Contributions)),
    ("climate_order_purchase", Class::Line(Role::Contributions)),
    ("climate_order_refund", Class::Line(Role::Contributions)),
    ("unreconciled_customer_funds", Class::Line(Role::UnallocatedFunds)),
    ("issuing_authorization_hold", Class::Line(Role::Issuing)),
    ("issuing_authorization_release", Class::Line(Role::Issuing)),
    ("issuing_dispute", Class::Line(Role::Issuing)),
    ("issuing_transaction", Class::Line(Role::Issuing)),
    ("issuing_disbursement", Class::Line(Role::Issuing)),
    ("issuing_dispute_fraud_liability_debit", Class::Line(Role::Issuing)),
    ("other_adjustment", Class::Line(Role::Adjustments)),
];

/// Types, for objects without a category and for categories that hold several things.
pub const BY_TYPE: [(&str, Class); 54] = [
    ("charge", Class::Charge),
    ("payment", Class::Charge),
    ("validation", Class::Charge),
    ("refund", Class::Refund),
    ("payment_refund", Class::Refund),
    ("payment_failure_refund", Class::ChargeFailure),
    ("payment_reversal", Class::ChargeFailure),
    ("refund_failure", Class::RefundFailure),
    ("stripe_fee", Class::Line(Role::StripeFees)),
    ("stripe_fx_fee", Class::Line(Role::ConversionFees)),
    ("tax_fee", Class::Line(Role::TaxOnFees)),
    ("network_cost", Class::Line(Role::NetworkCosts)),
    ("payout", Class::Payout),
    ("payout_cancel", Class::PayoutReturned),
    ("payout_failure", Class::PayoutReturned),
    ("topup", Class::TopUp),
    ("topup_reversal", Class::TopUp),
    ("payout_minimum_balance_hold", Class::Line(Role::Reserves)),
    ("payout_minimum_balance_release", Class::Line(Role::Reserves)),
    ("reserved_funds", Class::Line(Role::Reserves)),
    ("reserve_hold", Class::Line(Role::Reserves)),
    ("reserve_release", Class::Line(Role::Reserves)),
    ("payment_network_reserve_hold", Class::Line(Role::Reserves)),
    ("payment_network_reserve_release", Class::Line(Role::Reserves)),
    ("reserve_transaction", Class::Line(Role::ConnectReserves)),
    ("connect_collection_transfer", Class::Line(Role::ConnectCollections)),
    ("transfer", Class::Line(Role::Transfers)),
    ("transfer_cancel", Class::Line(Role::Transfers)),
    ("transfer_failure", Class::Line(Role::Transfers)),
    ("transfer_refund", Class::Line(Role::Transfers)),
    ("application_fee", Class::Line(Role::PlatformEarnings)),
    ("application_fee_refund", Class::Line(Role::PlatformEarnings)),
    ("advance", Class::Line(Role::Advances)),
    ("advance_funding", Class::Line(Role::Advances)),
    ("anticipation_repayment", Class::Line(Role::Financing)),
    ("contribution", Class::Line(Role::Contributions)),
    ("climate_order_purchase", Class::Line(Role::Contributions)),
    ("climate_order_refund", Class::Line(Role::Contributions)),
    ("payment_unreconciled", Class::Line(Role::UnallocatedFunds)),
    ("stripe_balance_payment_debit", Class::Line(Role::BalancePayments)),
    ("stripe_balance_payment_debit_reversal", Class::Line(Role::BalancePayments)),
    ("issuing_authorization_hold", Class::Line(Role::Issuing)),
    ("issuing_authorization_release", Class::Line(Role::Issuing)),
    ("issuing_dispute", Class::Line(Role::Issuing)),
    ("issuing_dispute_provisional_credit", Class::Line(Role::Issuing)),
    ("issuing_dispute_provisional_credit_reversal", Class::Line(Role::Issuing)),
    ("issuing_transaction", Class::Line(Role::Issuing)),
    ("fee_credit_funding", Class::Line(Role::MoneyManagement)),
    ("inbound_transfer", Class::Line(Role::MoneyManagement)),
    ("inbound_transfer_reversal", Class::Line(Role::MoneyManagement)),
    ("tax_fund", Class::Line(Role::MoneyManagement)),
    ("obligation_outbound", Class::Line(Role::Adjustments)),
    ("obligation_reversal_inbound", Class::Line(Role::Adjustments)),
    ("adjustment", Class::Line(Role::Adjustments)),
];

/// The category of every product fee, whatever its type.
const FEE: &str = "fee";

/// Whether a balance transaction of this type and reporting category is a top-up or takes one back.
pub fn is_top_up(kind: &str, category: &str) -> bool {
    category != FEE && by_name(kind, category) == Class::TopUp
}

/// What its names say of a balance transaction, before its sign and its words do.
fn by_name(kind: &str, category: &str) -> Class {
    let find = |table: &[(&str, Class)], name: &str| {
        table.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
    };
    // The category is too coarse for payments out of the balance, which Stripe files under it.
    if category == "other_adjustment" && kind != "adjustment" {
        return find(&BY_TYPE, kind).unwrap_or(Class::Line(Role::Adjustments));
    }
    let found = find(&BY_CATEGORY, category).or_else(|| find(&BY_TYPE, kind));
    found.unwrap_or(Class::Unknown)
}

/// What a balance transaction is to the books.
pub fn classify(movement: &BalanceTransaction) -> Class {
    let category = movement.reporting_category.as_str();
    if category == FEE {
        return fee(movement);
    }
    match by_name(&movement.kind, category) {
        // A refund that comes in is one that failed (non-card payments have no type of their own).
        Class::Refund if movement.amount().is_positive() => Class::RefundFailure,
        class => class,
    }
}

/// The category `fee` holds every product fee; the type, then the description tell them apart.
fn fee(movement: &BalanceTransaction) -> Class {
    let text = movement.description.as_deref().unwrap_or_default().to_ascii_lowercase();
    Class::Line(match movement.kind.as_str() {
        "stripe_fx_fee" => Role::ConversionFees,
        "tax_fee" => Role::TaxOnFees,
        "network_cost" => Role::NetworkCosts,
        _ if text.contains("dispute") => Role::DisputeFees,
        _ => Role::StripeFees,
    })
}

/// The fee of a balance transaction by the account it belongs to; the sum is the fee.
///
/// # Errors
/// When the parts do not add up to the fee, or the amounts to the net.
pub fn fees(movement: &BalanceTransaction) -> Result<Vec<(Role, Amount)>, Exception> {
    adds_up(movement)?;
    if movement.fee_details.is_empty() {
        let whole = movement.fee();
        return Ok(if whole.is_zero() { Vec::new() } else { vec![(processing(movement), whole)] });
    }
    let role = |kind: &str| match kind {
        "application_fee" => Role::ApplicationFees,
        "tax" => Role::TaxOnFees,
        "withheld_tax" => Role::WithheldTax,
        "payment_method_passthrough_fee" => Role::NetworkCosts,
        _ => processing(movement),
    };
    Ok(movement.fee_details.iter().map(|part| (role(&part.kind), part.amount())).collect())
}

fn processing(movement: &BalanceTransaction) -> Role {
    match classify(movement) {
        Class::DisputeWithdrawal | Class::DisputeReturn => Role::DisputeFees,
        Class::Payout => Role::InstantPayoutFees,
        // The fee on a row that is a fee itself is tax on it.
        Class::Line(role) if role.is_fee() => Role::TaxOnFees,
        _ => Role::ProcessingFees,
    }
}

fn adds_up(movement: &BalanceTransaction) -> Result<(), Exception> {
    let currency = movement.currency;
    let foreign = movement.fee_details.iter().any(|part| part.currency != currency);
    let parts = if foreign {
        None
    } else {
        let zero = Amount::zero(currency);
        Some(movement.fee_details.iter().fold(zero, |sum, part| sum + part.amount()))
    };
    let fee_is_whole = movement.fee_details.is_empty() || parts == Some(movement.fee());
    if fee_is_whole && movement.net() == movement.amount() - movement.fee() {
        return Ok(());
    }
    Err(Exception::new(
        ExceptionClass::Data,
        "balance_transaction_does_not_add_up",
        &movement.id,
        format!(
            "Gross {} less fee {} should be net {}, with fee parts of {}.",
            movement.amount(),
            movement.fee(),
            movement.net(),
            parts.map_or_else(|| "another currency".into(), |sum| sum.to_string()),
        ),
        "Pull again; report it if Stripe shows the same figures.",
    )
    .of(movement.net()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movement(kind: &str, category: &str, amount: i64, description: &str) -> BalanceTransaction {
        let json = format!(
            r#"{{"id":"txn_1","amount":{amount},"fee":0,"net":{amount},"currency":"usd","created":1,
            "available_on":1,"type":"{kind}","reporting_category":"{category}","description":"{description}"}}"#
        );
        crate::stripe::objects::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_type_of_tomorrow_is_unknown_and_every_type_of_today_is_not() {
        assert_eq!(classify(&movement("moon_fee", "moon_fees", -1, "")), Class::Unknown);
        for (kind, class) in BY_TYPE {
            assert_eq!(classify(&movement(kind, "", -1, "")), class, "{kind}");
        }
        for (category, class) in BY_CATEGORY {
            assert_eq!(classify(&movement("adjustment", category, -1, "")), class, "{category}");
        }
    }

    /// Were a top-up not seen as one by its names, nobody would look at the day that it came on.
    #[test]
    fn a_top_up_is_told_by_its_names_alone() {
        let types = BY_TYPE.iter().map(|(kind, _)| *kind);
        for kind in types.chain(["moon_fee"]) {
            for category in BY_CATEGORY.iter().map(|(category, _)| *category).chain(["", "fee"]) {
                let is_one = classify(&movement(kind, category, -1, "")) == Class::TopUp;
                assert_eq!(is_top_up(kind, category), is_one, "{kind} {category}");
            }
        }
    }

    #[test]
    fn an_adjustment_is_told_by_its_category() {
        let class = |category| classify(&movement("adjustment", category, -1_000, ""));
        assert_eq!(class("dispute"), Class::DisputeWithdrawal);
        assert_eq!(class("refund_failure"), Class::RefundFailure);
        assert_eq!(class("other_adjustment"), Class::Line(Role::Adjustments));
        assert_eq!(classify(&movement("payment_refund", "refund", 500, "")), Class::RefundFailure);
    }

    #[test]
    fn fees_go_to_the_account_their_description_names() {
        let countered =
            movement("stripe_fee", "fee", -1_500, "Card Dispute Countered Fee (2026-07-13)");
        assert_eq!(classify(&countered), Class::Line(Role::DisputeFees));
        let radar = movement("stripe_fee", "fee", -125, "Radar (2026-07-13): 25 screened");
        assert_eq!(classify(&radar), Class::Line(Role::StripeFees));
    }
}
