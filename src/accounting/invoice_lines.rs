//! The lines of an invoice: what was sold, each discount under the line it reduces, shipping, and
//! one line per tax rate. They always add up to Stripe's total, or the invoice is an exception.

use std::collections::BTreeMap;

use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::item::{Global, Item};
use crate::accounting::line_taxes::shipping_taxes;
use crate::accounting::masters::DiscountItems;
use crate::accounting::policy::{RevenueRecognition, Tax};
use crate::calendar::day_before;
use crate::ids::{CouponId, DiscountId, TaxRateId};
use crate::money::{Amount, Currency};
use crate::netsuite::record::{Decimal, ItemLine};
use crate::stripe::objects::{Invoice, InvoiceLine, ShippingCost, TaxAmount};

impl Desk<'_> {
    /// The lines of an invoice, in Stripe's order.
    pub(super) fn invoice_lines(&mut self, invoice: &Invoice) -> Result<Vec<ItemLine>, Exception> {
        let mut lines = Vec::new();
        for line in &invoice.lines.data {
            self.sold(invoice, line, &mut lines)?;
        }
        if let Some(shipping) = &invoice.shipping_cost {
            let taxes = shipping_taxes(invoice, shipping);
            self.shipping(shipping, (&taxes, invoice.currency), &mut lines)?;
        }
        self.taxes(&invoice.total_taxes(), invoice.currency, &mut lines)?;
        adds_up(&lines, invoice.total(), "invoice", invoice.id.as_str())?;
        Ok(lines)
    }

    fn sold(
        &mut self,
        invoice: &Invoice,
        line: &InvoiceLine,
        lines: &mut Vec<ItemLine>,
    ) -> Result<(), Exception> {
        let inclusive = inclusive(&line.taxes(), invoice.currency);
        let item = self.line_item(line, lines)?;
        let account = item.posts_to.clone();
        let is_discount = item.is_discount;
        let description = line.description.clone().unwrap_or_default();
        // Without the tax inside it, the price times the quantity is no longer the amount.
        let is_divisible = inclusive.is_zero();
        let net = line.amount() - inclusive;
        let mut own = priced(item, &description, net, line.quantity(), is_divisible);
        self.serve(&mut own, line);
        let discounted = line.discount_amounts().iter().fold(net, |sum, (amount, _)| sum - *amount);
        own.taxes = self.line_taxes(&line.taxes(), discounted)?;
        own.origin = Some(line.id.clone());
        if is_discount {
            (own.quantity, own.rate) = (None, None);
        }
        lines.push(own);
        for (amount, discount) in line.discount_amounts() {
            let coupon = discount.and_then(|id| self.coupon_of(id, invoice));
            lines.push(self.discount(coupon.as_ref(), &account, amount)?);
        }
        for (amount, _) in line.credit_grants() {
            let item = self.global_item(Global::CreditGrant)?;
            lines.push(single(item, "Billing credits used", -amount));
        }
        Ok(())
    }

    /// Puts the service period of an invoice line on a line of ours.
    pub(super) fn serve(&self, own: &mut ItemLine, line: &InvoiceLine) {
        own.service_period = line.period.filter(|period| period.end > period.start).map(|period| {
            let last = day_before(self.context.date(period.end));
            let first = self.context.date(period.start);
            (first, last.max(first))
        });
        let is_sent = self.context.policy.options.revenue_recognition == RevenueRecognition::Arm;
        own.is_recognized = is_sent && own.service_period.is_some();
    }

    /// A line that takes `amount` (positive) off the line above it.
    pub(super) fn discount(
        &mut self,
        coupon: Option<&CouponId>,
        account: &crate::ids::InternalId,
        amount: Amount,
    ) -> Result<ItemLine, Exception> {
        let item = self.discount_item(coupon, account)?;
        let name = coupon.and_then(|id| self.case.catalog.coupons.get(id)?.name.clone());
        Ok(ItemLine {
            item: item.item,
            description: name.unwrap_or_else(|| "Discount".into()),
            quantity: None,
            rate: None,
            amount: -amount,
            service_period: None,
            is_recognized: false,
            taxes: Vec::new(),
            posts_to: item.posts_to,
            origin: None,
        })
    }

    /// The coupon a discount came from, wherever it was seen whole.
    pub(super) fn coupon_of(&self, discount: &DiscountId, invoice: &Invoice) -> Option<CouponId> {
        let known = self.case.catalog.discounts.get(discount).cloned();
        known.or_else(|| {
            let whole = invoice.discounts().find(|whole| whole.id == *discount)?;
            whole.coupon().cloned()
        })
    }

    /// Says that discounts of an invoice came without their coupon, and what was assumed of them.
    pub(super) fn say_unknown_coupons(&mut self, invoice: &Invoice) {
        if self.context.policy.masters.items.discounts == DiscountItems::Global {
            return;
        }
        let zero = Amount::zero(invoice.currency);
        let is_whole = |id: &DiscountId| {
            self.case.catalog.discounts.contains_key(id)
                || invoice.discounts().any(|whole| whole.id == *id)
        };
        let discounts = invoice.lines.data.iter().flat_map(InvoiceLine::discount_amounts);
        let unknown = discounts
            .filter(|(amount, id)| !amount.is_zero() && id.is_some_and(|id| !is_whole(id)))
            .fold(zero, |sum, (amount, _)| sum + amount);
        if unknown.is_zero() {
            return;
        }
        let exception = Exception::new(
            ExceptionClass::Data,
            "discount_without_coupon",
            &invoice.id,
            format!(
                "Of {unknown} of discounts no coupon is known: they are on the one item for all \
                 discounts."
            ),
            "Export invoices with expand[]=data.discounts and expand[]=data.lines.data.discounts and pull \
             that, or set items.discounts = \"global\".",
        );
        self.except(exception.of(unknown));
    }

    pub(super) fn shipping(
        &mut self,
        shipping: &ShippingCost,
        (taxes, currency): (&[TaxAmount], Currency),
        lines: &mut Vec<ItemLine>,
    ) -> Result<(), Exception> {
        let base = shipping.total(currency) - shipping.tax(currency);
        if !base.is_zero() {
            let item = self.global_item(Global::Shipping)?;
            let mut line = single(item, "Shipping", base);
            line.taxes = self.line_taxes(taxes, base)?;
            lines.push(line);
        }
        Ok(())
    }

    /// One line per tax rate, unless each line has its own; rates that collected nothing are left
    /// out.
    pub(super) fn taxes(
        &mut self,
        taxes: &[TaxAmount],
        currency: Currency,
        lines: &mut Vec<ItemLine>,
    ) -> Result<(), Exception> {
        if self.context.policy.options.tax == Tax::Suitetax {
            return Ok(());
        }
        let mut by_rate: BTreeMap<Option<TaxRateId>, Amount> = BTreeMap::new();
        for tax in taxes {
            *by_rate.entry(tax.rate.clone()).or_insert(Amount::zero(currency)) += tax.amount;
        }
        for (rate, amount) in by_rate.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            let item = self.tax_item(rate.as_ref())?;
            let known = rate.as_ref().and_then(|rate| self.case.catalog.tax_rates.get(rate));
            let name = known.map_or("Tax", |known| known.display_name.as_str()).to_owned();
            lines.push(single(item, &name, amount));
        }
        Ok(())
    }
}

