//! One pass over an object: what it is, which others it names, and whether more will happen to it.
//!
//! Reads both shapes of Stripe's objects. A field of another type than expected says nothing here;
//! the object is kept all the same, and the view that needs the field will say what is wrong.

mod field;

use serde::Deserialize;

use self::field::Field;
use super::objects::{Head, ObjectError, read};
use crate::calendar::UnixTime;

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

/// What one pass over an object finds.
#[derive(Debug, Clone)]
pub struct Scan {
    pub head: Head,
    /// Every link, each once, in order.
    pub links: Vec<Link>,
    /// Until when more may happen to the object without anything else saying so; `None` when it
    /// has reached its end. What has no end in sight is open for ever.
    pub open_until: Option<UnixTime>,
    /// The customer's credit balance moved, or is not zero: its own list says how.
    pub has_credit: bool,
    /// Only the first of its lines are inside.
    pub lines_are_cut: bool,
}

/// A payout that was paid can still come back; banks take five business days, rarely longer.
const PAYOUT_FINAL_AFTER_S: i64 = 14 * 24 * 3600;

/// A bank's decision on a dispute that was lost can still turn, seldom after half a year. Later
/// turns are found by the balance transaction that they make.
const DISPUTE_FINAL_AFTER_S: i64 = 180 * 24 * 3600;

/// A payment that was begun and not finished seldom is after a month.
const INTENT_FINAL_AFTER_S: i64 = 30 * 24 * 3600;

/// Every field that says something, as it comes.
#[derive(Deserialize)]
#[serde(default)]
struct Fields<'a> {
    #[serde(borrow)]
    status: Field<'a>,
    customer: Field<'a>,
    charge: Field<'a>,
    latest_charge: Field<'a>,
    invoice: Field<'a>,
    payment_intent: Field<'a>,
    balance_transaction: Field<'a>,
    failure_balance_transaction: Field<'a>,
    balance_transactions: Field<'a>,
    credit_note: Field<'a>,
    refund: Field<'a>,
    refunds: Field<'a>,
    source: Field<'a>,
    payment: Field<'a>,
    lines: Field<'a>,
    automatic: Field<'a>,
    reconciliation_status: Field<'a>,
    arrival_date: Field<'a>,
    captured: Field<'a>,
    balance: Field<'a>,
    starting_balance: Field<'a>,
    ending_balance: Field<'a>,
    customer_balance_transaction: Field<'a>,
    id: Field<'a>,
    object: Field<'a>,
    created: Field<'a>,
    livemode: Field<'a>,
    deleted: Field<'a>,
}

impl Default for Fields<'_> {
    fn default() -> Self {
        const NOTHING: Field<'static> = Field::Nothing;
        Self {
            status: NOTHING,
            customer: NOTHING,
            charge: NOTHING,
            latest_charge: NOTHING,
            invoice: NOTHING,
            payment_intent: NOTHING,
            balance_transaction: NOTHING,
            failure_balance_transaction: NOTHING,
            balance_transactions: NOTHING,
            credit_note: NOTHING,
            refund: NOTHING,
            refunds: NOTHING,
            source: NOTHING,
            payment: NOTHING,
            lines: NOTHING,
            automatic: NOTHING,
            reconciliation_status: NOTHING,
            arrival_date: NOTHING,
            captured: NOTHING,
            balance: NOTHING,
            starting_balance: NOTHING,
            ending_balance: NOTHING,
            customer_balance_transaction: NOTHING,
            id: NOTHING,
            object: NOTHING,
            created: NOTHING,
            livemode: NOTHING,
            deleted: NOTHING,
        }
    }
}

/// Reads an object once.
///
/// # Errors
/// When the JSON cannot be read at all, or is no object with an `object` field.
pub fn scan(raw: &[u8]) -> Result<Scan, ObjectError> {
    let Ok(fields) = serde_json::from_slice::<Fields>(raw) else {
        // The view of the head says where it breaks.
        let head = read::<Head>(raw)?;
        let path = String::from(".");
        return Err(ObjectError { object: head.id, path, message: "a field occurs twice".into() });
    };
    let head = match fields.head() {
        Some(head) => head,
        None => read(raw)?,
    };
    Ok(fields.scan(head))
}

/// Reads the object that `text` begins with, and says how long it is; `None` when it cannot be read so.
pub(super) fn scan_first(text: &str) -> Option<(Scan, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Fields>();
    let fields = values.next()?.ok()?;
    let head = fields.head()?;
    Some((fields.scan(head), values.byte_offset()))
}

