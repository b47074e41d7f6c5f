//! What the reports say of invoices, customers' credit, disputes and refunds: the few objects whose
//! JSON they need.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::gather::{Inputs, Unpaid};
use crate::accounting::Policy;
use crate::accounting::balance_transaction::Class;
use crate::accounting::policy::BeforeStart;
use crate::calendar::UnixTime;
use crate::commands::receivables::{booked_later, open_in_stripe, reasons};
use crate::ids::{ExternalId, InvoiceId};
use crate::ledger::{Ledger, LedgerError};
use crate::money::{Amount, Currency};
use crate::reconcile::close::facts::{
    CustomerCredit, DisputeFact, Document, Facts, InvoiceSides, RefundFact, Short,
};
use crate::stripe::objects::{
    CreditNote, CustomerBalanceTransaction, Dispute, Invoice, Refund, read,
};

/// Each invoice that is open in one of the systems, in both.
pub(super) fn invoices(inputs: &Inputs, unpaid: &Unpaid) -> anyhow::Result<Vec<InvoiceSides>> {
    if inputs.client.is_none() {
        return Ok(Vec::new());
    }
    let Inputs { ledger, policy, .. } = inputs;
    let reasons = reasons(ledger)?;
    let options = policy.options;
    let summed = ledger.summed_records()?;
    let mut sides = Vec::new();
    let mut seen: BTreeSet<ExternalId> = BTreeSet::new();
    let mut take = |invoice: &Invoice| -> Result<(), LedgerError> {
        let Some(id) = policy.masters.naming.record_of(invoice.id.as_str()) else { return Ok(()) };
        if !seen.insert(id.clone()) {
            return Ok(());
        }
        if !invoice.is_finalized() || invoice.total().is_negative() || summed.contains(&id) {
            return Ok(());
        }
        let issued = invoice.effective_at.or(invoice.status_transitions.finalized_at);
        let is_posted = ledger.posted_record(&id)?.is_some();
        // What is older than the books is in others, unless these opened with it.
        if !is_posted && policy.is_past(issued.unwrap_or(invoice.created)) {
            return Ok(());
        }
        let zero = Amount::zero(invoice.currency);
        let stripe = open_in_stripe(invoice, options);
        let netsuite = unpaid.get(&id).copied().unwrap_or(zero);
        if stripe.is_zero() && netsuite.is_zero() {
            return Ok(());
        }
        let reason = reasons.get(invoice.id.as_str()).cloned();
        sides.push(InvoiceSides {
            external_id: id,
            date: invoice.created.date_in(policy.zone),
            stripe,
            netsuite,
            explained: reason.or_else(|| booked_later(invoice, options)),
        });
        Ok(())
    };
    // Nearly all invoices are paid: an open or uncollectible one is watched as long as it is that.
    ledger.for_each_watched("invoice", |raw| {
        read::<Invoice>(raw).map_or(Ok(()), |invoice| take(&invoice))
    })?;
    let mut rest: Vec<&ExternalId> = unpaid.keys().collect();
    rest.sort();
    for id in rest {
        let Some(row) = ledger.posted_record(id)? else { continue };
        let Some(source) = row.sources.first() else { continue };
        if let Ok(Some(invoice)) = ledger.view::<Invoice>(source) {
            take(&invoice)?;
        }
    }
    sides.sort_by(|one, other| (one.date, &one.external_id).cmp(&(other.date, &other.external_id)));
    Ok(sides)
}

/// Each customer who has credit in one of the systems, in both, at the period's end.
pub(super) fn credits(
    inputs: &Inputs,
    documents: &[Document],
    in_sums: &[Document],
) -> anyhow::Result<Vec<CustomerCredit>> {
    let Inputs { ledger, policy, .. } = inputs;
    let until = inputs.period.window.until;
    let balances = kept_by_stripe(ledger, policy, until)?;
    let mut outside: BTreeMap<(String, Currency), Amount> = BTreeMap::new();
    ledger.for_each_view::<CreditNote, LedgerError>("credit_note", |note| {
        let amount = note.out_of_band_amount();
        let is_here = !note.is_void() && !amount.is_zero() && note.created < until;
        if let Some(customer) = note.customer.as_ref().filter(|_| is_here) {
            let key = (customer.to_string(), note.currency);
            *outside.entry(key).or_insert(Amount::zero(note.currency)) += amount;
        }
        Ok(())
    })?;
    let mut open: BTreeMap<(String, Currency), Amount> = BTreeMap::new();
    for document in documents.iter().chain(in_sums).filter(|document| document.is_credit) {
        let Some(customer) = &document.customer else { continue };
        let currency = document.open.currency();
        let key = (customer.clone(), currency);
        *open.entry(key).or_insert(Amount::zero(currency)) -= document.open;
    }
    let keys: BTreeSet<(String, Currency)> = balances.keys().chain(open.keys()).cloned().collect();
    let credit = |key: (String, Currency)| {
        let zero = Amount::zero(key.1);
        let stripe = balances.get(&key).map(Kept::own);
        let netsuite = open.get(&key).copied().unwrap_or(zero);
        CustomerCredit {
            stripe: stripe.unwrap_or(zero),
            netsuite,
            outside: outside.get(&key).copied().unwrap_or(zero).min(netsuite),
            taken_back: balances.get(&key).map_or(zero, |kept| kept.taken_back.min(netsuite)),
            customer: key.0,
        }
    };
    let all = keys.into_iter().map(credit);
    Ok(all.filter(|credit| !credit.stripe.is_zero() || !credit.netsuite.is_zero()).collect())
}

