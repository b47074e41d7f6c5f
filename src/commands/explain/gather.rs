//! What an explanation needs of the ledger: the cases of a story, the payouts of its money, and what
//! NetSuite holds of its records.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::story::story;
use crate::accounting::{Case, Derived, Exception, Policy, derive};
use crate::calendar::UnixTime;
use crate::commands::books::{self, Names};
use crate::commands::plan::DERIVED_UNDER;
use crate::commands::session::Session;
use crate::explain::{self, Given, Holding, Inputs, Subject};
use crate::ids::{ExternalId, InternalId};
use crate::ledger::{CaseKey, Ledger, PayoutIndex, RecordRow};
use crate::netsuite::record::RecordKind;
use crate::netsuite::references::References;
use crate::plan::build::Built;
use crate::report::AccountNames;
use crate::report::plan::counted;
use crate::stripe::objects::{BalanceTransaction, Payout, Price};

/// Kinds of objects that live inside others or are not read by themselves.
const KINDS_BY_PREFIX: [(&str, &str); 6] = [
    ("il_", "line_item"),
    ("cnli_", "credit_note_line_item"),
    ("inpay_", "invoice_payment"),
    ("pi_", "payment_intent"),
    ("ch_", "charge"),
    ("txn_", "balance_transaction"),
];

pub(super) fn kind_by_prefix(id: &str) -> Option<&'static str> {
    KINDS_BY_PREFIX.iter().find(|(prefix, _)| id.starts_with(prefix)).map(|(_, kind)| *kind)
}

/// A record is told by the first object it was made from.
pub(super) fn record_subject(
    ledger: &Ledger,
    asked: &str,
    id: &ExternalId,
) -> anyhow::Result<Subject> {
    let row = ledger.record(id)?;
    let desired = row.as_ref().and_then(|row| row.desired.as_ref());
    let teller = match desired.map(|record| (record.rule.sums_up(), record.sources.first())) {
        // What sums up many things is told by itself.
        Some((true, _)) => None,
        Some((false, Some(source))) => Some(source.to_string()),
        _ => object_behind(ledger, id)?,
    };
    let kind = row.as_ref().map_or(RecordKind::JournalEntry, |row| row.kind);
    Ok(Subject {
        asked: asked.into(),
        id: id.to_string(),
        kind: kind.title().to_lowercase(),
        teller: teller.unwrap_or_else(|| id.to_string()),
    })
}

/// The item of a coupon, if one was ever used.
pub(super) fn coupon_item(ledger: &Ledger, coupon: &str) -> anyhow::Result<Option<ExternalId>> {
    let Ok(id) = ExternalId::new(format!("coupon-{coupon}")) else { return Ok(None) };
    Ok(ledger.record(&id)?.map(|row| row.external_id))
}

/// The object whose id an external id begins with: `re_1` for `re_1-memo`.
pub(super) fn object_behind(ledger: &Ledger, id: &ExternalId) -> anyhow::Result<Option<String>> {
    let mut name = id.as_str();
    loop {
        if ledger.knows(name)? {
            return Ok(Some(name.to_owned()));
        }
        match name.rsplit_once('-') {
            Some((shorter, _)) => name = shorter,
            None => return Ok(None),
        }
    }
}

/// The books as they were last looked up: enough to derive and to plan without asking NetSuite.
pub(super) struct Books {
    pub(super) references: Option<References>,
    pub(super) policy: Option<Policy>,
    /// What cases are read under: the policy, or without one what the configuration alone says.
    pub(super) reading: Policy,
    pub(super) payouts: PayoutIndex,
    notes: Vec<String>,
}

impl Books {
    pub(super) fn read(session: &Session, ledger: &Ledger) -> anyhow::Result<Self> {
        let payouts = ledger.payout_index()?;
        let Some(references) = books::kept(ledger)? else {
            let note = "NetSuite's accounts have not been looked up yet, so only the facts are told; \
                        `tieout plan` looks them up.";
            let reading = books::without_accounts(&session.settings);
            let notes = vec![note.into()];
            return Ok(Self { references: None, policy: None, reading, payouts, notes });
        };
        let policy = books::policy(&session.settings, &references)?;
        let mut notes = Vec::new();
        let derived_under = ledger.reference(DERIVED_UNDER)?;
        if derived_under.is_some_and(|digest| digest != books::policy_digest(&policy)) {
            notes.push(
                "The settings or NetSuite's accounts changed after the last plan: this is what the \
                 books would say under those of now."
                    .into(),
            );
        }
        let reading = policy.clone();
        Ok(Self { references: Some(references), policy: Some(policy), reading, payouts, notes })
    }

