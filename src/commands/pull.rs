//! `tieout pull`: facts from Stripe, or from an export, into the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::sync::mpsc;

use crate::calendar::{UnixTime, Window, parse_bound};
use crate::cli::{Global, PullArgs, WindowArgs};
use crate::commands::balance;
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::interrupt::Interrupt;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::ledger::{Incoming, Ledger, LedgerError, Stored, UnfinishedPull};
use crate::money::grouped;
use crate::report::plan::counted;
use crate::stripe::batch::{Batch, Scope};
use crate::stripe::client::Client;
use crate::stripe::crawl::{BATCHES_WAITING_MAX, Walk, crawl, plan_walks};
use crate::stripe::directory::{Export, read_export};
use crate::stripe::objects::{
    CreditNote, Customer, Dispute, Invoice, InvoiceStatus, Payout, Refund,
};
use crate::stripe::resource::Resource;
use crate::ui::{Progress, Ui};

/// A window younger than this is never complete: objects appear in lists a little late.
const SAFETY_LAG_S: i64 = 600;
/// How far a pull that follows another one goes back, for what appeared late.
const LOOK_BACK_S: i64 = 3 * 24 * 3600;

pub(super) async fn run(args: &PullArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    check_window(&args.window, &session)?;
    let _lock = session.lock("pull")?;
    if let Some(path) = &args.from {
        return from_export(&session, path, ui).await;
    }
    // A ledger is only made for an account that was seen to be the right one.
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let window = window(&args.window, &session, &ledger)?;
    logged(&mut ledger, "pull", &serde_json::to_string(&window)?, async |ledger, _| {
        let stored = pull(&session, client, ledger, window, ui).await?;
        say_what_was_stored(stored, ui);
        Ok(Outcome::Done)
    })
    .await
}

/// What can be said of a window without asking anyone, said before anyone is asked.
pub(super) fn check_window(args: &WindowArgs, session: &Session) -> anyhow::Result<()> {
    let zone = session.settings.stripe.zone;
    let bound =
        |text: &Option<String>| text.as_ref().map(|text| parse_bound(text, zone)).transpose();
    let newest = newest(session);
    let (since, until) = (bound(&args.since)?, bound(&args.until)?);
    if let (Some(since), Some(until)) = (since, until) {
        Window::new(since, until)?;
    }
    if let Some(since) = since.filter(|since| *since >= newest) {
        bail!(UsageError(format!(
            "nothing from {since} on is complete in Stripe yet: lists are read up to {newest}\nhint: give an earlier --since"
        )));
    }
    Ok(())
}

/// The latest instant up to which Stripe's lists are complete.
fn newest(session: &Session) -> UnixTime {
    UnixTime(session.clock.now().0 - SAFETY_LAG_S)
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
    let newest = newest(session);
    let until = args.until.as_ref().map(bound).transpose()?.unwrap_or(newest).min(newest);
    let covered = ledger.covered_until(Resource::BalanceTransactions.as_str())?;
    let broken_off = ledger.unfinished_pull()?.and_then(|pull| pull.window);
    let since = match (&args.since, covered, session.settings.stripe.start_date) {
        (Some(text), _, _) => parse_bound(text, zone)?,
        (None, Some(end), _) => {
            let again = UnixTime(end.0.min(until.0) - LOOK_BACK_S);
            broken_off.map_or(again, |window| window.since.min(again))
        }
        (None, None, Some(day)) => {
            let start = crate::calendar::start_of_day(day, zone);
            broken_off.map_or(start, |window| window.since.min(start))
        }
        (None, None, None) if broken_off.is_some() => {
            broken_off.map_or(until, |window| window.since)
        }
        (None, None, None) => bail!(UsageError(
            "nothing says where to start\nhint: give --since, or set stripe.start_date".into()
        )),
    };
    Ok(Window::new(since, until)?)
}

/// Pulls a window, and everything that belongs to what is in it. When it breaks off after it
/// brought something, the ledger remembers that.
pub(super) async fn pull(
    session: &Session,
    client: Arc<Client>,
    ledger: &mut Ledger,
    window: Window,
    ui: Ui,
) -> anyhow::Result<Stored> {
    let this = UnfinishedPull { window: Some(window), export: None };
    whole(ledger, &this, async |ledger| walk_all(session, client, ledger, window, ui).await).await
}

