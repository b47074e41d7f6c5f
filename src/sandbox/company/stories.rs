//! The stories: what can happen to a customer, and how each of it goes.

mod abroad;
mod billing;
mod collection;
mod connect;
mod contested;
mod credits;
mod customer_balance;
mod cut_over;
mod invoices;
mod money;
mod notes;
mod returned;

use super::customer::Thread;
use super::market::Market;
use super::rng::Rng;

/// Makes the enumeration of stories, the list of each set, and what living one means.
macro_rules! stories {
    (
        usual($count:literal): { $($usual:ident => |$t:ident| $live:expr,)* }
        rare: { $($rare:ident => |$u:ident| $live_rare:expr,)* }
    ) => {
        /// What sets a customer's life apart from the others.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Story { $($usual,)* $($rare,)* }

        /// The stories of an ordinary company.
        pub const USUAL: [Story; $count] = [$(Story::$usual,)*];

        /// Every story, the rare ones included.
        pub const EVERY: [Story; $count + RARE_COUNT] = [$(Story::$usual,)* $(Story::$rare,)*];

        const RARE_COUNT: usize = [$(stringify!($rare),)*].len();

        impl Thread<'_> {
            pub fn live(&mut self, story: Story) {
                match story {
                    $(Story::$usual => { let $t = self; $live })*
                    $(Story::$rare => { let $u = self; $live_rare })*
                }
            }
        }
    };
}

stories! {
    usual(39): {
        // Nothing happens.
        Monthly => |t| t.pays_every("month"),
        Yearly => |t| t.pays_every("year"),
        // On the invoice.
        PercentCoupon => |t| t.percent_coupon(),
        AmountCoupon => |t| t.amount_coupon(),
        LineCoupon => |t| t.line_coupon(),
        StackedCoupons => |t| t.stacked_coupons(),
        Shipping => |t| t.shipping(),
        Upgrade => |t| t.upgrade(),
        Downgrade => |t| t.downgrade(),
        Trial => |t| t.trial(),
        Voided => |t| t.voided(),
        Uncollectible => |t| t.uncollectible(),
        Unpaid => |t| t.unpaid(),
        Draft => |t| t.draft(),
        // With the money.
        TwoPayments => |t| t.two_payments(),
        AchDebit => |t| t.bank_debit(false),
        SepaDebit => |t| t.bank_debit(true),
        DebitRefunded => |t| t.debit_refunded(),
        BouncedDebit => |t| t.bounced_debit(false),
        BouncedThenPaid => |t| t.bounced_debit(true),
        PaidElsewhere => |t| t.paid_elsewhere(),
        ChargeAlone => |t| t.charge_alone(false),
        ChargeOfNobody => |t| t.charge_of_nobody(),
        ChargeAloneRefunded => |t| t.charge_alone(true),
        PartialRefund => |t| t.partial_refund(),
        FullRefund => |t| t.full_refund(),
        RefundAbroad => |t| t.partial_refund(),
        RefundInYen => |t| t.full_refund(),
        PendingRefund => |t| t.pending_refund(),
        FailedRefund => |t| t.failed_refund(),
        DisputeLost => |t| t.dispute_lost(),
        DisputeWon => |t| t.dispute_won(),
        Inquiry => |t| t.inquiry(),
        // With credit.
        CreditBeforePayment => |t| t.credit_before_payment(),
        CreditRefunded => |t| t.credit_refunded(),
        CreditToBalance => |t| t.credit_on_balance(),
        CreditElsewhere => |t| t.credit_elsewhere(),
        CreditVoided => |t| t.credit_voided(),
        ManualCredit => |t| t.manual_credit(),
    }
    rare: {
        // On the invoice.
        TieredPrice => |t| t.tiered_price(),
        VolumePrice => |t| t.volume_price(),
        PackagePrice => |t| t.package_price(),
        MeteredPrice => |t| t.metered_price(),
        ZeroRated => |t| t.zero_rated(),
        TwoTaxRates => |t| t.two_tax_rates(),
        TwoTaxesIncluded => |t| t.two_taxes_included(),
        DiscountWithTaxIncluded => |t| t.discount_with_tax_included(),
        ShippingWithTaxes => |t| t.shipping_with_taxes(),
        YearToMonth => |t| t.year_to_month(),
        CancelledUnpaid => |t| t.cancelled_unpaid(),
        Recovered => |t| t.recovered(),
        // With the customer's balance.
        BelowMinimum => |t| t.below_minimum(),
        DebitByHand => |t| t.debit_by_hand(),
        CreditForMonths => |t| t.credit_for_months(),
        NegativeInvoice => |t| t.negative_invoice(),
        VoidedWithCredit => |t| t.voided_with_credit(),
        Edited => |t| t.edited(),
        Overpaid => |t| t.overpaid(),
        // With the money.
        OnePaymentForTwo => |t| t.one_payment_for_two(),
        ThreePayments => |t| t.three_payments(),
        DuplicatePayment => |t| t.duplicate_payment(false),
        DuplicateRefunded => |t| t.duplicate_payment(true),
        PaymentRecord => |t| t.payment_record(),
        PartlyElsewhere => |t| t.partly_elsewhere(),
        DebitReversedLate => |t| t.debit_reversed_late(false),
        SepaReversedLate => |t| t.debit_reversed_late(true),
        BouncedWithFee => |t| t.bounced_with_fee(),
        CapturedInTwo => |t| t.partly_captured(true),
        CapturedInOne => |t| t.partly_captured(false),
        Uncaptured => |t| t.uncaptured(),
        InterchangePlus => |t| t.interchange_plus(),
        PassedThroughFee => |t| t.passed_through_fee(),
        WithheldTax => |t| t.withheld_tax(),
        // With credit notes.
        MixedCredit => |t| t.mixed_credit(),
        CreditThreeWays => |t| t.credit_three_ways(),
        TwoCreditNotes => |t| t.two_credit_notes(),
        // With money that goes back.
        RefundCancelled => |t| t.refund_cancelled(false),
        RefundCancelledLate => |t| t.refund_cancelled(true),
        SeveralRefunds => |t| t.several_refunds(),
        RefundOfTwoInvoices => |t| t.refund_of_two_invoices(),
        DebitRefundFailed => |t| t.debit_refund_failed(),
        RefundFailedOldStyle => |t| t.refund_failed_old_style(),
        RefundReturnsFee => |t| t.refund_returns_fee(),
        DisputePartial => |t| t.dispute_partial(),
        DisputeCountered => |t| t.dispute_countered(),
        DisputeOldRule => |t| t.dispute_old_rule(),
        DisputeWonLate => |t| t.dispute_won_late(),
        DisputeAbroad => |t| t.dispute_abroad(),
        DisputeAfterRefund => |t| t.dispute_after_refund(true),
        DisputeOfTheRest => |t| t.dispute_after_refund(false),
        DisputeOpen => |t| t.dispute_open(),
        DisputePrevented => |t| t.dispute_prevented(),
        DisputeFeeApart => |t| t.dispute_fee_apart(),
        DisputeOfTwoInvoices => |t| t.dispute_of_two_invoices(),
        InquiryEscalated => |t| t.inquiry_escalated(),
        // Abroad.
        SwissInvoices => |t| t.pays_every("month"),
        SwissRefund => |t| t.partial_refund(),
        CanadianInvoices => |t| t.pays_every("month"),
        KuwaitiInvoices => |t| t.kuwaiti_invoices(),
        KuwaitiRefund => |t| t.kuwaiti_refund(),
        YenDispute => |t| t.dispute_partial(),
        TwoCurrencies => |t| t.two_currencies(),
        // With other Stripe accounts.
        DestinationCharge => |t| t.destination_charge(false),
        DestinationRefunded => |t| t.destination_charge(true),
        SeparateTransfer => |t| t.separate_transfer(),
        TransferReversed => |t| t.transfer_reversed(),
        // Across the day on which the books begin, where there is a history before it.
        PaidAcross => |t| t.paid_across(),
        RefundedAcross => |t| t.refunded_across(),
        DisputedAcross => |t| t.disputed_across(),
        CreditedAcross => |t| t.credited_across(),
        VoidedAcross => |t| t.voided_across(),
        BouncedAcross => |t| t.bounced_across(),
        CreditUsedAcross => |t| t.credit_used_across(),
    }
}