    pub(super) fn derive(&self, case: &Case) -> Derived {
        self.policy.as_ref().map(|policy| derive(case, policy)).unwrap_or_default()
    }
}

/// The facts of a story and what they become.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) given: Vec<Given>,
    pub(super) keys: BTreeSet<CaseKey>,
    movements: Vec<BalanceTransaction>,
    payouts: BTreeMap<String, String>,
    /// Records that are not posted by themselves, with the journal that stands for each.
    pub(super) summed: BTreeMap<ExternalId, Option<ExternalId>>,
    notes: Vec<String>,
}

pub(super) fn gather(
    ledger: &Ledger,
    books: &Books,
    subject: &Subject,
) -> anyhow::Result<Gathered> {
    let mut gathered = Gathered::default();
    let teller = subject.teller.as_str();
    let mut keys = ledger.cases_of(teller, &books.payouts)?;
    if keys.is_empty()
        && let Ok(id) = ExternalId::new(subject.id.as_str())
    {
        keys = ledger.cases_of_record(&id)?;
        gathered.note_what_uses(ledger, subject, teller)?;
    }
    let is_payout = keys.contains(&CaseKey::Payout(teller.into()));
    for key in keys {
        // Other payouts are added below, for what of the story they paid out; for a payout itself
        // there is the one whose deposit takes over what a negative one was made of.
        if is_payout || !matches!(key, CaseKey::Payout(_)) {
            gathered.add(ledger, books, &key)?;
        }
    }
    gathered.add_summaries(ledger, books)?;
    if subject.kind != "customer" {
        gathered.follow_the_money(ledger, books, teller)?;
    }
    Ok(gathered)
}

impl Gathered {
    fn add(&mut self, ledger: &Ledger, books: &Books, key: &CaseKey) -> anyhow::Result<()> {
        if self.keys.insert(key.clone()) {
            let case = ledger.load_case(key, &books.payouts, &books.reading)?;
            let derived = books.derive(&case);
            self.given.push(Given { case, derived });
        }
        Ok(())
    }

    /// The journals that stand for records which are not posted by themselves.
    fn add_summaries(&mut self, ledger: &Ledger, books: &Books) -> anyhow::Result<()> {
        let mut keys: BTreeSet<CaseKey> = BTreeSet::new();
        for given in &self.given {
            for (id, summary) in &given.derived.summaries {
                self.summed.insert(id.clone(), ledger.summary_of(id)?);
                keys.insert(CaseKey::Summary(summary.clone()));
            }
        }
        for key in keys {
            self.add(ledger, books, &key)?;
        }
        Ok(())
    }

    /// The payouts of everything that moved in the story, and the deposits they are on.
    fn follow_the_money(
        &mut self,
        ledger: &Ledger,
        books: &Books,
        teller: &str,
    ) -> anyhow::Result<()> {
        let mut movements: BTreeSet<String> = BTreeSet::new();
        for given in &self.given {
            match &given.case {
                Case::Customer(case) => movements.extend(story(case, teller).ids),
                Case::Payout(case) => {
                    let back = case.payout.failure_balance_transaction.as_ref();
                    movements.extend(back.map(ToString::to_string));
                }
                Case::Day(_) | Case::Summary(_) | Case::Opening(_) => {}
            }
        }
        movements.insert(teller.to_owned());
        if let Some(back) = ledger.view::<Payout>(teller).ok().flatten()
            && let Some(id) = back.failure_balance_transaction
        {
            self.movements.extend(ledger.view::<BalanceTransaction>(id.as_str())?);
        }
        if ledger.is_of_kind(teller, "balance_transaction")? {
            self.movements.extend(ledger.view::<BalanceTransaction>(teller)?);
        }
        let mut days: BTreeSet<CaseKey> = BTreeSet::new();
        for id in &movements {
            if ledger.is_of_kind(id, "balance_transaction")?
                && let Some(movement) = ledger.view::<BalanceTransaction>(id)?
            {
                days.extend(ledger.day_of(&movement, &books.payouts, &books.reading));
            }
        }
        for day in days {
            self.add(ledger, books, &day)?;
        }
        self.payouts = ledger.payouts_of(&movements)?;
        let payouts: BTreeSet<String> = self.payouts.values().cloned().collect();
        for payout in payouts {
            for key in ledger.cases_of(&payout, &books.payouts)? {
                self.add(ledger, books, &key)?;
            }
        }
        Ok(())
    }

