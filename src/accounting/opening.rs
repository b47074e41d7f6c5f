//! How the books open: with the invoices and credits that were open on their first day, and with what
//! was in the Stripe balance. Each is booked against the opening account.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::accounting::case::OpeningCase;
use crate::accounting::chart::Role;
use crate::accounting::context::Context;
use crate::accounting::cutover::{Booked, Crossing, Straddler};
use crate::accounting::day::batch_name;
use crate::accounting::desk::Desk;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::invoice::Memo;
use crate::accounting::invoice_lines::single;
use crate::accounting::item::Global;
use crate::accounting::policy::{BeforeStart, Policy};
use crate::accounting::record::{Derived, Record, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::money::Amount;
use crate::netsuite::record::{Apply, Body, CustomerPayment, JournalEntry, JournalLine, Ref};

/// What the opening journals are called: `opening-<account>-<currency>-<first day>`.
pub const OPENING: &str = "opening";

impl Desk<'_> {
    /// Puts what was open of the past in its place: invoices and credits of one line each.
    pub(super) fn open_what_was_open(&mut self, past: &BTreeSet<ExternalId>) -> Vec<Straddler> {
        let settled = self.settled_among(past);
        let mut found = Vec::new();
        for id in past {
            let Some(record) = self.made().find(|record| record.external_id() == id).cloned()
            else {
                continue;
            };
            let open = match &record.body {
                Body::CustomerPayment(payment) => Some(self.used_of(id, payment, past)),
                Body::Invoice(_) | Body::CreditMemo(_) => record
                    .body
                    .total()
                    .map(|total| settled.get(id).map_or(total, |settled| total - *settled)),
                _ => None,
            };
            let Some(open) = open.filter(|open| open.is_positive()) else {
                self.take_out(|made| made == id);
                continue;
            };
            match self.opened(&record, open, past) {
                Ok(Some((opened, straddler))) => {
                    self.put_in_place(id, opened);
                    found.push(straddler);
                }
                Ok(None) => self.take_out(|made| made == id),
                Err(exception) => {
                    self.take_out(|made| made == id);
                    self.except(exception.blocking(id));
                }
            }
        }
        found
    }

    /// What records of the past settled of one another.
    fn settled_among(&self, past: &BTreeSet<ExternalId>) -> BTreeMap<ExternalId, Amount> {
        let mut settled: BTreeMap<ExternalId, Amount> = BTreeMap::new();
        for record in self.made().filter(|record| past.contains(record.external_id())) {
            for apply in record.body.applied() {
                let Some(doc) = apply.doc.external().filter(|doc| past.contains(*doc)) else {
                    continue;
                };
                let zero = Amount::zero(apply.amount.currency());
                *settled.entry(doc.clone()).or_insert(zero) += apply.amount;
                *settled.entry(record.external_id().clone()).or_insert(zero) += apply.amount;
            }
        }
        settled
    }

    /// What of an older payment is used in these books. The rest of it stays where it is: whether it
    /// is credit of the customer is not known from the facts that reach across.
    fn used_of(
        &self,
        id: &ExternalId,
        payment: &CustomerPayment,
        past: &BTreeSet<ExternalId>,
    ) -> Amount {
        let zero = Amount::zero(payment.payment.currency());
        let is_kept = |doc: &ExternalId| !past.contains(doc);
        let own = payment.apply.iter().filter(|apply| apply.doc.external().is_none_or(is_kept));
        let kept = self.made().filter(|record| is_kept(record.external_id()));
        let by_others = kept.flat_map(|record| record.body.applied());
        let by_others = by_others.filter(|apply| apply.doc.external() == Some(id));
        own.chain(by_others).fold(zero, |sum, apply| sum + apply.amount)
    }

    /// A record of the past as the books open with it; `None` for what cannot be open.
    fn opened(
        &mut self,
        record: &Record,
        open: Amount,
        past: &BTreeSet<ExternalId>,
    ) -> Result<Option<(Record, Straddler)>, Exception> {
        let first_day = self.context.policy.start.unwrap_or_default();
        let original = record.external_id();
        let dated = record.body.header().map_or(first_day, |header| header.tran_date);
        let item = self.global_item(Global::Opening)?;
        let lines = vec![single(item, &format!("Open from {dated}"), open)];
        let text = format!("{original} of {dated}, open when the books began");
        let (crossing, mut opened) = match &record.body {
            Body::Invoice(invoice) => {
                let mut invoice = invoice.clone();
                invoice.header =
                    self.context.header(original, &text, first_day, open.currency(), None)?;
                invoice.lines = lines;
                (Crossing::OpenInvoice, Body::Invoice(invoice))
            }
            Body::CreditMemo(_) | Body::CustomerPayment(_) => {
                let is_memo = matches!(record.body, Body::CreditMemo(_));
                let id = if is_memo { original.clone() } else { original.with_suffix(OPENING) };
                let memo = Memo {
                    id,
                    text,
                    date: first_day,
                    lines,
                    rule: Rule::OpenAtStart,
                    sources: record.sources.clone(),
                };
                (Crossing::OpenCredit, self.credit_memo(memo, open)?.body)
            }
            _ => return Ok(None),
        };
        if let Some(applied) = opened.applied_mut() {
            let is_kept =
                |apply: &&Apply| apply.doc.external().is_none_or(|doc| !past.contains(doc));
            *applied = record.body.applied().iter().filter(is_kept).cloned().collect();
        }
        let straddler = Straddler {
            date: first_day,
            subject: original.to_string(),
            crossing,
            original: dated.to_string(),
            amount: open,
            booked: Booked::Record(opened.external_id().clone()),
            movement: None,
        };
        let sources = record.sources.clone();
        Ok(Some((
            Record { body: opened, rule: Rule::OpenAtStart, sources, settles: None },
            straddler,
        )))
    }

    /// Puts a record where another was, and points at it what pointed there.
    fn put_in_place(&mut self, old: &ExternalId, record: Record) {
        let new = record.external_id().clone();
        self.edit(|records| {
            records.remove(old);
            for other in records.values_mut() {
                for pointer in other.body.refs_mut() {
                    if pointer.external() == Some(old) {
                        *pointer = Ref::External(new.clone());
                    }
                }
            }
            records.insert(new.clone(), record);
        });
    }

    /// Invoices of these books that were paid with older credit: a memo on the opening account.
    pub(super) fn pay_with_older_credit(
        &mut self,
        used: BTreeMap<ExternalId, Amount>,
        waits: bool,
    ) -> Vec<Straddler> {
        let mut found = Vec::new();
        for (invoice, amount) in used {
            let date = self.made().find(|record| *record.external_id() == invoice);
            let date = date.and_then(|record| record.body.header()).map(|header| header.tran_date);
            let Some(date) = date else { continue };
            let id = invoice.with_suffix(OPENING);
            let made = if waits {
                Err(older_credit(&invoice, amount))
            } else {
                self.credit_from_before(&id, &invoice, amount, date)
            };
            let booked = match made {
                Ok(record) => {
                    self.add(record);
                    Booked::Record(id)
                }
                Err(exception) => {
                    self.except(exception.blocking(&id));
                    Booked::Exception
                }
            };
            found.push(Straddler {
                date,
                subject: invoice.to_string(),
                crossing: Crossing::CreditUsed,
                original: invoice.to_string(),
                amount,
                booked,
                movement: None,
            });
        }
        found
    }

    fn credit_from_before(
        &mut self,
        id: &ExternalId,
        invoice: &ExternalId,
        amount: Amount,
        date: NaiveDate,
    ) -> Result<Record, Exception> {
        let item = self.global_item(Global::Opening)?;
        let memo = Memo {
            id: id.clone(),
            text: format!("{invoice}, paid with credit from before the start"),
            date,
            lines: vec![single(item, "Credit from before the start", amount)],
            rule: Rule::OpeningCreditUsed,
            sources: vec![ObjectId::new(invoice.as_str())],
        };
        let mut record = self.credit_memo(memo, amount)?;
        if let Some(applied) = record.body.applied_mut() {
            applied.push(Apply { doc: invoice.clone().into(), amount });
        }
        Ok(record)
    }
}

