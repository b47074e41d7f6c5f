//! Builds a plan from what the books need and what NetSuite is known to hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::{RawValue, to_raw_value};

use crate::accounting::chart::Chart;
use crate::accounting::exception::Exception;
use crate::accounting::policy::ClosedPeriod;
use crate::accounting::posting::postings;
use crate::accounting::record::Record;
use crate::calendar::PostingPeriod;
use crate::ids::{ExternalId, InternalId};
use crate::money::Currency;
use crate::netsuite::record::Body;
use crate::netsuite::wire::{self, Json, Places};
use crate::plan::change::{Action, Blocked, Change, FieldChange, Request};
use crate::plan::diff::{self, Difference};
use crate::plan::{frozen, place};

/// One record: what the books need, and what NetSuite holds of it.
#[derive(Debug, Clone)]
pub struct Standing {
    pub external_id: ExternalId,
    /// `None`: it was posted, but the facts no longer ask for it.
    pub desired: Option<Record>,
    /// What was posted, and its key.
    pub posted: Option<(Body, InternalId)>,
    /// Sent without a known outcome: nothing may be sent for it before that is resolved.
    pub in_doubt: bool,
    /// NetSuite holds something else under its external id: what differs.
    pub conflict: Option<String>,
}

/// What a plan of records is made by.
pub struct Inputs<'a> {
    pub exceptions: &'a [&'a Exception],
    /// What earlier parts of the same plan hold back.
    pub held_before: &'a [Blocked],
    pub chart: &'a Chart,
    pub periods: &'a [PostingPeriod],
    pub closed_period: ClosedPeriod,
    pub places: &'a dyn Places,
    /// Whether what changed about a customer is sent, besides currencies.
    pub updates_customers: bool,
    /// External ids that are known to be in NetSuite though they are not among the records.
    pub known: &'a dyn Fn(&ExternalId) -> bool,
    /// What the books are kept in.
    pub base_currency: Currency,
}

/// What building gives: the changes in order, and what cannot be sent.
#[derive(Debug, Default)]
pub struct Built {
    pub changes: Vec<Change>,
    pub blocked: Vec<Blocked>,
    /// Looked at, and as they should be.
    pub unchanged: Vec<ExternalId>,
    /// Wanted differently, and left as they were posted, because their period takes nothing any more.
    pub left: Vec<ExternalId>,
}

impl Built {
    /// Adds the next part of the same plan, and keeps the order of the whole.
    pub fn append(&mut self, mut next: Self) {
        self.changes.append(&mut next.changes);
        self.blocked.append(&mut next.blocked);
        self.unchanged.append(&mut next.unchanged);
        self.left.append(&mut next.left);
        self.sort();
    }

    fn sort(&mut self) {
        // A change is large: what it goes by is sorted, and each is moved once.
        self.changes.sort_by_cached_key(order);
        self.blocked.sort_by(|a, b| (a.kind, &a.external_id).cmp(&(b.kind, &b.external_id)));
    }
}

/// Compares, places, orders.
pub fn build(standings: Vec<Standing>, inputs: &Inputs) -> Built {
    let mut built = Built::default();
    let mut present = BTreeSet::new();
    for standing in standings {
        let id = standing.external_id.clone();
        if standing.posted.is_some() {
            present.insert(id.clone());
        }
        match change_of(standing, inputs) {
            Ok(Verdict::Send(change)) => built.changes.push(*change),
            Ok(Verdict::Same) => built.unchanged.push(id),
            Ok(Verdict::Left) => built.left.push(id),
            Err(blocked) => built.blocked.push(blocked),
        }
    }
    built.sort();
    hold_back_what_cannot_stand(&mut built, present, inputs);
    built.sort();
    built
}

/// Kinds in the order in which they can exist, updates before creations, then by date.
fn order(change: &Change) -> impl Ord + use<> {
    let date = change.record.body.header().map(|header| header.tran_date);
    (change.kind, change.action, date, change.external_id.clone())
}

/// What is to be done about a record.
pub(super) enum Verdict {
    Send(Box<Change>),
    Same,
    Left,
}

