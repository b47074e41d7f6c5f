//! Links: what NetSuite has already is referred to, and not made again.
//!
//! A link comes from metadata (`netsuite_customer_id` and its like), from a match that the
//! configuration asks for, or from a record that the configuration names. Rules derive as if every
//! record were ours; then each linked one is taken out and whatever points at it points at NetSuite's
//! own record. So a rule needs to know nothing of links, except where the books depend on them: an
//! item brings the account it posts to.
//!
//! A record that was posted before it was linked stays ours: what is posted is never moved.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::case::Case;
use crate::accounting::exception::{Exception, ExceptionClass};
use crate::accounting::link_sources;
use crate::accounting::policy::Policy;
use crate::accounting::question::{Answers, By, Hit, Known, Question};
use crate::accounting::record::{Derived, Linked, Record};
use crate::ids::{ExternalId, ObjectId};
use crate::netsuite::record::{RecordKind, Ref};

/// Exceptions of links begin with this: a later look at NetSuite may resolve them.
pub const LOOKUP_CODES: &str = "link_";
/// Records that an exception lists at most.
const LISTED_MAX: usize = 5;

/// A record that may be in NetSuite already.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// The record that is then not made, in plain ids.
    pub(super) record: ExternalId,
    /// The Stripe object whose record it is.
    pub(super) subject: String,
    /// The metadata key, or the setting, that asks.
    pub(super) asked_by: String,
    /// In order; the first that NetSuite knows decides.
    pub(super) questions: Vec<Question>,
    /// Where the record must exist because items may not be made.
    pub(super) is_required: bool,
    /// Where nobody asked, the record is made: NetSuite refuses a second one of its name, loudly.
    pub(super) may_be_unasked: bool,
    /// A record that is not made either: whoever made the linked one made its counterpart.
    pub(super) drops: Option<ExternalId>,
}

/// Everything of a case that may be linked.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    pub(super) links: Vec<Link>,
    /// Charges whose records belong to another customer than their own.
    pub(super) moves: Vec<(ObjectId, Question)>,
    /// Items that single lines name.
    pub(super) named: Vec<Question>,
    /// Ids that cannot be read.
    pub(super) unreadable: Vec<(ExternalId, Exception)>,
}

/// What the links of a case came to.
#[derive(Debug, Default)]
pub(super) struct Links {
    found: BTreeMap<ExternalId, Hit>,
    failed: BTreeMap<ExternalId, Exception>,
    dropped: BTreeSet<ExternalId>,
    moved: BTreeMap<ObjectId, Result<Hit, Exception>>,
}

/// What derivation must know of NetSuite before it can say what cases become.
#[derive(Debug, Default)]
pub struct Needs {
    pub questions: BTreeSet<Question>,
    /// The records that a link would take the place of, by the ids that NetSuite sees: whether they are
    /// ours already must be known.
    pub linkable: BTreeSet<ExternalId>,
}

impl Needs {
    pub fn of<'a>(cases: impl IntoIterator<Item = &'a Case>, policy: &Policy) -> Self {
        let mut needs = Self::default();
        let mut has_customers = false;
        for case in cases {
            has_customers |= matches!(case, Case::Customer(_));
            needs.add(link_sources::of(case, policy), policy);
        }
        if has_customers {
            needs.add(link_sources::of_any_customer(policy), policy);
        }
        needs
    }

    fn add(&mut self, candidates: Candidates, policy: &Policy) {
        let naming = &policy.masters.naming;
        self.linkable.extend(candidates.links.iter().map(|link| naming.outside(&link.record)));
        self.questions.extend(candidates.links.into_iter().flat_map(|link| link.questions));
        self.questions.extend(candidates.moves.into_iter().map(|(_, question)| question));
        self.questions.extend(candidates.named);
    }
}

impl Links {
    pub(super) fn of(case: &Case, policy: &Policy) -> Self {
        let known = case.known();
        let candidates = link_sources::of(case, policy);
        let mut links =
            Self { failed: candidates.unreadable.into_iter().collect(), ..Self::default() };
        let shares = matches!(case, Case::Customer(_)) && may_share(known, policy);
        let shared = shares.then(|| link_sources::of_any_customer(policy).links);
        for link in candidates.links.into_iter().chain(shared.into_iter().flatten()) {
            let own = policy.masters.naming.outside(&link.record);
            match link.resolve(&own, known) {
                Ok(None) => {}
                Ok(Some(hit)) => {
                    links.dropped.extend(link.drops);
                    links.found.insert(link.record, hit);
                }
                Err(exception) => {
                    let is_ours = known.ours.contains(&link.record);
                    let held = if is_ours { exception } else { exception.blocking(&link.record) };
                    links.failed.insert(link.record, held);
                }
            }
        }
        for (charge, question) in candidates.moves {
            let hit = the_one(&question, &known.answers, charge.as_str(), "netsuite_customer_id");
            let hit = hit.and_then(|hit| hit.ok_or_else(|| not_asked(charge.as_str())));
            links.moved.insert(charge, hit);
        }
        links
    }

