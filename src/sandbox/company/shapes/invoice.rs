//! Invoices, their lines and the payments made on them.

use serde_json::{Value, json};

use super::super::customer::Customer;
use super::super::invoice::{Invoice, Line, Origin, Shipping, Tax};
use super::{catalogue, customer, joined, list};

pub fn invoice(invoice: &Invoice, of: &Customer) -> Value {
    let mut whole =
        joined([facts(invoice), customer_snapshot(of), money(invoice), furniture(invoice)]);
    if invoice.status == "uncollectible" {
        whole["status_details"] = json!({"uncollectible": {"reason": "user_forgiven"}});
    }
    if invoice.amount_paid_off_stripe > 0 {
        whole["amount_paid_off_stripe"] = json!(invoice.amount_paid_off_stripe);
    }
    whole
}

/// What the invoice is and how it stands.
fn facts(invoice: &Invoice) -> Value {
    let lines = invoice.lines.iter().map(|line| self::line(line, invoice)).collect();
    let parent = invoice.subscription.as_ref().map(|subscription| {
        json!({
            "quote_details": null,
            "subscription_details": {"metadata": {}, "subscription": subscription},
            "type": "subscription_details",
        })
    });
    let discounts: Vec<&str> = invoice.discounts.iter().map(|d| d.id.as_str()).collect();
    // One made by hand stays a draft until somebody finalizes it.
    let advances = invoice.status == "draft" && invoice.subscription.is_some();
    json!({
        "id": invoice.id,
        "object": "invoice",
        "attempt_count": invoice.attempts,
        "attempted": invoice.attempts > 0 || invoice.status == "paid",
        "auto_advance": advances,
        "automatically_finalizes_at": advances.then_some(invoice.created + 3_600),
        "billing_reason": invoice.billing_reason,
        "collection_method":
            if invoice.due_date.is_some() { "send_invoice" } else { "charge_automatically" },
        "created": invoice.created,
        "currency": invoice.currency,
        "discounts": discounts,
        "due_date": invoice.due_date,
        "effective_at": invoice.finalized_at,
        "lines": list(&format!("/v1/invoices/{}/lines", invoice.id), lines),
        "number": invoice.number,
        "parent": parent,
        "period_end": invoice.period.1,
        "period_start": invoice.period.0,
        "status": invoice.status,
        "status_transitions": {
            "finalized_at": invoice.finalized_at,
            "marked_uncollectible_at": invoice.uncollectible_at,
            "paid_at": invoice.paid_at,
            "voided_at": invoice.voided_at,
        },
    })
}

fn customer_snapshot(of: &Customer) -> Value {
    json!({
        "customer": of.id,
        "customer_account": null,
        "customer_address": customer::address(of),
        "customer_email": of.business.email,
        "customer_name": of.business.name,
        "customer_phone": null,
        "customer_shipping": null,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
    })
}

fn money(invoice: &Invoice) -> Value {
    let discounts = invoice.discount_totals();
    let tax: i64 = invoice.taxes().map(|tax| tax.amount).sum();
    let included: i64 = invoice.lines.iter().flat_map(|line| &line.taxes).map(Tax::included).sum();
    let rates: Vec<Value> =
        invoice.tax_rates.iter().map(|rate| catalogue::tax_rate(rate)).collect();
    json!({
        "amount_due": invoice.amount_due(),
        "amount_overpaid": invoice.amount_overpaid,
        "amount_paid": invoice.amount_paid,
        "amount_remaining": invoice.amount_remaining(),
        "amount_shipping": invoice.shipping.as_ref().map_or(0, Shipping::subtotal),
        "default_tax_rates": rates,
        "ending_balance": invoice.ending_balance,
        "post_payment_credit_notes_amount": invoice.post_payment_credit,
        "pre_payment_credit_notes_amount": invoice.pre_payment_credit,
        "shipping_cost": invoice.shipping.as_ref().map(shipping),
        "starting_balance": invoice.starting_balance,
        "subtotal": invoice.subtotal(),
        "subtotal_excluding_tax": invoice.subtotal() - included,
        "total": invoice.total(),
        "total_discount_amounts": discount_amounts(&discounts),
        "total_excluding_tax": invoice.total() - tax,
        "total_pretax_credit_amounts": pretax_credits(&discounts),
        "total_taxes": total_taxes(invoice.taxes()),
    })
}

/// Fields that tell nothing about money.
fn furniture(invoice: &Invoice) -> Value {
    let finalized = invoice.finalized_at.is_some();
    let url = format!("https://invoice.stripe.example/i/{}", invoice.id);
    let from = invoice.revises.as_ref().map(|id| json!({"action": "revision", "invoice": id}));
    json!({
        "account_country": "US", "account_name": "Saltmarsh Software", "account_tax_ids": null,
        "application": null,
        "automatic_tax": {
            "disabled_reason": null, "enabled": false, "liability": null, "provider": null,
            "status": null,
        },
        "custom_fields": null, "default_payment_method": null, "default_source": null,
        "description": null, "footer": null, "from_invoice": from,
        "hosted_invoice_url": finalized.then_some(&url),
        "invoice_pdf": finalized.then(|| format!("{url}/pdf")),
        "issuer": {"type": "self"},
        "last_finalization_error": null, "latest_revision": invoice.latest_revision, "livemode": false,
        "metadata": {}, "next_payment_attempt": null, "on_behalf_of": null,
        "payment_settings": {
            "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
        },
        "receipt_number": null, "rendering": null, "shipping_details": null,
        "statement_descriptor": null, "test_clock": null,
        "webhooks_delivered_at": invoice.created,
    })
}

