//! `tieout pull`: facts from Stripe, or from an export, into the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::sync::mpsc;

use crate::calendar::{UnixTime, Window, parse_bound};
use crate::cli::{Global, PullArgs, WindowArgs};
use crate::commands::exit::{self, Outcome, UsageError};
use crate::commands::session::Session;
use crate::ledger::{Incoming, Ledger, LedgerError, Stored};
use crate::money::grouped;
use crate::report::plan::counted;
use crate::stripe::batch::{Batch, Scope};
use crate::stripe::client::Client;
use crate::stripe::crawl::{BATCHES_WAITING_MAX, Walk, crawl, plan_walks};
use crate::stripe::directory::read_export;
use crate::stripe::objects::{
    self, CreditNote, Customer, Dispute, Invoice, InvoiceStatus, Payout, Refund,
};
use crate::stripe::resource::Resource;
use crate::ui::{Progress, Ui};

/// A window younger than this is never complete: objects appear in lists a little late.
const SAFETY_LAG_S: i64 = 600;
/// How far a pull that follows another one goes back, for what appeared late.
const LOOK_BACK_S: i64 = 3 * 24 * 3600;

pub(super) async fn run(args: &PullArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("pull")?;
    if let Some(path) = &args.from {
        return from_export(&session, path, ui).await;
    }
    // A ledger is only made for an account that was seen to be the right one.
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let window = window(&args.window, &session, &ledger)?;
    let run = ledger.start_run("pull", &serde_json::to_string(&window)?)?;
    let pulled = pull(&session, client, &mut ledger, window, ui).await;
    let result = pulled.map(|stored| {
        say_what_was_stored(stored, ui);
        Outcome::Done
    });
    ledger.finish_run(run, exit::code(&result), "")?;
    result
}

/// The window that was asked for; the start defaults to where the last pull ended, or to the start
/// date.
pub(super) fn window(
    args: &WindowArgs,
    session: &Session,
    ledger: &Ledger,
) -> anyhow::Result<Window> {
    let zone = session.settings.stripe.zone;
    let bound = |text: &String| parse_bound(text, zone);
    let newest = UnixTime(session.clock.now().0 - SAFETY_LAG_S);
    let until = args.until.as_ref().map(bound).transpose()?.unwrap_or(newest).min(newest);
    let covered = ledger.covered_until(Resource::BalanceTransactions.as_str())?;
    let since = match (&args.since, covered, session.settings.stripe.start_date) {
        (Some(text), _, _) => parse_bound(text, zone)?,
        (None, Some(end), _) => UnixTime(end.0.min(until.0) - LOOK_BACK_S),
        (None, None, Some(day)) => crate::calendar::start_of_day(day, zone),
        (None, None, None) => bail!(UsageError(
            "nothing says where to start\nhint: give --since, or set stripe.start_date".into()
        )),
    };
    Ok(Window::new(since, until)?)
}

/// Pulls a window, and everything that belongs to what is in it.
pub(super) async fn pull(
    session: &Session,
    client: Arc<Client>,
    ledger: &mut Ledger,
    window: Window,
    ui: Ui,
) -> anyhow::Result<Stored> {
    let zone = session.settings.stripe.zone;
    let local = |instant: UnixTime| instant.utc().with_timezone(&zone).format("%Y-%m-%d %H:%M");
    ui.say(&format!(
        "Pulling from {} up to {} ({zone}).",
        local(window.since),
        local(window.until)
    ));
    let mut puller =
        Puller { client, ledger, progress: ui.progress("objects", None), now: session.clock.now() };
    let mut stored = puller.walk(first_walks(window)).await?;
    stored += puller.walk(open_objects(puller.ledger)?).await?;
    stored += puller.walk(customers(puller.ledger)?).await?;
    stored += puller.walk(payout_members(puller.ledger)?).await?;
    stored += puller.walk(vec![Walk::whole(Resource::Balance)]).await?;
    let requests: u64 = puller.client.requests().values().sum();
    puller.progress.finish();
    ui.say(&format!("Stripe answered {} requests.", grouped(&requests.to_string())));
    Ok(stored)
}

