//! What differs between the record the books need and the one NetSuite holds.

use crate::money::{Amount, MoneyError};
use crate::netsuite::record::{Apply, Body};
use crate::netsuite::wire::{self, Json, Places};
use crate::plan::change::FieldChange;

/// What an application is called among the fields that differ.
pub(super) const APPLIED_TO: &str = "applied to";

/// The outcome of comparing one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    Same,
    /// Only fields that NetSuite lets change without touching the general ledger.
    Update {
        after: Box<Body>,
        patch: Json,
        replace: Vec<&'static str>,
        fields: Vec<FieldChange>,
    },
    /// Something that was posted would have to change: amounts, lines, accounts, customer.
    Conflict {
        fields: Vec<FieldChange>,
    },
}

/// Compares what should be with what was posted. The date, the period and the memo's original date
/// stay as posted: a record that is in NetSuite is never re-dated.
///
/// # Errors
/// An amount that does not fit NetSuite's precision.
pub fn compare(
    desired: &Body,
    posted: &Body,
    places: &dyn Places,
    updates_customers: bool,
) -> Result<Difference, MoneyError> {
    let Some(after) = keeping_what_stays(desired, posted, updates_customers) else {
        return Ok(Difference::Same);
    };
    let Some((patch, replace)) = wire::update_json(posted, &after, places)? else {
        return Ok(Difference::Same);
    };
    let fields = describe(posted, &after, &patch);
    if patch.fields().iter().all(|(name, _)| may_change(name)) {
        Ok(Difference::Update { after: Box::new(after), patch, replace, fields })
    } else {
        Ok(Difference::Conflict { fields })
    }
}

/// The fields in which two bodies of one record differ.
pub fn fields(before: &Body, after: &Body) -> Vec<FieldChange> {
    match compare(after, before, &wire::UsualPlaces, true) {
        Ok(Difference::Update { fields, .. } | Difference::Conflict { fields }) => fields,
        // An amount that NetSuite cannot hold is none of a plan.
        Ok(Difference::Same) | Err(_) => Vec::new(),
    }
}

/// The fields in which a posted record is not what is wanted, in words; of those that can differ.
pub fn differing(desired: &Body, posted: &Body) -> Vec<String> {
    match compare(desired, posted, &wire::UsualPlaces, false) {
        Ok(Difference::Same) => Vec::new(),
        Ok(Difference::Update { fields, .. } | Difference::Conflict { fields }) => {
            fields.iter().map(ToString::to_string).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// `desired` with everything that is never changed afterwards taken from `posted`; `None` for
/// records that are never changed at all.
fn keeping_what_stays(desired: &Body, posted: &Body, updates_customers: bool) -> Option<Body> {
    match (desired, posted) {
        // Existing items are never overwritten: their accounts and names belong to the company.
        (Body::ServiceSaleItem(_) | Body::DiscountItem(_), _) => None,
        // Of a customer only new currencies are added, unless updates are switched on.
        (Body::Customer(new), Body::Customer(old)) => {
            let mut kept = old.clone();
            kept.currencies.extend(new.currencies.iter().cloned());
            kept.currencies.sort();
            kept.currencies.dedup();
            if updates_customers {
                kept.company_name.clone_from(&new.company_name);
                // A company stays a company, and an individual an individual.
                if let (Some(kept), Some(new)) = (&mut kept.person, &new.person) {
                    kept.clone_from(new);
                }
                for (kept, new) in [(&mut kept.email, &new.email), (&mut kept.phone, &new.phone)] {
                    if new.is_some() {
                        kept.clone_from(new);
                    }
                }
                if new.address.is_some() || new.shipping.is_some() {
                    kept.address.clone_from(&new.address);
                    kept.shipping.clone_from(&new.shipping);
                }
            }
            Some(Body::Customer(kept))
        }
        _ => {
            let mut after = desired.clone();
            if let (Some(new), Some(old)) = (after.header_mut(), posted.header()) {
                new.tran_date = old.tran_date;
                new.posting_period.clone_from(&old.posting_period);
                if old.memo.starts_with(&new.memo) {
                    new.memo.clone_from(&old.memo);
                }
                // A mapping is for new records.
                new.extras.clone_from(&old.extras);
            }
            Some(after)
        }
    }
}

/// Properties that move nothing in the general ledger.
fn may_change(property: &str) -> bool {
    matches!(
        property,
        "apply"
            | "memo"
            | "dueDate"
            | "otherRefNum"
            | "currencyList"
            | "companyName"
            | "firstName"
            | "lastName"
            | "email"
            | "phone"
            | "addressBook"
    )
}

fn describe(before: &Body, after: &Body, patch: &Json) -> Vec<FieldChange> {
    let old = wire::create_json(before, &wire::UsualPlaces).ok();
    patch
        .fields()
        .iter()
        .map(|(name, value)| {
            if *name == "apply" {
                let (from, to) = (applications(before), applications(after));
                return FieldChange { field: APPLIED_TO.into(), from, to };
            }
            let find = |json: &Json| {
                json.fields().iter().find(|(n, _)| n == name).map(|(_, value)| value.to_text())
            };
            FieldChange {
                field: (*name).into(),
                from: old.as_ref().and_then(find).unwrap_or_else(|| "nothing".into()),
                to: value.to_text(),
            }
        })
        .collect()
}

fn applications(body: &Body) -> String {
    let list: &[Apply] = match body {
        Body::CreditMemo(record) => &record.apply,
        Body::CustomerPayment(record) => &record.apply,
        Body::CustomerRefund(record) => &record.apply,
        _ => &[],
    };
    let words: Vec<String> = list
        .iter()
        .map(|apply| {
            let doc = apply.doc.external().map_or("another record", |id| id.as_str());
            let amount: Amount = apply.amount;
            format!("{doc} {amount}")
        })
        .collect();
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}
