//! Summaries: one journal for many sales records of a day or of a payout, with the same postings.
//!
//! Belongs here: which records are summed up, under which key, and the journal that stands for
//! them. The records themselves are derived as ever and stay in the ledger in detail; what is summed
//! up is never posted by itself. Does not belong here: where money lands (`seat`), fees (`day`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::accounting::case::{CustomerCase, SummaryCase};
use crate::accounting::chart::Role;
use crate::accounting::context::{Context, external_id};
use crate::accounting::day::{Holders, batch_name};
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::policy::{Grain, Policy};
use crate::accounting::posting::postings;
use crate::accounting::record::{Derived, Record, Rule};
use crate::ids::{ExternalId, InternalId, ObjectId, PayoutId};
use crate::money::Amount;
use crate::netsuite::record::{Body, Customer, JournalEntry, JournalLine, RecordGroup, Ref};

/// The customer on the receivable lines of summaries.
const CUSTOMER: (&str, &str) = ("stripe-customers", "Stripe Customers");

/// What a summary sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summed {
    /// Invoices and credit memos.
    Sales,
    /// Payments and refunds.
    Receipts,
}

impl Summed {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Receipts => "receipts",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Sales => "invoices and credit memos",
            Self::Receipts => "payments and refunds",
        }
    }
}

/// Which summary stands for a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    Day(NaiveDate, Summed),
    Payout(PayoutId),
    /// One per payout, and the payout is not known yet.
    AwaitsPayout,
}

/// Marks the records of a customer that are summed up, and drops the customer and the items that
/// nothing in detail needs.
///
/// Records that are applied to one another are summed up together or not at all: an application
/// needs both sides in NetSuite.
pub(super) fn mark(derived: &mut Derived, case: &CustomerCase, policy: &Policy) {
    if policy.options.granularity.sales == Grain::Detail {
        return;
    }
    let in_detail = kept_in_detail(&derived.records, case, policy);
    for record in &derived.records {
        let is_sale = record.kind().group() == RecordGroup::Transaction
            && !matches!(record.body, Body::JournalEntry(_));
        if is_sale && !in_detail.contains(record.external_id()) {
            let summary = summary_of(record, case, policy);
            derived.summaries.insert(record.external_id().clone(), summary);
        }
    }
    let needed: BTreeSet<ExternalId> = derived
        .records
        .iter()
        .filter(|record| !derived.summaries.contains_key(record.external_id()))
        .flat_map(|record| record.body.needs())
        .collect();
    derived.records.retain(|record| {
        record.kind().group() == RecordGroup::Transaction
            || needed.contains(record.external_id())
            || case.posted.contains(record.external_id())
    });
}

/// Everything that cannot be summed up, and whatever is applied to it or it is applied to.
fn kept_in_detail(
    records: &[Record],
    case: &CustomerCase,
    policy: &Policy,
) -> BTreeSet<ExternalId> {
    let own = |record: &Record| {
        let id = record.external_id();
        case.in_detail.contains(id) || !can_be_summed(record, policy)
    };
    let mut in_detail: BTreeSet<ExternalId> = records
        .iter()
        .filter(|record| record.kind().group() == RecordGroup::Transaction && own(record))
        .map(|record| record.external_id().clone())
        .collect();
    loop {
        let before = in_detail.len();
        for record in records {
            let id = record.external_id();
            let docs: Vec<&ExternalId> =
                record.body.applied().iter().filter_map(|apply| apply.doc.external()).collect();
            if in_detail.contains(id) {
                in_detail.extend(docs.into_iter().cloned());
            } else if docs.iter().any(|doc| in_detail.contains(*doc)) {
                in_detail.insert(id.clone());
            }
        }
        if in_detail.len() == before {
            return in_detail;
        }
    }
}

/// Whether a record is in the currency of the books on both sides, and not older than summing up.
fn can_be_summed(record: &Record, policy: &Policy) -> bool {
    let base = policy.books.base_currency;
    let own = record.body.total().map_or(base, Amount::currency);
    let settled = record.settles.map_or(base, Amount::currency);
    let date = record.body.header().map(|header| header.tran_date);
    let is_recent = match (date, policy.options.granularity.since) {
        (Some(date), Some(since)) => date >= since,
        _ => true,
    };
    let was_open = record.rule == Rule::OpenAtStart;
    is_recent && own == base && settled == base && !was_open
}

fn summary_of(record: &Record, case: &CustomerCase, policy: &Policy) -> Summary {
    let what = match record.body {
        Body::CustomerPayment(_) | Body::CustomerRefund(_) => Summed::Receipts,
        _ => Summed::Sales,
    };
    let by_payout = policy.options.granularity.sales == Grain::Payout;
    if what == Summed::Receipts && by_payout && record.settles.is_some() {
        let mut payouts =
            record.sources.iter().filter_map(|source| case.payout_of.get(source.as_str()));
        return payouts.next().map_or(Summary::AwaitsPayout, |id| Summary::Payout(id.clone()));
    }
    let date = record.body.header().map_or(NaiveDate::MIN, |header| header.tran_date);
    Summary::Day(date, what)
}

