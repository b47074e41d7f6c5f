//! What a plan holds back, and what of that a person has accepted for now.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::accounting::exception::Exception;
use crate::ids::ExternalId;
use crate::plan::file::Plan;

/// An exception that may stand until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The last day on which that holds.
    pub until: NaiveDate,
    pub reason: String,
    pub exception: Exception,
}

impl Plan {
    /// Whether some record is not made that somebody waits for: blocked, or never drawn up because
    /// of an exception. What waits for nothing but accepted exceptions does not count.
    pub fn holds_back(&self) -> bool {
        let stops = |exception: &Exception| !exception.blocks.is_empty();
        if self.exceptions.iter().any(stops) {
            return true;
        }
        let mut excused: BTreeSet<&ExternalId> =
            self.accepted.iter().flat_map(|accepted| &accepted.exception.blocks).collect();
        // A record may stand behind one that stands behind another, in any order.
        loop {
            let more: Vec<&ExternalId> = self
                .blocked
                .iter()
                .filter(|blocked| !excused.contains(&blocked.external_id))
                .filter(|blocked| blocked.behind.as_ref().is_some_and(|id| excused.contains(id)))
                .map(|blocked| &blocked.external_id)
                .collect();
            if more.is_empty() {
                break;
            }
            excused.extend(more);
        }
        // One that is blocked by itself, say by a closed period, is nobody's acceptance.
        self.blocked
            .iter()
            .any(|blocked| blocked.behind.is_none() || !excused.contains(&blocked.external_id))
    }
}
