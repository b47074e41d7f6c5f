//! Items: what the lines of invoices and memos sell, reduce, or collect.
//!
//! One service item per price, one non-posting discount item per coupon, one item per tax rate that
//! posts to the liability account, and a few global ones with the connector's meaning. Where NetSuite
//! has an item already (`links`), the line posts to that item's own account.

use crate::accounting::chart::Role;
use crate::accounting::context::external_id;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::links::the_one;
use crate::accounting::masters::{DiscountItems, ItemMode};
use crate::accounting::metadata::{self, get};
use crate::accounting::policy::{Discounts, Policy};
use crate::accounting::question::{By, Question, Sought};
use crate::accounting::record::{Record, Rule};
use crate::digest::sha256_hex;
use crate::ids::{CouponId, ExternalId, InternalId, ObjectId, PriceId, ProductId, TaxRateId};
use crate::netsuite::extras::Extras;
use crate::netsuite::record::{Body, DiscountItem, ItemLine, Ref, ServiceSaleItem};
use crate::stripe::objects::{Charge, InvoiceLine};

/// Longest name NetSuite keeps for an item.
const NAME_CHARS_MAX: usize = 60;

/// An item to put on a line, and the account the line will post to.
pub(super) struct Item {
    pub(super) item: Ref,
    pub(super) posts_to: InternalId,
    /// A discount item: its line has neither quantity nor rate.
    pub(super) is_discount: bool,
}

/// The discount item of coupons that are not known, and of all of them in mode `global`.
pub(super) const DISCOUNT: (&str, &str) = ("stripe-discount", "Stripe Discount");
/// How the configuration calls it.
pub const DISCOUNT_KEY: &str = "discount";

/// The items that stand for something other than a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// Lines without a price.
    Unpriced,
    Shipping,
    /// Tax whose rate Stripe does not name.
    Tax,
    /// Credit on a customer's balance that no document explains.
    BalanceCredit,
    /// Debt on a customer's balance.
    BalanceDebit,
    BadDebt,
    /// What a charge without an invoice paid for.
    Generic,
    /// Billing credits used on an invoice.
    CreditGrant,
    CreditNoteLine,
    /// Money given back that does not reverse the invoice's own items.
    Refund,
    /// Part of an invoice of several lines, given back as one amount.
    PartialRefund,
    /// Money that a dispute took.
    Dispute,
    /// What was open when the books began.
    Opening,
}

impl Global {
    pub const ALL: [Self; 13] = [
        Self::Unpriced,
        Self::Shipping,
        Self::Tax,
        Self::BalanceCredit,
        Self::BalanceDebit,
        Self::BadDebt,
        Self::Generic,
        Self::CreditGrant,
        Self::CreditNoteLine,
        Self::Refund,
        Self::PartialRefund,
        Self::Dispute,
        Self::Opening,
    ];

    /// How the configuration calls it: `shipping` for `stripe-shipping`.
    pub fn key(self) -> String {
        self.id().trim_start_matches("stripe-").replace('-', "_")
    }

    pub(super) const fn id(self) -> &'static str {
        self.facts().0
    }

    pub(super) const fn name(self) -> &'static str {
        self.facts().1
    }

    /// External id, name and the role of the account it posts to.
    const fn facts(self) -> (&'static str, &'static str, Role) {
        match self {
            Self::Unpriced => ("stripe-item", "Stripe Item", Role::Revenue),
            Self::Shipping => ("stripe-shipping", "Stripe Shipping", Role::ShippingIncome),
            Self::Tax => ("stripe-tax", "Stripe Tax", Role::TaxPayable),
            Self::BalanceCredit => {
                ("stripe-customer-balance", "Stripe Customer Balance Item", Role::CustomerBalance)
            }
            Self::BalanceDebit => (
                "stripe-customer-balance-debit",
                "Stripe Customer Balance Debit Item",
                Role::CustomerBalance,
            ),
            Self::BadDebt => ("stripe-bad-debt", "Stripe Bad Debt", Role::BadDebt),
            Self::Generic => {
                ("stripe-generic-line-item", "Stripe Generic Line Item", Role::Revenue)
            }
            Self::CreditGrant => {
                ("stripe-credit-grant", "Stripe Credit Grant", Role::CustomerBalance)
            }
            Self::CreditNoteLine => (
                "stripe-custom-credit-note-line",
                "Stripe Custom Credit Note Line Item",
                Role::Revenue,
            ),
            Self::Refund => ("stripe-refund-item", "Stripe Refund Item", Role::Refunds),
            Self::PartialRefund => {
                ("stripe-partial-refund-item", "Stripe Partial Refund Item", Role::Refunds)
            }
            Self::Dispute => ("stripe-dispute-item", "Stripe Dispute Item", Role::Disputes),
            Self::Opening => ("stripe-opening-item", "Stripe Opening Item", Role::Opening),
        }
    }
}

