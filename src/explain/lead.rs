//! The answer in a few sentences, before the whole of it.

use std::collections::BTreeMap;

use crate::accounting::{Case, CustomerCase};
use crate::explain::inputs::Inputs;
use crate::explain::value::{Chapter, Movement, Standing, Trouble};
use crate::explain::words::{bracketed, counted, list, title};
use crate::money::{Amount, Currency};
use crate::netsuite::record::RecordKind;
use crate::stripe::objects::InvoiceStatus;

/// What the subject is called, with its amount.
pub(super) fn heading(inputs: &Inputs) -> String {
    let id = inputs.subject.id.as_str();
    let word = title(&inputs.subject.kind);
    let fact = inputs.given.iter().find_map(|given| match &given.case {
        Case::Customer(case) => of_customer_case(case, id),
        Case::Payout(case) => (case.payout.id.as_str() == id)
            .then(|| format!("{word} {id} of {}", case.payout.amount())),
        Case::Day(_) | Case::Summary(_) | Case::Opening(_) => None,
    });
    let moved = inputs.movements.iter().find(|movement| movement.id.as_str() == id);
    let moved = moved.map(|movement| format!("{word} {id} of {}", movement.amount()));
    fact.or(moved).or_else(|| of_record(inputs, id)).unwrap_or_else(|| format!("{word} {id}"))
}

fn of_customer_case(case: &CustomerCase, id: &str) -> Option<String> {
    if let Some(invoice) = case.invoices.iter().find(|invoice| invoice.id.as_str() == id) {
        let number = bracketed(invoice.number.as_deref());
        return Some(format!("Invoice {id}{number} of {}", invoice.total()));
    }
    let charge = case.charges.iter().find(|charge| charge.id.as_str() == id);
    let refund = case.refunds.iter().find(|refund| refund.id.as_str() == id);
    let dispute = case.disputes.iter().find(|dispute| dispute.id.as_str() == id);
    let change = case.customer_balance.iter().find(|change| change.id.as_str() == id);
    let amount = charge
        .map(|charge| ("Charge", charge.amount()))
        .or_else(|| refund.map(|refund| ("Refund", refund.amount())))
        .or_else(|| dispute.map(|dispute| ("Dispute", dispute.amount())))
        .or_else(|| change.map(|change| ("Change of a customer's balance", change.amount())));
    if let Some((word, amount)) = amount {
        return Some(format!("{word} {id} of {amount}"));
    }
    if let Some(note) = case.credit_notes.iter().find(|note| note.id.as_str() == id) {
        let number = bracketed(note.number.as_deref());
        return Some(format!("Credit note {id}{number} of {}", note.amount()));
    }
    let customer = case.customer.as_ref().filter(|customer| customer.id.as_str() == id)?;
    let name = customer.name.as_deref().or(customer.email.as_deref());
    Some(format!("Customer {id}{}", bracketed(name)))
}

fn of_record(inputs: &Inputs, id: &str) -> Option<String> {
    let records = inputs.given.iter().flat_map(|given| &given.derived.records);
    let record = records.into_iter().find(|record| record.external_id().as_str() == id)?;
    let total = record.body.total().map(|total| format!(" of {total}")).unwrap_or_default();
    Some(format!("{} {id}{total}", record.kind().title()))
}

/// Who it is about, where its records stand, where its money is, what needs a person.
pub(super) fn sentences(
    inputs: &Inputs,
    records: &[Chapter],
    money: &[Movement],
    exceptions: &[Trouble],
) -> Vec<String> {
    let mut lead = Vec::new();
    lead.extend(whose(inputs));
    lead.extend(stands_for(inputs));
    lead.extend(carried(inputs));
    if inputs.policy.is_some() {
        lead.push(standing(inputs, records, !money.is_empty(), exceptions));
    }
    lead.extend(whereabouts(money));
    match exceptions.len() {
        0 => {}
        1 => lead.push("One exception needs a person.".into()),
        count => lead.push(format!("{} need a person.", counted(count, "exception"))),
    }
    lead
}

fn whose(inputs: &Inputs) -> Option<String> {
    // Items belong to everybody, and a customer is its own.
    if matches!(inputs.subject.kind.as_str(), "customer" | "item" | "discount item") {
        return None;
    }
    inputs.given.iter().find_map(|given| {
        let Case::Customer(case) = &given.case else { return None };
        let customer = case.customer.as_ref()?;
        let name = customer.name.as_deref().or(customer.email.as_deref());
        Some(format!("Customer: {}{}.", customer.id, bracketed(name)))
    })
}

/// What a negative payout was made of is on the deposit of the next one.
fn carried(inputs: &Inputs) -> Vec<String> {
    let teller = inputs.subject.teller.as_str();
    let mut told = Vec::new();
    for given in &inputs.given {
        let Case::Payout(case) = &given.case else { continue };
        let payout = &case.payout.id;
        for (negative, _) in &case.carried {
            if negative.id.as_str() == teller {
                told.push(format!(
                    "It debited the bank, so what it is made of is on the deposit of the next payout, \
                     {payout}."
                ));
            } else if payout.as_str() == teller {
                told.push(format!(
                    "Its deposit also takes over what payout {} of {} was made of, which debited the \
                     bank before it.",
                    negative.id,
                    negative.amount()
                ));
            }
        }
    }
    told
}

