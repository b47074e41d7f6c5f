//! What customers owe, read from both systems: each invoice by itself, and the receivables account
//! as a whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::accounting::chart::Role;
use crate::accounting::policy::{
    CreditNotes, CustomerBalance, NegativeInvoices, Options, Uncollectible, UnpaidOnCancel,
};
use crate::commands::session::Session;
use crate::commands::tieout::{ReadBack, accounts};
use crate::ledger::{Ledger, LedgerError, StoredException};
use crate::money::{Amount, Currency};
use crate::netsuite::record::RecordKind;
use crate::reconcile::receivables::{InvoiceLeg, receivables};
use crate::reconcile::receivables_account::{OpenDocuments, receivables_account};
use crate::reconcile::{Item, Statement};
use crate::stripe::objects::{Invoice, InvoiceStatus};

impl ReadBack {
    /// The receivables account in every currency, with the documents that are open on it.
    pub(super) fn receivables_accounts(&self) -> Vec<Statement> {
        let account = accounts(&self.policy.chart, &[Role::AccountsReceivable]);
        let mut open: BTreeMap<Currency, OpenDocuments> = BTreeMap::new();
        let with = |currency: Currency| {
            let (revaluations, by_others) = self.others.items_apart(&account, currency);
            OpenDocuments {
                invoices: Vec::new(),
                credits: Vec::new(),
                payments: Vec::new(),
                revaluations,
                by_others,
                balance: self.others.total(&account, currency),
            }
        };
        for currency in self.others.currencies() {
            open.entry(currency).or_insert_with(|| with(currency));
        }
        for row in self.rows.values() {
            let Some(posted) = row.internal_id.as_ref().and_then(|id| self.observed.get(id)) else {
                continue;
            };
            let own = open.entry(posted.currency).or_insert_with(|| with(posted.currency));
            for line in posted.gl.iter().filter(|line| account.contains(&line.account)) {
                own.balance += line.foreign;
            }
            let (list, rest) = match posted.kind {
                RecordKind::Invoice => (&mut own.invoices, posted.unpaid),
                RecordKind::CreditMemo => (&mut own.credits, posted.unapplied),
                RecordKind::CustomerPayment => (&mut own.payments, posted.unapplied),
                _ => continue,
            };
            if let Some(amount) = rest.filter(|amount| !amount.is_zero()) {
                let (id, label) = (row.external_id.to_string(), posted.kind.title().to_owned());
                list.push(Item { date: posted.tran_date, id, label, amount });
            }
        }
        open.into_iter().map(|(currency, open)| receivables_account(currency, open)).collect()
    }

    /// Each invoice as open in NetSuite as it is in Stripe.
    pub(super) fn receivables(
        &self,
        session: &Session,
        ledger: &Ledger,
    ) -> anyhow::Result<Vec<Statement>> {
        let reasons = reasons(ledger)?;
        let options = session.settings.options;
        let naming = &self.policy.masters.naming;
        let summed = ledger.summed_records()?;
        let mut legs = Vec::new();
        ledger.for_each_view::<Invoice, LedgerError>("invoice", |invoice| {
            let Some(id) = naming.record_of(invoice.id.as_str()) else { return Ok(()) };
            // What is summed up is on the receivables account, and on no document of its own.
            let is_summed = summed.contains(&id);
            if !invoice.is_finalized() || invoice.total().is_negative() || is_summed {
                return Ok(());
            }
            let zero = Amount::zero(invoice.currency);
            let row = self.rows.get(&id).and_then(|row| row.internal_id.as_ref());
            // What is older than the books is in others, unless these opened with it.
            let issued = invoice.effective_at.or(invoice.status_transitions.finalized_at);
            if row.is_none() && self.policy.is_past(issued.unwrap_or(invoice.created)) {
                return Ok(());
            }
            let unpaid = row.and_then(|id| self.observed.get(id)?.unpaid);
            legs.push(InvoiceLeg {
                explained: reasons
                    .get(invoice.id.as_str())
                    .cloned()
                    .or_else(|| booked_later(&invoice, options)),
                external_id: id,
                date: invoice.created.date_in(session.settings.stripe.zone),
                stripe_remaining: open_in_stripe(&invoice, options),
                netsuite_remaining: unpaid.unwrap_or(zero),
            });
            Ok(())
        })?;
        let currencies: BTreeSet<Currency> =
            legs.iter().map(|leg| leg.stripe_remaining.currency()).collect();
        Ok(currencies.into_iter().map(|currency| receivables(currency, &legs)).collect())
    }
}

/// Why something needs a person, by the object that it is about.
pub(super) fn reasons(ledger: &Ledger) -> Result<HashMap<String, String>, LedgerError> {
    let reason = |stored: StoredException| (stored.exception.subject, stored.exception.message);
    Ok(ledger.open_exceptions()?.into_iter().map(reason).collect())
}

/// What Stripe has open of an invoice, as far as policy leaves it open.
pub(super) fn open_in_stripe(invoice: &Invoice, options: Options) -> Amount {
    let is_open = match invoice.status {
        InvoiceStatus::Open => {
            options.unpaid_on_cancel == UnpaidOnCancel::KeepOpen
                || !invoice.is_no_longer_collected()
        }
        InvoiceStatus::Uncollectible => options.uncollectible == Uncollectible::KeepOpen,
        _ => false,
    };
    if is_open { invoice.amount_remaining() } else { Amount::zero(invoice.currency) }
}

/// Why policy leaves more of an open invoice open than Stripe does.
pub(super) fn booked_later(invoice: &Invoice, options: Options) -> Option<String> {
    let waits = options.credit_notes == CreditNotes::AfterPayment;
    if waits && invoice.pre_payment_credit_notes().is_positive() {
        return Some("Its credit notes are booked when it is paid.".into());
    }
    let on_use = options.customer_balance == CustomerBalance::OnUse
        || options.negative_invoices == NegativeInvoices::ZeroLines;
    let used = invoice.ending_balance() - invoice.starting_balance();
    let is_open = invoice.status == InvoiceStatus::Open;
    (on_use && is_open && used.is_positive())
        .then(|| "What the customer's balance paid is booked when it is paid.".into())
}
