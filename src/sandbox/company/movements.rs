//! What moves the Stripe balance and is no payment: one balance transaction, at least, of every
//! type and reporting category that nothing else in a company makes.

use super::account::Account;
use super::days::{DAY, date_text, midnight};
use super::rng::Rng;
use super::shapes::balance_transaction::{FeePart, Movement};
use super::shapes::connect::{self, Transfer};
use super::shapes::movements::{self as shape, TopUp};
use super::spec::Movements;

/// What a movement's `source` is.
#[derive(Debug, Clone, Copy)]
enum Source {
    None,
    /// A thing of this prefix that is not an object of this account, or has no list.
    Elsewhere(&'static str),
    /// A top-up, or the last one made where the movement takes it back.
    TopUp,
    /// A transfer, or the last one made where the movement takes it back.
    Transfer,
    Reserve,
}

/// Type, reporting category, amount, source, and a description that the date is put into.
type Row = (&'static str, &'static str, i64, Source, &'static str);

/// In the order in which they happen; what undoes another follows it.
const ROWS: [Row; 54] = [
    ("stripe_fee", "fee", -1_250, Source::None, "Billing ({}): usage"),
    ("stripe_fee", "fee", 310, Source::None, "Billing ({}): credit for an outage"),
    ("stripe_fx_fee", "fee", -210, Source::None, "Currency conversion ({})"),
    ("network_cost", "network_cost", -340, Source::None, "Interchange plus ({})"),
    ("tax_fee", "tax", -88, Source::None, "Sales tax ({}): tax on Stripe fees"),
    ("adjustment", "fee", -500, Source::None, "Account updater ({})"),
    ("adjustment", "other_adjustment", -777, Source::None, "Correction ({})"),
    ("adjustment", "other_adjustment", 777, Source::None, "Correction of a correction ({})"),
    ("reserve_hold", "risk_reserved_funds", -2_000, Source::None, "Reserve ({})"),
    ("reserve_release", "risk_reserved_funds", 2_000, Source::None, "Reserve release ({})"),
    ("reserved_funds", "risk_reserved_funds", -900, Source::None, "Reserved funds ({})"),
    ("reserved_funds", "risk_reserved_funds", 900, Source::None, "Reserved funds back ({})"),
    ("payment_network_reserve_hold", "payment_network_reserve_hold", -450, Source::None, "({})"),
    (
        "payment_network_reserve_release",
        "payment_network_reserve_release",
        450,
        Source::None,
        "({})",
    ),
    ("reserve_transaction", "connect_reserved_funds", -600, Source::Reserve, "Connect reserve"),
    ("reserve_transaction", "connect_reserved_funds", 600, Source::Reserve, "Connect reserve"),
    ("topup", "topup", 25_000, Source::TopUp, "Top-up ({})"),
    ("topup", "topup", 10_000, Source::TopUp, "Top-up ({})"),
    ("topup_reversal", "topup_reversal", -10_000, Source::TopUp, "Top-up reversed ({})"),
    ("transfer", "transfer", -3_000, Source::Transfer, "Transfer ({})"),
    ("transfer_cancel", "transfer_reversal", 3_000, Source::Transfer, "Cancelled ({})"),
    ("transfer", "transfer", -1_200, Source::Transfer, "Transfer ({})"),
    ("transfer_failure", "transfer_reversal", 1_200, Source::Transfer, "Failed ({})"),
    ("transfer", "transfer", -800, Source::Transfer, "Transfer ({})"),
    ("transfer_refund", "transfer_reversal", 800, Source::Elsewhere("trr"), "Taken back ({})"),
    ("application_fee", "platform_earning", 450, Source::Elsewhere("fee"), "Platform fee ({})"),
    (
        "application_fee_refund",
        "platform_earning_refund",
        -150,
        Source::Elsewhere("fr"),
        "Platform fee returned ({})",
    ),
    (
        "connect_collection_transfer",
        "connect_collection_transfer",
        -250,
        Source::Elsewhere("connct"),
        "Negative balance of a connected account ({})",
    ),
    ("advance", "advance", 5_000, Source::None, "Advance on an instant payout ({})"),
    ("advance_funding", "advance_funding", -5_000, Source::None, "Advance paid back ({})"),
    ("anticipation_repayment", "anticipation_repayment", -700, Source::None, "({})"),
    ("contribution", "contribution", -100, Source::None, "Stripe Climate ({})"),
    (
        "climate_order_purchase",
        "climate_order_purchase",
        -800,
        Source::Elsewhere("climorder"),
        "Carbon removal ({})",
    ),
    (
        "climate_order_refund",
        "climate_order_refund",
        300,
        Source::Elsewhere("climorder"),
        "Carbon removal returned ({})",
    ),
    ("obligation_outbound", "other_adjustment", -150, Source::None, "Obligation ({})"),
    ("obligation_reversal_inbound", "other_adjustment", 150, Source::None, "Obligation back ({})"),
    (
        "payment_unreconciled",
        "unreconciled_customer_funds",
        1_234,
        Source::None,
        "Bank transfer without a payer ({})",
    ),
    ("adjustment", "financing_payout", 50_000, Source::None, "Stripe Capital ({})"),
    ("adjustment", "financing_paydown", -1_500, Source::None, "Stripe Capital ({})"),
    ("adjustment", "financing_paydown_reversal", 1_500, Source::None, "Stripe Capital ({})"),
    ("adjustment", "financing_payout_reversal", -50_000, Source::None, "Stripe Capital ({})"),
    ("stripe_balance_payment_debit", "stripe_balance_payment_debit", -990, Source::None, "({})"),
    (
        "stripe_balance_payment_debit_reversal",
        "stripe_balance_payment_debit_reversal",
        990,
        Source::None,
        "({})",
    ),
    (
        "issuing_authorization_hold",
        "issuing_authorization_hold",
        -520,
        Source::Elsewhere("iauth"),
        "Card of the company ({})",
    ),
    (
        "issuing_authorization_release",
        "issuing_authorization_release",
        520,
        Source::Elsewhere("iauth"),
        "Card of the company ({})",
    ),
    ("issuing_transaction", "issuing_transaction", -520, Source::Elsewhere("ipi"), "Card ({})"),
    ("issuing_dispute", "issuing_dispute", 120, Source::Elsewhere("idp"), "Card ({})"),
    (
        "issuing_dispute_provisional_credit",
        "issuing_dispute",
        400,
        Source::Elsewhere("idp"),
        "Card ({})",
    ),
    (
        "issuing_dispute_provisional_credit_reversal",
        "issuing_dispute",
        -400,
        Source::Elsewhere("idp"),
        "Card ({})",
    ),
    ("inbound_transfer", "inbound_transfer", 700, Source::Elsewhere("ibt"), "({})"),
    (
        "inbound_transfer_reversal",
        "inbound_transfer_reversal",
        -700,
        Source::Elsewhere("ibt"),
        "({})",
    ),
    ("fee_credit_funding", "fee_credit_funding", 200, Source::None, "({})"),
    ("tax_fund", "tax_fund", -60, Source::None, "({})"),
    ("stripe_fee", "fee", -1_000, Source::None, "Radar ({}): with tax in the same row"),
];

/// A type that no version of the API has.
const TOMORROW: Row =
    ("moon_landing_fee", "moon_landing", -1_111, Source::None, "Landing on the Moon ({})");

/// Types whose meaning is documented nowhere: a person must say what they are.
const UNDOCUMENTED: [&str; 5] = [
    "inbound_transfer",
    "inbound_transfer_reversal",
    "fee_credit_funding",
    "tax_fund",
    "moon_landing_fee",
];

/// Books them, spread over the company's life.
pub fn book(account: &mut Account, which: Movements, rng: &mut Rng) {
    let tomorrow: &[Row] = match which {
        Movements::Usual => return,
        Movements::All => &[],
        Movements::Tomorrow => &[TOMORROW],
    };
    let rows: Vec<Row> = ROWS.iter().chain(tomorrow).copied().collect();
    let count = i64::try_from(rows.len()).expect("a handful of rows");
    let (first, length) = (account.span.first, account.span.now - account.span.first - DAY);
    let mut last = Last::default();
    for (place, row) in (0..).zip(rows) {
        // Each in a slot of its own, so that what undoes another comes after it.
        let slot = length / count;
        let at = first + place * slot + rng.between(0, slot - 1);
        book_one(account, row, at, &mut last);
    }
}

/// What the next reversal takes back.
#[derive(Debug, Default)]
struct Last {
    top_up: Option<TopUp>,
    transfer: Option<Transfer>,
}

fn book_one(account: &mut Account, row: Row, at: i64, last: &mut Last) {
    let (kind, category, amount, source, text) = row;
    let source = match source {
        Source::None => None,
        Source::Elsewhere(prefix) => Some(account.ids.next(prefix)),
        Source::Reserve => Some(account.ids.next("rsv")),
        Source::TopUp if kind == "topup" => Some(account.ids.next("tu")),
        Source::TopUp => last.top_up.as_ref().map(|of| of.id.clone()),
        Source::Transfer if kind == "transfer" => Some(account.ids.next("tr")),
        Source::Transfer => last.transfer.as_ref().map(|of| of.id.clone()),
    };
    let taxed = text.contains("tax in the same row");
    let vat = FeePart { amount: 190, kind: "tax", description: "VAT" };
    let movement = Movement {
        kind,
        category,
        amount,
        fees: if taxed { vec![vat] } else { Vec::new() },
        currency: "usd",
        created: at,
        available_on: midnight(at),
        source: source.clone(),
        description: Some(text.replace("{}", &date_text(at))),
        rate_micro: None,
    };
    let (id, _) = account.book(&movement);
    show_source(account, &movement, &id, last);
    let what = format!("movement of the balance: {kind} ({category})");
    if UNDOCUMENTED.contains(&kind) {
        account.note_exception(&id, what);
    } else {
        account.note(&id, what);
    }
}

/// Stores the object behind a movement, as it stands after it.
fn show_source(account: &mut Account, movement: &Movement, id: &str, last: &mut Last) {
    let Some(source) = movement.source.clone() else { return };
    let (amount, created) = (movement.amount, movement.created);
    match movement.kind {
        "topup" => {
            let movement = id.to_owned();
            last.top_up = Some(TopUp { id: source, amount, created, movement, reversed: false });
        }
        "topup_reversal" => {
            if let Some(of) = &mut last.top_up {
                of.reversed = true;
            }
        }
        "transfer" => {
            last.transfer = Some(Transfer {
                id: source,
                amount: -amount,
                created,
                balance_transaction: id.to_owned(),
                destination: account.ids.next("acct"),
                destination_payment: account.ids.next("py").replace("SaltMarsh", "Partner"),
                source_transaction: None,
                reversals: Vec::new(),
            });
        }
        "transfer_cancel" | "transfer_failure" | "transfer_refund" => {
            let reversal = (account.ids.next("trr"), amount, created, id.to_owned());
            if let Some(of) = &mut last.transfer {
                of.reversals.push(reversal);
            }
        }
        "reserve_transaction" => account.world.insert(&shape::reserve(&source, amount)),
        _ => {}
    }
    match (&last.top_up, &last.transfer, movement.category) {
        (Some(of), _, "topup" | "topup_reversal") => account.world.insert(&shape::topup(of)),
        (_, Some(of), "transfer" | "transfer_reversal") => {
            account.world.insert(&connect::transfer(of));
        }
        _ => {}
    }
}
