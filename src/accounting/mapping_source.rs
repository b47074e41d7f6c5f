//! What a mapping rule can see from where it stands: the Stripe objects around a record or a line.

use crate::accounting::case::{Case, CustomerCase};
use crate::accounting::item::coupon_external_id;
use crate::accounting::mapping::{Condition, Measure, Path, Root};
use crate::accounting::metadata::get;
use crate::accounting::policy::Policy;
use crate::accounting::record::Record;
use crate::accounting::seat::Sources;
use crate::ids::{CouponId, ExternalId, ObjectId, PriceId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, ItemLine, Ref};
use crate::stripe::objects::InvoiceLine;

/// A record, or one of its lines, with what is around it.
pub(super) struct Spot<'a> {
    record: &'a Record,
    case: &'a Case,
    policy: &'a Policy,
    line: Option<Line<'a>>,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    sublist: &'static str,
    index: usize,
    amount: Amount,
    /// The Stripe invoice line, its own or that of the line it reduces.
    origin: Option<&'a InvoiceLine>,
    item: Option<&'a ExternalId>,
    /// The record that a deposit line pays out.
    paid: Option<&'a ExternalId>,
}

/// The ids of every object that a rule may read whole.
pub fn objects(case: &Case) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    match case {
        Case::Customer(case) => {
            ids.extend(case.customer.iter().map(|o| o.id.to_string()));
            ids.extend(case.invoices.iter().map(|o| o.id.to_string()));
            ids.extend(case.charges.iter().map(|o| o.id.to_string()));
            ids.extend(case.refunds.iter().map(|o| o.id.to_string()));
            ids.extend(case.disputes.iter().map(|o| o.id.to_string()));
            ids.extend(case.credit_notes.iter().map(|o| o.id.to_string()));
            ids.extend(case.catalog.prices.keys().map(ToString::to_string));
            ids.extend(case.catalog.products.keys().map(ToString::to_string));
            ids.extend(case.catalog.coupons.keys().map(ToString::to_string));
        }
        Case::Payout(case) => {
            ids.push(case.payout.id.to_string());
            add_sources(&case.sources, &mut ids);
        }
        Case::Day(case) => add_sources(&case.sources, &mut ids),
        Case::Summary(_) | Case::Opening(_) => {}
    }
    ids
}

fn add_sources(sources: &Sources, ids: &mut Vec<String>) {
    ids.extend(sources.charges().iter().map(|o| o.id.to_string()));
    ids.extend(sources.refunds().iter().map(|o| o.id.to_string()));
    ids.extend(sources.disputes().iter().map(|o| o.id.to_string()));
}

impl<'a> Spot<'a> {
    /// The record, then its lines in order.
    pub(super) fn all(record: &'a Record, case: &'a Case, policy: &'a Policy) -> Vec<Self> {
        let lines = lines(&record.body, case);
        let spot = |line| Self { record, case, policy, line };
        std::iter::once(spot(None)).chain(lines.into_iter().map(|line| spot(Some(line)))).collect()
    }

    pub(super) fn sublist(&self) -> Option<&'static str> {
        self.line.map(|line| line.sublist)
    }

    pub(super) fn line(&self) -> Option<(&'static str, usize)> {
        self.line.map(|line| (line.sublist, line.index))
    }

    /// The object that exceptions are about.
    pub(super) fn subject(&self) -> &str {
        self.record.sources.first().map_or("", |id| id.as_str())
    }

    pub(super) fn meets(&self, condition: &Condition) -> bool {
        let amount = self.line.map(|line| line.amount).or_else(|| self.record.body.total());
        let value = match &condition.of {
            Measure::Stripe(path) => self.read(path),
            Measure::Amount => amount.map(|amount| sign(amount).to_owned()),
            Measure::Currency => amount.map(|amount| amount.currency().code().to_owned()),
        };
        value.is_some_and(|v| condition.any_of.iter().any(|known| known.eq_ignore_ascii_case(&v)))
    }

    /// The value of a field; `None` where it is null, absent or empty.
    pub(super) fn read(&self, path: &Path) -> Option<String> {
        let value = match path.root {
            Some(Root::Line) => of_line(self.line?.origin?, &path.field),
            None if self.line.is_some_and(|line| line.sublist == "item") => {
                of_line(self.line?.origin?, &path.field)
            }
            None => match self.line.and_then(|line| line.paid) {
                Some(paid) => self.field(stripe_id(paid), &path.field),
                None => self.field(self.subject(), &path.field),
            },
            Some(root) => self.field(&self.object(root)?, &path.field),
        };
        value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn field(&self, id: &str, field: &str) -> Option<String> {
        self.case.known().details.get(id)?.fields.get(field).cloned()
    }

    /// The id of the object that `root` means here.
    fn object(&self, root: Root) -> Option<String> {
        let of_kind = |id: &&str| {
            let known = self.case.known().details.get(*id);
            known.is_some_and(|known| known.kind == root.as_str())
        };
        let line = self.line;
        let paid = line.and_then(|line| line.paid).map(stripe_id);
        let sources = self.record.sources.iter().map(ObjectId::as_str);
        if let Some(id) = paid.into_iter().chain(sources).find(of_kind) {
            return Some(id.to_owned());
        }
        let Case::Customer(case) = self.case else { return None };
        match root {
            Root::Customer => case.customer.as_ref().map(|customer| customer.id.to_string()),
            Root::Invoice => applied_invoice(&self.record.body, case),
            Root::Price => self.price(case).map(ToString::to_string),
            Root::Product => self.product(case),
            Root::Coupon => self.coupon(case).map(ToString::to_string),
            _ => None,
        }
    }

    fn price<'b>(&'b self, case: &'b CustomerCase) -> Option<&'b PriceId> {
        let line = self.line?;
        let sold = line.origin.and_then(InvoiceLine::price);
        let by_item = || case.catalog.prices.keys().find(|id| Some(id.as_str()) == item_id(line));
        sold.or_else(by_item)
    }

    fn product(&self, case: &CustomerCase) -> Option<String> {
        let own = self.line.and_then(|line| line.origin).and_then(InvoiceLine::product);
        // The record of a price's item has the price for its source.
        let price = self.price(case).map_or_else(|| self.subject(), |id| id.as_str());
        let of_price = || case.catalog.prices.get(&PriceId::new(price))?.product.as_ref();
        own.or_else(of_price).map(ToString::to_string)
    }

    fn coupon<'b>(&self, case: &'b CustomerCase) -> Option<&'b CouponId> {
        let item = self.line?.item?;
        let is_it = |id: &&CouponId| {
            coupon_external_id(id, self.policy).is_ok_and(|external| external == *item)
        };
        case.catalog.coupons.keys().find(is_it)
    }
}