    /// Whether NetSuite has a record in place of this one of ours.
    pub(super) fn has(&self, record: &ExternalId) -> bool {
        self.found.contains_key(record)
    }

    /// The item that NetSuite has for a record of ours.
    pub(super) fn item(&self, record: &ExternalId) -> Result<Option<&Hit>, Exception> {
        match self.failed.get(record) {
            Some(exception) => Err(exception.clone()),
            None => Ok(self.found.get(record)),
        }
    }

    /// Takes linked records out and points everything at what NetSuite has.
    pub(super) fn apply(self, derived: &mut Derived, known: &Known) {
        if self.found.is_empty() && self.failed.is_empty() && self.moved.is_empty() {
            return;
        }
        for (record, exception) in &self.failed {
            withhold(derived, record, exception, known);
        }
        self.move_customers(derived);
        let mut kept = Vec::with_capacity(derived.records.len());
        for mut record in std::mem::take(&mut derived.records) {
            let target = |id: &ExternalId| Some(Ref::Id(self.found.get(id)?.id.clone()));
            for pointer in record.body.refs_mut() {
                if let Some(linked) = pointer.external().and_then(target) {
                    *pointer = linked;
                }
            }
            match self.found.get(record.external_id()) {
                Some(hit) => derived.linked.push(Linked { record, id: hit.id.clone() }),
                None if self.dropped.contains(record.external_id()) => {}
                None if self.is_part_of_linked(&record) => {}
                None => kept.push(record),
            }
        }
        derived.records = kept;
    }

    /// One of the parts that a long deposit is split into: the whole is there already.
    fn is_part_of_linked(&self, record: &Record) -> bool {
        let id = record.external_id().as_str();
        let Some((whole, part)) = id.rsplit_once('-') else { return false };
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        let is_deposit = record.kind() == RecordKind::Deposit;
        is_deposit && is_number && self.found.keys().any(|linked| linked.as_str() == whole)
    }

    /// Puts the records of a charge under the customer that its metadata name.
    fn move_customers(&self, derived: &mut Derived) {
        for (charge, hit) in &self.moved {
            let mut homes: BTreeSet<ExternalId> = BTreeSet::new();
            let is_of = |record: &Record| record.sources.contains(charge);
            let mut blocked = Vec::new();
            for record in derived.records.iter_mut().filter(|record| is_of(record)) {
                let id = record.external_id().clone();
                let Some(customer) = record.body.customer_mut() else { continue };
                match hit {
                    Ok(hit) => {
                        homes.extend(customer.external().cloned());
                        *customer = Ref::Id(hit.id.clone());
                    }
                    Err(_) => blocked.push(id),
                }
            }
            if let Err(exception) = hit {
                derived.records.retain(|record| !blocked.contains(record.external_id()));
                let held = blocked.iter().fold(exception.clone(), Exception::blocking);
                derived.exceptions.push(held);
            }
            // A customer that nothing needs any more is not made.
            for home in homes {
                let is_needed = |record: &Record| record.body.needs().contains(&home);
                if !derived.records.iter().any(is_needed) {
                    derived.records.retain(|record| *record.external_id() != home);
                }
            }
        }
    }
}

/// Whether NetSuite may have something in the place of an item that any customer can buy, or must have.
fn may_share(known: &Known, policy: &Policy) -> bool {
    let items = &policy.masters.items;
    let is_asked_for = !items.create || !items.global.is_empty();
    is_asked_for || known.answers.values().any(|hits| !hits.is_empty())
}

/// A link that does not hold: its record is not made. Where it was made before, what is new and
/// points at it waits.
fn withhold(derived: &mut Derived, record: &ExternalId, exception: &Exception, known: &Known) {
    let is_made = |id: &ExternalId| derived.records.iter().any(|made| made.external_id() == id);
    let needed = derived.records.iter().any(|made| made.body.needs().contains(record));
    if !is_made(record) && !needed {
        return;
    }
    if !known.ours.contains(record) {
        derived.records.retain(|made| made.external_id() != record);
    }
    if !derived.exceptions.iter().any(|known| known.id() == exception.id()) {
        derived.exceptions.push(exception.clone());
    }
}