impl Fields<'_> {
    fn scan(&self, head: Head) -> Scan {
        let kind = head.object.as_str();
        Scan {
            links: self.links(kind),
            open_until: self.open_until(kind, head.created),
            has_credit: self.has_credit(kind),
            lines_are_cut: self.lines.inner().is_some_and(|lines| lines.has_more),
            head,
        }
    }

    fn head(&self) -> Option<Head> {
        Some(Head {
            id: self.id.text().unwrap_or_default().to_owned(),
            object: self.object.text()?.to_owned(),
            created: self.created.number().unwrap_or_default(),
            livemode: self.livemode.flag(),
            deleted: self.deleted.flag().unwrap_or_default(),
        })
    }

    fn links(&self, kind: &str) -> Vec<Link> {
        let mut found = Vec::with_capacity(4);
        let mut add = |rel, name: &Field| {
            found.extend(name.id().map(|target| Link { rel, target: target.to_owned() }));
        };
        add(Rel::Customer, &self.customer);
        add(Rel::Charge, &self.charge);
        add(Rel::Invoice, &self.invoice);
        add(Rel::PaymentIntent, &self.payment_intent);
        add(Rel::BalanceTransaction, &self.balance_transaction);
        add(Rel::FailureBalanceTransaction, &self.failure_balance_transaction);
        match kind {
            // On a charge, `source` is the card.
            "balance_transaction" => add(Rel::Source, &self.source),
            "payment_intent" => add(Rel::Charge, &self.latest_charge),
            "customer_balance_transaction" => add(Rel::CreditNote, &self.credit_note),
            "invoice_payment" => {
                if let Some(target) = self.payment.inner() {
                    add(Rel::Charge, &target.charge);
                    add(Rel::PaymentIntent, &target.payment_intent);
                }
            }
            "dispute" => {
                for movement in self.balance_transactions.items() {
                    add(Rel::BalanceTransaction, movement);
                }
            }
            "credit_note" => {
                add(Rel::Refund, &self.refund);
                for covered in self.refunds.items().iter().filter_map(Field::inner) {
                    add(Rel::Refund, &covered.refund);
                }
            }
            _ => {}
        }
        found.sort();
        found.dedup();
        found
    }

    fn open_until(&self, kind: &str, created: i64) -> Option<UnixTime> {
        const FOR_EVER: UnixTime = UnixTime(i64::MAX);
        let status = self.status.text().unwrap_or_default();
        let end = match (kind, status) {
            ("dispute", "won" | "warning_closed" | "prevented")
            | ("payment_intent", "succeeded" | "canceled" | "") => return None,
            // An abandoned one stays as it is for ever.
            ("payment_intent", _) => UnixTime(created.saturating_add(INTENT_FINAL_AFTER_S)),
            ("dispute", "lost") => UnixTime(created.saturating_add(DISPUTE_FINAL_AFTER_S)),
            ("invoice", "draft" | "open" | "uncollectible")
            | ("invoice_payment", "open")
            | ("charge", "pending")
            | ("refund", "pending" | "requires_action")
            | ("payout", "pending" | "in_transit")
            | ("dispute", _) => FOR_EVER,
            ("charge", "succeeded") if self.captured.flag() == Some(false) => FOR_EVER,
            ("payout", "paid") => {
                let itemised = self.reconciliation_status.text() != Some("in_progress");
                if self.automatic.flag() == Some(true) && !itemised {
                    FOR_EVER
                } else {
                    let arrival = self.arrival_date.number().unwrap_or(created);
                    UnixTime(arrival.saturating_add(PAYOUT_FINAL_AFTER_S))
                }
            }
            _ => return None,
        };
        Some(end)
    }

    fn has_credit(&self, kind: &str) -> bool {
        let moved = |field: &Field| field.number().is_some_and(|amount| amount != 0);
        match kind {
            "customer" => moved(&self.balance),
            "invoice" => moved(&self.starting_balance) || moved(&self.ending_balance),
            "credit_note" => self.customer_balance_transaction.id().is_some(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Vec<String> {
        let found = scan(json.as_bytes()).unwrap().links;
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
        let payment = r#"{"id":"inpay_1","object":"invoice_payment","invoice":"in_1","payment":{"type":"payment_intent","payment_intent":"pi_1"}}"#;
        assert_eq!(of(payment), ["invoice in_1", "payment_intent pi_1"]);
    }

    #[test]
    fn fields_of_another_type_name_nothing_and_escapes_are_read() {
        let odd = r#"{"id":"ch_\u0031","object":"charge","customer":7,"invoice":[1,{"a":2}],"charge":true,"created":"x","balance":{"a":1.5}}"#;
        let scan = scan(odd.as_bytes()).unwrap();
        assert_eq!((scan.head.id.as_str(), scan.head.created, scan.links.len()), ("ch_1", 0, 0));
        assert!(super::scan(br#"{"id":"x"}"#).is_err());
        assert!(super::scan(br#"{"id":"x","object":"#).is_err());
    }

    /// Were one of these taken for final, what happens to it later would never reach the books.
    #[test]
    fn what_is_not_at_its_end_is_open() {
        let until = |json: &str| scan(json.as_bytes()).unwrap().open_until.map(|until| until.0);
        let for_ever = Some(i64::MAX);
        for (kind, status) in [
            ("invoice", "draft"),
            ("invoice", "open"),
            ("invoice", "uncollectible"),
            ("invoice_payment", "open"),
            ("charge", "pending"),
            ("refund", "pending"),
            ("dispute", "needs_response"),
            ("payout", "in_transit"),
        ] {
            let json = format!(r#"{{"id":"x","object":"{kind}","status":"{status}"}}"#);
            assert_eq!(until(&json), for_ever, "{json}");
        }
        let authorised = r#"{"id":"ch_1","object":"charge","status":"succeeded","captured":false}"#;
        assert_eq!(until(authorised), for_ever);
        let unsplit = r#"{"id":"po_1","object":"payout","status":"paid","automatic":true,"reconciliation_status":"in_progress","arrival_date":5}"#;
        assert_eq!(until(unsplit), for_ever);
        let paid = r#"{"id":"po_1","object":"payout","status":"paid","automatic":true,"reconciliation_status":"completed","arrival_date":5}"#;
        assert_eq!(until(paid), Some(5 + PAYOUT_FINAL_AFTER_S));
        let lost = r#"{"id":"dp_1","object":"dispute","status":"lost","created":7}"#;
        assert_eq!(until(lost), Some(7 + DISPUTE_FINAL_AFTER_S));
        for json in [
            r#"{"id":"in_1","object":"invoice","status":"paid"}"#,
            r#"{"id":"ch_1","object":"charge","status":"succeeded","captured":true}"#,
            r#"{"id":"dp_1","object":"dispute","status":"won"}"#,
            r#"{"id":"po_1","object":"payout","status":"failed"}"#,
        ] {
            assert_eq!(until(json), None, "{json}");
        }
    }
}
