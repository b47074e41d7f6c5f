//! Pacing: how many requests start per second, and how many are under way at once.
//!
//! Time is tokio's, so a test with a paused clock sees every wait. When the other side complains,
//! [`Pacer::slow_down`] halves one of the two limits. A rate is known, so it recovers at once when
//! the complaints are over. How many requests may be under way depends on what else uses the account,
//! so that limit is felt for: it grows by one for each round of answers without a complaint.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a halved limit stays halved after the last complaint.
const RECOVERY: Duration = Duration::from_secs(10);

/// Complaints within this time are about the same burst of requests.
const SAME_BURST: Duration = Duration::from_secs(1);

/// How many may be under way before any answer came.
const IN_FLIGHT_FIRST: u32 = 8;

/// A rate is never halved more often than this: an eighth of it must be slow enough.
const HALVINGS_MAX: u32 = 3;

/// The share of one second's requests that may start at once after a pause.
const BURST_DIVISOR: u32 = 4;

/// Which limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    Rate,
    InFlight,
}

/// A rate limit and an in-flight limit. Both are per process and shared by reference.
#[derive(Debug)]
pub struct Pacer {
    interval: Duration,
    state: Mutex<State>,
    freed: Notify,
    freed_for_first: Notify,
}

#[derive(Debug)]
struct State {
    /// When the next request would start if requests were spread evenly; the past, after a pause.
    next_start: Instant,
    /// The same of those that go first.
    next_first: Instant,
    /// How many that go first wait for a place.
    first_waiting: u32,
    in_flight: u32,
    rate: Halving,
    concurrency: Felt,
}

/// A limit that is felt for.
#[derive(Debug)]
struct Felt {
    now: u32,
    max: u32,
    /// Answers without a complaint since the limit last grew, and whether anybody had to wait for
    /// a place meanwhile: otherwise nothing is known about the limit.
    answers: u32,
    was_full: bool,
    complaint: Option<Instant>,
}

impl Felt {
    fn new(first: u32, max: u32) -> Self {
        let max = max.max(1);
        Self { now: first.clamp(1, max), max, answers: 0, was_full: false, complaint: None }
    }

    fn complain(&mut self, at: Instant) {
        let same_burst = self.complaint.is_some_and(|last| at - last < SAME_BURST);
        if !same_burst {
            self.now = (self.now / 2).max(1);
            self.answers = 0;
            self.complaint = Some(at);
        }
    }

    /// One more answer came.
    fn answered(&mut self, at: Instant) {
        let is_calm = self.complaint.is_none_or(|last| at - last >= RECOVERY);
        if !is_calm || !self.was_full || self.now >= self.max {
            return;
        }
        self.answers += 1;
        if self.answers >= self.now {
            self.now += 1;
            self.answers = 0;
            self.was_full = false;
        }
    }
}

/// How far a limit is reduced at the moment.
#[derive(Debug, Default)]
struct Halving {
    count: u32,
    last: Option<Instant>,
}

impl Halving {
    fn complain(&mut self, now: Instant) {
        let same_burst = self.last.is_some_and(|last| now - last < SAME_BURST);
        if !same_burst || self.count == 0 {
            self.count = (self.current(now) + 1).min(HALVINGS_MAX);
            self.last = Some(now);
        }
    }

    /// How often the limit is halved at `now`.
    fn current(&self, now: Instant) -> u32 {
        match self.last {
            Some(last) if now - last < RECOVERY => self.count,
            _ => 0,
        }
    }
}

impl Pacer {
    /// Allows `rate_per_s` requests a second and `in_flight` at once; both count as at least 1.
    pub fn new(rate_per_s: u32, in_flight: u32) -> Self {
        Self::with(rate_per_s, Felt::new(in_flight, in_flight))
    }

    /// Like [`Pacer::new`], where nobody says how many may be under way: begins with a few and
    /// tries up to `in_flight_max`.
    pub fn feeling(rate_per_s: u32, in_flight_max: u32) -> Self {
        Self::with(rate_per_s, Felt::new(IN_FLIGHT_FIRST, in_flight_max))
    }

    fn with(rate_per_s: u32, concurrency: Felt) -> Self {
        let state = State {
            next_start: Instant::now(),
            next_first: Instant::now(),
            first_waiting: 0,
            in_flight: 0,
            rate: Halving::default(),
            concurrency,
        };
        Self {
            interval: Duration::from_secs(1) / rate_per_s.max(1),
            state: Mutex::new(state),
            freed: Notify::new(),
            freed_for_first: Notify::new(),
        }
    }

