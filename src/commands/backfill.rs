//! `tieout backfill`: a long stretch of the past, month by month. Killed at any moment, it goes on
//! where it was.

use chrono::{Datelike, Months, NaiveDate};

use crate::calendar::{UnixTime, Window, Zone, start_of_day};
use crate::cli::{BackfillArgs, Global, PlanOutputArgs, WindowArgs};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::night::Watch;
use crate::commands::session::Session;
use crate::commands::{plan, pull, push};
use crate::ledger::{Ledger, RunId, Stored};
use crate::report::plan::counted;
use crate::report::table::{Align, render};
use crate::ui::{Ui, width};

pub(super) async fn run(
    args: &BackfillArgs,
    global: &Global,
    watch: &Watch,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let session = Session::watched(global, watch)?;
    let asked = WindowArgs { since: Some(args.since.clone()), until: args.until.clone() };
    pull::check_window(&asked, &session)?;
    let _lock = session.lock("backfill", ui)?;
    let client = session.unless_stopped(session.own_stripe()).await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let window = pull::window(&asked, &session, &ledger)?;
    let zone = session.settings.stripe.zone;
    let chunks = chunks(window, zone);
    ui.data(&shown(&chunks, &ledger, zone)?)?;
    if args.dry_run {
        ui.say("Nothing was read: this was a dry run.");
        return Ok(Outcome::Done);
    }
    let parameters = serde_json::json!({ "window": window, "push": args.push }).to_string();
    logged(&mut ledger, "backfill", &parameters, async |ledger, run| {
        session.begins(run, ui);
        read(&session, ledger, &chunks, args, run, ui).await
    })
    .await
}

/// Reads one chunk after the other, and pushes each before the next when that was asked for.
async fn read(
    session: &Session,
    ledger: &mut Ledger,
    chunks: &[Window],
    args: &BackfillArgs,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let mut total = Stored::default();
    let mut outcome = Outcome::Done;
    for (place, chunk) in chunks.iter().enumerate() {
        if pull::is_complete(ledger, *chunk)? {
            continue;
        }
        ui.say(&format!("Chunk {} of {}.", place + 1, chunks.len()));
        // One client a chunk: its count of requests is the chunk's.
        total += pull::pull(session, session.stripe()?, ledger, *chunk, ui).await?;
        if args.push {
            outcome = push_chunk(session, ledger, args, run, ui).await?;
            if !matches!(outcome, Outcome::Done | Outcome::Partly) {
                break;
            }
        }
    }
    pull::say_what_was_stored(total, ui);
    Ok(outcome)
}

/// Sends what the books need by now; what is blocked waits for a later chunk, or for a person.
async fn push_chunk(
    session: &Session,
    ledger: &mut Ledger,
    args: &BackfillArgs,
    run: RunId,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    let (mut plan, references) = plan::make(session, ledger, ui).await?;
    plan::show(&mut plan, &references, &PlanOutputArgs::default(), ui)?;
    push::send_all(session, ledger, plan, &args.guards, run, ui).await
}

/// A window month by month in the account's zone, oldest first.
fn chunks(window: Window, zone: Zone) -> Vec<Window> {
    let mut chunks = Vec::new();
    let mut since = window.since;
    while since < window.until {
        let until = next_month(since, zone).min(window.until);
        chunks.push(Window { since, until });
        since = until;
    }
    chunks
}

/// The first instant of the month after that of `instant`.
fn next_month(instant: UnixTime, zone: Zone) -> UnixTime {
    let date = instant.date_in(zone);
    let first = NaiveDate::from_ymd_opt(date.year(), date.month(), 1).unwrap_or(date);
    let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
    // A calendar that ends is no loop that does not.
    UnixTime(start_of_day(next, zone).0.max(instant.0 + 1))
}

fn shown(chunks: &[Window], ledger: &Ledger, zone: Zone) -> anyhow::Result<String> {
    let local = |instant: UnixTime| instant.minute_in(zone);
    let mut rows = Vec::new();
    for (place, chunk) in chunks.iter().enumerate() {
        let state = if pull::is_complete(ledger, *chunk)? { "complete" } else { "to be read" };
        rows.push(vec![
            (place + 1).to_string(),
            local(chunk.since),
            local(chunk.until),
            state.to_owned(),
        ]);
    }
    let header = [
        ("Chunk", Align::Right),
        ("From", Align::Left),
        ("Up to", Align::Left),
        ("Stripe", Align::Left),
    ];
    let heading = format!("{} ({zone}):", counted(chunks.len(), "chunk"));
    Ok(format!("{heading}\n{}", render(&header, &rows, width())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::parse_bound;

    #[test]
    fn months_are_cut_in_the_zone_without_gap_or_overlap() {
        let zone = "America/New_York".parse().unwrap();
        let window = Window {
            since: parse_bound("2025-01-15", zone).unwrap(),
            until: parse_bound("2026-07-01", zone).unwrap(),
        };
        let chunks = chunks(window, zone);
        assert_eq!(chunks.len(), 18);
        assert_eq!((chunks[0].since, chunks[17].until), (window.since, window.until));
        assert!(chunks.windows(2).all(|pair| pair[0].until == pair[1].since));
        assert_eq!(chunks[3].since, parse_bound("2025-04-01", zone).unwrap(), "in summer time");
    }
}
