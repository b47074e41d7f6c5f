//! Records: what was posted and what NetSuite shows of it, a page at a time. Nothing of a page is kept
//! but sums, what deviates, and the days on which movements are booked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::gather::{Inputs, Unpaid, at, money};
use super::payouts::parts;
use super::seen::{as_posted, seen_of};
use crate::accounting::Rule;
use crate::accounting::chart::Role;
use crate::accounting::posting::{Posting, postings};
use crate::commands::others::accounts_compared;
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{Ledger, LedgerError, PostedRow};
use crate::money::{Amount, Currency};
use crate::netsuite::balances::{Entry as ForeignEntry, OwnSums};
use crate::netsuite::readback::{Posted, Reader};
use crate::netsuite::record::{Body, ItemLine, RecordKind, Ref};
use crate::reconcile::close::books::{Books, Entry, Seen};
use crate::reconcile::close::documents::{Documents, key};
use crate::reconcile::close::facts::{
    Balance, Deviation, Document, Movement, Payout, RunFact, Short, TaxLine,
};
use crate::reconcile::expected::customer;

/// What the records come to.
pub(super) struct Read {
    pub(super) balances: Vec<Balance>,
    pub(super) deviations: Vec<Deviation>,
    pub(super) by_others: Vec<ForeignEntry>,
    pub(super) documents: Vec<Document>,
    /// Open documents that NetSuite has in sums alone.
    pub(super) in_sums: Vec<Document>,
    pub(super) taxes: Vec<TaxLine>,
    pub(super) runs: Vec<RunFact>,
    pub(super) unpaid: Unpaid,
}

/// Reads every record that is in NetSuite; tells movements and payouts when they are booked.
pub(super) async fn read(
    inputs: &Inputs<'_>,
    movements: &mut [Movement],
    payouts: &mut [Payout],
) -> anyhow::Result<Read> {
    let Inputs { ledger, policy, references, client, .. } = inputs;
    let reader = client.map(|client| Reader {
        client,
        references,
        base_currency: policy.books.base_currency,
    });
    let mut fold = Fold::new(inputs, movements, payouts)?;
    let mut after = String::new();
    loop {
        let rows = some(ledger, &mut after)?;
        if rows.is_empty() {
            break;
        }
        let seen = match &reader {
            Some(reader) => {
                let of_page = rows.iter().filter(|row| row.kind.is_transaction());
                let ids: Vec<InternalId> =
                    of_page.filter_map(|row| row.internal_id.clone()).collect();
                let posted = reader.posted(&ids).await?;
                Some(posted.into_iter().map(|p| (p.internal_id.clone(), p)).collect())
            }
            None => None,
        };
        for row in &rows {
            fold.take(row, seen.as_ref())?;
        }
    }
    let own = std::mem::take(&mut fold.own);
    let sums = std::mem::take(&mut fold.sums);
    let by_others = match &reader {
        Some(reader) => {
            let mut own = own;
            own.sort_unstable();
            let is_own = |id: &InternalId| own.binary_search(&number(id)).is_ok();
            let mut found =
                reader.posted_beside(&accounts_compared(&policy.chart), &sums, &is_own).await?;
            found.sort_by(|a, b| (a.date, &a.internal_id).cmp(&(b.date, &b.internal_id)));
            found
        }
        None => Vec::new(),
    };
    fold.end(by_others)
}

/// The next records behind `after`, which moves on: as many as NetSuite is asked for at a time.
fn some(ledger: &Ledger, after: &mut String) -> Result<Vec<PostedRow>, LedgerError> {
    let mut rows = Vec::new();
    while rows.len() < RECORDS_AT_ONCE {
        let page = ledger.posted_page(after)?;
        let Some(last) = page.last() else { break };
        last.external_id.as_str().clone_into(after);
        rows.extend(page);
    }
    Ok(rows)
}

/// Records that are in memory with what NetSuite shows of them: a second's worth of requests at once.
const RECORDS_AT_ONCE: usize = 4_000;

type SeenRows = HashMap<InternalId, Posted>;

