//! Stripe's answers on their way into the ledger: packed on other threads, stored in order, many in
//! one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use super::follow::Follow;
use crate::calendar::UnixTime;
use crate::ledger::{Ledger, Prepared, Preparer, Pulled, Stored};
use crate::stripe::batch::{Batch, Scope};
use crate::stripe::client::Client;
use crate::stripe::crawl::{Event, Walk};
use crate::stripe::resource::Resource;
use crate::ui::Progress;

/// Answers that are packed: enough for the other threads to have work while this one commits, few enough to
/// fit in memory whatever they hold.
const PACKED_MAX: usize = 32;

/// Answers that are being packed. One that is not yet is several times as large.
const PACKING_MAX: usize = 8;

/// Answers of one transaction at most: each holds a page of a hundred objects.
const ANSWERS_PER_COMMIT: usize = 64;

/// How long an answer waits for others before it is committed. A commit writes every page of the file
/// that it touched, so a few large ones cost far less than many small ones; at Stripe's rate this is
/// the time between two pages of one list, which is what a kill may lose.
const COMMIT_AFTER: Duration = Duration::from_millis(40);

/// Takes answers in.
pub(super) struct Answers<'a> {
    client: &'a Client,
    api_version: String,
    now: UnixTime,
    progress: &'a Progress,
    /// Requests that the ledger has counted.
    counted: u64,
}

/// What was handed on, in order.
enum Packed {
    Answer(JoinHandle<Pulled>),
    Ended,
}

impl<'a> Answers<'a> {
    pub(super) fn new(client: &'a Arc<Client>, now: UnixTime, progress: &'a Progress) -> Self {
        let api_version = client.api_version().to_owned();
        Self { client, api_version, now, progress, counted: 0 }
    }

    /// Stores what comes, and asks for what follows from it, until there is no more.
    pub(super) async fn receive(
        mut self,
        ledger: &mut Ledger,
        source: mpsc::Receiver<Event>,
        feed: mpsc::UnboundedSender<Walk>,
        follow: &mut Follow,
    ) -> anyhow::Result<Stored> {
        let (sink, mut packed) = mpsc::channel(PACKED_MAX);
        // Beside this thread, so that packing goes on while it commits; ends with the set.
        let mut packing = JoinSet::new();
        packing.spawn(pack(source, sink, ledger.preparer()));
        let mut stored = Stored::default();
        let mut ready: Vec<Pulled> = Vec::new();
        let mut feed = Some(feed);
        self.ask(&mut feed, follow.next(ledger)?);
        let mut commit_at = Instant::now() + COMMIT_AFTER;
        loop {
            // What is there already goes into the next commit, however late that is.
            let next = match timeout_at(commit_at, packed.recv()).await {
                Ok(None) => break,
                Ok(next) => next,
                Err(_) if ready.is_empty() => packed.recv().await,
                Err(_) => None,
            };
            match next {
                Some(Packed::Answer(answer)) => {
                    let answer = answer.await.context("packing an answer was interrupted")?;
                    self.progress.add(u64::try_from(answer.objects.len())?);
                    ready.push(answer);
                    if ready.len() < ANSWERS_PER_COMMIT {
                        continue;
                    }
                }
                Some(Packed::Ended) => {
                    follow.ended();
                    self.progress.step();
                    if !follow.is_idle() {
                        continue;
                    }
                }
                None => {}
            }
            // What comes while this is committed has waited that long already.
            commit_at = Instant::now() + COMMIT_AFTER;
            stored += self.commit(ledger, &mut ready, &mut feed, follow)?;
            if follow.is_idle() {
                // The ledger has everything before it says what is still missing.
                self.ask(&mut feed, follow.next(ledger)?);
            }
            if follow.is_done() {
                feed = None;
            }
        }
        while let Some(ended) = packing.join_next().await {
            ended.context("packing answers was interrupted")?;
        }
        stored += self.commit(ledger, &mut ready, &mut feed, follow)?;
        Ok(stored)
    }

    fn commit(
        &mut self,
        ledger: &mut Ledger,
        ready: &mut Vec<Pulled>,
        feed: &mut Option<mpsc::UnboundedSender<Walk>>,
        follow: &mut Follow,
    ) -> anyhow::Result<Stored> {
        if ready.is_empty() {
            return Ok(Stored::default());
        }
        let requests: u64 = self.client.requests().values().sum();
        let new = requests - self.counted;
        self.counted = requests;
        let stored = ledger.pulled(ready, &self.api_version, self.now, new)?;
        let read = ready.iter().flat_map(|answer| &answer.objects);
        follow.saw(read.map(Prepared::id));
        let has_payouts = ready
            .iter()
            .any(|answer| answer.objects.first().is_some_and(|first| first.kind() == "payout"));
        let with_credit: BTreeSet<String> = ready
            .iter()
            .flat_map(|answer| &answer.objects)
            .filter_map(|object| object.customer_with_credit())
            .map(str::to_owned)
            .collect();
        // Their memory is given back beside this thread.
        drop(spawn_blocking({
            let stored = std::mem::take(ready);
            move || drop(stored)
        }));
        if has_payouts {
            self.ask(feed, follow.payout_lists(ledger)?);
        }
        if !with_credit.is_empty() {
            self.ask(feed, follow.credit_lists(ledger, with_credit)?);
        }
        Ok(stored)
    }

    fn ask(&self, feed: &mut Option<mpsc::UnboundedSender<Walk>>, walks: Vec<Walk>) {
        let Some(feed) = feed else { return };
        for walk in walks {
            self.progress.expect(1);
            // A crawl that ended early says why itself.
            let _ended = feed.send(walk);
        }
    }
}

/// Has answers packed on other threads, many at a time, and hands them on in order.
async fn pack(mut source: mpsc::Receiver<Event>, sink: mpsc::Sender<Packed>, preparer: Preparer) {
    let turns = Arc::new(Semaphore::new(PACKING_MAX));
    while let Some(event) = source.recv().await {
        let packed = match event {
            Event::Batch(batch) => {
                let turn = Arc::clone(&turns).acquire_owned().await;
                let preparer = preparer.clone();
                Packed::Answer(spawn_blocking(move || {
                    let _turn = turn;
                    prepare(batch, &preparer)
                }))
            }
            Event::Ended(_) => Packed::Ended,
        };
        if sink.send(packed).await.is_err() {
            // Whoever stopped to receive says why.
            return;
        }
    }
}

/// Packs an answer and says what it completes.
pub(super) fn prepare(batch: Batch, preparer: &Preparer) -> Pulled {
    let Batch { resource, scope, objects, last } = batch;
    let is_member = resource == Resource::PayoutMembers;
    let parent = match &scope {
        Scope::Parent(parent) if !is_member => Some(parent.clone()),
        _ => None,
    };
    let mut pulled = Pulled {
        objects: objects
            .into_iter()
            .map(|object| preparer.prepare(object.scan, &object.json, parent.as_deref()))
            .collect(),
        ..Pulled::default()
    };
    match scope {
        Scope::Window(window) => pulled.complete = Some((resource.as_str(), window)),
        Scope::Parent(payout) if is_member => pulled.members_of = Some((payout, last)),
        Scope::Parent(parent) if last => pulled.satisfied = Some((resource.as_str(), parent)),
        Scope::One(id) => {
            pulled.gone = pulled.objects.is_empty().then(|| id.clone());
            pulled.satisfied = Some((resource.as_str(), id));
        }
        Scope::Parent(_) | Scope::Whole | Scope::WithStatus(_) | Scope::Export => {}
    }
    pulled
}