fn change_of(standing: Standing, inputs: &Inputs) -> Result<Verdict, Blocked> {
    let Some(record) = standing.desired else {
        return standing.posted.as_ref().map_or(Ok(Verdict::Same), |(body, _)| {
            Err(blocked(
                body,
                "It is in NetSuite, but Stripe's facts no longer ask for it.",
                "Find out what changed with `tieout explain`, and reverse it by hand if it is wrong.",
            ))
        });
    };
    if standing.in_doubt {
        return Err(blocked(
            &record.body,
            "It was sent before and no answer came: NetSuite may or may not have it.",
            "The next run looks it up in NetSuite before it sends anything; `tieout resolve --wait` \
             waits until that is certain.",
        ));
    }
    if let Some(difference) = standing.conflict {
        return Err(blocked(
            &record.body,
            &format!("NetSuite has something else under its external id. {difference}."),
            "Give that record another external id in NetSuite, or make it equal, and run `tieout \
             resolve`.",
        ));
    }
    match standing.posted {
        None => creation(record, inputs).map(|change| Verdict::Send(Box::new(change))),
        Some((posted, id)) => update(record, &posted, id, inputs),
    }
}

/// The change that creates a record, placed in its posting period.
pub(super) fn creation(mut record: Record, inputs: &Inputs) -> Result<Change, Blocked> {
    let receivable = place::is_receivable(&record.body);
    if let Some(header) = record.body.header_mut() {
        let placed = place::place(header, receivable, inputs.periods, inputs.closed_period)
            .map_err(|error| error.to_string());
        placed.map_err(|reason| {
            blocked(
                &record.body,
                &sentence(&reason),
                "Open the period or set up the next ones in NetSuite.",
            )
        })?;
    }
    let body = wire::create_json(&record.body, inputs.places)
        .map_err(|error| unfit(&record.body, &error.to_string()))?;
    let request = Request {
        method: "POST".into(),
        path: format!("/record/v1/{}", record.kind().rest_name()),
        replace: Vec::new(),
        body: raw(&body),
    };
    let postings = postings(&record.body, inputs.chart)
        .map_err(|error| unfit(&record.body, &error.to_string()))?;
    Ok(change(Action::Create, record, None, request, Vec::new(), postings))
}

/// The change that turns what was posted into `record`, if anything differs.
pub(super) fn update(
    record: Record,
    posted: &Body,
    id: InternalId,
    inputs: &Inputs,
) -> Result<Verdict, Blocked> {
    let difference = diff::compare(&record.body, posted, inputs.places, inputs.updates_customers)
        .map_err(|error| unfit(&record.body, &error.to_string()))?;
    let frozen = frozen::period_of(posted, inputs.periods);
    let difference = match (difference, frozen) {
        (Difference::Update { fields, .. }, Some(period)) => {
            match only_applied(&record, posted, fields, period, inputs)? {
                Difference::Same => return Ok(Verdict::Left),
                applied => applied,
            }
        }
        (difference, _) => difference,
    };
    match difference {
        Difference::Same => Ok(Verdict::Same),
        Difference::Update { after, patch, replace, fields } => {
            let record = Record { body: *after, ..record };
            let request = Request {
                method: "PATCH".into(),
                path: format!("/record/v1/{}/{id}", record.kind().rest_name()),
                replace: replace.into_iter().map(str::to_owned).collect(),
                body: raw(&patch),
            };
            let change = change(Action::Update, record, Some(id), request, fields, Vec::new());
            Ok(Verdict::Send(Box::new(change)))
        }
        Difference::Conflict { fields } => {
            let what: Vec<String> = fields.iter().map(ToString::to_string).collect();
            let period = frozen.map(|period| {
                let state = place::state_word(period.state);
                format!(" Its posting period {} is {state}.", period.name)
            });
            let period = period.unwrap_or_default();
            let id = record.external_id();
            Err(blocked(
                &record.body,
                &format!("It was posted with other values: {}.{period}", what.join("; ")),
                &format!(
                    "Posted amounts are never edited: `tieout reverse {id}` takes it back in an open \
                     period, or restore the policy it was made under."
                ),
            ))
        }
    }
}

