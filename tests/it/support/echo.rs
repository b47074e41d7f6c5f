//! A gateway that repeats what it is asked with: the worst that a system, or a proxy in front of it, can
//! do to a secret. It passes requests on until a test tells it to answer itself.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use tieout::net::transport::{Method, RESPONSE_BYTES_MAX};

use super::relay::{Target, back, method, serve};

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Pass,
    /// In JSON as both systems word their refusals, with this status.
    Refuse(u16),
    /// The same, for what creates and changes records alone.
    RefuseWrites(u16),
    /// The same, for the token endpoint alone.
    RefuseTokens(u16),
    /// A success whose JSON is none.
    Garble,
    /// A page for people.
    Page,
}

struct Inner {
    target: Target,
    mood: Mutex<Mood>,
    /// The credentials of every request.
    seen: Mutex<BTreeSet<String>>,
}

#[derive(Clone)]
pub struct Echo {
    inner: Arc<Inner>,
    pub url: String,
}

impl Echo {
    pub fn of(target: &str) -> Self {
        let inner = Arc::new(Inner {
            target: Target::new(target),
            mood: Mutex::new(Mood::Pass),
            seen: Mutex::default(),
        });
        let url = serve(Router::new().fallback(answer).with_state(Arc::clone(&inner)));
        Self { inner, url }
    }

    pub fn be(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    /// The tokens and assertions that came by.
    pub fn seen(&self) -> BTreeSet<String> {
        self.inner.seen.lock().unwrap().clone()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response {
    let method = method(request.method().as_str());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let headers = request.headers().clone();
    let body = to_bytes(request.into_body(), RESPONSE_BYTES_MAX).await.unwrap();
    let header = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    let text = String::from_utf8_lossy(&body).into_owned();
    let assertion = text.split("client_assertion=").nth(1).map(str::to_owned);
    let bearer = header.strip_prefix("Bearer ").map(str::to_owned);
    inner.seen.lock().unwrap().extend(bearer.into_iter().chain(assertion));
    let said = format!("{header} {text}").replace(['"', '\\', '\n'], " ");
    let is_write = method != Method::Get && path.contains("/record/v1/");
    let is_token = path.ends_with("/oauth2/v1/token");
    let mood = *inner.mood.lock().unwrap();
    let refusal = match mood {
        Mood::Refuse(status) => Some(status),
        Mood::RefuseWrites(status) if is_write => Some(status),
        Mood::RefuseTokens(status) if is_token => Some(status),
        _ => None,
    };
    if let Some(status) = refusal {
        return respond(status, &refused(&said));
    }
    match mood {
        Mood::Garble => return respond(200, &format!("{{\"data\": [ {said} ]")),
        Mood::Page => return respond(200, &format!("<html>{said}</html>")),
        _ => {}
    }
    let onward = inner.target.onward(method, &path, &headers, &body);
    let Ok(answer) = inner.target.send(onward).await else { return respond(502, "{}") };
    back(answer)
}

/// What both systems, and the token endpoint, would call a refusal.
fn refused(said: &str) -> String {
    format!(
        "{{\"error\": {{\"message\": \"no: {said}\", \"code\": \"{said}\", \"type\": \"x\"}},
          \"error_description\": \"no: {said}\", \"title\": \"{said}\",
          \"o:errorDetails\": [{{\"detail\": \"no: {said}\", \"o:errorCode\": \"USER_ERROR\"}}]}}"
    )
}

fn respond(status: u16, body: &str) -> Response {
    // So that Stripe's client does not wait for better days.
    let response = Response::builder().status(status).header("stripe-should-retry", "false");
    response.header("request-id", "req_echo").body(Body::from(body.to_owned())).unwrap()
}
