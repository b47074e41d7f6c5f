//! A record, told: why it exists, what is on it, what it moves, where it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::accounting::balance_transaction::{Class, classify};
use crate::accounting::posting::{Posting, postings};
use crate::accounting::seat::Sources;
use crate::accounting::{Case, Record};
use crate::explain::inputs::{Holding, Inputs};
use crate::explain::settings;
use crate::explain::value::{Applied, Chapter, Entry, Line, Standing, State};
use crate::explain::words::bracketed;
use crate::ids::{ExternalId, InternalId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, ItemLine, Ref};
use crate::stripe::objects::BalanceTransaction;

/// What every chapter needs: the inputs, and how the story's records are called.
pub(super) struct Teller<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    /// Every record of the given cases.
    pub(super) records: BTreeMap<ExternalId, &'a Record>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(inputs: &'a Inputs<'a>) -> Self {
        let all = inputs.given.iter().flat_map(|given| &given.derived.records);
        let records = all.map(|record| (record.external_id().clone(), record)).collect();
        Self { inputs, records }
    }

    /// The record that a Stripe object has become, as NetSuite calls it.
    pub(super) fn record_of(&self, stripe_id: &str) -> Option<ExternalId> {
        self.inputs.record_of(stripe_id)
    }

    /// What a movement is to these books.
    pub(super) fn class(&self, movement: &BalanceTransaction) -> Class {
        let policy = self.inputs.policy;
        let sources = self.sources(movement);
        policy.map_or_else(|| classify(movement), |policy| sources.class(movement, policy))
    }

    /// What the case that books a movement knows of it.
    pub(super) fn sources(&self, movement: &BalanceTransaction) -> Cow<'a, Sources> {
        let knows = |sources: &&Sources| sources.straddling.contains_key(&movement.id);
        let given = self.inputs.given.iter().filter_map(|given| match &given.case {
            Case::Payout(case) => Some(&case.sources),
            Case::Day(case) => Some(&case.sources),
            _ => None,
        });
        given.into_iter().find(knows).map_or_else(|| Cow::Owned(Sources::default()), Cow::Borrowed)
    }

    pub(super) fn chapter(&self, record: &Record) -> Chapter {
        let mut chapter = self.told(&self.body(record));
        chapter.because = Some(record.rule.because().to_owned());
        let made = |id: &str| ExternalId::new(id).is_ok_and(|id| self.records.contains_key(&id));
        chapter.settings = self
            .inputs
            .policy
            .map(|policy| settings::that_decided(record, policy, &made))
            .unwrap_or_default();
        if record.rule.sums_up() {
            chapter.details.push(sums_up(record));
        }
        chapter.sources.clone_from(&record.sources);
        chapter
    }

    /// The record as NetSuite holds it, or as the next plan would send it, or as it is derived.
    pub(super) fn body(&self, record: &Record) -> Body {
        let id = record.external_id();
        let posted = self.inputs.holdings.get(id).and_then(|holding| holding.posted.as_ref());
        let planned = self.inputs.built.changes.iter().find(|change| change.external_id == *id);
        posted
            .map(|(body, _)| body)
            .or(planned.map(|change| &change.record.body))
            .unwrap_or(&record.body)
            .clone()
    }

    /// A record that nothing asks for any more, as NetSuite holds it.
    pub(super) fn unwanted(&self, id: &ExternalId) -> Option<Chapter> {
        let (body, _) = self.inputs.holdings.get(id)?.posted.as_ref()?;
        Some(self.told(body))
    }

    fn told(&self, body: &Body) -> Chapter {
        let header = body.header();
        let period = header.and_then(|header| header.posting_period.as_ref());
        Chapter {
            external_id: body.external_id().clone(),
            kind: body.kind(),
            title: format!("{} {}", body.kind().title(), body.external_id()),
            because: None,
            settings: Vec::new(),
            date: header.map(|header| header.tran_date),
            period: period.map(|period| self.inputs.names.period(period)),
            details: self.details(body),
            lines: self.lines(body),
            total: body.total(),
            applied: self.applied(body),
            postings: self.postings(body),
            state: self.state(body.external_id()),
            sources: Vec::new(),
        }
    }

    /// The debits and credits of a record; none where its accounts are not known yet.
    pub(super) fn postings(&self, body: &Body) -> Vec<Entry> {
        let Some(policy) = self.inputs.policy else { return Vec::new() };
        let found = postings(body, &policy.chart).unwrap_or_default();
        let mut entries: Vec<Entry> =
            found.into_iter().map(|posting| self.entry(posting)).collect();
        // By number, as the chart of accounts is read.
        entries.sort_by(|a, b| (a.amount.currency(), &a.name).cmp(&(b.amount.currency(), &b.name)));
        entries
    }

    pub(super) fn entry(&self, Posting { account, amount }: Posting) -> Entry {
        let chart = self.inputs.policy.map(|policy| &policy.chart);
        Entry {
            name: self.inputs.names.account(&account),
            setting: chart.and_then(|chart| settings::of_account(&account, chart)),
            account,
            amount,
        }
    }

    fn details(&self, body: &Body) -> Vec<String> {
        let mut details = Vec::new();
        if let Some(who) = self.customer_of(body) {
            details.push(format!("Customer: {who}."));
        }
        if let Some(header) = body.header() {
            details.push(format!("Memo: {}", header.memo));
            if let Some((_, day)) = header.memo.split_once(" Original date: ") {
                details.push(format!(
                    "Its own date, {day}, is in a period that takes no postings any more; it takes \
                     the first day of the next open one."
                ));
            }
            if let Some(rate) = &header.exchange_rate {
                details.push(format!(
                    "Exchange rate: {}, which is what Stripe settled for what was charged.",
                    rate.0
                ));
            }
        }
        if let Body::Invoice(invoice) = body
            && let Some(due) = invoice.due_date
        {
            details.push(format!("Due on {due}."));
        }
        match body {
            Body::Customer(customer) => {
                details.push(format!("Name in NetSuite: {}", customer.company_name));
            }
            Body::ServiceSaleItem(item) => {
                let account = self.inputs.names.account(&item.income_account);
                details.push(format!("{}, posts to {account}.", item.display_name));
            }
            Body::DiscountItem(item) => {
                let account = item.account.as_ref().map_or_else(
                    || "the account of the line above it".into(),
                    |id| self.inputs.names.account(id),
                );
                details.push(format!("{}, posts to {account}.", item.display_name));
            }
            _ => {}
        }
        details
    }

    fn customer_of(&self, body: &Body) -> Option<String> {
        let pointer = match body {
            Body::Invoice(record) => &record.entity,
            Body::CreditMemo(record) => &record.entity,
            Body::CustomerPayment(record) => &record.customer,
            Body::CustomerRefund(record) => &record.customer,
            _ => return None,
        };
        Some(self.called(pointer))
    }

    /// A record of ours by its name and id; anything else by NetSuite's key.
    fn called(&self, pointer: &Ref) -> String {
        match pointer {
            Ref::Id(id) => format!("NetSuite {id}"),
            Ref::External(id) => {
                let named = self.records.get(id).map(|record| match &record.body {
                    Body::Customer(customer) => customer.company_name.as_str(),
                    _ => "",
                });
                match named {
                    Some(name) if !name.is_empty() && name != id.as_str() => {
                        format!("{name} ({id})")
                    }
                    _ => id.to_string(),
                }
            }
        }
    }

    /// `Invoice in_1`, as far as the kind of the record is known.
    pub(super) fn document(&self, pointer: &Ref) -> String {
        let Some(id) = pointer.external() else { return self.called(pointer) };
        let kind = self.records.get(id).map(|record| record.kind());
        let kind = kind.or_else(|| self.inputs.holdings.get(id)?.kind);
        kind.map_or_else(|| id.to_string(), |kind| format!("{} {id}", kind.title()))
    }

    fn lines(&self, body: &Body) -> Vec<Line> {
        match body {
            Body::Invoice(record) => self.items(&record.lines),
            Body::CreditMemo(record) => self.items(&record.lines),
            Body::CustomerPayment(record) => {
                let mut lines = self.paying(&record.apply, "pays");
                let paid = sum(record.payment, record.apply.iter().map(|apply| apply.amount));
                let rest = record.payment - paid;
                if !rest.is_zero() {
                    lines.push(Line {
                        what: "Not applied".into(),
                        detail: "credit of the customer".into(),
                        amount: rest,
                    });
                }
                lines
            }
            Body::CustomerRefund(record) => self.paying(&record.apply, "pays back"),
            Body::Deposit(record) => {
                let payments = record.payments.iter().map(|line| Line {
                    what: self.document(&line.record),
                    detail: "out of undeposited funds".into(),
                    amount: line.amount,
                });
                let other = record.other.iter().map(|line| (line, line.amount));
                let cashback = record.cashback.iter().map(|line| (line, -line.amount));
                let direct = other.chain(cashback).map(|(line, amount)| Line {
                    what: line.memo.clone(),
                    detail: self.inputs.names.account(&line.account),
                    amount,
                });
                payments.chain(direct).collect()
            }
            // Customers and items have none; the lines of a journal are its postings.
            _ => Vec::new(),
        }
    }

    fn items(&self, lines: &[ItemLine]) -> Vec<Line> {
        let mut shown = Vec::new();
        for line in lines {
            let pieces = match &line.quantity {
                // Many descriptions begin with the quantity.
                Some(quantity)
                    if quantity.0 != "1" && !line.description.starts_with(&quantity.0) =>
                {
                    format!(", {} pieces", quantity.0)
                }
                _ => String::new(),
            };
            let served = line.service_period.map(|(first, last)| format!(", {first} to {last}"));
            shown.push(Line {
                what: self.item_name(&line.item),
                detail: format!("{}{pieces}{}", line.description, served.unwrap_or_default()),
                amount: line.amount,
            });
            shown.extend(line.taxes.iter().map(|tax| Line {
                what: "Tax of the line above".into(),
                detail: format!("{}% of {}, tax code {}", tax.rate.0, tax.basis, tax.tax_code),
                amount: tax.amount,
            }));
        }
        shown
    }

    fn item_name(&self, item: &Ref) -> String {
        let record = item.external().and_then(|id| self.records.get(id));
        match record.map(|record| &record.body) {
            Some(Body::ServiceSaleItem(item)) => item.display_name.clone(),
            Some(Body::DiscountItem(item)) => item.display_name.clone(),
            _ => self.called(item),
        }
    }

    fn paying(&self, applied: &[Apply], how: &str) -> Vec<Line> {
        let lines = applied.iter().map(|apply| Line {
            what: self.document(&apply.doc),
            detail: how.into(),
            amount: apply.amount,
        });
        lines.collect()
    }

    fn applied(&self, body: &Body) -> Vec<Applied> {
        let Body::CreditMemo(memo) = body else { return Vec::new() };
        let applied = memo
            .apply
            .iter()
            .map(|apply| Applied { document: self.document(&apply.doc), amount: apply.amount });
        applied.collect()
    }

    /// Where a record stands, by the ledger and the next plan.
    pub(super) fn state(&self, id: &ExternalId) -> State {
        let holding = self.inputs.holdings.get(id);
        let key = holding.and_then(|holding| holding.posted.as_ref()).map(|(_, key)| key.clone());
        let blocked = self.inputs.built.blocked.iter().find(|blocked| blocked.external_id == *id);
        let (standing, text) = match (holding, &key) {
            (_, None) if self.inputs.summed.contains_key(id) => self.summed_up(id),
            (Some(holding), Some(key)) => self.in_netsuite(id, holding, key),
            (Some(Holding { state, .. }), None) if state == "in_doubt" || state == "sending" => (
                Standing::InDoubt,
                "It was sent and no answer came: NetSuite may or may not have it.".to_owned(),
            ),
            (Some(Holding { state, refusal: Some((at, message)), .. }), None)
                if state == "failed" =>
            {
                let day = self.inputs.day(*at);
                let message = message.trim_end_matches('.');
                (Standing::Failed, format!("NetSuite refused it on {day}: {message}."))
            }
            _ if blocked.is_some() => {
                (Standing::Blocked, "It is not in NetSuite and cannot be sent yet.".to_owned())
            }
            _ => (Standing::Desired, "It is not in NetSuite yet; the next plan has it.".to_owned()),
        };
        State { standing, netsuite_id: key, text }
    }

    fn summed_up(&self, id: &ExternalId) -> (Standing, String) {
        let journal = self.inputs.summed.get(id).and_then(Option::as_ref);
        let text = match journal {
            Some(journal) => {
                let name = named(&format!("Journal entry {journal}"), &self.state(journal));
                format!("{name} stands for it and others; it is not posted by itself.")
            }
            None => "A summary will stand for it and others; it is not posted by itself.".into(),
        };
        (Standing::SummedUp, text)
    }

    fn in_netsuite(
        &self,
        id: &ExternalId,
        holding: &Holding,
        key: &InternalId,
    ) -> (Standing, String) {
        if self.inputs.unwanted.contains(id) {
            let text = format!("It is in NetSuite as {key}, but nothing asks for it any more.");
            return (Standing::Unwanted, text);
        }
        match holding.state.as_str() {
            "verified" => (
                Standing::Verified,
                format!("It is in NetSuite as {key}, read back and found as it was posted."),
            ),
            "drifted" => (
                Standing::Drifted,
                format!(
                    "It is in NetSuite as {key}, but was changed there after it was posted; \
                     `tieout verify` says what."
                ),
            ),
            "in_doubt" | "sending" => (
                Standing::InDoubt,
                format!("It is in NetSuite as {key}; a change was sent and no answer came."),
            ),
            _ => {
                let refusal = holding.refusal.as_ref().map(|(at, message)| {
                    let day = self.inputs.day(*at);
                    let message = message.trim_end_matches('.');
                    format!(" NetSuite refused a change on {day}: {message}.")
                });
                let refusal = refusal.unwrap_or_default();
                (Standing::Posted, format!("It is in NetSuite as {key}.{refusal}"))
            }
        }
    }
}

/// Members named in the text; the JSON names them all.
const MEMBERS_MAX: usize = 10;

/// `It stands for 12: in_1, ch_1, …`
fn sums_up(record: &Record) -> String {
    let named = record.sources.iter().take(MEMBERS_MAX).map(ToString::to_string);
    let named = named.collect::<Vec<_>>().join(", ");
    let count = record.sources.len();
    let rest = count.checked_sub(MEMBERS_MAX).filter(|rest| *rest > 0);
    let rest = rest.map(|rest| format!(" and {rest} more")).unwrap_or_default();
    format!("It stands for {count}: {named}{rest}.")
}

/// The sum of amounts in the currency of `like`.
pub(super) fn sum(like: Amount, amounts: impl Iterator<Item = Amount>) -> Amount {
    amounts.fold(Amount::zero(like.currency()), |sum, amount| sum + amount)
}

/// `Customer payment ch_1 (NetSuite 1234)`.
pub(super) fn named(title: &str, state: &State) -> String {
    let key = state.netsuite_id.as_ref().map(|key| format!("NetSuite {key}"));
    format!("{title}{}", bracketed(key.as_deref()))
}
