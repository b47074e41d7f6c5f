//! Where links come from: the metadata of Stripe objects, the matches and the names of the
//! configuration.
//!
//! Belongs here: which record may be linked, and the question to ask. Does not belong here: what an
//! answer means (`links`).

use std::collections::BTreeSet;

use crate::accounting::case::{Case, CustomerCase, PayoutCase};
use crate::accounting::context::external_id;
use crate::accounting::customer;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::item::{self, Global};
use crate::accounting::links::{Candidates, Link};
use crate::accounting::masters::{CustomerField, CustomerMode, ItemField, ItemMode, Named};
use crate::accounting::metadata::{self, get};
use crate::accounting::policy::Policy;
use crate::accounting::question::{By, Question, Sought, fold};
use crate::accounting::seat::Sources;
use crate::ids::{ExternalId, InternalId, ObjectId, PriceId};
use crate::stripe::objects::{Charge, Customer, Dispute, Metadata, Refund};

/// The items that any customer can buy and that may be in NetSuite already.
pub(super) fn of_any_customer(policy: &Policy) -> Candidates {
    let mut source = Source { policy, candidates: Candidates::default() };
    source.globals();
    source.candidates
}

/// Everything else of the case that may be in NetSuite already.
pub(super) fn of(case: &Case, policy: &Policy) -> Candidates {
    let mut source = Source { policy, candidates: Candidates::default() };
    match case {
        Case::Customer(case) => source.customer_case(case),
        Case::Payout(case) => source.payout_case(case),
        Case::Day(case) => source.movements(&case.sources),
        // What is summed up was linked where it was derived.
        Case::Summary(_) | Case::Opening(_) => {}
    }
    source.candidates
}

struct Source<'a> {
    policy: &'a Policy,
    candidates: Candidates,
}