/// What Stripe keeps for one customer.
struct Kept {
    /// Credit is positive, a debt negative.
    balance: Amount,
    /// Of it, credit of the time before the books, which other books have. It is used first.
    older: Amount,
    /// Used on invoices that were voided later: these books never had them, and show it open.
    taken_back: Amount,
}

impl Kept {
    fn change(&mut self, by: Amount, is_others: bool) {
        let zero = Amount::zero(by.currency());
        let before = self.balance.max(zero);
        self.balance += by;
        let after = self.balance.max(zero);
        self.older =
            if is_others { after } else { (self.older - (before - after).max(zero)).max(zero) };
    }

    fn own(&self) -> Amount {
        self.balance.max(Amount::zero(self.balance.currency())) - self.older
    }
}

fn kept_by_stripe(
    ledger: &Ledger,
    policy: &Policy,
    until: UnixTime,
) -> anyhow::Result<BTreeMap<(String, Currency), Kept>> {
    let opens_with_it = policy.options.before_start == BeforeStart::OpeningBalance;
    let mut changes: Vec<CustomerBalanceTransaction> = Vec::new();
    ledger.for_each_view::<_, LedgerError>("customer_balance_transaction", |change| {
        changes.push(change);
        Ok(())
    })?;
    let voided_later: BTreeSet<InvoiceId> = changes
        .iter()
        .filter(|change| change.kind == "unapplied_from_invoice" && change.created >= until)
        .filter_map(|change| change.invoice.clone())
        .collect();
    changes.retain(|change| change.created < until);
    changes.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
    let mut kept: BTreeMap<(String, Currency), Kept> = BTreeMap::new();
    for change in changes {
        let Some(customer) = &change.customer else { continue };
        let zero = Amount::zero(change.currency);
        let own = kept.entry((customer.to_string(), change.currency)).or_insert(Kept {
            balance: zero,
            older: zero,
            taken_back: zero,
        });
        if change.kind == "applied_to_invoice"
            && change.invoice.as_ref().is_some_and(|invoice| voided_later.contains(invoice))
        {
            own.taken_back += change.amount();
        }
        own.change(-change.amount(), policy.is_past(change.created) && !opens_with_it);
    }
    Ok(kept)
}

/// The disputes behind what moved in the period.
pub(super) fn disputes(ledger: &Ledger, facts: &Facts) -> anyhow::Result<Vec<DisputeFact>> {
    let _moment = ledger.one_moment()?;
    let is_of = |class| matches!(class, Class::DisputeWithdrawal | Class::DisputeReturn);
    let mut found = Vec::new();
    for id in sources(facts, is_of) {
        let Ok(Some(dispute)) = ledger.view::<Dispute>(id) else { continue };
        let charge = dispute.charge.as_ref().map(ToString::to_string);
        found.push(DisputeFact {
            id: id.to_owned(),
            charged: charged(ledger, facts, charge.as_deref())?,
            charge,
            opened: facts.date(dispute.created),
            amount: dispute.amount(),
            reason: dispute.reason,
            status: dispute.status,
        });
    }
    Ok(found)
}

/// The refunds behind what moved in the period.
pub(super) fn refunds(ledger: &Ledger, facts: &Facts) -> anyhow::Result<Vec<RefundFact>> {
    let _moment = ledger.one_moment()?;
    let is_of = |class| matches!(class, Class::Refund | Class::RefundFailure);
    let mut found = Vec::new();
    for id in sources(facts, is_of) {
        let Ok(Some(refund)) = ledger.view::<Refund>(id) else { continue };
        let charge = refund.charge.as_ref().map(AsRef::as_ref);
        found.push(RefundFact {
            id: id.into(),
            charged: charged(ledger, facts, charge)?,
            charge: charge.map(Short::from),
            reason: refund.reason.unwrap_or_default().into(),
            status: refund.status.into(),
        });
    }
    Ok(found)
}

fn sources(facts: &Facts, is_of: impl Fn(Class) -> bool) -> BTreeSet<&str> {
    let window = facts.period.window;
    let own = facts.movements.all().iter().filter(|movement| window.contains(movement.created));
    own.filter(|movement| is_of(movement.class)).filter_map(|m| m.source.as_deref()).collect()
}

fn charged(
    ledger: &Ledger,
    facts: &Facts,
    charge: Option<&str>,
) -> anyhow::Result<Option<NaiveDate>> {
    let Some(charge) = charge else { return Ok(None) };
    Ok(ledger.created(charge)?.map(|created| facts.date(created)))
}