fn line(line: &Line, invoice: &Invoice) -> Value {
    let own: Vec<&str> = line.own_discounts.iter().map(|d| d.id.as_str()).collect();
    let subscription = match &line.origin {
        Origin::Item { .. } => None,
        Origin::Subscription { subscription, .. } | Origin::Proration { subscription, .. } => {
            Some(subscription)
        }
    };
    json!({
        "id": line.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": invoice.currency,
        "description": line.description,
        "discount_amounts": discount_amounts(&line.discount_amounts),
        "discountable": !matches!(line.origin, Origin::Proration { .. }),
        "discounts": own,
        "invoice": invoice.id,
        "livemode": false,
        "metadata": {},
        "parent": parent(&line.origin),
        "period": {"end": line.period.1, "start": line.period.0},
        "pretax_credit_amounts": pretax_credits(&line.discount_amounts),
        "pricing": {
            "price_details": {"price": line.price.id, "product": line.price.product},
            "type": "price_details",
            "unit_amount_decimal": line.price.shown_decimal(),
        },
        "quantity": line.quantity,
        "quantity_decimal": line.quantity.to_string(),
        "subscription": subscription,
        "subtotal": line.amount,
        "taxes": taxes(&line.taxes),
    })
}

fn parent(origin: &Origin) -> Value {
    match origin {
        Origin::Item { invoice_item } => json!({
            "invoice_item_details": {
                "invoice_item": invoice_item, "proration": false,
                "proration_details": {"credited_items": null}, "subscription": null,
            },
            "subscription_item_details": null,
            "type": "invoice_item_details",
        }),
        Origin::Subscription { subscription, item } => json!({
            "invoice_item_details": null,
            "subscription_item_details": {
                "invoice_item": null, "proration": false,
                "proration_details": {"credited_items": null},
                "subscription": subscription, "subscription_item": item,
            },
            "type": "subscription_item_details",
        }),
        Origin::Proration { subscription, item, invoice_item, credited } => {
            let credited = credited
                .as_ref()
                .map(|(invoice, line)| json!({"invoice": invoice, "invoice_line_items": [line]}));
            json!({
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": invoice_item, "proration": true,
                    "proration_details": {"credited_items": credited},
                    "subscription": subscription, "subscription_item": item,
                },
                "type": "subscription_item_details",
            })
        }
    }
}

pub fn shipping(shipping: &Shipping) -> Value {
    let taxes: Vec<Value> = shipping
        .taxes
        .iter()
        .map(|tax| {
            json!({
                "amount": tax.amount, "rate": catalogue::tax_rate(&tax.rate),
                "taxability_reason": tax.reason(), "taxable_amount": tax.taxable,
            })
        })
        .collect();
    json!({
        "amount_subtotal": shipping.subtotal(),
        "amount_tax": shipping.tax_amount(),
        "amount_total": shipping.total(),
        "shipping_rate": shipping.rate.id,
        "taxes": taxes,
    })
}

pub fn discount_amounts(amounts: &[(String, i64)]) -> Vec<Value> {
    amounts.iter().map(|(id, amount)| json!({"amount": amount, "discount": id})).collect()
}

/// Stripe lists discounts here a second time, next to credit grants.
pub fn pretax_credits(amounts: &[(String, i64)]) -> Vec<Value> {
    amounts
        .iter()
        .map(|(id, amount)| json!({"amount": amount, "discount": id, "type": "discount"}))
        .collect()
}

pub fn taxes(taxes: &[Tax]) -> Vec<Value> {
    taxes.iter().map(|tax| one_tax(tax, tax.amount, tax.taxable)).collect()
}

/// One entry for each rate.
pub fn total_taxes<'a>(taxes: impl Iterator<Item = &'a Tax>) -> Vec<Value> {
    let mut sums: Vec<(&Tax, i64, i64)> = Vec::new();
    for tax in taxes {
        match sums.iter_mut().find(|(seen, ..)| seen.rate.id == tax.rate.id) {
            Some((_, amount, taxable)) => {
                *amount += tax.amount;
                *taxable += tax.taxable;
            }
            None => sums.push((tax, tax.amount, tax.taxable)),
        }
    }
    sums.into_iter().map(|(tax, amount, taxable)| one_tax(tax, amount, taxable)).collect()
}

fn one_tax(tax: &Tax, amount: i64, taxable: i64) -> Value {
    json!({
        "amount": amount,
        "tax_behavior": if tax.rate.inclusive { "inclusive" } else { "exclusive" },
        "tax_rate_details": {"tax_rate": tax.rate.id},
        "taxability_reason": tax.reason(),
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    })
}