impl Source<'_> {
    fn customer_case(&mut self, case: &CustomerCase) {
        self.customer(case);
        for invoice in &case.invoices {
            // A negative invoice is a credit memo in the books.
            let (key, sought) = if invoice.total().is_negative() {
                (metadata::CREDIT_MEMO, Sought::CreditMemo)
            } else {
                (metadata::INVOICE, Sought::Invoice)
            };
            self.named_by(invoice.id.as_str(), None, &invoice.metadata, key, sought, None);
        }
        for charge in &case.charges {
            self.charge(charge);
        }
        for refund in &case.refunds {
            self.refund(refund);
        }
        for dispute in &case.disputes {
            self.dispute(dispute);
        }
        for note in &case.credit_notes {
            let key = metadata::CREDIT_MEMO;
            self.named_by(note.id.as_str(), None, &note.metadata, key, Sought::CreditMemo, None);
        }
        self.items(case);
    }

    fn payout_case(&mut self, case: &PayoutCase) {
        let payout = &case.payout;
        let key = metadata::DEPOSIT;
        self.named_by(payout.id.as_str(), None, &payout.metadata, key, Sought::Deposit, None);
        self.movements(&case.sources);
    }

    /// The records that a deposit takes out of undeposited funds.
    fn movements(&mut self, sources: &Sources) {
        for charge in sources.charges() {
            let key = metadata::PAYMENT;
            let sought = Sought::CustomerPayment;
            self.named_by(charge.id.as_str(), None, &charge.metadata, key, sought, None);
        }
        for refund in sources.refunds() {
            self.refund(refund);
        }
        for dispute in sources.disputes() {
            self.dispute(dispute);
        }
    }

    fn customer(&mut self, case: &CustomerCase) {
        let Ok(record) = customer::key(case, self.policy) else { return };
        let masters = &self.policy.masters.customers;
        if customer::is_unallocated(case, self.policy) {
            let (id, name) = customer::unallocated(self.policy);
            self.named_record(
                record,
                &id,
                &masters.unallocated,
                "entityid",
                &name,
                Sought::Customer,
            );
            return;
        }
        let Some(stripe) = &case.customer else { return };
        let subject = stripe.id.as_str();
        if get(&stripe.metadata, metadata::CUSTOMER).is_some() {
            let key = metadata::CUSTOMER;
            self.named_by(subject, None, &stripe.metadata, key, Sought::Customer, None);
        } else if let CustomerMode::Match(wanted) = &masters.mode {
            let Some(value) = customer_value(stripe, &wanted.stripe) else { return };
            let question = by_field(Sought::Customer, &wanted.netsuite, &value);
            self.ask(record, subject, "customers.match", vec![question], false);
        }
    }

    fn charge(&mut self, charge: &Charge) {
        let subject = charge.id.as_str();
        let metadata = &charge.metadata;
        self.named_by(subject, None, metadata, metadata::PAYMENT, Sought::CustomerPayment, None);
        if let Some(record) = item::bill_of(charge) {
            self.named_by(
                subject,
                Some(record),
                metadata,
                metadata::INVOICE,
                Sought::Invoice,
                None,
            );
        }
        if let Some(text) = get(metadata, metadata::CUSTOMER) {
            match internal_id(text) {
                Some(id) => {
                    let question = Question { sought: Sought::Customer, by: By::Id(id) };
                    self.candidates.moves.push((ObjectId::new(subject), question));
                }
                None => self.unreadable(subject, None, metadata::CUSTOMER, text),
            }
        }
    }

    fn refund(&mut self, refund: &Refund) {
        let subject = refund.id.as_str();
        let Ok(id) = external_id(subject) else { return };
        let memo = id.with_suffix("memo");
        let metadata = &refund.metadata;
        let (key, sought) = (metadata::REFUND, Sought::CustomerRefund);
        self.named_by(subject, None, metadata, key, sought, Some(memo.clone()));
        if get(metadata, metadata::REFUND).is_none() {
            let (key, sought) = (metadata::CREDIT_MEMO, Sought::CreditMemo);
            self.named_by(subject, Some(memo), metadata, key, sought, None);
        }
    }

    fn dispute(&mut self, dispute: &Dispute) {
        let subject = dispute.id.as_str();
        let Ok(id) = external_id(subject) else { return };
        let memo = Some(id.with_suffix("memo"));
        let (key, sought) = (metadata::REFUND, Sought::CustomerRefund);
        self.named_by(subject, None, &dispute.metadata, key, sought, memo);
    }

    fn globals(&mut self) {
        let items = &self.policy.masters.items;
        for global in Global::ALL {
            let (id, name) = item::global_names(&global.key(), global.name(), self.policy);
            let Ok(record) = external_id(&id) else { continue };
            let named = items.global.get(&global.key()).cloned().unwrap_or_default();
            self.named_record(record, &id, &named, "itemid", &name, Sought::Item);
        }
        let (id, name) = item::global_names(item::DISCOUNT_KEY, item::DISCOUNT.1, self.policy);
        if let Ok(record) = external_id(&id) {
            let named = items.global.get(item::DISCOUNT_KEY).cloned().unwrap_or_default();
            self.named_record(record, &id, &named, "itemid", &name, Sought::DiscountItem);
        }
    }

    fn items(&mut self, case: &CustomerCase) {
        let items = &self.policy.masters.items;
        let lines = || case.invoices.iter().flat_map(|invoice| &invoice.lines.data);
        let prices: BTreeSet<&PriceId> = lines().filter_map(|line| line.price()).collect();
        for price in prices {
            self.price(case, price);
        }
        for line in lines().filter(|line| line.amount().is_negative()) {
            let price = line.price().and_then(|id| case.catalog.prices.get(id));
            let own = get(&line.metadata, metadata::DISCOUNT_ITEM);
            let named = own.or_else(|| get(&price?.metadata, metadata::DISCOUNT_ITEM));
            if let Some(id) = named.and_then(internal_id) {
                let question = Question { sought: Sought::DiscountItem, by: By::Id(id) };
                self.candidates.named.push(question);
            }
        }
        for coupon in case.catalog.coupons.values() {
            let Ok(record) = item::coupon_external_id(&coupon.id, self.policy) else { continue };
            let key = metadata::DISCOUNT_ITEM;
            let subject = coupon.id.as_str();
            let itemid = record.as_str().to_owned();
            if get(&coupon.metadata, key).is_some() {
                let sought = Sought::DiscountItem;
                self.named_by(subject, Some(record), &coupon.metadata, key, sought, None);
            } else if !items.create {
                let question = by_field(Sought::DiscountItem, "itemid", &itemid);
                self.ask(record, subject, "items.create", vec![question], true);
            }
        }
        for rate in case.catalog.tax_rates.keys().filter(|_| !items.create) {
            let Ok(record) = external_id(rate) else { continue };
            let question = by_field(Sought::Item, "itemid", rate.as_str());
            self.ask(record, rate.as_str(), "items.create", vec![question], true);
        }
    }

    fn price(&mut self, case: &CustomerCase, price: &PriceId) {
        let items = &self.policy.masters.items;
        let Ok(record) = external_id(price) else { return };
        if items.mode == ItemMode::Global {
            return;
        }
        let known = case.catalog.prices.get(price);
        let linked = known.and_then(|known| {
            metadata::ITEMS.into_iter().find(|key| get(&known.metadata, key).is_some())
        });
        if let (Some(key), Some(known)) = (linked, known) {
            self.named_by(price.as_str(), Some(record), &known.metadata, key, Sought::Item, None);
            return;
        }
        let mut questions = Vec::new();
        if let ItemMode::Match(wanted) = &items.mode
            && let Some(value) = item_value(case, price, &wanted.stripe)
        {
            questions.push(by_field(Sought::Item, &wanted.netsuite, &value));
        }
        if !items.create {
            questions.push(by_field(Sought::Item, "itemid", price.as_str()));
        }
        if !questions.is_empty() {
            let by = if items.create { "items.match" } else { "items.create" };
            self.ask(record, price.as_str(), by, questions, !items.create);
        }
    }

    /// A record that the configuration names: by id, or by the name it has or will get.
    fn named_record(
        &mut self,
        record: ExternalId,
        subject: &str,
        named: &Named,
        column: &str,
        name: &str,
        sought: Sought,
    ) {
        let question = match &named.id {
            Some(id) => Question { sought, by: By::Id(id.clone()) },
            None => by_field(sought, column, name),
        };
        let is_item = sought != Sought::Customer;
        let is_required = is_item && !self.policy.masters.items.create;
        let is_named_only = matches!(question.by, By::Field { .. });
        self.ask(record, subject, "the configuration", vec![question], is_required);
        if let Some(link) = self.candidates.links.last_mut() {
            link.may_be_unasked = is_named_only && !is_required;
        }
    }

    /// A record that the object's metadata name.
    fn named_by(
        &mut self,
        subject: &str,
        record: Option<ExternalId>,
        metadata: &Metadata,
        key: &str,
        sought: Sought,
        drops: Option<ExternalId>,
    ) {
        let Some(text) = get(metadata, key) else { return };
        let Some(record) = record.or_else(|| external_id(subject).ok()) else { return };
        match internal_id(text) {
            Some(id) => {
                let questions = vec![Question { sought, by: By::Id(id) }];
                self.ask(record, subject, key, questions, false);
                if let Some(link) = self.candidates.links.last_mut() {
                    link.drops = drops;
                }
            }
            None => self.unreadable(subject, Some(record), key, text),
        }
    }

    fn ask(
        &mut self,
        record: ExternalId,
        subject: &str,
        asked_by: &str,
        questions: Vec<Question>,
        is_required: bool,
    ) {
        self.candidates.links.push(Link {
            record,
            subject: subject.to_owned(),
            asked_by: asked_by.to_owned(),
            questions,
            is_required,
            may_be_unasked: false,
            drops: None,
        });
    }

    fn unreadable(&mut self, subject: &str, record: Option<ExternalId>, key: &str, text: &str) {
        let Some(record) = record.or_else(|| external_id(subject).ok()) else { return };
        let exception = Exception::new(
            ExceptionClass::Data,
            "link_unreadable",
            subject,
            format!("{key} says `{text}`, which is not an internal id of NetSuite."),
            format!("Correct {key} in Stripe to the record's internal id, or remove it."),
        );
        self.candidates.unreadable.push((record.clone(), exception.blocking(&record)));
    }
}

