//! External ids as they stand in NetSuite: the configured prefix before each.
//!
//! Rules speak of plain ids (`in_1`, `re_1-memo`); the prefix is taken off at the entrance of the
//! core and put on at its exit, so no rule needs to know it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::accounting::case::Case;
use crate::accounting::cutover::Booked;
use crate::accounting::masters::Naming;
use crate::accounting::record::{Derived, Rule};
use crate::ids::{ExternalId, ObjectId};
use crate::netsuite::record::{Body, Ref};

impl Naming {
    /// The id as NetSuite has it.
    #[must_use]
    pub fn outside(&self, id: &ExternalId) -> ExternalId {
        let named = format!("{}{id}", self.prefix);
        // The prefix was checked, and Stripe's ids are far shorter than the limit.
        ExternalId::new(named).unwrap_or_else(|_| id.clone())
    }

    /// A Stripe id as the external id of the record it became.
    pub fn record_of(&self, stripe_id: &str) -> Option<ExternalId> {
        ExternalId::new(stripe_id).ok().map(|id| self.outside(&id))
    }

    fn inside(&self, id: &ExternalId) -> ExternalId {
        let plain = id.as_str().strip_prefix(self.prefix.as_str());
        plain.and_then(|plain| ExternalId::new(plain).ok()).unwrap_or_else(|| id.clone())
    }

    /// A name that is not Stripe's own id, told apart from that of another Stripe account.
    pub(super) fn scoped(&self, id: &str) -> String {
        self.scope.as_ref().map_or_else(|| id.to_owned(), |scope| format!("{id}-{scope}"))
    }

    /// A displayed name, told apart in the same way.
    pub(super) fn scoped_name(&self, name: &str) -> String {
        self.scope.as_ref().map_or_else(|| name.to_owned(), |scope| format!("{name} ({scope})"))
    }
}

/// The case in plain ids.
pub(super) fn plain<'a>(case: &'a Case, naming: &Naming) -> Cow<'a, Case> {
    if naming.prefix.is_empty() {
        return Cow::Borrowed(case);
    }
    let mut case = case.clone();
    match &mut case {
        Case::Customer(case) => {
            for ids in [&mut case.posted, &mut case.in_detail] {
                *ids = ids.iter().map(|id| naming.inside(id)).collect();
            }
        }
        Case::Payout(_) => {}
        Case::Opening(case) => {
            if let Some(record) = &mut case.posted {
                rename(&mut record.body, |id| naming.inside(id));
            }
        }
        Case::Day(case) => {
            case.taken.iter_mut().for_each(|(_, record)| *record = naming.inside(record));
        }
        Case::Summary(case) => {
            for (member, record) in &mut case.taken {
                if let Ok(id) = ExternalId::new(member.as_str()) {
                    *member = naming.inside(&id).to_string();
                }
                *record = naming.inside(record);
            }
            for record in &mut case.records {
                rename(&mut record.body, |id| naming.inside(id));
            }
        }
    }
    let known = case.known_mut();
    known.ours = Arc::new(known.ours.iter().map(|id| naming.inside(id)).collect());
    Cow::Owned(case)
}

/// Puts the prefix before every external id.
pub(super) fn prefix(derived: &mut Derived, naming: &Naming) {
    if naming.prefix.is_empty() {
        return;
    }
    let linked = derived.linked.iter_mut().map(|linked| &mut linked.record);
    for record in derived.records.iter_mut().chain(linked) {
        rename(&mut record.body, |id| naming.outside(id));
        // A summary's sources are the records it stands for.
        if matches!(record.rule, Rule::SalesSummedByDay | Rule::ReceiptsSummedByPayout) {
            for source in &mut record.sources {
                if let Some(id) = naming.record_of(source.as_str()) {
                    *source = ObjectId::new(id.as_str());
                }
            }
        }
    }
    let summaries = std::mem::take(&mut derived.summaries).into_iter();
    derived.summaries = summaries.map(|(id, summary)| (naming.outside(&id), summary)).collect();
    for straddler in &mut derived.straddlers {
        if let Booked::Record(id) = &mut straddler.booked {
            *id = naming.outside(id);
        }
    }
    for exception in &mut derived.exceptions {
        exception.blocks = exception.blocks.iter().map(|id| naming.outside(id)).collect();
    }
}

fn rename(body: &mut Body, name: impl Fn(&ExternalId) -> ExternalId) {
    let id = body.external_id_mut();
    *id = name(id);
    for pointer in body.refs_mut() {
        if let Ref::External(id) = pointer {
            *id = name(id);
        }
    }
}