fn older_credit(invoice: &ExternalId, amount: Amount) -> Exception {
    Exception::new(
        ExceptionClass::Policy,
        "older_credit_used",
        invoice,
        format!("{amount} of it was paid with credit that is older than the books."),
        "Apply the credit by hand, or set `policy.before_start`.",
    )
    .of(amount)
}

/// The journal with which the Stripe balance account of one currency opens.
pub(super) fn derive(case: &OpeningCase, policy: &Policy) -> Derived {
    let mut derived = Derived::default();
    let is_wanted = policy.options.before_start == BeforeStart::OpeningBalance;
    let Some(first_day) = policy.start.filter(|_| is_wanted) else { return derived };
    // A posted amount is never edited.
    if let Some(posted) = &case.posted {
        derived.records.push(posted.clone());
        return derived;
    }
    match journal(case, first_day, Context { policy }) {
        Ok(made) => derived.records.extend(made),
        Err(exception) => derived.exceptions.push(exception),
    }
    derived
}

fn journal(
    case: &OpeningCase,
    first_day: NaiveDate,
    context: Context,
) -> Result<Option<Record>, Exception> {
    let id = batch_name(OPENING, &context.policy.account, case.currency, first_day);
    let block = |exception: Exception| exception.blocking(&id);
    let Some(balance) = case.balance else { return Err(unknown_balance(case, &id)) };
    let amount = case.in_transit.iter().fold(balance, |sum, payout| sum + payout.amount());
    if amount.is_zero() {
        return Ok(None);
    }
    let memo = "Stripe balance when the books began";
    let line = |role, amount| {
        let account = context.account(role, id.as_str()).map_err(block)?;
        Ok(JournalLine { account, amount, memo: memo.into(), entity: None })
    };
    let text = format!("{memo}, payouts on their way included");
    let body = Body::JournalEntry(JournalEntry {
        header: context.header(&id, &text, first_day, case.currency, None)?,
        lines: vec![
            line(Role::StripeBalance(case.currency), amount)?,
            line(Role::Opening, -amount)?,
        ],
    });
    let account = ObjectId::new(context.policy.account.as_str());
    let payouts = case.in_transit.iter().map(|payout| ObjectId::new(payout.id.as_str()));
    let sources = std::iter::once(account).chain(payouts).collect();
    Ok(Some(Record { body, rule: Rule::OpeningBalance, sources, settles: None }))
}

fn unknown_balance(case: &OpeningCase, id: &ExternalId) -> Exception {
    Exception::new(
        ExceptionClass::Data,
        "opening_balance_unknown",
        &id,
        format!("What was in the {} balance when the books began is not known.", case.currency),
        "Pull from Stripe's API, up to now and from the start date: the opening is worked out from \
         today's balance. Or set `policy.before_start = \"account\"`.",
    )
    .blocking(id)
}
