//! Subscriptions with their items.

use serde_json::{Value, json};

use super::super::subscriptions::{Subscription, SubscriptionItem};
use super::{catalogue, joined, list};

pub fn subscription(subscription: &Subscription, customer: &str) -> Value {
    let items = subscription.items.iter().map(|item| self::item(item, subscription)).collect();
    let url = format!("/v1/subscription_items?subscription={}", subscription.id);
    let trial = subscription.trial;
    let facts = json!({
        "id": subscription.id,
        "object": "subscription",
        "billing_cycle_anchor": subscription.anchor,
        "canceled_at": subscription.canceled_at,
        "cancellation_details": {
            "comment": null, "feedback": null, "feedback_option": null,
            "reason": subscription.canceled_at.map(|_| "payment_failed"),
        },
        "collection_method": "charge_automatically",
        "created": subscription.created,
        "currency": subscription.currency,
        "customer": customer,
        "ended_at": subscription.canceled_at,
        "items": list(&url, items),
        "latest_invoice": subscription.latest_invoice,
        "start_date": subscription.created,
        "status": subscription.status,
        "trial_end": trial.map(|trial| trial.1),
        "trial_start": trial.map(|trial| trial.0),
    });
    joined([facts, furniture()])
}

fn furniture() -> Value {
    json!({
        "application": null, "application_fee_percent": null,
        "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
        "billing_cycle_anchor_config": null, "billing_mode": {"flexible": {}, "type": "flexible"},
        "billing_schedules": [], "billing_thresholds": null, "cancel_at": null,
        "cancel_at_period_end": false, "customer_account": null, "days_until_due": null,
        "default_payment_method": null, "default_source": null, "default_tax_rates": [],
        "description": null, "discounts": [],
        "invoice_settings": {
            "account_tax_ids": null, "custom_fields": null, "description": null, "footer": null,
            "issuer": {"type": "self"},
        },
        "livemode": false, "managed_payments": null, "metadata": {},
        "next_pending_invoice_item_invoice": null, "on_behalf_of": null, "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null, "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null, "pending_setup_intent": null,
        "pending_update": null, "schedule": null, "test_clock": null, "transfer_data": null,
        "trial_settings": {
            "end_behavior": {
                "billing_cycle_anchor": null, "missing_payment_method": "create_invoice",
            },
        },
    })
}

fn item(item: &SubscriptionItem, subscription: &Subscription) -> Value {
    let period = subscription.current_period();
    let price = &item.price;
    let unit_amount = price.shown_unit_amount();
    let mut json = json!({
        "id": item.id,
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": subscription.created,
        "current_period_end": period.1,
        "current_period_start": period.0,
        "current_trial": null,
        "discounts": [],
        "metadata": {},
        "plan": {
            "id": price.id, "object": "plan", "active": true, "amount": unit_amount,
            "amount_decimal": price.shown_decimal(),
            "billing_scheme": catalogue::billing_scheme(price), "created": price.created,
            "currency": price.currency, "interval": price.interval, "interval_count": 1,
            "livemode": false, "metadata": {}, "meter": null, "nickname": null,
            "product": price.product, "tiers_mode": price.tiers_mode(),
            "transform_usage": catalogue::transform(price), "trial_period_days": null,
            "usage_type": catalogue::usage_type(price),
        },
        "price": catalogue::price(price),
        "subscription": subscription.id,
        "tax_rates": [],
    });
    // What is counted has no quantity of its own.
    if !price.is_counted() {
        json["quantity"] = json!(item.quantity);
    }
    json
}
