//! Writing: metadata of an object, which is all that the embedded Stripe lets anybody change.
//!
//! A request that carries the key of an earlier one is that request: it gets the same answer, and
//! with other parameters a refusal.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::endpoints;
use super::error::Refusal;
use super::world::World;

/// Objects whose metadata can be changed, by list.
const WRITABLE: [&str; 9] = [
    "charges",
    "coupons",
    "credit_notes",
    "customers",
    "disputes",
    "invoices",
    "payouts",
    "prices",
    "refunds",
];
/// Keys that one object may have.
const KEYS_MAX: usize = 50;

/// Answers by idempotency key, each with the parameters that it answered.
#[derive(Debug, Default)]
pub(super) struct Answered(Mutex<HashMap<String, (String, Answer)>>);

type Answer = Result<String, Refusal>;

impl Answered {
    /// The answer that was given under this key, or a new one.
    pub(super) fn once(
        &self,
        key: Option<&str>,
        asked: String,
        answer: impl FnOnce() -> Answer,
    ) -> Answer {
        let Some(key) = key else { return answer() };
        let mut known = super::server::lock(&self.0);
        if let Some((before, answer)) = known.get(key) {
            return if *before == asked { answer.clone() } else { Err(Refusal::reused_key(key)) };
        }
        let answer = answer();
        // What was refused before anything happened is not kept.
        if answer.is_ok() {
            known.insert(key.to_owned(), (asked, answer.clone()));
        }
        answer
    }
}

/// Changes an object as a form says: `metadata[key]=value`; an empty value takes the key away.
pub(super) fn update(
    world: &mut World,
    list: &str,
    id: &str,
    form: &[(String, String)],
) -> Result<String, Refusal> {
    let endpoint = endpoints::find(list).filter(|_| WRITABLE.contains(&list));
    let endpoint = endpoint.ok_or_else(|| Refusal::no_such_url(&format!("/v1/{list}/{id}")))?;
    let stored = world.get(endpoint.kind, id);
    let stored = stored.ok_or_else(|| Refusal::missing(endpoint.kind, id, "id"))?;
    let mut object: Value = serde_json::from_str(&stored.json).unwrap_or_default();
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    for (name, value) in form {
        let key = name.strip_prefix("metadata[").and_then(|rest| rest.strip_suffix(']'));
        let key = key.ok_or_else(|| Refusal::unknown_parameter(name))?;
        if let Some(metadata) = object["metadata"].as_object_mut() {
            if value.is_empty() {
                metadata.remove(key);
            } else {
                metadata.insert(key.to_owned(), json!(value));
            }
            if metadata.len() > KEYS_MAX {
                return Err(Refusal::invalid("Metadata has more than 50 keys.", "metadata"));
            }
        }
    }
    world.insert(&object);
    Ok(object.to_string())
}