/// The tax that is inside the amount it is charged on.
pub(super) fn inclusive(taxes: &[TaxAmount], currency: Currency) -> Amount {
    taxes
        .iter()
        .filter(|tax| tax.inclusive)
        .fold(Amount::zero(currency), |sum, tax| sum + tax.amount)
}

/// A line of one piece.
pub(super) fn single(item: Item, description: &str, amount: Amount) -> ItemLine {
    priced(item, description, amount, None, true)
}

/// A line with quantity and rate when they multiply to the amount exactly; otherwise one piece of
/// the whole amount, and the real quantity in words: tiers, packages and metered prices have no
/// unit price.
pub(super) fn priced(
    item: Item,
    description: &str,
    amount: Amount,
    quantity: Option<&str>,
    is_divisible: bool,
) -> ItemLine {
    let exact = quantity
        .filter(|_| is_divisible)
        .and_then(|text| text.parse::<i64>().ok())
        .filter(|count| *count >= 1 && amount.minor() % count == 0);
    let count = exact.unwrap_or(1);
    let rate = Amount::new(amount.minor() / count, amount.currency());
    let described = match quantity {
        Some(real) if exact.is_none() && real != "1" => {
            format!("{description} (quantity {real})").trim().to_owned()
        }
        _ => description.to_owned(),
    };
    ItemLine {
        item: item.item,
        description: described,
        quantity: Some(Decimal(count.to_string())),
        rate: Some(Decimal(rate.to_decimal())),
        amount,
        service_period: None,
        is_recognized: false,
        taxes: Vec::new(),
        posts_to: item.posts_to,
        origin: None,
    }
}

/// Lines that do not sum to the document's total would put a wrong amount into the books.
pub(super) fn adds_up(
    lines: &[ItemLine],
    total: Amount,
    what: &str,
    id: &str,
) -> Result<(), Exception> {
    let zero = Amount::zero(total.currency());
    let foreign = lines.iter().any(|line| line.amount.currency() != total.currency());
    let sum = if foreign { zero } else { lines.iter().fold(zero, |sum, l| sum + l.total()) };
    if !foreign && sum == total {
        return Ok(());
    }
    Err(Exception::new(
        ExceptionClass::Data,
        &format!("{what}_lines_do_not_add_up"),
        id,
        format!(
            "The lines add up to {sum}, the total is {total}: a difference of {}.",
            total - sum
        ),
        "Pull again, so that every line is known; report it if the difference stays.",
    )
    .of(total))
}