pub(super) fn say_what_was_stored(stored: Stored, ui: Ui) {
    let number = |count: usize| grouped(&count.to_string());
    ui.say(&format!(
        "{} new, {} changed, {} unchanged objects.",
        number(stored.new),
        number(stored.changed),
        number(stored.unchanged)
    ));
}

/// What is dated goes by the window; what is sold is read whole, because an old price may be on a
/// new invoice.
fn first_walks(window: Window) -> Vec<Walk> {
    let whole = [
        Resource::Products,
        Resource::Prices,
        Resource::Coupons,
        Resource::TaxRates,
        Resource::Account,
    ];
    let dated: Vec<Resource> =
        Resource::LISTS.into_iter().filter(|resource| !whole.contains(resource)).collect();
    let mut walks = plan_walks(&dated, window);
    walks.extend(whole.map(Walk::whole));
    walks
}

/// Objects that may have changed since they were read, because they are not at their end yet.
fn open_objects(ledger: &Ledger) -> anyhow::Result<Vec<Walk>> {
    let mut walks = Vec::new();
    ledger.for_each_object::<LedgerError>("invoice", |raw| {
        let invoice: Invoice = objects::read(raw)?;
        let is_open = matches!(
            invoice.status,
            InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible
        );
        walks.extend(is_open.then(|| Walk::one(Resource::Invoices, invoice.id.as_str())));
        Ok(())
    })?;
    ledger.for_each_object::<LedgerError>("payout", |raw| {
        let payout: Payout = objects::read(raw)?;
        let is_final = payout.status == "paid" && payout.can_be_itemised();
        let is_open = !is_final && !matches!(payout.status.as_str(), "failed" | "canceled");
        walks.extend(is_open.then(|| Walk::one(Resource::Payouts, payout.id.as_str())));
        Ok(())
    })?;
    ledger.for_each_object::<LedgerError>("dispute", |raw| {
        let dispute: Dispute = objects::read(raw)?;
        let is_open = !matches!(dispute.status.as_str(), "won" | "warning_closed" | "prevented");
        walks.extend(is_open.then(|| Walk::one(Resource::Disputes, dispute.id.as_str())));
        Ok(())
    })?;
    ledger.for_each_object::<LedgerError>("refund", |raw| {
        let refund: Refund = objects::read(raw)?;
        let is_open = matches!(refund.status.as_str(), "pending" | "requires_action");
        walks.extend(is_open.then(|| Walk::one(Resource::Refunds, refund.id.as_str())));
        Ok(())
    })?;
    Ok(walks)
}

/// Customers that were only named, and the balance changes of those who have a balance.
fn customers(ledger: &Ledger) -> anyhow::Result<Vec<Walk>> {
    let missing = ledger.missing("customer")?;
    let mut walks: Vec<Walk> =
        missing.iter().map(|id| Walk::one(Resource::Customers, id.as_str())).collect();
    let mut with_balance: BTreeSet<String> = BTreeSet::new();
    ledger.for_each_object::<LedgerError>("customer", |raw| {
        let customer: Customer = objects::read(raw)?;
        if customer.balance != 0 {
            with_balance.insert(customer.id.to_string());
        }
        Ok(())
    })?;
    ledger.for_each_object::<LedgerError>("invoice", |raw| {
        let invoice: Invoice = objects::read(raw)?;
        let moved = !invoice.starting_balance().is_zero() || !invoice.ending_balance().is_zero();
        with_balance.extend(invoice.customer.filter(|_| moved).map(|id| id.to_string()));
        Ok(())
    })?;
    ledger.for_each_object::<LedgerError>("credit_note", |raw| {
        let note: CreditNote = objects::read(raw)?;
        let moved = note.customer_balance_transaction.is_some();
        with_balance.extend(note.customer.filter(|_| moved).map(|id| id.to_string()));
        Ok(())
    })?;
    walks.extend(
        with_balance.into_iter().map(|id| Walk::below(Resource::CustomerBalanceTransactions, id)),
    );
    Ok(walks)
}

/// The lists by payout that were not read yet and that Stripe can give.
fn payout_members(ledger: &Ledger) -> anyhow::Result<Vec<Walk>> {
    let mut walks = Vec::new();
    for id in ledger.unlisted_payouts()? {
        let payout: Option<Payout> = ledger.view(&id)?;
        if payout.is_some_and(|payout| payout.can_be_itemised()) {
            walks.push(Walk::below(Resource::PayoutMembers, id));
        }
    }
    Ok(walks)
}

