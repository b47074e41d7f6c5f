//! Small words that several parts of an explanation use.

use crate::accounting::balance_transaction::{Class, classify};
use crate::stripe::objects::BalanceTransaction;

/// What an object of Stripe or a record is called at the beginning of a sentence.
pub(super) fn title(kind: &str) -> String {
    match kind {
        "line_item" => "Invoice line".into(),
        "credit_note_line_item" => "Credit note line".into(),
        kind => capital(&kind.replace('_', " ")),
    }
}

/// A text with a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// `1 record`, `2 records`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// ` (text)`, or nothing.
pub(super) fn bracketed(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).map(|text| format!(" ({text})")).unwrap_or_default()
}

/// What a balance transaction is, in the words of its own kind.
pub(super) fn movement(movement: &BalanceTransaction) -> String {
    match classify(movement) {
        Class::Charge => "payment".into(),
        Class::Refund => "refund".into(),
        Class::ChargeFailure => "payment that failed later".into(),
        Class::RefundFailure => "refund that failed".into(),
        Class::DisputeWithdrawal => "dispute withdrawal".into(),
        Class::DisputeReturn => "dispute return".into(),
        Class::Line(role) => role.to_string(),
        Class::TopUp => "top-up".into(),
        _ => {
            let category = &movement.reporting_category;
            let word = if category.is_empty() { &movement.kind } else { category };
            word.replace('_', " ")
        }
    }
}
