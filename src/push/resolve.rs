//! What an earlier run left without an answer: looked up before anything else is sent.

use crate::ids::ExternalId;
use crate::ledger::{Ledger, LedgerError, Outcome};
use crate::netsuite::client::Client;
use crate::netsuite::error::NetSuiteError;
use crate::plan::Action;

/// What looking up brought.
#[derive(Debug, Default)]
pub struct Resolution {
    /// Found in NetSuite: the request had worked.
    pub found: usize,
    /// Not in NetSuite: it will be planned again.
    pub absent: usize,
    /// An update without an answer: what it changed is not known.
    pub unknown: Vec<ExternalId>,
}

/// Resolves every attempt that has no outcome.
///
/// # Errors
/// The inner error when NetSuite cannot be asked, the outer one when the ledger fails.
pub async fn resolve_unfinished(
    ledger: &mut Ledger,
    client: &Client,
) -> Result<Result<Resolution, NetSuiteError>, LedgerError> {
    let mut resolution = Resolution::default();
    for attempt in ledger.unfinished_attempts()? {
        let found = match client.find_by_external_id(attempt.kind, &attempt.external_id).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        match (found, attempt.action.as_str() == Action::Create.verb()) {
            (Some(id), true) => {
                ledger.finish_attempt(attempt.id, Outcome::Posted { internal_id: &id })?;
                resolution.found += 1;
            }
            (None, true) => {
                ledger.finish_attempt(attempt.id, Outcome::Absent)?;
                resolution.absent += 1;
            }
            // Re-sending an update is harmless: it states values and replaces whole sublists.
            (_, false) => {
                ledger.finish_attempt(attempt.id, Outcome::Absent)?;
                resolution.unknown.push(attempt.external_id);
            }
        }
    }
    Ok(Ok(resolution))
}
