//! Writing NetSuite's ids into Stripe's metadata after a push, where the configuration asks for it.

use std::sync::atomic::AtomicBool;

use anyhow::bail;

use crate::commands::exit::{Guarded, Outcome};
use crate::commands::session::Session;
use crate::ledger::{Ledger, RunId};
use crate::push::write_back::write_back;
use crate::report::plan::counted;
use crate::ui::Ui;

/// Failures named one by one before the rest is counted.
const NAMED_MAX: usize = 20;

/// Writes what is still to be written, and says what became of it; `None` when it is switched off.
pub(super) async fn run(
    session: &Session,
    ledger: &mut Ledger,
    run: RunId,
    stop: &AtomicBool,
    ui: Ui,
) -> anyhow::Result<Option<Outcome>> {
    let Some(client) = session.stripe_writer()? else { return Ok(None) };
    if client.mode().is_live() != ledger.livemode()? {
        bail!(Guarded(
            "the write key is of the other mode than the ledger's objects: nothing was written to \
             Stripe\nhint: name a key of the same mode in stripe.write_key_…"
                .into()
        ));
    }
    let done = write_back(ledger, &client, run, stop).await?;
    if done.written + done.failed.len() + done.in_doubt.len() > 0 {
        ui.say(&format!(
            "Stripe's metadata: {} written, {} there already, {} failed, {} in doubt.",
            counted(done.written, "object"),
            done.found,
            done.failed.len(),
            done.in_doubt.len()
        ));
    }
    for unsent in done.failed.iter().chain(&done.in_doubt).take(NAMED_MAX) {
        let id = unsent.external_id.as_str();
        ui.warn_of(id, &format!("metadata for {id}: {}", unsent.reason));
    }
    if let Some(error) = done.stopped {
        let context = "everything is in NetSuite, and its ids are not all in Stripe's metadata";
        return Err(anyhow::Error::from(error).context(context));
    }
    Ok(Some(if !done.in_doubt.is_empty() {
        Outcome::InDoubt
    } else if done.failed.is_empty() {
        Outcome::Done
    } else {
        Outcome::Partly
    }))
}
