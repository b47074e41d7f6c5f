//! What an earlier run left without an answer, looked up before anything else is decided.

use crate::ledger::Ledger;
use crate::netsuite::client::Client;
use crate::push::resolve_unfinished;
use crate::ui::Ui;

/// Looks up what an earlier run left without an answer, before anything else is decided.
pub(super) async fn resolve(ledger: &mut Ledger, client: &Client, ui: Ui) -> anyhow::Result<()> {
    let resolution = resolve_unfinished(ledger, client).await??;
    if resolution.found + resolution.absent + resolution.unknown.len() > 0 {
        ui.say(&format!(
            "An earlier run left requests without an answer: {} had worked, {} had not arrived, {} \
             will be sent again.",
            resolution.found,
            resolution.absent,
            resolution.unknown.len()
        ));
    }
    Ok(())
}
