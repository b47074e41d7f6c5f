//! The run log: every command that works on a ledger leaves a row that says how it ended.

use crate::commands::exit::{self, Outcome};
use crate::ledger::{Ledger, RunId};

/// Does `work` as one run. `parameters` is JSON without secrets. When `work` fails and the log
/// cannot be written either, the first is the cause and is what the caller hears.
pub(super) async fn logged(
    ledger: &mut Ledger,
    command: &str,
    parameters: &str,
    work: impl AsyncFnOnce(&mut Ledger, RunId) -> anyhow::Result<Outcome>,
) -> anyhow::Result<Outcome> {
    let run = ledger.start_run(command, parameters)?;
    let result = work(ledger, run).await;
    let finished = ledger.finish_run(run, exit::code(&result), "");
    let outcome = result?;
    finished?;
    Ok(outcome)
}
