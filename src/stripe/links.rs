//! Which other objects an object names: what the ledger indexes, and how cases are found.
//!
//! Reads both shapes of Stripe's objects. A field of another type than expected names nothing; the
//! object is kept all the same, and the view that needs the field will say what is wrong.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::objects::{Head, ObjectError, read};

/// How one object names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rel {
    Customer,
    Charge,
    Invoice,
    PaymentIntent,
    BalanceTransaction,
    FailureBalanceTransaction,
    CreditNote,
    Refund,
    Source,
    /// The object whose list this one was read from, where it does not say so itself.
    Parent,
}

impl Rel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Charge => "charge",
            Self::Invoice => "invoice",
            Self::PaymentIntent => "payment_intent",
            Self::BalanceTransaction => "balance_transaction",
            Self::FailureBalanceTransaction => "failure_balance_transaction",
            Self::CreditNote => "credit_note",
            Self::Refund => "refund",
            Self::Source => "source",
            Self::Parent => "parent",
        }
    }
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub rel: Rel,
    pub target: String,
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    customer: Name,
    #[serde(default)]
    charge: Name,
    #[serde(default)]
    latest_charge: Name,
    #[serde(default)]
    invoice: Name,
    #[serde(default)]
    payment_intent: Name,
    #[serde(default)]
    balance_transaction: Name,
    #[serde(default)]
    failure_balance_transaction: Name,
    #[serde(default)]
    credit_note: Name,
    #[serde(default)]
    refund: Name,
    #[serde(default)]
    source: Name,
}

/// What only some kinds have, in shapes that other kinds use for something else.
#[derive(Deserialize)]
struct OfInvoicePayment {
    payment: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    charge: Name,
    #[serde(default)]
    payment_intent: Name,
}

#[derive(Deserialize)]
struct OfDispute {
    #[serde(default)]
    balance_transactions: Vec<Name>,
}

#[derive(Deserialize)]
struct OfCreditNote {
    #[serde(default)]
    refunds: Vec<Covered>,
}

#[derive(Deserialize)]
struct Covered {
    #[serde(default)]
    refund: Name,
}

/// An id, the id of a whole object, or nothing.
#[derive(Default)]
struct Name(Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Shape {
            Id(String),
            Object { id: String },
            Other(IgnoredAny),
        }
        Ok(Self(match Shape::deserialize(deserializer)? {
            Shape::Id(id) | Shape::Object { id } => Some(id),
            Shape::Other(IgnoredAny) => None,
        }))
    }
}

/// Every link of an object, each once, in order.
///
/// # Errors
/// When the JSON cannot be read at all.
pub fn links(head: &Head, raw: &[u8]) -> Result<Vec<Link>, ObjectError> {
    let named: Named = read(raw)?;
    let mut found = Vec::new();
    let mut add = |rel, name: Name| found.extend(name.0.map(|target| Link { rel, target }));
    add(Rel::Customer, named.customer);
    add(Rel::Charge, named.charge);
    add(Rel::Invoice, named.invoice);
    add(Rel::PaymentIntent, named.payment_intent);
    add(Rel::BalanceTransaction, named.balance_transaction);
    add(Rel::FailureBalanceTransaction, named.failure_balance_transaction);
    match head.object.as_str() {
        // On a charge, `source` is the card.
        "balance_transaction" => add(Rel::Source, named.source),
        "payment_intent" => add(Rel::Charge, named.latest_charge),
        "customer_balance_transaction" => add(Rel::CreditNote, named.credit_note),
        "invoice_payment" => {
            if let Some(target) = read::<OfInvoicePayment>(raw).ok().and_then(|own| own.payment) {
                add(Rel::Charge, target.charge);
                add(Rel::PaymentIntent, target.payment_intent);
            }
        }
        "dispute" => {
            let own = read::<OfDispute>(raw).map(|own| own.balance_transactions);
            for movement in own.unwrap_or_default() {
                add(Rel::BalanceTransaction, movement);
            }
        }
        "credit_note" => {
            add(Rel::Refund, named.refund);
            let own = read::<OfCreditNote>(raw).map(|own| own.refunds);
            for covered in own.unwrap_or_default() {
                add(Rel::Refund, covered.refund);
            }
        }
        _ => {}
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vec<String> {
        let head = Head::read(json.as_bytes()).unwrap();
        let found = links(&head, json.as_bytes()).unwrap();
        found.into_iter().map(|link| format!("{} {}", link.rel.as_str(), link.target)).collect()
    }

    #[test]
    fn a_charge_is_found_by_what_it_names_in_both_shapes() {
        let old = r#"{"id":"ch_1","object":"charge","customer":{"id":"cus_1","object":"customer"},
            "invoice":"in_1","source":{"id":"card_1"},"refunds":{"object":"list","data":[]}}"#;
        assert_eq!(of(old), ["customer cus_1", "invoice in_1"]);
        let new = r#"{"id":"ch_1","object":"charge","customer":null,"payment_intent":"pi_1","balance_transaction":"txn_1"}"#;
        assert_eq!(of(new), ["payment_intent pi_1", "balance_transaction txn_1"]);
    }

    #[test]
    fn a_field_of_another_type_names_nothing_and_the_object_is_kept() {
        assert_eq!(
            of(r#"{"id":"x","object":"invoice_payment","invoice":"in_1","payment":"?"}"#),
            ["invoice in_1"]
        );
        assert_eq!(
            of(r#"{"id":"x","object":"dispute","charge":7,"balance_transactions":{}}"#),
            [""; 0]
        );
    }

    #[test]
    fn movements_of_a_dispute_and_refunds_of_a_credit_note_are_links() {
        let dispute = r#"{"id":"dp_1","object":"dispute","charge":"ch_1","balance_transactions":[{"id":"txn_1"},{"id":"txn_2"}]}"#;
        assert_eq!(
            of(dispute),
            ["charge ch_1", "balance_transaction txn_1", "balance_transaction txn_2"]
        );
        let note = r#"{"id":"cn_1","object":"credit_note","invoice":"in_1","refunds":[{"refund":"re_1"}]}"#;
        assert_eq!(of(note), ["invoice in_1", "refund re_1"]);
    }
}
