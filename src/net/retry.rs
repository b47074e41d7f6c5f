//! Whether to send a request again, and when: a decision without side effects.
//!
//! A 429 from Stripe's rate limiter comes without `Retry-After` and is not retried by Stripe's own
//! clients; for a batch tool it must be. What must never be repeated blindly is a write that the
//! other side may have acted on.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use super::transport::{HttpResponse, TransportError};

/// Six retries span at most half a minute, longer than any passing overload.
pub const RETRIES_MAX: u32 = 6;

const DELAY_FIRST_MS: u64 = 500;
const DELAY_MAX_MS: u64 = 30_000;

/// A server that asks for more patience than this is down; the next run continues.
const RETRY_AFTER_MAX: Duration = Duration::from_mins(5);

/// What repeating a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Nothing: a read.
    Read,
    /// The same thing twice.
    Write,
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    Answer(&'a HttpResponse),
    Failure(&'a TransportError),
    /// A success whose body broke off.
    Garbled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Retry { after: Duration },
    GiveUp { why: GiveUp },
}

/// Why a request is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUp {
    /// The answer would be the same.
    Final,
    /// It was tried often enough, or the server asks to come back much later.
    Exhausted,
    /// The other side may have acted: look before sending again.
    InDoubt,
}

/// What a rate limiter complained about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// Too many requests per second, over all endpoints or at this one.
    Rate(Scope),
    /// Too many requests at once.
    Concurrency(Scope),
}

/// Whose limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Account,
    Endpoint,
}

/// Decides after attempt number `attempt` (the first is 0). `jitter_per_mille`, below 1000, spreads
/// the waits of many clients: the wait is that share of 0.5 s · 2ⁿ, at most 30 s.
pub fn decide(
    attempt: u32,
    safety: Safety,
    outcome: Outcome<'_>,
    jitter_per_mille: u32,
) -> Decision {
    let give_up = |why| Decision::GiveUp { why };
    if let Err(why) = repeatable(safety, outcome) {
        return give_up(why);
    }
    if attempt >= RETRIES_MAX {
        return give_up(GiveUp::Exhausted);
    }
    let ceiling_ms = DELAY_MAX_MS.min(DELAY_FIRST_MS << attempt);
    let backoff = Duration::from_millis(ceiling_ms * u64::from(jitter_per_mille.min(1000)) / 1000);
    match retry_after(outcome) {
        Some(asked) if asked > RETRY_AFTER_MAX => give_up(GiveUp::Exhausted),
        Some(asked) => Decision::Retry { after: asked + backoff },
        None => Decision::Retry { after: backoff },
    }
}

fn repeatable(safety: Safety, outcome: Outcome<'_>) -> Result<(), GiveUp> {
    let if_read = match safety {
        Safety::Read => Ok(()),
        Safety::Write => Err(GiveUp::InDoubt),
    };
    let answer = match outcome {
        Outcome::Failure(TransportError::NotSent { .. }) => return Ok(()),
        Outcome::Failure(TransportError::InDoubt { .. }) | Outcome::Garbled => return if_read,
        Outcome::Answer(answer) => answer,
    };
    match (answer.header("stripe-should-retry"), answer.status) {
        (Some("false"), 500..) => if_read.and(Err(GiveUp::Final)),
        (Some("false"), _) => Err(GiveUp::Final),
        // The rate limiter and a lock that was not obtained refuse before anything happens.
        (_, 429) => Ok(()),
        (Some("true"), _) | (_, 408 | 500..) => if_read,
        (_, 409 | 424) if safety == Safety::Read => Ok(()),
        _ => Err(GiveUp::Final),
    }
}

