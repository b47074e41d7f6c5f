//! Write-back: NetSuite's ids into the metadata of Stripe's objects, under the connector's keys.
//!
//! The same protocol as towards NetSuite: the object is read first; what says something else is left
//! alone; the intent is on disk before the request leaves; an answer that never came is looked up.
//! Adding a key to metadata twice is adding it once, so what is not there may be sent again at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use crate::digest::sha256_hex;
use crate::ids::{ExternalId, InternalId, ObjectId};
use crate::ledger::{Ledger, LedgerError, RecordRow, RunId, Unsent, WriteOutcome};
use crate::netsuite::record::RecordKind;
use crate::push::adopt::metadata_key;
use crate::stripe::client::Client;
use crate::stripe::error::{ErrorKind, StripeError};
use crate::stripe::objects::Head;
use crate::stripe::resource::Resource;

/// Objects under way at once: far below what Stripe grants, and nobody waits for them.
const PLACES: usize = 6;

/// Lists whose objects carry ids.
pub const LISTS: [Resource; 9] = [
    Resource::Customers,
    Resource::Invoices,
    Resource::Charges,
    Resource::Refunds,
    Resource::Disputes,
    Resource::CreditNotes,
    Resource::Payouts,
    Resource::Prices,
    Resource::Coupons,
];

/// What became of it.
#[derive(Debug, Default)]
pub struct WrittenBack {
    /// Objects that got their ids now.
    pub written: usize,
    /// Objects that had them already.
    pub found: usize,
    /// Refused by Stripe, or saying something else already.
    pub failed: Vec<Unsent>,
    pub in_doubt: Vec<Unsent>,
    /// Why it stopped before its end: nothing else can work either.
    pub stopped: Option<StripeError>,
}

/// The entries of one object: the record of each key, and its id.
#[derive(Debug, Clone)]
struct Entries {
    path: String,
    metadata: BTreeMap<String, String>,
    records: Vec<(ExternalId, InternalId)>,
}

/// A step that ended.
enum Step {
    /// The object was read; after a request whose answer was lost, `cause` is its error.
    Read {
        entries: Entries,
        cause: Option<StripeError>,
        object: Result<Box<RawValue>, StripeError>,
    },
    Sent {
        entries: Entries,
        answer: Result<Box<RawValue>, StripeError>,
    },
}

/// What the object's metadata say of the entries.
enum Says {
    All,
    Nothing,
    Else(String),
    /// The object is gone from Stripe.
    Deleted,
}

/// Writes every id that Stripe does not have yet.
///
/// # Errors
/// When the ledger fails: then nothing more is sent, because nothing more could be recorded.
pub async fn write_back(
    ledger: &mut Ledger,
    client: &Arc<Client>,
    run: RunId,
    stop: &AtomicBool,
) -> Result<WrittenBack, LedgerError> {
    let kinds: Vec<RecordKind> =
        RecordKind::ALL.into_iter().filter(|kind| metadata_key(*kind).is_some()).collect();
    let rows = ledger.records_to_write_back(&kinds)?;
    let mut work =
        Work { ledger, client, run, flying: JoinSet::new(), done: WrittenBack::default() };
    let mut waiting = work.entries(&rows)?.into_iter();
    loop {
        let goes_on = work.done.stopped.is_none() && !stop.load(Ordering::Relaxed);
        if goes_on
            && work.flying.len() < PLACES
            && let Some(entries) = waiting.next()
        {
            work.read(entries, None);
            continue;
        }
        match work.flying.join_next().await {
            Some(step) => work.settle(step.expect("a request neither panics nor is cancelled"))?,
            None => return Ok(work.done),
        }
    }
}

struct Work<'a> {
    ledger: &'a mut Ledger,
    client: &'a Arc<Client>,
    run: RunId,
    flying: JoinSet<Step>,
    done: WrittenBack,
}

