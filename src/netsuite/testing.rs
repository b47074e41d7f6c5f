//! Transports for the unit tests of this room: a list of answers, and a router in this process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::auth::Authenticator;
use super::auth::m2m::{M2mCredentials, SigningKey};
use super::auth::tba::TbaCredentials;
use super::client::{Client, Limits};
use crate::calendar::{FixedClock, UnixTime};
use crate::net::transport::{BoxFuture, HttpRequest, HttpResponse, Transport, TransportError};

/// What the other side does next.
#[derive(Clone)]
pub struct Answer(Result<HttpResponse, TransportError>);

impl Answer {
    pub fn text(status: u16, body: &str) -> Self {
        Self(Ok(HttpResponse { status, headers: Vec::new(), body: body.into() }))
    }

    pub fn of(response: HttpResponse) -> Self {
        Self(Ok(response))
    }

    pub fn json(status: u16, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self(Ok(HttpResponse { status, headers, body: body.into() }))
    }

    pub fn located(url: &str) -> Self {
        let headers = vec![("location".to_owned(), url.to_owned())];
        Self(Ok(HttpResponse { status: 204, headers, body: Vec::new() }))
    }

    pub fn broken() -> Self {
        Self(Err(TransportError::InDoubt { host: "netsuite".into(), cause: "reset".into() }))
    }

    pub fn unsent() -> Self {
        Self(Err(TransportError::NotSent { host: "netsuite".into(), cause: "refused".into() }))
    }
}

/// Gives its answers in order, and keeps the requests.
pub struct Scripted {
    answers: Mutex<VecDeque<Answer>>,
    requests: Mutex<Vec<HttpRequest>>,
}

impl Scripted {
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            requests: Mutex::new(Vec::new()),
        }
    }

    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Scripted {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front().expect("one request too many");
        Box::pin(async move {
            // Lets others run while this one waits, as a network would.
            tokio::task::yield_now().await;
            answer.0
        })
    }
}

impl Transport for Arc<Scripted> {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.as_ref().send(request)
    }
}

/// Hands requests to a router, without sockets.
pub struct RouterTransport(pub Router);

impl Transport for RouterTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let router = self.0.clone();
        Box::pin(async move {
            let mut builder =
                axum::http::Request::builder().method(request.method.as_str()).uri(&request.url);
            for (name, value) in &request.headers {
                builder = builder.header(name, value);
            }
            let body = Body::from(request.body.unwrap_or_default());
            let response = router.oneshot(builder.body(body).unwrap()).await.unwrap();
            let (parts, body) = response.into_parts();
            let headers = parts.headers.iter().map(|(name, value)| {
                (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
            });
            Ok(HttpResponse {
                status: parts.status.as_u16(),
                headers: headers.collect(),
                body: body.collect().await.unwrap().to_bytes().to_vec(),
            })
        })
    }
}

const LIMITS: Limits =
    Limits { in_flight_max: 3, timeout: Duration::from_mins(2), retry_delay_ms: 0 };
const NOW: FixedClock = FixedClock(UnixTime(1_700_000_000));
const BASE: &str = "https://123456-sb1.suitetalk.api.netsuite.com";

/// A client that signs each request by itself.
pub fn client(transport: impl Transport + 'static) -> Client {
    let credentials = TbaCredentials {
        account: "123456_SB1".parse().unwrap(),
        consumer_key: "consumer".into(),
        consumer_secret: "consumer secret".into(),
        token_id: "token".into(),
        token_secret: "token secret".into(),
    };
    let auth = Authenticator::tba(credentials, Arc::new(NOW));
    Client::new(Arc::new(transport), BASE.into(), auth, LIMITS)
}

/// A client that asks for an access token first.
pub fn bearer_client(transport: impl Transport + 'static) -> Client {
    let key = SigningKey::from_pem(&super::auth::test_key::p256()).unwrap();
    let credentials =
        M2mCredentials { client_id: "client".into(), certificate_id: "cert".into(), key };
    let auth = Authenticator::m2m(credentials, BASE, Arc::new(NOW));
    Client::new(Arc::new(transport), BASE.into(), auth, LIMITS)
}

/// A page with these rows (JSON objects, comma between them), and no page after it.
pub fn rows(items: &str) -> Answer {
    Answer::json(200, &format!(r#"{{"items":[{items}],"hasMore":false}}"#))
}
