//! `tieout run`: pull, plan and push; the nightly job.

use crate::cli::{Global, RunArgs};
use crate::commands::exit::Outcome;
use crate::commands::session::Session;
use crate::commands::{plan, pull, push};
use crate::ui::Ui;

pub(super) async fn run(args: &RunArgs, global: &Global, ui: Ui) -> anyhow::Result<Outcome> {
    let session = Session::open(global)?;
    let _lock = session.lock("run")?;
    let client = session.own_stripe().await?;
    let mut ledger = session.ledger(client.mode().is_live())?;
    let window = pull::window(&args.window, &session, &ledger)?;
    let stored = pull::pull(&session, client, &mut ledger, window, ui).await?;
    pull::say_what_was_stored(stored, ui);
    let (mut plan, references) = plan::make(&session, &mut ledger, ui).await?;
    plan::show(&mut plan, &references, args.output.output, ui);
    if args.dry_run {
        ui.say("Nothing was sent: this was a dry run.");
        return Ok(plan::outcome(&plan, args.detailed_exitcode));
    }
    push::send(&session, &mut ledger, &plan, &args.guards, ui).await
}
