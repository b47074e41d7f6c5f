//! One Stripe object: read as every kind, its links found, its amounts taken.

use tieout::accounting::balance_transaction::classify;
use tieout::stripe::links::scan;
use tieout::stripe::objects::{
    Account, Balance, BalanceTransaction, Charge, Coupon, CreditNote, Customer,
    CustomerBalanceTransaction, Dispute, Invoice, InvoicePayment, Payout, Price, Product, Refund,
    TaxRate, read,
};

pub fn run(bytes: &[u8]) {
    let _ = scan(bytes);
    if let Ok(bt) = read::<BalanceTransaction>(bytes) {
        let _ = (classify(&bt), bt.amount(), bt.fee(), bt.net());
    }
    if let Ok(invoice) = read::<Invoice>(bytes) {
        let _ = (invoice.total(), invoice.amount_remaining(), invoice.is_finalized());
    }
    let _ = read::<Charge>(bytes);
    let _ = read::<Refund>(bytes);
    let _ = read::<Dispute>(bytes);
    let _ = read::<Payout>(bytes).map(|payout| (payout.amount(), payout.arrival_date.utc_date()));
    let _ = read::<CreditNote>(bytes);
    let _ = read::<Customer>(bytes);
    let _ = read::<CustomerBalanceTransaction>(bytes);
    let _ = read::<InvoicePayment>(bytes);
    let _ = read::<Price>(bytes);
    let _ = read::<Product>(bytes);
    let _ = read::<Coupon>(bytes);
    let _ = read::<TaxRate>(bytes);
    let _ = read::<Account>(bytes);
    let _ = read::<Balance>(bytes);
}
