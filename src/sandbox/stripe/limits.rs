//! Rate limits and faults on request, all off by default.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::error::Refusal;

/// How many requests are answered. Stripe's own: 100/s live, 25/s in test mode, 25/s per endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub rate_per_s: u32,
    pub endpoint_rate_per_s: u32,
    pub in_flight_max: u32,
}

impl Limits {
    /// Stripe's own of live mode. How many may be under way is not published; this many are more
    /// than the rates need.
    pub const LIVE: Self = Self { rate_per_s: 100, endpoint_rate_per_s: 25, in_flight_max: 60 };
}

/// Answers that go wrong, drawn from a seed: the same requests in the same order meet the same
/// faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faults {
    pub seed: u64,
    /// How many of a thousand requests meet one.
    pub per_mille: u32,
}

/// What goes wrong with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    ServerError,
    LockTimeout,
    /// The connection ends in the middle of the body.
    Truncated,
    /// A proxy answers instead.
    Html,
}

impl Faults {
    /// What happens to the request with this number.
    pub(super) fn draw(self, number: u64) -> Option<Fault> {
        let mut bits = (self.seed ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits ^= bits >> 32;
        if bits % 1000 >= u64::from(self.per_mille) {
            return None;
        }
        Some(match (bits >> 16) % 4 {
            0 => Fault::ServerError,
            1 => Fault::LockTimeout,
            2 => Fault::Truncated,
            _ => Fault::Html,
        })
    }
}

/// Counts requests against the limits.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    all: Option<Bucket>,
    endpoints: HashMap<String, Bucket>,
    in_flight: u32,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    fn full(rate_per_s: u32, now: Instant) -> Self {
        Self { tokens: f64::from(rate_per_s), filled: now }
    }

    fn take(&mut self, rate_per_s: u32, now: Instant) -> bool {
        let rate = f64::from(rate_per_s);
        let since: Duration = now - self.filled;
        self.tokens = (self.tokens + since.as_secs_f64() * rate).min(rate);
        self.filled = now;
        let is_free = self.tokens >= 1.0;
        if is_free {
            self.tokens -= 1.0;
        }
        is_free
    }
}

impl Limiter {
    /// Lets a request in, or says which limit it exceeds. Each entry needs a [`Self::leave`].
    pub(super) fn enter(&mut self, limits: Limits, endpoint: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        if self.in_flight >= limits.in_flight_max {
            return Err(Refusal::limited(Some("global-concurrency")));
        }
        let all = self.all.get_or_insert_with(|| Bucket::full(limits.rate_per_s, now));
        if !all.take(limits.rate_per_s, now) {
            return Err(Refusal::limited(Some("global-rate")));
        }
        let own = self
            .endpoints
            .entry(endpoint.to_owned())
            .or_insert_with(|| Bucket::full(limits.endpoint_rate_per_s, now));
        if !own.take(limits.endpoint_rate_per_s, now) {
            return Err(Refusal::limited(Some("endpoint-rate")));
        }
        self.in_flight += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}