impl Desk<'_> {
    pub(super) fn global_item(&mut self, global: Global) -> Result<Item, Exception> {
        let (_, _, role) = global.facts();
        let (id, name) = global_names(&global.key(), global.name(), self.context.policy);
        self.sale_item(&external_id(&id)?, &name, &name, role, (Rule::GlobalItem, &id))
    }

    /// The item of an invoice line: a discount item that a negative line names, else its price's.
    pub(super) fn line_item(
        &mut self,
        line: &InvoiceLine,
        above: &[ItemLine],
    ) -> Result<Item, Exception> {
        let price = line.price().and_then(|id| self.case.catalog.prices.get(id));
        let named =
            get(&line.metadata, metadata::DISCOUNT_ITEM).map(|id| (line.id.as_str(), id)).or_else(
                || Some((price?.id.as_str(), get(&price?.metadata, metadata::DISCOUNT_ITEM)?)),
            );
        match named.filter(|_| line.amount().is_negative()) {
            Some((subject, id)) => self.named_discount(subject, id, above),
            None => self.price_item(line.price(), line.product()),
        }
    }

    fn named_discount(
        &self,
        subject: &str,
        id: &str,
        above: &[ItemLine],
    ) -> Result<Item, Exception> {
        let key = metadata::DISCOUNT_ITEM;
        let question = Question { sought: Sought::DiscountItem, by: By::Id(InternalId::new(id)) };
        let hit = the_one(&question, &self.case.known.answers, subject, key)?;
        let own = hit.and_then(|hit| hit.account);
        let account = own.or_else(|| above.last().map(|line| line.posts_to.clone()));
        let Some(posts_to) = account else {
            return Err(Exception::new(
                ExceptionClass::Data,
                "discount_above_everything",
                subject,
                format!(
                    "{key} names a discount that does not post by itself, and no line is above it."
                ),
                "Name a discount item with an account, or put the line below what it reduces.",
            ));
        };
        let item = Ref::Id(InternalId::new(id));
        Ok(Item { item, posts_to, is_discount: true })
    }

    pub(super) fn price_item(
        &mut self,
        price: Option<&PriceId>,
        product: Option<&ProductId>,
    ) -> Result<Item, Exception> {
        let is_global = self.context.policy.masters.items.mode == ItemMode::Global;
        let Some(price) = price.filter(|_| !is_global) else {
            return self.global_item(Global::Unpriced);
        };
        let id = external_id(price)?;
        let name = self.price_name(price, product);
        let source = price.to_string();
        self.sale_item(&id, price.as_str(), &name, Role::Revenue, (Rule::PriceSold, &source))
    }

    /// `Team plan – monthly`: the product's name and the price's nickname, as far as they are known.
    fn price_name(&self, price: &PriceId, product: Option<&ProductId>) -> String {
        let catalog = &self.case.catalog;
        let known = catalog.prices.get(price);
        let product = known.and_then(|known| known.product.as_ref()).or(product);
        let product = product.and_then(|id| catalog.products.get(id)).map(|p| p.name.as_str());
        let nickname = known.and_then(|known| known.nickname.as_deref());
        let words: Vec<&str> =
            [product, nickname].into_iter().flatten().filter(|word| !word.is_empty()).collect();
        let name = if words.is_empty() { price.to_string() } else { words.join(" – ") };
        name.chars().take(NAME_CHARS_MAX).collect()
    }

    pub(super) fn tax_item(&mut self, rate: Option<&TaxRateId>) -> Result<Item, Exception> {
        let Some(rate) = rate else { return self.global_item(Global::Tax) };
        let id = external_id(rate)?;
        let known = self.case.catalog.tax_rates.get(rate);
        let name = known.map_or_else(
            || rate.to_string(),
            |known| {
                let percentage = known.percentage.as_deref().unwrap_or("?");
                let place = known.jurisdiction.as_deref().or(known.country.as_deref());
                let place = place.map(|place| format!(" {place}")).unwrap_or_default();
                format!("{}{place} {percentage}%", known.display_name)
            },
        );
        let source = rate.to_string();
        self.sale_item(&id, rate.as_str(), &name, Role::TaxPayable, (Rule::TaxCollected, &source))
    }

    fn sale_item(
        &mut self,
        id: &ExternalId,
        item_id: &str,
        display_name: &str,
        role: Role,
        (rule, source): (Rule, &str),
    ) -> Result<Item, Exception> {
        let linked = self.links.item(id)?.and_then(|hit| hit.account.clone());
        let account = linked.map_or_else(|| self.context.account(role, id.as_str()), Ok)?;
        if !self.has(id) {
            let body = Body::ServiceSaleItem(ServiceSaleItem {
                external_id: id.clone(),
                item_id: item_id.into(),
                display_name: display_name.into(),
                income_account: account.clone(),
                subsidiary: self.context.policy.books.subsidiary.clone(),
                extras: Extras::default(),
            });
            self.add(Record { body, rule, sources: vec![ObjectId::new(source)], settles: None });
        }
        Ok(Item { item: Ref::External(id.clone()), posts_to: account, is_discount: false })
    }

    /// A discount reduces the income of the line above it, so it posts to that line's account, unless
    /// discounts have an account of their own.
    pub(super) fn discount_item(
        &mut self,
        coupon: Option<&CouponId>,
        line_above: &InternalId,
    ) -> Result<Item, Exception> {
        let policy = self.context.policy;
        let coupon = coupon.filter(|_| policy.masters.items.discounts == DiscountItems::PerCoupon);
        let (id, name) = match coupon {
            None => {
                let (id, name) = global_names(DISCOUNT_KEY, DISCOUNT.1, policy);
                (external_id(id)?, name)
            }
            Some(coupon) => {
                let known = self.case.catalog.coupons.get(coupon);
                let name = known.and_then(|known| known.name.clone());
                let id = coupon_external_id(coupon, policy)?;
                (id, name.unwrap_or_else(|| coupon.to_string()))
            }
        };
        let linked = self.links.item(&id)?.map(|hit| hit.account.clone());
        let own_account = match (linked, policy.options.discounts) {
            (Some(account), _) => account,
            (None, Discounts::NonPosting) => None,
            (None, Discounts::Posting) => Some(self.context.account(Role::Discounts, id.as_str())?),
        };
        if !self.has(&id) {
            let source = coupon.map_or(DISCOUNT.0, |coupon| coupon.as_str());
            let body = Body::DiscountItem(DiscountItem {
                external_id: id.clone(),
                item_id: if coupon.is_some() { id.to_string() } else { name.clone() },
                display_name: name.chars().take(NAME_CHARS_MAX).collect(),
                account: own_account.clone(),
                subsidiary: self.context.policy.books.subsidiary.clone(),
                extras: Extras::default(),
            });
            let sources = vec![ObjectId::new(source)];
            self.add(Record { body, rule: Rule::CouponUsed, sources, settles: None });
        }
        let posts_to = own_account.unwrap_or_else(|| line_above.clone());
        Ok(Item { item: Ref::External(id), posts_to, is_discount: true })
    }
}