/// `Retry-After` in seconds; its other form, a date, would need this machine's clock to be right.
fn retry_after(outcome: Outcome<'_>) -> Option<Duration> {
    let Outcome::Answer(answer) = outcome else { return None };
    let seconds = answer.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// What an answer says about the limits, if it comes from a limiter. Without Stripe's reason a 429
/// is a lock that was not obtained, or another system's limiter: being fewer at once helps both.
pub fn throttle(answer: &HttpResponse) -> Option<Throttle> {
    if answer.status != 429 {
        return None;
    }
    Some(match answer.header("stripe-rate-limited-reason") {
        Some("global-rate") => Throttle::Rate(Scope::Account),
        Some("endpoint-rate") => Throttle::Rate(Scope::Endpoint),
        Some("global-concurrency") => Throttle::Concurrency(Scope::Account),
        _ => Throttle::Concurrency(Scope::Endpoint),
    })
}

/// A number below 1000 that differs between runs and calls: only for [`decide`]'s jitter.
pub fn jitter_per_mille() -> u32 {
    u32::try_from(RandomState::new().hash_one(()) % 1000).expect("a remainder of 1000 fits")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Headers = &'static [(&'static str, &'static str)];

    fn answer(status: u16, headers: &[(&str, &str)]) -> HttpResponse {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        HttpResponse { status, headers: headers.iter().map(own).collect(), body: Vec::new() }
    }

    fn verdict(safety: Safety, outcome: Outcome<'_>) -> &'static str {
        match decide(0, safety, outcome, 500) {
            Decision::Retry { .. } => "retry",
            Decision::GiveUp { why: GiveUp::Final } => "final",
            Decision::GiveUp { why: GiveUp::Exhausted } => "exhausted",
            Decision::GiveUp { why: GiveUp::InDoubt } => "in doubt",
        }
    }

    #[test]
    fn each_answer_has_its_verdict() {
        let no: Headers = &[("stripe-should-retry", "false")];
        let yes: Headers = &[("stripe-should-retry", "true")];
        let rows: [(u16, Headers, &str, &str); 18] = [
            (400, &[], "final", "final"),
            (401, &[], "final", "final"),
            (403, &[], "final", "final"),
            (404, &[], "final", "final"),
            (302, &[], "final", "final"),
            (408, &[], "retry", "in doubt"),
            (409, &[], "retry", "final"),
            (424, &[], "retry", "final"),
            (429, &[], "retry", "retry"),
            (429, &[("stripe-rate-limited-reason", "global-rate")], "retry", "retry"),
            (429, no, "final", "final"),
            (500, &[], "retry", "in doubt"),
            (500, no, "final", "in doubt"),
            (502, &[], "retry", "in doubt"),
            (504, &[], "retry", "in doubt"),
            (400, yes, "retry", "in doubt"),
            (503, &[("retry-after", "5")], "retry", "in doubt"),
            (503, &[("retry-after", "86400")], "exhausted", "in doubt"),
        ];
        for (status, headers, read, write) in rows {
            let answer = answer(status, headers);
            let outcome = Outcome::Answer(&answer);
            assert_eq!(verdict(Safety::Read, outcome), read, "read {status} {headers:?}");
            assert_eq!(verdict(Safety::Write, outcome), write, "write {status} {headers:?}");
        }
    }

    #[test]
    fn a_write_that_may_have_happened_is_never_sent_again_blindly() {
        let (host, cause) = (String::new(), String::new());
        let doubt = TransportError::InDoubt { host: host.clone(), cause: cause.clone() };
        let unsent = TransportError::NotSent { host, cause };
        assert_eq!(verdict(Safety::Write, Outcome::Failure(&doubt)), "in doubt");
        assert_eq!(verdict(Safety::Write, Outcome::Garbled), "in doubt");
        assert_eq!(verdict(Safety::Write, Outcome::Failure(&unsent)), "retry");
        assert_eq!(verdict(Safety::Read, Outcome::Failure(&doubt)), "retry");
        assert_eq!(verdict(Safety::Read, Outcome::Garbled), "retry");
    }

    #[test]
    fn waits_double_up_to_the_limit_and_end() {
        let busy = answer(503, &[]);
        let wait_ms =
            |attempt, jitter| match decide(attempt, Safety::Read, Outcome::Answer(&busy), jitter) {
                Decision::Retry { after } => Some(after.as_millis()),
                Decision::GiveUp { .. } => None,
            };
        let waits: Vec<_> = (0..=6).map(|attempt| wait_ms(attempt, 1000)).collect();
        let expected = [500, 1000, 2000, 4000, 8000, 16_000].map(Some);
        assert_eq!(waits[..6], expected);
        assert_eq!(waits[6], None, "the seventh attempt is the last");
        assert_eq!((wait_ms(3, 0), wait_ms(3, 250)), (Some(0), Some(1000)));
    }

    #[test]
    fn a_server_that_says_when_is_believed() {
        let busy = answer(429, &[("retry-after", "7")]);
        let decision = decide(0, Safety::Read, Outcome::Answer(&busy), 0);
        assert_eq!(decision, Decision::Retry { after: Duration::from_secs(7) });
        let date = answer(503, &[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]);
        let decision = decide(0, Safety::Read, Outcome::Answer(&date), 0);
        assert_eq!(decision, Decision::Retry { after: Duration::ZERO });
    }

    #[test]
    fn limiters_name_what_to_slow_down() {
        let reason = |text| throttle(&answer(429, &[("stripe-rate-limited-reason", text)]));
        assert_eq!(reason("global-rate"), Some(Throttle::Rate(Scope::Account)));
        assert_eq!(reason("endpoint-rate"), Some(Throttle::Rate(Scope::Endpoint)));
        assert_eq!(reason("global-concurrency"), Some(Throttle::Concurrency(Scope::Account)));
        assert_eq!(reason("endpoint-concurrency"), Some(Throttle::Concurrency(Scope::Endpoint)));
        assert_eq!(throttle(&answer(429, &[])), Some(Throttle::Concurrency(Scope::Endpoint)));
        assert_eq!(throttle(&answer(503, &[])), None);
    }

    #[test]
    fn jitter_is_a_share() {
        assert!((0..100).all(|_| jitter_per_mille() < 1000));
    }
}
