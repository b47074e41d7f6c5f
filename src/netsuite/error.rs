//! What went wrong with a NetSuite request, as a class that the caller can act on.
//!
//! NetSuite reports most rejections as `USER_ERROR` with an English sentence, so the class comes
//! from the status, then the code, then words of that sentence. The sentence's beginning is left
//! out: documentation and live accounts spell it differently ("Error while accessing resource: ",
//! "Error while accessing a resource. ").

use std::fmt;

use serde::Deserialize;

use super::auth::AuthError;
use super::retry::Effect;
use super::row::RowError;
use crate::net::transport::{HttpResponse, TransportError};

/// A failed request: what it was about, and what happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{subject}: {class}")]
pub struct NetSuiteError {
    /// `invoice in_1`, `invoice 4711` (internal id), or a query's beginning.
    pub subject: String,
    pub class: Class,
}

/// What happened. Each text says the cause and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    Authentication {
        detail: String,
    },
    Permission {
        detail: String,
    },
    NotFound,
    /// There is a record, of another type.
    OtherKind {
        detail: String,
    },
    AlreadyExists {
        detail: String,
    },
    ClosedPeriod {
        detail: String,
    },
    InvalidReference {
        field: String,
        detail: String,
    },
    /// The fields' labels, as the form shows them.
    MissingField {
        labels: String,
    },
    /// Too many requests at once, for longer than retries bridge.
    Concurrency,
    /// Any other rejection: nothing was saved.
    Rejected {
        detail: String,
        code: String,
        path: Option<String>,
    },
    /// A write that may have been saved: look the record up before sending it again.
    InDoubt {
        cause: String,
        /// NetSuite itself said that it stopped working on it, so that what a look-up finds now is
        /// final. Otherwise it may still be at work, for up to 15 minutes.
        is_over: bool,
    },
    /// Nothing was changed, and later it may work.
    Unreachable {
        cause: String,
    },
    /// Something between us and NetSuite answered, or the address is wrong. Nothing was saved.
    NotJson {
        status: u16,
        excerpt: String,
    },
    /// NetSuite answered well, but not what was asked for.
    Unreadable {
        cause: String,
    },
    /// More rows than one SuiteQL query may have.
    TooManyRows {
        count: u64,
    },
}

impl NetSuiteError {
    pub fn new(subject: impl Into<String>, class: Class) -> Self {
        Self { subject: subject.into(), class }
    }

    /// Whether the very same request may succeed later. Not so for a write in doubt: that one must
    /// be looked up.
    pub fn is_transient(&self) -> bool {
        matches!(self.class, Class::Concurrency | Class::Unreachable { .. })
    }

    pub fn is_in_doubt(&self) -> bool {
        matches!(self.class, Class::InDoubt { .. })
    }

    /// The error for an answer that is not a success.
    pub fn from_response(subject: &str, effect: Effect, response: &HttpResponse) -> Self {
        Self::new(subject, classify(effect, response))
    }

    /// The error for no answer.
    pub fn from_transport(subject: &str, effect: Effect, error: &TransportError) -> Self {
        let cause = error.to_string();
        let class = match (error, effect) {
            (TransportError::InDoubt { .. }, Effect::Write) => {
                Class::InDoubt { cause, is_over: false }
            }
            _ => Class::Unreachable { cause },
        };
        Self::new(subject, class)
    }

    /// The error for a request that could not be authorized and was not sent.
    pub fn from_auth(subject: &str, error: &AuthError) -> Self {
        let class = match error {
            AuthError::Unreachable(_) | AuthError::Random(_) => {
                Class::Unreachable { cause: error.to_string() }
            }
            AuthError::Foreign { status, excerpt } => {
                Class::NotJson { status: *status, excerpt: excerpt.clone() }
            }
            AuthError::Refused { .. } | AuthError::Signing(_) | AuthError::Unreadable(_) => {
                Class::Authentication { detail: error.to_string() }
            }
        };
        Self::new(subject, class)
    }

