//! A policy drawn by a seed: every option of the customer's side, in any combination.

use std::collections::BTreeMap;

use tieout::accounting::Policy;
use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::policy::{
    BeforeStart, CreditNotes, CustomerBalance, Discounts, DisputesOpened, DisputesWon,
    DuplicatePayments, Grain, MemoItems, NegativeInvoices, Options, PartialRefunds,
    RevenueRecognition, Settlement, StandaloneCharges, Tax, Trials, Uncollectible, UnpaidOnCancel,
    Unreconciled,
};
use tieout::ids::InternalId;
use tieout::money::{Amount, Currency};
use tieout::sandbox::company::Company;
use tieout::stripe::objects::{self, BalanceTransaction};

/// `SplitMix64`: the same numbers from the same seed.
struct Draw(u64);

impl Draw {
    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let count = u64::try_from(choices.len()).expect("a few");
        choices[usize::try_from(mixed % count).expect("below the count")]
    }
}

/// The choice that `seed` makes in one of several `places`.
pub fn pick<T: Copy>(seed: u64, place: u64, choices: &[T]) -> T {
    Draw(seed.wrapping_mul(1_000).wrapping_add(place)).pick(choices)
}

/// The usual accounts with the options that `seed` draws.
pub fn drawn_policy(seed: u64) -> Policy {
    let mut draw = Draw(seed);
    let mut policy = super::policy();
    let items = [MemoItems::Original, MemoItems::Single];
    policy.options = Options {
        trials: draw.pick(&[Trials::Sync, Trials::Skip]),
        uncollectible: draw.pick(&[
            Uncollectible::CreditMemo,
            Uncollectible::BadDebt,
            Uncollectible::KeepOpen,
        ]),
        discounts: draw.pick(&[Discounts::NonPosting, Discounts::Posting]),
        standalone_charges: draw.pick(&[StandaloneCharges::Unapplied, StandaloneCharges::Invoice]),
        duplicate_payments: draw.pick(&[DuplicatePayments::Unapplied, DuplicatePayments::Hold]),
        negative_invoices: draw.pick(&[NegativeInvoices::CreditMemo, NegativeInvoices::ZeroLines]),
        customer_balance: draw.pick(&[CustomerBalance::OpenCredits, CustomerBalance::OnUse]),
        credit_notes: draw.pick(&[CreditNotes::AtIssue, CreditNotes::AfterPayment]),
        unpaid_on_cancel: draw.pick(&[
            UnpaidOnCancel::KeepOpen,
            UnpaidOnCancel::CreditMemo,
            UnpaidOnCancel::BadDebt,
        ]),
        partial_refunds: draw.pick(&[PartialRefunds::Prorate, PartialRefunds::SingleItem]),
        refund_items: draw.pick(&items),
        dispute_items: draw.pick(&items),
        disputes_opened: draw.pick(&[DisputesOpened::CreditMemo, DisputesOpened::Hold]),
        disputes_won: draw.pick(&[DisputesWon::Reinstate, DisputesWon::ReversalLine]),
        tax: draw.pick(&[Tax::Lines, Tax::Suitetax]),
        revenue_recognition: draw.pick(&[RevenueRecognition::None, RevenueRecognition::Arm]),
        ..Options::default()
    };
    if draw.pick(&[true, false]) {
        let known: Vec<_> = policy.chart.iter().map(|(role, id)| (role, id.clone())).collect();
        let outside = (Role::OutOfBand, InternalId::new("OUTSIDE"));
        policy.chart = Chart::new(known.into_iter().chain([outside]));
    }
    policy
}

/// The usual accounts with every option drawn; the books begin where the company's history ends.
pub fn anything(seed: u64, company: &Company) -> Policy {
    let mut policy = drawn_policy(seed);
    let grains = [Grain::Detail, Grain::Daily, Grain::Payout];
    let options = &mut policy.options;
    options.settlement = pick(seed, 1, &[Settlement::Deposit, Settlement::Clearing]);
    options.granularity.sales = pick(seed, 2, &grains);
    options.granularity.fees = pick(seed, 3, &[None, Some(grains[0]), Some(grains[1])]);
    options.unreconciled = pick(seed, 4, &[Unreconciled::Block, Unreconciled::Suspense]);
    options.before_start = pick(seed, 5, &[BeforeStart::Account, BeforeStart::OpeningBalance]);
    let first = movements(company).iter().map(|bt| bt.created).min();
    if first.is_some_and(|first| first < company.start) {
        policy.start = Some(company.start.date_in(policy.zone));
    }
    policy
}

fn movements(company: &Company) -> Vec<BalanceTransaction> {
    let stored = company.world.objects("balance_transaction").iter();
    stored.map(|stored| objects::read(stored.json.as_bytes()).expect("a view")).collect()
}

/// What the Stripe balance held when the books began.
pub fn balance_at_start(company: &Company) -> BTreeMap<Currency, Amount> {
    let mut amounts: BTreeMap<Currency, Amount> = BTreeMap::new();
    let of_payments = movements(company).into_iter().filter(BalanceTransaction::is_of_payments);
    for bt in of_payments.filter(|bt| bt.created < company.start) {
        *amounts.entry(bt.currency).or_insert(Amount::zero(bt.currency)) += bt.net();
    }
    amounts
}
