//! The metadata of a case's objects, and the keys in it that mean something to the books.
//!
//! The keys are those of Stripe's own connector, so that a company that used it keeps its links.

use crate::accounting::case::Case;
use crate::stripe::objects::Metadata;

pub(super) const CUSTOMER: &str = "netsuite_customer_id";
pub(super) const INVOICE: &str = "netsuite_invoice_id";
pub(super) const PAYMENT: &str = "netsuite_customer_payment_id";
pub(super) const REFUND: &str = "netsuite_customer_refund_id";
pub(super) const CREDIT_MEMO: &str = "netsuite_credit_memo_id";
pub(super) const DEPOSIT: &str = "netsuite_deposit_id";
pub(super) const DISCOUNT_ITEM: &str = "netsuite_discount_item_id";
/// The four types of item that a price may name, the usual one first.
pub(super) const ITEMS: [&str; 4] = [
    "netsuite_service_sale_item_id",
    "netsuite_service_resale_item_id",
    "netsuite_non_inventory_sale_item_id",
    "netsuite_non_inventory_resale_item_id",
];
pub(super) const FIRST_NAME: &str = "netsuite_first_name";
pub(super) const LAST_NAME: &str = "netsuite_last_name";
const BLOCK: &str = "netsuite_block_integration";
const ALLOW: &str = "netsuite_allow_integration";

/// What a key says, unless it says nothing.
pub(super) fn get<'a>(metadata: &'a Metadata, key: &str) -> Option<&'a str> {
    metadata.get(key).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// Whether the object is to be held back.
pub(super) fn is_blocked(metadata: &Metadata) -> bool {
    get(metadata, BLOCK).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Whether the object was released.
pub(super) fn is_allowed(metadata: &Metadata) -> bool {
    get(metadata, ALLOW).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Every object of a case that has metadata, by id.
pub(super) fn each(case: &Case) -> Vec<(&str, &Metadata)> {
    let mut all: Vec<(&str, &Metadata)> = Vec::new();
    match case {
        Case::Customer(case) => {
            all.extend(case.customer.iter().map(|o| (o.id.as_str(), &o.metadata)));
            all.extend(case.invoices.iter().map(|o| (o.id.as_str(), &o.metadata)));
            all.extend(case.charges.iter().map(|o| (o.id.as_str(), &o.metadata)));
            all.extend(case.refunds.iter().map(|o| (o.id.as_str(), &o.metadata)));
            all.extend(case.disputes.iter().map(|o| (o.id.as_str(), &o.metadata)));
            all.extend(case.credit_notes.iter().map(|o| (o.id.as_str(), &o.metadata)));
            let catalog = &case.catalog;
            all.extend(catalog.prices.values().map(|o| (o.id.as_str(), &o.metadata)));
            all.extend(catalog.coupons.values().map(|o| (o.id.as_str(), &o.metadata)));
        }
        Case::Payout(case) => {
            all.push((case.payout.id.as_str(), &case.payout.metadata));
            all.extend(case.carried.iter().map(|(o, _)| (o.id.as_str(), &o.metadata)));
        }
        // What days and summaries are made of has records of its own, which are held in their own cases.
        Case::Day(_) | Case::Summary(_) | Case::Opening(_) => {}
    }
    all
}