struct Fold<'a> {
    inputs: &'a Inputs<'a>,
    books: Books<'a>,
    receivable: Option<InternalId>,
    taxes_on: BTreeSet<InternalId>,
    banks: BTreeMap<Currency, InternalId>,
    movements: &'a mut [Movement],
    /// Where the movements are, in the order of their ids; empty until one is looked for.
    places: Vec<u32>,
    payouts: &'a mut [Payout],
    /// The payout that a record banks.
    banks_for: HashMap<ExternalId, usize>,
    summed_on: HashMap<ExternalId, Option<NaiveDate>>,
    documents: Documents,
    in_sums: Documents,
    taxes: BTreeMap<(String, InternalId, Currency), TaxLine>,
    runs: BTreeMap<(i64, RecordKind, String, Currency), (usize, Amount)>,
    unpaid: Unpaid,
    own: Vec<u64>,
    sums: OwnSums,
}

impl<'a> Fold<'a> {
    fn new(
        inputs: &'a Inputs<'a>,
        movements: &'a mut [Movement],
        payouts: &'a mut [Payout],
    ) -> anyhow::Result<Self> {
        let policy = inputs.policy;
        let periods = &inputs.references.periods;
        let books = Books::new(&inputs.period, periods, money(policy), policy.books.base_currency);
        let mut banks_for = HashMap::new();
        for (place, payout) in payouts.iter().enumerate() {
            let Some(id) = &payout.external_id else { continue };
            banks_for.insert(id.clone(), place);
            banks_for.insert(id.with_suffix("failed"), place);
            banks_for.extend(parts(inputs.ledger, id)?.into_iter().map(|part| (part, place)));
        }
        let role = |role: Role| policy.chart.account(role).ok().cloned();
        let bank = |(role, account): (Role, &InternalId)| match role {
            Role::Bank(currency) => Some((currency, account.clone())),
            _ => None,
        };
        Ok(Self {
            inputs,
            books,
            receivable: role(Role::AccountsReceivable),
            taxes_on: role(Role::TaxPayable).into_iter().collect(),
            banks: policy.chart.iter().filter_map(bank).collect(),
            movements,
            places: Vec::new(),
            payouts,
            banks_for,
            summed_on: HashMap::new(),
            documents: Documents::default(),
            in_sums: Documents::default(),
            taxes: BTreeMap::new(),
            runs: BTreeMap::new(),
            unpaid: Unpaid::new(),
            own: Vec::new(),
            sums: OwnSums::default(),
        })
    }

    /// A record; `seen` is absent where NetSuite was not asked.
    fn take(&mut self, row: &PostedRow, seen: Option<&SeenRows>) -> anyhow::Result<()> {
        if !row.kind.is_transaction() {
            return Ok(());
        }
        let Some(internal_id) = &row.internal_id else {
            return self.take_summed(row);
        };
        let chart = &self.inputs.policy.chart;
        let posted: Option<Vec<Posting>> =
            row.posted.as_ref().map(|body| postings(body, chart)).transpose()?;
        let found = match seen {
            Some(seen) => seen.get(internal_id).map(seen_of),
            None => row.posted.as_ref().zip(posted.as_deref()).map(|(body, lines)| {
                as_posted(body, lines, self.inputs.policy.books.base_currency)
            }),
        };
        let header = row.posted.as_ref().and_then(Body::header);
        self.books.enter(&Entry {
            external_id: &row.external_id,
            internal_id,
            kind: row.kind,
            posted: header
                .zip(posted.as_deref())
                .map(|(header, lines)| (header.tran_date, header.posting_period.as_ref(), lines)),
            seen: found.as_ref(),
            settles: row.settles,
        });
        if let Some(shown) = seen.and_then(|seen| seen.get(internal_id)) {
            self.own.push(number(internal_id));
            self.sums.add(shown);
            if let Some(unpaid) = shown.unpaid.filter(|unpaid| !unpaid.is_zero()) {
                self.unpaid.insert(row.external_id.clone(), unpaid);
            }
        }
        self.bank(row, found.as_ref());
        let Some(header) = header else { return Ok(()) };
        let day = self.books.day(header.tran_date, header.posting_period.as_ref());
        self.tell_movements(row, day);
        if let (Some(body), Some(lines)) = (&row.posted, &posted) {
            self.document(row, body, lines, day);
            self.tax(body, day);
            self.count_run(row, body, day);
        }
        Ok(())
    }