/// External id and name of a global item, as configured.
pub(super) fn global_names(key: &str, name: &str, policy: &Policy) -> (String, String) {
    let naming = &policy.masters.naming;
    let configured = policy.masters.items.global.get(key).and_then(|named| named.name.clone());
    let id = format!("stripe-{}", key.replace('_', "-"));
    (naming.scoped(&id), configured.unwrap_or_else(|| naming.scoped_name(name)))
}

/// The invoice that bills a charge which paid none in Stripe; metadata may name one in NetSuite.
pub(super) fn bill_of(charge: &Charge) -> Option<ExternalId> {
    external_id(&charge.id).ok().map(|id| id.with_suffix("invoice"))
}

/// Coupon ids are free text: what NetSuite does not take becomes `-`, and a few characters of the
/// digest keep two such ids apart.
pub(super) fn coupon_external_id(
    coupon: &CouponId,
    policy: &Policy,
) -> Result<ExternalId, Exception> {
    let naming = &policy.masters.naming;
    let text = coupon.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if text.chars().all(allowed) {
        return external_id(naming.scoped(&format!("coupon-{text}")));
    }
    let clean: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).take(200).collect();
    let digest = &sha256_hex(text.as_bytes())[..8];
    external_id(naming.scoped(&format!("coupon-{clean}-{digest}")))
}
