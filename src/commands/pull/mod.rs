//! `tieout pull`: facts from Stripe, or from an export, into the ledger.

mod again;
mod answers;
mod export;
mod follow;
mod from_report;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::bail;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::answers::Answers;
pub(super) use self::export::read as read_export;
pub(super) use self::follow::DATED;
use self::follow::Follow;
use crate::calendar::{UnixTime, Window, parse_bound, start_of_day};
use crate::cli::{Global, PullArgs, WindowArgs};
use crate::commands::balance;
use crate::commands::exit::{Outcome, UsageError};
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::ledger::{Ledger, Stored};
use crate::money::grouped;
use crate::stripe::client::Client;
use crate::stripe::crawl::{BATCHES_WAITING_MAX, CrawlError, crawl};
use crate::stripe::resource::Resource;
use crate::ui::Ui;

/// A window younger than this is never complete: objects appear in lists a little late.
const SAFETY_LAG_S: i64 = 600;
/// How far a pull that follows another one goes back, for what appeared late.
const LOOK_BACK_S: i64 = 3 * 24 * 3600;

/// Stripe's allowance of reads in thirty days, per transaction and at least.
const READS_PER_TRANSACTION: u64 = 500;
const READS_MIN: u64 = 10_000;

/// From so many requests on, it is said what they were for.
const REQUESTS_TO_EXPLAIN: u64 = 1_000;