    /// Waits for a place and for the request's turn. The place is free again when the permit is
    /// dropped; a wait that is given up leaves nothing behind but an unused turn.
    pub async fn permit(&self) -> Permit<'_> {
        let permit = self.place().await;
        let start = self.turn();
        tokio::time::sleep_until(start).await;
        permit
    }

    /// The same, before all who wait for [`Pacer::permit`]. They start later by it, so the rate is kept
    /// but for the few whose turn was given out already.
    pub async fn permit_first(&self) -> Permit<'_> {
        let permit = self.place_first().await;
        let start = self.turn_of_first();
        tokio::time::sleep_until(start).await;
        permit
    }

    /// Halves one limit; the complaints of one burst halve it once.
    pub fn slow_down(&self, slow: Slow) {
        let mut state = self.state();
        let now = Instant::now();
        match slow {
            Slow::Rate => state.rate.complain(now),
            Slow::InFlight => state.concurrency.complain(now),
        }
    }

    /// Allows another number of requests at once from now on; it counts as at least 1.
    pub fn set_in_flight(&self, in_flight: u32) {
        let mut state = self.state();
        state.concurrency = Felt::new(in_flight, in_flight);
        self.wake(&state);
    }

    #[cfg(test)]
    fn in_flight(&self) -> u32 {
        self.state().in_flight
    }

    async fn place(&self) -> Permit<'_> {
        loop {
            if let Some(permit) = self.free_place(false) {
                return permit;
            }
            // Somebody is under way, or goes first, whenever no place is free: this always wakes up.
            self.freed.notified().await;
        }
    }

    async fn place_first(&self) -> Permit<'_> {
        self.state().first_waiting += 1;
        let waiting = WaitsFirst(self);
        loop {
            if let Some(permit) = self.free_place(true) {
                std::mem::forget(waiting);
                return permit;
            }
            self.freed_for_first.notified().await;
        }
    }

    fn free_place(&self, is_first: bool) -> Option<Permit<'_>> {
        let mut state = self.state();
        let limit = state.concurrency.now;
        if state.in_flight >= limit {
            state.concurrency.was_full = true;
            return None;
        }
        if is_first {
            state.first_waiting -= 1;
        } else if state.first_waiting > 0 {
            return None;
        }
        state.in_flight += 1;
        if state.in_flight < limit {
            // A limit that has recovered has room for more waiters than one freed place woke.
            self.wake(&state);
        }
        Some(Permit(self))
    }

    /// Tells who is next that there is room.
    fn wake(&self, state: &State) {
        if state.first_waiting > 0 {
            self.freed_for_first.notify_one();
        } else {
            self.freed.notify_one();
        }
    }

    fn turn(&self) -> Instant {
        let mut state = self.state();
        let (earliest, interval) = self.spacing(&state);
        let start = state.next_start.max(earliest);
        state.next_start = start + interval;
        start
    }

    fn turn_of_first(&self) -> Instant {
        let mut state = self.state();
        let (earliest, interval) = self.spacing(&state);
        let start = state.next_first.max(earliest);
        state.next_first = start + interval;
        state.next_start = state.next_start.max(earliest) + interval;
        start
    }

    /// From when on a request may start at the earliest, and how long the next one waits for it.
    fn spacing(&self, state: &State) -> (Instant, Duration) {
        let now = Instant::now();
        let burst = Duration::from_secs(1) / BURST_DIVISOR;
        let interval = self.interval * (1 << state.rate.current(now));
        (now.checked_sub(burst).unwrap_or(now), interval)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The counters are whole after every statement, so a panic elsewhere cannot have torn them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that goes first and waits; whoever gives up waiting is not waited for.
struct WaitsFirst<'a>(&'a Pacer);

impl Drop for WaitsFirst<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.first_waiting -= 1;
        self.0.wake(&state);
    }
}