/// The journals of one summary.
pub(super) fn derive(case: &SummaryCase, policy: &Policy) -> Derived {
    let mut derived = Derived::default();
    let mut batches: BTreeMap<ExternalId, Vec<&Record>> = BTreeMap::new();
    match first_name(case, policy) {
        Ok(first) => {
            let holders = Holders::new(&case.taken);
            for record in &case.records {
                let batch = holders.batch_of(record.external_id().as_str(), &first);
                batches.entry(batch).or_default().push(record);
            }
        }
        Err(exception) => derived.exceptions.push(exception),
    }
    let context = Context { policy };
    for (id, records) in batches {
        match journal(&id, &records, case, context) {
            Ok(Some(made)) => derived.records.extend(made),
            Ok(None) => {}
            Err(exception) => derived.exceptions.push(exception),
        }
    }
    derived.records.sort_by(|a, b| (a.kind(), a.external_id()).cmp(&(b.kind(), b.external_id())));
    derived.records.dedup_by(|a, b| a.external_id() == b.external_id());
    derived
}

fn first_name(case: &SummaryCase, policy: &Policy) -> Result<ExternalId, Exception> {
    match &case.summary {
        Summary::Payout(payout) => Ok(external_id(payout)?.with_suffix("receipts")),
        Summary::Day(date, what) => {
            Ok(batch_name(what.word(), &policy.account, policy.books.base_currency, *date))
        }
        Summary::AwaitsPayout => Err(Exception::new(
            ExceptionClass::Timing,
            "summary_without_payout",
            "payments and refunds",
            "They are summed up by payout, and their payout is not known yet.",
            "Nothing to do: a later pull will have it.",
        )),
    }
}

/// The journal and its customer; nothing when the postings cancel out.
fn journal(
    id: &ExternalId,
    records: &[&Record],
    case: &SummaryCase,
    context: Context,
) -> Result<Option<Vec<Record>>, Exception> {
    let receivable = context.account(Role::AccountsReceivable, id.as_str())?;
    let mut sums: BTreeMap<InternalId, Amount> = BTreeMap::new();
    for record in records {
        let own = postings(&record.body, &context.policy.chart).map_err(|missing| {
            let fix = format!("Set `{}` in the configuration.", missing.0.setting());
            Exception::new(
                ExceptionClass::Configuration,
                "no_account",
                id,
                missing.to_string(),
                fix,
            )
            .blocking(id)
        })?;
        for posting in own {
            let zero = Amount::zero(posting.amount.currency());
            *sums.entry(posting.account).or_insert(zero) += posting.amount;
        }
    }
    sums.retain(|_, amount| !amount.is_zero());
    if sums.is_empty() {
        return Ok(None);
    }
    let customer = external_id(context.policy.masters.naming.scoped(CUSTOMER.0))?;
    let needs_customer = sums.contains_key(&receivable);
    let (text, rule) = match &case.summary {
        Summary::Day(date, what) => (format!("{} of {date}", what.title()), Rule::SalesSummedByDay),
        Summary::Payout(payout) => {
            (format!("{payout}, payments and refunds"), Rule::ReceiptsSummedByPayout)
        }
        Summary::AwaitsPayout => return Ok(None),
    };
    let memo = format!("{} in all", records.len());
    let lines = sums.into_iter().map(|(account, amount)| JournalLine {
        entity: (account == receivable).then(|| Ref::External(customer.clone())),
        account,
        amount,
        memo: memo.clone(),
    });
    let body = Body::JournalEntry(JournalEntry {
        header: context.header(id, &text, case.date, context.policy.books.base_currency, None)?,
        lines: lines.collect(),
    });
    let sources =
        records.iter().map(|record| ObjectId::new(record.external_id().as_str())).collect();
    let mut made = vec![Record { body, rule, sources, settles: None }];
    if needs_customer {
        made.push(customer_record(customer, context)?);
    }
    Ok(Some(made))
}

fn customer_record(id: ExternalId, context: Context) -> Result<Record, Exception> {
    let base = context.currency(context.policy.books.base_currency, id.as_str())?;
    let sources = vec![ObjectId::new(id.as_str())];
    let name = context.policy.masters.naming.scoped_name(CUSTOMER.1);
    let body = Body::Customer(Customer {
        external_id: id,
        entity_id: name.clone(),
        company_name: name,
        person: None,
        email: None,
        phone: None,
        comments: "Stripe: receivables of sales that are summed up".into(),
        address: None,
        shipping: None,
        subsidiary: context.policy.books.subsidiary.clone(),
        currency: base.clone(),
        currencies: vec![base],
        extras: crate::netsuite::extras::Extras::default(),
    });
    Ok(Record { body, rule: Rule::GlobalItem, sources, settles: None })
}