/// Walks lists and stores what comes.
struct Puller<'a> {
    client: Arc<Client>,
    ledger: &'a mut Ledger,
    progress: Progress,
    now: UnixTime,
}

impl Puller<'_> {
    async fn walk(&mut self, walks: Vec<Walk>) -> anyhow::Result<Stored> {
        let (sink, source) = mpsc::channel(BATCHES_WAITING_MAX);
        let client = Arc::clone(&self.client);
        let crawling = async move {
            // The sink is dropped at the end, which ends the receiver.
            let sink = sink;
            crawl(&client, walks, &sink).await
        };
        let version = self.client.api_version().to_owned();
        let receiving = receive(self.ledger, source, &version, self.now, &self.progress);
        let (crawled, stored) = tokio::join!(crawling, receiving);
        // What the receiver says is the cause when both fail.
        let stored = stored?;
        crawled?;
        Ok(stored)
    }
}

/// Stores batches until there are no more.
async fn receive(
    ledger: &mut Ledger,
    mut source: mpsc::Receiver<Batch>,
    api_version: &str,
    now: UnixTime,
    progress: &Progress,
) -> anyhow::Result<Stored> {
    let mut stored = Stored::default();
    let mut members: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some(batch) = source.recv().await {
        stored += store(ledger, &batch, api_version, now)?;
        progress.add(u64::try_from(batch.objects.len())?);
        match &batch.scope {
            Scope::Parent(payout) if batch.resource == Resource::PayoutMembers => {
                let list = members.entry(payout.clone()).or_default();
                list.extend(batch.objects.iter().map(|object| object.head.id.clone()));
                if batch.last {
                    ledger.set_payout_members(payout, list)?;
                }
            }
            Scope::Window(window) if batch.last => {
                ledger.cover(batch.resource.as_str(), *window)?;
            }
            _ => {}
        }
    }
    Ok(stored)
}

fn store(
    ledger: &mut Ledger,
    batch: &Batch,
    api_version: &str,
    now: UnixTime,
) -> anyhow::Result<Stored> {
    let parent = match &batch.scope {
        Scope::Parent(parent) if batch.resource != Resource::PayoutMembers => Some(parent.as_str()),
        _ => None,
    };
    let incoming: Vec<Incoming> = batch
        .objects
        .iter()
        .map(|object| Incoming { head: &object.head, json: &object.json, parent })
        .collect();
    Ok(ledger.store(&incoming, api_version, now)?)
}

/// Reads exported JSON instead of the API.
async fn from_export(session: &Session, path: &Path, ui: Ui) -> anyhow::Result<Outcome> {
    let (sink, mut source) = mpsc::channel::<Batch>(BATCHES_WAITING_MAX);
    let owned = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || read_export(&owned, &sink));
    let mut waiting = Vec::new();
    // The mode is that of the first object that says one.
    let mut livemode = None;
    while livemode.is_none()
        && let Some(batch) = source.recv().await
    {
        livemode = batch.objects.iter().find_map(|object| object.head.livemode);
        waiting.push(batch);
    }
    let mut ledger = session.ledger(livemode.unwrap_or(false))?;
    let progress = ui.progress("objects", None);
    let version = session.settings.stripe.api_version.clone();
    let now = session.clock.now();
    let (again, rest) = mpsc::channel(waiting.len().max(1));
    for batch in waiting {
        again.send(batch).await?;
    }
    drop(again);
    let mut stored = receive(&mut ledger, rest, &version, now, &progress).await?;
    stored += receive(&mut ledger, source, &version, now, &progress).await?;
    progress.finish();
    let export = reading.await.context("reading the export was interrupted")??;
    ui.say(&format!("Read {}.", counted(export.files, "file")));
    if !export.skipped.is_empty() {
        let kinds: Vec<String> =
            export.skipped.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        ui.say(&format!("Left out what the books do not need: {}.", kinds.join(", ")));
    }
    say_what_was_stored(stored, ui);
    Ok(Outcome::Done)
}