/// How often each of `stories` is drawn in this company: mostly nothing happens, and what does
/// happen differs from company to company.
pub fn weights(stories: &[Story], rng: &mut Rng) -> Vec<usize> {
    let rare = stories.len() > USUAL.len();
    stories
        .iter()
        .map(|story| match story {
            Story::Monthly => {
                if rare {
                    25
                } else {
                    100
                }
            }
            Story::Yearly => {
                if rare {
                    5
                } else {
                    20
                }
            }
            _ => 1 + rng.below(6),
        })
        .collect()
}

impl Story {
    /// Where it happens.
    pub fn market(self, rng: &mut Rng) -> Market {
        match self {
            Self::AchDebit
            | Self::BouncedDebit
            | Self::BouncedThenPaid
            | Self::BouncedWithFee
            | Self::DebitReversedLate
            | Self::BouncedAcross => Market::Oregon,
            Self::FullRefund | Self::ShippingWithTaxes => Market::NewYork,
            Self::SepaDebit
            | Self::SepaReversedLate
            | Self::DiscountWithTaxIncluded
            | Self::TwoTaxesIncluded => Market::Germany,
            Self::DebitRefunded | Self::DebitRefundFailed => {
                *rng.pick(&[Market::Oregon, Market::Germany])
            }
            Self::RefundAbroad | Self::DisputeAbroad => Market::Britain,
            Self::RefundInYen | Self::YenDispute => Market::Japan,
            Self::TwoTaxRates | Self::CanadianInvoices => Market::Quebec,
            Self::SwissInvoices | Self::SwissRefund => Market::Switzerland,
            Self::KuwaitiInvoices | Self::KuwaitiRefund => Market::Kuwait,
            _ => Market::draw(rng),
        }
    }
}

impl Thread<'_> {
    fn pays_every(&mut self, interval: &'static str) {
        let plan = self.draw_plan(interval);
        let start = self.draw_start();
        self.subscribe(&plan, start);
        self.carry_on();
    }
}
