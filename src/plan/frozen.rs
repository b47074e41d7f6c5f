//! Posted records of a posting period that takes nothing any more: closed or locked in NetSuite, or
//! locked in these books.
//!
//! Such a record is never edited. What would change an amount is blocked, and taken back by an opposite
//! record in the first open period if a person says so; what is only described otherwise stays as it
//! was posted. An application alone may change, because it posts nothing: a credit of the month may
//! pay an invoice of the next. In a foreign currency one that is taken back takes back the gain or loss
//! that NetSuite booked for it, so it waits.

use crate::calendar::PostingPeriod;
use crate::ids::InternalId;
use crate::money::Currency;
use crate::netsuite::record::Body;
use crate::plan::place::{is_receivable, state_word};

/// The period of a posted record, when it takes no such record any more.
pub(super) fn period_of<'a>(
    posted: &Body,
    periods: &'a [PostingPeriod],
) -> Option<&'a PostingPeriod> {
    let id: &InternalId = posted.header()?.posting_period.as_ref()?;
    let period = periods.iter().find(|period| period.id == *id)?;
    (!period.state.takes(is_receivable(posted))).then_some(period)
}

/// `posted` with the applications of `desired`, and nothing else of it.
pub(super) fn with_applications_of(desired: &Body, posted: &Body) -> Body {
    let mut after = posted.clone();
    if let Some(applied) = after.applied_mut() {
        *applied = desired.applied().to_vec();
    }
    after
}

/// Why the applications of a record may not change as `after` says.
pub(super) fn keeps_gain(
    posted: &Body,
    after: &Body,
    base: Currency,
    period: &PostingPeriod,
) -> Result<(), String> {
    let is_foreign = posted.total().is_some_and(|total| total.currency() != base);
    let is_taken_back = posted.applied().iter().any(|applied| !after.applied().contains(applied));
    if is_foreign && is_taken_back {
        return Err(format!(
            "It would no longer be applied as it was, and NetSuite would take back the gain or loss \
             that it booked for that; the posting period {} is {}.",
            period.name,
            state_word(period.state)
        ));
    }
    Ok(())
}