/// An id without a story of its own is told by another object.
fn stands_for(inputs: &Inputs) -> Option<String> {
    let subject = &inputs.subject;
    let is_other = subject.teller != subject.id;
    is_other.then(|| format!("It is told with {}, which it belongs to.", subject.teller))
}

fn standing(
    inputs: &Inputs,
    records: &[Chapter],
    has_moved: bool,
    exceptions: &[Trouble],
) -> String {
    let posting: Vec<&Chapter> =
        records.iter().filter(|record| record.kind.is_transaction()).collect();
    if posting.is_empty() {
        let held: Vec<String> =
            exceptions.iter().flat_map(|e| &e.blocks).map(ToString::to_string).collect();
        let is_item = records.iter().any(|record| record.kind != RecordKind::Customer);
        let is_sold = matches!(inputs.subject.kind.as_str(), "price" | "product" | "coupon");
        return if !held.is_empty() {
            format!("An exception holds back what the books need for it: {}.", list(&held))
        } else if is_item || is_sold {
            "It posts nothing by itself: the lines of other records do.".into()
        } else if has_moved {
            "The books need no record of its own for it.".into()
        } else {
            without_record(inputs)
        };
    }
    let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
    for record in &posting {
        *counts.entry(record.state.standing).or_default() += 1;
    }
    let all = if posting.len() == 1 {
        "Its record".into()
    } else {
        format!("Its {} records", posting.len())
    };
    if let (1, Some((standing, count))) = (counts.len(), counts.first_key_value()) {
        return format!("{all} {}.", state_words(*standing, *count));
    }
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(standing, count)| format!("{count} {}", state_words(standing, count)))
        .collect();
    format!("Of {} {}.", all.replace("Its", "its"), list(&parts))
}

/// Why the books need nothing for something that moved no money.
fn without_record(inputs: &Inputs) -> String {
    let id = inputs.subject.teller.as_str();
    let why = inputs.given.iter().find_map(|given| match &given.case {
        Case::Payout(case) if case.payout.id.as_str() == id => match case.payout.status.as_str() {
            "pending" | "in_transit" => Some("it has not reached the bank yet"),
            _ => None,
        },
        Case::Payout(_) | Case::Day(_) | Case::Summary(_) | Case::Opening(_) => None,
        Case::Customer(case) => {
            let invoice = case.invoices.iter().find(|invoice| invoice.id.as_str() == id);
            let charge = case.charges.iter().find(|charge| charge.id.as_str() == id);
            match (invoice, charge) {
                (Some(invoice), _) => match invoice.status {
                    InvoiceStatus::Draft => Some("it is a draft"),
                    InvoiceStatus::Void => Some("it was voided before it was posted"),
                    _ => None,
                },
                (_, Some(charge)) if charge.balance_transaction.is_none() => {
                    Some("no money has moved")
                }
                _ => None,
            }
        }
    });
    why.map_or_else(
        || "The books need no record for it.".into(),
        |why| format!("The books need no record for it: {why}."),
    )
}

fn state_words(standing: Standing, count: usize) -> &'static str {
    let is_one = count == 1;
    match standing {
        Standing::Desired if is_one => "is not in NetSuite yet",
        Standing::Desired => "are not in NetSuite yet",
        Standing::Posted if is_one => "is in NetSuite",
        Standing::Posted => "are in NetSuite",
        Standing::Verified if is_one => "is in NetSuite, read back and found as posted",
        Standing::Verified => "are in NetSuite, read back and found as posted",
        Standing::Drifted if is_one => "was changed in NetSuite after it was posted",
        Standing::Drifted => "were changed in NetSuite after they were posted",
        Standing::Failed if is_one => "was refused by NetSuite",
        Standing::Failed => "were refused by NetSuite",
        Standing::InDoubt if is_one => "was sent without an answer",
        Standing::InDoubt => "were sent without an answer",
        Standing::Blocked if is_one => "is blocked",
        Standing::Blocked => "are blocked",
        Standing::Unwanted if is_one => "is in NetSuite though nothing asks for it any more",
        Standing::Unwanted => "are in NetSuite though nothing asks for them any more",
        Standing::SummedUp if is_one => "is summed up with others",
        Standing::SummedUp => "are summed up with others",
    }
}

/// How much of the money is where, net of fees.
fn whereabouts(money: &[Movement]) -> Option<String> {
    if money.is_empty() {
        return None;
    }
    let mut sums: BTreeMap<(u8, Currency), Amount> = BTreeMap::new();
    for movement in money {
        let place = match (&movement.payout, movement.is_banked) {
            (None, _) => 2,
            (Some(_), true) => 0,
            (Some(_), false) => 1,
        };
        let currency = movement.net.currency();
        *sums.entry((place, currency)).or_insert(Amount::zero(currency)) += movement.net;
    }
    let parts: Vec<String> = sums
        .into_iter()
        .map(|((place, _), amount)| {
            let place = match place {
                0 => "in the bank account in NetSuite",
                1 => "in a payout that is not booked yet",
                _ => "waiting for a payout",
            };
            format!("{amount} {place}")
        })
        .collect();
    Some(format!("Net of fees its money comes to {}.", list(&parts)))
}
