//! Gathers what the reports of a period are made of: facts and records from the ledger, a page at a
//! time, and what NetSuite shows of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread;

use chrono::NaiveDate;

use super::movements::{self, Moved};
use super::subjects;
use super::{payouts, records};
use crate::accounting::Policy;
use crate::accounting::chart::Role;
use crate::accounting::day::batch_name;
use crate::accounting::opening::OPENING;
use crate::accounting::policy::{CustomerBalance, NegativeInvoices};
use crate::calendar::{UnixTime, day_before, start_of_day};
use crate::commands::balance::Balances;
use crate::commands::books::Names;
use crate::commands::others::{REVALUATION, item};
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Cared, Ledger, Pages};
use crate::money::{Amount, Currency};
use crate::netsuite::balances::Entry;
use crate::netsuite::client::Client;
use crate::netsuite::references::References;
use crate::netsuite::suiteql::Asked;
use crate::reconcile::Item;
use crate::reconcile::close::cover::{Cover, Query};
use crate::reconcile::close::facts::{
    Document, FACTS_VERSION, Facts, Foreign, Movement, OpenException, Payout, Period, Source,
    StripeSide,
};
use crate::report::AccountNames;
use crate::stripe::objects::Account;
use crate::stripe::resource::Resource;

/// What is gathered from, and for what.
pub struct Inputs<'a> {
    pub ledger: &'a Ledger,
    pub policy: &'a Policy,
    pub references: &'a References,
    /// Absent, NetSuite is not asked: its side is what was posted.
    pub client: Option<&'a Client>,
    pub netsuite_account: String,
    pub period: Period,
    pub balances: Balances,
    pub read_at: UnixTime,
    /// Program and version.
    pub made_by: String,
}

/// Gathers everything.
pub async fn gather(inputs: Inputs<'_>) -> anyhow::Result<Facts> {
    let Inputs { ledger, policy, references, .. } = inputs;
    let mut payouts = payouts::payouts(&inputs)?;
    let mut moved = movements::moved(&inputs, &mut payouts)?;
    // What is looked up from here on is spread over the file: its pages would only stand beside the movements.
    ledger.keep_pages(Pages::Few)?;
    let read = records::read(&inputs, &mut moved.movements, &mut payouts).await?;
    moved.settle_days_of_nothing(policy.zone);
    let stripe = stripe_sides(&inputs, &moved, &payouts)?;
    let account = policy.account.as_str();
    let mut facts = Facts {
        version: FACTS_VERSION,
        company: ledger
            .view::<Account>(account)?
            .and_then(|account| account.display_name().map(str::to_owned)),
        stripe_account: account.to_owned(),
        zone: policy.zone,
        base_currency: policy.books.base_currency,
        source: if inputs.client.is_some() { Source::NetSuite } else { Source::Posted },
        books_start: policy.start,
        accounts: names(references),
        chart: policy.chart.iter().map(|(role, account)| (role, account.clone())).collect(),
        stripe,
        categories: moved.categories,
        movements: moved.movements.into(),
        payouts,
        balances: read.balances,
        deviations: read.deviations,
        by_others: read.by_others.iter().map(foreign).collect(),
        documents: read.documents,
        invoices: Vec::new(),
        credits: Vec::new(),
        books_credits: books_credits(policy),
        disputes: Vec::new(),
        refunds: Vec::new(),
        taxes: read.taxes,
        exceptions: exceptions(ledger, inputs.read_at.date_in(policy.zone))?,
        runs: read.runs,
        bank: None,
        cover: cover(&inputs, moved.known_until)?,
        made_by: inputs.made_by.clone(),
        netsuite_account: inputs.netsuite_account.clone(),
        period: inputs.period.clone(),
        read_at: inputs.read_at,
    };
    forget_settled(&mut facts);
    add_subjects(&mut facts, &inputs, &read.unpaid, &read.in_sums)?;
    ledger.keep_pages(Pages::Many)?;
    Ok(facts)
}

/// The objects whose JSON the reports need. Half of them are found on another thread: a large month has
/// tens of thousands, each somewhere else in the file.
fn add_subjects(
    facts: &mut Facts,
    inputs: &Inputs,
    unpaid: &Unpaid,
    in_sums: &[Document],
) -> anyhow::Result<()> {
    let ledger = inputs.ledger;
    let (beside, _moment) = (ledger.beside()?, ledger.one_moment()?);
    let known: &Facts = facts;
    let (invoices, credits, disputes, refunds) = thread::scope(|scope| -> anyhow::Result<_> {
        let refunds = scope.spawn(move || subjects::refunds(&beside, known));
        let invoices = subjects::invoices(inputs, unpaid);
        let credits = subjects::credits(inputs, &known.documents, in_sums);
        let disputes = subjects::disputes(ledger, known);
        let refunds = refunds.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((invoices?, credits?, disputes?, refunds?))
    })?;
    facts.invoices = invoices;
    facts.credits = credits;
    facts.disputes = disputes;
    facts.refunds = refunds;
    Ok(())
}

