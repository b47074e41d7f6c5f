//! What each list is of, and which filters it takes.

/// A filter by the value of a field; nested fields with `.`.
pub(super) type Filter = (&'static str, &'static str);

/// One list endpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Behind `/v1/`.
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    /// Equality filters: parameter and field.
    pub(super) filters: &'static [Filter],
    /// Range filters besides `created`: parameter, which is also the field.
    pub(super) ranges: &'static [&'static str],
}

const fn list(
    name: &'static str,
    kind: &'static str,
    filters: &'static [Filter],
    ranges: &'static [&'static str],
) -> Endpoint {
    Endpoint { name, kind, filters, ranges }
}

const CUSTOMER: Filter = ("customer", "customer");
const INTENT: Filter = ("payment_intent", "payment_intent");
const CHARGE: Filter = ("charge", "charge");
const STATUS: Filter = ("status", "status");
const ACTIVE: Filter = ("active", "active");

/// Every list of the account. `payout` on balance transactions is not here: membership is no field.
pub(super) const LISTS: [Endpoint; 20] = [
    list(
        "balance_transactions",
        "balance_transaction",
        &[("currency", "currency"), ("source", "source"), ("type", "type")],
        &[],
    ),
    list("payouts", "payout", &[STATUS, ("destination", "destination")], &["arrival_date"]),
    list("charges", "charge", &[CUSTOMER, INTENT, ("transfer_group", "transfer_group")], &[]),
    list("payment_intents", "payment_intent", &[CUSTOMER], &[]),
    list("refunds", "refund", &[CHARGE, INTENT], &[]),
    list("disputes", "dispute", &[CHARGE, INTENT], &[]),
    list(
        "invoices",
        "invoice",
        &[
            CUSTOMER,
            STATUS,
            ("subscription", "parent.subscription_details.subscription"),
            ("collection_method", "collection_method"),
        ],
        &["due_date"],
    ),
    list(
        "invoice_payments",
        "invoice_payment",
        &[
            ("invoice", "invoice"),
            STATUS,
            ("payment[type]", "payment.type"),
            ("payment[payment_intent]", "payment.payment_intent"),
            ("payment[payment_record]", "payment.payment_record"),
        ],
        &[],
    ),
    list("credit_notes", "credit_note", &[CUSTOMER, ("invoice", "invoice")], &[]),
    list("customers", "customer", &[("email", "email")], &[]),
    list("products", "product", &[ACTIVE], &[]),
    list(
        "prices",
        "price",
        &[ACTIVE, ("product", "product"), ("currency", "currency"), ("type", "type")],
        &[],
    ),
    list("coupons", "coupon", &[], &[]),
    list("tax_rates", "tax_rate", &[ACTIVE, ("inclusive", "inclusive")], &[]),
    list(
        "subscriptions",
        "subscription",
        &[CUSTOMER, STATUS, ("collection_method", "collection_method")],
        &[],
    ),
    list("events", "event", &[("type", "type")], &[]),
    list("topups", "topup", &[STATUS], &[]),
    list("transfers", "transfer", &[("destination", "destination")], &[]),
    list("application_fees", "application_fee", &[CHARGE], &[]),
    list("invoiceitems", "invoiceitem", &[CUSTOMER, ("invoice", "invoice")], &[]),
];

pub(super) fn find(name: &str) -> Option<&'static Endpoint> {
    LISTS.iter().find(|endpoint| endpoint.name == name)
}
