//! What to do about a record whose request got no clear answer: a pure decision.
//!
//! NetSuite may work on a request for 15 minutes after its client gave up. So "it is not there" is
//! only believed when NetSuite said that it stopped, or when that time has passed.

use crate::calendar::UnixTime;
use crate::ids::InternalId;
use crate::push::witness::Seen;
use crate::reconcile::drift::Drift;

/// How long after a request NetSuite may still act on it: its own limit of 15 minutes, and a minute
/// for two clocks that differ.
pub const GRACE_S: i64 = 16 * 60;

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The request had worked.
    Adopt(InternalId),
    /// Something else is there: it is never overwritten. The text says what differs.
    Conflict(String),
    /// It has not arrived, and will not: it may be sent again.
    SendAgain,
    /// Nobody knows yet.
    Wait { until: UnixTime },
}

/// When a request was written down, and what is known of the time after it.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub at: UnixTime,
    pub grace_s: i64,
    /// NetSuite itself said that it stopped working on it.
    pub is_over: bool,
}

impl Sent {
    /// Until when NetSuite may still act on it.
    pub fn until(self) -> UnixTime {
        if self.is_over { self.at } else { UnixTime(self.at.0.saturating_add(self.grace_s)) }
    }
}

/// The verdict on a creation.
pub fn on_create(seen: Seen, sent: Sent, now: UnixTime) -> Verdict {
    match seen {
        Seen::Equal(id) => Verdict::Adopt(id),
        Seen::Different { internal_id, drifts } => {
            let words: Vec<String> = drifts.iter().map(Drift::sentence).collect();
            Verdict::Conflict(format!("NetSuite's record {internal_id}: {}", words.join("; ")))
        }
        Seen::OtherKind { detail } => Verdict::Conflict(detail),
        Seen::Absent if now >= sent.until() => Verdict::SendAgain,
        Seen::Absent => Verdict::Wait { until: sent.until() },
    }
}

/// The verdict on an update. It states values and replaces whole sublists, so sending it again is
/// harmless once the first one can no longer come late.
pub fn on_update(seen: Seen, sent: Sent, now: UnixTime) -> Verdict {
    match seen {
        Seen::Equal(id) => Verdict::Adopt(id),
        _ if now >= sent.until() => Verdict::SendAgain,
        _ => Verdict::Wait { until: sent.until() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: Sent = Sent { at: UnixTime(1_000), grace_s: GRACE_S, is_over: false };

    #[test]
    fn what_is_not_there_yet_is_not_believed_to_be_absent_before_netsuite_must_have_given_up() {
        let late = UnixTime(1_000 + GRACE_S);
        let early = UnixTime(late.0 - 1);
        assert_eq!(on_create(Seen::Absent, SENT, early), Verdict::Wait { until: late });
        assert_eq!(on_create(Seen::Absent, SENT, late), Verdict::SendAgain);
        let over = Sent { is_over: true, ..SENT };
        assert_eq!(on_create(Seen::Absent, over, UnixTime(1_000)), Verdict::SendAgain);
    }

    #[test]
    fn something_else_under_our_id_is_never_sent_over() {
        let other = Seen::OtherKind { detail: "a journal".into() };
        let verdict = on_create(other, SENT, UnixTime(1_000_000));
        assert_eq!(verdict, Verdict::Conflict("a journal".into()));
    }

    #[test]
    fn an_update_that_did_not_arrive_is_sent_again_and_never_a_conflict() {
        let seen = Seen::Different { internal_id: "5".into(), drifts: Vec::new() };
        let waits = on_update(seen.clone(), SENT, UnixTime(1_000));
        assert!(matches!(waits, Verdict::Wait { .. }));
        assert_eq!(on_update(seen, SENT, UnixTime(1_000_000)), Verdict::SendAgain);
        let equal = Seen::Equal("5".into());
        assert_eq!(on_update(equal, SENT, UnixTime(0)), Verdict::Adopt("5".into()));
    }
}
