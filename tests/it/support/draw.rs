//! A policy drawn by a seed: every option of the customer's side, in any combination.

use tieout::accounting::Policy;
use tieout::accounting::chart::{Chart, Role};
use tieout::accounting::policy::{
    CreditNotes, CustomerBalance, Discounts, DisputesOpened, DisputesWon, DuplicatePayments,
    MemoItems, NegativeInvoices, Options, PartialRefunds, RevenueRecognition, StandaloneCharges,
    Tax, Trials, Uncollectible, UnpaidOnCancel,
};
use tieout::ids::InternalId;

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
