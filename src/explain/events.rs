//! What happened in Stripe, one sentence each, oldest first.

use crate::accounting::CustomerCase;
use crate::accounting::story::Story;
use crate::calendar::UnixTime;
use crate::explain::inputs::Inputs;
use crate::explain::value::Event;
use crate::explain::words::{bracketed, list};
use crate::money::Amount;
use crate::stripe::objects::{
    BalanceTransaction, Charge, CreditNote, CustomerBalanceTransaction, Dispute, Invoice,
    InvoiceStatus, Payout, Refund,
};

/// Events on their way.
pub(super) struct Events<'a> {
    inputs: &'a Inputs<'a>,
    found: Vec<(UnixTime, Event)>,
}

impl<'a> Events<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>) -> Self {
        Self { inputs, found: Vec::new() }
    }

    fn add(&mut self, at: UnixTime, id: &impl ToString, text: String, amount: Option<Amount>) {
        let date = self.inputs.day(at);
        self.found.push((at, Event { date, id: id.to_string(), text, amount }));
    }

    /// Oldest first; of one instant in the order in which they were told.
    pub(super) fn finish(mut self) -> Vec<Event> {
        self.found.sort_by_key(|(at, event)| (event.date, *at));
        self.found.into_iter().map(|(_, event)| event).collect()
    }

    /// Everything of a story.
    pub(super) fn of_story(&mut self, case: &CustomerCase, story: &Story) {
        for invoice in case.invoices.iter().filter(|invoice| story.has(&invoice.id)) {
            self.invoice(invoice);
        }
        for note in case.credit_notes.iter().filter(|note| story.has(&note.id)) {
            self.credit_note(note);
        }
        for change in case.customer_balance.iter().filter(|change| story.has(&change.id)) {
            self.balance_change(change);
        }
        for charge in case.charges.iter().filter(|charge| story.has(&charge.id)) {
            self.charge(charge, case, story);
        }
        for refund in case.refunds.iter().filter(|refund| story.has(&refund.id)) {
            self.refund(refund, case);
        }
        for dispute in case.disputes.iter().filter(|dispute| story.has(&dispute.id)) {
            self.dispute(dispute);
        }
    }

    fn invoice(&mut self, invoice: &Invoice) {
        let id = &invoice.id;
        let called = format!("{id}{}", bracketed(invoice.number.as_deref()));
        let turns = invoice.status_transitions;
        if !invoice.is_finalized() {
            let text = format!("Invoice {called} is a draft: it is no invoice until it is final.");
            self.add(invoice.created, id, text, Some(invoice.total()));
            return;
        }
        let at = invoice.effective_at.or(turns.finalized_at).unwrap_or(invoice.created);
        let tax = invoice
            .total_taxes()
            .iter()
            .fold(Amount::zero(invoice.currency), |sum, tax| sum + tax.amount);
        let taxed = if tax.is_zero() { String::new() } else { format!(", tax of {tax} included") };
        let due = match (invoice.due_date, invoice.status) {
            (Some(due), InvoiceStatus::Open) => format!(", due on {}", self.inputs.day(due)),
            _ => String::new(),
        };
        let text = format!("Invoice {called} was finalized{taxed}{due}.");
        self.add(at, id, text, Some(invoice.total()));
        if let Some(at) = turns.voided_at {
            self.add(at, id, format!("Invoice {id} was voided."), None);
        }
        if let Some(at) = turns.marked_uncollectible_at {
            let left = invoice.amount_remaining();
            let left = (!left.is_zero()).then_some(left);
            self.add(at, id, format!("Invoice {id} was marked uncollectible."), left);
        }
        let elsewhere = invoice.amount_paid_off_stripe();
        if elsewhere.is_positive() || invoice.paid_out_of_band() {
            let amount = if elsewhere.is_zero() { invoice.amount_due() } else { elsewhere };
            let at = turns.paid_at.unwrap_or(at);
            self.add(at, id, format!("Invoice {id} was paid outside Stripe."), Some(amount));
        }
    }

    fn charge(&mut self, charge: &Charge, case: &CustomerCase, story: &Story) {
        let id = &charge.id;
        let invoices = story.paid.get(id).map_or(&[][..], Vec::as_slice);
        let paid: Vec<String> = invoices
            .iter()
            .map(|(invoice, amount)| {
                let is_all = *amount == charge.amount_captured();
                if is_all { invoice.to_string() } else { format!("{amount} of {invoice}") }
            })
            .collect();
        let what =
            if paid.is_empty() { "no invoice".to_owned() } else { format!("for {}", list(&paid)) };
        let has_moved = charge.balance_transaction.is_some();
        let text = match charge.status.as_str() {
            "pending" if !has_moved => format!("Charge {id} is pending: no money has moved."),
            "failed" if !has_moved => {
                let why = bracketed(charge.failure_message.as_deref());
                format!("Charge {id} failed{why}: no money moved.")
            }
            _ if !charge.captured && !has_moved => {
                format!("Charge {id} was authorised and not captured: no money has moved.")
            }
            _ if charge.failure_balance_transaction.is_some() => {
                format!("Charge {id} succeeded at first.")
            }
            _ if paid.is_empty() => format!("Charge {id} succeeded; it paid {what}."),
            _ => format!("Charge {id} succeeded, {what}."),
        };
        let amount = if has_moved { charge.amount_captured() } else { charge.amount() };
        self.add(charge.created, id, text, Some(amount));
        if let Some(failure) = movement(case, charge.failure_balance_transaction.as_ref()) {
            let why = bracketed(charge.failure_message.as_deref());
            let text = format!("Charge {id} failed after all{why}: the money was taken back.");
            self.add(failure.created, id, text, Some(failure.amount()));
        }
    }

    fn refund(&mut self, refund: &Refund, case: &CustomerCase) {
        let id = &refund.id;
        let why = refund.reason.as_deref().map(|reason| reason.replace('_', " "));
        let of = refund.charge.as_ref().map(|charge| format!(" of {charge}")).unwrap_or_default();
        let moved = movement(case, refund.balance_transaction.as_ref());
        let text = match (refund.status.as_str(), moved) {
            ("pending" | "requires_action", None) => {
                format!("Refund {id}{of} is pending: no money has moved.")
            }
            ("canceled", None) => format!("Refund {id}{of} was cancelled: no money moved."),
            _ => format!("Refund {id}{of} was paid back{}.", bracketed(why.as_deref())),
        };
        let at = moved.map_or(refund.created, |moved| moved.created);
        self.add(at, id, text, Some(-refund.amount()));
        if let Some(failure) = movement(case, refund.failure_balance_transaction.as_ref()) {
            let why = refund.failure_reason.as_deref().map(|reason| reason.replace('_', " "));
            let why = bracketed(why.as_deref());
            let text = format!("Refund {id} failed{why}: the money came back.");
            self.add(failure.created, id, text, Some(refund.amount()));
        }
    }

    fn dispute(&mut self, dispute: &Dispute) {
        let id = &dispute.id;
        let why = bracketed(Some(&dispute.reason.replace('_', " ")));
        let of = dispute.charge.as_ref().map(|charge| format!(" of {charge}")).unwrap_or_default();
        if dispute.balance_transactions.is_empty() {
            let what = if dispute.is_inquiry() { "Inquiry" } else { "Dispute" };
            let text = format!("{what} {id}{of}{why} was opened: no money has moved.");
            self.add(dispute.created, id, text, Some(dispute.amount()));
        }
        for movement in &dispute.balance_transactions {
            let text = if movement.amount().is_negative() {
                format!("Dispute {id}{of}{why}: the money was withdrawn.")
            } else {
                format!("Dispute {id} was won: the money came back.")
            };
            self.add(movement.created, id, text, Some(movement.amount()));
        }
        if dispute.status == "lost" {
            let last = dispute.balance_transactions.iter().map(|movement| movement.created).max();
            let text = format!("Dispute {id} was lost.");
            self.add(last.unwrap_or(dispute.created), id, text, None);
        }
    }

    fn credit_note(&mut self, note: &CreditNote) {
        let id = &note.id;
        let called = format!("{id}{}", bracketed(note.number.as_deref()));
        let of = note.invoice().map(|invoice| format!(" of {invoice}")).unwrap_or_default();
        let mut went = Vec::new();
        let mut part = |amount: Amount, how: String| {
            if amount.is_positive() {
                went.push(if amount == note.amount() { how } else { format!("{amount} {how}") });
            }
        };
        part(note.pre_payment_amount(), "taken off what is open".into());
        for (refund, amount) in note.refunds() {
            part(amount, format!("paid back by {refund}"));
        }
        part(note.balance_amount(), "kept as the customer's credit".into());
        part(note.out_of_band_amount(), "to be given back outside Stripe".into());
        let text = format!("Credit note {called}{of} was issued: {}.", list(&went));
        self.add(note.effective_at.unwrap_or(note.created), id, text, Some(-note.amount()));
        if let Some(at) = note.voided_at {
            self.add(at, id, format!("Credit note {id} was voided."), None);
        }
    }

    fn balance_change(&mut self, change: &CustomerBalanceTransaction) {
        let id = &change.id;
        let note = bracketed(change.description.as_deref());
        let on = change.invoice.as_ref().map(|invoice| format!(" {invoice}")).unwrap_or_default();
        let text = match change.kind.as_str() {
            "adjustment" => format!("The customer's balance was adjusted by hand{note}: {id}."),
            "applied_to_invoice" => format!("Customer balance was used on{on}: {id}."),
            "unapplied_from_invoice" => format!("Customer balance was given back from{on}: {id}."),
            "credit_note" => format!("The customer's balance took the credit note up: {id}."),
            kind => format!("The customer's balance changed ({}): {id}.", kind.replace('_', " ")),
        };
        self.add(change.created, id, text, Some(change.amount()));
    }

    /// The payout that was asked for is told from its beginning.
    pub(super) fn payout_made(&mut self, payout: &Payout) {
        let id = &payout.id;
        let by_hand = if payout.automatic { "" } else { " by hand" };
        self.add(payout.created, id, format!("Payout {id} was made{by_hand}."), None);
    }

    pub(super) fn payout(&mut self, payout: &Payout) {
        let id = &payout.id;
        let arrival = payout.arrival_date.utc_date();
        let text = match payout.status.as_str() {
            "paid" if payout.amount().is_negative() => {
                format!("Payout {id} debited the bank account.")
            }
            "paid" => format!("Payout {id} reached the bank."),
            "failed" => {
                let why = bracketed(payout.failure_message.as_deref());
                format!("Payout {id} failed{why}: the money came back.")
            }
            "canceled" => format!("Payout {id} was cancelled."),
            status => {
                format!("Payout {id} is expected in the bank ({}).", status.replace('_', " "))
            }
        };
        // The arrival is a date, not an instant: it is told as it is, after all of that day.
        let end_of_day = UnixTime(payout.arrival_date.0.max(payout.created.0).saturating_add(1));
        let amount = Some(payout.amount());
        let event = Event { date: arrival, id: id.to_string(), text, amount };
        self.found.push((end_of_day, event));
    }

    /// A change of the balance that no other object tells.
    pub(super) fn movement(&mut self, movement: &BalanceTransaction) {
        let what = movement.description.as_deref().map(|text| format!(": {text}"));
        let kind = movement.kind.replace('_', " ");
        let text =
            format!("Balance transaction {} ({kind}){}.", movement.id, what.unwrap_or_default());
        self.add(movement.created, &movement.id, text, Some(movement.amount()));
    }
}

fn movement<'a>(
    case: &'a CustomerCase,
    id: Option<&crate::ids::BalanceTransactionId>,
) -> Option<&'a BalanceTransaction> {
    case.balance_transactions.iter().find(|movement| Some(&movement.id) == id)
}
