//! Credit notes and their lines.

use serde_json::{Value, json};

use super::super::credit_notes::{CreditLine, CreditNote};
use super::super::invoice::{Shipping, Tax, summed};
use super::invoice::{discount_amounts, pretax_credits, shipping, taxes, total_taxes};
use super::{catalogue, list};

pub fn credit_note(note: &CreditNote) -> Value {
    let lines = note.lines.iter().map(line).collect();
    let discounts = summed(note.lines.iter().flat_map(|line| line.discount_amounts.clone()));
    let tax: i64 = note.taxes().map(|tax| tax.amount).sum();
    let included: i64 = note.lines.iter().flat_map(|line| &line.taxes).map(Tax::included).sum();
    let subtotal: i64 = note.lines.iter().map(|line| line.amount).sum();
    let refunds: Vec<Value> = note
        .refunds
        .iter()
        .map(|(id, amount)| {
            json!({
                "amount_refunded": amount, "payment_record_refund": null, "refund": id,
                "type": "refund",
            })
        })
        .collect();
    json!({
        "id": note.id,
        "object": "credit_note",
        "amount": note.total(),
        "amount_shipping": note.shipping.as_ref().map_or(0, Shipping::subtotal),
        "created": note.created,
        "currency": note.currency,
        "customer": note.customer,
        "customer_account": null,
        "customer_balance_transaction": note.customer_balance_transaction,
        "discount_amount": discounts.iter().map(|(_, amount)| amount).sum::<i64>(),
        "discount_amounts": discount_amounts(&discounts),
        "effective_at": note.created,
        "invoice": note.invoice,
        "lines": list(&format!("/v1/credit_notes/{}/lines", note.id), lines),
        "livemode": false,
        "memo": null,
        "metadata": {},
        "number": note.number,
        "out_of_band_amount": (note.out_of_band > 0).then_some(note.out_of_band),
        "pdf": format!("https://pay.stripe.example/credit_notes/{}/pdf", note.id),
        "post_payment_amount": note.after_payment(),
        "pre_payment_amount": note.before_payment,
        "pretax_credit_amounts": pretax_credits(&discounts),
        "reason": "order_change",
        "refunds": refunds,
        "shipping_cost": note.shipping.as_ref().map(shipping),
        "status": if note.voided_at.is_some() { "void" } else { "issued" },
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal - included,
        "total": note.total(),
        "total_excluding_tax": note.total() - tax,
        "total_taxes": total_taxes(note.taxes()),
        "type": match (note.before_payment, note.after_payment()) {
            (0, _) => "post_payment",
            (_, 0) => "pre_payment",
            _ => "mixed",
        },
        "voided_at": note.voided_at,
    })
}

fn line(line: &CreditLine) -> Value {
    let rates: Vec<Value> = line.taxes.iter().map(|tax| catalogue::tax_rate(&tax.rate)).collect();
    json!({
        "id": line.id,
        "object": "credit_note_line_item",
        "amount": line.amount,
        "description": line.description,
        "discount_amount": line.discount_amounts.iter().map(|(_, amount)| amount).sum::<i64>(),
        "discount_amounts": discount_amounts(&line.discount_amounts),
        "invoice_line_item": line.invoice_line,
        "livemode": false,
        "metadata": {},
        "pretax_credit_amounts": pretax_credits(&line.discount_amounts),
        "quantity": line.quantity,
        "tax_rates": rates,
        "taxes": taxes(&line.taxes),
        "type": "invoice_line_item",
        "unit_amount": null,
        "unit_amount_decimal": null,
    })
}
