//! A small Stripe for the tests of the client and the crawl: one newest-first list under every path,
//! and answers that a test puts in front of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Response, Uri};
use serde_json::{Value, json};

use super::client::{Client, Options};
use crate::net::base_url::BaseUrl;
use crate::net::in_process::InProcess;

pub(super) const KEY: &str = "rk_test_abcdefghijkl";

type Params = Vec<(String, String)>;

/// Status, headers, body.
type Canned = (u16, Vec<(&'static str, &'static str)>, String);

/// A request as it arrived: its path and its query.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub path: String,
    pub query: Params,
}

impl Asked {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
pub(super) struct Fake {
    /// What every list holds.
    pub objects: Mutex<Vec<Value>>,
    /// Answered first, one each.
    pub canned: Mutex<VecDeque<Canned>>,
    pub asked: Mutex<Vec<Asked>>,
}

impl Fake {
    pub fn with(objects: Vec<Value>) -> Arc<Self> {
        Arc::new(Self { objects: Mutex::new(objects), ..Self::default() })
    }

    pub fn then(&self, status: u16, headers: &[(&'static str, &'static str)], body: &str) {
        self.canned.lock().unwrap().push_back((status, headers.to_vec(), body.to_owned()));
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn client(self: &Arc<Self>) -> Arc<Client> {
        let router = Router::new().fallback(answer).with_state(Arc::clone(self));
        let base = BaseUrl::parse("https://stripe.test").unwrap();
        let transport = Arc::new(InProcess(router));
        Arc::new(Client::new(transport, base, KEY.into(), Options::default()).unwrap())
    }

    fn list(&self, params: &Params) -> (u16, String) {
        let param = |name: &str| {
            params.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
        };
        let number = |name: &str, otherwise| param(name).map_or(otherwise, |n| n.parse().unwrap());
        let (gte, lt) = (number("created[gte]", 0), number("created[lt]", i64::MAX));
        let mut objects = self.objects.lock().unwrap().clone();
        objects.sort_by_key(|object| std::cmp::Reverse(object["created"].as_i64().unwrap_or(0)));
        objects.retain(|object| (gte..lt).contains(&object["created"].as_i64().unwrap_or(0)));
        if let Some(cursor) = param("starting_after") {
            let Some(place) = objects.iter().position(|object| object["id"] == cursor) else {
                let error = json!({"code": "resource_missing", "param": "starting_after"});
                return (400, json!({ "error": error }).to_string());
            };
            objects.drain(..=place);
        }
        let limit = usize::try_from(number("limit", 10)).unwrap();
        let has_more = objects.len() > limit;
        objects.truncate(limit);
        let page = json!({"object": "list", "data": objects, "has_more": has_more});
        (200, page.to_string())
    }
}

async fn answer(
    State(fake): State<Arc<Fake>>,
    uri: Uri,
    Query(query): Query<Params>,
) -> Response<Body> {
    let canned = fake.canned.lock().unwrap().pop_front();
    let (status, headers, body) = canned.unwrap_or_else(|| {
        let (status, body) = fake.list(&query);
        (status, Vec::new(), body)
    });
    fake.asked.lock().unwrap().push(Asked { path: uri.path().to_owned(), query });
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(name, value);
    }
    answer.body(Body::from(body)).unwrap()
}