/// Digits, perhaps behind a minus: NetSuite's built-in records have negative ids.
pub(super) fn internal_id(text: &str) -> Option<InternalId> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_id =
        !digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|b| b.is_ascii_digit());
    is_id.then(|| InternalId::new(text))
}

fn by_field(sought: Sought, column: &str, value: &str) -> Question {
    Question { sought, by: By::Field { column: column.to_owned(), value: fold(value) } }
}

fn customer_value(customer: &Customer, field: &CustomerField) -> Option<String> {
    let value = match field {
        CustomerField::Id => Some(customer.id.as_str()),
        CustomerField::Name => customer.name.as_deref(),
        CustomerField::Email => customer.email.as_deref(),
        CustomerField::Phone => customer.phone.as_deref(),
        CustomerField::Description => customer.description.as_deref(),
        CustomerField::Metadata(key) => get(&customer.metadata, key),
    };
    value.filter(|value| !fold(value).is_empty()).map(str::to_owned)
}

fn item_value(case: &CustomerCase, price: &PriceId, field: &ItemField) -> Option<String> {
    let known = case.catalog.prices.get(price);
    let product = known.and_then(|known| known.product.as_ref());
    let product = product.and_then(|id| case.catalog.products.get(id));
    let value = match field {
        ItemField::PriceId => Some(price.as_str()),
        ItemField::PriceNickname => known?.nickname.as_deref(),
        ItemField::PriceLookupKey => known?.lookup_key.as_deref(),
        ItemField::PriceMetadata(key) => get(&known?.metadata, key),
        ItemField::ProductId => product.map(|product| product.id.as_str()),
        ItemField::ProductName => product.map(|product| product.name.as_str()),
        ItemField::ProductMetadata(key) => get(&product?.metadata, key),
    };
    value.filter(|value| !fold(value).is_empty()).map(str::to_owned)
}