/// Older movements are kept as far as the books were without them when the period began.
fn forget_settled(facts: &mut Facts) {
    let mut movements = std::mem::take(&mut facts.movements);
    let is_needed = |movement: &Movement| {
        movement.created >= facts.period.window.since
            || facts.open(movement, facts.start()).is_some()
            || facts.open(movement, facts.end()).is_some()
            || (!movement.fees().is_zero()
                && facts.charged_on(movement).is_none_or(|day| day >= facts.period.first_day))
    };
    movements.retain(is_needed);
    facts.movements = movements;
}

fn names(references: &References) -> BTreeMap<InternalId, String> {
    let name = |id: &InternalId| Names(references).name(id);
    references.accounts.iter().map(|known| (known.id.clone(), name(&known.id))).collect()
}

fn foreign(entry: &Entry) -> Foreign {
    let Item { id, label, .. } = item(entry);
    Foreign {
        account: entry.account.clone(),
        internal_id: entry.internal_id.clone(),
        label,
        number: id,
        date: entry.date,
        amount: entry.amount,
        is_revaluation: entry.kind == REVALUATION,
        maker: None,
    }
}

fn books_credits(policy: &Policy) -> bool {
    policy.options.customer_balance == CustomerBalance::OpenCredits
        && policy.options.negative_invoices == NegativeInvoices::CreditMemo
}

fn exceptions(ledger: &Ledger, today: NaiveDate) -> anyhow::Result<Vec<OpenException>> {
    let told = |cared: Cared| OpenException {
        accepted_until: cared
            .is_accepted(today)
            .then_some(cared.care.acceptance.as_ref())
            .flatten()
            .map(|acceptance| acceptance.until),
        note: cared.care.notes.last().map(|note| note.text.clone()),
        owner: cared.care.owner,
        first_seen: cared.first_seen,
        exception: cared.exception,
    };
    Ok(ledger.exceptions(false)?.into_iter().map(told).collect())
}

fn cover(inputs: &Inputs, moved_until: Option<UnixTime>) -> anyhow::Result<Cover> {
    let Inputs { ledger, policy, .. } = inputs;
    let mut windows = BTreeMap::new();
    for resource in Resource::LISTS {
        let covered = ledger.coverage(resource.as_str())?;
        if !covered.is_empty() {
            windows.insert(resource.as_str().to_owned(), covered);
        }
    }
    let ends = [Resource::BalanceTransactions, Resource::Payouts]
        .map(|resource| ledger.covered_until(resource.as_str()));
    let [one, other] = ends;
    let covered = one?.zip(other?).map(|(one, other)| one.min(other));
    let unfinished = ledger.unfinished_pull()?;
    Ok(Cover {
        windows,
        objects: ledger.counts_in(inputs.period.window)?,
        unlisted_payouts: ledger.unlisted_payouts()?.len(),
        broke_off: unfinished.map(|pull| pull.what(policy.zone)),
        in_doubt: ledger.in_doubt_count()?,
        to_plan: ledger.to_plan_count()?,
        known_until: covered.or(moved_until),
        queries: inputs
            .client
            .map(Client::asked)
            .unwrap_or_default()
            .into_iter()
            .map(query)
            .collect(),
    })
}

fn query(asked: Asked) -> Query {
    Query { text: asked.text, requests: asked.requests, rows: asked.rows }
}