    /// A record that a sum stands for: its movements are booked with the sum.
    fn take_summed(&mut self, row: &PostedRow) -> anyhow::Result<()> {
        let booked = match &row.summed_by {
            Some(sum) => self.day_of_sum(sum)?,
            None => None,
        };
        if let (Some(day), true) = (booked, row.settles.is_some()) {
            self.mark(&row.sources, |movement| movement.recorded = Some(day));
        }
        let Some(body) = &row.in_sum else { return Ok(()) };
        // What gives a memo's amount back may wait for its payout: it is no credit until then.
        let waits = body.header().filter(|_| body.kind() == RecordKind::CustomerRefund);
        let Some(day) = waits.map(|header| header.tran_date).or(booked) else { return Ok(()) };
        let lines = postings(body, &self.inputs.policy.chart)?;
        if let Some((posted, pays)) = self.on_receivables(body, &lines, day) {
            self.in_sums.enter(&row.external_id, posted, pays);
        }
        Ok(())
    }

    fn day_of_sum(&mut self, sum: &ExternalId) -> anyhow::Result<Option<NaiveDate>> {
        if let Some(day) = self.summed_on.get(sum) {
            return Ok(*day);
        }
        let row = self.inputs.ledger.posted_record(sum)?;
        let header = row.as_ref().and_then(|row| row.posted.as_ref()?.header());
        let day =
            header.map(|header| self.books.day(header.tran_date, header.posting_period.as_ref()));
        self.summed_on.insert(sum.clone(), day);
        Ok(day)
    }

    fn tell_movements(&mut self, row: &PostedRow, day: NaiveDate) {
        if row.settles.is_some() || row.rule == Some(Rule::ToppedUp) {
            self.mark(&row.sources, |movement| movement.recorded = Some(day));
        }
        if let Some(Rule::DayCharged | Rule::MovementCharged | Rule::PayoutCharged) = row.rule {
            self.mark(&row.sources, |movement| movement.charged = Some(day));
        }
    }

    fn mark(&mut self, sources: &[String], set: impl Fn(&mut Movement)) {
        let Self { movements, places, .. } = self;
        if places.is_empty() {
            places.extend(movements.iter().zip(0..).map(|(_, place)| place));
            let id = |place: &u32| &movements[at(*place)].id;
            places.sort_unstable_by(|one, other| id(one).cmp(id(other)));
        }
        for source in sources {
            let source = Short::from(source.as_str());
            let found = places.binary_search_by(|place| movements[at(*place)].id.cmp(&source));
            if let Ok(place) = found {
                set(&mut movements[at(places[place])]);
            }
        }
    }

    /// What the bank account shows of a payout at the period's end.
    fn bank(&mut self, row: &PostedRow, found: Option<&Seen>) {
        let Some(place) = self.banks_for.get(&row.external_id) else { return };
        let Some(seen) = found else { return };
        let payout = &mut self.payouts[*place];
        let account = self.banks.get(&payout.amount.currency());
        if self.books.day(seen.date, seen.period.as_ref()) > self.inputs.period.last_day {
            return;
        }
        for line in seen.lines.iter().filter(|line| Some(&line.account) == account) {
            payout.banked += line.foreign;
        }
    }

    fn document(&mut self, row: &PostedRow, body: &Body, lines: &[Posting], day: NaiveDate) {
        if let Some((posted, pays)) = self.on_receivables(body, lines, day) {
            self.documents.enter(&row.external_id, posted, pays);
        }
    }

