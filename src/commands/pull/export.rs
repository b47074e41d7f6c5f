//! Exported JSON instead of the API.

use std::path::Path;

use anyhow::Context;
use tokio::sync::mpsc;

use super::answers::prepare;
use super::say_what_was_stored;
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::ledger::Stored;
use crate::report::plan::counted;
use crate::stripe::batch::Batch;
use crate::stripe::crawl::BATCHES_WAITING_MAX;
use crate::stripe::directory::read_export;
use crate::ui::Ui;

/// Reads a file or a folder into the ledger.
pub(super) async fn read(session: &Session, path: &Path, ui: Ui) -> anyhow::Result<Outcome> {
    let (sink, mut source) = mpsc::channel::<Batch>(BATCHES_WAITING_MAX);
    let owned = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || read_export(&owned, &sink));
    let mut waiting = Vec::new();
    // The mode is that of the first object that says one.
    let mut livemode = None;
    while livemode.is_none()
        && let Some(batch) = source.recv().await
    {
        livemode = batch.objects.iter().find_map(|object| object.head().livemode);
        waiting.push(batch);
    }
    let mut ledger = session.ledger(livemode.unwrap_or(false))?;
    let preparer = ledger.preparer();
    let progress = ui.progress("objects", None);
    let version = &session.settings.stripe.api_version;
    let now = session.clock.now();
    let mut stored = Stored::default();
    let mut waiting = waiting.into_iter();
    loop {
        let batch = match waiting.next() {
            Some(batch) => batch,
            None => match source.recv().await {
                Some(batch) => batch,
                None => break,
            },
        };
        progress.add(u64::try_from(batch.objects.len())?);
        stored += ledger.pulled(&[prepare(batch, &preparer)], version, now, 0)?;
    }
    ledger.forget_wanted_that_is_known()?;
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
