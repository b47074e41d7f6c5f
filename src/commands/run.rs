//! `tieout run`: pull, plan and push; the nightly job.

use crate::cli::{Global, RunArgs};
use crate::commands::exit::Outcome;
use crate::commands::log::logged;
use crate::commands::session::Session;
use crate::commands::{plan, pull, push};
use crate::ui::Ui;

pub(super) async fn run(args: &RunArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    pull::check_window(&args.window, &session)?;
    let _lock = session.lock("run")?;
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let window = pull::window(&args.window, &session, &ledger)?;
    let command = if args.dry_run { "run --dry-run" } else { "run" };
    logged(&mut ledger, command, &serde_json::to_string(&window)?, async |ledger, run| {
        let stored = pull::pull(&session, client, ledger, window, ui).await?;
        pull::say_what_was_stored(stored, ui);
        let (mut plan, references) = plan::make(&session, ledger, ui).await?;
        plan::show(&mut plan, &references, &args.output, ui)?;
        if args.dry_run {
            ui.say("Nothing was sent: this was a dry run.");
            return Ok(plan::outcome(&plan, args.detailed_exitcode));
        }
        push::send_all(&session, ledger, plan, &args.guards, run, ui).await
    })
    .await
}
