//! The one table of what each balance transaction is to the books.
//!
//! Classified by reporting category first, by type where an object has no category or the category
//! is too coarse, as Stripe advises. The names are Stripe's at API version 2026-10-28; a name that
//! is not here is unknown and becomes an exception, never a guess.

use crate::accounting::chart::Role;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::money::Amount;
use crate::stripe::objects::BalanceTransaction;

/// What a balance transaction becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// A line of the deposit against an account: fees and reserves.
    Line(Role),
    /// The payout itself.
    Payout,
    /// A payout that came back.
    PayoutReturned,
    /// Known, but what it is to the books is a choice that cannot be made yet.
    NeedsPolicy,
    Unknown,
}

/// Categories that say it all.
const BY_CATEGORY: [(&str, Class); 27] = [
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
    ("payout_minimum_balance_hold", Class::Line(Role::Reserves)),
    ("payout_minimum_balance_release", Class::Line(Role::Reserves)),
    ("risk_reserved_funds", Class::Line(Role::Reserves)),
    ("payment_network_reserve_hold", Class::Line(Role::Reserves)),
    ("payment_network_reserve_release", Class::Line(Role::Reserves)),
    ("connect_reserved_funds", Class::NeedsPolicy),
    ("connect_collection_transfer", Class::NeedsPolicy),
    ("other_adjustment", Class::NeedsPolicy),
    ("platform_earning", Class::NeedsPolicy),
    ("platform_earning_refund", Class::NeedsPolicy),
    ("topup", Class::NeedsPolicy),
    ("topup_reversal", Class::NeedsPolicy),
    ("transfer", Class::NeedsPolicy),
    ("transfer_reversal", Class::NeedsPolicy),
    ("unreconciled_customer_funds", Class::NeedsPolicy),
    ("contribution", Class::NeedsPolicy),
];

/// Types, for objects without a category and for categories that hold several things.
const BY_TYPE: [(&str, Class); 54] = [
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
    ("payout_minimum_balance_hold", Class::Line(Role::Reserves)),
    ("payout_minimum_balance_release", Class::Line(Role::Reserves)),
    ("reserved_funds", Class::Line(Role::Reserves)),
    ("reserve_hold", Class::Line(Role::Reserves)),
    ("reserve_release", Class::Line(Role::Reserves)),
    ("payment_network_reserve_hold", Class::Line(Role::Reserves)),
    ("payment_network_reserve_release", Class::Line(Role::Reserves)),
    ("adjustment", Class::NeedsPolicy),
    ("advance", Class::NeedsPolicy),
    ("advance_funding", Class::NeedsPolicy),
    ("anticipation_repayment", Class::NeedsPolicy),
    ("application_fee", Class::NeedsPolicy),
    ("application_fee_refund", Class::NeedsPolicy),
    ("climate_order_purchase", Class::NeedsPolicy),
    ("climate_order_refund", Class::NeedsPolicy),
    ("connect_collection_transfer", Class::NeedsPolicy),
    ("contribution", Class::NeedsPolicy),
    ("fee_credit_funding", Class::NeedsPolicy),
    ("inbound_transfer", Class::NeedsPolicy),
    ("inbound_transfer_reversal", Class::NeedsPolicy),
    ("issuing_authorization_hold", Class::NeedsPolicy),
    ("issuing_authorization_release", Class::NeedsPolicy),
    ("issuing_dispute", Class::NeedsPolicy),
    ("issuing_dispute_provisional_credit", Class::NeedsPolicy),
    ("issuing_dispute_provisional_credit_reversal", Class::NeedsPolicy),
    ("issuing_transaction", Class::NeedsPolicy),
    ("obligation_outbound", Class::NeedsPolicy),
    ("obligation_reversal_inbound", Class::NeedsPolicy),
    ("payment_unreconciled", Class::NeedsPolicy),
    ("reserve_transaction", Class::NeedsPolicy),
    ("stripe_balance_payment_debit", Class::NeedsPolicy),
    ("stripe_balance_payment_debit_reversal", Class::NeedsPolicy),
    ("tax_fund", Class::NeedsPolicy),
    ("topup", Class::NeedsPolicy),
    ("topup_reversal", Class::NeedsPolicy),
    ("transfer", Class::NeedsPolicy),
    ("transfer_cancel", Class::NeedsPolicy),
    ("transfer_failure", Class::NeedsPolicy),
    ("transfer_refund", Class::NeedsPolicy),
];

/// What a balance transaction is to the books.
pub fn classify(movement: &BalanceTransaction) -> Class {
    let find = |table: &[(&str, Class)], name: &str| {
        table.iter().find(|(known, _)| *known == name).map(|(_, class)| *class)
    };
    let category = movement.reporting_category.as_str();
    if category == "fee" {
        return fee(movement);
    }
    let found = find(&BY_CATEGORY, category).or_else(|| find(&BY_TYPE, &movement.kind));
    match found.unwrap_or(Class::Unknown) {
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
        "tax" | "withheld_tax" => Role::TaxOnFees,
        "payment_method_passthrough_fee" => Role::NetworkCosts,
        _ => processing(movement),
    };
    Ok(movement.fee_details.iter().map(|part| (role(&part.kind), part.amount())).collect())
}

fn processing(movement: &BalanceTransaction) -> Role {
    match classify(movement) {
        Class::DisputeWithdrawal | Class::DisputeReturn => Role::DisputeFees,
        // The fee on a row that is a fee itself is tax on it.
        Class::Line(_) => Role::TaxOnFees,
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

    #[test]
    fn an_adjustment_is_told_by_its_category() {
        let class = |category| classify(&movement("adjustment", category, -1_000, ""));
        assert_eq!(class("dispute"), Class::DisputeWithdrawal);
        assert_eq!(class("refund_failure"), Class::RefundFailure);
        assert_eq!(class("other_adjustment"), Class::NeedsPolicy);
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
