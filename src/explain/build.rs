//! Puts an explanation together: which facts and records belong to the story, and in which order
//! they are told.

use std::collections::BTreeSet;

use crate::accounting::posting::Posting;
use crate::accounting::story::{Story, story};
use crate::accounting::{Case, CustomerCase, DayCase, Exception, PayoutCase, Record, Rule};
use crate::calendar::UnixTime;
use crate::explain::chapter::Teller;
use crate::explain::events::Events;
use crate::explain::inputs::Inputs;
use crate::explain::value::{
    Chapter, Entry, Explanation, Movement, Next, OpenInvoice, Rows, SCHEMA_VERSION, Step, Trouble,
};
use crate::explain::{lead, makeup, money, open};
use crate::ids::ExternalId;
use crate::netsuite::record::RecordKind;
use crate::plan::{Action, Change};
use crate::stripe::objects::BalanceTransaction;

/// Records that are told in a chapter each; of more, each is a row. Of a customer the reader wants to
/// see everything at once.
const CHAPTERS_MAX: usize = 12;
const CHAPTERS_OF_A_CUSTOMER_MAX: usize = 4;
const SECONDS_PER_DAY: i64 = 86_400;

/// Everything about one id.
pub fn build(inputs: &Inputs) -> Explanation {
    let teller = Teller::new(inputs);
    let tale = Tale::new(inputs);
    let records = chapters(&teller, &tale);
    let money: Vec<Movement> =
        tale.movements.iter().map(|movement| money::movement(&teller, movement)).collect();
    let relevant = relevant(&teller, &records, &money);
    let exceptions = exceptions(inputs, &tale, &relevant);
    let is_customer = inputs.subject.kind == "customer";
    let chapters_max = if is_customer { CHAPTERS_OF_A_CUSTOMER_MAX } else { CHAPTERS_MAX };
    Explanation {
        schema_version: SCHEMA_VERSION,
        asked: inputs.subject.asked.clone(),
        id: inputs.subject.id.clone(),
        kind: inputs.subject.kind.clone(),
        title: lead::heading(inputs),
        lead: lead::sentences(inputs, &records, &money, &exceptions),
        zone: inputs.zone.name().into(),
        events: tale.events(inputs),
        makeup: tale.makeup(inputs),
        invoices: tale.invoices(&teller),
        general_ledger: general_ledger(&teller, &records, &money),
        next: next(inputs, &relevant),
        records: Rows { brief: records.len() > chapters_max, all: records },
        money,
        exceptions,
        notes: inputs.notes.clone(),
    }
}

/// Which facts are told.
struct Tale<'a> {
    /// Ids of every object in it.
    ids: BTreeSet<String>,
    /// Each customer case with what belongs to the story.
    customers: Vec<(&'a CustomerCase, Story)>,
    /// Every payout that money of the story went into.
    payouts: Vec<&'a PayoutCase>,
    /// Every day on which money of the story moved, where books are kept by the day.
    days: Vec<&'a DayCase>,
    /// The payout that was asked for.
    payout: Option<&'a PayoutCase>,
    /// The changes of the balance that are told one by one, oldest first.
    movements: Vec<&'a BalanceTransaction>,
    /// Those that no other object tells.
    lone: Vec<&'a BalanceTransaction>,
}

impl<'a> Tale<'a> {
    fn new(inputs: &'a Inputs<'a>) -> Self {
        let teller = inputs.subject.teller.as_str();
        let mut tale = Self {
            ids: BTreeSet::from([teller.to_owned(), inputs.subject.id.clone()]),
            customers: Vec::new(),
            payouts: Vec::new(),
            days: Vec::new(),
            payout: None,
            movements: Vec::new(),
            lone: Vec::new(),
        };
        for given in &inputs.given {
            match &given.case {
                Case::Customer(case) => tale.customers.push((case, story(case, teller))),
                Case::Payout(case) => tale.payouts.push(case),
                Case::Day(case) => tale.days.push(case),
                // Its journal is told by the records that it stands for.
                Case::Summary(_) | Case::Opening(_) => {}
            }
        }
        tale.ids.extend(tale.customers.iter().flat_map(|(_, story)| story.ids.clone()));
        tale.payout = tale.payouts.iter().copied().find(|case| case.payout.id.as_str() == teller);
        tale.find_movements(inputs);
        tale
    }

