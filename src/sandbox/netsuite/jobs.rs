//! Asynchronous requests: accepted at once, worked off one record after the other, asked about later.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::error::Refusal;
use super::json::Json;
use super::schema::Kind;
use super::{NetSuite, lock, records};

/// Records that one request may carry.
pub(super) const RECORDS_MAX: usize = 100;
/// Jobs that are worked on at once, as without a licence for more.
const PROCESSORS: usize = 2;

/// All jobs since the start.
pub(super) struct Jobs {
    list: Mutex<Vec<Job>>,
    /// The job that each idempotency key started.
    keys: Mutex<HashMap<String, usize>>,
    processors: Arc<Semaphore>,
}

/// One job: what became of each of its records so far.
struct Job {
    results: Vec<Option<Result<i64, Refusal>>>,
    kind: Kind,
}

impl Default for Jobs {
    fn default() -> Self {
        let processors = Arc::new(Semaphore::new(PROCESSORS));
        Self { list: Mutex::default(), keys: Mutex::default(), processors }
    }
}

/// What accepting a request gives.
pub(super) enum Accepted {
    Started(usize),
    /// The key was used before; nothing was started.
    Again(usize),
}

/// Accepts records to be created later, in order.
pub(super) fn accept(
    netsuite: &NetSuite,
    kind: Kind,
    bodies: Vec<Json>,
    key: Option<&str>,
) -> Accepted {
    let jobs = netsuite.jobs();
    let mut list = lock(&jobs.list);
    let id = list.len() + 1;
    if let Some(key) = key {
        let mut keys = lock(&jobs.keys);
        if let Some(first) = keys.get(key) {
            return Accepted::Again(*first);
        }
        keys.insert(key.to_owned(), id);
    }
    list.push(Job { results: vec![None; bodies.len()], kind });
    tokio::spawn(work(netsuite.clone(), id, kind, bodies));
    Accepted::Started(id)
}

async fn work(netsuite: NetSuite, id: usize, kind: Kind, bodies: Vec<Json>) {
    let processors = Arc::clone(&netsuite.jobs().processors);
    let _processor = processors.acquire().await.expect("the semaphore is never closed");
    for (place, body) in bodies.into_iter().enumerate() {
        // Saving takes its time whether somebody waits for it or not.
        tokio::time::sleep(Duration::from_millis(netsuite.latency_ms())).await;
        let result = netsuite.write(|books| records::create(books, kind, body));
        lock(&netsuite.jobs().list)[id - 1].results[place] = Some(result);
    }
}

/// `/async/v1/job/{id}`.
pub(super) fn job(netsuite: &NetSuite, id: &str) -> Result<Json, Refusal> {
    let list = lock(&netsuite.jobs().list);
    let job = find(&list, id)?;
    let done = job.results.iter().all(Option::is_some);
    let failed = job.results.iter().flatten().any(Result::is_err);
    Ok(Json::object([
        ("id", Json::text(id)),
        ("completed", Json::Bool(done)),
        ("progress", Json::text(progress(done, failed))),
    ]))
}

/// `/async/v1/job/{id}/task`: one task for each record.
pub(super) fn tasks(netsuite: &NetSuite, id: &str) -> Result<Json, Refusal> {
    let list = lock(&netsuite.jobs().list);
    let items = find(&list, id)?.results.iter().zip(1..).map(|(result, number)| {
        let failed = matches!(result, Some(Err(_)));
        Json::object([
            ("id", Json::Text(format!("{number}"))),
            ("completed", Json::Bool(result.is_some())),
            ("progress", Json::text(progress(result.is_some(), failed))),
        ])
    });
    Ok(Json::object([("items", Json::List(items.collect())), ("hasMore", Json::Bool(false))]))
}

/// `/async/v1/job/{id}/task/{number}/result`: what a request for that record alone would have got.
pub(super) fn result(netsuite: &NetSuite, id: &str, number: &str) -> Result<(Kind, i64), Refusal> {
    let list = lock(&netsuite.jobs().list);
    let job = find(&list, id)?;
    let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let result = place.and_then(|place| job.results.get(place)).ok_or_else(Refusal::not_found)?;
    let saved = result.clone().ok_or_else(Refusal::not_found)?;
    saved.map(|record| (job.kind, record))
}

fn find<'a>(list: &'a [Job], id: &str) -> Result<&'a Job, Refusal> {
    let place = id.parse::<usize>().ok().and_then(|id| id.checked_sub(1));
    place.and_then(|place| list.get(place)).ok_or_else(Refusal::not_found)
}

const fn progress(done: bool, failed: bool) -> &'static str {
    match (done, failed) {
        (false, _) => "pending",
        (true, false) => "succeeded",
        (true, true) => "failed",
    }
}