    /// The error for a row that is not what the query asks for.
    pub fn from_row(subject: &str, error: &RowError) -> Self {
        Self::new(subject, Class::Unreadable { cause: error.to_string() })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authentication { detail } => write!(
                f,
                "NetSuite refused the login ({detail}); check the credentials, the role and this \
                 machine's clock, and see Setup > Users/Roles > View Login Audit Trail"
            ),
            Self::Permission { detail } => write!(
                f,
                "the integration's role may not do this ({detail}); add the permission in Setup > \
                 Users/Roles > Manage Roles"
            ),
            Self::NotFound => f.write_str(
                "NetSuite has no such record; `tieout verify` compares the ledger with NetSuite",
            ),
            Self::OtherKind { detail } => write!(
                f,
                "NetSuite has a record of another type under this id ({detail}); rename that one's \
                 external id, or post this record by hand"
            ),
            Self::AlreadyExists { detail } => write!(
                f,
                "NetSuite already has a record with this external id, name or number ({detail}); \
                 link it with `tieout adopt`, or rename the other record"
            ),
            Self::ClosedPeriod { detail } => write!(
                f,
                "its posting period is closed or locked ({detail}); open the period, or plan again \
                 so that the record moves to the next open one"
            ),
            Self::InvalidReference { field, detail } => write!(
                f,
                "`{field}` names something that NetSuite does not have or does not allow here \
                 ({detail}); correct the mapping and plan again"
            ),
            Self::MissingField { labels } => write!(
                f,
                "NetSuite's form asks for {labels}; make it optional on the form that the \
                 integration's role uses, or give it a default there"
            ),
            Self::Concurrency => f.write_str(
                "NetSuite takes no more requests at once; lower the number in flight, or run again \
                 when other integrations are quiet",
            ),
            Self::Rejected { detail, code, path } => {
                let place = path.as_ref().map(|path| format!(" at {path}")).unwrap_or_default();
                write!(
                    f,
                    "NetSuite rejected it ({code}{place}): {detail}; nothing was saved, correct \
                     the cause and run again"
                )
            }
            Self::InDoubt { cause, .. } => write!(
                f,
                "NetSuite may or may not have saved it ({cause}); run again: it is looked up \
                 before anything else is sent"
            ),
            Self::Unreachable { cause } => {
                write!(f, "nothing was changed: {cause}; run again later")
            }
            Self::NotJson { status, excerpt } => write!(
                f,
                "the answer ({status}) does not come from NetSuite's REST service: `{excerpt}`; \
                 check the base URL and any proxy"
            ),
            Self::Unreadable { cause } => {
                write!(f, "NetSuite's answer cannot be used: {cause}; please report it")
            }
            Self::TooManyRows { count } => write!(
                f,
                "the answer would have {count} rows, more than the 100,000 that one SuiteQL query \
                 may have; ask for a shorter time or fewer records"
            ),
        }
    }
}

/// NetSuite's error body: a list of details, or one detail at the top level (record actions).
#[derive(Deserialize)]
struct Envelope {
    title: Option<String>,
    #[serde(flatten)]
    top: Detail,
    #[serde(rename = "o:errorDetails", default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "detail", default)]
    text: String,
    #[serde(rename = "o:errorCode", default)]
    code: String,
    #[serde(rename = "o:errorPath")]
    path: Option<String>,
}

impl Envelope {
    fn read(response: &HttpResponse) -> Option<Vec<Detail>> {
        let envelope: Self = serde_json::from_slice(&response.body).ok()?;
        if !envelope.details.is_empty() {
            return Some(envelope.details);
        }
        let mut top = envelope.top;
        if top.text.is_empty() {
            top.text = envelope.title?;
        }
        Some(vec![top])
    }
}

fn classify(effect: Effect, response: &HttpResponse) -> Class {
    let status = response.status;
    let details = Envelope::read(response);
    match (status, effect) {
        (401, _) => {
            let said =
                details.and_then(|details| details.into_iter().next()).map(|first| first.text);
            let challenge = || response.header("www-authenticate").map(str::to_owned);
            let detail = said.or_else(challenge).unwrap_or_else(|| "status 401".into());
            return Class::Authentication { detail };
        }
        (429, _) => return Class::Concurrency,
        (408 | 500..=599, Effect::Write) => {
            let cause =
                format!("NetSuite answered {status}: {}", said(details.as_deref(), response));
            // Gateways answer 502 to 504 while NetSuite goes on; its own 500 comes in its envelope.
            let is_over = status == 500 && details.is_some();
            return Class::InDoubt { cause, is_over };
        }
        (408 | 500..=599, Effect::Read) => {
            let cause =
                format!("NetSuite answered {status}: {}", said(details.as_deref(), response));
            return Class::Unreachable { cause };
        }
        _ => {}
    }
    let Some(details) = details else {
        let excerpt = response.excerpt();
        if effect == Effect::Write && !response.body.is_empty() {
            // A proxy's page says nothing about what became of the request behind it.
            let cause = format!("the answer ({status}) is not NetSuite's: `{excerpt}`");
            return Class::InDoubt { cause, is_over: false };
        }
        return Class::NotJson { status, excerpt };
    };
    details.iter().find_map(|detail| known(status, detail)).unwrap_or_else(|| {
        let texts: Vec<&str> = details.iter().map(Detail::sentence).collect();
        let code = details.iter().map(|detail| detail.code.as_str()).find(|code| !code.is_empty());
        Class::Rejected {
            detail: texts.join("; "),
            code: code.map_or_else(|| format!("status {status}"), str::to_owned),
            path: details.iter().find_map(|detail| detail.path.clone()),
        }
    })
}