/// Notes the beginning and the end of a pull around `work`.
async fn whole<T>(
    ledger: &mut Ledger,
    this: &UnfinishedPull,
    work: impl AsyncFnOnce(&mut Ledger) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (noted, facts) = (ledger.unfinished_pull()?, ledger.facts_version()?);
    ledger.begin_pull(this)?;
    let interrupt = Interrupt::listen()?;
    // Objects are stored a batch at a time, each whole: stopping between two leaves nothing half
    // written.
    let worked = tokio::select! {
        worked = work(ledger) => worked,
        interrupted = interrupt.received() => Err(interrupted.into()),
    };
    match worked {
        Ok(done) => {
            ledger.end_pull(this)?;
            Ok(done)
        }
        Err(error) => {
            // On a full disk the note stays as it is, which is the safe side.
            if ledger.facts_version().is_ok_and(|now| now == facts) {
                ledger.forget_pull(noted.as_ref()).ok();
            }
            Err(error)
        }
    }
}

async fn walk_all(
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
    let client = Arc::clone(&puller.client);
    puller.progress.finish();
    balance::note(session, &client, ledger, window).await?;
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
    ledger.for_each_view::<Invoice, LedgerError>("invoice", |invoice| {
        let is_open = matches!(
            invoice.status,
            InvoiceStatus::Draft | InvoiceStatus::Open | InvoiceStatus::Uncollectible
        );
        walks.extend(is_open.then(|| Walk::one(Resource::Invoices, invoice.id.as_str())));
        Ok(())
    })?;
    ledger.for_each_view::<Payout, LedgerError>("payout", |payout| {
        let is_final = payout.status == "paid" && payout.can_be_itemised();
        let is_open = !is_final && !matches!(payout.status.as_str(), "failed" | "canceled");
        walks.extend(is_open.then(|| Walk::one(Resource::Payouts, payout.id.as_str())));
        Ok(())
    })?;
    ledger.for_each_view::<Dispute, LedgerError>("dispute", |dispute| {
        let is_open = !matches!(dispute.status.as_str(), "won" | "warning_closed" | "prevented");
        walks.extend(is_open.then(|| Walk::one(Resource::Disputes, dispute.id.as_str())));
        Ok(())
    })?;
    ledger.for_each_view::<Refund, LedgerError>("refund", |refund| {
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
    ledger.for_each_view::<Customer, LedgerError>("customer", |customer| {
        if customer.balance != 0 {
            with_balance.insert(customer.id.to_string());
        }
        Ok(())
    })?;
    ledger.for_each_view::<Invoice, LedgerError>("invoice", |invoice| {
        let moved = !invoice.starting_balance().is_zero() || !invoice.ending_balance().is_zero();
        with_balance.extend(invoice.customer.filter(|_| moved).map(|id| id.to_string()));
        Ok(())
    })?;
    ledger.for_each_view::<CreditNote, LedgerError>("credit_note", |note| {
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
        self.progress.expect(u64::try_from(walks.len())?);
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
        if batch.last {
            progress.step();
        }
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
    if session.settings.ledger.exists() {
        // Of other accounts than the configured ones? Said before a long export is read.
        session.existing_ledger()?;
    }
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
    if waiting.is_empty() {
        // Nothing came: no ledger is made for it, whatever the reason is.
        let export = reading.await.context("reading the export was interrupted")??;
        ui.say(&format!(
            "Read {}, with nothing in it for the books.",
            counted(export.files, "file")
        ));
        return Ok(Outcome::Done);
    }
    let mut ledger = session.ledger(livemode.unwrap_or(false))?;
    let this = UnfinishedPull { window: None, export: Some(path.display().to_string()) };
    let parameters = serde_json::to_string(&this)?;
    logged(&mut ledger, "pull --from", &parameters, async |ledger, _| {
        let stored = whole(ledger, &this, async |ledger| {
            let stored = receive_export(session, ledger, waiting, source, ui).await?;
            let export = reading.await.context("reading the export was interrupted")??;
            say_what_was_read(&export, ui);
            Ok(stored)
        })
        .await?;
        say_what_was_stored(stored, ui);
        Ok(Outcome::Done)
    })
    .await
}

/// Stores the batches that were read ahead, then the rest as they come.
async fn receive_export(
    session: &Session,
    ledger: &mut Ledger,
    waiting: Vec<Batch>,
    source: mpsc::Receiver<Batch>,
    ui: Ui,
) -> anyhow::Result<Stored> {
    let progress = ui.progress("objects", None);
    let version = session.settings.stripe.api_version.clone();
    let now = session.clock.now();
    let (again, ahead) = mpsc::channel(waiting.len().max(1));
    for batch in waiting {
        again.send(batch).await?;
    }
    drop(again);
    let mut stored = receive(ledger, ahead, &version, now, &progress).await?;
    stored += receive(ledger, source, &version, now, &progress).await?;
    progress.finish();
    Ok(stored)
}

fn say_what_was_read(export: &Export, ui: Ui) {
    ui.say(&format!("Read {}.", counted(export.files, "file")));
    if !export.skipped.is_empty() {
        let kinds: Vec<String> =
            export.skipped.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        ui.say(&format!("Left out what the books do not need: {}.", kinds.join(", ")));
    }
}