impl Work<'_> {
    /// What each object shall say. Records without an object of their own are done with.
    fn entries(&mut self, rows: &[RecordRow]) -> Result<Vec<Entries>, LedgerError> {
        let mut by_object: BTreeMap<String, Entries> = BTreeMap::new();
        for row in rows {
            let Some(id) = &row.internal_id else { continue };
            let record = (row.external_id.clone(), id.clone());
            let (Some(source), Some(key)) = (own_object(row), metadata_key(row.kind)) else {
                self.finish(&[record], WriteOutcome::NoObject)?;
                continue;
            };
            let Some(path) = self.path_of(source)? else {
                self.finish(&[record], WriteOutcome::NoObject)?;
                continue;
            };
            let entries = by_object.entry(path.clone()).or_insert_with(|| Entries {
                path,
                metadata: BTreeMap::new(),
                records: Vec::new(),
            });
            entries.metadata.insert(key.to_owned(), id.to_string());
            entries.records.push(record);
        }
        Ok(by_object.into_values().collect())
    }

    fn path_of(&self, source: &ObjectId) -> Result<Option<String>, LedgerError> {
        let Some(raw) = self.ledger.object(source.as_str())? else { return Ok(None) };
        let list = Head::read(&raw).ok().and_then(|head| Resource::of_kind(&head.object));
        Ok(list.filter(|list| LISTS.contains(list)).map(|list| list.path_of(source.as_str())))
    }

    fn finish(
        &mut self,
        records: &[(ExternalId, InternalId)],
        outcome: WriteOutcome,
    ) -> Result<(), LedgerError> {
        self.ledger.finish_write_back(self.run, records, outcome)
    }

    fn read(&mut self, entries: Entries, cause: Option<StripeError>) {
        let client = Arc::clone(self.client);
        self.flying.spawn(async move {
            let object = client.get(&entries.path, &[]).await;
            Step::Read { entries, cause, object }
        });
    }

    /// Commits the intent and sends the request.
    fn send(&mut self, entries: Entries) -> Result<(), LedgerError> {
        let request = self.ledger.begin_write_back(self.run, &entries.records)?;
        let key = sha256_hex(request.as_bytes());
        let client = Arc::clone(self.client);
        self.flying.spawn(async move {
            let answer = client.add_metadata(&entries.path, &entries.metadata, &key).await;
            Step::Sent { entries, answer }
        });
        Ok(())
    }

    fn settle(&mut self, step: Step) -> Result<(), LedgerError> {
        match step {
            Step::Read { entries, cause, object: Ok(object) } => {
                match (says(&entries, &object), cause) {
                    (Says::All, cause) => {
                        let count = if cause.is_some() {
                            &mut self.done.written
                        } else {
                            &mut self.done.found
                        };
                        *count += 1;
                        self.finish(&entries.records, WriteOutcome::Written)
                    }
                    (Says::Deleted, _) => self.finish(&entries.records, WriteOutcome::NoObject),
                    (Says::Else(message), _) => self.conflict(&entries, &message),
                    (Says::Nothing, Some(cause)) => self.leave_in_doubt(&entries, &cause),
                    (Says::Nothing, None) => self.send(entries),
                }
            }
            Step::Read { entries, cause, object: Err(error) } => match cause {
                Some(cause) => {
                    self.leave_in_doubt(&entries, &cause)?;
                    self.stop_if_hopeless(error);
                    Ok(())
                }
                None => self.refused(&entries, error),
            },
            Step::Sent { entries, answer: Ok(object) } => match says(&entries, &object) {
                Says::All => {
                    self.done.written += 1;
                    self.finish(&entries.records, WriteOutcome::Written)
                }
                Says::Else(message) => self.conflict(&entries, &message),
                Says::Nothing | Says::Deleted => {
                    let message = "Stripe accepted it, and the object does not say it";
                    self.reject(&entries, message)
                }
            },
            Step::Sent { entries, answer: Err(error) } if error.is_in_doubt() => {
                self.read(entries, Some(error));
                Ok(())
            }
            Step::Sent { entries, answer: Err(error) } => self.refused(&entries, error),
        }
    }

    fn conflict(&mut self, entries: &Entries, message: &str) -> Result<(), LedgerError> {
        self.fail(entries, message);
        self.finish(&entries.records, WriteOutcome::Conflict { message })
    }

    fn reject(&mut self, entries: &Entries, message: &str) -> Result<(), LedgerError> {
        self.fail(entries, message);
        self.finish(&entries.records, WriteOutcome::Rejected { message })
    }

    fn refused(&mut self, entries: &Entries, error: StripeError) -> Result<(), LedgerError> {
        self.reject(entries, &error.to_string())?;
        self.stop_if_hopeless(error);
        Ok(())
    }

    fn fail(&mut self, entries: &Entries, reason: &str) {
        self.done.failed.extend(unsent(entries, reason));
    }

    fn leave_in_doubt(
        &mut self,
        entries: &Entries,
        cause: &StripeError,
    ) -> Result<(), LedgerError> {
        let message = cause.to_string();
        self.done.in_doubt.extend(unsent(entries, &message));
        self.finish(&entries.records, WriteOutcome::InDoubt { message: &message })
    }

    /// Without a key, a permission or an answer no other object can be written either.
    fn stop_if_hopeless(&mut self, error: StripeError) {
        let is_access = matches!(error.kind, ErrorKind::Authentication | ErrorKind::Permission);
        if is_access || error.is_transient() || error.kind == ErrorKind::NotJson {
            self.done.stopped.get_or_insert(error);
        }
    }
}

/// The Stripe object that a record stands for: the one it is called after.
fn own_object(row: &RecordRow) -> Option<&ObjectId> {
    let source = row.desired.as_ref()?.sources.first()?;
    let name = row.external_id.as_str();
    let name = name.strip_suffix("-memo").unwrap_or(name);
    name.ends_with(source.as_str()).then_some(source)
}

fn says(entries: &Entries, object: &RawValue) -> Says {
    #[derive(Deserialize)]
    struct WithMetadata {
        #[serde(default)]
        metadata: Option<BTreeMap<String, String>>,
        #[serde(default)]
        deleted: bool,
    }
    let read: WithMetadata = match serde_json::from_str(object.get()) {
        Ok(read) => read,
        Err(error) => return Says::Else(format!("its metadata cannot be read: {error}")),
    };
    if read.deleted {
        return Says::Deleted;
    }
    let metadata = read.metadata.unwrap_or_default();
    let is = |key: &String| metadata.get(key).map(|value| value.trim()).filter(|v| !v.is_empty());
    let other = entries.metadata.iter().find(|(key, value)| is(key).is_some_and(|v| v != *value));
    match other {
        Some((key, value)) => Says::Else(format!(
            "{key} says {} in Stripe and NetSuite's record is {value}; it is left alone\nhint: correct \
             or remove the key in Stripe",
            metadata[key]
        )),
        None if entries.metadata.keys().all(|key| is(key).is_some()) => Says::All,
        None => Says::Nothing,
    }
}

fn unsent(entries: &Entries, reason: &str) -> Vec<Unsent> {
    let one = |(record, _): &(ExternalId, InternalId)| Unsent {
        external_id: record.clone(),
        held_by: None,
        reason: reason.to_owned(),
    };
    entries.records.iter().map(one).collect()
}
