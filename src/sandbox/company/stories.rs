//! The stories: what can happen to a customer, and how each of it goes.

mod credits;
mod invoices;
mod money;

use super::customer::Thread;
use super::market::Market;
use super::rng::Rng;

/// What sets a customer's life apart from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    // Nothing does.
    Monthly,
    Yearly,
    // On the invoice.
    PercentCoupon,
    AmountCoupon,
    LineCoupon,
    StackedCoupons,
    Shipping,
    Upgrade,
    Downgrade,
    Trial,
    Voided,
    Uncollectible,
    Unpaid,
    Draft,
    // With the money.
    TwoPayments,
    AchDebit,
    SepaDebit,
    DebitRefunded,
    BouncedDebit,
    BouncedThenPaid,
    PaidElsewhere,
    ChargeAlone,
    ChargeOfNobody,
    ChargeAloneRefunded,
    PartialRefund,
    FullRefund,
    RefundAbroad,
    RefundInYen,
    PendingRefund,
    FailedRefund,
    DisputeLost,
    DisputeWon,
    Inquiry,
    // With credit.
    CreditBeforePayment,
    CreditRefunded,
    CreditToBalance,
    CreditElsewhere,
    CreditVoided,
    ManualCredit,
}

/// Every story.
pub const STORIES: [Story; 39] = [
    Story::Monthly,
    Story::Yearly,
    Story::PercentCoupon,
    Story::AmountCoupon,
    Story::LineCoupon,
    Story::StackedCoupons,
    Story::Shipping,
    Story::Upgrade,
    Story::Downgrade,
    Story::Trial,
    Story::Voided,
    Story::Uncollectible,
    Story::Unpaid,
    Story::Draft,
    Story::TwoPayments,
    Story::AchDebit,
    Story::SepaDebit,
    Story::DebitRefunded,
    Story::BouncedDebit,
    Story::BouncedThenPaid,
    Story::PaidElsewhere,
    Story::ChargeAlone,
    Story::ChargeOfNobody,
    Story::ChargeAloneRefunded,
    Story::PartialRefund,
    Story::FullRefund,
    Story::RefundAbroad,
    Story::RefundInYen,
    Story::PendingRefund,
    Story::FailedRefund,
    Story::DisputeLost,
    Story::DisputeWon,
    Story::Inquiry,
    Story::CreditBeforePayment,
    Story::CreditRefunded,
    Story::CreditToBalance,
    Story::CreditElsewhere,
    Story::CreditVoided,
    Story::ManualCredit,
];

/// How often each of [`STORIES`] is drawn in this company: mostly nothing happens, and what does
/// happen differs from company to company.
pub fn weights(rng: &mut Rng) -> Vec<usize> {
    STORIES
        .iter()
        .map(|story| match story {
            Story::Monthly => 100,
            Story::Yearly => 20,
            _ => 1 + rng.below(6),
        })
        .collect()
}

impl Story {
    /// Where it happens.
    pub fn market(self, rng: &mut Rng) -> Market {
        match self {
            Self::AchDebit | Self::BouncedDebit | Self::BouncedThenPaid => Market::Oregon,
            Self::FullRefund => Market::NewYork,
            Self::SepaDebit => Market::Germany,
            Self::DebitRefunded => *rng.pick(&[Market::Oregon, Market::Germany]),
            Self::RefundAbroad => Market::Britain,
            Self::RefundInYen => Market::Japan,
            _ => Market::draw(rng),
        }
    }
}

impl Thread<'_> {
    pub fn live(&mut self, story: Story) {
        match story {
            Story::Monthly => self.pays_every("month"),
            Story::Yearly => self.pays_every("year"),
            Story::PercentCoupon => self.percent_coupon(),
            Story::AmountCoupon => self.amount_coupon(),
            Story::LineCoupon => self.line_coupon(),
            Story::StackedCoupons => self.stacked_coupons(),
            Story::Shipping => self.shipping(),
            Story::Upgrade => self.upgrade(),
            Story::Downgrade => self.downgrade(),
            Story::Trial => self.trial(),
            Story::Voided => self.voided(),
            Story::Uncollectible => self.uncollectible(),
            Story::Unpaid => self.unpaid(),
            Story::Draft => self.draft(),
            Story::TwoPayments => self.two_payments(),
            Story::AchDebit | Story::SepaDebit => self.bank_debit(story == Story::SepaDebit),
            Story::DebitRefunded => self.debit_refunded(),
            Story::BouncedDebit | Story::BouncedThenPaid => {
                self.bounced_debit(story == Story::BouncedThenPaid);
            }
            Story::PaidElsewhere => self.paid_elsewhere(),
            Story::ChargeAlone => self.charge_alone(false),
            Story::ChargeAloneRefunded => self.charge_alone(true),
            Story::ChargeOfNobody => self.charge_of_nobody(),
            Story::PartialRefund | Story::RefundAbroad => self.partial_refund(),
            Story::FullRefund | Story::RefundInYen => self.full_refund(),
            Story::PendingRefund => self.pending_refund(),
            Story::FailedRefund => self.failed_refund(),
            Story::DisputeLost => self.dispute_lost(),
            Story::DisputeWon => self.dispute_won(),
            Story::Inquiry => self.inquiry(),
            Story::CreditBeforePayment => self.credit_before_payment(),
            Story::CreditRefunded => self.credit_refunded(),
            Story::CreditToBalance => self.credit_on_balance(),
            Story::CreditElsewhere => self.credit_elsewhere(),
            Story::CreditVoided => self.credit_voided(),
            Story::ManualCredit => self.manual_credit(),
        }
    }

    fn pays_every(&mut self, interval: &'static str) {
        let plan = self.draw_plan(interval);
        let start = self.draw_start();
        self.subscribe(&plan, start);
        self.carry_on();
    }
}
