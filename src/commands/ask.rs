//! Asks NetSuite what derivation must know of it, and keeps the answers in the ledger.
//!
//! One record that was found stays the answer: the books are then derived the same without asking.
//! What was missing or ambiguous is asked again by the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;

use crate::accounting::links::Needs;
use crate::accounting::question::{Answers, By, Details, Hit, Question, Sought, fold};
use crate::accounting::{Case, Policy, mapping};
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{CaseKey, Ledger};
use crate::netsuite::client::Client;
use crate::netsuite::lookup::{self, Found, Table};
use crate::stripe::objects::details;

/// One run's questions.
pub(super) struct Asking<'a> {
    client: &'a Client,
    asked: BTreeSet<Question>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, asked: BTreeSet::new() }
    }

    /// Tells each case what it must know.
    pub(super) async fn tell(
        &mut self,
        ledger: &mut Ledger,
        cases: &mut [(CaseKey, Case)],
        policy: &Policy,
    ) -> anyhow::Result<()> {
        // Many cases have the same items: each is looked up once.
        let needs = Needs::of(cases.iter().map(|(_, case)| case), policy);
        let mut answers = ledger.answers(&needs.questions)?;
        let open = |q: &Question, answers: &Answers| answers.get(q).is_none_or(|h| h.len() != 1);
        let to_ask: Vec<Question> = needs
            .questions
            .iter()
            .filter(|question| open(question, &answers) && !self.asked.contains(*question))
            .cloned()
            .collect();
        if !to_ask.is_empty() {
            let found =
                self.ask(ledger, &to_ask).await.context("looking records up in NetSuite")?;
            ledger.keep_answers(&found)?;
            answers.extend(found);
            self.asked.extend(to_ask);
        }
        let (answers, ours) = (Arc::new(answers), Arc::new(ledger.posted_among(&needs.linkable)?));
        for (_, case) in cases {
            hand(ledger, case, (&answers, &ours), policy)?;
        }
        Ok(())
    }

    async fn ask(&self, ledger: &Ledger, questions: &[Question]) -> anyhow::Result<Answers> {
        let mut answers: Answers = questions.iter().map(|q| (q.clone(), Vec::new())).collect();
        let mut ids: BTreeMap<Table, Vec<InternalId>> = BTreeMap::new();
        let mut fields: BTreeMap<(Table, &str), Vec<&str>> = BTreeMap::new();
        for question in questions {
            let table = table(question.sought);
            match &question.by {
                By::Id(id) => ids.entry(table).or_default().push(id.clone()),
                By::Field { column, value } => {
                    fields.entry((table, column)).or_default().push(value);
                }
            }
        }
        for (table, ids) in ids {
            let found = lookup::by_id(self.client, table, &ids).await?;
            for (question, hits) in &mut answers {
                let By::Id(id) = &question.by else { continue };
                let own = |found: &&Found| table == self::table(question.sought) && found.id == *id;
                hits.extend(found.iter().filter(own).map(hit));
            }
        }
        for ((table, column), values) in fields {
            let found = lookup::by_field(self.client, table, column, &values).await?;
            let found = not_ours(ledger, found)?;
            for (question, hits) in &mut answers {
                let By::Field { column: own, value } = &question.by else { continue };
                let matches = |found: &&Found| {
                    let is_kind = question.sought.is(&found.kind);
                    is_kind && found.matched.as_deref().map(fold).as_ref() == Some(value)
                };
                if table == self::table(question.sought) && own == column {
                    hits.extend(found.iter().filter(matches).map(hit));
                }
            }
        }
        Ok(answers)
    }
}

/// A record that this ledger made is no match for another object: which of two customers was posted
/// first must not decide whether they are one.
fn not_ours(ledger: &Ledger, found: Vec<Found>) -> anyhow::Result<Vec<Found>> {
    let id_of = |found: &Found| ExternalId::new(found.external_id.as_deref()?).ok();
    let ours = ledger.posted_among(&found.iter().filter_map(id_of).collect())?;
    Ok(found.into_iter().filter(|f| id_of(f).is_none_or(|id| !ours.contains(&id))).collect())
}

/// Hands one case what is known.
pub(super) fn tell_one(
    ledger: &Ledger,
    case: &mut Case,
    answers: Answers,
    policy: &Policy,
) -> anyhow::Result<()> {
    let ours = ledger.posted_among(&Needs::of([&*case], policy).linkable)?;
    hand(ledger, case, (&Arc::new(answers), &Arc::new(ours)), policy)
}

/// Hands a case the answers, the records that this ledger made, and the fields of Stripe objects that the
/// mapping reads.
fn hand(
    ledger: &Ledger,
    case: &mut Case,
    (answers, ours): (&Arc<Answers>, &Arc<BTreeSet<ExternalId>>),
    policy: &Policy,
) -> anyhow::Result<()> {
    let known = case.known_mut();
    (known.answers, known.ours) = (Arc::clone(answers), Arc::clone(ours));
    let paths = policy.masters.mapping.reads();
    if paths.is_empty() {
        return Ok(());
    }
    let mut all = BTreeMap::new();
    for id in mapping::objects(case) {
        if let Some(raw) = ledger.object(&id)? {
            let (kind, fields) = details(&raw, &paths);
            all.insert(id, Details { kind, fields });
        }
    }
    case.known_mut().details = all;
    Ok(())
}

const fn table(sought: Sought) -> Table {
    match sought {
        Sought::Customer => Table::Customer,
        Sought::Item | Sought::DiscountItem => Table::Item,
        Sought::Invoice
        | Sought::CreditMemo
        | Sought::CustomerPayment
        | Sought::CustomerRefund
        | Sought::Deposit => Table::Transaction,
    }
}

fn hit(found: &Found) -> Hit {
    Hit {
        id: found.id.clone(),
        external_id: found.external_id.clone(),
        label: found.label.clone(),
        kind: found.kind.clone(),
        account: found.account.clone(),
        is_inactive: found.is_inactive,
    }
}
