//! Exported JSON instead of the API.

use std::path::Path;

use anyhow::Context;
use tokio::sync::mpsc;

use super::answers::prepare;
use super::say_what_was_stored;
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::ledger::{Ledger, Stored};
use crate::report::plan::counted;
use crate::stripe::batch::Batch;
use crate::stripe::crawl::BATCHES_WAITING_MAX;
use crate::stripe::directory::{DirectoryError, Export, read_export};
use crate::ui::Ui;

/// An export on its way in.
struct Reading {
    /// What was read ahead, to learn the mode.
    ahead: Vec<Batch>,
    source: mpsc::Receiver<Batch>,
    task: tokio::task::JoinHandle<Result<Export, DirectoryError>>,
}

/// Reads a file or a folder into the ledger.
pub(in crate::commands) async fn read(
    session: &Session,
    path: &Path,
    ui: Ui,
) -> anyhow::Result<Outcome> {
    if session.settings.ledger.exists() {
        // Of other accounts than the configured ones? Said before a long export is read.
        session.existing_ledger()?;
    }
    let (sink, mut source) = mpsc::channel::<Batch>(BATCHES_WAITING_MAX);
    let owned = path.to_owned();
    let task = tokio::task::spawn_blocking(move || read_export(&owned, &sink));
    let mut ahead = Vec::new();
    // The mode is that of the first object that says one.
    let mut livemode = None;
    while livemode.is_none()
        && let Some(batch) = source.recv().await
    {
        livemode = batch.objects.iter().find_map(|object| object.head().livemode);
        ahead.push(batch);
    }
    if ahead.is_empty() {
        // Nothing came: no ledger is made for it, whatever the reason is.
        let export = task.await.context("reading the export was interrupted")??;
        ui.say(&format!(
            "Read {}, with nothing in it for the books.",
            counted(export.files, "file")
        ));
        return Ok(Outcome::Done);
    }
    let mut ledger = session.ledger(livemode.unwrap_or(false))?;
    let reading = Reading { ahead, source, task };
    let name = path.display().to_string();
    let parameters = serde_json::json!({ "export": name }).to_string();
    logged(&mut ledger, "pull --from", &parameters, async |ledger, _| {
        let stored = whole(session, ledger, reading, &name, ui).await?;
        say_what_was_stored(stored, ui);
        Ok(Outcome::Done)
    })
    .await
}

/// Notes the beginning and the end of the export around reading it.
async fn whole(
    session: &Session,
    ledger: &mut Ledger,
    reading: Reading,
    name: &str,
    ui: Ui,
) -> anyhow::Result<Stored> {
    let facts = ledger.facts_version()?;
    let noted = ledger.begin_export(name)?;
    let interrupt = session.interrupt()?;
    // Batches are stored whole: stopping between two leaves nothing half written.
    let received = tokio::select! {
        received = receive(session, ledger, reading, ui) => received,
        interrupted = interrupt.received() => Err(interrupted.into()),
    };
    match received {
        Ok(stored) => {
            ledger.end_export()?;
            Ok(stored)
        }
        Err(error) => {
            // On a full disk the note stays as it is, which is the safe side.
            if ledger.facts_version().is_ok_and(|now| now == facts) {
                ledger.forget_export(noted).ok();
            }
            Err(error)
        }
    }
}

/// Stores the batches that were read ahead, then the rest as they come.
async fn receive(
    session: &Session,
    ledger: &mut Ledger,
    reading: Reading,
    ui: Ui,
) -> anyhow::Result<Stored> {
    let Reading { ahead, mut source, task } = reading;
    let preparer = ledger.preparer();
    let progress = ui.progress("objects", None);
    let version = &session.settings.stripe.api_version;
    let now = session.clock.now();
    let mut stored = Stored::default();
    let mut ahead = ahead.into_iter();
    loop {
        let batch = match ahead.next() {
            Some(batch) => batch,
            None => match source.recv().await {
                Some(batch) => batch,
                None => break,
            },
        };
        progress.add(u64::try_from(batch.objects.len())?);
        stored += ledger.pulled(&[prepare(batch, &preparer)], version, now, 0)?;
    }
    progress.finish();
    let export = task.await.context("reading the export was interrupted")??;
    ledger.forget_wanted_that_is_known()?;
    say_what_was_read(&export, ui);
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