    /// Of a customer there are too many to tell, and a payout tells its own in a table.
    fn find_movements(&mut self, inputs: &'a Inputs<'a>) {
        let is_customer = inputs.subject.kind == "customer";
        if !is_customer {
            for (case, story) in &self.customers {
                let own = case.balance_transactions.iter();
                let inline = case.disputes.iter().flat_map(|dispute| &dispute.balance_transactions);
                self.movements.extend(own.chain(inline).filter(|movement| story.has(&movement.id)));
            }
        }
        for movement in &inputs.movements {
            let is_told = self.movements.iter().any(|told| told.id == movement.id);
            if !is_told {
                self.ids.insert(movement.id.to_string());
                self.lone.push(movement);
                self.movements.push(movement);
            }
        }
        self.movements.sort_by_key(|movement| (movement.created, movement.id.clone()));
        self.movements.dedup_by_key(|movement| movement.id.clone());
    }

    fn events(&self, inputs: &'a Inputs<'a>) -> Vec<crate::explain::Event> {
        let mut events = Events::new(inputs);
        for (case, story) in &self.customers {
            events.of_story(case, story);
        }
        for movement in &self.lone {
            events.movement(movement);
        }
        for case in &self.payouts {
            // A payout that only takes over what a negative one was made of is told by its deposit.
            let is_own = inputs.payouts.values().any(|id| *id == case.payout.id.as_str());
            let is_asked = self.payout.is_some_and(|asked| asked.payout.id == case.payout.id);
            if is_asked {
                events.payout_made(&case.payout);
            }
            if is_own || is_asked {
                events.payout(&case.payout);
            }
        }
        events.finish()
    }

    /// What the payout is made of, or the day's record that was asked for.
    fn makeup(&self, inputs: &Inputs) -> Option<crate::explain::Makeup> {
        if let Some(case) = self.payout {
            return makeup::makeup(inputs, case.payout.currency, case.members.iter().collect());
        }
        let records = inputs.given.iter().flat_map(|given| &given.derived.records);
        let record = records
            .into_iter()
            .find(|record| record.external_id().as_str() == inputs.subject.id)
            .filter(|record| record.rule.sums_up())?;
        let members = |case: &&'a DayCase| -> Vec<&'a BalanceTransaction> {
            let held = |movement: &&BalanceTransaction| {
                record.sources.iter().any(|source| source.as_str() == movement.id.as_str())
            };
            case.movements.iter().filter(held).collect()
        };
        let (currency, members) = self
            .days
            .iter()
            .map(|case| (case.currency, members(case)))
            .find(|(_, members)| !members.is_empty())?;
        makeup::makeup(inputs, currency, members)
    }

    fn invoices(&self, teller: &Teller) -> Vec<OpenInvoice> {
        self.customers
            .iter()
            .flat_map(|(case, story)| case.invoices.iter().filter(|i| story.has(&i.id)))
            .filter_map(|invoice| open::open_invoice(teller, invoice))
            .collect()
    }

    fn tells(&self, record: &Record, inputs: &Inputs) -> bool {
        let subject = inputs.subject.id.as_str();
        if record.external_id().as_str() == subject {
            return true;
        }
        // These hold the money of many stories: they are told when their payout was asked for.
        let is_shared =
            record.rule.sums_up() || matches!(record.rule, Rule::PayoutPaid | Rule::PayoutCharged);
        if is_shared {
            let asked = self.payout.and_then(|case| inputs.record_of(case.payout.id.as_str()));
            return asked
                .is_some_and(|asked| record.external_id().as_str().starts_with(asked.as_str()));
        }
        let is_of_story = record.sources.iter().any(|id| self.ids.contains(id.as_str()));
        record.kind().is_transaction() && is_of_story
    }
}

/// The records of the story, oldest first; then those that nothing asks for any more.
fn chapters(teller: &Teller, tale: &Tale) -> Vec<Chapter> {
    let inputs = teller.inputs;
    let mut chapters: Vec<Chapter> = teller
        .records
        .values()
        .filter(|record| tale.tells(record, inputs))
        .map(|record| teller.chapter(record))
        .collect();
    let unwanted = inputs.unwanted.iter().filter(|id| !teller.records.contains_key(id));
    chapters.extend(unwanted.filter_map(|id| teller.unwanted(id)));
    chapters
        .sort_by(|a, b| (a.date, a.kind, &a.external_id).cmp(&(b.date, b.kind, &b.external_id)));
    chapters
}