/// Of an update of a record whose period takes nothing any more, what posts nothing: applications.
/// The other fields stay, and are told as staying.
fn only_applied(
    record: &Record,
    posted: &Body,
    mut fields: Vec<FieldChange>,
    period: &PostingPeriod,
    inputs: &Inputs,
) -> Result<Difference, Blocked> {
    let after = frozen::with_applications_of(&record.body, posted);
    let update = wire::update_json(posted, &after, inputs.places)
        .map_err(|error| unfit(&record.body, &error.to_string()))?;
    let Some((patch, replace)) = update else { return Ok(Difference::Same) };
    frozen::keeps_gain(posted, &after, inputs.base_currency, period).map_err(|reason| {
        let fix = format!("Change it in NetSuite, or open {} and lock it again.", period.name);
        blocked(&record.body, &reason, &fix)
    })?;
    for field in fields.iter_mut().filter(|field| field.field != diff::APPLIED_TO) {
        let state = place::state_word(period.state);
        field.to = format!("stays as it is: {} is {state}", period.name);
    }
    Ok(Difference::Update { after: Box::new(after), patch, replace, fields })
}

/// A record whose needs are neither in NetSuite nor made before it by this plan is held back, and
/// so is whatever needs it.
fn hold_back_what_cannot_stand(
    built: &mut Built,
    mut present: BTreeSet<ExternalId>,
    inputs: &Inputs,
) {
    let mut reasons: BTreeMap<ExternalId, String> = inputs
        .held_before
        .iter()
        .chain(&built.blocked)
        .map(|blocked| (blocked.external_id.clone(), blocked.reason.clone()))
        .collect();
    built.changes.retain(|change| {
        let mut needs = change.record.body.needs().into_iter();
        let missing = needs.find(|need| !present.contains(need) && !(inputs.known)(need));
        let Some(need) = missing else {
            present.insert(change.external_id.clone());
            return true;
        };
        let held = held_back(change, &need, &reasons, inputs.exceptions);
        reasons.insert(change.external_id.clone(), held.reason.clone());
        built.blocked.push(held);
        false
    });
}

fn held_back(
    change: &Change,
    need: &ExternalId,
    reasons: &BTreeMap<ExternalId, String>,
    exceptions: &[&Exception],
) -> Blocked {
    let exception = exceptions.iter().find(|exception| exception.blocks.contains(need));
    let (reason, fix) = match (exception, reasons.get(need)) {
        (Some(exception), _) => {
            (format!("It needs {need}: {}", exception.message), exception.fix.clone())
        }
        (None, Some(reason)) => (
            format!("It needs {need}, which is blocked: {reason}"),
            format!("Resolve what blocks {need}."),
        ),
        (None, None) => (
            format!("It needs {need}, which is neither in NetSuite nor in this plan."),
            "Pull from an earlier date, so that the object it stands for is known.".into(),
        ),
    };
    Blocked { behind: Some(need.clone()), ..blocked(&change.record.body, &reason, &fix) }
}

fn change(
    action: Action,
    record: Record,
    internal_id: Option<InternalId>,
    request: Request,
    fields: Vec<FieldChange>,
    postings: Vec<crate::accounting::posting::Posting>,
) -> Change {
    Change {
        action,
        external_id: record.external_id().clone(),
        kind: record.kind(),
        record,
        internal_id,
        request,
        fields,
        postings,
    }
}

pub(super) fn blocked(body: &Body, reason: &str, fix: &str) -> Blocked {
    Blocked {
        external_id: body.external_id().clone(),
        kind: body.kind(),
        reason: reason.into(),
        fix: fix.into(),
        behind: None,
        amount: body.total(),
    }
}

fn unfit(body: &Body, error: &str) -> Blocked {
    blocked(body, &sentence(error), "Correct the configuration that the message names.")
}

/// An error's text as a sentence.
fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn raw(body: &Json) -> Box<RawValue> {
    to_raw_value(body).expect("digits and strings always serialize")
}