pub(super) async fn run(args: &PullArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    check_window(&args.window, &session)?;
    let _lock = session.lock("pull", ui)?;
    if let Some(path) = &args.from {
        return export::read(&session, path, ui).await;
    }
    if let Some(path) = &args.from_report {
        return from_report::read(&session, path, ui).await;
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
pub(super) fn newest(session: &Session) -> UnixTime {
    UnixTime(session.clock.now().0 - SAFETY_LAG_S)
}

/// The window that was asked for; the start defaults to where the last pull ended, or to the start
/// date. What a pull that broke off left is read besides, whatever the window is.
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
    let start = session.settings.stripe.start_date.map(|day| start_of_day(day, zone));
    // Nothing before the books begin, and nothing again of what a broken pull has read already.
    let earliest = start.into_iter().chain(broken_off.map(|window| window.since)).max();
    let since = match (&args.since, covered, earliest) {
        (Some(text), _, _) => parse_bound(text, zone)?,
        (None, Some(end), _) => {
            let again = UnixTime(end.0.min(until.0) - LOOK_BACK_S);
            earliest.map_or(again, |earliest| again.max(earliest))
        }
        (None, None, Some(earliest)) => start.unwrap_or(earliest),
        (None, None, None) => bail!(UsageError(
            "nothing says where to start\nhint: give --since, or set stripe.start_date".into()
        )),
    };
    Ok(Window::new(since, until)?)
}

/// Whether a window was read to its end, list by list.
pub(super) fn is_complete(ledger: &Ledger, window: Window) -> anyhow::Result<bool> {
    for resource in DATED {
        let windows = ledger.coverage(resource.as_str())?;
        let is_inside = |known: &Window| known.since <= window.since && window.until <= known.until;
        if !windows.iter().any(is_inside) {
            return Ok(false);
        }
    }
    // What the lists named may be missing while the pull that read them has not ended.
    let overlaps = |left: Window| left.since < window.until && window.since < left.until;
    let unfinished = ledger.unfinished_pull()?.and_then(|pull| pull.window);
    Ok(!unfinished.is_some_and(overlaps))
}

/// Pulls a window, and everything that belongs to what is in it. When it breaks off, the next pull
/// goes on with it.
pub(super) async fn pull(
    session: &Session,
    client: Arc<Client>,
    ledger: &mut Ledger,
    window: Window,
    ui: Ui,
) -> anyhow::Result<Stored> {
    session.tally.pulling(window);
    let facts = ledger.facts_version()?;
    let settings = &session.settings.stripe;
    let start = settings.start_date.map(|day| start_of_day(day, settings.zone));
    let mut follow = Follow::begin(ledger, window, start)?;
    let interrupt = session.interrupt()?;
    // Answers are stored whole, with what they complete: stopping between two leaves nothing half
    // written.
    let walked = tokio::select! {
        walked = walk(session, client, ledger, &mut follow, ui) => walked,
        interrupted = interrupt.received() => Err(interrupted.into()),
    };
    match walked {
        Ok(stored) => {
            ledger.end_pull()?;
            session.tally.pulled(stored);
            Ok(stored)
        }
        Err(error) => {
            // On a full disk the note stays as it is, which is the safe side.
            if ledger.facts_version().is_ok_and(|now| now == facts) {
                ledger.forget_pull(follow.pull()).ok();
            }
            Err(error)
        }
    }
}

/// Asks for what is to be read, and for what follows from it, and stores what comes.
async fn walk(
    session: &Session,
    client: Arc<Client>,
    ledger: &mut Ledger,
    follow: &mut Follow,
    ui: Ui,
) -> anyhow::Result<Stored> {
    let zone = session.settings.stripe.zone;
    let local = |instant: UnixTime| instant.minute_in(zone);
    let whole = follow.window();
    let goes_on = if follow.is_resumed() { "Going on with the pull" } else { "Pulling" };
    ui.say(&format!(
        "{goes_on} from {} up to {} ({zone}).",
        local(whole.since),
        local(whole.until)
    ));
    let (feed, fed) = mpsc::unbounded_channel();
    let (sink, source) = mpsc::channel(BATCHES_WAITING_MAX);
    // On other threads, so that requests go on while this one writes; ends with the set.
    let mut crawling = JoinSet::new();
    crawling.spawn({
        let client = Arc::clone(&client);
        // The sink is dropped at the end, which ends the receiver.
        async move { crawl(&client, fed, &sink).await }
    });
    let progress = ui.progress("objects", None);
    let started = Instant::now();
    let answers = Answers::new(&client, session.clock.now(), &progress);
    // What the receiver says is the cause when both fail.
    let stored = answers.receive(ledger, source, feed, follow).await?;
    if let Some(crawled) = crawling.join_next().await {
        crawled.map_err(CrawlError::from)??;
    }
    progress.finish();
    balance::note(session, &client, ledger, whole).await?;
    say_what_was_asked(&client, ledger, started.elapsed(), ui)?;
    Ok(stored)
}

/// How many requests and how much time it took, and how many of the month's are left.
fn say_what_was_asked(
    client: &Client,
    ledger: &Ledger,
    took: Duration,
    ui: Ui,
) -> anyhow::Result<()> {
    let requests: u64 = client.requests().values().sum();
    let (reads, charges) = ledger.reads_of_30_days()?;
    let allowed = READS_MIN.max(charges.saturating_mul(READS_PER_TRANSACTION));
    let number = |count: u64| grouped(&count.to_string());
    ui.say(&format!(
        "Stripe answered {} requests: {} of the {} reads that it allows in 30 days.",
        number(requests),
        number(reads),
        number(allowed)
    ));
    let mut most: Vec<(String, u64)> =
        client.requests().into_iter().filter(|(_, count)| count * 20 >= requests).collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if requests >= REQUESTS_TO_EXPLAIN {
        let most = most.iter().map(|(endpoint, count)| format!("{endpoint} {}", number(*count)));
        ui.say(&format!("Most went to {}.", most.collect::<Vec<_>>().join(", ")));
        let (took, least) = (took.as_secs(), client.least_time().as_secs());
        ui.say(&format!(
            "It took {} s; at the rates that are kept to, so many requests take {} s at the least.",
            number(took),
            number(least)
        ));
    }
    if reads.saturating_mul(10) >= allowed.saturating_mul(8) {
        ui.warn(&format!(
            "{} of {} reads of the last 30 days are used up: Stripe may refuse more\nhint: pull shorter windows, or ask Stripe for a larger allowance",
            number(reads),
            number(allowed)
        ));
    }
    Ok(())
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