/// The records whose future is part of the answer: those told, what they need, and deposits.
fn relevant(teller: &Teller, records: &[Chapter], money: &[Movement]) -> BTreeSet<ExternalId> {
    let mut ids: BTreeSet<ExternalId> =
        records.iter().map(|chapter| chapter.external_id.clone()).collect();
    let subject = &teller.inputs.subject;
    ids.extend(ExternalId::new(subject.id.as_str()).ok());
    ids.extend(teller.record_of(&subject.teller));
    let needed: Vec<ExternalId> = ids
        .iter()
        .filter_map(|id| teller.records.get(id))
        // A deposit needs the records of everybody who paid; they are stories of their own.
        .filter(|record| record.kind() != RecordKind::Deposit)
        .flat_map(|record| record.body.needs())
        .collect();
    ids.extend(needed);
    let shares = money.iter().flat_map(|movement| &movement.shares);
    ids.extend(shares.map(|share| share.record.clone()));
    let payouts = money.iter().filter_map(|movement| movement.payout.as_deref());
    ids.extend(payouts.filter_map(|payout| teller.record_of(payout)));
    ids
}

fn exceptions(inputs: &Inputs, tale: &Tale, relevant: &BTreeSet<ExternalId>) -> Vec<Trouble> {
    let carriers: BTreeSet<&str> = inputs.payouts.values().map(String::as_str).collect();
    let mut troubles: Vec<Trouble> = inputs
        .exceptions
        .iter()
        .filter(|(exception, _)| {
            let subject = exception.subject.as_str();
            let is_blocking = exception.blocks.iter().any(|id| relevant.contains(id));
            tale.ids.contains(subject) || carriers.contains(subject) || is_blocking
        })
        .map(|(exception, since)| trouble(inputs, exception, *since))
        .collect();
    troubles.sort_by(|a, b| (a.since, &a.subject, &a.code).cmp(&(b.since, &b.subject, &b.code)));
    troubles
}

fn trouble(inputs: &Inputs, exception: &Exception, since: Option<UnixTime>) -> Trouble {
    Trouble {
        code: exception.code.clone(),
        subject: exception.subject.clone(),
        class: exception.class.to_string(),
        message: exception.message.clone(),
        fix: exception.fix.clone(),
        amount: exception.amount,
        blocks: exception.blocks.clone(),
        since: since.map(|since| inputs.day(since)),
        age_days: since.map(|since| (inputs.now.0 - since.0).max(0) / SECONDS_PER_DAY),
    }
}

fn general_ledger(teller: &Teller, records: &[Chapter], money: &[Movement]) -> Vec<Entry> {
    let own = records.iter().flat_map(|chapter| &chapter.postings);
    // What is told as a record holds everybody's shares already.
    let told: BTreeSet<&ExternalId> = records.iter().map(|chapter| &chapter.external_id).collect();
    let shares = money
        .iter()
        .flat_map(|movement| &movement.shares)
        .filter(|share| !told.contains(&share.record))
        .flat_map(|share| &share.entries);
    let parts = own.chain(shares).map(posting).collect();
    money::net(teller, parts)
}

fn posting(entry: &Entry) -> Posting {
    Posting { account: entry.account.clone(), amount: entry.amount }
}

fn next(inputs: &Inputs, relevant: &BTreeSet<ExternalId>) -> Vec<Next> {
    let changes = inputs.built.changes.iter().filter(|c| relevant.contains(&c.external_id));
    let mut steps: Vec<Next> = changes.map(step).collect();
    let blocked = inputs.built.blocked.iter().filter(|b| relevant.contains(&b.external_id));
    steps.extend(blocked.map(|blocked| {
        let title = format!("{} {}", blocked.kind.title(), blocked.external_id);
        Next {
            external_id: blocked.external_id.clone(),
            step: Step::Blocked,
            text: format!("{title} is blocked. {} {}", blocked.reason, blocked.fix),
        }
    }));
    steps
}

fn step(change: &Change) -> Next {
    let title = format!("{} {}", change.kind.title().to_lowercase(), change.external_id);
    let (step, text) = match change.action {
        Action::Create => {
            let total = change.record.body.total();
            let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
            let date = change.record.body.header().map(|header| header.tran_date);
            let date = date.map(|date| format!(", dated {date}")).unwrap_or_default();
            (Step::Create, format!("Create the {title}{total}{date}."))
        }
        Action::Update => {
            let fields: Vec<String> = change
                .fields
                .iter()
                .map(|field| format!("{}: {} becomes {}", field.field, field.from, field.to))
                .collect();
            (Step::Update, format!("Update the {title}: {}.", fields.join("; ")))
        }
    };
    Next { external_id: change.external_id.clone(), step, text }
}