/// A place among the requests that are under way.
#[derive(Debug)]
#[must_use = "the place is given back when the permit is dropped"]
pub struct Permit<'a>(&'a Pacer);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.in_flight -= 1;
        state.concurrency.answered(Instant::now());
        self.0.wake(&state);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn seconds_for(pacer: &Pacer, requests: u32) -> f64 {
        let start = Instant::now();
        for _ in 0..requests {
            drop(pacer.permit().await);
        }
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_rate_starts_per_second() {
        let pacer = Pacer::new(20, 8);
        let taken = seconds_for(&pacer, 101).await;
        assert!((4.99..5.2).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_saves_up_no_more_than_a_small_burst() {
        let pacer = Pacer::new(20, 8);
        tokio::time::sleep(Duration::from_hours(1)).await;
        let taken = seconds_for(&pacer, 6).await;
        assert!(taken < 0.01, "five saved turns and one: {taken}");
        let taken = seconds_for(&pacer, 20).await;
        assert!((0.9..1.1).contains(&taken), "{taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_complaint_halves_the_rate_for_ten_seconds() {
        let pacer = Pacer::new(20, 8);
        for _ in 0..5 {
            pacer.slow_down(Slow::Rate);
        }
        let taken = seconds_for(&pacer, 51).await;
        assert!((4.9..5.3).contains(&taken), "10 per second: {taken}");
        tokio::time::sleep(Duration::from_secs(6)).await;
        let taken = seconds_for(&pacer, 105).await;
        assert!((4.7..5.3).contains(&taken), "20 per second again: {taken}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_concurrency_complaint_halves_what_is_under_way_and_recovers() {
        let pacer = Arc::new(Pacer::new(10_000, 8));
        let most_at_once = async |pacer: &Arc<Pacer>| {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..32 {
                let pacer = Arc::clone(pacer);
                tasks.spawn(async move {
                    let permit = pacer.permit().await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    let seen = pacer.in_flight();
                    drop(permit);
                    seen
                });
            }
            tasks.join_all().await.into_iter().max().unwrap()
        };
        assert_eq!(most_at_once(&pacer).await, 8);
        pacer.slow_down(Slow::InFlight);
        assert_eq!(most_at_once(&pacer).await, 4);
        tokio::time::sleep(Duration::from_secs(2)).await;
        pacer.slow_down(Slow::InFlight);
        assert_eq!(most_at_once(&pacer).await, 2);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let (first, second) = (most_at_once(&pacer).await, most_at_once(&pacer).await);
        assert!((5..=8).contains(&first), "one more for each round: {first}");
        assert_eq!(second, 8);
    }

    /// Were the first guess the last word, a limit of Stripe's that is higher would go unused.
    #[tokio::test(start_paused = true)]
    async fn what_may_be_under_way_grows_while_nobody_complains() {
        let pacer = Arc::new(Pacer::feeling(10_000, 20));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..400 {
            let pacer = Arc::clone(&pacer);
            tasks.spawn(async move {
                let permit = pacer.permit().await;
                tokio::time::sleep(Duration::from_millis(100)).await;
                let seen = pacer.in_flight();
                drop(permit);
                seen
            });
        }
        let seen = tasks.join_all().await;
        assert_eq!(seen[..8].iter().max(), Some(&8));
        assert_eq!(seen.iter().max(), Some(&20));
    }

    /// Otherwise what is asked of customers one by one, which takes longest, would end last.
    #[tokio::test(start_paused = true)]
    async fn who_goes_first_has_its_own_rate_while_others_share_the_rest() {
        let pacer = Arc::new(Pacer::new(100, 16));
        let slow = Arc::new(Pacer::new(25, 8));
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..2_000 {
            let pacer = Arc::clone(&pacer);
            crowd.spawn(async move {
                let _permit = pacer.permit().await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            });
        }
        let start = Instant::now();
        let mut first = tokio::task::JoinSet::new();
        for _ in 0..250 {
            let (pacer, slow) = (Arc::clone(&pacer), Arc::clone(&slow));
            first.spawn(async move {
                let _own = slow.permit().await;
                let _permit = pacer.permit_first().await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            });
        }
        first.join_all().await;
        let taken = start.elapsed().as_secs_f64();
        assert!((9.0..10.5).contains(&taken), "250 at 25 a second: {taken}");
        crowd.join_all().await;
        let all = start.elapsed().as_secs_f64();
        assert!((22.0..23.0).contains(&all), "2,250 at 100 a second: {all}");
    }

    /// A place that is kept for one who has gone would be lost to all.
    #[tokio::test(start_paused = true)]
    async fn who_goes_first_and_gives_up_holds_nobody_back() {
        let pacer = Pacer::new(10, 1);
        let held = pacer.permit().await;
        let wait = tokio::time::timeout(Duration::from_secs(1), pacer.permit_first()).await;
        assert!(wait.is_err());
        drop(held);
        let wait = tokio::time::timeout(Duration::from_secs(1), pacer.permit()).await;
        assert!(wait.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_wait_gives_its_place_back() {
        let pacer = Pacer::new(1, 1);
        let held = pacer.permit().await;
        let wait = tokio::time::timeout(Duration::from_secs(1), pacer.permit()).await;
        assert!(wait.is_err());
        drop(held);
        assert_eq!(pacer.in_flight(), 0);
        drop(pacer.permit().await);
    }
}