fn said(details: Option<&[Detail]>, response: &HttpResponse) -> String {
    match details {
        Some([first, ..]) => first.sentence().to_owned(),
        _ => response.excerpt(),
    }
}

impl Detail {
    /// The sentence without its prefix and its full stop.
    fn sentence(&self) -> &str {
        let prefixes = ["Error while accessing resource: ", "Error while accessing a resource. "];
        let text = prefixes.iter().find_map(|prefix| self.text.strip_prefix(prefix));
        text.unwrap_or(&self.text).trim().trim_end_matches('.')
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }
}

/// The classes with a meaning of their own; `None` for any other rejection.
fn known(status: u16, error: &Detail) -> Option<Class> {
    let sentence = error.sentence();
    let lower = sentence.to_lowercase();
    let detail = || sentence.to_owned();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));

    if error.has_code(&["CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED"]) {
        return Some(Class::Concurrency);
    }
    if error.has_code(&["INVALID_LOGIN"]) {
        return Some(Class::Authentication { detail: detail() });
    }
    let refused = says(&["not have permission", "insufficient permission"]);
    if status == 403 || refused || error.has_code(&["INSUFFICIENT_PERMISSION"]) {
        return Some(Class::Permission { detail: detail() });
    }
    if error.has_code(&["CLOSED_TRAN_PRD", "TRAN_PRD_CLOSED", "TRAN_PERIOD_CLOSED"])
        || (says(&["period"]) && says(&["closed", "locked"]))
    {
        return Some(Class::ClosedPeriod { detail: detail() });
    }
    if says(&["already exists", "uniqueness error"])
        || error.has_code(&["DUP_RCRD", "DUP_ENTITY", "DUP_ITEM"])
    {
        return Some(Class::AlreadyExists { detail: detail() });
    }
    if says(&["transaction type specified is incorrect"]) {
        return Some(Class::OtherKind { detail: detail() });
    }
    if let Some((_, labels)) = sentence.split_once("Please enter value(s) for:") {
        return Some(Class::MissingField { labels: labels.trim().to_owned() });
    }
    // "Record type 'x' does not exist" is a 404 too, but says nothing about the record: taking it
    // for "not there" would let the record be created twice.
    let gone = says(&["does not exist"]) && !says(&["record type"]);
    if status == 404 && (gone || error.has_code(&["NONEXISTENT_ID", "RCRD_DSNT_EXIST"])) {
        return Some(Class::NotFound);
    }
    if let Some((_, field)) = sentence.split_once("for the following field: ") {
        return Some(Class::InvalidReference { field: field.to_owned(), detail: detail() });
    }
    if says(&["reference key"])
        || error.has_code(&["INVALID_KEY_OR_REF", "NONEXISTENT_EXTERNAL_ID"])
    {
        let field = error.path.clone().unwrap_or_else(|| "a reference".into());
        return Some(Class::InvalidReference { field, detail: detail() });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, headers: Vec::new(), body: body.into() }
    }

    fn class(status: u16, detail: &str, code: &str) -> Class {
        let body = serde_json::json!({"type": "about:blank", "title": "Bad Request",
            "status": status, "o:errorDetails": [{"detail": detail, "o:errorCode": code,
            "o:errorPath": "item.items[0].item"}]});
        classify(Effect::Write, &response(status, &body.to_string()))
    }

    #[test]
    fn each_sentence_finds_its_class_under_both_prefixes() {
        type Test = fn(&Class) -> bool;
        let sentences: [(&str, Test); 10] = [
            ("This entity already exists.", |c| matches!(c, Class::AlreadyExists { .. })),
            ("Uniqueness error - there is already an item with that name", |c| {
                matches!(c, Class::AlreadyExists { .. })
            }),
            (
                "Please enter value(s) for: Item, Class",
                |c| matches!(c, Class::MissingField { labels } if labels == "Item, Class"),
            ),
            (
                "You have entered an Invalid Field Value 99 for the following field: customer.",
                |c| matches!(c, Class::InvalidReference { field, .. } if field == "customer"),
            ),
            (
                "Invalid item reference key 99.",
                |c| matches!(c, Class::InvalidReference { field, .. } if field == "item.items[0].item"),
            ),
            ("You do not have permission to access this record.", |c| {
                matches!(c, Class::Permission { .. })
            }),
            ("Your current role does not have permission to perform this action.", |c| {
                matches!(c, Class::Permission { .. })
            }),
            ("The posting period for this date is closed.", |c| {
                matches!(c, Class::ClosedPeriod { .. })
            }),
            (
                "This record has been locked by a user defined workflow.",
                |c| matches!(c, Class::Rejected { code, .. } if code == "USER_ERROR"),
            ),
            ("Transaction type specified is incorrect.", |c| matches!(c, Class::OtherKind { .. })),
        ];
        for (sentence, test) in sentences {
            for prefix in
                ["", "Error while accessing resource: ", "Error while accessing a resource. "]
            {
                let class = class(400, &format!("{prefix}{sentence}"), "USER_ERROR");
                assert!(test(&class), "{sentence} became {class:?}");
                assert!(!class.to_string().contains("Error while"), "{class}");
            }
        }
    }

    #[test]
    fn an_unknown_record_type_or_a_wrong_address_is_never_taken_for_not_there() {
        let live = "The record instance does not exist. Provide a valid record instance ID.";
        assert_eq!(class(404, live, "NONEXISTENT_ID"), Class::NotFound);
        assert_eq!(class(404, "Record does not exist.", "NONEXISTENT_ID"), Class::NotFound);
        assert_ne!(class(404, "Record type 'bad-path' does not exist", "X"), Class::NotFound);
        assert_ne!(class(404, "", ""), Class::NotFound);
        let html = classify(Effect::Read, &response(404, "<html>no such host</html>"));
        assert!(matches!(html, Class::NotJson { status: 404, .. }));
    }

    #[test]
    fn a_server_fault_leaves_a_write_in_doubt_and_a_read_merely_undone() {
        let fault = r#"{"title":"Internal Server Error","status":500,"o:errorDetails":
            [{"detail":"An unexpected error occurred. Error ID: abc","o:errorCode":"UNEXPECTED_ERROR"}]}"#;
        for (status, body) in [(500, fault), (504, "<html>gateway</html>"), (408, "")] {
            let answer = response(status, body);
            assert!(
                NetSuiteError::from_response("invoice in_1", Effect::Write, &answer).is_in_doubt()
            );
            assert!(
                NetSuiteError::from_response("invoice in_1", Effect::Read, &answer).is_transient()
            );
        }
    }

    #[test]
    fn concurrency_is_known_by_status_or_by_code() {
        assert_eq!(class(429, "anything", "USER_ERROR"), Class::Concurrency);
        assert_eq!(class(400, "Blocked.", "SSS_REQUEST_LIMIT_EXCEEDED"), Class::Concurrency);
    }

    #[test]
    fn a_refused_login_says_what_the_challenge_says() {
        let mut answer = response(401, "");
        let challenge = "Bearer realm=\"1\", error=\"invalid_token\"";
        answer.headers.push(("www-authenticate".into(), challenge.into()));
        let error = NetSuiteError::from_response("invoice in_1", Effect::Write, &answer);
        assert!(error.to_string().starts_with("invoice in_1: NetSuite refused the login (Bearer"));
    }

    #[test]
    fn the_flat_form_and_several_details_are_read() {
        let flat = r#"{"title":"Declined","detail":"It is already declined","status":400,"o:errorCode":"USER_ERROR"}"#;
        let class = classify(Effect::Write, &response(400, flat));
        assert!(
            matches!(&class, Class::Rejected { detail, .. } if detail == "It is already declined")
        );
        let two = r#"{"status":400,"o:errorDetails":[{"detail":"One."},{"detail":"Two."}]}"#;
        let error =
            NetSuiteError::from_response("deposit po_1", Effect::Write, &response(400, two));
        assert_eq!(
            error.to_string(),
            "deposit po_1: NetSuite rejected it (status 400): One; Two; nothing was saved, correct \
             the cause and run again"
        );
    }
}