    /// What a record of a day up to the period's end does to receivables, and what it pays.
    fn on_receivables<'b>(
        &self,
        body: &'b Body,
        lines: &[Posting],
        day: NaiveDate,
    ) -> Option<(Amount, impl Iterator<Item = (&'b ExternalId, Amount)> + use<'b>)> {
        let own = lines.iter().filter(|line| Some(&line.account) == self.receivable.as_ref());
        let sum = own.map(|line| line.amount).reduce(|one, other| one + other)?;
        let applied = body.applied().iter();
        let pays = applied.filter_map(|apply| Some((apply.doc.external()?, apply.amount)));
        (day <= self.inputs.period.last_day).then_some((sum, pays))
    }

    fn tax(&mut self, body: &Body, day: NaiveDate) {
        let period = &self.inputs.period;
        if day < period.first_day || day > period.last_day {
            return;
        }
        let (lines, is_memo): (&[ItemLine], bool) = match body {
            Body::Invoice(invoice) => (&invoice.lines, false),
            Body::CreditMemo(memo) => (&memo.lines, true),
            _ => return,
        };
        for line in lines {
            let rate = match &line.item {
                Ref::External(id) => id.to_string(),
                Ref::Id(id) => id.to_string(),
            };
            let whole = std::iter::once((rate, &line.posts_to, line.amount));
            let parts = line.taxes.iter();
            let parts = parts.map(|tax| (tax.tax_code.to_string(), &tax.posts_to, tax.amount));
            for (rate, account, amount) in whole.chain(parts) {
                if !self.taxes_on.contains(account) {
                    continue;
                }
                let currency = amount.currency();
                let zero = Amount::zero(currency);
                let tax = self
                    .taxes
                    .entry((rate.clone(), account.clone(), currency))
                    .or_insert_with(|| TaxLine {
                        rate,
                        account: account.clone(),
                        invoice_count: 0,
                        invoiced: zero,
                        memo_count: 0,
                        credited: zero,
                    });
                if is_memo {
                    tax.memo_count += 1;
                    tax.credited += amount;
                } else {
                    tax.invoice_count += 1;
                    tax.invoiced += amount;
                }
            }
        }
    }

    fn count_run(&mut self, row: &PostedRow, body: &Body, day: NaiveDate) {
        let period = &self.inputs.period;
        let (Some((run, outcome)), Some(total)) = (&row.posted_by, body.total()) else { return };
        if day < period.first_day || day > period.last_day {
            return;
        }
        let currency = total.currency();
        let key = (*run, row.kind, outcome.clone(), currency);
        let own = self.runs.entry(key).or_insert((0, Amount::zero(currency)));
        own.0 += 1;
        own.1 += total;
    }

    fn end(self, by_others: Vec<ForeignEntry>) -> anyhow::Result<Read> {
        let ledger = self.inputs.ledger;
        let documents = documents(ledger, &self.documents.end())?;
        let in_sums = open_in_sums(ledger, &self.in_sums.end())?;
        let mut runs = Vec::new();
        for ((run, kind, outcome, _), (count, total)) in self.runs {
            let Some((command, parameters, started)) = ledger.run(run)? else { continue };
            runs.push(RunFact { run, command, parameters, started, kind, outcome, count, total });
        }
        let (balances, deviations) = self.books.end();
        Ok(Read {
            balances,
            deviations,
            by_others,
            documents,
            in_sums,
            taxes: self.taxes.into_values().collect(),
            runs,
            unpaid: self.unpaid,
        })
    }
}

/// Looks up the documents that are open.
fn documents(ledger: &Ledger, open: &HashMap<u64, Amount>) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    if open.is_empty() {
        return Ok(documents);
    }
    ledger.for_each_posted_id::<LedgerError>(|id| {
        let Some(open) = open.get(&key(id.as_str())) else { return Ok(()) };
        let Some(row) = ledger.posted_record(id)? else { return Ok(()) };
        let Some(body) = &row.posted else { return Ok(()) };
        documents.extend(document_of(id, body, row.rule, *open));
        Ok(())
    })?;
    documents
        .sort_by(|one, other| (one.date, &one.external_id).cmp(&(other.date, &other.external_id)));
    Ok(documents)
}

/// The same of documents that a sum stands for.
fn open_in_sums(ledger: &Ledger, open: &HashMap<u64, Amount>) -> anyhow::Result<Vec<Document>> {
    let mut documents = Vec::new();
    if open.is_empty() {
        return Ok(documents);
    }
    for id in ledger.summed_records()? {
        let Some(open) = open.get(&key(id.as_str())) else { continue };
        let row = ledger.records_of(std::slice::from_ref(&id))?.pop();
        let Some(record) = row.and_then(|row| row.desired) else { continue };
        documents.extend(document_of(&id, &record.body, Some(record.rule), *open));
    }
    Ok(documents)
}

fn document_of(id: &ExternalId, body: &Body, rule: Option<Rule>, open: Amount) -> Option<Document> {
    // A memo that takes an invoice back pays that, or what bills it again: it is nobody's credit.
    let takes_back = matches!(
        rule,
        Some(Rule::InvoiceVoided | Rule::InvoiceUncollectible | Rule::SubscriptionEnded)
    );
    Some(Document {
        external_id: id.clone(),
        kind: body.kind(),
        customer: customer(body).and_then(Ref::external).map(ToString::to_string),
        date: body.header()?.tran_date,
        due: match body {
            Body::Invoice(invoice) => invoice.due_date,
            _ => None,
        },
        open,
        is_credit: match body {
            Body::CreditMemo(_) => !takes_back,
            Body::CustomerPayment(payment) => !payment.apply.is_empty(),
            _ => false,
        },
    })
}

/// NetSuite's keys are numbers; any other text is told apart by its hash.
fn number(id: &InternalId) -> u64 {
    id.as_str().parse().unwrap_or_else(|_| key(id.as_str()))
}