fn item_id(line: Line<'_>) -> Option<&str> {
    line.item.map(ExternalId::as_str)
}

/// The Stripe id that an external id begins with; our suffixes stand behind a `-`.
fn stripe_id(id: &ExternalId) -> &str {
    id.as_str().split('-').next().unwrap_or_default()
}

fn of_line(line: &InvoiceLine, field: &str) -> Option<String> {
    match field {
        "id" => Some(line.id.to_string()),
        "description" => line.description.clone(),
        _ => get(&line.metadata, field.strip_prefix("metadata.")?).map(str::to_owned),
    }
}

/// The first Stripe invoice that the record pays or credits.
fn applied_invoice(body: &Body, case: &CustomerCase) -> Option<String> {
    let list: &[Apply] = match body {
        Body::CreditMemo(record) => &record.apply,
        Body::CustomerPayment(record) => &record.apply,
        _ => &[],
    };
    let docs = list.iter().filter_map(|apply| apply.doc.external());
    let mut ids = docs.map(ExternalId::as_str);
    ids.find(|id| case.invoices.iter().any(|invoice| invoice.id.as_str() == *id)).map(str::to_owned)
}

const fn sign(amount: Amount) -> &'static str {
    match amount.minor() {
        0 => "zero",
        minor if minor < 0 => "negative",
        _ => "positive",
    }
}

fn lines<'a>(body: &'a Body, case: &'a Case) -> Vec<Line<'a>> {
    let bare = |sublist, (index, amount)| Line {
        sublist,
        index,
        amount,
        origin: None,
        item: None,
        paid: None,
    };
    match body {
        Body::Invoice(record) => item_lines(&record.lines, case),
        Body::CreditMemo(record) => item_lines(&record.lines, case),
        Body::Deposit(record) => {
            let payments = record.payments.iter().enumerate().map(|(index, line)| Line {
                paid: line.record.external(),
                ..bare("payment", (index, line.amount))
            });
            let other = record.other.iter().map(|line| line.amount).enumerate();
            let cashback = record.cashback.iter().map(|line| line.amount).enumerate();
            payments
                .chain(other.map(|line| bare("other", line)))
                .chain(cashback.map(|line| bare("cashback", line)))
                .collect()
        }
        Body::JournalEntry(record) => {
            let all = record.lines.iter().map(|line| line.amount).enumerate();
            all.map(|line| bare("line", line)).collect()
        }
        _ => Vec::new(),
    }
}

/// A discount belongs to the line above it.
fn item_lines<'a>(own: &'a [ItemLine], case: &'a Case) -> Vec<Line<'a>> {
    let invoice_lines = || match case {
        Case::Customer(case) => case.invoices.as_slice(),
        Case::Payout(_) | Case::Day(_) | Case::Summary(_) | Case::Opening(_) => &[],
    };
    let mut above: Option<&InvoiceLine> = None;
    let mut lines = Vec::with_capacity(own.len());
    for (index, line) in own.iter().enumerate() {
        let mut all = invoice_lines().iter().flat_map(|invoice| &invoice.lines.data);
        let named = line.origin.as_ref().and_then(|id| all.find(|known| known.id == *id));
        let is_discount = line.quantity.is_none();
        let origin = if named.is_none() && is_discount { above } else { named };
        above = origin.or(above);
        let item = match &line.item {
            Ref::External(id) => Some(id),
            Ref::Id(_) => None,
        };
        lines.push(Line { sublist: "item", index, amount: line.amount, origin, item, paid: None });
    }
    lines
}