/// Every currency of the Stripe balance at both ends of the period.
fn stripe_sides(
    inputs: &Inputs,
    moved: &Moved,
    payouts: &[Payout],
) -> anyhow::Result<BTreeMap<Currency, StripeSide>> {
    let mut sides = BTreeMap::new();
    let currencies: BTreeSet<Currency> =
        moved.sums.keys().copied().chain(inputs.balances.currencies()).collect();
    for currency in currencies {
        let zero = Amount::zero(currency);
        let sums =
            moved.sums.get(&currency).cloned().unwrap_or_else(|| movements::Sums::new(currency));
        let start = inputs.balances.start_after(inputs.policy.zone, currency, sums.before_opening);
        let beginning = start.amount + sums.past;
        let journal = opening_journal(inputs, currency)?;
        let ends = [day_before(inputs.period.first_day), inputs.period.last_day];
        let paid_out = [sums.paid_out_at_start, sums.paid_out_at_end];
        let at = |place: usize| {
            let day: NaiveDate = ends[place];
            let is_booked = inputs.policy.start.is_none() || journal.is_some_and(|own| own <= day);
            let on_their_way =
                if is_booked { on_their_way(inputs, payouts, currency, day) } else { Vec::new() };
            let outside = if is_booked {
                zero
            } else {
                beginning - paid_out[place] + came_back(inputs, payouts, currency, day)
            };
            (outside, on_their_way)
        };
        let ((start_outside, start_way), (outside, on_their_way)) = (at(0), at(1));
        let sum = |items: &[Item]| items.iter().fold(zero, |sum, item| sum + item.amount);
        let from_before = start_outside + sum(&start_way) - outside - sum(&on_their_way);
        let after = sums.after + inputs.balances.later_sum(currency, &moved.known_later);
        sides.insert(
            currency,
            StripeSide {
                opening: beginning + sums.before,
                reported: inputs.balances.reported(currency).map(|reported| reported - after),
                unproven: start.unproven,
                outside,
                on_their_way,
                from_before,
                charged_by_utc: sums.charged_by_utc,
            },
        );
    }
    Ok(sides)
}

/// The day of the journal with which the Stripe balance account opens, once it is posted.
fn opening_journal(inputs: &Inputs, currency: Currency) -> anyhow::Result<Option<NaiveDate>> {
    let Some(first_day) = inputs.policy.start else { return Ok(None) };
    let id = batch_name(OPENING, &inputs.policy.account, currency, first_day);
    let id: ExternalId = inputs.policy.masters.naming.outside(&id);
    let row = inputs.ledger.posted_record(&id)?;
    let header = row.as_ref().and_then(|row| row.posted.as_ref()?.header());
    Ok(header.map(|header| header.tran_date))
}

/// Payouts that had left when the books began, and were neither booked nor back at the end of `day`.
fn on_their_way(
    inputs: &Inputs,
    payouts: &[Payout],
    currency: Currency,
    day: NaiveDate,
) -> Vec<Item> {
    let end = end_of(day, inputs);
    let own = payouts.iter().filter(|payout| {
        payout.amount.currency() == currency
            && is_in_transit_at_start(inputs, payout)
            && !payout.is_booked(day)
            && payout.returned.is_none_or(|back| back >= end)
    });
    own.map(|payout| Item {
        date: payout.arrival,
        id: payout.id.clone(),
        label: "payout".into(),
        amount: -payout.amount,
    })
    .collect()
}

/// What of payouts that had left when the books began came back without them: it is in other books
/// again.
fn came_back(inputs: &Inputs, payouts: &[Payout], currency: Currency, day: NaiveDate) -> Amount {
    let end = end_of(day, inputs);
    let own = payouts.iter().filter(|payout| {
        payout.amount.currency() == currency
            && is_in_transit_at_start(inputs, payout)
            && !payout.is_booked(day)
            && payout.returned.is_some_and(|back| back < end && !inputs.policy.is_past(back))
    });
    own.fold(Amount::zero(currency), |sum, payout| sum + payout.amount)
}

fn is_in_transit_at_start(inputs: &Inputs, payout: &Payout) -> bool {
    inputs.policy.is_past(payout.created) && !payout.is_older
}

fn end_of(day: NaiveDate, inputs: &Inputs) -> UnixTime {
    start_of_day(day.succ_opt().unwrap_or(day), inputs.policy.zone)
}

/// The accounts that stand for the Stripe balance.
pub(super) fn money(policy: &Policy) -> BTreeSet<InternalId> {
    let is_money = |role: Role| matches!(role, Role::UndepositedFunds | Role::StripeBalance(_));
    let of_roles = policy.chart.iter().filter(|(role, _)| is_money(*role));
    of_roles.map(|(_, account)| account.clone()).collect()
}

/// A place among movements or payouts, which are kept in four bytes.
pub(super) fn at(place: u32) -> usize {
    usize::try_from(place).expect("a place in memory")
}

/// Payouts by id.
pub(super) fn places(payouts: &[Payout]) -> HashMap<String, u32> {
    let number = |place: usize| u32::try_from(place).expect("fewer payouts than that");
    let each = payouts.iter().enumerate();
    each.map(|(place, payout)| (payout.id.clone(), number(place))).collect()
}

/// What NetSuite shows as unpaid of invoices, where that is not nothing.
pub(super) type Unpaid = HashMap<ExternalId, Amount>;
