//! What to do after one attempt at a NetSuite request: a pure decision.
//!
//! The rule behind it: a write is sent again only when it certainly was not acted on. A write in
//! doubt goes back to the caller, who looks the record up first.

use crate::net::transport::{HttpResponse, TransportError};

/// Attempts at one request, the first one included. With a first wait of a second the
/// last one comes at most two minutes later: longer than other requests hold their places.
pub const ATTEMPTS_MAX: u32 = 8;

/// No single wait is longer, whatever the server asks for.
pub const DELAY_MS_MAX: u64 = 60_000;

/// Whether the request can change anything in NetSuite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Read,
    Write,
}

/// What is known when the decision is made.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    pub effect: Effect,
    pub outcome: &'a Result<HttpResponse, TransportError>,
    /// This attempt's number, from 1.
    pub number: u32,
    /// Whether the access token was already renewed for this request.
    pub renewed: bool,
    /// The first wait; it doubles from attempt to attempt.
    pub delay_ms: u64,
    /// Any number: waits are spread by it, so that workers do not come back all at once.
    pub jitter: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Hand the outcome to the caller.
    Return,
    /// Get a new access token, then send again.
    Renew,
    /// Send again after a while.
    Wait { delay_ms: u64 },
}

/// The decision.
pub fn next(attempt: &Attempt<'_>) -> Next {
    let again = match attempt.outcome {
        Ok(response) => match response.status {
            401 if !attempt.renewed => return Next::Renew,
            429 => true,
            500..=599 => attempt.effect == Effect::Read,
            _ => false,
        },
        Err(TransportError::NotSent { .. }) => true,
        Err(TransportError::InDoubt { .. }) => attempt.effect == Effect::Read,
    };
    if !again || attempt.number >= ATTEMPTS_MAX {
        return Next::Return;
    }
    let asked_ms = attempt.outcome.as_ref().ok().and_then(retry_after_ms);
    let doubled = attempt.delay_ms.saturating_mul(1 << (attempt.number - 1).min(16));
    let ceiling = doubled.min(DELAY_MS_MAX);
    let spread = attempt.jitter % (ceiling + 1);
    Next::Wait {
        delay_ms: asked_ms.map_or(spread, |ms| ms.saturating_add(spread)).min(DELAY_MS_MAX),
    }
}

/// `Retry-After` in seconds; NetSuite does not document one, a proxy may send it.
fn retry_after_ms(response: &HttpResponse) -> Option<u64> {
    let seconds: u64 = response.header("retry-after")?.trim().parse().ok()?;
    Some(seconds.saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<HttpResponse, TransportError>;

    fn response(status: u16) -> HttpResponse {
        HttpResponse { status, headers: Vec::new(), body: Vec::new() }
    }

    fn decide(effect: Effect, outcome: &Outcome, number: u32) -> Next {
        next(&Attempt { effect, outcome, number, renewed: false, delay_ms: 1_000, jitter: 999 })
    }

    #[test]
    fn a_write_in_doubt_is_never_sent_again() {
        let doubt = Err(TransportError::InDoubt { host: "h".into(), cause: "c".into() });
        for outcome in [doubt, Ok(response(500)), Ok(response(503))] {
            assert_eq!(decide(Effect::Write, &outcome, 1), Next::Return);
            assert_eq!(decide(Effect::Read, &outcome, 1), Next::Wait { delay_ms: 999 });
        }
    }

    #[test]
    fn a_write_that_was_surely_not_acted_on_is_sent_again() {
        let unsent = Err(TransportError::NotSent { host: "h".into(), cause: "c".into() });
        for outcome in [unsent, Ok(response(429))] {
            assert_eq!(decide(Effect::Write, &outcome, 1), Next::Wait { delay_ms: 999 });
            assert_eq!(decide(Effect::Write, &outcome, ATTEMPTS_MAX), Next::Return);
        }
    }

    #[test]
    fn a_refused_token_is_renewed_once() {
        let outcome = Ok(response(401));
        assert_eq!(decide(Effect::Write, &outcome, 1), Next::Renew);
        let attempt = Attempt {
            effect: Effect::Write,
            outcome: &outcome,
            number: 2,
            renewed: true,
            delay_ms: 1_000,
            jitter: 0,
        };
        assert_eq!(next(&attempt), Next::Return);
    }

    #[test]
    fn a_rejected_record_is_not_tried_again() {
        assert_eq!(decide(Effect::Write, &Ok(response(400)), 1), Next::Return);
        assert_eq!(decide(Effect::Read, &Ok(response(404)), 1), Next::Return);
    }

    #[test]
    fn waits_double_honour_the_server_and_are_bounded() {
        let mut asking = response(429);
        asking.headers.push(("retry-after".into(), "2".into()));
        assert_eq!(decide(Effect::Write, &Ok(asking.clone()), 1), Next::Wait { delay_ms: 2_999 });
        asking.headers[0].1 = "86400".into();
        assert_eq!(decide(Effect::Read, &Ok(asking), 1), Next::Wait { delay_ms: DELAY_MS_MAX });
        let waits = |number| {
            let outcome = Ok(response(429));
            let jitter = u64::MAX - 1;
            match next(&Attempt {
                effect: Effect::Write,
                outcome: &outcome,
                number,
                renewed: false,
                delay_ms: 1_000,
                jitter,
            }) {
                Next::Wait { delay_ms } => delay_ms,
                other => panic!("{other:?}"),
            }
        };
        assert!(waits(1) <= 1_000 && waits(7) <= DELAY_MS_MAX);
    }
}
