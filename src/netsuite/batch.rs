//! Many new records in one asynchronous request, and the job that works them off.
//!
//! The request carries an idempotency key: NetSuite answers a second one with the same key by naming
//! the job of the first. So this one write may be repeated when its answer is lost.

use serde::Deserialize;

use super::client::{Client, answer, parse, record_path};
use super::error::{Class, NetSuiteError};
use super::record::RecordKind;
use super::retry::Effect;
use crate::net::transport::{HttpRequest, Method};

/// Records that one request may carry.
pub const BATCH_RECORDS_MAX: usize = 100;

const REST: &str = "/services/rest";

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct JobState {
    pub completed: bool,
    /// NetSuite's word, such as `pending` or `succeeded`.
    #[serde(default)]
    pub progress: String,
}

impl Client {
    /// Hands records in, in order; gives the path of the job that creates them.
    pub async fn start_batch(
        &self,
        kind: RecordKind,
        bodies: &[String],
        key: &str,
    ) -> Result<String, NetSuiteError> {
        let subject = format!("a batch of {} {} records", bodies.len(), kind.rest_name());
        let body = format!(r#"{{"items":[{}]}}"#, bodies.join(","));
        let request = self
            .request(Method::Post, record_path(kind))
            .header("Content-Type", "application/vnd.oracle.resource+json; type=collection")
            .header("X-NetSuite-PropertyNameValidation", "Error")
            .header("Prefer", "respond-async")
            .header("X-NetSuite-Idempotency-Key", key)
            .body(body);
        // With its key it does no more than a read when it is repeated.
        let outcome = self.deliver(&subject, Effect::Read, request).await?;
        if let Ok(response) = &outcome {
            let is_job = response.status == 202 || is_repeated(&response.body);
            let job = response.header("location").and_then(job_path);
            if let (true, Some(job)) = (is_job, job) {
                return Ok(job);
            }
        }
        let response = answer(&subject, Effect::Write, outcome)?;
        let cause = format!("it answered {} without naming a job", response.status);
        Err(NetSuiteError::new(&subject, Class::InDoubt { cause, is_over: false }))
    }

    /// How far the job at `path` is; `None` when NetSuite does not know it (any more).
    pub async fn job(&self, path: &str) -> Result<Option<JobState>, NetSuiteError> {
        let subject = format!("the job {path}");
        match self.exchange(&subject, Effect::Read, self.ask(path, "")).await {
            Ok(response) => parse(&subject, &response).map(Some),
            Err(NetSuiteError { class: Class::NotFound, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Why the record at this place (from 0) of a finished job was not saved; `None` when it was.
    pub async fn batch_refusal(
        &self,
        path: &str,
        place: usize,
        subject: &str,
    ) -> Result<Option<NetSuiteError>, NetSuiteError> {
        let request = self.ask(path, &format!("/task/{}/result", place + 1));
        let outcome = self.deliver(subject, Effect::Read, request).await?;
        match outcome {
            Ok(response) if response.is_success() => Ok(None),
            Ok(response) if (400..500).contains(&response.status) => {
                Ok(Some(NetSuiteError::from_response(subject, Effect::Write, &response)))
            }
            outcome => answer(subject, Effect::Read, outcome).map(|_| None),
        }
    }

    fn ask(&self, path: &str, below: &str) -> HttpRequest {
        self.request(Method::Get, format!("{path}{below}"))
    }
}

/// NetSuite says that the key was used before.
fn is_repeated(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("IDEMPOTENCY_ERROR")
}

/// The job's path below the account's address, whatever host the answer names.
fn job_path(location: &str) -> Option<String> {
    let (_, below) = location.split_once(REST)?;
    let id = below.strip_prefix("/async/v1/job/")?;
    id.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| format!("{REST}{below}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::testing::{Answer, Scripted, client};
    use super::*;
    use crate::net::transport::HttpResponse;

    fn accepted(status: u16, body: &str) -> Answer {
        let location = "https://x/services/rest/async/v1/job/7".to_owned();
        let headers = vec![("location".to_owned(), location)];
        Answer::of(HttpResponse { status, headers, body: body.into() })
    }

    #[tokio::test]
    async fn a_batch_whose_answer_was_lost_is_the_same_job_when_it_is_sent_again() {
        let used = r#"{"o:errorDetails":[{"detail":"x","o:errorCode":"IDEMPOTENCY_ERROR"}]}"#;
        let transport = Arc::new(Scripted::new([Answer::broken(), accepted(400, used)]));
        let client = client(Arc::clone(&transport));
        let bodies = ["{}".to_owned(), "{}".to_owned()];
        let job = client.start_batch(RecordKind::Invoice, &bodies, "key-1").await.unwrap();
        assert_eq!(job, "/services/rest/async/v1/job/7");
        let requests = transport.requests();
        let key = ("X-NetSuite-Idempotency-Key".to_owned(), "key-1".to_owned());
        assert!(requests.iter().all(|request| request.headers.contains(&key)));
        assert_eq!(requests[0].body.as_deref(), Some(br#"{"items":[{},{}]}"#.as_slice()));
    }

    #[tokio::test]
    async fn a_job_that_netsuite_has_forgotten_is_not_an_error() {
        let gone = r#"{"o:errorDetails":[{"detail":"Record does not exist.","o:errorCode":"NONEXISTENT_ID"}]}"#;
        let answers = [Answer::json(404, gone), Answer::json(200, r#"{"completed":false}"#)];
        let client = client(Scripted::new(answers));
        assert_eq!(client.job("/services/rest/async/v1/job/7").await.unwrap(), None);
        let state = client.job("/services/rest/async/v1/job/7").await.unwrap().unwrap();
        assert!(!state.completed);
    }
}