    /// What is sold has no story: it has uses.
    fn note_what_uses(
        &mut self,
        ledger: &Ledger,
        subject: &Subject,
        teller: &str,
    ) -> anyhow::Result<()> {
        let mut ids = vec![subject.id.clone()];
        ledger.for_each_object("price", |raw| {
            let price: Price = crate::stripe::objects::read(raw)?;
            if price.product.is_some_and(|product| product.as_str() == teller) {
                ids.push(price.id.to_string());
            }
            Ok::<(), anyhow::Error>(())
        })?;
        for id in ids.iter().filter_map(|id| ExternalId::new(id.as_str()).ok()) {
            let users = ledger.records_naming(&id)?;
            if let Some(last) = users.last() {
                let names = if users.len() == 1 { "names" } else { "name" };
                self.notes.push(format!(
                    "{} {names} the item {id}, such as {} {}.",
                    counted(users.len(), "record"),
                    last.kind.title().to_lowercase(),
                    last.external_id
                ));
            }
        }
        Ok(())
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &crate::accounting::Record> {
        self.given.iter().flat_map(|given| &given.derived.records)
    }
}

pub(super) fn inputs<'a>(
    session: &Session,
    ledger: &Ledger,
    books: &'a Books,
    subject: Subject,
    gathered: Gathered,
    built: &'a Built,
) -> anyhow::Result<Inputs<'a>> {
    let mut ids: BTreeSet<ExternalId> = BTreeSet::new();
    for record in gathered.records() {
        ids.insert(record.external_id().clone());
        ids.extend(record.body.needs());
    }
    let unwanted_rows = ledger.unwanted_records(&subject.teller)?;
    let unwanted: Vec<ExternalId> = unwanted_rows
        .into_iter()
        .map(|row| row.external_id)
        .filter(|id| !ids.contains(id))
        .collect();
    ids.extend(unwanted.iter().cloned());
    let mut holdings = BTreeMap::new();
    for id in ids {
        if let Some(row) = ledger.record(&id)? {
            holdings.insert(id, holding(ledger, row)?);
        }
    }
    let exceptions = exceptions(ledger, &gathered)?;
    let notes = books.notes.iter().cloned().chain(gathered.notes).collect();
    Ok(Inputs {
        subject,
        zone: session.settings.stripe.zone,
        now: session.clock.now(),
        policy: books.policy.as_ref(),
        given: gathered.given,
        movements: gathered.movements,
        payouts: gathered.payouts,
        summed: gathered.summed,
        holdings,
        unwanted,
        exceptions,
        built,
        names: books,
        notes,
    })
}

fn holding(ledger: &Ledger, row: RecordRow) -> anyhow::Result<Holding> {
    let attempt = ledger.last_attempt(&row.external_id)?;
    let refusal = attempt
        .filter(|attempt| attempt.outcome.as_deref() == Some("rejected"))
        .map(|attempt| (attempt.started, attempt.message.unwrap_or_default()));
    Ok(Holding {
        kind: Some(row.kind),
        posted: row.posted.zip(row.internal_id),
        state: row.state.as_str().into(),
        refusal,
    })
}

/// Those of the story's cases as they are now, each with the day it was first seen; then the other
/// open ones, which may be about the same records.
fn exceptions(
    ledger: &Ledger,
    gathered: &Gathered,
) -> anyhow::Result<Vec<(Exception, Option<UnixTime>)>> {
    let stored = ledger.open_exceptions()?;
    let mut all: BTreeMap<String, (Exception, Option<UnixTime>)> = BTreeMap::new();
    for given in &gathered.given {
        for exception in &given.derived.exceptions {
            all.insert(exception.id(), (exception.clone(), None));
        }
    }
    for known in stored {
        let since = known.first_seen;
        all.entry(known.exception.id())
            .and_modify(|(_, seen)| *seen = Some(since))
            .or_insert((known.exception, Some(since)));
    }
    Ok(all.into_values().collect())
}

impl explain::Names for Books {
    fn account(&self, id: &InternalId) -> String {
        let known = self.references.as_ref();
        known.map_or_else(|| id.to_string(), |references| Names(references).name(id))
    }

    fn period(&self, id: &InternalId) -> String {
        let periods = self.references.iter().flat_map(|references| &references.periods);
        let known = periods.into_iter().find(|period| period.id == *id);
        known.map_or_else(|| id.to_string(), |period| period.name.clone())
    }
}