impl Link {
    /// NetSuite's record; `None` where there is none, or where it is ours.
    fn resolve(&self, own: &ExternalId, known: &Known) -> Result<Option<Hit>, Exception> {
        let subject = self.subject.as_str();
        for question in &self.questions {
            if self.may_be_unasked && !known.answers.contains_key(question) {
                continue;
            }
            let Some(hit) = the_one(question, &known.answers, subject, &self.asked_by)? else {
                continue;
            };
            let is_own =
                hit.external_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(own.as_str()));
            if is_own {
                return Ok(None);
            }
            if known.ours.contains(&self.record) {
                // A match that appeared later says nothing about what was made before.
                let by_id = matches!(question.by, By::Id(_));
                return if by_id { Err(self.too_late(&hit)) } else { Ok(None) };
            }
            return Ok(Some(hit));
        }
        if self.is_required && !known.ours.contains(&self.record) {
            return Err(self.missing_item());
        }
        Ok(None)
    }

    fn too_late(&self, hit: &Hit) -> Exception {
        Exception::new(
            ExceptionClass::Policy,
            "link_too_late",
            &self.subject,
            format!(
                "{} names {} (id {}), but {} was already posted as a record of its own.",
                self.asked_by, hit.label, hit.id, self.record
            ),
            format!("Remove {}, or move the posted records in NetSuite by hand.", self.asked_by),
        )
    }

    fn missing_item(&self) -> Exception {
        let tried: Vec<String> = self.questions.iter().map(Question::in_words).collect();
        Exception::new(
            ExceptionClass::Configuration,
            "link_item_missing",
            &self.subject,
            format!(
                "NetSuite has no item with {}, and items are not to be made.",
                tried.join(" or ")
            ),
            format!(
                "Create the item, put {} on the price, or set items.create = true.",
                super::metadata::ITEMS[0]
            ),
        )
    }
}

impl Question {
    fn in_words(&self) -> String {
        match &self.by {
            By::Id(id) => format!("id {id}"),
            By::Field { column, value } => format!("{column} `{value}`"),
        }
    }
}

/// The only record that answers a question; `None` where a field matches nothing.
pub(super) fn the_one(
    question: &Question,
    answers: &Answers,
    subject: &str,
    asked_by: &str,
) -> Result<Option<Hit>, Exception> {
    let hits = answers.get(question).ok_or_else(|| not_asked(subject))?;
    let title = question.sought.title();
    match (&question.by, hits.as_slice()) {
        (By::Id(id), []) => Err(Exception::new(
            ExceptionClass::Data,
            "link_missing",
            subject,
            format!("{asked_by} names {id}, which is not in NetSuite."),
            format!("Correct {asked_by} to the internal id of {title}, or remove it."),
        )),
        (By::Id(id), [hit, ..]) if !question.sought.is(&hit.kind) => Err(Exception::new(
            ExceptionClass::Data,
            "link_wrong_kind",
            subject,
            format!("{asked_by} names {id}, which is not {title} ({}).", hit.kind),
            format!("Correct {asked_by} to the internal id of {title}, or remove it."),
        )),
        (By::Id(_), [hit, ..]) if hit.is_inactive => Err(Exception::new(
            ExceptionClass::Data,
            "link_inactive",
            subject,
            format!("{asked_by} names {} (id {}), which is inactive.", hit.label, hit.id),
            "Activate it in NetSuite, or name another.",
        )),
        (By::Field { .. }, []) => Ok(None),
        (_, [hit]) | (By::Id(_), [hit, ..]) => Ok(Some(hit.clone())),
        (By::Field { .. }, several) => Err(ambiguous(question, several, subject, asked_by)),
    }
}

fn ambiguous(question: &Question, hits: &[Hit], subject: &str, asked_by: &str) -> Exception {
    let mut listed: Vec<String> =
        hits.iter().take(LISTED_MAX).map(|hit| format!("{} (id {})", hit.label, hit.id)).collect();
    if hits.len() > LISTED_MAX {
        listed.push(format!("and {} more", hits.len() - LISTED_MAX));
    }
    let key = match question.sought {
        crate::accounting::question::Sought::Customer => super::metadata::CUSTOMER,
        _ => super::metadata::ITEMS[0],
    };
    Exception::new(
        ExceptionClass::Data,
        "link_ambiguous",
        subject,
        format!(
            "By {asked_by}, several records match {}: {}.",
            question.in_words(),
            listed.join(", ")
        ),
        format!("Put {key} on {subject} to say which, or make the field unique in NetSuite."),
    )
}

/// Derived without asking first: nothing may be posted on a guess.
fn not_asked(subject: &str) -> Exception {
    Exception::new(
        ExceptionClass::Timing,
        "link_not_looked_up",
        subject,
        "NetSuite was not asked yet whether it has this record.",
        "Run `tieout plan`, which asks.",
    )
}
