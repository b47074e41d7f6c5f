//! What is open of an invoice, and why.

use crate::explain::chapter::Teller;
use crate::explain::value::{Applied, OpenInvoice};
use crate::ids::ExternalId;
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body};
use crate::stripe::objects::{Invoice, InvoiceStatus};

/// What was taken off the invoice's total, and what is left of it. `None` when the books have no
/// invoice for it.
pub(super) fn open_invoice(teller: &Teller, invoice: &Invoice) -> Option<OpenInvoice> {
    let id = ExternalId::new(invoice.id.as_str()).ok()?;
    let record = teller.records.get(&id)?;
    let body = teller.body(record);
    let Body::Invoice(_) = &body else { return None };
    let total = body.total().unwrap_or(Amount::zero(invoice.currency));
    let taken_off: Vec<Applied> = teller
        .records
        .values()
        .flat_map(|record| {
            let body = teller.body(record);
            let title = format!("{} {}", body.kind().title(), body.external_id());
            let applied: Vec<Applied> = applications(&body)
                .iter()
                .filter(|apply| apply.doc.external() == Some(&id))
                .map(|apply| Applied { document: title.clone(), amount: apply.amount })
                .collect();
            applied
        })
        .collect();
    let open = taken_off.iter().fold(total, |left, applied| left - applied.amount);
    let open_in_stripe = match invoice.status {
        InvoiceStatus::Open => invoice.amount_remaining(),
        _ => Amount::zero(invoice.currency),
    };
    let text = why(teller, invoice, open, open_in_stripe);
    Some(OpenInvoice { external_id: id, total, taken_off, open, open_in_stripe, text })
}

fn applications(body: &Body) -> &[Apply] {
    match body {
        Body::CreditMemo(memo) => &memo.apply,
        Body::CustomerPayment(payment) => &payment.apply,
        // A refund is applied to memos and payments, never to an invoice.
        _ => &[],
    }
}

fn why(teller: &Teller, invoice: &Invoice, open: Amount, open_in_stripe: Amount) -> String {
    if open.is_zero() && open_in_stripe.is_zero() {
        return match invoice.status {
            InvoiceStatus::Paid => "Stripe calls it paid, and nothing is open in the books.".into(),
            InvoiceStatus::Void => "It was voided, and nothing is open in the books.".into(),
            InvoiceStatus::Uncollectible => {
                "It was given up as uncollectible, and nothing is open in the books.".into()
            }
            _ => "Nothing is open, in Stripe or in the books.".into(),
        };
    }
    if open == open_in_stripe {
        let today = teller.inputs.day(teller.inputs.now);
        let due = invoice.due_date.map(|due| teller.inputs.day(due));
        return match due {
            Some(due) if due < today => format!("It is open in both, overdue since {due}."),
            Some(due) => format!("It is open in both, due on {due}."),
            None => "It is open in both: nobody has paid it yet.".into(),
        };
    }
    let known = teller.inputs.exceptions.iter().map(|(exception, _)| exception);
    if let Some(exception) = known.into_iter().find(|known| known.subject == invoice.id.as_str()) {
        return format!("It is open for a known reason: {}", exception.message);
    }
    if invoice.status == InvoiceStatus::Uncollectible {
        return "Stripe has given it up; it stays open in the books.".into();
    }
    "The books and Stripe differ: see what the next plan would do.".into()
}
