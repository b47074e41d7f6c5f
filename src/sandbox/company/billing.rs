//! Invoices from draft to paid: numbering, the customer's credit, collection.

use std::rc::Rc;

use super::catalogue::{Coupon, Item};
use super::customer::{BalanceChange, Thread};
use super::days::{DAY, HOUR, MINUTE};
use super::invoice::{Discount, Invoice, Line, Origin, Shipping, Tax};
use super::market;
use super::pay::{Charge, Method};
use super::price::Price;
use super::shapes::catalogue::{self as shape, Place};
use super::shapes::invoice as invoice_shape;
use super::shapes::invoice_payment::{
    InvoicePayment, Payer, PaymentState, invoice_payment, payment_record,
};

/// A bank debit is known to have succeeded after this long.
pub const DEBIT_SECS: i64 = 4 * DAY;

impl Thread<'_> {
    pub fn line(
        &mut self,
        price: &Rc<Price>,
        quantity: i64,
        amount: i64,
        period: (i64, i64),
        origin: Origin,
        description: String,
    ) -> Line {
        Line {
            id: self.id("il"),
            price: Rc::clone(price),
            description,
            quantity,
            amount,
            period,
            origin,
            own_discounts: Vec::new(),
            discount_amounts: Vec::new(),
            taxes: Vec::new(),
        }
    }

    /// A line for something that is sold once.
    pub fn item_line(&mut self, item: Item, quantity: i64, at: i64) -> Line {
        let price = self.catalogue.price(item, self.customer.market.currency(), None);
        let origin = Origin::Item { invoice_item: self.id("ii") };
        let amount = price.amount(quantity);
        let description = price.product_name.to_owned();
        self.line(&price, quantity, amount, (at, at), origin, description)
    }

    /// A draft, not yet priced.
    pub fn new_invoice(&mut self, reason: &'static str, created: i64, lines: Vec<Line>) -> Invoice {
        let keys = self.customer.market.taxes().iter();
        let tax_rates = keys.map(|key| self.catalogue.tax_rate(key)).collect();
        Invoice {
            id: self.id("in"),
            currency: self.customer.market.currency(),
            created,
            number: None,
            billing_reason: reason,
            subscription: None,
            lines,
            discounts: Vec::new(),
            tax_rates,
            shipping: None,
            period: (created, created),
            due_date: None,
            status: "draft",
            finalized_at: None,
            paid_at: None,
            voided_at: None,
            uncollectible_at: None,
            attempts: 0,
            starting_balance: self.customer.balance,
            ending_balance: None,
            pre_payment_credit: 0,
            post_payment_credit: 0,
            credit_notes: 0,
            amount_paid: 0,
            amount_paid_off_stripe: 0,
            amount_overpaid: 0,
            revises: None,
            latest_revision: None,
        }
    }

    /// An invoice made by hand, to be sent to the customer: a draft, priced. Goods come with
    /// shipping.
    pub fn manual_draft(&mut self) -> Invoice {
        let at = self.draw_start();
        self.manual_draft_at(at)
    }

    fn manual_draft_at(&mut self, at: i64) -> Invoice {
        let quantity = self.rng.between(1, 4);
        let mut lines = vec![self.item_line(Item::Onboarding, quantity, at)];
        let goods = self.rng.percent(50);
        if goods {
            lines.push(self.item_line(Item::Scanner, 1, at));
        }
        let mut invoice = self.new_invoice("manual", at, lines);
        invoice.due_date = Some(at + 30 * DAY);
        if goods {
            self.ship(&mut invoice);
        }
        invoice.price();
        invoice
    }

    /// An invoice made by hand and sent: open; and when it was finalized.
    pub fn sent_invoice(&mut self) -> (Invoice, i64) {
        let at = self.draw_start();
        self.sent_invoice_after(at)
    }

    /// Like [`Self::sent_invoice`], made at `at`.
    pub fn sent_invoice_after(&mut self, at: i64) -> (Invoice, i64) {
        let mut invoice = self.manual_draft_at(at);
        let finalized = self.later(invoice.created, MINUTE, 5 * HOUR);
        self.finalize(&mut invoice, finalized);
        (invoice, finalized)
    }

    /// Puts the market's parcel rate on `invoice`, taxed as its lines are.
    pub fn ship(&mut self, invoice: &mut Invoice) {
        let rate = self.catalogue.shipping_rate(invoice.currency);
        let taxes = Tax::on(rate.amount, &invoice.tax_rates);
        invoice.shipping = Some(Shipping { rate, taxes });
    }

    /// A use of `coupon` on the whole of `invoice`.
    pub fn discount_invoice(&mut self, invoice: &mut Invoice, coupon: Rc<Coupon>) {
        let place = Place { invoice: Some(invoice.id.clone()), invoice_item: None };
        let discount = self.discount(coupon, &place, invoice.created);
        invoice.discounts.push(discount);
    }

    /// A use of `coupon` on one line of `invoice`.
    pub fn discount_line(&mut self, invoice: &mut Invoice, line: usize, coupon: Rc<Coupon>) {
        let invoice_item = match &invoice.lines[line].origin {
            Origin::Item { invoice_item } => Some(invoice_item.clone()),
            Origin::Subscription { .. } | Origin::Proration { .. } => None,
        };
        let place = Place { invoice: Some(invoice.id.clone()), invoice_item };
        let discount = self.discount(coupon, &place, invoice.created);
        invoice.lines[line].own_discounts.push(discount);
    }

    fn discount(&mut self, coupon: Rc<Coupon>, place: &Place, start: i64) -> Discount {
        let id = self.id("di");
        let json = shape::discount(&id, &coupon, &self.customer.id, place, start);
        self.account.world.insert(&json);
        Discount { id, coupon }
    }

    /// Gives the invoice its number and uses the customer's credit on it, or adds to that credit
    /// when the invoice is negative. What is left to pay decides whether it is open or paid.
    pub fn finalize(&mut self, invoice: &mut Invoice, at: i64) {
        self.customer.invoices += 1;
        let serial = self.customer.invoices;
        invoice.number = Some(format!("{}-{serial:04}", self.customer.invoice_prefix));
        invoice.finalized_at = Some(at);
        invoice.starting_balance = self.customer.balance;
        let total = invoice.total();
        if total < 0 {
            // Stripe files a negative invoice under the amounts too small to charge.
            self.change_balance_for(invoice, "invoice_too_small", total, at);
        } else {
            // Credit is used as far as it goes; debit is billed whole.
            let applied = total.min(-self.customer.balance);
            self.change_balance_for(invoice, "applied_to_invoice", applied, at);
            let due = total - applied;
            if due < market::charge_minimum(invoice.currency) {
                self.change_balance_for(invoice, "invoice_too_small", due, at);
            }
        }
        invoice.ending_balance = Some(self.customer.balance);
        invoice.status = "open";
        invoice.settle_if_nothing_is_due(at);
    }

    fn change_balance_for(&mut self, of: &Invoice, kind: &'static str, amount: i64, created: i64) {
        if amount != 0 {
            let invoice = Some(of.id.clone());
            let rest = BalanceChange::default();
            self.change_balance(BalanceChange { amount, kind, created, invoice, ..rest });
        }
    }

    /// Prices, finalizes and collects `invoice` by the usual timetable; returns the charge. What
    /// would happen after the span has not happened yet: the invoice stays a draft, or open.
    pub fn bill(&mut self, invoice: &mut Invoice) -> Option<Charge> {
        invoice.price();
        let immediate = invoice.billing_reason != "subscription_cycle";
        let finalized =
            invoice.created + if immediate { 2 } else { HOUR + self.rng.between(0, 900) };
        if finalized >= self.account.span.now {
            return None;
        }
        self.finalize(invoice, finalized);
        if invoice.amount_remaining() == 0 {
            return None;
        }
        let delay = self.rng.between(3, 40);
        self.collect(invoice, finalized + delay)
    }

    /// Collects what is left to pay at `at`, unless that, or the news that it succeeded, lies
    /// beyond the span.
    pub fn collect(&mut self, invoice: &mut Invoice, at: i64) -> Option<Charge> {
        let known = match self.customer.method {
            Method::Card => at,
            Method::Ach | Method::Sepa => at + DEBIT_SECS,
        };
        if known + MINUTE >= self.account.span.now {
            return None;
        }
        let remaining = invoice.amount_remaining();
        let charge = self.pay_part(invoice, remaining, at);
        self.note_payment(invoice, &charge, known);
        Some(charge)
    }

    /// Charges `amount` for `invoice` at `at`, without yet saying that it succeeded.
    pub fn pay_part(&mut self, invoice: &mut Invoice, amount: i64, at: i64) -> Charge {
        invoice.attempts += 1;
        let number = invoice.number.clone().unwrap_or_default();
        self.charge(amount, at, &format!("Payment for invoice {number}"))
    }

    /// Ties `charge` to `invoice`, whose payment succeeded at `known`.
    pub fn note_payment(&mut self, invoice: &mut Invoice, charge: &Charge, known: i64) {
        self.note_part(invoice, charge, charge.amount, known);
    }

    /// Ties `amount` of `charge` to `invoice`.
    pub fn note_part(&mut self, invoice: &mut Invoice, charge: &Charge, amount: i64, known: i64) {
        let succeeded = charge.status == "succeeded";
        let state = if succeeded { PaymentState::Paid(known) } else { PaymentState::Open };
        let by = Payer::Intent(charge.payment_intent.clone());
        self.store_payment(invoice, by, (amount, charge.intent_created), state);
        if succeeded {
            invoice.amount_paid += amount;
            invoice.settle_if_nothing_is_due(known);
        }
    }

    /// Ties `charge` to `invoice`, which did not need it any more.
    pub fn note_canceled(&mut self, invoice: &Invoice, charge: &Charge, at: i64) {
        let by = Payer::Intent(charge.payment_intent.clone());
        let asked = (charge.amount, charge.intent_created);
        self.store_payment(invoice, by, asked, PaymentState::Canceled(at));
    }

    /// Records that `amount` of `invoice` was paid outside Stripe.
    pub fn record_payment(&mut self, invoice: &mut Invoice, amount: i64, at: i64) {
        let id = self.id("pr");
        let json = payment_record(&id, amount, invoice.currency, at, &self.customer);
        self.account.world.insert(&json);
        self.store_payment(invoice, Payer::Record(id), (amount, at), PaymentState::Paid(at));
        invoice.amount_paid += amount;
        invoice.amount_paid_off_stripe += amount;
        invoice.settle_if_nothing_is_due(at);
    }

    fn store_payment(
        &mut self,
        invoice: &Invoice,
        by: Payer,
        (amount, created): (i64, i64),
        state: PaymentState,
    ) {
        let payment = InvoicePayment {
            id: self.id("inpay"),
            invoice: invoice.id.clone(),
            by,
            amount,
            currency: invoice.currency,
            created,
            state,
            is_default: invoice.amount_paid == 0,
        };
        self.account.world.insert(&invoice_payment(&payment));
    }

    /// The invoice will not change any more.
    pub fn store_invoice(&mut self, invoice: &Invoice) {
        self.account.world.insert(&invoice_shape::invoice(invoice, &self.customer));
    }
}
