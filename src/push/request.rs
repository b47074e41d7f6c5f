//! One request: what is sent, and how.

use crate::ids::InternalId;
use crate::netsuite::client::Client;
use crate::netsuite::error::NetSuiteError;
use crate::netsuite::record::RecordKind;
use crate::plan::{Action, Change};

/// What is sent, owned, so that it can fly on its own.
pub(super) enum Request {
    Create { kind: RecordKind, body: String },
    Update { kind: RecordKind, id: InternalId, body: String, replace: Vec<String> },
}

impl Request {
    pub(super) fn of(change: &Change, body: String) -> Self {
        match &change.internal_id {
            Some(id) if change.action == Action::Update => Self::Update {
                kind: change.kind,
                id: id.clone(),
                body,
                replace: change.request.replace.clone(),
            },
            _ => Self::Create { kind: change.kind, body },
        }
    }

    pub(super) async fn send(self, client: &Client) -> Result<Option<InternalId>, NetSuiteError> {
        match self {
            Self::Create { kind, body } => {
                client.create(kind, &body).await.map(|created| Some(created.internal_id))
            }
            Self::Update { kind, id, body, replace } => {
                let replace: Vec<&str> = replace.iter().map(String::as_str).collect();
                client.update(kind, &id, &body, &replace).await.map(|()| None)
            }
        }
    }
}
